"""Tool calls of one run: announced by a message, run by a span, answered by either, and each of them told once."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass

from playhead.draft import Draft
from playhead.formats.chat import ChatCall, json_inside
from playhead.formats.vocabulary import AgentKeys, json_text, one_line
from playhead.model import JSON


@dataclass(slots=True, eq=False)
class KnownCall:
    """A tool call, whoever told of it."""

    keys: AgentKeys
    """Of the agent that made it."""
    identity: str
    key: str
    name: str
    told: str
    """In human words."""
    arguments: bytes
    """A digest of them."""
    announced: bool = False
    """A message made it."""
    run: bool = False
    """A span ran it."""
    answered: bool = False


class CallBook:
    """Pairs what models call with what tools did: by id, else by name and arguments."""

    def __init__(self) -> None:
        self._by_id: dict[str, KnownCall] = {}
        self._by_span: dict[str, KnownCall] = {}
        self._waiting: dict[tuple[str, str, bytes | None], deque[KnownCall]] = {}
        """Calls in order, by what they lack, tool's name, and arguments or any; what lacks it no more is passed by."""
        self._unnamed = 0

    def announce(self, draft: Draft, keys: AgentKeys, call: ChatCall, message: str) -> KnownCall:
        """The call that a message makes: a new one, or the one that a span has begun to run already."""
        arguments = digest_of(call["args"])
        known = self._by_id.get(call["id"]) if call["id"] else None
        if known is not None and known.announced and known.arguments != arguments:
            known = None
        elif known is None:
            known = self._first("announced", call["name"], arguments)
        if known is None:
            known = self._start(draft, keys, call["id"], call["name"], call["args"], message)
        known.announced = True
        if call["id"]:
            self._by_id[call["id"]] = known
        return known

    def run(self, draft: Draft, keys: AgentKeys, call_id: str, name: str, arguments: JSON, span: str) -> KnownCall:
        """The call that a tool's span runs: the one that was announced, or a new one."""
        digest = digest_of(arguments)
        known = self._by_id.get(call_id) if call_id else None
        if known is None:
            known = self._first("run", name, digest)
        if known is None:
            known = self._start(draft, keys, call_id or span, name, arguments, None)
        known.run = True
        if call_id:
            self._by_id[call_id] = known
        self._by_span[span] = known
        return known

    def ended(self, span: str) -> KnownCall | None:
        """The call that a tool's span ran, as it ends."""
        return self._by_span.pop(span, None)

    def also(self, call_id: str, known: KnownCall) -> None:
        """Note that a call goes by another id too."""
        if call_id:
            self._by_id.setdefault(call_id, known)

    def of_result(self, call_id: str, name: str) -> KnownCall | None:
        """The call that a result in a message answers, where it is known."""
        if call_id:
            return self._by_id.get(call_id)
        return self._lacking("answered", name, None) if name else None

    def answer(
        self, draft: Draft, known: KnownCall, text: str, *, failed: bool, extra: dict[str, JSON] | None = None
    ) -> bool:
        """Stage the call's result, unless it has one. True when it was news."""
        if known.answered:
            return False
        known.answered = True
        known.keys.finish_call(draft, known.identity, text, failed=failed, extra=extra).arguments = None
        return True

    def answer_unknown(self, draft: Draft, keys: AgentKeys, call_id: str, text: str, *, failed: bool) -> KnownCall:
        """Stage a result whose call the log does not hold."""
        call = keys.finish_call(draft, call_id, text, failed=failed)
        known = KnownCall(keys, call_id, call.key, "", call.summary, b"", answered=True)
        self._by_id[call_id] = known
        return known

    def _start(
        self, draft: Draft, keys: AgentKeys, identity: str, name: str, arguments: JSON, message: str | None
    ) -> KnownCall:
        if not identity:
            self._unnamed += 1
            identity = f"call-{self._unnamed}"
        told = call_label(name, arguments)
        call = keys.start_call(draft, identity, name, arguments, told, message)
        # Only the digest is needed from here on.
        call.arguments = None
        known = KnownCall(keys, identity, call.key, name, told, digest_of(arguments))
        for what in ("announced", "run", "answered"):
            for digest in (known.arguments, None):
                self._waiting.setdefault((what, name, digest), deque()).append(known)
        return known

    def _first(self, what: str, name: str, arguments: bytes) -> KnownCall | None:
        """The first call of a tool that lacks what is asked for: with equal arguments, or where one names none."""
        nothing = digest_of(None)
        same = self._lacking(what, name, arguments)
        return same or self._lacking(what, name, None if arguments == nothing else nothing)

    def _lacking(self, what: str, name: str, arguments: bytes | None) -> KnownCall | None:
        waiting = self._waiting.get((what, name, arguments))
        while waiting and getattr(waiting[0], what):
            waiting.popleft()
        return waiting[0] if waiting else None


def digest_of(arguments: JSON) -> bytes:
    """What tells the arguments of two calls apart, whatever order they are in; none are as good as an empty object.

    Some tracers write a tool's only argument by itself, others wrap all arguments in an `input`.
    """
    while isinstance(arguments, dict) and set(arguments) == {"input"}:
        arguments = json_inside(arguments["input"])
    if isinstance(arguments, dict):
        arguments = {name: arguments[name] for name in sorted(arguments)}
    text = "" if arguments in (None, "", {}) else json_text(arguments)
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest()


def call_label(name: str, arguments: JSON) -> str:
    """A call in human words: `bash: pytest -q`."""
    told = _told(arguments)
    return one_line(f"{name}: {told}" if told else name)


def _told(arguments: JSON) -> str:
    if isinstance(arguments, dict):
        texts = [value for value in arguments.values() if isinstance(value, str) and value]
        return texts[0] if texts else json_text(arguments) if arguments else ""
    return arguments if isinstance(arguments, str) else "" if arguments is None else json_text(arguments)
