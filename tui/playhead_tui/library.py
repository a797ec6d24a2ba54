"""Anything a person names, as a store: a store itself, or a log that was loaded before or is loaded now."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import platformdirs

import playhead
from playhead import ImportReport, LogError, StoreExistsError
from playhead.directory import SNAPSHOTS_FILE, is_store, read_info
from playhead.formats import folder
from playhead.formats.identity import FileIdentity, identities
from playhead.formats.registry import format_named
from playhead.formats.report import LogOutcome
from playhead.formats.source import Source
from playhead.loading import OnStart, RecognisedLog, continue_import
from playhead.model import SnapshotEntry
from playhead.snapshots import read as read_snapshots
from playhead_tui import cache

STANDARD_INPUT = "-"
_PIECE_BYTES = 1 << 20
DEMO = "support-desk"


@dataclass(frozen=True, slots=True)
class Found:
    """A store to open, and what loading it said where it was loaded just now."""

    path: Path
    report: ImportReport | None = None
    note: str = ""
    """What there is to say of a log that is not what it was."""


def store_for(path: Path, on_start: OnStart | None = None, *, keep_going: bool = False) -> Found:
    """The store a path means. A log is loaded once: unchanged, it opens at once the next time; where it has grown, what
    is new is appended to its store; where it was rewritten, it is loaded into another one.

    keep_going: load what can be read of broken logs.
    Raises StoreNotFoundError for a path that is not there, LogError for a file that no format recognises.
    """
    if str(path) == STANDARD_INPUT:
        return _load_standard_input(on_start)
    if is_store(path) or not path.exists():
        cache.hold(path)
        return Found(path)
    return _Kept(path, keep_going).found(on_start)


class _Kept:
    """A log and what the cache holds of it."""

    def __init__(self, log: Path, keep_going: bool) -> None:
        self.log = log
        self.keep_going = keep_going
        resolved = log.resolve()
        title = resolved.name if log.is_dir() else log.stem
        self.name = cache.name_of(title or "root", str(resolved), "partial" if keep_going else "")

    def found(self, on_start: OnStart | None) -> Found:
        """Its store, brought up to date."""
        entry, kept = cache.read_entry(self.name), cache.newest_store(self.name)
        if entry is not None and kept is not None and entry.is_of(self._files(entry.format)):
            cache.hold(kept)
            return Found(kept)
        # Before they are read: what comes meanwhile makes them others the next time.
        walked = identities(folder.files(self.log)) if self.log.is_dir() else None
        gathered = folder.gather(self.log) if self.log.is_dir() else None
        known = RecognisedLog.of_folder(gathered) if gathered is not None else RecognisedLog.at(self.log)
        if not known.files:
            # A folder without a log in it is no store, and is told so as one.
            return Found(self.log)
        read = identities(known.files) if walked is None else walked
        found = None
        if gathered is not None and entry is not None and kept is not None:
            found = self._added(RecognisedLog.of_folder(gathered, entry.files, _outcomes(kept)), kept, on_start)
        if found is None:
            found = self._continued(known, kept, on_start) if kept is not None else self._loaded(known, on_start)
        self.remember(found.path, known.format, read)
        cache.hold(found.path)
        return found

    def remember(self, store: Path, kind: str, read: list[FileIdentity]) -> None:
        """Write down what was read into the store."""
        files = [file.to_json() for file in read]
        log = str(self.log.absolute()).encode(errors="backslashreplace").decode()
        cache.write_entry(self.name, cache.Entry(store.name, log, kind, files))

    def _files(self, kind: str) -> list[FileIdentity]:
        """The files that a log of this format is read from, as they are now."""
        if self.log.is_dir():
            return identities(folder.files(self.log))
        known = format_named(kind)
        try:
            return identities(file.path for file in known.files(Source(self.log))) if known is not None else []
        except LogError:
            return []

    def _added(self, known: RecognisedLog, kept: Path, on_start: OnStart | None) -> Found | None:
        """The store of a folder with what changed of its logs; None where that does not follow on what it holds."""
        if not known.passed_over:
            return None
        continued = continue_import(known, kept, keep_going=self.keep_going, on_start=on_start)
        if continued.agreed is not None:
            return None
        return Found(kept, continued.report if continued.appended else None)

    def _continued(self, known: RecognisedLog, kept: Path, on_start: OnStart | None) -> Found:
        if read_info(kept).imported is None:
            # Our own export of a recorded run, which may have been written to since.
            return self._loaded(
                known, on_start, note=f"{self.log} has changed: loaded anew; the store of before: {kept}"
            )
        continued = continue_import(known, kept, keep_going=self.keep_going, on_start=on_start)
        if continued.agreed is None:
            return Found(kept, continued.report if continued.appended else None)
        taken = read_snapshots(kept / SNAPSHOTS_FILE)
        carried = [entry for entry in taken if entry.commit_ts <= continued.agreed]
        note = f"{self.log} was rewritten since it was loaded: loaded anew"
        if len(carried) < len(taken):
            left = len(taken) - len(carried)
            note += f"; {left} of {len(taken)} snapshots name what is gone, and stay in the store of before: {kept}"
        return self._loaded(known, on_start, snapshots=carried, note=note)

    def _loaded(
        self,
        known: RecognisedLog,
        on_start: OnStart | None,
        *,
        snapshots: list[SnapshotEntry] | None = None,
        note: str = "",
    ) -> Found:
        target = cache.free_store(self.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            report = playhead.import_log(
                known, target, keep_going=self.keep_going, on_start=on_start, snapshots=snapshots or ()
            )
        except StoreExistsError:
            # Another process loaded the same log meanwhile.
            return Found(target, note=note)
        return Found(target, report, note)


def _outcomes(store: Path) -> list[LogOutcome]:
    """What became of each log of a folder when it was loaded."""
    report = (read_info(store).imported or {}).get("report")
    logs = report.get("logs") if isinstance(report, dict) else None
    return [outcome for told in (logs if isinstance(logs, list) else []) if (outcome := LogOutcome.of_json(told))]


def remember_followed(log: Path, store: Path, kind: str, read: list[FileIdentity]) -> None:
    """Write down how far a log was followed, so that it opens at once the next time."""
    if read and store.parent == cache.runs_folder():
        _Kept(log, keep_going=False).remember(store, kind, read)


def _load_standard_input(on_start: OnStart | None) -> Found:
    with spooled_input() as spooled:
        digest = hashlib.blake2b(digest_size=12)
        with spooled.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
        kept = cache.runs_folder() / cache.name_of("standard-input", digest.hexdigest())
        report = None
        if not is_store(kept):
            kept.parent.mkdir(parents=True, exist_ok=True)
            with suppress(StoreExistsError):
                report = playhead.import_log(spooled, kept, on_start=on_start)
        cache.hold(kept)
        return Found(kept, report)


@contextmanager
def spooled_input() -> Iterator[Path]:
    """Standard input as a file, there for as long as the context is. Raises LogError where nothing comes."""
    with tempfile.TemporaryDirectory(prefix="playhead-") as directory:
        spooled = Path(directory) / "standard-input"
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, _PIECE_BYTES)
        if spooled.stat().st_size == 0:
            raise LogError("standard input is empty: pipe a log into it")
        yield spooled


def demo_store(*, fresh: bool = False) -> Path:
    """A copy of the recorded run, to be written to and played with; kept until a `fresh` one is asked for."""
    with as_file(_sample_data() / DEMO) as recorded:
        kept = cache.writable(platformdirs.user_data_path("playhead")) / "demo"
        copy = kept / f"{DEMO}-{read_info(recorded).store_id}" / DEMO
        if fresh:
            shutil.rmtree(copy, ignore_errors=True)
        if not is_store(copy):
            copy.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=copy.parent) as unfinished:
                shutil.copytree(recorded, Path(unfinished) / DEMO)
                # Where another demo was quicker, its copy is as good.
                with suppress(OSError):
                    (Path(unfinished) / DEMO).rename(copy)
    return copy


def _sample_data() -> Path:
    installed = Path(str(files("playhead_tui"))) / "sample_data"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "sample_data"
