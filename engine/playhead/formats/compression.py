"""Logs that are compressed or written as UTF-16, read as the UTF-8 text that is in them."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from playhead.errors import ImportFormatError

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    # What a shell of Windows writes where output is redirected to a file.
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_PIECE_BYTES = 64 * 1024
_CUT = ("Truncated", "truncated", "ended before")


def compression_of(first: bytes) -> str | None:
    """How a file is compressed, by its first bytes; None where it is not."""
    return next((name for magic, name in _MAGIC.items() if first.startswith(magic)), None)


class Decompressed(io.RawIOBase):
    """A compressed file as a stream of what is in it; ends where a cut-off file does."""

    def __init__(self, path: Path, compression: str) -> None:
        """Raises OSError for a file that cannot be opened."""
        super().__init__()
        self._path = path
        self._file = path.open("rb")
        self._inner = _OPENERS[compression](self._file)
        self.cut = False
        """Whether the file ended before what was compressed did."""

    @property
    def consumed(self) -> int:
        """Compressed bytes that were read so far."""
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        """Raises ImportFormatError where the compressed data is damaged."""
        view = memoryview(cast(bytearray, buffer))
        try:
            piece = self._inner.read1(min(len(view), _PIECE_BYTES)) if len(view) else b""
        except EOFError:
            self.cut = True
            return 0
        except (OSError, zlib.error, lzma.LZMAError) as error:
            if any(word in str(error) for word in _CUT):
                self.cut = True
                return 0
            raise ImportFormatError(
                f"{self._path}: the compressed data is damaged near byte {self.consumed:,} ({error});"
                " copy the file again"
            ) from None
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Readable(io.RawIOBase):
    """Arrow's stream with the one method that is asked of it."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        # Heavy, and needed by nobody else here.
        import pyarrow

        self._stream = pyarrow.CompressedInputStream(file, "zstd")

    def read1(self, size: int) -> bytes:
        return bytes(self._stream.read(min(size, 8192)))


class _Utf16(io.RawIOBase):
    """UTF-16 text as UTF-8, its byte order mark and whatever is no text replaced."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        self._rest = b""

    def read1(self, size: int) -> bytes:
        while not self._rest:
            raw = self._file.read(_PIECE_BYTES)
            self._rest = self._decoder.decode(raw, final=not raw).encode(errors="replace")
            if not raw:
                break
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _opened(opener: Callable[[IO[bytes]], object]) -> Callable[[IO[bytes]], io.BufferedReader]:
    return cast(Callable[[IO[bytes]], io.BufferedReader], opener)


_OPENERS: dict[str, Callable[[IO[bytes]], io.BufferedReader]] = {
    "gzip": _opened(lambda file: gzip.GzipFile(fileobj=file)),
    "bzip2": _opened(bz2.BZ2File),
    "xz": _opened(lzma.LZMAFile),
    "zstd": _opened(_Readable),
    "UTF-16": _opened(_Utf16),
}
