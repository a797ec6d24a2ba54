"""Where texts and numbers came from, beside an oracle that looks at every leaf of every version in order."""

from __future__ import annotations

import tempfile
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON, InvalidArgumentError, Store
from playhead.origin import Appearance

from .histories import Step, histories, write_history

KEYS = ("plan", "messages/1", "tool_calls/1", "findings/1", "findings/2")
WORDS = ["alpha beta gamma", "beta gamma", "alpha beta", "gamma\nalpha beta", 'say "alpha"', "x12990y", "129901"]
LEAVES: st.SearchStrategy[JSON] = st.sampled_from([*WORDS, "12990", 12990, 12990.0, 12990.5, 129901, -12990, True])
VALUES: st.SearchStrategy[JSON] = st.one_of(
    LEAVES,
    st.fixed_dictionaries({"result": LEAVES, "args": LEAVES}),
    st.lists(LEAVES, max_size=2),
)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict):
        return [found for name, member in value.items() for found in leaves(member, (*path, name))]
    if isinstance(value, list):
        return [found for place, item in enumerate(value) for found in leaves(item, (*path, place))]
    return [(path, value)]


def holds(leaf: object, wanted: str) -> bool:
    if wanted != "12990":
        return wanted in (leaf if isinstance(leaf, str) else orjson.dumps(leaf).decode())
    if isinstance(leaf, str):
        return leaf in ("12990", "x12990y")
    return not isinstance(leaf, bool) and leaf == 12990


def role(key: str, path: tuple[str | int, ...]) -> str:
    if key == "tool_calls/1" and path[:1] in (("result",), ("args",)):
        return "tool result" if path[0] == "result" else "argument"
    return "message" if key == "messages/1" else "state"


def firsts(store: Store, wanted: str, at: int) -> list[tuple[int, str, str, str, tuple[str | int, ...]]]:
    """For every family its first appearance: commit_ts, role, agent, key and path."""
    found: dict[tuple[str, str, str], tuple[int, str, str, str, tuple[str | int, ...]]] = {}
    for event in store.replay(end_ts=at):
        for part in event.operations:
            for path, leaf in leaves(part.value) if part.op == "write" else []:
                if holds(leaf, wanted):
                    what = role(part.key, path)
                    family = (part.agent_id, what, part.key.partition("/")[0] if what == "state" else "")
                    found.setdefault(family, (event.commit_ts, what, part.agent_id, part.key, path))
    return list(found.values())


def told(appearances: tuple[Appearance, ...]) -> list[tuple[int, str, str, str, tuple[str | int, ...]]]:
    return [(a.commit_ts, a.role, a.address.agent_id, a.address.key, a.path) for a in appearances]


@given(
    histories(VALUES, keys=KEYS), st.sampled_from(["alpha beta", '"alpha"', "beta gamma", "12990"]), st.integers(0, 10)
)
@settings(max_examples=20, deadline=None)
def test_the_first_appearance_of_every_family_is_found_oldest_first(steps: list[Step], wanted: str, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        write_history(store, steps, seal_after=4)
        cursor = store.cursor()
        cursor.position = min(at, store.head)
        found = cursor.origin(wanted)
        assert told(found.whole) == firsts(store, wanted, cursor.position)
        for each in found.whole:
            version = store.get_state_at_version(each.address.agent_id, each.address.key, each.version)
            assert version.commit_ts == each.commit_ts
            if wanted != "12990":
                assert each.text == wanted


@given(histories(VALUES, keys=KEYS))
@settings(max_examples=15, deadline=None)
def test_of_a_text_that_is_new_the_spans_that_were_seen_are_told_with_their_first_event(steps: list[Step]) -> None:
    text = "omega alpha beta gamma delta 12990"
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        write_history(store, steps)
        found = store.cursor().origin(text)
        assert found.whole == ()
        for part in found.parts:
            assert part.text in text or part.text.startswith("12990")
            (first, *_) = firsts(store, part.text if part.text in text else "12990", store.head)
            assert part.commit_ts == first[0]
        spans = [part.text for part in found.parts]
        for word in ("alpha", "beta", "gamma", "12990"):
            if firsts(store, word, store.head):
                assert any(word in span for span in spans), word
        assert not any("omega" in span or "delta" in span for span in spans)


def test_the_value_at_a_path_is_followed_leaf_by_leaf_and_is_not_its_own_origin() -> None:
    with playhead.open(":memory:") as store:
        store.write("helper", "tool_calls/1", {"name": "look", "result": {"paid": 12990, "who": "Ada"}})
        store.write("planner", "plan", {"amount": 12990.0, "for": "Ada from the archive", "ok": True})
        store.write("planner", "note", "amounts 12,990.00 and 112,990.00")
        first, second = store.cursor("planner").origins("plan")
        assert told(first.whole)[:2] == [
            (1, "tool result", "helper", "tool_calls/1", ("result", "paid")),
            (2, "state", "planner", "plan", ("amount",)),
        ]
        assert [each.text for each in first.whole] == ["12990", "12990.0", "12,990.00"]
        assert told(second.whole) == [(2, "state", "planner", "plan", ("for",))]
        assert second.parts == ()
        with pytest.raises(InvalidArgumentError, match=r"nothing at plan\.nope"):
            store.cursor("planner").origins("plan", ("nope",))


def test_a_span_is_widened_to_all_that_its_line_shares_with_the_text() -> None:
    with playhead.open(":memory:") as store:
        store.write("agent", "note", "first line\nthe parcel was sent to 12 Elm Street, Graz")
        (part,) = store.cursor().origin("Ask whether the parcel was sent to 12 Elm Street by Tuesday").parts
        assert part.text == "the parcel was sent to 12 Elm Street"
        assert part.line == "the parcel was sent to 12 Elm Street, Graz"
        assert store.cursor().origin("never seen anywhere").parts == ()


def test_deleted_values_were_there(store: Store) -> None:
    store.write("agent", "note", "secret word")
    store.delete("agent", "note")
    assert told(store.cursor().origin("secret word").whole) == [(1, "state", "agent", "note", ())]
