"""Commands that write: snapshots, restores, forks, imports and exports."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import playhead

from .conftest import Run


def test_a_snapshot_is_taken_listed_and_compared(run: Run, store: Path) -> None:  # S24 S25
    assert "snapshot 2 'after' names commit 5" in run("snapshot", "take", "after", "-s", store).err
    listed = run("snapshot", "list", store, "--json").json
    assert isinstance(listed, list)
    assert [(each["id"], each["commit_ts"], each["parent"], each["label"]) for each in listed] == [
        (1, 3, None, "before"),
        (2, 5, 1, "after"),
    ]
    difference = run("diff", "before", "after", "-s", store, "--json").json
    assert isinstance(difference, dict)
    assert [(change["key"], change["status"]) for change in difference["changes"]] == [
        ("draft", "removed"),
        ("plan", "changed"),
        ("budget", "changed"),
    ]


def test_diff_says_what_changed_inside_the_values(run: Run, store: Path) -> None:
    outcome = run("diff", "3", "5", "-s", store, "--agent", "planner")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "− default/planner/draft  v1 → v2",
        '    "hello"',
        "~ default/planner/plan  v1 → v2",
        '  ~ steps[0].status: "pending" → "done"',
    ]
    assert "1 removed · 1 changed" in outcome.err


def test_diff_exits_with_1_for_a_difference_only_where_asked(run: Run, store: Path) -> None:
    assert run("diff", "3", "5", "-s", store, "--exit-code").code == 1
    assert run("diff", "5", "5", "-s", store, "--exit-code").code == 0


def test_restore_refuses_to_guess_when_it_cannot_ask(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    outcome = run("restore", "before", "-s", store)
    assert outcome.code == 2
    assert "add --yes" in outcome.err
    assert run("inspect", store, "--json").json["commits"] == 5  # type: ignore[index]


def test_restore_asks_and_takes_no_for_an_answer(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    outcome = run("restore", "before", "-s", store)
    assert outcome.code == 1
    assert "default/planner/plan" in outcome.out
    assert "nothing was changed" in outcome.err
    assert run("inspect", store, "--json").json["commits"] == 5  # type: ignore[index]


def test_restore_appends_one_commit_and_can_be_narrowed(run: Run, store: Path) -> None:  # S26
    outcome = run("restore", "before", "-s", store, "--agent", "planner", "--key", "plan", "--yes", "--json")
    assert isinstance(outcome.json, dict)
    assert (outcome.json["restored"], outcome.json["commit_ts"]) == (3, 6)
    assert run("get", "plan", "-s", store, "--agent", "planner").json == {"steps": [{"id": "a", "status": "pending"}]}
    assert run("get", "draft", "-s", store, "--agent", "planner").code == 1
    again = run("restore", "before", "-s", store, "--agent", "planner", "--key", "plan", "--yes")
    assert "nothing differs" in again.err


def test_a_fork_begins_at_a_moment_and_is_independent(run: Run, store: Path, tmp_path: Path) -> None:  # S27
    assert run("fork", tmp_path / "what-if", "-s", store, "--at", "before").code == 0
    with playhead.open(tmp_path / "what-if") as fork:
        assert fork.head == 3
        assert fork.write("planner", "plan", "other") == 4
    assert run("inspect", store, "--json").json["commits"] == 5  # type: ignore[index]


def test_an_export_imports_back_to_the_same_events_versions_states_and_snapshots(
    run: Run, store: Path, tmp_path: Path
) -> None:  # S2 S3 S21 S24
    log, copy = tmp_path / "events.jsonl", tmp_path / "copy"
    assert run("export", store, "-o", log).code == 0
    assert run("import", log, "-o", copy).code == 0
    with playhead.open(store) as ours, playhead.open(copy) as theirs:
        assert list(theirs.replay()) == list(ours.replay())
        for at in range(ours.head + 1):
            assert theirs.state("planner", at) == ours.state("planner", at)
        assert theirs.snapshot_entries() == ours.snapshot_entries()
        assert theirs.write("planner", "plan", "on") == ours.head + 1
    streamed = run("export", copy).out.splitlines()
    assert streamed[1:6] == log.read_text().splitlines()[1:6]


def test_an_import_reports_what_it_skipped_and_the_run_is_read_only(run: Run, tmp_path: Path) -> None:  # S28
    log = tmp_path / "app.jsonl"
    log.write_text('{"event": "start", "n": 1}\nnot json at all\n{"event": "stop", "n": 2}\n{"event": "cut')
    target = tmp_path / "imported"
    outcome = run("import", log, "-o", target)
    assert outcome.code == 0
    assert "skipped 1 malformed line; the first is line 2 of app.jsonl" in outcome.err
    assert "cut off" in outcome.err
    inspected = run("inspect", target).out
    assert "read-only" in inspected
    assert "1 malformed line, 1 torn line" in inspected
    refused = run("restore", "1", "-s", target, "--yes")
    assert refused.code == 2
    assert "imported run" in refused.err
    assert run("snapshot", "take", "here", "-s", target).code == 0


def test_an_import_never_touches_what_is_already_there(run: Run, store: Path, tmp_path: Path) -> None:
    log = tmp_path / "app.jsonl"
    log.write_text('{"event": "start"}\n')
    outcome = run("import", log, "-o", store)
    assert outcome.code == 2
    assert "something is there already" in outcome.err
    assert run("inspect", store, "--json").json["commits"] == 5  # type: ignore[index]


def test_an_unrecognised_file_is_told_what_was_looked_for(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "picture.jsonl"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    outcome = run("import", picture, "-o", tmp_path / "new")
    assert outcome.code == 2
    assert "no format recognises it; looked for:" in outcome.err
    assert "Claude Code" in outcome.err
    assert not (tmp_path / "new").exists()


def test_opening_a_log_a_second_time_loads_nothing(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "app.jsonl"
    log.write_text('{"event": "start"}\n')
    first = run("open", log, "--json").json
    second = run("open", log, "--json").json
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["imported"]["events"] == 1
    assert second == {**first, "imported": None}
    log.write_text('{"event": "start"}\n{"event": "more"}\n')
    grown = run("open", log, "--json").json
    assert isinstance(grown, dict)
    assert (grown["head"], grown["store"]) == (2, first["store"])


def test_the_demo_is_a_copy_that_keeps_what_was_done_to_it_until_a_fresh_one_is_asked_for(run: Run) -> None:
    first = run("demo", "--json").json
    assert isinstance(first, dict)
    with playhead.open(first["store"]) as demo:
        assert demo.write("planner", "note", "mine") == first["head"] + 1
    again = run("demo", "--json").json
    assert isinstance(again, dict)
    assert again["head"] == first["head"] + 1
    assert run("demo", "--fresh", "--json").json == first


def test_opening_without_a_terminal_names_the_commands_that_need_none(run: Run, store: Path) -> None:
    outcome = run("open", store)
    assert outcome.code == 2
    assert "needs a terminal" in outcome.err


def test_export_lines_are_json(run: Run, store: Path) -> None:
    lines = [json.loads(line) for line in run("export", store).out.splitlines()]
    assert lines[0]["format"] == "playhead"
    assert [line["commit_ts"] for line in lines[1:6]] == [1, 2, 3, 4, 5]
    assert lines[6]["snapshot"]["label"] == "before"


def test_an_export_to_a_dash_goes_to_standard_output(
    run: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("export", store, "-o", "-").out == run("export", store).out
    assert not (tmp_path / "-").exists()


def test_a_disk_that_cannot_be_written_is_one_line(
    run: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.open

    def refuse(path: Path, mode: str = "r", *rest: object, **named: object) -> object:
        if "w" in mode and path.parent == tmp_path:
            raise OSError(30, "Read-only file system", str(path))
        return original(path, mode, *rest, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    outcome = run("export", store, "-o", tmp_path / "out.jsonl")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "Read-only file system" in outcome.err


def test_without_a_writable_cache_a_log_still_opens(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocked").write_text("a file where the cache should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "blocked"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    log = tmp_path / "app.jsonl"
    log.write_text('{"event": "start"}\n')
    assert isinstance(opened := run("open", log, "--json").json, dict)
    assert opened["head"] == 1


def test_a_session_whose_sub_agent_wrote_more_is_loaded_again(run: Run, tmp_path: Path) -> None:
    def record(session: str, text: str, **more: object) -> str:
        message = {"role": "user", "content": text}
        fields = {"type": "user", "sessionId": session, "uuid": text, "parentUuid": None, "message": message, **more}
        return json.dumps({**fields, "timestamp": "2026-11-01T14:00:00.000Z"}) + "\n"

    session = tmp_path / "5e5510e0-0000-4000-8000-000000000000.jsonl"
    session.write_text(record(session.stem, "go"))
    agent = tmp_path / session.stem / "subagents" / "agent-a1.jsonl"
    agent.parent.mkdir(parents=True)
    agent.write_text(record(session.stem, "first", isSidechain=True, agentId="a1"))
    before = run("open", session, "--json").json
    with agent.open("a") as file:
        file.write(record(session.stem, "second", isSidechain=True, agentId="a1"))
    after = run("open", session, "--json").json
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert after["head"] > before["head"]
