"""LiteLLM: the standard logging payload, one record for each call of a model, and OpenHands' files of the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.formats.chat import Fields, chat_messages, json_inside
from playhead.formats.documents import first_values, listed, place, values
from playhead.formats.report import ImportReport
from playhead.formats.run_log import text_in
from playhead.formats.source import Placed, Source
from playhead.formats.span_events import SpanFormat
from playhead.formats.span_index import Unknown
from playhead.formats.spans import Span, SpanKind, instant
from playhead.formats.usage import Usage, as_cost, read_usage
from playhead.model import JSON

_TOLD = frozenset(
    {
        *("id", "trace_id", "startTime", "endTime", "completionStartTime", "model", "messages", "response"),
        *("response_cost", "total_tokens", "prompt_tokens", "completion_tokens", "status", "error_str", "call_type"),
        *("timestamp", "cost", "latency_sec"),
        # A price list of the model, which says nothing of the call.
        "model_map_information",
    }
)


class LiteLLM(SpanFormat):
    """Each record is a model's span: the conversation of a trace is put together from the messages of all."""

    name: ClassVar[str] = "litellm"
    title: ClassVar[str] = "LiteLLM log"
    looked_for: ClassVar[str] = "LiteLLM records with call_type, messages and response_cost"
    scheme: ClassVar[str] = "litellm"

    def recognise(self, source: Source) -> bool:
        return any(is_call(item) for value in first_values(source) for _, item in listed(value))

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        for placed in values(source, report):
            for pointer, record in listed(placed.value):
                if isinstance(record, dict) and is_call(record):
                    yield _call(record, placed, pointer, source.path.stem)
                else:
                    yield Unknown("record", record, place(placed, pointer))


def is_call(value: JSON) -> bool:
    """Whether a record is one of LiteLLM's, or of OpenHands' files of the same."""
    if not isinstance(value, dict) or "messages" not in value:
        return False
    if "call_type" in value and ("response_cost" in value or "startTime" in value):
        return True
    return {"response", "cost", "timestamp"} <= value.keys() and ("kwargs" in value or "latency_sec" in value)


def _call(record: Fields, placed: Placed, pointer: str, file: str) -> Span:
    response = json_inside(record.get("response"))
    answer: Fields = response if isinstance(response, dict) else {}
    metadata = json_inside(record.get("metadata"))
    about: Fields = metadata if isinstance(metadata, dict) else {}
    start, end = _times(record)
    failed = record.get("status") == "failure" or bool(record.get("error_str"))
    detail = record.get("error_information")
    told: Fields = detail if isinstance(detail, dict) else {}
    identity = text_in(record, "id") or text_in(answer, "id")
    model = text_in(record, "model") or text_in(answer, "model")
    return Span(
        text_in(record, "trace_id") or text_in(record, "session_id") or text_in(about, "session_id") or file,
        identity or f"call {placed.line}",
        name=f"{text_in(record, 'call_type') or 'completion'} {model}".strip(),
        kind=_kind(record),
        start=start,
        end=end,
        session=text_in(about, "session_id"),
        agent=text_in(about, "agent_name"),
        model=model,
        input=chat_messages(record["messages"], "user"),
        output=chat_messages(response, "assistant") if answer else [],
        gave=None if answer else response,
        usage=_usage(record, answer),
        failed=failed,
        error_type=text_in(told, "error_class") or ("error" if failed else ""),
        error=text_in(record, "error_str") or text_in(told, "error_message"),
        attributes={name: value for name, value in record.items() if name not in _TOLD and _tells(value)},
        place=place(placed, pointer),
    )


def _usage(record: Fields, answer: Fields) -> Usage | None:
    """What the call used: its sums stand with the record, what they are made of with the answer."""
    sums = read_usage({name: record.get(name) for name in ("prompt_tokens", "completion_tokens")})
    told = read_usage(answer.get("usage"))
    if sums is not None and told is not None:
        told = told._replace(input=sums.input, output=sums.output)
    found, cost = told or sums, as_cost(record.get("response_cost", record.get("cost")))
    return found if cost is None else (found or Usage())._replace(cost_usd=cost)


def _kind(record: Fields) -> SpanKind:
    called = text_in(record, "call_type")
    return "embedding" if "embedding" in called else "reranker" if "rerank" in called else "llm"


def _times(record: Fields) -> tuple[int | None, int | None]:
    """When the call began and ended; OpenHands says when it ended and how long it took."""
    start, end = instant(record.get("startTime")), instant(record.get("endTime"))
    written, took = instant(record.get("timestamp")), record.get("latency_sec")
    if end is None and written is not None:
        end = written
        if isinstance(took, int | float) and not isinstance(took, bool) and 0 <= took < 10**6:
            start = written - round(took * 1e9)
    return (start if start is not None else end), end


def _tells(value: JSON, depth: int = 4) -> bool:
    if isinstance(value, dict) and depth:
        return any(_tells(inner, depth - 1) for inner in value.values())
    return value not in (None, "", [], False)
