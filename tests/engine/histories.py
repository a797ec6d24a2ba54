"""Histories of any shape, written to a store, and everything that happened in them as an oracle knows it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from playhead import JSON, Store

GONE = object()
"""Where there is no value."""
Step = tuple[str, object]
"""A commit as its kind and its writes (agent, key, value), or a restore of a moment."""


@dataclass(frozen=True)
class Written:
    """One version of one address, as it was committed."""

    agent: str
    key: str
    version: int
    commit_ts: int
    before: object
    after: object


@dataclass(frozen=True)
class Told:
    """A whole history: each version in order, and the state after each commit."""

    versions: list[Written]
    states: list[dict[tuple[str, str], JSON]]
    kinds: list[str]


def histories(values: st.SearchStrategy[JSON], agents: str = "ab", keys: tuple[str, ...] = ("k", "tool/1")) -> (
    st.SearchStrategy[list[Step]]
):  # fmt: skip
    """Steps with deletes, rewrites, restores, and several writes in one commit, also of the same key."""
    write = st.tuples(st.sampled_from(agents), st.sampled_from(keys), values | st.just(GONE))
    commit = st.tuples(st.sampled_from(["plan", "tool_result"]), st.lists(write, min_size=1, max_size=4))
    restore = st.tuples(st.just("restore"), st.integers(0, 10))
    return st.lists(commit | restore, max_size=10)


def write_history(store: Store, steps: list[Step], *, seal_after: int | None = None) -> Told:
    """Commit the steps; what is written behind `seal_after` of them stays in the journal."""
    states: list[dict[tuple[str, str], JSON]] = [{}]
    for number, (kind, what) in enumerate(steps):
        if number == seal_after:
            store.seal()
        if isinstance(what, int):
            if store.restore(what) > len(states) - 1:
                states.append(dict(states[min(what, len(states) - 1)]))
            continue
        assert isinstance(what, list)
        state = dict(states[-1])
        with store.begin_transaction(kind=kind, label=f"step {number}") as tx:
            for agent, key, value in what:
                if value is GONE:
                    tx.delete(agent, key)
                    state.pop((agent, key), None)
                else:
                    tx.write(agent, key, value)
                    state[agent, key] = value
        states.append(state)
    versions: list[Written] = []
    known: dict[tuple[str, str], object] = {}
    kinds = [""]
    for event in store.replay():
        kinds.append(event.kind)
        for operation in event.operations:
            place = (operation.agent_id, operation.key)
            after = GONE if operation.op == "delete" else operation.value
            before = known.get(place, GONE)
            versions.append(Written(*place, operation.version, event.commit_ts, before, after))
            known[place] = after
    return Told(versions, states, kinds)
