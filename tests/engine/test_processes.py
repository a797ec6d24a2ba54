"""Several Store objects, and several processes, on one directory: S2-S5 hold among all of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import playhead
from playhead import Store, VersionConflictError, manifest

OpenStore = Callable[..., Store]


def shared_versions(store: Store) -> list[int]:
    return [part.version for event in store.replay("shared") for part in event.operations]


def test_two_objects_take_turns_and_lose_nothing(open_store: OpenStore) -> None:  # S2 S3 S4
    first, second = open_store(), open_store()
    commits = []
    for number in range(6):
        for name, store in (("first", first), ("second", second)):
            with store.begin_transaction() as tx:
                tx.write("shared", "counter", [name, number])
                tx.write("shared", "counter", [name, number, "again"])
                tx.write(name, "counter", number)
                commits.append(tx.commit())
    assert commits == list(range(1, 13))
    first.refresh()
    assert list(first.replay()) == list(second.replay())
    assert shared_versions(first) == list(range(1, 25))


def test_what_another_committed_is_seen_after_refresh_and_before_the_next_commit(open_store: OpenStore) -> None:  # S4
    writer, reader = open_store(), open_store(read_only=True)
    writer.write("agent", "key", 1)
    assert (reader.head, reader.get_state("agent", "key").version) == (0, 0)
    assert reader.refresh()
    assert not reader.refresh()
    assert (reader.head, reader.get_state("agent", "key").value) == (1, 1)
    assert list(reader.state("agent")) == ["key"]
    other = open_store()
    writer.write("agent", "key", 2)
    with pytest.raises(VersionConflictError, match="found version 2"):
        other.write("agent", "key", 3, if_version=1)
    assert other.get_state("agent", "key").value == 2


@pytest.mark.parametrize("read_only", [True, False])
def test_a_seal_elsewhere_changes_no_answer_here(open_store: OpenStore, read_only: bool) -> None:  # S21 S22
    writer, other = open_store(), open_store(read_only=read_only)
    writer.write("agent", "key", 1)
    other.refresh()
    started = other.replay()
    writer.write("agent", "key", 2)
    writer.seal()
    assert [event.commit_ts for event in other.replay()] == [1]
    assert other.get_state("agent", "key").value == 1
    assert other.refresh()
    assert [event.commit_ts for event in other.replay()] == [1, 2]
    assert other.get_state("agent", "key").value == 2
    writer.write("agent", "key", 3)
    writer.seal()
    writer.seal()
    assert other.refresh()
    assert [part.value for part in other.state("agent").values()] == [3]
    assert [event.commit_ts for event in started] == [1]
    if not read_only:
        assert other.write("agent", "key", 4) == 4
        assert other.get_state("agent", "key").version == 4


def test_both_may_seal(open_store: OpenStore) -> None:  # S21
    first, second = open_store(), open_store()
    for number in range(1, 4):
        first.write("shared", "key", number)
        assert second.seal()
        second.write("shared", "key", -number)
        assert first.seal()
        assert not second.seal()
    assert shared_versions(first) == shared_versions(second) == list(range(1, 7))
    assert [(part.first, part.last) for part in manifest.load(first.path).segments] == [(n, n) for n in range(1, 7)]


def test_snapshots_and_restores_of_both_follow_one_another(open_store: OpenStore) -> None:  # S24 S26
    first, second = open_store(), open_store()
    for number in range(1, 4):
        first.write("agent", "key", number)
    assert [first.snapshot().id, second.snapshot().id, first.snapshot().id] == [1, 2, 3]
    assert second.snapshots() == first.snapshots()
    behind = open_store()
    first.write("agent", "key", 4)
    first.write("agent", "key", 5)
    assert behind.head == 3
    assert behind.restore(4) == 6
    assert behind.get_state("agent", "key").value == 4


def test_a_cursor_at_the_head_follows_what_another_process_commits(open_store: OpenStore) -> None:
    writer, reader = open_store(), open_store(read_only=True)
    writer.write("agent", "key", 1)
    reader.refresh()
    live, past = reader.cursor("agent"), reader.cursor("agent")
    past.seek(0)
    for number in range(2, 5):
        writer.write("agent", "key", number, kind="tool_error" if number == 3 else "step")
        writer.write("agent", f"new-{number}", number)
        if number == 3:
            writer.seal()
        assert live.refresh()
        past.refresh()
        assert (live.position, past.position) == (writer.head, 0)
        assert [header.commit_ts for header in past.headers(0, 99)] == list(range(1, writer.head + 1))
        assert live.record("key").value == number
        assert [row.key for row in live.outline() if row.status == "added"] == [f"new-{number}"]
    assert past.next_error()
    assert past.record("key").value == 3
    assert not live.refresh()


WRITER = """
import sys, playhead
path, name = sys.argv[1:]
with playhead.open(path, durability="os") as store:
    for number in range(60):
        with store.begin_transaction() as tx:
            tx.write("shared", "counter", [name, number])
            tx.write(name, "counter", number)
        if number % 20 == 10:
            store.seal()
"""

FORKING_WRITER = """
import os, sys, playhead
path = sys.argv[1]
store = playhead.open(path, durability="os")
store.write("shared", "counter", "before")
children = []
for child in range(2):
    pid = os.fork()
    if pid == 0:
        for number in range(100):
            store.write("shared", "counter", [child, number])
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""


def check_counts(path: Path, agents: list[str], each: int, commits: int) -> None:
    with playhead.open(path, create=False) as store:
        assert store.head == commits
        assert [event.commit_ts for event in store.replay()] == list(range(1, commits + 1))
        assert shared_versions(store) == list(range(1, commits + 1))
        for agent in agents:
            values = [part.value for event in store.replay(agent) for part in event.operations]
            assert values == list(range(each))


def test_two_processes_commit_and_seal_at_once(tmp_path: Path) -> None:  # S2 S3 S4 S8
    path = tmp_path / "run"
    command = [sys.executable, "-W", "error", "-c", WRITER, str(path)]
    names = ["one", "two"]
    running = [subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True) for name in names]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
    check_counts(path, names, 60, 120)


@pytest.mark.skipif(sys.platform == "win32", reason="needs os.fork")
def test_processes_forked_from_one_that_holds_a_store_take_turns(tmp_path: Path) -> None:  # S2 S4
    path = tmp_path / "run"
    command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", FORKING_WRITER, str(path)]
    subprocess.run(command, check=True, timeout=120)
    check_counts(path, [], 0, 201)
