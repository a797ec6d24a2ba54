"""LangGraph: the databases that its SQLite checkpointers write, in every layout they have had.

A thread becomes the namespace `lg:<thread id>`, with `main` for its graph and every subgraph under its `checkpoint_ns`.
A checkpoint that is not its parent's first child begins a branch of its own: `lg:<thread id>@<id>`. Each checkpoint is
an event; so is what every task then did. Once these are told, the state is what LangGraph's own history says.
What the threads remember together, where the store is in the same file, is `lg-store`, an agent for each prefix.
Which versions of channels a node has seen is told through `next` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.errors import ImportFormatError
from playhead.formats import sqlite
from playhead.formats.base import Format
from playhead.formats.langgraph_thread import Reader, Rows
from playhead.formats.langgraph_tree import Node, in_order
from playhead.formats.langgraph_values import Decoder, UndecodableError
from playhead.formats.report import ImportReport
from playhead.formats.source import Source
from playhead.formats.sqlite import Database
from playhead.formats.times import moment
from playhead.formats.vocabulary import AgentKeys, key_part, one_line
from playhead.model import JSON

TABLE, STORE = "checkpoints", "store"
_UPKEEP = ("store_", "vector_", "checkpoint_")
STORE_NAMESPACE = "lg-store"
_STORE_COLUMNS_IN_ORDER = ("prefix", "key", "value")
_STORE_COLUMNS = frozenset(_STORE_COLUMNS_IN_ORDER)


class LangGraph(Format):
    """Checkpoints of LangGraph threads."""

    name: ClassVar[str] = "langgraph"
    title: ClassVar[str] = "LangGraph checkpoints"
    looked_for: ClassVar[str] = "a SQLite database with LangGraph's table of checkpoints"

    def recognise(self, source: Source) -> bool:
        columns = sqlite.tables(source).get(TABLE, ())
        return {"thread_id", "checkpoint"} <= set(columns) and not {"checkpoint_id", "thread_ts"}.isdisjoint(columns)

    def files(self, source: Source) -> list[Source]:
        return sqlite.files(source)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        """Raises ImportFormatError for a database that is damaged, locked, or has other tables."""
        if not sqlite.is_database(source):
            raise ImportFormatError(f"{source.path} is not a SQLite database; it was one when it was recognised")
        with sqlite.reading(source.path, report) as database:
            layout = _Layout(database)
            nodes = in_order(layout.nodes(), report.repaired)
            report.records = len(nodes)
            reader = Reader(source.name, report)
            for node in nodes:
                yield from reader.checkpoint(node, layout)
            for node, rows in layout.strays():
                yield reader.stray(node, rows)
            if set(database.tables.get(STORE, ())) >= _STORE_COLUMNS:
                yield from _items(database, source.name, report)
            known = (TABLE, "writes", STORE)
            others = [name for name in database.tables if name not in known and not name.startswith(_UPKEEP)]
            if others:
                report.warnings.append(f"{source.name}: tables that are none of LangGraph's: {', '.join(others)}")
        report.counts["threads"] = len({node.thread for node in nodes})
        report.read(report.bytes_total - report.bytes_read)


def _items(database: Database, file: str, report: ImportReport) -> Iterator[Draft]:
    """What the threads remember together, item by item in the order they were last written."""
    columns = database.tables[STORE]
    select = ", ".join(["rowid", *_STORE_COLUMNS_IN_ORDER, _or_null("updated_at", columns)])
    repaired = report.repaired
    for row, prefix, key, value, updated in database.rows(f"select {select} from {STORE} order by 5, 1"):
        keys = AgentKeys(_text(prefix) or "(root)", report)
        meta: dict[str, JSON] = {"file": file, "table": STORE, "row": int(str(row))}
        when = moment(_text(updated).replace(" ", "T") + "Z") if updated is not None else None
        draft = Draft("store", one_line(f"{_text(prefix)}: {_text(key)}"), meta, when, STORE_NAMESPACE)
        try:
            held = Decoder(repaired).decode("json", value)
        except UndecodableError as error:
            held = {"opaque": str(error)}
        keys.write(draft, f"store/{key_part(_text(key))}", held)
        report.counts["store_items"] += 1
        yield draft


class _Layout(Rows):
    """The queries for the columns that a database has."""

    def __init__(self, database: Database) -> None:
        database.require(TABLE, "thread_id", "checkpoint")
        self._database = database
        columns = database.tables[TABLE]
        early = "checkpoint_id" not in columns
        if early:
            database.require(TABLE, "thread_ts")
        self._id, self._parent = ("thread_ts", "parent_ts") if early else ("checkpoint_id", "parent_checkpoint_id")
        self._subgraph = _or_null("checkpoint_ns", columns)
        self._select = ", ".join(_or_null(name, columns) for name in ("type", "checkpoint", "metadata"))
        self._columns = columns
        wrote = database.tables.get("writes", ())
        self._has_writes = {"thread_id", self._id, "task_id", "channel", "value"} <= set(wrote)
        self._match = f"thread_id is ? and {self._id} is ?" + (
            " and checkpoint_ns is ?" if "checkpoint_ns" in wrote else ""
        )
        self._wrote = ", ".join(
            _or_null(name, wrote) for name in ("task_id", "task_path", "idx", "channel", "type", "value")
        )
        self.names_tasks = "task_path" in wrote
        """Whether the writes say which node their task ran."""
        self._wrote_subgraph = _or_null("checkpoint_ns", wrote)

    def nodes(self) -> Iterator[Node]:
        parent = _or_null(self._parent, self._columns)
        for row, thread, subgraph, identity, parent_id in self._database.rows(
            f"select rowid, thread_id, {self._subgraph}, {self._id}, {parent} from {TABLE} order by rowid"
        ):
            yield Node(int(str(row)), _text(thread), _text(subgraph), _text(identity), _text(parent_id))

    def checkpoint(self, node: Node) -> tuple[sqlite.Value, ...]:
        """type, checkpoint, metadata"""
        return next(
            self._database.rows(f"select {self._select} from {TABLE} where rowid = ?", (node.row,)), (None,) * 3
        )

    def writes(self, node: Node) -> list[tuple[sqlite.Value, ...]]:
        """rowid, task_id, task_path, idx, channel, type, value: in the order that LangGraph applies them."""
        if not self._has_writes:
            return []
        keys = (node.thread, node.id, node.subgraph)[: self._match.count("?")]
        found = self._database.rows(f"select rowid, {self._wrote} from writes where {self._match}", keys)
        return sorted(found, key=lambda row: (_text(row[2]), _text(row[1]), row[3] if isinstance(row[3], int) else 0))

    def strays(self) -> Iterator[tuple[Node, list[tuple[sqlite.Value, ...]]]]:
        """The writes that belong to no checkpoint of the file, by the checkpoint they name."""
        if not self._has_writes:
            return
        same = " and ".join(
            f"known.{name} is writes.{name}"
            for name in ("thread_id", self._id, *(["checkpoint_ns"] if "checkpoint_ns" in self._columns else []))
        )
        listed = f"select distinct thread_id, {self._id}, {self._wrote_subgraph} from writes"
        listed += f" where not exists (select 1 from {TABLE} as known where {same}) order by 2, 3, 1"
        for thread, identity, subgraph in list(self._database.rows(listed)):
            node = Node(0, _text(thread), _text(subgraph), _text(identity), "")
            yield node, self.writes(node)


def _or_null(name: str, columns: tuple[str, ...]) -> str:
    return name if name in columns else "null"


def _text(value: sqlite.Value) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)
