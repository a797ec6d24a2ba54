"""`playhead replay --follow`: a terminal or a pipe that shows what an agent commits while it runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import playhead

from .conftest import Run


def follow(store: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "playhead_tui", "replay", str(store), "--follow", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("as_json", [True, False])
def test_each_commit_is_printed_as_it_lands_until_ctrl_c(store: Path, as_json: bool) -> None:
    with playhead.open(store, durability="os") as writer:
        process = follow(store, "--last", "1", *(["--json"] if as_json else []))
        assert process.stdout is not None
        for number in range(6, 9):
            # Read before the next is written: nothing may wait in a buffer.
            line = process.stdout.readline()
            assert (json.loads(line)["commit_ts"] if as_json else int(line.split()[0])) == number - 1
            if not as_json:
                assert process.stdout.readline().startswith("         = ")
            writer.write("refund", "budget", number, label=f"step {number}")
            if number == 7:
                writer.seal()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "playhead: interrupted\n")


def test_following_ends_at_the_last_commit_asked_for(run: Run, store: Path) -> None:  # S18
    lines = run("replay", store, "-f", "--start-ts", "4", "--end-ts", "5", "--json").out.splitlines()
    assert [json.loads(line)["commit_ts"] for line in lines] == [4, 5]


def test_the_last_commits_alone_can_be_asked_for(run: Run, store: Path) -> None:
    for last, expected in (("2", [4, 5]), ("99", [1, 2, 3, 4, 5]), ("0", [])):
        lines = run("replay", store, "-n", last, "--json").out.splitlines()
        assert [json.loads(line)["commit_ts"] for line in lines] == expected
    assert "must not be negative" in run("replay", store, "-n", "-1").err


def test_a_log_that_was_loaded_is_not_followed(run: Run, tmp_path: Path) -> None:  # S28
    (tmp_path / "run.jsonl").write_text('{"role": "user", "content": "hello"}\n')
    outcome = run("replay", tmp_path / "run.jsonl", "--follow")
    assert outcome.code == 2
    assert "nothing to follow" in outcome.err
