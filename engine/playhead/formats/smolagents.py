"""smolagents: the memory of an agent, step by step, as `get_full_steps` or a full result writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import ToolCall
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, seconds_long, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_STEP = frozenset({"step_number", "timing", "tool_calls"})


class Smolagents(Format):
    """A memory becomes `smolagents:<file>`; a step is an event for what the model did, and one for what came of it."""

    name: ClassVar[str] = "smolagents"
    title: ClassVar[str] = "smolagents memory"
    looked_for: ClassVar[str] = "smolagents steps with step_number, timing and tool_calls"

    def recognise(self, source: Source) -> bool:
        return any(_is_step(step) for step in _steps(source.only)[1][:12])

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        run = RunLog(self.name, source.path.stem, source.name, report)
        way, steps = _steps(source.only)
        for placed in source.elements(report, steps, way):
            yield from _step(run, placed)


def _steps(document: JSON) -> tuple[tuple[str, ...], list[JSON]]:
    """The steps of a memory or of a result, and the way to them."""
    if isinstance(document, list):
        return (), document
    return ("steps",), list_in(document, "steps")


def _is_step(step: JSON) -> bool:
    return isinstance(step, dict) and step.keys() >= _STEP and ("observations" in step or "model_output" in step)


def _step(run: RunLog, placed: Placed) -> Iterator[Draft]:
    step, agent = placed.value, run.main
    timing = object_in(step, "timing")
    draft = run.draft(placed, timing.get("start_time"))
    if not isinstance(step, dict):
        yield run.unknown(draft, agent, type(step).__name__, step)
    elif _is_step(step):
        yield from _acted(run, placed, draft, step)
    elif "task" in step:
        agent.say(draft, "user", text_of(step.get("task")))
        yield draft
    elif "system_prompt" in step:
        agent.say(draft, "system", text_of(step.get("system_prompt")), meta=True)
        yield draft
    elif "plan" in step:
        agent.keys.change(draft, "plan", agent.keys.shorten(draft, text_of(step.get("plan"))))
        draft.kind, draft.label = "plan", one_line(f"plan: {text_of(step.get('plan'))}")
        _count(run, draft, step)
        yield draft
    else:
        yield run.unknown(draft, agent, "step", step)


def _acted(run: RunLog, placed: Placed, draft: Draft, step: Fields) -> Iterator[Draft]:
    """The events of one action: what the model said and called, and what it saw."""
    agent, output = run.main, object_in(step, "model_output_message")
    made = list_in(step, "tool_calls") or list_in(output, "tool_calls")
    calls = [_call(call, f"step-{step.get('step_number')}-{number}") for number, call in enumerate(made, 1)]
    text = text_of(step.get("model_output")) or text_of(output.get("content"))
    agent.say(draft, "assistant", text, calls=calls, more={"step": step.get("step_number")})
    _count(run, draft, step)
    yield draft
    timing, error = object_in(step, "timing"), object_in(step, "error")
    seen, reason = text_of(step.get("observations")), text_in(error, "message") or text_of(error or None)
    extra: Fields = {"duration_ms": seconds_long(timing.get("duration"))}
    if not calls and reason:
        ended = run.draft(placed, timing.get("end_time"))
        agent.fail(ended, "step", text_in(error, "type") or "step", reason)
        yield ended
    for number, call in enumerate(calls, 1):
        # One observation tells what all calls of a step brought.
        told = "\n".join(filter(None, (seen, reason))) if number == len(calls) else ""
        ended = run.draft(placed, timing.get("end_time"))
        agent.answer(ended, call.call_id, told, failed=bool(reason), extra=extra)
        yield ended
    if step.get("is_final_answer") is True:
        ended = run.draft(placed, timing.get("end_time"))
        answer = text_of(step.get("action_output")) or seen
        agent.finish(ended, {"text": agent.keys.shorten(ended, answer)}, f"final answer: {answer}")
        yield ended


def _call(call: JSON, identity: str) -> ToolCall:
    function = object_in(call, "function")
    return ToolCall(text_in(call, "id") or identity, text_in(function, "name") or "tool", function.get("arguments"))


def _count(run: RunLog, draft: Draft, step: Fields) -> None:
    usage = read_usage(step.get("token_usage"))
    if usage is not None:
        run.main.usage.count(draft, usage)
