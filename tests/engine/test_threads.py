"""Threads that share one Store, and processes with scripts of their own: S2-S5 and S8 hold however they interleave."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import playhead
from playhead import Event, Store, log
from playhead.model import Address
from playhead.verify import verify

from .steps import STEPS, work

OpenStore = Callable[..., Store]

WORKER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import playhead
from playhead import log
from steps import work
log.SEAL_OPERATIONS = 25
with playhead.open(sys.argv[2], durability="os") as store:
    sys.stdin.readline()
    print(json.dumps(work(store, sys.argv[3], json.loads(sys.argv[4]))))
"""


def check(path: Path, told: Sequence[Sequence[tuple[int, list[object]]]]) -> None:
    """S2-S5 and S8 of everything that was told to have been committed, and of everything else that is there."""
    with playhead.open(path, create=False) as store:
        events = list(store.replay())
        assert [event.commit_ts for event in events] == list(range(1, store.head + 1))
        times = [event.committed_at for event in events]
        assert times == sorted(times)
        check_versions(events)
        by_commit = {event.commit_ts: event for event in events}
        for commits in told:
            assert [commit_ts for commit_ts, _ in commits] == sorted({commit_ts for commit_ts, _ in commits})
            for commit_ts, values in commits:
                assert [part.value for part in by_commit[commit_ts].operations] == values
        acknowledged = [commit_ts for commits in told for commit_ts, _ in commits]
        assert len(acknowledged) == len(set(acknowledged))
        assert {event.commit_ts for event in events if event.kind != "restore"} == set(acknowledged)
        ids = [snapshot.id for snapshot in store.snapshots()]
        assert ids == list(range(1, len(ids) + 1))
    assert verify(path) == []


def check_versions(events: Sequence[Event]) -> None:
    versions: dict[Address, int] = {}
    for event in events:
        for part in event.operations:
            assert part.version == versions.get(part.address, 0) + 1
            versions[part.address] = part.version


def run_threads(
    stores: Sequence[Store], scripts: Sequence[Sequence[tuple[str, int]]]
) -> list[list[tuple[int, list[object]]]]:
    told: dict[int, list[tuple[int, list[object]]]] = {}
    failures: list[BaseException] = []
    together = threading.Barrier(len(scripts))

    def run(number: int) -> None:
        try:
            together.wait()
            told[number] = work(stores[number % len(stores)], f"thread {number}", scripts[number])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(scripts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [told[number] for number in range(len(scripts))]


def random_scripts(seed: int, count: int, length: int) -> list[list[tuple[str, int]]]:
    chance = random.Random(seed)
    weights = [6, 4, 2, 4, 1, 1, 1, 1, 1, 1, 2]
    return [[(step, chance.randrange(1000)) for step in chance.choices(STEPS, weights, k=length)] for _ in range(count)]


@pytest.mark.parametrize("objects", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_threads_that_share_stores_keep_every_rule(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, objects: int, seed: int
) -> None:  # S2 S3 S4 S5 S8
    monkeypatch.setattr(log, "SEAL_OPERATIONS", (20, 60, 10**9)[seed])
    # Threads change places a hundred times more often than they would.
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    try:
        stores = [open_store(durability=("os", "fsync")[seed % 2]) for _ in range(objects)]
        told = run_threads(stores, random_scripts(seed, 4, 40))
    finally:
        sys.setswitchinterval(before)
    for store in stores:
        store.close()
    check(stores[0].path, told)


def test_a_counter_that_threads_raise_by_reading_and_writing_loses_no_turn(store: Store) -> None:  # S13a
    def raise_it() -> None:
        for _ in range(25):
            while True:
                record = store.get_state("shared", "counter")
                try:
                    store.write("shared", "counter", (record.value or 0) + 1, if_version=record.version)  # type: ignore[operator]
                    break
                except playhead.VersionConflictError:
                    continue

    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get_state("shared", "counter").value == store.head == 100


scripts_of_processes = st.lists(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 999)), min_size=8, max_size=25), min_size=2, max_size=3
)


@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow], database=None, derandomize=True)
@given(scripts=scripts_of_processes)
def test_processes_with_any_scripts_keep_every_rule(
    tmp_path_factory: pytest.TempPathFactory, scripts: list[list[tuple[str, int]]]
) -> None:  # S2 S3 S4 S5 S8
    path = tmp_path_factory.mktemp("processes") / "run"
    command = [sys.executable, "-W", "error", "-c", WORKER, str(Path(__file__).parent), str(path)]
    running = [
        subprocess.Popen(
            [*command, f"{number}", json.dumps(script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number, script in enumerate(scripts)
    ]  # fmt: skip
    told = []
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        out, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        told.append([(commit_ts, values) for commit_ts, values in json.loads(out)])
    check(path, told)
