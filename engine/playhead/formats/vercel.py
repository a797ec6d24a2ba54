"""Vercel AI SDK: UI messages, model messages with its parts, the steps of a result, and the stream of a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.chat import ChatMessage, Fields, chat_messages, json_inside, said
from playhead.formats.documents import first_values, place, values
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.span_agents import Run, SpanAgent
from playhead.formats.span_calls import call_label
from playhead.formats.span_index import MAIN_AGENT
from playhead.formats.times import Clock, moment
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import one_line
from playhead.model import JSON

_PARTS = frozenset(
    {"step-start", "dynamic-tool", "tool-call", "tool-result", "tool-error", "tool-approval-request", "source-url"}
)
_STREAM = frozenset(
    {
        *("start-step", "finish-step", "text-start", "text-delta", "text-end", "reasoning-start", "reasoning-delta"),
        *("tool-input-start", "tool-input-delta", "tool-input-available", "tool-output-available"),
    }
)
_SILENT = frozenset(
    {"start-step", "text-start", "text-end", "reasoning-start", "reasoning-end", "tool-input-start", "tool-input-end"}
)


class VercelAI(Format):
    """One agent's conversation: an event for each message or step, and one for the results of its calls."""

    name: ClassVar[str] = "vercel-ai"
    title: ClassVar[str] = "Vercel AI SDK"
    looked_for: ClassVar[str] = "Vercel AI SDK messages with parts, steps with finishReason, or stream chunks"

    def recognise(self, source: Source) -> bool:
        found = first_values(source)
        items = [item for value in found for _, item in _listed(value)]
        chunks = sum(isinstance(item, dict) and _type(item) in _STREAM for item in items)
        return chunks >= 2 or any(_is_message(item) or _is_step(item) for item in items)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        chat = _Chat(source, report)
        for placed in values(source, report):
            for pointer, item in _listed(placed.value):
                yield from chat.read(item, placed, pointer)
        yield from chat.end()


def _listed(value: JSON) -> list[tuple[str, JSON]]:
    """Messages and steps in a value: a list of them, a chat with messages, a result with steps, or one by itself."""
    if isinstance(value, list):
        return [(f"/{number}", item) for number, item in enumerate(value)]
    if isinstance(value, dict) and not _is_message(value):
        found: list[tuple[str, JSON]] = []
        for name in ("messages", "steps"):
            held = value.get(name)
            found += [(f"/{name}/{number}", item) for number, item in enumerate(held if isinstance(held, list) else ())]
        if found and (any(_is_step(item) or _is_message(item) for _, item in found)):
            last = found[-1][1]
            # What a run hands on when it finishes is its last step once more, and all steps beside it.
            again: Fields = last if isinstance(last, dict) and _is_step(last) else {}
            known = {"messages", "steps", *again}
            rest: Fields = {name: item for name, item in value.items() if name not in known}
            return [*found, ("", {"type": "result", **rest})] if rest else found
    return [("", value)]


def _type(value: Fields) -> str:
    kind = value.get("type")
    return kind if isinstance(kind, str) else ""


def _is_message(value: JSON) -> bool:
    """Whether a value is a message made of parts as only this SDK makes them."""
    if not isinstance(value, dict) or value.get("role") not in ("system", "user", "assistant", "tool"):
        return False
    parts = value.get("parts")
    if isinstance(parts, list) and "id" in value:
        # Others have parts too, but of text with `content`, or without a type.
        return all(
            isinstance(part, dict) and isinstance(part.get("type"), str) and "content" not in part for part in parts
        )
    content = value.get("content")
    return isinstance(content, list) and any(isinstance(part, dict) and _type(part) in _PARTS for part in content)


def _is_step(value: JSON) -> bool:
    if not isinstance(value, dict) or not {"finishReason", "stepType"} & value.keys():
        return False
    return any(isinstance(value.get(name), list) for name in ("content", "toolCalls", "toolResults"))


class _Chat:
    """The conversation of one file."""

    def __init__(self, source: Source, report: ImportReport) -> None:
        self._file = source.name
        self._report = report
        self._run = Run(f"vercel:{source.path.stem}", report)
        self._agent: SpanAgent = self._run.agent(MAIN_AGENT)
        self._clock = Clock()
        self._last: tuple[Placed, str] | None = None
        self._written: ChatMessage | None = None
        """The message of a stream that is being written."""
        self._sums = False
        """Whether steps told their usage, so that a whole's is their sum."""

    def read(self, item: JSON, placed: Placed, pointer: str) -> Iterator[Draft]:
        self._last = placed, pointer
        if isinstance(item, dict) and _is_step(item):
            yield from self._step(item)
        elif isinstance(item, dict) and isinstance(item.get("role"), str):
            yield from self._message(item)
        elif isinstance(item, dict) and isinstance(item.get("type"), str):
            yield from self._chunk(str(item["type"]), item)
        else:
            yield self._unknown("record", item)

    def end(self) -> Iterator[Draft]:
        """What a stream that broke off had written."""
        yield from self._flush({})

    def _draft(self, told: Fields) -> Draft:
        placed, pointer = self._last or (Placed(None, 1, 0, 0), "")
        response = told.get("response")
        about: Fields = response if isinstance(response, dict) else {}
        written = next((value for holder in (told, about) for name in _TIMES if (value := holder.get(name))), None)
        occurred_at, flags = self._clock.tell(written, moment(written))
        meta: Fields = {"file": self._file, **place(placed, pointer), **flags}
        for name in ("id", "messageId", "toolCallId"):
            if isinstance(told.get(name), str):
                meta[name] = told[name]
        return Draft("message", "", meta, occurred_at, self._run.namespace)

    def _message(self, item: Fields) -> Iterator[Draft]:
        """A message; one of several steps makes an event for each."""
        parts = item.get("parts", item.get("content"))
        steps: list[JSON] = [*_steps(parts)] if isinstance(parts, list) else [parts]
        for step in steps:
            for message in chat_messages({"role": item["role"], "content": step}, str(item["role"])):
                yield from self._told(message, item)
        metadata = item.get("metadata")
        yield from self._used(metadata.get("totalUsage", metadata.get("usage")) if isinstance(metadata, dict) else None)

    def _step(self, item: Fields) -> Iterator[Draft]:
        content = item.get("content")
        parts = content if isinstance(content, list) else []
        calls, results = item.get("toolCalls"), item.get("toolResults")
        if not parts:
            text: JSON = {"type": "text", "text": item.get("text", "")}
            parts = [text, *_typed(calls, "tool-call"), *_typed(results, "tool-result")]
        response = item.get("response")
        model = response.get("modelId") if isinstance(response, dict) else None
        for message in chat_messages({"role": "assistant", "content": parts}, "assistant"):
            yield from self._told(message, item)
        yield from self._used(item.get("usage"), item, model)

    def _told(self, message: ChatMessage, item: Fields) -> Iterator[Draft]:
        """A message, and then what its calls came back with."""
        results = message["results"]
        spoken: ChatMessage = {**message, "results": []}
        if said(spoken) and (spoken["text"] or spoken["calls"] or spoken["reasoning"]):
            draft = self._draft(item)
            self._agent.say(draft, [spoken])
            self._label(draft, spoken)
            yield draft
        for result in results:
            draft = self._draft(item)
            self._agent.hear(draft, [{**spoken, "text": "", "reasoning": "", "calls": [], "results": [result]}])
            draft.label = draft.label or one_line(f"tool result: {result['text']}")
            if draft.kind == "message":
                draft.kind = "tool_error" if result["failed"] else "tool_result"
            self._agent.status(draft, "thinking")
            yield draft

    def _label(self, draft: Draft, message: ChatMessage) -> None:
        calls = message["calls"]
        draft.kind, draft.label = message["role"], one_line(message["text"] or message["reasoning"]) or message["role"]
        if calls:
            label = call_label(calls[0]["name"], calls[0]["args"])
            draft.kind = "tool_call"
            draft.label = label if len(calls) == 1 else one_line(f"{label} (+{len(calls) - 1})")
            self._agent.status(draft, f"tool:{calls[0]['name']}", step=True)
        elif message["role"] == "assistant":
            self._agent.status(draft, "waiting", step=True)
            self._agent.final(draft, message["text"], {})
        else:
            self._agent.status(draft, "user")

    def _used(self, told: JSON, item: Fields | None = None, model: JSON = None) -> Iterator[Draft]:
        usage = read_usage(told)
        if item is None and self._sums:
            return
        draft = self._draft(item or {})
        draft.kind, draft.label = "usage", "usage"
        if usage is not None:
            self._sums = self._sums or item is not None
            self._agent.usage.count(draft, usage)
            draft.label = f"{usage.input:,} tokens in, {usage.output:,} out"
        if isinstance(model, str) and model:
            self._agent.keys.change(draft, "model", model)
        yield draft

    def _chunk(self, kind: str, item: Fields) -> Iterator[Draft]:
        """A chunk of a stream; what is only a piece of something makes no event before that is whole."""
        held = self._written
        if kind in ("text-delta", "reasoning-delta"):
            piece = next((item[name] for name in ("delta", "text", "textDelta") if isinstance(item.get(name), str)), "")
            held = self._written = held or _empty()
            field = "text" if kind == "text-delta" else "reasoning"
            held[field] += str(piece)  # type: ignore[literal-required]
        elif kind in ("tool-input-available", "tool-call", "tool-input-error"):
            held = self._written = held or _empty()
            name, given = item.get("toolName"), item.get("input", item.get("args"))
            told = name if isinstance(name, str) else "tool"
            held["calls"].append({"id": str(item.get("toolCallId") or ""), "name": told, "args": json_inside(given)})
            if kind == "tool-input-error":
                yield from self._answered(item, "tool-error", item.get("errorText"))
        elif kind in ("tool-output-available", "tool-result"):
            yield from self._answered(item, "tool-result", item.get("output", item.get("result")))
        elif kind in ("tool-output-error", "tool-error", "tool-output-denied"):
            yield from self._answered(item, "tool-error", item.get("errorText", item.get("error", "denied")))
        elif kind in ("finish-step", "finish", "abort", "result"):
            yield from self._flush(item)
            metadata = item.get("messageMetadata")
            about: Fields = metadata if isinstance(metadata, dict) else {}
            told_usage = item.get("usage", item.get("totalUsage", about.get("totalUsage", about.get("usage"))))
            yield from self._used(told_usage, item if kind == "finish-step" else None)
        elif kind == "error":
            yield from self._flush(item)
            yield self._error(item)
        elif kind in ("start", "message-metadata"):
            draft = self._draft(item)
            draft.kind = draft.label = kind
            about = {name: value for name, value in item.items() if name != "type"}
            if about:
                self._agent.keys.change(draft, "session", about)
            yield draft
        elif kind not in _SILENT and kind != "tool-input-delta":
            yield self._unknown(kind, item)

    def _answered(self, item: Fields, kind: str, text: JSON) -> Iterator[Draft]:
        yield from self._flush(item)
        part: Fields = {"type": kind, "toolCallId": item.get("toolCallId"), "output": text}
        for message in chat_messages([part], "tool"):
            yield from self._told(message, item)

    def _flush(self, item: Fields) -> Iterator[Draft]:
        message, self._written = self._written, None
        if message is not None:
            yield from self._told(message, item)

    def _error(self, item: Fields) -> Draft:
        draft = self._draft(item)
        said_text = item.get("errorText", item.get("error"))
        text = said_text if isinstance(said_text, str) else "the stream failed"
        draft.kind, draft.label = "stream_error", one_line(text) or "the stream failed"
        self._agent.keys.error(draft, "stream", "error", text)
        self._agent.status(draft, "error")
        return draft

    def _unknown(self, kind: str, item: JSON) -> Draft:
        draft = self._draft({})
        draft.kind, draft.label = kind, kind
        self._agent.keys.record(draft, kind, item)
        return draft


_TIMES = ("timestamp", "createdAt", "created_at")


def _empty() -> ChatMessage:
    return {"role": "assistant", "text": "", "reasoning": "", "calls": [], "results": []}


def _steps(parts: list[JSON]) -> list[list[JSON]]:
    """The parts of each step of a message."""
    steps: list[list[JSON]] = [[]]
    for part in parts:
        if isinstance(part, dict) and part.get("type") == "step-start":
            steps.append([])
        else:
            steps[-1].append(part)
    return [step for step in steps if step]


def _typed(parts: JSON, kind: str) -> list[JSON]:
    """The parts of an older version's list, each with its type."""
    return [{"type": kind, **part} for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
