"""Zip archives as importers read them: nothing is unpacked to disk, and nothing is believed of sizes and names."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from playhead.errors import ImportFormatError

MAGIC = b"PK\x03\x04"
MOST_MEMBER_BYTES = 1 << 30
"""Unpacked: a larger member would have to be held whole, several times over."""
MOST_UNPACKED_PER_BYTE = 400
"""Text does not shrink further; a member that does is made to fill the memory."""
SUSPECT_BYTES = 32 * 1024 * 1024
"""Below this no member is large enough to harm."""

_PIECE = 256 * 1024
_MORSEL = 1024
_STORED, _DEFLATED, _ZSTD = 0, 8, 93
_LOCAL_HEADER = struct.Struct("<4s22x2H")
_BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OSError, OverflowError)


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive, as the archive's directory tells of it."""

    name: str
    offset: int
    """Bytes from the start of the archive to its local header."""
    packed: int
    size: int
    method: int
    crc: int


class _Unpacker(Protocol):
    def __call__(self, data: bytes, /) -> bytes: ...


class Archive:
    """An archive open for reading; whatever is wrong with it is an ImportFormatError that names archive and member."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO = path.open("rb")
            try:
                with zipfile.ZipFile(self._file) as directory:
                    listed = directory.infolist()
            except BaseException:
                self._file.close()
                raise
        except _BROKEN as error:
            raise ImportFormatError(
                f"{path}: a zip archive that is cut off or damaged ({error}): copy it again, whole"
            ) from None
        found = {info.filename: info for info in listed}
        self.superseded = len(listed) - len(found)
        """Members that a later one of the same name replaces, as in logs that were written to again."""
        try:
            self.members = {name: self._member(info) for name, info in found.items()}
            """By name, in the archive's order."""
            self._check_overlaps()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, member: Member, on_packed: Callable[[int], None] | None = None) -> bytes:
        """A member's content, whole; `on_packed` hears of packed bytes as they are read."""
        if member.size > MOST_MEMBER_BYTES:
            raise self._refusal(member, f"unpacks to {member.size:,} bytes, more than {MOST_MEMBER_BYTES:,}")
        pieces: list[bytes] = []
        length = 0
        try:
            for piece in self._unpacked(member, on_packed):
                length += len(piece)
                if length > member.size:
                    raise self._refusal(member, f"unpacks to more than the {member.size:,} bytes it declares")
                pieces.append(piece)
        except (*_BROKEN, zlib.error) as error:
            raise self._refusal(member, f"is damaged ({error})") from None
        content = b"".join(pieces)
        if length != member.size or zlib.crc32(content) != member.crc:
            raise self._refusal(member, "is damaged: its length or checksum is not what the archive declares")
        return content

    def _member(self, info: zipfile.ZipInfo) -> Member:
        member = Member(
            info.filename, info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC
        )
        parts = member.name.replace("\\", "/").split("/")
        if member.name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in info.orig_filename:
            raise self._refusal(member, "has a name that leads out of the archive")
        if info.flag_bits & 1:
            raise self._refusal(member, "is encrypted: unpack it with its password first")
        if member.method not in (_STORED, _DEFLATED, _ZSTD):
            raise self._refusal(member, f"is packed by method {member.method}, which is none of stored, deflate, zstd")
        if member.size > SUSPECT_BYTES and member.size > member.packed * MOST_UNPACKED_PER_BYTE:
            raise self._refusal(member, f"declares {member.size:,} bytes in {member.packed:,}: a zip bomb")
        return member

    def _check_overlaps(self) -> None:
        """Members that share bytes multiply them."""
        end = 0
        for member in sorted(self.members.values(), key=lambda member: member.offset):
            if member.offset < end:
                raise self._refusal(member, "lies inside another member: a zip bomb")
            end = member.offset + _LOCAL_HEADER.size + member.packed

    def _unpacked(self, member: Member, on_packed: Callable[[int], None] | None) -> Iterator[bytes]:
        self._file.seek(member.offset)
        magic, name_length, extra_length = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        if magic != MAGIC:
            raise zipfile.BadZipFile("no local header")
        self._file.seek(name_length + extra_length, 1)
        unpack = _unpacker(member.method)
        left = member.packed
        while left:
            packed = self._file.read(min(left, _PIECE))
            if not packed:
                raise EOFError("it ends early")
            left -= len(packed)
            if on_packed is not None:
                on_packed(len(packed))
            # Of a bomb only a little is unpacked at a time.
            for start in range(0, len(packed), _MORSEL):
                yield unpack(packed[start : start + _MORSEL])

    def _refusal(self, member: Member, what: str) -> ImportFormatError:
        return ImportFormatError(f"{self._path}: member {member.name!r} {what}")


def _unpacker(method: int) -> _Unpacker:
    if method == _DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress
    if method == _ZSTD:
        return _ZstdUnpacker()
    return lambda data: data


class _ZstdUnpacker:
    """One zstd frame after another, as some writers make them."""

    def __init__(self) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._make = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj
        self._stream = self._make()

    def __call__(self, data: bytes, /) -> bytes:
        made = b""
        try:
            while data:
                if self._stream.eof:
                    self._stream = self._make()
                made += self._stream.decompress(data)
                data = self._stream.unused_data if self._stream.eof else b""
        except self._error as error:
            raise zipfile.BadZipFile(str(error)) from None
        return made
