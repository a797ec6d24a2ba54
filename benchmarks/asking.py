"""Asking the past: who wrote a value, when something was true, where a text came in, where two runs part."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import playhead
from benchmarks.measure import each_both
from benchmarks.report import Budget, Result
from benchmarks.stores import AGENT, Bench
from playhead.bulk import bulk_load
from playhead.cursor import Cursor
from playhead.directory import new_info
from playhead.draft import Draft
from playhead.timeline import VALUE_CACHE_RECORDS
from playhead.verbs import LogEntry

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
    keys = chance.sample(cursor.timeline.keys, min(len(cursor.timeline.keys), 4 * bench.scale.rounds + 4))
    warm, keys, three = keys[0], keys[1:-3], keys[-3:]
    cursor.held_values(warm, ("status",))
    # Each key is asked about once: an answer that is kept would measure nothing.
    quarter = max(1, len(keys) // 4)
    begin = cursor.head
    walks = [partial(_back, cursor, key, begin) for key in keys[:quarter]]
    following = [partial(_on, cursor, key) for key in keys[quarter : 2 * quarter]]
    held = [partial(cursor.held_values, key, ("step",)) for key in keys[2 * quarter : 3 * quarter] or keys]
    labelled = [partial(_labels, cursor, key) for key in keys[3 * quarter :] or keys]
    one, condition = (_ONE_VALUE, _CONDITION) if is_last else (None, None)
    yield from _asked("last PATH", walks, size, one)
    yield from _asked("next PATH", following or walks, size, one)
    yield from _asked("history PATH", held, size, one)
    yield from _asked("history PATH, and the label of every event", labelled, size, None)
    cursor.position = begin
    blamed = [partial(cursor.blame_state)] * bench.scale.rounds
    assert len(cursor.timeline.keys) <= VALUE_CACHE_RECORDS, "the newest values are read once, as in a session"
    yield from _asked("blame of an agent's whole state", blamed, size, one)
    names = [f'"{key}"' for key in three]
    expressions = [
        f"{names[0]}.step > {number} and {names[1]}.status = 'done' and {names[-1]}.status = 'failed'"
        for number in range(bench.scale.rounds)
    ]
    yield from _asked("when, with three keys", [partial(cursor.when, each) for each in expressions], size, condition)
    of_events = [f"event.kind = 'step' and {each}" for each in expressions]
    yield from _asked(
        "when, with an event's kind too", [partial(cursor.when, each) for each in of_events], size, condition
    )
    of_any = [f"event.label = 'step {number}' or {each}" for number, each in enumerate(expressions)]
    yield from _asked("when, with any event's label", [partial(cursor.when, each) for each in of_any], size, condition)
    watched = [f"{name}.step" for name in names]
    watches = [partial(cursor.watch, watched)] * bench.scale.rounds
    yield from _asked("watch, three expressions", watches, size, condition)
    searches = [partial(_search, cursor, f"{size // 2 + number} zebra") for number in range(3)]
    yield from _asked("log -S over everything", searches, size, _PICKAXE if is_last else None)
    for order in ("oldest", "newest"):
        firsts = [partial(_first_hit, cursor, "pending", order == "newest")] * 2
        yield from _asked(f"log -S of a third of all values, {order} first: first hit", firsts, size, None)


def _asked(what: str, questions: Sequence[Callable[[], object]], size: int, budget: Budget | None) -> Iterator[Result]:
    taken, processor = each_both(questions)
    yield Result(TOPIC, what, taken.median, "s", size=size, budget=budget)
    yield Result(TOPIC, f"{what}, CPU time", processor.median, "s", size=size)


def _search(cursor: Cursor, text: str) -> int:
    return sum(1 for _ in cursor.log(text))


def _first_hit(cursor: Cursor, text: str, newest_first: bool) -> LogEntry:
    return next(cursor.log(text, newest_first=newest_first))


def _labels(cursor: Cursor, key: str) -> list[str]:
    return [held.event.label for held in cursor.held_values(key, ("step",))]


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
            questions = [partial(sides[0].compare, sides[1], every_agent=True)] * bench.scale.rounds
            budget = _COMPARE if size == _COMPARED_EVENTS else None
            yield from _asked("compare two runs", questions, size, budget)


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
