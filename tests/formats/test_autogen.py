"""AutoGen's dumps: what a run gave back, the log of a run's events, and a team's saved state."""

from __future__ import annotations

import json
from pathlib import Path

from tests.formats.conftest import load, write_lines

from playhead.formats.autogen import AutoGen
from playhead.formats.registry import recognise
from playhead.model import JSON

ASKED: JSON = {
    "id": "1",
    "source": "user",
    "models_usage": None,
    "created_at": "2026-11-21T09:00:00Z",
    "content": "add",
    "type": "TextMessage",
}
CALLED: JSON = {
    "id": "2",
    "source": "alice",
    "models_usage": {"prompt_tokens": 10, "completion_tokens": 3},
    "created_at": "2026-11-21T09:00:01Z",
    "content": [{"id": "c1", "name": "add", "arguments": '{"x": 1}'}],
    "type": "ToolCallRequestEvent",
}
ANSWERED: JSON = {
    "id": "3",
    "source": "alice",
    "created_at": "2026-11-21T09:00:02Z",
    "models_usage": None,
    "content": [{"call_id": "c1", "name": "add", "content": "2", "is_error": False}],
    "type": "ToolCallExecutionEvent",
}
MESSAGES = [ASKED, CALLED, ANSWERED]
RESULT: JSON = {"messages": MESSAGES, "stop_reason": "enough"}


def test_what_a_run_gave_back_is_told_message_by_message(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(RESULT, indent=1))
    assert recognise(path)[0].name == "autogen"
    loaded = load(AutoGen(), path)
    assert loaded.value("messages/0001", "user") == {"role": "user", "text": "add", "id": "1", "type": "TextMessage"}
    call = loaded.value("tool_calls/c1", "alice")
    assert isinstance(call, dict)
    assert (call["status"], call["result"], call["duration_ms"]) == ("ok", "2", 1000)
    assert loaded.report.counts["input_tokens"] == 10
    assert loaded.labels()[-1] == "stopped: enough"
    contents = path.read_bytes()
    for draft, message in zip(loaded.drafts, MESSAGES, strict=False):
        offset, length = draft.meta["offset"], draft.meta["length"]
        assert isinstance(offset, int)
        assert isinstance(length, int)
        assert json.loads(contents[offset : offset + length]) == message


def test_a_result_after_its_own_stream_tells_nothing_twice_and_one_by_itself_everything(tmp_path: Path) -> None:
    streamed = load(AutoGen(), write_lines(tmp_path / "a.jsonl", [*MESSAGES, RESULT]))
    alone = load(AutoGen(), write_lines(tmp_path / "b.jsonl", [RESULT, {"messages": [], "stop_reason": None}]))
    nameless: list[JSON] = [
        {name: value for name, value in message.items() if name != "id"}
        for message in MESSAGES
        if isinstance(message, dict)
    ]
    early = load(AutoGen(), write_lines(tmp_path / "c.jsonl", [*nameless, {"messages": nameless, "stop_reason": None}]))
    for loaded in (streamed, alone, early):
        counts = loaded.report.counts
        assert (counts["messages"], counts["tool_calls"], counts["input_tokens"]) == (2, 1, 10)


def test_a_delivered_message_happened_when_it_was_made(tmp_path: Path) -> None:
    passed: list[JSON] = [
        {"type": "Message", "payload": json.dumps({"message": message}), "sender": None, "delivery_stage": "SEND"}
        for message in MESSAGES
    ]
    loaded = load(AutoGen(), write_lines(tmp_path / "events.jsonl", passed))
    assert [draft.occurred_at.second for draft in loaded.drafts if draft.occurred_at] == [0, 1, 2]
    assert not any("time_of_neighbour" in draft.meta for draft in loaded.drafts)


def test_who_keeps_a_message_does_not_change_who_said_it(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"type": "TeamState", "agent_states": {"manager": {"message_thread": MESSAGES}}}))
    loaded = load(AutoGen(), path)
    roles = [loaded.value(f"messages/{number:04}", "manager") for number in (1, 2)]
    assert [role["role"] for role in roles if isinstance(role, dict)] == ["user", "assistant"]
