"""What differs between moments of two runs, beside an oracle that replays both."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON
from playhead.diff import equal
from playhead.parted import changes, differences

from .histories import Step, histories, write_history

VALUES: st.SearchStrategy[JSON] = st.sampled_from([0, 1, 1.0, "x", {"a": 1, "b": 2}, {"b": 2, "a": 1}])


@given(histories(VALUES), histories(VALUES), st.data())
@settings(max_examples=25)
def test_what_differs_between_two_moments_is_what_a_replay_of_both_says(
    one: list[Step], other: list[Step], data: st.DataObject
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        playhead.open(Path(folder) / "one", durability="os") as a,
        playhead.open(Path(folder) / "other", durability="os") as b,
    ):
        states = [write_history(a, one, seal_after=2).states, write_history(b, other).states]
        at = [data.draw(st.integers(0, store.head)) for store in (a, b)]
        before, after = (told[moment] for told, moment in zip(states, at, strict=True))
        found = differences(a.cursor(), at[0], b.cursor(), at[1], every_agent=True)
        assert [(each.a.agent_id, each.a.key) for each in found] == sorted(
            place
            for place in before.keys() | after.keys()
            if (place in before) != (place in after) or not equal(before[place], after[place])
        )
        for change in changes(a.cursor(), b.cursor(), found):
            place = (change.address.agent_id, change.address.key)
            assert (change.before.exists, change.after.exists) == (place in before, place in after)
            assert change.before.value == before.get(place) and change.after.value == after.get(place)


def test_two_agents_are_compared_key_by_key(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run") as store:
        for agent, plan in (("planner", "buy"), ("worker", "sell")):
            store.write(agent, "plan", plan)
            store.write(agent, "budget", 10)
        store.write("worker", "note", "mine")
        one, other = store.cursor("planner"), store.cursor("worker")
        found = differences(one, store.head, other, store.head)
        assert [(each.a, each.b.agent_id, each.version_a, each.version_b) for each in found] == [
            (("default", "planner", "note"), "worker", 0, 1),
            (("default", "planner", "plan"), "worker", 1, 1),
        ]
        added, changed = changes(one, other, found)
        assert (added.status, added.after.value) == ("added", "mine")
        assert (changed.before.value, changed.after.value) == ("buy", "sell")
        assert differences(one, 1, other, 0)[0].version_b == 0
        assert differences(one, 0, other, 0) == []
