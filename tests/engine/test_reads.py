"""Reading now, by version and at a moment: S14-S17."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playhead import Address, AgentAddress, InvalidArgumentError, Record, Store, StoreClosedError

Settle = Callable[[Store], Store]
UNKNOWN = Record.unknown(Address("default", "agent", "key"))


def test_an_unknown_address_is_an_answer_and_no_error(store: Store, settle: Settle) -> None:  # S14
    store.write("someone", "else", 1)
    store = settle(store)
    assert (UNKNOWN.exists, UNKNOWN.value, UNKNOWN.version, UNKNOWN.commit_ts) == (False, None, 0, 0)
    assert store.get_state("agent", "key") == UNKNOWN
    assert store.get_state_at("agent", "key", 1) == UNKNOWN
    assert store.get_state_at_version("agent", "key", 1) == UNKNOWN
    assert store.state("agent") == {}
    assert store.list_keys("agent") == []
    assert store.scan_prefix("agent", "") == []


def test_a_deleted_address_answers_with_its_tombstone(store: Store, settle: Settle) -> None:  # S14 S6
    store.write("agent", "key", "value")
    store.write("agent", "other", 1)
    store.delete("agent", "key")
    store = settle(store)
    record = store.get_state("agent", "key")
    assert (record.exists, record.value, record.version, record.commit_ts) == (False, None, 2, 3)
    assert store.get_state_at("agent", "key", 3) == store.get_state_at_version("agent", "key", 2) == record
    assert store.get_state_at("agent", "key", 2).value == "value"


def test_a_version_is_matched_exactly(store: Store, settle: Settle) -> None:  # S15
    store.write("agent", "key", "one")
    store.write("agent", "key", "two")
    store = settle(store)
    assert [store.get_state_at_version("agent", "key", version).value for version in (1, 2)] == ["one", "two"]
    for absent in (0, 3, 2**62):
        assert store.get_state_at_version("agent", "key", absent) == UNKNOWN


@pytest.mark.parametrize("version", [-1, 1.0, "1"])
def test_a_version_that_can_be_none_is_refused(store: Store, version: object) -> None:  # S15
    with pytest.raises(ValueError, match="version"):
        store.get_state_at_version("agent", "key", version)  # type: ignore[arg-type]


def test_the_state_at_every_moment_is_the_last_operation_by_then(store: Store, settle: Settle) -> None:  # S16
    store.write("agent", "a", 1)
    store.write("agent", "b", 1)
    store.write("agent", "a", 2)
    store.delete("agent", "b")
    store.write("other", "a", 9)
    store = settle(store)
    expected: list[dict[str, object]] = [{}, {"a": 1}, {"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 2}, {"a": 2}]
    for at, state in enumerate(expected):
        assert {key: record.value for key, record in store.state("agent", at).items()} == state
        assert store.list_keys("agent", at=at) == sorted(state)
        for key in ("a", "b"):
            assert store.get_state_at("agent", key, at).value == state.get(key)
    assert store.state("agent", 1_000_000) == store.state("agent", 5) == store.state("agent")


@pytest.mark.parametrize("moment", [-1, -(2**70), 1.5])
def test_a_negative_moment_is_refused_everywhere(store: Store, moment: int) -> None:  # S16
    store.write("agent", "key", 1)
    asks: list[Callable[[], object]] = [
        lambda: store.state("agent", moment),
        lambda: store.get_state_at("agent", "key", moment),
        lambda: store.list_keys("agent", at=moment),
        lambda: store.scan_prefix("agent", "k", at=moment),
        lambda: store.addresses(moment),
        lambda: store.size_bytes(moment),
        lambda: store.diff(moment, 1),
        lambda: store.diff(0, moment),
        lambda: store.snapshot(at=moment),
        lambda: store.restore(moment),
        lambda: store.fork(store.path.with_name("fork"), at=moment),
        lambda: store.cursor().seek(moment),
    ]
    for ask in asks:
        with pytest.raises(InvalidArgumentError) as refused:
            ask()
        assert isinstance(refused.value, ValueError)
    assert (store.head, store.snapshots()) == (1, [])
    assert not store.path.with_name("fork").exists()


def test_an_empty_store_answers_every_question(store: Store, settle: Settle) -> None:  # S16 S17 S25
    store = settle(store)
    assert (store.head, store.agents(), store.namespaces(), store.addresses(), store.size_bytes()) == (0, [], [], [], 0)
    assert list(store.replay()) == []
    assert store.event(0) is store.event(1) is None
    assert store.diff(0, 5) == []
    assert store.restore(0) == 0
    assert store.times() == []
    cursor = store.cursor()
    assert (cursor.position, list(cursor.outline()), cursor.stop_count, cursor.step(3), cursor.search("x")) == (
        0,
        [],
        0,
        0,
        0,
    )


def test_lists_are_sorted_by_code_point(store: Store, settle: Settle) -> None:  # S17
    names = ["Z", "a", "é", "z", "Ä", "\uffff", "🎬", "1", "10", "2"]
    with store.begin_transaction() as tx:
        for name in names:
            tx.write("agent", name, 0)
            tx.write(name, "key", 0, namespace=name)
    store = settle(store)
    assert store.list_keys("agent") == sorted(names)
    assert list(store.state("agent")) == sorted(names)
    assert store.namespaces() == sorted([*names, "default"])
    assert store.agents() == sorted([*(AgentAddress(name, name) for name in names), AgentAddress("default", "agent")])
    assert store.agents("é") == [AgentAddress("é", "é")]
    assert store.addresses() == sorted(store.addresses())


def test_deleted_keys_are_listed_only_when_asked_for(store: Store, settle: Settle) -> None:  # S17
    store.write("agent", "deleted", 1)
    store.write("agent", "live", 1)
    store.delete("agent", "deleted")
    store.delete("agent", "never was")
    store = settle(store)
    assert store.list_keys("agent") == ["live"]
    assert store.list_keys("agent", include_deleted=True) == ["deleted", "live", "never was"]
    assert store.list_keys("agent", at=2, include_deleted=True) == ["deleted", "live"]
    assert store.list_keys("agent", at=2) == ["deleted", "live"]
    assert store.agents() == [AgentAddress("default", "agent")]


def test_a_prefix_is_plain_text_and_keeps_to_the_agent(store: Store, settle: Settle) -> None:  # S17
    with store.begin_transaction() as tx:
        for key in ("step:1", "step:10", "step%", "step_", "Step:1", "é1", "e"):
            tx.write("agent", key, key)
        tx.write("other", "step:2", 1)
        tx.write("agent", "step:3", 1, namespace="elsewhere")
    store.delete("agent", "step:10")
    store = settle(store)
    assert [record.key for record in store.scan_prefix("agent", "step:")] == ["step:1"]
    assert [record.key for record in store.scan_prefix("agent", "step:", at=1)] == ["step:1", "step:10"]
    assert [record.value for record in store.scan_prefix("agent", "step%")] == ["step%"]
    assert [record.key for record in store.scan_prefix("agent", "é")] == ["é1"]
    assert len(store.scan_prefix("agent", "")) == 6


def test_a_state_can_be_narrowed_to_keys(store: Store, settle: Settle) -> None:
    with store.begin_transaction() as tx:
        for key in ("a", "b", "c"):
            tx.write("agent", key, key)
    store = settle(store)
    assert list(store.state("agent", keys=["c", "a", "unknown"])) == ["a", "c"]
    assert store.state("agent", keys=[]) == {}


def test_a_closed_store_says_that_it_is_closed(store: Store) -> None:
    store.write("agent", "key", 1)
    store.close()
    store.close()
    asks: list[Callable[[], object]] = [
        lambda: store.write("agent", "key", 2),
        lambda: store.get_state("agent", "key"),
        lambda: store.state("agent"),
        lambda: store.replay(),
        lambda: store.snapshot(),
        lambda: store.refresh(),
        lambda: store.seal(),
        lambda: store.sql("SELECT 1"),
    ]
    for ask in asks:
        with pytest.raises(StoreClosedError, match="closed"):
            ask()
