"""`replay(follow=True)`: what is there, and then each commit as it lands, once and in order, whoever makes it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from playhead import InvalidArgumentError, Store, StoreClosedError, log

OpenStore = Callable[..., Store]

WRITER = """
import sys, playhead
from playhead import log
path, name, count = sys.argv[1:]
log.SEAL_OPERATIONS = 40
with playhead.open(path, durability="os") as store:
    sys.stdin.readline()
    for number in range(int(count)):
        with store.begin_transaction(label=f"{name} {number}") as tx:
            tx.write(name, "counter", number)
            tx.write("shared", "counter", [name, number])
        if number % 25 == 7:
            store.seal()
"""


def begin_writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that waits for a line and then commits."""
    command = [sys.executable, "-W", "error", "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True)


def let_go(*writers: subprocess.Popen[str]) -> None:
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.close()


@pytest.mark.parametrize("read_only", [True, False])
def test_every_commit_of_other_processes_comes_once_and_in_order_through_their_seals(
    store: Store, open_store: OpenStore, read_only: bool
) -> None:  # S18 S20
    for number in range(30):
        store.write("before", "key", number)
    store.seal()
    writers = [begin_writer(store.path, name, 100) for name in ("one", "two")]
    follower = open_store(read_only=read_only)
    found = []
    for event in follower.replay(follow=True, end_ts=230):
        found.append(event)
        if event.commit_ts == 30:
            let_go(*writers)
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert [event.commit_ts for event in found] == list(range(1, 231))
    store.refresh()
    assert found == list(store.replay())


def test_of_one_agent_only_its_part_of_its_events_comes(store: Store, open_store: OpenStore) -> None:  # S19
    writers = [begin_writer(store.path, name, 60) for name in ("one", "two")]
    store.write("one", "counter", "first")
    follower = open_store(read_only=True)
    values: list[object] = []
    for event in follower.replay("one", follow=True):
        assert {part.agent_id for part in event.operations} == {"one"}
        values += [part.value for part in event.operations]
        if event.commit_ts == 1:
            let_go(*writers)
        if values[-1] == 59:
            break
    assert values == ["first", *range(60)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]


def test_it_ends_behind_the_last_commit_asked_for_also_where_the_agent_has_no_part_in_it(store: Store) -> None:  # S18
    for number in range(3):
        store.write("other", "key", number)
    assert list(store.replay("agent", follow=True, end_ts=3)) == []
    assert list(store.replay(follow=True, start_ts=3, end_ts=2)) == []
    assert [event.commit_ts for event in store.replay(follow=True, start_ts=2, end_ts=3)] == [2, 3]


def test_commits_and_seals_of_the_same_object_come_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S20 S21
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 3)
    store.write("agent", "key", 1)
    found = []
    for event in store.replay(follow=True, end_ts=30):
        found.append(event)
        # Two while one is looked at, so that the replay falls behind, as far as there is anything to write.
        for _ in range(2):
            if store.head < 30:
                store.write("agent", "key", store.head + 1)
    assert [event.operations[0].value for event in found] == list(range(1, 31))
    assert found == list(store.replay())


def test_a_replay_that_follows_from_a_later_commit_waits_for_it(store: Store) -> None:  # S18
    writer = begin_writer(store.path, "one", 10)
    let_go(writer)
    assert [event.commit_ts for event in store.replay(follow=True, start_ts=8, end_ts=9)] == [8, 9]
    assert writer.wait(timeout=60) == 0


def test_stop_ends_it_between_events_and_while_it_waits(store: Store) -> None:
    store.write("agent", "key", 1)
    store.write("agent", "key", 2)
    stop = threading.Event()
    events = store.replay(follow=True, stop=stop)
    assert next(events).commit_ts == 1
    stop.set()
    assert list(events) == []
    stop = threading.Event()
    found, ended = [], threading.Event()

    def read() -> None:
        for event in store.replay(follow=True, stop=stop):
            found.append(event.commit_ts)
            if event.commit_ts == 2:
                waiting.set()
        ended.set()

    waiting = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    assert waiting.wait(60)
    stop.set()
    assert ended.wait(60)
    reader.join()
    assert found == [1, 2]


def test_closing_it_ends_it_and_the_store_goes_on(store: Store) -> None:
    store.write("agent", "key", 1)
    events = store.replay(follow=True)
    assert next(events).commit_ts == 1
    events.close()  # type: ignore[attr-defined]
    assert list(events) == []
    assert store.write("agent", "key", 2) == 2


def test_closing_the_store_ends_it_with_a_word(store: Store) -> None:
    store.write("agent", "key", 1)
    events = store.replay(follow=True)
    next(events)
    store.close()
    with pytest.raises(StoreClosedError, match="closed"):
        next(events)


def test_while_nothing_comes_the_pauses_grow_to_a_bound_and_each_look_is_one_refresh(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("agent", "key", 1)
    pauses: list[float] = []
    looks: list[bool] = []
    refresh = store._log.refresh

    def counted() -> bool:
        looks.append(refresh())
        return looks[-1]

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 9:
            store.write("agent", "key", 2)

    monkeypatch.setattr(store._log, "refresh", counted)
    monkeypatch.setattr("playhead.follow.time.sleep", pause)
    assert [event.commit_ts for event in store.replay(follow=True, end_ts=2)] == [1, 2]
    assert pauses[:3] == [0.01, 0.02, 0.04]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 0.25
    assert len(looks) == len(pauses) + 1


def test_an_interrupt_ends_it_and_the_store_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("playhead.follow.time.sleep", interrupted)
    store.write("agent", "key", 1)
    events = store.replay(follow=True)
    next(events)
    with pytest.raises(KeyboardInterrupt):
        next(events)
    assert list(events) == []
    assert store.write("agent", "key", 2) == 2


def test_what_cannot_be_followed_is_refused_at_once(store: Store) -> None:  # S18
    for bound in ({"start_ts": -1}, {"end_ts": -1}):
        with pytest.raises(InvalidArgumentError, match="negative"):
            store.replay(follow=True, **bound)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="follow=True"):
        store.replay(stop=threading.Event())
