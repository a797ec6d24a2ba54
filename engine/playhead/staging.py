"""Making a whole store somewhere else first, so that an interrupted import or fork leaves nothing half there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from playhead import directory
from playhead.errors import StoreExistsError
from playhead.filesystem import raising_write_error, replace_file, sync_directory


@contextmanager
def staged_store(path: Path, info: directory.StoreInfo) -> Iterator[Path]:
    """A directory to build a store in; it becomes `path` when the block ends well, and vanishes when it does not.

    Raises StoreExistsError where `path` holds anything, WriteError where the disk refuses.
    """
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StoreExistsError(f"{path}: something is there already; name a new directory, or remove it first")
    staged = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    with raising_write_error(path):
        shutil.rmtree(staged, ignore_errors=True)
        (staged / directory.JOURNALS).mkdir(parents=True)
        (staged / directory.SEGMENTS).mkdir()
    try:
        yield staged
        with raising_write_error(path):
            sync_directory(staged / directory.SEGMENTS)
            replace_file(staged / directory.INFO_FILE, orjson.dumps(info, option=orjson.OPT_INDENT_2) + b"\n")
            if path.exists():
                path.rmdir()
            staged.rename(path)
            sync_directory(path.parent)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
