"""Stores that can be read and not written: a read-only disk, and a format of the future."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from playhead import directory

from .conftest import Run

READING = ("inspect", "agents", "keys --agent planner", "replay", "snapshot list", "verify", "export")
WRITING = ("snapshot take label -s", "restore before --yes -s")


@pytest.fixture
def read_only_disk(store: Path, make_read_only: Callable[[Path], None]) -> Path:
    make_read_only(store)
    return store


def contents(path: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_on_a_read_only_disk_every_question_is_answered(run: Run, read_only_disk: Path) -> None:
    for command in READING:
        name, *rest = command.split()
        outcome = run(name, *([rest.pop(0)] if rest and not rest[0].startswith("-") else []), read_only_disk, *rest)
        assert (command, outcome.code) == (command, 0), outcome.err
    assert run("get", "plan", "-s", read_only_disk, "--agent", "planner").code == 0
    assert run("diff", "1", "5", "-s", read_only_disk).code == 0


def test_on_a_read_only_disk_every_change_is_refused_in_one_line(run: Run, read_only_disk: Path) -> None:
    before = contents(read_only_disk)
    for command in WRITING:
        outcome = run(*command.split(), read_only_disk)
        assert outcome.code == 2
        (line,) = [line for line in outcome.err.splitlines() if line.startswith("playhead: ")]
        assert "read-only" in line
    assert contents(read_only_disk) == before


def test_a_store_on_a_read_only_disk_is_forked_to_another(
    run: Run, read_only_disk: Path, tmp_path: Path
) -> None:  # S27
    assert run("fork", tmp_path / "fork", "-s", read_only_disk).code == 0
    assert run("restore", "1", "-s", tmp_path / "fork", "--yes").code == 0


def test_a_store_of_a_newer_format_is_refused_by_every_command_and_not_touched(run: Run, store: Path) -> None:
    file = store / directory.INFO_FILE
    body = orjson.loads(file.read_bytes())
    del body["checksum"]
    file.write_bytes(orjson.dumps({**body, "format_version": directory.FORMAT_VERSION + 1}))
    before = contents(store)
    commands = [
        f"{command} {store}".split() for command in (*WRITING, "inspect", "replay", "export", "verify", "repair")
    ]
    for command in commands:
        outcome = run(*command)
        assert outcome.code == 2
        (line,) = outcome.err.splitlines()
        assert "upgrade Playhead" in line
    assert contents(store) == before
