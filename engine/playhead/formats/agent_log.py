"""One agent of a run, told in the shared vocabulary: what every coding agent's log comes down to, record by record."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from playhead.draft import Draft
from playhead.formats.report import ImportReport
from playhead.formats.tool_effects import ToolEffects
from playhead.formats.tool_words import decoded, describe, outcome
from playhead.formats.usage import UsageCounter
from playhead.formats.vocabulary import LABEL_CHARACTERS, AgentKeys, Call, clipped, message_key, one_line
from playhead.model import JSON

Fields = dict[str, JSON]

FINAL_CHARACTERS = 400
RECENT_CALLS = 64
"""Answered calls whose value is kept, since a further record may add to them."""

TOOL_CALL, TOOL_RESULT, TOOL_ERROR = "tool_call", "tool_result", "tool_error"


def answered_label(summary: str, told: str) -> str:
    """A call and what came of it on one line: however long the call is, its end is seen."""
    return f"{one_line(summary, LABEL_CHARACTERS - min(len(told), LABEL_CHARACTERS // 2) - 3)} → {one_line(told)}"


class ToolCall(NamedTuple):
    """A tool call as a message makes it."""

    call_id: str
    """Empty where the log gives none."""
    name: str
    arguments: JSON


@dataclass(slots=True)
class Said:
    """A message that was staged, so that a later record can add to it."""

    key: str
    value: Fields = field(default_factory=dict)


class AgentLog:
    """Turns what one agent said, did and got into operations on its keys, and the draft's kind and label."""

    def __init__(self, agent_id: str, report: ImportReport, keys: AgentKeys | None = None) -> None:
        self.keys = AgentKeys(agent_id, report) if keys is None else keys
        self.usage = UsageCounter(self.keys)
        self.effects = ToolEffects(self.keys)
        self.last_message: str | None = None
        """The key of the assistant's last message: whose calls the next ones are."""
        self._turn = self._step = 0
        self._answered: OrderedDict[str, Fields] = OrderedDict()

    def status(self, draft: Draft, phase: str, stop_reason: JSON = None) -> None:
        """Stage where the agent stands: user, thinking, tool:<name>, waiting, done, error."""
        value: Fields = {"phase": phase, "turn": self._turn, "step": self._step}
        if stop_reason is not None:
            value["stop_reason"] = stop_reason
        self.keys.change(draft, "status", value)

    def say(
        self,
        draft: Draft,
        role: str,
        text: str,
        *,
        reasoning: str = "",
        calls: list[ToolCall] | None = None,
        meta: bool = False,
        more: Fields | None = None,
    ) -> Said:
        """Stage a message with the calls it makes; `more` are further fields of it, left out where they are None.

        `meta` marks what nobody said: instructions and context that the tool wrote in the user's place.
        """
        said = Said(message_key(self.keys.message_count + 1))
        said.value = {"role": role, "text": self.keys.shorten(draft, text)}
        if reasoning:
            said.value["reasoning"] = self.keys.shorten(draft, reasoning)
        said.value |= {name: value for name, value in (more or {}).items() if value is not None}
        if meta:
            said.value["meta"] = True
        self._begin(draft, role, text or reasoning, meta=meta, calls=bool(calls))
        if calls:
            self.call_all(draft, said, calls)
        self.keys.message(draft, said.value)
        return said

    def call_all(self, draft: Draft, said: Said, calls: list[ToolCall]) -> list[JSON]:
        """Stage the calls a message makes, note them in its value, and tell them in the draft's label."""
        names: list[JSON] = []
        labels: list[str] = []
        for one in calls:
            call = self.call(draft, one.call_id, one.name, one.arguments, message=said.key)
            names.append(call.key.removeprefix("tool_calls/"))
            labels.append(call.summary)
        known = said.value.get("calls")
        said.value["calls"] = [*(known if isinstance(known, list) else []), *names]
        draft.label = labels[0] if len(labels) == 1 else one_line(f"{labels[0]} (+{len(labels) - 1})")
        return names

    def amend(self, draft: Draft, said: Said) -> None:
        """Stage the message again as its `value` is now."""
        self.keys.write(draft, said.key, dict(said.value))

    def retract(self, draft: Draft, key: str) -> None:
        """Stage the tombstone of a message that was taken back."""
        draft.delete(self.keys.agent_id, key)

    def call(self, draft: Draft, call_id: str, name: str, arguments: JSON, *, message: str | None = None) -> Call:
        """Stage a tool call as running."""
        arguments = decoded(arguments)
        identity = call_id or f"call-{len(self.keys.calls) + 1}"
        summary = describe(name, arguments, self.keys.latest("cwd"))
        call = self.keys.start_call(draft, identity, name, arguments, summary, message or self.last_message)
        draft.kind, draft.label = TOOL_CALL, summary
        self.effects.called(draft, identity, call)
        self.status(draft, f"tool:{name}")
        return call

    def answer(
        self,
        draft: Draft,
        call_id: str,
        text: str,
        *,
        failed: bool,
        exit_code: int | None = None,
        details: JSON = None,
        tool: str = "",
        extra: Fields | None = None,
        shown: str | None = None,
    ) -> Call:
        """Stage a call's result and what it changed; `details` is the structured result beside the text, if any.

        `tool` names the tool where the log does not hold the call. `extra` goes into the call's value (duration_ms,
        stderr…), left out where None. `shown` is what of the text the label tells, if not all.
        """
        kept: Fields = {name: value for name, value in (extra or {}).items() if value is not None}
        if exit_code is not None:
            kept["exit_code"] = exit_code
        known = self.keys.awaiting(call_id)
        if known is None and tool:
            kept = {"name": tool, **kept}
        if known is not None and known.value is None and known.key in self._answered:
            known.value = self._answered[known.key]
        before = known.value if known is not None and isinstance(known.value, dict) else {}
        code = before.get("exit_code", exit_code)
        call = self.keys.finish_call(draft, call_id, text, failed=failed, extra=kept)
        if known is None and tool:
            call.name = call.summary = tool
        self._remember(call.key, {**before, **kept, "name": call.name})
        if not failed:
            self.effects.answered(draft, call, details)
        call.arguments = None
        self.effects.subagent_answered(draft, call_id, call, text, failed=failed)
        told = outcome(
            text if shown is None else shown, failed=failed, exit_code=code if isinstance(code, int) else None
        )
        draft.kind, draft.label = TOOL_ERROR if failed else TOOL_RESULT, answered_label(call.summary, told)
        if failed:
            self.keys.error(draft, call.key, "tool", text or told)
        self.status(draft, "thinking")
        return call

    def enrich(self, draft: Draft, call: Call, news: Fields) -> None:
        """Stage more about a call, answered or not, without counting it as a result."""
        value = call.value if isinstance(call.value, dict) else self._answered.get(call.key, {"name": call.name})
        merged = {**value, **{name: item for name, item in news.items() if item is not None}}
        if merged == value:
            return
        if isinstance(call.value, dict):
            call.value = merged
        else:
            self._remember(call.key, merged)
        self.keys.write(draft, call.key, self.keys.shorten_all(draft, merged))

    def fail(self, draft: Draft, where: str, kind: str, message: str) -> None:
        """Stage an error of the run itself, and make the event one."""
        self.keys.error(draft, where, kind, message)
        self.status(draft, "error")
        draft.kind = kind if kind.endswith("error") else f"{kind}_error"
        draft.label = one_line(f"{kind}: {message}" if message else kind)

    def finish(self, draft: Draft, value: Fields, label: str, *, failed: bool = False) -> None:
        """Stage how the run ended: answer, submission, reward, score."""
        self.keys.change(draft, "final", {name: item for name, item in value.items() if item is not None})
        self.status(draft, "error" if failed else "done")
        draft.kind, draft.label = "run_error" if failed else "result", one_line(label)

    def final_text(self, draft: Draft, text: str, message: str | None = None) -> None:
        """Stage the answer that stands at the end of a turn."""
        if text:
            value: Fields = {"text": clipped(text, FINAL_CHARACTERS)}
            if message is not None:
                value["message"] = message
            self.keys.change(draft, "final", value)

    def _begin(self, draft: Draft, role: str, text: str, *, meta: bool, calls: bool) -> None:
        if role == "assistant":
            self._step += 1
            self.last_message = message_key(self.keys.message_count + 1)
            if not calls:
                self.status(draft, "thinking")
        elif role == "user" and not meta:
            self._turn += 1
            self.last_message = None
            self.status(draft, "user")
        draft.kind = "meta" if meta else role or "message"
        draft.label = one_line(text) or "(no text)"

    def _remember(self, key: str, value: Fields) -> None:
        self._answered[key] = value
        self._answered.move_to_end(key)
        if len(self._answered) > RECENT_CALLS:
            self._answered.popitem(last=False)
