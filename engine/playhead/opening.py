"""Opening a store by path."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import get_args

from playhead import directory
from playhead.errors import InvalidArgumentError, ReadOnlyStoreError
from playhead.filesystem import LOCK_TIMEOUT_SECONDS
from playhead.log import Clock, Durability, EventLog
from playhead.store import Store

MEMORY = ":memory:"


def open_store(
    path: str | Path | None = None,
    *,
    create: bool = True,
    read_only: bool = False,
    durability: Durability = "fsync",
    clock: Clock | None = None,
    lock_timeout: float = LOCK_TIMEOUT_SECONDS,
) -> Store:
    """Open a store, making an empty one where there is none and `create` allows it.

    path: a directory; None means $PLAYHEAD_STORE or ./.playhead; ":memory:" lives and dies with the object.
    durability: with "fsync" a commit that returned survives a power cut, with "os" the death of the process (S4).
    clock: called for the time of each commit; returns a datetime. The system's, where none is given.
    lock_timeout: seconds to wait for another process's lock before StoreBusyError.

    A store that cannot be written (a read-only disk) opens for reading. Raises StoreNotFoundError, NotAStoreError,
    StoreVersionError, CorruptStoreError, ReadOnlyStoreError.
    """
    if durability not in get_args(Durability):
        raise InvalidArgumentError(f"durability must be one of {', '.join(get_args(Durability))}, not {durability!r}")
    cleanup = None
    if path == MEMORY:
        cleanup = _OwnDirectory()
        path, durability = cleanup.path / "store", "os"
    path = Path(path if path is not None else os.environ.get(directory.PATH_VARIABLE) or directory.DEFAULT_PATH)
    if create and not read_only and not directory.is_store(path):
        directory.create(path, directory.new_info())
    info = directory.read_info(path)

    def open_log(read_only: bool) -> EventLog:
        return EventLog(path, info, read_only=read_only, durability=durability, clock=clock, lock_timeout=lock_timeout)

    try:
        log = open_log(read_only)
    except ReadOnlyStoreError:
        log = open_log(True)
    return Store(log, cleanup)


class _OwnDirectory:
    """A temporary directory of this process: a forked one, which inherits the object, does not remove it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="playhead-"))
        self.cleanup = weakref.finalize(self, _remove, self.path, os.getpid())


def _remove(path: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
