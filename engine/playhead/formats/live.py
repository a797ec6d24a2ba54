"""A log that is still being written: its files are watched, and what comes is read on from where reading stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from playhead.formats.identity import FileIdentity, identities
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source

POLL_SECONDS = 0.1
COMPARED_BYTES = 256
"""Before the place where reading stopped: where they differ, the file was written anew."""

Stamp: TypeAlias = tuple[int, int, int] | None


def stamp_of(path: Path) -> Stamp:
    """What changes when a file or folder does; None where it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


class Watch:
    """Notices that one of some files has changed since it was looked at."""

    def __init__(self, stop: threading.Event, on_idle: Callable[[], bool]) -> None:
        """`on_idle` is called whenever all that is there was read; where it says False, that is the end."""
        self.stop = stop
        self._on_idle = on_idle
        self._seen: dict[Path, Stamp] = {}
        self.sources: dict[Path, LiveSource] = {}
        """The files that are read, each once however often it is asked for."""
        self.replaced = ""
        """Why what was read is no longer what the file holds; empty while it is."""

    def add(self, path: Path) -> None:
        """Look at one more file or folder, whether it is there yet or not."""
        self._seen.setdefault(path, stamp_of(path))

    def wait(self) -> bool:
        """Return True once something has changed; False where there is nothing more to come."""
        if self.replaced or self.stop.is_set() or not self._on_idle():
            return False
        while not self.stop.is_set():
            # What was there before the last reading: so nothing that came since goes unnoticed.
            now = {path: stamp_of(path) for path in self._seen}
            if now != self._seen:
                self._seen = now
                return True
            self.stop.wait(POLL_SECONDS)
        return False

    def read_files(self) -> list[FileIdentity]:
        """What the files are like, or nothing where one of them holds more than was read."""
        found = identities(self.sources)
        read = [source.read_bytes for source in self.sources.values()]
        return found if [file.size for file in found] == read else []

    def close(self) -> None:
        for source in self.sources.values():
            source.close()


class LiveSource(Source):
    """A file of lines that grows. A line counts once its end is there."""

    def __init__(self, path: Path, watch: Watch) -> None:
        """Raises LogError."""
        watch.add(path)
        super().__init__(path)
        self._watch = watch
        self._file = self.path.open("rb")
        watch.sources[path] = self
        self._rest = self._before = b""
        self._line = self._end = 0

    def records(self, report: ImportReport) -> Iterator[Placed]:
        """Every record in order, as it comes; ends where the watch does."""
        yield from self.fresh(report)
        while self.wait():
            yield from self.fresh(report)

    def fresh(self, report: ImportReport) -> Iterator[Placed]:
        """The records that came since the last time."""
        if not self._is_same():
            return
        for raw in self._whole_lines():
            offset, self._end, self._line = self._end, self._end + len(raw), self._line + 1
            self._before = raw[-COMPARED_BYTES:]
            report.bytes_total = max(report.bytes_total, report.bytes_read + len(raw))
            report.read(len(raw))
            yield from self.placed(raw, self._line, offset, report)

    def wait(self) -> bool:
        return self._watch.wait()

    def beside(self, path: Path) -> Source:
        return self._watch.sources.get(path) or LiveSource(path, self._watch)

    def expect_in(self, folder: Path) -> None:
        self._watch.add(folder)

    @property
    def read_bytes(self) -> int:
        """How far whole lines were read."""
        return self._end

    def close(self) -> None:
        self._file.close()

    def _whole_lines(self) -> Iterator[bytes]:
        while piece := self._file.readline():
            self._rest += piece
            if piece.endswith(b"\n"):
                raw, self._rest = self._rest, b""
                yield raw

    def _is_same(self) -> bool:
        """Whether what was read still stands at the file's beginning. One that is gone may come again."""
        try:
            there, opened = self.path.stat(), os.fstat(self._file.fileno())
        except OSError:
            return True
        if (there.st_dev, there.st_ino) != (opened.st_dev, opened.st_ino):
            self._watch.replaced = "another file stands in its place"
        elif opened.st_size < self._end + len(self._rest):
            self._watch.replaced = "it is shorter than it was"
        elif self._before != os.pread(self._file.fileno(), len(self._before), self._end - len(self._before)):
            self._watch.replaced = "it was written anew"
        return not self._watch.replaced
