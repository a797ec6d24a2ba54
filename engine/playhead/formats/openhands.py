"""OpenHands' SDK: events told apart by their kind, one per file, per line or per element of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.errors import LogError
from playhead.formats.agent_log import Said, ToolCall
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in, whole
from playhead.formats.source import Placed, Source
from playhead.formats.tool_words import decoded
from playhead.formats.usage import NO_USAGE, TOKENS, Usage, as_cost, read_usage
from playhead.formats.vocabulary import key_part, one_line, text_of
from playhead.model import JSON

_KINDS = frozenset(
    {
        *("SystemPromptEvent", "MessageEvent", "ActionEvent", "ObservationEvent", "AgentErrorEvent", "PauseEvent"),
        *("UserRejectObservation", "Condensation", "CondensationRequest", "CondensationSummaryEvent"),
        *("ConversationStateUpdateEvent", "ConversationErrorEvent", "LLMCompletionLogEvent", "TokenEvent"),
        *("ACPToolCallEvent", "InterruptEvent", "HookExecutionEvent", "ConversationIterationLimitEvent"),
    }
)
_SILENT = frozenset({"CondensationRequest", "LLMCompletionLogEvent", "TokenEvent", "StreamingDeltaEvent"})
_PHASES = {
    **dict.fromkeys(("running", "loading", "starting"), "thinking"),
    **dict.fromkeys(("finished", "stopped", "rejected"), "done"),
    **dict.fromkeys(("error", "stuck", "rate_limited"), "error"),
}
_STATE = "base_state.json"
MOST_FILES = 100_000


class OpenHands(Format):
    """A conversation becomes `openhands:<id>`; a file of one event is read with all the events beside it."""

    name: ClassVar[str] = "openhands"
    title: ClassVar[str] = "OpenHands conversation"
    looked_for: ClassVar[str] = "OpenHands SDK events with a kind (ActionEvent, ObservationEvent…)"

    def recognise(self, source: Source) -> bool:
        only = source.only
        records = only[:12] if isinstance(only, list) else [only] if isinstance(only, dict) else source.head
        return any(_is_event(record) for record in records)

    def files(self, source: Source) -> list[Source]:
        if not isinstance(source.only, dict) or not source.name.startswith("event-"):
            return [source]
        found = [source]
        for path in sorted(source.path.parent.glob("event-*.json"))[:MOST_FILES]:
            if path.name == source.name:
                continue
            try:
                found.append(Source(path))
            except LogError:
                continue
        return [*found, *_state_beside(source)]

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        folder = source.path.parent
        identity = folder.parent.name if folder.name == "events" else source.path.stem
        reader = _Reader(RunLog("openhands", identity, source.name, report))
        # What stands beside the events tells what came of them all.
        for file in sorted(self.files(source), key=lambda file: (file.name == _STATE, file.name)):
            reader.run.file = file.name if file.name != _STATE else f"../{_STATE}"
            if file.name == _STATE and file is not source:
                for placed in file.elements(report, [file.only]):
                    yield reader.ended(placed)
                continue
            only = file.only
            if isinstance(only, list):
                records = file.elements(report, only, ())
            else:
                records = file.elements(report, [only]) if isinstance(only, dict) else file.records(report)
            for placed in records:
                yield reader.read(placed)


def phase_of(state: str) -> str:
    """What a state that OpenHands names is in the words that all logs share."""
    return _PHASES.get(state.lower(), "waiting")


def _state_beside(source: Source) -> list[Source]:
    """The file beside a conversation's folder of events that keeps its state as it was last."""
    folder = source.path.parent
    path = folder.parent / _STATE
    if folder.name != "events" or not path.is_file():
        return []
    try:
        state = Source(path)
    except LogError:
        return []
    return [state] if isinstance(state.only, dict) else []


def _is_event(record: JSON) -> bool:
    return isinstance(record, dict) and text_in(record, "kind") in _KINDS and ("id" in record or "timestamp" in record)


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self.run = run
        self._responses: dict[str, Said] = {}
        """The message of each model response: further actions of one response add their calls to it."""
        self._usage: dict[str, Usage] = {}
        self._handlers: dict[str, Callable[[Draft, Fields], None]] = {
            "SystemPromptEvent": self._system,
            "MessageEvent": self._message,
            "ActionEvent": self._action,
            "ObservationEvent": self._observation,
            "UserRejectObservation": self._rejected,
            "AgentErrorEvent": self._failed,
            "ConversationErrorEvent": self._broken,
            "Condensation": self._condensed,
            "CondensationSummaryEvent": self._condensed,
            "ConversationStateUpdateEvent": self._state,
            "PauseEvent": self._paused,
            "InterruptEvent": self._interrupted,
            "ACPToolCallEvent": self._acp_call,
            "HookExecutionEvent": self._hook,
            "ConversationIterationLimitEvent": self._broken,
            "WarningEvent": self._warned,
        }

    def read(self, placed: Placed) -> Draft:
        """The event that one record makes."""
        event = placed.value if isinstance(placed.value, dict) else {}
        kind = text_in(event, "kind")
        draft = self.run.draft(placed, event.get("timestamp"), id=event.get("id"), source=event.get("source"))
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(draft, event)
            if draft.operations and not draft.kind:
                draft.kind = kind
        elif kind in _SILENT:
            self.run.report.counts[kind] += 1
        else:
            self.run.unknown(draft, self.run.main, kind or type(placed.value).__name__, placed.value)
        return draft

    def ended(self, placed: Placed) -> Draft:
        """The event of the conversation's state as it was kept last: its sums, its status and its agent."""
        state = placed.value if isinstance(placed.value, dict) else {}
        draft, agent = self.run.draft(placed, None), self.run.main
        self.run.about(draft, agent, model=text_in(object_in(object_in(state, "agent"), "llm"), "model"))
        self.run.session(draft, conversation=state.get("id"), workspace=state.get("workspace"))
        for name, value in state.items():
            if name not in ("agent", "id", "workspace", "stats") or (name == "stats" and value):
                self._state_value(draft, name, value)
        draft.kind, draft.label = (
            "status",
            one_line(f"state kept: {text_of(state.get('execution_status')) or 'unknown'}"),
        )
        return draft

    def _system(self, draft: Draft, event: Fields) -> None:
        agent = self.run.main
        names: list[JSON] = [text_in(tool, "title", "name", "kind") for tool in list_in(event, "tools")]
        self.run.session(draft, started=event.get("timestamp"), tools=names or None)
        agent.say(draft, "system", text_of(_parts(event.get("system_prompt"))), meta=True)

    def _message(self, draft: Draft, event: Fields) -> None:
        agent, message = self.run.main, object_in(event, "llm_message")
        role = text_in(message, "role") or text_in(event, "source") or "user"
        text = text_of(message.get("content"), _image)
        extra = text_of(event.get("extended_content"))
        calls = [_call(call) for call in list_in(message, "tool_calls") if isinstance(call, dict)]
        said = agent.say(
            draft,
            role,
            f"{text}\n{extra}" if extra else text,
            reasoning=_reasoning(message),
            calls=calls,
            more={"sender": event.get("sender"), "id": event.get("llm_response_id")},
        )
        if role == "assistant" and not calls:
            agent.final_text(draft, text, said.key)
            agent.status(draft, "waiting")

    def _action(self, draft: Draft, event: Fields) -> None:
        agent, told = self.run.main, object_in(event, "tool_call")
        response = text_in(event, "llm_response_id")
        given = decoded(told.get("arguments"))
        action = {name: value for name, value in object_in(event, "action").items() if name != "kind"}
        name = text_in(event, "tool_name") or text_in(told, "name") or "tool"
        call = ToolCall(text_in(event, "tool_call_id") or text_in(told, "id"), name, given if given else action)
        said = self._responses.get(response) if response else None
        if said is not None:
            agent.call_all(draft, said, [call])
            draft.kind = "tool_call"
            agent.amend(draft, said)
        else:
            text, thoughts = text_of(event.get("thought")), _reasoning(event)
            said = agent.say(draft, "assistant", text, reasoning=thoughts, calls=[call], more={"id": response or None})
            if response:
                self._responses[response] = said
        risk = event.get("security_risk")
        made = agent.keys.calls.get(call.call_id)
        if made is not None and isinstance(risk, str) and risk not in ("UNKNOWN", ""):
            agent.enrich(draft, made, {"security_risk": risk})
        if text_in(object_in(event, "action"), "kind") == "FinishAction":
            answer = text_in(action, "message")
            agent.final_text(draft, answer, said.key)
            agent.status(draft, "done")
            draft.label = one_line(f"finish: {answer}")

    def _observation(self, draft: Draft, event: Fields) -> None:
        agent, seen = self.run.main, object_in(event, "observation")
        text = text_of(seen.get("content", seen.get("output", seen.get("text"))), _image)
        about = object_in(seen, "metadata")
        code = whole(seen.get("exit_code"))
        code = code if code is not None and code >= 0 else None
        self.run.about(draft, agent, cwd=text_in(about, "working_dir"))
        failed = seen.get("is_error") is True if "is_error" in seen else bool(code)
        call_id = text_in(event, "tool_call_id") or text_in(event, "action_id")
        details: Fields = {"todos": seen["task_list"]} if isinstance(seen.get("task_list"), list) else {}
        agent.answer(
            draft,
            call_id,
            text,
            failed=failed,
            exit_code=code,
            details=details,
            tool=text_in(event, "tool_name"),
            extra={"timed_out": True} if seen.get("timeout") is True else None,
        )

    def _rejected(self, draft: Draft, event: Fields) -> None:
        reason = text_in(event, "rejection_reason") or "rejected by the user"
        call_id = text_in(event, "tool_call_id") or text_in(event, "action_id")
        self.run.main.answer(
            draft, call_id, reason, failed=True, tool=text_in(event, "tool_name"), extra={"rejected": True}
        )

    def _failed(self, draft: Draft, event: Fields) -> None:
        error, call_id = text_in(event, "error") or text_of(event.get("error")), text_in(event, "tool_call_id")
        if call_id:
            self.run.main.answer(draft, call_id, error, failed=True, tool=text_in(event, "tool_name"))
        else:
            self.run.main.fail(draft, "agent", "agent_error", error)

    def _broken(self, draft: Draft, event: Fields) -> None:
        limit = "iteration_limit" if "max_iterations" in event else "conversation_error"
        kind = text_in(event, "code") or limit
        self.run.main.fail(draft, "conversation", kind, text_in(event, "detail") or text_of(event.get("detail")))

    def _condensed(self, draft: Draft, event: Fields) -> None:
        agent, summary = self.run.main, text_in(event, "summary")
        self.run.report.counts["compactions"] += 1
        value: Fields = {
            "compactions": self.run.report.counts["compactions"],
            "forgotten": len(list_in(event, "forgotten_event_ids")),
            "summary": agent.keys.shorten(draft, summary),
        }
        agent.keys.change(draft, "context", value)
        draft.kind, draft.label = "compaction", one_line(f"conversation condensed: {summary}")

    def _state(self, draft: Draft, event: Fields) -> None:
        key, value = text_in(event, "key") or "state", event.get("value")
        if key == "full_state" and isinstance(value, dict):
            for name, item in value.items():
                self._state_value(draft, name, item)
        else:
            self._state_value(draft, key, value)
        draft.kind = "status"
        draft.label = one_line(f"{key}: {value}" if isinstance(value, str) else key)

    def _state_value(self, draft: Draft, key: str, value: JSON) -> None:
        agent = self.run.main
        if key == "execution_status":
            status = text_of(value)
            agent.status(draft, phase_of(status), status)
        elif key == "stats":
            self._stats(draft, value)
        elif key:
            agent.keys.change(draft, f"conversation/{key_part(key)}", agent.keys.shorten_all(draft, value))

    def _stats(self, draft: Draft, value: JSON) -> None:
        """Stage the sums that the conversation keeps for each use of a model."""
        agent, cost, total = self.run.main, 0.0, NO_USAGE
        for use in object_in(value, "usage_to_metrics").values():
            summed = read_usage(object_in(use, "accumulated_token_usage")) or NO_USAGE
            total = Usage(*(getattr(total, name) + getattr(summed, name) for name in TOKENS))
            cost += as_cost(object_in({"use": use}, "use").get("accumulated_cost")) or 0.0
            model = text_in(use, "model_name")
            if any(summed[:-1]):
                self.run.about(draft, agent, model=model)
        agent.usage.count(draft, total._replace(cost_usd=cost), "accumulated")

    def _paused(self, draft: Draft, event: Fields) -> None:
        self.run.main.status(draft, "waiting", "paused")
        draft.kind, draft.label = "status", "paused"

    def _interrupted(self, draft: Draft, event: Fields) -> None:
        self.run.main.status(draft, "waiting", "interrupted")
        draft.kind, draft.label = "turn_aborted", one_line(text_in(event, "reason") or "interrupted")

    def _warned(self, draft: Draft, event: Fields) -> None:
        text = text_in(event, "message")
        self.run.main.keys.change(draft, "last_warning", text)
        draft.kind, draft.label = "warning", one_line(text)

    def _hook(self, draft: Draft, event: Fields) -> None:
        failed = event.get("success") is False or event.get("blocked") is True
        what = text_in(event, "hook_event_type", "event_type") or "hook"
        told = text_in(event, "reason", "error", "stderr", "stdout")
        if failed:
            self.run.main.keys.error(draft, what, "hook", told)
        else:
            names = ("hook_command", "exit_code", "tool_name", "stdout")
            value: Fields = {name: event[name] for name in names if event.get(name) is not None}
            self.run.main.keys.change(draft, "hook", self.run.main.keys.shorten_all(draft, {"event": what, **value}))
        draft.kind = "hook_error" if failed else "hook"
        draft.label = one_line(f"{what}: {told or text_in(event, 'hook_command')}")

    def _acp_call(self, draft: Draft, event: Fields) -> None:
        """A call that another agent behind the conversation made, told again as it goes on."""
        agent, call_id, status = self.run.main, text_in(event, "tool_call_id"), text_in(event, "status")
        known, given = agent.keys.calls.get(call_id), event.get("raw_input")
        if known is None:
            name = text_in(event, "tool_kind") or "tool"
            known = agent.call(draft, call_id, name, {"title": event.get("title")} if given is None else given)
        failed = event.get("is_error") is True or status == "failed"
        if known.answered or not (failed or status == "completed"):
            return
        blocks = [object_in(block, "content") or block for block in list_in(event, "content")]
        text = text_of(event.get("raw_output")) or text_of(blocks or None)
        extra: Fields = {"title": event.get("title"), "parent": event.get("parent_tool_call_id")}
        agent.answer(draft, call_id, text, failed=failed, extra=extra)


def _call(call: Fields) -> ToolCall:
    function = object_in(call, "function") or call
    return ToolCall(text_in(call, "id"), text_in(function, "name") or "tool", function.get("arguments"))


def _parts(value: JSON) -> JSON:
    return [value] if isinstance(value, dict) else value


def _image(part: Fields) -> str | None:
    urls = list_in(part, "image_urls")
    return f"[{len(urls)} images]" if urls else None


def _reasoning(holder: Fields) -> str:
    """What was thought, told once however often the record repeats it."""
    told = text_in(holder, "reasoning_content")
    if told:
        return told
    blocks = (text_in(block, "thinking") for block in list_in(holder, "thinking_blocks"))
    item = object_in(holder, "responses_reasoning_item")
    summary = [part for part in list_in(item, "summary") if isinstance(part, str)]
    return "\n".join(filter(None, [*blocks, *summary]))
