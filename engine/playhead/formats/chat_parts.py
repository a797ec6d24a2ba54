"""The parts of chat messages in any API's words: texts, reasoning, the calls a message makes, the results it brings."""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

from playhead.formats.source import parse
from playhead.formats.vocabulary import json_text
from playhead.formats.vocabulary import text_in as text_in
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


_CALLS = frozenset(
    {"tool_use", "tool_call", "tool-call", "function_call", "custom_tool_call", "server_tool_use", "mcp_tool_use"}
)
_RESULTS = frozenset(
    {
        *("tool_result", "tool_call_response", "tool-result", "tool-error", "function_call_output"),
        *("custom_tool_call_output", "function_response", "mcp_tool_result"),
        *("web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result"),
        *("bash_code_execution_tool_result", "text_editor_code_execution_tool_result"),
    }
)
_REASONING = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_text"})
_TEXTS = frozenset({"text", "input_text", "output_text", "summary_text", "refusal"})
_MEDIA = frozenset({"image", "image_url", "input_image", "file", "media", "document", "audio", "resource", "video"})
_SILENT = frozenset({"step-start", "start-step", "finish-step"})


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
        value = unwrapped_result(value)
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
    if isinstance(value, list) and value and all(isinstance(item, dict) and _is_shown(item) for item in value):
        # What is no text (images for one) is named, and stays where it is in the log.
        return "\n".join(
            result_text(item) if "text" in item else f"[{item['type']}]" for item in value if isinstance(item, dict)
        )
    return value if isinstance(value, str) else "" if value is None else json_text(value)


def unwrapped_result(value: Fields) -> Fields:
    """A tool's message out of what LangChain's callbacks put around it; anything else as it is."""
    output = value.get("output")
    if isinstance(output, dict) and set(value) <= {"output", "kwargs"}:
        value = output
    inner = value.get("kwargs")
    return inner if value.get("lc") is not None and isinstance(inner, dict) else value


def _is_shown(part: Fields) -> bool:
    return "text" in part or _type(part) in _MEDIA


def said(message: ChatMessage) -> bool:
    """Whether a message is one, and not only the answers to calls."""
    return bool(message["text"] or message["reasoning"] or message["calls"]) or not message["results"]


def says_something(message: ChatMessage) -> bool:
    """Whether a message holds anything."""
    return bool(message["text"] or message["reasoning"] or message["calls"] or message["results"])


def empty_message(role: str) -> ChatMessage:
    """A message without anything in it."""
    return {"role": role, "text": "", "reasoning": "", "calls": [], "results": []}


def read_calls(message: ChatMessage, holder: Fields) -> None:
    """Add the calls that are listed beside what a message says."""
    for name in ("tool_calls", "toolCalls", "invalid_tool_calls"):
        calls = json_inside(holder[name]) if name in holder else None
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
        "id": text_in(value, "call_id", "id", "toolCallId", "toolUseId", "tool_call_id"),
        "name": text_in(inner, "name", "toolName", "tool_name", "tool.name") or "tool",
        "args": json_inside(arguments),
    }


def read_content(message: ChatMessage, content: JSON, depth: int) -> None:
    """Add what a message says, a text or parts, to it."""
    if isinstance(content, str):
        inside = json_inside(content) if content[:2] == "[{" else content
        # A tracer's text of a list of parts, and not a text that happens to be JSON.
        if isinstance(inside, list) and all(isinstance(part, dict) and is_part(part) for part in inside):
            content = inside
        else:
            _add_text(message, content)
    if isinstance(content, list) and depth:
        for part in content:
            if isinstance(part, str):
                _add_text(message, part)
            elif isinstance(part, dict):
                read_part(message, part, depth - 1)
    elif isinstance(content, dict) and depth:
        if isinstance(content.get("parts"), list):
            read_content(message, content["parts"], depth - 1)
        elif is_part(content):
            read_part(message, content, depth - 1)
        else:
            _add_text(message, json_text(content))


def is_part(value: Fields) -> bool:
    """Whether an object is a part of a message, and not a message."""
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


def part_speaker(part: Fields, speaker: str) -> str:
    """Who says a part, where it is by itself."""
    kind = _type(part)
    if kind in _RESULTS or any(isinstance(part.get(name), dict) for name in ("functionResponse", "function_response")):
        return "tool"
    if kind in _CALLS or kind in _REASONING or "tool.name" in part:
        return "assistant"
    return speaker


def read_part(message: ChatMessage, part: Fields, depth: int) -> None:
    """Add a part to a message."""
    kind = _type(part)
    if kind in _TEXTS and "thought" not in part:
        held = part.get("text", part.get("content", part.get("refusal")))
        _add_text(message, held if isinstance(held, str) else result_text(held))
        return
    for name in _UNTYPED if kind is None else ():
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
    elif isinstance(part.get("message_content"), dict):
        read_content(message, [part["message_content"]], depth)
    elif kind not in _SILENT:
        _add_text(message, f"[{kind or 'part'}]")


def _read_ui_tool(message: ChatMessage, kind: str, part: Fields) -> None:
    """A tool part of a UI message: the call, and its result beside it once there is one."""
    name = text_in(part, "toolName") or kind.removeprefix("tool-")
    call_id = text_in(part, "toolCallId")
    given = part.get("input", part.get("rawInput"))
    message["calls"].append({"id": call_id, "name": name, "args": json_inside(given)})
    state = part.get("state")
    if state in ("output-available", "result"):
        text = result_text(part.get("output", part.get("result")))
        message["results"].append({"id": call_id, "name": name, "text": text, "failed": False})
    elif state in ("output-error", "output-denied"):
        text = text_in(part, "errorText") or "denied"
        message["results"].append({"id": call_id, "name": name, "text": text, "failed": True})


def _add_call(message: ChatMessage, part: Fields) -> None:
    message["calls"].append(read_call(part))


def _add_result(message: ChatMessage, part: Fields) -> None:
    call_id = text_in(part, "tool_use_id", "toolUseId", "tool_call_id", "toolCallId", "call_id", "id")
    names = ("content", "output", "result", "response", "error")
    held = next((part[name] for name in names if part.get(name) is not None), None)
    wrapped = held if isinstance(held, dict) else {}
    failed = (
        part.get("is_error") is True
        or part.get("isError") is True
        or part.get("status") == "error"
        or part.get("type") == "tool-error"
        or str(wrapped.get("type", "")).startswith("error-")
        or (bool(wrapped.get("error")) and len(wrapped) == 1)
    )
    name = text_in(part, "name", "toolName", "tool_name")
    message["results"].append({"id": call_id, "name": name, "text": result_text(held), "failed": failed})


def _add_text(message: ChatMessage, text: str) -> None:
    if text:
        message["text"] = f"{message['text']}\n{text}" if message["text"] else text
