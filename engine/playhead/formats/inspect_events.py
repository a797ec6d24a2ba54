"""The transcript of an Inspect sample, event by event, with the exact state of the task after each."""

from __future__ import annotations

from collections.abc import Iterator

from playhead.draft import Draft
from playhead.formats import json_patch
from playhead.formats.inspect_agents import MAIN_AGENT, Agents, span_agent
from playhead.formats.inspect_sample import Sample, Told
from playhead.formats.inspect_state import Documents, name_of
from playhead.formats.report import ImportReport
from playhead.formats.times import Clock, moment
from playhead.formats.vocabulary import json_text, key_part, one_line, text_of
from playhead.model import JSON

Fields = dict[str, JSON]

_BEGINNING = ("id", "epoch", "input", "choices", "target", "sandbox", "files", "setup", "metadata", "uuid")
_TOLD_APART = frozenset({"events", "messages", "attachments", "events_data", "message_pool", "store", *_BEGINNING})
_ENVELOPE = frozenset({"event", "uuid", "span_id", "timestamp", "working_start", "events"})
# Told by their latest record; each kind is one key whose versions count them.
_LATEST = {
    "info": "info",
    "logger": "log",
    "sandbox": "sandbox",
    "approval": "approval",
    "review": "review",
    "input": "input",
    "interrupt": "interrupt",
    "compaction": "compaction",
    "sample_limit": "limit",
    "subtask": "subtask",
    "score_edit": "score_edit",
    "anchor": "anchor",
    "branch": "branch",
    "checkpoint": "checkpoint",
    "sentinel": "sentinel",
}


class Transcript:
    """Reads one sample's events in order."""

    def __init__(self, file: str, namespace: str, sample: Sample, report: ImportReport) -> None:
        self._file, self._namespace, self._sample, self._report = file, namespace, sample, report
        self._agents = Agents(sample, report)
        self._keys = self._agents.keys(MAIN_AGENT)
        self._clock = Clock()
        self._documents = Documents(sample, self._keys)
        self._spans: dict[str, Fields] = {}
        self._stack: list[Fields] = []
        self._failed = False
        self._limit: Fields = {}
        """Of the status that a limit ended the sample with."""

    def drafts(self) -> Iterator[Draft]:
        """The sample's beginning, its events, and what came of it."""
        events = self._sample.events
        self._report.records += len(events)
        first = events[0].event.get("timestamp") if events else self._sample.fields.get("started_at")
        yield self._begin(first)
        for number, told in enumerate(events):
            yield self._event(number, told)
        if not any(told.event.get("event") == "model" for told in events):
            yield from self._messages()
        yield self._end()

    def _begin(self, written: JSON) -> Draft:
        fields = self._sample.fields
        draft = self._draft(None, written)
        about = {name: self._sample.resolve(fields[name]) for name in _BEGINNING if fields.get(name) is not None}
        self._keys.write(draft, "sample", self._keys.shorten_all(draft, about))
        self._keys.change(draft, "status", {"phase": "user"})
        said = self._sample.resolve(fields.get("input"))
        last = said[-1] if isinstance(said, list) and said else None
        text = text_of(last.get("content")) if isinstance(last, dict) else text_of(said)
        draft.kind, draft.label = "sample", one_line(f"sample {fields.get('id')}: {text}")
        self._report.counts["samples"] += 1
        return draft

    def _event(self, number: int, told: Told) -> Draft:
        event = told.event
        draft = self._draft(number, event.get("timestamp"))
        for name in ("uuid", "span_id"):
            if isinstance(event.get(name), str):
                draft.meta[name] = event[name]
        kind = str(event.get("event") or "event")
        draft.kind = draft.label = kind
        if kind in ("span_begin", "span_end", "step"):
            self._span(draft, told, kind)
        elif kind == "sample_init":
            self._documents.begin(draft, event.get("state"))
            draft.label = "the state before the first solver"
        elif kind in ("state", "store"):
            self._patch(draft, told, kind)
        elif kind == "model":
            self._model(draft, event)
        elif kind == "tool":
            agent_id = span_agent(self._chain(event), None)
            self._agents.tool(draft, agent_id, self._resolved(event), self._sample.resolve(event.get("result")))
        elif kind == "score":
            self._score(draft, event)
        elif kind == "error":
            self._error(draft, "sample", self._sample.resolve(event.get("error")))
        elif kind in _LATEST:
            self._latest(draft, kind, self._resolved(event))
        else:
            self._keys.record(draft, kind, self._resolved(event))
        if not draft.operations:
            plain: Fields = {name: value for name, value in event.items() if not isinstance(value, dict | list)}
            self._keys.write(draft, f"events/{key_part(kind)}", plain)
        return draft

    def _draft(self, number: int | None, written: JSON) -> Draft:
        meta: Fields = {"file": self._file, "member": self._sample.member}
        if number is not None:
            meta["event"] = number
        occurred_at, flags = self._clock.tell(written, moment(written))
        return Draft(meta=meta | flags, occurred_at=occurred_at, namespace=self._namespace)

    def _resolved(self, event: Fields) -> Fields:
        return {
            name: self._sample.resolve(value)
            for name, value in event.items()
            if name not in _ENVELOPE and value is not None
        } | {name: event[name] for name in ("pending",) if name in event}

    def _chain(self, event: Fields) -> list[Fields]:
        """The spans around an event, outermost first; older logs have steps that are open."""
        chain: list[Fields] = []
        span = self._spans.get(str(event.get("span_id")))
        while span is not None and span not in chain:
            chain.insert(0, span)
            span = self._spans.get(str(span.get("parent_id")))
        return chain or self._stack

    def _span(self, draft: Draft, told: Told, kind: str) -> None:
        event = told.event
        about: Fields = {name: event[name] for name in ("id", "parent_id", "type", "name") if event.get(name)}
        begins = kind == "span_begin" or (kind == "step" and event.get("action") == "begin")
        if begins:
            self._spans[str(event.get("id"))] = about
            self._stack.append(about)
            self._documents.opened(about, told.depth)
        else:
            same = "id" if kind == "span_end" else "name"
            open_ = [place for place, span in enumerate(self._stack) if span.get(same) == event.get(same)]
            about = self._stack.pop(open_[-1]) if open_ else about
            self._documents.closed(about)
        self._keys.write(draft, "stack", list(self._stack))
        draft.kind = "span" if begins else "span_end"
        what = ": ".join(str(about[name]) for name in ("type", "name") if name in about) or kind
        draft.label = one_line(f"{what} {'begins' if begins else 'ends'}")

    def _patch(self, draft: Draft, told: Told, kind: str) -> None:
        changes = told.event.get("changes")
        listed = changes if isinstance(changes, list) else []
        chain = self._chain(told.event)
        subtask = told.subtask or next((name_of(span) for span in reversed(chain) if span.get("type") == "subtask"), "")
        try:
            self._documents.patch(draft, kind, subtask, chain[-1] if chain else None, told.depth, listed)
        except json_patch.PatchError as error:
            self._report.repaired["patches that do not fit the state"] += 1
            self._keys.record(draft, f"{kind} patch", {"reason": str(error), "changes": self._sample.resolve(listed)})
        self._report.counts[f"{kind}_changes"] += len(listed)
        draft.label = one_line(f"{kind}: {', '.join(sorted(json_patch.first_names(listed))) or 'nothing'}")

    def _model(self, draft: Draft, event: Fields) -> None:
        self._report.counts["model_calls"] += 1
        output = event.get("output")
        known = output if isinstance(output, dict) else {}
        choices = known.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        message = first.get("message") if isinstance(first, dict) else None
        agent_id = span_agent(self._chain(event), event.get("role"))
        answer = message if isinstance(message, dict) else None
        keys = self._agents.say(draft, agent_id, self._sample.input(event), answer)
        stop = first.get("stop_reason") if isinstance(first, dict) else None
        keys.change(draft, "model", event.get("model"))
        for name in ("tools", "config", "tool_choice"):
            if event.get(name):
                keys.change(draft, name, keys.shorten_all(draft, self._sample.resolve(event[name])))
        if isinstance(choices, list) and len(choices) > 1:
            keys.write(draft, "other_choices", keys.shorten_all(draft, self._sample.resolve(choices[1:])))
        if event.get("call") is not None:
            self._report.counts["wire_copies_left_out"] += 1
        if event.get("cache") != "read":
            self._agents.spend(draft, known.get("usage"))
        calls = answer.get("tool_calls") if answer is not None else None
        call = calls[0] if isinstance(calls, list) and calls else None
        phase = f"tool:{call.get('function')}" if isinstance(call, dict) else "thinking"
        keys.change(draft, "status", {"phase": phase, "stop_reason": stop})
        error = self._sample.resolve(event.get("error"))
        if error:
            keys.error(draft, "model", "model", text_of(error))
            draft.kind, draft.label = "model_error", one_line(text_of(error))
        elif answer is None and draft.kind != "tool_call":
            draft.kind, draft.label = "model", one_line(f"{event.get('model')} is asked")

    def _score(self, draft: Draft, event: Fields) -> None:
        score = self._resolved(event)
        name = str(event.get("scorer") or "score")
        value = score.get("score")
        self._keys.write(draft, f"scores/{key_part(name)}", self._keys.shorten_all(draft, score))
        self._report.counts["scores"] += 1
        told = value.get("value") if isinstance(value, dict) else value
        draft.label = one_line(f"{name}: {told if isinstance(told, str) else json_text(told)}")

    def _latest(self, draft: Draft, kind: str, event: Fields) -> None:
        key = _LATEST[kind]
        self._keys.write(draft, key, self._keys.shorten_all(draft, event))
        said: JSON = next(
            (text for name in ("message", "cmd", "file", "input", "data", "name") if (text := event.get(name))), ""
        )
        if kind == "logger" and isinstance(said, dict):
            level, said = str(said.get("level", "")).lower(), said.get("message", "")
            draft.kind = f"log_{level}" if level else "log"
            if level in ("error", "critical"):
                self._keys.error(draft, "log", level, text_of(said))
                draft.kind = "log_error"
        elif kind == "sandbox":
            draft.kind = "sandbox_error" if event.get("result") not in (None, 0) else "sandbox"
            said = f"{event.get('action')}: {text_of(said)}"
        elif kind == "sample_limit":
            self._limit = {"stop_reason": f"{event.get('type')} limit"}
            self._keys.change(draft, "status", {"phase": "done", **self._limit})
            draft.kind = "limit_error"
        elif kind == "compaction":
            self._report.counts["compactions"] += 1
        draft.label = one_line(text_of(said)) or kind

    def _error(self, draft: Draft, where: str, error: JSON) -> None:
        known = error if isinstance(error, dict) else {}
        text = str(known.get("message") or text_of(error))
        self._keys.error(draft, where, text.partition("(")[0] if "(" in text else "error", text)
        if known.get("traceback"):
            self._keys.write(draft, "traceback", self._keys.shorten(draft, str(known["traceback"])))
        self._keys.change(draft, "status", {"phase": "error"})
        self._failed = True
        draft.kind, draft.label = "error", one_line(text)

    def _messages(self) -> Iterator[Draft]:
        """The conversation of a sample whose log has no transcript of it."""
        kept = self._sample.fields.get("messages")
        messages = kept if isinstance(kept, list) else []
        for number in range(1, len(messages) + 1):
            draft = self._draft(None, None)
            draft.meta["message"] = number - 1
            self._agents.say(draft, MAIN_AGENT, messages[:number], None)
            yield draft

    def _end(self) -> Draft:
        fields = self._sample.fields
        draft = self._draft(None, fields.get("completed_at"))
        rest: Fields = {}
        for name, value in fields.items():
            if name not in _TOLD_APART and value not in (None, {}, []):
                rest[name] = value
        if fields.get("error") is not None and not self._failed:
            self._error(draft, "sample", self._sample.resolve(fields["error"]))
        store = self._documents.store
        if fields.get("store") and self._sample.resolve(fields["store"]) != self._sample.resolve(store):
            rest["store"] = fields["store"]
            if store:
                self._report.repaired["stores that end otherwise than their patches say"] += 1
        self._keys.write(draft, "final", self._keys.shorten_all(draft, self._sample.resolve(rest)))
        failed = fields.get("error") is not None
        self._keys.change(draft, "status", {"phase": "error" if failed else "done", **self._limit})
        scores = fields.get("scores")
        told = [
            f"{name} {json_text(score.get('value')) if isinstance(score, dict) else score}"
            for name, score in (scores.items() if isinstance(scores, dict) else ())
        ]
        draft.kind = "error" if failed else "final"
        draft.label = one_line(
            f"sample {fields.get('id')} ends: {', '.join(told) or ('error' if failed else 'no score')}"
        )
        return draft
