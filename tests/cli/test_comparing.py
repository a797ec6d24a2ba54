"""Two runs compared from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import playhead
from playhead_tui.cli import comparing

from .conftest import Run


def test_compare_exits_as_diff_does(run: Run, store: Path, tmp_path: Path) -> None:
    assert run("fork", tmp_path / "fork", "-s", store).code == 0
    assert run("compare", store, tmp_path / "fork").code == 0
    with playhead.open(tmp_path / "fork") as fork:
        fork.write("refund", "budget", {"remaining": -2}, kind="tool_result", label="refunded again")
    outcome = run("compare", store, tmp_path / "fork")
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "the states part here:",
        "A\t(no such event)",
        "B\t6\ttool_result\trefunded again",
        "~ default/refund/budget  v2 → v3",
        "  ~ remaining: -1 → -2",
    ]
    told = run("compare", store, tmp_path / "fork", "--json").json
    assert isinstance(told, dict)
    assert (told["same"], told["alike"]) == (False, 5)
    assert told["pairs"] == [{"a": None, "b": 6, "same": False}]
    assert told["divergences"][0]["differences"][0]["b"]["event"]["label"] == "refunded again"
    assert run("compare", store, tmp_path / "missing").code == 2


def test_two_agents_of_one_run_are_compared(run: Run, store: Path) -> None:
    outcome = run("compare", store, "--agent", "planner", "--other-agent", "refund", "-n", "1")
    assert outcome.code == 1
    assert outcome.out.splitlines()[1:3] == ["A\t4\ttool_error\tplan went wrong", "B\t5\ttool_result\trefunded"]
    assert run("compare", store, "--agent", "planner").code == 0
    assert "name a second run" in run("compare", store).err


def test_compare_opens_both_in_the_debugger(
    run: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("fork", tmp_path / "a fork", "-s", store).code == 0
    monkeypatch.chdir(tmp_path)
    asked: list[tuple[Path, object, object]] = []

    def show(path: Path, *, agent_id: object, namespace: object, ask: object) -> int:
        asked.append((path, agent_id, ask))
        return 0

    monkeypatch.setattr(comparing, "show", show)
    assert run("compare", store, "a fork", "--open").code == 0
    assert run("compare", store, "a fork", "--agent", "refund", "--open").code == 0
    assert run("compare", store, "--agent", "planner", "--other-agent", "refund", "--open").code == 0
    assert asked == [
        (store, None, "compare './a fork'"),
        (store, "refund", "compare './a fork' default/refund"),
        (store, "planner", "compare default/refund"),
    ]
    assert run("compare", store, "missing", "--open").code == 2
    assert len(asked) == 3
