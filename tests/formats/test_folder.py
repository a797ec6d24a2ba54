"""Folders of logs: every session apart, every file accounted for, the same from one process or many."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.formats.conftest import SAMPLES, write_lines

import playhead
from playhead.errors import ImportFormatError, LogError, UnknownFormatError
from playhead.formats import folder, parallel
from playhead.formats.report import ImportReport
from playhead.model import JSON


def session(path: Path, identity: str, *texts: str, day: int = 1) -> Path:
    """A Claude Code session of prompts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records: list[JSON] = [
        {
            "type": "user",
            "sessionId": identity,
            "uuid": f"{identity}{number}",
            "parentUuid": f"{identity}{number - 1}" if number else None,
            "timestamp": f"2026-01-{day:02}T10:00:{number:02}Z",
            "message": {"role": "user", "content": text},
        }
        for number, text in enumerate(texts)
    ]
    return write_lines(path, records)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two sessions, a third that tells of the first again, two plain logs, and what is no log."""
    root = tmp_path / "logs"
    session(root / "z" / "early.jsonl", "s1", "one", "two", day=1)
    session(root / "a.jsonl", "s2", "three", day=2)
    session(root / "copy" / "again.jsonl", "s1", "four", day=3)
    write_lines(root / "plain.jsonl", [{"event": "x", "n": 1}, {"event": "x", "n": 2}])
    write_lines(root / "z" / "plain.jsonl", [{"event": "y"}])
    (root / "notes.txt").write_text("Dear diary")
    (root / "empty.jsonl").write_text("")
    (root / ".git").mkdir()
    session(root / ".git" / "hidden.jsonl", "s9", "never")
    return root


def load(root: Path, store: Path, *, keep_going: bool = False) -> ImportReport:
    return playhead.import_log(root, store, keep_going=keep_going)


def told(store: Path) -> list[tuple[str, str, str, JSON]]:
    """Every operation: namespace, agent, key and value, in the order of the events."""
    with playhead.open(store, read_only=True) as opened:
        return [
            (one.namespace, one.agent_id, one.key, one.value) for event in opened.replay() for one in event.operations
        ]


def test_sessions_keep_apart_and_follow_one_another_by_when_they_begin(logs: Path, tmp_path: Path) -> None:
    load(logs, tmp_path / "store")
    order = list(dict.fromkeys(namespace for namespace, *_ in told(tmp_path / "store")))
    assert order == ["claude:s1", "claude:s2", "claude:s1~copy/again.jsonl", "plain.jsonl", "z/plain.jsonl"]
    with playhead.open(tmp_path / "store", read_only=True) as opened:
        files = {str(event.meta["file"]) for event in opened.replay()}
    assert files == {"z/early.jsonl", "a.jsonl", "copy/again.jsonl", "plain.jsonl", "z/plain.jsonl"}


def test_every_file_is_accounted_for(logs: Path, tmp_path: Path) -> None:
    report = load(logs, tmp_path / "store")
    outcomes = {log.name: (log.status, log.format) for log in report.logs}
    assert outcomes == {
        ".git/": ("unrecognised", ""),
        "a.jsonl": ("loaded", "claude-code"),
        "copy/again.jsonl": ("loaded", "claude-code"),
        "empty.jsonl": ("empty", ""),
        "notes.txt": ("unrecognised", ""),
        "plain.jsonl": ("loaded", "jsonl"),
        "z/early.jsonl": ("loaded", "claude-code"),
        "z/plain.jsonl": ("loaded", "jsonl"),
    }
    assert [log.name for log in report.logs] == sorted(outcomes)
    assert report.events == sum(log.events for log in report.logs) == 7
    assert report.records == sum(
        path.read_text().count("\n") for path in logs.rglob("*.jsonl") if ".git" not in path.parts
    )
    assert report.bytes_read == report.bytes_total
    assert json.loads(json.dumps(report.to_json()))["logs"][1]["format"] == "claude-code"


def test_many_processes_say_what_one_says(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # S21
    alone = load(logs, tmp_path / "alone")
    monkeypatch.setattr(parallel, "PAYS_FROM_BYTES", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    heard: list[int] = []

    def listen(report: ImportReport) -> None:
        report.advance = heard.append

    together = playhead.import_log(logs, tmp_path / "together", on_start=listen)
    assert told(tmp_path / "together") == told(tmp_path / "alone")
    assert together.to_json() == alone.to_json()
    assert heard[-1] == together.bytes_total
    assert heard == sorted(heard)


def test_a_process_that_dies_is_named(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "PAYS_FROM_BYTES", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_WORKER", "import sys; sys.stdin.readline(); sys.exit(7)")
    with pytest.raises(LogError, match=r"ended early \(code 7\)"):
        load(logs, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_links_in_circles_and_to_the_same_file_are_followed_once(logs: Path, tmp_path: Path) -> None:
    before = load(logs, tmp_path / "before")
    (logs / "z" / "around").symlink_to(logs, target_is_directory=True)
    (logs / "zz-link.jsonl").symlink_to(logs / "a.jsonl")
    (logs / "dangling.jsonl").symlink_to(logs / "nowhere")
    after = load(logs, tmp_path / "after")
    assert after.events == before.events
    outside = session(tmp_path / "outside" / "log.jsonl", "s7", "linked", day=9)
    (logs / "linked").symlink_to(outside.parent, target_is_directory=True)
    assert load(logs, tmp_path / "linked").events == before.events + 1


def test_files_that_belong_to_a_log_are_read_with_it_alone(tmp_path: Path) -> None:
    root = tmp_path / "logs"
    session(root / "s1.jsonl", "s1", "main")
    (root / "s1" / "subagents").mkdir(parents=True)
    child: JSON = {
        "type": "user",
        "sessionId": "s1",
        "agentId": "sub",
        "isSidechain": True,
        "uuid": "u",
        "parentUuid": None,
    }
    assert isinstance(child, dict)
    write_lines(
        root / "s1" / "subagents" / "agent-sub.jsonl", [{**child, "message": {"role": "user", "content": "go"}}]
    )
    with closing(sqlite3.connect(root / "threads.db", isolation_level=None)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table checkpoints (thread_id, checkpoint_id, type, checkpoint, metadata)")
        writer.execute("insert into checkpoints values ('t', '1', 'json', '{\"channel_values\": {\"x\": 1}}', null)")
        report = load(root, tmp_path / "store")
    assert [(log.name, log.status) for log in report.logs] == [("s1.jsonl", "loaded"), ("threads.db", "loaded")]
    assert ("claude:s1", "sub", "messages/0001") in {one[:3] for one in told(tmp_path / "store")}


def broken(logs: Path) -> None:
    """Make one of the logs break after its first event, and add one that cannot be opened."""
    with closing(sqlite3.connect(logs / "m.db", isolation_level=None)) as writer:
        writer.execute("create table checkpoints (thread_id, checkpoint_id, type, checkpoint, metadata)")
        writer.execute("create table writes (thread_id, checkpoint_id, task_id, channel, value)")
        for number in range(400):
            value = json.dumps({"channel_values": {"x": number, "text": f"{number} " * 200}})
            writer.execute("insert into checkpoints values ('t', ?, 'json', ?, null)", (f"{number:04}", value))
    content = bytearray((logs / "m.db").read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    (logs / "m.db").write_bytes(content)
    (logs / "n.db").write_bytes(b"SQLite format 3\0 and nothing else")


def test_a_broken_log_refuses_all_unless_told_to_keep_going(logs: Path, tmp_path: Path) -> None:
    broken(logs)
    with pytest.raises(ImportFormatError, match=r"1 of 6 logs .* nothing was loaded .* the first is m.db: .*damaged"):
        load(logs, tmp_path / "store")
    assert not (tmp_path / "store").exists()
    report = load(logs, tmp_path / "store", keep_going=True)
    statuses = {log.name: log.status for log in report.logs}
    assert statuses["n.db"] == "unreadable"
    assert statuses["m.db"] == "broken"
    assert Counter(statuses.values())["loaded"] == 5
    assert all(log.reason for log in report.logs if log.status != "loaded")


def test_a_single_broken_log_gives_what_could_be_read_where_told_to_keep_going(tmp_path: Path) -> None:
    about = json.dumps({"version": 2, "status": "success", "eval": {"task": "t"}, "plan": {}})
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as packed:
        packed.writestr("_journal/start.json", about)
        packed.writestr("samples/1_epoch_1.json", json.dumps({"id": 1, "epoch": 1, "input": "hi", "messages": []}))
        packed.writestr("samples/2_epoch_1.json", '{"id": 2')
    with pytest.raises(ImportFormatError, match=r"samples/2_epoch_1\.json' is not JSON"):
        load(tmp_path / "log.eval", tmp_path / "store")
    assert not (tmp_path / "store").exists()
    report = load(tmp_path / "log.eval", tmp_path / "store", keep_going=True)
    assert report.counts["samples"] == 1
    assert report.warnings[0].startswith("broken off: ")
    with playhead.open(tmp_path / "store", read_only=True) as opened:
        assert opened.head == report.events == 3


def test_what_cannot_be_opened_is_named_and_stops_nothing(logs: Path, tmp_path: Path) -> None:
    (logs / "n.db").write_bytes(b"SQLite format 3\0 and nothing else")
    (logs / "some.zip").write_bytes(b"PK\x03\x04 and nothing else")
    report = load(logs, tmp_path / "store")
    reasons = {log.name: log.reason for log in report.logs if log.status == "unreadable"}
    assert reasons.keys() == {"n.db", "some.zip"}
    assert all("damaged" in reason for reason in reasons.values())
    (tmp_path / "none").mkdir()
    (logs / "n.db").rename(tmp_path / "none" / "n.db")
    with pytest.raises(UnknownFormatError, match=r"\(n\.db\); .*n\.db: .*damaged"):
        load(tmp_path / "none", tmp_path / "nothing")


def test_a_folder_without_a_log_and_a_store_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "notes.txt").write_text("nothing of ours")
    with pytest.raises(UnknownFormatError, match=r"none: no file in it is a log .*\(notes.txt\)"):
        load(tmp_path / "none", tmp_path / "store")
    with playhead.open(tmp_path / "none" / "run") as opened:
        opened.write("a", "k", 1)
    with pytest.raises(LogError, match="holds a Playhead store already"):
        load(tmp_path / "none" / "run", tmp_path / "store")
    session(tmp_path / "none" / "log.jsonl", "s", "x")
    report = load(tmp_path / "none", tmp_path / "store")
    assert {log.name: log.reason for log in report.logs}["run/"] == "a Playhead store: open it by itself"


def test_an_export_among_logs_gives_up_its_numbers_and_says_so(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run") as opened:
        opened.write("a", "k", 1, namespace="ours")
        opened.snapshot("here")
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "export.jsonl").write_bytes(b"".join(playhead.export_log(opened)))
    session(tmp_path / "logs" / "log.jsonl", "s", "x")
    report = load(tmp_path / "logs", tmp_path / "store")
    assert ("ours", "a", "k", 1) in told(tmp_path / "store")
    assert "its snapshots (1) are left out" in report.warnings[0]


def test_all_samples_load_as_one_folder(tmp_path: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the sample logs are not beside this checkout")
    report = load(SAMPLES / "inspect-ai", tmp_path / "store")
    gathered = folder.gather(SAMPLES / "inspect-ai")
    assert [log.name for log in report.logs if log.status == "loaded"] == [log.name for log in gathered.logs]
    assert len(gathered.logs) == sum(path.is_file() for path in (SAMPLES / "inspect-ai").rglob("*"))
