"""Forks (S27) and imported runs (S28)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import playhead
from playhead import (
    InvalidArgumentError,
    MomentError,
    ReadOnlyStoreError,
    Store,
    StoreExistsError,
    directory,
    manifest,
)
from playhead.bulk import bulk_load
from playhead.draft import Draft
from playhead.model import Event

Settle = Callable[[Store], Store]
OpenStore = Callable[..., Store]


def write_steps(store: Store, first: int, last: int) -> None:
    for number in range(first, last + 1):
        with store.begin_transaction(kind="step", label=f"step {number}") as tx:
            tx.write("agent", "counter", number)
            tx.write("agent", f"key-{number}", {"number": number})


def content(store: Store) -> list[object]:
    """Everything but ids: what a fork shares with the store it came from."""
    return [(event.commit_ts, event.committed_at, event.label, event.operations) for event in store.replay()]


def inodes(store: Store) -> dict[str, int]:
    files = (store.path / directory.SEGMENTS).rglob("*.parquet")
    return {path.relative_to(store.path).as_posix(): path.stat().st_ino for path in files}


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4, 5, 6, 7])
def test_a_fork_is_the_history_up_to_a_moment_and_then_its_own(
    store: Store, tmp_path: Path, cut: int
) -> None:  # S27 S2
    write_steps(store, 1, 3)
    store.seal()
    write_steps(store, 4, 5)
    store.seal()
    write_steps(store, 6, 7)
    original = content(store)
    with store.fork(tmp_path / "fork", at=cut) as fork:
        assert (fork.head, content(fork)) == (cut, original[:cut])
        assert fork.store_id != store.store_id
        record = fork.get_state("agent", "counter")
        assert (record.value, record.version) == (cut or None, cut)
        assert len(fork.list_keys("agent")) == (cut + 1 if cut else 0)
        for number in range(3):
            assert fork.write("agent", "counter", f"fork {number}") == cut + number + 1
        assert fork.get_state("agent", "counter").version == cut + 3
        assert [change.address.key for change in fork.diff(cut, cut + 3)] == ["counter"]
        in_the_journal = content(fork)
        assert fork.seal()
        assert content(fork) == in_the_journal
        assert fork.write("agent", "counter", "more") == cut + 4
        assert fork.restore(cut) == cut + 5
        assert {key: part.value for key, part in fork.state("agent").items()} == {
            key: part.value for key, part in store.state("agent", cut).items()
        }
        forked = content(fork)
    with playhead.open(tmp_path / "fork", create=False) as again:
        assert content(again) == forked
        assert content(again)[:cut] == original[:cut]
    assert content(store) == original


def test_creating_a_fork_copies_no_sealed_data(store: Store, tmp_path: Path) -> None:  # S27
    write_steps(store, 1, 4)
    store.seal()
    write_steps(store, 5, 6)
    store.seal()
    with store.fork(tmp_path / "fork", at=5) as fork:
        assert inodes(fork) == inodes(store)
        shared = manifest.load(fork.path).segments
        assert [(part.first, part.last, part.stored_last) for part in shared] == [(1, 4, 4), (5, 5, 6)]
        assert [event.commit_ts for event in fork.replay(start_ts=4)] == [4, 5]
        assert fork.sql("SELECT count(*) AS n FROM operations").to_pylist() == [{"n": 10}]
        assert fork.cursor().head == 5
    with store.fork(tmp_path / "early", at=2) as early:
        assert list(inodes(early)) == [name for name in inodes(store) if "000000000001-" in name]


def test_neither_side_sees_what_the_other_writes(store: Store, tmp_path: Path) -> None:  # S27
    write_steps(store, 1, 2)
    store.seal()
    with store.fork(tmp_path / "fork") as fork:
        store.write("agent", "counter", "ours")
        fork.write("agent", "counter", "theirs")
        fork.delete("agent", "key-1")
        store.refresh()
        fork.refresh()
        assert (store.head, fork.head) == (3, 4)
        assert store.get_state("agent", "counter").value == "ours"
        assert fork.get_state("agent", "counter").value == "theirs"
        assert store.get_state("agent", "key-1").exists
        store.seal()
        fork.seal()
        assert store.get_state_at("agent", "counter", 3).value == "ours"
        assert fork.get_state_at("agent", "counter", 3).value == "theirs"


def test_a_fork_outlives_the_store_it_came_from(store: Store, tmp_path: Path) -> None:  # S27
    write_steps(store, 1, 3)
    store.seal()
    expected = content(store)
    store.fork(tmp_path / "fork").close()
    store.close()
    shutil.rmtree(store.path)
    with playhead.open(tmp_path / "fork", create=False) as fork:
        assert content(fork) == expected


def test_a_fork_of_a_fork_is_cut_where_both_are(store: Store, tmp_path: Path) -> None:  # S27
    write_steps(store, 1, 6)
    store.seal()
    with store.fork(tmp_path / "a", at=4) as a, a.fork(tmp_path / "b") as b, a.fork(tmp_path / "c", at=2) as c:
        assert content(b) == content(a) == content(store)[:4]
        assert content(c) == content(store)[:2]
        assert b.write("agent", "counter", "b") == 5
        with b.fork(tmp_path / "d") as d:
            assert content(d) == content(b)
            assert d.get_state("agent", "counter").version == 5


def test_a_fork_keeps_the_snapshots_of_the_past_it_shares(store: Store, tmp_path: Path) -> None:  # S27 S24
    write_steps(store, 1, 1)
    early = store.snapshot("early")
    write_steps(store, 2, 3)
    store.snapshot("late")
    with store.fork(tmp_path / "fork", at=2) as fork:
        assert [(snap.label, snap.commit_ts) for snap in fork.snapshots()] == [("early", 1)]
        assert fork.get_state_at("agent", "counter", "early").value == 1
        with pytest.raises(MomentError, match="another store"):
            fork.restore(early)
        fork.restore("early")
        assert fork.get_state("agent", "counter").value == 1


def test_a_fork_remembers_where_it_came_from(store: Store, tmp_path: Path) -> None:  # S27
    write_steps(store, 1, 2)
    store.fork(tmp_path / "fork", at=1).close()
    info = directory.read_info(tmp_path / "fork")
    assert info.forked_from == {"store_id": store.store_id, "commit_ts": 1}


def test_a_fork_refuses_to_overwrite_and_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:  # S27
    write_steps(store, 1, 1)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    with pytest.raises(StoreExistsError, match="taken"):
        store.fork(tmp_path / "taken")
    with pytest.raises(StoreExistsError):
        store.fork(store.path)
    assert (tmp_path / "taken" / "file").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    with store.fork(tmp_path / "empty", at=99) as fork:
        assert fork.head == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "run", "taken"]


# ── imported runs ────────────────────────────────────────────────────────────────────────────────────────────────────


def drafts() -> Iterator[Draft]:
    for number in range(1, 6):
        draft = Draft(
            kind="tool_error" if number == 3 else "step",
            label=f"line {number}",
            meta={"line": number, "version": number * 10},
            occurred_at=datetime(2026, 1, 1, 12, number, tzinfo=UTC),
        )
        draft.write("agent", "counter", number)
        draft.write("agent", "counter", number + 0.5)
        yield draft
        yield Draft(label="no operations, no event")


@pytest.fixture
def imported(tmp_path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A run loaded in segments of two events."""
    monkeypatch.setattr("playhead.bulk.SEGMENT_OPERATIONS", 4)
    info = directory.new_info(imported={"path": "run.jsonl", "format": "test"})
    assert bulk_load(tmp_path / "imported", info, drafts()) == 5
    return open_store("imported")


def test_an_imported_run_answers_like_any_store(imported: Store) -> None:  # S28 S5
    assert (imported.head, imported.read_only, imported.imported) == (5, True, {"path": "run.jsonl", "format": "test"})
    assert len(manifest.load(imported.path).segments) == 3
    record = imported.get_state("agent", "counter")
    assert (record.value, record.version, record.commit_ts) == (5.5, 10, 5)
    assert [operation.version for event in imported.replay() for operation in event.operations] == list(range(1, 11))
    assert [change.after.value for change in imported.diff(1, 4)] == [4.5]
    cursor = imported.cursor()
    assert cursor.seek(0) == 0
    assert (cursor.next_error(), cursor.position, cursor.next_error()) == (True, 3, False)


def test_what_the_source_called_its_own_is_kept_in_meta(imported: Store) -> None:  # S28 S3
    events: list[Event] = list(imported.replay())
    assert [event.meta for event in events] == [{"line": number, "version": number * 10} for number in range(1, 6)]
    assert [event.occurred_at for event in events] == [datetime(2026, 1, 1, 12, n, tzinfo=UTC) for n in range(1, 6)]
    assert [event.commit_ts for event in events] == [1, 2, 3, 4, 5]


def test_an_imported_run_refuses_commits_but_takes_snapshots(imported: Store) -> None:  # S28
    snap = imported.snapshot("suspect", at=3)
    writes: list[Callable[[], object]] = [
        lambda: imported.write("agent", "counter", 0),
        lambda: imported.delete("agent", "counter"),
        lambda: imported.begin_transaction(),
        lambda: imported.restore(snap),
        lambda: imported.seal(),
    ]
    for write in writes:
        with pytest.raises(ReadOnlyStoreError, match="fork it"):
            write()
    assert imported.head == 5
    assert [snapshot.label for snapshot in imported.snapshots()] == ["suspect"]


def test_a_fork_of_an_imported_run_can_be_written(imported: Store, tmp_path: Path) -> None:  # S28 S27
    imported.snapshot("suspect", at=3)
    with imported.fork(tmp_path / "fork") as fork:
        assert not fork.read_only
        assert fork.restore("suspect") == 6
        assert fork.get_state("agent", "counter").value == 3.5
        assert fork.get_state("agent", "counter").version == 11
    assert imported.get_state("agent", "counter").value == 5.5


def test_an_import_that_fails_leaves_no_store(tmp_path: Path) -> None:  # S28
    def broken() -> Iterator[Draft]:
        yield from drafts()
        raise InvalidArgumentError("line 6 is broken")

    with pytest.raises(InvalidArgumentError, match="line 6"):
        bulk_load(tmp_path / "imported", directory.new_info(imported={}), broken())
    assert list(tmp_path.iterdir()) == []
