"""One run of a trace: its agents, what each has heard and said, and the calls between them."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from itertools import islice

from playhead.draft import Draft
from playhead.formats.chat import ChatCall, ChatMessage, Fields, said
from playhead.formats.report import ImportReport
from playhead.formats.span_calls import CallBook, KnownCall, digest_of
from playhead.formats.span_index import MAIN_AGENT
from playhead.formats.usage import UsageCounter
from playhead.formats.vocabulary import AgentKeys, clipped, json_text, key_part, message_key, one_line
from playhead.model import JSON

FINAL_CHARACTERS = 400
MOST_OPEN_SPANS = 50
"""Spans that `stack` names; of more it names the latest."""


class SpanAgent:
    """Turns what one agent's spans say into operations on its keys."""

    def __init__(self, agent_id: str, calls: CallBook, report: ImportReport) -> None:
        self.keys = AgentKeys(agent_id, report)
        self.usage = UsageCounter(self.keys)
        self.calls = calls
        self._known: Counter[bytes] = Counter()
        self._told_calls: dict[bytes, list[KnownCall]] = {}
        self._open: dict[str, str] = {}
        self._steps = 0
        self.answer: Fields = {}
        """The last thing it said, and the key of that message."""
        self._subagents: dict[str, Fields] = {}

    def status(self, draft: Draft, phase: str, *, step: bool = False) -> None:
        """Stage where the agent stands; `step` counts one more call of a model."""
        self._steps += step
        self.keys.change(draft, "status", {"phase": phase, "step": self._steps})

    def opened(self, draft: Draft, span_id: str, name: str) -> None:
        """Stage that a span is open."""
        self._open[span_id] = name
        self._stack(draft)

    def closed(self, draft: Draft, span_id: str) -> None:
        """Stage that a span is open no more."""
        if self._open.pop(span_id, None) is not None:
            self._stack(draft)

    @property
    def idle(self) -> bool:
        """Whether none of its spans is open."""
        return not self._open

    def hear(self, draft: Draft, messages: list[ChatMessage]) -> list[ChatMessage]:
        """Stage the messages that are not known yet, and return them.

        A model is given its conversation again and again, cut and summarised on the way: a message is known where its
        like was heard or said as often before, wherever it stood.
        """
        here: Counter[bytes] = Counter()
        news: list[ChatMessage] = []
        aliases = _aliases(messages)
        for message in messages:
            self._results(draft, message, aliases)
            if not said(message):
                continue
            digest = _digest(message)
            here[digest] += 1
            called = self._called(message, here)
            if here[digest] > self._known[digest] and not called:
                self._add(draft, message)
                news.append(message)
        return news

    def _called(self, message: ChatMessage, here: Counter[bytes]) -> bool:
        """Whether all calls of a message were told before: together or one by one, under these ids or others."""
        known: list[tuple[str, KnownCall]] = []
        for call in message["calls"]:
            digest = _call_digest(call)
            told = self._told_calls.get(digest, [])
            if here[digest] < len(told):
                known.append((call["id"], told[here[digest]]))
            here[digest] += 1
        if not known or len(known) < len(message["calls"]):
            return False
        for call_id, call_told in known:
            self.calls.also(call_id, call_told)
        return True

    def say(self, draft: Draft, messages: list[ChatMessage]) -> list[ChatMessage]:
        """Stage what a model answered: always news, but for calls that are known."""
        for message in messages:
            if said(message):
                self._add(draft, message)
            self._results(draft, message, {})
        return messages

    def final(self, draft: Draft, text: str, last: Fields) -> Fields:
        """Stage how it ended and return it: the text, without one its last answer, without that the run's last one."""
        same = not text or self.answer.get("text") == clipped(text, FINAL_CHARACTERS)
        told: Fields = {"text": clipped(text, FINAL_CHARACTERS)}
        value = (self.answer if same else told) or last
        if value:
            self.keys.change(draft, "final", value)
        return value

    def subagent(self, draft: Draft, agent_id: str, told: Fields) -> None:
        """Stage what is known of an agent that this one called."""
        value = self._subagents.setdefault(agent_id, {})
        value |= told
        self.keys.change(draft, f"subagents/{key_part(agent_id)}", dict(value))

    def _stack(self, draft: Draft) -> None:
        shown: list[JSON] = [*islice(reversed(self._open.values()), MOST_OPEN_SPANS)]
        self.keys.change(draft, "stack", shown[::-1])

    def _add(self, draft: Draft, message: ChatMessage) -> None:
        self._known[_digest(message)] += 1
        if message["calls"] and message["text"]:
            # Some APIs tell the text and the calls of one answer apart.
            self._known[_digest({**message, "calls": []})] += 1
        value: Fields = {"role": message["role"], "text": self.keys.shorten(draft, message["text"])}
        if message["reasoning"]:
            value["reasoning"] = self.keys.shorten(draft, message["reasoning"])
        key = message_key(self.keys.message_count + 1)
        if message["calls"]:
            known = [self.calls.announce(draft, self.keys, call, key) for call in message["calls"]]
            for call, told in zip(message["calls"], known, strict=True):
                self._told_calls.setdefault(_call_digest(call), []).append(told)
            value["calls"] = [call.key.removeprefix("tool_calls/") for call in known]
        if message["role"] == "assistant" and message["text"]:
            self.answer = {"text": clipped(message["text"], FINAL_CHARACTERS), "message": key}
        self.keys.message(draft, value)

    def _results(self, draft: Draft, message: ChatMessage, aliases: dict[str, str]) -> None:
        for result in message["results"]:
            call = self.calls.of_result(result["id"], result["name"])
            if call is None and result["id"] in aliases:
                call = self.calls.of_result(aliases[result["id"]], "")
            if call is None:
                identity = result["id"] or f"{result['name'] or 'tool'}-result-{hash_of(result['text'])}"
                call = self.calls.of_result(identity, "") or self.calls.answer_unknown(
                    draft, self.keys, identity, result["text"], failed=result["failed"]
                )
                if not result["failed"]:
                    continue
            elif not self.calls.answer(draft, call, result["text"], failed=result["failed"]):
                continue
            if result["failed"]:
                self.failed(draft, call, result["text"])
            elif not draft.label:
                draft.kind, draft.label = "tool_result", one_line(f"{call.told} → {one_line(result['text'], 60)}")

    def failed(self, draft: Draft, call: KnownCall, text: str) -> None:
        """Stage that a tool failed."""
        draft.kind, draft.label = "tool_error", one_line(f"{call.told} → {one_line(text, 60)}")
        self.keys.error(draft, call.key, "tool", text)


class Run:
    """Everything of one namespace."""

    def __init__(self, namespace: str, report: ImportReport) -> None:
        self.namespace = namespace
        self.calls = CallBook()
        self.traces = 0
        self.final: Fields = {}
        """How the agent that ended last did."""
        self._agents: dict[str, SpanAgent] = {}
        self._report = report

    @property
    def first(self) -> SpanAgent:
        """The agent that spoke first, whom a record of nobody is kept with."""
        return next(iter(self._agents.values()), None) or self.agent(MAIN_AGENT)

    def agent(self, agent_id: str) -> SpanAgent:
        agent = self._agents.get(agent_id)
        if agent is None:
            agent = self._agents[agent_id] = SpanAgent(agent_id, self.calls, self._report)
            self._report.counts["agents"] += 1
        return agent


def hash_of(text: str) -> str:
    """A short name for a text."""
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=4).hexdigest()


def _aliases(messages: list[ChatMessage]) -> dict[str, str]:
    """Ids of results to ids of calls, where a conversation names the one otherwise than the other: in their order."""
    made = {call["id"] for message in messages for call in message["calls"]}
    answered = {result["id"] for message in messages for result in message["results"]}
    aliases: dict[str, str] = {}
    waiting: deque[str] = deque()
    for message in messages if not answered <= made else ():
        waiting.extend(call["id"] for call in message["calls"] if call["id"] and call["id"] not in answered)
        for result in message["results"]:
            if waiting and result["id"] not in made:
                aliases[result["id"]] = waiting.popleft()
    return aliases


def _call_digest(call: ChatCall) -> bytes:
    return b"call " + call["name"].encode(errors="replace") + b" " + digest_of(call["args"])


def _digest(message: ChatMessage) -> bytes:
    """What tells two messages apart: role and text, and the calls made."""
    calls: list[JSON] = [_call_digest(call).hex() for call in message["calls"]]
    told: JSON = [message["role"], message["text"].strip() or message["reasoning"], calls]
    return hashlib.blake2b(json_text(told).encode(errors="replace"), digest_size=8).digest()
