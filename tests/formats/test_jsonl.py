from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.conftest import Loaded, any_json, load, sample, write_lines

from playhead.formats.jsonl import MOST_FIELDS, JsonLines
from playhead.formats.source import Source
from playhead.model import JSON, is_error_kind


def load_lines(folder: Path, *records: JSON) -> Loaded:
    return load(JsonLines(), write_lines(folder / "log", list(records)))


def said(role: str, content: JSON, **more: JSON) -> JSON:
    return {"role": role, "content": content, **more}


def test_the_latest_record_of_each_kind_stands_under_its_key_and_its_version_counts_them(tmp_path: Path) -> None:
    loaded = load_lines(
        tmp_path,
        {"ts": 1770000000, "agent": "planner", "event": "step", "n": 1, "id": "x1"},
        {"ts": 1770000001, "agent": "planner", "event": "step", "n": 1, "id": "x2"},
        {"ts": 1770000002, "agent": "coder", "event": "step", "n": 5, "id": "x3"},
    )
    assert loaded.history("events/step", "planner") == [{"n": 1}, {"n": 1}]
    assert loaded.history("events/step", "coder") == [{"n": 5}]
    assert [draft.meta["id"] for draft in loaded.drafts] == ["x1", "x2", "x3"]
    assert loaded.drafts[1].occurred_at == datetime.fromtimestamp(1770000001, UTC)
    assert set(loaded.kinds()) == {"step"}


def test_fields_of_records_without_a_kind_are_written_only_when_they_change(tmp_path: Path) -> None:
    loaded = load_lines(
        tmp_path, {"loss": 1, "lr": 0.1}, {"loss": 1.0, "lr": 0.1}, {"loss": 1.0, "lr": 0.1}, {"loss": [1], "lr": 0.1}
    )
    assert loaded.history("fields/loss") == [1, 1.0, [1]]
    assert [type(value) for value in loaded.history("fields/loss")] == [int, float, list]
    assert loaded.history("fields/lr") == [0.1]
    assert loaded.history("repeats") == [1]
    assert len(loaded.drafts) == 4


def test_a_record_whose_field_names_are_data_stays_in_one_piece(tmp_path: Path) -> None:
    wide: JSON = {f"user-{number}": number for number in range(MOST_FIELDS + 1)}
    assert load_lines(tmp_path, wide).state == {("default", "main", "events/record"): wide}


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"level": "ERROR", "msg": "boom"}, "error"),
        ({"level": "critical", "event": "tool", "msg": "boom"}, "tool_error"),
        ({"event": "tool_error", "msg": "boom"}, "tool_error"),
        ({"event": "call", "error": "boom"}, "call_error"),
        ({"event": "call", "error": {"message": "boom"}}, "call_error"),
    ],
)
def test_errors_are_told_by_level_kind_or_field(tmp_path: Path, record: JSON, kind: str) -> None:
    loaded = load_lines(tmp_path, {"event": "ok"}, record)
    assert loaded.kinds() == ["ok", kind]
    error = loaded.value("errors/0001")
    assert error == loaded.value("last_error")
    assert "boom" in json.dumps(error)


@pytest.mark.parametrize("error", [None, "", False, 0.25, [], {}])
def test_an_error_field_that_holds_none_is_no_error(tmp_path: Path, error: JSON) -> None:
    loaded = load_lines(tmp_path, {"event": "call", "error": error})
    assert not any(is_error_kind(kind) for kind in loaded.kinds())
    assert loaded.report.counts["errors"] == 0


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01T12:00:00+02:00",
        1772359200,
        1772359200.0,
        1772359200000,
        1772359200000000,
        1772359200000000000,
        "1772359200000000000",
    ],
)
def test_times_are_understood_however_they_are_written(tmp_path: Path, written: JSON) -> None:
    (draft,) = load_lines(tmp_path, {"event": "x", "timestamp": written}).drafts
    assert draft.occurred_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert "time_without_offset" not in draft.meta


def test_a_time_without_an_offset_is_local_and_says_so(tmp_path: Path) -> None:
    (draft,) = load_lines(tmp_path, {"event": "x", "time": "2026-03-01 10:00:00.5"}).drafts  # S29
    assert draft.occurred_at == datetime(2026, 3, 1, 10, 0, 0, 500000).astimezone(UTC)
    assert draft.meta["time_without_offset"] is True


def test_scalars_and_arrays_are_the_history_of_one_value(tmp_path: Path) -> None:
    assert load_lines(tmp_path, 1, "two", [3], None).history("value") == [1, "two", [3], None]


def test_text_that_happens_to_begin_with_several_strings_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""What it is."""\n\nx = 1\n')
    assert not JsonLines().recognise(Source(path))
    path.write_text('{"a": 1}{"a": 2}\n')
    assert JsonLines().recognise(Source(path)), "several records on one line are a log"


def test_chat_messages_become_messages_and_tool_calls(tmp_path: Path) -> None:
    asked: JSON = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": "rome"}'}}
    loaded = load_lines(
        tmp_path,
        said("user", [{"type": "text", "text": "find rome"}]),
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        said("tool", "41.9 N", tool_call_id="c1"),
        said("assistant", "Here."),
    )
    assert loaded.kinds() == ["user", "tool_call", "tool_result", "assistant"]
    assert loaded.labels() == ["find rome", "search: rome", "search: rome → 41.9 N", "Here."]
    assert loaded.keys("messages/") == ["messages/0001", "messages/0002", "messages/0003"]
    answered = loaded.value("tool_calls/c1")
    assert answered == {
        "name": "search",
        "args": {"q": "rome"},
        "status": "ok",
        "message": "messages/0002",
        "result": "41.9 N",
    }


def test_calls_and_results_inside_content_blocks_are_found(tmp_path: Path) -> None:
    loaded = load_lines(
        tmp_path,
        said("assistant", [{"type": "tool_use", "id": "c1", "name": "ls", "input": {}}]),
        said("user", [{"type": "tool_result", "tool_use_id": "c1", "content": "denied", "is_error": True}]),
    )
    assert loaded.kinds() == ["tool_call", "tool_error"]
    answered = loaded.value("tool_calls/c1")
    assert isinstance(answered, dict)
    assert (answered["status"], answered["result"]) == ("error", "denied")
    assert loaded.keys("errors/") == ["errors/0001"]


def test_a_growing_list_of_messages_adds_only_what_is_new(tmp_path: Path) -> None:
    first, second, third = said("user", "a"), said("assistant", "b"), said("user", "c")
    loaded = load_lines(tmp_path, {"messages": [first]}, {"messages": [first, second, third]})
    assert loaded.labels() == ["a", "b", "c"]
    assert loaded.keys("messages/") == ["messages/0001", "messages/0002", "messages/0003"]
    assert [(draft.meta["line"], draft.meta["message"]) for draft in loaded.drafts] == [(1, 1), (2, 2), (2, 3)]


def test_a_list_that_goes_on_differently_deletes_what_it_left(tmp_path: Path) -> None:
    start = said("user", "a")
    loaded = load_lines(
        tmp_path, {"messages": [start, said("assistant", "b")]}, {"messages": [start, said("assistant", "B")]}
    )
    assert loaded.keys("messages/") == ["messages/0001", "messages/0003"]
    assert loaded.history("messages/0002")[-1] is None


def test_a_list_that_begins_differently_is_a_conversation_of_its_own(tmp_path: Path) -> None:
    system = said("system", "be good")
    loaded = load_lines(
        tmp_path,
        {"messages": [system, said("user", "a")]},
        {"messages": [system, said("user", "x")]},
        {"messages": [system, said("user", "x"), said("assistant", "y")]},
    )
    assert len(loaded.keys("messages/", "main")) == 2
    assert len(loaded.keys("messages/", "conversation-2")) == 3
    assert len({address.agent_id for address in loaded.state}) == 2


def test_one_json_document_that_lists_messages_or_records_is_read_element_by_element(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    messages = [said("user", "a"), said("assistant", "b")]
    for document in (messages, {"messages": messages}):
        path.write_text(json.dumps(document, indent=2))
        assert JsonLines().recognise(Source(path))
        assert load(JsonLines(), path).labels() == ["a", "b"]
    path.write_text(json.dumps([{"event": "x"}, {"event": "y"}], indent=2))
    assert load(JsonLines(), path).kinds() == ["x", "y"]


def test_a_session_id_is_the_namespace(tmp_path: Path) -> None:
    loaded = load_lines(tmp_path, {"session_id": "s1", "event": "x"}, {"session_id": "s2", "event": "x"})
    assert {address.namespace for address in loaded.state} == {"s1", "s2"}


def test_the_samples_hold_the_messages_and_calls_of_the_raw_files() -> None:
    raw = json.loads(sample("generic-jsonl/agx-demo/sample_generic_session.json").read_text())["messages"]
    loaded = load(JsonLines(), sample("generic-jsonl/agx-demo/sample_generic_session.json"))
    assert loaded.report.counts["messages"] == sum(message["role"] != "tool" for message in raw)
    assert loaded.report.counts["tool_results"] == sum(message["role"] == "tool" for message in raw)
    calls = {call["id"] for message in raw for call in message.get("tool_calls", [])}
    assert set(loaded.keys("tool_calls/")) == {f"tool_calls/{identity}" for identity in calls}

    path = sample("generic-jsonl/invariant/webarena.jsonl")
    lists = [line for line in map(json.loads, path.read_text().splitlines()) if isinstance(line, list)]
    loaded = load(JsonLines(), path)
    # No call has an id here: a tool's message answers the oldest call before it that waits, and else says something.
    results, waiting = 0, 0
    for messages in lists:
        waiting = 0
        for message in messages:
            answers = message["role"] == "tool" and waiting > 0
            results += answers
            waiting += len(message.get("tool_calls") or []) - answers
    assert loaded.report.counts["tool_results"] == results > 0
    assert loaded.report.counts["messages"] == sum(map(len, lists)) - results
    assert len({address.agent_id for address in loaded.state}) == len(lists)


JSON_VALUES = any_json(
    "role", "content", "messages", "type", "event", "ts", "error", "tool_calls", "id", "agent", "tool_use_id"
)


@settings(max_examples=40, deadline=None)
@given(st.lists(JSON_VALUES, min_size=2, max_size=6))
def test_any_json_lines_are_read_without_fail(tmp_path_factory: pytest.TempPathFactory, values: list[JSON]) -> None:
    path = tmp_path_factory.mktemp("any") / "log"
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    source = Source(path)
    assert JsonLines().recognise(source)
    loaded = load(JsonLines(), path)
    assert loaded.report.records == len(values)
    assert loaded.report.malformed == loaded.report.torn == 0
    assert len({draft.meta["line"] for draft in loaded.drafts}) == len(values) - _emptied(values)


def _emptied(values: list[JSON]) -> int:
    """Lines that repeat the messages of the line before: they have nothing to say."""
    lists = [value["messages"] if isinstance(value, dict) and "messages" in value else value for value in values]
    return sum(
        isinstance(now, list)
        and bool(now)
        and all(isinstance(one, dict) and isinstance(one.get("role"), str) for one in now)
        and now in lists[:place]
        for place, now in enumerate(lists)
    )


def test_values_nested_deeper_than_a_store_allows_are_kept(tmp_path: Path) -> None:
    deep: JSON = 1
    for _ in range(200):
        deep = [deep]
    loaded = load_lines(tmp_path, {"event": "x", "deep": deep}, deep)
    assert len(loaded.drafts) == 2  # S7
    assert loaded.report.repaired["depths of a value to JSON text"] == 2


def test_records_of_tool_calls_and_results_are_paired_by_id_or_by_name(tmp_path: Path) -> None:
    loaded = load_lines(
        tmp_path,
        {"type": "tool_call", "function": {"name": "git"}, "arguments": '{"command": "status"}'},
        {"type": "tool_result", "name": "git", "result": "clean"},
        {"event": "tool_call", "call_id": "c7", "tool": "fetch", "input": {"url": "x"}},
        {"event": "tool_call", "call_id": "c8", "tool": "fetch", "input": {"url": "y"}},
        {"event": "tool_result", "call_id": "c8", "error": "timeout"},
        {"event": "tool_result", "tool": "unheard-of", "output": 1},
    )
    assert loaded.labels()[:2] == ["git: status", "git: status → clean"]
    assert loaded.kinds()[4] == "tool_error"
    calls = {key: loaded.value(key) for key in loaded.keys("tool_calls/")}
    assert {key: call["status"] for key, call in calls.items() if isinstance(call, dict)} == {
        "tool_calls/call-1": "ok",
        "tool_calls/c7": "running",
        "tool_calls/c8": "error",
    }
    assert loaded.history("events/tool_result")[-1] == {"tool": "unheard-of", "output": 1}


def test_numbers_that_equal_each_other_are_not_taken_for_each_others_names(tmp_path: Path) -> None:
    kinds: list[JSON] = [1, True, 1.0, "1"]
    records: list[JSON] = [{"type": kind, "agent": "a", "x": 0} for kind in kinds]
    loaded = load_lines(tmp_path, *records)
    assert [draft.kind for draft in loaded.drafts] == ["1", "record", "record", "1"]
