"""Replay: S18-S21."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

import playhead
from playhead import Event, InvalidArgumentError, Store, directory
from playhead.bulk import bulk_load
from playhead.draft import Draft
from playhead.query import Query

Settle = Callable[[Store], Store]
OpenStore = Callable[..., Store]


def commits(store: Store, agent_id: str | None = None, **bounds: int) -> list[int]:
    return [event.commit_ts for event in store.replay(agent_id, **bounds)]  # type: ignore[arg-type]


def write_run(store: Store) -> None:
    """Seven events of three agents, one of which shares a transaction with another."""
    store.write("planner", "plan", {"steps": [1, 2.0, None]}, kind="user", label="go")
    store.write("worker", "task", 1)
    with store.begin_transaction(kind="tool_call", label="both", meta={"line": 3}) as tx:
        tx.write("worker", "b", 1)
        tx.write("planner", "plan", {"steps": []})
        tx.write("worker", "a", 1)
        tx.delete("worker", "b")
        tx.write("worker", "a", 1, namespace="elsewhere")
    store.delete("worker", "task")
    store.write("planner", "done", True)
    store.write("watcher", "seen", "é")
    store.write("worker", "a", 2, namespace="elsewhere")


def test_events_come_in_commit_order(store: Store, settle: Settle) -> None:  # S18
    write_run(store)
    store = settle(store)
    assert commits(store) == [1, 2, 3, 4, 5, 6, 7]
    assert commits(store, "worker") == [2, 3, 4]
    assert [store.event(commit_ts) for commit_ts in range(9)] == [None, *store.replay(), None]


@pytest.mark.parametrize("agent_id", [None, "planner", "worker", "unknown"])
def test_both_bounds_are_inclusive_and_optional(store: Store, settle: Settle, agent_id: str | None) -> None:  # S18
    write_run(store)
    store = settle(store)
    everything = commits(store, agent_id)
    for start in range(9):
        assert commits(store, agent_id, start_ts=start) == [commit for commit in everything if commit >= start]
        assert commits(store, agent_id, end_ts=start) == [commit for commit in everything if commit <= start]
        for end in range(9):
            inside = [commit for commit in everything if start <= commit <= end]
            assert commits(store, agent_id, start_ts=start, end_ts=end) == inside
    assert commits(store, agent_id, start_ts=2**70) == []
    assert commits(store, agent_id, end_ts=2**70) == everything


@pytest.mark.parametrize("bound", ["start_ts", "end_ts"])
def test_a_negative_bound_is_refused_when_replay_is_called(store: Store, bound: str) -> None:  # S18
    with pytest.raises(InvalidArgumentError, match=bound):
        store.replay("agent", **{bound: -1})  # type: ignore[arg-type]


def test_an_agents_replay_holds_only_its_operations_in_staging_order(store: Store, settle: Settle) -> None:  # S19
    write_run(store)
    store = settle(store)
    event = next(store.replay("worker", start_ts=3))
    assert [
        (part.namespace, part.agent_id, part.key, part.op, part.value, part.version) for part in event.operations
    ] == [
        ("default", "worker", "b", "write", 1, 1),
        ("default", "worker", "a", "write", 1, 1),
        ("default", "worker", "b", "delete", None, 2),
    ]
    assert (event.operation_count, event.kind, event.label, event.meta) == (5, "tool_call", "both", {"line": 3})
    assert commits(store, "worker") == [2, 3, 4]
    assert [event.commit_ts for event in store.replay("worker", namespace="elsewhere")] == [3, 7]
    assert [event.commit_ts for event in store.replay(namespace="elsewhere")] == [3, 7]
    assert list(store.replay("unknown")) == list(store.replay("worker", namespace="unknown")) == []


def test_replay_without_an_agent_returns_whole_transactions(store: Store, settle: Settle) -> None:  # S19
    write_run(store)
    store.begin_transaction().abort()
    store = settle(store)
    whole = list(store.replay())[2]
    assert [str(operation.address) for operation in whole.operations] == [
        "default/worker/b",
        "default/planner/plan",
        "default/worker/a",
        "default/worker/b",
        "elsewhere/worker/a",
    ]
    assert len(whole.operations) == whole.operation_count


def test_a_replay_ends_at_the_head_as_it_was_when_called(store: Store, settle: Settle) -> None:  # S20
    write_run(store)
    store = settle(store)
    untouched, begun = store.replay(), store.replay()
    first = next(begun)
    store.write("late", "key", 1)
    store.seal()
    store.write("late", "key", 2)
    assert [event.commit_ts for event in untouched] == [1, 2, 3, 4, 5, 6, 7]
    assert [first.commit_ts, *(event.commit_ts for event in begun)] == [1, 2, 3, 4, 5, 6, 7]
    assert commits(store) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_replay_can_be_stopped_anywhere_and_outlive_its_store(store: Store, settle: Settle) -> None:  # S20
    write_run(store)
    store = settle(store)
    for count in range(8):
        assert len(list(islice(store.replay(), count))) == count
    abandoned = store.replay()
    next(abandoned)
    store.close()
    # Were letting go of it to fail, the unraisable error would fail this test.
    del abandoned


def test_a_replay_touches_only_the_segments_it_has_come_to(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S20
    for number in range(5):
        store.write("agent", "key", number)
        store.seal()
    read: list[str] = []
    files = Query.files

    def recorded(query: Query, segments: list[object], file_name: str) -> str:
        read.extend(segment.name for segment in segments)  # type: ignore[attr-defined]
        return files(query, segments, file_name)  # type: ignore[arg-type]

    monkeypatch.setattr(Query, "files", recorded)
    replay = store.replay()
    assert read == []
    assert [next(replay).commit_ts, next(replay).commit_ts] == [1, 2]
    assert len(set(read)) == 2
    assert len(list(store.replay(start_ts=4, end_ts=4))) == 1
    assert len(set(read)) == 3


def test_replay_is_the_same_after_sealing_reopening_and_elsewhere(
    open_store: OpenStore, settle: Settle, tmp_path: Path
) -> None:  # S21
    store = open_store()
    write_run(store)

    def answers(store: Store) -> list[list[Event]]:
        agents = (None, "planner", "worker", "watcher")
        return [list(store.replay(agent)) for agent in agents] + [list(store.replay("worker", start_ts=3, end_ts=4))]

    before = answers(store)
    store = settle(store)
    assert answers(store) == before
    assert repr(answers(store)) == repr(before)
    store.close()
    shutil.copytree(store.path, tmp_path / "elsewhere")
    assert answers(open_store("elsewhere", read_only=True)) == before


def test_state_rebuilt_from_a_replay_is_the_state(store: Store, settle: Settle) -> None:  # S18 S16
    write_run(store)
    store = settle(store)
    for at in range(store.head + 1):
        for agent in store.agents():
            rebuilt: dict[str, object] = {}
            for event in store.replay(agent.agent_id, namespace=agent.namespace, end_ts=at):
                for operation in event.operations:
                    if operation.op == "delete":
                        rebuilt.pop(operation.key, None)
                    else:
                        rebuilt[operation.key] = operation.value
            state = store.state(agent.agent_id, at, namespace=agent.namespace)
            assert {key: record.value for key, record in state.items()} == rebuilt


def bulk(path: Path, count: int) -> Store:
    """A sealed store whose first half agent `a` wrote and whose second half agent `b` did."""

    def drafts() -> Iterator[Draft]:
        for number in range(count):
            draft = Draft(kind="step")
            draft.write("a" if number < count // 2 else "b", "key", number)
            yield draft

    bulk_load(path, directory.new_info(), drafts())
    return playhead.open(path)


def test_a_segment_that_fills_whole_batches_replays_to_its_end(tmp_path: Path) -> None:  # S18
    with bulk(tmp_path / "run", 12_288) as store:
        assert [event.commit_ts for event in store.replay()] == list(range(1, 12_289))


def test_an_agent_that_stops_early_replays_to_its_end(tmp_path: Path) -> None:  # S19
    with bulk(tmp_path / "run", 12_000) as store:
        assert [event.commit_ts for event in store.replay("a")] == list(range(1, 6_001))


def test_a_replay_of_a_long_segment_can_be_left_at_any_point(tmp_path: Path) -> None:  # S20
    with bulk(tmp_path / "run", 12_288) as store:
        events = store.replay()
        assert [next(events).commit_ts for _ in range(3)] == [1, 2, 3]
        events.close()  # type: ignore[attr-defined]
        assert store.get_state("b", "key").value == 12_287
