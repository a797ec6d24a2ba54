"""Snapshots, diffs and restores, with ever more keys in the store, and with ever more operations."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial

import playhead
from benchmarks.measure import Work, each, take_turns
from benchmarks.peers import HAS_SWARMSTATE
from benchmarks.report import Budget, Result
from benchmarks.stores import AGENT, CHANGES, Bench

TOPIC = "moments"
_FLAT = Budget("0.5 to 1.5 ×", low=0.5, high=1.5)
_DIFF = Budget("≥ 20 × faster", high=1 / 20, of_ratio=True)


def run(bench: Bench) -> Iterator[Result]:
    snapshots: dict[int, float] = {}
    for count in bench.scale.key_counts:
        with bench.fork(bench.keys(count)) as path, playhead.open(path) as store:
            taken = each([store.snapshot for _ in range(min(20, bench.scale.questions))])
            snapshots[count] = taken.median
            yield Result(TOPIC, "snapshot, by keys", taken.median, "s", size=count)
            yield from _diff(bench, store, count)
            yield from _restore(bench, store, count)
    for size in bench.scale.sizes:
        with bench.fork(bench.run(size)) as path, playhead.open(path) as store:
            yield from _with_operations(bench, store, size)
    few, many = min(snapshots), max(snapshots)
    what = f"snapshot, {few:,} → {many:,} keys"
    yield Result(TOPIC, what, snapshots[many] / snapshots[few], "×", budget=_FLAT)


def _with_operations(bench: Bench, store: playhead.Store, size: int) -> Iterator[Result]:
    """The same questions anywhere in a history of so many operations."""
    chance = random.Random(size)
    distance = min(CHANGES, size // 2)
    bases = [chance.randrange(1, size - distance) for _ in range(2 * bench.scale.rounds)]
    store.diff(0, 1)
    near = each([partial(store.diff, base, base + 1) for base in bases])
    far = each([partial(store.diff, base, base + distance) for base in bases])
    taken = each([partial(store.snapshot, at=base) for base in bases])
    # The first commit after opening reads the latest version of every key, which opening for writing pays once.
    store.write("warm-up", "key", 0)
    head = store.head
    restored = each([partial(store.restore, at, agent_id=AGENT) for at in [head - distance, head] * 3])
    yield Result(TOPIC, "snapshot, by operations", taken.median, "s", size=size)
    yield Result(TOPIC, "diff of neighbours, with values, by operations", near.median, "s", size=size)
    yield Result(TOPIC, f"diff across {CHANGES:,} commits, with values, by operations", far.median, "s", size=size)
    yield Result(TOPIC, f"restore across {CHANGES:,} commits, by operations", restored.median, "s", size=size)


def _diff(bench: Bench, store: playhead.Store, count: int) -> Iterator[Result]:
    head = store.head
    changed = min(CHANGES, count)
    base = head - changed
    is_last = count == max(bench.scale.key_counts)
    sides: dict[str, Callable[[], Work]] = {
        "addresses": lambda: lambda: store.changed_addresses(base, head),
        "records": lambda: lambda: store.diff(base, head),
        "near": lambda: lambda: store.diff(head - 1, head),
    }
    if HAS_SWARMSTATE:
        swarmstate_diff = _swarmstate_diff(count, changed)
        sides["swarmstate"] = lambda: swarmstate_diff
    store.changed_addresses(base, head)
    times = take_turns(sides, bench.scale.rounds)
    peer = times["swarmstate"].median if HAS_SWARMSTATE else None
    yield Result(TOPIC, "diff of neighbours, with values, by keys", times["near"].median, "s", size=count)
    yield Result(
        TOPIC,
        f"diff across up to {CHANGES:,} changes, by keys",
        times["addresses"].median,
        "s",
        size=count,
        peer="swarmstate Snapshot.diff" if HAS_SWARMSTATE else "",
        peer_value=peer,
        budget=_DIFF if is_last else None,
    )
    yield Result(
        TOPIC, f"diff across up to {CHANGES:,} changes, with values, by keys", times["records"].median, "s", size=count
    )


def _swarmstate_diff(count: int, changed: int) -> Work:
    from swarmstate import Store

    peer = Store()
    for start in range(0, count, 10_000):
        numbers = range(start, min(start + 10_000, count))
        peer.set_many([(AGENT, f"key-{number:07d}", {"number": number}) for number in numbers])
    before = peer.snapshot()
    for number in range(changed):
        peer.set(AGENT, f"key-{number * (count // changed):07d}", {"number": number, "again": True})
    after = peer.snapshot()
    return lambda: after.diff(before)


def _restore(bench: Bench, store: playhead.Store, count: int) -> Iterator[Result]:
    head = store.head
    base = head - min(CHANGES, count)
    # There and back again: every restore has the same changes to make.
    targets = [base, head] * max(1, bench.scale.rounds // 2)
    # The first commit after opening reads the latest version of every key, which opening for writing pays once.
    store.write("warm-up", "key", 0)
    restored = each([partial(store.restore, target, agent_id=AGENT) for target in targets])
    yield Result(TOPIC, f"restore across up to {CHANGES:,} changes, by keys", restored.median, "s", size=count)
