"""The numbers that keys held up to the playhead, for the sparklines of the state pane."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from playhead import AgentAddress
from playhead_tui.drawing.glimpses import glimpse
from playhead_tui.frame import PreviewKey

if TYPE_CHECKING:
    from playhead.cursor import Cursor

POINTS_MAX = 24
_KEYS_MAX = 1_024


def sampled_versions(version: int) -> list[int]:
    """Versions that stand for 1 … version: evenly spread, the last one always among them.

    The stride is a power of two: from one version to the next, the versions before stay or are thinned out.
    """
    stride = 1
    while version // stride > POINTS_MAX:
        stride *= 2
    return [*range(stride, version, stride), version]


class StateNumbers:
    """Numbers by version, of the keys that were looked at last. Read in the cursor's thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[AgentAddress, str], dict[int, float | None]] = OrderedDict()

    def read(self, cursor: Cursor, wanted: Iterable[PreviewKey]) -> Mapping[PreviewKey, Sequence[float | None]]:
        """Each version's history: numbers, oldest first, None where there was none. Reads what is not known."""
        return {key: self._read(cursor, key) for key in wanted}

    def _read(self, cursor: Cursor, key: PreviewKey) -> Sequence[float | None]:
        known = self._known.setdefault((key.agent, key.key), {})
        self._known.move_to_end((key.agent, key.key))
        versions = sampled_versions(key.version)
        missing = [version for version in versions if version not in known]
        if missing:
            timeline, stride = cursor.timeline_of(key.agent), versions[0]
            wanted = timeline.version_records(key.key, missing[0], key.version, stride)
            if missing[-1] % stride or key.version == stride:
                wanted += timeline.version_records(key.key, key.version, key.version)
            for record in wanted:
                known[record.version] = glimpse(record.value).number if record.exists else None
        while len(self._known) > _KEYS_MAX:
            self._known.popitem(last=False)
        return [known.get(version) for version in versions]
