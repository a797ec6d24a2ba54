"""Addresses, versions, commit_ts and values: S1-S7."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from playhead import InvalidArgumentError, InvalidValueError, Record, Store

Settle = Callable[[Store], Store]
OpenStore = Callable[..., Store]

ODD_PARTS = [
    "a",
    "/",
    "a/b",
    "b/c",
    ":",
    "a:b",
    "é",
    "e\u0301",
    "日本",
    "🎬",
    " ",
    "\n",
    "\0",
    "a\0",
    "'",
    '"',
    "%_",
    "null",
]


def versions_of(store: Store, agent_id: str, key: str) -> list[tuple[int, int, str, object]]:
    """(version, commit_ts, op, value) of every operation at an address of the default namespace, from replay."""
    return [
        (operation.version, event.commit_ts, operation.op, operation.value)
        for event in store.replay(agent_id)
        for operation in event.operations
        if operation.key == key
    ]


def test_no_two_addresses_collide_whatever_separators_they_hold(store: Store, settle: Settle) -> None:  # S1
    triples = [("a/b", "c", "d"), ("a", "b/c", "d"), ("a", "b", "c/d"), ("a:b", "c", "d"), ("a", "b:c", "d")]
    for number, (namespace, agent_id, key) in enumerate(triples):
        store.write(agent_id, key, number, namespace=namespace)
    store = settle(store)
    for number, (namespace, agent_id, key) in enumerate(triples):
        record = store.get_state(agent_id, key, namespace=namespace)
        assert (record.value, record.version) == (number, 1)
        assert store.get_state_at(agent_id, key, store.head, namespace=namespace) == record


def test_any_non_empty_string_is_a_legal_part_of_an_address(store: Store, settle: Settle) -> None:  # S1
    with store.begin_transaction() as tx:
        for number, key in enumerate(ODD_PARTS):
            tx.write("agent", key, number)
            tx.write(key, "key", number, namespace=key)
    store = settle(store)
    assert store.list_keys("agent") == sorted(ODD_PARTS)
    assert {key: record.value for key, record in store.state("agent").items()} == {
        key: number for number, key in enumerate(ODD_PARTS)
    }
    cursor = store.cursor("agent", namespace="default")
    for number, part in enumerate(ODD_PARTS):
        assert store.get_state_at("agent", part, 1).value == number
        assert store.get_state_at_version(part, "key", 1, namespace=part).value == number
        assert [event.operations[0].value for event in store.replay(part, namespace=part)] == [number]
        assert cursor.record(part).value == number


@pytest.mark.parametrize("part", ["", "\ud800", 7, b"bytes"])
@pytest.mark.parametrize("position", ["namespace", "agent_id", "key"])
def test_an_address_part_that_is_no_non_empty_unicode_string_is_refused_by_name(
    store: Store, part: str, position: str
) -> None:  # S1
    address = {"namespace": "n", "agent_id": "a", "key": "k", position: part}
    with store.begin_transaction() as tx:
        with pytest.raises(InvalidArgumentError, match=position):
            tx.write(value=1, **address)  # type: ignore[arg-type]
        with pytest.raises(InvalidArgumentError, match=position):
            tx.delete(**address)  # type: ignore[arg-type]
        assert tx.commit() == 0


def test_the_namespace_is_default_unless_one_is_given(store: Store) -> None:  # S1
    store.write("agent", "key", 1)
    with store.begin_transaction(namespace="other") as tx:
        tx.write("agent", "key", 2)
        tx.write("agent", "key", 3, namespace="third")
    assert store.get_state("agent", "key", namespace="default").value == 1
    assert store.get_state("agent", "key", namespace="other").value == 2
    assert store.get_state("agent", "key", namespace="third").value == 3
    assert store.namespaces() == ["default", "other", "third"]


def test_versions_count_writes_and_deletes_of_each_address_without_gaps(store: Store, settle: Settle) -> None:  # S2 S6
    store.write("agent", "key", "one")
    store.write("agent", "other", "apart")
    store.delete("agent", "key")
    store.delete("agent", "key")
    store.write("agent", "key", "four")
    store.write("agent-2", "key", "apart")
    store = settle(store)
    assert versions_of(store, "agent", "key") == [
        (1, 1, "write", "one"),
        (2, 3, "delete", None),
        (3, 4, "delete", None),
        (4, 5, "write", "four"),
    ]
    assert store.get_state("agent", "other").version == 1
    assert store.get_state("agent-2", "key").version == 1


def test_versions_and_commits_go_on_after_reopening(open_store: OpenStore, settle: Settle) -> None:  # S2 S3
    store = open_store()
    store.write("agent", "kept", 1)
    store.write("agent", "deleted", 1)
    store.delete("agent", "deleted")
    store = settle(store)
    store.write("agent", "kept", 2)
    store.write("agent", "deleted", 2)
    assert (store.get_state("agent", "kept").version, store.get_state("agent", "kept").commit_ts) == (2, 4)
    assert (store.get_state("agent", "deleted").version, store.get_state("agent", "deleted").commit_ts) == (3, 5)


def test_commit_ts_counts_transactions_from_1_across_agents_and_namespaces(store: Store) -> None:  # S3
    assert store.head == 0
    commits = [
        store.write(agent, "key", 0, namespace=namespace)
        for agent, namespace in product(["a", "b"], ["default", "other"])
    ]
    assert commits == [1, 2, 3, 4]
    assert store.head == 4


def test_times_are_utc_to_the_microsecond_and_never_run_backwards(open_store: OpenStore, settle: Settle) -> None:  # S3
    start = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    ticks = iter([start, start - timedelta(hours=1), start + timedelta(microseconds=1)])
    store = open_store(clock=lambda: next(ticks))
    for number in range(3):
        store.write("agent", "key", number)
    store = settle(store)
    times = [event.committed_at for event in store.replay()]
    assert times == [start, start, start + timedelta(microseconds=1)]
    assert all(time.utcoffset() == timedelta(0) for time in times)
    assert store.get_state("agent", "key").committed_at == times[-1]
    assert store.get_state_at("agent", "key", 1).committed_at == start


def test_the_time_of_the_thing_itself_is_kept_beside_the_time_of_the_commit(store: Store, settle: Settle) -> None:  # S3
    occurred = datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    with store.begin_transaction(occurred_at=occurred) as tx:
        tx.write("agent", "key", 1)
    store.write("agent", "key", 2)
    first, second = settle(store).replay()
    assert (first.occurred_at, first.moment) == (occurred, occurred)
    assert (second.occurred_at, second.moment) == (None, second.committed_at)
    assert first.committed_at > occurred


def test_staging_order_between_transactions_means_nothing(store: Store) -> None:  # S4
    first, second = store.begin_transaction(), store.begin_transaction()
    first.write("agent", "key", "staged first")
    second.write("agent", "key", "staged second")
    assert (second.commit(), first.commit()) == (1, 2)
    assert versions_of(store, "agent", "key") == [(1, 1, "write", "staged second"), (2, 2, "write", "staged first")]


def test_a_key_written_n_times_in_one_transaction_makes_n_versions(store: Store, settle: Settle) -> None:  # S5
    store.write("agent", "key", "before")
    with store.begin_transaction() as tx:
        tx.write("agent", "key", "a")
        tx.write("agent", "other", "between")
        tx.delete("agent", "key")
        tx.write("agent", "key", "b")
        tx.write("agent", "key", "c")
    store = settle(store)
    event = store.event(2)
    assert event is not None
    assert [(operation.key, operation.op, operation.value, operation.version) for operation in event.operations] == [
        ("key", "write", "a", 2),
        ("other", "write", "between", 1),
        ("key", "delete", None, 3),
        ("key", "write", "b", 4),
        ("key", "write", "c", 5),
    ]
    found = [store.get_state_at_version("agent", "key", version) for version in range(1, 6)]
    assert [(record.value, record.commit_ts, record.exists) for record in found] == [
        ("before", 1, True),
        ("a", 2, True),
        (None, 2, False),
        ("b", 2, True),
        ("c", 2, True),
    ]
    assert store.get_state_at("agent", "key", 2) == store.get_state("agent", "key") == found[-1]
    assert store.get_state_at("agent", "key", 1) == found[0]


def test_deleting_what_never_existed_makes_a_version_1_tombstone(store: Store, settle: Settle) -> None:  # S6
    store.delete("agent", "key")
    store = settle(store)
    tombstone = store.get_state("agent", "key")
    assert (tombstone.version, tombstone.commit_ts, tombstone.value, tombstone.exists) == (1, 1, None, False)
    assert store.state("agent") == {}
    store.write("agent", "key", "back")
    assert store.get_state("agent", "key").version == 2


def test_a_stored_null_exists_and_a_tombstone_does_not(store: Store, settle: Settle) -> None:  # S7
    store.write("agent", "null", None)
    store.write("agent", "gone", 1)
    store.delete("agent", "gone")
    store = settle(store)
    assert list(store.state("agent")) == ["null"]
    null, gone = store.get_state("agent", "null"), store.get_state("agent", "gone")
    assert (null.value, null.exists, gone.value, gone.exists) == (None, True, None, False)
    assert [operation.op for event in store.replay() for operation in event.operations] == ["write", "write", "delete"]


def test_a_value_changed_after_it_was_staged_is_stored_as_it_was(store: Store) -> None:  # S7
    value: dict[str, list[int]] = {"steps": [1]}
    with store.begin_transaction() as tx:
        tx.write("agent", "key", value)
        value["steps"].append(2)
    stored = store.get_state("agent", "key").value
    assert stored == {"steps": [1]}
    assert isinstance(stored, dict)
    stored["steps"] = []
    assert store.get_state("agent", "key").value == {"steps": [1]}


def test_a_refused_value_stages_nothing_and_leaves_the_transaction_usable(store: Store) -> None:  # S7
    with store.begin_transaction() as tx:
        tx.write("agent", "good", 1)
        with pytest.raises(InvalidValueError, match=r"key 'bad'.*plan\.steps\[1\]\.cost"):
            tx.write("agent", "bad", {"plan": {"steps": [{}, {"cost": float("nan")}]}})
    event = store.event(1)
    assert event is not None
    assert [operation.key for operation in event.operations] == ["good"]
    assert store.get_state("agent", "bad").version == 0


def test_a_record_says_which_address_it_is_of(store: Store, settle: Settle) -> None:
    store.write("agent", "key", [1, {"a": None}], namespace="other")
    record = settle(store).get_state("agent", "key", namespace="other")
    assert record.committed_at is not None
    assert record == Record("other", "agent", "key", [1, {"a": None}], 1, 1, record.committed_at, True)
    assert str(record.address) == "other/agent/key"


def test_meta_kind_and_label_come_back_as_they_were(store: Store, settle: Settle, tmp_path: Path) -> None:
    meta = {"file": "run.jsonl", "offset": 2**53 + 1, "nested": [{"é": None}]}
    with store.begin_transaction(kind="tool_error", label="line 1\nline 2 → 🎬", meta=meta) as tx:  # type: ignore[arg-type]
        tx.write("agent", "key", 1)
    (event,) = settle(store).replay()
    assert (event.kind, event.label, event.meta, event.is_error) == (
        "tool_error",
        "line 1\nline 2 → 🎬",
        meta,
        True,
    )


@pytest.mark.parametrize(
    "header",
    [
        {"kind": None},
        {"label": "\ud800"},
        {"meta": [1]},
        {"meta": {"a": float("inf")}},
        {"meta": {1: 2}},
        {"occurred_at": "yesterday"},
        {"occurred_at": datetime.min},  # noqa: DTZ901
        {"namespace": ""},
    ],
)
def test_a_header_that_cannot_be_stored_is_refused_at_the_beginning(store: Store, header: dict[str, object]) -> None:
    with pytest.raises(InvalidArgumentError):
        store.begin_transaction(**header)  # type: ignore[arg-type]
