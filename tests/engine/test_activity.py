"""What every event and every agent did, as arrays."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy

import playhead
from playhead import AgentAddress, Store
from playhead.activity import Activity


def record(store: Store, events: int, start: int = 0) -> None:
    """Events of one to three operations, now and then of two agents and in another namespace."""
    for number in range(start, start + events):
        with store.begin_transaction(namespace="other" if number % 7 == 0 else "default") as tx:
            for operation in range(1 + number % 3):
                tx.write(agent_id=f"agent-{(number + operation) % 4}", key=f"key-{operation}", value=number)


def read_all(activity: Activity, store: Store) -> None:
    while activity.lacks_agents(store.view()):
        activity.read_agents(store.view())


def check(activity: Activity, store: Store) -> None:
    """Compare with what a replay of the store tells."""
    events = list(store.replay())
    assert numpy.diff(activity.totals(store.view())).tolist() == [len(event.operations) for event in events]
    expected = Counter(
        (AgentAddress(operation.namespace, operation.agent_id), event.commit_ts)
        for event in events
        for operation in event.operations
    )
    read_all(activity, store)
    found = {
        (agent, commit_ts): amount
        for agent, of_agent in activity.agents.items()
        for commit_ts, amount in zip(of_agent.commits.tolist(), numpy.diff(of_agent.totals).tolist(), strict=True)
    }
    assert found == expected


def test_every_event_and_every_agent_is_counted_wherever_it_is_kept(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        activity = Activity(store.history)
        record(store, 40)
        check(activity, store)
        store.seal()
        record(store, 30, 40)
        check(activity, store)
        check(Activity(store.history), store)


def test_what_is_committed_while_agents_are_read_is_read_next(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        record(store, 20)
        store.seal()
        activity = Activity(store.history)
        activity.read_agents(store.view())
        record(store, 20, 20)
        check(activity, store)


def test_activity_between_commits_counts_each_from_its_own_up_to_the_next(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        for agent in "abaab":
            store.write(agent_id=agent, key="k", value=1)
        activity = Activity(store.history)
        read_all(activity, store)
        starts = numpy.array([1, 3, 4, 6])
        assert activity.agents[AgentAddress("default", "a")].between(starts).tolist() == [1, 1, 1]
        assert activity.agents[AgentAddress("default", "b")].between(starts).tolist() == [1, 0, 1]


def test_a_store_without_events_has_no_activity(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        activity = Activity(store.history)
        assert activity.totals(store.view()).tolist() == [0] and not activity.lacks_agents(store.view())
