"""Turns that real logs take: results inside the message that calls, headers above outputs, trees of answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.formats.agent_logs import CURSOR_STREAM, DOCUMENTS
from tests.formats.conftest import Loaded, load, write_lines

from playhead.formats.registry import recognise
from playhead.model import JSON

AT = "2026-03-01T10:00:{:02}Z"


def opened(path: Path) -> Loaded:
    """The file, read by whichever format recognises it."""
    return load(recognise(path)[0], path)


def document(path: Path, value: JSON) -> Loaded:
    path.write_text(json.dumps(value))
    return opened(path)


def codex(*items: JSON) -> list[JSON]:
    """A rollout of these response items."""
    meta: JSON = {"timestamp": AT.format(0), "type": "session_meta", "payload": {"id": "t1", "cwd": "/w"}}
    return [
        meta,
        *({"timestamp": AT.format(n), "type": "response_item", "payload": item} for n, item in enumerate(items, 1)),
    ]


def test_a_message_that_holds_its_calls_and_their_results_answers_its_own_calls(tmp_path: Path) -> None:
    content: JSON = [
        {"type": "text", "text": "let me look"},
        {"type": "tool_use", "id": None, "name": "web_search", "input": {"query": "x"}},
        {
            "type": "tool_result",
            "tool_use_id": None,
            "name": "web_search",
            "content": [{"type": "text", "text": "hit"}],
        },
        {"type": "tool_use", "id": "t2", "name": "repl", "input": {"code": "1/0"}},
        {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "boom"}], "is_error": True},
    ]
    message: JSON = {"uuid": "m1", "sender": "assistant", "created_at": AT.format(1), "content": content}
    loaded = document(tmp_path / "a.json", [{"uuid": "c1", "name": "n", "chat_messages": [message]}])
    counts = loaded.report.counts
    assert (counts["tool_calls"], counts["tool_results"], counts["results_without_call"]) == (2, 2, 0)
    assert counts["errors"] == 1
    by_name = {call["name"]: call for key in loaded.keys("tool_calls/") if isinstance(call := loaded.value(key), dict)}
    assert (by_name["web_search"]["status"], by_name["web_search"]["result"]) == ("ok", "hit")
    assert (by_name["repl"]["status"], by_name["repl"]["result"]) == ("error", "boom")


def node(
    identity: str, parent: str | None, role: str, content: JSON, time: float | None, **more: JSON
) -> tuple[str, JSON]:
    author: JSON = {"role": role, "name": more.pop("name", None)}
    message: JSON = {"id": identity, "author": author, "content": content, "create_time": time, "metadata": {}, **more}
    return identity, {"id": identity, "parent": parent, "children": [], "message": message}


def text(*parts: str) -> JSON:
    return {"content_type": "text", "parts": list(parts)}


def test_chatgpt_tools_are_calls_with_their_results_and_thoughts_are_reasoning(tmp_path: Path) -> None:
    thoughts: JSON = {"content_type": "thoughts", "thoughts": [{"summary": "Plan", "content": "divide"}]}
    code: JSON = {"content_type": "code", "language": "python", "text": "1/0"}
    broken: JSON = {"aggregate_result": {"status": "failed_with_in_kernel_exception"}}
    nodes = [
        node("u", None, "user", text("compute"), 1_700_000_001.0),
        node("th", "u", "assistant", thoughts, 1_700_000_002.0),
        node("c", "th", "assistant", code, 1_700_000_003.0, recipient="python"),
        node(
            "r", "c", "tool", {"content_type": "execution_output", "text": "Traceback"}, 1_700_000_004.0,
            name="python", metadata=broken,
        ),
        node("more", "r", "tool", text("a figure"), 1_700_000_005.0, name="python"),
        node("late", "more", "assistant", text("no time of its own"), None),
        node("a", "late", "assistant", text("it fails"), 1_700_000_006.0),
    ]  # fmt: skip
    loaded = document(tmp_path / "a.json", [{"title": "T", "mapping": dict(nodes), "current_node": "a"}])
    counts = loaded.report.counts
    assert (counts["tool_calls"], counts["tool_results"], counts["errors"]) == (1, 1, 1)
    call = loaded.value("tool_calls/c")
    assert isinstance(call, dict)
    assert (call["name"], call["status"], call["result"]) == ("python", "error", "Traceback")
    messages = [loaded.value(key) for key in loaded.keys("messages/")]
    told = [(m["role"], m["text"], m.get("reasoning")) for m in messages if isinstance(m, dict)]
    assert told == [
        ("user", "compute", None),
        ("assistant", "", "Plan: divide"),
        ("assistant", "", None),
        ("tool", "a figure", None),
        ("assistant", "no time of its own", None),
        ("assistant", "it fails", None),
    ]


@pytest.mark.parametrize(
    ("output", "failed", "code"),
    [
        ("Chunk ID: 1a\nWall time: 0.1000 seconds\nProcess exited with code 0\nOutput:\na\n", False, 0),
        ("Command: /bin/sh -lc 'cat x'\nWall time: 0.05 seconds\nProcess exited with code 2\nOutput:\nno\n", True, 2),
        ("Exit code: 0\nWall time: 0 seconds\nOutput:\nlog of old:\nExit code: 1\n", False, 0),
        ("notes follow\nExit code: 1\nWall time: 0 seconds\nOutput:\n", False, None),
        ("Chunk ID: 7a\nWall time: 5.0 seconds\nProcess running with session ID 7\nOutput:\n", False, None),
        ([{"type": "input_text", "text": "Script failed\nWall time 0.1 seconds\nOutput:\n"}], True, None),
        ("apply_patch verification failed: no such file", True, None),
    ],
)
def test_how_a_codex_command_ended_stands_in_the_header_and_not_in_what_it_printed(
    tmp_path: Path, output: JSON, failed: bool, code: int | None
) -> None:
    items: list[JSON] = [
        {"type": "function_call", "name": "exec_command", "arguments": '{"cmd": "x"}', "call_id": "c1"},
        {"type": "function_call_output", "call_id": "c1", "output": output},
    ]
    loaded = opened(write_lines(tmp_path / "a.jsonl", codex(*items)))
    call = loaded.value("tool_calls/c1")
    assert isinstance(call, dict)
    assert (call["status"], call.get("exit_code")) == ("error" if failed else "ok", code)
    assert loaded.report.counts["errors"] == failed


def test_a_codex_result_is_labelled_by_what_the_command_printed(tmp_path: Path) -> None:
    items: list[JSON] = [
        {"type": "function_call", "name": "exec_command", "arguments": '{"cmd": "ls"}', "call_id": "c1"},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": "Chunk ID: 1\nWall time: 0.2500 seconds\nProcess exited with code 0\nOutput:\na.txt\n",
        },
    ]
    loaded = opened(write_lines(tmp_path / "a.jsonl", codex(*items)))
    assert loaded.labels()[-1] == "bash: ls → a.txt"
    call = loaded.value("tool_calls/c1")
    assert isinstance(call, dict)
    assert call["duration_ms"] == 250


def test_swe_agent_steps_keep_the_ids_of_their_calls_past_results_and_requeries(tmp_path: Path) -> None:
    def said(number: int, action: str) -> JSON:
        call: JSON = {
            "id": f"call_{number}",
            "function": {"name": "bash", "arguments": json.dumps({"command": action})},
        }
        return {"role": "assistant", "content": "", "action": action, "agent": "main", "tool_calls": [call]}

    def seen(number: int, content: str) -> JSON:
        return {"role": "tool", "content": content, "agent": "main", "tool_call_ids": [f"call_{number}"]}

    history: list[JSON] = [
        {"role": "system", "content": "s", "agent": "main", "message_type": "system_prompt"},
        {"role": "user", "content": "issue", "agent": "main", "message_type": "observation"},
        said(1, "ls"), seen(1, "a"), said(9, "not json"), said(2, "cat a"), seen(2, "text"), said(3, "submit"),
    ]  # fmt: skip
    steps: list[JSON] = [
        {"action": action, "observation": observed, "response": "", "thought": "", "state": {}}
        for action, observed in (("ls", "a"), ("cat a", "text"), ("submit", "diff"))
    ]
    loaded = document(tmp_path / "a.traj", {"trajectory": steps, "history": history, "info": {}})
    assert loaded.keys("tool_calls/") == ["tool_calls/call_1", "tool_calls/call_2", "tool_calls/call_3"]
    assert loaded.report.counts["tool_results"] == 3


def said(role: str, content: str) -> JSON:
    return {"role": role, "content": content}


def test_rows_of_a_table_that_begin_alike_are_conversations_of_their_own(tmp_path: Path) -> None:
    prompt: list[JSON] = [said("system", "be good"), said("user", "weather?")]
    rows: list[JSON] = [
        {"instance_id": f"i{row}", "messages": [*prompt, said("assistant", answer)]}
        for row, answer in enumerate(("rain", "sun", "sun"))
    ]
    loaded = opened(write_lines(tmp_path / "rows.jsonl", rows))
    assert loaded.report.counts["messages"] == 9
    assert len(loaded.keys("messages/")) == 9


def test_a_conversation_that_a_table_keeps_as_json_text_is_one(tmp_path: Path) -> None:
    row: JSON = {"task_id": "t", "messages": json.dumps([said("user", "hi"), said("assistant", "ho")])}
    loaded = opened(write_lines(tmp_path / "rows.jsonl", [row]))
    assert [loaded.value(key) for key in loaded.keys("messages/")] == [
        {"role": "user", "text": "hi"},
        {"role": "assistant", "text": "ho"},
    ]


def test_messages_may_say_text_and_name_the_model_ai(tmp_path: Path) -> None:
    spoken: JSON = [
        {"role": "system", "system_prompt": "be good"},
        {"role": "user", "text": "hi"},
        {"role": "ai", "text": "ho"},
    ]
    loaded = opened(write_lines(tmp_path / "rows.jsonl", [{"trajectory": spoken}]))
    told = [loaded.value(key) for key in loaded.keys("messages/")]
    assert [(m["role"], m["text"]) for m in told if isinstance(m, dict)] == [
        ("system", "be good"),
        ("user", "hi"),
        ("assistant", "ho"),
    ]


def test_function_calls_of_shared_conversations_are_calls_that_observations_answer(tmp_path: Path) -> None:
    shared: JSON = [
        {"from": "human", "value": "weather?"},
        {"from": "function_call", "value": '{"name": "forecast", "arguments": {"city": "Rome"}}'},
        {"from": "observation", "value": "sun"},
    ]
    loaded = opened(write_lines(tmp_path / "rows.jsonl", [{"conversations": shared}]))
    (key,) = loaded.keys("tool_calls/")
    call = loaded.value(key)
    assert isinstance(call, dict)
    assert (call["name"], call["args"], call["status"], call["result"]) == ("forecast", {"city": "Rome"}, "ok", "sun")


def test_a_gemini_function_that_responds_with_an_error_failed(tmp_path: Path) -> None:
    contents: JSON = [
        {"role": "user", "parts": [{"text": "list"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "ls", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "ls", "response": {"error": "denied"}}}]},
    ]
    assert document(tmp_path / "a.json", contents).report.counts["errors"] == 1


def test_a_tau_bench_task_that_broke_says_how(tmp_path: Path) -> None:
    broken: JSON = {
        "task_id": 3,
        "reward": 0.0,
        "info": {"error": "boom", "traceback": "line 1"},
        "traj": [],
        "trial": 0,
    }
    loaded = document(tmp_path / "a.json", [broken])
    assert loaded.report.counts["errors"] == 1
    final = loaded.value("final")
    assert isinstance(final, dict)
    assert (final["error"], final["traceback"]) == ("boom", "line 1")


def test_a_command_that_mini_swe_agent_killed_failed(tmp_path: Path) -> None:
    killed = "The last command <command>sleep 99</command> timed out and has been killed.\n<output>\n\n</output>"
    messages: JSON = [said("user", "task"), said("assistant", "```bash\nsleep 99\n```"), said("user", killed)]
    info: JSON = {"exit_status": "Submitted", "model_stats": {}}
    loaded = document(tmp_path / "a.traj.json", {"info": info, "messages": messages})
    (key,) = loaded.keys("tool_calls/")
    call = loaded.value(key)
    assert isinstance(call, dict)
    assert (call["status"], call["timed_out"], call["result"]) == ("error", True, killed)


def test_an_openhands_conversation_takes_its_sums_from_the_state_beside_its_events(tmp_path: Path) -> None:
    events = tmp_path / "conversation" / "events"
    events.mkdir(parents=True)
    said_by_user: JSON = {"role": "user", "content": [{"type": "text", "text": "fix it"}]}
    event: JSON = {"id": "e1", "timestamp": AT.format(1), "kind": "MessageEvent", "llm_message": said_by_user}
    (events / "event-00000-e1.json").write_text(json.dumps(event))
    sums: JSON = {"prompt_tokens": 30, "completion_tokens": 4, "cache_read_tokens": 5}
    metrics: JSON = {"model_name": "m", "accumulated_cost": 0.25, "accumulated_token_usage": sums}
    state: JSON = {"id": "c", "execution_status": "finished", "stats": {"usage_to_metrics": {"agent": metrics}}}
    (events.parent / "base_state.json").write_text(json.dumps(state))
    loaded = opened(events / "event-00000-e1.json")
    usage, status = loaded.value("usage"), loaded.value("status")
    assert isinstance(usage, dict)
    assert isinstance(status, dict)
    assert (usage["input"], usage["output"], usage["cache_read"], usage["cost_usd"]) == (30, 4, 5, 0.25)
    assert (status["phase"], loaded.value("model")) == ("done", "m")
    assert loaded.report.files == ["event-00000-e1.json", "base_state.json"]


def test_a_second_attempt_at_an_openhands_instance_is_a_run_of_its_own(tmp_path: Path) -> None:
    history: JSON = [
        {"id": 0, "timestamp": AT.format(1), "source": "user", "action": "message", "args": {"content": "a"}}
    ]
    lines: list[JSON] = [
        {
            "instance_id": "i",
            "instruction": "fix",
            "history": history,
            "instance": {"repo": "r"},
            "report": {"ok": True},
        }
        for _ in range(2)
    ]
    loaded = opened(write_lines(tmp_path / "output.jsonl", lines))
    assert {address.namespace for address in loaded.state} == {"openhands:i", "openhands:i-2"}
    assert [value for address, value in loaded.state.items() if address.key in ("instance", "info")] == [
        {"repo": "r"},
        {"report": {"ok": True}},
        {"repo": "r"},
        {"report": {"ok": True}},
    ]


def test_the_actions_that_mini_swe_agent_found_in_a_message_are_its_calls(tmp_path: Path) -> None:
    def seen(code: int, output: str) -> JSON:
        return {"role": "user", "content": "…", "extra": {"returncode": code, "raw_output": output}}

    actions: JSON = [{"command": "ls"}, {"command": "cat a"}]
    acted: JSON = {"role": "assistant", "content": "<mswea_bash_command>ls</…>", "extra": {"actions": actions}}
    messages: JSON = [said("user", "task"), acted, seen(0, "a"), seen(1, "none"), said("user", "go on")]
    trajectory: JSON = {
        "trajectory_format": "mini-swe-agent-1.1",
        "messages": messages,
        "info": {"exit_status": "Submitted", "program_id": "p"},
    }
    loaded = document(tmp_path / "a.traj.json", trajectory)
    calls = [loaded.value(key) for key in loaded.keys("tool_calls/")]
    assert [(c["args"], c["status"], c["result"]) for c in calls if isinstance(c, dict)] == [
        ({"command": "ls"}, "ok", "a"),
        ({"command": "cat a"}, "error", "none"),
    ]
    assert loaded.value("info") == {"program_id": "p"}
    assert len(loaded.keys("messages/")) == 3


def test_loose_function_calls_are_answered_in_the_session_they_name(tmp_path: Path) -> None:
    records: list[JSON] = [
        {"type": "message", "sessionId": "s1", "timestamp": 1777651201, "role": "user", "content": "read"},
        {"type": "function_call", "sessionId": "s1", "timestamp": 1777651203000, "name": "read", "arguments": {"p": 1}},
        {"type": "function_call_result", "sessionId": "s1", "timestamp": 1777651203500, "name": "read", "output": "x"},
    ]
    loaded = opened(write_lines(tmp_path / "a.jsonl", records))
    assert (loaded.report.counts["tool_calls"], loaded.report.counts["tool_results"]) == (1, 1)
    assert {address.namespace for address in loaded.state} == {"s1"}


def test_a_result_with_an_id_of_its_own_answers_the_call_that_was_made_without_one(tmp_path: Path) -> None:
    contents: JSON = [
        {"role": "user", "parts": [{"text": "list"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "ls", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "x", "name": "ls", "response": {"output": "a"}}}]},
    ]
    loaded = document(tmp_path / "a.json", contents)
    assert loaded.report.counts["results_without_call"] == 0
    (key,) = loaded.keys("tool_calls/")
    call = loaded.value(key)
    assert isinstance(call, dict)
    assert call["result"] == "a"


def test_the_prompts_that_gemini_keeps_beside_its_sessions_belong_to_theirs(tmp_path: Path) -> None:
    prompts: JSON = [
        {"sessionId": session, "messageId": number, "type": "user", "message": "hi", "timestamp": AT.format(number)}
        for session, number in (("a", 0), ("a", 1), ("b", 0))
    ]
    loaded = document(tmp_path / "logs.json", prompts)
    assert sorted(address.namespace for address in loaded.state if address.key.startswith("messages/")) == [
        "gemini:a",
        "gemini:a",
        "gemini:b",
    ]


def test_a_call_that_failed_without_a_word_says_so(tmp_path: Path) -> None:
    call: JSON = {"id": "c", "name": "write_file", "args": {"file_path": "a"}, "status": "cancelled"}
    session: JSON = {
        "sessionId": "s",
        "projectHash": "h",
        "messages": [{"id": "m", "type": "gemini", "content": "", "toolCalls": [call]}],
    }
    loaded = document(tmp_path / "a.json", session)
    error = loaded.value("last_error")
    assert isinstance(error, dict)
    assert (error["message"], loaded.labels()[-1]) == ("cancelled", "write_file a → error: cancelled")


def test_an_agent_behind_an_openhands_conversation_makes_calls_and_is_stopped(tmp_path: Path) -> None:
    def call(number: int, status: str, **more: JSON) -> JSON:
        about: JSON = {"title": "Run tests", "tool_kind": "execute", "raw_input": {"command": "pytest"}}
        assert isinstance(about, dict)
        return {"id": f"e{number}", "kind": "ACPToolCallEvent", "tool_call_id": "c1", "status": status, **about, **more}

    text: JSON = [{"type": "content", "content": {"type": "text", "text": "3 failed"}}]
    records: list[JSON] = [
        call(0, "in_progress"),
        call(1, "failed", content=text, is_error=True),
        {"id": "e2", "kind": "HookExecutionEvent", "hook_event_type": "Stop", "success": False, "reason": "no tests"},
        {"id": "e3", "kind": "WarningEvent", "message": "slow"},
        {"id": "e4", "kind": "ConversationIterationLimitEvent", "max_iterations": 9, "detail": "9 of 9"},
        {"id": "e5", "kind": "InterruptEvent", "reason": "User requested interrupt"},
    ]
    path = write_lines(tmp_path / "events.jsonl", records)
    known, _ = recognise(path)
    assert known.name == "openhands"
    loaded = load(known, path)
    assert loaded.kinds() == [
        "tool_call",
        "tool_error",
        "hook_error",
        "warning",
        "iteration_limit_error",
        "turn_aborted",
    ]
    answered = loaded.value("tool_calls/c1")
    assert isinstance(answered, dict)
    assert (answered["name"], answered["status"], answered["result"]) == ("execute", "error", "3 failed")
    assert not loaded.report.unknown


def test_messages_of_pydantic_ai_are_a_conversation_with_its_calls_answered(tmp_path: Path) -> None:
    loaded = document(tmp_path / "log.json", DOCUMENTS["pydantic-ai"])
    assert loaded.kinds() == ["meta", "user", "tool_call", "tool_result", "tool_error", "meta", "assistant"]
    said, usage = loaded.value("messages/0003"), loaded.value("usage")
    assert isinstance(said, dict)
    assert isinstance(usage, dict)
    assert (said["text"], said["reasoning"], said["calls"]) == ("look", "hm", ["c1", "c2"])
    assert (usage["input"], usage["output"], usage["cost_usd"]) == (3, 1, 0.5)
    results = [value["result"] for key in ("c1", "c2") if isinstance(value := loaded.value(f"tool_calls/{key}"), dict)]
    assert results == ['{"n":1}', "path: Field required"]
    assert loaded.value("final") == {"text": "done", "message": "messages/0005"}
    assert not loaded.report.unknown


def test_a_memory_of_smolagents_tells_what_each_step_called_and_saw(tmp_path: Path) -> None:
    loaded = document(tmp_path / "log.json", DOCUMENTS["smolagents"])
    assert loaded.kinds() == ["user", "plan", "tool_call", "tool_error", "assistant", "result"]
    call = loaded.value("tool_calls/c1")
    assert isinstance(call, dict)
    assert (call["status"], call["result"], call["duration_ms"]) == ("error", "no b", 1000)
    assert loaded.value("final") == {"text": "6"}
    assert loaded.value("status") == {"phase": "done", "turn": 1, "step": 2}
    assert not loaded.report.unknown


def test_what_cursor_prints_is_told_though_its_envelope_is_another_tools(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "out.jsonl", CURSOR_STREAM)
    assert recognise(path)[0].name == "cursor-stream"
    loaded = opened(path)
    assert {address.namespace for address in loaded.state} == {"cursor:s1"}
    said, shell, server = (loaded.value(key) for key in ("messages/0002", "tool_calls/c1", "tool_calls/c2"))
    assert isinstance(said, dict)
    assert isinstance(shell, dict)
    assert isinstance(server, dict)
    assert (said["text"], said["reasoning"], loaded.report.counts["messages"]) == ("looking", "hm", 2)
    assert (shell["name"], shell["status"], shell["exit_code"], shell["result"]) == ("shell", "error", 1, "a")
    assert (server["name"], server["args"], server["result"]) == ("box.get", {"id": 1}, "not allowed")
    assert loaded.value("status") == {"phase": "done", "turn": 1, "step": 1}
    assert not loaded.report.unknown
