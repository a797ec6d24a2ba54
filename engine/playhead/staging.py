"""Making a whole store somewhere else first, so that an interrupted import or fork leaves nothing half there."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playhead import directory
from playhead.errors import StoreBusyError, StoreError, StoreExistsError
from playhead.filesystem import ProcessLock, is_running, raising_write_error, sync_directory

_UNFINISHED = re.compile(r"\..+\.(\d+)\.unfinished")


@contextmanager
def staged_store(path: Path, info: directory.StoreInfo) -> Iterator[Path]:
    """A directory to build a store in; it becomes `path` when the block ends well, and vanishes when it does not.

    What imports and forks that died left unfinished beside it is removed first. Raises StoreExistsError where `path`
    holds anything, StoreBusyError where this process is making a store there already, WriteError where the disk
    refuses.
    """
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StoreExistsError(f"{path}: something is there already; name a new directory, or remove it first")
    remove_abandoned(path.parent)
    staged = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    if staged.exists() and _is_free(staged):
        # Of an earlier process with this number, as in a container every first one has.
        shutil.rmtree(staged, ignore_errors=True)
    with raising_write_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            staged.mkdir()
        except FileExistsError:
            raise StoreBusyError(f"{path}: a store is being made there; wait for that to end, then try again") from None
    lock = None
    try:
        with raising_write_error(path):
            lock = ProcessLock(staged / directory.LOCK_FILE)
            # Held until the end: it tells whoever clears up that this is no leftover.
            lock.acquire()
            (staged / directory.JOURNALS).mkdir()
            (staged / directory.SEGMENTS).mkdir()
        yield staged
        with raising_write_error(path):
            sync_directory(staged / directory.SEGMENTS)
            directory.write_info(staged, info)
            if path.exists():
                path.rmdir()
            staged.rename(path)
            sync_directory(path.parent)
    finally:
        if lock is not None:
            lock.close()
        shutil.rmtree(staged, ignore_errors=True)


def remove_abandoned(folder: Path) -> None:
    """Remove the unfinished stores in a folder whose process is gone; what cannot be removed stays."""
    with suppress(OSError):
        for entry in sorted(folder.iterdir()):
            found = _UNFINISHED.fullmatch(entry.name)
            if found and not is_running(int(found[1])) and _is_free(entry):
                shutil.rmtree(entry, ignore_errors=True)


def _is_free(staged: Path) -> bool:
    """Whether it is a store in the making that no process holds: on another machine, its number means nothing here."""
    if not staged.is_dir() or not all(directory.is_own(entry.name) for entry in staged.iterdir()):
        return False
    file = staged / directory.LOCK_FILE
    if not file.exists():
        return True
    try:
        lock = ProcessLock(file, timeout=0)
    except OSError:
        return False
    try:
        lock.acquire()
    except StoreError:
        return False
    finally:
        lock.close()
    return True
