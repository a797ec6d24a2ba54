"""Folders of logs and explanations on the command line."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from playhead.formats.registry import formats


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    root = tmp_path / "logs"
    (root / "deep").mkdir(parents=True)
    (root / "one.jsonl").write_text('{"event": "start"}\n{"event": "stop"}\n')
    (root / "deep" / "two.jsonl").write_text('{"event": "start"}\nnot json\n')
    (root / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    return root


def test_importing_a_folder_prints_a_table_of_its_logs(run: Run, logs: Path, tmp_path: Path) -> None:
    outcome = run("import", logs, "-o", tmp_path / "store")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "log\tformat\tevents\toutcome",
        "deep/two.jsonl\tjsonl\t1\tloaded",
        "one.jsonl\tjsonl\t2\tloaded",
    ]
    assert "3 events" in outcome.err
    assert "skipped 1 malformed line; the first is line 2 of deep/two.jsonl" in outcome.err
    assert "passed over 1 file that no format recognises: picture.png" in outcome.err
    agents = run("agents", tmp_path / "store").out
    assert "one.jsonl" in agents and "deep/two.jsonl" in agents


def test_importing_a_folder_as_json_names_every_file(run: Run, logs: Path, tmp_path: Path) -> None:
    told = run("import", logs, "-o", tmp_path / "store", "--json").json
    assert isinstance(told, dict)
    assert [(log["name"], log["status"]) for log in told["logs"]] == [
        ("deep/two.jsonl", "loaded"),
        ("one.jsonl", "loaded"),
        ("picture.png", "unrecognised"),
    ]


def test_a_broken_log_in_a_folder_refuses_it_and_keep_going_does_not(run: Run, logs: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(logs / "broken.db")) as connection, connection:
        connection.execute("create table checkpoints (thread_id, checkpoint_id, type, checkpoint, metadata)")
        texts = ((f"{number:04}", json.dumps({"channel_values": {"text": "x" * 3000}})) for number in range(60))
        connection.executemany("insert into checkpoints values ('t', ?, 'json', ?, null)", texts)
    content = bytearray((logs / "broken.db").read_bytes())
    content[len(content) // 8192 * 4096 : len(content) // 8192 * 4096 + 4096] = b"\xff" * 4096
    (logs / "broken.db").write_bytes(content)
    refused = run("import", logs, "-o", tmp_path / "store")
    assert refused.code == 2
    assert "--keep-going loads what can be" in refused.err
    assert not (tmp_path / "store").exists()
    assert run("open", logs, "--json").code == 2
    kept = run("import", logs, "-o", tmp_path / "store", "--keep-going")
    assert kept.code == 0
    assert any(line.startswith("broken.db\tlanggraph\t") and "damaged" in line for line in kept.out.splitlines())
    assert run("open", logs, "--json", "--keep-going").code == 0


def test_opening_a_folder_a_second_time_loads_nothing_until_a_file_changes(run: Run, logs: Path) -> None:
    first, second = run("open", logs, "--json").json, run("open", logs, "--json").json
    assert isinstance(first, dict) and isinstance(second, dict)
    assert first["imported"]["events"] == 3
    assert second["imported"] is None
    assert second["store"] == first["store"]
    (logs / "three.jsonl").write_text('{"event": "new"}\n')
    third = run("open", logs, "--json").json
    assert isinstance(third, dict)
    assert third["imported"]["events"] == 4
    assert run("agents", logs).code == 0


def test_explain_says_which_format_matched_and_makes_nothing(run: Run, logs: Path, tmp_path: Path) -> None:
    log = logs / "deep" / "two.jsonl"
    outcome = run("import", log, "--explain")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert any(line.startswith("jsonl\tyes\t") for line in lines)
    assert any(line.startswith("langgraph\tno\t") for line in lines)
    assert "malformed\tskipped\t1" in lines
    assert "agent\tdefault/main\t1" in lines
    told = run("import", log, "--explain", "--json").json
    assert isinstance(told, dict)
    assert told["report"]["malformed"] == 1
    assert told["operations_by_area"] == {"events": 1}
    assert told["events_by_kind"] == {"start": 1}
    assert not (tmp_path / "cache").exists()


def test_explain_of_a_folder_tells_of_each_log_and_of_all(run: Run, logs: Path, tmp_path: Path) -> None:
    outcome = run("import", logs, "--explain")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[:4] == [
        "log\tformat\trecords\tevents\toperations\tskipped\tunknown\toutcome",
        "deep/two.jsonl\tjsonl\t1\t1\t1\t1\t0\tcan be loaded",
        "one.jsonl\tjsonl\t2\t2\t2\t0\t0\tcan be loaded",
        "all 2 logs\tfolder\t3\t3\t3\t1\t0\tcan be loaded",
    ]
    assert "event kind\tstart\t2" in lines
    assert "picture.png: no format recognises it" in outcome.err
    told = run("import", logs, "--explain", "--json").json
    assert isinstance(told, dict)
    assert [(log["name"], log["report"]["events"]) for log in told["logs"]] == [("deep/two.jsonl", 1), ("one.jsonl", 2)]
    assert told["total"]["events_by_kind"] == {"start": 2, "stop": 1}
    assert not (tmp_path / "cache").exists()
    (tmp_path / "nothing").mkdir()
    assert run("import", tmp_path / "nothing", "--explain").code == 2


def test_explain_of_what_no_format_knows_says_what_each_looked_for(run: Run, logs: Path) -> None:
    outcome = run("import", logs / "picture.png", "--explain")
    assert outcome.code == 2
    assert len(outcome.out.splitlines()) == 1 + len(formats())
    (logs / "broken.db").write_bytes(b"SQLite format 3\0 and nothing else")
    assert "damaged" in run("import", logs / "broken.db", "--explain").out


def test_formats_are_listed_in_the_order_they_are_asked(run: Run) -> None:
    listed = json.loads(run("formats", "--json").out)
    assert [one["name"] for one in listed] == [one.name for one in formats()]
    assert run("formats").out.splitlines()[0] == "name\tlog\trecognised by"
