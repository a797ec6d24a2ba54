"""Every value that a path has had, and who wrote each leaf of a whole state, beside a replay of everything."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON
from playhead.blame import BlameRow, blame
from playhead.diff import equal
from playhead.model import Record
from playhead.timeline import Timeline

from .histories import GONE, Step, Told, histories, write_history

SCALARS = st.sampled_from([0, 1, 1.0, True, "x", None])
VALUES: st.SearchStrategy[JSON] = st.one_of(
    SCALARS,
    st.fixed_dictionaries({"v": SCALARS, "l": st.lists(SCALARS, max_size=2)}),
    st.lists(SCALARS, max_size=2),
    # The same objects in both orders, which are one value (S25).
    st.sampled_from([{"v": {"a": 1, "b": 2}}, {"v": {"b": 2, "a": 1}}, [0, {"a": 1, "b": 2}], [0, {"b": 2, "a": 1}]]),
)


def at_path(value: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step, GONE)
        elif isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else GONE
        else:
            return GONE
    return value


def same(one: object, other: object) -> bool:
    return one is other if GONE in (one, other) else equal(one, other)  # type: ignore[arg-type]


@given(histories(VALUES), st.sampled_from([(), ("v",), ("l", 1), (0,)]), st.integers(0, 10))
@settings(max_examples=25, deadline=None)
def test_held_values_follow_each_other_and_are_what_the_states_held(
    steps: list[Step], path: tuple[str | int, ...], seal_after: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        told = write_history(store, steps, seal_after=seal_after)
        if not any(written.agent == "a" for written in told.versions):
            return
        held = store.cursor("a").held_values("k", path)
        events = [value.event for value in held]
    found: list[object] = [GONE] * (held[0].first if held else len(told.states))
    for value, event in zip(held, events, strict=True):
        assert value.first == len(found)
        found += [value.value if value.exists else GONE] * (value.last - value.first + 1)
        assert (event.commit_ts, event.kind) == (value.first, told.kinds[value.first])
    expected = [at_path(state.get(("a", "k"), GONE), path) for state in told.states]
    assert len(found) == len(expected)
    assert all(map(same, found, expected))
    neighbours = [GONE, *(value.value if value.exists else GONE for value in held)]
    assert not any(map(same, neighbours, neighbours[1:]))


def leaves_by_oracle(told: Told, agent: str, at: int) -> list[tuple[str, BlameRow]]:
    """Each key's versions up to the moment, given one at a time to the search that knows one key."""
    found: list[tuple[str, BlameRow]] = []
    for key in sorted({written.key for written in told.versions if written.agent == agent}):
        versions = [w for w in told.versions if (w.agent, w.key) == (agent, key) and w.commit_ts <= at]
        records = [
            Record(
                "default",
                agent,
                key,
                None if w.after is GONE else w.after,  # type: ignore[arg-type]
                w.version,
                w.commit_ts,
                None,
                w.after is not GONE,
            )
            for w in versions
        ]
        if records:
            rows = blame(records[-1], lambda first, last, records=records: records[first - 1 : last])  # type: ignore[misc]
            found += [(key, row) for row in rows]
    return found


@given(histories(VALUES), st.integers(0, 10), st.integers(0, 10))
@settings(max_examples=25, deadline=None)
def test_the_blame_of_a_state_is_that_of_each_of_its_keys(steps: list[Step], at: int, seal_after: int) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        told = write_history(store, steps, seal_after=seal_after)
        if not any(written.agent == "a" for written in told.versions):
            return
        cursor = store.cursor("a")
        cursor.position = min(at, store.head)
        leaves = cursor.blame_state()
        expected = leaves_by_oracle(told, "a", cursor.position)
        assert [(leaf.key, leaf.row) for leaf in leaves] == expected
        assert all(leaf.event.commit_ts == leaf.row.commit_ts for leaf in leaves)
        assert all(leaf.event.kind == told.kinds[leaf.row.commit_ts] for leaf in leaves)
        below = [leaf.row for leaf in cursor.blame_state("k", ("l",))]
        assert below == [row for key, row in expected if key == "k" and row.path[:1] == ("l",)]


def test_a_state_whose_leaves_were_last_written_whole_is_blamed_in_two_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    many_versions = Timeline.many_versions

    def counted(timeline: Timeline, wanted: list[tuple[str, range]]) -> list[list[Record]]:
        asked.append(sum(len(versions) for _, versions in wanted))
        return many_versions(timeline, wanted)

    with playhead.open(":memory:") as store:
        for turn in range(20):
            with store.begin_transaction() as tx:
                for key in range(100):
                    tx.write("agent", f"key {key:02}", {"n": turn, "m": [turn]})
        monkeypatch.setattr(Timeline, "many_versions", counted)
        leaves = store.cursor().blame_state()
    assert [leaf.row.version for leaf in leaves] == [20] * 200
    assert [leaf.key for leaf in leaves[:3]] == ["key 00", "key 00", "key 01"]
    assert asked == [200]
