from __future__ import annotations

import json
from pathlib import Path

from tests.formats.agent_logs import ANSWER, GEMINI_CALL
from tests.formats.conftest import Loaded, load, sample, write_lines

from playhead.formats.gemini import Gemini
from playhead.formats.registry import recognise
from playhead.model import JSON

HEADER: JSON = {"sessionId": "s1", "projectHash": "h", "startTime": "2026-03-01T10:00:00Z"}


def session(folder: Path, *records: JSON) -> Loaded:
    return load(Gemini(), write_lines(folder / "log", [HEADER, *records]))


def message(identity: str, text: str, kind: str = "user") -> JSON:
    return {"id": identity, "type": kind, "content": text}


def test_a_message_told_again_is_a_new_version_and_its_tokens_count_once(tmp_path: Path) -> None:
    loaded = session(tmp_path, ANSWER, {**ANSWER, "toolCalls": [GEMINI_CALL]}, {**ANSWER, "content": "on it, really"})
    assert loaded.keys("messages/") == ["messages/0001"]
    texts = [value["text"] for value in loaded.history("messages/0001") if isinstance(value, dict)]
    assert texts == ["on it", "on it", "on it, really"]
    assert loaded.report.counts["input_tokens"] == 5
    assert loaded.kinds() == ["session", "assistant", "tool_call", "tool_result", "assistant"]


def test_a_rewind_takes_back_the_message_it_names_and_all_after_it(tmp_path: Path) -> None:
    loaded = session(
        tmp_path, message("a", "1"), message("b", "2"), message("c", "3"), {"$rewindTo": "b"}, message("d", "4")
    )
    assert loaded.keys("messages/") == ["messages/0001", "messages/0004"]


def test_a_rewind_to_a_message_that_is_not_there_takes_back_all(tmp_path: Path) -> None:
    loaded = session(tmp_path, message("a", "1"), message("b", "2"), {"$rewindTo": "nowhere"})
    assert loaded.keys("messages/") == []
    assert loaded.report.counts["rewinds"] == 1


def test_a_replaced_list_drops_what_it_does_not_hold_and_adds_what_is_new(tmp_path: Path) -> None:
    replaced: JSON = {"$set": {"messages": [message("b", "2"), message("x", "summary")]}}
    loaded = session(tmp_path, message("a", "1"), message("b", "2"), replaced, message("c", "3"))
    assert loaded.keys("messages/") == ["messages/0002", "messages/0003", "messages/0004"]
    last = loaded.value("messages/0003")
    assert isinstance(last, dict)
    assert last["text"] == "summary"


def test_results_in_the_users_turn_answer_calls_and_are_no_messages(tmp_path: Path) -> None:
    running: dict[str, JSON] = {"id": "r1", "name": "ls", "args": {}}
    answer: JSON = {"functionResponse": {"id": "r1", "name": "ls", "response": {"error": "denied"}}}
    loaded = session(
        tmp_path,
        {**ANSWER, "toolCalls": [running]},
        {"id": "u", "type": "user", "content": [answer]},
        {"id": "v", "type": "user", "content": [answer]},
    )
    assert loaded.keys("messages/") == ["messages/0001"]
    value = loaded.value("tool_calls/r1")
    assert isinstance(value, dict)
    assert (value["status"], value["result"]) == ("error", "denied")
    assert loaded.report.counts["told_twice"] == 1


def test_an_edit_is_told_by_its_difference(tmp_path: Path) -> None:
    value = session(tmp_path, {**ANSWER, "toolCalls": [GEMINI_CALL]}).value("files//w/a.py")
    assert value == {"op": "replace", "call": "tool_calls/r1", "edits": 1, "added": 1, "removed": 1, "patch": "-x\n+y"}


def test_the_json_file_of_old_says_what_the_log_of_changes_says(tmp_path: Path) -> None:
    path = sample("gemini-cli/agentcmd/session-2025-10-29T10-36-453aa339.json")
    document = json.loads(path.read_text())
    header = {name: value for name, value in document.items() if name != "messages"}
    replayed = load(Gemini(), write_lines(tmp_path / "log", [header, *document["messages"]]))
    whole = load(Gemini(), path)
    assert replayed.state == whole.state
    assert replayed.labels() == whole.labels()


def test_sub_agents_in_the_folder_of_the_session_are_agents_of_it(tmp_path: Path) -> None:
    def at(second: int, identity: str) -> JSON:
        return {"id": identity, "timestamp": f"2026-03-01T10:00:{second:02}Z", "type": "user", "content": identity}

    path = write_lines(tmp_path / "session.jsonl", [HEADER, at(1, "a"), at(5, "b")])
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "notes.json").write_text("{}")
    child: JSON = {"sessionId": "s2", "projectHash": "h", "kind": "subagent", "startTime": "2026-03-01T10:00:02Z"}
    write_lines(tmp_path / "s1" / "s2.jsonl", [child, at(3, "x")])
    loaded = load(Gemini(), path)
    assert [label for label in loaded.labels() if len(label) == 1] == ["a", "x", "b"]
    assert {address.agent_id for address in loaded.state} == {"main", "s2"}
    assert {address.namespace for address in loaded.state} == {"gemini:s1"}
    assert loaded.drafts[-2].meta["file"] == "s1/s2.jsonl"
    assert loaded.report.files == ["session.jsonl", "s2.jsonl"]


def test_the_list_of_prompts_beside_sessions_is_read_too(tmp_path: Path) -> None:
    prompt: dict[str, JSON] = {
        "sessionId": "s",
        "messageId": 0,
        "type": "user",
        "message": "hi",
        "timestamp": "2026-03-01T10:00:00Z",
    }
    path = tmp_path / "logs.json"
    path.write_text(json.dumps([prompt, {**prompt, "messageId": 1, "message": "there"}]))
    known, _ = recognise(path)
    assert known.name == "gemini"
    assert load(known, path).labels() == ["hi", "there"]
