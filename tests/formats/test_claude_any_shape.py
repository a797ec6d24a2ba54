from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.conftest import any_json, load, write_lines

from playhead.formats.claude_code import ClaudeCode
from playhead.model import JSON

TYPES = [
    *("user", "assistant", "system", "attachment", "result", "mode", "permission-mode", "summary", "custom-title"),
    *("relocated", "worktree-state", "cost-state", "pr-link", "progress", "unheard-of"),
]
NAMES = [
    *("type", "id", "name", "input", "content", "text", "thinking", "tool_use", "tool_result", "tool_use_id", "usage"),
    *("is_error", "input_tokens", "output_tokens", "todos", "taskId", "filePath", "structuredPatch", "lines", "status"),
    *("TodoWrite", "TaskUpdate", "Task", "Edit", "Bash", "queued_command", "compact_boundary", "init", "api_error"),
    *("durationMs", "model", "stop_reason", "patch", "prompt", "task", "agentId", "newTodos", "end_turn"),
]
VALUES = any_json(*NAMES)
BLOCKS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "tool_result"]) | VALUES},
    optional=dict.fromkeys(("id", "tool_use_id", "name", "input", "content", "text", "thinking"), VALUES),
)
MESSAGES = st.fixed_dictionaries(
    {"content": st.lists(BLOCKS | VALUES, max_size=4) | VALUES},
    optional={"id": st.sampled_from(["m1", "m2"]) | VALUES, "usage": VALUES, "stop_reason": VALUES, "model": VALUES},
)
FREE_FIELDS = [
    *("timestamp", "cwd", "agentId", "session_id", "toolUseResult", "attachment", "isMeta", "patch", "durationMs"),
    *("error", "result", "usage", "mode", "permissionMode", "customTitle", "relocatedCwd", "supersedesUuids"),
    *("retractedMessageUuids", "compactMetadata", "worktreeSession", "totalCostUSD"),
]
RECORDS = st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES)},
    optional={
        "message": MESSAGES | VALUES,
        "uuid": st.sampled_from(["a", "b", "c", "d"]) | VALUES,
        "parentUuid": st.sampled_from(["a", "b", "c", None]) | VALUES,
        "isSidechain": st.booleans() | VALUES,
        "subtype": st.sampled_from(["compact_boundary", "api_error", "init", "task_updated", "turn_duration"]) | VALUES,
        **dict.fromkeys(FREE_FIELDS, VALUES),
    },
)


@settings(max_examples=40, deadline=None)
@given(st.lists(RECORDS | VALUES, min_size=1, max_size=8))
def test_records_of_any_shape_are_read_without_fail(
    tmp_path_factory: pytest.TempPathFactory, records: list[JSON]
) -> None:
    # A file of one array would be a list of records.
    path = write_lines(tmp_path_factory.mktemp("any") / "log", [{"type": "user", "uuid": "a"}, *records])
    loaded = load(ClaudeCode(), path)
    assert loaded.report.records == len(records) + 1
    assert loaded.report.malformed == loaded.report.torn == 0
