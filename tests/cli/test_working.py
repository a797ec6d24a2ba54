"""What a command shows on a terminal while it works, and how Ctrl-C ends it."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from playhead_tui.cli import output, working

from .conftest import Run

ENDLESS = "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"


def on_terminal(*arguments: str, until: bytes = b"", then: bytes = b"") -> tuple[int, bytes]:
    """Run a command on a terminal of its own, type something once it has shown a text; its exit code, all it wrote."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": "100"}
        os.execv(sys.executable, [sys.executable, "-m", "playhead_tui", *arguments])
    shown = b""
    try:
        while part := os.read(terminal, 65_536):
            shown += part
            if then and until in shown:
                os.write(terminal, then)
                then = b""
    except OSError:
        pass  # What Linux says where the other side has gone.
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown


def test_a_question_that_never_ends_shows_a_bar_and_ctrl_c_ends_it_with_the_terminal_intact(store: Path) -> None:
    code, shown = on_terminal("sql", ENDLESS, "-s", str(store), until=b"Ctrl-C stops", then=b"\x03")
    assert code == 130
    assert shown.endswith(b"\x1b[2Kplayhead: interrupted\r\n"), "the bar is erased before anything is said"
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h"), "the cursor is shown again"


def test_a_pipe_sees_no_bar(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "QUIET_SECONDS", 0.0)
    assert run("when", "budget.remaining < 0", "-s", store, "--agent", "refund").err == "true in 1 interval\n"


def test_what_is_printed_meanwhile_and_the_bar_never_stand_on_one_line(
    store: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each draw begins at the left edge of a line of its own, and what follows finds that line empty."""
    monkeypatch.setattr(working, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(working, "Console", lambda stderr: Console(stderr=stderr, force_terminal=True, width=80))
    with working.working("searching") as question:
        (bar,) = working._bars
        for number in range(3):
            question.done = number / 2
            bar._draw()
            output.note(f"line {number}")
    shown = capfd.readouterr().err
    assert "searching" in shown and "100%" in shown
    for number in range(3):
        assert f"\x1b[2Kline {number}\n" in shown


def test_every_command_that_asks_the_past_shows_a_bar(
    run: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    entered: Callable[[working._Bar], working._Bar] = working._Bar.__enter__

    def enter(bar: working._Bar) -> working._Bar:
        begun.append(bar._progress.tasks[0].description)
        return entered(bar)

    monkeypatch.setattr(working._Bar, "__enter__", enter)
    (tmp_path / "rules.toml").write_text('[[rule]]\nnever = "budget.remaining < 0"\n')
    place, agent = ("budget.remaining", "-s", store), ("--agent", "refund")
    commands = (
        *((verb, "budget.remaining < 0", "-s", store, *agent) for verb in ("when", "c", "rc", "watch", "bisect")),
        *((verb, *place, *agent) for verb in ("last", "next", "history", "blame", "origin")),
        ("check", tmp_path / "rules.toml", "-s", store, *agent),
        ("fold", "--without", "2", "-s", store),
        ("log", "-S", "hello", "-s", store),
        ("sql", "SELECT 1", "-s", store),
        ("compare", store, *agent, "--other-agent", "planner"),
    )
    for number, command in enumerate(commands, 1):
        assert run(*command).code in (0, 1), command
        assert len(begun) == number, command
