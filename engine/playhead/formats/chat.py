"""Chat messages in the many shapes that model APIs and their tracers write, brought to one."""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

from playhead.formats.source import parse
from playhead.formats.vocabulary import json_text
from playhead.model import JSON

Fields = dict[str, JSON]


class ChatCall(TypedDict):
    """A tool call that a message makes."""

    id: str
    """Empty where the log gives none."""
    name: str
    args: JSON


class ChatResult(TypedDict):
    """What a message says a tool answered."""

    id: str
    """Empty where the log gives none."""
    name: str
    """Of the tool; empty where the log does not say."""
    text: str
    failed: bool


class ChatMessage(TypedDict):
    """One message; plain values, so that it can be put aside and fetched again."""

    role: str
    text: str
    reasoning: str
    calls: list[ChatCall]
    results: list[ChatResult]


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
_CALLS = frozenset({"tool_use", "tool_call", "tool-call", "function_call", "custom_tool_call", "server_tool_use"})
_RESULTS = frozenset(
    {
        *("tool_result", "tool_call_response", "tool-result", "tool-error", "function_call_output"),
        *("custom_tool_call_output", "function_response", "mcp_tool_result"),
    }
)
_REASONING = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_text"})
_TEXTS = frozenset({"text", "input_text", "output_text", "summary_text", "refusal"})
_SILENT = frozenset({"step-start", "start-step", "finish-step"})


def chat_messages(value: JSON, speaker: str) -> list[ChatMessage]:
    """The messages that a value holds, in order; none where it holds no such thing.

    Takes what OpenAI (both APIs), Anthropic, Gemini, Bedrock, LangChain, the Vercel SDK and OpenTelemetry write: lists,
    requests and responses, JSON inside strings. `speaker` is the role of what names none.
    """
    return [message for message in _messages(value, speaker, DEEPEST) if _says_something(message)]


def as_system(messages: list[ChatMessage]) -> list[ChatMessage]:
    """The messages as the system's, whoever they name."""
    told: list[ChatMessage] = []
    for message in messages:
        if _says_something(message):
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


def json_inside(value: JSON, repaired: Counter[str] | None = None) -> JSON:
    """The value that a string holds as JSON text; anything else, and a string that holds none, as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        found = parse(value.encode(errors="replace"), Counter() if repaired is None else repaired)
    except ValueError:
        return value
    return found[0] if len(found) == 1 else value


def result_text(value: JSON) -> str:
    """What a tool answered, as text, out of whatever it is wrapped in."""
    if isinstance(value, dict):
        kind = _type(value)
        if kind in ("text", "json", "error-text", "error-json", "content") and "value" in value:
            return result_text(value["value"])
        if kind == "tool" and isinstance(value.get("data"), dict):
            return result_text(value["data"])
        if "content" in value and (kind == "tool" or set(value) <= {"content", "isError", "is_error", "_meta", "type"}):
            return result_text(value["content"])
        if set(value) == {"text"} or (kind in _TEXTS and isinstance(value.get("text"), str)):
            return result_text(value["text"])
        if set(value) == {"output"} or set(value) == {"result"} or set(value) == {"json"}:
            return result_text(next(iter(value.values())))
    if isinstance(value, list) and value and all(isinstance(item, dict) and "text" in item for item in value):
        return "\n".join(result_text(item) for item in value)
    return value if isinstance(value, str) else "" if value is None else json_text(value)


def said(message: ChatMessage) -> bool:
    """Whether a message is one, and not only the answers to calls."""
    return bool(message["text"] or message["reasoning"] or message["calls"]) or not message["results"]


def _says_something(message: ChatMessage) -> bool:
    return bool(message["text"] or message["reasoning"] or message["calls"] or message["results"])


def _message(role: str) -> ChatMessage:
    return {"role": role, "text": "", "reasoning": "", "calls": [], "results": []}


def _messages(value: JSON, speaker: str, depth: int) -> list[ChatMessage]:
    if depth == 0:
        return []
    if isinstance(value, str):
        inside = json_inside(value)
        found = [] if isinstance(inside, str) else _messages(inside, speaker, depth - 1)
        return found or ([{**_message(speaker), "text": value}] if value else [])
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
        if isinstance(value, dict) and _is_part(value):
            by = _part_speaker(value, speaker)
            if open_message is None or open_message["role"] != by:
                open_message = _message(by)
                found.append(open_message)
            _read_part(open_message, value, depth)
        else:
            open_message = None
            found += _messages(value, speaker, depth)
    return found


def _wrapped(value: Fields, speaker: str, depth: int) -> list[ChatMessage]:
    """The messages inside an object, whichever wrapping it is."""
    role = _role(value)
    if role is not None:
        return [_read_message(role, value, depth)]
    if _is_part(value):
        message = _message(_part_speaker(value, speaker))
        _read_part(message, value, depth)
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
    return [{**_message(speaker), "text": text}] if isinstance(text, str) and text else []


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
    message = _message(role)
    call_id = _text(value, "tool_call_id", "toolCallId", "call_id")
    content = value.get("content", value.get("contents"))
    if role == "tool" and call_id:
        failed = value.get("is_error") is True or value.get("status") == "error"
        name = _text(value, "name")
        message["results"].append({"id": call_id, "name": name, "text": result_text(content), "failed": failed})
        return message
    for held in (content, value.get("parts")):
        _read_content(message, held, depth)
    for name in ("reasoning_content", "reasoning", "thinking"):
        if isinstance(value.get(name), str) and not message["reasoning"]:
            message["reasoning"] = str(value[name])
    if isinstance(value.get("refusal"), str) and not message["text"]:
        message["text"] = str(value["refusal"])
    if not message["calls"]:
        extra = value.get("additional_kwargs")
        for holder in (value, extra if isinstance(extra, dict) else {}):
            _read_calls(message, holder)
            if message["calls"]:
                break
    return message


def _read_calls(message: ChatMessage, holder: Fields) -> None:
    for name in ("tool_calls", "toolCalls", "invalid_tool_calls"):
        calls = json_inside(holder.get(name))
        for call in calls if isinstance(calls, list) else ():
            inside = json_inside(call)
            if isinstance(inside, dict):
                message["calls"].append(read_call(inside))
    single = holder.get("function_call")
    if isinstance(single, dict) and not message["calls"]:
        message["calls"].append(read_call(single))


def read_call(value: Fields) -> ChatCall:
    """A tool call in any API's words."""
    wrapped = value.get("tool_call")
    value = wrapped if isinstance(wrapped, dict) else value
    function = value.get("function")
    inner = function if isinstance(function, dict) else value
    names = ("arguments", "args", "input", "parameters", "tool.args", "rawInput")
    arguments = next((inner[name] for name in names if inner.get(name) is not None), None)
    return {
        "id": _text(value, "call_id", "id", "toolCallId", "toolUseId", "tool_call_id"),
        "name": _text(inner, "name", "toolName", "tool_name", "tool.name") or "tool",
        "args": json_inside(arguments),
    }


def _read_content(message: ChatMessage, content: JSON, depth: int) -> None:
    if isinstance(content, str):
        _add_text(message, content)
    elif isinstance(content, list) and depth:
        for part in content:
            if isinstance(part, str):
                _add_text(message, part)
            elif isinstance(part, dict):
                _read_part(message, part, depth - 1)
    elif isinstance(content, dict) and depth:
        if isinstance(content.get("parts"), list):
            _read_content(message, content["parts"], depth - 1)
        elif _is_part(content):
            _read_part(message, content, depth - 1)
        else:
            _add_text(message, json_text(content))


def _is_part(value: Fields) -> bool:
    kind = _type(value)
    if kind is not None:
        return "role" not in value and (
            kind in _CALLS
            or kind in _RESULTS
            or kind in _REASONING
            or kind in _TEXTS
            or kind in _SILENT
            or "toolCallId" in value
        )
    return any(isinstance(value.get(name), dict) for name in _UNTYPED) or (
        "tool.name" in value or ("toolCallId" in value and "toolName" in value)
    )


_UNTYPED = ("functionCall", "function_call", "functionResponse", "function_response", "toolUse", "toolResult")


def _type(part: Fields) -> str | None:
    kind = part.get("type")
    return kind if isinstance(kind, str) else None


def _part_speaker(part: Fields, speaker: str) -> str:
    kind = _type(part)
    if kind in _RESULTS or any(isinstance(part.get(name), dict) for name in ("functionResponse", "function_response")):
        return "tool"
    if kind in _CALLS or kind in _REASONING or "tool.name" in part:
        return "assistant"
    return speaker


def _read_part(message: ChatMessage, part: Fields, depth: int) -> None:
    kind = _type(part)
    for name in _UNTYPED:
        inner = part.get(name)
        if isinstance(inner, dict):
            calls = name.lower() in ("functioncall", "function_call", "tooluse")
            (_add_call if calls else _add_result)(message, inner)
            return
    if kind is not None and (kind.startswith("tool-") or kind == "dynamic-tool") and "state" in part:
        _read_ui_tool(message, kind, part)
    elif kind in _CALLS or "tool.name" in part or (kind is None and "toolCallId" in part):
        _add_call(message, part)
    elif kind in _RESULTS:
        _add_result(message, part)
    elif kind in _REASONING or (part.get("thought") is True and isinstance(part.get("text"), str)):
        held = next((part[name] for name in ("text", "content", "thinking", "summary") if part.get(name)), "[redacted]")
        text = held if isinstance(held, str) else result_text(held)
        message["reasoning"] = f"{message['reasoning']}\n{text}" if message["reasoning"] else text
    elif isinstance(part.get("text"), str):
        _add_text(message, str(part["text"]))
    elif kind in _TEXTS:
        held = part.get("content", part.get("refusal", part.get("text")))
        _add_text(message, held if isinstance(held, str) else result_text(held))
    elif isinstance(part.get("message_content"), dict):
        _read_content(message, [part["message_content"]], depth)
    elif kind not in _SILENT:
        _add_text(message, f"[{kind or 'part'}]")


def _read_ui_tool(message: ChatMessage, kind: str, part: Fields) -> None:
    """A tool part of a UI message: the call, and its result beside it once there is one."""
    name = _text(part, "toolName") or kind.removeprefix("tool-")
    call_id = _text(part, "toolCallId")
    given = part.get("input", part.get("rawInput"))
    message["calls"].append({"id": call_id, "name": name, "args": json_inside(given)})
    state = part.get("state")
    if state in ("output-available", "result"):
        text = result_text(part.get("output", part.get("result")))
        message["results"].append({"id": call_id, "name": name, "text": text, "failed": False})
    elif state in ("output-error", "output-denied"):
        text = _text(part, "errorText") or "denied"
        message["results"].append({"id": call_id, "name": name, "text": text, "failed": True})


def _add_call(message: ChatMessage, part: Fields) -> None:
    message["calls"].append(read_call(part))


def _add_result(message: ChatMessage, part: Fields) -> None:
    call_id = _text(part, "tool_use_id", "toolUseId", "tool_call_id", "toolCallId", "call_id", "id")
    names = ("content", "output", "result", "response", "error")
    held = next((part[name] for name in names if part.get(name) is not None), None)
    wrapped = held if isinstance(held, dict) else {}
    failed = (
        part.get("is_error") is True
        or part.get("isError") is True
        or part.get("status") == "error"
        or part.get("type") == "tool-error"
        or str(wrapped.get("type", "")).startswith("error-")
    )
    name = _text(part, "name", "toolName", "tool_name")
    message["results"].append({"id": call_id, "name": name, "text": result_text(held), "failed": failed})


def _add_text(message: ChatMessage, text: str) -> None:
    if text:
        message["text"] = f"{message['text']}\n{text}" if message["text"] else text


def _text(value: Fields, *names: str) -> str:
    for name in names:
        found = value.get(name)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
    return ""
