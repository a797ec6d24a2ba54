"""Pydantic AI: the messages of a run as `all_messages_json` writes them, requests and responses made of parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import ToolCall
from playhead.formats.base import Format
from playhead.formats.line_log import all_records, first_records
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.usage import as_cost, read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_KINDS = frozenset({"request", "response"})
_ANSWERS = frozenset({"tool-return", "retry-prompt", "builtin-tool-return", "native-tool-return"})
_CALLS = frozenset({"tool-call", "builtin-tool-call", "native-tool-call"})
_THOUGHT, _FAILED = "thinking", frozenset({"failed", "denied", "retried", "error"})


class PydanticAi(Format):
    """A run becomes `pydantic-ai:<conversation id>`; a response is one event, each part of a request another."""

    name: ClassVar[str] = "pydantic-ai"
    title: ClassVar[str] = "Pydantic AI messages"
    looked_for: ClassVar[str] = "Pydantic AI messages of a kind, with parts that have a part_kind"

    def recognise(self, source: Source) -> bool:
        return any(_is_message(record) for record in first_records(source))

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        named = (text_in(record, "conversation_id", "run_id") for record in first_records(source))
        run = RunLog(self.name, next(filter(None, named), source.path.stem), source.name, report)
        for placed in all_records(source, report):
            message = placed.value
            if not _is_message(message) or not isinstance(message, dict):
                draft = run.draft(placed, None)
                yield run.unknown(draft, run.main, text_in(message, "kind") or type(message).__name__, message)
            elif message["kind"] == "response":
                yield from _response(run, placed, message)
            else:
                yield from _request(run, placed, message)


def _is_message(record: JSON) -> bool:
    parts = list_in(record, "parts")
    return text_in(record, "kind") in _KINDS and bool(parts) and all(text_in(part, "part_kind") for part in parts)


def _parts(message: Fields) -> list[Fields]:
    return [part for part in list_in(message, "parts") if isinstance(part, dict)]


def _request(run: RunLog, placed: Placed, message: Fields) -> Iterator[Draft]:
    """The events of what a model was given: an event for each part."""
    for part in _parts(message):
        kind = text_in(part, "part_kind")
        draft = run.draft(placed, part.get("timestamp", message.get("timestamp")), run=message.get("run_id"))
        if kind in _ANSWERS and (kind != "retry-prompt" or part.get("tool_name")):
            _answered(run, draft, part)
        elif kind == "user-prompt":
            run.main.say(draft, "user", text_of(part.get("content"), _other))
        elif kind == "retry-prompt":
            # Nobody asked: what came back was not what the run has to give.
            run.main.say(draft, "user", text_of(part.get("content"), _error), meta=True)
        elif "content" in part:
            run.main.say(draft, "system", text_of(part.get("content")), meta=True)
        else:
            run.unknown(draft, run.main, f"part/{kind}", part)
        yield draft


def _response(run: RunLog, placed: Placed, message: Fields) -> Iterator[Draft]:
    """The events of what a model answered: one for all it said and called, one for each answer of its own tools."""
    parts, agent = _parts(message), run.main
    spoken = [part for part in parts if text_in(part, "part_kind") not in (*_ANSWERS, *_CALLS, _THOUGHT)]
    thoughts = [text_of(part.get("content")) for part in parts if text_in(part, "part_kind") == _THOUGHT]
    text = "\n".join(filter(None, (text_of(part.get("content"), _other) for part in spoken)))
    calls = [
        ToolCall(text_in(part, "tool_call_id"), text_in(part, "tool_name") or "tool", part.get("args"))
        for part in parts
        if text_in(part, "part_kind") in _CALLS
    ]
    draft = run.draft(placed, message.get("timestamp"), run=message.get("run_id"))
    more: Fields = {"model": message.get("model_name"), "id": message.get("provider_response_id")}
    said = agent.say(draft, "assistant", text, reasoning="\n".join(filter(None, thoughts)), calls=calls, more=more)
    run.about(draft, agent, model=message.get("model_name"))
    told = message.get("usage")
    usage = read_usage(told)
    if usage is not None:
        cost = as_cost(told.get("cost")) if isinstance(told, dict) else None
        agent.usage.count(draft, usage if cost is None else usage._replace(cost_usd=cost))
    if not calls:
        agent.final_text(draft, text, said.key)
        agent.status(draft, "waiting", message.get("finish_reason"))
    yield draft
    for part in parts:
        if text_in(part, "part_kind") in _ANSWERS:
            answered = run.draft(placed, part.get("timestamp", message.get("timestamp")), run=message.get("run_id"))
            _answered(run, answered, part)
            yield answered


def _answered(run: RunLog, draft: Draft, part: Fields) -> None:
    """Stage a tool's result, or why it has to be called again."""
    failed = text_in(part, "part_kind") == "retry-prompt" or text_in(part, "outcome") in _FAILED
    text = text_of(part.get("content"), _error)
    run.main.answer(draft, text_in(part, "tool_call_id"), text, failed=failed, tool=text_in(part, "tool_name"))


def _other(part: Fields) -> str | None:
    """What stands for what is no text: an image or a document."""
    kind = text_in(part, "kind", "media_type")
    return f"[{kind} {text_in(part, 'url')}]".replace(" ]", "]") if kind else None


def _error(part: Fields) -> str | None:
    """One reason for which arguments or an answer were refused."""
    where = ".".join(str(step) for step in list_in(part, "loc"))
    return one_line(f"{where}: {text_in(part, 'msg')}") if "msg" in part else None
