"""One agent of a Claude Code session: its conversation, tool calls and tokens, told record by record."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from typing import cast

from playhead.digests import TextNumbers
from playhead.draft import Draft
from playhead.formats.claude_tools import (
    ToolEffects,
    describe,
    image_or_reference,
    parse_notification,
    read_result,
)
from playhead.formats.claude_tree import Tree
from playhead.formats.report import ImportReport
from playhead.formats.usage import MOST_COST_DIGITS, as_cost, as_count
from playhead.formats.vocabulary import AgentKeys, clipped, message_key, one_line, text_of
from playhead.model import JSON

OPEN_MESSAGES = 64
"""Assistant messages whose further blocks may still come; a later block starts a message of its own."""
FINAL_CHARACTERS = 400
_CONTINUED = "This session is being continued from a previous conversation that ran out of context"
_WRITTEN_BY_TOOL = (
    *("<task-notification>", "<local-command-stdout>", "<local-command-stderr>", "<local-command-caveat>"),
    *("<bash-stdout>", "<bash-stderr>", "<system-reminder>"),
)
_ORIGINS = frozenset({"task-notification", "peer", "coordinator", "auto-continuation"})
"""Of prompts that no person submitted."""
_INTERRUPTED = "[Request interrupted by user"
_BESIDE = frozenset({"advisor_message", "compaction"})
"""Parts of an answer whose tokens its own figures leave out."""
_HOSTED_CALLS = frozenset({"server_tool_use", "mcp_tool_use"})
"""Calls that the model's host answers, in the same message."""

_USAGE = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
}
_COUNTS = tuple(f"{name}_tokens" for name in _USAGE)
_NO_TOKENS = (0,) * len(_USAGE)


class ClaudeAgent:
    """Turns one agent's user and assistant records into operations on its keys."""

    def __init__(self, agent_id: str, report: ImportReport) -> None:
        self.keys = AgentKeys(agent_id, report)
        self.effects = ToolEffects(self.keys)
        self.tree = Tree()
        self.envelope: tuple[JSON, ...] | None = None
        """What the latest record said beside its message; None where its keys may have changed since."""
        self._report = report
        self._open: OrderedDict[str, tuple[int, dict[str, JSON]]] = OrderedDict()
        self._usage_places = TextNumbers()
        """Where the tokens of each message begin in `_usages`."""
        self._usages = array("q")
        self._totals = [0] * len(_USAGE)
        self._cost_by_message: dict[str, float] = {}
        self._cost: JSON = None
        self._turn = self._step = self._branches = 0
        self._context: dict[str, JSON] = {"tokens": 0, "first": message_key(1), "compactions": 0}

    def status(self, draft: Draft, phase: str, stop_reason: JSON = None) -> None:
        """Stage where the agent stands."""
        value: dict[str, JSON] = {"phase": phase, "turn": self._turn, "step": self._step}
        if stop_reason is not None:
            value["stop_reason"] = stop_reason
        self.keys.change(draft, "status", value)

    def user(self, draft: Draft, record: dict[str, JSON]) -> int:
        """Stage a user record, a prompt or tool results; returns the number of its message, 0 without one."""
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else message
        structured = record.get("toolUseResult", record.get("tool_use_result"))
        blocks = content if isinstance(content, list) else []
        results, others = _split(blocks, "tool_result")
        if results:
            self._results(draft, results, structured)
        rest: JSON = others if results else content
        text = text_of(rest, image_or_reference)
        if results and not text:
            return 0
        return self.prompt(draft, record, text, answered=bool(results))

    def prompt(self, draft: Draft, record: dict[str, JSON], text: str, *, answered: bool = False) -> int:
        """Stage what was said to the agent; returns the number of the message."""
        told = parse_notification(text)
        interrupted = text.startswith(_INTERRUPTED)
        hidden, summary = told is not None or interrupted or _is_by_tool(record, text), _is_summary(record, text)
        parent = record.get("parentUuid")
        if not hidden and not summary and not answered and "parentUuid" in record:
            self._forget(draft, self.tree.rewind(parent if isinstance(parent, str) else None))
        value: dict[str, JSON] = {"role": "user", "text": self.keys.shorten(draft, text)}
        if hidden:
            value["meta"] = True
        if summary:
            value["summary"] = True
        self.keys.message(draft, value)
        if answered:
            return self.keys.message_count
        if not hidden and not summary:
            self._turn += 1
            self.status(draft, "user")
        draft.kind = "compaction" if summary else "meta" if hidden else "user"
        draft.label = prompt_label(text)
        if told is not None:
            call_id, news = told
            self.effects.subagent_told(draft, call_id, news)
            draft.label = one_line(f"sub-agent {news['status']}: {news['result']}")
        if interrupted:
            self.status(draft, "waiting", "interrupted")
            draft.kind = "turn_aborted"
        return self.keys.message_count

    def assistant(self, draft: Draft, record: dict[str, JSON]) -> int:
        """Stage an assistant record; records of one message add to one key. Returns the number of the message."""
        message = record.get("message")
        known: dict[str, JSON] = message if isinstance(message, dict) else {"content": message}
        content = known.get("content")
        blocks: list[JSON] = content if isinstance(content, list) else [{"type": "text", "text": text_of(content)}]
        identity = known.get("id") or record.get("requestId")
        number, value = self._message(identity, known)
        key = message_key(number)
        draft.kind, draft.label = "assistant", ""
        calls, others = _split(blocks, "tool_use", *_HOSTED_CALLS)
        answers = [block for block in others if _is_answer(block)]
        self._add_blocks(draft, value, [block for block in others if not _is_answer(block)] if answers else others)
        if calls:
            value["calls"] = [*cast("list[JSON]", value.get("calls", [])), *self._started(draft, calls, key)]
        if answers:
            self._results(draft, cast("list[dict[str, JSON]]", answers), None)
        stop_reason = known.get("stop_reason")
        if stop_reason is not None:
            value["stop_reason"] = stop_reason
        self.keys.write(draft, key, dict(value))
        self._model(draft, known.get("model"))
        response = identity if isinstance(identity, str) else str(record.get("uuid", number))
        self._count_cost(response, as_cost(record.get("costUSD")))
        self._usage(draft, response, known)
        self._settle(draft, record, value, key)
        return number

    def _message(self, identity: JSON, message: dict[str, JSON]) -> tuple[int, dict[str, JSON]]:
        if isinstance(identity, str) and identity in self._open:
            return self._open[identity]
        self._step += 1
        self.keys.message_count += 1
        self._report.counts["messages"] += 1
        value: dict[str, JSON] = {"role": "assistant", "text": ""}
        if isinstance(message.get("model"), str):
            value["model"] = message["model"]
        if isinstance(identity, str):
            value["id"] = identity
            self._open[identity] = self.keys.message_count, value
            if len(self._open) > OPEN_MESSAGES:
                self._open.popitem(last=False)
        return self.keys.message_count, value

    def _add_blocks(self, draft: Draft, value: dict[str, JSON], blocks: list[JSON]) -> None:
        for block in blocks:
            if isinstance(block, dict) and block.get("type") in ("thinking", "redacted_thinking"):
                thinking = block.get("thinking")
                text = thinking if isinstance(thinking, str) else "[redacted]"
                if text:
                    value["reasoning"] = self.keys.shorten(draft, _joined(value.get("reasoning"), text))
                if not draft.label:
                    draft.kind, draft.label = "thinking", one_line(text) or "thinking"
            else:
                text = text_of([block], image_or_reference)
                value["text"] = self.keys.shorten(draft, _joined(value["text"], text))
                if text and draft.kind != "assistant":
                    draft.kind, draft.label = "assistant", ""
                draft.label = draft.label or one_line(text)

    def _started(self, draft: Draft, blocks: list[dict[str, JSON]], message: str) -> list[JSON]:
        identities: list[JSON] = []
        labels: list[str] = []
        for block in blocks:
            name = block.get("name")
            name = name if isinstance(name, str) else "tool"
            identity = block.get("id")
            call_id = identity if isinstance(identity, str) and identity else f"call-{len(self.keys.calls) + 1}"
            arguments = block.get("input")
            known = self.keys.calls.get(call_id)
            if known is not None and known.message == message and known.name == name:
                continue
            summary = describe(name, arguments, self.keys.latest("cwd"))
            call = self.keys.start_call(draft, call_id, name, arguments, summary, message)
            self.effects.called(draft, call_id, name, arguments)
            identities.append(call.key.removeprefix("tool_calls/"))
            labels.append(summary)
            self.status(draft, f"tool:{name}")
        if labels:
            draft.kind = "tool_call"
            draft.label = labels[0] if len(labels) == 1 else one_line(f"{labels[0]} (+{len(labels) - 1})")
        return identities

    def _results(self, draft: Draft, blocks: list[dict[str, JSON]], structured: JSON) -> None:
        draft.kind = "tool_result"
        for block in blocks:
            identity = block.get("tool_use_id")
            call_id = identity if isinstance(identity, str) and identity else "unknown"
            known = self.keys.calls.get(call_id)
            # Only a lone result owns the structured one beside it.
            details = structured if len(blocks) == 1 else None
            outcome = read_result(known.name if known is not None else "", block, details)
            call = self.keys.finish_call(draft, call_id, outcome.text, failed=outcome.failed, extra=outcome.extra)
            self.effects.answered(draft, call_id, call, outcome, details)
            call.arguments = None
            draft.label = draft.label or one_line(f"{call.summary} → {outcome.label}")
            if outcome.failed:
                draft.kind, draft.label = "tool_error", one_line(f"{call.summary} → {outcome.label}")
                self.keys.error(draft, call.key, "tool", outcome.text)
        self.status(draft, "thinking")

    def _usage(self, draft: Draft, identity: str, message: dict[str, JSON]) -> None:
        usage = message.get("usage")
        if not isinstance(usage, dict) or message.get("model") == "<synthetic>":
            return
        counted = window = tuple([as_count(usage[name]) or 0 if name in usage else 0 for name in _USAGE.values()])
        parts = usage.get("iterations")
        if isinstance(parts, list) and len(parts) > 1:
            counted, window = _counted_parts(counted, parts)
        place = self._usage_places.get(identity)
        if place is None:
            before = _NO_TOKENS
            self._usage_places[identity] = len(self._usages)
            self._usages.extend(counted)
        else:
            before = tuple(self._usages[place : place + len(counted)])
        if counted != before:
            if place is not None:
                self._usages[place : place + len(counted)] = array("q", counted)
            for number, name in enumerate(_COUNTS):
                more = counted[number] - before[number]
                if more:
                    self._totals[number] += more
                    self._report.counts[name] += more
        self.write_usage(draft)
        self._context["tokens"] = window[0] + window[2] + window[3]
        self.keys.change(draft, "context", dict(self._context))

    def _count_cost(self, identity: str, cost: float | None) -> None:
        """Add what one response cost, as old versions said on each of its records."""
        if cost is not None:
            more = cost - self._cost_by_message.get(identity, 0.0)
            self._cost_by_message[identity] = cost
            self._cost = round((self._cost if isinstance(self._cost, int | float) else 0.0) + more, MOST_COST_DIGITS)

    def write_usage(self, draft: Draft, cost: JSON = None) -> None:
        """Stage the tokens so far, and what they cost where the log says so."""
        self._cost = cost if isinstance(cost, int | float) else self._cost
        value: dict[str, JSON] = dict(zip(_USAGE, self._totals, strict=True))
        value["calls"] = len(self._usages) // len(_USAGE)
        if self._cost is not None:
            value["cost_usd"] = self._cost
        self.keys.change(draft, "usage", value)

    def _model(self, draft: Draft, model: JSON) -> None:
        if isinstance(model, str) and model and model != "<synthetic>":
            self.keys.change(draft, "model", model)

    def _settle(self, draft: Draft, record: dict[str, JSON], value: dict[str, JSON], key: str) -> None:
        stop_reason = value.get("stop_reason")
        if record.get("isApiErrorMessage") is True:
            text = str(value["text"])
            self.keys.error(draft, key, str(record.get("error") or "api_error"), text)
            draft.kind, draft.label = "api_error", one_line(text)
            self.status(draft, "error", stop_reason)
        elif draft.kind != "tool_call":
            done = stop_reason in ("end_turn", "stop_sequence")
            self.status(draft, "waiting" if done else "thinking", stop_reason)
            if done and value["text"]:
                self.keys.change(
                    draft, "final", {"text": clipped(str(value["text"]), FINAL_CHARACTERS), "message": key}
                )
        superseded = record.get("supersedesUuids")
        if isinstance(superseded, list):
            self.retract(draft, superseded)

    def compacted(self, draft: Draft, details: JSON, kind: str) -> None:
        """Stage that the window was compacted: the visible conversation begins with the next message."""
        self._report.counts["compactions"] += 1
        known = details if isinstance(details, dict) else {}
        self._context["compactions"] = cast(int, self._context["compactions"]) + 1
        if kind == "compact_boundary":
            self._context["first"] = message_key(self.keys.message_count + 1)
        self._context["tokens_before"] = known.get("preTokens")
        self._context["trigger"] = known.get("trigger")
        self.keys.change(draft, "context", dict(self._context))

    def retract(self, draft: Draft, uuids: list[JSON]) -> None:
        """Stage tombstones for the messages that the log takes back."""
        for number in self.tree.retract([uuid for uuid in uuids if isinstance(uuid, str)]):
            draft.delete(self.keys.agent_id, message_key(number))

    def _forget(self, draft: Draft, numbers: list[int]) -> None:
        if not numbers:
            return
        self._branches += 1
        self._report.counts["rewinds"] += 1
        for number in numbers:
            draft.delete(self.keys.agent_id, message_key(number))
        self.keys.write(
            draft, "branch", {"number": self._branches, "before": message_key(numbers[0]), "abandoned": len(numbers)}
        )


def _is_by_tool(record: dict[str, JSON], text: str) -> bool:
    """Whether a prompt was written by Claude Code in the user's place."""
    origin = record.get("origin")
    return (
        record.get("isMeta") is True
        or (isinstance(origin, dict) and str(origin.get("kind")) in _ORIGINS)
        or text.startswith(_WRITTEN_BY_TOOL)
    )


def _joined(before: JSON, text: str) -> str:
    """A message's text with one more block, or with what the record tells again from its beginning."""
    known = before if isinstance(before, str) else ""
    if text.startswith(known):
        return text
    return known if known.startswith(text) or known.endswith(f"\n{text}") else f"{known}\n{text}"


def _counted_parts(told: tuple[int, ...], parts: list[JSON]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tokens of an answer made in parts, those beside it added, and of its last message: what the window held."""
    counted, window = told, told
    for part in parts:
        if isinstance(part, dict):
            own = tuple([as_count(part.get(name)) or 0 for name in _USAGE.values()])
            if str(part.get("type")) in _BESIDE:
                counted = tuple([known + more for known, more in zip(counted, own, strict=True)])
            elif any(own):
                window = own
    return counted, window


def _is_summary(record: dict[str, JSON], text: str) -> bool:
    """Whether a prompt is the summary of a conversation that went before; old versions do not mark it."""
    return record.get("isCompactSummary") is True or text.startswith(_CONTINUED)


def prompt_label(text: str) -> str:
    """A prompt in a few words; a slash command as it was typed."""
    if "<command-name>" in text[:400]:
        name = text.partition("<command-name>")[2].partition("</command-name>")[0]
        arguments = text.partition("<command-args>")[2].partition("</command-args>")[0]
        return one_line(f"{name} {arguments}")
    return one_line(text) or "(no text)"


def _is_answer(block: JSON) -> bool:
    """Whether a block of the assistant's own message is the result of a call in it."""
    kind = block.get("type") if isinstance(block, dict) else None
    return isinstance(kind, str) and kind.endswith("tool_result")


def _split(blocks: list[JSON], *kinds: str) -> tuple[list[dict[str, JSON]], list[JSON]]:
    """The blocks of these types, and the others."""
    of_kind: list[dict[str, JSON]] = []
    others: list[JSON] = []
    for block in blocks:
        if isinstance(block, dict) and block.get("type") in kinds:
            of_kind.append(block)
        else:
            others.append(block)
    return of_kind, others
