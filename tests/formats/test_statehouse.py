from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.conftest import any_json, load, sample, write_lines

from playhead.formats.registry import recognise
from playhead.formats.source import Source
from playhead.formats.statehouse import StatehouseDump, StatehouseReplay
from playhead.model import JSON


def event(commit_ts: int, *operations: JSON, agent_id: str = "a") -> JSON:
    return {
        "txn_id": f"t{commit_ts}",
        "commit_ts": commit_ts,
        "namespace": "n",
        "agent_id": agent_id,
        "operations": list(operations),
    }


def operation(key: str, value: JSON, version: int) -> JSON:
    return {"key": key, "value": value, "version": version}


def test_a_replay_is_taken_over_operation_by_operation(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "log",
        [
            event(101, operation("plan", {"steps": 2.0}, 1), operation("tool/search", "q", 1)),
            event(105, operation("plan", None, 2), agent_id="a"),
            event(107, operation("plan", 3, 3), operation("plan", 4, 4), agent_id="b"),
        ],
    )
    loaded = load(StatehouseReplay(), path)
    told = [
        [(*operation.address, operation.op, operation.encoded) for operation in draft.operations]
        for draft in loaded.drafts
    ]
    assert told == [
        [("n", "a", "plan", "write", b'{"steps":2.0}'), ("n", "a", "tool/search", "write", b'"q"')],
        [("n", "a", "plan", "delete", b"")],
        [("n", "b", "plan", "write", b"3"), ("n", "b", "plan", "write", b"4")],
    ]
    assert loaded.kinds() == ["tool_call", "delete", "write"]
    first = loaded.drafts[0].meta  # S28
    assert (first["txn_id"], first["commit_ts"], first["versions"], first["line"]) == ("t101", 101, [1, 1], 1)
    assert loaded.drafts[2].meta["versions"] == [3, 4]


def test_both_shapes_of_a_dump_become_one_transaction(tmp_path: Path) -> None:
    bare: JSON = {"plan": {"value": {"x": 1}, "version": 2, "commit_ts": 9}, "note": {"value": None, "version": 1}}
    envelope: JSON = {"namespace": "n", "agent_id": "a", "timestamp": "2026-02-07T12:20:00Z", "state": bare}
    for name, content, namespace, agent_id in (("bare", bare, "default", "main"), ("env", envelope, "n", "a")):
        path = tmp_path / name
        path.write_text(json.dumps(content, indent=2))
        known, _ = recognise(path)
        assert known.name == "statehouse-dump"
        loaded = load(known, path)
        assert loaded.state == {(namespace, agent_id, "plan"): {"x": 1}, (namespace, agent_id, "note"): None}
        (draft,) = loaded.drafts
        assert draft.meta["versions"] == {"plan": 2, "note": 1}
        assert (draft.occurred_at is not None) == (name == "env")


def test_records_that_are_no_events_are_kept_and_operations_without_a_key_are_counted(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "log", [event(1, {"value": 1}, operation("k", 1, 1)), {"note": "odd"}])
    loaded = load(StatehouseReplay(), path)
    assert loaded.keys() == ["k", "records/0001"]
    assert loaded.report.counts["operations_without_key"] == 1


def test_the_samples_fold_to_the_state_they_describe() -> None:
    dump = load(StatehouseDump(), sample("statehouse/dump.SYNTHETIC.json"))
    replay = load(StatehouseReplay(), sample("statehouse/replay.SYNTHETIC.jsonl"))
    raw = orjson.loads(sample("statehouse/dump.SYNTHETIC.json").read_bytes())
    expected = {key: entry["value"] for key, entry in raw.items()}
    assert {address.key: value for address, value in dump.state.items()} == expected
    assert {address.key: value for address, value in replay.state.items()} == expected
    assert not StatehouseDump().recognise(Source(sample("statehouse/replay.SYNTHETIC.jsonl")))


VALUES = any_json("key", "value", "version", "state", "agent_id")
OPERATIONS = st.fixed_dictionaries({"key": st.text() | VALUES}, optional={"value": VALUES, "version": VALUES})
EVENTS = st.fixed_dictionaries(
    {"txn_id": VALUES, "commit_ts": VALUES, "agent_id": st.text(), "operations": st.lists(OPERATIONS | VALUES)},
    optional={"namespace": VALUES, "timestamp": VALUES},
)


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS | VALUES, min_size=1, max_size=6))
def test_events_of_any_shape_are_read_without_fail(
    tmp_path_factory: pytest.TempPathFactory, events: list[JSON]
) -> None:
    path = write_lines(tmp_path_factory.mktemp("any") / "log", events)
    assert load(StatehouseReplay(), path).report.records == len(events)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), st.fixed_dictionaries({"value": VALUES, "version": VALUES}), min_size=1))
def test_a_dump_of_any_values_is_read_without_fail(
    tmp_path_factory: pytest.TempPathFactory, state: dict[str, JSON]
) -> None:
    path = write_lines(tmp_path_factory.mktemp("any") / "log", [state])
    assert StatehouseDump().recognise(Source(path))
    assert len(load(StatehouseDump(), path).state) == len([key for key in state if key])
