"""AutoGen: a team's messages, its event log, its saved state, and failure logs of AG2 and Magentic-One."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from playhead.draft import Draft
from playhead.formats.agent_log import ToolCall
from playhead.formats.base import Format
from playhead.formats.chat import json_inside
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import key_part, one_line, text_of
from playhead.model import JSON

_MESSAGE_TYPES = frozenset(
    {
        *("TextMessage", "ThoughtEvent", "ToolCallRequestEvent", "ToolCallExecutionEvent", "ToolCallSummaryMessage"),
        *("HandoffMessage", "StopMessage", "MultiModalMessage", "StructuredMessage", "MemoryQueryEvent"),
        *("UserInputRequestedEvent", "ModelClientStreamingChunkEvent", "SelectSpeakerEvent", "CodeGenerationEvent"),
        *("CodeExecutionEvent", "SelectorEvent"),
    }
)
_EVENT_TYPES = frozenset(
    {
        *("LLMCall", "LLMStreamStart", "LLMStreamEnd", "ToolCall", "Message", "MessageDropped"),
        *("MessageHandlerException", "AgentConstructionException"),
    }
)
_CONTEXT_TYPES = frozenset({"UserMessage", "AssistantMessage", "SystemMessage", "FunctionExecutionResultMessage"})
_USERS = frozenset({"user", "human", "user_proxy", "UserProxyAgent"})


class AutoGen(Format):
    """Every source of messages is an agent of its own."""

    name: ClassVar[str] = "autogen"
    title: ClassVar[str] = "AutoGen team"
    looked_for: ClassVar[str] = (
        "AutoGen messages, events or team state, or a failure log with history and mistake_agent"
    )

    def recognise(self, source: Source) -> bool:
        only = source.only
        if isinstance(only, dict):
            return _is_state(only) or _is_failure_log(only) or _is_message(only) or _is_result(only)
        records = only if isinstance(only, list) else source.head
        return any(_is_message(record) or _is_event(record) or _is_result(record) for record in records[:12])

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        reader = _Reader(RunLog("autogen", source.path.stem, source.name, report))
        if isinstance(only, dict) and _is_state(only):
            yield from _saved(reader, source, report, only)
        elif isinstance(only, dict) and _is_failure_log(only):
            yield from _failure_log(reader, source, report, only)
        elif isinstance(only, dict) and _is_result(only):
            for placed in source.elements(report, list_in(only, "messages"), ("messages",)):
                yield reader.read(placed)
            yield reader.stopped(Placed(None, 0, 0, source.size), only)
        else:
            listed = source.elements(report, only, ()) if isinstance(only, list) else source.records(report)
            for placed in listed:
                yield from reader.each(placed)


def _is_message(record: JSON) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("source"), str)
        and text_in(record, "type") in _MESSAGE_TYPES
        and ("models_usage" in record or "content" in record)
    )


def _is_event(record: JSON) -> bool:
    if not isinstance(record, dict) or text_in(record, "type") not in _EVENT_TYPES:
        return False
    return bool({"agent_id", "delivery_stage", "sender", "prompt_tokens"} & record.keys())


def _is_state(document: Fields) -> bool:
    return isinstance(document.get("agent_states"), dict) or (
        isinstance(document.get("llm_context"), dict) and "type" in document
    )


def _is_result(document: JSON) -> bool:
    """Whether a value is what a run gave back: all its messages, and why it stopped."""
    return isinstance(document, dict) and any(_is_message(one) for one in list_in(document, "messages")[:12])


def _is_failure_log(document: Fields) -> bool:
    return bool(list_in(document, "history")) and "mistake_agent" in document


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self.run = run
        self._names: dict[str, str] = {}
        self._told: set[str] = set()
        """Ids of messages."""

    def read(self, placed: Placed) -> Draft:
        """The event of one line: a message, or an entry of the event log."""
        record = placed.value
        if not isinstance(record, dict):
            draft = self.run.draft(placed, None)
            return self.run.unknown(draft, self.run.main, type(record).__name__, record)
        kind = text_in(record, "type")
        if kind == "Message":
            return self._passed(placed, record)
        draft = self.run.draft(placed, record.get("created_at", record.get("timestamp")), id=record.get("id"))
        if kind in _EVENT_TYPES:
            self._logged(draft, kind, record)
        elif _is_message(record):
            self.tell(draft, record)
        elif kind == "text":
            self.run.main.keys.change(draft, "last_log", text_of(record.get("message")))
            draft.kind, draft.label = "log", one_line(text_of(record.get("message")))
        else:
            self.run.unknown(draft, self.run.main, kind or "(none)", record)
        return draft

    def each(self, placed: Placed) -> Iterator[Draft]:
        """The events of one line: one, or those of the messages that a run gave back and were not told before."""
        record = placed.value
        if not isinstance(record, dict) or "messages" not in record or "stop_reason" not in record:
            yield self.read(placed)
            return
        told = frozenset(self._told)
        for message in list_in(record, "messages"):
            if not isinstance(message, dict) or text_in(message, "id") not in told:
                yield self.read(placed._replace(value=message))
        yield self.stopped(placed, record)

    def stopped(self, placed: Placed, record: Fields) -> Draft:
        """The event of a run's end."""
        reason = record.get("stop_reason")
        draft = self.run.draft(placed, None)
        self.run.main.finish(draft, {"stop_reason": reason}, f"stopped: {reason}")
        return draft

    def tell(self, draft: Draft, record: Fields, keeper: str | None = None) -> None:
        """Stage one message of a team's conversation, with its source or with who keeps it."""
        agent, kind = self.run.agent(record.get("source") if keeper is None else keeper), text_in(record, "type")
        content = record.get("content")
        self._told.add(text_in(record, "id"))
        role = "user" if text_in(record, "source") in _USERS else "assistant"
        if kind == "ToolCallRequestEvent":
            calls = [
                ToolCall(
                    text_in(call, "id"), text_in(call, "name") or "tool", object_in({"c": call}, "c").get("arguments")
                )
                for call in (content if isinstance(content, list) else [])
            ]
            agent.say(draft, role, "", calls=calls, more={"id": record.get("id")})
        elif kind == "ToolCallExecutionEvent":
            for result in content if isinstance(content, list) else []:
                self._result(draft, agent.keys.agent_id, result)
        elif kind == "ThoughtEvent":
            agent.keys.write(draft, "reasoning", agent.keys.shorten(draft, text_of(content)))
            draft.kind, draft.label = "thinking", one_line(text_of(content)) or "thinking"
        elif kind == "ModelClientStreamingChunkEvent":
            self.run.report.counts[kind] += 1
        else:
            text = text_of(content)
            said = agent.say(
                draft, role, text, more={"id": record.get("id"), "type": kind, "target": record.get("target")}
            )
            if kind in ("TextMessage", "StopMessage", "ToolCallSummaryMessage") and role == "assistant":
                agent.final_text(draft, text, said.key)
            if kind == "HandoffMessage":
                draft.kind, draft.label = "handoff", one_line(f"to {record.get('target')}: {text}")
        usage = read_usage(record.get("models_usage"))
        if usage is not None:
            agent.usage.count(draft, usage, text_in(record, "id") or None)

    def _result(self, draft: Draft, agent_id: str, result: JSON) -> None:
        known = result if isinstance(result, dict) else {}
        self.run.agent(agent_id).answer(
            draft,
            text_in(known, "call_id") or "unknown",
            text_of(known.get("content")),
            failed=known.get("is_error") is True,
            tool=text_in(known, "name"),
        )

    def _passed(self, placed: Placed, record: Fields) -> Draft:
        """The event of a message the first time it passes; it is sent and delivered many times."""
        payload = json_inside(record.get("payload"))
        found = [one for one in _messages_in(payload) if _is_message(one)]
        news = [one for one in found if text_in(one, "id") not in self._told or not text_in(one, "id")]
        self.run.report.counts["deliveries"] += 1
        times = [time for one in (record, *news) for time in (one.get("timestamp"), one.get("created_at")) if time]
        draft = self.run.draft(placed, next(iter(times), None), id=record.get("id"))
        for one in news:
            self.tell(draft, one)
        return draft

    def _logged(self, draft: Draft, kind: str, record: Fields) -> None:
        agent = self.run.agent(self._name(record.get("agent_id", record.get("handling_agent", record.get("sender")))))
        if kind == "ToolCall":
            name, result = text_in(record, "tool_name") or "tool", text_of(record.get("result"))
            waiting = [
                identity for identity, call in agent.keys.calls.items() if call.name == name and not call.answered
            ]
            if waiting:
                agent.enrich(draft, agent.keys.calls[waiting[0]], {"returned": agent.keys.shorten(draft, result)})
                draft.kind, draft.label = (
                    "tool_progress",
                    one_line(f"{agent.keys.calls[waiting[0]].summary} → {result}"),
                )
            else:
                identity = f"call-{draft.meta['line']}"
                agent.call(draft, identity, name, record.get("arguments"))
                agent.answer(draft, identity, result, failed=False)
        elif kind in ("LLMCall", "LLMStreamEnd"):
            usage = read_usage(record)
            if usage is not None:
                agent.usage.count(draft, usage)
            response = object_in(record, "response")
            self.run.about(draft, agent, model=text_in(response, "model"))
            draft.kind, draft.label = "model", one_line(f"model call: {text_in(response, 'model')}")
        elif kind == "LLMStreamStart":
            self.run.report.counts[kind] += 1
        else:
            text = text_of(record.get("exception", record.get("payload")))
            agent.fail(draft, "runtime", kind, text)

    def _name(self, agent_id: JSON) -> str:
        """The agent of a runtime's id, `name_key/key`."""
        told = text_of(agent_id).partition("/")
        return told[0].removesuffix(f"_{told[2]}") if told[2] else told[0]


def _messages_in(payload: JSON, depth: int = 4) -> list[Fields]:
    """The messages that a payload carries, at whichever field."""
    if depth == 0 or not isinstance(payload, dict):
        return []
    if _is_message(payload):
        return [payload]
    found: list[Fields] = []
    for value in payload.values():
        for item in value if isinstance(value, list) else [value]:
            found += _messages_in(item, depth - 1)
    return found


class _Stored(NamedTuple):
    agent: str
    messages: list[JSON]


def _saved(reader: _Reader, source: Source, report: ImportReport, document: Fields) -> Iterator[Draft]:
    """The events of a saved state: one for the team, and one for each message that an agent has in its context."""
    run = reader.run
    (placed,) = source.elements(report, [document])
    begun = run.draft(placed, None)
    states = document.get("agent_states")
    alone: Fields = {run.main_id: {"agent_state": document}}
    named = states if isinstance(states, dict) else alone
    run.session(begun, type=document.get("type"), version=document.get("version"), agents=list(named))
    begun.kind, begun.label = "session", one_line(f"saved state of {', '.join(named)}")
    for name, state in named.items():
        rest = _without_messages(state)
        agent = run.agent(name)
        if rest:
            agent.keys.write(begun, "state", agent.keys.shorten_all(begun, rest))
    yield begun
    for name, state in named.items():
        for stored in (_Stored(name, _context(state)), _Stored(name, list_in(state, "message_thread"))):
            for message in stored.messages:
                yield _remembered(reader, placed, stored.agent, message)


def _context(state: JSON) -> list[JSON]:
    inner = object_in(state, "agent_state") or (state if isinstance(state, dict) else {})
    return list_in(object_in(inner, "llm_context"), "messages")


def _without_messages(state: JSON, depth: int = 6) -> JSON:
    """A state without the messages that are told as such."""
    if depth == 0 or not isinstance(state, dict):
        return state
    kept = {name: _without_messages(value, depth - 1) for name, value in state.items() if name != "message_thread"}
    if isinstance(kept.get("llm_context"), dict):
        kept["llm_context"] = {
            name: value for name, value in object_in(kept, "llm_context").items() if name != "messages"
        }
    return kept


def _remembered(reader: _Reader, placed: Placed, name: str, message: JSON) -> Draft:
    """The event of one message that an agent remembers."""
    known = message if isinstance(message, dict) else {}
    kind, content, agent = text_in(known, "type"), known.get("content"), reader.run.agent(name)
    draft = reader.run.draft(placed, known.get("created_at"), id=known.get("id"))
    if _is_message(known):
        reader.tell(draft, known, name)
        if text_in(known, "source") != name and draft.operations:
            agent.keys.change(draft, "last_source", text_in(known, "source"))
        return draft
    if kind == "FunctionExecutionResultMessage":
        for result in list_in(known, "content"):
            reader._result(draft, name, result)
    elif kind in _CONTEXT_TYPES:
        role = "user" if kind == "UserMessage" else "system" if kind == "SystemMessage" else "assistant"
        calls = [
            ToolCall(text_in(call, "id"), text_in(call, "name") or "tool", object_in({"c": call}, "c").get("arguments"))
            for call in (content if isinstance(content, list) and kind == "AssistantMessage" else [])
        ]
        text = "" if calls else text_of(content)
        thought = text_in(known, "thought")
        agent.say(draft, role, text, reasoning=thought, calls=calls, more={"name": known.get("source")})
    else:
        reader.run.unknown(draft, agent, kind or "message", message)
    return draft


def _failure_log(reader: _Reader, source: Source, report: ImportReport, document: Fields) -> Iterator[Draft]:
    """The events of a failure log: each speaker an agent, and at the end who is to blame for which step."""
    run = reader.run
    top = Placed(None, 0, 0, source.size)
    begun = run.draft(top, None)
    run.session(begun, question=document.get("question_ID", document.get("question_id")), level=document.get("level"))
    prompts = document.get("system_prompt")
    if prompts:
        run.main.keys.change(begun, "system_prompt", run.main.keys.shorten_all(begun, prompts))
    run.main.keys.change(begun, "question", text_of(document.get("question")))
    begun.kind, begun.label = "session", one_line(text_of(document.get("question"))) or "failure log"
    yield begun
    for placed in source.elements(report, list_in(document, "history"), ("history",)):
        said = placed.value if isinstance(placed.value, dict) else {}
        draft = run.draft(placed, None, step=placed.line - 1)
        told = text_in(said, "name") or text_in(said, "role")
        speaker = told.partition(" (")[0].partition(" ->")[0].strip()
        agent = run.agent(speaker if speaker.lower() not in ("human", "user", "assistant") else "")
        if not said:
            yield run.unknown(draft, agent, "history", placed.value)
            continue
        role = "user" if told.lower() in ("human", "user") else "assistant"
        text = text_of(said.get("content"))
        said_now = agent.say(draft, role, text, more={"name": told or None, "role_told": said.get("role")})
        agent.keys.change(draft, "last_speaker", told)
        agent.final_text(draft, text, said_now.key)
        yield draft
    ended = run.draft(top, None)
    known = ("mistake_agent", "mistake_step", "mistake_reason", "ground_truth", "is_correct", "is_corrected", "answer")
    final: Fields = {name: document[name] for name in known if document.get(name) is not None}
    blame = f"{document.get('mistake_agent')} at step {document.get('mistake_step')}: {document.get('mistake_reason')}"
    run.main.finish(ended, final, f"mistake of {blame}")
    if document.get("mistake_agent"):
        run.main.keys.error(ended, f"step {document.get('mistake_step')}", "mistake", blame)
        ended.kind = "mistake_error"
    others = {"history", "system_prompt", "question", *known}
    for name, value in document.items():
        if name and name not in others:
            run.main.keys.change(
                ended, f"fields/{key_part(name)}", value if not isinstance(value, str) else one_line(value, 2_000)
            )
    yield ended
