"""ATIF, the interchange format of agent trajectories: numbered steps with calls, observations and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import Said, ToolCall
from playhead.formats.base import Format
from playhead.formats.json_places import Steps
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.tool_words import exit_code_in
from playhead.formats.usage import TOKENS, Usage, as_count, read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_ROLES = {"agent": "assistant"}
_HELD = "subagent_trajectories"
MOST_WAYS = 32
"""Steps to a trajectory inside others; what lies deeper is not looked at."""
_FIELDS = frozenset(
    {
        *("schema_version", "session_id", "trajectory_id", "agent", "steps", "notes", "final_metrics"),
        *("continued_trajectory_ref", "extra", _HELD),
    }
)
_STEP_FIELDS = frozenset(
    {
        *("step_id", "timestamp", "source", "message", "model_name", "reasoning_effort", "reasoning_content"),
        *("tool_calls", "observation", "metrics", "is_copied_context"),
    }
)


class Atif(Format):
    """A trajectory becomes `atif:<session id>`; a step's message and calls are one event, each observation another."""

    name: ClassVar[str] = "atif"
    title: ClassVar[str] = "ATIF trajectory"
    looked_for: ClassVar[str] = "an ATIF trajectory (schema_version ATIF-v1…)"

    def recognise(self, source: Source) -> bool:
        only = source.only
        version = only.get("schema_version") if isinstance(only, dict) else None
        return isinstance(version, str) and version.startswith("ATIF-")

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        if not isinstance(only, dict):
            yield from ()
            return
        identity = text_in(only, "session_id", "trajectory_id") or source.path.stem
        run = RunLog("atif", identity, source.name, report)
        yield from _Reader(run, source, only, ()).told()


class _Reader:
    """One trajectory, and those of its sub-agents that it holds."""

    def __init__(self, run: RunLog, source: Source, document: Fields, way: Steps) -> None:
        self._run, self._source, self._document, self._way = run, source, document, way
        self._children: dict[str, _Reader] = {}
        """By the id that references name, those that are not told yet."""
        self.spent: list[Usage] = []
        """What sub-agents used, which the sums of this trajectory count too."""
        if len(way) < MOST_WAYS:
            for number, child in enumerate(list_in(document, _HELD)):
                if isinstance(child, dict):
                    name = text_in(child, "trajectory_id", "session_id") or f"subagent-{number + 1}"
                    agent = RunLog("atif", run.identity, run.file, run.report, main=name)
                    self._children[name] = _Reader(agent, source, child, (*way, _HELD, number))

    def told(self) -> Iterator[Draft]:
        """The events of the trajectory, each sub-agent's before the step that has its result."""
        top = Placed(None, 0, 0, self._source.size)
        yield self.begun(top, self._document)
        steps = list_in(self._document, "steps")
        for placed in self._source.elements(self._run.report, steps, (*self._way, "steps")):
            for result in list_in(object_in(placed.value, "observation"), "results"):
                for child in list_in(result, "subagent_trajectory_ref"):
                    yield from self._told_child(text_in(child, "trajectory_id", "session_id"))
            yield from self.read(placed)
        for name in list(self._children):
            yield from self._told_child(name)
        yield self.ended(top, self._document)

    def _told_child(self, name: str) -> Iterator[Draft]:
        child = self._children.pop(name, None)
        if child is not None:
            yield from child.told()
            used = child._run.main.keys.latest("usage")
            known = used if isinstance(used, dict) else {}
            self.spent += [*child.spent, Usage(**{field: as_count(known.get(field)) or 0 for field in TOKENS})]

    def begun(self, placed: Placed, document: Fields) -> Draft:
        """The event of what the trajectory says of its agent."""
        draft, agent = self._run.draft(placed, None), object_in(document, "agent")
        self._run.session(
            draft,
            agent=agent.get("name"),
            version=agent.get("version"),
            schema=document.get("schema_version"),
            trajectory=document.get("trajectory_id"),
            notes=document.get("notes"),
            continued_in=document.get("continued_trajectory_ref"),
        )
        keys = self._run.main.keys
        self._run.about(draft, self._run.main, model=text_in(agent, "model_name"))
        names: list[JSON] = [
            text_in(object_in(tool, "function"), "name") for tool in list_in(agent, "tool_definitions")
        ]
        if names:
            keys.change(draft, "tools", names)
        rest: Fields = {name: value for name, value in document.items() if name not in _FIELDS}
        extras = (("agent_extra", agent.get("extra")), ("extra", document.get("extra")), ("fields", rest))
        for name, value in extras:
            if value:
                keys.change(draft, name, keys.shorten_all(draft, value))
        draft.kind, draft.label = "session", one_line(f"{agent.get('name') or 'agent'} {agent.get('version') or ''}")
        return draft

    def read(self, placed: Placed) -> Iterator[Draft]:
        """The events of one step."""
        step = placed.value
        if not isinstance(step, dict):
            draft = self._run.draft(placed, None)
            yield self._run.unknown(draft, self._run.main, "step", step)
            return
        draft = self._run.draft(placed, step.get("timestamp"), step=step.get("step_id"))
        said, calls = self._tell(draft, step)
        yield draft
        for result in list_in(object_in(step, "observation"), "results"):
            yield self._observed(placed, step, result, said, calls)

    def _tell(self, draft: Draft, step: Fields) -> tuple[Said, list[ToolCall]]:
        agent, by = self._run.main, text_in(step, "source") or "agent"
        calls = [
            ToolCall(
                text_in(call, "tool_call_id") or f"step-{draft.meta['line']}-{number}",
                text_in(call, "function_name") or "tool",
                call.get("arguments"),
            )
            for number, call in enumerate(list_in(step, "tool_calls"), 1)
            if isinstance(call, dict)
        ]
        text = text_of(step.get("message"), _image)
        copied = step.get("is_copied_context") is True
        more: Fields = {
            "model": step.get("model_name"),
            "copied": True if copied else None,
            "step": step.get("step_id"),
        }
        said = agent.say(
            draft,
            _ROLES.get(by, by),
            text,
            reasoning=text_in(step, "reasoning_content"),
            calls=calls,
            meta=copied,
            more=more,
        )
        if said.value["role"] == "assistant":
            self._run.about(draft, agent, model=text_in(step, "model_name"), effort=step.get("reasoning_effort"))
            if not calls:
                agent.final_text(draft, text, said.key)
        usage = read_usage(step.get("metrics"))
        if usage is not None:
            agent.usage.count(draft, usage)
        others = {name: value for name, value in step.items() if name not in _STEP_FIELDS}
        if others:
            agent.keys.change(draft, "step_extra", agent.keys.shorten_all(draft, others))
        return said, calls

    def _observed(self, placed: Placed, step: Fields, result: JSON, said: Said, calls: list[ToolCall]) -> Draft:
        agent = self._run.main
        draft = self._run.draft(placed, step.get("timestamp"), step=step.get("step_id"))
        text = text_of(result.get("content"), _image) if isinstance(result, dict) else text_of(result)
        call_id = text_in(result, "source_call_id")
        if not call_id and len(calls) == 1:
            known = agent.keys.calls.get(calls[0].call_id)
            call_id = calls[0].call_id if known is not None and not known.answered else ""
        children = list_in(result, "subagent_trajectory_ref")
        if call_id:
            code, failed = exit_code_in(text), isinstance(result, dict) and result.get("is_error") is True
            extra: Fields = {"subagents": children} if children else {}
            agent.answer(draft, call_id, text, failed=failed or bool(code), exit_code=code, extra=extra)
        else:
            # Agents that write commands as text get their output so: it belongs to the message.
            before = said.value.get("observation")
            said.value["observation"] = agent.keys.shorten(draft, f"{before}\n{text}" if before else text)
            agent.amend(draft, said)
            draft.kind, draft.label = "observation", one_line(text) or "(no text)"
        for child in children:
            identity = text_in(child, "session_id", "trajectory_id", "trajectory_path") or "unknown"
            news: Fields = {"status": "completed", "file": text_in(child, "trajectory_path") or None}
            news["about"] = agent.keys.shorten_all(draft, object_in(child, "extra")) or None
            agent.effects.subagent(draft, identity, news)
        return draft

    def ended(self, placed: Placed, document: Fields) -> Draft:
        """The event of the trajectory's sums."""
        draft, agent, sums = self._run.draft(placed, None), self._run.main, object_in(document, "final_metrics")
        told: Fields = {name.removeprefix("total_"): value for name, value in sums.items()}
        usage = read_usage(told)
        if usage is not None:
            # What the steps do not tell: summaries and sub-agents, which only the sums count.
            so_far = agent.keys.latest("usage")
            known = so_far if isinstance(so_far, dict) else {}
            others = {name: sum(getattr(spent, name) for spent in self.spent) for name in TOKENS}
            more = {
                name: max(0, getattr(usage, name) - (as_count(known.get(name)) or 0) - others[name]) for name in TOKENS
            }
            if any(more.values()):
                agent.usage.count(draft, Usage(**more))
            if usage.cost_usd is not None:
                agent.usage.write(draft, usage.cost_usd)
        text = agent.keys.latest("final")
        agent.finish(draft, {**(text if isinstance(text, dict) else {}), "metrics": sums or None}, _summed(usage))
        return draft


def _summed(usage: object) -> str:
    if usage is None:
        return "ended"
    return "ended: " + ", ".join(f"{getattr(usage, name):,} {name}" for name in TOKENS[:2]) + " tokens"


def _image(part: Fields) -> str | None:
    source = object_in(part, "source")
    return f"[image {text_in(source, 'path', 'media_type')}]" if part.get("type") == "image" else None
