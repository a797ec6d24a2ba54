"""The numbers that keys and parts of their values held last, for the sparklines of the state pane."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from playhead import JSON, AgentAddress
from playhead.json_path import Path
from playhead_tui.drawing.glimpses import glimpse
from playhead_tui.frame import PreviewKey

if TYPE_CHECKING:
    from playhead.cursor import Cursor

POINTS_MAX = 16
"""Versions that a history goes back. Neighbours lie together on disk; spread over a run, each is a read of its own."""
_CHARACTERS_MAX = 50_000
"""Of a value whose members have histories: of a longer one, so many versions would be slow to read."""
_HISTORIES_MAX = 2_048


class NumberKey(NamedTuple):
    """A number in a version of a key."""

    key: PreviewKey
    path: Path = ()


class StateNumbers:
    """Numbers by version, of what was looked at last. Read in the cursor's thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[AgentAddress, str, Path], dict[int, float | None]] = OrderedDict()

    def read(self, cursor: Cursor, wanted: Iterable[NumberKey]) -> Mapping[NumberKey, Sequence[float | None]]:
        """Each one's last numbers, oldest first, None where there was none. Reads what is not known."""
        paths: dict[PreviewKey, list[Path]] = {}
        for each in wanted:
            paths.setdefault(each.key, []).append(each.path)
        found: dict[NumberKey, Sequence[float | None]] = {}
        for key, inside in paths.items():
            histories = self._read(cursor, key, inside)
            found |= {NumberKey(key, path): numbers for path, numbers in zip(inside, histories, strict=True)}
        while len(self._known) > _HISTORIES_MAX:
            self._known.popitem(last=False)
        return found

    def _read(self, cursor: Cursor, key: PreviewKey, paths: Sequence[Path]) -> list[Sequence[float | None]]:
        from playhead.blame import weight_of  # which the first paint need not wait for

        timeline = cursor.timeline_of(key.agent)
        if any(paths):
            (newest,) = timeline.version_records(key.key, key.version, key.version)
            if weight_of(newest.value) > _CHARACTERS_MAX:
                return [() for _ in paths]
        versions = range(max(1, key.version - POINTS_MAX + 1), key.version + 1)
        known = [self._history(key, path) for path in paths]
        missing = [version for version in versions if any(version not in each for each in known)]
        if missing:
            for record in timeline.version_records(key.key, missing[0], missing[-1]):
                for path, numbers in zip(paths, known, strict=True):
                    numbers[record.version] = _number_at(record.value, path) if record.exists else None
        return [[each[version] for version in versions] for each in known]

    def _history(self, key: PreviewKey, path: Path) -> dict[int, float | None]:
        name = (key.agent, key.key, path)
        self._known.setdefault(name, {})
        self._known.move_to_end(name)
        return self._known[name]


def _number_at(value: JSON, path: Path) -> float | None:
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return glimpse(value).number
