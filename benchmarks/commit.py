"""Commits of one write of 200 bytes: without and with waiting for the disk, and while the journal is sealed."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import playhead
from benchmarks.measure import Times, Work, take_turns
from benchmarks.peers import HAS_LANGGRAPH, LangGraphCheckpoints, SQLiteLog
from benchmarks.report import Budget, Result
from benchmarks.stores import AGENT, Bench, value_of_200_bytes
from playhead import manifest
from playhead.journal import number_of
from playhead.model import JSON

TOPIC = "commit"
_KEYS = [f"key-{number:02d}" for number in range(50)]
_VALUES: list[JSON] = [value_of_200_bytes(number, random.Random(number)) for number in range(199)]
_OS = Budget("≥ 1.2 × the rate", low=1.2, of_ratio=True)
_FSYNC = {1: Budget("≥ 0.8 × the rate", low=0.8, of_ratio=True), 8: Budget("≥ 2 × the rate", low=2, of_ratio=True)}
_SEALING = Budget("≤ 5 ms", high=0.005)

Write = Callable[[str, str, int, JSON], object]


def run(bench: Bench) -> Iterator[Result]:
    yield from _unsynced(bench)
    for threads in (1, 8):
        yield _synced(bench, threads)
    yield from _across_seals(bench)


def _writes(write: Write, count: int) -> Work:
    """One thread's commits, over 50 keys."""

    def work() -> None:
        for number, key, value in zip(range(count), itertools.cycle(_KEYS), itertools.cycle(_VALUES), strict=False):
            write(AGENT, key, number, value)

    return work


def _playhead_write(store: playhead.Store) -> Write:
    return lambda agent_id, key, _, value: store.write(agent_id, key, value)


def _unsynced(bench: Bench) -> Iterator[Result]:
    count = bench.scale.commits
    with bench.scratch() as folder, ExitStack() as stack:
        store = stack.enter_context(playhead.open(folder / "store", durability="os"))
        log = SQLiteLog(folder / "sqlite.db", "NORMAL")
        stack.callback(log.close)
        write = _playhead_write(store)
        sides: dict[str, Callable[[], Work]] = {
            "playhead": lambda: _writes(write, count),
            "sqlite": lambda: _writes(log.write, count),
        }
        few = max(1, count // 20)
        if HAS_LANGGRAPH:
            saver = LangGraphCheckpoints(folder / "langgraph.db")
            stack.callback(saver.close)
            sides["put"] = lambda: _writes(lambda _, key, version, value: saver.put(key, version, value), few)
            sides["get"] = lambda: _writes(lambda _, key, *__: saver.get(key), few)
            sides["get_state"] = lambda: _writes(lambda agent, key, *_: store.get_state(agent, key), count)
        times = take_turns(sides, bench.scale.rounds)
    rate = count / times["playhead"].median
    sqlite = count / times["sqlite"].median
    yield Result(TOPIC, "commit, os", rate, "/s", peer="sqlite3 WAL NORMAL", peer_value=sqlite, budget=_OS)
    if HAS_LANGGRAPH:
        put, get = few / times["put"].median, few / times["get"].median
        yield Result(TOPIC, "commit, os", rate, "/s", peer="LangGraph SqliteSaver.put", peer_value=put)
        latest = count / times["get_state"].median
        yield Result(TOPIC, "get the latest", latest, "/s", peer="LangGraph SqliteSaver.get_tuple", peer_value=get)


def _in_threads(write: Write, count: int, threads: int) -> Work:
    workers = [threading.Thread(target=_writes(write, max(1, count // threads))) for _ in range(threads)]

    def work() -> None:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return work


def _synced(bench: Bench, threads: int) -> Result:
    count = bench.scale.synced_commits
    with bench.scratch() as folder, playhead.open(folder / "store", durability="fsync") as store:
        log = SQLiteLog(folder / "sqlite.db", "FULL")
        try:
            write = _playhead_write(store)
            times = take_turns(
                {
                    "playhead": lambda: _in_threads(write, count, threads),
                    "sqlite": lambda: _in_threads(log.write, count, threads),
                },
                bench.scale.rounds,
            )
        finally:
            log.close()
    what = f"commit, fsync, {threads} thread{'s' if threads > 1 else ''}"
    rate, sqlite = count / times["playhead"].median, count / times["sqlite"].median
    return Result(TOPIC, what, rate, "/s", peer="sqlite3 WAL FULL", peer_value=sqlite, budget=_FSYNC[threads])


def _across_seals(bench: Bench) -> Iterator[Result]:
    with bench.scratch() as folder:
        usual, beside, seals = _latencies(folder / "store", bench.scale.commits_across_seals)
    what = f"commit, os, {len(usual.seconds) + len(beside.seconds):,} one by one"
    for name, times in (("between seals", usual), (f"beside {seals} seals", beside)):
        if times.seconds:
            yield Result(TOPIC, f"{what}, {name}: p50", times.percentile(50), "s")
            yield Result(TOPIC, f"{what}, {name}: p99", times.percentile(99), "s")
            budget = _SEALING if times is beside else None
            yield Result(TOPIC, f"{what}, {name}: p99.9", times.percentile(99.9), "s", budget=budget)
            yield Result(TOPIC, f"{what}, {name}: the slowest", max(times.seconds), "s")


def _latencies(path: Path, count: int) -> tuple[Times, Times, int]:
    """How long each commit took while nothing was being sealed, and while something was; and how many seals."""
    usual: list[float] = []
    beside: list[float] = []
    with playhead.open(path, durability="os") as store:
        write = _playhead_write(store)
        for _, key, value in zip(range(count), itertools.cycle(_KEYS), itertools.cycle(_VALUES), strict=False):
            start = time.perf_counter()
            write(AGENT, key, 0, value)
            seconds = time.perf_counter() - start
            (beside if store.is_sealing else usual).append(seconds)
    # A journal takes over from another wherever one is sealed.
    return Times(tuple(usual)), Times(tuple(beside)), number_of(manifest.load(path).journals[-1]) - 1
