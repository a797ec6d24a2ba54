"""Sessions of pi, OpenClaw and Droid: entries that know their parents, so that a branch is a rewind."""

from __future__ import annotations

from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.line_log import LineFormat, LineReader
from playhead.formats.messages import Conversation
from playhead.formats.run_log import Fields, RunLog, object_in, text_in, whole
from playhead.formats.usage import as_cost, read_usage
from playhead.formats.vocabulary import PREVIEW_CHARACTERS, clipped, key_part, message_key, one_line, text_of
from playhead.model import JSON

_HEADERS = frozenset({"session", "session_start"})


class TreeSession(LineFormat):
    """An entry under an older parent than the last one takes back what came after that parent."""

    name: ClassVar[str] = "pi"
    title: ClassVar[str] = "pi, OpenClaw or Droid session"
    looked_for: ClassVar[str] = "a pi, OpenClaw or Droid session (a session line, then messages with parentId)"
    tool: ClassVar[str] = "pi"

    def is_record(self, record: Fields) -> bool:
        kind, inner = text_in(record, "type"), record.get("message")
        if kind in _HEADERS:
            return isinstance(record.get("id"), str) and ("version" in record or "cwd" in record)
        return kind == "message" and isinstance(inner, dict) and "role" in inner and "id" in record

    def identity(self, records: list[Fields]) -> str:
        return next((text_in(record, "id") for record in records if text_in(record, "type") in _HEADERS), "")

    def reader(self, run: RunLog) -> LineReader:
        return _Reader(run)


class _Reader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self._conversation = Conversation(run.main.keys, run.main)
        self._path: list[tuple[str, int]] = []
        """The entries from the root to the last one, with how many messages there were before each."""
        self._places: dict[str, int] = {}
        self.handlers = {
            "session": self._session,
            "session_start": self._session,
            "message": self._message,
            "model_change": self._model,
            "thinking_level_change": lambda draft, entry: self._set(draft, "effort", entry.get("thinkingLevel")),
            "session_info": lambda draft, entry: self.run.session(draft, title=entry.get("name")),
            "label": lambda draft, entry: self._set(draft, "label", entry.get("label")),
            "compaction": self._compacted,
            "compact": self._compacted,
            "branch_summary": self._summary,
            "custom": self._custom,
            "custom_message": self._custom_message,
            "todo_state": lambda draft, entry: self.run.main.effects.todos(draft, entry.get("todos")),
        }

    def read(self, draft: Draft, record: Fields) -> None:
        self._follow(draft, record)
        super().read(draft, record)

    def _follow(self, draft: Draft, entry: Fields) -> None:
        """Stage the tombstones of the messages that an entry under an older parent leaves behind."""
        parent, identity = text_in(entry, "parentId"), text_in(entry, "id")
        place = self._places.get(parent)
        # The first line is no place to go back to: whoever knows no better parent names it.
        if place and place < len(self._path) - 1:
            left = self._path[place + 1 :]
            first, last = left[0][1] + 1, self.run.main.keys.message_count
            dropped = [number for number in range(first, last + 1) if number > self._path[place][1]]
            for number in dropped:
                self.run.main.retract(draft, message_key(number))
            if dropped:
                self.run.report.counts["rewinds"] += 1
                branch: Fields = {"before": message_key(dropped[0]), "abandoned": len(dropped)}
                self.run.main.keys.change(draft, "branch", branch)
            for gone, _ in left:
                self._places.pop(gone, None)
            del self._path[place + 1 :]
        if identity:
            self._places[identity] = len(self._path)
            self._path.append((identity, self.run.main.keys.message_count))

    def _set(self, draft: Draft, name: str, value: JSON) -> None:
        self.run.about(draft, self.run.main, **{name: value})
        draft.label = one_line(f"{name}: {text_of(value)}")

    def _session(self, draft: Draft, entry: Fields) -> None:
        title = entry.get("title") or entry.get("sessionTitle")
        self.run.session(draft, version=entry.get("version"), started=entry.get("timestamp"), title=title)
        self.run.about(draft, self.run.main, cwd=text_in(entry, "cwd"))
        draft.kind, draft.label = "session", one_line(f"session in {entry.get('cwd') or '?'}")

    def _model(self, draft: Draft, entry: Fields) -> None:
        self._set(draft, "model", text_in(entry, "modelId"))
        self.run.session(draft, provider=entry.get("provider"))

    def _message(self, draft: Draft, entry: Fields) -> None:
        message, agent = object_in(entry, "message"), self.run.main
        role = text_in(message, "role")
        if role == "toolResult":
            agent.answer(
                draft,
                text_in(message, "toolCallId") or "unknown",
                text_of(message.get("content"), _image),
                failed=message.get("isError") is True,
                exit_code=whole(object_in(message, "details").get("exitCode")),
                details=message.get("details"),
                tool=text_in(message, "toolName"),
            )
        elif role == "bashExecution":
            identity, code = f"typed-{draft.meta['line']}", whole(message.get("exitCode"))
            agent.call(draft, identity, "bash", {"command": message.get("command")})
            agent.answer(draft, identity, text_of(message.get("output")), failed=bool(code), exit_code=code)
        else:
            stop = text_in(message, "stopReason")
            spoken: Fields = {**message, "content": _in_blocks(message.get("content")), "role": role or "user"}
            self._conversation.add(
                draft,
                {name: value for name, value in spoken.items() if name != "usage"},
                more={"stop_reason": stop or None},
            )
            self._spent(draft, message)
            told = text_in(message, "errorMessage")
            if stop == "error" or told:
                agent.fail(draft, "model", "error", told or stop)

    def _spent(self, draft: Draft, message: Fields) -> None:
        told = object_in(message, "usage")
        usage = read_usage({**told, "cache_read": told.get("cacheRead"), "cache_write": told.get("cacheWrite")})
        if told and usage is not None:
            cost = as_cost(object_in(told, "cost").get("total"))
            self.run.main.usage.count(draft, usage._replace(cost_usd=cost))
        self.run.about(draft, self.run.main, model=text_in(message, "model"))

    def _compacted(self, draft: Draft, entry: Fields) -> None:
        agent, summary = self.run.main, text_in(entry, "summary", "note")
        self.run.report.counts["compactions"] += 1
        value: Fields = {
            "compactions": self.run.report.counts["compactions"],
            "first": message_key(agent.keys.message_count + 1),
            "tokens_before": entry.get("tokensBefore"),
            "summary": agent.keys.shorten(draft, summary),
        }
        agent.keys.change(draft, "context", value)
        draft.kind, draft.label = "compaction", one_line(f"conversation compacted: {summary}")

    def _summary(self, draft: Draft, entry: Fields) -> None:
        self.run.main.say(draft, "user", text_in(entry, "summary"), meta=True, more={"summary": True})

    def _custom(self, draft: Draft, entry: Fields) -> None:
        kind = text_in(entry, "customType") or "custom"
        self.run.main.keys.change(
            draft, f"custom/{key_part(kind)}", self.run.main.keys.shorten_all(draft, entry.get("data"))
        )
        draft.kind, draft.label = "custom", one_line(kind)

    def _custom_message(self, draft: Draft, entry: Fields) -> None:
        text = clipped(text_of(entry.get("content")), PREVIEW_CHARACTERS)
        self.run.main.say(
            draft, "custom", text, meta=entry.get("display") is False, more={"type": entry.get("customType")}
        )


def _in_blocks(content: JSON) -> JSON:
    """Content with its tool calls as model APIs write them."""
    if not isinstance(content, list):
        return content
    return [
        {"type": "tool_use", "id": part.get("id"), "name": part.get("name"), "input": part.get("arguments")}
        if isinstance(part, dict) and part.get("type") == "toolCall"
        else part
        for part in content
    ]


def _image(part: Fields) -> str | None:
    return f"[image {text_in(part, 'mimeType')}]" if part.get("type") == "image" else None
