"""snapshots.jsonl: the names given to moments, one line each with its own checksum. Truth, like the log (S24)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

import orjson

from playhead.errors import CorruptStoreError, DurabilityError
from playhead.filesystem import raising_write_error, sync_directory, write_all
from playhead.model import SnapshotEntry


def read(path: Path) -> list[SnapshotEntry]:
    """Every snapshot in the order taken; a torn last line is none. Raises CorruptStoreError naming file and line."""
    try:
        *lines, _torn = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [_decode(line, path, number) for number, line in enumerate(lines, 1)]


class Line(NamedTuple):
    """One line of the file, damaged or not."""

    number: int
    offset: int
    entry: SnapshotEntry | None
    """None where the line is damaged."""


class Survey(NamedTuple):
    """Everything that can be read of the file, damaged or not."""

    lines: list[Line]
    end: int
    """The offset behind the last whole line."""
    torn_bytes: int


def survey(path: Path) -> Survey:
    """Read past damage; a missing file has no lines. Raises OSError."""
    try:
        *texts, torn = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Survey([], 0, 0)
    lines, offset = [], 0
    for number, text in enumerate(texts, 1):
        try:
            lines.append(Line(number, offset, _decode(text, path, number)))
        except CorruptStoreError:
            lines.append(Line(number, offset, None))
        offset += len(text) + 1
    return Survey(lines, offset, len(torn))


def append(path: Path, entries: Iterable[SnapshotEntry]) -> None:
    """Add snapshots durably. Only the holder of the store's lock may. Raises WriteError, or DurabilityError."""
    with raising_write_error(path), path.open("a+b") as file:
        file.seek(0)
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        try:
            # Past the file object's buffer, which would write once more what failed when the file is closed.
            write_all(file.fileno(), b"".join(map(_encode, entries)), whole)
            os.fsync(file.fileno())
            if whole == 0:
                sync_directory(path.parent)
        except OSError as error:
            _undo(file, whole, path, error)
            raise


def _undo(file: BinaryIO, whole: int, path: Path, error: OSError) -> None:
    try:
        file.truncate(whole)
    except OSError:
        raise DurabilityError(
            f"{path}: the disk could not confirm a snapshot ({error.strerror}); whether it was taken is unknown."
            " Check the disk, then look at the snapshots"
        ) from error


def _encode(entry: SnapshotEntry) -> bytes:
    body = asdict(entry)
    return orjson.dumps({"snapshot": body, "crc32": crc32(orjson.dumps(body))}) + b"\n"


def _decode(line: bytes, path: Path, number: int) -> SnapshotEntry:
    try:
        document = orjson.loads(line)
        body = document["snapshot"]
        if crc32(orjson.dumps(body)) == document["crc32"]:
            return SnapshotEntry(**body)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    raise CorruptStoreError(f"{path}: damaged snapshot on line {number}; restore the file from a copy")
