from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.conftest import load

from playhead.errors import ImportFormatError
from playhead.formats.playhead_export import PlayheadExport, write_events
from playhead.formats.registry import recognise
from playhead.model import JSON, Event, Operation, SnapshotEntry

CREATED = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
EVENTS = [
    Event(
        txn_id="t1",
        commit_ts=1,
        committed_at=CREATED,
        occurred_at=None,
        kind="write",
        label="first → now",
        meta={"line": 1},
        operation_count=2,
        operations=(
            Operation("n", "a", "k", "write", {"b": 1, "a": [1.0, None]}, 1),
            Operation("n", "a", "k", "write", None, 2),
        ),
    ),
    Event(
        txn_id="t2",
        commit_ts=2,
        committed_at=CREATED,
        occurred_at=datetime(2025, 12, 31, tzinfo=UTC),
        kind="",
        label="",
        meta={},
        operation_count=1,
        operations=(Operation("n", "a", "k", "delete", None, 3),),
    ),
]
SNAPSHOTS = [SnapshotEntry(1, 1, 1.5, None, "before"), SnapshotEntry(4, 2, 2.25, 1, None)]


def export(events: list[Event] = EVENTS, snapshots: list[SnapshotEntry] = SNAPSHOTS) -> bytes:
    return b"".join(write_events(events, snapshots, store_id="s", created=CREATED))


def test_what_was_written_is_read_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(export())
    known, _ = recognise(path)
    assert known.name == "playhead"
    loaded = load(known, path)
    for event, draft in zip(EVENTS, loaded.drafts, strict=True):
        assert (draft.txn_id, draft.committed_at, draft.occurred_at) == (
            event.txn_id,
            event.committed_at,
            event.occurred_at,
        )
        assert (draft.kind, draft.label, draft.meta) == (event.kind, event.label, event.meta)
        told = [(*one.address, one.op, one.encoded and orjson.loads(one.encoded)) for one in draft.operations]
        assert told == [
            (one.namespace, one.agent_id, one.key, one.op, b"" if one.op == "delete" else one.value)
            for one in event.operations
        ]
    assert loaded.report.snapshots == SNAPSHOTS


def test_the_lines_are_the_documented_ones_and_the_same_every_time() -> None:
    lines = export().splitlines()  # S21
    assert export().splitlines() == lines
    assert json.loads(lines[0]) == {
        "format": "playhead",
        "format_version": 1,
        "store_id": "s",
        "created": "2026-01-02T03:04:05.678901Z",
    }
    first = json.loads(lines[1])
    assert list(first) == ["commit_ts", "txn_id", "committed_at", "occurred_at", "kind", "label", "meta", "operations"]
    assert list(first["operations"][0]) == ["namespace", "agent_id", "key", "op", "version", "value"]
    assert first["committed_at"] == "2026-01-02T03:04:05.678901Z"
    assert lines[1].endswith(b'"op":"write","version":2,"value":null}]}')
    assert json.loads(lines[3]) == {
        "snapshot": {"id": 1, "commit_ts": 1, "timestamp": 1.5, "parent": None, "label": "before"}
    }


def edited(change: Callable[[list[Any]], None]) -> bytes:
    records = [json.loads(line) for line in export().splitlines()]
    change(records)
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (lambda records: records.pop(1), 2, "commit_ts is 2 where 1 follows"),
        (lambda records: records.insert(1, records[2]), 2, "commit_ts is 2 where 1 follows"),
        (lambda records: records[2]["operations"][0].update(version=9), 3, "has version 9 where 3 follows"),
        (lambda records: records[0].update(format_version=2), 1, "newer"),
        (lambda records: records[1].update(operations=[]), 2, "without operations"),
        (lambda records: records[1].update(committed_at=None), 2, "committed_at"),
        (lambda records: records[1].update(committed_at="2026-01-02T03:04:05"), 2, "committed_at"),
        (lambda records: records[1].update(txn_id=7), 2, "txn_id"),
        (lambda records: records[1]["operations"][0].update(key=""), 2, "key"),
        (lambda records: records[1]["operations"][0].update(op="move"), 2, "neither a write"),
        (lambda records: records[1]["operations"][0].pop("value"), 2, "neither a write"),
        (lambda records: records[4]["snapshot"].update(id=1), 5, "snapshot 1 comes after"),
        (lambda records: records[3]["snapshot"].pop("timestamp"), 4, "snapshot needs"),
        (lambda records: records.append([1]), 6, "neither an event nor"),
    ],
)
def test_whatever_would_be_renumbered_or_lost_is_refused_by_line(
    tmp_path: Path, change: Callable[[list[Any]], None], line: int, what: str
) -> None:
    path = tmp_path / "log"  # S2, S3
    path.write_bytes(edited(change))
    with pytest.raises(ImportFormatError, match=f"line {line}: .*{what}"):
        load(PlayheadExport(), path)


def test_a_damaged_line_is_refused_and_not_skipped(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = export().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{oops\n", *lines[2:]]))
    with pytest.raises(ImportFormatError, match="line 3"):
        load(PlayheadExport(), path)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON_VALUES, min_size=1, max_size=5))
def test_any_value_makes_the_round_trip(tmp_path_factory: pytest.TempPathFactory, values: list[JSON]) -> None:
    operations = tuple(Operation("n", "a", "k", "write", value, number) for number, value in enumerate(values, 1))
    event = Event("t", 1, CREATED, None, "k", "", {}, len(operations), operations)
    path = tmp_path_factory.mktemp("export") / "log"
    path.write_bytes(export([event], []))
    (draft,) = load(PlayheadExport(), path).drafts
    assert [orjson.dumps(orjson.loads(one.encoded)) for one in draft.operations] == [  # S7
        orjson.dumps(value) for value in values
    ]
