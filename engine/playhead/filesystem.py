"""What differs between operating systems: the lock between processes, atomic replacement, durable directories."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playhead import forking
from playhead.errors import StoreBusyError, WriteError

try:
    import fcntl
except ImportError:  # Windows has no flock; a store there is for one process at a time.
    fcntl = None  # type: ignore[assignment]

LOCK_TIMEOUT_SECONDS = 30.0


class ProcessLock:
    """An exclusive lock between processes on one file, held for the length of a commit (as SQLite does)."""

    def __init__(self, path: Path, timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self.path = path
        self.timeout = timeout
        self._open()
        forking.track(self)

    def _open(self) -> None:
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def after_fork_in_child(self) -> None:
        # An inherited descriptor shares the parent's lock instead of competing for it, and would outlive the parent.
        self.close()

    def acquire(self) -> None:
        """Raises StoreBusyError naming the holder once `timeout` seconds have passed."""
        if fcntl is None:
            return
        if self._descriptor < 0:
            with raising_write_error(self.path):
                self._open()
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait()
        except OSError as error:
            raise WriteError(f"{self.path}: this file system cannot lock ({error.strerror})") from None

    def _wait(self) -> None:
        deadline, pause = time.monotonic() + self.timeout, 0.0002
        while True:
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    holder = os.pread(self._descriptor, 64, 0).decode(errors="replace").strip()
                    raise StoreBusyError(
                        f"{self.path}: locked for {self.timeout:.0f} s by {holder or 'another process'};"
                        " wait for it to finish or stop it, then try again"
                    ) from None

    def announce(self) -> None:
        """Write down who holds the lock, for the message of whoever waits too long."""
        # Only a courtesy: a full disk must not fail the commit that is sealing in passing.
        with suppress(OSError):
            os.pwrite(self._descriptor, f"process {os.getpid()}".ljust(32).encode() + b"\n", 0)

    def release(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        # Forgotten first: a fork between the two must not close another file of the same number.
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def is_running(process: int) -> bool:
    """Whether a process of that number runs on this machine; True where the system cannot tell."""
    if os.name == "nt":  # Where signal 0 would end it.
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`, in one call where the system takes it whole. Raises OSError."""
    written = os.pwrite(descriptor, data, offset)
    while written < len(data):
        more = os.pwrite(descriptor, data[written:], offset + written)
        if more == 0:
            raise OSError(errno.EIO, "the disk accepted no more bytes")
        written += more


def replace_file(path: Path, data: bytes) -> None:
    """Make `path` hold `data`: all of it or, whatever crashes, what it held before. Raises WriteError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with raising_write_error(path):
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)


def sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Make renames inside the directory durable."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# macOS has no fdatasync.
sync_data = getattr(os, "fdatasync", os.fsync)


@contextmanager
def raising_write_error(path: Path) -> Iterator[None]:
    """Turn an OSError of writing `path` into a WriteError that says what to do."""
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


def write_error(path: Path, error: OSError) -> WriteError:
    reason = error.strerror or str(error)
    advice = "free some space and try again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check the disk"
    return WriteError(f"{path}: could not write ({reason}); nothing was changed; {advice}")
