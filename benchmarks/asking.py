"""Asking the past: who wrote a value, when something was true, where a text came in, where two runs part."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial

import playhead
from benchmarks.measure import each, seconds_of
from benchmarks.report import Budget, Result
from benchmarks.stores import AGENT, Bench
from playhead.bulk import bulk_load
from playhead.cursor import Cursor
from playhead.directory import new_info
from playhead.draft import Draft
from playhead.timeline import VALUE_CACHE_RECORDS

TOPIC = "asking"
_ONE_VALUE = Budget("≤ 200 ms", high=0.2)
_CONDITION = Budget("≤ 1 s", high=1.0)
_PICKAXE = Budget("≤ 5 s", high=5.0)
_COMPARE = Budget("≤ 3 s", high=3.0)
_COMPARED_EVENTS = 100_000


def run(bench: Bench) -> Iterator[Result]:
    largest = max(bench.scale.sizes)
    for size in bench.scale.sizes:
        with playhead.open(bench.run(size), read_only=True) as store:
            yield from _questions(bench, store.cursor(AGENT), size, is_last=size == largest)
    for size in bench.scale.sizes:
        if size <= _COMPARED_EVENTS or size == min(bench.scale.sizes):
            yield from _compare(bench, size)


def _questions(bench: Bench, cursor: Cursor, size: int, *, is_last: bool) -> Iterator[Result]:
    chance = random.Random(size)
    keys = chance.sample(cursor.timeline.keys, min(len(cursor.timeline.keys), 3 * bench.scale.rounds + 4))
    warm, keys, three = keys[0], keys[1:-3], keys[-3:]
    cursor.held_values(warm, ("status",))
    # Each key is asked about once: an answer that is kept would measure nothing.
    third = max(1, len(keys) // 3)
    begin = cursor.head
    walks = [partial(_back, cursor, key, begin) for key in keys[:third]]
    following = [partial(_on, cursor, key) for key in keys[third : 2 * third]]
    held = [partial(cursor.held_values, key, ("step",)) for key in keys[2 * third :] or keys]
    one, condition = (_ONE_VALUE, _CONDITION) if is_last else (None, None)
    yield Result(TOPIC, "last PATH", each(walks).median, "s", size=size, budget=one)
    yield Result(TOPIC, "next PATH", each(following or walks).median, "s", size=size, budget=one)
    yield Result(TOPIC, "history PATH", each(held).median, "s", size=size, budget=one)
    cursor.position = begin
    blamed = each([partial(cursor.blame_state)] * bench.scale.rounds)
    assert len(cursor.timeline.keys) <= VALUE_CACHE_RECORDS, "the newest values are read once, as in a session"
    yield Result(TOPIC, "blame of an agent's whole state", blamed.median, "s", size=size, budget=one)
    names = [f'"{key}"' for key in three]
    expressions = [
        f"{names[0]}.step > {number} and {names[1]}.status = 'done' and {names[-1]}.status = 'failed'"
        for number in range(bench.scale.rounds)
    ]
    when = each([partial(cursor.when, expression) for expression in expressions])
    watched = [f"{name}.step" for name in names]
    watch = each([partial(cursor.watch, watched)] * bench.scale.rounds)
    yield Result(TOPIC, "when, with three keys", when.median, "s", size=size, budget=condition)
    yield Result(TOPIC, "watch, three expressions", watch.median, "s", size=size, budget=condition)
    wanted = f"{size // 2} zebra"
    taken = each([lambda: list(cursor.log(wanted))] * 2)
    processor = seconds_of(lambda: list(cursor.log(wanted)), time.process_time)
    yield Result(TOPIC, "log -S over everything", taken.least, "s", size=size, budget=_PICKAXE if is_last else None)
    yield Result(TOPIC, "log -S over everything, CPU time", processor, "s", size=size)
    for order, newest_first in (("oldest", False), ("newest", True)):
        first = each([lambda: next(cursor.log("pending", newest_first=newest_first))] * 2)  # noqa: B023 - asked at once
        yield Result(TOPIC, f"log -S of a third of all values, {order} first: first hit", first.least, "s", size=size)


def _back(cursor: Cursor, key: str, begin: int) -> None:
    cursor.position = begin
    cursor.last(key, ("step",))


def _on(cursor: Cursor, key: str) -> None:
    cursor.position = 0
    cursor.next(key, ("step",))


def _compare(bench: Bench, size: int) -> Iterator[Result]:
    """Two runs of so many events with numbers of their own, one of which leaves out some and writes other values."""
    with bench.scratch() as folder:
        for name in ("a", "b"):
            bulk_load(folder / name, new_info(), _run(size, name))
        with (
            playhead.open(folder / "a", read_only=True) as a,
            playhead.open(folder / "b", read_only=True) as b,
        ):
            sides = a.cursor(), b.cursor()
            taken = each([lambda: sides[0].compare(sides[1], every_agent=True)] * bench.scale.rounds)
    is_whole = size == _COMPARED_EVENTS
    yield Result(TOPIC, "compare two runs", taken.median, "s", size=size, budget=_COMPARE if is_whole else None)


def _run(size: int, name: str) -> Iterator[Draft]:
    chance = random.Random(size)
    for number in range(size):
        key, action = chance.randrange(1_000), chance.choice(("search", "read", "answer", "pay"))
        if name == "b" and number % max(1, size // 20) == 7:
            continue
        other = name == "b" and number % max(1, size // 50) == 3
        draft = Draft(kind="step", label=f"{action} {number}{' again' if other else ''}")
        draft.write(AGENT, f"key-{key:04d}", {"step": number, "other": other})
        yield draft
