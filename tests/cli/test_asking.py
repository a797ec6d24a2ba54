"""Conditions over the whole past, from the command line."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import playhead
from playhead.rules import load

from .conftest import Run

DOCUMENT = Path(__file__).parents[2] / "docs" / "expressions.md"
DEMO = Path(__file__).parents[2] / "sample_data" / "support-desk"
EXAMPLES = re.findall(r"^\| `(.+)` \| (\w+) \| (.+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_documentation_has_twenty_examples() -> None:
    assert len(EXAMPLES) >= 20


@pytest.mark.parametrize(("expression", "agent", "expected"), EXAMPLES)
def test_every_example_of_the_documentation_is_answered_as_it_says(expression: str, agent: str, expected: str) -> None:
    with playhead.open(DEMO, read_only=True) as store:
        found = store.cursor(agent).when(expression)
    shown = [f"{each.first}–{each.last}" if each.first != each.last else f"{each.first}" for each in found]
    more = f", … ({len(shown)} intervals)" if len(shown) > 4 else ""
    assert ", ".join(shown[:4]) + more == expected


def test_the_rules_of_the_documentation_can_be_judged(tmp_path: Path, run: Run) -> None:
    (example,) = re.findall(r"```toml\n(.+?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    rules = tmp_path / "rules.toml"
    rules.write_text(example)
    assert len(load(rules)) == 5
    outcome = run("check", rules, "-s", DEMO, "--junit", tmp_path / "report.xml")
    assert outcome.code == 1
    assert "BROKEN  the budget is never overdrawn  commit 1,330" in outcome.out
    assert "~ remaining: 3265.63 → -9724.37" in outcome.out
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("5", "3")
    assert run("check", rules, "-s", DEMO, "--json").json[0]["commit_ts"] == 1330  # type: ignore[index]


def test_when_lists_intervals_with_times_and_says_never_with_exit_code_1(run: Run, store: Path) -> None:
    outcome = run("when", "budget.remaining < 0", "-s", store, "--agent", "refund")
    assert outcome.out.splitlines()[1].split("\t")[:3] == ["5", "5", "2026-11-01T14:05:00.000000Z"]
    assert outcome.code == 0
    never = run("when", "budget.remaining > 99", "-s", store, "--agent", "refund", "--json")
    assert (never.code, never.json) == (1, [])


def test_c_and_rc_find_the_nearest_commit_at_which_an_expression_becomes_true(run: Run, store: Path) -> None:
    asked = ("event.kind = 'budget'", "-s", store, "--agent", "refund")
    assert run("c", *asked).out.split("\t")[0] == "2"
    assert run("c", *asked, "--at", "2").code == 1
    assert run("rc", *asked).out.split("\t")[0] == "2"
    assert run("rc", "budget.remaining < 0", *asked[1:]).out.split("\t")[0] == "5"
    assert run("rc", *asked, "--at", "2", "--json").json == {"commit_ts": None, "event": None}


def test_watch_lists_every_value_that_expressions_have_had(run: Run, store: Path) -> None:
    asked = ("watch", "budget.remaining", "length(agent('planner').plan.steps)", "-s", store, "--agent", "refund")
    assert run(*asked).out.splitlines() == [
        "commit_ts\tat\tbudget.remaining\tlength(agent('planner').plan.steps)",
        "0\t\t\t",
        "1\t2026-11-01T14:00:00.000000Z\t\t1",
        "2\t2026-11-01T14:01:00.000000Z\t40\t1",
        "5\t2026-11-01T14:05:00.000000Z\t-1\t1",
    ]
    assert run(*asked, "--csv").out.splitlines()[-1] == "5,2026-11-01T14:05:00.000000Z,-1,1"
    assert run(*asked, "--json").json[-1] == {  # type: ignore[index]
        "commit_ts": 5,
        "at": "2026-11-01T14:05:00.000000Z",
        "values": [-1, 1],
    }
    assert run(*asked, "--json", "--csv").code == 2


def test_an_expression_that_cannot_be_meant_is_pointed_at(run: Run, store: Path) -> None:
    outcome = run("when", "budgt.remaining < 0", "-s", store, "--agent", "refund")
    assert outcome.code == 2
    assert outcome.err.splitlines()[-2:] == ["  budgt.remaining < 0", "  ^^^^^^^^^^^^^^^"]
