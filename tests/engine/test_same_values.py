"""What is the same value is one question with one answer (S25), whoever asks it, and at every path."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path as File

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON, Store
from playhead.conditions import Interval
from playhead.diff import equal
from playhead.json_path import Path

OBJECTS = st.permutations([("a", 1), ("b", [2, {"c": 3, "d": 4}])]).map(dict)
"""One object, its members in any order."""
ALIKE: st.SearchStrategy[JSON] = st.one_of(
    OBJECTS,
    st.just({"a": 1, "b": [2, {"d": 4, "c": 3}]}),
    st.just({"a": 1.0, "b": [2, {"c": 3, "d": 4}]}),
    st.lists(OBJECTS, min_size=1, max_size=2),
    st.sampled_from([1, 1.0, True, 0.0, -0.0, "1", None]),
)
"""Values of which many are the same, and many only look so."""
WRITTEN = st.builds(lambda value, deep: {"v": value, "l": [deep, {"x/y": value}]}, ALIKE, ALIKE)
PATHS: dict[str, tuple[str, Path]] = {
    "key": ("key", ()),
    "key.v": ("key", ("v",)),
    "key.v.b": ("key", ("v", "b")),
    "key.v.b[1]": ("key", ("v", "b", 1)),
    "key.l": ("key", ("l",)),
    "key.l[1]": ("key", ("l", 1)),
    'key.l[-1]."x/y"': ("key", ("l", -1, "x/y")),
    "key.l[0][0]": ("key", ("l", 0, 0)),
}
ABSENT = object()


def at_path(value: object, path: Path) -> object:
    for step in path:
        if isinstance(step, str):
            value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
        elif isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            value = ABSENT
    return value


def same(one: object, other: object) -> bool:
    return one is other if ABSENT in (one, other) else equal(one, other)  # type: ignore[arg-type]


@given(st.lists(WRITTEN | st.none(), min_size=2, max_size=8), st.sampled_from(sorted(PATHS)), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_question_takes_the_same_commits_for_those_that_changed_a_value(  # S25
    values: list[JSON], text: str, sealed: bool
) -> None:
    # Every path holds something once, so that no question is refused.
    everything: JSON = {"v": {"a": 1, "b": [2, {"c": 3}]}, "l": [[1], {"x/y": 1}]}
    states: list[object] = [ABSENT, everything]
    with tempfile.TemporaryDirectory() as folder, playhead.open(File(folder) / "run", durability="os") as store:
        store.write("agent", "key", everything)
        for value in values:
            # A None is a delete.
            store.delete("agent", "key") if value is None else store.write("agent", "key", value)
            states.append(ABSENT if value is None else value)
        if sealed:
            store.seal()
        key, path = PATHS[text]
        held = [at_path(state, path) for state in states]
        changed = [at for at, both in enumerate(itertools.pairwise(held), 1) if not same(*both)]
        cursor = store.cursor()
        assert [each.first for each in cursor.held_values(key, path)] == changed
        assert [at for run in cursor.when(f"changed({text})") for at in range(run.first, run.last + 1)] == changed
        cursor.position = 0
        forwards = []
        while cursor.next(key, path) is not None:
            forwards.append(cursor.position)
        assert forwards == changed
        series = cursor.watch([text])[0]
        # To a series, nothing and null are both None.
        seen = [None if value is ABSENT else value for value in held]
        differing = [at for at, both in enumerate(itertools.pairwise(seen), 1) if not same(*both)]
        assert list(series.commits) == [0, *differing]


@given(ALIKE, ALIKE)
@settings(max_examples=15, deadline=None)
def test_two_lists_or_objects_of_the_state_are_equal_as_two_moments_of_one_are(one: JSON, other: JSON) -> None:  # S25
    assume(isinstance(one, dict | list) and isinstance(other, dict | list))
    with tempfile.TemporaryDirectory() as folder, playhead.open(File(folder) / "run", durability="os") as store:
        with store.begin_transaction(meta={"other": other}) as tx:
            tx.write("agent", "one", {"value": one})
            tx.write("agent", "other", other)
        cursor = store.cursor()
        expected = [Interval(1, 1)] if equal(one, other) else []
        assert cursor.when("one.value = other") == expected
        assert cursor.when("exists(other) and other is not distinct from one.value") == expected
        assert cursor.when("one.value = event.meta.other") == expected
        assert cursor.when("one.value <> other") == ([] if expected else [Interval(1, 1)])


@pytest.mark.parametrize("path", ["key", "key.v", "key.v[0]"])
def test_an_object_written_back_with_its_members_in_another_order_has_not_changed(store: Store, path: str) -> None:
    store.write("agent", "key", {"v": [{"a": 1, "b": 2}], "w": 0})
    store.write("agent", "key", {"w": 0, "v": [{"b": 2, "a": 1}]})
    store.write("agent", "key", {"v": [{"a": 1, "b": 2.0}], "w": 0})
    cursor = store.cursor()
    assert [(each.first, each.last) for each in cursor.when(f"changed({path})")] == [(1, 1), (3, 3)]
    assert list(cursor.watch([path])[0].commits) == [0, 1, 3]
