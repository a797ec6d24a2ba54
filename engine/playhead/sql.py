"""SQL over a store: one SELECT, read-only, confined to what the store holds, answered with a finished table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

from playhead.errors import QueryError
from playhead.generation import View
from playhead.model import SnapshotEntry
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_TIME = "make_timestamp(epoch_us({0})) AS {0}"
_EVENTS = f"* REPLACE ({_TIME.format('committed_at')}, {_TIME.format('occurred_at')}, meta::JSON AS meta)"
_OPERATIONS = "* REPLACE (value::JSON AS value, hex(value_hash) AS value_hash, hex(previous_hash) AS previous_hash)"
_SNAPSHOTS = "id BIGINT, commit_ts BIGINT, timestamp DOUBLE, parent BIGINT, label VARCHAR"

# Latest per address, as S16 and S25 have it; the same questions that History answers, open to composition.
_MACROS = """
CREATE MACRO state_at(t) AS TABLE
    SELECT namespace, agent_id, key, value, version, commit_ts FROM operations
    WHERE commit_ts <= t
    QUALIFY row_number() OVER (PARTITION BY namespace, agent_id, key ORDER BY version DESC) = 1 AND op = 'write'
    ORDER BY namespace, agent_id, key;
CREATE MACRO history(agent, the_key) AS TABLE
    SELECT o.namespace, o.version, o.commit_ts, e.committed_at, e.occurred_at, o.op, o.value, e.kind, e.label
    FROM operations o JOIN events e USING (commit_ts)
    WHERE o.agent_id = agent AND o.key = the_key
    ORDER BY o.namespace, o.version;
CREATE MACRO changes(a, b) AS TABLE
    WITH between_them AS (
        SELECT namespace, agent_id, key,
            min_by({version: version, hash: previous_hash}, version) AS first,
            max_by({version: version, hash: value_hash, value: value}, version) AS last
        FROM operations WHERE commit_ts > least(a, b) AND commit_ts <= greatest(a, b)
        GROUP BY namespace, agent_id, key
    ), sides AS (
        SELECT d.namespace, d.agent_id, d.key, o.value AS older, d.last.value AS newer,
            d.first.hash IS NOT NULL AS existed, d.last.hash IS NOT NULL AS exists_now
        FROM between_them d LEFT JOIN operations o
            ON o.namespace = d.namespace AND o.agent_id = d.agent_id AND o.key = d.key
            AND o.version = d.first.version - 1
        WHERE d.first.hash IS DISTINCT FROM d.last.hash
    )
    SELECT namespace, agent_id, key,
        CASE WHEN existed AND exists_now THEN 'changed'
            WHEN exists_now = (a <= b) THEN 'added' ELSE 'removed' END AS status,
        CASE WHEN a <= b THEN older ELSE newer END AS before,
        CASE WHEN a <= b THEN newer ELSE older END AS after
    FROM sides ORDER BY namespace, agent_id, key;
"""


def run(view: View, taken: Sequence[SnapshotEntry], sql: str) -> pa.Table:
    """The result of one SELECT over the three tables and the macros state_at(t), changes(a, b), history(agent, key).

    Raises QueryError for anything that is not one SELECT, that reaches outside the store, or that DuckDB cannot run.
    """
    import duckdb

    # An instance of its own: its settings are locked, and nothing it does outlives it.
    connection = duckdb.connect(":memory:")
    try:
        _check_is_one_select(connection, sql)
        _define(connection, view, taken)
        _confine(connection, view)
        return connection.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        raise QueryError(str(error)) from None
    finally:
        connection.close()


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
    events, operations = view.tail.tables()
    for name, columns, file_name, tail in (
        ("events", _EVENTS, EVENTS_FILE, events),
        ("operations", _OPERATIONS, OPERATIONS_FILE, operations),
    ):
        connection.register(f"tail_{name}", tail)
        rows = connection.table(f"tail_{name}").filter(f"commit_ts <= {view.head:d}")
        for segment in view.segments:
            file = str(view.directory / segment.name / file_name)
            rows = rows.union(connection.read_parquet(file).filter(f"commit_ts <= {segment.last:d}"))
        rows.project(columns).create_view(name)
    connection.execute(f"CREATE TABLE snapshots ({_SNAPSHOTS})")
    if taken:
        connection.executemany(
            "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?)", [list(astuple(entry)) for entry in taken]
        )
    connection.execute(_MACROS)


def _confine(connection: duckdb.DuckDBPyConnection, view: View) -> None:
    files = [
        str(view.directory / segment.name / file)
        for segment in view.segments
        for file in (EVENTS_FILE, OPERATIONS_FILE)
    ]
    connection.execute("SET allowed_paths = $files", {"files": files})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
