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


def store_for(path: Path, on_start: Callable[[ImportReport], None] | None = None) -> Found:
    """The store a path means. A log is loaded once: the same files with the same content open at once the next time.

    Raises StoreNotFoundError for a path that is not there, LogError for a file that no format recognises.
    """
    if str(path) == STANDARD_INPUT:
        return _load_standard_input(on_start)
    if is_store(path) or not path.is_file():
        return Found(path)
    return _loaded(path, _identity(path), on_start)


def _loaded(log: Path, name: str, on_start: Callable[[ImportReport], None] | None) -> Found:
    kept = _writable(platformdirs.user_cache_path("playhead")) / f"runs-{FORMAT_VERSION}" / name
    if is_store(kept):
        return Found(kept)
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Found(kept, playhead.import_log(log, kept, on_start=on_start))
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
    digest = hashlib.blake2b(playhead.__version__.encode(), digest_size=12)
    known, source = recognise(path)
    for each in known.files(source):
        status = each.path.stat()
        digest.update(
            f"{each.path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="surrogateescape")
        )
        with each.path.open("rb") as file:
            digest.update(file.read(_SAMPLED_BYTES))
            file.seek(max(status.st_size - _SAMPLED_BYTES, 0))
            digest.update(file.read(_SAMPLED_BYTES))
    readable = "".join(character if character.isalnum() or character in "-_." else "-" for character in path.stem)
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
