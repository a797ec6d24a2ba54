"""Chat messages as model APIs write them: role and content, with tool calls and results inside or beside."""

from __future__ import annotations

import hashlib
from typing import cast

import orjson

from playhead.draft import Draft
from playhead.formats.vocabulary import AgentKeys, json_text, message_key, one_line, text_of
from playhead.model import JSON

Fields = dict[str, JSON]


def is_message(value: JSON) -> bool:
    """Whether a value is one chat message."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("role"), str)
        and any(name in value for name in ("content", "tool_calls", "function_call"))
    )


def is_conversation(value: JSON) -> bool:
    """Whether a value is a list of chat messages."""
    return isinstance(value, list) and bool(value) and all(is_message(item) for item in value)


def digest(message: JSON) -> bytes:
    """What tells two messages apart."""
    return hashlib.blake2b(json_text(message).encode(errors="replace"), digest_size=8).digest()


class Conversation:
    """One agent's chat: each message becomes a key, each tool call another, answered by its result."""

    def __init__(self, keys: AgentKeys) -> None:
        self.keys = keys
        self._known: list[tuple[bytes, str | None]] = []

    def common(self, messages: list[JSON]) -> int:
        """How many messages of a list are the ones already here, from the first on."""
        for place, ((known, _), message) in enumerate(zip(self._known, messages, strict=False)):
            if known != digest(message):
                return place
        return min(len(self._known), len(messages))

    @property
    def length(self) -> int:
        """Messages that stand, tool results included."""
        return len(self._known)

    def cut(self, draft: Draft, length: int) -> None:
        """Stage tombstones for the messages after the first `length`: the conversation went on differently."""
        for _, key in self._known[length:]:
            if key is not None:
                draft.delete(self.keys.agent_id, key)
        del self._known[length:]

    def add(self, draft: Draft, message: Fields, *, remember: bool = True) -> None:
        """Stage one message, with the calls it makes or answers; sets the draft's kind and label.

        Only what is remembered can later be recognised at the beginning of a longer list.
        """
        role = str(message["role"])
        answered = self._answer(draft, role, message)
        key = None if answered else self._say(draft, role, message)
        if remember:
            self._known.append((digest(message), key))

    def _say(self, draft: Draft, role: str, message: Fields) -> str:
        text = text_of(_without_calls(message.get("content")))
        value: Fields = {"role": role, "text": self.keys.shorten(draft, text)}
        reasoning = message.get("reasoning_content", message.get("reasoning"))
        if isinstance(reasoning, str) and reasoning:
            value["reasoning"] = self.keys.shorten(draft, reasoning)
        for name in ("name", "model", "id"):
            if isinstance(message.get(name), str):
                value[name] = message[name]
        draft.kind, draft.label = role or "message", one_line(text)
        key = message_key(self.keys.message_count + 1)
        calls = _calls(message)
        if calls:
            value["calls"] = [self._call(draft, call, key) for call in calls]
            labels = [one_line(f"{name}: {_told(arguments)}") for _, name, arguments in calls]
            draft.kind = "tool_call"
            draft.label = labels[0] if len(labels) == 1 else one_line(f"{labels[0]} (+{len(labels) - 1})")
        return self.keys.message(draft, value)

    def _call(self, draft: Draft, call: tuple[str, str, JSON], message: str) -> JSON:
        call_id, name, arguments = call
        summary = one_line(f"{name}: {_told(arguments)}")
        identity = call_id or f"call-{len(self.keys.calls) + 1}"
        started = self.keys.start_call(draft, identity, name, arguments, summary, message)
        return started.key.removeprefix("tool_calls/")

    def _answer(self, draft: Draft, role: str, message: Fields) -> bool:
        content = message.get("content")
        results = [
            (block.get("tool_use_id"), block.get("content"), block.get("is_error") is True)
            for block in (content if isinstance(content, list) else ())
            if isinstance(block, dict) and block.get("type") == "tool_result"
        ]
        if role in ("tool", "function"):
            failed = message.get("is_error") is True or message.get("status") == "error"
            results = results or [(message.get("tool_call_id"), content, failed)]
        answered = False
        for call_id, result, failed in results:
            if not isinstance(call_id, str) or not call_id:
                continue
            text = text_of(result)
            call = self.keys.finish_call(draft, call_id, text, failed=failed)
            call.arguments = None
            draft.kind = "tool_error" if failed else "tool_result"
            draft.label = one_line(f"{call.summary} → {one_line(text, 60)}")
            if failed:
                self.keys.error(draft, call.key, "tool", text)
            answered = True
        return answered


def _calls(message: Fields) -> list[tuple[str, str, JSON]]:
    """The calls a message makes, as (id, name, arguments)."""
    found: list[tuple[str, str, JSON]] = []
    listed = message.get("tool_calls")
    calls: list[JSON] = listed if isinstance(listed, list) else []
    if isinstance(message.get("function_call"), dict):
        calls = [*calls, message["function_call"]]
    content = message.get("content")
    if isinstance(content, list):
        calls = [*calls, *(block for block in content if isinstance(block, dict) and block.get("type") == "tool_use")]
    for call in calls:
        if not isinstance(call, dict):
            continue
        inner = call.get("function")
        function = inner if isinstance(inner, dict) else call
        name, identity = function.get("name"), call.get("id")
        arguments = function.get("arguments", function.get("input", function.get("args")))
        found.append(
            (
                identity if isinstance(identity, str) else "",
                name if isinstance(name, str) and name else "tool",
                _decoded(arguments),
            )
        )
    return found


def _decoded(arguments: JSON) -> JSON:
    """Arguments that are JSON inside a string, as the object they mean."""
    if isinstance(arguments, str) and arguments[:1] in ("{", "["):
        try:
            return cast(JSON, orjson.loads(arguments))
        except orjson.JSONDecodeError:
            return arguments
    return arguments


def _told(arguments: JSON) -> str:
    if isinstance(arguments, dict):
        return next((value for value in arguments.values() if isinstance(value, str)), "")
    return text_of(arguments) if arguments is not None else ""


def _without_calls(content: JSON) -> JSON:
    if not isinstance(content, list):
        return content
    return [
        block for block in content if not (isinstance(block, dict) and block.get("type") in ("tool_use", "tool_result"))
    ]
