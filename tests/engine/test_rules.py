"""Rules over a whole history: what keeps them, what breaks them first, and which files are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import playhead
from playhead import InvalidArgumentError, QueryError
from playhead.cursor import Cursor
from playhead.rules import Rule, check, load


@pytest.fixture
def cursor(tmp_path: Path) -> Cursor:
    """Commits 1-6 a minute apart: budget 40, 10, 10 (an error), -5, 20, and a plan."""
    minutes = iter(range(100))
    start = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)
    store = playhead.open(
        tmp_path / "run", create=True, durability="os", clock=lambda: start + timedelta(minutes=next(minutes))
    )
    for remaining, kind in ((40, "set"), (10, "spend"), (10, "error"), (-5, "spend"), (20, "error")):
        store.write("refund", "budget", {"remaining": remaining}, kind=kind)
    store.write("planner", "plan", {"done": True}, kind="plan")
    return store.cursor("refund")


@pytest.mark.parametrize(
    ("rule", "broken_at"),
    [
        ({"never": "budget.remaining < 0"}, 4),
        ({"never": "budget.remaining < -5"}, None),
        ({"always": "budget.remaining > 0"}, 4),
        ({"always": "budget.remaining > -6"}, None),
        ({"always": "budget.remaining > 10", "until": "event.kind = 'error'"}, 2),
        ({"always": "budget.remaining >= 10", "until": "event.kind = 'error'"}, None),
        ({"never": "budget.remaining < 0", "until": "budget.remaining < 0"}, None),
        ({"never": "budget.remaining < -99", "until": "budget.remaining > 99"}, 6),
        ({"never": "budget.remaining < 0", "after": "budget.remaining = 20"}, None),
        ({"never": "budget.remaining = 20", "after": "budget.remaining < 0"}, 5),
        ({"never": "budget.remaining < 0", "after": "budget.remaining = 99"}, None),
        ({"eventually": "budget.remaining = 20"}, None),
        ({"eventually": "budget.remaining = 99"}, 6),
        ({"eventually": "budget.remaining = 40", "after": "budget.remaining < 0"}, 6),
        ({"becomes": "event.kind = 'error'", "at_most_every": 2}, None),
        ({"becomes": "event.kind = 'error'", "at_most_every": 3}, 5),
        ({"becomes": "event.kind = 'error'", "at_most_every": "2m"}, None),
        ({"becomes": "event.kind = 'error'", "at_most_every": "121s"}, 5),
        ({"agent": "planner", "eventually": "plan.done"}, None),
    ],
)
def test_a_rule_is_broken_first_where_its_words_say(
    cursor: Cursor, rule: dict[str, str], broken_at: int | None
) -> None:
    (verdict,) = check(cursor, [Rule(name="rule", **rule)])
    assert (verdict.kept, verdict.commit_ts) == (broken_at is None, broken_at)
    assert cursor.agent.agent_id == "refund"


def test_a_verdict_holds_the_diff_of_the_commit_that_broke_the_rule(cursor: Cursor) -> None:
    (verdict,) = check(cursor, [Rule(name="rule", never="budget.remaining < 0")])
    (change,) = verdict.changes
    assert (change.before.value, change.after.value) == ({"remaining": 10}, {"remaining": -5})
    assert verdict.reason == "budget.remaining < 0 is true"


def test_rules_are_read_in_the_order_of_their_file_and_named_by_what_they_ask_where_they_have_no_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "first"\nnever = "a < 0"\n[[rule]]\nbecomes = "a > 1"\nat_most_every = 3\n')
    assert [rule.name for rule in load(path)] == ["first", "a > 1"]
    assert load(path)[1].text == "becomes a > 1, at most every 3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no rules"),
        ("[rule]\nnever = 'a'", "holds no rules"),
        ("other = 1\n[[rule]]\nnever = 'a'", "other is not known"),
        ("[[rule]]\nname = 'x'", "rule 1 (x): needs one of always, never, eventually, becomes, and has none"),
        ("[[rule]]\nnever = 'a'\nalways = 'b'", "always and never"),
        ("[[rule]]\nnever = 'a'\nutil = 'b'", "did you mean 'until'?"),
        ("[[rule]]\neventually = 'a'\nuntil = 'b'", "does not go with eventually"),
        ("[[rule]]\nnever = 1", "must be text"),
        ("[[rule]]\nbecomes = 'a'", "needs at_most_every"),
        ("[[rule]]\nbecomes = 'a'\nat_most_every = 'soon'", "'90s' or '5m'"),
        ("[[rule]]\nbecomes = 'a'\nat_most_every = -1", "must be text"),
        ("[[rule]\n", "line 1"),
    ],
)
def test_a_file_of_rules_that_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(InvalidArgumentError) as caught:
        load(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_rule_that_cannot_be_judged_is_named(cursor: Cursor) -> None:
    with pytest.raises(QueryError, match=r"rule 'mine'.*did you mean 'budget'"):
        check(cursor, [Rule(name="mine", never="budgt.remaining < 0")])
    with pytest.raises(InvalidArgumentError, match="not in this store"):
        check(cursor, [Rule(name="mine", never="budget.remaining < 0", agent="nobody")])
