"""The whole store's addresses at any moment, from arrays: S5, S16, S17, S27."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from playhead import Address, Store, log, segments

OpenStore = Callable[..., Store]


def write_history(store: Store, count: int) -> None:
    chance = random.Random(5)
    for _ in range(count):
        with store.begin_transaction() as tx:
            for _ in range(chance.choice((1, 2, 4))):
                namespace, agent, key = chance.choice(("default", "é")), chance.choice("xyz"), chance.choice("abcd")
                if chance.random() < 0.3:
                    tx.delete(agent, key, namespace=namespace)
                else:
                    tx.write(agent, key, chance.random(), namespace=namespace)
        store._log.finish_maintenance()


def check(store: Store) -> None:
    timeline = store.store_timeline()
    assert timeline.addresses == sorted({part.address for event in store.replay() for part in event.operations})
    for at in range(store.head + 2):
        outline = timeline.outline(at)
        assert outline.addresses == store.addresses(at)
        told = list(zip(outline.versions.tolist(), outline.commit_ts.tolist(), strict=True))
        records = [
            store.get_state_at(name.agent_id, name.key, at, namespace=name.namespace) for name in outline.addresses
        ]
        assert told == [(record.version, record.commit_ts) for record in records]
        for address in timeline.addresses:
            record = store.get_state_at(address.agent_id, address.key, at, namespace=address.namespace)
            assert timeline.version_at(address, at) == record.version
    assert timeline.version_at(Address("default", "nobody", "a"), store.head) == 0


@pytest.mark.parametrize("group_rows", [3, 1000])
def test_it_knows_every_address_of_every_moment(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, group_rows: int
) -> None:  # S5 S16 S17
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 30)
    monkeypatch.setattr(segments, "ROW_GROUP_ROWS", group_rows)
    store = open_store()
    write_history(store, 40)
    assert store.view().segments
    store.write("x", "in the journal", 1)
    assert store.view().tail.operations
    check(store)
    with store.fork(store.path.with_name("fork"), 25) as fork:  # S27
        assert fork.view().segments[-1].is_partial
        check(fork)


def test_an_empty_store_has_no_address(store: Store) -> None:
    timeline = store.store_timeline()
    assert (timeline.addresses, timeline.outline(0).addresses) == ([], [])


def test_names_that_run_together_stay_apart(store: Store) -> None:  # S1
    for namespace, agent, key in (("a", "bc", "d"), ("ab", "c", "d"), ("a", "b", "cd"), ("a\0", "b", "cd")):
        store.write(agent, key, 1, namespace=namespace)
    store.seal()
    assert store.store_timeline().outline(4).addresses == store.addresses()
    assert len(store.addresses()) == 4
