"""OpenAI Agents SDK: traces and spans as its exporter posts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, cast

from playhead.formats.chat import Fields, chat_messages, json_inside
from playhead.formats.documents import first_values, place, values
from playhead.formats.report import ImportReport
from playhead.formats.run_log import text_in
from playhead.formats.source import Placed, Source
from playhead.formats.span_events import SpanFormat
from playhead.formats.span_index import Unknown
from playhead.formats.spans import Span, SpanKind, instant
from playhead.formats.usage import read_usage
from playhead.model import JSON

_KINDS: dict[str, SpanKind] = {
    "agent": "agent",
    "generation": "llm",
    "response": "llm",
    "function": "tool",
    "guardrail": "guardrail",
    "handoff": "chain",
    "turn": "chain",
    "task": "chain",
    "custom": "chain",
    "mcp_tools": "chain",
    "transcription": "llm",
    "speech": "llm",
    "speech_group": "chain",
}
_TOLD = frozenset({"type", "name", "input", "output", "usage", "model", "response_id"})


class OpenAIAgents(SpanFormat):
    """A workflow is a trace, its group the session. Response spans say what was used, and leave what was said out."""

    name: ClassVar[str] = "openai-agents"
    title: ClassVar[str] = "OpenAI Agents SDK trace"
    looked_for: ClassVar[str] = 'OpenAI Agents SDK objects "trace" and "trace.span"'
    scheme: ClassVar[str] = "openai-agents"

    def recognise(self, source: Source) -> bool:
        return any(_is_item(item) for value in first_values(source) for _, item in _items(value))

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        for placed in values(source, report):
            for pointer, item in _items(placed.value):
                if not isinstance(item, dict) or not _is_item(item):
                    yield Unknown("record", item, place(placed, pointer))
                elif item["object"] == "trace":
                    yield _trace(item, placed, pointer)
                else:
                    yield _span(item, placed, pointer)


def _items(value: JSON) -> list[tuple[str, JSON]]:
    """The items of a posted body, of a list, or one by itself."""
    held = value.get("data") if isinstance(value, dict) and not _is_item(value) else value
    if isinstance(held, list):
        prefix = "/data" if held is not value else ""
        return [(f"{prefix}/{number}", item) for number, item in enumerate(held)]
    return [("", value)]


def _is_item(value: JSON) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return False
    if value.get("object") == "trace":
        return "workflow_name" in value
    return value.get("object") == "trace.span" and isinstance(value.get("span_data"), dict)


def _trace(item: Fields, placed: Placed, pointer: str) -> Span:
    identity, name, group = str(item["id"]), item.get("workflow_name"), item.get("group_id")
    metadata = item.get("metadata")
    return Span(
        identity,
        identity,
        name=name if isinstance(name, str) else "workflow",
        kind="chain",
        session=group if isinstance(group, str) else "",
        attributes={"metadata": metadata} if metadata else {},
        place=place(placed, pointer),
    )


def _span(item: Fields, placed: Placed, pointer: str) -> Span:
    data = cast(Fields, item["span_data"])
    inner = data.get("data")
    custom: Fields = inner if isinstance(inner, dict) else {}
    kind = _KINDS.get(text_in(custom, "sdk_span_type") or text_in(data, "type"), "span")
    trace_id = text_in(item, "trace_id")
    error = item.get("error")
    told: Fields = error if isinstance(error, dict) else {"message": error} if error else {}
    speaks = kind == "llm"
    return Span(
        trace_id,
        str(item["id"]),
        text_in(item, "parent_id") or trace_id,
        _name(data, custom),
        kind,
        instant(item.get("started_at")),
        instant(item.get("ended_at")),
        agent=text_in(data, "name") if kind == "agent" else text_in(custom, "agent_name"),
        model=text_in(data, "model"),
        input=chat_messages(data.get("input"), "user") if speaks else [],
        output=chat_messages(data.get("output"), "assistant") if speaks else [],
        tool=text_in(data, "name") if kind == "tool" else "",
        given=None if speaks else json_inside(data.get("input")),
        gave=None if speaks else json_inside(data.get("output")),
        usage=read_usage(data.get("usage") or custom.get("usage")),
        response_id=text_in(data, "response_id"),
        failed=bool(told),
        error_type=text_in(told, "type") or ("error" if told else ""),
        error=_error(told),
        attributes={name: value for name, value in data.items() if name not in _TOLD and value not in (None, {}, [])},
        place=place(placed, pointer),
    )


def _name(data: Fields, custom: Fields) -> str:
    if data.get("type") == "handoff":
        return f"handoff: {data.get('from_agent')} to {data.get('to_agent')}"
    if custom.get("sdk_span_type") == "turn":
        return f"turn {custom.get('turn')}"
    return text_in(custom, "name") or text_in(data, "name") or text_in(data, "type") or "span"


def _error(told: Fields) -> str:
    message, data = told.get("message"), told.get("data")
    said = message if isinstance(message, str) else ""
    detail = data.get("error") if isinstance(data, dict) else None
    return f"{said}: {detail}" if said and isinstance(detail, str) and detail else said
