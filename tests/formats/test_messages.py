from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.formats.conftest import Loaded, load

from playhead.formats.jsonl import JsonLines
from playhead.formats.messages import is_conversation
from playhead.model import JSON

OPENAI: list[JSON] = [
    {"role": "user", "content": "weather?"},
    {
        "role": "assistant",
        "content": "looking",
        "tool_calls": [{"id": "c1", "function": {"name": "get", "arguments": '{"city": "Rome"}'}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "18C"},
    {"role": "assistant", "content": "18C in Rome"},
]
ANTHROPIC: list[JSON] = [
    {"role": "user", "content": [{"type": "text", "text": "weather?"}]},
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "looking"},
            {"type": "tool_use", "id": "c1", "name": "get", "input": {"city": "Rome"}},
        ],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "18C"}]}],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "18C in Rome"}]},
]
GOOGLE: list[JSON] = [
    {"role": "user", "parts": [{"text": "weather?"}]},
    {
        "role": "model",
        "parts": [{"text": "looking"}, {"functionCall": {"id": "c1", "name": "get", "args": {"city": "Rome"}}}],
    },
    {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "get", "response": {"output": "18C"}}}]},
    {"role": "model", "parts": [{"text": "18C in Rome"}]},
]
LANGCHAIN: list[JSON] = [
    {"type": "human", "content": "weather?"},
    {"type": "ai", "content": "looking", "tool_calls": [{"id": "c1", "name": "get", "args": {"city": "Rome"}}]},
    {"type": "tool", "content": "18C", "tool_call_id": "c1", "additional_kwargs": {}},
    {"type": "ai", "content": "18C in Rome"},
]
RESPONSES: list[JSON] = [
    {"type": "message", "role": "user", "content": "weather?"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "looking"}]},
    {"type": "function_call", "call_id": "c1", "name": "get", "arguments": '{"city": "Rome"}'},
    {"type": "function_call_output", "call_id": "c1", "output": "18C"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "18C in Rome"}]},
]
SHARED: list[JSON] = [
    {"from": "human", "value": "weather?"},
    {"from": "gpt", "value": "18C in Rome"},
]
SHAPES = {
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "google": GOOGLE,
    "langchain": LANGCHAIN,
    "responses": RESPONSES,
    "shared": SHARED,
}


def read(path: Path, value: JSON) -> Loaded:
    path.write_text(json.dumps(value))
    return load(JsonLines(), path)


@pytest.mark.parametrize("name", SHAPES)
def test_a_conversation_says_the_same_in_every_apis_words(name: str, tmp_path: Path) -> None:
    assert is_conversation(SHAPES[name])
    loaded = read(tmp_path / "log.json", SHAPES[name])
    texts = [loaded.value(key) for key in loaded.keys("messages/")]
    spoken = [(text["role"], text["text"]) for text in texts if isinstance(text, dict) and text["text"]]
    assert spoken[0] == ("user", "weather?")
    assert spoken[-1] == ("assistant", "18C in Rome")
    if name != "shared":
        call = loaded.value("tool_calls/c1")
        assert isinstance(call, dict)
        assert (call["name"], call["args"], call["status"], call["result"]) == ("get", {"city": "Rome"}, "ok", "18C")
        assert "get: Rome → 18C" in loaded.labels()


def test_results_without_an_id_answer_the_calls_before_them_in_order(tmp_path: Path) -> None:
    asked: JSON = [{"function": {"name": name, "arguments": "{}"}} for name in ("a", "b")]
    loaded = read(
        tmp_path / "log.json",
        [
            {"role": "assistant", "content": "", "tool_calls": asked},
            {"role": "tool", "name": "b", "content": "2"},
            {"role": "tool", "content": "1"},
            {"role": "tool", "content": "of nothing"},
        ],
    )
    calls = [loaded.value(key) for key in loaded.keys("tool_calls/")]
    assert [(call["name"], call["result"]) for call in calls if isinstance(call, dict)] == [("a", "1"), ("b", "2")]
    assert len(loaded.keys("messages/")) == 2


def test_calls_of_one_message_that_share_an_id_are_answered_in_order(tmp_path: Path) -> None:
    asked: JSON = [{"id": "c", "function": {"name": name, "arguments": "{}"}} for name in ("a", "b")]
    loaded = read(
        tmp_path / "log.json",
        [
            {"role": "assistant", "content": "", "tool_calls": asked},
            {"role": "tool", "tool_call_id": "c", "content": "1"},
            {"role": "tool", "tool_call_id": "c", "content": "2"},
        ],
    )
    calls = {key: loaded.value(key) for key in loaded.keys("tool_calls/")}
    assert {key: (call["name"], call["result"]) for key, call in calls.items() if isinstance(call, dict)} == {
        "tool_calls/c": ("a", "1"),
        "tool_calls/c-2": ("b", "2"),
    }


@pytest.mark.parametrize("name", ["messages", "conversation", "history", "traj", "turns"])
def test_a_conversation_is_found_by_any_of_its_names(name: str, tmp_path: Path) -> None:
    loaded = read(tmp_path / "log.json", {"task": 1, name: OPENAI, "score": 0.5})
    assert len(loaded.keys("messages/")) == 3
    assert loaded.value("fields/score") == 0.5


def test_a_document_of_records_is_read_record_by_record_wherever_it_keeps_them(tmp_path: Path) -> None:
    records: list[JSON] = [{"event": "a", "n": 1}, {"event": "b", "n": 2}]
    for document in (records, {"run": 7, "events": records}, {"run": 7, "whatever": records}):
        for indent in (None, 1):
            (tmp_path / "log.json").write_text(json.dumps(document, indent=indent))
            loaded = load(JsonLines(), tmp_path / "log.json")
            assert loaded.kinds()[-2:] == ["a", "b"]
            assert (loaded.value("events/a"), loaded.value("events/b")) == ({"n": 1}, {"n": 2})


def test_documents_behind_each_other_are_records(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("\n".join(json.dumps({"event": name}, indent=2) for name in "abc"))
    assert load(JsonLines(), tmp_path / "log").kinds() == ["a", "b", "c"]


def test_an_object_without_records_is_one(tmp_path: Path) -> None:
    loaded = read(tmp_path / "log.json", {"loss": 0.5, "config": {"lr": 1}})
    assert {key: loaded.value(key) for key in loaded.keys("")} == {"fields/loss": 0.5, "fields/config": {"lr": 1}}
