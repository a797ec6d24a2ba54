"""SQL: what it sees agrees with every other way of asking, and nothing outside the store can be reached."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from playhead import JSON, QueryError, Question, QuestionStoppedError, Store, sql

Settle = Callable[[Store], Store]


@pytest.fixture
def run(store: Store, settle: Settle) -> Store:
    """Six commits by three agents, with a delete, a tombstone of nothing, a null and a key written twice at once."""
    occurred = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
    with store.begin_transaction(kind="user", label="go", meta={"line": 1}, occurred_at=occurred) as tx:
        tx.write("planner", "plan", {"steps": [{"status": "pending"}], "cost": 1.5})
        tx.write("planner", "note", None)
    store.snapshot("start")
    with store.begin_transaction(kind="tool_error") as tx:
        tx.write("planner", "plan", {"steps": []})
        tx.write("planner", "plan", {"steps": [{"status": "done"}], "cost": 2})
    store.write("worker", "task", 2**64 - 1)
    store.delete("planner", "note")
    store.delete("worker", "never was")
    store.write("worker", "task", "é\n🎬", namespace="else/where")
    store.snapshot()
    return settle(store)


def rows(store: Store, query: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = store.sql(query).to_pylist()
    return found


def parsed(text: object) -> JSON:
    value: JSON = None if text is None else orjson.loads(str(text))
    return value


def test_a_result_is_a_finished_arrow_table(run: Store) -> None:
    table = run.sql("SELECT count(*) AS n, max(commit_ts) AS head FROM events;")
    assert isinstance(table, pa.Table)
    run.close()
    assert table.to_pylist() == [{"n": 6, "head": 6}]


def test_events_are_those_of_a_replay(run: Store) -> None:  # S18 S3
    found = rows(run, "SELECT * FROM events ORDER BY commit_ts")
    for row, event in zip(found, run.replay(), strict=True):
        assert (row["commit_ts"], row["txn_id"], row["kind"], row["label"], row["operation_count"]) == (
            event.commit_ts,
            event.txn_id,
            event.kind,
            event.label,
            event.operation_count,
        )
        assert parsed(row["meta"]) == event.meta
        assert row["committed_at"] == event.committed_at.replace(tzinfo=None)
        assert row["occurred_at"] == (event.occurred_at and event.occurred_at.replace(tzinfo=None))


def test_operations_are_those_of_a_replay(run: Store) -> None:  # S5 S19
    found = rows(run, "SELECT * FROM operations ORDER BY commit_ts, op_index")
    told = [
        (event.commit_ts, index, *part.address, part.op, part.version, part.value)
        for event in run.replay()
        for index, part in enumerate(event.operations)
    ]
    columns = ("commit_ts", "op_index", "namespace", "agent_id", "key", "op", "version")
    assert [(*(row[name] for name in columns), parsed(row["value"])) for row in found] == told
    stored = rows(run, "SELECT op, value IS NULL AS missing FROM operations WHERE key = 'note' ORDER BY version")
    assert stored == [{"op": "write", "missing": False}, {"op": "delete", "missing": True}]


def test_snapshots_are_listed(run: Store) -> None:  # S24
    assert rows(run, "SELECT id, commit_ts, parent, label, timestamp FROM snapshots ORDER BY id") == [
        {
            "id": snap.id,
            "commit_ts": snap.commit_ts,
            "parent": snap.parent,
            "label": snap.label,
            "timestamp": snap.timestamp,
        }
        for snap in run.snapshots()
    ]


def test_state_at_is_the_state_at_every_moment(run: Store) -> None:  # S16 S17
    for at in range(8):
        expected = [
            (record.address, record.version, record.commit_ts, record.value)
            for record in run.history.state(run.view(), at)
        ]
        found = rows(run, f"SELECT * FROM state_at({at})")
        assert [
            ((row["namespace"], row["agent_id"], row["key"]), row["version"], row["commit_ts"], parsed(row["value"]))
            for row in found
        ] == expected


def test_changes_are_a_diff_of_every_pair_of_moments(run: Store) -> None:  # S25
    for a in range(7):
        expected = [
            (b, change.address, change.status, change.before.value, change.after.value)
            for b in range(7)
            for change in run.diff(a, b)
        ]
        query = " UNION ALL ".join(f"SELECT {b} AS b, * FROM changes({a}, {b})" for b in range(7))
        assert [
            (
                row["b"],
                (row["namespace"], row["agent_id"], row["key"]),
                row["status"],
                parsed(row["before"]),
                parsed(row["after"]),
            )
            for row in rows(run, f"{query} ORDER BY b, namespace, agent_id, key")
        ] == expected
    alone = [(row["agent_id"], row["key"]) for row in rows(run, "FROM changes(6, 0)")]
    assert alone == [(change.address.agent_id, change.address.key) for change in run.diff(6, 0)]


def test_history_lists_every_version(run: Store) -> None:  # S2
    found = rows(run, "SELECT version, commit_ts, op, value, kind FROM history('planner', 'plan')")
    assert [(row["version"], row["commit_ts"], row["op"], row["kind"]) for row in found] == [
        (1, 1, "write", "user"),
        (2, 2, "write", "tool_error"),
        (3, 2, "write", "tool_error"),
    ]
    for row in found:
        version = run.get_state_at_version("planner", "plan", int(str(row["version"])))
        assert parsed(row["value"]) == version.value
    assert [row["namespace"] for row in rows(run, "FROM history('worker', 'task')")] == ["default", "else/where"]
    assert rows(run, "FROM history('nobody', 'plan')") == []


def test_values_can_be_asked_as_json(run: Store) -> None:  # S7
    query = "SELECT key, value->>'$.steps[0].status' AS status FROM state_at({}) WHERE key = 'plan'"
    assert rows(run, query.format(1)) == [{"key": "plan", "status": "pending"}]
    assert rows(run, query.format(2)) == [{"key": "plan", "status": "done"}]
    assert rows(run, "SELECT commit_ts FROM operations WHERE (value->'cost')::DOUBLE > 1.9") == [{"commit_ts": 2}]


def test_macros_and_tables_compose(run: Store) -> None:
    query = """
        WITH failing AS (SELECT commit_ts AS t FROM events WHERE kind LIKE '%error')
        SELECT o.agent_id, count(*) AS n FROM operations o JOIN failing ON o.commit_ts = failing.t GROUP BY ALL
    """
    assert rows(run, query) == [{"agent_id": "planner", "n": 2}]
    assert rows(run, "VALUES (1)") == [{"col0": 1}]


def test_a_query_sees_the_head_of_this_object(store: Store) -> None:  # S20
    store.write("agent", "key", 1)
    assert rows(store, "SELECT count(*) AS n FROM operations") == [{"n": 1}]
    store.write("agent", "key", 2)
    store.seal()
    assert rows(store, "SELECT count(*) AS n FROM operations") == [{"n": 2}]


OUTSIDE = """
COPY events TO '{out}'
COPY (SELECT 1) TO '{out}' (FORMAT parquet)
COPY operations TO '{segment}'
SELECT 1; SELECT 2
SELECT 1; COPY events TO '{out}'
SELECT * FROM read_text('{secret}')
SELECT * FROM read_blob('{secret}')
SELECT * FROM read_csv('{secret}')
SELECT * FROM read_json('{secret}')
SELECT * FROM read_parquet('{other}')
SELECT * FROM '{other}'
SELECT * FROM '{secret}'
SELECT * FROM parquet_metadata('{other}')
SELECT * FROM parquet_schema('{other}')
SELECT * FROM glob('{folder}/*')
SELECT * FROM read_text('/etc/hostname')
SELECT * FROM sniff_csv('{secret}')
SELECT * FROM read_parquet('http://localhost:9/a.parquet')
SELECT * FROM 'https://localhost:9/a.csv'
SELECT * FROM read_parquet('s3://bucket/a.parquet')
ATTACH '{out}' AS other
ATTACH ':memory:' AS other
DETACH memory
SET enable_external_access = true
SET allowed_paths = ['{secret}']
RESET lock_configuration
PRAGMA database_list
PRAGMA enable_profiling
INSTALL httpfs
LOAD httpfs
CREATE TABLE t (i INTEGER)
CREATE OR REPLACE VIEW events AS SELECT 1
DROP VIEW events
INSERT INTO snapshots VALUES (9, 9, 9, 9, 'x')
UPDATE snapshots SET label = 'x'
DELETE FROM snapshots
EXPORT DATABASE '{out}'
IMPORT DATABASE '{folder}'
CALL pragma_version()
EXPLAIN ANALYZE SELECT 1
PREPARE p AS SELECT 1
BEGIN TRANSACTION
CHECKPOINT
VACUUM
EXECUTE p
SELECT getenv('PATH')
SELECT * FROM read_csv_auto('{secret}')
SELECT * FROM parquet_scan('{other}')
SELECT * FROM read_json_auto('{secret}')
SELECT * FROM read_ndjson('{secret}')
SELECT * FROM query('COPY events TO x')
SELECT * FROM query('FROM read_text($${secret}$$)')
SELECT * FROM query_table('{secret}')
SELECT * FROM query_table(['{other}'])
SELECT (SELECT content FROM read_text('{secret}'))
WITH t AS (SELECT * FROM read_csv('{secret}')) SELECT * FROM t
WITH t AS (INSERT INTO snapshots VALUES (9, 9, 9, 9, 'x') RETURNING *) SELECT * FROM t
SELECT * FROM (DELETE FROM snapshots RETURNING *)
COPY (SELECT 1) TO '/dev/stdout'
COPY snapshots FROM '{secret}'
CREATE SECRET s (TYPE s3)
SET threads = 1
SET memory_limit = '1TB'
SET VARIABLE a = 1
PRAGMA memory_limit = '1TB'
CALL duckdb_settings()
ATTACH '{other}' (TYPE sqlite)
USE other
SELECT * FROM sqlite_scan('{secret}', 't')
SELECT * FROM python_table
SELECT * FROM nowhere
SELEC 1
SELECT error('stop')
SELECT 1 INTO t
CREATE TABLE t AS SELECT 1
CREATE MACRO f() AS 1
WITH t AS MATERIALIZED (UPDATE snapshots SET label = 'x' RETURNING 1) FROM t
SELECT apply([1], lambda x: getenv('HOME'))
SELECT list_transform(['{secret}'], lambda f: (SELECT content FROM read_text(f)))
FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''{secret}'')'))
FROM query('SELECT * FROM read_blob(''{secret}'')')
SELECT * FROM read_text('{segment}/../../../store.json')
SELECT * FROM parquet_kv_metadata('{folder}/*/*/*.parquet')
SELECT * FROM parquet_file_metadata('{other}')
SELECT * FROM read_parquet((SELECT '{other}'))
SELECT * FROM read_duckdb('{other}')
FROM duckdb_secrets()
FROM duckdb_extensions()
SELECT * FROM which_secret('{secret}', 's3')
SELECT * FROM sql_auto_complete('sel')
SELECT nextval('x')
SELECT $1
/* */ COPY events TO '{out}' /* SELECT 1 */
SELECT '\ud800'
SELECT * FROM range(20000000000)
SELECT list(range) FROM range(20000000000)
""".strip().splitlines()


def test_what_is_no_select_over_the_store_is_refused(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "MEMORY_BYTES", 64 * 1024**2)
    monkeypatch.chdir(tmp_path)
    store.write("agent", "key", 1)
    store.seal()
    secret, other = tmp_path / "secret.csv", tmp_path / "other.parquet"
    secret.write_text("a,b\n1,2\n")
    python_table = pa.table({"a": [1]})
    pq.write_table(python_table, other)
    segment = next(store.path.rglob("operations.parquet"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for template in [*OUTSIDE, "", ";", "-- nothing"]:
        query = template.format(out=tmp_path / "out", secret=secret, other=other, folder=tmp_path, segment=segment)
        try:
            answer = store.sql(query)
        except QueryError:
            continue
        finally:
            after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
            assert after == before, query
        pytest.fail(f"{query} is answered: {answer.slice(0, 3)}")
    assert rows(store, "SELECT count(*) AS n FROM events") == [{"n": 1}]


def test_a_query_without_an_end_is_stopped(store: Store) -> None:
    endless = "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
    question = Question()
    stopper = threading.Timer(0.2, question.stop)
    stopper.start()
    with question, pytest.raises(QuestionStoppedError):
        store.sql(endless)
    stopper.join()


def test_values_of_any_type_are_told(store: Store) -> None:
    table = store.sql(
        "SELECT TIMESTAMP 'infinity' AS never, DATE '290000-01-01' AS late, [DATE '290000-01-01'] AS inside, 1 AS n"
    )
    told = [sql.values_of(column) for column in table.columns]
    assert all(len(values) == 1 and isinstance(values[0], str) for values in told[:3]) and told[3] == [1]
