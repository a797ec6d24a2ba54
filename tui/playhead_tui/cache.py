"""The cache of loaded logs: which store each was loaded into, what is there, and making room again.

A log is known by a name that follows from its path. Beside its store, `NAME.json` says which files were read and what
they were like then. Where a log was rewritten, it is loaded into another store, `NAME~2`, and the one before stays.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import platformdirs

import playhead
from playhead import JSON, PlayheadError
from playhead.directory import FORMAT_VERSION, SNAPSHOTS_FILE, is_store, read_info
from playhead.filesystem import Hold, remove_unless_held, replace_file
from playhead.formats.identity import FileIdentity
from playhead.manifest import load as load_manifest
from playhead.snapshots import read as read_snapshots
from playhead.staging import remove_abandoned

_RUNS = f"runs-{FORMAT_VERSION}"
_GENERATION = "~"
_TITLE_CHARACTERS = 40
_held: dict[Path, Hold] = {}
"""The cached stores that this process has opened: nobody removes them for as long as it lives."""


@dataclass(frozen=True, slots=True)
class CachedRun:
    """A store in the cache."""

    path: Path
    log: Path | None
    """The log it was loaded from; None for standard input."""
    format: str
    events: int
    snapshots: int
    bytes: int
    used: datetime
    """When it was last opened."""
    standing: str
    """current, older (the log was rewritten since, or was loaded by another Playhead) or orphan (the log is gone)."""

    def to_json(self) -> dict[str, JSON]:
        """The run as a JSON object."""
        return {
            "store": str(self.path),
            "log": None if self.log is None else str(self.log),
            "format": self.format,
            "events": self.events,
            "snapshots": self.snapshots,
            "bytes": self.bytes,
            "used": self.used.isoformat(),
            "standing": self.standing,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down of a loaded log, beside its store."""

    store: str
    """The directory's name."""
    log: str | None
    format: str
    files: list[dict[str, JSON]] = field(default_factory=list)
    playhead: str = playhead.__version__

    def is_of(self, files: Iterable[FileIdentity]) -> bool:
        """Whether these are the files that were read, unchanged."""
        return self.files == [file.to_json() for file in files]


def runs_folder() -> Path:
    """Where the cached stores are, whether there are any yet or not."""
    return writable(platformdirs.user_cache_path("playhead")) / _RUNS


def name_of(title: str, *identity: str) -> str:
    """The name of a log in the cache: readable, and its own."""
    digest = hashlib.blake2b(playhead.__version__.encode(), digest_size=12)
    for part in identity:
        digest.update(b"\0" + part.encode(errors="surrogateescape"))
    readable = "".join(character if character.isalnum() or character in "-_." else "-" for character in title)
    return f"{readable[:_TITLE_CHARACTERS]}-{digest.hexdigest()}"


def read_entry(name: str) -> Entry | None:
    """What is known of a log, or None where nothing is or its store is gone."""
    with suppress(OSError, ValueError, TypeError):
        entry = Entry(**json.loads(_entry_file(name).read_bytes()))
        if entry.store.partition(_GENERATION)[0] == name and is_store(runs_folder() / entry.store):
            return entry
    return None


def write_entry(name: str, entry: Entry) -> None:
    """Write down what a log is like that was loaded. Raises WriteError."""
    document = {part: getattr(entry, part) for part in Entry.__slots__}
    replace_file(_entry_file(name), json.dumps(document, indent=1).encode() + b"\n")


def _entry_file(name: str) -> Path:
    return runs_folder() / f"{name}.json"


def newest_store(name: str) -> Path | None:
    """The store that a log was last loaded into, or None where there is none."""
    found = _generations(name)
    return found[max(found)] if found else None


def free_store(name: str) -> Path:
    """Where one more store of a log can be made."""
    number = max(_generations(name), default=0) + 1
    return runs_folder() / (name if number == 1 else f"{name}{_GENERATION}{number}")


def _generations(name: str) -> dict[int, Path]:
    """The stores of a log by number."""
    found = {}
    for path in runs_folder().glob(f"{name}*"):
        base, _, number = path.name.partition(_GENERATION)
        if base == name and (number.isdigit() or not number) and is_store(path):
            found[int(number or 1)] = path
    return found


def hold(path: Path) -> None:
    """Keep a cached store from being removed while this process lives, and note that it was used."""
    # By its name first: opening a store from elsewhere makes no cache.
    if path.parent.name != _RUNS or path.parent != runs_folder():
        return
    with suppress(OSError):
        if path not in _held:
            _held[path] = Hold(path)
        os.utime(path / "store.json")


def let_go(path: Path) -> None:
    """Say that this process has closed a cached store for good."""
    held = _held.pop(path, None)
    if held is not None:
        held.release()


def cached_runs() -> list[CachedRun]:
    """Every loaded log that is kept, the one that was used last first."""
    try:
        entries = sorted(runs_folder().iterdir())
    except OSError:
        return []
    found = [run for path in entries if is_store(path) and (run := _cached_run(path)) is not None]
    return sorted(found, key=lambda run: (-run.used.timestamp(), run.path.name))


def _cached_run(path: Path) -> CachedRun | None:
    name = path.name.partition(_GENERATION)[0]
    try:
        info = read_info(path, verified=False)
        manifest = load_manifest(path)
        taken = len(read_snapshots(path / SNAPSHOTS_FILE))
        used = datetime.fromtimestamp((path / "store.json").stat().st_mtime, UTC)
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    except (PlayheadError, OSError):
        return None
    imported, entry = info.imported or {}, read_entry(name)
    report = imported.get("report")
    events = report.get("events") if isinstance(report, dict) else None
    source = imported.get("file") if entry is None else entry.log
    log = Path(source) if isinstance(source, str) and not name.startswith("standard-input-") else None
    standing = "current"
    if entry is not None and (entry.store != path.name or entry.playhead != playhead.__version__):
        standing = "older"
    elif log is not None and not log.exists():
        standing = "orphan"
    kind = entry.format if entry is not None else str(imported.get("format") or "")
    count = events if isinstance(events, int) else manifest.sealed_head
    return CachedRun(path, log, kind, count, taken, size, used, standing)


def remove_cached(path: Path) -> bool:
    """Remove a cached store, with its snapshots. False where a process has it open, this one included.

    Raises OSError.
    """
    if path in _held:
        return False
    aside = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    if not remove_unless_held(path, aside):
        return False
    name = path.name.partition(_GENERATION)[0]
    if read_entry(name) is None:
        with suppress(OSError):
            _entry_file(name).unlink(missing_ok=True)
    return True


def remove_leftovers() -> None:
    """Clear away what imports that died left half made."""
    remove_abandoned(runs_folder())


@cache
def writable(preferred: Path) -> Path:
    """The directory, or a temporary one of this user's where it cannot be written."""
    with suppress(OSError):
        preferred.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=preferred):
            return preferred
    fallback = Path(tempfile.gettempdir()) / f"playhead-{getpass.getuser()}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    return fallback
