"""Questions to a store from the command line: answers on stdout, mistakes in one line on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from playhead_tui.cli.parser import parser

from .conftest import Run


def test_agents_are_listed_sorted(run: Run, store: Path) -> None:  # S17
    assert run("agents", store).out == "namespace\tagent\ndefault\tplanner\ndefault\trefund\n"
    assert run("agents", store, "--json").json == [
        {"namespace": "default", "agent_id": "planner"},
        {"namespace": "default", "agent_id": "refund"},
    ]


def test_keys_are_the_live_ones_unless_deleted_ones_are_asked_for(run: Run, store: Path) -> None:  # S17
    assert run("keys", store, "--agent", "planner").out == "plan\n"
    assert run("keys", store, "--agent", "planner", "--deleted").out == "draft\nplan\n"
    assert run("keys", store, "--agent", "planner", "--at", "3", "--json").json == ["draft", "plan"]


def test_get_prints_the_value_now_at_a_moment_and_by_version(run: Run, store: Path) -> None:  # S14 S15 S16
    assert run("get", "budget", "-s", store, "--agent", "refund").json == {"remaining": -1}
    assert run("get", "budget", "-s", store, "--agent", "refund", "--at", "4").json == {"remaining": 40}
    assert run("get", "budget", "-s", store, "--agent", "refund", "--version", "1").json == {"remaining": 40}
    record = run("get", "budget", "-s", store, "--agent", "refund", "--json").json
    assert isinstance(record, dict)
    assert (record["version"], record["commit_ts"], record["exists"]) == (2, 5, True)
    assert record["committed_at"] == "2026-11-01T14:05:00.000000Z"


def test_get_of_a_key_that_does_not_exist_says_so_and_exits_with_1(run: Run, store: Path) -> None:  # S14
    deleted = run("get", "draft", "-s", store, "--agent", "planner")
    assert (deleted.code, deleted.out) == (1, "")
    assert "default/planner/draft was deleted" in deleted.err
    assert "does not exist" in run("get", "nothing", "-s", store, "--agent", "planner").err


@pytest.mark.parametrize(
    ("moment", "remaining"),
    [("5", -1), ("4", 40), ("head", -1), ("before", 40), ("@14:04", 40), ("@2026-11-01T14:06+00:00", -1), ("99", -1)],
)
def test_a_moment_is_a_commit_a_label_or_a_time(run: Run, store: Path, moment: str, remaining: int) -> None:  # S16 S29
    assert run("get", "budget", "-s", store, "--agent", "refund", "--at", moment).json == {"remaining": remaining}


def test_replay_prints_one_json_object_per_event_within_inclusive_bounds(run: Run, store: Path) -> None:  # S18 S19
    lines = run("replay", store, "--start-ts", "2", "--end-ts", "4", "--json").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["commit_ts"] for event in events] == [2, 3, 4]
    assert [operation["op"] for operation in events[2]["operations"]] == ["write", "delete"]
    only = [json.loads(line) for line in run("replay", store, "--agent", "refund", "--json").out.splitlines()]
    assert [event["commit_ts"] for event in only] == [2, 5]


def test_replay_for_people_shows_labels_and_values(run: Run, store: Path) -> None:
    out = run("replay", store, "--start-ts", "4").out
    assert "tool_error" in out
    assert "plan went wrong" in out
    assert "− planner/draft v2" in out
    assert '= refund/budget v2 {"remaining": -1}' in out


def test_inspect_counts_what_the_store_holds(run: Run, store: Path) -> None:
    summary = run("inspect", store, "--json").json
    assert isinstance(summary, dict)
    assert {
        name: summary[name] for name in ("commits", "operations", "errors", "agents", "live_keys", "snapshots")
    } == {
        "commits": 5,
        "operations": 6,
        "errors": 1,
        "agents": 2,
        "live_keys": 2,
        "snapshots": 1,
    }
    assert "5 (1 error)" in run("inspect", store).out


def test_sql_prints_a_table_or_json(run: Run, store: Path) -> None:
    query = "select key, version from state_at(5) order by key"
    assert run("sql", query, "-s", store).out == "key\tversion\nbudget\t2\nplan\t2\n"
    assert run("sql", query, "-s", store, "--json").json == [
        {"key": "budget", "version": 2},
        {"key": "plan", "version": 2},
    ]


def test_a_log_can_stand_for_a_store(run: Run, store: Path, tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    assert run("export", store, "-o", log).code == 0
    assert run("get", "budget", "-s", log, "--agent", "refund").json == {"remaining": -1}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["agents", "{missing}"], "no store there"),
        (["agents", "{folder}"], "not a Playhead store"),
        (["keys", "{store}"], "name one of 2 agents with --agent: default/planner, default/refund"),
        (["keys", "{store}", "--agent", "ghost"], "no agent 'ghost' in this store; agents: default/planner"),
        (
            ["get", "plan", "-s", "{store}", "--agent", "planner", "--at", "nowhere"],
            "no snapshot is labelled 'nowhere'",
        ),
        (["get", "plan", "-s", "{store}", "--agent", "planner", "--at", "@25:99"], "not a time"),
        (["get", "plan", "-s", "{store}", "--agent", "planner", "--version", "-1"], "version must be a whole number"),
        (["get", "plan", "-s", "{store}", "--agent", "planner", "--at=-3"], "names no moment here"),
        (["replay", "{store}", "--start-ts=-1"], "start_ts must not be negative"),
        (["replay", "{store}", "--agent", "ghost"], "no agent 'ghost'"),
        (["sql", "drop table events", "-s", "{store}"], "only SELECT is allowed"),
        (["sql", "select nope from events", "-s", "{store}"], "nope"),
        (["diff", "1", "elsewhere", "-s", "{store}"], "no snapshot is labelled 'elsewhere'"),
        (["agents", "{store}", "-s", "{folder}"], "two stores are named"),
        (["import", "{missing}", "-o", "{new}"], "does not exist"),
        (["import", "{folder}", "-o", "{new}"], "no file in it is a log that any format recognises (notes.txt)"),
        (["import", "{folder}"], "name the store to make with -o STORE"),
        (["import", "{store}", "-o", "{new}"], "is a directory"),
        (["export", "{store}", "--json"], "--json prints a summary beside -o"),
        (["open", "{missing}"], "no store there"),
        (["snapshot", "take", "x", "-s", "{missing}"], "no store there"),
        (["restore", "1", "-s", "{missing}"], "no store there"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(
    run: Run, store: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing of ours")
    places = {"store": store, "folder": folder, "missing": tmp_path / "missing", "new": tmp_path / "new"}
    outcome = run(*(argument.format(**places) for argument in arguments))
    assert outcome.code == 2
    assert outcome.out == ""
    assert says in outcome.err
    assert outcome.err.startswith("playhead: ")
    assert outcome.err.count("\n") <= 2 if arguments[0] == "sql" else outcome.err.count("\n") == 1
    assert not (tmp_path / "missing").exists()
    assert not (tmp_path / "new").exists()


def test_every_command_has_help_and_json(run: Run) -> None:
    top = parser()
    actions = next(action for action in top._actions if isinstance(action.choices, dict))
    assert isinstance(actions.choices, dict)
    assert set(actions.choices) >= {"agents", "demo", "diff", "export", "get", "import", "inspect", "keys", "open"}
    for name in actions.choices:
        actions_of = {"snapshot": ["take", "list"], "cache": ["list", "remove", "prune"]}
        for words in [[name, action] for action in actions_of[name]] if name in actions_of else [[name]]:
            helped = run(*words, "--help")
            assert helped.code == 0
            assert "--json" in helped.out


def test_a_reader_that_goes_away_ends_the_command_quietly(store: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from playhead_tui.cli import main; sys.exit(main())",
        "replay",
        str(store),
    ]
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as gone:
        ended = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_version_and_help_load_nothing_heavy() -> None:
    code = (
        "import sys\nfrom playhead_tui.cli.parser import parser\nparser().format_help()\n"
        "print(sorted({'duckdb', 'numpy', 'pyarrow', 'rich', 'textual'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_source_prints_the_record_of_the_log_and_where_it_lies(run: Run, tmp_path: Path) -> None:  # S28
    log = tmp_path / "log.jsonl"
    log.write_text('{"kind": "note", "text": "one"}\n{"kind": "note", "text": "two"}\n')
    found = run("source", "2", "-s", log)
    assert json.loads(found.out) == {"kind": "note", "text": "two"}
    assert f"{log}, line 2, byte 32, 31 bytes" in found.err
    told = run("source", "2", "-s", log, "--json").json
    assert told == {
        "file": str(log),
        "place": "line 2, byte 32, 31 bytes",
        "note": None,
        "record": {"kind": "note", "text": "two"},
    }
    assert "there is no commit 9; the run has 1 to 2" in run("source", "9", "-s", log).err


def test_source_of_a_recorded_run_is_a_mistake_that_is_explained(run: Run, store: Path) -> None:
    outcome = run("source", "1", "-s", store)
    assert (outcome.code, outcome.out) == (2, "")
    assert "recorded, not imported" in outcome.err
