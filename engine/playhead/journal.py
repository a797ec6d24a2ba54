"""The append-only file of recent commits: framing, appending, recovery.

A journal is a file header and then one framed record per transaction:

    file header    magic (8 bytes) · the number in the file's name (u64) · CRC-32 of those 16 bytes (u32)
    record header  payload length (u32) · commit_ts (u64) · durable-up-to offset (u64) · payload CRC-32 (u32)
                   · CRC-32 of those 24 bytes (u32)
    payload        the transaction, as `payload` lays it out

A record without a payload is a mark: look at the manifest, which may name a journal that takes the commits from here
on. It bears the commit_ts that comes next, and uses up none.

All numbers are little-endian. The durable-up-to offset is how far the file was known to be on disk when the record was
written: damage below an offset that a later record vouches for is corruption, damage beyond it is a torn tail.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from playhead.errors import CorruptStoreError
from playhead.filesystem import raising_write_error, sync_data, sync_directory, write_all, write_error
from playhead.payload import Payload

MAGIC = b"PLAYHD\x01\n"
_FILE_HEADER = struct.Struct("<8sQI")
_RECORD_HEADER = struct.Struct("<IQQI")
_CRC = struct.Struct("<I")
RECORD_HEADER_BYTES = _RECORD_HEADER.size + _CRC.size


class Scan(NamedTuple):
    """What reading a journal from some offset found."""

    payloads: list[Payload]
    end: int
    """The offset behind the last whole record."""
    torn_bytes: int
    """Bytes behind `end` that are no whole record: a torn write, or one still under way."""


def file_name(number: int) -> str:
    """Journals are numbered in the order they take commits."""
    return f"{number:012d}.journal"


def number_of(name: str) -> int:
    """The number in a journal's file name."""
    return int(name.partition(".")[0])


class Journal:
    """One journal file, open for reading and, for a writer, appending."""

    def __init__(self, path: Path, first_commit_ts: int, *, writable: bool) -> None:
        """`first_commit_ts`: the one that its first record must bear.

        Raises FileNotFoundError, PermissionError, CorruptStoreError.
        """
        self.path = path
        self.first_commit_ts = self.next_commit_ts = first_commit_ts
        self._descriptor = -1
        self._descriptor = os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        try:
            self._check_file_header()
        except CorruptStoreError:
            self.close()
            raise
        self.end = _FILE_HEADER.size
        """The offset behind the last record seen."""
        self.durable_end = self.end
        """How far this process knows the file to be on disk."""
        self.is_named_durably = False
        """Whether this process knows the manifest that names it to be on disk."""
        self.is_marked = False
        """Whether the last record says to look at the manifest."""
        self.is_sealed = False
        """Whether a durable segment holds all of it, so that nothing need be synced any more."""

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty journal, durably. Raises WriteError."""
        head = struct.pack("<8sQ", MAGIC, number_of(path.name))
        with raising_write_error(path):
            with path.open("wb") as file:
                file.write(head + _CRC.pack(crc32(head)))
                file.flush()
                os.fsync(file.fileno())
            sync_directory(path.parent)

    def _check_file_header(self) -> None:
        head = os.pread(self._descriptor, _FILE_HEADER.size, 0)
        if len(head) < _FILE_HEADER.size:
            raise CorruptStoreError(f"{self.path}: journal header is cut off at offset {len(head)}")
        magic, number, checksum = _FILE_HEADER.unpack(head)
        if magic != MAGIC or crc32(head[: -_CRC.size]) != checksum or number != number_of(self.path.name):
            raise CorruptStoreError(f"{self.path}: damaged journal header at offset 0")

    @property
    def commits(self) -> int:
        """How many it holds, as far as it was read."""
        return self.next_commit_ts - self.first_commit_ts

    def has_news(self) -> bool:
        """Whether something stands behind the last record seen, or that record says to look at the manifest."""
        # Not fstat: it costs more, and makes Linux take a precise time for the next write, which costs more still.
        return self.is_marked or os.lseek(self._descriptor, 0, os.SEEK_END) != self.end

    def read_new(self) -> Scan:
        """The records behind `end`, which moves past them.

        Raises CorruptStoreError where damage lies below an offset that a later record vouches for.
        """
        data = self._read_from(self.end)
        payloads: list[Payload] = []
        position = 0
        while position < len(data):
            found = _record_at(data, position)
            if found is None:
                self._check_torn(data, position)
                break
            payload, position = found
            if payload.commit_ts != self.next_commit_ts:
                raise CorruptStoreError(
                    f"{self.path}: commit {payload.commit_ts} where {self.next_commit_ts} belongs,"
                    f" before offset {self.end + position}"
                )
            self.is_marked = not payload.text
            if payload.text:
                self.next_commit_ts += 1
                payloads.append(payload)
        self.end += position
        return Scan(payloads, self.end, len(data) - position)

    def _read_from(self, offset: int) -> bytes:
        pieces = []
        while piece := os.pread(self._descriptor, 1 << 24, offset):
            pieces.append(piece)
            offset += len(piece)
        return b"".join(pieces)

    def _check_torn(self, data: bytes, damage: int) -> None:
        """Raise unless nothing behind the damage says that what is damaged was once durable."""
        damaged_offset = self.end + damage
        for position in range(damage + 1, len(data) - RECORD_HEADER_BYTES + 1):
            length, commit_ts, durable_end, _ = _RECORD_HEADER.unpack_from(data, position)
            if not self.next_commit_ts < commit_ts <= self.next_commit_ts + len(data) or length > len(data):
                continue
            if durable_end > damaged_offset and _header_is_whole(data, position):
                raise CorruptStoreError(
                    f"{self.path}: damaged record at offset {damaged_offset} (commit {self.next_commit_ts}),"
                    f" which later records say was safely written; restore the file from a copy"
                )

    def append(self, commit_ts: int, payload: bytes) -> None:
        """Append one record with one write. Raises WriteError and leaves the file as it was."""
        head = _RECORD_HEADER.pack(len(payload), commit_ts, self.durable_end, crc32(payload))
        frame = head + _CRC.pack(crc32(head)) + payload
        try:
            write_all(self._descriptor, frame, self.end)
        except OSError as error:
            self.cut_torn_tail()
            raise write_error(self.path, error) from error
        self.end += len(frame)
        self.is_marked = not payload
        if payload:
            self.next_commit_ts = commit_ts + 1

    def mark(self) -> None:
        """Tell whoever has this journal open to look at the manifest before going on. Raises WriteError."""
        self.append(self.next_commit_ts, b"")

    def cut_torn_tail(self) -> None:
        """Drop what lies behind the last whole record. Only the holder of the lock may."""
        with raising_write_error(self.path):
            os.ftruncate(self._descriptor, self.end)

    def sync(self) -> None:
        """Put everything appended so far on disk. Raises OSError."""
        end = self.end
        sync_data(self._descriptor)
        self.durable_end = max(self.durable_end, end)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    __del__ = close


def _record_at(data: bytes, position: int) -> tuple[Payload, int] | None:
    """The whole record at `position` and where the next begins, or None."""
    if len(data) - position < RECORD_HEADER_BYTES or not _header_is_whole(data, position):
        return None
    length, commit_ts, _, checksum = _RECORD_HEADER.unpack_from(data, position)
    start = position + RECORD_HEADER_BYTES
    text = data[start : start + length]
    if len(text) < length or crc32(text) != checksum:
        return None
    return Payload(commit_ts, text), start + length


def _header_is_whole(data: bytes, position: int) -> bool:
    end = position + _RECORD_HEADER.size
    checksum: int = _CRC.unpack_from(data, end)[0]
    return crc32(data[position:end]) == checksum


class Survey(NamedTuple):
    """Everything that can be read of one journal file, damaged or not."""

    is_header_whole: bool
    records: list[tuple[int, Payload]]
    """The whole records from the beginning up to the first damage, each with its offset."""
    end: int
    """The offset behind the last of them."""
    damaged_bytes: int
    """Bytes behind `end` that are no whole record."""
    last_vouched: int
    """The highest durable-up-to offset of any whole record in the file."""
    later: list[int]
    """The commit_ts of whole records behind the damage."""


def survey(path: Path) -> Survey:
    """Read all of a journal that can be read, past damage too. Raises OSError."""
    data = path.read_bytes()
    magic, number, checksum = _FILE_HEADER.unpack(data[: _FILE_HEADER.size].ljust(_FILE_HEADER.size, b"\0"))
    is_whole = magic == MAGIC and crc32(data[: _FILE_HEADER.size - _CRC.size]) == checksum
    records: list[tuple[int, Payload]] = []
    position, last_vouched = _FILE_HEADER.size, 0
    while found := _record_at(data, position):
        payload, end = found
        if records and payload.commit_ts != records[-1][1].commit_ts + 1:
            break
        last_vouched = max(last_vouched, _RECORD_HEADER.unpack_from(data, position)[2])
        if payload.text:
            records.append((position, payload))
        position = end
    end, later = position, []
    while position <= len(data) - RECORD_HEADER_BYTES:
        # The length first: it rules out nearly every place at the price of four bytes.
        length = int.from_bytes(data[position : position + 4], "little")
        found = _record_at(data, position) if position + RECORD_HEADER_BYTES + length <= len(data) else None
        if found is None:
            position += 1
            continue
        last_vouched = max(last_vouched, _RECORD_HEADER.unpack_from(data, position)[2])
        if found[0].text:
            later.append(found[0].commit_ts)
        position = found[1]
    is_header_whole = is_whole and number == number_of(path.name)
    return Survey(is_header_whole, records, end, max(len(data) - end, 0), last_vouched, later)
