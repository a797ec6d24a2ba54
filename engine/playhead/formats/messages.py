"""Chat messages as model APIs write them: role and content, with tool calls and results inside or beside."""

from __future__ import annotations

import hashlib

from playhead.draft import Draft
from playhead.formats.agent_log import AgentLog, ToolCall
from playhead.formats.chat import ChatMessage, ChatResult, chat_messages
from playhead.formats.tool_words import decoded, exit_code_in
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import AgentKeys, json_text
from playhead.model import JSON

Fields = dict[str, JSON]

_KEPT = ("name", "model", "id", "agent")
_USAGES = ("usage", "usage_metadata", "usageMetadata", "models_usage")
_RESPONSE_ITEMS = frozenset(
    {"function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning"}
)
_SHARED_ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "observation": "tool"}
_SHARED_CALLS = frozenset({"function_call", "tool_call"})
_SPEAKING_TYPES = frozenset({"human", "ai", "AIMessageChunk", "HumanMessageChunk"})


def is_message(value: JSON) -> bool:
    """Whether a value is one chat message."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("role"), str)
        and (
            any(name in value for name in ("content", "tool_calls", "function_call"))
            or isinstance(value.get("parts"), list)
            or isinstance(value.get("text"), str)
        )
    )


def is_conversation(value: JSON) -> bool:
    """Whether a value is a list of chat messages; items that only call tools or answer may be among them."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(is_message(item) or _is_beside(item) for item in value)
        and any(is_message(item) or _is_langchain(item) or _is_shared(item) for item in value)
    )


def _is_beside(value: JSON) -> bool:
    if not isinstance(value, dict):
        return False
    if "role" in value:
        # One that says nothing: the others tell that it is a message.
        return isinstance(value["role"], str)
    kind = value.get("type")
    if isinstance(kind, str) and kind in _RESPONSE_ITEMS:
        return any(name in value for name in ("call_id", "summary", "output", "arguments"))
    return _is_langchain(value) or _is_shared(value)


def _is_langchain(value: JSON) -> bool:
    """Whether a value is a message as LangChain writes it: by type, or as a constructor."""
    if not isinstance(value, dict) or "role" in value:
        return False
    arguments, data = value.get("kwargs"), value.get("data")
    if value.get("lc") is not None and isinstance(arguments, dict):
        return "content" in arguments
    kind = value.get("type")
    if isinstance(kind, str) and kind in _SPEAKING_TYPES:
        return "content" in value or (isinstance(data, dict) and "content" in data)
    return kind in ("system", "tool") and any(
        isinstance(held, dict) and {"content", "additional_kwargs"} <= held.keys() for held in (value, data)
    )


def _is_shared(value: JSON) -> bool:
    """Whether a value is a message as data sets write it: `from` and `value`."""
    return isinstance(value, dict) and "role" not in value and isinstance(value.get("from"), str) and "value" in value


def _in_roles(message: Fields) -> Fields:
    if not _is_shared(message):
        return message
    by = str(message["from"])
    rest = {name: value for name, value in message.items() if name not in ("from", "value")}
    called = decoded(message["value"]) if by in _SHARED_CALLS else None
    if isinstance(called, dict) and isinstance(called.get("name"), str):
        return {**rest, "role": "assistant", "content": "", "tool_calls": [called]}
    return {**rest, "role": _SHARED_ROLES.get(by, by), "content": message["value"]}


def digest(message: JSON) -> bytes:
    """What tells two messages apart."""
    return hashlib.blake2b(json_text(message).encode(errors="replace"), digest_size=8).digest()


class Conversation:
    """One agent's chat: each message becomes a key, each tool call another, answered by its result."""

    def __init__(self, keys: AgentKeys, log: AgentLog | None = None) -> None:
        self.keys = keys
        self.log = AgentLog(keys.agent_id, keys.report, keys) if log is None else log
        self._known: list[tuple[bytes, str | None]] = []
        self._waiting: list[str] = []
        """Calls without a result, in order: whose the results without an id are."""
        self._unnamed: set[str] = set()
        """Calls that were made without an id."""

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

    def add(
        self,
        draft: Draft,
        message: Fields,
        *,
        remember: bool = True,
        failed: bool = False,
        exit_code: int | None = None,
        more: Fields | None = None,
    ) -> None:
        """Stage one message, with the calls it makes or answers; sets the draft's kind and label.

        Only what is remembered can later be recognised at the beginning of a longer list. `failed` and `exit_code` are
        of the results in it where something beside the message says so; `more` are further fields of the message.
        """
        message = _in_roles(message)
        role = message.get("role")
        spoken = chat_messages(message, role if isinstance(role, str) and role else "assistant")
        one = (
            spoken[0]
            if spoken
            else ChatMessage(role=str(role or "message"), text="", reasoning="", calls=[], results=[])
        )
        for other in spoken[1:]:
            one = _joined(one, other)
        if one["role"] == "tool" and not one["results"] and self._waiting:
            tool = message.get("name", message.get("tool_name"))
            nameless = ChatResult(id="", name=tool if isinstance(tool, str) else "", text=one["text"], failed=False)
            one["results"], one["text"] = [nameless], ""
        # A message may bring the results of its own calls: those are made first.
        made = {call["id"] for call in one["calls"]}
        own: list[ChatResult] = []
        others: list[ChatResult] = []
        for result in one["results"]:
            (own if made and (not result["id"] or result["id"] in made) else others).append(result)
        one["results"] = others
        answered = self._answer_all(draft, one, failed=failed, exit_code=exit_code)
        key = None
        if not answered or one["text"] or one["reasoning"] or one["calls"]:
            key = self._say(draft, message, one, answered=answered, more=more or {})
        for result in own:
            named = result["id"] or self._next(result["name"]) or self._next("") or f"result-{len(self.keys.calls) + 1}"
            self._answer(draft, named, result, failed=failed, exit_code=exit_code)
        if remember:
            self._known.append((digest(message), key))

    def called(self, draft: Draft, call_id: str, name: str, arguments: JSON) -> None:
        """Stage a call that no message makes; sets the draft's kind and label."""
        identity = call_id or self._fresh(0)
        self.log.call(draft, identity, name, arguments)
        self._waiting.append(identity)

    def answered(self, draft: Draft, call_id: str, name: str, text: str, *, failed: bool) -> bool:
        """Stage the result of a call, by its id or else of the oldest that waits; False where there is none."""
        identity = call_id if call_id in self.keys.calls else self._next(name)
        if not identity:
            return False
        if identity in self._waiting:
            self._waiting.remove(identity)
        self.log.answer(draft, identity, text, failed=failed, exit_code=exit_code_in(text))
        return True

    def _say(self, draft: Draft, message: Fields, one: ChatMessage, *, answered: bool, more: Fields) -> str:
        kind, label = draft.kind, draft.label
        kept: Fields = {name: message[name] for name in _KEPT if isinstance(message.get(name), str)}
        calls = [
            ToolCall(call["id"] or self._fresh(number), call["name"], call["args"])
            for number, call in enumerate(one["calls"])
        ]
        said = self.log.say(
            draft, one["role"], one["text"], reasoning=one["reasoning"], calls=calls, more={**kept, **more}
        )
        self._unnamed |= {made.call_id for call, made in zip(one["calls"], calls, strict=True) if not call["id"]}
        self._waiting += [call.call_id for call in calls]
        if answered and not calls:
            draft.kind, draft.label = kind, label
        if one["role"] == "assistant":
            self._count(draft, message)
            if not calls:
                self.log.final_text(draft, one["text"], said.key)
        return said.key

    def _fresh(self, number: int) -> str:
        return f"call-{len(self.keys.calls) + number + 1}"

    def _count(self, draft: Draft, message: Fields) -> None:
        about = message.get("response_metadata")
        told = next((message[name] for name in _USAGES if isinstance(message.get(name), dict)), None)
        if told is None and isinstance(about, dict):
            told = about.get("token_usage", about.get("usage"))
        usage = read_usage(told)
        if usage is not None:
            self.log.usage.count(draft, usage)

    def _answer_all(self, draft: Draft, one: ChatMessage, *, failed: bool, exit_code: int | None) -> bool:
        """Stage the results a message brings; whether there was one that found its call, or names it."""
        answered = False
        for result in one["results"]:
            call_id = self._answered_by(result)
            if not call_id:
                one["text"] = f"{one['text']}\n{result['text']}" if one["text"] else result["text"]
                continue
            self._answer(draft, call_id, result, failed=failed, exit_code=exit_code)
            answered = True
        return answered

    def _answer(self, draft: Draft, call_id: str, result: ChatResult, *, failed: bool, exit_code: int | None) -> None:
        if call_id in self._waiting:
            self._waiting.remove(call_id)
        if exit_code is None and call_id in self.keys.calls:
            exit_code = exit_code_in(result["text"])
        failed = failed or result["failed"]
        self.log.answer(draft, call_id, result["text"], failed=failed, exit_code=exit_code, tool=result["name"])

    def _answered_by(self, result: ChatResult) -> str:
        """The id of the call that a result answers: a call made without an id knows it only by its name."""
        if result["id"] in self.keys.calls or (result["id"] and not result["name"]):
            return result["id"]
        found = self._next(result["name"])
        return found if found in self._unnamed else result["id"] or found

    def _next(self, name: str) -> str:
        """The oldest call that waits for its result, of the tool where the result names one."""
        calls = self.keys.calls
        return next((waiting for waiting in self._waiting if not name or calls[waiting].name == name), "")


def _joined(one: ChatMessage, other: ChatMessage) -> ChatMessage:
    """Two messages that one record holds, as one."""
    return ChatMessage(
        role=one["role"],
        text="\n".join(filter(None, (one["text"], other["text"]))),
        reasoning="\n".join(filter(None, (one["reasoning"], other["reasoning"]))),
        calls=[*one["calls"], *other["calls"]],
        results=[*one["results"], *other["results"]],
    )
