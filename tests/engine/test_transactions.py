"""Transactions: S8-S13a."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from playhead import InvalidArgumentError, Store, Transaction, TransactionError, VersionConflictError

Settle = Callable[[Store], Store]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, in seconds: set its only item."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_all_operations_share_one_txn_id_and_one_commit_ts(store: Store, settle: Settle) -> None:  # S8
    with store.begin_transaction() as tx:
        tx.write("a", "key", 1)
        tx.delete("b", "key", namespace="other")
        tx.write("a", "key", 2)
    store.write("a", "key", 3)
    store = settle(store)
    first, second = store.replay()
    assert (first.commit_ts, second.commit_ts) == (1, 2)
    assert first.txn_id != second.txn_id
    assert [operation.address for operation in first.operations] == [
        ("default", "a", "key"),
        ("other", "b", "key"),
        ("default", "a", "key"),
    ]
    (part,) = store.replay("b", namespace="other")
    assert (part.txn_id, part.commit_ts, part.operation_count) == (first.txn_id, 1, 3)


def test_staged_writes_are_seen_by_nobody_before_the_commit(store: Store) -> None:  # S9
    store.write("agent", "key", "committed")
    with store.begin_transaction() as tx:
        tx.write("agent", "key", "staged")
        tx.write("agent", "new", "staged")
        assert store.get_state("agent", "key").value == "committed"
        assert list(store.state("agent")) == ["key"]
        assert [event.commit_ts for event in store.replay()] == [1]
        assert store.head == 1
    assert store.get_state("agent", "key").value == "staged"


def test_a_with_block_commits_on_a_clean_exit(store: Store) -> None:  # S10
    with store.begin_transaction() as tx:
        tx.write("agent", "key", 1)
        assert tx.commit_ts is None
    assert tx.commit_ts == 1
    assert store.get_state("agent", "key").value == 1


def test_a_with_block_aborts_and_reraises_on_an_exception(store: Store) -> None:  # S10 S12
    with pytest.raises(KeyError, match="agent failed"), store.begin_transaction() as tx:
        tx.write("agent", "key", 1)
        raise KeyError("agent failed")
    assert (store.head, store.get_state("agent", "key").version) == (0, 0)
    with pytest.raises(TransactionError, match="aborted"):
        tx.commit()


@pytest.mark.parametrize(("ending", "head"), [("commit", 1), ("abort", 0)])
def test_a_with_block_does_nothing_more_after_an_explicit_end(store: Store, ending: str, head: int) -> None:  # S10
    with store.begin_transaction() as tx:
        tx.write("agent", "key", 1)
        getattr(tx, ending)()
    assert store.head == head


def test_an_exception_after_the_commit_inside_the_block_still_reraises(store: Store) -> None:  # S10
    with pytest.raises(RuntimeError), store.begin_transaction() as tx:
        tx.write("agent", "key", 1)
        assert tx.commit() == 1
        raise RuntimeError
    assert store.get_state("agent", "key").value == 1


def test_an_empty_commit_makes_no_event_and_returns_the_head(store: Store) -> None:  # S11
    assert store.begin_transaction().commit() == 0
    store.write("agent", "key", 1)
    assert store.begin_transaction(kind="nothing", label="happened").commit() == 1
    assert [event.commit_ts for event in store.replay()] == [1]
    assert store.write("agent", "key", 2) == 2


@pytest.mark.parametrize(
    "touch",
    [
        lambda tx: tx.write("agent", "key", 2),
        lambda tx: tx.delete("agent", "key"),
        lambda tx: tx.commit(),
    ],
    ids=["write", "delete", "commit"],
)
@pytest.mark.parametrize(("ending", "said"), [("commit", "committed as 1"), ("abort", "aborted")])
def test_a_transaction_that_is_over_says_how_it_ended(
    store: Store, touch: Callable[[Transaction], object], ending: str, said: str
) -> None:  # S12
    tx = store.begin_transaction()
    tx.write("agent", "key", 1)
    getattr(tx, ending)()
    head = store.head
    with pytest.raises(TransactionError, match=said):
        touch(tx)
    assert store.head == head


def test_abort_is_idempotent_but_refused_after_a_commit(store: Store) -> None:  # S12
    aborted = store.begin_transaction()
    aborted.abort()
    aborted.abort()
    committed = store.begin_transaction()
    committed.write("agent", "key", 1)
    committed.commit()
    with pytest.raises(TransactionError, match="committed as 1"):
        committed.abort()
    assert store.get_state("agent", "key").exists


def test_aborted_transactions_consume_no_version_and_leave_no_trace(store: Store, settle: Settle) -> None:  # S12
    store.write("agent", "key", 1)
    tx = store.begin_transaction()
    tx.write("agent", "key", 2)
    tx.write("ghost", "key", 2)
    tx.abort()
    store.write("agent", "key", 3)
    store = settle(store)
    assert [event.commit_ts for event in store.replay()] == [1, 2]
    assert store.get_state("agent", "key").version == 2
    assert [agent.agent_id for agent in store.agents()] == ["agent"]


@pytest.mark.parametrize("timeout", [0, -1, -0.5, float("nan")])
def test_a_timeout_of_nothing_is_refused(store: Store, timeout: float) -> None:  # S13
    with pytest.raises(ValueError, match="timeout_ms"):
        store.begin_transaction(timeout_ms=timeout)


@pytest.mark.parametrize(
    "touch",
    [
        lambda tx: tx.write("agent", "key", 2),
        lambda tx: tx.delete("agent", "key"),
        lambda tx: tx.commit(),
    ],
    ids=["write", "delete", "commit"],
)
def test_the_next_touch_after_the_timeout_says_that_it_expired(
    store: Store, clock: list[float], touch: Callable[[Transaction], object]
) -> None:  # S13 S12
    tx = store.begin_transaction(timeout_ms=50)
    tx.write("agent", "key", 1)
    clock[0] += 0.0501
    with pytest.raises(TransactionError, match="expired"):
        touch(tx)
    with pytest.raises(TransactionError, match="expired"):
        tx.commit()
    assert (store.head, store.get_state("agent", "key").version) == (0, 0)


def test_a_with_block_that_outlives_its_timeout_fails_at_its_end(store: Store, clock: list[float]) -> None:  # S13
    with pytest.raises(TransactionError, match="expired"), store.begin_transaction(timeout_ms=50) as tx:
        tx.write("agent", "key", 1)
        clock[0] += 1
    assert store.head == 0


def test_without_a_timeout_a_transaction_never_expires(store: Store, clock: list[float]) -> None:  # S13
    patient, quick = store.begin_transaction(), store.begin_transaction(timeout_ms=50)
    patient.write("agent", "key", 1)
    quick.write("agent", "other", 1)
    clock[0] += 0.049
    assert quick.commit() == 1
    clock[0] += 10_000_000
    assert patient.commit() == 2


def test_if_version_commits_only_on_what_it_expects(store: Store, settle: Settle) -> None:  # S13a
    store.write("agent", "key", 1, if_version=0)
    store = settle(store)
    store.write("agent", "key", 2, if_version=1)
    with pytest.raises(VersionConflictError, match=r"default/agent/key: expected at version 1, found version 2"):
        store.write("agent", "key", 3, if_version=1)
    with pytest.raises(VersionConflictError, match=r"not to exist.*found version 2"):
        store.write("agent", "key", 3, if_version=0)
    with pytest.raises(VersionConflictError, match="found version 0"):
        store.delete("agent", "unknown", if_version=4)
    store.delete("agent", "key", if_version=2)
    assert (store.head, store.get_state("agent", "key").version) == (3, 3)
    with pytest.raises(VersionConflictError, match="found version 3"):
        store.write("agent", "key", 1, if_version=0)


def test_a_conflict_fails_the_whole_commit(store: Store) -> None:  # S13a S8
    store.write("agent", "taken", 1)
    tx = store.begin_transaction()
    tx.write("agent", "fine", 1)
    tx.write("agent", "taken", 2, if_version=0)
    with pytest.raises(VersionConflictError):
        tx.commit()
    assert (store.head, store.get_state("agent", "fine").version) == (1, 0)
    with pytest.raises(TransactionError):
        tx.commit()
    assert store.write("agent", "fine", 1) == 2


def test_of_two_transactions_that_read_the_same_version_one_wins(store: Store) -> None:  # S13a
    store.write("agent", "counter", 0)
    first, second = store.begin_transaction(), store.begin_transaction()
    for tx in (first, second):
        tx.write("agent", "counter", 1, if_version=store.get_state("agent", "counter").version)
    assert second.commit() == 2
    with pytest.raises(VersionConflictError, match="expected at version 1, found version 2"):
        first.commit()


def test_if_version_is_about_what_is_committed_not_what_is_staged(store: Store) -> None:  # S13a S9
    store.write("agent", "key", 1)
    with store.begin_transaction() as tx:
        tx.write("agent", "key", 2, if_version=1)
        tx.write("agent", "key", 3, if_version=1)
    assert store.get_state("agent", "key").version == 3


@pytest.mark.parametrize("version", [-1, 1.0, "1", True])
def test_an_if_version_that_is_no_version_is_refused(store: Store, version: object) -> None:  # S13a
    with pytest.raises(InvalidArgumentError, match="if_version"):
        store.write("agent", "key", 1, if_version=version)  # type: ignore[arg-type]


def test_meta_counts_as_it_was_when_the_transaction_began(store: Store) -> None:
    meta: dict[str, object] = {"tokens": 12}
    with store.begin_transaction(meta=meta) as tx:  # type: ignore[arg-type]
        tx.write("agent", "key", 1)
        meta["late"] = float("nan")
    (event,) = store.replay()
    assert event.meta == {"tokens": 12}
