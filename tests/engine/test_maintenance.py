"""What is done beside the commits: it keeps to what is on disk, whoever else writes, and ends with its store."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead import (
    CorruptStoreError,
    Store,
    StoreBusyError,
    WriteError,
    filesystem,
    journal,
    log,
    manifest,
    segments,
    syncing,
)
from playhead.maintenance import Maintenance
from playhead.verify import verify

OpenStore = Callable[..., Store]


def versions(store: Store) -> list[int]:
    return [operation.version for event in store.replay() for operation in event.operations]


def fail(*_: object) -> None:
    raise WriteError("no space for this")


def test_what_another_rotated_since_this_one_last_looked_is_sealed_too(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S2 S3 S22
    first, second = open_store(), open_store()
    first.write("agent", "key", 1)
    monkeypatch.setattr(segments, "write", fail)
    with pytest.raises(WriteError):
        first.seal()
    second.refresh()
    first.write("agent", "key", 2)
    with pytest.raises(WriteError):
        first.seal()
    monkeypatch.undo()
    assert len(manifest.load(first.path).journals) == 3
    # As a thread does that starts late.
    second._log._maintenance._run()
    assert verify(first.path) == []
    first.refresh()
    second.refresh()
    assert versions(first) == versions(second) == [1, 2]
    assert second.write("agent", "key", 3) == 3


def test_what_another_sealed_since_this_one_last_looked_is_not_half_known(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S9 S21
    first, second = open_store(), open_store()
    first.write("agent", "key", 1)
    second.refresh()
    assert second.get_state("agent", "key").value == 1
    first.write("agent", "key", 2)
    first.seal()
    # The lock is busy, as while the other one merges what it has sealed.
    monkeypatch.setattr(second._log._maintenance._process_lock, "try_acquire", lambda: False)
    second._log._maintenance._run()
    assert second.get_state("agent", "key").commit_ts == second.head
    second.refresh()
    assert (second.head, second.get_state("agent", "key").value) == (2, 2)


def test_an_interrupt_while_closing_waits_for_a_seal_leaves_the_store_whole(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S8 S22
    store = open_store()
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 4)
    is_sealing, may_go_on = threading.Event(), threading.Event()
    write, written = segments.write, []

    def slow_write(*arguments: Any) -> Any:
        is_sealing.set()
        assert may_go_on.wait(30)
        written.append(write(*arguments))
        assert len(written) < 3
        return written[-1]

    def interrupt(_: Maintenance) -> None:
        monkeypatch.setattr(Maintenance, "finish", finish)
        may_go_on.set()
        raise KeyboardInterrupt

    finish = Maintenance.finish
    monkeypatch.setattr(segments, "write", slow_write)
    for number in range(4):
        store.write("agent", "key", number)
    assert is_sealing.wait(30)
    monkeypatch.setattr(Maintenance, "finish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.close()
    store._log._maintenance.finish()
    assert not store.is_sealing
    assert len(written) == 1
    again = open_store()
    assert versions(again) == [1, 2, 3, 4]
    assert verify(store.path) == []


def test_a_thread_that_starts_while_the_store_is_closed_ends_with_it(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S8 S22
    store = open_store()
    store.write("agent", "key", 1)
    store.write("agent", "key", 2)
    finish, work = Maintenance.finish, Maintenance._work
    at_work, may_go_on = threading.Event(), threading.Event()

    def late_wake(self: Maintenance) -> None:
        finish(self)
        if not at_work.is_set():
            self.wake()
            assert at_work.wait(30)

    def slow_work(self: Maintenance, *arguments: Any, **options: Any) -> bool:
        at_work.set()
        assert may_go_on.wait(30)
        return work(self, *arguments, **options)

    monkeypatch.setattr(log, "SEAL_OPERATIONS", 1)
    monkeypatch.setattr(Maintenance, "finish", late_wake)
    monkeypatch.setattr(Maintenance, "_work", slow_work)
    closing = threading.Thread(target=store.close)
    closing.start()
    assert at_work.wait(30)
    lock = filesystem.ProcessLock(store.path / "seal.lock")
    try:
        closing.join(0.2)
        assert not lock.try_acquire(), "the lock is free, and the thread is still at work"
    finally:
        lock.close()
        may_go_on.set()
        closing.join()
    assert not store.is_sealing
    assert verify(store.path) == []


def test_a_journal_is_on_disk_whole_with_its_mark_before_the_next_one_is_published(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S4
    store.write("agent", "key", 1)
    closing = store._log.generation.journal
    synced: list[int] = []
    sync, install = filesystem.sync_data, filesystem.Replacement.install

    def recorded_sync(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    def checked_install(self: filesystem.Replacement) -> None:
        if not found:
            found.append((synced[-1], closing.path.stat().st_size, closing.is_marked))
        install(self)

    found: list[tuple[int, int, bool]] = []
    monkeypatch.setattr(journal, "sync_data", recorded_sync)
    monkeypatch.setattr(filesystem.Replacement, "install", checked_install)
    store.seal()
    ((on_disk, size, is_marked),) = found
    assert is_marked
    assert on_disk == size


def test_a_directory_that_is_removed_just_before_it_is_locked_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # S22
    fcntl = pytest.importorskip("fcntl")
    folder = tmp_path / "segment"
    folder.mkdir()
    flock = fcntl.flock

    def removed_before(descriptor: int, operation: int) -> None:
        shutil.rmtree(folder)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_before)
    with pytest.raises(FileNotFoundError, match="segment"):
        filesystem.Hold(folder)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors as Linux names them")
def test_opening_that_fails_leaves_no_file_open(open_store: OpenStore) -> None:
    store = open_store()
    store.write("agent", "key", 1)

    def descriptors() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    with store._log.exclusive():
        for _ in range(3):
            with pytest.raises(StoreBusyError):
                playhead.open(store.path, lock_timeout=0)
    assert descriptors() == before
    store.close()
    (journal_file,) = (store.path / "journal").iterdir()
    journal_file.write_bytes(b"damaged")
    before = descriptors()
    with pytest.raises(CorruptStoreError):
        playhead.open(store.path)
    assert descriptors() == before


def test_a_commit_that_waits_for_the_disk_while_the_store_is_closed_is_on_disk_when_it_returns(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S4
    store = open_store(durability="fsync")
    synced: list[int] = []
    sync, make_durable = filesystem.sync_data, syncing.Syncer.make_durable

    def recorded_sync(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    def closed_before(self: syncing.Syncer, *arguments: Any) -> None:
        closing = threading.Thread(target=store.close)
        closing.start()
        closing.join()
        make_durable(self, *arguments)

    monkeypatch.setattr(journal, "sync_data", recorded_sync)
    monkeypatch.setattr(syncing.Syncer, "make_durable", closed_before)
    assert store.write("agent", "key", 1) == 1
    (file,) = (store.path / "journal").iterdir()
    assert synced == [file.stat().st_size]


def test_a_reader_asks_nothing_of_the_disk_but_to_read(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = open_store(), open_store(read_only=True, durability="fsync")
    writer.write("agent", "key", 1)
    writer.seal()
    writer.write("agent", "key", 2)

    def refuse(*_: object) -> None:
        raise OSError(30, "read-only")

    monkeypatch.setattr(journal, "sync_data", refuse)
    monkeypatch.setattr(syncing, "sync_directory", refuse)
    reader.refresh()
    assert versions(reader) == [1, 2]


def test_tidying_up_on_opening_keeps_out_of_the_way_of_a_seal_of_the_same_store(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S22
    store = open_store()
    store.write("agent", "key", 1)
    maintenance = store._log._maintenance
    write = segments.write
    locked: list[bool] = []

    def write_while_tidying(*arguments: Any) -> Any:
        tidying.start()
        tidying.join(0.2)
        other = filesystem.ProcessLock(store.path / "seal.lock")
        locked.append(not other.try_acquire())
        other.close()
        return write(*arguments)

    tidying = threading.Thread(target=maintenance.tidy)
    monkeypatch.setattr(segments, "write", write_while_tidying)
    assert store.seal()
    tidying.join()
    assert locked == [True]
    assert verify(store.path) == []
