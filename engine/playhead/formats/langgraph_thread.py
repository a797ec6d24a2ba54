"""LangGraph's threads, told checkpoint by checkpoint and task by task."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from playhead.draft import Draft
from playhead.formats.langgraph_channels import (
    END,
    NO_TASK,
    SENDS,
    START,
    Reducers,
    Write,
    next_nodes,
    node_names,
    steers,
    task_name,
)
from playhead.formats.langgraph_state import BranchState
from playhead.formats.langgraph_tasks import INTERRUPT, Task, checkpoint_label, said
from playhead.formats.langgraph_tree import Node
from playhead.formats.langgraph_values import Decoder, UndecodableError
from playhead.formats.report import ImportReport
from playhead.formats.sqlite import Value
from playhead.formats.times import Clock, moment
from playhead.formats.vocabulary import AgentKeys, key_part, one_line
from playhead.model import JSON

Fields = dict[str, JSON]
Row = tuple[Value, ...]

MAIN_AGENT = "main"
_KNOWN_FIELDS = frozenset(
    {"v", "ts", "id", "channel_values", "channel_versions", "versions_seen", "updated_channels", "pending_sends"}
)
_KNOWN_METADATA = frozenset({"source", "step", "parents", "writes", "thread_id", "counters_since_delta_snapshot"})


class Rows(Protocol):
    """The tables, whatever columns they have."""

    names_tasks: bool

    def checkpoint(self, node: Node) -> tuple[Value, ...]: ...

    def writes(self, node: Node) -> list[tuple[Value, ...]]: ...


@dataclass(slots=True)
class _Stand:
    """A branch as its latest checkpoint left it."""

    namespace: str
    state: BranchState
    values: Fields = field(default_factory=dict)
    """As the checkpoint holds them, before anybody updated them."""
    wrote: dict[str, list[JSON]] = field(default_factory=dict)
    """What was written after it, by channel."""
    ran: list[str] = field(default_factory=list)
    """The nodes that ran after it."""


class Reader:
    """Tells checkpoints in an order where parents come first."""

    def __init__(self, file: str, report: ImportReport) -> None:
        self._file = file
        self._report = report
        self._decoder = Decoder(report.repaired)
        self._reducers = Reducers(report.repaired)
        self._clock = Clock()
        self._stands: dict[int, tuple[_Stand, BranchState]] = {}
        """By parent: the branch that its first child goes on with, and what further children start from."""
        self._namespaces: dict[tuple[str, str, str], str] = {}
        self._taken: set[tuple[str, str]] = set()
        self._written_deltas: set[str] = set()
        self._counted: dict[str, set[str]] = {}

    def checkpoint(self, node: Node, layout: Rows) -> Iterator[Draft]:
        """The events of one checkpoint: itself, then what its tasks did."""
        kind, data, about = layout.checkpoint(node)
        metadata = self._metadata(about)
        stand = self._stand(node, metadata)
        draft = Draft(namespace=stand.namespace, meta=self._place(node))
        writes = self._writes(node, layout.writes(node))
        named = [] if layout.names_tasks else self._named(node, layout)
        try:
            checkpoint, snapshots = self._decoder.checkpoint(kind, data)
        except UndecodableError as error:
            self._opaque(draft, stand, kind, data, str(error))
            checkpoint = {}
        else:
            self._time(draft, checkpoint.get("ts"))
            self._tell(draft, node, stand, checkpoint, metadata, next_nodes(checkpoint, writes, named), snapshots)
            draft.kind, draft.label = checkpoint_label(draft, stand.ran, stand.state.news, metadata)
        yield draft
        if any(write.task_id == NO_TASK and not steers(write.channel, set()) for write in writes):
            self._look_ahead(node, stand, writes, layout)
        yield from self._tasks(node, stand, checkpoint, writes, draft.occurred_at, named)
        if node.children:
            copied = stand.state.fork(stand.state.keys) if len(node.children) > 1 else stand.state
            self._stands[id(node)] = stand, copied

    def _named(self, node: Node, layout: Rows) -> list[str]:
        """The nodes that ran next by the metadata of what came next, for databases whose writes do not name them."""
        after = self._metadata(layout.checkpoint(node.children[0])[2]) if node.children else {}
        ran = after.get("writes")
        # An input ran nothing: its metadata names what was given.
        return list(ran) if isinstance(ran, dict) and after.get("source") != "input" else []

    def _look_ahead(self, node: Node, stand: _Stand, writes: list[Write], layout: Rows) -> None:
        """Learn from what came next how its channels took these writes, some of which show before that."""
        if not node.children:
            return
        kind, data, _ = layout.checkpoint(node.children[0])
        try:
            stored = self._decoder.checkpoint(kind, data)[0].get("channel_values")
        except UndecodableError:
            return
        for name, value in stored.items() if isinstance(stored, dict) else ():
            wrote = [write.value for write in writes if write.channel == name]
            if name in stand.values:
                self._reducers.saw(name, stand.values[name], wrote, value)

    def stray(self, node: Node, rows: list[Row]) -> Draft:
        """Writes whose checkpoint is not in the file, as records."""
        keys = AgentKeys(node.subgraph or MAIN_AGENT, self._report)
        namespace = self._namespace(node)
        draft = Draft(kind="stray_writes", namespace=namespace, meta={**self._place(node), "table": "writes"})
        draft.meta["row"] = [int(str(row[0])) for row in rows]
        for write in self._writes(node, rows):
            fields: Fields = {"task": write.task_id, "channel": write.channel, "value": write.value}
            keys.record(draft, "write without its checkpoint", {"checkpoint": node.id, **fields})
        draft.label = f"{len(rows)} writes of a checkpoint that is not in the file"
        draft.occurred_at = self._clock.latest
        return draft

    def _stand(self, node: Node, metadata: Fields) -> _Stand:
        """Where the checkpoint goes on from."""
        found = self._stands.get(id(node.parent)) if node.parent is not None else None
        agent_id = node.subgraph or MAIN_AGENT
        if found is None or node.parent is None:
            counted = self._counted.setdefault(node.thread, set())
            stand = _Stand(self._around(node, metadata), BranchState(AgentKeys(agent_id, self._report), counted))
            stand.state.keep("session", {"id": node.thread, "tool": "langgraph"})
        elif node is node.parent.children[0]:
            stand = found[0]
        else:
            self._report.counts["forks"] += 1
            first, copied = found
            stand = _Stand(self._branch(node), copied.fork(AgentKeys(agent_id, self._report)))
            stand.values, stand.wrote, stand.ran = dict(first.values), dict(first.wrote), list(first.ran)
            stand.state.keep("branch", {"of": first.namespace, "after": node.parent.id})
        if node.parent is not None and node is node.parent.children[-1]:
            self._stands.pop(id(node.parent), None)
        self._namespaces[node.thread, node.subgraph, node.id] = stand.namespace
        return stand

    def _around(self, node: Node, metadata: Fields) -> str:
        """The namespace of a beginning: for a subgraph's that of the branch whose task runs it."""
        parents = metadata.get("parents")
        for subgraph, identity in reversed(list(parents.items()) if isinstance(parents, dict) else []):
            found = self._namespaces.get((node.thread, subgraph, str(identity)))
            if node.subgraph and found is not None and (found, node.subgraph) not in self._taken:
                self._taken.add((found, node.subgraph))
                return found
        return self._namespace(node)

    def _namespace(self, node: Node) -> str:
        """The namespace of a beginning: the thread's, unless it has begun before."""
        plain = f"lg:{key_part(node.thread) or '(no id)'}"
        if (plain, node.subgraph) in self._taken:
            return self._branch(node)
        self._taken.add((plain, node.subgraph))
        return plain

    def _branch(self, node: Node) -> str:
        """A name for the branch that begins here: of the id as much as tells it from the others."""
        for length in (13, 18, len(node.id)):
            name = f"lg:{key_part(node.thread) or '(no id)'}@{node.id[:length]}"
            if (name, node.subgraph) not in self._taken:
                break
        self._taken.add((name, node.subgraph))
        return name

    def _place(self, node: Node) -> Fields:
        place: Fields = {"file": self._file, "table": "checkpoints", "row": node.row, "thread_id": node.thread}
        place["checkpoint_id"] = node.id
        if node.subgraph:
            place["checkpoint_ns"] = node.subgraph
        if node.parent_id:
            place["parent_checkpoint_id"] = node.parent_id
        return place

    def _time(self, draft: Draft, written: JSON) -> None:
        draft.occurred_at, flags = self._clock.tell(written, moment(written))
        draft.meta |= flags

    def _metadata(self, data: Value) -> Fields:
        try:
            found = self._decoder.decode(None if isinstance(data, bytes | str) else "null", data)
        except UndecodableError as error:
            self._report.repaired[f"metadata that is {error} left out"] += 1
            return {}
        return found if isinstance(found, dict) else {}

    def _writes(self, node: Node, rows: list[Row]) -> list[Write]:
        made: list[Write] = []
        for row, task, path, index, channel, kind, data in rows:
            try:
                value = self._decoder.decode(kind, data)
            except UndecodableError as error:
                value = self._note(kind, data, str(error))
            number = index if isinstance(index, int) else 0
            made.append(
                Write(_text(task), None if path is None else _text(path), number, _text(channel), value, int(str(row)))
            )
        return made

    def _note(self, kind: Value, data: Value, reason: str) -> Fields:
        """What stands for bytes that are not read."""
        self._report.repaired[f"values kept as a note, being {reason}"] += 1
        content = data if isinstance(data, bytes) else str(data).encode()
        digest = hashlib.blake2b(content, digest_size=8).hexdigest()
        return {"opaque": reason, "type": _text(kind), "bytes": len(content), "blake2b": digest}

    def _opaque(self, draft: Draft, stand: _Stand, kind: Value, data: Value, reason: str) -> None:
        stand.state.keys.record(draft, "checkpoint", self._note(kind, data, reason))
        draft.kind, draft.label = "undecodable", one_line(f"checkpoint not read: {reason}")
        draft.occurred_at = self._clock.latest

    def _tell(
        self,
        draft: Draft,
        node: Node,
        stand: _Stand,
        checkpoint: Fields,
        metadata: Fields,
        following: list[str],
        snapshots: set[str],
    ) -> None:
        stored = checkpoint.get("channel_values")
        channels = stored if isinstance(stored, dict) else {}
        nodes = node_names(checkpoint)
        values = {name: value for name, value in channels.items() if not steers(name, nodes)}
        self._deltas(stand, checkpoint, metadata, values, snapshots)
        for name, wrote in stand.wrote.items():
            if name in values and name in stand.values:
                self._reducers.saw(name, stand.values[name], wrote, values[name])
        about: Fields = {
            "checkpoint": {
                "id": node.id,
                "parent": node.parent_id or None,
                "step": metadata.get("step"),
                "source": metadata.get("source"),
            },
            "next": list(following),
            "status": {"phase": "running" if following else "done", "step": metadata.get("step")},
        }
        if channels.get(START) is not None:
            about["input"] = channels[START]
        sends = channels.get(SENDS) or checkpoint.get("pending_sends")
        if sends:
            about["sends"] = sends
        if metadata.get("writes"):
            about["writes"] = stand.state.keys.shorten_all(draft, metadata["writes"])
        for name, value in channels.items():
            if name == END and value is not None:
                # A function's result, which is all that LangGraph's history says of its state.
                about["final"] = value
            elif name not in values and name not in (START, SENDS) and value is not None:
                about[f"control/{key_part(name)}"] = value
        for name in sorted(name for name in checkpoint.keys() - _KNOWN_FIELDS if checkpoint[name]):
            about[f"control/{key_part(name)}"] = checkpoint[name]
        rest = {name: value for name, value in metadata.items() if name not in _KNOWN_METADATA}
        if rest:
            draft.meta["metadata"] = rest
        stand.state.checkpoint(draft, values, about)
        stand.values = values
        self._report.counts["checkpoints"] += 1

    def _deltas(self, stand: _Stand, checkpoint: Fields, metadata: Fields, values: Fields, snapshots: set[str]) -> None:
        """Fill in the channels that are stored as writes since a snapshot further up."""
        counters = metadata.get("counters_since_delta_snapshot")
        self._written_deltas |= snapshots | (set(counters) if isinstance(counters, dict) else set())
        versions = checkpoint.get("channel_versions")
        for name in sorted(self._written_deltas & set(versions if isinstance(versions, dict) else ()) - set(values)):
            values[name] = self._reducers.reduce(name, stand.values.get(name), stand.wrote.get(name, []))

    def _tasks(
        self,
        node: Node,
        stand: _Stand,
        checkpoint: Fields,
        writes: list[Write],
        time: datetime | None,
        named: list[str],
    ) -> Iterator[Draft]:
        """What ran after a checkpoint: what it asked, what people answered, what it wrote."""
        by_task: dict[str, list[Write]] = {}
        stand.wrote, stand.ran = {}, []
        for write in writes:
            by_task.setdefault(write.task_id, []).append(write)
            if not steers(write.channel, set()):
                stand.wrote.setdefault(write.channel, []).append(write.value)
        told = by_task.pop(NO_TASK, [])
        tasks = [Task(task_id, task_name(wrote, checkpoint, named), wrote) for task_id, wrote in by_task.items()]
        stand.ran = [task.name for task in tasks if task.name] or [task.title for task in tasks]
        asked: list[JSON] = []
        events: list[tuple[int, Callable[[], Draft]]] = []
        for task in tasks:
            rows = [write.row for write in task.wrote]
            questions = [write.row for write in task.wrote if write.channel == INTERRUPT]
            if questions:
                events.append((max(questions), partial(self._asked, node, stand, task, questions, time, asked)))
            if task.failure is not None or not questions or task.outcome:
                events.append((max(rows), partial(self._ended, node, stand, task, rows, time)))
        if told:
            last = max(write.row for write in told)
            events.append((last, partial(self._told, node, stand, checkpoint, told, time)))
        # As they were written: what a run that goes on adds comes behind what is there.
        for _, tell in sorted(events, key=lambda event: event[0]):
            yield tell()

    def _asked(
        self, node: Node, stand: _Stand, task: Task, rows: list[int], time: datetime | None, asked: list[JSON]
    ) -> Draft:
        """What a task asked, beside what others of the same step `asked` before."""
        draft = self._task_event(node, stand, task, rows, time)
        asked += [{"task": task.id, "node": task.name, **question} for question in task.interrupts]
        phase: Fields = {"phase": "waiting", "step": _step(stand)}
        stand.state.add(draft, {**task.value("interrupted"), "interrupts": list(asked), "status": phase})
        draft.kind = "interrupt"
        draft.label = one_line(f"{task.title} asks: {said(task.interrupts[0].get('value'))}")
        return draft

    def _ended(self, node: Node, stand: _Stand, task: Task, rows: list[int], time: datetime | None) -> Draft:
        """What came of a task."""
        draft = self._task_event(node, stand, task, rows, time)
        stand.state.add(draft, task.value("error" if task.failure is not None else "done"))
        draft.kind, draft.label = "task", one_line(f"{task.title} → {', '.join(task.outcome) or 'nothing'}")
        if task.failure is not None:
            stand.state.error(draft, task.title, task.failure)
            stand.state.add(draft, {"status": {"phase": "error", "step": _step(stand)}})
            draft.kind, draft.label = "task_error", one_line(f"{task.title} failed: {task.failure}")
        self._report.counts["tasks"] += 1
        return draft

    def _task_event(self, node: Node, stand: _Stand, task: Task, rows: list[int], time: datetime | None) -> Draft:
        meta: Fields = {**self._place(node), "table": "writes", "task_id": task.id, "row": list[JSON](rows)}
        return Draft(namespace=stand.namespace, meta=self._beside(meta, time), occurred_at=time)

    def _told(self, node: Node, stand: _Stand, checkpoint: Fields, writes: list[Write], time: datetime | None) -> Draft:
        """What was written by no task: answers to interrupts, and updates of the state."""
        meta: Fields = {**self._place(node), "table": "writes", "task_id": NO_TASK}
        meta["row"] = [write.row for write in writes]
        draft = Draft(namespace=stand.namespace, meta=self._beside(meta, time), occurred_at=time)
        nodes = node_names(checkpoint)
        values = dict(stand.values)
        updated: dict[str, list[JSON]] = {}
        for write in writes:
            if not steers(write.channel, nodes):
                updated.setdefault(write.channel, []).append(write.value)
        for name, wrote in updated.items():
            values[name] = self._reducers.reduce(name, values.get(name), wrote)
        answers = [write.value for write in writes if write.channel == "__resume__"]
        phase: Fields = {"phase": "running", "step": _step(stand)}
        about: Fields = {"status": phase}
        if answers:
            about["resume"] = answers[0] if len(answers) == 1 else answers
            self._report.counts["resumes"] += 1
        steering = {write.channel: write.value for write in writes if steers(write.channel, nodes)}
        steering.pop("__resume__", None)
        if steering:
            about["goto"] = dict(steering)
        stand.state.update(draft, values if updated else None, about)
        draft.kind = "resume" if answers else "update"
        words = [f"resumed with {said(answers[0])}"] if answers else []
        words += [f"updates {', '.join(updated)}"] if updated else []
        words += [f"goes to {', '.join(name.removeprefix('branch:to:') for name in steering)}"] if steering else []
        draft.label = one_line("; ".join(words) or "nothing")
        return draft

    def _beside(self, meta: Fields, time: datetime | None) -> Fields:
        # Writes have no time of their own.
        return meta if time is None else {**meta, "time_of_neighbour": True}


def _step(stand: _Stand) -> JSON:
    known = stand.state.live.get("checkpoint")
    return known.get("step") if isinstance(known, dict) else None


def _text(value: Value) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)
