"""What events used, from the running sums that agents keep."""

from __future__ import annotations

from pathlib import Path

import playhead
from playhead.spending import NOTHING, Spending, Spent


def test_each_change_of_the_sums_is_what_its_event_used(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        store.write(agent_id="a", key="usage", value={"input": 100, "output": 10, "cache_read": 900})
        store.write(agent_id="a", key="note", value=1)
        store.write(agent_id="b", key="usage", value={"input": 5, "output": 1, "cost_usd": 0.25})
        store.seal()
        spending = Spending(store.history)
        assert spending.lacks(store.view()) and not spending.is_told
        spending.read(store.view())
        assert spending.is_told and not spending.lacks(store.view())
        with store.begin_transaction() as tx:
            tx.write(agent_id="a", key="usage", value={"input": 160, "output": 15})
            tx.write(agent_id="b", key="usage", value={"input": 6, "output": 1, "cost_usd": 0.75})
        # Sums that begin anew, and what is no sum at all.
        store.write(agent_id="a", key="usage", value={"input": 7})
        store.write(agent_id="a", key="usage", value=["nothing", "to", "count"])
        spending.read(store.view())
        assert [spending.at(commit_ts) for commit_ts in range(1, 7)] == [
            Spent(110),
            NOTHING,
            Spent(6, 0.25),
            Spent(66, 0.5),
            Spent(7),
            NOTHING,
        ]
