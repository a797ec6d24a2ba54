"""What every format keeps, over every sample of it and over every way a file can be cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.formats.conftest import load, sample_files, write_lines
from tests.formats.span_samples import SPAN_RECORDS, span_samples

from playhead.errors import ImportFormatError, LogError
from playhead.formats.base import Format
from playhead.formats.registry import formats, recognise
from playhead.formats.source import Source
from playhead.model import JSON

CLIS = "other-agent-clis/agent-sessions/stage0/agents"
AGENTS = [
    ("codex", "codex", ".jsonl"),
    ("codex-exec-json", "codex-exec", ".jsonl"),
    ("gemini-cli/agentcmd", "gemini", ".json"),
    ("gemini-cli/agentsview", "gemini", ".json"),
    ("gemini-cli/agent-sessions", "gemini", ".json", ".jsonl"),
    ("gemini-cli/agx-demo", "gemini", ".json"),
    ("gemini-cli/generated-0.61", "gemini", "a1361cc4.jsonl"),
    ("gemini-cli/generated-0.61", "gemini-stream", "stdout.jsonl"),
    ("openhands/v0", "openhands-v0", ".json"),
    ("openhands/v1-sdk", "openhands", ".jsonl"),
    ("openhands/v1-conversations", "openhands", "event-00000-06e06079-f1ce-41af-b119-961407f8502d.json"),
    ("swe-agent", "swe-agent", ".traj"),
    ("mini-swe-agent", "mini-swe-agent", ".json"),
    ("other-agent-clis/opencode-1.18.33", "opencode", ".json", ".jsonl"),
    ("atif", "atif", ".json"),
    ("tau-bench", "tau-bench", ".json"),
    ("autogen", "autogen", ".json", ".jsonl"),
    ("crewai", "crewai", ".json"),
    (f"{CLIS}/copilot", "copilot", ".jsonl"),
    (f"{CLIS}/qwen", "qwen", ".jsonl"),
    (f"{CLIS}/kimi", "kimi", ".jsonl"),
    (f"{CLIS}/pi", "pi", ".jsonl"),
    (f"{CLIS}/openclaw", "pi", ".jsonl"),
    (f"{CLIS}/droid", "pi", "store_small.jsonl", "store_large.jsonl", "store_schema_drift.jsonl"),
    (f"{CLIS}/droid", "droid-stream", "json_small.jsonl", "json_large.jsonl", "json_schema_drift.jsonl"),
    (f"{CLIS}/grok", "grok", ".jsonl"),
    (f"{CLIS}/cursor", "cursor", ".jsonl"),
    (f"{CLIS}/antigravity", "antigravity", ".jsonl"),
    (f"{CLIS}/hermes", "jsonl", ".json"),
]
SAMPLES = [
    *((path, name) for folder, name, *endings in AGENTS for path in sample_files(folder, *endings)),
    *((path, "claude-code") for path in sample_files("claude-code", ".jsonl", "session.json")),
    *((path, "claude-code") for path in sample_files("claude-sdk-stream", ".jsonl", ".json")),
    *((path, "statehouse-replay") for path in sample_files("statehouse", ".jsonl")),
    *((path, "statehouse-dump") for path in sample_files("statehouse", ".json")),
    *((path, "jsonl") for path in sample_files("generic-jsonl", ".jsonl", ".json")),
    *span_samples(),
]

CLAUDE: list[JSON] = [
    {"type": "user", "sessionId": "s", "uuid": "a", "parentUuid": None, "message": {"role": "user", "content": "hé"}},
    {"type": "assistant", "sessionId": "s", "uuid": "b", "parentUuid": "a", "message": {"id": "m", "content": []}},
]
REPLAY: list[JSON] = [
    {"txn_id": "t", "commit_ts": 1, "namespace": "n", "agent_id": "a", "operations": [{"key": "k", "value": 1}]}
]
EXPORT: list[JSON] = [
    {"format": "playhead", "format_version": 1, "store_id": "s", "created": "2026-01-01T00:00:00.000000Z"},
    {
        "commit_ts": 1,
        "txn_id": "t",
        "committed_at": "2026-01-01T00:00:00.000000Z",
        "operations": [{"namespace": "n", "agent_id": "a", "key": "k", "op": "write", "version": 1, "value": "é"}],
    },
    {"snapshot": {"id": 1, "commit_ts": 1, "timestamp": 1.0, "parent": None, "label": None}},
]
SMALL: dict[str, list[JSON]] = {
    "claude-code": CLAUDE,
    "statehouse-replay": REPLAY,
    "playhead": EXPORT,
    "jsonl": [{"event": "é", "n": 1}, [1], {"messages": [{"role": "user", "content": "x"}]}],
    **SPAN_RECORDS,
}


def known(name: str) -> Format:
    return next(one for one in formats() if one.name == name)


@pytest.mark.skipif(not SAMPLES, reason="the sample logs are not beside this checkout")
@pytest.mark.parametrize(
    ("path", "name"), SAMPLES, ids=lambda value: value.name[:40] if isinstance(value, Path) else value
)
class TestSamples:
    def test_exactly_one_format_besides_json_lines_recognises_the_file(self, path: Path, name: str) -> None:
        assert recognise(path)[0].name == name
        others = [one.name for one in formats()[:-1] if one.recognise(Source(path))]
        assert others == ([] if name == "jsonl" else [name])

    def test_reading_twice_gives_the_same_drafts_and_report(self, path: Path, name: str) -> None:
        first, second = load(known(name), path), load(known(name), path)  # S21
        assert first.drafts == second.drafts
        assert first.report.to_json() == second.report.to_json()
        assert json.loads(json.dumps(first.report.to_json())) == first.report.to_json()
        assert first.report.bytes_read == first.report.bytes_total

    def test_every_event_has_a_kind_a_label_and_the_way_back_to_its_record(self, path: Path, name: str) -> None:
        for draft in load(known(name), path).drafts:
            assert draft.kind
            assert draft.label
            assert draft.meta["file"]
            assert {"line", "offset", "length"} <= draft.meta.keys()

    def test_a_copy_in_windows_line_ends_with_a_byte_order_mark_says_the_same(
        self, path: Path, name: str, tmp_path: Path
    ) -> None:
        content = path.read_bytes()
        if Source(path).is_binary:
            pytest.skip("no text")
        (tmp_path / path.name).write_bytes(content)
        plain = load(known(name), tmp_path / path.name)
        (tmp_path / path.name).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        assert recognise(tmp_path / path.name)[0].name == name
        marked = load(known(name), tmp_path / path.name)
        assert marked.state == plain.state
        assert marked.labels() == plain.labels()


@pytest.mark.parametrize("name", SMALL)
def test_a_file_cut_off_at_any_byte_is_read_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    content = write_lines(tmp_path / "whole", SMALL[name]).read_bytes()
    path = tmp_path / "cut"
    whole_lines = 0
    for length in range(1, len(content) + 1):
        path.write_bytes(content[:length])
        report = load(known(name), path).report
        whole_lines = content[:length].count(b"\n")
        assert report.records >= whole_lines
        assert report.malformed == 0
        assert report.records + report.torn <= whole_lines + 1
        if whole_lines:
            assert recognise(path)[0].name in (name, "jsonl")
    assert whole_lines == len(SMALL[name])


@pytest.mark.parametrize("name", [name for name in SMALL if name != "playhead"])
def test_a_malformed_line_in_the_middle_costs_only_itself(name: str, tmp_path: Path) -> None:
    records = SMALL[name]
    path = tmp_path / "log"
    lines = write_lines(path, records).read_bytes().splitlines(keepends=True)
    clean = load(known(name), path)
    path.write_bytes(b"".join([lines[0], b'{"half": \n', *lines[1:]]))
    loaded = load(known(name), path)
    assert loaded.report.malformed == 1
    assert loaded.report.malformed_lines[0].line == 2
    assert loaded.state == clean.state


@pytest.mark.parametrize("name", [one.name for one in formats()])
@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b'{"a', b"\x00\x01", b"[[[[", b'{"state": {}}', b'"x"\n1'])
def test_a_file_of_another_kind_is_read_without_any_other_error(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    try:
        known(name).recognise(Source(path))
        load(known(name), path)
    except ImportFormatError as error:
        assert "log, line 1" in str(error) or str(path) in str(error)
    except LogError as error:
        assert "is empty" in str(error)
