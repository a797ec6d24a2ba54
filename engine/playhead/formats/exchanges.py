"""Calls of model APIs as clients, proxies and batches log them: a request and its response, or a response by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.formats.chat import Fields, chat_messages, json_inside
from playhead.formats.documents import first_values, listed, place, values
from playhead.formats.litellm import is_call
from playhead.formats.report import ImportReport
from playhead.formats.run_log import list_in, object_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.span_events import SpanFormat
from playhead.formats.span_index import Unknown
from playhead.formats.spans import Span, instant
from playhead.formats.usage import as_cost, read_usage
from playhead.formats.vocabulary import text_of
from playhead.model import JSON

_REQUESTS = ("request", "request_body", "requestBody", "body", "input", "params", "kwargs")
_RESPONSES = ("response", "response_body", "responseBody", "completion", "output", "result")
_ASKED = ("messages", "contents", "input", "prompt")
_TIMES = ("timestamp", "time", "created_at", "start_time", "startTime", "ts")
_SESSIONS = ("session_id", "sessionId", "conversation_id", "thread_id", "trace_id", "run_id")
_USAGES = ("usage", "usageMetadata", "usage_metadata")


class Exchanges(SpanFormat):
    """Each record is a model's span: a conversation is put together from what all the requests say of it."""

    name: ClassVar[str] = "model-calls"
    title: ClassVar[str] = "Model API requests and responses"
    looked_for: ClassVar[str] = (
        "responses of model APIs (choices, candidates, output or content), with or without requests"
    )
    scheme: ClassVar[str] = "calls"

    def recognise(self, source: Source) -> bool:
        found = [item for value in first_values(source) for _, item in listed(value)][:12]
        return any(_answer(item) is not None and not is_call(item) for item in found)

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span | Unknown]:
        number = 0
        for placed in values(source, report):
            for pointer, record in listed(placed.value):
                number += 1
                if isinstance(record, dict) and (_answer(record) is not None or (_question(record) and _error(record))):
                    yield _call(record, number, placed, pointer, source.path.stem)
                else:
                    yield Unknown("record", record, place(placed, pointer))


def _is_response(value: JSON) -> bool:
    """Whether a value is what one of the model APIs answers with."""
    if any(
        isinstance(one, dict) and {"message", "finish_reason", "content", "finishReason"} & one.keys()
        for name in ("choices", "candidates")
        for one in list_in(value, name)
    ):
        return True
    if not isinstance(value, dict):
        return False
    if value.get("object") == "response":
        return isinstance(value.get("output"), list)
    return value.get("type") == "message" and "stop_reason" in value and isinstance(value.get("content"), list)


def _inside(record: JSON, names: tuple[str, ...]) -> list[Fields]:
    """The objects under these names, and the bodies inside them."""
    found = [json_inside(record.get(name)) for name in names] if isinstance(record, dict) else []
    objects = [value for value in found if isinstance(value, dict)]
    return [*objects, *(body for value in objects if isinstance(body := json_inside(value.get("body")), dict))]


def _answer(record: JSON) -> Fields | None:
    if isinstance(record, dict) and _is_response(record):
        return record
    return next((value for value in _inside(record, _RESPONSES) if _is_response(value)), None)


def _question(record: Fields) -> Fields:
    """What was asked: the request, or the record itself where it holds the messages; empty where nobody says."""
    found = (value for value in [*_inside(record, _REQUESTS), record] if any(value.get(name) for name in _ASKED))
    return next(found, {})


def _error(record: Fields) -> JSON:
    """What went wrong with a call, or None."""
    return next((value["error"] for value in [record, *_inside(record, _RESPONSES)] if value.get("error")), None)


def _call(record: Fields, number: int, placed: Placed, pointer: str, file: str) -> Span:
    answer, question, error = _answer(record) or {}, _question(record), _error(record)
    told = next((answer[name] for name in _USAGES if isinstance(answer.get(name), dict)), record.get("usage"))
    usage = read_usage(told)
    cost = as_cost(record.get("cost", object_in({"usage": told}, "usage").get("cost")))
    if usage is not None and cost is not None:
        usage = usage._replace(cost_usd=cost)
    start = next((found for name in _TIMES if (found := instant(record.get(name))) is not None), None)
    if start is None:
        start = instant(answer.get("created", answer.get("created_at")))
    identity = text_in(answer, "id", "responseId") or text_in(record, "custom_id", "request_id", "id")
    model = text_in(answer, "model", "modelVersion") or text_in(question, "model") or text_in(record, "model")
    session = text_in(record, *_SESSIONS)
    known = {*_REQUESTS, *_RESPONSES, *_TIMES, *_SESSIONS, *_USAGES, *_ASKED, "choices", "candidates", "error", "model"}
    others: Fields = {name: value for name, value in record.items() if name not in known and value is not None}
    return Span(
        session or file,
        # One answer may be logged twice, and is told twice then.
        f"{identity or 'call'}@{number}",
        name=f"model {model}".strip(),
        kind="llm",
        start=start,
        end=instant(record.get("end_time", record.get("endTime"))) or start,
        session=session,
        model=model,
        input=chat_messages(question, "user") if question else [],
        output=chat_messages(answer, "assistant") if answer else [],
        usage=usage,
        response_id=identity,
        failed=bool(error) and not answer,
        error_type=text_in(error, "type", "code") or "error" if error else "",
        error=text_in(error, "message") or text_of(error) if error else "",
        attributes=others if record is not answer else {},
        place=place(placed, pointer),
    )
