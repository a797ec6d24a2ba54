"""bisect and fold from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import playhead
from playhead_tui.cli.bisecting import write_state

from .conftest import Run


@pytest.fixture
def counted(tmp_path: Path) -> Path:
    """Fifty commits of a number that counts up, and of a key whose name is a path; commits of another agent between."""
    path = tmp_path / "counted"
    with playhead.open(path, durability="os") as store:
        for number in range(1, 51):
            store.write("agent", "a/count", number, kind="step", label=f"to {number}")
            store.write("other", "a/count", -number)
    return path


def judging(tmp_path: Path, body: str) -> str:
    script = tmp_path / "judge.py"
    script.write_text(f"import json, os, sys\nstate = json.load(sys.stdin)\n{body}\n")
    return f"{sys.executable} {script}"


def test_a_command_judges_the_state_from_stdin_or_from_files(run: Run, counted: Path, tmp_path: Path) -> None:
    asked = ("bisect", "-s", counted, "--agent", "agent", "--good", "1")
    from_stdin = judging(tmp_path, "sys.exit(state['a/count'] > 33)")
    outcome = run(*asked, "--run", from_stdin)
    assert outcome.out == "67 is the first bad commit\tstep\tto 34\n"
    assert outcome.code == 0
    from_files = judging(tmp_path, "sys.exit(json.load(open(os.environ['PLAYHEAD_STATE'] + '/a/count.json')) > 33)")
    found = run(*asked, "--run", from_files, "--json").json
    assert isinstance(found, dict)
    assert (found["first_bad"], found["last_good"], found["monotone"]) == (67, 65, True)


def test_what_cannot_be_judged_is_skipped_and_leaves_several_suspects(run: Run, counted: Path, tmp_path: Path) -> None:
    command = judging(tmp_path, "n = state['a/count']\nsys.exit(125 if 32 <= n <= 34 else n > 33)")
    outcome = run("bisect", "--run", command, "-s", counted, "--agent", "agent", "--good", "1", "--json")
    assert outcome.code == 1
    assert isinstance(outcome.json, dict)
    assert [each["commit_ts"] for each in outcome.json["suspects"]] == [63, 65, 67, 69]


def test_an_answer_that_is_not_monotone_is_said_to_be_so(run: Run, counted: Path, tmp_path: Path) -> None:
    asked = ("-s", counted, "--agent", "agent", "--good", "1")
    command = judging(tmp_path, "n = state['a/count']\nsys.exit(3 <= n <= 6 or n > 33)")
    outcome = run("bisect", "--run", command, *asked, "--verify", "20")
    assert "not monotone" in outcome.err
    by_expression = run("bisect", '"a/count" between 3 and 6 or "a/count" > 33', *asked, "--json").json
    assert isinstance(by_expression, dict)
    assert (by_expression["first_bad"], by_expression["monotone"]) == (5, False)


def test_an_expression_finds_the_commit_without_running_anything(run: Run, counted: Path) -> None:
    outcome = run("bisect", '"a/count" > 33', "-s", counted, "--agent", "agent")
    assert outcome.out.startswith("67 is the first bad commit")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run", "exit 0"), "does not find commit 100 bad"),
        (("--run", "exit 1"), "does not find commit 1 good"),
        (("--run", "exit 130"), "was given up"),
        (("true", "--run", "exit 0"), "one of them"),
        (('"a/count" > 0',), "is true at commit 1 already"),
        (('"a/count" > 99',), "is not true at commit 100"),
        (("true", "--bad", "1"), "comes before the bad one"),
    ],
)
def test_what_can_never_be_answered_is_refused(
    run: Run, counted: Path, arguments: tuple[str, ...], message: str
) -> None:
    outcome = run("bisect", *arguments, "-s", counted, "--agent", "agent", "--good", "1")
    assert outcome.code == 2
    assert message in outcome.err


def test_without_a_judge_each_commit_is_asked_about(run: Run, counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("bisect", "--good", "1", "-s", counted, "--agent", "agent")
    answers = iter(["l\n", "what?\n", "n\n", "y\n", "bad\n", "good\n", "y\n", "n\n"])
    monkeypatch.setattr(sys.stdin, "readline", lambda: next(answers, ""))
    outcome = run(*asked, "--json")
    assert isinstance(outcome.json, dict)
    assert (outcome.code, outcome.json["first_bad"], outcome.json["last_good"]) == (0, 59, 57)
    assert "is commit 51 bad? 6 steps at most" in outcome.err
    assert "to 26" in outcome.err and "a/count  v25 → v26" in outcome.err, "what happened there"
    assert '"a/count": 26' in outcome.err, "a look at the state"
    answers = iter(["n\n", "q\n"])
    ended = run(*asked)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith("given up; --good 51 --bad 100 goes on from here\n")


def test_keys_that_no_file_name_can_hold_are_percent_encoded(tmp_path: Path) -> None:
    keys = ["plan", "plan/steps", "../up", "a//b", "nul\0", "files//etc/passwd", ".", "ü/x y"]
    write_state(tmp_path / "state", {key: key for key in keys})
    written = [path for path in tmp_path.rglob("*.json") if path.is_file()]
    assert sorted(json.loads(path.read_text(encoding="utf-8")) for path in written) == sorted(keys)
    assert all(path.is_relative_to(tmp_path / "state") for path in written)
    assert json.loads((tmp_path / "state" / "plan" / "steps.json").read_text()) == "plan/steps"


def test_fold_shows_the_state_without_some_recorded_events(run: Run, store: Path) -> None:
    folded = run("fold", "--without", "4,5", "-s", store, "--json").json
    assert isinstance(folded, dict)
    assert [(each["key"], each["status"]) for each in folded["changes"]] == [
        ("draft", "added"),
        ("plan", "changed"),
        ("budget", "changed"),
    ]
    assert run("fold", "--without", "5", "-s", store, "--agent", "refund").out.splitlines() == [
        "~ default/refund/budget  v2 → v1",
        "  ~ remaining: -1 → 40",
    ]


@pytest.mark.parametrize(
    ("without", "message"), [("x", "commit numbers"), ("9", "no commit 9"), ("1-9999999", "more than")]
)
def test_fold_refuses_what_names_no_commits(run: Run, store: Path, without: str, message: str) -> None:
    outcome = run("fold", "--without", without, "-s", store)
    assert (outcome.code, message in outcome.err) == (2, True)
