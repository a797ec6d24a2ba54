"""A log file, read as a stream of JSON records that each know where they lie."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from math import isfinite
from pathlib import Path
from typing import NamedTuple, cast

import orjson

from playhead.codec import INTEGER_MAX, INTEGER_MIN
from playhead.errors import LogError
from playhead.formats.compression import Decompressed, compression_of
from playhead.formats.json_cut import closed
from playhead.formats.json_places import Place, Steps, element_places
from playhead.formats.report import ImportReport
from playhead.model import JSON

FIRST_BYTES = 4096
BUFFER_BYTES = 1 << 20
HEAD_RECORDS = 12
BATCH_BYTES = 16 * 1024
"""So many lines are read at once, and the report hears how far the reading is."""
LONG_LINE_BYTES = 1 << 20
HEAD_BYTES = 64 * 1024 * 1024
DOCUMENT_BYTES = 512 * 1024 * 1024
"""A larger file is not tried as one JSON document: that would mean holding all of it."""

BINARY = (b"SQLite format 3\0", b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""What files begin with that are no text: no line of them is looked at."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANK = b" \t\r\n\0"
_NO_TEXT = (b"SQLite format 3\0", b"PAR1", b"PK\x03\x04")

# orjson turns integers beyond 64 bits into floats without a word: runs this long are what could be one.
_DIGITS = bytes(0x30 if 0x30 <= code <= 0x39 else 0x2D if code == 0x2D else 0x20 for code in range(256))
_LONG_POSITIVE, _LONG_NEGATIVE = b"0" * 20, b"-" + b"0" * 19


class Placed(NamedTuple):
    """A record and where it lies in its file."""

    value: JSON
    line: int
    """From 1; for a document, the record's place in it."""
    offset: int
    """Bytes from the start of the file to the record."""
    length: int
    """Bytes, without the line's end."""


placed_at: Callable[[tuple[JSON, int, int, int]], Placed] = partial(tuple.__new__, Placed)
"""Makes one of its parts: calling a NamedTuple costs twice as much, for every record."""


class Source:
    """One log file that exists and is not empty."""

    def __init__(self, path: str | Path) -> None:
        """Raises LogError for what is missing, unreadable, empty or no file."""
        self.path = Path(path)
        self._document_repaired: Counter[str] = Counter()
        self.refusals: list[str] = []
        """What formats of installed packages could not say of the file, and why."""
        self.expected: list[Path] = []
        """Folders where further files of the same log may appear, there already or not."""
        self.broken: str | None = None
        """Where the JSON document that this begins like goes wrong, once that is known."""
        try:
            if self.path.is_dir():
                raise LogError(f"{self.path} is a directory: name one log file in it")
            with self.path.open("rb") as file:
                self.first = file.read(FIRST_BYTES)
            self.size = self.path.stat().st_size
            self._compression = compression_of(self.first)
            if self._compression is not None:
                with self.open() as file:
                    self.first = file.read(FIRST_BYTES)
        except FileNotFoundError:
            raise LogError(f"{self.path} does not exist: check the path") from None
        except OSError as error:
            raise LogError(f"{self.path} cannot be read ({error.strerror}): check its permissions") from None
        short = len(self.first) < FIRST_BYTES if self._compression is not None else self.size <= len(self.first)
        if self._compression is not None and self.first.startswith(_NO_TEXT):
            raise LogError(f"{self.path} is compressed with {self._compression}: decompress it first")
        if self._compression is not None and not self.first:
            raise LogError(f"{self.path} is compressed with {self._compression}, and nothing in it can be read")
        if not self.first.removeprefix(BYTE_ORDER_MARK).strip(BLANK) and short:
            raise LogError(f"{self.path} is empty: there is nothing to load")

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_compressed(self) -> bool:
        return self._compression is not None

    @property
    def is_binary(self) -> bool:
        """Whether this begins like a file of a well-known kind that is no text."""
        return self.first.startswith(BINARY)

    @cached_property
    def head(self) -> list[JSON]:
        """The first records, malformed lines left out: what formats recognise a file by."""
        ignored: Counter[str] = Counter()
        records: list[JSON] = []
        for raw in self._first_lines():
            try:
                records += parse(raw, ignored)
            except ValueError:
                continue
        return records

    @cached_property
    def has_lines(self) -> bool:
        """Whether this is JSON lines; otherwise it is one JSON document, or no JSON at all."""
        if self.is_binary:
            return False
        ignored: Counter[str] = Counter()
        first = next(self._first_lines(), b"")
        try:
            found = parse(first, ignored)
            # Text may begin with several strings or numbers: `"""A docstring."""` is three.
            return len(found) <= 1 or any(isinstance(record, dict | list) for record in found)
        except ValueError:
            return self.document is None and any(isinstance(record, dict | list) and record for record in self.head)

    @cached_property
    def values(self) -> list[JSON]:
        """The whole file as JSON: one value, or several behind each other; empty where it is no such thing."""
        if self.size > DOCUMENT_BYTES or self.first.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] not in (b"{", b"["):
            return []
        text = self._content().removeprefix(BYTE_ORDER_MARK).strip(BLANK)
        try:
            return parse(text, self._document_repaired)
        except ValueError as error:
            self.broken = str(error)
            mended = closed(text)
        try:
            found = parse(mended, self._document_repaired) if mended is not None else []
        except ValueError:
            return []
        self._document_repaired["documents cut off, read as far as they go"] += bool(found)
        return found

    @cached_property
    def document(self) -> JSON:
        """The whole file as one JSON value, or None where it is no such thing."""
        return self.values[0] if len(self.values) == 1 else None

    @cached_property
    def only(self) -> JSON:
        """The one object or array that the whole file is, on one line or many; None where it holds several records."""
        if self.has_lines and not (len(self.head) == 1 and isinstance(self.head[0], dict | list)):
            return None
        return self.document

    def records(self, report: ImportReport) -> Iterator[Placed]:
        """Every record in order, a line in memory at a time.

        What does not parse is counted in `report`: as torn where the file ends in it, else as malformed.
        """
        with self.open() as file:
            line, end, told, torn = 0, 0, 0, report.torn
            while lines := file.readlines(BATCH_BYTES):
                now = end + sum(map(len, lines)) if self._compression is None else _consumed(file)
                report.read(now - told)
                told = now
                # One look at many lines: for each of them it would cost as much as parsing it.
                looked_at = [b"".join(lines)] if len(lines[-1]) < LONG_LINE_BYTES else lines
                ordinary = not any(map(_may_hold_large_integers, looked_at))
                for raw in lines:
                    line, offset, end = line + 1, end, end + len(raw)
                    try:
                        if not ordinary:
                            raise ValueError
                        value = cast(JSON, orjson.loads(raw))
                    except ValueError:
                        yield from self.placed(raw, line, offset, report)
                        continue
                    report.records += 1
                    length = len(raw.rstrip(b"\r\n"))
                    if length > LONG_LINE_BYTES:
                        # The last of its batch, and large: what was made of it is enough to hold.
                        lines.clear()
                        del raw, looked_at
                    yield placed_at((value, line, offset, length))
            if self._compression is not None:
                report.read(max(0, self.size - told))
                if _is_cut(file) and report.torn == torn:
                    report.torn += 1

    def placed(self, raw: bytes, line: int, offset: int, report: ImportReport) -> Sequence[Placed]:
        """The records of one line that begins at `offset`; none where it is blank, or no JSON."""
        if line == 1 and raw.startswith(BYTE_ORDER_MARK):
            raw, offset = raw[3:], offset + 3
        text = raw.strip(BLANK)
        if not text:
            return ()
        try:
            values = parse(text, report.repaired)
        except ValueError as error:
            if raw.endswith(b"\n"):
                report.skip(self.name, line, offset, str(error))
            else:
                report.torn += 1
            return ()
        report.records += len(values)
        length = len(raw.rstrip(b"\r\n"))
        return [placed_at((value, line, offset, length)) for value in values]

    def fresh(self, report: ImportReport) -> Iterator[Placed]:
        """`records`; of a file that is followed, those that came since the last time."""
        return self.records(report)

    def wait(self) -> bool:
        """Of a file that is followed: whether there is more to read, once that is known. Else there never is."""
        return False

    def elements(self, report: ImportReport, items: list[JSON], steps: Steps | None = None) -> Iterator[Placed]:
        """The records that `document` holds in the list that `steps` lead to, each with its own place.

        Without steps, or where a place cannot be told, the place is the whole document's.
        """
        places = self.places(steps, len(items)) if steps is not None else []
        for number, value in enumerate(items, 1):
            report.records += 1
            offset, length = places[number - 1] if places else (0, self.size)
            yield Placed(value, number, offset, length)
        if report.read_whole(str(self.path), self.size):
            report.repaired.update(self._document_repaired)

    def places(self, steps: Steps, count: int) -> list[Place]:
        """Where the `count` objects in the document's list at `steps` lie; empty where that cannot be told."""
        found = element_places(self._content(), steps)
        return found if len(found) == count else []

    def beside(self, path: Path) -> Source:
        """Another file of the same log, followed where this one is. Raises LogError."""
        return Source(path)

    def expect_in(self, folder: Path) -> None:
        """Note where further files of the same log may appear."""
        self.expected.append(folder)

    def open(self) -> io.BufferedReader:
        """The file's bytes as a stream, decompressed where it is compressed. Raises OSError."""
        opened = io.FileIO(self.path) if self._compression is None else Decompressed(self.path, self._compression)
        return io.BufferedReader(opened, BUFFER_BYTES)

    def _content(self) -> bytes:
        """The whole file; of a compressed one no more than a document may be."""
        with self.open() as file:
            return file.read(-1 if self._compression is None else DOCUMENT_BYTES + 1)[:DOCUMENT_BYTES]

    def _first_lines(self) -> Iterator[bytes]:
        if self.is_binary:
            return
        budget = HEAD_BYTES
        with self.open() as file:
            found = 0
            while found < HEAD_RECORDS and budget > 0:
                raw = file.readline(budget)
                if not raw:
                    return
                budget -= len(raw)
                text = raw.removeprefix(BYTE_ORDER_MARK).strip(BLANK)
                if text:
                    found += 1
                    yield text


def _consumed(file: io.BufferedReader) -> int:
    return file.raw.consumed if isinstance(file.raw, Decompressed) else file.tell()


def _is_cut(file: io.BufferedReader) -> bool:
    return isinstance(file.raw, Decompressed) and file.raw.cut


def parse(text: bytes, repaired: Counter[str]) -> list[JSON]:
    """The JSON values of one line: one, or several where a writer glued them together.

    Whatever JSON allows and a store refuses (S7) is mended and counted in `repaired`. Raises ValueError saying why not.
    """
    if not _may_hold_large_integers(text):
        try:
            return [cast(JSON, orjson.loads(text))]
        except orjson.JSONDecodeError:
            pass
    return _mended(text, repaired)


def _may_hold_large_integers(text: bytes) -> bool:
    digits = text.translate(_DIGITS)
    return _LONG_POSITIVE in digits or _LONG_NEGATIVE in digits


def _mended(text: bytes, repaired: Counter[str]) -> list[JSON]:
    found: Counter[str] = Counter()
    try:
        characters = text.decode()
    except UnicodeDecodeError:
        characters = text.decode(errors="replace")
        found["invalid UTF-8 replaced by U+FFFD"] += 1
    try:
        values = _decoded(characters, found, strict=True)
    except ValueError:
        values = _decoded(characters, found, strict=False)
        found["raw control characters in strings"] += 1
    if "\\ud" in characters or "\\uD" in characters:
        try:
            values = [_without_surrogates(value, found) for value in values]
        except RecursionError:
            raise ValueError("nested too deeply") from None
    if len(values) > 1:
        found["records on one line"] += len(values) - 1
    repaired.update(found)
    return values


def _decoded(characters: str, found: Counter[str], *, strict: bool) -> list[JSON]:
    counted: Counter[str] = Counter()

    def constant(_: str) -> None:
        counted["NaN or infinity to null"] += 1

    def floating(digits: str) -> float | None:
        number = float(digits)
        if isfinite(number):
            return number
        constant(digits)
        return None

    def integer(digits: str) -> int | str:
        if len(digits) < 19 or (len(digits) < 21 and INTEGER_MIN <= int(digits) <= INTEGER_MAX):
            return int(digits)
        counted["integers beyond 64 bits to strings"] += 1
        return digits

    decoder = json.JSONDecoder(parse_constant=constant, parse_float=floating, parse_int=integer, strict=strict)
    values: list[JSON] = []
    position = 0
    while position < len(characters):
        try:
            value, position = decoder.raw_decode(characters, position)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        values.append(value)
        while position < len(characters) and characters[position].isspace():
            position += 1
    found.update(counted)
    return values


def _without_surrogates(value: JSON, found: Counter[str]) -> JSON:
    if isinstance(value, str):
        if value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value):
            return value
        found["lone surrogates to U+FFFD"] += 1
        return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in value)
    if isinstance(value, list):
        return [_without_surrogates(item, found) for item in value]
    if isinstance(value, dict):
        return {
            cast(str, _without_surrogates(name, found)): _without_surrogates(item, found)
            for name, item in value.items()
        }
    return value
