"""Calls of model APIs, logged as requests and responses."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.formats.conftest import Loaded, any_json, load, write_lines

from playhead.errors import LogError
from playhead.formats.exchanges import Exchanges
from playhead.formats.registry import recognise
from playhead.model import JSON


def opened(path: Path) -> Loaded:
    known = recognise(path)[0]
    assert known.name == "model-calls"
    return load(known, path)


def said(role: str, content: str) -> JSON:
    return {"role": role, "content": content}


def answered(message: JSON, tokens: int) -> JSON:
    choice: JSON = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"model": "m-1", "choices": [choice], "usage": {"prompt_tokens": tokens, "completion_tokens": 2}}


CALL: JSON = {"id": "c1", "type": "function", "function": {"name": "forecast", "arguments": '{"city": "Rome"}'}}


@pytest.mark.parametrize("times", [["2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z"], [None, None], ["2026-01-01"] * 2])
def test_requests_that_grow_are_one_conversation_with_its_calls_results_and_tokens(
    tmp_path: Path, times: list[JSON]
) -> None:
    calls: JSON = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    asked: list[JSON] = [said("user", "weather?")]
    then: list[JSON] = [*asked, calls, {"role": "tool", "tool_call_id": "c1", "content": "sun"}]
    records: list[JSON] = [
        {"timestamp": times[0], "request": {"messages": asked}, "response": answered(calls, 5)},
        {
            "timestamp": times[1],
            "request": {"messages": then},
            "response": answered(said("assistant", "sun"), 9),
        },
    ]
    loaded = opened(write_lines(tmp_path / "a.jsonl", records))
    counts = loaded.report.counts
    assert (counts["messages"], counts["tool_calls"], counts["tool_results"]) == (3, 1, 1)
    usage = loaded.value("usage")
    assert isinstance(usage, dict)
    assert (usage["input"], usage["output"], usage["calls"]) == (14, 4, 2)
    call = loaded.value("tool_calls/c1")
    assert isinstance(call, dict)
    assert call["result"] == "sun"


def test_a_call_that_failed_is_an_error_and_what_is_no_call_is_kept(tmp_path: Path) -> None:
    asked: JSON = {"model": "m-1", "messages": [said("user", "hi")]}
    failure: JSON = {"error": {"type": "rate_limit", "message": "slow down"}}
    records: list[JSON] = [
        {"request": asked, "response": failure},
        {"request": asked, "response": answered(said("assistant", "ho"), 3)},
        {"note": "nothing of a call"},
    ]
    loaded = opened(write_lines(tmp_path / "a.jsonl", records))
    assert loaded.report.counts["errors"] == 1
    assert sum(loaded.report.unknown.values()) == 1


def test_responses_by_themselves_are_read_whichever_api_wrote_them(tmp_path: Path) -> None:
    used: JSON = {"input_tokens": 3, "output_tokens": 4}
    anthropic: JSON = {
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "a"}],
        "stop_reason": "end_turn",
        "usage": used,
    }
    output: JSON = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "b"}]}]
    openai: JSON = {"object": "response", "model": "m", "output": output, "usage": used}
    candidate: JSON = {"content": {"role": "model", "parts": [{"text": "c"}]}, "finishReason": "STOP"}
    gemini: JSON = {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}}
    batch: JSON = {"custom_id": "x", "response": {"status_code": 200, "body": answered(said("assistant", "d"), 3)}}
    loaded = opened(write_lines(tmp_path / "a.jsonl", [anthropic, openai, gemini, batch]))
    texts = [value["text"] for key in loaded.keys("messages/") if isinstance(value := loaded.value(key), dict)]
    assert texts == ["a", "b", "c", "d"]
    usage = loaded.value("usage")
    assert isinstance(usage, dict)
    assert (usage["input"], usage["output"]) == (12, 14)


@settings(max_examples=30, deadline=None)
@given(any_json("request", "response", "messages", "choices", "message", "error", "usage", "content", "role"))
def test_whatever_a_record_holds_beside_a_response_it_is_read_or_refused(tmp_path_factory: object, value: JSON) -> None:
    path = tmp_path_factory.mktemp("any") / "log.jsonl"  # type: ignore[attr-defined]
    holders: list[JSON] = [
        {"choices": [{"message": value}], "usage": value},
        {"request": value, "response": value},
        value,
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in holders))
    with contextlib.suppress(LogError):
        assert load(Exchanges(), path).report.records == len(holders)
