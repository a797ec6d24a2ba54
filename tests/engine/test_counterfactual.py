"""The state without some of the recorded events, beside an oracle that replays all the others."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON, Store
from playhead.diff import equal

OPERATION = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["k", "l"]), st.sampled_from([None, 1, 2, {"x": 1}]))
COMMIT = st.lists(OPERATION, min_size=1, max_size=4)


def replayed(store: Store, at: int, without: set[int]) -> dict[tuple[str, str], JSON]:
    state: dict[tuple[str, str], JSON] = {}
    for event in store.replay(end_ts=at):
        if event.commit_ts not in without:
            for operation in event.operations:
                state.pop((operation.agent_id, operation.key), None)
                if operation.op == "write":
                    state[operation.agent_id, operation.key] = operation.value
    return state


@given(st.lists(COMMIT, min_size=1, max_size=8), st.sets(st.integers(0, 9)), st.integers(0, 9), st.booleans())
@settings(max_examples=25, deadline=None)
def test_striking_events_leaves_the_state_that_replaying_the_others_leaves(
    commits: list[list[tuple[str, str, JSON]]], without: set[int], at: int, sealed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        for commit in commits:
            with store.begin_transaction() as tx:
                for agent, key, value in commit:
                    if value is None:
                        tx.delete(agent, key)
                    else:
                        tx.write(agent, key, value)
        if sealed:
            store.seal()
        at = min(at, store.head)
        cursor = store.cursor()
        cursor.position = at
        recorded, struck = replayed(store, at, set()), replayed(store, at, without)
        changes = cursor.fold_without(without, every_agent=True)
        assert [change.address for change in changes] == sorted(change.address for change in changes)
        for change in changes:
            address = (change.address.agent_id, change.address.key)
            assert change.before.exists == (address in recorded)
            assert change.after.exists == (address in struck)
            assert equal(change.before.value, recorded.get(address))
            assert equal(change.after.value, struck.get(address))
        differing = {
            address
            for address in recorded.keys() | struck.keys()
            if (address in recorded) != (address in struck) or not equal(recorded.get(address), struck.get(address))
        }
        assert {(change.address.agent_id, change.address.key) for change in changes} == differing
        mine = [change for change in changes if change.address.agent_id == cursor.agent.agent_id]
        assert cursor.fold_without(without) == mine
