"""Tool calls and results in logs of no known format: records whose kind and fields say that they are one."""

from __future__ import annotations

from functools import lru_cache

from playhead.draft import Draft
from playhead.formats.chat import result_text
from playhead.formats.messages import Conversation
from playhead.model import JSON

Fields = dict[str, JSON]

_CALLS = frozenset(
    {"tool_call", "tool_use", "function_call", "tool_start", "tool_call_start", "tool_invocation", "toolcall"}
)
_RESULTS = frozenset(
    {
        "tool_result",
        "function_result",
        "tool_response",
        "function_response",
        "tool_end",
        "tool_call_end",
        "tool_output",
        "function_call_result",
        "function_call_output",
        "tool_call_result",
        "tool_call_output",
    }
)
_NAMES = ("name", "tool_name", "toolName", "tool", "function")
_ARGUMENTS = ("arguments", "args", "input", "parameters", "params", "tool_input")
_OUTPUTS = ("result", "output", "content", "response", "value", "error")
_IDENTITIES = ("call_id", "tool_call_id", "tool_use_id", "toolCallId", "id")


def is_tool_kind(kind: str) -> bool:
    """Whether `tool_told` has something to say of such records."""
    return _spelled(kind) in _CALLS or _spelled(kind) in _RESULTS


def tool_told(conversation: Conversation, draft: Draft, kind: str, record: Fields) -> None:
    """Stage what a record says of a tool, beside what it is otherwise; nothing where it says no such thing."""
    if not is_tool_kind(kind):
        return
    is_call = _spelled(kind) in _CALLS
    if not is_call and not len(conversation.keys.calls):
        return
    data = record.get("data")
    held = data if isinstance(data, dict) else record
    function = held.get("function")
    about = {**held, **function} if isinstance(function, dict) else held
    name = identity = ""
    for key in _NAMES:
        named = about.get(key)
        if isinstance(named, str) and named:
            name = named
            break
    if is_call and not name:
        return
    for key in _IDENTITIES:
        numbered = about.get(key)
        if isinstance(numbered, (str, int)) and numbered:
            identity = str(numbered)
            break
    if is_call:
        arguments = next((about[key] for key in _ARGUMENTS if key in about), None)
        conversation.called(draft, identity, name, arguments)
        return
    output = next((about[key] for key in _OUTPUTS if about.get(key) is not None), None)
    failed = bool(about.get("error")) or about.get("is_error") is True or about.get("status") in ("error", "failed")
    conversation.answered(draft, identity, name, result_text(output), failed=failed or about.get("success") is False)


@lru_cache(maxsize=256)
def _spelled(kind: str) -> str:
    """The kind as it is looked for, whatever its words are joined by."""
    return kind.lower().replace("-", "_").replace(".", "_").replace(" ", "_")
