"""Attributes as tracers write them: nested or flat, one for each leaf of a list, JSON inside strings."""

from __future__ import annotations

from playhead.formats.chat import ChatMessage, Fields, chat_messages, json_inside
from playhead.model import JSON

_NESTED = frozenset(
    {
        *("llm", "openinference", "input", "output", "tool", "tool_call", "session", "user", "agent", "graph"),
        *("gen_ai", "ai", "retrieval", "embedding", "reranker", "mlflow", "traceloop", "langfuse", "exception"),
    }
)
_WHOLE = frozenset({"tool.parameters", "llm.invocation_parameters", "llm.prompt_template.variables", "input.value"})


class Attributes:
    """A span's attributes, flat, taken one by one: what nobody took is kept as it is."""

    def __init__(self, attributes: Fields) -> None:
        self._left: Fields = {}
        for name, value in attributes.items():
            if isinstance(value, dict) and name in _NESTED:
                self._flatten(name, value)
            elif value is not None:
                self._left[name] = value

    @property
    def left(self) -> Fields:
        return self._left

    def has(self, *names: str) -> bool:
        return any(name in self._left for name in names)

    def text(self, *names: str) -> str:
        """The first text among these, all of them taken; numbers as their digits."""
        found = ""
        for name in names:
            value = self._left.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool):
                del self._left[name]
                found = found or str(value).strip('"')
        return found

    def value(self, *names: str) -> JSON:
        """The first of these that is there, as the value its JSON text holds; all of them taken."""
        found: JSON = None
        for name in names:
            if name in self._left:
                value = self._left.pop(name)
                found = json_inside(value) if found is None else found
        return found

    def group(self, prefix: str) -> Fields:
        """Everything below a prefix, its names without it; taken."""
        start = f"{prefix}."
        names = [name for name in self._left if name.startswith(start)]
        return {name.removeprefix(start): self._left.pop(name) for name in names}

    def messages(self, prefix: str, speaker: str) -> list[ChatMessage]:
        """The messages under a name: a list, JSON text, or one attribute for each leaf of them; taken."""
        whole = self._left.pop(prefix, None)
        leaves = self.group(prefix) if prefix in _FLATTENED else {}
        found = chat_messages(_unwrapped(_plain(json_inside(whole))), speaker) if whole is not None else []
        if leaves and not found:
            found = chat_messages(_unwrapped(unflattened(leaves)), speaker)
        if not found and whole is not None:
            self._left[prefix] = whole
        return found

    def _flatten(self, prefix: str, value: Fields) -> None:
        for name, inner in value.items():
            path = f"{prefix}.{name}"
            if isinstance(inner, dict) and path not in _WHOLE and prefix.count(".") < 20:
                self._flatten(path, inner)
            elif inner is not None:
                self._left[path] = inner


_FLATTENED = frozenset({"llm.input_messages", "llm.output_messages", "gen_ai.prompt", "gen_ai.completion"})


def unflattened_fields(value: Fields) -> Fields:
    """An object's dotted names as objects inside it."""
    found = unflattened(value)
    return found if isinstance(found, dict) else {}


def unflattened(value: JSON, depth: int = 12) -> JSON:
    """Dotted names as objects inside objects, and objects that count from 0 as lists."""
    if depth == 0:
        return value
    if isinstance(value, list):
        return [unflattened(item, depth - 1) for item in value]
    if not isinstance(value, dict):
        return value
    found: Fields = {}
    for name, item in value.items():
        path = name.split(".", 24)
        holder: Fields = found
        for part in path[:-1]:
            inner = holder.get(part)
            if not isinstance(inner, dict):
                inner = {}
                holder[part] = inner
            holder = inner
        last = holder.get(path[-1])
        if isinstance(last, dict) and isinstance(item, dict):
            last.update(item)
        elif not (isinstance(last, dict) and last):
            holder[path[-1]] = item
    inside = {name: unflattened(item, depth - 1) for name, item in found.items()}
    return as_list(inside) or inside


def as_list(value: JSON) -> list[JSON]:
    """A list, or an object whose names are its places; else nothing."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value and all(name.isdecimal() and len(name) < 9 for name in value):
        return [value[name] for name in sorted(value, key=int)]
    return []


def _plain(value: JSON) -> JSON:
    """A list of messages without dotted names, which only a table of them has."""
    first = value[0] if isinstance(value, list) and value else value
    dotted = isinstance(first, dict) and any("." in name for name in first)
    return unflattened(value) if dotted else value


def _unwrapped(value: JSON) -> JSON:
    """Messages as OpenInference nests them, each under `message`, their parts and calls under names of their own."""
    if not isinstance(value, list):
        return value
    return [_message(item["message"]) if _is_wrapped(item) else item for item in value]  # type: ignore[index,call-overload]


def _is_wrapped(item: JSON) -> bool:
    return isinstance(item, dict) and isinstance(item.get("message"), dict)


def _message(message: JSON) -> JSON:
    if not isinstance(message, dict):
        return message
    parts: list[JSON] = []
    for part in as_list(message.get("contents")):
        inner = part.get("message_content", part) if isinstance(part, dict) else part
        parts.append(inner)
    calls: list[JSON] = []
    for call in as_list(message.get("tool_calls")):
        calls.append(call.get("tool_call", call) if isinstance(call, dict) else call)
    plain = message.get("content")
    return {**message, "content": plain if plain not in (None, "") else parts, "tool_calls": calls}
