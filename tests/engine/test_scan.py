"""Kinds, moments and agents of a whole history, read by the column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import AgentAddress, segments
from playhead.history import History
from playhead.query import Query

START = datetime(2026, 11, 1, tzinfo=UTC)

Steps = list[tuple[str, str, str, bool, bool]]
"""Of each commit: kind, namespace, agent, whether its moment is known, and whether the store is sealed after it."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["step", "tool_call", "tool_error", "", "a\0b", "é"]),
        st.sampled_from(["default", "other"]),
        st.sampled_from(["planner", "coder", "z"]),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def record(path: Path, steps: Steps) -> playhead.Store:
    store = playhead.open(path, durability="os")
    for number, (kind, namespace, agent, is_timed, seals) in enumerate(steps):
        occurred_at = START + timedelta(seconds=number, microseconds=7) if is_timed else None
        with store.begin_transaction(kind=kind, namespace=namespace, occurred_at=occurred_at) as tx:
            tx.write(agent_id=agent, key=f"key-{number}", value=number)
        if seals:
            store.seal()
    return store


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, start=st.integers(1, 13))
def test_columns_of_events_are_those_of_the_events_whatever_is_sealed(
    tmp_path_factory: pytest.TempPathFactory, steps: Steps, start: int
) -> None:  # S17, S29
    with record(tmp_path_factory.mktemp("scan") / "run", steps) as store:
        found = store.history.event_columns(store.view(), start)
        events = [event for event in store.replay() if event.commit_ts >= start]
        assert [found.kind_names[code] for code in found.kinds.tolist()] == [event.kind for event in events]
        moments = [START - (START - event.moment) for event in events]
        since = numpy.array(
            [(moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for moment in moments]
        )
        assert found.times.tolist() == since.tolist()
        assert store.agents() == sorted({AgentAddress(namespace, agent) for _, namespace, agent, _, _ in steps})
        first = store.history.first_agent(store.view())
        assert first == AgentAddress(steps[0][1], steps[0][2])


def test_a_fork_knows_only_the_agents_and_events_up_to_where_it_began(tmp_path: Path) -> None:  # S27
    with playhead.open(tmp_path / "run") as store:
        for agent in ("b", "a", "c"):
            store.write(agent, "key", 1, kind=f"of {agent}")
        store.seal()
        with store.fork(tmp_path / "fork", at=2) as fork:
            assert [agent.agent_id for agent in fork.agents()] == ["a", "b"]
            found = fork.history.event_columns(fork.view())
            assert [found.kind_names[code] for code in found.kinds.tolist()] == ["of b", "of a"]
            assert fork.history.first_agent(fork.view()) == AgentAddress("default", "b")


def test_a_cursor_is_opened_without_a_question_to_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playhead.open(tmp_path / "run") as store:
        for number in range(5):
            store.write("agent", "key", number, kind="step")
        store.seal()
        store.write("agent", "key", 5, kind="tool_error")
    monkeypatch.setattr(Query, "run", _refuse)
    monkeypatch.setattr(History, "query", _refuse)
    with playhead.open(tmp_path / "run", create=False) as store:
        cursor = store.cursor()
        assert (cursor.head, cursor.track.errors.tolist()) == (6, [6])
        assert [row.key for row in cursor.outline()] == ["key"]
        assert cursor.record("key").value == 5


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("this asks DuckDB")


def test_agents_are_found_where_each_row_group_has_several_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "ROW_GROUP_ROWS", 2)
    names = [f"agent-{number}" for number in range(9)]
    with playhead.open(tmp_path / "run", durability="os") as store:
        for name in names:
            store.write(agent_id=name, key="key", value=name)
        store.seal()
        assert [agent.agent_id for agent in store.agents()] == names
