"""MLflow traces: as the client's JSON, as the rows of a `search_traces()` table, and as a trace's own file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar, cast

import orjson

from playhead.formats.chat import Fields, json_inside
from playhead.formats.documents import first_values, place, values
from playhead.formats.otel_span import is_span, read_span
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.span_events import SpanFormat
from playhead.formats.span_index import Unknown
from playhead.formats.spans import Span
from playhead.model import JSON

_ABOUT = ("state", "request_time", "execution_duration_ms", "trace_metadata", "request_metadata", "tags", "assessments")
_REPEATED = ("mlflow.traceRequestId", "mlflow.spanFunctionName", "mlflow.message.format", "mlflow.spanLogLevel")


class MlflowTraces(SpanFormat):
    """Each trace's spans, with what its info says (tags, metadata, assessments) kept with the root."""

    name: ClassVar[str] = "mlflow"
    title: ClassVar[str] = "MLflow traces"
    looked_for: ClassVar[str] = "MLflow traces with info and data.spans, or a table of them"
    scheme: ClassVar[str] = "mlflow"

    def recognise(self, source: Source) -> bool:
        return any(_is_trace(item) for value in first_values(source) for _, item in _listed(value))

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        for placed in values(source, report):
            for pointer, trace in _listed(placed.value):
                if isinstance(trace, dict) and _is_trace(trace):
                    yield from _trace(trace, placed, pointer)
                else:
                    yield Unknown("record", trace, place(placed, pointer))


def _listed(value: JSON) -> list[tuple[str, JSON]]:
    if isinstance(value, dict) and isinstance(value.get("traces"), list) and not _is_trace(value):
        listed = cast("list[JSON]", value["traces"])
        return [(f"/traces/{number}", _row(item)) for number, item in enumerate(listed)]
    if isinstance(value, list):
        return [(f"/{number}", _row(item)) for number, item in enumerate(value)]
    return [("", _row(value))]


def _row(value: JSON) -> JSON:
    """A row of a table holds its trace as JSON text, and its parts beside that."""
    if isinstance(value, dict) and "info" not in value:
        whole = json_inside(value.get("trace"))
        if isinstance(whole, dict) and "info" in whole:
            return whole
        spans = json_inside(value.get("spans"))
        if isinstance(spans, list) and ("trace_metadata" in value or "execution_duration" in value):
            return {"info": {name: item for name, item in value.items() if name != "spans"}, "data": {"spans": spans}}
    return value


def _is_trace(value: JSON) -> bool:
    if not isinstance(value, dict):
        return False
    info, data = value.get("info"), value.get("data")
    told = isinstance(info, dict) and any(name in info for name in ("trace_id", "request_id"))
    if told and isinstance(data, dict) and isinstance(data.get("spans"), list):
        return True
    spans = value.get("spans")
    first = spans[0] if isinstance(spans, list) and spans else None
    held = first.get("attributes") if isinstance(first, dict) else None
    return isinstance(held, dict) and any(name.startswith("mlflow.") for name in held)


def _trace(trace: Fields, placed: Placed, pointer: str) -> Iterator[Span | Unknown]:
    held, data = trace.get("info"), trace.get("data")
    info: Fields = held if isinstance(held, dict) else {}
    path = f"{pointer}/data/spans" if isinstance(data, dict) else f"{pointer}/spans"
    spans = data.get("spans") if isinstance(data, dict) else trace.get("spans")
    about: Fields = {name: info[name] for name in _ABOUT if info.get(name)}
    metadata = json_inside(info.get("trace_metadata", info.get("request_metadata")))
    session = metadata.get("mlflow.trace.session") if isinstance(metadata, dict) else None
    for number, record in enumerate(spans if isinstance(spans, list) else ()):
        if not isinstance(record, dict) or not is_span(record):
            yield Unknown("record", record, place(placed, f"{path}/{number}"))
            continue
        attributes = _decoded(record.get("attributes"))
        if isinstance(session, str) and session:
            attributes.setdefault("session.id", session)
        if about and not record.get("parent_span_id") and not record.get("parent_id"):
            attributes["mlflow.trace"] = about
        yield read_span({**record, "attributes": attributes}, placed, f"{path}/{number}")


def _decoded(attributes: JSON) -> Fields:
    """MLflow writes every value as JSON text; what only repeats what the span is, is left out."""
    found: Fields = {}
    held = json_inside(attributes)
    for name, value in held.items() if isinstance(held, dict) else ():
        if name in _REPEATED:
            continue
        inside = json_inside(value)
        if isinstance(inside, str) and inside[:1] == '"':
            with suppress(orjson.JSONDecodeError):
                inside = cast(JSON, orjson.loads(inside))
        if inside is not None:
            found[name] = inside
    return found
