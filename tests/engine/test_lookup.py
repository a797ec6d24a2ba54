"""One operation of one address, found without a scan: S15, S16, S22, S23."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import playhead
from playhead import CorruptStoreError, Record, Store, checkpoint, log, merge, segments
from playhead.footers import File
from playhead.model import Address

OpenStore = Callable[..., Store]
Model = dict[Address, list[tuple[int, object, bool]]]
"""Every operation of each address in order: commit_ts, value, existence."""
KEYS = ["a", "b", "ba", "é", "rare"]


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 12 operations in row groups of 2, and a checkpoint after every other segment."""
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 12)
    monkeypatch.setattr(merge, "FAN_IN", 1_000)
    monkeypatch.setattr(segments, "ROW_GROUP_ROWS", 2)
    monkeypatch.setattr(checkpoint, "INTERVAL_OPERATIONS", 20)


def write_history(store: Store, count: int, seed: int = 1, model: Model | None = None) -> Model:
    chance = random.Random(seed)
    model = {} if model is None else model
    for number in range(count):
        with store.begin_transaction() as tx:
            staged = []
            for position in range(chance.choice((1, 1, 3))):
                key = "rare" if number in (3, count // 2) else chance.choice(KEYS[:-1])
                address = Address(chance.choice(("default", "other")), chance.choice(("x", "y")), key)
                deleted = chance.random() < 0.2
                value = None if deleted else [number, position]
                if deleted:
                    tx.delete(address.agent_id, key, namespace=address.namespace)
                else:
                    tx.write(address.agent_id, key, value, namespace=address.namespace)
                staged.append((address, value, not deleted))
            commit_ts = tx.commit()
        store._log.finish_maintenance()
        for address, value, exists in staged:
            model.setdefault(address, []).append((commit_ts, value, exists))
    return model


def said(record: Record) -> tuple[int, object, bool, int]:
    return record.commit_ts, record.value, record.exists, record.version


def check(store: Store, model: Model) -> None:
    for address, operations in model.items():
        namespace, agent_id, key = address
        for version in range(len(operations) + 2):
            found = store.get_state_at_version(agent_id, key, version, namespace=namespace)
            is_there = 1 <= version <= len(operations)
            expected = (*operations[version - 1], version) if is_there else (0, None, False, 0)
            assert said(found) == expected, (address, version)
            event = store.event(found.commit_ts)
            assert found.committed_at == (event.committed_at if event else None)
        for at in range(0, store.head + 1, 9):
            before = [operation for operation in operations if operation[0] <= at]
            expected = (*before[-1], len(before)) if before else (0, None, False, 0)
            assert said(store.get_state_at(agent_id, key, at, namespace=namespace)) == expected, (address, at)


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("with_checkpoints", [True, False])
def test_every_version_and_every_moment_of_every_address_is_found(
    open_store: OpenStore, with_checkpoints: bool
) -> None:  # S15 S16 S22
    store = open_store()
    model = write_history(store, 60)
    assert len(store.view().segments) > 5
    assert len(store.view().checkpoints) > 2
    if not with_checkpoints:
        for known in store.view().checkpoints:
            known.path.unlink()
        store.close()
        store = open_store(read_only=True)
    check(store, model)


@pytest.mark.usefixtures("small_groups")
def test_a_fork_finds_what_it_shares_and_what_it_wrote_and_nothing_behind(open_store: OpenStore) -> None:  # S27
    store = open_store()
    model = write_history(store, 60)
    within = store.view().segments[3]
    at = (within.first + within.last) // 2
    with store.fork(store.path.with_name("fork"), at) as fork:
        shared = {address: [part for part in parts if part[0] <= at] for address, parts in model.items()}
        assert fork.view().segments[-1].is_partial
        check(fork, shared)
        write_history(fork, 30, seed=2, model=shared)
        check(fork, shared)
    check(store, model)


@pytest.mark.usefixtures("small_groups")
def test_a_damaged_checkpoint_is_passed_over(open_store: OpenStore) -> None:  # S22
    store = open_store()
    model = write_history(store, 50)
    for known in store.view().checkpoints[1:]:
        known.path.write_bytes(b"damaged")
    check(store, model)


@pytest.mark.usefixtures("small_groups")
def test_a_version_is_looked_for_in_few_row_groups(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S23
    store = open_store()
    for number in range(1, 601):
        store.write("agent", f"key-{number % 3}", number)
        store._log.finish_maintenance()
    groups: list[Path] = []
    read = File.read

    def recorded(file: File, *which: object) -> object:
        groups.append(file.path)
        return read(file, *which)  # type: ignore[arg-type]

    monkeypatch.setattr(File, "read", recorded)
    most = 0
    for version in range(1, 201, 7):
        groups.clear()
        assert store.get_state_at_version("agent", "key-0", version).value == 3 * version
        most = max(most, len(groups))
    assert len(store.view().segments) == 50
    assert most < 25


def test_a_segment_that_has_gone_is_named(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run") as store:
        store.write("agent", "key", 1)
        store.seal()
    operations = next((tmp_path / "run").glob("segments/*/operations.parquet"))
    operations.unlink()
    with playhead.open(tmp_path / "run", read_only=True) as store:
        with pytest.raises(CorruptStoreError, match=r"operations\.parquet"):
            store.get_state_at("agent", "key", 1)
        with pytest.raises(CorruptStoreError, match=r"operations\.parquet"):
            store.get_state_at_version("agent", "key", 1)
