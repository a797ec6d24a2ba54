"""What differs between operating systems: the lock between processes, atomic replacement, durable directories."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playhead import forking
from playhead.errors import DurabilityError, StoreBusyError, WriteError

try:
    import fcntl
except ImportError:  # Windows has no flock; a store there is for one process at a time.
    fcntl = None  # type: ignore[assignment]
    _EXCLUSIVE = 0
else:
    _EXCLUSIVE = fcntl.LOCK_EX | fcntl.LOCK_NB

LOCK_TIMEOUT_SECONDS = 30.0


class ProcessLock:
    """An exclusive lock between processes on one file, held for the length of a commit (as SQLite does)."""

    def __init__(self, path: Path, timeout: float = LOCK_TIMEOUT_SECONDS) -> None:
        self.path = path
        self.timeout = timeout
        self._descriptor = -1
        self._open()
        forking.track(self)

    def _open(self) -> None:
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def after_fork_in_child(self) -> None:
        # An inherited descriptor shares the parent's lock instead of competing for it, and would outlive the parent.
        self.close()

    def acquire(self) -> None:
        """Raises StoreBusyError naming the holder once `timeout` seconds have passed."""
        if not self.try_acquire():
            self._wait()

    def try_acquire(self) -> bool:
        """False where another process, or another object of this one, holds the lock. Raises WriteError."""
        if fcntl is None:
            return True
        if self._descriptor < 0:
            with raising_write_error(self.path):
                self._open()
        try:
            fcntl.flock(self._descriptor, _EXCLUSIVE)
        except BlockingIOError:
            return False
        except OSError as error:
            raise WriteError(f"{self.path}: this file system cannot lock ({error.strerror})") from None
        return True

    def _wait(self) -> None:
        deadline, pause = time.monotonic() + self.timeout, 0.0002
        while True:
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
            if self.try_acquire():
                return
            if time.monotonic() > deadline:
                raise StoreBusyError(
                    f"{self.path}: locked for {self.timeout:.0f} s by {self._holder()};"
                    " wait for it to finish or stop it, then try again"
                )

    def _holder(self) -> str:
        """Who has the lock: as Linux knows it, else as `announce` wrote it down."""
        status = os.fstat(self._descriptor)
        place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        with suppress(OSError):
            for line in Path("/proc/locks").read_text().splitlines():
                _, *fields = line.split()
                if fields[:3] == ["FLOCK", "ADVISORY", "WRITE"] and fields[4] == place:
                    return f"process {fields[3]}"
        return os.pread(self._descriptor, 64, 0).decode(errors="replace").strip() or "another process"

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

    __del__ = close


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


class Replacement:
    """What a file is to hold next, safely on disk beside it. `install` is one rename, which readers see at once."""

    def __init__(self, path: Path, data: bytes) -> None:
        """Raises WriteError."""
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}")
        with raising_write_error(path), self._discarded_on_failure(), self._temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def install(self) -> None:
        """Make the file hold the new content, all of it or none; durable once the directory is synced.

        Raises WriteError.
        """
        with raising_write_error(self._path), self._discarded_on_failure():
            self._temporary.replace(self._path)

    @contextmanager
    def _discarded_on_failure(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._temporary.unlink(missing_ok=True)
            raise


def replace_file(path: Path, data: bytes) -> None:
    """Make `path` hold `data`: all of it or, whatever crashes, what it held before.

    Raises WriteError, or DurabilityError where a power cut may still bring back what it held before.
    """
    Replacement(path, data).install()
    try:
        sync_directory(path.parent)
    except OSError as error:
        raise DurabilityError(
            f"{path}: replaced, but the disk could not confirm it ({error.strerror}); check the disk"
        ) from error


class Hold:
    """Keeps a directory from being removed by any process that asks `remove_unless_held`, for as long as this lives."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError where it is gone, or about to be."""
        self._descriptor = -1
        if fcntl is None:
            return
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileNotFoundError(errno.ENOENT, "being removed", str(path)) from None
        except OSError:
            # A file system that cannot lock: then a reader who was overtaken reads the manifest anew.
            return
        # It may have been removed between the two.
        path.stat()

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    __del__ = release


def remove_unless_held(path: Path, aside: Path | None = None) -> bool:
    """Remove a directory and what is in it; leave it, and return False, where some process still reads it.

    aside: what it is renamed to first, so that one whose removal was cut off is not taken for whole. Raises OSError.
    """
    if fcntl is None:
        shutil.rmtree(path if aside is None else path.rename(aside))
        return True
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path if aside is None else path.rename(aside))
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def checksum(path: Path) -> str:
    """BLAKE2b-128 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


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


def trim_heap() -> None:
    """Return memory that is free to the system, where the C library can be told to (glibc)."""
    # Only here: of those who import the package, few import logs.
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
