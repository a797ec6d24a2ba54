"""OTLP as protobuf, read by hand: ten messages of it are needed, which is less than a protobuf library brings along."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeAlias

from playhead.formats.report import ImportReport
from playhead.formats.source import DOCUMENT_BYTES, Placed, Source
from playhead.model import JSON

DEEPEST = 40
"""Levels of values inside values; what lies deeper is left out, and counted."""

Fields: TypeAlias = dict[str, JSON]
Wire: TypeAlias = tuple[int, int, int | bytes]
"""A field's number, its wire type, and its value: a number, or the bytes of anything longer."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def is_protobuf(source: Source) -> bool:
    """Whether a file is one request, or requests that each say their length first, as the collector writes them."""
    first = source.first
    if first[:1] == b"\n":
        return _begins_with_spans(first)
    length = int.from_bytes(first[:4], "big")
    return 0 < length <= source.size - 4 and first[4:5] == b"\n" and _begins_with_spans(first[4:])


def messages(source: Source, report: ImportReport) -> Iterator[Placed]:
    """The requests of a file as OTLP's JSON has them, ids in hex; one request is in memory at a time.

    A request that is cut off or damaged is counted in `report`.
    """
    with source.open() as file:
        if source.first[:1] == b"\n":
            lengths: Iterator[int] = iter([min(source.size, DOCUMENT_BYTES)])
        else:
            lengths = iter(lambda: int.from_bytes(file.read(4), "big"), 0)
        for number, length in enumerate(lengths, 1):
            offset = file.tell()
            data = file.read(length) if length <= source.size - offset else b""
            report.read(len(data) + (0 if source.first[:1] == b"\n" else 4))
            if len(data) < length:
                report.torn += 1
                report.read(max(0, report.bytes_total - report.bytes_read))
                return
            torn = report.torn
            try:
                request = _request(data, report)
            except ValueError as error:
                report.skip(source.name, number, offset, str(error))
                continue
            report.torn = min(report.torn, torn + 1)
            report.records += 1
            yield Placed(request, number, offset, length)


def _begins_with_spans(data: bytes) -> bool:
    """Whether the first field is a resource's spans, as far as the beginning of a file tells."""
    try:
        _, start = _varint(data, 1)
        number, wire = data[start] >> 3, data[start] & 7
        return wire == _BYTES and number in (1, 2)
    except (ValueError, IndexError):
        return False


def _request(data: bytes, report: ImportReport) -> JSON:
    return {"resourceSpans": [_resource_spans(inner, report) for inner in _all(data, 1, report)]}


def _resource_spans(data: bytes, report: ImportReport) -> JSON:
    resource: Fields = {}
    for inner in _all(data, 1, report):
        resource["attributes"] = [_pair(pair, report) for pair in _all(inner, 1, report)]
    return {"resource": resource, "scopeSpans": [_scope_spans(inner, report) for inner in _all(data, 2, report)]}


def _scope_spans(data: bytes, report: ImportReport) -> JSON:
    spans: list[JSON] = []
    for inner in _all(data, 2, report):
        try:
            spans.append(_span(inner, report))
        except ValueError:
            if not report.torn:
                raise
    return {"spans": spans}


def _span(data: bytes, report: ImportReport) -> JSON:
    span: Fields = {"attributes": [], "events": []}
    attributes: list[JSON] = []
    events: list[JSON] = []
    for number, _, value in _fields(data):
        if isinstance(value, int):
            if number in (7, 8):
                span["startTimeUnixNano" if number == 7 else "endTimeUnixNano"] = value
            elif number == 10:
                span["droppedAttributesCount"] = value
        elif number in (1, 2, 4):
            span[{1: "traceId", 2: "spanId", 4: "parentSpanId"}[number]] = value.hex()
        elif number == 5:
            span["name"] = _text(value)
        elif number == 9:
            attributes.append(_pair(value, report))
        elif number == 11:
            events.append(_event(value, report))
        elif number == 15:
            span["status"] = _status(value)
    return {**span, "attributes": attributes, "events": events}


def _event(data: bytes, report: ImportReport) -> JSON:
    event: Fields = {}
    attributes: list[JSON] = []
    for number, _, value in _fields(data):
        if number == 1:
            event["timeUnixNano"] = value if isinstance(value, int) else None
        elif number == 2 and isinstance(value, bytes):
            event["name"] = _text(value)
        elif number == 3 and isinstance(value, bytes):
            attributes.append(_pair(value, report))
    return {**event, "attributes": attributes}


def _status(data: bytes) -> JSON:
    status: Fields = {}
    for number, _, value in _fields(data):
        if number == 2 and isinstance(value, bytes):
            status["message"] = _text(value)
        elif number == 3 and isinstance(value, int):
            status["code"] = value
    return status


def _pair(data: bytes, report: ImportReport, depth: int = DEEPEST) -> JSON:
    pair: Fields = {"key": "", "value": None}
    for number, _, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            pair["key"] = _text(value)
        elif number == 2 and isinstance(value, bytes):
            pair["value"] = _value(value, report, depth)
    return pair


def _value(data: bytes, report: ImportReport, depth: int) -> JSON:
    """An AnyValue, in OTLP's JSON wrapping."""
    if depth == 0:
        report.repaired["depths of a value left out"] += 1
        return None
    for number, _, value in _fields(data):
        if isinstance(value, bytes):
            if number == 1:
                return {"stringValue": _text(value)}
            if number == 5:
                return {"arrayValue": {"values": [_value(inner, report, depth - 1) for inner in _all(value, 1)]}}
            if number == 6:
                return {"kvlistValue": {"values": [_pair(inner, report, depth - 1) for inner in _all(value, 1)]}}
            if number == 7:
                return {"bytesValue": value.hex()}
        elif number == 2:
            return {"boolValue": bool(value)}
        elif number == 3:
            return {"intValue": value - (1 << 64) if value >= 1 << 63 else value}
        elif number == 4:
            (double,) = struct.unpack("<d", value.to_bytes(8, "little"))
            return {"doubleValue": double if double - double == 0 else None}
    return None


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _all(data: bytes, wanted: int, report: ImportReport | None = None) -> Iterator[bytes]:
    """Every field of a number; with a report, a last one that is cut off too, which is counted there."""
    return (value for number, _, value in _fields(data, report) if number == wanted and isinstance(value, bytes))


def _fields(data: bytes, report: ImportReport | None = None) -> Iterator[Wire]:
    """The fields of a message. Raises ValueError where it is no message, or, without a report, is cut off."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield number, wire, value
            continue
        if wire == _BYTES:
            length, position = _varint(data, position)
        elif wire in (_FIXED64, _FIXED32):
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"no protobuf: wire type {wire}")
        end = position + length
        if end > len(data) and report is not None and wire == _BYTES:
            report.torn += 1
            yield number, wire, data[position:]
            return
        if end > len(data) or not number:
            raise ValueError("no protobuf: a field reaches past its message's end")
        inner = data[position:end]
        yield number, wire, inner if wire == _BYTES else int.from_bytes(inner, "little")
        position = end


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number and where it ends."""
    number = shift = 0
    while shift < 70:
        if position >= len(data):
            raise ValueError("no protobuf: cut off in a number")
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (1 << 64) - 1, position
        shift += 7
    raise ValueError("no protobuf: a number without end")
