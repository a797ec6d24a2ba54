"""What a cursor stops at: filters against an oracle, turns, and jumps by kind."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import Event, InvalidArgumentError, Store
from playhead.event_filter import EventFilter, Term

KINDS = ("user", "assistant", "tool_call", "tool_result", "tool_error", "plan")
KEYS = ("budget", "plan/steps", "plan/50%", "notes", "Größe")
AGENTS = ("planner", "refund_agent")
LABELS = ("refund order 4417", "search: policy", "Timeout, again", "100% sure", "")


def record(path: Path, shape: list[tuple[int, int, int, int]]) -> Store:
    store = playhead.open(path, durability="os")
    for kind, key, agent, label in shape:
        with store.begin_transaction(kind=KINDS[kind], label=LABELS[label]) as tx:
            tx.write(agent_id=AGENTS[agent], key=KEYS[key], value=1)
            if key == 0:
                tx.write(agent_id=AGENTS[1 - agent], key="other", value=1)
    return store


def fits(event: Event, term: Term) -> bool:
    """The oracle: one event at a time, in plain Python."""
    keys = [operation.key for operation in event.operations]
    agents = [name for operation in event.operations for name in (operation.agent_id, f"default/{operation.agent_id}")]
    texts = {
        "kind": [event.kind],
        "key": keys,
        "agent": agents,
        "text": [event.label, event.kind, *keys],
    }[term.field]
    pattern = term.pattern.lower()
    whole = "*" in pattern or "?" in pattern
    found = any(fnmatchcase(text.lower(), pattern) if whole else pattern in text.lower() for text in texts)
    return found != term.excluded


_SHAPES = st.lists(
    st.tuples(
        st.integers(0, len(KINDS) - 1),
        st.integers(0, len(KEYS) - 1),
        st.integers(0, len(AGENTS) - 1),
        st.integers(0, len(LABELS) - 1),
    ),
    min_size=1,
    max_size=12,
)
_TERMS = st.builds(
    Term,
    st.sampled_from(["kind", "key", "agent", "text"]),
    st.sampled_from(
        ["tool", "tool_*", "t??l_call", "USER", "plan", "plan/*", "50%", "_", "refund", "default/*", "grö", "*"]
    ),
    st.booleans(),
)


@settings(max_examples=15, deadline=None)
@given(shape=_SHAPES, terms=st.lists(_TERMS, min_size=1, max_size=3), sealed=st.booleans())
def test_a_filter_keeps_the_events_that_fit_every_term(
    tmp_path_factory: pytest.TempPathFactory, shape: list[tuple[int, int, int, int]], terms: list[Term], sealed: bool
) -> None:
    with record(tmp_path_factory.mktemp("run") / "store", shape) as store:
        if sealed:
            store.seal()
        cursor = store.cursor()
        kept = EventFilter(tuple(terms))
        wanted = [event.commit_ts for event in store.replay() if all(fits(event, term) for term in terms)]
        assert cursor.keep_to(kept) == len(wanted)
        assert [cursor.stop_at(row) for row in range(cursor.stop_count)] == wanted
        cursor.follow_agent = True
        own = [event.commit_ts for event in store.replay(agent_id=cursor.agent.agent_id)]
        assert [cursor.stop_at(row) for row in range(cursor.stop_count)] == [at for at in wanted if at in own]


def test_what_is_typed_becomes_terms() -> None:
    kept = EventFilter.parse('kind:tool_* -agent:planner "two words" don\'t key:"a b" bash: -x')
    assert kept.terms == (
        Term("kind", "tool_*"),
        Term("agent", "planner", excluded=True),
        Term("text", "two words"),
        Term("text", "don't"),
        Term("key", "a b"),
        Term("text", "bash:"),
        Term("text", "x", excluded=True),
    )


@pytest.mark.parametrize("typed", ["", "   ", "kind:", "-key:", "-", '""'])
def test_a_word_that_names_nothing_is_refused_with_what_can_be_typed(typed: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"kind:tool_\*"):
        EventFilter.parse(typed)


@pytest.mark.parametrize("typed", ['kind:tool_* -agent:x "two words"', '-"-x" "kind:odd" don\'t key:"a b"', "-plain"])
def test_a_filter_is_written_as_it_can_be_typed_again(typed: str) -> None:
    kept = EventFilter.parse(typed)
    assert str(kept) == typed
    assert EventFilter.parse(str(kept)) == kept


def test_a_filter_takes_in_what_is_committed_later(tmp_path: Path) -> None:
    with record(tmp_path / "run", [(0, 1, 0, 0), (2, 0, 0, 1)]) as store:
        cursor = store.cursor()
        assert cursor.keep_to(EventFilter.parse("kind:tool_call")) == 1
        with store.begin_transaction(kind="tool_call", label="more") as tx:
            tx.write(agent_id="planner", key="notes", value=2)
        cursor.refresh()
        assert [cursor.stop_at(row) for row in range(cursor.stop_count)] == [2, 3]


def test_kinds_beyond_those_with_a_code_are_found_by_their_names(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        for number in range(300):
            with store.begin_transaction(kind=f"kind-{number:03}") as tx:
                tx.write(agent_id="a", key="k", value=number)
        cursor = store.cursor()
        assert cursor.keep_to(EventFilter.parse("kind:kind-29*")) == 10
        assert cursor.stop_at(0) == 291


def test_steps_keep_to_what_the_filter_keeps_and_reach_all_events_without_it(tmp_path: Path) -> None:
    with record(tmp_path / "run", [(0, 1, 0, 0), (2, 1, 0, 1), (1, 1, 0, 1), (2, 3, 1, 2), (3, 1, 0, 0)]) as store:
        cursor = store.cursor()
        cursor.keep_to(EventFilter.parse("kind:tool_call"))
        assert [cursor.step(-1), cursor.step(-1), cursor.step(-1), cursor.step(2)] == [4, 2, 0, 4]
        cursor.keep_to(None)
        assert cursor.step(-1) == 3


def test_tool_calls_and_turns_are_gone_through_by_the_count_both_ways_and_back_undoes_it(tmp_path: Path) -> None:
    kinds = (0, 2, 3, 0, 2, 2, 0)
    with record(tmp_path / "run", [(kind, 1, 0, 0) for kind in kinds]) as store:
        cursor = store.cursor()
        cursor.seek(1)
        assert cursor.next_tool_call(2) and cursor.position == 5
        assert cursor.next_tool_call(-1) and cursor.position == 2
        assert cursor.next_turn() and cursor.position == 4
        assert cursor.next_turn(-1) and cursor.position == 1
        assert not cursor.next_turn(-1)
        places = []
        while cursor.back():
            places.append(cursor.position)
        assert places == [4, 2, 5, 1, 7]


def test_leaps_in_a_row_are_one_jump_and_a_leap_after_anything_else_is_another(tmp_path: Path) -> None:
    with record(tmp_path / "run", [(0, 1, 0, 0)] * 40) as store:
        cursor = store.cursor()
        cursor.seek(1)
        cursor.leap(10)
        cursor.leap(10)
        assert cursor.position == 21
        cursor.step(1)
        cursor.leap(5)
        assert [cursor.back(), cursor.position] == [True, 22]
        assert [cursor.back(), cursor.position] == [True, 1]
        assert [cursor.forward(), cursor.forward(), cursor.position] == [True, True, 27]


def test_turns_begin_where_somebody_speaks_and_count_what_there_is_to_stop_at(tmp_path: Path) -> None:
    kinds = (1, 0, 2, 4, 0, 1, 4, 4)
    with record(tmp_path / "run", [(kind, 1, 0, 0) for kind in kinds]) as store:
        cursor = store.cursor()
        turns = cursor.turns
        assert turns.numbers.tolist() == [0, 1, 2]
        assert turns.starts.tolist() == [1, 2, 5]
        assert turns.rows.tolist() == [0, 1, 4]
        assert turns.counts.tolist() == [1, 3, 4]
        assert turns.errors.tolist() == [0, 1, 2]
        assert [turns.of_row(row) for row in (-1, 0, 1, 3, 4, 7)] == [-1, 0, 1, 1, 2, 2]
        cursor.keep_to(EventFilter.parse("kind:tool_error"))
        assert cursor.turns.numbers.tolist() == [1, 2]
        assert cursor.turns.rows.tolist() == [0, 1]
        assert cursor.turns.counts.tolist() == [1, 2]
        assert cursor.turns.errors.tolist() == [1, 2]


def test_a_run_that_begins_with_a_person_has_no_turn_before_the_first(tmp_path: Path) -> None:
    with record(tmp_path / "run", [(0, 1, 0, 0), (1, 1, 0, 0)]) as store:
        assert store.cursor().turns.numbers.tolist() == [1]


def test_an_empty_run_has_no_turns(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run") as store:
        assert len(store.cursor().turns) == 0
