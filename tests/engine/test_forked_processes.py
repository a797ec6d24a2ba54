"""os.fork and multiprocessing: a child that inherits an open store neither corrupts it nor waits for ever."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import playhead
from playhead import InvalidArgumentError, Store
from playhead.verify import verify

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="needs os.fork")

PREAMBLE = """
import os, signal, sys, threading, traceback
from pathlib import Path
import playhead

def in_child(work):
    pid = os.fork()
    if pid:
        return pid
    # A child that waits for ever is ended, and its parent told.
    signal.alarm(40)
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)

def wait_for(*pids):
    for pid in pids:
        status = os.waitpid(pid, 0)[1]
        assert status == 0, f"child ended with {os.waitstatus_to_exitcode(status)}"
"""


def run_script(script: str, path: Path) -> str:
    """What the script says on stderr. In a process of its own, whose threads and warnings are not the tests'."""
    command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", PREAMBLE + script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def check_sound(path: Path, shared: str) -> None:
    """Commits without a gap, versions that count them, nothing damaged."""
    # What was merged while another process read it is left over; the next writer, which this is, removes it.
    assert [problem for problem in verify(path) if problem.severity == "error"] == []
    with playhead.open(path, create=False) as store:
        assert [event.commit_ts for event in store.replay()] == list(range(1, store.head + 1))
        versions = [part.version for event in store.replay(shared) for part in event.operations]
        assert versions == list(range(1, len(versions) + 1))


BUSY_PARENT = """
store = playhead.open(sys.argv[1], durability="fsync")
for number in range(40):
    store.write("agent", f"key {number % 4}", number)
store.seal()
rounds = [threading.Semaphore(0), threading.Semaphore(0)]
ended = threading.Event()

def commit():
    number = 0
    while not ended.is_set():
        number += 1
        store.write("shared", "counter", ["parent", number])
        if number % 150 == 0:
            store.seal()
        rounds[0].release()

def question():
    while not ended.is_set():
        store.state("agent", at=20)
        list(store.replay(start_ts=35, end_ts=45))
        store.sql("select count(*) from operations where commit_ts < 40")
        rounds[1].release()

def child():
    assert store.state("agent", at=20)["key 3"].value == 19
    assert [event.commit_ts for event in store.replay(end_ts=40)] == list(range(1, 41))
    for number in range(5):
        store.write("shared", "counter", ["child", number])
    assert store.get_state("shared", "counter").version > 5
    assert len(store.diff(0, 40)) == 4
    assert store.sql("select count(*) as n from operations where commit_ts <= 40").to_pylist() == [{"n": 40}]
    store.seal()
    store.snapshot("from a child")
    store.close()

threads = [threading.Thread(target=work) for work in (commit, question)]
for thread in threads:
    thread.start()
for _ in range(5):
    # Each time at another place of both threads.
    for semaphore in rounds:
        semaphore.acquire()
    wait_for(in_child(child))
ended.set()
for thread in threads:
    thread.join()
assert len(store.snapshots()) == 5
store.close()
"""


@needs_fork
def test_children_read_write_and_close_while_threads_of_the_parent_commit_and_ask(tmp_path: Path) -> None:  # S2 S3 S4
    run_script(BUSY_PARENT, tmp_path / "run")
    check_sound(tmp_path / "run", "shared")


HELD_LOCKS = """
store = playhead.open(sys.argv[1], durability="fsync")
store.write("agent", "key", 1)
cursor = store.cursor("agent")
store.write("agent", "key", 2)
assert store.get_state("agent", "key").value == 2
log, history = store._log, store._history
held, begun, forked = [], threading.Event(), threading.Event()

def hold():
    view = store.view()
    inner = view.tail._lock, log.generation.sealed._lock
    with log.exclusive(), log._syncer._lock, history._lock, inner[0], inner[1], cursor.track._lock:
        begun.set()
        forked.wait()

thread = threading.Thread(target=hold, daemon=True)
thread.start()
assert begun.wait(30)

def child():
    assert store.get_state("agent", "key").value == 2
    assert [record.value for record in store.state("agent").values()] == [2]
    assert store.begin_transaction() is not None
    assert cursor.record("key").value == 1
    assert [header.commit_ts for header in cursor.headers(0, 9)] == [1]
    assert len(store.view().tail.tables()[0]) == 2
    # The parent's thread still has the lock between processes; only this waits for it.
    os.write(ready, b"x")
    assert store.write("agent", "key", 3) == 3
    assert [change.after.value for change in store.diff(1, 3)] == [3]

waiting, ready = os.pipe()
pid = in_child(child)
os.close(ready)
assert os.read(waiting, 1) == b"x"
forked.set()
thread.join()
wait_for(pid)
assert store.refresh() and store.get_state("agent", "key").value == 3
store.close()
"""


@needs_fork
def test_locks_that_a_thread_of_the_parent_holds_are_free_in_the_child(tmp_path: Path) -> None:
    run_script(HELD_LOCKS, tmp_path / "run")
    check_sound(tmp_path / "run", "agent")


HALF_APPENDED = """
from playhead.generation import Generation
store = playhead.open(sys.argv[1], durability="os")
store.write("agent", "key", 1)
take = Generation.take
inside, forked = threading.Event(), threading.Event()

def slow_take(*arguments):
    inside.set()
    forked.wait()
    take(*arguments)

Generation.take = slow_take
thread = threading.Thread(target=store.write, args=("agent", "key", 2), daemon=True)
thread.start()
inside.wait()

def child():
    Generation.take = take
    # On disk, and not in the memory that was inherited.
    assert store.state("agent")["key"].value == 2
    assert store.get_state("agent", "key").version == 2
    os.write(ready, b"x")
    assert store.write("agent", "key", 3) == 3
    assert store.get_state("agent", "key").version == 3

waiting, ready = os.pipe()
pid = in_child(child)
os.close(ready)
assert os.read(waiting, 1) == b"x"
forked.set()
thread.join()
Generation.take = take
wait_for(pid)
assert store.write("agent", "key", 4) == 4
store.close()
"""


@needs_fork
def test_a_commit_that_was_half_way_at_the_fork_is_read_from_disk(tmp_path: Path) -> None:  # S2 S3
    run_script(HALF_APPENDED, tmp_path / "run")
    check_sound(tmp_path / "run", "agent")


INHERITED_REPLAY = """
store = playhead.open(sys.argv[1], durability="os")
for number in range(6000):
    store.write("agent", "key", number)
    if number == 5990:
        store.seal()
half = store.replay()
for _ in range(10):
    next(half)

def child():
    try:
        rest = list(half)
    except playhead.StoreClosedError as error:
        assert "forked" in str(error)
    else:
        raise AssertionError(len(rest))
    assert len(list(store.replay())) == 6000

def closing():
    half.close()
    store.close()

wait_for(in_child(child))
wait_for(in_child(closing))
assert len(list(half)) == 5990
store.close()
"""


@needs_fork
def test_a_replay_that_the_parent_began_says_so_in_the_child_and_goes_on_in_the_parent(tmp_path: Path) -> None:  # S20
    run_script(INHERITED_REPLAY, tmp_path / "run")


PARENT_DIES = """
store = playhead.open(sys.argv[1], durability="os")
store.write("agent", "key", 1)
waiting, ready = os.pipe()

def owner():
    with store._log.exclusive():
        in_child(idle)
        os.write(ready, b"x")
        os._exit(0)

def idle():
    signal.pause()

wait_for(in_child(owner))
os.read(waiting, 1)
store._log._process_lock.timeout = 20
assert store.write("agent", "key", 2) == 2
store.close()
os.killpg(0, signal.SIGKILL)
"""


@needs_fork
def test_a_child_that_never_touches_the_store_keeps_no_lock_of_a_parent_that_died(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PREAMBLE + PARENT_DIES, str(tmp_path / "run")]
    done = subprocess.run(command, timeout=60, check=False, start_new_session=True, capture_output=True, text=True)
    # Ended by its own last line, after everything before it held.
    assert done.returncode == -9, done.stderr
    check_sound(tmp_path / "run", "agent")


IN_MEMORY = """
store = playhead.open(":memory:")
store.write("agent", "key", 1)

def child():
    assert store.get_state("agent", "key").value == 1
    store.close()

wait_for(in_child(child))
if (pid := os.fork()) == 0:
    sys.exit(0)
wait_for(pid)
assert store.write("agent", "key", 2) == 2
assert store.path.exists()
store.close()
assert not store.path.parent.exists()
"""


@needs_fork
def test_a_store_in_memory_does_not_die_with_a_child(tmp_path: Path) -> None:
    assert run_script(IN_MEMORY, tmp_path) == ""


MULTIPROCESSING_FORK = """
import multiprocessing
store = playhead.open(sys.argv[1], durability="os")
store.write("shared", "counter", 0)
assert store.state("shared")

def work(name):
    for number in range(10):
        store.write("shared", "counter", [name, number])
    assert len(store.state("shared")) == 1
    store.close()

context = multiprocessing.get_context("fork")
processes = [context.Process(target=work, args=(name,)) for name in range(3)]
for process in processes:
    process.start()
for process in processes:
    process.join(timeout=120)
assert [process.exitcode for process in processes] == [0, 0, 0]
store.refresh()
assert store.get_state("shared", "counter").version == 31
store.close()
"""


@needs_fork
def test_processes_of_the_fork_context_go_on_with_the_store_they_inherit(tmp_path: Path) -> None:  # S2 S4
    assert run_script(MULTIPROCESSING_FORK, tmp_path / "run") == ""
    check_sound(tmp_path / "run", "shared")


def test_an_open_store_is_not_sent_to_a_spawned_process(store: Store) -> None:
    with pytest.raises(InvalidArgumentError, match="send its path"):
        pickle.dumps(store)
