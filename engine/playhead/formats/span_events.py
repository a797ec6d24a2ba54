"""Spans become events: one when a span starts and one when it ends, in time order, whichever tracer wrote them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.chat import ChatMessage, Fields, chat_messages, holds_messages, result_text
from playhead.formats.report import ImportReport
from playhead.formats.source import Source
from playhead.formats.span_agents import Run, SpanAgent
from playhead.formats.span_calls import call_label
from playhead.formats.span_index import Boundary, Entry, SpanIndex, Unknown
from playhead.formats.spans import Span, as_moment
from playhead.formats.vocabulary import json_text, key_part, one_line

_ANSWERS = ("output", "answer", "final_output", "final_answer", "response", "result", "text", "content")


class SpanFormat(Format):
    """A format whose records are spans.

    A trace becomes a namespace `<scheme>:<session id or trace id>`, each agent in it an agent. A span makes two events,
    when it starts and when it ends: `spans/<id>` holds what is known of it and `stack` the open ones, besides what it
    says of messages, tool calls, usage and errors. Contents are put aside on disk while spans are brought into order.
    """

    scheme: ClassVar[str]
    """What its namespaces begin with."""

    @abstractmethod
    def spans(self, source: Source, report: ImportReport) -> Iterable[Span | Unknown]:
        """Every span of the file in any order; one that several records tell of may come several times."""

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        with SpanIndex(report) as index:
            index.add_all(self.spans(source, report))
            teller = _Teller(self, source.name, report)
            for boundary in index.boundaries():
                yield teller.tell(boundary)
                if boundary.entry is not None and index.is_over(boundary.entry):
                    teller.forget(boundary.entry.namespace)


class _Teller:
    def __init__(self, known: SpanFormat, file: str, report: ImportReport) -> None:
        self._format = known
        self._file = file
        self._report = report
        self._runs: dict[str, Run] = {}
        self._traces: set[str] = set()

    def tell(self, boundary: Boundary) -> Draft:
        """The event that a boundary is."""
        if boundary.entry is None or boundary.span is None:
            return self._unknown(boundary)
        entry, span = boundary.entry, boundary.span
        run = self._run(entry.namespace)
        agent = run.agent(key_part(entry.agent))
        time = (span.end if span.end is not None else entry.end) if boundary.is_end else entry.start
        meta: Fields = {"file": self._file, **span.place}
        meta |= {"trace": entry.trace_id, "span": entry.span_id}
        if entry.timeless:
            meta["time_of_neighbour"] = True
        if boundary.is_end and span.end is not None and span.end < entry.start:
            meta["time_runs_backwards"] = True
        draft = Draft(meta=meta, occurred_at=as_moment(time or None), namespace=run.namespace)
        if boundary.is_end:
            self._ended(draft, run, agent, entry, span)
        else:
            self._started(draft, run, agent, entry, span)
        draft.label = draft.label or one_line(span.name) or entry.kind
        return draft

    def forget(self, namespace: str) -> None:
        """Let go of a namespace that has no more to say."""
        del self._runs[namespace]

    def _run(self, namespace: str) -> Run:
        run = self._runs.get(namespace)
        if run is None:
            run = self._runs[namespace] = Run(f"{self._format.scheme}:{namespace}", self._report)
        return run

    def _unknown(self, boundary: Boundary) -> Draft:
        unknown = boundary.unknown or Unknown("record", None, {})
        run = next(iter(self._runs.values()), None) or self._run("records")
        label = one_line(unknown.label or f"{unknown.kind}: {json_text(unknown.value)}")
        draft = Draft(unknown.kind, label, namespace=run.namespace)
        draft.meta = {"file": self._file, **unknown.place}
        draft.occurred_at = as_moment(boundary.time)
        if boundary.time is not None and unknown.time is None:
            draft.meta["time_of_neighbour"] = True
        run.first.keys.record(draft, unknown.kind.removesuffix("_error"), unknown.value)
        return draft

    def _started(self, draft: Draft, run: Run, agent: SpanAgent, entry: Entry, span: Span) -> None:
        if entry.trace_id not in self._traces:
            self._traces.add(entry.trace_id)
            self._session(draft, run, agent, entry, span)
        draft.kind = f"{entry.kind}_start"
        agent.opened(draft, entry.span_id, span.name or entry.kind)
        if entry.speaks:
            _tell_heard(draft, agent.hear(draft, span.input))
        if entry.kind == "llm":
            agent.status(draft, "thinking", step=True)
        elif entry.kind == "tool":
            self._tool_started(draft, run, agent, entry, span)
        elif entry.kind == "agent":
            agent.status(draft, "working")
            above = entry.parent
            if above is not None and above.agent != entry.agent:
                run.agent(key_part(above.agent)).subagent(
                    draft, entry.agent, {"status": "running", "span": entry.span_id}
                )
        agent.keys.write(draft, _key(entry), _opening(agent, draft, entry, span))

    def _session(self, draft: Draft, run: Run, agent: SpanAgent, entry: Entry, span: Span) -> None:
        run.traces += 1
        value: Fields = {"id": entry.session or entry.trace_id, "tool": self._format.title, "trace": entry.trace_id}
        value |= {"title": span.name, "traces": run.traces}
        agent.keys.change(draft, "session", value)

    def _tool_started(self, draft: Draft, run: Run, agent: SpanAgent, entry: Entry, span: Span) -> None:
        name = span.tool or span.name or "tool"
        call = run.calls.run(draft, agent.keys, span.call_id, name, span.given, entry.span_id)
        draft.kind = "tool_start" if call.announced else "tool_call"
        draft.label = call.told
        agent.status(draft, f"tool:{name}")

    def _ended(self, draft: Draft, run: Run, agent: SpanAgent, entry: Entry, span: Span) -> None:
        draft.kind = f"{entry.kind}_end"
        agent.closed(draft, entry.span_id)
        if span.model:
            agent.keys.change(draft, "model", span.model)
        if entry.answers and not entry.repeats:
            _label_answer(draft, agent.say(draft, span.output))
        elif entry.speaks:
            _tell_heard(draft, agent.hear(draft, span.output))
        if span.usage is not None and not entry.sums:
            agent.usage.count(draft, span.usage, span.response_id or None)
        if span.usage is not None and not draft.label and entry.kind == "llm":
            draft.label = f"{one_line(span.name)}: {span.usage.input:,} tokens in, {span.usage.output:,} out"
        if entry.kind == "tool":
            self._tool_ended(draft, run, agent, entry, span)
        elif span.failed:
            draft.kind = f"{entry.kind}_error"
            draft.label = one_line(f"{span.name}: {span.error or span.error_type or 'failed'}")
            agent.keys.error(draft, _key(entry), span.error_type or "error", span.error or "failed")
        if entry.kind == "agent" or entry.is_root:
            self._concluded(draft, run, agent, entry, span)
        elif entry.kind in ("llm", "tool"):
            agent.status(draft, "error" if span.failed else "thinking" if entry.kind == "tool" else "waiting")
        agent.keys.write(draft, _key(entry), _closing(agent, draft, entry, span))

    def _tool_ended(self, draft: Draft, run: Run, agent: SpanAgent, entry: Entry, span: Span) -> None:
        call = run.calls.ended(entry.span_id)
        if call is None:
            return
        text = result_text(span.gave) or (span.error if span.failed else "")
        took = _milliseconds(entry, span)
        news = run.calls.answer(
            draft, call, text, failed=span.failed, extra={} if took is None else {"duration_ms": took}
        )
        draft.kind, draft.label = "tool_result", one_line(f"{call.told} → {one_line(text, 60)}")
        if span.failed:
            agent.failed(draft, call, span.error or text or "failed")
        elif not news:
            draft.kind = "tool_end"

    def _concluded(self, draft: Draft, run: Run, agent: SpanAgent, entry: Entry, span: Span) -> None:
        """An agent's span or a whole trace ended: how, and with what answer."""
        text = _answer_of(span) or ("" if agent.answer or run.final else result_text(span.gave))
        if not span.failed:
            run.final = agent.final(draft, text, run.final)
        agent.status(draft, "error" if span.failed else "done")
        above = entry.parent
        if entry.kind == "agent" and above is not None and above.agent != entry.agent:
            told: Fields = {"status": "error" if span.failed else "ok"}
            if text:
                told["result"] = one_line(text)
            run.agent(key_part(above.agent)).subagent(draft, entry.agent, told)


def _key(entry: Entry) -> str:
    return f"spans/{key_part(entry.span_id)}"


def _opening(agent: SpanAgent, draft: Draft, entry: Entry, span: Span) -> Fields:
    value: Fields = {"name": span.name, "kind": entry.kind, "status": "running"}
    if span.parent_id:
        value["parent"] = span.parent_id
    if span.given is not None and entry.kind != "tool":
        value["input"] = agent.keys.shorten_all(draft, span.given)
    return value


def _closing(agent: SpanAgent, draft: Draft, entry: Entry, span: Span) -> Fields:
    value = _opening(agent, draft, entry, span)
    value["status"] = "error" if span.failed else "ok"
    took = _milliseconds(entry, span)
    if took is not None:
        value["duration_ms"] = took
    if span.model:
        value["model"] = span.model
    if span.usage is not None:
        value["usage"] = {name: told for name, told in span.usage._asdict().items() if told}
    if span.gave is not None and entry.kind != "tool":
        value["output"] = agent.keys.shorten_all(draft, span.gave)
    if span.failed:
        value["error"] = {"type": span.error_type or "error", "message": agent.keys.shorten(draft, span.error)}
    if span.attributes:
        value["attributes"] = agent.keys.shorten_all(draft, span.attributes)
    return value


def _answer_of(span: Span) -> str:
    """What a span answered in the end: its last message, or the text that it gave under a telling name."""
    messages = span.output or (chat_messages(span.gave, "assistant") if holds_messages(span.gave) else [])
    texts = [message["text"] for message in messages if message["role"] == "assistant" and message["text"]]
    if texts:
        return texts[-1]
    if isinstance(span.gave, str):
        return span.gave
    held = [span.gave.get(name) for name in _ANSWERS] if isinstance(span.gave, dict) else []
    return next((text for text in held if isinstance(text, str) and text), "")


def _milliseconds(entry: Entry, span: Span) -> float | None:
    """How long a span took; whole milliseconds where it took many."""
    if span.start is None or span.end is None or span.end < span.start:
        return None
    took = (span.end - span.start) / 1e6
    return round(took) if took >= 10 else round(took, 3)


def _tell_heard(draft: Draft, news: list[ChatMessage]) -> None:
    """The last thing heard from the user is what the event is about."""
    users = [message for message in news if message["role"] == "user" and message["text"]]
    if users:
        draft.kind, draft.label = "user", one_line(users[-1]["text"])
        return
    assistants = [message for message in news if message["role"] == "assistant"]
    if assistants:
        _label_answer(draft, assistants)


def _label_answer(draft: Draft, messages: list[ChatMessage]) -> None:
    calls = [call for message in messages for call in message["calls"]]
    if calls:
        label = call_label(calls[0]["name"], calls[0]["args"])
        draft.kind = "tool_call"
        draft.label = label if len(calls) == 1 else one_line(f"{label} (+{len(calls) - 1})")
        return
    text = next((message["text"] for message in reversed(messages) if message["text"]), "")
    if text:
        draft.kind, draft.label = "assistant", one_line(text)
    elif any(message["reasoning"] for message in messages):
        draft.kind, draft.label = "thinking", one_line(messages[-1]["reasoning"])
