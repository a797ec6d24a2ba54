"""The calls that people know from the systems whose ideas these are, and the results they are used to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import playhead
from playhead import JSON, Store
from playhead import kv as ss


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Store]:
    with playhead.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture(params=["in memory", "on disk"])
def pairs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ss.Store]:
    with ss.Store() if request.param == "in memory" else ss.Store(tmp_path / "pairs") as opened:
        yield opened


# ── state and events ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_writes_are_two_versions_and_two_events(client: Store) -> None:
    with client.begin_transaction() as tx:
        tx.write(agent_id="agent-1", key="counter", value={"count": 0})
    with client.begin_transaction() as tx:
        tx.write(agent_id="agent-1", key="counter", value={"count": 1})

    result = client.get_state(agent_id="agent-1", key="counter")
    assert (result.value, result.version) == ({"count": 1}, 2)
    assert [(event.commit_ts, event.operations[0].value) for event in client.replay(agent_id="agent-1")] == [
        (1, {"count": 0}),
        (2, {"count": 1}),
    ]


def test_operations_of_one_transaction_are_one_event(client: Store) -> None:
    with client.begin_transaction() as tx:
        tx.write(agent_id="agent-1", key="a", value={"x": 1})
        tx.write(agent_id="agent-1", key="b", value={"y": 2})
        tx.delete(agent_id="agent-1", key="a")
    (event,) = client.replay(agent_id="agent-1")
    assert isinstance(event.txn_id, str)
    assert [(op.agent_id, op.key, op.op, op.value) for op in event.operations] == [
        ("agent-1", "a", "write", {"x": 1}),
        ("agent-1", "b", "write", {"y": 2}),
        ("agent-1", "a", "delete", None),
    ]


# ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_key_has_its_own_version_counter(client: Store) -> None:
    for key, value in (("counter", {"count": 0}), ("counter", {"count": 1}), ("other", {"x": 42})):
        with client.begin_transaction() as tx:
            tx.write(agent_id="agent-1", key=key, value=value)
    assert client.get_state(agent_id="agent-1", key="counter").version == 2
    assert client.get_state(agent_id="agent-1", key="other").version == 1


def test_a_read_at_version_3_is_the_state_as_it_was(client: Store) -> None:
    for count in range(5):
        client.write(agent_id="agent-1", key="counter", value={"count": count})
    assert client.get_state(agent_id="agent-1", key="counter").version == 5
    result = client.get_state_at_version(agent_id="agent-1", key="counter", version=3)
    assert (result.value, result.version, result.commit_ts) == ({"count": 2}, 3, 3)


def test_a_version_counts_per_key_and_a_commit_per_store(client: Store) -> None:
    for count in range(37):
        client.write(agent_id="agent-2", key="noise", value=count)
    for count in range(5):
        client.write(agent_id="agent-1", key="counter", value={"count": count})
    result = client.get_state(agent_id="agent-1", key="counter")
    assert (result.version, result.commit_ts) == (5, 42)


def test_a_change_shows_as_a_higher_version(client: Store) -> None:
    client.write(agent_id="agent-1", key="config", value={"mode": "slow"})
    last_seen_version = client.get_state(agent_id="agent-1", key="config").version
    assert not client.get_state(agent_id="agent-1", key="config").version > last_seen_version
    client.write(agent_id="agent-1", key="config", value={"mode": "fast"})
    assert client.get_state(agent_id="agent-1", key="config").version > last_seen_version


def test_a_delete_creates_a_version_too(client: Store) -> None:
    with client.begin_transaction() as tx:
        tx.write(agent_id="agent-1", key="temp", value={"x": 1})
    with client.begin_transaction() as tx:
        tx.delete(agent_id="agent-1", key="temp")
    result = client.get_state(agent_id="agent-1", key="temp")
    assert (result.exists, result.version) == (False, 2)


# ── replay ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_replay_can_be_bounded_from_either_side(client: Store) -> None:
    for number in range(1, 41):
        client.write(agent_id="agent", key="n", value=number)

    def replayed(**bounds: int) -> list[int]:
        return [event.commit_ts for event in client.replay(agent_id="agent", **bounds)]  # type: ignore[arg-type]

    assert replayed(start_ts=10) == list(range(10, 41))
    assert replayed(end_ts=20) == list(range(1, 21))
    assert replayed(start_ts=10, end_ts=20) == list(range(10, 21))
    assert replayed() == replayed()


def test_a_replay_can_be_left_early(client: Store) -> None:
    for _ in range(10):
        with client.begin_transaction() as tx:
            for key in range(4):
                tx.write(agent_id="agent", key=str(key), value=key)
    count = 0
    for event in client.replay(agent_id="agent"):
        count += len(event.operations)
        if count > 10:
            break
    assert count == 12


def test_state_can_be_reconstructed_from_events(client: Store) -> None:
    client.write(agent_id="agent", key="a", value={"n": 1})
    client.write(agent_id="agent", key="b", value={"n": 2})
    client.delete(agent_id="agent", key="a")
    client.write(agent_id="agent", key="b", value={"n": 3})

    def reconstruct_state(at_ts: int) -> dict[str, JSON]:
        state: dict[str, JSON] = {}
        for event in client.replay(agent_id="agent", end_ts=at_ts):
            for op in event.operations:
                if op.value is None:
                    state.pop(op.key, None)
                else:
                    state[op.key] = op.value
        return state

    assert [reconstruct_state(at) for at in range(1, 5)] == [
        {"a": {"n": 1}},
        {"a": {"n": 1}, "b": {"n": 2}},
        {"b": {"n": 2}},
        {"b": {"n": 3}},
    ]
    for at in range(5):
        assert reconstruct_state(at) == {
            key: record.value for key, record in client.state(agent_id="agent", at=at).items()
        }


def test_an_agent_finds_its_last_step_after_a_crash(client: Store, tmp_path: Path) -> None:
    for number in range(1, 4):
        with client.begin_transaction() as tx:
            tx.write(agent_id="agent", key=f"step:{number}", value={"done": True})
    unfinished = client.begin_transaction()
    unfinished.write(agent_id="agent", key="step:4", value={"done": True})
    client.close()
    with playhead.open(tmp_path / "store", create=False) as again:
        steps = [op.key for event in again.replay(agent_id="agent") for op in event.operations]
    assert max(int(step.split(":")[1]) for step in steps) == 3


def test_a_replay_can_name_another_namespace(client: Store) -> None:
    client.write(agent_id="agent", key="k", value=1, namespace="production")
    client.write(agent_id="agent", key="k", value=2)
    assert [event.commit_ts for event in client.replay(agent_id="agent", namespace="production")] == [1]
    assert [event.commit_ts for event in client.replay(agent_id="agent")] == [2]


# ── snapshots and diffs of pairs ─────────────────────────────────────────────────────────────────────────────────────


def test_a_snapshot_can_be_rolled_back_to(pairs: ss.Store) -> None:
    pairs.set("workflow", "onboarding", {"step": 3})
    snap = pairs.snapshot()
    pairs.set("workflow", "onboarding", {"step": 4})
    assert pairs.get("workflow", "onboarding") == {"step": 4}
    pairs.restore(snap)
    assert pairs.get("workflow", "onboarding") == {"step": 3}


def test_a_restore_is_of_every_namespace_and_key(pairs: ss.Store) -> None:
    pairs.set("a", "kept", 1)
    pairs.set("b", "removed", [1, {"x": None}])
    snap = pairs.snapshot("savepoint")
    pairs.set("a", "kept", 2)
    assert pairs.delete("b", "removed")
    assert not pairs.delete("b", "removed")
    pairs.set("c", "added", 1)
    pairs.restore(snap)
    assert (pairs.get("a", "kept"), pairs.get("b", "removed"), pairs.get("c", "added")) == (1, [1, {"x": None}], None)
    assert pairs.get("c", "added", "default") == "default"
    assert [pairs.keys(namespace) for namespace in ("a", "b", "c")] == [["kept"], ["removed"], []]


def test_a_snapshot_knows_itself(pairs: ss.Store) -> None:
    before = time.time()
    pairs.set("n", "a", 1)
    first = pairs.snapshot("one")
    pairs.set("m", "b", {"x": "y"})
    second = pairs.snapshot()
    assert (first.id, first.parent, second.id, second.parent) == (1, None, 2, 1)
    assert (first.label, second.label) == ("one", None)
    assert (first.keys, second.keys) == ([("n", "a")], [("m", "b"), ("n", "a")])
    assert (first.size_bytes, second.size_bytes) == (len("1"), len('1{"x":"y"}'))
    assert before - 0.001 <= first.timestamp <= second.timestamp <= time.time() + 0.001
    assert [snap.id for snap in pairs.snapshots()] == [1, 2]


def test_a_diff_is_three_lists_of_pairs(pairs: ss.Store) -> None:
    pairs.set("n", "changed_key", 1)
    pairs.set("n", "removed_key", 1)
    pairs.set("n", "kept_key", 1)
    base = pairs.snapshot()
    pairs.set("n", "added_key", 1)
    pairs.set("n", "changed_key", 999)
    pairs.delete("n", "removed_key")
    later = pairs.snapshot()
    assert later.diff(base) == {
        "added": [("n", "added_key")],
        "removed": [("n", "removed_key")],
        "changed": [("n", "changed_key")],
    }
    assert base.diff(later) == {
        "added": [("n", "removed_key")],
        "removed": [("n", "added_key")],
        "changed": [("n", "changed_key")],
    }


def test_pairs_and_their_snapshots_outlive_the_process(tmp_path: Path) -> None:
    with ss.Store(tmp_path / "pairs") as store:
        store.set("a/b", "c", 1)
        store.set("a", "b/c", 2)
        store.snapshot("kept")
        store.set("a", "b/c", 3)
    with ss.Store(tmp_path / "pairs") as store:
        assert (store.get("a/b", "c"), store.get("a", "b/c")) == (1, 3)
        (snap,) = store.snapshots()
        store.restore(snap)
        assert store.get("a", "b/c") == 2
