from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.formats.conftest import Loaded, load, sample

from playhead.errors import ImportFormatError
from playhead.formats.opencode import OpenCode, OpenCodeStore
from playhead.formats.registry import recognise
from playhead.model import JSON

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


SECOND_SCHEMA = """
create table session_v2 (id text primary key, parent_id text, directory text, title text, time_created integer);
create table session_message (id text primary key, session_id text, type text, seq integer, time_created integer,
  time_updated integer, data text);
"""


def second_messages() -> list[dict[str, JSON]]:
    """A conversation as opencode 2 keeps it."""
    tokens: JSON = {"input": 7, "output": 3, "reasoning": 1, "cache": {"read": 2, "write": 0}}
    done: JSON = {"status": "completed", "input": {"filePath": "a"}, "content": [{"type": "text", "text": "one"}]}
    failed: JSON = {"status": "error", "input": {"command": "x"}, "error": {"type": "tool", "message": "denied"}}
    exited: JSON = {
        "status": "completed",
        "input": {"command": "false"},
        "content": [{"type": "text", "text": "no"}],
        "metadata": {"exit": 1},
    }
    times: JSON = {"created": 1772359201000, "ran": 1772359202000, "completed": 1772359203000}
    content: list[JSON] = [
        {"type": "reasoning", "text": "hm"},
        {"type": "text", "text": "looking"},
        {"type": "tool", "id": "c1", "name": "read", "state": done, "time": times},
        {"type": "tool", "id": "c2", "name": "webfetch", "state": failed, "time": times},
        {"type": "tool", "id": "c3", "name": "shell", "state": exited, "time": times},
    ]
    answer: dict[str, JSON] = {"agent": "build", "model": {"id": "m-1", "providerID": "p"}, "content": content}
    answer |= {"cost": 0.5, "tokens": tokens, "finish": "stop"}
    shell: dict[str, JSON] = {
        "shellID": "sh1",
        "command": "ls",
        "status": "exited",
        "exit": 0,
        "output": {"output": "b"},
    }
    summary: dict[str, JSON] = {"status": "completed", "reason": "auto", "summary": "so far", "recent": ""}
    told: list[tuple[str, dict[str, JSON]]] = [
        ("agent-switched", {"agent": "build"}),
        ("user", {"text": "fix it", "files": [{"name": "a.txt", "mime": "text/plain"}]}),
        ("synthetic", {"text": "a note"}),
        ("assistant", answer),
        ("shell", {**shell, "time": {"created": 1772359204000, "completed": 1772359205000}}),
        (
            "assistant",
            {"agent": "build", "model": {"id": "m-1"}, "content": [], "error": {"type": "api", "message": "429"}},
        ),
        ("compaction", {**summary, "tokens": {"input": 5, "output": 1}}),
        ("idle", {"outcome": "failed"}),
    ]
    return [
        {"id": f"msg_{number}", "type": kind, "time": {"created": 1772359200000 + number}, **data}
        for number, (kind, data) in enumerate(told)
    ]


def check_second(loaded: Loaded) -> None:
    roles = [value["role"] for key in loaded.keys("messages/") if isinstance(value := loaded.value(key), dict)]
    assert roles == ["user", "user", "assistant", "user", "assistant", "user"]
    first = loaded.value("messages/0001")
    assert isinstance(first, dict)
    assert first["text"] == "fix it\n[file a.txt]"
    answer = loaded.value("messages/0003")
    assert isinstance(answer, dict)
    assert (answer["text"], answer["reasoning"], answer["calls"]) == ("looking", "hm", ["c1", "c2", "c3"])
    calls = {
        key.removeprefix("tool_calls/"): (value["name"], value["status"], value["result"])
        for key in loaded.keys("tool_calls/")
        if isinstance(value := loaded.value(key), dict)
    }
    assert calls == {
        "c1": ("read", "ok", "one"),
        "c2": ("webfetch", "error", "denied"),
        "c3": ("shell", "error", "no"),
        "sh1": ("shell", "ok", "b"),
    }
    usage = loaded.value("usage")
    assert isinstance(usage, dict)
    assert (usage["input"], usage["output"], usage["calls"], usage["cost_usd"]) == (12, 4, 2, 0.5)
    assert loaded.report.counts["errors"] == 3
    assert loaded.value("status") == {"phase": "error", "turn": 2, "step": 2, "stop_reason": "failed"}
    assert not loaded.report.unknown


def test_what_opencode_2_keeps_is_told_and_what_it_moved_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMA + SECOND_SCHEMA)
        database.execute("insert into session_v2 (id, title, directory) values ('s2', 'new', '/w')")
        database.execute("insert into session (id, title) values ('s2', 'old')")
        database.execute("insert into session (id, title) values ('s1', 'stayed')")
        user = json.dumps({"role": "user", "time": {"created": 1772359200000}})
        for identity, session in (("msg_1", "s2"), ("msg_old", "s1")):
            database.execute("insert into message values (?, ?, 1, 1, ?)", (identity, session, user))
        switched = json.dumps({"agent": "plan", "time": {"created": 1}})
        database.execute("insert into session_message values ('x', 's1', 'agent-switched', 0, 1, 1, ?)", (switched,))
        for number, message in enumerate(second_messages()):
            data = {name: value for name, value in message.items() if name not in ("id", "type")}
            row = (message["id"], "s2", message["type"], number, 1772359200000 + number, 1, json.dumps(data))
            database.execute("insert into session_message values (?, ?, ?, ?, ?, ?, ?)", row)
        database.commit()
    assert recognise(path)[0].name == "opencode-sqlite"
    loaded = load(OpenCodeStore(), path)
    assert {address.namespace for address in loaded.state} == {"opencode:s1", "opencode:s2"}
    kept = {address: value for address, value in loaded.state.items() if address.namespace == "opencode:s2"}
    check_second(Loaded(loaded.drafts, loaded.report, kept, loaded.versions))
    about = next(value for address, value in kept.items() if address.key == "session")
    assert isinstance(about, dict)
    assert about["title"] == "new"
    stayed = [address.key for address in loaded.state if address.namespace == "opencode:s1"]
    assert "messages/0001" in stayed
    assert "mode" not in stayed


def test_an_export_of_opencode_2_says_what_its_store_says(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"info": {"id": "s2", "title": "new"}, "messages": second_messages()}))
    known, _ = recognise(path)
    assert known.name == "opencode"
    loaded = load(known, path)
    assert {address.namespace for address in loaded.state} == {"opencode:s2"}
    check_second(loaded)


@pytest.mark.parametrize("odd", [None, [], {}, 7, [[]]])
def test_fields_of_any_type_in_what_opencode_2_keeps_cost_only_themselves(odd: JSON, tmp_path: Path) -> None:
    """Every field of every content, one at a time."""
    path = tmp_path / "export.json"
    for number in range(5):
        for name in ("type", "id", "name", "state", "time", "text"):
            messages = second_messages()
            content = messages[3]["content"]
            assert isinstance(content, list)
            content[number][name] = odd  # type: ignore[index, call-overload]
            path.write_text(json.dumps({"info": {"id": "s2"}, "messages": messages}))
            assert load(OpenCode(), path).report.counts["messages"] == 6
