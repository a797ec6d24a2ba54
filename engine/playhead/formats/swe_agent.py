"""SWE-agent trajectories: a step for each action and its observation, below the history that led to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import ToolCall
from playhead.formats.base import Format
from playhead.formats.messages import Conversation
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, seconds_long, text_in, whole
from playhead.formats.source import Placed, Source
from playhead.formats.tool_words import decoded
from playhead.formats.usage import Usage, as_cost, as_count
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

MOST_REQUERIES = 16
"""Messages of the history that are looked through for the next step's."""


class SweAgent(Format):
    """A run becomes `swe-agent:<file>`: the prompts, then each step's action as a call and the observation to it."""

    name: ClassVar[str] = "swe-agent"
    title: ClassVar[str] = "SWE-agent trajectory"
    looked_for: ClassVar[str] = "a SWE-agent trajectory of steps with action and observation, or its history"

    def recognise(self, source: Source) -> bool:
        only = source.only
        if not isinstance(only, dict):
            return False
        steps = list_in(only, "trajectory")
        if steps:
            return all(isinstance(step, dict) and {"action", "observation"} <= step.keys() for step in steps[:12])
        told = list_in(only, "history")
        return bool(told) and any(
            isinstance(one, dict) and {"message_type", "agent"} & one.keys() != set() for one in told[:12]
        )

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        if not isinstance(only, dict):
            yield from ()
            return
        yield from _Reader(RunLog("swe-agent", source.path.stem, source.name, report)).read(source, report, only)


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._conversation = Conversation(run.main.keys, run.main)

    def read(self, source: Source, report: ImportReport, document: Fields) -> Iterator[Draft]:
        """The events of one trajectory."""
        top = Placed(None, 0, 0, source.size)
        begun = self._run.draft(top, None)
        self._run.session(begun, environment=document.get("environment"))
        replayed = decoded(document.get("replay_config"))
        if replayed:
            self._run.main.keys.change(begun, "config", self._run.main.keys.shorten_all(begun, replayed))
        begun.kind, begun.label = "session", one_line(f"SWE-agent run {self._run.identity}")
        yield begun
        steps = list_in(document, "trajectory")
        history = list_in(document, "history")
        first = (
            next((place for place, one in enumerate(history) if _acts(one)), len(history)) if steps else len(history)
        )
        for placed in source.elements(report, history, ("history",)):
            if placed.line <= first:
                yield self._told(placed)
            else:
                # The steps say it again, with more beside it.
                report.counts["told_by_steps"] += 1
        acted = [one for one in history[first:] if _acts(one) and isinstance(one, dict)]
        for placed in source.elements(report, steps, ("trajectory",)):
            # Answers that were asked for again are in the history, and are no steps.
            action = placed.value.get("action") if isinstance(placed.value, dict) else None
            place = next((at for at, one in enumerate(acted[:MOST_REQUERIES]) if one.get("action") == action), None)
            said = acted[place] if place is not None else {}
            del acted[: 0 if place is None else place + 1]
            yield from self._step(placed, said)
        info = document.get("info")
        if isinstance(info, dict):
            yield self._ended(top, info)

    def _told(self, placed: Placed) -> Draft:
        draft = self._run.draft(placed, None)
        message = placed.value
        if not isinstance(message, dict) or "role" not in message:
            return self._run.unknown(draft, self._run.main, "history", message)
        identities = list_in(message, "tool_call_ids")
        if message.get("role") == "tool" and identities and isinstance(identities[0], str):
            message = {**message, "tool_call_id": identities[0]}
        self._conversation.add(draft, message, more={"demo": True if message.get("is_demo") is True else None})
        return draft

    def _step(self, placed: Placed, said: Fields) -> Iterator[Draft]:
        """The events of one step: what was done, and what came of it."""
        step, agent, number = placed.value, self._run.main, placed.line
        if not isinstance(step, dict):
            draft = self._run.draft(placed, None)
            yield self._run.unknown(draft, agent, "step", step)
            return
        draft = self._run.draft(placed, None, step=number)
        action = step.get("action")
        command = action if isinstance(action, str) else text_of(action)
        calls = _calls(said) or (
            [ToolCall(f"step-{number}", "shell", {"command": command.strip()})] if command.strip() else []
        )
        text = text_in(step, "thought", "response")
        agent.say(draft, "assistant", text, calls=calls, more={"agent": said.get("agent"), "step": number})
        yield draft
        seen = self._run.draft(placed, None, step=number)
        observation = text_of(step.get("observation"))
        took = seconds_long(step.get("execution_time"))
        for call in calls[:1]:
            agent.answer(seen, call.call_id, observation, failed=False, extra={"duration_ms": took})
        if not calls:
            agent.say(seen, "user", observation, meta=True)
        state = decoded(_stripped(step.get("state")))
        if state:
            agent.keys.change(seen, "state", agent.keys.shorten_all(seen, state))
            self._run.about(seen, agent, cwd=text_in(state, "working_dir"))
        extra = {name: step[name] for name in ("extra_info", "info") if step.get(name)}
        if extra:
            agent.keys.change(seen, "step_info", agent.keys.shorten_all(seen, extra))
        yield seen

    def _ended(self, placed: Placed, info: Fields) -> Draft:
        draft, agent = self._run.draft(placed, None), self._run.main
        stats = object_in(info, "model_stats")
        used = Usage(
            input=as_count(stats.get("tokens_sent")) or 0,
            output=as_count(stats.get("tokens_received")) or 0,
            cost_usd=as_cost(stats.get("instance_cost", stats.get("total_cost"))),
        )
        if stats:
            agent.usage.count(draft, used)
            calls = whole(stats.get("api_calls"))
            agent.keys.change(draft, "model_stats", {**stats, "api_calls": calls})
        others = {
            name: value for name, value in info.items() if name not in ("model_stats", "submission", "exit_status")
        }
        if others:
            agent.keys.change(draft, "info", agent.keys.shorten_all(draft, others))
        status, submission = info.get("exit_status"), text_of(info.get("submission"))
        final: Fields = {"exit_status": status, "submission": agent.keys.shorten(draft, submission) or None}
        failed = isinstance(status, str) and "error" in status.lower()
        agent.finish(
            draft, final, f"{status or 'ended'}: {submission}" if submission else f"{status or 'ended'}", failed=failed
        )
        if failed:
            agent.keys.error(draft, "run", str(status), submission or str(status))
        return draft


def _acts(message: JSON) -> bool:
    """Whether a message of the history is a step's: the agent's own, not a demonstration."""
    return isinstance(message, dict) and message.get("role") == "assistant" and message.get("is_demo") is not True


def _calls(message: Fields) -> list[ToolCall]:
    found: list[ToolCall] = []
    for call in list_in(message, "tool_calls"):
        function = object_in(call, "function")
        found.append(ToolCall(text_in(call, "id"), text_in(function, "name") or "tool", function.get("arguments")))
    return [call for call in found if call.call_id]


def _stripped(value: JSON) -> JSON:
    return value.strip() if isinstance(value, str) else value
