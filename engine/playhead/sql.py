"""SQL over a store: one SELECT, read-only, confined to what the store holds, answered with a finished table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playhead import question
from playhead.errors import QueryError, StoreExistsError, WriteError
from playhead.expression import is_text
from playhead.generation import View
from playhead.history import History
from playhead.manifest import Segment
from playhead.model import SnapshotEntry
from playhead.query import answering
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_TIME = "make_timestamp(epoch_us({0})) AS {0}"
_EVENTS = f"* REPLACE ({_TIME.format('committed_at')}, {_TIME.format('occurred_at')}, meta::JSON AS meta)"
_OPERATIONS = "* REPLACE (value::JSON AS value, hex(value_hash) AS value_hash, hex(previous_hash) AS previous_hash)"
_SNAPSHOTS = "id BIGINT, commit_ts BIGINT, timestamp DOUBLE, parent BIGINT, label VARCHAR"

_LITERAL_MOMENT = re.compile(r"\bstate_at\s*\(\s*(\d{1,18})\s*\)", re.IGNORECASE)
MEMORY_BYTES = 4 * 1024**3
"""What one query may take while it is answered, and what its answer may."""
BATCH_ROWS = 100_000
MOST_MOMENTS = 8
"""Moments of one query that are answered from checkpoints; further ones are found by reading everything."""

# Latest per address, as S16 and S25 have it; the same questions that History answers, open to composition.
# Where t is one of `known`, which the planner sees, the second half of state_at is never begun.
_MACROS = """
CREATE MACRO state_at(t) AS TABLE
    SELECT * FROM (
        SELECT namespace, agent_id, key, o.value, version, s.commit_ts
        FROM states s JOIN state_operations o USING (namespace, agent_id, key, version) WHERE s.moment = t
        UNION ALL
        SELECT namespace, agent_id, key, value, version, commit_ts FROM operations
        WHERE commit_ts <= t AND t NOT IN ({known})
        QUALIFY row_number() OVER (PARTITION BY namespace, agent_id, key ORDER BY version DESC) = 1 AND op = 'write'
    )
    ORDER BY namespace, agent_id, key;
CREATE MACRO history(agent, the_key) AS TABLE
    SELECT o.namespace, o.version, o.commit_ts, e.committed_at, e.occurred_at, o.op, o.value, e.kind, e.label
    FROM operations o JOIN events e USING (commit_ts)
    WHERE o.agent_id = agent AND o.key = the_key
    ORDER BY o.namespace, o.version;
CREATE MACRO changes(a, b) AS TABLE
    WITH between_them AS (
        SELECT namespace, agent_id, key,
            min_by({{version: version, hash: previous_hash, commit_ts: previous_commit_ts}}, version) AS first,
            max_by({{version: version, hash: value_hash, value: value}}, version) AS last
        FROM operations WHERE commit_ts > least(a, b) AND commit_ts <= greatest(a, b)
        GROUP BY namespace, agent_id, key
    ), sides AS (
        SELECT d.namespace, d.agent_id, d.key, o.value AS older, d.last.value AS newer,
            d.first.hash IS NOT NULL AS existed, d.last.hash IS NOT NULL AS exists_now
        FROM between_them d LEFT JOIN operations o
            ON o.namespace = d.namespace AND o.agent_id = d.agent_id AND o.key = d.key
            AND o.version = d.first.version - 1 AND o.commit_ts = d.first.commit_ts
        WHERE d.first.hash IS DISTINCT FROM d.last.hash
    )
    SELECT namespace, agent_id, key,
        CASE WHEN existed AND exists_now THEN 'changed'
            WHEN exists_now = (a <= b) THEN 'added' ELSE 'removed' END AS status,
        CASE WHEN a <= b THEN older ELSE newer END AS before,
        CASE WHEN a <= b THEN newer ELSE older END AS after
    FROM sides ORDER BY namespace, agent_id, key;
"""


def run(history: History, view: View, taken: Sequence[SnapshotEntry], sql: str) -> pa.Table:
    """The result of one SELECT over the three tables and the macros state_at(t), changes(a, b), history(agent, key).

    Raises QueryError for anything that is not one SELECT, that reaches outside the store, or that DuckDB cannot run.
    """
    import duckdb

    if not is_text(sql):
        raise QueryError("the query is no text: it holds bytes that are not UTF-8")
    # An instance of its own: its settings are locked, and nothing it does outlives it.
    connection = duckdb.connect(":memory:")
    try:
        with answering(connection):
            _check_is_one_select(connection, sql)
            _define(connection, view, taken)
            _define_states(connection, history, view, sql)
            _confine(connection, view)
            question.check()
            # A statement that begins with WITH may write, and is a SELECT all the same.
            connection.execute("BEGIN TRANSACTION READ ONLY")
            return _gathered(connection.sql(sql))
    except duckdb.OutOfMemoryException:
        raise QueryError(f"the answer takes more than {MEMORY_BYTES:,} bytes of memory; ask for less") from None
    except duckdb.Error as error:
        raise QueryError(str(error)) from None
    finally:
        connection.close()


def _gathered(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    """All of a result. Raises QueryError where it is more than memory should hold, which DuckDB does not count."""
    import pyarrow as pa

    batches, size = [], 0
    reader = relation.to_arrow_reader(BATCH_ROWS)
    try:
        for batch in reader:
            question.check()
            batches.append(batch)
            size += batch.nbytes
            if size > MEMORY_BYTES:
                raise QueryError(f"the answer is more than {MEMORY_BYTES:,} bytes; ask for less, or for a part")
    except (pa.ArrowException, OSError) as error:
        question.check()
        raise QueryError(str(error)) from None
    return pa.Table.from_batches(batches, reader.schema)


def values_of(column: pa.ChunkedArray) -> list[Any]:
    """The values of a result's column; texts, where Python has no such value (a date in the year 30000)."""
    import pyarrow as pa

    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        try:
            values = column.cast(pa.string()).to_pylist()
        except pa.ArrowException:
            values = ["(beyond what Python can hold)"] * len(column)
    if pa.types.is_interval(column.type):
        return [each and f"P{each.months}M{each.days}DT{each.nanoseconds / 1e9:g}S" for each in values]
    return values


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a result to a new Parquet file. Raises StoreExistsError where something is there, WriteError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Never over anything: the file named by mistake may be a segment.
        with path.open("xb") as file:
            pq.write_table(table, file)
    except FileExistsError:
        raise StoreExistsError(f"{path}: something is there already; name a new file, or remove it first") from None
    except OSError as error:
        raise WriteError(f"{path}: could not be written ({error.strerror or error})") from None
    except pa.ArrowException as error:
        path.unlink()
        raise QueryError(f"{path}: Parquet has no place for this result ({error}); select other columns") from None


def _check_is_one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"one SELECT at a time, please: this holds {len(statements)} statements")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError(
            f"only SELECT is allowed, and this is {statements[0].type.name}; a store changes by commits alone"
        )


def _define(connection: duckdb.DuckDBPyConnection, view: View, taken: Sequence[SnapshotEntry]) -> None:
    connection.execute("SET python_enable_replacements = false")
    connection.execute("LOAD parquet")
    connection.execute("LOAD json")
    tables = zip(("events", "operations"), view.tail.tables(), strict=True)
    for name, tail in tables:
        connection.register(f"tail_{name}", tail)
        _rows(connection, view, name, view.segments).create_view(name)
    connection.execute(f"CREATE TABLE snapshots ({_SNAPSHOTS})")
    if taken:
        connection.executemany(
            "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?)", [list(astuple(entry)) for entry in taken]
        )


def _rows(
    connection: duckdb.DuckDBPyConnection, view: View, name: str, chosen: Sequence[Segment]
) -> duckdb.DuckDBPyRelation:
    """Every row of the tail and of some segments that is part of the view."""
    file_name, columns = {"events": (EVENTS_FILE, _EVENTS), "operations": (OPERATIONS_FILE, _OPERATIONS)}[name]
    rows = connection.table(f"tail_{name}").filter(f"commit_ts <= {view.head:d}")
    # Those that belong here as a whole as one list: DuckDB opens each only when it comes to it.
    if whole := [_path(view, segment, file_name) for segment in chosen if not segment.is_partial]:
        rows = rows.union(connection.read_parquet(whole))
    for segment in chosen:
        if segment.is_partial:
            part = connection.read_parquet(_path(view, segment, file_name))
            rows = rows.union(part.filter(f"commit_ts <= {segment.last:d}"))
    return rows.project(columns)


def _path(view: View, segment: Segment, file_name: str) -> str:
    return str(view.directory / segment.name / file_name)


def _define_states(connection: duckdb.DuckDBPyConnection, history: History, view: View, sql: str) -> None:
    """The macros, and what state_at needs of the moments that the query names as numbers (S23)."""
    import numpy

    named = sorted({int(moment) for moment in _LITERAL_MOMENT.findall(sql)})[:MOST_MOMENTS]
    states = [history.live(view, min(moment, view.head)) for moment in named]
    commits = numpy.unique(numpy.concatenate([numpy.zeros(0, numpy.int64), *(state["commit_ts"] for state in states)]))
    lasts = [segment.last for segment in view.segments]
    holding = set(numpy.searchsorted(lasts, commits).tolist())
    chosen = [segment for row, segment in enumerate(view.segments) if row in holding]
    _rows(connection, view, "operations", chosen).create_view("state_operations")
    columns = "namespace VARCHAR, agent_id VARCHAR, key VARCHAR, version BIGINT, commit_ts BIGINT, moment BIGINT"
    connection.execute(f"CREATE TABLE states ({columns})")
    for moment, state in zip(named, states, strict=True):
        connection.register("state", state)
        connection.execute(f"INSERT INTO states SELECT *, {moment:d} FROM state")
        connection.unregister("state")
    connection.execute(_MACROS.format(known=", ".join(map(str, [-1, *named]))))


def _confine(connection: duckdb.DuckDBPyConnection, view: View) -> None:
    files = [_path(view, segment, file) for segment in view.segments for file in (EVENTS_FILE, OPERATIONS_FILE)]
    connection.execute("SET allowed_paths = $files", {"files": files})
    connection.execute(f"SET memory_limit = '{MEMORY_BYTES}B'")
    # What does not fit is refused: nothing of the store is left in files.
    connection.execute("SET temp_directory = ''")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
