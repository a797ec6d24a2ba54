"""A disk that fails on demand: numbers every call of this process that writes, and lets one of them go wrong."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import pytest

from playhead import filesystem, journal
from playhead.history import FOLDER_PREFIX

Interruption = Literal["interrupt before", "interrupt after"]
Fault = Interruption | Literal["crash before", "crash after", "crash half-way", "full", "error", "error once", "short"]
WRITES = ("pwrite", "write", "parquet")
TAKES_SPACE = (*WRITES, "open", "mkdir", "link")
FAULTS: tuple[Fault, ...] = ("crash before", "crash after", "crash half-way", "full", "error", "error once", "short")


class Crash(BaseException):
    """The process dies here; whatever runs afterwards must leave no trace on disk."""


class FaultyDisk:
    """Numbers the writing calls from 0; at number `at` the fault happens."""

    def __init__(self, at: int | None = None, fault: Fault = "error once", error: int = errno.EIO) -> None:
        self.at = at
        self.fault = fault
        self.calls: list[str] = []
        self.is_dead = False
        self._is_failing = False
        self._error = errno.ENOSPC if fault in ("full", "short") else error

    def call(self, name: str, do: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        """Make one call that writes. half: does some of it, where a call can be done in part."""
        if self.is_dead:
            raise Crash
        number = len(self.calls)
        self.calls.append(name)
        if self._is_failing and self._fails_again(name):
            raise OSError(self._error, os.strerror(self._error))
        return do() if number != self.at else self._go_wrong(name, do, half)

    def _fails_again(self, name: str) -> bool:
        if self.fault == "error":
            return True
        # A full disk takes no more bytes, and lets files be removed and cut.
        return name in TAKES_SPACE

    def _go_wrong(self, name: str, do: Callable[[], Any], half: Callable[[], Any] | None) -> Any:
        if self.fault.startswith("interrupt"):
            if self.fault == "interrupt after":
                with suppress(OSError):
                    made = do()
                    if isinstance(made, io.IOBase):
                        made.close()
            raise KeyboardInterrupt
        if self.fault.startswith("crash"):
            if self.fault == "crash after":
                made = do()
                if isinstance(made, io.IOBase):
                    made.close()
            elif self.fault == "crash half-way" and half is not None:
                half()
            self.is_dead = True
            raise Crash
        if self.fault in ("full", "error", "short"):
            self._is_failing = True
        if self.fault == "short" and half is not None:
            return half()
        raise OSError(self._error, os.strerror(self._error))


class _RawFile(io.FileIO):
    """What a buffered file writes through."""

    disk: FaultyDisk

    def write(self, data: Any) -> int:
        if self.disk.is_dead:
            # A buffer that is flushed when its file is let go of: a dead process flushes nothing.
            return len(data)
        data = bytes(data)
        written: int = self.disk.call(
            "write",
            lambda: io.FileIO.write(self, data),
            lambda: io.FileIO.write(self, data[: len(data) // 2]),
        )
        return written

    def truncate(self, size: int | None = None) -> int:
        truncated: int = self.disk.call("truncate", lambda: io.FileIO.truncate(self, size))
        return truncated


@contextmanager
def faulty_disk(disk: FaultyDisk) -> Iterator[FaultyDisk]:
    """Put the disk under everything this process writes, for the length of the block."""
    with pytest.MonkeyPatch.context() as patch:
        _patch_descriptors(patch, disk)
        for name in ("rename", "replace", "unlink", "mkdir", "rmdir", "link"):
            patch.setattr(os, name, _numbered(disk, name, getattr(os, name)))
        opening = _opening(disk, io.open)
        patch.setattr(io, "open", opening)
        patch.setattr(builtins, "open", opening)
        patch.setattr(pq, "write_table", _writing_parquet(disk, pq.write_table))
        patch.setattr(pq, "ParquetWriter", _opening_parquet(disk, pq.ParquetWriter))
        yield disk


def _patch_descriptors(patch: pytest.MonkeyPatch, disk: FaultyDisk) -> None:
    pwrite = os.pwrite

    def faulty_pwrite(descriptor: int, data: bytes, offset: int) -> Any:
        return disk.call(
            "pwrite",
            lambda: pwrite(descriptor, data, offset),
            lambda: pwrite(descriptor, data[: len(data) // 2], offset),
        )

    patch.setattr(os, "pwrite", faulty_pwrite)
    for name in ("ftruncate", "fsync", "fdatasync"):
        if hasattr(os, name):
            patch.setattr(os, name, _numbered(disk, name, getattr(os, name)))
    # Bound when these modules were imported.
    sync_data = _numbered(disk, "sync_data", filesystem.sync_data)
    patch.setattr(filesystem, "sync_data", sync_data)
    patch.setattr(journal, "sync_data", sync_data)


def _numbered(disk: FaultyDisk, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def numbered(*arguments: Any, **options: Any) -> Any:
        if FOLDER_PREFIX in str(arguments[0]):
            # Where DuckDB puts what does not fit in memory is no part of a store.
            return function(*arguments, **options)
        return disk.call(name, lambda: function(*arguments, **options))

    return numbered


def _opening(disk: FaultyDisk, real: Callable[..., Any]) -> Callable[..., Any]:
    def opening(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return real(file, mode, *arguments, **options)
        raw: _RawFile = disk.call("open", lambda: _RawFile(file, mode.replace("b", "").replace("t", "")))
        raw.disk = disk
        assert "b" in mode
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    return opening


class _ParquetFile:
    """Hands each call to a real writer, and is closed with it."""

    def __init__(self, disk: FaultyDisk, real: Any, path: Path) -> None:
        self._disk = disk
        self._real = real
        self._path = path

    def __enter__(self) -> _ParquetFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._disk.call("parquet", self._real.close, self._half)
        else:
            self._real.close()

    def _half(self) -> None:
        self._real.close()
        os.truncate(self._path, self._path.stat().st_size // 2)
        if self._disk.fault == "short":
            # Arrow writes on until it is done or fails; it never returns half a file.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write_table(self, table: Any, **options: Any) -> None:
        self._disk.call("parquet", lambda: self._real.write_table(table, **options))


def _opening_parquet(disk: FaultyDisk, real: Callable[..., Any]) -> Callable[..., Any]:
    def opening(path: Path, *arguments: Any, **options: Any) -> _ParquetFile:
        return _ParquetFile(disk, disk.call("open", lambda: real(path, *arguments, **options)), path)

    return opening


def _writing_parquet(disk: FaultyDisk, real: Callable[..., Any]) -> Callable[..., Any]:
    def write_table(table: Any, path: Path, **options: Any) -> Any:
        def half() -> None:
            real(table, path, **options)
            os.truncate(path, path.stat().st_size // 2)
            if disk.fault == "short":
                # Arrow writes on until it is done or fails; it never returns half a file.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return disk.call("parquet", lambda: real(table, path, **options), half)

    return write_table
