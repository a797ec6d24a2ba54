"""A process that writes is killed at random moments: nothing it acknowledged is lost, and nothing is half there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead import TornJournalWarning
from playhead.verify import verify

from .answers import Answers, answers_of

KILLS = int(os.environ.get("PLAYHEAD_KILLS", "24"))
"""How often; a few hundred are worth their minutes before a release."""
KILLS_PER_STORE = 4
WORKER = Path(__file__).with_name("worker.py")


def run_until_killed(path: Path, seed: int, durability: str) -> list[dict[str, Any]]:
    """Start a worker, kill it after so many acknowledgements and a little more, and return what it acknowledged."""
    chance = random.Random(seed)
    command = [sys.executable, "-W", "ignore", str(WORKER), str(path), str(seed), durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        lines = [worker.stdout.readline() for _ in range(chance.randrange(1, 70))]
        # Somewhere inside what it does next: so many turns of this loop are no fixed time, and need not be.
        for _ in range(chance.choice([0, 100, 1_000, 10_000, 100_000])):
            pass
        worker.send_signal(signal.SIGKILL)
        lines += worker.stdout.read().splitlines(keepends=True)
    assert worker.returncode == -signal.SIGKILL, lines
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def check_acknowledged(found: Answers, said: list[dict[str, Any]]) -> None:
    """Everything that was acknowledged is there whole, under the number that was told (S4, S8)."""
    events = {event.commit_ts: event for event in found.events}
    taken = {entry.id: entry for entry in found.snapshots}
    for line in said:
        match line["did"]:
            case "commit":
                event = events[line["commit_ts"]]
                assert [part.value for part in event.operations] == line["values"]
            case "snapshot":
                assert taken[line["id"]].commit_ts == line["commit_ts"]
            case "restore":
                assert line["commit_ts"] in (line["before"], line["before"] + 1)
                if line["commit_ts"] > line["before"]:
                    assert events[line["commit_ts"]].kind == "restore"
    numbers = [line["commit_ts"] for line in said if line["did"] == "commit"]
    assert numbers == sorted(set(numbers))


def check_nothing_half_there(found: Answers) -> None:
    """Values say which transaction they are of and at which place, so one with a part missing would show (S8)."""
    for event in found.events:
        if event.kind == "several":
            seeds_and_numbers = {tuple(part.value[:2]) for part in event.operations if isinstance(part.value, list)}
            assert len(seeds_and_numbers) == 1
            places = [part.value[2] for part in event.operations if isinstance(part.value, list)]
            assert places == list(range(event.operation_count))
    assert [entry.id for entry in found.snapshots] == list(range(1, len(found.snapshots) + 1))
    assert all(entry.commit_ts <= len(found.events) for entry in found.snapshots)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("first", range(0, KILLS, KILLS_PER_STORE))
def test_a_killed_writer_leaves_everything_it_acknowledged_and_nothing_half(
    first: int, tmp_path: Path
) -> None:  # S2 S3 S4 S8 S24
    path = tmp_path / "run"
    said: list[dict[str, Any]] = []
    before: Answers | None = None
    for seed in range(first, min(first + KILLS_PER_STORE, KILLS)):
        said += run_until_killed(path, seed, "fsync" if seed % 2 else "os")
        assert [problem for problem in verify(path) if problem.severity == "error"] == []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TornJournalWarning)
            with playhead.open(path, create=False, durability="os") as store:
                found = answers_of(store)
        check_acknowledged(found, said)
        check_nothing_half_there(found)
        if before is not None:
            assert found.events[: len(before.events)] == before.events
            assert found.snapshots[: len(before.snapshots)] == before.snapshots
        assert verify(path) == []
        before = found
