"""Which stores were opened lately, for the list that `o` shows."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

_KEPT = 20


class RecentStores:
    """A small file of paths, the newest first. A convenience: where it cannot be read or written, there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @staticmethod
    def of_user() -> RecentStores:
        from platformdirs import user_state_path

        return RecentStores(user_state_path("playhead") / "recent.json")

    def paths(self) -> list[Path]:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return []
        return [Path(entry) for entry in found if isinstance(entry, str)] if isinstance(found, list) else []

    def add(self, path: Path) -> None:
        path = path.resolve()
        paths = [path, *(other for other in self.paths() if other != path)][:_KEPT]
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps([str(each) for each in paths]), "utf-8")
