"""Chat messages in the many shapes that model APIs and their tracers write, brought to one."""

from __future__ import annotations

from playhead.formats.chat_parts import (
    ChatCall,
    ChatMessage,
    ChatResult,
    empty_message,
    is_part,
    json_inside,
    part_speaker,
    read_call,
    read_calls,
    read_content,
    read_part,
    result_text,
    said,
    says_something,
    text_in,
    unwrapped_result,
)
from playhead.model import JSON

__all__ = [
    "ChatCall",
    "ChatMessage",
    "ChatResult",
    "Fields",
    "as_system",
    "chat_messages",
    "holds_messages",
    "json_inside",
    "read_call",
    "result_text",
    "said",
    "unwrapped_result",
]

Fields = dict[str, JSON]


DEEPEST = 12
"""Levels of wrapping that are looked through for messages."""

_SPEAKERS = {
    "user": ("user", "human", "humanmessage", "humanmessagechunk", "chatmessage"),
    "assistant": ("assistant", "ai", "model", "bot", "aimessage", "aimessagechunk"),
    "system": ("system", "systemmessage"),
    "developer": ("developer",),
    "tool": ("tool", "function", "toolmessage", "functionmessage"),
}
_ROLES = {written: role for role, names in _SPEAKERS.items() for written in names}
_LISTS = (
    "messages",
    "input_messages",
    "contents",
    "choices",
    "generations",
    "candidates",
    "output_messages",
    "prompts",
)
_SYSTEMS = ("system", "system_instruction", "systemInstruction", "system_instructions", "instructions")


def chat_messages(value: JSON, speaker: str) -> list[ChatMessage]:
    """The messages that a value holds, in order; none where it holds no such thing.

    Takes what OpenAI (both APIs), Anthropic, Gemini, Bedrock, LangChain, the Vercel SDK and OpenTelemetry write: lists,
    requests and responses, JSON inside strings. `speaker` is the role of what names none.
    """
    return [message for message in _messages(value, speaker, DEEPEST) if says_something(message)]


def as_system(messages: list[ChatMessage]) -> list[ChatMessage]:
    """The messages as the system's, whoever they name."""
    told: list[ChatMessage] = []
    for message in messages:
        if says_something(message):
            message["role"] = "system"
            told.append(message)
    return told


def holds_messages(value: JSON) -> bool:
    """Whether a value is a conversation by its own word: messages with roles, and not just any text."""
    value = json_inside(value)
    if isinstance(value, dict):
        value = json_inside(value.get("messages"))
    while isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
    return isinstance(value, list) and any(isinstance(item, dict) and _role(item) is not None for item in value)


def _messages(value: JSON, speaker: str, depth: int) -> list[ChatMessage]:
    if depth == 0:
        return []
    if isinstance(value, str):
        inside = json_inside(value)
        found = [] if isinstance(inside, str) else _messages(inside, speaker, depth - 1)
        return found or ([{**empty_message(speaker), "text": value}] if value else [])
    if isinstance(value, list):
        return _listed(value, speaker, depth - 1)
    if isinstance(value, dict):
        return _wrapped(value, speaker, depth - 1)
    return []


def _listed(values: list[JSON], speaker: str, depth: int) -> list[ChatMessage]:
    """Messages, and parts of messages between them: neighbouring parts of one speaker are one message."""
    found: list[ChatMessage] = []
    open_message: ChatMessage | None = None
    for value in values:
        if isinstance(value, dict) and is_part(value):
            by = part_speaker(value, speaker)
            if open_message is None or open_message["role"] != by:
                open_message = empty_message(by)
                found.append(open_message)
            read_part(open_message, value, depth)
        else:
            open_message = None
            found += _messages(value, speaker, depth)
    return found


def _wrapped(value: Fields, speaker: str, depth: int) -> list[ChatMessage]:
    """The messages inside an object, whichever wrapping it is."""
    role = _role(value)
    if role is not None:
        return [_read_message(role, value, depth)]
    if is_part(value):
        message = empty_message(part_speaker(value, speaker))
        read_part(message, value, depth)
        return [message]
    inner = value.get("message")
    if isinstance(inner, dict | list):
        return _messages(inner, speaker, depth)
    for name in _LISTS:
        held = value.get(name)
        if isinstance(held, str):
            held = json_inside(held)
        if isinstance(held, list):
            by = "assistant" if name in ("choices", "generations", "candidates", "output_messages") else speaker
            return [*_system(value, depth), *_listed(held, by, depth)]
    for name, by in (("input", speaker), ("output", "assistant"), ("prompt", speaker), ("response", "assistant")):
        held = value.get(name)
        if isinstance(held, list) or (isinstance(held, str | dict) and (len(value) <= 3 or "object" in value)):
            return [*_system(value, depth), *_messages(held, by, depth)]
    if any(name in value for name in ("content", "parts", "tool_calls", "toolCalls")):
        content = value.get("content")
        if isinstance(content, dict):
            return _messages(content, speaker, depth)
        return [_read_message(speaker, value, depth)]
    text = value.get("text")
    return [{**empty_message(speaker), "text": text}] if isinstance(text, str) and text else []


def _system(value: Fields, depth: int) -> list[ChatMessage]:
    """What a request says besides its messages: the system's instructions."""
    config = value.get("config")
    for holder in (value, config if isinstance(config, dict) else {}):
        for name in _SYSTEMS:
            if holder.get(name):
                return as_system(_messages(holder[name], "system", depth))
    return []


def _role(value: Fields) -> str | None:
    """The role of an object that is a message, else None."""
    for name in ("role", "type"):
        written = value.get(name)
        if not isinstance(written, str):
            continue
        if name == "role":
            return _ROLES.get(written.lower(), written or "user")
        if written.lower() in _ROLES and written != "model" and any(part in value for part in ("content", "data")):
            return _ROLES[written.lower()]
    identity = value.get("id")
    if value.get("lc") is not None and isinstance(identity, list) and identity:
        return _ROLES.get(str(identity[-1]).lower())
    return None


def _read_message(role: str, value: Fields, depth: int) -> ChatMessage:
    for name in ("kwargs", "data"):
        inner = value.get(name)
        if isinstance(inner, dict) and "content" in inner:
            value = inner
            break
    message = empty_message(role)
    call_id = text_in(value, "tool_call_id", "toolCallId", "call_id") if role == "tool" else ""
    content = value.get("content", value.get("contents"))
    if call_id:
        failed = value.get("is_error") is True or value.get("status") == "error"
        name = text_in(value, "name")
        message["results"].append({"id": call_id, "name": name, "text": result_text(content), "failed": failed})
        return message
    for held in (content, value.get("parts")):
        read_content(message, held, depth)
    if content is None and not message["text"]:
        message["text"] = text_in(value, "text", "system_prompt")
    for name in ("reasoning_content", "reasoning", "thinking"):
        if isinstance(value.get(name), str) and not message["reasoning"]:
            message["reasoning"] = str(value[name])
    if isinstance(value.get("refusal"), str) and not message["text"]:
        message["text"] = str(value["refusal"])
    if not message["calls"]:
        extra = value.get("additional_kwargs")
        for holder in (value, extra if isinstance(extra, dict) else {}):
            read_calls(message, holder)
            if message["calls"]:
                break
    return message
