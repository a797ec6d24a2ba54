"""Reading the past: seeking through an agent's states, values by version and by moment, and replay."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

import playhead
from benchmarks.measure import best_process, each, seconds_of, take_turns
from benchmarks.report import Budget, Result
from benchmarks.scale import FULL_SIZE
from benchmarks.stores import AGENT, AGENT_OPERATIONS, Bench

TOPIC = "reading"
_REPLAYED, _REPLAYED_FOR_MEMORY = 50_000, 1_000_000
_REPLAY = """
import sys, playhead
with playhead.open(sys.argv[1], read_only=True) as store:
    for _ in store.replay(end_ts=int(sys.argv[2])):
        pass
"""
_BYTES = Budget("≤ 400 MB", high=400e6)
_SEEK = Budget("≤ 1 ms", high=0.001)
_WHOLE_STORE = Budget("≤ 50 ms", high=0.050)


def run(bench: Bench) -> Iterator[Result]:
    for size in bench.scale.sizes:
        with playhead.open(bench.run(size), read_only=True) as store:
            yield from _seek(bench, store, size)
            yield from _values(bench, store, size)
            yield from _replay(bench, store, size)


def _seek(bench: Bench, store: playhead.Store, size: int) -> Iterator[Result]:
    chance = random.Random(size)
    moments = [chance.randrange(1, store.head + 1) for _ in range(bench.scale.questions)]
    timelines: list[playhead.Timeline] = []
    store.get_state(AGENT, "nothing")
    loaded = seconds_of(lambda: timelines.append(store.timeline(AGENT)))
    (timeline,) = timelines
    seek = each([partial(timeline.outline, at) for at in moments])
    budget = _SEEK if size >= AGENT_OPERATIONS else None
    yield Result(TOPIC, "timeline of one agent, loaded once", loaded, "s", size=size)
    yield Result(TOPIC, "seek: outline of one agent at a moment, p50", seek.median, "s", size=size)
    yield Result(
        TOPIC, "seek: outline of one agent at a moment, p99", seek.percentile(99), "s", size=size, budget=budget
    )
    everything = each([partial(store.addresses, at) for at in moments[: bench.scale.rounds]])
    yield Result(TOPIC, "addresses of the whole store at a moment, p50", everything.median, "s", size=size)
    whole: list[playhead.StoreTimeline] = []
    loaded = seconds_of(lambda: whole.append(store.store_timeline()))
    seek = each([partial(whole[0].outline, at) for at in moments[:50]])
    budget = _WHOLE_STORE if size == FULL_SIZE else None
    yield Result(TOPIC, "timeline of the whole store, loaded once", loaded, "s", size=size)
    yield Result(TOPIC, "seek: outline of the whole store at a moment, p50", seek.median, "s", size=size, budget=budget)


def _values(bench: Bench, store: playhead.Store, size: int) -> Iterator[Result]:
    chance = random.Random(size + 1)
    timeline = store.timeline(AGENT)
    wanted: list[tuple[str, int, int]] = []
    for _ in range(min(bench.scale.questions, 50)):
        key = chance.choice(timeline.keys)
        versions, commits, _ = timeline.history(key)
        row = chance.randrange(len(versions))
        wanted.append((key, int(versions[row]), int(commits[row])))
    by_version = each([partial(store.get_state_at_version, AGENT, key, version) for key, version, _ in wanted])
    at_moment = each([partial(store.get_state_at, AGENT, key, at) for key, _, at in wanted])
    on_timeline = each([partial(timeline.record, key, at) for key, _, at in wanted])
    yield Result(TOPIC, "get by version, p50", by_version.median, "s", size=size)
    yield Result(TOPIC, "get at a moment, p50", at_moment.median, "s", size=size)
    yield Result(TOPIC, "get at a moment with a timeline, p50", on_timeline.median, "s", size=size)


def _replay(bench: Bench, store: playhead.Store, size: int) -> Iterator[Result]:
    count = min(size, _REPLAYED)

    def replay() -> None:
        for _ in store.replay(end_ts=count):
            pass

    times = take_turns({"replay": lambda: replay}, min(3, bench.scale.rounds))
    yield Result(TOPIC, "replay, events a second", count / times["replay"].median, "/s", size=size)
    ran = best_process(_REPLAY, [str(bench.run(size)), str(_REPLAYED_FOR_MEMORY)], 1)
    yield Result(TOPIC, "replay: peak memory of the process", ran.peak_bytes, "bytes", size=size, budget=_BYTES)
