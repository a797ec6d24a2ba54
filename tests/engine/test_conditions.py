"""What expressions answer about the past, beside an oracle that replays everything and looks at every commit."""

from __future__ import annotations

import itertools
import operator
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON, QueryError, Store
from playhead.conditions import Interval

AGENT = "agent"
MISSING = object()
Truth = bool | None


@dataclass(frozen=True)
class Moment:
    """What the oracle knows of one commit: the state before and after it, and its event."""

    before: dict[str, JSON]
    after: dict[str, JSON]
    kind: str | None
    number: int | None = None
    tool: int | None = None
    """What the event's meta says, if anything."""


# ── the oracle: an expression as text, and as a function of one moment ────────────────────────────────────────────────


@dataclass(frozen=True)
class Place:
    text: str
    key: str
    steps: tuple[str | int, ...]

    def find(self, state: dict[str, JSON]) -> object:
        value: object = state.get(self.key, MISSING)
        for step in self.steps:
            if isinstance(step, str):
                value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
            elif isinstance(value, list) and -len(value) <= step < len(value):
                value = value[step]
            else:
                value = MISSING
        return value


@dataclass(frozen=True)
class Condition:
    text: str
    holds: Callable[[Moment], Truth]


PATHS = [
    Place("a.v", "a", ("v",)),
    Place("a.l[1]", "a", ("l", 1)),
    Place("a.l[-1]", "a", ("l", -1)),
    Place('"b/c"', "b/c", ()),
    Place("agent('other').\"b/c\"", "other b/c", ()),
    Place('a."x ""y/~"', "a", ('x "y/~',)),
]
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
NUMBERS: list[JSON] = [0, 1, 1.5, -2, 2**53, 2**53 + 1, 1.0, -0.0]
SCALARS: list[JSON] = [*NUMBERS, "", "x", "Xy", "1", True, False, None]
ORDERED: JSON = {"v": 1, "w": 2}
TURNED: JSON = {"w": 2, "v": 1}
VALUES: list[JSON] = [*SCALARS, [], {"v": 1}, {"v": 1.0}, ORDERED, TURNED, [ORDERED], [TURNED]]


def kind_of(value: object) -> str:
    if value is MISSING or value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else "other"


def literal(value: JSON) -> str:
    if isinstance(value, str):
        return "'" + value + "'"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def compared(path: Place, previous: bool, sign: str, value: JSON) -> Condition:
    def holds(moment: Moment) -> Truth:
        found = path.find(moment.before if previous else moment.after)
        if kind_of(found) != kind_of(value) or value is None:
            return None
        return OPERATORS[sign](found, value)

    name = f"previous({path.text})" if previous else path.text
    return Condition(f"{name} {sign} {literal(value)}", holds)


def compared_paths(one: Place, other: Place, sign: str) -> Condition:
    def holds(moment: Moment) -> Truth:
        left, right = one.find(moment.after), other.find(moment.after)
        if MISSING in (left, right):
            return None
        if kind_of(left) == kind_of(right) and kind_of(left) in ("number", "text", "boolean"):
            return OPERATORS[sign](left, right)
        if sign not in ("=", "<>"):
            return None
        # Two lists or objects are one another as S25 has it, and two kinds never.
        same = kind_of(left) == kind_of(right) and playhead.diff.equal(left, right)  # type: ignore[arg-type]
        return same if sign == "=" else not same

    return Condition(f"{one.text} {sign} {other.text}", holds)


def exists(path: Place) -> Condition:
    return Condition(f"exists({path.text})", lambda moment: path.find(moment.after) is not MISSING)


def is_null(path: Place) -> Condition:
    return Condition(f"{path.text} is null", lambda moment: kind_of(path.find(moment.after)) == "null")


def changed(path: Place) -> Condition:
    def holds(moment: Moment) -> Truth:
        before, after = path.find(moment.before), path.find(moment.after)
        if MISSING in (before, after):
            return before is not after
        return not playhead.diff.equal(before, after)  # type: ignore[arg-type]

    return Condition(f"changed({path.text})", holds)


def event_kind(kind: str) -> Condition:
    return Condition(f"event.kind = '{kind}'", lambda moment: None if moment.kind is None else moment.kind == kind)


def event_tool(number: int) -> Condition:
    return Condition(
        f"event.meta.tool = {number}", lambda moment: None if moment.tool is None else moment.tool == number
    )


NO_TOOL = Condition("not exists(event.meta.tool)", lambda moment: moment.tool is None)


def number_above(path: Place) -> Condition:
    """What only the state and the event together tell."""

    def holds(moment: Moment) -> Truth:
        found = path.find(moment.after)
        if moment.number is None or kind_of(found) != "number":
            return None
        return moment.number > found  # type: ignore[operator]

    return Condition(f"event.commit_ts > {path.text}", holds)


def number_from(number: int) -> Condition:
    return Condition(
        f"event.commit_ts >= {number}", lambda moment: None if moment.number is None else moment.number >= number
    )


def both(one: Condition, other: Condition) -> Condition:
    def holds(moment: Moment) -> Truth:
        truths = {one.holds(moment), other.holds(moment)}
        return False if False in truths else None if None in truths else True

    return Condition(f"({one.text}) and ({other.text})", holds)


def either(one: Condition, other: Condition) -> Condition:
    def holds(moment: Moment) -> Truth:
        truths = {one.holds(moment), other.holds(moment)}
        return True if True in truths else None if None in truths else False

    return Condition(f"({one.text}) or ({other.text})", holds)


def negated(one: Condition) -> Condition:
    def holds(moment: Moment) -> Truth:
        truth = one.holds(moment)
        return None if truth is None else not truth

    return Condition(f"not ({one.text})", holds)


A_PATH, A_SIGN = st.sampled_from(PATHS), st.sampled_from(sorted(OPERATORS))
SIMPLE = st.one_of(
    st.builds(compared, A_PATH, st.booleans(), A_SIGN, st.sampled_from(SCALARS)),
    st.builds(compared_paths, A_PATH, A_PATH, A_SIGN),
    st.builds(exists, A_PATH),
    st.builds(is_null, A_PATH),
    st.builds(changed, A_PATH),
    st.builds(event_kind, st.sampled_from(["k", "other"])),
    st.builds(event_tool, st.integers(1, 2)),
    st.just(NO_TOOL),
    st.builds(number_from, st.integers(0, 6)),
    st.builds(number_above, A_PATH),
)
CONDITIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(st.builds(both, inner, inner), st.builds(either, inner, inner), st.builds(negated, inner)),
    max_leaves=4,
)

# ── histories ─────────────────────────────────────────────────────────────────────────────────────────────────────────

A_VALUE = st.sampled_from(VALUES)
WRITE_A = st.builds(
    lambda v, items, odd: ("a", {"v": v, "l": items, 'x "y/~': odd}), A_VALUE, st.lists(A_VALUE, max_size=3), A_VALUE
)
WRITE_B = st.builds(lambda key, value: (key, value), st.sampled_from(["b/c", "other b/c"]), A_VALUE)
DELETE = st.builds(lambda key: (key, MISSING), st.sampled_from(["a", "b/c", "other b/c"]))
COMMIT = st.tuples(
    st.sampled_from(["k", "other", "third"]), st.lists(WRITE_A | WRITE_B | DELETE, min_size=1, max_size=4)
)
RESTORE = st.builds(lambda at: ("restore", at), st.integers(0, 12))


def write_history(store: Store, steps: list[tuple[str, object]]) -> list[Moment]:
    """Commit the steps, and what the oracle knows of every commit from 0 on."""
    # Every path holds every kind of value once, so that no comparison is refused.
    for value in (1, "x", True):
        everything = {"v": value, "l": [value, value], 'x "y/~': value}
        steps = [("k", [("a", everything), ("b/c", value), ("other b/c", value)]), *steps]
    states: list[dict[str, JSON]] = [{}]
    moments = [Moment({}, {}, None)]
    for kind, what in steps:
        tool = None
        if isinstance(what, int):
            head = store.head
            if store.restore(what) == head:
                continue
            state = states[min(what, head)]
        else:
            assert isinstance(what, list)
            state = dict(states[-1])
            tool = len(what) if len(what) < 3 else None
            with store.begin_transaction(kind=kind, meta={} if tool is None else {"tool": tool}) as tx:
                for key, value in what:
                    agent, _, name = key.rpartition(" ") if key.startswith("other ") else (AGENT, "", key)
                    if value is MISSING:
                        tx.delete(agent, name)
                        state.pop(key, None)
                    else:
                        tx.write(agent, name, value)
                        state[key] = value
        moments.append(Moment(states[-1], state, kind, len(states), tool))
        states.append(state)
    return moments


def intervals(condition: Condition, moments: list[Moment]) -> list[Interval]:
    found: list[Interval] = []
    for at, moment in enumerate(moments):
        if condition.holds(moment):
            if found and found[-1].last == at - 1:
                found[-1] = Interval(found[-1].first, at)
            else:
                found.append(Interval(at, at))
    return found


@given(st.lists(COMMIT | RESTORE, max_size=8), st.lists(CONDITIONS, min_size=1, max_size=4), st.booleans())
@settings(max_examples=20, deadline=None)
def test_a_condition_holds_at_exactly_the_commits_at_which_an_oracle_finds_it_true(
    steps: list[tuple[str, object]], conditions: list[Condition], sealed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        moments = write_history(store, steps)
        if sealed:
            store.seal()
        cursor = store.cursor(AGENT)
        for condition in conditions:
            expected = intervals(condition, moments)
            assert cursor.when(condition.text) == expected, condition.text
            begins = [interval.first for interval in expected]
            for position in range(store.head + 1):
                cursor.position = position
                ahead = [begin for begin in begins if begin > position]
                assert cursor.run_forward(condition.text) == bool(ahead)
                assert cursor.position == (ahead[0] if ahead else position)
                cursor.position = position
                behind = [begin for begin in begins if begin < position]
                assert cursor.run_back(condition.text) == bool(behind)
                assert cursor.position == (behind[-1] if behind else position)


@given(st.lists(COMMIT | RESTORE, max_size=8))
@settings(max_examples=20, deadline=None)
def test_a_watched_expression_has_the_value_that_the_state_has_at_every_commit(steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        moments = write_history(store, steps)
        cursor = store.cursor(AGENT)
        series = cursor.watch([path.text for path in PATHS])
        for path, watched in zip(PATHS, series, strict=True):
            values: list[object] = []
            for at, moment in enumerate(moments):
                found = path.find(moment.after)
                row = max(row for row, commit_ts in enumerate(watched.commits) if commit_ts <= at)
                values.append(watched.values[row])
                assert watched.values[row] == (None if found is MISSING else found)
                assert type(watched.values[row]) is type(None if found is MISSING else found)
            neighbours = itertools.pairwise(watched.values)
            assert not any(playhead.diff.equal(*both) for both in neighbours)  # S25


@given(st.lists(COMMIT | RESTORE, max_size=8))
@settings(max_examples=20, deadline=None)
def test_last_and_next_walk_the_commits_that_changed_a_path_and_no_others(steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        moments = write_history(store, steps)
        for place in PATHS:
            cursor = store.cursor("other" if place.key.startswith("other ") else AGENT)
            key = place.key.removeprefix("other ")
            expected = [at for at, moment in enumerate(moments) if changed(place).holds(moment)]
            backwards = []
            while (change := cursor.last(key, place.steps)) is not None:
                assert cursor.position == change.commit_ts
                moment = moments[change.commit_ts]
                before, after = place.find(moment.before), place.find(moment.after)
                assert (change.existed, change.before) == ((False, None) if before is MISSING else (True, before))
                assert (change.exists, change.after) == ((False, None) if after is MISSING else (True, after))
                backwards.append(change.commit_ts)
            # What the head itself changed is where the walk starts.
            assert backwards == [at for at in reversed(expected) if at < store.head]
            cursor.position = 0
            forwards = []
            while (change := cursor.next(key, place.steps)) is not None:
                forwards.append(change.commit_ts)
            assert forwards == expected


# ── examples ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def run(store: Store) -> Store:
    store.write("agent", "budget", {"remaining": 40, "currency": "EUR", "items": ["a", "b"]}, kind="user")
    with store.begin_transaction(kind="tool_call", meta={"tool": "plan"}) as tx:
        tx.write("agent", "plan/steps", [{"id": 1, "status": "pending"}])
    store.write("agent", "budget", {"remaining": -1, "currency": "EUR", "items": ["a"]}, kind="tool_result")
    store.write("agent", "event", {"kind": "party"}, kind="tool_result")
    store.write("helper", "budget", {"remaining": 7}, namespace="team", kind="tool_result")
    return store


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("budget.remaining < 0 and event.kind = 'tool_result'", [(3, 5)]),
        ("\"plan/steps\"[0].status = 'pending'", [(2, 5)]),
        ('"plan/steps"[-1].id = 1', [(2, 5)]),
        ("\"event\".kind = 'party'", [(4, 5)]),
        ("event.meta.tool = 'plan'", [(2, 2)]),
        ("event.meta['tool'] is not null", [(2, 2)]),
        ("exists(event.meta.tool)", [(2, 2)]),
        ("agent('helper').budget.remaining = 7", [(5, 5)]),
        ("agent('team', 'helper').budget.remaining > budget.remaining", [(5, 5)]),
        ("changed(budget)", [(1, 1), (3, 3)]),
        ("changed(budget.currency)", [(1, 1)]),
        ("budget.remaining - previous(budget.remaining) < -40", [(3, 3)]),
        ("length(budget.items) = 1 or length(budget.currency) = 4", [(3, 5)]),
        ("length(budget) = 3", [(1, 5)]),
        ("contains(budget.items, 'b')", [(1, 2)]),
        ("contains(budget.currency, 'U')", [(1, 5)]),
        ("budget.remaining in (40, 41)", [(1, 2)]),
        ("budget.remaining not in (40, 41)", [(3, 5)]),
        ("budget.remaining between -5 and 5", [(3, 5)]),
        ("budget.currency like 'E%' and budget.currency not like '%X'", [(1, 5)]),
        ("budget.currency ilike 'e%'", [(1, 5)]),
        ("budget.currency ~ '^E.R$'", [(1, 5)]),
        ("starts_with(lower(budget.currency), 'e')", [(1, 5)]),
        ("coalesce(budget.remaining, 0) = 0", [(0, 0)]),
        ("budget.remaining is null", [(0, 0)]),
        ("budget.remaining / 0 is null", [(0, 5)]),
        ("abs(budget.remaining) = 1", [(3, 5)]),
        ("round(budget.remaining / 3, 1) = 13.3", [(1, 2)]),
        ("budget.currency || '!' = 'EUR!'", [(1, 5)]),
        ("budget.remaining is distinct from 40", [(0, 0), (3, 5)]),
        ("event.commit_ts % 2 = 0", [(2, 2), (4, 4)]),
        ("event.operation_count = 1", [(1, 5)]),
        ("event.occurred_at > '2001-01-01'", [(1, 5)]),
        ("event.committed_at > timestamp '2001-01-01 10:00:00'", [(1, 5)]),
        ("not exists(budget)", [(0, 0)]),
        ("exists(nothing.of.the.kind)", []),
        ("coalesce(budget.remaining, 0) < 0 -- with a comment", [(3, 5)]),
        ("budget.remaining < 99999999999999999999999999999999999999999999", [(1, 5)]),
        ("budget.remaining < 1_000", [(1, 5)]),
    ],
)
def test_each_form_of_the_language_means_what_its_documentation_says(
    run: Store, expression: str, expected: list[tuple[int, int]]
) -> None:
    cursor = run.cursor("agent")
    assert [(interval.first, interval.last) for interval in cursor.when(expression)] == expected


def test_a_key_that_only_another_agent_has_had_is_said_to_be_that_ones(store: Store) -> None:
    store.write("agent", "plan", 1)
    store.write("refund", "budget", 2)
    cursor = store.cursor("agent")
    with pytest.raises(QueryError, match=r"default/refund has it; write agent\('refund'\)\.budget\.left\n"):
        cursor.when("budget.left < 0")
    store.write("agent", "budget", 3, namespace="night")
    store.write("refund", "budget", 4, namespace="night")
    cursor.refresh()
    with pytest.raises(QueryError, match=r"default/refund and 2 other agents have it; write agent\('refund'\)\.budget"):
        cursor.when("budget < 0")
    store.write("agent", "elsewhere", 5, namespace="night")
    cursor.refresh()
    with pytest.raises(QueryError, match=r"night/agent has it; write agent\('night', 'agent'\)\.elsewhere"):
        cursor.when("elsewhere = 5")
    assert cursor.when("agent('night', 'agent').elsewhere = 5") == [Interval(5, 5)]
    assert list(map(str, cursor.agents_with("budget"))) == ["default/refund", "night/agent", "night/refund"]  # S17


LARGE: list[JSON] = [
    2**53,
    2**53 + 1,
    float(2**53),
    2**64 - 1,
    float(2**64),
    -(2**63),
    -1e19,
    1e300,
    -1e300,
    0.5,
    7,
    "x",
]


@pytest.mark.parametrize("sign", sorted(OPERATORS))
def test_large_whole_numbers_are_compared_exactly_with_numbers_of_every_size(store: Store, sign: str) -> None:
    for value in LARGE:
        store.write("agent", "n", value)
    cursor = store.cursor()
    for wanted in (number for number in LARGE if not isinstance(number, str)):
        found = [at for each in cursor.when(f"n {sign} {wanted!r}") for at in range(each.first, each.last + 1)]
        holds = OPERATORS[sign]
        assert found == [at for at, value in enumerate(LARGE, 1) if value != "x" and holds(value, wanted)], wanted


def test_whole_numbers_too_large_for_a_float_are_told_apart(store: Store) -> None:
    store.write("agent", "id", 2**53)
    store.write("agent", "id", 2**53 + 1)
    store.write("agent", "other", 2**53)
    cursor = store.cursor("agent")
    assert cursor.when(f"id = {2**53 + 1}") == [Interval(2, 3)]
    assert cursor.when("id > other") == [Interval(3, 3)]


def test_a_list_contains_its_own_items_and_not_what_they_hold(store: Store) -> None:
    items: list[JSON] = [1, 2**64 - 1, 1.5, "x", 'a"b', "a\x00b", "é"]
    for item in (*items, [1], {"a": 1}, 1.0, "1", ["x"], {"x": "é"}):
        store.write("agent", "items", [item])
    cursor = store.cursor()
    for at, item in enumerate(items, 1):
        assert cursor.when(f"contains(items, {literal(item)})") == [Interval(at, at)]


def test_an_object_with_its_keys_in_another_order_has_not_changed(store: Store) -> None:  # S25
    store.write("agent", "a", {"x": 1, "y": 2})
    store.write("agent", "a", {"y": 2, "x": 1})
    assert store.cursor("agent").when("changed(a)") == [Interval(1, 1)]


@pytest.mark.parametrize(
    ("expression", "message", "marked"),
    [
        ("budgt.remaining < 0", "did you mean 'budget'?", "budgt.remaining"),
        ("Budget.remaining < 0", "did you mean 'budget'?", "Budget.remaining"),
        ("budget.remainin < 0", "did you mean 'remaining'?", "budget.remainin"),
        ("plan.steps[0] = 1", 'write "plan/steps"', "plan.steps[0]"),
        ("budget.remaining < 'ten'", "holds numbers, never text", "budget.remaining"),
        ("budget.currency > 3", "holds text, never numbers", "budget.currency"),
        ("budget and true", "holds objects, never true or false", "budget"),
        ("length(budget.remaining) > 1", "holds numbers, never text, lists or objects", "budget.remaining"),
        ("budget.remaining <", "cannot be read", "<"),
        ("budget.order = 1", "never was a value", "budget.order"),
        ("budget.select = 1", "double quotes", "select"),
        ("event.knd = 'a'", "did you mean 'kind'?", "event.knd"),
        ("lenght(budget.items) > 1", "did you mean 'length'?", "lenght(budget.items)"),
        ("agent('helpr').budget.remaining = 7", "did you mean 'helper'?", "agent('helpr').budget.remaining"),
        ("1 < 'a'", "a number cannot be compared with a text", "1 < 'a'"),
        ("event.occurred_at > 'noon'", "not a time", "'noon'"),
        ("budget.items[x] = 1", "a position", "x"),
        ("changed(event.meta.x)", "takes a path of the state", "changed(event.meta.x)"),
        ("budget.remaining", "holds numbers, never true or false", "budget.remaining"),
        ("", "is empty", None),
        ("a = 1; a = 2", "without semicolons", "a = 1; a = 2"),
        ("event.label ~ '(['", "no regular expression", "'(['"),
        ("event.label ~ event.kind", "spelled out", "event.kind"),
        ("event.occurred_at > '0001-01-01'", "not a time", "'0001-01-01'"),
        ("event.commit_ts * event.commit_ts * 9223372036854775807 > 1", "cannot be evaluated", None),
        ("round(budget.remaining, 1e30) = 1", "cannot be evaluated", None),
        ("budget.items[99999999999999999999] = 1", "never was a value", "budget.items[99999999999999999999]"),
        ("budget.remaining between symmetric 2 and 1", "SYMMETRIC is not part", None),
        ("trim(leading from event.label) = 'a'", "trim takes one value", None),
        ("budget.remaining ^ 2 > 1", "this is not part", None),
        ("previous(budget).remaining < 0", "inside the parentheses", None),
        ("event = 1", "event.kind", "event"),
        ("Event.kind = 'a'", "did you mean 'event'?", "Event.kind"),
        ("(" * 400 + "true" + ")" * 400, "inside each other", None),
        ("not " * 4_000 + "true", "inside each other", None),
        ("true" + " and true" * 4_000, "inside each other", None),
        ("budget" + "[0]" * 4_000 + " = 1", "inside each other", None),
        ("budget.remaining < 0 \udcff", "not UTF-8", None),
        ("'open", "a quote is left open", "'open"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_an_error_that_points_at_it(
    run: Store, expression: str, message: str, marked: str | None
) -> None:
    with pytest.raises(QueryError) as caught:
        run.cursor("agent").when(expression)
    assert message in str(caught.value)
    if marked is not None:
        said, line, marks = str(caught.value).split("\n")
        start = marks.index("^")
        assert said and line[start : start + marks.count("^")] == marked


@pytest.mark.parametrize(
    "expression",
    [
        "(select count(*) from operations) > 0",
        "exists(select 1)",
        "budget.remaining in (select 1)",
        "read_text('/etc/passwd') = 'x'",
        "getenv('HOME') = 'x'",
        "budget.remaining::varchar = '1'",
        "cast(budget.remaining as varchar) = '1'",
        "budget.remaining = $1",
        "budget.remaining = ?",
        "budget.* = 1",
        "* = 1",
        "budget as b",
        "budget.remaining = 1 union select 1",
        "budget.remaining = 1) or (1 = 1",
        "current_setting('memory_limit') = 'x'",
        "pragma_version() = 'x'",
        "list_transform([1], lambda x: x) = 1",
        "row_number() over () = 1",
        "sum(budget.remaining) > 1",
        "random() < 1",
        "case when true then true end",
        "set memory_limit = '1GB'",
        "drop table events",
        "attach 'x'",
        "budget.remaining < 0 -- \n; drop table events",
        "/* */ select 1",
        "true /* open",
        "E'\\x41' = 'A'",
        "$$a$$ = 'a'",
        "$x$a$x$ = 'a'",
        "repeat('a', 1000000000) = 'a'",
        "lpad('a', 1000000000, 'a') = 'a'",
        "'a' similar to 'a+'",
        "event.label glob '*'",
        "event.label like '%' escape 'x'",
        "budget.items[0:1] = 1",
        "columns(*) = 1",
        "unnest(budget.items) = 1",
        "range(10000000000) is null",
        "struct_pack(a := 1) = 1",
        "{'a': 1} = 1",
        "list_filter(budget.items, x -> x > 1)",
        "budget.remaining in (select remaining from operations)",
        "1 = any(select 1)",
        "budget -> 'remaining' < 0",
        "with a as (insert into events values (1)) select true",
        "from operations",
        "select 1 into x",
        "copy operations to 'x'",
        "call pragma_version()",
        "create macro f() as 1",
        "now() > event.committed_at",
        "current_user = 'x'",
        "nextval('x') = 1",
        "exists(budget) filter (where true)",
        "{{budget}} = 1",
        "%(budget)s = 1",
    ],
)
def test_nothing_but_the_language_gets_through_to_the_database(run: Store, expression: str) -> None:
    with pytest.raises(QueryError):
        run.cursor("agent").when(expression)


def test_quotes_in_texts_and_keys_are_text(store: Store) -> None:
    store.write("agent", 'it\'s "here"; drop', {"') or true --": "'; drop table events; --"})
    cursor = store.cursor("agent")
    expression = '"it\'s ""here""; drop"."\') or true --" = \'\'\'; drop table events; --\''
    assert cursor.when(expression) == [Interval(1, 1)]
    assert cursor.when(expression.replace(" events", " elsewhere")) == []
