"""One OpenTelemetry span out of a record, in any of the JSON shapes that exporters and dumps give it."""

from __future__ import annotations

from playhead.formats.chat import Fields, json_inside
from playhead.formats.documents import place
from playhead.formats.source import Placed
from playhead.formats.span_attributes import read_attributes
from playhead.formats.spans import Span, identity, instant
from playhead.model import JSON

_TRACE_IDS = ("traceId", "trace_id", "traceID", "context.trace_id")
_SPAN_IDS = ("spanId", "span_id", "spanID", "context.span_id")
_PARENT_IDS = ("parentSpanId", "parent_span_id", "parentSpanID", "parent_id", "parentId")
_STARTS = ("startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime", "start_time_ns", "start_timestamp")
_ENDS = ("endTimeUnixNano", "end_time_unix_nano", "end_time", "endTime", "end_time_ns", "end_timestamp")
_CONTEXTS = ("context", "spanContext", "_spanContext", "span_context")
_PARENT_CONTEXTS = ("parent", "parentSpanContext", "parent_span_context")
_READ = frozenset(
    {
        *(*_TRACE_IDS, *_SPAN_IDS, *_PARENT_IDS, *_STARTS, *_ENDS, *_CONTEXTS, *_PARENT_CONTEXTS),
        *("name", "attributes", "events", "span_events", "status", "status_code", "status_message", "resource"),
        *("kind", "span_kind", "flags", "trace_state", "traceState", "operationName", "tags", "references", "logs"),
        *("duration", "_duration", "ended", "_ended", "span_name", "otel_events", "otel_status_code"),
        *("otel_status_message", "resourceAttributes"),
    }
)
_EVENTS = ("events", "span_events", "logs", "otel_events")
_NAMES = ("name", "operationName", "span_name")
_KINDS_TOLD = ("span_kind", "openinference.span.kind")


def is_span(record: JSON) -> bool:
    """Whether a record is a span: it names a trace and itself, and says when it started."""
    if not isinstance(record, dict):
        return False
    context = _context(record)
    named = any(name in record for name in _SPAN_IDS) or any(name in context for name in _SPAN_IDS)
    traced = any(name in record for name in _TRACE_IDS) or any(name in context for name in _TRACE_IDS)
    titled = any(name in record for name in _NAMES)
    return named and traced and titled and any(name in record for name in _STARTS)


def read_span(record: Fields, placed: Placed, pointer: str, resource: Fields | None = None, scope: str = "") -> Span:
    """The span that a record tells. `resource` and `scope` are what an enclosing record says of who wrote it.

    A root keeps the whole resource, which is the same for all spans below it.
    """
    context = _context(record)
    trace_id = _identity(record, context, _TRACE_IDS, 16)
    own_id = _identity(record, context, _SPAN_IDS, 8)
    parent = next((held for name in _PARENT_CONTEXTS if isinstance(held := record.get(name), dict)), {})
    parent_id = _identity(record, {}, _PARENT_IDS, 8) or _identity(parent, {}, _SPAN_IDS, 8) or _reference(record)
    start = next((time for name in _STARTS if (time := instant(record.get(name))) is not None), None)
    end = next((time for name in _ENDS if (time := instant(record.get(name))) is not None), None)
    name = next((title for key in _NAMES if isinstance(title := record.get(key), str)), "")
    if end is None and start is not None and isinstance(record.get("duration"), int) and "operationName" in record:
        end = start + int(str(record["duration"])) * 1000
    bare = Span(
        trace_id,
        own_id,
        parent_id,
        name,
        start=start,
        end=end if end else None,
        place=place(placed, pointer),
    )
    attributes = attributes_of(json_inside(record.get("attributes", record.get("tags"))))
    columns = {key.removeprefix("attributes."): value for key, value in record.items() if key.startswith("attributes.")}
    attributes |= {key: value for key, value in columns.items() if value is not None}
    for told in _KINDS_TOLD:
        if isinstance(record.get(told), str):
            attributes.setdefault("openinference.span.kind", record[told])
    wrote = resource or attributes_of(_attributes_in(record.get("resource")))
    if wrote and not parent_id:
        attributes["resource"] = wrote
    if scope:
        attributes["scope.name"] = scope
    dropped = record.get("droppedAttributesCount", record.get("dropped_attributes_count"))
    if isinstance(dropped, int) and dropped:
        attributes["dropped_attributes"] = dropped
    for key, value in record.items():
        if key not in _READ and not key.startswith(("attributes.", "context.", "dropped")) and _tells(value):
            attributes.setdefault(f"span.{key}", value)
    failed, error = _status(record)
    events = next((held for key in _EVENTS if isinstance(held := json_inside(record.get(key)), list)), [])
    return read_attributes(bare, attributes, [_event(event) for event in events], failed=failed, error=error)


def attributes_of(value: JSON) -> Fields:
    """Attributes as an object, out of one or out of OTLP's (or Jaeger's) list of keys and values."""
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if item is not None}
    found: Fields = {}
    for pair in value if isinstance(value, list) else ():
        if isinstance(pair, dict) and isinstance(pair.get("key"), str):
            item = plain(pair.get("value"))
            if item is not None:
                found[str(pair["key"])] = item
    return found


def plain(value: JSON, depth: int = 40) -> JSON:
    """The value that OTLP's typed wrapping holds; one without wrapping as it is."""
    if not isinstance(value, dict) or depth == 0:
        return value
    for name, inner in value.items():
        kind = name.replace("_", "").lower()
        if inner is None or not kind.endswith("value"):
            continue
        if kind == "intvalue" and isinstance(inner, str):
            try:
                return int(inner) if len(inner) < 19 else inner
            except ValueError:
                return inner
        if kind == "arrayvalue":
            held = inner.get("values") if isinstance(inner, dict) else None
            return [plain(item, depth - 1) for item in held] if isinstance(held, list) else []
        if kind == "kvlistvalue":
            held = inner.get("values") if isinstance(inner, dict) else None
            pairs = [pair for pair in held if isinstance(pair, dict)] if isinstance(held, list) else []
            return {str(pair.get("key", "")): plain(pair.get("value"), depth - 1) for pair in pairs}
        return inner
    return None if all(inner is None for inner in value.values()) else value


def _context(record: Fields) -> Fields:
    return next((held for name in _CONTEXTS if isinstance(held := record.get(name), dict)), {})


def _identity(record: Fields, context: Fields, names: tuple[str, ...], size: int) -> str:
    for holder in (record, context):
        for name in names:
            found = identity(holder.get(name), size)
            if found:
                return found
    return ""


def _reference(record: Fields) -> str:
    """The parent as Jaeger tells it."""
    references = record.get("references")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("refType") == "CHILD_OF":
            return identity(reference.get("spanID"), 8)
    return ""


def _status(record: Fields) -> tuple[bool, str]:
    """Whether a span failed, and what its status says of it."""
    status = record.get("status")
    told = status if isinstance(status, dict) else {"code": status}
    code = told.get("code", told.get("status_code"))
    code = record.get("status_code", record.get("otel_status_code")) if code is None else code
    beside = record.get("status_message", record.get("otel_status_message"))
    said = next((text for text in (told.get("message"), told.get("description"), beside) if text), "")
    failed = code == 2 or (isinstance(code, str) and code.rpartition("_")[2].rpartition(".")[2].upper() == "ERROR")
    return failed, said if isinstance(said, str) else ""


def _event(event: JSON) -> JSON:
    if not isinstance(event, dict):
        return event
    fields = event.get("fields")
    told = {**event, "attributes": attributes_of(event.get("attributes", fields))}
    for name in ("time_unix_nano", "timeUnixNano", "timestamp", "time"):
        if name in told:
            told["time"] = told.pop(name)
    for name in ("droppedAttributesCount", "dropped_attributes_count", "fields"):
        told.pop(name, None)
    return told


def _attributes_in(resource: JSON) -> JSON:
    return resource.get("attributes") if isinstance(resource, dict) else None


def _tells(value: JSON) -> bool:
    return value not in (None, "", [], {}, 0, False)
