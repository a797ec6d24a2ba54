"""The values of a file, however it lays them out: a line or a row each, one document, or one document after another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from weakref import WeakKeyDictionary

from playhead.errors import ImportFormatError
from playhead.formats.json_cut import closed
from playhead.formats.parquet import is_parquet, rows
from playhead.formats.report import ImportReport
from playhead.formats.source import (
    BLANK,
    BYTE_ORDER_MARK,
    DOCUMENT_BYTES,
    HEAD_BYTES,
    HEAD_RECORDS,
    Placed,
    Source,
    parse,
)
from playhead.model import JSON

Fields = dict[str, JSON]


def values(source: Source, report: ImportReport) -> Iterator[Placed]:
    """Every top-level value in order. Lines, rows and documents one after another stream; one document is held whole.

    Raises ImportFormatError for a value too large to be held, and for a Parquet file that cannot be read.
    """
    if is_parquet(source):
        yield from rows(source, report)
    elif source.has_lines:
        yield from source.records(report)
    elif source.document is not None:
        yield from source.elements(report, [source.document])
    else:
        yield from _one_after_another(source, report)


_first: WeakKeyDictionary[Source, list[JSON]] = WeakKeyDictionary()


def first_values(source: Source) -> list[JSON]:
    """The first top-level values: what formats recognise a file by."""
    found = _first.get(source)
    if found is None:
        found = _first[source] = _read_first(source)
    return found


def _read_first(source: Source) -> list[JSON]:
    if is_parquet(source):
        return [placed.value for placed in islice(rows(source, ImportReport()), HEAD_RECORDS)]
    if source.has_lines:
        return source.head
    if source.document is not None:
        return [source.document]
    if not any(line.startswith((b"{", b"[")) for line in source.first.removeprefix(BYTE_ORDER_MARK).splitlines()):
        return []
    try:
        found = _one_after_another(source, ImportReport(), HEAD_BYTES)
        return [placed.value for placed in islice(found, HEAD_RECORDS)]
    except ImportFormatError:
        return []


def place(placed: Placed, pointer: str = "") -> Fields:
    """What an event's meta says of where its record lies; `pointer` is the JSON pointer to it inside that value."""
    told: Fields = {"line": placed.line, "offset": placed.offset, "length": placed.length}
    return {**told, "pointer": pointer} if pointer else told


def listed(value: JSON) -> list[tuple[str, JSON]]:
    """The records in a value, a list of them or one alone, each with the JSON pointer to it."""
    if isinstance(value, list):
        return [(f"/{number}", item) for number, item in enumerate(value)]
    return [("", value)]


def _one_after_another(source: Source, report: ImportReport, most: int = DOCUMENT_BYTES) -> Iterator[Placed]:
    """Values that pretty-printing spread over lines: each begins and ends on a line that is not indented.

    Other lines between them, as a console shows them, are counted as malformed. A last value that is cut off is told
    as far as it goes, and counted as torn.
    """
    held: list[bytes] = []
    began = start = size = end = 0
    closing = False
    with source.open() as file:
        for line, raw in enumerate(file, 1):
            offset, end = end, end + len(raw)
            report.read(len(raw))
            if line == 1:
                raw = raw.removeprefix(BYTE_ORDER_MARK)
            opening = raw[:1] in (b"{", b"[")
            if closing and opening:
                report.skip(source.name, began, start, "no JSON value")
                held.clear()
            if not held:
                if not raw.strip(BLANK):
                    continue
                if not opening:
                    report.skip(source.name, line, offset, "no JSON value")
                    continue
                began, start, size = line, end - len(raw), 0
            held.append(raw)
            size += len(raw)
            if size > most:
                raise ImportFormatError(
                    f"{source.name}, line {began}: a JSON value of more than {most // 1024**2} MiB cannot be read"
                    " whole: export it as JSON lines"
                )
            closing = raw[:1] in (b"}", b"]") or (opening and len(held) == 1 and raw.rstrip()[-1:] in (b"}", b"]"))
            if not closing:
                continue
            try:
                found = parse(b"".join(held).strip(BLANK), report.repaired)
            except ValueError:
                continue
            held.clear()
            closing = False
            report.records += len(found)
            for value in found:
                yield Placed(value, began, start, size)
    if held:
        report.torn += 1
        value = _closed(b"".join(held), report)
        if value is not None:
            yield Placed(value, began, start, size)


def _closed(text: bytes, report: ImportReport) -> JSON:
    """What a value that is cut off holds up to there, its objects and lists closed; None for what is no JSON."""
    whole = closed(text)
    if whole is None:
        return None
    try:
        found = parse(whole, report.repaired)
    except ValueError:
        return None
    return found[0] if len(found) == 1 else None
