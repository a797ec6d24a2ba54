"""The log itself: what a commit promises of the disk, sealing, and what is derived (S4, S8, S22)."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import playhead
from playhead import DurabilityError, Event, Store, WriteError, filesystem, journal, log, manifest, segments, syncing
from playhead.generation import Generation
from playhead.index import SealedIndex
from playhead.manifest import Segment
from playhead.query import Query

OpenStore = Callable[..., Store]


def events(store: Store) -> list[Event]:
    return list(store.replay())


def versions(store: Store) -> list[int]:
    return [operation.version for event in store.replay() for operation in event.operations]


class Disk:
    """Counts and fails what the journal asks of the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.syncs = 0
        self.fails: int | None = None
        self._sync = filesystem.sync_data
        monkeypatch.setattr(journal, "sync_data", self.sync)

    def sync(self, descriptor: int) -> None:
        if self.fails is not None:
            raise OSError(self.fails, os.strerror(self.fails))
        self.syncs += 1
        self._sync(descriptor)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


# ── durability ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_with_fsync_every_commit_is_synced_before_it_returns_and_with_os_none(
    open_store: OpenStore, disk: Disk
) -> None:  # S4
    careful, quick = open_store("careful", durability="fsync"), open_store("quick", durability="os")
    for number in range(1, 4):
        careful.write("agent", "key", number)
        assert disk.syncs == number
    quick.write("agent", "key", 1)
    careful.begin_transaction().commit()
    assert disk.syncs == 3


def test_commits_of_many_threads_share_syncs_and_keep_one_order(open_store: OpenStore, disk: Disk) -> None:  # S4 S2
    store = open_store(durability="fsync")
    commits: list[list[int]] = [[] for _ in range(8)]

    def work(number: int) -> None:
        for step in range(25):
            with store.begin_transaction() as tx:
                tx.write("shared", "key", [number, step])
                tx.write(f"agent-{number}", "key", step)
                commits[number].append(tx.commit())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(commit for mine in commits for commit in mine) == list(range(1, 201))
    assert all(mine == sorted(mine) for mine in commits)
    shared = [event.operations[0] for event in store.replay("shared")]
    assert [operation.version for operation in shared] == list(range(1, 201))
    assert disk.syncs <= 200


def test_a_failed_sync_leaves_the_outcome_unknown_and_the_object_takes_no_more_writes(
    open_store: OpenStore, disk: Disk
) -> None:  # S4
    store = open_store(durability="fsync")
    store.write("agent", "key", 1)
    disk.fails = errno.EIO
    with pytest.raises(DurabilityError, match=r"\.journal.*unknown"):
        store.write("agent", "key", 2)
    disk.fails = None
    writes: list[Callable[[], object]] = [
        lambda: store.write("agent", "key", 3),
        lambda: store.begin_transaction(),
        lambda: store.snapshot(),
        lambda: store.restore(0),
        lambda: store.seal(),
    ]
    for write in writes:
        with pytest.raises(DurabilityError, match="open the store again"):
            write()
    assert store.get_state_at("agent", "key", 1).value == 1
    store.close()
    again = open_store()
    assert again.write("agent", "key", 4) == again.head
    assert versions(again) == list(range(1, again.head + 1))


def test_a_commit_that_waited_for_a_sync_that_failed_is_not_acknowledged(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S4
    store = open_store(durability="fsync")
    second_has_appended = threading.Event()
    outcomes: list[object] = []
    calls: list[int] = []

    def sync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            second.start()
            second_has_appended.wait(10)
            raise OSError(errno.EIO, "lost")

    make_durable = syncing.Syncer.make_durable

    def announced(self: syncing.Syncer, *arguments: Any) -> None:
        if threading.current_thread() is second:
            second_has_appended.set()
        make_durable(self, *arguments)

    def write_second() -> None:
        try:
            outcomes.append(store.write("agent", "second", 2))
        except DurabilityError as error:
            outcomes.append(type(error))

    second = threading.Thread(target=write_second)
    monkeypatch.setattr(journal, "sync_data", sync)
    monkeypatch.setattr(syncing.Syncer, "make_durable", announced)
    with pytest.raises(DurabilityError):
        store.write("agent", "first", 1)
    second.join()
    assert outcomes == [DurabilityError]
    assert len(calls) == 1


@pytest.mark.parametrize("partial", [0, 1, 20, 60])
def test_a_full_disk_fails_the_commit_whole_and_the_next_one_works(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, partial: int
) -> None:  # S8 S2
    store.write("agent", "key", "one")
    pwrite = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if partial and not calls:
            calls.append(offset)
            return pwrite(descriptor, data[:partial], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    calls: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(WriteError, match=r"\.journal.*free some space"):
            store.write("agent", "key", "lost" * 50)
    assert (store.head, store.get_state("agent", "key").value) == (1, "one")
    assert store.write("agent", "key", "two") == 2
    store.close()
    again = open_store()
    assert [operation.value for event in again.replay() for operation in event.operations] == ["one", "two"]
    assert versions(again) == [1, 2]


def test_a_snapshot_is_written_only_after_the_commits_it_names_are_on_disk(
    open_store: OpenStore, disk: Disk
) -> None:  # S24 S4
    store = open_store(durability="os")
    store.write("agent", "key", 1)
    disk.fails = errno.EIO
    with pytest.raises(DurabilityError):
        store.snapshot("too early")
    assert store.snapshots() == []
    disk.fails = None
    store.close()
    store = open_store(durability="os")
    store.write("agent", "key", 2)
    store.snapshot("safe")
    assert disk.syncs == 1


# ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sealing_moves_the_journal_into_a_segment_and_changes_no_answer(store: Store) -> None:  # S21 S22
    store.write("agent", "key", 1)
    store.delete("agent", "key")
    before = events(store)
    assert store.seal()
    assert not store.seal()
    assert events(store) == before
    assert [path.name for path in (store.path / "segments").iterdir()] == ["000000000001-000000000002"]
    assert [path.name for path in (store.path / "journal").iterdir()] == ["000000000002.journal"]
    assert store.write("agent", "key", 3) == 3
    assert versions(store) == [1, 2, 3]


def test_a_journal_is_sealed_by_itself_when_it_holds_enough(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 10)
    for number in range(25):
        store.write("agent", "key", number)
    store._log.finish_maintenance()
    assert manifest.load(store.path).sealed_head > 15
    assert versions(store) == list(range(1, 26))


def fail(*_: object) -> None:
    raise WriteError("no space for this")


@pytest.mark.parametrize(
    ("module", "name"), [(segments, "write"), (manifest, "prepare"), (journal.Journal, "create")], ids=str
)
def test_a_seal_that_fails_leaves_the_store_valid_and_works_later(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:  # S22
    store.write("agent", "a", 1)
    store.write("agent", "b", {"x": 1})
    with monkeypatch.context() as patched:
        patched.setattr(module, name, fail)
        with pytest.raises(WriteError, match="no space"):
            store.seal()
    store.write("agent", "a", 2)
    store.write("agent", "b", {"x": 1})
    before = events(store)
    assert [change.address.key for change in store.diff(2, 4)] == ["a"]
    assert store.seal()
    assert events(store) == before
    assert [change.address.key for change in store.diff(2, 4)] == ["a"]
    store.close()
    assert events(open_store()) == before


def test_a_commit_does_not_fail_because_the_seal_after_it_did(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S8
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 4)
    attempts = []

    def fail_and_count(*_: object) -> None:
        attempts.append(store.head)
        fail()

    with monkeypatch.context() as patched:
        patched.setattr(segments, "write", fail_and_count)
        for number in range(1, 41):
            assert store.write("agent", "key", number) == number
            store._log.finish_maintenance()
    # It tries again when twice as much as the last time has come.
    assert attempts == [4, 12, 16, 24, 40]
    assert [store.write("agent", "key", number) for number in range(40)] == list(range(41, 81))
    store._log.finish_maintenance()
    assert manifest.load(store.path).sealed_head > 40
    store.close()
    assert versions(open_store()) == list(range(1, 81))


def test_closing_succeeds_when_the_seal_it_tries_does_not(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S8
    monkeypatch.setattr(log, "WORTH_SEALING_OPERATIONS", 2)
    store.write("agent", "key", 1)
    store.write("agent", "key", 2)
    with monkeypatch.context() as patched:
        patched.setattr(segments, "write", fail)
        store.close()
    again = open_store()
    assert versions(again) == [1, 2]
    again.close()
    assert len(manifest.load(again.path).segments) == 1


def stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (journal.Journal, "create"),
        (journal.Journal, "mark"),
        (Generation, "follow"),
        (segments, "write"),
        (SealedIndex, "with_segments"),
        (Generation, "rebase"),
    ],
    ids=lambda part: part if isinstance(part, str) else "before",
)
def test_a_seal_cut_off_at_any_point_is_cleaned_up_and_changes_no_answer(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:  # S22 S21
    store.write("agent", "key", 1)
    store.seal()
    store.write("agent", "key", 2)
    store.write("agent", "other", {"a": [1.0]})
    before = events(store)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, stop)
        with pytest.raises(KeyboardInterrupt):
            store.seal()
    reader = open_store(read_only=True)
    assert events(reader) == before
    writer = open_store()
    assert events(writer) == before
    published = manifest.load(store.path)
    assert {path.name for path in (store.path / "segments").iterdir()} == {part.name for part in published.segments}
    assert {path.name for path in (store.path / "journal").iterdir()} == set(published.journals)
    assert writer.write("agent", "key", 3) == 4
    assert writer.get_state("agent", "key").version == 3


def test_a_commit_while_a_reader_builds_the_index_gets_the_next_version(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S2
    store = open_store()
    store.write("agent", "key", 1)
    store.seal()
    store.write("agent", "key", 2)
    store.close()
    store = open_store()
    load = SealedIndex.load
    writers: list[threading.Thread] = []

    def slow_load(*arguments: Any) -> SealedIndex:
        loaded = load(*arguments)
        if not writers:
            # The writer is given every chance to commit while the reader's index is half made.
            writers.append(threading.Thread(target=store.write, args=("agent", "key", 3)))
            writers[0].start()
            writers[0].join(timeout=0.3)
        return loaded

    monkeypatch.setattr(SealedIndex, "load", slow_load)
    store.state("agent")
    writers[0].join()
    store.write("agent", "key", 4)
    assert versions(store) == [1, 2, 3, 4]


def test_each_operation_row_carries_what_it_replaced(store: Store) -> None:  # S25 S22
    store.write("agent", "key", 1)
    store.write("agent", "key", 2)
    store.seal()
    with store.begin_transaction() as tx:
        tx.delete("agent", "key")
        tx.write("agent", "key", 4)
    store.seal()
    store.write("agent", "key", 5)
    rows = store.sql(
        "SELECT value_hash, previous_hash, previous_commit_ts FROM operations ORDER BY version"
    ).to_pylist()
    hashes = [row["value_hash"] for row in rows]
    assert [row["previous_hash"] for row in rows] == [None, *hashes[:-1]]
    assert [row["previous_commit_ts"] for row in rows] == [0, 1, 2, 3, 3]
    assert hashes[2] is None
    assert len(set(hashes)) == 5


def test_a_state_is_read_from_no_segment_that_begins_after_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S23 S25
    for number in range(1, 5):
        store.write("agent", "key", number)
        store.seal()
    read: set[str] = set()
    files = Query.files

    def recorded(query: Query, chosen: Sequence[Segment], file_name: str) -> str:
        read.update(segment.name for segment in chosen)
        return files(query, chosen, file_name)

    monkeypatch.setattr(Query, "files", recorded)
    asks: list[Callable[[], object]] = [
        lambda: store.state("agent", 2)["key"].value,
        lambda: store.get_state_at("agent", "key", 2).value,
        lambda: store.list_keys("agent", at=2),
    ]
    assert [ask() for ask in asks] == [2, 2, ["key"]]
    assert read == {"000000000001-000000000001", "000000000002-000000000002"}
    read.clear()
    assert store.changed_addresses(3, 4) == [(("default", "agent", "key"), "changed")]
    assert read == {"000000000004-000000000004"}


def test_the_manifest_describes_its_segments(store: Store) -> None:
    store.write("agent", "key", 1)
    store.write("agent", "key", 2)
    store.seal()
    (segment,) = manifest.load(store.path).segments
    directory = store.path / "segments" / segment.name
    assert (segment.first, segment.last, segment.stored_last, segment.operations) == (1, 2, 2, 2)
    assert not segment.is_partial
    assert segment.bytes == sum(path.stat().st_size for path in directory.iterdir())
    assert segment.checksums == {path.name: filesystem.checksum(path) for path in directory.iterdir()}
    assert isinstance(segment, Segment)


def test_a_store_in_memory_lives_and_dies_with_its_object() -> None:
    with playhead.open(":memory:") as store:
        path = store.path
        assert store.write("agent", "key", 1) == 1
        assert path.exists()
        with playhead.open(":memory:") as other:
            assert other.head == 0
    assert not path.exists()
