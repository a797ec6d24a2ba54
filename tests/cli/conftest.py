"""A small store that the commands are tried on, and a way to run them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import playhead
from playhead_tui.cli import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run one command as `main` does for the installed script, away from the developer's own files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("PLAYHEAD_STORE", raising=False)

    def run_command(*arguments: str | Path) -> Outcome:
        texts: Sequence[str] = [str(argument) for argument in arguments]
        try:
            code = main(texts)
        except SystemExit as exit_:
            code = int(str(exit_.code))
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    return run_command


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two agents, five commits, a snapshot at commit 3; a minute between commits from 14:00 UTC on."""
    minutes = iter(range(100))
    start = datetime(2026, 11, 1, 14, 0, tzinfo=UTC)
    path = tmp_path / "run"
    with playhead.open(path, durability="os", clock=lambda: start + timedelta(minutes=next(minutes))) as opened:
        opened.write("planner", "plan", {"steps": [{"id": "a", "status": "pending"}]}, kind="plan", label="first plan")
        opened.write("refund", "budget", {"remaining": 40}, kind="budget", label="budget set")
        opened.write("planner", "draft", "hello", kind="assistant", label="a draft")
        opened.snapshot("before", at=3)
        with opened.begin_transaction(kind="tool_error", label="plan went wrong") as transaction:
            transaction.write("planner", "plan", {"steps": [{"id": "a", "status": "done"}]})
            transaction.delete("planner", "draft")
        opened.write("refund", "budget", {"remaining": -1}, kind="tool_result", label="refunded")
    return path
