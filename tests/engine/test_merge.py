"""Merging small segments: how many are left, that no answer changes, and that nobody loses a file while reading it."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import playhead
from playhead import Store, log, manifest, merge, segments
from playhead.manifest import Segment
from playhead.verify import verify

OpenStore = Callable[..., Store]


def write_round(store: Store, number: int) -> None:
    with store.begin_transaction(label=f"round {number}") as tx:
        tx.write("agent", f"key-{number % 5}", {"round": number, "text": "é" * (number % 7)})
        tx.write("other", "shared", number, namespace="ns")
        if number % 3 == 0:
            tx.delete("agent", f"key-{(number + 1) % 5}")


def write_rounds(store: Store, first: int, last: int) -> None:
    """A segment each, until they are merged."""
    for number in range(first, last + 1):
        write_round(store, number)
        store.seal()


def answers(store: Store) -> list[object]:
    moments = range(store.head + 1)
    return [
        list(store.replay()),
        [store.history.state(store.view(), at, tombstones=True) for at in moments],
        [store.diff(at, store.head) for at in moments],
        [store.get_state_at_version("agent", "key-1", version) for version in range(1, 9)],
    ]


def bounds(path: Path) -> list[tuple[int, int]]:
    return [(segment.first, segment.last) for segment in manifest.load(path).segments]


def segment(operations: int, size: int = 1_000, *, is_partial: bool = False) -> Segment:
    return Segment("name", 1, 1, 2 if is_partial else 1, 0, operations, size, {})


def merged_all(sizes: Sequence[int], written: list[int] | None = None) -> list[Segment]:
    """What a store that seals segments of these sizes is left with. written: how much each merge writes is added."""
    kept: list[Segment] = []
    for size in sizes:
        kept.append(segment(size))
        while run := merge.due(kept):
            start = next(place for place in range(len(kept)) if kept[place] is run[0])
            kept[start : start + len(run)] = [segment(sum(part.operations for part in run))]
            if written is not None:
                written.append(kept[start].operations)
    return kept


@given(st.lists(st.integers(1, 200_000), max_size=400))
def test_few_small_segments_are_left_however_many_of_whatever_size_are_sealed(sizes: list[int]) -> None:
    kept = merged_all(sizes)
    assert sum(part.operations for part in kept) == sum(sizes)
    for is_resting, stretch in itertools.groupby(kept, merge.is_at_rest):
        tiers = [merge._tier(part) for part in stretch]
        assert is_resting or len(tiers) <= (merge.FAN_IN - 1) * (max(tiers) + 1)


@pytest.mark.parametrize("sizes", [[1_000, 2_000], [9_000, *[1] * 7], [100_000, *[1] * 8], range(1, 20_000, 77)])
def test_segments_of_changing_sizes_do_not_pile_up_nor_are_they_written_often(sizes: Sequence[int]) -> None:
    sizes = list(sizes) * (2_000 // len(sizes))
    written: list[int] = []
    kept = merged_all(sizes, written)
    assert len([part for part in kept if not merge.is_at_rest(part)]) < 5 * merge.FAN_IN
    assert sum(written) < 8 * sum(sizes)


@pytest.mark.parametrize("size", [1, 1_000, 131_072])
def test_of_equal_seals_the_small_segments_grow_as_the_logarithm(size: int) -> None:
    for count in (10, 100, 1_000, 5_000):
        small = [part for part in merged_all([size] * count) if not merge.is_at_rest(part)]
        tiers = len({merge._tier(part) for part in small})
        assert len(small) <= (merge.FAN_IN - 1) * tiers <= (merge.FAN_IN - 1) * 5


def test_what_is_large_or_ends_inside_for_a_fork_is_left_alone() -> None:  # S27
    assert not merge.due([segment(merge.REST_OPERATIONS)] * 20)
    assert not merge.due([segment(10, merge.REST_BYTES)] * 20)
    assert not merge.due([segment(10, is_partial=True)] * 20)
    seven = [segment(10)] * (merge.FAN_IN - 1)
    assert not merge.due([*seven, segment(10, is_partial=True), *seven])
    assert len(merge.due([*seven, segment(10)])) == merge.FAN_IN


def test_a_merge_changes_no_answer(store: Store, open_store: OpenStore) -> None:  # S21 S22
    write_rounds(store, 1, merge.FAN_IN - 1)
    assert len(bounds(store.path)) == merge.FAN_IN - 1
    write_round(store, merge.FAN_IN)
    write_round(store, merge.FAN_IN + 1)
    before = answers(store)
    store.seal()
    assert bounds(store.path) == [(1, merge.FAN_IN + 1)]
    assert answers(store) == before
    assert answers(open_store(read_only=True)) == before
    assert store.write("agent", "key-1", "next") == merge.FAN_IN + 2
    store.close()
    assert verify(store.path) == []
    again = open_store()
    assert again.get_state("agent", "key-1").value == "next"
    assert [path.name for path in (store.path / "segments").iterdir()] == ["000000000001-000000000009"]


def test_values_too_long_to_be_merged_in_little_memory_stay_as_they_are_and_all_else_is_done(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S22
    monkeypatch.setattr(merge, "_MEMORY", "16MB")
    for number in range(merge.FAN_IN):
        for key in range(4):
            store.write("agent", f"key-{key}", f"{number} " + "long" * 250_000)
        assert store.seal()
    long = bounds(store.path)
    assert len(long) == merge.FAN_IN
    write_rounds(store, 1, merge.FAN_IN)
    assert bounds(store.path) == [*long, (33, 32 + merge.FAN_IN)]
    assert verify(store.path) == []


def test_a_merged_segment_is_one_like_any_other(store: Store) -> None:
    write_rounds(store, 1, merge.FAN_IN)
    (only,) = manifest.load(store.path).segments
    folder = store.path / "segments" / only.name
    operations = pq.read_table(folder / "operations.parquet")
    events = pq.read_table(folder / "events.parquet")
    assert operations.schema.equals(segments.OPERATIONS)
    assert events.schema.equals(segments.EVENTS)
    rows = operations.select(["namespace", "agent_id", "key", "version"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == sorted(tuple(row.values()) for row in rows)
    assert only.operations == operations.num_rows == sum(events["operation_count"].to_pylist())
    assert events["commit_ts"].to_pylist() == list(range(1, merge.FAN_IN + 1))
    assert only.bytes == sum(path.stat().st_size for path in folder.iterdir())


def test_whoever_is_reading_finds_every_file_until_done(store: Store, open_store: OpenStore) -> None:  # S20 S21
    write_rounds(store, 1, merge.FAN_IN - 1)
    reader = open_store(read_only=True)
    whole = list(store.replay())
    replays = [opened.replay() for opened in (store, reader)]
    begun = [next(replay) for replay in replays]
    views = [store.view(), reader.view()]
    write_rounds(store, merge.FAN_IN, 2 * merge.FAN_IN)
    assert bounds(store.path)[0] == (1, 2 * merge.FAN_IN - 1)
    assert begun == whole[:1] * 2
    for replay in replays:
        assert list(replay) == whole[1:]
    for view in views:
        assert len(store.history.state(view, view.head)) == len(reader.state("agent")) + 1
    old = {f"{number:012d}-{number:012d}" for number in range(1, merge.FAN_IN)}
    assert old <= {path.name for path in (store.path / "segments").iterdir()}
    # Once nobody holds them they go, with the next thing that is done.
    del replay, replays, views, view
    reader.close()
    store.write("agent", "key", 1)
    store.seal()
    assert not old & {path.name for path in (store.path / "segments").iterdir()}


READ_ON = """
import sys, playhead
store = playhead.open(sys.argv[1], read_only=True)
replay = store.replay()
next(replay)
print("begun", flush=True)
sys.stdin.readline()
print(1 + sum(1 for _ in replay), len(store.state("agent")), flush=True)
store.refresh()
print(store.head, len(list(store.replay())), flush=True)
"""


def test_another_process_reads_on_while_its_files_are_merged_away(store: Store) -> None:  # S20 S21
    write_rounds(store, 1, merge.FAN_IN - 1)
    with subprocess.Popen(
        [sys.executable, "-c", READ_ON, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "begun\n"
        live = len(store.state("agent"))
        write_rounds(store, merge.FAN_IN, 3 * merge.FAN_IN)
        reader.stdin.write("go on\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == f"{merge.FAN_IN - 1} {live}\n"
        assert reader.stdout.readline() == f"{3 * merge.FAN_IN} {3 * merge.FAN_IN}\n"
    assert reader.returncode == 0


def test_a_fork_keeps_what_its_origin_merges(store: Store, tmp_path: Path) -> None:  # S27
    write_rounds(store, 1, merge.FAN_IN - 1)
    with store.fork(tmp_path / "fork", at=5) as fork:
        before = answers(fork)
        write_rounds(store, merge.FAN_IN, 2 * merge.FAN_IN)
        assert answers(fork) == before
        write_rounds(fork, 50, 70)
        assert list(fork.replay())[:5] == list(store.replay())[:5]
    assert verify(tmp_path / "fork") == []


def test_a_merge_that_fails_loses_nothing_and_is_tried_again(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S22
    write_rounds(store, 1, merge.FAN_IN - 1)
    write_round(store, merge.FAN_IN)
    before = answers(store)

    def refuse(*_: object) -> Segment:
        raise playhead.WriteError("no space for this")

    with monkeypatch.context() as patched:
        patched.setattr(merge, "write", refuse)
        with pytest.raises(playhead.WriteError):
            store.seal()
    assert answers(store) == before
    assert len(bounds(store.path)) == merge.FAN_IN
    write_round(store, merge.FAN_IN + 1)
    store.seal()
    assert len(bounds(store.path)) == 2
    store.close()
    assert verify(open_store().path) == []


def test_commits_go_on_while_segments_are_sealed_and_merged(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S2 S3
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 20)
    writing = threading.Event()
    write = merge.write

    def slow_write(*arguments: object) -> Segment | None:
        # A commit comes and goes in the middle of every merge.
        writing.set()
        assert store.write("during", "merge", len(committed)) == store.head
        committed.append(store.head)
        return write(*arguments)  # type: ignore[arg-type]

    committed: list[int] = []
    monkeypatch.setattr(merge, "write", slow_write)
    for number in range(1, 400):
        store.write("agent", f"key-{number % 7}", number)
        if number % 20 == 0:
            store._log.finish_maintenance()
    assert writing.is_set()
    assert store.head == 399 + len(committed)
    assert [event.commit_ts for event in store.replay()] == list(range(1, store.head + 1))
    assert store.get_state("during", "merge").version == len(committed)
    store.close()
    assert verify(open_store().path) == []
