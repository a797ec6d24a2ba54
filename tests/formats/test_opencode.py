from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.formats.conftest import load, sample

from playhead.errors import ImportFormatError
from playhead.formats.opencode import OpenCode, OpenCodeStore
from playhead.formats.registry import recognise

SCHEMA = """
create table session (id text primary key, project_id text, parent_id text, directory text, title text, version text,
  time_created integer, time_updated integer);
create table message (id text primary key, session_id text, time_created integer, time_updated integer, data text);
create table part (id text primary key, message_id text, session_id text, time_created integer, time_updated integer,
  data text);
create table todo (session_id text, content text, status text, priority text, position integer);
"""


def stored(path: Path, export: Path) -> Path:
    """A store that holds what an export tells."""
    told = json.loads(export.read_text())
    info = told["info"]
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMA)
        row = (info["id"], info["directory"], info["title"], info["version"], info["time"]["created"])
        database.execute(
            "insert into session (id, directory, title, version, time_created) values (?, ?, ?, ?, ?)", row
        )
        for message in told["messages"]:
            about = message["info"]
            data = json.dumps({name: value for name, value in about.items() if name not in ("id", "sessionID")})
            created = about["time"]["created"]
            database.execute("insert into message values (?, ?, ?, ?, ?)", (about["id"], info["id"], created, 0, data))
            for number, part in enumerate(message["parts"]):
                kept = {name: value for name, value in part.items() if name not in ("id", "sessionID", "messageID")}
                held = (part["id"], about["id"], info["id"], created + number, 0, json.dumps(kept))
                database.execute("insert into part values (?, ?, ?, ?, ?, ?)", held)
        database.execute("insert into todo values (?, 'fix add', 'completed', 'high', 0)", (info["id"],))
        database.commit()
    return path


def test_the_store_and_its_export_leave_the_same_messages_calls_and_tokens(tmp_path: Path) -> None:
    export = sample("other-agent-clis/opencode-1.18.33/opencode_export.json")
    path = stored(tmp_path / "opencode.db", export)
    assert recognise(path)[0].name == "opencode-sqlite"
    kept, told = load(OpenCodeStore(), path), load(OpenCode(), export)
    for prefix in ("messages/", "tool_calls/", "usage", "files/", "errors/", "final"):
        assert {key: kept.value(key) for key in kept.keys(prefix)} == {
            key: told.value(key) for key in told.keys(prefix)
        }
    assert kept.report.counts["messages"] == told.report.counts["messages"] == 7
    assert {address.namespace for address in kept.state} == {address.namespace for address in told.state}
    assert kept.value("todos") == [{"id": "1", "content": "fix add", "status": "completed"}]


def test_every_session_of_a_store_is_a_namespace_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMA)
        for number in range(3):
            database.execute("insert into session (id, title, time_created) values (?, 't', ?)", (f"s{number}", 1))
            data = json.dumps({"role": "user", "time": {"created": 1772359200000}})
            database.execute("insert into message values (?, ?, 1, 1, ?)", (f"m{number}", f"s{number}", data))
            text = json.dumps({"type": "text", "text": f"hello {number}"})
            database.execute(
                "insert into part values (?, ?, ?, 1, 1, ?)", (f"p{number}", f"m{number}", f"s{number}", text)
            )
        database.commit()
    loaded = load(OpenCodeStore(), path)
    assert {address.namespace for address in loaded.state} == {f"opencode:s{number}" for number in range(3)}
    assert loaded.report.counts["messages"] == 3


@pytest.mark.parametrize("data", ["{", "[1]", "null", "7", '{"role": {}}', '{"type": [], "text": {}}', None])
def test_rows_that_hold_no_such_thing_are_counted_and_cost_only_themselves(data: str | None, tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMA)
        database.execute("insert into message values ('m1', 's1', 1, 1, ?)", (data,))
        database.execute("insert into part values ('p1', 'm1', 's1', 1, 1, ?)", (data,))
        database.commit()
    loaded = load(OpenCodeStore(), path)
    assert loaded.report.counts["messages"] == 1


def test_a_damaged_store_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = stored(tmp_path / "opencode.db", sample("other-agent-clis/opencode-1.18.33/opencode_export.json"))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImportFormatError, match=r"opencode\.db"):
        load(OpenCodeStore(), path)


def test_a_session_file_of_old_is_read_with_its_messages_and_parts() -> None:
    folder = sample("other-agent-clis/agent-sessions/stage0/agents/opencode")
    path = folder / "storage_v2/session/proj_test/ses_s_stage0_large.json"
    known, source = recognise(path)
    assert known.name == "opencode-storage"
    loaded = load(known, path)
    messages = sorted((folder / "storage_v2/message/s_stage0_large").glob("*.json"))
    parts = [json.loads(part.read_text()) for part in sorted((folder / "storage_v2/part").glob("m_*_large_*/*.json"))]
    assert loaded.report.counts["messages"] == len(messages) == 4
    assert loaded.report.counts["tool_results"] == sum(part["type"] == "tool" for part in parts) == 1
    assert len(known.files(source)) == 1 + len(messages) + len(parts)
    assert loaded.report.bytes_read == loaded.report.bytes_total
    flat = load(known, folder / "storage_legacy/session/proj_test/ses_s_stage0_drift.json")
    assert flat.report.counts["messages"] == 2
    assert flat.report.counts["tool_results"] == 1
