"""One question put to DuckDB: a View's tables, a checkpoint, and the state at a moment, as SQL sources."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

from playhead import forking, question
from playhead.checkpoint import Checkpoint
from playhead.errors import StoreClosedError
from playhead.generation import View
from playhead.latest import Integers
from playhead.manifest import Segment
from playhead.model import AgentAddress
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_FETCH_ROWS = 4_096
INTERRUPTED = "Query interrupted"


@contextlib.contextmanager
def answering(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """For as long as DuckDB works on what this thread asks.

    Raises KeyboardInterrupt on Ctrl-C, and QuestionStoppedError where another thread stops the question.
    """
    import duckdb

    asked = question.current()
    try:
        with contextlib.nullcontext() if asked is None else asked.working(connection.interrupt):
            yield
    except duckdb.InterruptException:
        question.check()
        raise
    except RuntimeError as error:
        # What DuckDB makes of Ctrl-C while it works.
        if str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise


@contextlib.contextmanager
def refusing(refusal: Callable[[str], Exception], *, input_too: bool = False) -> Iterator[None]:
    """Raises what `refusal` makes of the reason where DuckDB finds that what is asked means nothing.

    input_too: also where it is a value that is wrong, as a regular expression is that nobody can read. Files that
    are damaged are told of in the same way, so none may be read then.
    """
    import duckdb

    kinds: tuple[type[duckdb.Error], ...] = (
        duckdb.BinderException,
        duckdb.ConversionException,
        duckdb.OutOfRangeException,
    )
    if input_too:
        kinds += (duckdb.InvalidInputException,)
    try:
        yield
    except kinds as error:
        raise refusal(str(error).partition("\n")[0].partition(": ")[2]) from None


class Query:
    """One use of DuckDB: a cursor of its own, and the two tables of a view as SQL sources."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, view: View, number: int) -> None:
        self.cursor = cursor
        self._process = os.getpid()
        self._view = view
        self._tail_names = (f"tail_events_{number}", f"tail_operations_{number}")
        self._registered: set[str] = set()
        self._parameters: dict[str, object] = {}

    def close(self) -> None:
        import duckdb

        if self._process != os.getpid():
            forking.leak(self.cursor)
            return
        # A replay that was let go half-way may outlive the store, and closing that ended this cursor too.
        with contextlib.suppress(duckdb.ConnectionException):
            # From 2.0 on, a result that was not read to its end owns the connection until it is given up.
            if hasattr(self.cursor, "abort"):
                self.cursor.abort()
            for name in self._registered:
                self.cursor.unregister(name)
            self.cursor.close()

    def events(self, start: int = 1, end: int | None = None, commits: Sequence[int] | Integers | None = None) -> str:
        """A FROM item over every event with start <= commit_ts <= end; at least `commits` of them, where given."""
        return self._source(EVENTS_FILE, self._tail_names[0], start, end, commits)

    def operations(
        self, start: int = 1, end: int | None = None, commits: Sequence[int] | Integers | None = None
    ) -> str:
        """A FROM item over every operation with start <= commit_ts <= end; at least those of `commits`, where given."""
        return self._source(OPERATIONS_FILE, self._tail_names[1], start, end, commits)

    def _source(
        self, file_name: str, tail_name: str, start: int, end: int | None, commits: Sequence[int] | Integers | None
    ) -> str:
        """Segments that the manifest says lie in the range, and the tail; the bounds are whole numbers made here."""
        view = self._view
        end = view.head if end is None else min(end, view.head)
        pruned = [segment for segment in view.segments if segment.first <= end and segment.last >= start]
        if commits is not None:
            lasts = [segment.last for segment in pruned]
            wanted = set(numpy.unique(numpy.searchsorted(lasts, numpy.asarray(commits))).tolist())
            pruned = [segment for row, segment in enumerate(pruned) if row in wanted]
        parts = []
        inside = [each for each in pruned if not each.is_partial and each.first >= start and each.last <= end]
        if inside:
            # Without a condition on commits: it would have every row group's decoded.
            parts.append(f"SELECT * FROM read_parquet({self.files(inside, file_name)})")
        for segment in pruned:
            if segment not in inside:
                files = self.files([segment], file_name)
                bounds = f"{max(start, segment.first):d} AND {min(end, segment.last):d}"
                parts.append(f"SELECT * FROM read_parquet({files}) WHERE commit_ts BETWEEN {bounds}")
        if end > view.tail.sealed_head or not parts:
            self._register(tail_name)
            parts.append(f"SELECT * FROM {tail_name} WHERE commit_ts BETWEEN {start:d} AND {end:d}")
        return f"({' UNION ALL '.join(parts)})"

    def _register(self, tail_name: str) -> None:
        """Let DuckDB find a table of the tail: not before it is needed, because that costs as much as a question."""
        if tail_name not in self._registered:
            self.cursor.register(tail_name, self._view.tail.tables()[self._tail_names.index(tail_name)])
            self._registered.add(tail_name)

    def checkpoint(self, known: Checkpoint) -> str:
        """A FROM item over a checkpoint's rows."""
        return f"read_parquet({self.parameter(str(known.path))})"

    def files(self, segments: Sequence[Segment], file_name: str) -> str:
        """A parameter that holds the segments' paths."""
        return self.parameter([str(self._view.directory / segment.name / file_name) for segment in segments])

    def parameter(self, value: object) -> str:
        name = f"p{len(self._parameters)}"
        self._parameters[name] = value
        return f"${name}"

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        question.check()
        parameters, self._parameters = self._parameters, {}
        return self.cursor.execute(sql, parameters)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.run(sql).fetchall()

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        result = self.run(sql)
        while True:
            if self._process != os.getpid():
                raise StoreClosedError(
                    "a replay cannot go on in a forked process: its threads are the parent's; begin anew"
                )
            question.check()
            if not (rows := result.fetchmany(_FETCH_ROWS)):
                return
            yield from rows

    def arrays(self, sql: str) -> dict[str, Any]:
        """The result's columns as numpy arrays."""
        return self.run(sql).fetchnumpy()

    def table(self, sql: str) -> pa.Table:
        """The result as Arrow."""
        question.check()
        parameters, self._parameters = self._parameters, {}
        return self.cursor.sql(sql, params=parameters).to_arrow_table()

    def agents(self, key: str | None = None) -> list[AgentAddress]:
        """Every agent that ever wrote, or that ever had the key, sorted (S17)."""
        condition = "true" if key is None else f"key = {self.parameter(key)}"
        rows = self.rows(f"SELECT DISTINCT namespace, agent_id FROM {self.operations()} WHERE {condition}")
        return sorted(AgentAddress(*row) for row in rows)

    def agent(self, namespace: str | None, agent_id: str | None) -> str:
        """A condition that keeps to a namespace and an agent, where given."""
        conditions = ["true"]
        if namespace is not None:
            conditions.append(f"namespace = {self.parameter(namespace)}")
        if agent_id is not None:
            conditions.append(f"agent_id = {self.parameter(agent_id)}")
        return " AND ".join(conditions)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the state is asked for."""

    namespace: str | None = None
    agent_id: str | None = None
    keys: list[str] | None = None
    prefix: str = ""
    tombstones: bool = False

    def condition(self, query: Query) -> str:
        condition = query.agent(self.namespace, self.agent_id)
        if self.keys is not None and len(self.keys) == 1:
            condition += f" AND key = {query.parameter(self.keys[0])}"
        elif self.keys is not None:
            condition += f" AND key IN (SELECT unnest({query.parameter(self.keys)}::VARCHAR[]))"
        if self.prefix:
            condition += f" AND starts_with(key, {query.parameter(self.prefix)})"
        return condition


def latest(query: Query, start: Checkpoint | None, at: int, scope: Scope) -> str:
    """SQL for the last operation of each address at a moment, without its value: what a checkpoint holds, moved on."""
    condition = scope.condition(query)
    since = (
        "SELECT namespace, agent_id, key, max(version) AS version, max(commit_ts) AS commit_ts,"
        " arg_max(op, version) AS op, arg_max(value_bytes, version) AS value_bytes"
        f" FROM {query.operations(start.commit_ts + 1 if start else 1, at)} WHERE {condition}"
        " GROUP BY namespace, agent_id, key"
    )
    live = "true" if scope.tombstones else "op = 'write'"
    if start is None:
        return f"SELECT * FROM ({since}) WHERE {live}"
    return (
        f"WITH since AS MATERIALIZED ({since}) SELECT * FROM (SELECT * FROM since UNION ALL"
        " SELECT namespace, agent_id, key, version, commit_ts, op, value_bytes"
        f" FROM {query.checkpoint(start)} ANTI JOIN since USING (namespace, agent_id, key) WHERE {condition})"
        f" WHERE {live}"
    )
