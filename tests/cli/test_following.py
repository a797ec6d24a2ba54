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
from playhead.verify import verify
from playhead_tui.cache import cached_runs
from playhead_tui.library import store_for

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


def line(number: int) -> str:
    return json.dumps({"role": "user", "content": f"message {number}"}) + "\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_log_that_is_written_is_followed_also_where_it_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    log = tmp_path / "run.jsonl"
    log.write_text("".join(line(number) for number in range(1, 14)))
    process = follow(log, "--json")
    assert process.stdout is not None
    for number in range(1, 17):
        assert json.loads(process.stdout.readline())["label"] == f"message {number}"
        if number >= 13:
            with log.open("a") as file:
                file.write(line(number + 1))
    process.stdout.readline()
    log.write_text(line(101))
    assert json.loads(process.stdout.readline())["label"] == "message 101"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith("run.jsonl: it ") and errors.endswith("playhead: interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_follower_that_is_killed_leaves_a_sound_store_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    log = tmp_path / "run.jsonl"
    log.write_text("".join(line(number) for number in range(1, 14)))
    last = 13
    for more in (20, 200, 2_000):
        process = follow(log, "--json", "--last", "1")
        assert process.stdout is not None
        process.stdout.readline()
        with log.open("a") as file:
            file.write("".join(line(number) for number in range(last + 1, last + more + 1)))
        last += more
        # Some of it is there, and the rest is on its way.
        process.stdout.readline()
        process.kill()
        process.communicate()
        kept = store_for(log).path
        assert verify(kept) == []
        with playhead.open(kept, read_only=True) as store:
            assert [event.label for event in store.replay()] == [f"message {number}" for number in range(1, last + 1)]
    assert len(cached_runs()) == 1


def test_a_folder_an_imported_store_and_standard_input_are_not_followed(run: Run, tmp_path: Path) -> None:  # S28
    (tmp_path / "run.jsonl").write_text(line(1))
    playhead.import_log(tmp_path / "run.jsonl", tmp_path / "store")
    for path, reason in (
        (tmp_path / "store", "follow the log it was loaded from"),
        (tmp_path, "one log can be followed at a time"),
        ("-", "write it to a file"),
    ):
        for command in ("replay", "open"):
            if (command, path) != ("open", tmp_path / "store"):
                outcome = run(command, path, "--follow")
                assert (outcome.code, reason in outcome.err) == (2, True), outcome.err
