"""One run of a trace: its agents, what each has heard and said, and the calls between them."""

from __future__ import annotations

import hashlib
from collections import Counter

from playhead.draft import Draft
from playhead.formats.chat import ChatMessage, Fields, said
from playhead.formats.report import ImportReport
from playhead.formats.span_calls import CallBook, KnownCall
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
        self._open: dict[str, str] = {}
        self._steps = 0
        self._answer: Fields = {}
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
        for message in messages:
            self._results(draft, message)
            if not said(message):
                continue
            digest = _digest(message)
            here[digest] += 1
            if here[digest] > self._known[digest]:
                self._add(draft, message, digest)
                news.append(message)
        return news

    def say(self, draft: Draft, messages: list[ChatMessage]) -> list[ChatMessage]:
        """Stage what a model answered: always news, but for calls that are known."""
        for message in messages:
            if said(message):
                self._add(draft, message, _digest(message))
            self._results(draft, message)
        return messages

    def final(self, draft: Draft, text: str) -> None:
        """Stage how it ended: the text, or without one the last answer."""
        answer = self._answer if not text or self._answer.get("text") == text[:FINAL_CHARACTERS] else {}
        value = answer or ({"text": clipped(text, FINAL_CHARACTERS)} if text else {})
        if value:
            self.keys.change(draft, "final", value)

    def subagent(self, draft: Draft, agent_id: str, told: Fields) -> None:
        """Stage what is known of an agent that this one called."""
        value = self._subagents.setdefault(agent_id, {})
        value |= told
        self.keys.change(draft, f"subagents/{key_part(agent_id)}", dict(value))

    def _stack(self, draft: Draft) -> None:
        shown: list[JSON] = [*list(self._open.values())[-MOST_OPEN_SPANS:]]
        self.keys.change(draft, "stack", shown)

    def _add(self, draft: Draft, message: ChatMessage, digest: bytes) -> None:
        self._known[digest] += 1
        value: Fields = {"role": message["role"], "text": self.keys.shorten(draft, message["text"])}
        if message["reasoning"]:
            value["reasoning"] = self.keys.shorten(draft, message["reasoning"])
        key = message_key(self.keys.message_count + 1)
        if message["calls"]:
            known = [self.calls.announce(draft, self.keys, call, key) for call in message["calls"]]
            value["calls"] = [call.key.removeprefix("tool_calls/") for call in known]
        if message["role"] == "assistant" and message["text"]:
            self._answer = {"text": clipped(message["text"], FINAL_CHARACTERS), "message": key}
        self.keys.message(draft, value)

    def _results(self, draft: Draft, message: ChatMessage) -> None:
        for result in message["results"]:
            call = self.calls.of_result(result["id"], result["name"])
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
        self._agents: dict[str, SpanAgent] = {}
        self._report = report

    def agent(self, agent_id: str) -> SpanAgent:
        agent = self._agents.get(agent_id)
        if agent is None:
            agent = self._agents[agent_id] = SpanAgent(agent_id, self.calls, self._report)
            self._report.counts["agents"] += 1
        return agent


def hash_of(text: str) -> str:
    """A short name for a text."""
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=4).hexdigest()


def _digest(message: ChatMessage) -> bytes:
    """What tells two messages apart: the ids of the calls it makes where it makes any, else role and text."""
    ids = [call["id"] for call in message["calls"]]
    if ids and all(ids):
        told: JSON = ["calls", *ids]
    else:
        calls: list[JSON] = [[call["name"], call["args"]] for call in message["calls"]]
        told = [message["role"], message["text"].strip() or message["reasoning"], calls]
    return hashlib.blake2b(json_text(told).encode(errors="replace"), digest_size=8).digest()
