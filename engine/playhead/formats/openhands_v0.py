"""OpenHands before its SDK: a list of actions and observations, and the evaluation's output with a list per line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import ToolCall
from playhead.formats.base import Format
from playhead.formats.openhands import phase_of
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in, whole
from playhead.formats.source import Placed, Source
from playhead.formats.tool_words import decoded
from playhead.formats.usage import as_cost, read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_SAID = frozenset({"message", "system"})
_CONTROL = frozenset({"change_agent_state", "recall", "pause", "resume", "null", "start", "stop", "loop_recovery"})
_CONDENSED = frozenset({"condensation", "condense", "condensation_request"})
_TOLD = frozenset({"instance_id", "instance", "instruction", "history", "metadata", "metrics", "test_result", "error"})
_STATE_ERRORS = frozenset({"error", "rate_limited"})
_THOUGHT_FIELDS = frozenset(
    {
        *("thought", "impl_source", "translated_ipython_code", "confirmation_state", "security_risk", "hidden"),
        *("blocking", "is_static", "task_completed", "final_thought", "outputs"),
    }
)


class OpenHandsV0(Format):
    """An action is a message with its call, an observation the result; `openhands:<instance>` for evaluations."""

    name: ClassVar[str] = "openhands-v0"
    title: ClassVar[str] = "OpenHands V0 trajectory"
    looked_for: ClassVar[str] = (
        "OpenHands events with source and action or observation, or evaluation lines with history"
    )

    def recognise(self, source: Source) -> bool:
        records = source.only if isinstance(source.only, list) else source.head
        head = records[:12]
        return any(_is_event(record) or _is_instance(record) for record in head)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        placed_records = source.elements(report, only, ()) if isinstance(only, list) else source.records(report)
        reader = _Reader(RunLog("openhands", source.path.stem, source.name, report))
        attempts: Counter[str] = Counter()
        for placed in placed_records:
            if isinstance(placed.value, dict) and _is_instance(placed.value):
                identity = text_of(placed.value.get("instance_id")) or f"line-{placed.line}"
                attempts[identity] += 1
                again = f"-{attempts[identity]}" if attempts[identity] > 1 else ""
                run = RunLog("openhands", f"{identity}{again}", source.name, report)
                yield from _instance(placed, placed.value, run)
            else:
                yield reader.read(placed)


def _is_event(record: JSON) -> bool:
    if not isinstance(record, dict) or "kind" in record or not isinstance(record.get("source", "agent"), str):
        return False
    acted = isinstance(record.get("action"), str) and isinstance(record.get("args"), dict)
    seen = isinstance(record.get("observation"), str) and (
        "cause" in record or "extras" in record or "content" in record
    )
    return (acted or seen) and ("id" in record or "timestamp" in record)


def _is_instance(record: JSON) -> bool:
    if not isinstance(record, dict) or "instance_id" not in record:
        return False
    flat = _flat(list_in(record, "history"))
    return bool(flat) and any(_is_event(event) for event in flat[:12])


def _flat(history: list[JSON]) -> list[JSON]:
    """The events of a history, which older evaluations pair up as action and observation."""
    return [event for item in history for event in (item if isinstance(item, list) else [item])]


def _instance(placed: Placed, record: Fields, run: RunLog) -> Iterator[Draft]:
    """The events of one line of an evaluation's output."""
    reader = _Reader(run)
    begun = run.draft(placed, None)
    config = object_in(object_in(record, "metadata"), "llm_config")
    run.session(begun, instance=record.get("instance_id"), agent=object_in(record, "metadata").get("agent_class"))
    run.about(begun, run.main, model=text_in(config, "model"), task=text_in(record, "instruction") or None)
    keys = run.main.keys
    for name, value in (("instance", record.get("instance")), ("metadata", record.get("metadata"))):
        if value:
            keys.change(begun, name, keys.shorten_all(begun, value))
    begun.kind, begun.label = "session", one_line(f"instance {record.get('instance_id')}")
    yield begun
    for number, event in enumerate(_flat(list_in(record, "history")), 1):
        draft = reader.read(placed._replace(value=event))
        draft.meta["event"] = number
        yield draft
    ended = run.draft(placed, None)
    metrics, result = object_in(record, "metrics"), object_in(record, "test_result")
    cost = as_cost(metrics.get("accumulated_cost"))
    usages = [usage for told in list_in(metrics, "token_usages") if (usage := read_usage(told)) is not None]
    if run.main.usage.calls == 0:
        for usage in usages:
            run.main.usage.count(ended, usage)
    if cost is not None:
        run.main.usage.write(ended, cost)
    others: Fields = {name: value for name, value in record.items() if name not in _TOLD and value is not None}
    if others:
        keys.change(ended, "info", keys.shorten_all(ended, others))
    error = text_of(record.get("error"))
    patch = text_in(result, "git_patch")
    final: Fields = {"patch": run.main.keys.shorten(ended, patch) if patch else None, "error": error or None}
    scored = {name: value for name, value in result.items() if name != "git_patch"}
    final["test_result"] = run.main.keys.shorten_all(ended, scored) if scored else None
    run.main.finish(ended, final, f"failed: {error}" if error else "evaluation ended", failed=bool(error))
    if error:
        run.main.keys.error(ended, "run", "error", error)
    yield ended


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._calls: dict[str, str] = {}
        """The call that each action made, by the action's id."""

    def read(self, placed: Placed) -> Draft:
        """The event that one record makes."""
        event = placed.value
        if not isinstance(event, dict):
            draft = self._run.draft(placed, None)
            return self._run.unknown(draft, self._run.main, type(event).__name__, event)
        draft = self._run.draft(placed, event.get("timestamp"), id=event.get("id"), source=event.get("source"))
        if isinstance(event.get("observation"), str):
            self._observed(draft, event, str(event["observation"]))
        elif isinstance(event.get("action"), str):
            self._acted(draft, event, str(event["action"]))
        else:
            self._run.unknown(draft, self._run.main, "event", event)
        self._count(draft, event)
        return draft

    def _acted(self, draft: Draft, event: Fields, action: str) -> None:
        agent, arguments = self._run.main, object_in(event, "args")
        text = text_in(arguments, "content") or text_in(event, "message")
        if action in _SAID:
            role = "system" if action == "system" else "user" if event.get("source") == "user" else "assistant"
            said = agent.say(draft, role, text, meta=action == "system")
            if role == "assistant":
                agent.final_text(draft, text, said.key)
        elif action in _CONDENSED:
            self._condensed(draft, arguments)
        elif action in _CONTROL:
            self._run.report.counts[action] += 1
            state = text_in(arguments, "agent_state")
            if state:
                agent.status(draft, phase_of(state), state)
                draft.kind, draft.label = "status", f"asked to be {state}"
        else:
            self._called(draft, event, action, arguments)

    def _called(self, draft: Draft, event: Fields, action: str, arguments: Fields) -> None:
        agent = self._run.main
        about = object_in(event, "tool_call_metadata")
        identity = text_of(event.get("id"))
        call_id = text_in(about, "tool_call_id") or f"{action}-{identity or draft.meta['line']}"
        self._calls[identity] = call_id
        name = text_in(about, "function_name") or action
        told = _arguments(about, call_id)
        given = (
            told if told is not None else {key: value for key, value in arguments.items() if key not in _THOUGHT_FIELDS}
        )
        thought = text_in(arguments, "thought", "final_thought")
        said = agent.say(draft, "assistant", thought, calls=[ToolCall(call_id, name, given)])
        if action in ("finish", "reject"):
            answer = text_in(arguments, "final_thought", "thought", "reason") or text_in(event, "message")
            agent.enrich(draft, agent.keys.calls[call_id], {"status": "ok"})
            agent.final_text(draft, answer, said.key)
            agent.status(draft, "done")
            draft.label = one_line(f"{name}: {answer}" if answer else name)

    def _observed(self, draft: Draft, event: Fields, kind: str) -> None:
        agent, extras = self._run.main, object_in(event, "extras")
        call_id = text_in(object_in(event, "tool_call_metadata"), "tool_call_id") or self._calls.get(
            text_of(event.get("cause")), ""
        )
        text = text_of(event.get("content")) or text_in(event, "message")
        about = object_in(extras, "metadata")
        self._run.about(draft, agent, cwd=text_in(about, "working_dir"))
        if call_id and call_id in agent.keys.calls:
            code = whole(about.get("exit_code", extras.get("exit_code")))
            code = code if code is not None and code >= 0 else None
            failed = kind == "error" or (event.get("success") is False if "success" in event else bool(code))
            answered = agent.answer(draft, call_id, text, failed=failed, exit_code=code)
            if kind in ("edit", "write") and isinstance(extras.get("new_content"), str) and not failed:
                answered.arguments = None
        elif kind == "agent_state_changed":
            state = text_in(extras, "agent_state") or "unknown"
            agent.status(draft, phase_of(state), state)
            draft.kind, draft.label = (
                "status",
                one_line(f"agent is {state}: {text_in(extras, 'reason')}".removesuffix(": ")),
            )
            if state in _STATE_ERRORS:
                agent.fail(draft, "run", state, text_in(extras, "reason") or text)
        elif kind == "error":
            agent.fail(draft, "run", text_in(extras, "error_id") or "error", text)
        elif kind in ("null", "recall", "success", "think") and not text:
            self._run.report.counts[kind] += 1
        else:
            agent.say(draft, "environment", text, meta=True, more={"observation": kind})

    def _condensed(self, draft: Draft, arguments: Fields) -> None:
        agent = self._run.main
        forgotten = list_in(arguments, "forgotten_event_ids")
        self._run.report.counts["compactions"] += 1
        summary = text_in(arguments, "summary")
        value: Fields = {
            "compactions": self._run.report.counts["compactions"],
            "forgotten": len(forgotten) or None,
            "summary": agent.keys.shorten(draft, summary) if summary else None,
        }
        agent.keys.change(draft, "context", value)
        draft.kind, draft.label = "compaction", one_line(f"conversation condensed: {summary}")

    def _count(self, draft: Draft, event: Fields) -> None:
        agent = self._run.main
        response = object_in(object_in(event, "tool_call_metadata"), "model_response")
        usage = read_usage(response.get("usage"))
        if usage is not None:
            self._run.about(draft, agent, model=text_in(response, "model"))
            agent.usage.count(draft, usage, text_in(response, "id") or None)
        metrics = object_in(event, "llm_metrics")
        if usage is None and agent.usage.calls <= 1:
            summed = read_usage(metrics.get("accumulated_token_usage"))
            if summed is not None:
                agent.usage.count(draft, summed, "accumulated")
        cost = as_cost(metrics.get("accumulated_cost"))
        if cost is not None:
            agent.usage.write(draft, cost)


def _arguments(about: Fields, call_id: str) -> JSON:
    """A call's arguments as the model wrote them, or None."""
    for choice in list_in(object_in(about, "model_response"), "choices"):
        for call in list_in(object_in(choice, "message"), "tool_calls"):
            if text_in(call, "id") == call_id:
                return decoded(object_in(call, "function").get("arguments"))
    return None
