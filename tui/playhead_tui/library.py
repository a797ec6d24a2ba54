"""Anything a person names, as a store: a store itself, or a log that was loaded before or is loaded now."""

from __future__ import annotations

import getpass
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import platformdirs

import playhead
from playhead import ImportReport, LogError, StoreExistsError
from playhead.directory import FORMAT_VERSION, is_store, read_info
from playhead.formats.folder import FoundLog, gather
from playhead.formats.registry import recognise

STANDARD_INPUT = "-"
_SAMPLED_BYTES = 65_536
_PIECE_BYTES = 1 << 20
DEMO = "support-desk"


@dataclass(frozen=True, slots=True)
class Found:
    """A store to open, and what loading it said where it was loaded just now."""

    path: Path
    report: ImportReport | None = None


def store_for(path: Path, on_start: Callable[[ImportReport], None] | None = None, *, keep_going: bool = False) -> Found:
    """The store a path means. A log is loaded once: the same files with the same content open at once the next time.

    keep_going: load what can be read of broken logs.
    Raises StoreNotFoundError for a path that is not there, LogError for a file that no format recognises.
    """
    if str(path) == STANDARD_INPUT:
        return _load_standard_input(on_start)
    if is_store(path) or not path.exists():
        return Found(path)
    if path.is_file():
        return _loaded(path, f"{_identity(path)}{'-partial' * keep_going}", on_start, keep_going)
    logs = gather(path).logs
    # A folder without a log in it is no store, and is told so as one.
    return _loaded(path, _folder_identity(path, logs, keep_going), on_start, keep_going) if logs else Found(path)


def _loaded(log: Path, name: str, on_start: Callable[[ImportReport], None] | None, keep_going: bool = False) -> Found:
    kept = _writable(platformdirs.user_cache_path("playhead")) / f"runs-{FORMAT_VERSION}" / name
    if is_store(kept):
        return Found(kept)
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Found(kept, playhead.import_log(log, kept, keep_going=keep_going, on_start=on_start))
    except StoreExistsError:
        # Another process loaded the same log meanwhile.
        return Found(kept)


def _load_standard_input(on_start: Callable[[ImportReport], None] | None) -> Found:
    with spooled_input() as spooled:
        digest = hashlib.blake2b(playhead.__version__.encode(), digest_size=12)
        with spooled.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
        return _loaded(spooled, f"standard-input-{digest.hexdigest()}", on_start)


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


def _identity(path: Path) -> str:
    """A name for a log as it is now: of every file that is read with it the path, size, age, head and tail."""
    known, source = recognise(path)
    return _fingerprint(path.stem, [each.path for each in known.files(source)])


def _folder_identity(folder: Path, logs: list[FoundLog], keep_going: bool) -> str:
    """The same for a folder of logs: of every log in it, and of how they are loaded."""
    parts = [file for log in logs for file in log.files]
    return _fingerprint(folder.resolve().name or "root", parts, f"{folder.resolve()}{' keep-going' * keep_going}")


def _fingerprint(title: str, paths: list[Path], more: str = "") -> str:
    digest = hashlib.blake2b(playhead.__version__.encode(), digest_size=12)
    digest.update(more.encode(errors="surrogateescape"))
    for path in paths:
        status = path.stat()
        digest.update(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="surrogateescape"))
        with path.open("rb") as file:
            digest.update(file.read(_SAMPLED_BYTES))
            file.seek(max(status.st_size - _SAMPLED_BYTES, 0))
            digest.update(file.read(_SAMPLED_BYTES))
    readable = "".join(character if character.isalnum() or character in "-_." else "-" for character in title)
    return f"{readable[:40]}-{digest.hexdigest()}"


def demo_store(*, fresh: bool = False) -> Path:
    """A copy of the recorded run, to be written to and played with; kept until a `fresh` one is asked for."""
    with as_file(_sample_data() / DEMO) as recorded:
        kept = _writable(platformdirs.user_data_path("playhead")) / "demo"
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


def _writable(preferred: Path) -> Path:
    """The directory, or a temporary one of this user's where it cannot be written."""
    with suppress(OSError):
        preferred.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=preferred):
            return preferred
    fallback = Path(tempfile.gettempdir()) / f"playhead-{getpass.getuser()}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    return fallback


def _sample_data() -> Path:
    installed = Path(str(files("playhead_tui"))) / "sample_data"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "sample_data"
