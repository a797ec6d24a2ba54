"""OpenTelemetry: what exporters write as OTLP, and spans in the lists and dumps that people make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from playhead.formats.chat import Fields
from playhead.formats.documents import first_values, place, values
from playhead.formats.otel_span import attributes_of, is_span, plain, read_span
from playhead.formats.otlp_protobuf import is_protobuf, messages
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.span_attributes import event_messages, read_attributes
from playhead.formats.span_events import SpanFormat
from playhead.formats.span_index import Unknown
from playhead.formats.spans import Span, identity, instant
from playhead.model import JSON

_SPANS = ("resourceSpans", "resource_spans", "batches")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans")
_TELLING = ("prompt", "tool_name", "function_name", "error", "error.message", "model")
"""Attributes that say in a word what a log record is about."""
_DETAILS = "gen_ai.client.inference.operation.details"
_LOG_TIMES = ("timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "observed_time_unix_nano")
_ERROR_SEVERITY = 17
_OTHER = ("resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics")


class Otlp(SpanFormat):
    """OTLP as JSON (hex or base64 ids, camel or snake case, one request or a line each) and as protobuf."""

    name: ClassVar[str] = "otlp"
    title: ClassVar[str] = "OpenTelemetry (OTLP)"
    looked_for: ClassVar[str] = "OTLP with resourceSpans, as JSON or protobuf"
    scheme: ClassVar[str] = "otel"

    def recognise(self, source: Source) -> bool:
        if is_protobuf(source):
            return True
        return any(_is_request(item) for value in first_values(source) for item in _each(value))

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        for placed in messages(source, report) if is_protobuf(source) else values(source, report):
            yield from _requests(placed, placed.value, "")


class OtelSpans(SpanFormat):
    """Spans by themselves: a console exporter's objects, lists of them, and the dumps of frameworks."""

    name: ClassVar[str] = "otel-spans"
    title: ClassVar[str] = "OpenTelemetry spans"
    looked_for: ClassVar[str] = "OpenTelemetry spans with trace_id, span_id and start_time"
    scheme: ClassVar[str] = "otel"

    def recognise(self, source: Source) -> bool:
        found = first_values(source)
        wrapped = any(_is_request(item) for value in found for item in _each(value))
        return not wrapped and any(
            is_span(item) and not _is_mlflow(item) for value in found for _, item in listed_spans(value)
        )

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        for placed in values(source, report):
            for pointer, record in listed_spans(placed.value):
                yield _span(record, placed, pointer)


def listed_spans(value: JSON, pointer: str = "", depth: int = 4) -> Iterator[tuple[str, JSON]]:
    """What may be spans in a value, with the pointer to each: itself, its items, what it lists under a known name."""
    if isinstance(value, list) and depth:
        for number, item in enumerate(value):
            yield from listed_spans(item, f"{pointer}/{number}", depth - 1)
        return
    if isinstance(value, dict) and not is_span(value) and depth:
        for name in ("spans", "data", "traces", "trace", "raw_otel_json"):
            held = value.get(name)
            if isinstance(held, list) or (isinstance(held, dict) and isinstance(held.get("spans"), list)):
                yield from listed_spans(held, f"{pointer}/{name}", depth - 1)
                for other, rest in value.items():
                    if other != name and rest not in (None, "", [], {}):
                        yield f"{pointer}/{other}", rest
                return
    yield pointer, value


def _span(record: JSON, placed: Placed, pointer: str) -> Span | Unknown:
    if isinstance(record, dict) and is_span(record):
        return read_span(record, placed, pointer)
    kind = pointer.rpartition("/")[2]
    return Unknown("record" if kind.isdigit() or not kind else kind, record, place(placed, pointer))


def _is_mlflow(span: JSON) -> bool:
    """Whether MLflow wrote a span, which has an importer of its own for what stands around it."""
    attributes = span.get("attributes") if isinstance(span, dict) else None
    return isinstance(attributes, dict) and any(name.startswith("mlflow.") for name in attributes)


def _each(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [value]


def _is_request(value: JSON, depth: int = 3) -> bool:
    """Whether a value is an OTLP request, or Phoenix's list of the spans of one."""
    if not isinstance(value, dict) or not depth:
        return False
    if any(isinstance(value.get(name), list) for name in (*_SPANS, *_OTHER)):
        return True
    inner = value.get("trace")
    if isinstance(inner, dict):
        return _is_request(inner, depth - 1)
    data = value.get("data")
    first = data[0] if isinstance(data, list) and data else None
    return isinstance(first, dict) and "start_time_unix_nano" in first and isinstance(first.get("attributes"), list)


def _requests(placed: Placed, value: JSON, pointer: str, depth: int = 3) -> Iterator[Span | Unknown]:
    if isinstance(value, list) and depth:
        for number, item in enumerate(value):
            yield from _requests(placed, item, f"{pointer}/{number}", depth - 1)
        return
    if not _is_request(value) or not isinstance(value, dict):
        yield _span(value, placed, pointer)
        return
    for name, held in value.items():
        path = f"{pointer}/{name}"
        if name in _SPANS and isinstance(held, list):
            for number, batch in enumerate(held):
                yield from _batch(placed, batch, f"{path}/{number}")
        elif name == "trace" and isinstance(held, dict):
            yield from _requests(placed, held, path, depth - 1)
        elif name == "data" and isinstance(held, list):
            for number, record in enumerate(held):
                yield _span(record, placed, f"{path}/{number}")
        elif name in ("resourceLogs", "resource_logs") and isinstance(held, list):
            yield from _logs(placed, held, path)
        elif name in _OTHER:
            yield Unknown("metrics", held, place(placed, path))


def _batch(placed: Placed, batch: JSON, pointer: str) -> Iterator[Span | Unknown]:
    """The spans of one resource, whatever their scopes."""
    if not isinstance(batch, dict):
        yield Unknown("record", batch, place(placed, pointer))
        return
    held = batch.get("resource")
    resource = attributes_of(held.get("attributes")) if isinstance(held, dict) else {}
    for name in _SCOPES:
        scopes = batch.get(name)
        for number, scope in enumerate(scopes if isinstance(scopes, list) else ()):
            spans = scope.get("spans") if isinstance(scope, dict) else None
            library = scope.get("scope", scope.get("instrumentationLibrary")) if isinstance(scope, dict) else None
            known = library.get("name") if isinstance(library, dict) else None
            wrote = known if isinstance(known, str) else ""
            for place_in_scope, record in enumerate(spans if isinstance(spans, list) else ()):
                path = f"{pointer}/{name}/{number}/spans/{place_in_scope}"
                if isinstance(record, dict):
                    yield read_span(record, placed, path, resource, wrote)
                else:
                    yield Unknown("record", record, place(placed, path))


def _logs(placed: Placed, batches: list[JSON], pointer: str) -> Iterator[Span | Unknown]:
    """Log records: those that tell a message of a span belong to it, the others are kept whole."""
    for number, batch in enumerate(batches):
        scopes = batch.get("scopeLogs", batch.get("scope_logs")) if isinstance(batch, dict) else None
        for scope_number, scope in enumerate(scopes if isinstance(scopes, list) else ()):
            records = scope.get("logRecords", scope.get("log_records")) if isinstance(scope, dict) else None
            for place_in_scope, record in enumerate(records if isinstance(records, list) else ()):
                where = place(placed, f"{pointer}/{number}/scopeLogs/{scope_number}/logRecords/{place_in_scope}")
                if isinstance(record, dict):
                    yield _log(record, where) or _entry(record, where)
                else:
                    yield Unknown("log", record, where)


def _log(record: Fields, where: Fields) -> Span | None:
    trace_id = identity(record.get("traceId", record.get("trace_id")), 16)
    span_id = identity(record.get("spanId", record.get("span_id")), 8)
    attributes = attributes_of(record.get("attributes"))
    name = record.get("eventName") or record.get("event_name") or attributes.get("event.name")
    if not span_id or not isinstance(name, str) or not name.startswith("gen_ai."):
        return None
    if name == _DETAILS:
        # All that a model was given and answered, told beside the span instead of on it.
        bare = Span(trace_id, span_id, place=where)
        return replace(read_attributes(bare, attributes, [], failed=False), kind="event")
    told = event_messages(name, attributes, plain(record.get("body")))
    says = name == "gen_ai.choice"
    return Span(trace_id, span_id, kind="event", input=[] if says else told, output=told if says else [], place=where)


def _entry(record: Fields, where: Fields) -> Unknown:
    """A log record that is no part of a span: kept whole, at its own time and in its own words."""
    attributes = attributes_of(record.get("attributes"))
    body = plain(record.get("body"))
    named = (record.get("eventName"), record.get("event_name"), attributes.get("event.name"))
    name = next((one for one in named if isinstance(one, str) and one), "")
    words = [name, *(attributes.get(telling) for telling in _TELLING), body]
    told = [word for word in words if isinstance(word, str) and word and (word is name or not word.endswith(name))]
    severity = record.get("severityNumber", record.get("severity_number"))
    failed = isinstance(severity, int) and severity >= _ERROR_SEVERITY
    times = (record.get(name) for name in _LOG_TIMES)
    time = next((at for written in times if (at := instant(written))), None)
    return Unknown("log_error" if failed else "log", record, where, time, ": ".join(told[:2]))
