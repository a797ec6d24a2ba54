"""What events used, from the running sums that agents keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import playhead
from playhead import JSON
from playhead.spending import NOTHING, Spending, Spent


def test_each_change_of_the_sums_is_what_its_event_used(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        store.write(agent_id="a", key="usage", value={"input": 100, "output": 10, "cache_read": 900})
        store.write(agent_id="a", key="note", value=1)
        store.write(agent_id="b", key="usage", value={"input": 5, "output": 1, "cost_usd": 0.25})
        store.seal()
        spending = Spending(store.history)
        assert spending.lacks(store.view())
        spending.read(store.view())
        assert not spending.lacks(store.view())
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


def test_long_runs_are_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.spending.PIECE_COMMITS", 2)
    with playhead.open(tmp_path / "run", durability="os") as store:
        for number in range(1, 6):
            store.write(agent_id="a", key="usage", value={"output": number * number})
        spending = Spending(store.history)
        pieces = 0
        while spending.lacks(store.view()):
            spending.read(store.view())
            pieces += 1
        assert pieces == 3
        assert [spending.at(commit_ts).tokens for commit_ts in range(1, 6)] == [1, 3, 5, 7, 9]


def test_an_event_lasts_as_long_as_it_says_or_until_the_next_one(tmp_path: Path) -> None:  # S29
    said: dict[str, JSON] = {"duration_ms": 250, "usage": {"output_tokens": 74, "cost": 0.5}}
    start = datetime(2026, 11, 1, tzinfo=UTC)
    moments = (start, start + timedelta(seconds=3), start + timedelta(seconds=1), None, start + timedelta(seconds=9))
    with playhead.open(tmp_path / "run", durability="os") as store:
        for number, moment in enumerate(moments):
            with store.begin_transaction(occurred_at=moment, meta=said if number == 4 else {}) as tx:
                tx.write(agent_id="ab"[number % 2], key="k", value=number)
        cursor = store.cursor()
        headers = cursor.headers(0, 4)
        assert all(not figures.agents for figures in cursor.figures.of(headers).values())
        while cursor.figures.lacks(agents=True):
            cursor.figures.read_more(agents=True)
        found = cursor.figures.of(headers)
        assert [found[commit_ts].seconds for commit_ts in range(1, 6)] == [3.0, None, None, None, 0.25]
        assert [found[commit_ts].agents[0].agent_id for commit_ts in range(1, 6)] == list("ababa")
        assert (found[5].tokens, found[5].cost_usd, found[1].tokens) == (74, 0.5, None)
