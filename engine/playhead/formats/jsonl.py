"""JSON lines of anything: the format that takes whatever the others do not know, and never fails on valid JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.chat import json_inside
from playhead.formats.json_document import CONVERSATIONS, conversation_in, document_records, message_places
from playhead.formats.json_places import Place
from playhead.formats.loose_tools import is_tool_kind, tool_told
from playhead.formats.messages import Conversation, is_conversation, is_message
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.times import Clock, moment
from playhead.formats.vocabulary import (
    LABEL_CHARACTERS,
    TEXT_CHARACTERS,
    AgentKeys,
    json_text,
    key_part,
    one_line,
    text_of,
)
from playhead.model import DEFAULT_NAMESPACE, JSON

Fields = dict[str, JSON]

_TIMES = (
    "timestamp",
    "ts",
    "time",
    "@timestamp",
    "created_at",
    "datetime",
    "date",
    "created",
    "start_time",
    "createdAt",
    "startTime",
)
_NAMESPACES = (
    *("session_id", "thread_id", "conversation_id", "run_id"),
    *("sessionId", "threadId", "conversationId", "runId"),
)
_ACTORS = ("agent", "agent_id", "agent_name", "actor", "source", "logger", "role")
_KINDS = ("type", "event", "event_type", "kind", "action")
_CORRELATIONS = ("id", "parent_id", "call_id", "trace_id", "span_id", "request_id", "uuid")
_ROWS = (
    *("instance_id", "task_id", "sample_id", "example_id", "custom_id", "problem_id", "traj_id", "trajectory_id"),
    *("rollout_id", "episode_id", "question_id", "uid", "idx", "index"),
)
_LEVELS = ("level", "severity", "levelname")
_TELLING = ("message", "msg", "text", "content", "name", "tool", "title", "description")
_ERROR_LEVELS = frozenset({"error", "fatal", "critical", "exception"})

MAIN_AGENT = "main"
NAME_CHARACTERS = 80
"""A longer text names neither an agent nor a kind."""
MOST_AGENTS = 1_000
MOST_KINDS = 200
MOST_FIELDS = 64
"""A record with more fields is kept under one key: its keys are data, not names."""
MOST_KEYS = 2_000
"""Field keys per agent; past them records are kept under one key, for the same reason."""
MOST_SHAPES = MOST_SORTS = 1_000


class JsonLines(Format):
    """Every line makes an event; what was said goes to messages, what is known to fields and events.

    events/<kind> holds the latest record of each kind, so that its version counts them and its diff says what is new;
    fields/<name> hold the fields of records without a kind, each written only when it changes (`repeats` counts the
    records that change none); a lone scalar or array goes to `value`.
    """

    name: ClassVar[str] = "jsonl"
    title: ClassVar[str] = "JSON lines"
    looked_for: ClassVar[str] = "JSON lines of any kind, or any JSON document"
    tells_lines: ClassVar[bool] = True

    def recognise(self, source: Source) -> bool:
        return bool(source.head) if source.has_lines else any(isinstance(value, dict | list) for value in source.values)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        reader = _Reader(source.name, report, message_places(source))
        records = document_records(source, report)
        # What is no document, or no JSON at all, is counted line by line.
        for placed in source.records(report) if records is None else records:
            yield from reader.read(placed)


class _Agent:
    """One agent of the log: its keys, its conversation, and what its fields last held."""

    def __init__(self, namespace: str, agent_id: str, report: ImportReport) -> None:
        self.namespace = namespace
        self.keys = AgentKeys(agent_id, report)
        self.conversation = Conversation(self.keys)
        self.conversations = 1
        self.talking: _Agent = self
        """Who holds the conversation that came last under this agent's name."""
        self.row: str | None = None
        """What the table calls the row of that conversation."""
        self._fields: dict[str, JSON] = {}
        self._kinds: set[str] = set()
        self._repeats = 0

    def event(self, draft: Draft, kind: str, record: Fields, length: int) -> None:
        """Stage a record as the latest of its kind."""
        if kind not in self._kinds:
            kind = kind if len(self._kinds) < MOST_KINDS else "other"
            self._kinds.add(kind)
        # A record shorter than a long text holds none.
        kept = self.keys.shorten_all(draft, record) if length > TEXT_CHARACTERS else record
        self.keys.write_often(draft, f"events/{kind}", kept)

    def fields(self, draft: Draft, fields: Fields, length: int) -> None:
        """Stage the fields that changed."""
        if len(fields) > MOST_FIELDS or len(self._fields) >= MOST_KEYS:
            self.event(draft, "record", fields, length)
            return
        for name, value in fields.items():
            seen = _fingerprint(value)
            known = self._fields.get(name, self)
            if known != seen or type(known) is not type(seen):
                self._fields[name] = seen
                kept = self.keys.shorten_all(draft, value) if length > TEXT_CHARACTERS else value
                self.keys.write(draft, f"fields/{key_part(name)}", kept)
        if not draft.operations:
            self._repeats += 1
            self.keys.write(draft, "repeats", self._repeats)


class _Shape:
    """What the fields of a record are for, told by their names alone: worked out once for all records like it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        present = set(names)
        self.times = [name for name in _TIMES if name in present]
        self.namespaces = [name for name in _NAMESPACES if name in present]
        self.actors = [name for name in _ACTORS if name in present]
        self.speakers = [name for name in self.actors if name != "role"]
        self.kinds = [name for name in _KINDS if name in present]
        self.levels = [name for name in _LEVELS if name in present]
        self.telling = [name for name in _TELLING if name in present]
        self.identities = [name for name in (*_CORRELATIONS, *_NAMESPACES) if name in present]
        self.failures = [name for name in ("error", "exception") if name in present]
        self.may_speak = "role" in present or not present.isdisjoint(CONVERSATIONS)
        """Whether such a record may be a message, or hold a list of them."""
        self.naming = tuple(dict.fromkeys((*self.actors, *self.namespaces, *self.kinds, *self.levels)))
        self.sorts: dict[tuple[JSON, ...], _Sort] = {}
        """Of records that have the same texts in the fields that name something."""


class _Sort:
    """Whose records they are, and of which kind: worked out once for all that say so in the same words."""

    def __init__(self, record: Fields, shape: _Shape, agent: _Agent) -> None:
        self.agent = agent
        self.kind = _named(record, shape.kinds) or ""
        self.level = (_named(record, shape.levels) or "").lower()
        self.fallback = self.kind or self.level or "record"
        self.tells_tool = is_tool_kind(self.kind)
        self.is_error = self.level in _ERROR_LEVELS or self.fallback.lower().endswith("error")
        self.said = _said(record, shape, self.kind, agent)


class _Reader:
    def __init__(self, file: str, report: ImportReport, places: list[Place]) -> None:
        self._file = file
        self._places = places
        """Of the messages, where the whole file is one list of them."""
        self._report = report
        self._agents: dict[tuple[str, str], _Agent] = {}
        self._clock = Clock()
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def read(self, placed: Placed) -> Iterable[Draft]:
        """The events of one record: one, or one for each message of a list of them."""
        value = placed.value
        if isinstance(value, dict):
            shape = self._shape(value)
            if not shape.may_speak:
                return (self._event(placed, value, shape),)
            held = conversation_in(value)
            messages = json_inside(value[held]) if held is not None else None
            if isinstance(messages, list):
                rest = {name: item for name, item in value.items() if name != held}
                return self._conversation(placed, rest, messages)
            if not is_message(value):
                return (self._event(placed, value, shape),)
            agent = self._agent(value, shape, shape.speakers)
            draft = self._draft(placed, agent, value, shape)[0]
            agent.conversation.add(draft, value, remember=False)
            return (draft,)
        if isinstance(value, list) and is_conversation(value):
            return self._conversation(placed, {}, value)
        shape = self._shape({})
        agent = self._agent({}, shape, [])
        draft = self._draft(placed, agent, {}, shape)[0]
        draft.kind, draft.label = "value", one_line(json_text(value))
        agent.keys.write(draft, "value", agent.keys.shorten_all(draft, value))
        return (draft,)

    def _shape(self, record: Fields) -> _Shape:
        names = tuple(record)
        shape = self._shapes.get(names)
        if shape is None:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            shape = self._shapes[names] = _Shape(names)
        return shape

    def _conversation(self, placed: Placed, rest: Fields, messages: list[JSON]) -> Iterator[Draft]:
        """A list that continues the one before adds its new messages; any other is a conversation of its own."""
        shape = self._shape(rest)
        base = self._agent(rest, shape, shape.speakers)
        agent = base.talking
        same = agent.conversation.common(messages)
        identity = _named(rest, [name for name in _ROWS if name in rest])
        if identity != base.row and (same < agent.conversation.length or same == len(messages)):
            # A row of a table says which one it is, and only a longer list continues another's.
            same = 0
        base.row = identity
        told = [message for message in messages[:same] if isinstance(message, dict) and message.get("role") != "system"]
        if agent.conversation.length and not told:
            base.conversations += 1
            agent = base.talking = self._agent(rest, shape, [], f"conversation-{base.conversations}")
            same = 0
        if rest:
            draft, time_name = self._draft(placed, agent, rest, shape)
            draft.kind, draft.label = "meta", one_line(", ".join(rest))
            agent.fields(draft, _state(rest, shape, time_name, _said(rest, shape, "", agent)), placed.length)
            yield draft
        for number, message in enumerate(messages[same:], same + 1):
            if not isinstance(message, dict):
                continue
            told_with = {**rest, **message}
            place = (
                placed._replace(offset=self._places[number - 1][0], length=self._places[number - 1][1])
                if self._places
                else placed
            )
            draft, _ = self._draft(place, agent, told_with, self._shape(told_with))
            draft.meta["message"] = number
            agent.conversation.cut(draft, number - 1)
            agent.conversation.add(draft, message)
            yield draft

    def _event(self, placed: Placed, record: Fields, shape: _Shape) -> Draft:
        sort = self._sort(record, shape)
        agent, kind = sort.agent, sort.kind
        draft, time_name = self._draft(placed, agent, record, shape)
        state = _state(record, shape, time_name, sort.said)
        if kind:
            agent.event(draft, kind, state, placed.length)
        else:
            agent.fields(draft, state, placed.length)
        said = ""
        for name in shape.telling:
            text = record[name]
            if isinstance(text, str) and text:
                said = text
                break
        label = said[:LABEL_CHARACTERS] or _listed(state)
        draft.kind = sort.fallback
        draft.label = one_line(f"{kind}: {label}" if kind and label else kind or label or "{}")
        if sort.tells_tool:
            tool_told(agent.conversation, draft, kind, record)
        failure = None
        for name in shape.failures:
            failure = failure if failure is not None else record[name]
        # A number is a measure of error, not one that happened.
        failed = failure is True or (isinstance(failure, str | dict | list) and bool(failure))
        if failed or sort.is_error:
            if not draft.kind.endswith("error"):
                draft.kind = f"{draft.kind}_error"
            agent.keys.error(draft, sort.fallback, draft.kind, text_of(failure) if failed else said)
        return draft

    def _sort(self, record: Fields, shape: _Shape) -> _Sort:
        words = tuple([record[name] for name in shape.naming])
        try:
            sort = shape.sorts.get(words)
        except TypeError:
            sort = None
        if sort is None:
            sort = _Sort(record, shape, self._agent(record, shape, shape.actors))
            # Numbers are not kept: 1 and true would be taken for each other.
            if all(type(word) is str for word in words):
                if len(shape.sorts) >= MOST_SORTS:
                    shape.sorts.clear()
                shape.sorts[words] = sort
        return sort

    def _agent(self, record: Fields, shape: _Shape, actors: list[str], agent_id: str | None = None) -> _Agent:
        agent_id = agent_id or _named(record, actors) or MAIN_AGENT
        namespace = _named(record, shape.namespaces) or DEFAULT_NAMESPACE
        agent = self._agents.get((namespace, agent_id))
        if agent is None:
            if len(self._agents) >= MOST_AGENTS:
                namespace, agent_id = DEFAULT_NAMESPACE, "others"
            agent = self._agents.setdefault((namespace, agent_id), _Agent(namespace, agent_id, self._report))
            self._report.counts["agents"] = len(self._agents)
        return agent

    def _draft(self, placed: Placed, agent: _Agent, record: Fields, shape: _Shape) -> tuple[Draft, str]:
        """An empty draft with place, time and ids, and the name of the field that held the time."""
        time_name, written, time = "", None, None
        for name in shape.times:
            written = record[name]
            time = moment(written)
            if time is not None:
                time_name = name
                break
        occurred_at, flags = self._clock.tell(written, time)
        meta: Fields = {"file": self._file, "line": placed.line, "offset": placed.offset, "length": placed.length}
        for name in shape.identities:
            identity = record[name]
            if isinstance(identity, (str, int)):
                meta[name] = identity
        if flags:
            meta |= flags
        return Draft(meta=meta, occurred_at=occurred_at, namespace=agent.namespace), time_name


def _named(record: Fields, names: list[str]) -> str | None:
    """The first of the fields that holds a short name; an object is asked for its own name or id."""
    for name in names:
        value = record[name]
        if type(value) is str and len(value) <= NAME_CHARACTERS and not value.isspace() and value:
            return value
        if isinstance(value, dict):
            value = value.get("name", value.get("id"))
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and len(value) <= NAME_CHARACTERS and value.strip():
            return value
    return None


def _said(record: Fields, shape: _Shape, kind: str, agent: _Agent) -> list[str]:
    """The fields that say no more than kind and agent."""
    kinds = [name for name in shape.kinds if record[name] == kind]
    return kinds + [name for name in shape.actors if record[name] == agent.keys.agent_id]


def _state(record: Fields, shape: _Shape, time_name: str, said: list[str]) -> Fields:
    """The fields that are state: neither said of the record otherwise, nor time, nor an id of this one record."""
    state = dict(record)
    state.pop(time_name, None)
    for name in shape.identities:
        if isinstance(state[name], (str, int)):
            del state[name]
    for name in said:
        state.pop(name, None)
    return state


def _fingerprint(value: JSON) -> JSON:
    """What tells a value from another of its type: itself where it is short, else a digest."""
    if isinstance(value, dict | list) or (isinstance(value, str) and len(value) > NAME_CHARACTERS):
        return hashlib.blake2b(json_text(value).encode(errors="replace"), digest_size=12).hexdigest()
    return value


def _listed(state: Fields) -> str:
    """The first fields in a few words: `step=3, loss=0.4`."""
    shown = [(name, value) for name, value in list(state.items())[:6]]
    return ", ".join(f"{name}={one_line(json_text(value), 24)}" for name, value in shown)
