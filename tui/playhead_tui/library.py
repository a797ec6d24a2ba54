"""Anything a person names, as a store: a store itself, or a log that was loaded before or is loaded now."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import platformdirs

import playhead
from playhead import ImportReport, LogError, StoreExistsError
from playhead.directory import FORMAT_VERSION, is_store, read_info

STANDARD_INPUT = "-"
_SAMPLED_BYTES = 65_536
DEMO = "support-desk"


@dataclass(frozen=True, slots=True)
class Found:
    """A store to open, and what loading it said where it was loaded just now."""

    path: Path
    report: ImportReport | None = None


def cache_directory() -> Path:
    """Where loaded logs are kept."""
    return Path(platformdirs.user_cache_dir("playhead")) / f"runs-{FORMAT_VERSION}"


def store_for(path: Path, on_start: Callable[[ImportReport], None] | None = None) -> Found:
    """The store a path means. A log is loaded once: the same file with the same content opens at once the next time.

    Raises StoreNotFoundError for a path that is not there, LogError for a file that no format recognises.
    """
    if str(path) == STANDARD_INPUT:
        return _load_standard_input(on_start)
    if is_store(path) or not path.is_file():
        return Found(path)
    kept = cache_directory() / _identity(path)
    if is_store(kept):
        return Found(kept)
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Found(kept, playhead.import_log(path, kept, on_start=on_start))
    except StoreExistsError:
        # Another process loaded the same log meanwhile.
        return Found(kept)


def _load_standard_input(on_start: Callable[[ImportReport], None] | None) -> Found:
    with tempfile.TemporaryDirectory(prefix="playhead-") as directory:
        spooled = Path(directory) / "standard-input"
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        if spooled.stat().st_size == 0:
            raise LogError("standard input is empty: pipe a log into it")
        return store_for(spooled, on_start)


def _identity(path: Path) -> str:
    """A name for a file with this content: its name and size, and a hash of its path, age, head and tail."""
    status = path.stat()
    digest = hashlib.blake2b(digest_size=12)
    digest.update(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="surrogateescape"))
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLED_BYTES))
        file.seek(max(status.st_size - _SAMPLED_BYTES, 0))
        digest.update(file.read(_SAMPLED_BYTES))
    readable = "".join(character if character.isalnum() or character in "-_." else "-" for character in path.stem)
    return f"{readable[:40]}-{digest.hexdigest()}"


def demo_store(*, fresh: bool = False) -> Path:
    """A copy of the recorded run, to be written to and played with; kept until a `fresh` one is asked for."""
    with as_file(_sample_data() / DEMO) as recorded:
        copy = Path(platformdirs.user_data_dir("playhead")) / "demo" / f"{DEMO}-{read_info(recorded).store_id}" / DEMO
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
