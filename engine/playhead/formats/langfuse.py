"""Langfuse: traces as its page downloads them, as its API gives them, and the tables it exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.formats.attributes import unflattened_fields
from playhead.formats.chat import ChatMessage, Fields, chat_messages, holds_messages, json_inside
from playhead.formats.documents import first_values, place, values
from playhead.formats.report import ImportReport
from playhead.formats.run_log import text_in
from playhead.formats.source import Placed, Source
from playhead.formats.span_attributes import is_tool_answer, tool_call
from playhead.formats.span_events import SpanFormat
from playhead.formats.span_index import Unknown
from playhead.formats.spans import Span, SpanKind, instant, span_kind
from playhead.formats.usage import Usage, as_cost, read_usage, summed_cost
from playhead.model import JSON

_TYPES = frozenset(
    {
        *("SPAN", "GENERATION", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL"),
    }
)
_TOLD = frozenset(
    {
        *("id", "traceid", "type", "name", "starttime", "endtime", "parentobservationid", "input", "output", "model"),
        *("providedmodelname", "usagedetails", "costdetails", "totalcost", "inputcost", "outputcost", "inputusage"),
        *("outputusage", "totalusage", "usage", "level", "statusmessage", "sessionid", "observations", "timestamp"),
        *("createdat", "updatedat", "latency", "calculatedtotalcost", "calculatedinputcost", "calculatedoutputcost"),
        *("prompttokens", "completiontokens", "totaltokens", "toolcalls", "internalmodelid", "internalmodel"),
        *("projectid", "htmlpath", "providedcostdetails", "providedusagedetails", "modelid"),
    }
)
_TRACE_FIELDS = frozenset(
    {
        *("sessionId", "userId", "observations", "projectId", "environment", "bookmarked", "public", "release"),
        *("scores", "tags", "htmlPath", "latency"),
    }
)
_SENT = {"span": "SPAN", "generation": "GENERATION", "event": "EVENT", "observation": "", "trace": "", "score": ""}
"""What the SDK posts, by the beginning of its type."""
_CALL_IDS = ("gen_ai.tool.call.id", "tool_call.id", "tool.id", "ai.toolCall.id", "tool_call_id")


class Langfuse(SpanFormat):
    """Each observation is a span, and each trace the span above those that have no other."""

    name: ClassVar[str] = "langfuse"
    title: ClassVar[str] = "Langfuse traces"
    looked_for: ClassVar[str] = "Langfuse traces or observations with traceId, type and startTime"
    scheme: ClassVar[str] = "langfuse"

    def recognise(self, source: Source) -> bool:
        found = [item for value in first_values(source) for _, item in _listed(value)]
        return any(_is_observation(item) or _is_trace(item) for item in found)

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        for placed in values(source, report):
            for pointer, item in _listed(placed.value):
                if isinstance(item, dict) and _is_observation(item):
                    yield _observation(item, placed, pointer)
                elif isinstance(item, dict) and _is_trace(item):
                    yield _trace(item, placed, pointer)
                elif isinstance(item, dict) and "traceId" in _camel(item) and "value" in item:
                    yield Unknown("score", item, place(placed, pointer))
                else:
                    yield Unknown("record", item, place(placed, pointer))


def _listed(value: JSON, pointer: str = "", depth: int = 5) -> Iterator[tuple[str, JSON]]:
    """Traces and observations in a value: a list, a page, a session, or a trace with its observations inside."""
    if isinstance(value, list) and depth:
        for number, item in enumerate(value):
            yield from _listed(item, f"{pointer}/{number}", depth - 1)
        return
    if not isinstance(value, dict) or not depth:
        yield pointer, value
        return
    trace, observations = value.get("trace"), value.get("observations")
    if isinstance(trace, dict) and isinstance(observations, list):
        # The trace repeats its observations, without what went in and out.
        yield f"{pointer}/trace", {name: item for name, item in trace.items() if name != "observations"}
        yield from _listed(_of_trace(observations, trace), f"{pointer}/observations", depth - 1)
        return
    if isinstance(trace, dict) and _is_trace(trace):
        yield from _listed(trace, f"{pointer}/trace", depth - 1)
        return
    for name in ("data", "traces", "batch"):
        held = value.get(name)
        if isinstance(held, list) and not _is_observation(value):
            yield from _listed(held, f"{pointer}/{name}", depth - 1)
            for other, rest in value.items():
                if other not in (name, "meta") and rest not in (None, "", [], {}):
                    yield f"{pointer}/{other}", rest
            return
    body, sent = value.get("body"), _SENT.get(str(value.get("type")).partition("-")[0])
    if isinstance(body, dict) and sent is not None:
        yield f"{pointer}/body", {"type": sent, **body} if sent else body
        return
    yield pointer, value
    if isinstance(observations, list) and _is_trace(value):
        yield from _listed(_of_trace(observations, value), f"{pointer}/observations", depth - 1)


def _of_trace(observations: list[JSON], trace: Fields) -> list[JSON]:
    """The observations inside a trace, which need not say again whose they are."""
    told: Fields = {"traceId": trace.get("id")}
    return [{**told, **item} if isinstance(item, dict) and "trace_id" not in item else item for item in observations]


def _camel(record: Fields) -> Fields:
    """The record with its columns named as the API does: `trace_id` as `traceId`."""
    if not any("_" in name for name in record):
        return record
    found: Fields = {}
    for name, value in record.items():
        first, *rest = name.split("_")
        found["".join([first, *(part.capitalize() for part in rest)])] = value
    return found


def _is_observation(value: JSON) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return False
    written = value.get("type", "SPAN")
    traced = isinstance(value.get("traceId", value.get("trace_id")), str)
    named = "type" in value or "parentObservationId" in value or "parent_observation_id" in value
    timed = any(name in value for name in ("startTime", "start_time", "endTime", "end_time"))
    return traced and timed and named and isinstance(written, str) and written.upper() in _TYPES


def _is_trace(value: JSON) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str) or "timestamp" not in value:
        return False
    told = _camel(value)
    return len(_TRACE_FIELDS & told.keys()) >= 2 and "name" in told and "traceId" not in told and "type" not in told


def _trace(record: Fields, placed: Placed, pointer: str) -> Span:
    told = _camel(record)
    identity = str(told["id"])
    start, took = instant(told.get("timestamp")), told.get("latency")
    known = start is not None and isinstance(took, int | float) and not isinstance(took, bool) and 0 <= took < 10**6
    given, gave = _content(told.get("input")), _content(told.get("output"))
    return Span(
        identity,
        identity,
        name=text_in(told, "name") or "trace",
        kind="chain",
        start=start,
        end=(start or 0) + round(float(str(took)) * 1e9) if known else None,
        session=text_in(told, "sessionId"),
        given=given,
        gave=gave,
        attributes=_left(record),
        place=place(placed, pointer),
    )


def _observation(record: Fields, placed: Placed, pointer: str) -> Span:
    told = _camel(record)
    trace_id = str(told["traceId"])
    kind: SpanKind = (
        span_kind(told.get("type")) or span_kind(_attributes(told).get("langfuse.observation.type")) or "span"
    )
    given, gave = _content(told.get("input")), _content(told.get("output"))
    name = text_in(told, "name")
    if kind == "span" and is_tool_answer(gave):
        kind = "tool"
    tool, call_id, arguments = name, "", given
    if kind == "tool":
        tool, call_id, arguments = tool_call(name, _call_id(told), given, gave)
    heard, said = _conversation(kind, told, given, gave)
    start, end = instant(told.get("startTime")), instant(told.get("endTime"))
    failed = told.get("level") == "ERROR"
    return Span(
        trace_id,
        str(told["id"]),
        text_in(told, "parentObservationId") or trace_id,
        name,
        kind,
        start,
        start if end is None and kind == "event" else end,
        session=text_in(told, "sessionId"),
        agent=name if kind == "agent" else "",
        model=text_in(told, "model") or text_in(told, "providedModelName"),
        input=heard,
        output=said,
        tool=tool if kind == "tool" else "",
        call_id=call_id,
        given=None if kind == "llm" and heard else arguments,
        gave=None if kind == "llm" and said else gave,
        usage=_usage(told),
        failed=failed,
        error_type="error" if failed else "",
        error=text_in(told, "statusMessage"),
        attributes=_left(record),
        place=place(placed, pointer),
    )


def _content(value: JSON) -> JSON:
    """What went in or out: JSON text, sometimes twice over."""
    inside = json_inside(value)
    if isinstance(inside, str) and inside[:1] == '"':
        again = json_inside(f"[{inside}]")
        inside = json_inside(again[0]) if isinstance(again, list) and len(again) == 1 else inside
    return inside


def _conversation(kind: SpanKind, told: Fields, given: JSON, gave: JSON) -> tuple[list[ChatMessage], list[ChatMessage]]:
    if kind == "llm":
        said = chat_messages(gave, "assistant")
        if not said and told.get("toolCalls"):
            said = chat_messages({"role": "assistant", "content": "", "tool_calls": told["toolCalls"]}, "assistant")
        return chat_messages(given, "user"), said
    if kind == "tool":
        return [], []
    heard = chat_messages(given, "user") if holds_messages(given) else []
    return heard, chat_messages(gave, "assistant") if holds_messages(gave) else []


def _usage(told: Fields) -> Usage | None:
    held, costs = json_inside(told.get("usageDetails")), json_inside(told.get("costDetails"))
    details: Fields = unflattened_fields(held) if isinstance(held, dict) else {}
    named = ("input", "inputUsage"), ("output", "outputUsage")
    columns: Fields = {name: told[column] for name, column in named if told.get(column)}
    usage = read_usage(details) or read_usage(json_inside(told.get("usage"))) or read_usage(columns)
    sums = (summed_cost(costs), told.get("totalCost"), told.get("calculatedTotalCost"))
    cost = next((found for one in sums if (found := as_cost(one))), None)
    if cost is None:
        return usage
    return (usage or Usage())._replace(cost_usd=cost)


def _attributes(told: Fields) -> Fields:
    """The attributes that an observation's tracer sent, which it keeps in its metadata."""
    metadata = json_inside(told.get("metadata"))
    about: Fields = metadata if isinstance(metadata, dict) else {}
    held = json_inside(about.get("attributes"))
    return {**about, **held} if isinstance(held, dict) else about


def _call_id(told: Fields) -> str:
    """The call that a tool's observation answers."""
    attributes = _attributes(told)
    return next((text_in(attributes, name) for name in _CALL_IDS if text_in(attributes, name)), "")


def _left(record: Fields) -> Fields:
    return {
        name: json_inside(value)
        for name, value in record.items()
        if name.replace("_", "").lower() not in _TOLD and value not in (None, "", [], {}, False, "{}", "[]")
    }
