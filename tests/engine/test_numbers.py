"""The numbers that a key held."""

from __future__ import annotations

from pathlib import Path

import playhead
from playhead import JSON, AgentAddress
from playhead.timeline import NUMBER_BYTES, Timeline

VALUES: list[JSON] = [
    1,
    2.5,
    "3",
    True,
    None,
    {"left": 4, "it's": 1, "name": "5"},
    {"left": -6.5, "nested": {"left": 7}},
    [8],
    {"left": 9, "text": "x" * NUMBER_BYTES},
    10**18,
]
NUMBERS = {1: 1.0, 2: 2.5, 10: 1e18}
LEFT = {6: 4.0, 7: -6.5}


def test_only_numbers_are_numbers_wherever_the_values_are_kept(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        for number, value in enumerate(VALUES, 1):
            with store.begin_transaction() as tx:
                tx.write(agent_id="o'hara", key="it's", value=value)
                tx.write(agent_id="o'hara", key="other", value=number)
            if number == 6:
                store.seal()
        timeline = Timeline(store.history, store.view(), AgentAddress("default", "o'hara"))
        everything = range(1, len(VALUES) + 1)
        found = timeline.numbers("it's", everything, ["", "left", "it's", "nowhere"])
        assert found == {"": NUMBERS, "left": LEFT, "it's": {6: 1.0}, "nowhere": {}}
        assert timeline.numbers("it's", [2, 6], [""]) == {"": {2: 2.5}}
        assert timeline.numbers("it's", [], [""]) == {"": {}}
        assert timeline.numbers("never written", everything, [""]) == {"": {}}


def test_of_several_writes_in_one_commit_the_last_counts(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        with store.begin_transaction() as tx:
            for number in (3, 1, 2):
                tx.write(agent_id="a", key="k", value=number)
        timeline = Timeline(store.history, store.view(), AgentAddress("default", "a"))
        assert timeline.numbers("k", [1], [""]) == {"": {1: 2.0}}
