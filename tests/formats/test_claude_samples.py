"""Real sessions against figures that an independent reading of the raw file gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.formats.conftest import Loaded, load, sample, sample_files

from playhead.formats.claude_code import ClaudeCode
from playhead.formats.source import Source

MAIN_FILES = [
    path
    for path in sample_files("claude-code", ".jsonl")
    if "subagents" not in path.parts and not path.name.startswith("agent-") and "stage0" not in path.parts
]
pytestmark = pytest.mark.skipif(not MAIN_FILES, reason="the sample logs are not beside this checkout")


def records(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            record = json.loads(line)
            if isinstance(record, dict):
                yield record


def session_files(path: Path) -> list[Path]:
    """The file and the sub-agents' files that belong to it."""
    session = next((record["sessionId"] for record in records(path) if "sessionId" in record), "")
    beside = [
        other for other in sorted(path.parent.glob("agent-*.jsonl")) if next(records(other)).get("sessionId") == session
    ]
    return [path, *sorted((path.parent / session / "subagents").glob("*.jsonl")), *beside]


def blocks(record: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    message = record.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if record.get("type") not in ("user", "assistant") or not isinstance(content, list):
        return []
    return [block for block in content if isinstance(block, dict) and block.get("type") == kind]


def is_prompt(record: dict[str, Any]) -> bool:
    return record.get("type") == "user" and not blocks(record, "tool_result")


def messages(path: Path) -> int:
    """Prompts, plus assistant messages told apart by their ids."""
    found = [record for file in session_files(path) for record in records(file)]
    assistants = {
        record["message"].get("id") or record.get("requestId") or id(record)
        for record in found
        if record.get("type") == "assistant"
    }
    return len(assistants) + sum(map(is_prompt, found))


def tokens(path: Path, name: str) -> int:
    last: dict[str, int] = {}
    for file in session_files(path):
        for number, record in enumerate(records(file)):
            message = record.get("message")
            if record.get("type") == "assistant" and isinstance(message, dict) and "usage" in message:
                last[message.get("id", f"{file}:{number}")] = message["usage"].get(name) or 0
    return sum(last.values())


@pytest.fixture(params=MAIN_FILES, ids=lambda path: path.stem[:40])
def log(request: pytest.FixtureRequest) -> tuple[Path, Loaded]:
    path: Path = request.param
    return path, load(ClaudeCode(), path)


def test_every_call_is_there_and_every_result_has_found_its_call(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    raw = [record for file in session_files(path) for record in records(file)]
    calls = [block["id"] for record in raw for block in blocks(record, "tool_use")]
    results = {block["tool_use_id"] for record in raw for block in blocks(record, "tool_result")}
    assert loaded.report.counts["tool_calls"] == len(calls)
    known = {key.removeprefix("tool_calls/") for key in loaded.keys("tool_calls/")}
    assert known == set(calls) | results
    answered = {
        address.key.removeprefix("tool_calls/")
        for address, value in loaded.state.items()
        if address.key.startswith("tool_calls/") and isinstance(value, dict) and value["status"] != "running"
    }
    assert answered == results


def test_messages_errors_and_tokens_are_those_of_the_raw_file(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    raw = [record for file in session_files(path) for record in records(file)]
    failed = sum(block.get("is_error") is True for record in raw for block in blocks(record, "tool_result"))
    assert loaded.report.counts["messages"] == messages(path)
    assert loaded.report.counts["errors"] == failed
    assert loaded.report.counts["input_tokens"] == tokens(path, "input_tokens")
    assert loaded.report.counts["output_tokens"] == tokens(path, "output_tokens")
    assert loaded.report.counts["cache_read_tokens"] == tokens(path, "cache_read_input_tokens")
    total = sum(
        usage["output"]
        for usage in (value for at, value in loaded.state.items() if at.key == "usage")
        if isinstance(usage, dict) and isinstance(usage["output"], int)
    )
    assert total == tokens(path, "output_tokens")


def test_agents_are_main_and_one_for_each_sub_agent(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    raw = list(records(path))
    sidechains = sum(
        record.get("isSidechain") is True and record.get("parentUuid") is None and record.get("type") == "user"
        for record in raw
    )
    expected = 1 + len(session_files(path)[1:]) + sidechains
    assert len({address.agent_id for address in loaded.versions}) == expected


def test_events_of_one_file_keep_the_order_of_the_file_and_times_of_all_files_agree(log: tuple[Path, Loaded]) -> None:
    _, loaded = log
    by_file: dict[object, list[int]] = {}
    times = [draft.occurred_at for draft in loaded.drafts if not draft.meta.get("time_runs_backwards")]
    for draft in loaded.drafts:
        line = draft.meta["line"]
        assert isinstance(line, int)
        by_file.setdefault(draft.meta["file"], []).append(line)
    assert all(lines == sorted(set(lines)) for lines in by_file.values())
    known = [time for time in times if time is not None]
    assert known == sorted(known)


def test_nothing_is_lost_without_a_word(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    lines = sum(bool(line.strip()) for file in session_files(path) for line in file.read_bytes().splitlines())
    assert loaded.report.records == lines
    assert loaded.report.malformed == loaded.report.torn == 0
    assert loaded.report.bytes_read == sum(file.stat().st_size for file in session_files(path))
    assert not any("[image" not in str(value) and "iVBORw0KGgo" in str(value) for value in loaded.state.values())


def test_the_generated_session_and_its_printed_stream_tell_the_same_calls() -> None:
    folder = sample("claude-code/generated-2.1.329-trimmed")
    (path,) = (found for found in folder.rglob("*.jsonl") if "subagents" not in found.parts)
    written = load(ClaudeCode(), path)
    printed = load(ClaudeCode(), sample("claude-sdk-stream/generated-2.1.329/stream-json_A.jsonl"))
    assert {address.agent_id for address in written.state} == {address.agent_id for address in printed.state}
    calls = {
        address[1:]: value["status"]
        for address, value in printed.state.items()
        if address.key.startswith("tool_calls/") and isinstance(value, dict)
    }
    assert len(calls) == 17
    for (agent_id, key), status in calls.items():
        value = written.value(key, agent_id)
        assert isinstance(value, dict)
        assert value["status"] == status


def test_a_sub_agent_file_is_recognised_by_itself() -> None:
    files = [path for path in sample_files("claude-code", ".jsonl") if "subagents" in path.parts]
    assert files
    for path in files:
        assert ClaudeCode().recognise(Source(path))
