"""Two runs beside each other, beside an oracle that replays both and compares whole states."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON, Store
from playhead.compare import Comparison, aligned
from playhead.diff import equal

from .histories import Step, Told, histories, write_history

VALUES: st.SearchStrategy[JSON] = st.sampled_from([0, 1, 1.0, "x", {"a": 1, "b": 2}, {"b": 2, "a": 1}])


def longest_common(one: Sequence[int], other: Sequence[int]) -> int:
    lengths = [0] * (len(other) + 1)
    for item in one:
        diagonal = 0
        for place, wanted in enumerate(other):
            above = lengths[place + 1]
            lengths[place + 1] = diagonal + 1 if item == wanted else max(above, lengths[place])
            diagonal = above
    return lengths[-1]


@given(st.lists(st.integers(0, 3), max_size=14), st.lists(st.integers(0, 3), max_size=14))
@settings(max_examples=300)
def test_events_are_aligned_end_to_end_with_as_many_matches_as_there_can_be(one: list[int], other: list[int]) -> None:
    runs = aligned(numpy.array(one, numpy.int64), numpy.array(other, numpy.int64))
    assert [place for run in runs for place in run.before] == list(range(len(one)))
    assert [place for run in runs for place in run.after] == list(range(len(other)))
    matched = [(one[x], other[y]) for run in runs if run.equal for x, y in zip(run.before, run.after, strict=True)]
    assert all(left == right for left, right in matched)
    assert len(matched) == longest_common(one, other)


def test_runs_that_differ_in_very_much_are_aligned_at_what_they_have_once() -> None:
    chance = random.Random(1)
    noise = [[chance.randrange(5) for _ in range(5_000)] for _ in range(4)]
    one = numpy.array([*noise[0], 77, *noise[1]], numpy.int64)
    other = numpy.array([*noise[2], 77, *noise[3]], numpy.int64)
    assert any(run.equal and 5_000 in run.before for run in aligned(one, other))


def steps_of(comparison: Comparison) -> list[tuple[list[int], list[int]]]:
    """The commits of both runs between one comparison of states and the next."""
    steps: list[tuple[list[int], list[int]]] = []
    open_stretch = False
    for pair in comparison.pairs:
        if pair.same or not open_stretch:
            steps.append(([], []))
        open_stretch = not pair.same
        for side in (0, 1):
            if (commit_ts := pair[side]) is not None:
                steps[-1][side].append(commit_ts)
    return steps


def differing(one: dict[str, JSON], other: dict[str, JSON]) -> set[str]:
    return {
        key
        for key in one.keys() | other.keys()
        if (key in one) != (key in other) or (key in one and not equal(one[key], other[key]))
    }


def state(told: Told, at: int, agent: str | None) -> dict[str, JSON]:
    return {f"{owner if agent is None else ''} {key}": value for (owner, key), value in told.states[at].items() if agent in (None, owner)}  # fmt: skip # noqa: E501


def check(comparison: Comparison, told: tuple[Told, Told], agents: tuple[str, str] | None) -> None:
    at = [0, 0]
    before: set[str] = set()
    expected: list[tuple[tuple[int, int], list[str]]] = []
    for step in steps_of(comparison):
        at = [max([*commits, here]) for commits, here in zip(step, at, strict=True)]
        sides = [state(told[side], at[side], agents and agents[side]) for side in (0, 1)]
        now = differing(sides[0], sides[1])
        if now - before:
            expected.append(((max(step[0], default=0), max(step[1], default=0)), sorted(now - before)))
        before = now
    found = [
        (
            (each.pair.a or 0, each.pair.b or 0),
            [f"{'' if agents else change.a.agent_id} {change.a.key}" for change in each.differences],
        )
        for each in comparison.divergences
    ]
    assert found == expected
    assert [f"{'' if agents else address.agent_id} {address.key}" for address in comparison.differing] == sorted(before)


@given(histories(VALUES), histories(VALUES), histories(VALUES), st.booleans())
@settings(max_examples=25, deadline=None)
def test_states_part_exactly_where_a_replay_of_both_runs_says_so(
    shared: list[Step], one: list[Step], other: list[Step], sealed: bool
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        playhead.open(Path(folder) / "a", durability="os") as a,
        playhead.open(Path(folder) / "b", durability="os") as b,
    ):
        told = (write_history(a, [*shared, *one]), write_history(b, [*shared, *other]))
        if sealed:
            a.seal()
        comparison = a.cursor().compare(b.cursor(), every_agent=True)
        for side, store in enumerate((a, b)):
            commits = [pair[side] for pair in comparison.pairs if pair[side] is not None]
            assert commits == list(range(1, store.head + 1))
        for pair in comparison.pairs:
            assert not pair.same or signature(a, pair.a) == signature(b, pair.b)
        check(comparison, told, None)


@given(histories(VALUES))
@settings(max_examples=20, deadline=None)
def test_two_agents_of_one_store_are_compared_key_by_key(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        told = write_history(store, steps)
        if {agent.agent_id for agent in store.agents()} != {"a", "b"}:
            return
        comparison = store.cursor("a").compare(store.cursor("b"))
        for side, agent in enumerate("ab"):
            commits = [pair[side] for pair in comparison.pairs if pair[side] is not None]
            assert commits == sorted({v.commit_ts for v in told.versions if v.agent == agent})
        check(comparison, (told, told), ("a", "b"))
        assert store.cursor("a").compare(store.cursor("a")).same


def signature(store: Store, commit_ts: int | None) -> tuple[str, str]:
    (event,) = store.replay(start_ts=commit_ts, end_ts=commit_ts)
    return event.kind, re.sub(r"[0-9a-fA-F]{8,}|[0-9]+", "#", event.label)


def test_the_first_divergence_names_both_events_and_both_values() -> None:
    with playhead.open(":memory:") as a, playhead.open(":memory:") as b:
        for store, paid in ((a, 129.9), (b, 12990)):
            store.write("agent", "plan", "ask", kind="plan", label="order 4711: ask")
            store.write("agent", "found", paid, kind="tool_result", label=f"paid {paid}")
        b.write("agent", "extra", 1, kind="note", label="one more")
        comparison = a.cursor().compare(b.cursor(), every_agent=True)
    assert [tuple(pair) for pair in comparison.pairs] == [(1, 1, True), (2, 2, True), (None, 3, False)]
    first, second = comparison.divergences
    assert (first.pair.a, first.pair.b) == (2, 2)
    (change,) = first.differences
    assert (change.a.key, change.version_a, change.commit_a, change.version_b, change.commit_b) == ("found", 1, 2, 1, 2)
    (extra,) = second.differences
    assert (extra.a.key, extra.version_a, extra.version_b) == ("extra", 0, 1)
    assert [address.key for address in comparison.differing] == ["extra", "found"]
    assert not comparison.same
    assert comparison.events._asdict() == {"alike": 2, "instead": 0, "only_a": 0, "only_b": 1}


def test_events_are_counted_by_what_stands_beside_them() -> None:
    with playhead.open(":memory:") as a, playhead.open(":memory:") as b:
        for store, kinds in ((a, ["plan", "call", "call", "stop"]), (b, ["plan", "ask", "stop"])):
            for kind in kinds:
                store.write("agent", "key", 0, kind=kind)
        counts = a.cursor().compare(b.cursor()).events
        assert counts._asdict() == {"alike": 2, "instead": 1, "only_a": 1, "only_b": 0}
        assert b.cursor().compare(a.cursor()).events == (2, 1, 0, 1)
        assert a.cursor().compare(a.cursor()).same
