"""`playhead verify` and `playhead repair`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

import playhead
from playhead import directory, journal, manifest

from .conftest import Run


@pytest.fixture
def damaged(store: Path) -> Path:
    """The store with its third of five commits damaged."""
    with playhead.open(store):
        pass
    file = store / directory.JOURNALS / manifest.load(store).journals[-1]
    data = bytearray(file.read_bytes())
    data[journal.survey(file).records[2][0] + 30] ^= 1
    file.write_bytes(data)
    return store


def test_a_sound_store_is_said_to_be_sound(run: Run, store: Path) -> None:
    outcome = run("verify", store)
    assert (outcome.code, outcome.out) == (0, "")
    assert f"{store}: sound" in outcome.err
    assert run("verify", store, "--json").json == {"store": str(store), "sound": True, "problems": []}
    outcome = run("repair", store)
    assert outcome.code == 0
    assert "nothing to repair" in outcome.err
    assert not store.with_name("run.repaired").exists()


def test_a_leftover_is_a_warning_and_no_damage(run: Run, store: Path) -> None:
    (store / directory.JOURNALS / "left.journal").touch()
    outcome = run("verify", store)
    assert outcome.code == 0
    assert outcome.out.startswith("warning: ")


def test_damage_is_named_with_file_and_offset_and_exits_with_1(run: Run, damaged: Path) -> None:
    outcome = run("verify", damaged)
    assert outcome.code == 1
    assert ".journal at offset " in outcome.out
    found = run("verify", damaged, "--json")
    assert found.code == 1
    assert isinstance(found.json, dict)
    assert (found.json["sound"], found.json["problems"][0]["commit_ts"]) == (False, 3)


def test_where_no_store_is_verify_and_repair_exit_with_2(run: Run, tmp_path: Path) -> None:
    for command in ("verify", "repair"):
        assert run(command, tmp_path / "nothing").code == 2


def test_a_repair_says_what_is_lost_and_makes_a_copy_beside(run: Run, damaged: Path) -> None:
    before = (damaged / directory.JOURNALS / manifest.load(damaged).journals[-1]).read_bytes()
    outcome = run("repair", damaged, "--yes")
    assert outcome.code == 0
    assert "keep: commits 1 to 2" in outcome.out
    assert "lose: commit 3 is lost" in outcome.out
    assert "lose: commits 4 to 5 are lost with them" in outcome.out
    assert "lose: snapshot 1 'before' is lost" in outcome.out
    assert run("inspect", damaged.with_name("run.repaired"), "--json").json["commits"] == 2  # type: ignore[index]
    assert (damaged / directory.JOURNALS / manifest.load(damaged).journals[-1]).read_bytes() == before


def test_a_repair_asks_first_and_takes_no_for_an_answer(
    run: Run, damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run("repair", damaged).code == 2
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert run("repair", damaged, "-o", tmp_path / "new").code == 1
    assert not (tmp_path / "new").exists()
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    made = run("repair", damaged, "-o", tmp_path / "new", "--json").json
    assert isinstance(made, dict)
    assert (made["repaired"], made["head"]) == (str(tmp_path / "new"), 2)
    assert [step["action"] for step in made["steps"]] == ["keep", "lose", "lose", "lose"]
