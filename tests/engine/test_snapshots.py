"""Snapshots, differences and restore: S24-S26."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from playhead import JSON, Address, InvalidArgumentError, MomentError, Store, VersionConflictError
from playhead.model import Change

Settle = Callable[[Store], Store]
OpenStore = Callable[..., Store]


def at(key: str, agent_id: str = "agent", namespace: str = "default") -> Address:
    return Address(namespace, agent_id, key)


def values(store: Store, moment: int | None = None) -> dict[Address, JSON]:
    """Every live value of the store at a moment."""
    return {
        Address(*agent, key): record.value
        for agent in store.agents()
        for key, record in store.state(agent.agent_id, moment, namespace=agent.namespace).items()
    }


def summary(changes: list[Change]) -> list[tuple[str, str, JSON, JSON]]:
    return [(change.address.key, change.status, change.before.value, change.after.value) for change in changes]


# ── snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_snapshot_knows_its_id_moment_parent_label_keys_and_size(
    open_store: OpenStore, settle: Settle
) -> None:  # S24
    now = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    store = open_store(clock=lambda: now)
    empty = store.snapshot()
    store.write("agent", "b", {"é": [1, 2.5]})
    store.write("agent", "a", None, namespace="other")
    store.write("agent", "gone", "x")
    store.delete("agent", "gone")
    later = store.snapshot("before refactor")
    store = settle(store)
    found = store.snapshots()
    assert found == [empty, later]
    assert [(snap.id, snap.commit_ts, snap.parent, snap.label) for snap in found] == [
        (1, 0, None, None),
        (2, 4, 1, "before refactor"),
    ]
    assert [snap.timestamp for snap in found] == [now.timestamp()] * 2
    assert (found[0].keys, found[0].size_bytes) == ([], 0)
    assert found[1].keys == [at("b"), at("a", namespace="other")]
    assert found[1].size_bytes == len('{"é":[1,2.5]}'.encode()) + len("null")


def test_later_writes_change_nothing_about_a_snapshot(store: Store, settle: Settle) -> None:  # S24
    store.write("agent", "key", "old")
    snap = store.snapshot("here")
    known = (snap.keys, snap.size_bytes)
    store.write("agent", "key", "a much longer value")
    store.write("agent", "new", 1)
    store.delete("agent", "key")
    store = settle(store)
    (again,) = store.snapshots()
    assert (again.keys, again.size_bytes) == known == ([at("key")], 5)
    assert store.get_state_at("agent", "key", again).value == "old"
    assert store.get_state_at("agent", "key", "here").value == "old"


def test_snapshot_ids_are_never_reused_and_form_a_chain(open_store: OpenStore) -> None:  # S24
    store = open_store()
    for number in range(3):
        store.write("agent", "key", number)
        store.snapshot()
    store.restore(store.snapshots()[0])
    store.close()
    store = open_store()
    store.snapshot("after")
    assert [(snap.id, snap.parent) for snap in store.snapshots()] == [(1, None), (2, 1), (3, 2), (4, 3)]
    assert store.snapshots()[-1].commit_ts == 4


def test_a_snapshot_can_be_taken_of_an_earlier_moment(store: Store, settle: Settle) -> None:  # S24
    store.write("agent", "key", 1)
    store.write("agent", "key", 2)
    store = settle(store)
    past, beyond = store.snapshot("past", at=1), store.snapshot("beyond", at=99)
    assert (past.commit_ts, beyond.commit_ts) == (1, 2)
    store.write("agent", "key", 3)
    assert store.get_state_at("agent", "key", beyond).value == 2


def test_taking_a_snapshot_asks_nothing_of_the_stored_state(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S24
    store.write("agent", "key", 1)
    store.seal()

    def unasked(*_: object) -> None:
        raise AssertionError("a snapshot read the store")

    monkeypatch.setattr(store.history, "query", unasked)
    assert store.snapshot("cheap").commit_ts == 1


def test_a_label_names_a_snapshot_only_while_it_is_unique(store: Store) -> None:  # S24
    store.write("agent", "key", 1)
    store.snapshot("one")
    store.snapshot("twice")
    store.write("agent", "key", 2)
    store.snapshot("twice")
    assert store.get_state_at("agent", "key", "one").value == 1
    with pytest.raises(MomentError, match=r"2 snapshots are labelled 'twice'.*2 \(commit 1\), 3 \(commit 2\)"):
        store.state("agent", "twice")
    with pytest.raises(MomentError, match=r"no snapshot is labelled 'three'.*'one'"):
        store.state("agent", "three")


@pytest.mark.parametrize("label", ["", 7, "\ud800"])
def test_a_label_that_is_no_text_is_refused(store: Store, label: str) -> None:  # S24
    with pytest.raises(InvalidArgumentError, match="label"):
        store.snapshot(label)
    assert store.snapshots() == []


def test_a_snapshots_time_is_seconds_since_the_epoch(store: Store) -> None:  # S24
    before = time.time()
    snap = store.snapshot()
    assert before - 0.001 <= snap.timestamp <= time.time() + 0.001


# ── differences ──────────────────────────────────────────────────────────────────────────────────────────────────────


def write_story(store: Store) -> None:
    with store.begin_transaction() as tx:
        for key in ("changed", "removed", "back and forth", "rewritten"):
            tx.write("agent", key, {"a": 1, "b": [1.0]})
    store.write("agent", "added", 1)
    store.write("agent", "changed", {"a": 1, "b": [1]})
    store.write("agent", "rewritten", {"b": [1.0], "a": 1})
    store.delete("agent", "removed")
    store.delete("agent", "back and forth")
    store.write("agent", "back and forth", {"a": 1, "b": [1.0]})
    store.write("agent", "came and went", 1)
    store.delete("agent", "came and went")
    store.delete("agent", "never was")
    store.write("other", "added", None, namespace="elsewhere")


def test_a_diff_says_how_to_get_from_base_to_later(store: Store, settle: Settle) -> None:  # S25
    base = store.snapshot(at=0)
    write_story(store)
    first, last = store.snapshot(at=1), store.snapshot()
    assert (base.commit_ts, last.commit_ts) == (0, 11)
    store = settle(store)
    base, first, last = store.snapshots()
    assert last.diff(first) == {
        "added": [at("added"), at("added", "other", "elsewhere")],
        "removed": [at("removed")],
        "changed": [at("changed")],
    }
    assert first.diff(last) == {
        "added": [at("removed")],
        "removed": [at("added"), at("added", "other", "elsewhere")],
        "changed": [at("changed")],
    }
    assert last.diff(last) == {"added": [], "removed": [], "changed": []}
    assert first.diff(base)["added"] == first.keys


def test_a_diff_of_two_moments_holds_both_records(store: Store, settle: Settle) -> None:  # S25
    write_story(store)
    store = settle(store)
    old: JSON = {"a": 1, "b": [1.0]}
    assert summary(store.diff(1, 11)) == [
        ("added", "added", None, 1),
        ("changed", "changed", old, {"a": 1, "b": [1]}),
        ("removed", "removed", old, None),
        ("added", "added", None, None),
    ]
    backward = [Change(change.address, change.after, change.before) for change in store.diff(1, 11)]
    assert store.diff(11, 1) == backward
    assert [change.address for change in store.diff(1, 11, "agent")] == [at("added"), at("changed"), at("removed")]
    assert [change.address.agent_id for change in store.diff(1, 11, namespace="elsewhere")] == ["other"]
    change = store.diff(1, 11)[2]
    assert (change.before.version, change.after.version, change.after.exists) == (1, 2, False)
    assert change.after == store.get_state_at("agent", "removed", 11)


def test_every_diff_agrees_with_the_two_states(store: Store, settle: Settle) -> None:  # S25 S16
    write_story(store)
    store = settle(store)
    states = [{key: repr(value) for key, value in values(store, moment).items()} for moment in range(store.head + 1)]
    for a in range(store.head + 1):
        for b in range(store.head + 1):
            state, wanted = dict(states[a]), dict(states[b])
            for change in store.diff(a, b):
                assert state.get(change.address) == (repr(change.before.value) if change.before.exists else None)
                if change.after.exists:
                    state[change.address] = repr(change.after.value)
                else:
                    del state[change.address]
            # Written back with another order of keys: equal, but not the same text.
            state.pop(at("rewritten"), None)
            wanted.pop(at("rewritten"), None)
            assert state == wanted


@pytest.mark.parametrize(
    ("a", "b", "differs"),
    [
        (1, 1, False),
        (1, 1.0, True),
        (1, True, True),
        (0, False, True),
        (0.0, -0.0, True),
        (None, False, True),
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}, False),
        ([1, 2], [2, 1], True),
        ([], {}, True),
        ("1", 1, True),
        (1e2, 100.0, False),
    ],
)
def test_changed_compares_json_values(store: Store, settle: Settle, a: JSON, b: JSON, differs: bool) -> None:  # S25
    for wrap in (lambda value: value, lambda value: {"deep": [value]}):
        store.write("agent", "key", wrap(a))
    store.write("agent", "key", wrap(b))
    store.write("agent", "top", a)
    store.write("agent", "top", b)
    store = settle(store)
    assert bool(store.diff(2, 3)) == differs
    assert bool(store.diff(4, 5)) == differs


# ── restore ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_restore_makes_the_whole_store_equal_to_the_snapshot(store: Store, settle: Settle) -> None:  # S26
    store.write("agent", "kept", 1)
    store.write("agent", "changed", {"old": True})
    store.write("other", "removed", "bring me back", namespace="elsewhere")
    snap = store.snapshot("good")
    wanted = values(store)
    store.write("agent", "changed", {"old": False})
    store.delete("other", "removed", namespace="elsewhere")
    store.write("third", "added", 1)
    store = settle(store)
    commit_ts = store.restore(store.snapshots()[0])
    store = settle(store)
    assert commit_ts == store.head == 7
    assert values(store) == wanted
    event = store.event(7)
    assert event is not None
    assert event.kind == "restore"
    assert [(part.agent_id, part.key, part.op, part.version) for part in event.operations] == [
        ("agent", "changed", "write", 3),
        ("third", "added", "delete", 2),
        ("other", "removed", "write", 3),
    ]
    assert store.diff(snap.commit_ts, 7) == []


def test_history_before_a_restore_stays_and_the_restore_can_be_undone(store: Store, settle: Settle) -> None:  # S26 S2
    store.write("agent", "key", "one")
    store.write("agent", "key", "two")
    store.restore(1)
    assert [store.get_state_at("agent", "key", moment).value for moment in (1, 2, 3)] == ["one", "two", "one"]
    store.restore(2)
    store = settle(store)
    record = store.get_state("agent", "key")
    assert (record.value, record.version, record.commit_ts) == ("two", 4, 4)
    assert store.restore(0) == 5
    assert values(store) == {}
    assert store.get_state("agent", "key").version == 5


def test_restoring_when_nothing_differs_appends_nothing(store: Store, settle: Settle) -> None:  # S26
    store.write("agent", "key", {"a": 1, "b": 2})
    snap = store.snapshot()
    assert store.restore(snap) == store.restore(99) == 1
    store.write("agent", "key", {"b": 2, "a": 1})
    store = settle(store)
    assert store.restore(1) == 2
    assert store.head == 2


@pytest.mark.parametrize(
    ("narrowed", "restored"),
    [
        ({"namespace": "elsewhere"}, {at("a", namespace="elsewhere")}),
        ({"agent_id": "agent"}, {at("a"), at("b"), at("a", namespace="elsewhere")}),
        ({"agent_id": "agent", "namespace": "default"}, {at("a"), at("b")}),
        ({"keys": ["a"]}, {at("a"), at("a", "other"), at("a", namespace="elsewhere")}),
        ({"agent_id": "agent", "namespace": "default", "keys": ["b", "unknown"]}, {at("b")}),
        ({"keys": [at("a"), "b"]}, {at("a"), at("b")}),
        ({"keys": [at("b", "other")]}, set()),
        ({"agent_id": "unknown"}, set()),
        ({"keys": []}, set()),
    ],
)
def test_a_restore_can_be_narrowed(
    store: Store, settle: Settle, narrowed: dict[str, Any], restored: set[Address]
) -> None:  # S26
    everything = [at("a"), at("b"), at("a", "other"), at("a", namespace="elsewhere")]
    for value in ("old", "new"):
        with store.begin_transaction() as tx:
            for address in everything:
                tx.write(address.agent_id, address.key, value, namespace=address.namespace)
    store = settle(store)
    store.restore(1, **narrowed)
    assert values(store) == {address: "old" if address in restored else "new" for address in everything}
    assert store.head == (3 if restored else 2)


def test_a_snapshot_of_another_store_is_refused(open_store: OpenStore) -> None:  # S26
    ours, theirs = open_store("ours"), open_store("theirs")
    ours.write("agent", "key", 1)
    theirs.write("agent", "key", 2)
    snap = theirs.snapshot("theirs")
    asks: list[Callable[[], object]] = [
        lambda: ours.restore(snap),
        lambda: ours.state("agent", snap),
        lambda: ours.diff(0, snap),
        lambda: ours.snapshot().diff(snap),
        lambda: ours.restore("theirs"),
    ]
    for ask in asks:
        with pytest.raises(MomentError):
            ask()
    assert ours.head == 1


def test_a_diff_is_the_preview_of_a_restore(store: Store, settle: Settle) -> None:  # S26 S25
    write_story(store)
    store = settle(store)
    preview = store.diff(store.head, 1)
    event = store.event(store.restore(1))
    assert event is not None
    assert [(part.address, part.op == "write", part.value) for part in event.operations] == [
        (change.address, change.after.exists, change.after.value) for change in preview
    ]


def test_a_restore_that_was_looked_at_first_fails_where_the_store_has_moved_on(store: Store) -> None:  # S26
    store.write("agent", "key", 1)
    before = store.snapshot("before")
    store.write("agent", "key", 2)
    looked_at = store.head
    store.write("agent", "key", 3)
    with pytest.raises(VersionConflictError, match="commit 3 has come since 2; nothing was restored"):
        store.restore(before, if_head=looked_at)
    assert (store.head, store.get_state("agent", "key").value) == (3, 3)
    assert store.restore(before, if_head=3) == 4
    event = store.event(4)
    assert event is not None
    assert event.label == "restore commit 1, 'before'"
