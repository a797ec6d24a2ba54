"""Who talks in an Inspect sample, and what was said: conversations by agent, tool calls with their answers, tokens."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from playhead.draft import Draft
from playhead.formats.inspect_sample import Sample
from playhead.formats.report import ImportReport
from playhead.formats.vocabulary import AgentKeys, Call, json_text, key_part, message_key, one_line, text_of
from playhead.model import JSON

Fields = dict[str, JSON]

MAIN_AGENT = "main"
MOST_CONVERSATIONS = 200
"""Of one agent; what comes after goes on with the last."""
_COMPARED = ("role", "content", "tool_calls", "tool_call_id")
_USAGE = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "input_tokens_cache_read",
    "cache_write": "input_tokens_cache_write",
    "reasoning": "reasoning_tokens",
}


@dataclass(slots=True)
class _Talk:
    """One conversation: what tells its messages from others, and the keys they stand under."""

    keys: AgentKeys
    digests: list[bytes] = field(default_factory=list)
    written: list[str | None] = field(default_factory=list)
    """The key of each; None for what stands in a tool call."""
    told: int = 0
    """Messages beyond the system's."""

    def common(self, digests: list[bytes]) -> int:
        """How many messages of a list are the ones already here, from the first on."""
        if self.digests == digests[: len(self.digests)]:
            return len(self.digests)
        for place, (known, other) in enumerate(zip(self.digests, digests, strict=False)):
            if known != other:
                return place
        return len(digests)


class Agents:
    """All agents of one sample."""

    def __init__(self, sample: Sample, report: ImportReport) -> None:
        self._sample = sample
        self._report = report
        self._pooled: dict[int, bytes] = dict.fromkeys(map(id, sample.messages), b"")
        """What tells the sample's own messages apart, by their identity, once it was asked."""
        self._keys: dict[str, AgentKeys] = {}
        self._talks: dict[str, list[_Talk]] = {}
        self._callers: dict[str, AgentKeys] = {}
        self._made: dict[str, JSON] = {}
        """By the id of a call, that of the message that made it."""
        self._usage: dict[str, int] = dict.fromkeys((*_USAGE, "calls"), 0)

    def keys(self, agent_id: str) -> AgentKeys:
        """The keys of an agent, which may be new."""
        if agent_id not in self._keys:
            self._report.counts["agents"] += 1
            self._keys[agent_id] = AgentKeys(agent_id, self._report)
        return self._keys[agent_id]

    def say(self, draft: Draft, agent_id: str, sent: list[JSON], answer: Fields | None) -> AgentKeys:
        """Stage what is new in the messages sent to a model, and its answer; sets kind and label. Returns who spoke."""
        messages = [message for message in sent if isinstance(message, dict)]
        digests = [self._pooled.get(id(message)) or self._digest(message) for message in messages]
        talk = self._talk(agent_id, messages, digests)
        same = talk.common(digests)
        for key in talk.written[same:]:
            if key is not None:
                draft.delete(talk.keys.agent_id, key)
        del talk.digests[same:], talk.written[same:]
        new = messages[same:]
        talk.digests += digests[same:]
        if answer is not None:
            new.append(answer)
            talk.digests.append(self._digest(answer))
        for message in new:
            resolved = self._sample.resolve(message)
            talk.written.append(self._add(draft, talk, resolved if isinstance(resolved, dict) else {}))
        return talk.keys

    def _digest(self, message: Fields) -> bytes:
        resolved = self._sample.resolve({name: message[name] for name in _COMPARED if message.get(name)})
        digest = _digest(resolved if isinstance(resolved, dict) else {})
        if id(message) in self._pooled:
            self._pooled[id(message)] = digest
        return digest

    def spend(self, draft: Draft, usage: JSON) -> None:
        """Count the tokens of one call of a model."""
        if not isinstance(usage, dict):
            return
        for ours, theirs in _USAGE.items():
            count = usage.get(theirs)
            if isinstance(count, int) and not isinstance(count, bool) and count:
                self._usage[ours] += count
                self._report.counts[f"{ours}_tokens"] += count
        self._usage["calls"] += 1
        self.keys(MAIN_AGENT).change(draft, "usage", {**self._usage})

    def tool(self, draft: Draft, agent_id: str, event: Fields, result: JSON) -> None:
        """Stage a tool event: the call where no message made it, and its answer."""
        call_id = str(event.get("id") or f"tool-{draft.meta.get('event')}")
        name = str(event.get("function") or "tool")
        keys = self._callers.get(call_id) or self.keys(agent_id)
        call = keys.calls.get(call_id)
        if call is None or call.answered:
            summary = _summary(name, event.get("arguments"))
            call = keys.start_call(draft, call_id, name, event.get("arguments"), summary, None)
            self._callers[call_id] = keys
        if event.get("pending") is True:
            draft.kind, draft.label = "tool_call", call.summary
            return
        error = event.get("error")
        failed = error is not None or event.get("failed") is True
        seconds = event.get("working_time")
        extra: Fields = {"duration_ms": round(seconds * 1000)} if isinstance(seconds, int | float) else {}
        for field_name in ("agent", "truncated", "message_id", "metadata"):
            if event.get(field_name) is not None:
                extra[field_name] = event[field_name]
        text = text_of(result)
        if isinstance(error, dict):
            text = text or str(error.get("message", ""))
            extra["error"] = error
        call = keys.finish_call(draft, call_id, text, failed=failed, extra=extra)
        call.arguments = None
        draft.kind = "tool_error" if failed else "tool_result"
        draft.label = one_line(f"{call.summary} → {one_line(text, 60)}")
        if failed:
            known = error if isinstance(error, dict) else {}
            keys.error(draft, call.key, str(known.get("type") or "tool"), str(known.get("message") or text))

    def _talk(self, agent_id: str, messages: list[Fields], digests: list[bytes]) -> _Talk:
        """The conversation that goes on with these messages, or a new one."""
        talks = self._talks.setdefault(agent_id, [])
        best = max(talks, key=lambda talk: talk.common(digests), default=None)
        shared = messages[: best.common(digests)] if best is not None else []
        if best is not None and (not best.told or any(message.get("role") != "system" for message in shared)):
            return best
        if best is not None and len(talks) >= MOST_CONVERSATIONS:
            return talks[-1]
        talks.append(_Talk(self.keys(agent_id if not talks else f"{agent_id}/conversation-{len(talks) + 1}")))
        return talks[-1]

    def _add(self, draft: Draft, talk: _Talk, message: Fields) -> str | None:
        """Stage one message; a tool's is in its call. Returns the key it stands under."""
        role, keys = str(message.get("role") or "message"), talk.keys
        talk.told += role != "system"
        content = message.get("content")
        reasoning = "\n".join(_reasoning(content))
        text = text_of([part for part in content if not _is_reasoning(part)] if isinstance(content, list) else content)
        answers = message.get("tool_call_id")
        if role == "tool" and isinstance(answers, str) and answers:
            self._answered(draft, keys, answers, message, text)
            return None
        kept = ("id", "source", "model", "metadata", "internal", "error")
        value: Fields = {"role": role, "text": keys.shorten(draft, text)}
        value |= {name: keys.shorten_all(draft, message[name]) for name in kept if message.get(name) is not None}
        if reasoning:
            value["reasoning"] = keys.shorten(draft, reasoning)
        draft.kind, draft.label = role, one_line(text) or one_line(reasoning) or role
        key = message_key(keys.message_count + 1)
        made = message.get("tool_calls")
        calls = [call for call in (made if isinstance(made, list) else ()) if isinstance(call, dict)]
        if calls:
            known = [self._call(draft, keys, call, key, message.get("id")) for call in calls]
            value["calls"] = [call.key.removeprefix("tool_calls/") for call in known]
            first = known[0].summary
            draft.kind = "tool_call"
            draft.label = first if len(calls) == 1 else one_line(f"{first} (+{len(calls) - 1})")
        return keys.message(draft, value)

    def _call(self, draft: Draft, keys: AgentKeys, call: Fields, key: str, message: JSON) -> Call:
        call_id, name = str(call.get("id")), str(call.get("function") or "tool")
        caller = self._callers.get(call_id)
        if message is not None and caller is not None and caller is not keys and self._made.get(call_id) == message:
            # Who is handed a conversation is handed the calls in it too: they stay with who made them.
            return caller.calls[call_id]
        self._callers[call_id], self._made[call_id] = keys, message
        summary = _summary(name, call.get("arguments"))
        return keys.start_call(draft, call_id, name, call.get("arguments"), summary, key)

    def _answered(self, draft: Draft, keys: AgentKeys, call_id: str, message: Fields, text: str) -> None:
        """An answer that no tool event told of before."""
        keys = self._callers.get(call_id) or keys
        known = keys.calls.get(call_id)
        if known is not None and known.answered:
            return
        error = message.get("error")
        call = keys.finish_call(draft, call_id, text, failed=error is not None)
        call.arguments = None
        draft.kind = "tool_error" if error is not None else "tool_result"
        draft.label = one_line(f"{call.summary} → {one_line(text, 60)}")
        if error is not None:
            keys.error(draft, call.key, "tool", text_of(error) if not isinstance(error, dict) else json_text(error))


def span_agent(chain: list[Fields], role: JSON) -> str:
    """The agent that speaks inside these spans, outermost first: main, a scorer, a role, or an agent inside main."""
    if any(str(span.get("type", "")).startswith("scorer") for span in chain):
        return "scorer"
    if isinstance(role, str) and role:
        return key_part(role)
    agents = [span for span in chain if span.get("type") == "agent"]
    inside = [span for place, span in enumerate(chain) if any(outer.get("type") == "tool" for outer in chain[:place])]
    if len(agents) > 1 or (agents and agents[-1] in inside):
        return key_part(str(agents[-1].get("name") or "agent"))
    return MAIN_AGENT


def _digest(message: Fields) -> bytes:
    """What tells a message from another, of the fields that count."""
    compared = dict(message)
    if isinstance(calls := compared.get("tool_calls"), list):
        # What a call looked like on the screen differs between the places that tell of it.
        compared["tool_calls"] = [
            [call.get("id"), call.get("function"), call.get("arguments")] if isinstance(call, dict) else call
            for call in calls
        ]
    return hashlib.blake2b(json_text(compared).encode(errors="replace"), digest_size=12).digest()


def _reasoning(content: JSON) -> list[str]:
    parts = content if isinstance(content, list) else []
    return [
        str(part.get("reasoning") or part.get("summary") or "[redacted]")
        for part in parts
        if isinstance(part, dict) and _is_reasoning(part)
    ]


def _is_reasoning(part: JSON) -> bool:
    return isinstance(part, dict) and part.get("type") == "reasoning"


def _summary(name: str, arguments: JSON) -> str:
    told = arguments
    if isinstance(arguments, dict):
        told = next((value for value in arguments.values() if isinstance(value, str)), json_text(arguments))
    return one_line(f"{name}: {text_of(told)}")
