"""A small log of every coding agent's format, with each kind of record that the format has a rule for."""

from __future__ import annotations

from playhead.model import JSON

AT = "2026-03-01T10:00:00Z"


def codex(kind: str, **payload: JSON) -> JSON:
    return {"timestamp": AT, "type": kind, "payload": payload}


def item(kind: str, **fields: JSON) -> JSON:
    return codex("response_item", type=kind, **fields)


def event(kind: str, **fields: JSON) -> JSON:
    return codex("event_msg", type=kind, **fields)


def said(role: str, text: str) -> JSON:
    return item("message", role=role, content=[{"type": "input_text", "text": text}])


def tokens(total: int) -> JSON:
    used: JSON = {"input_tokens": total, "output_tokens": 1}
    return event("token_count", info={"total_token_usage": used, "last_token_usage": used, "model_context_window": 9})


SHELL: JSON = '{"command": ["bash", "-lc", "pytest -q"]}'
PATCH: JSON = "*** Begin Patch\n*** Update File: a.py\n@@\n-x\n+y\n*** End Patch\n"
CODEX: list[JSON] = [
    codex("session_meta", id="t1", cwd="/w", cli_version="0.40.0", git={"branch": "main"}, instructions="be good"),
    codex("turn_context", cwd="/w", model="m", approval_policy="never", sandbox_policy={"mode": "read-only"}),
    codex("world_state", full=True, state={"a": {"x": 1}, "b": 2}),
    said("user", "fix it"),
    event("user_message", message="fix it"),
    item("reasoning", summary=[{"type": "summary_text", "text": "look first"}]),
    item("function_call", name="shell", arguments=SHELL, call_id="c1"),
    event("exec_command_end", call_id="c1", exit_code=1, duration={"secs": 1, "nanos": 0}, command=["pytest"]),
    item("function_call_output", call_id="c1", output='{"output": "3 failed", "metadata": {"exit_code": 1}}'),
    item("custom_tool_call", name="apply_patch", input=PATCH, call_id="c2"),
    event(
        "patch_apply_end", call_id="c2", success=True, changes={"/w/a.py": {"type": "update", "unified_diff": "-x\n+y"}}
    ),
    item("custom_tool_call_output", call_id="c2", output="Success"),
    item("function_call", name="update_plan", arguments='{"plan": [{"step": "s", "status": "done"}]}', call_id="c3"),
    item("function_call_output", call_id="c3", output={"content": "ok", "success": True}),
    event("mcp_tool_call_end", call_id="c4", invocation={"server": "s", "tool": "t"}, result={"Err": "no"}),
    event("item_completed", item={"type": "AgentMessage", "content": [{"type": "Text", "text": "done"}]}),
    said("assistant", "done"),
    tokens(10),
    event("error", message="boom"),
    event("thread_rolled_back", num_turns=1),
    event("collab_agent_spawn_end", call_id="c5", new_thread_id="t2", prompt="go", status="running"),
    codex("world_state", full=False, state={"a": {"x": 2}, "b": None}),
    codex(
        "compacted", message="so far", replacement_history=[{"type": "message", "role": "user", "content": "fix it"}]
    ),
    event("task_complete", last_agent_message="done", duration_ms=5),
]
CODEX_EXEC: list[JSON] = [
    {"type": "thread.started", "thread_id": "t1"},
    {"type": "item.completed", "item": {"id": "i0", "type": "reasoning", "text": "hm"}},
    {"type": "item.started", "item": {"id": "i1", "type": "command_execution", "command": "bash -lc ls"}},
    {
        "type": "item.completed",
        "item": {
            "id": "i1",
            "type": "command_execution",
            "command": "bash -lc ls",
            "exit_code": 0,
            "status": "completed",
        },
    },
    {"type": "item.completed", "item": {"id": "i2", "type": "file_change", "changes": [{"path": "a", "kind": "add"}]}},
    {"type": "item.completed", "item": {"id": "i3", "type": "todo_list", "items": [{"text": "x", "completed": True}]}},
    {"type": "item.completed", "item": {"id": "i4", "type": "agent_message", "text": "done"}},
    {"type": "turn.completed", "usage": {"input_tokens": 3, "output_tokens": 2}},
    {"type": "turn.failed", "error": {"message": "no"}},
]
GEMINI_CALL: JSON = {
    "id": "r1",
    "name": "replace",
    "args": {"file_path": "/w/a.py", "old_string": "x", "new_string": "y"},
    "status": "success",
    "timestamp": AT,
    "result": [{"functionResponse": {"id": "r1", "name": "replace", "response": {"output": "ok"}}}],
    "resultDisplay": {"fileDiff": "-x\n+y", "filePath": "/w/a.py"},
}
ANSWER: dict[str, JSON] = {
    "id": "m2",
    "timestamp": AT,
    "type": "gemini",
    "content": "on it",
    "thoughts": [{"subject": "s", "description": "d"}],
    "tokens": {"input": 5, "output": 2, "cached": 1},
    "model": "g",
}
GEMINI: list[JSON] = [
    {"sessionId": "s1", "projectHash": "h", "startTime": AT, "kind": "main", "directories": ["/w"]},
    {"$set": {"messages": [{"id": "m0", "type": "user", "content": [{"text": "<session_context>"}]}]}},
    {"id": "m1", "timestamp": AT, "type": "user", "content": [{"text": "fix it"}]},
    ANSWER,
    {**ANSWER, "toolCalls": [GEMINI_CALL]},
    {"id": "m3", "type": "user", "content": [{"functionResponse": {"id": "r1", "name": "replace", "response": {}}}]},
    {"id": "m4", "type": "error", "content": "quota"},
    {"$set": {"summary": "fixed", "lastUpdated": AT}},
    {"$rewindTo": "m4"},
]
GEMINI_STREAM: list[JSON] = [
    {"type": "init", "timestamp": AT, "session_id": "s1", "model": "g"},
    {"type": "message", "role": "user", "content": "hi"},
    {"type": "message", "role": "assistant", "content": "a", "delta": True},
    {"type": "message", "role": "assistant", "content": "b", "delta": True},
    {"type": "tool_use", "tool_id": "c1", "tool_name": "run_shell_command", "parameters": {"command": "ls"}},
    {"type": "tool_result", "tool_id": "c1", "status": "error", "error": {"message": "no"}},
    {"type": "result", "status": "success", "stats": {"input_tokens": 1, "output_tokens": 2, "models": {}}},
]


def part(kind: str, **fields: JSON) -> JSON:
    return {"type": kind, "timestamp": 1772359200000, "sessionID": "s1", "part": {"messageID": "m1", **fields}}


TOOL_STATE: JSON = {
    "status": "completed",
    "input": {"command": "ls"},
    "output": "a",
    "metadata": {"exit": 0},
    "time": {"start": 1772359200000, "end": 1772359200500},
}
OPENCODE: list[JSON] = [
    part("step_start", type="step-start", id="p0"),
    part("text", type="text", id="p1", text="listing"),
    part("tool_use", type="tool", id="p2", callID="c1", tool="bash", state=TOOL_STATE),
    part("step_finish", type="step-finish", id="p3", tokens={"input": 3, "output": 1}, cost=0.5, reason="stop"),
    {"type": "error", "sessionID": "s1", "error": {"name": "APIError", "data": {"message": "no"}}},
]
OPENHANDS: list[JSON] = [
    {"id": "e0", "timestamp": AT, "kind": "SystemPromptEvent", "system_prompt": {"text": "be good"}, "tools": []},
    {"id": "e1", "timestamp": AT, "kind": "MessageEvent", "llm_message": {"role": "user", "content": "fix it"}},
    {
        "id": "e2",
        "timestamp": AT,
        "kind": "ActionEvent",
        "thought": [{"type": "text", "text": "look"}],
        "action": {"kind": "TerminalAction", "command": "ls"},
        "tool_name": "terminal",
        "tool_call_id": "c1",
        "tool_call": {"id": "c1", "name": "terminal", "arguments": '{"command": "ls"}'},
        "llm_response_id": "r1",
        "security_risk": "LOW",
    },
    {
        "id": "e3",
        "timestamp": AT,
        "kind": "ObservationEvent",
        "tool_call_id": "c1",
        "observation": {"content": [{"type": "text", "text": "no"}], "is_error": True, "exit_code": 1},
    },
    {"id": "e4", "kind": "AgentErrorEvent", "error": "bad arguments", "tool_call_id": "c9", "tool_name": "t"},
    {"id": "e5", "kind": "Condensation", "forgotten_event_ids": ["e1"], "summary": "short"},
    {"id": "e6", "kind": "ConversationStateUpdateEvent", "key": "execution_status", "value": "finished"},
    {
        "id": "e7",
        "kind": "ConversationStateUpdateEvent",
        "key": "stats",
        "value": {
            "usage_to_metrics": {"default": {"accumulated_cost": 1, "accumulated_token_usage": {"prompt_tokens": 4}}}
        },
    },
]
CALLED: JSON = {
    "function_name": "execute_bash",
    "tool_call_id": "c1",
    "model_response": {"id": "r1", "model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 1}, "choices": []},
}
OPENHANDS_V0: list[JSON] = [
    {"id": 0, "timestamp": "2026-03-01T10:00:00", "source": "user", "action": "message", "args": {"content": "fix it"}},
    {
        "id": 1,
        "source": "agent",
        "action": "run",
        "args": {"command": "ls", "thought": "look"},
        "tool_call_metadata": CALLED,
    },
    {
        "id": 2,
        "source": "agent",
        "observation": "run",
        "cause": 1,
        "content": "no",
        "extras": {"metadata": {"exit_code": 1, "working_dir": "/w"}},
        "success": False,
    },
    {"id": 3, "source": "environment", "observation": "agent_state_changed", "extras": {"agent_state": "error"}},
    {"id": 4, "source": "agent", "action": "finish", "args": {"final_thought": "done"}},
]
COPILOT: list[JSON] = [
    {"type": "session.start", "id": "e1", "timestamp": AT, "data": {"sessionId": "s1", "context": {"cwd": "/w"}}},
    {"type": "user.message", "timestamp": AT, "data": {"content": "hi"}},
    {
        "type": "assistant.message",
        "timestamp": AT,
        "data": {"messageId": "m1", "outputTokens": 2, "toolRequests": [{"toolCallId": "c1", "name": "bash"}]},
    },
    {"type": "tool.execution_start", "timestamp": AT, "data": {"toolCallId": "c1", "toolName": "bash"}},
    {"type": "tool.execution_complete", "timestamp": AT, "data": {"toolCallId": "c1", "success": False, "result": {}}},
    {"type": "session.shutdown", "timestamp": AT, "data": {"modelMetrics": {"m": {"usage": {"inputTokens": 3}}}}},
]
PI: list[JSON] = [
    {"type": "session", "version": 3, "id": "s1", "timestamp": AT, "cwd": "/w"},
    {"type": "message", "id": "a", "parentId": None, "message": {"role": "user", "content": "hi"}},
    {
        "type": "message",
        "id": "b",
        "parentId": "a",
        "message": {
            "role": "assistant",
            "content": [{"type": "toolCall", "id": "c1", "name": "ls", "arguments": {}}],
            "usage": {"input": 1, "output": 2, "cost": {"total": 0.5}},
        },
    },
    {
        "type": "message",
        "id": "c",
        "parentId": "b",
        "message": {"role": "toolResult", "toolCallId": "c1", "content": "x"},
    },
    {"type": "message", "id": "d", "parentId": "a", "message": {"role": "user", "content": "otherwise"}},
    {"type": "compaction", "id": "e", "parentId": "d", "summary": "short", "tokensBefore": 9},
]
KIMI: list[JSON] = [
    {"type": "metadata", "protocol_version": "1.4", "created_at": 1772359200000},
    {"type": "context.append_message", "message": {"role": "user", "content": "hi"}, "time": 1772359200000},
    {"type": "context.append_loop_event", "event": {"type": "content.part", "stepUuid": "s", "part": {"think": "hm"}}},
    {
        "type": "context.append_loop_event",
        "event": {"type": "tool.call", "toolCallId": "c1", "name": "Bash", "args": {}},
    },
    {
        "type": "context.append_loop_event",
        "event": {"type": "tool.result", "toolCallId": "c1", "result": {"output": "x"}},
    },
    {"type": "context.append_loop_event", "event": {"type": "step.end", "uuid": "s", "usage": {"inputOther": 2}}},
]
QWEN_ENVELOPE: dict[str, JSON] = {"sessionId": "s1", "timestamp": AT, "cwd": "/w", "version": "1"}
QWEN: list[JSON] = [
    {**QWEN_ENVELOPE, "uuid": "a", "parentUuid": None, "type": "user", "message": {"parts": [{"text": "hi"}]}},
    {
        **QWEN_ENVELOPE,
        "uuid": "b",
        "parentUuid": "a",
        "type": "assistant",
        "message": {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "ls", "args": {}}}]},
        "usageMetadata": {"promptTokenCount": 2},
    },
    {
        **QWEN_ENVELOPE,
        "uuid": "c",
        "parentUuid": "b",
        "type": "tool_result",
        "message": {"parts": [{"functionResponse": {"id": "c1", "name": "ls", "response": {"output": "x"}}}]},
    },
    {**QWEN_ENVELOPE, "uuid": "d", "type": "system", "subtype": "rewind", "systemPayload": {"targetUuid": "a"}},
]
AUTOGEN: list[JSON] = [
    {"id": "1", "source": "user", "models_usage": None, "created_at": AT, "content": "hi", "type": "TextMessage"},
    {
        "id": "2",
        "source": "coder",
        "models_usage": {"prompt_tokens": 2, "completion_tokens": 1},
        "content": [{"id": "c1", "name": "ls", "arguments": "{}"}],
        "type": "ToolCallRequestEvent",
    },
    {
        "id": "3",
        "source": "coder",
        "content": [{"call_id": "c1", "name": "ls", "content": "no", "is_error": True}],
        "type": "ToolCallExecutionEvent",
    },
    {"type": "LLMCall", "agent_id": "coder_1/1", "prompt_tokens": 1, "completion_tokens": 1, "response": {}},
    {"type": "Message", "payload": '{"message": {}}', "sender": None, "delivery_stage": "DeliveryStage.SEND"},
]
CURSOR: list[JSON] = [
    {"role": "user", "message": {"content": [{"type": "text", "text": "hi"}]}},
    {"role": "assistant", "message": {"content": [{"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}]}},
    {"role": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]}},
    {"type": "turn_ended", "status": "success"},
]
GROK: list[JSON] = [
    {"type": "user", "content": [{"type": "text", "text": "hi"}], "prompt_index": 0},
    {
        "type": "assistant",
        "content": "",
        "tool_calls": [{"id": "c1", "name": "ls", "arguments": "{}"}],
        "model_id": "g",
    },
    {"type": "tool_result", "tool_call_id": "c1", "content": "x"},
    {"type": "backend_tool_call", "kind": {"tool_type": "web_search", "id": "w1", "status": "completed"}},
]
ANTIGRAVITY: list[JSON] = [
    {"step_index": 0, "source": "USER_EXPLICIT", "type": "USER_INPUT", "created_at": AT, "content": "hi"},
    {"step_index": 1, "source": "MODEL", "type": "PLANNER_RESPONSE", "tool_calls": [{"name": "ls", "args": {}}]},
    {"step_index": 2, "source": "MODEL", "type": "LIST_DIRECTORY", "status": "DONE", "content": "x"},
]
DROID: list[JSON] = [
    {"type": "message", "session_id": "s1", "timestamp": AT, "role": "user", "text": "hi"},
    {"type": "tool_call", "session_id": "s1", "toolCallId": "c1", "toolName": "Shell", "parameters": {"command": "ls"}},
    {"type": "tool_result", "session_id": "s1", "toolCallId": "c1", "value": {"stdout": "x", "exitCode": 1}},
    {"type": "completion", "session_id": "s1", "finalText": "done"},
]
CURSOR_ENVELOPE: dict[str, JSON] = {"session_id": "s1", "timestamp_ms": 1772359200000}


def cursor(kind: str, subtype: str, **fields: JSON) -> JSON:
    return {"type": kind, "subtype": subtype, **CURSOR_ENVELOPE, **fields}


def cursor_said(role: str, text: str, **fields: JSON) -> JSON:
    message: JSON = {"role": role, "content": [{"type": "text", "text": text}]}
    return {"type": role, "message": message, **CURSOR_ENVELOPE, **fields}


LISTED: JSON = {"args": {"command": "ls"}, "result": {"success": {"stdout": "a", "stderr": "", "exitCode": 1}}}
ASKED_SERVER: dict[str, JSON] = {"args": {"providerIdentifier": "box", "toolName": "get", "args": {"id": 1}}}
CURSOR_STREAM: list[JSON] = [
    cursor("system", "init", apiKeySource="login", cwd="/w", model="m", permissionMode="default"),
    cursor_said("user", "fix it"),
    cursor("thinking", "delta", text="h"),
    cursor("thinking", "delta", text="m"),
    cursor("thinking", "completed"),
    cursor_said("assistant", "loo"),
    cursor_said("assistant", "king"),
    cursor_said("assistant", "looking", model_call_id="mc1"),
    cursor("tool_call", "started", call_id="c1", tool_call={"shellToolCall": {"args": {"command": "ls"}}}),
    cursor("tool_call", "completed", call_id="c1", tool_call={"shellToolCall": LISTED}),
    cursor("tool_call", "started", call_id="c2", tool_call={"mcpToolCall": ASKED_SERVER}),
    cursor(
        "tool_call",
        "completed",
        call_id="c2",
        tool_call={"mcpToolCall": {"result": {"rejected": {"reason": "not allowed"}}}},
    ),
    cursor("result", "success", is_error=False, result="done", usage={"inputTokens": 4, "outputTokens": 2}),
]
LINES: dict[str, list[JSON]] = {
    "cursor-stream": CURSOR_STREAM,
    "codex": CODEX,
    "codex-exec": CODEX_EXEC,
    "gemini": GEMINI,
    "gemini-stream": GEMINI_STREAM,
    "opencode": OPENCODE,
    "openhands": OPENHANDS,
    "openhands-v0": OPENHANDS_V0,
    "copilot": COPILOT,
    "pi": PI,
    "kimi": KIMI,
    "qwen": QWEN,
    "autogen": AUTOGEN,
    "cursor": CURSOR,
    "grok": GROK,
    "antigravity": ANTIGRAVITY,
    "droid-stream": DROID,
}
"""Logs of one record per line."""

ASKED: JSON = {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
CHAT: list[JSON] = [
    {"role": "system", "content": "be good"},
    {"role": "user", "content": "fix it"},
    {"role": "assistant", "content": None, "tool_calls": [ASKED]},
    {"role": "tool", "tool_call_id": "c1", "content": "x"},
    {"role": "assistant", "content": "done"},
]
STEP: dict[str, JSON] = {"action": "ls\n", "observation": "x", "response": "look", "thought": "look"}
DOCUMENTS: dict[str, JSON] = {
    "gemini": {"sessionId": "s1", "projectHash": "h", "messages": [GEMINI[2], {**ANSWER, "toolCalls": [GEMINI_CALL]}]},
    "opencode": {
        "info": {"id": "s1", "directory": "/w", "title": "t", "time": {"created": 1772359200000}},
        "messages": [
            {"info": {"id": "m0", "role": "user", "time": {"created": 1772359200000}}, "parts": []},
            {
                "info": {"id": "m1", "role": "assistant", "tokens": {"input": 3}, "cost": 0.5, "error": {"name": "E"}},
                "parts": [
                    {"type": "text", "id": "p1", "text": "listing"},
                    {"type": "tool", "id": "p2", "callID": "c1", "tool": "bash", "state": TOOL_STATE},
                    {"type": "patch", "hash": "h", "files": ["a"]},
                    {"type": "compaction", "auto": True},
                ],
            },
        ],
    },
    "swe-agent": {
        "trajectory": [{**STEP, "state": '{"open_file": "n/a", "working_dir": "/w"}', "execution_time": 0.5}],
        "history": [*CHAT[:2], {"role": "assistant", "content": "look", "action": "ls\n", "agent": "main"}],
        "info": {"exit_status": "submitted", "submission": "diff", "model_stats": {"tokens_sent": 3}},
    },
    "mini-swe-agent": {
        "trajectory_format": "mini-swe-agent-1.1",
        "info": {"exit_status": "Submitted", "submission": "diff", "model_stats": {"instance_cost": 0.5}, "config": {}},
        "messages": [
            *CHAT[:2],
            {"role": "assistant", "content": "```bash\nls\n```", "extra": {"cost": 0.5, "response": {"usage": {}}}},
            {"role": "user", "content": "<returncode>1</returncode>\n<output>\nno\n</output>"},
            {"role": "exit", "content": "diff", "extra": {"exit_status": "Submitted"}},
        ],
    },
    "atif": {
        "schema_version": "ATIF-v1.7",
        "session_id": "s1",
        "agent": {"name": "a", "version": "1", "model_name": "m"},
        "steps": [
            {"step_id": 1, "source": "user", "message": "fix it", "timestamp": AT},
            {
                "step_id": 2,
                "source": "agent",
                "message": "look",
                "tool_calls": [{"tool_call_id": "c1", "function_name": "bash", "arguments": {"command": "ls"}}],
                "observation": {"results": [{"source_call_id": "c1", "content": "x"}, {"content": "y"}]},
                "metrics": {"prompt_tokens": 3, "completion_tokens": 1, "cost_usd": 0.5},
            },
        ],
        "final_metrics": {"total_prompt_tokens": 9, "total_completion_tokens": 1, "total_cost_usd": 1.5},
    },
    "tau-bench": [
        {"task_id": 1, "reward": 1.0, "trial": 0, "info": {"task": {"instruction": "book"}}, "traj": CHAT},
        {
            "id": "u1",
            "task_id": "3",
            "trial": 0,
            "termination_reason": "agent_stop",
            "messages": [
                {"role": "user", "content": "exchange", "turn_idx": 0, "cost": 0.25, "usage": {"prompt_tokens": 7}},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "c1", "name": "get", "arguments": {"id": 1}, "requestor": "assistant"}],
                    "timestamp": "2026-03-01T10:00:00.5",
                    "cost": 0.5,
                    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
                    "raw_data": {"thinking_blocks": [{"type": "thinking", "thinking": "hm"}]},
                },
                {"role": "tool", "id": "c1", "content": "no", "error": True, "requestor": "assistant"},
                {"role": "tool", "tool_messages": [{"role": "tool", "id": "c1", "content": "again"}]},
            ],
            "reward_info": {"reward": 0.0},
            "agent_cost": 0.5,
            "user_cost": 0.25,
        },
        {
            "task_id": "2",
            "trial": 1,
            "termination_reason": "user_stop",
            "ticks": [{"tick_id": 0, "agent_chunk": {"contains_speech": True}, "user_chunk": {"content": "hi"}}],
        },
    ],
    "autogen": {
        "type": "TeamState",
        "agent_states": {
            "coder": {
                "agent_state": {
                    "llm_context": {
                        "messages": [
                            {"type": "UserMessage", "content": "hi", "source": "user"},
                            {"type": "AssistantMessage", "content": [{"id": "c1", "name": "ls", "arguments": "{}"}]},
                            {"type": "FunctionExecutionResultMessage", "content": [{"call_id": "c1", "content": "x"}]},
                        ]
                    }
                }
            }
        },
    },
    "pydantic-ai": [
        {
            "kind": "request",
            "parts": [
                {"part_kind": "system-prompt", "content": "be good", "timestamp": AT},
                {"part_kind": "user-prompt", "content": ["fix it", {"kind": "image-url", "url": "http://x"}]},
            ],
        },
        {
            "kind": "response",
            "model_name": "m",
            "timestamp": AT,
            "usage": {"input_tokens": 3, "output_tokens": 1, "cost": 0.5},
            "parts": [
                {"part_kind": "thinking", "content": "hm"},
                {"part_kind": "text", "content": "look"},
                {"part_kind": "tool-call", "tool_name": "ls", "tool_call_id": "c1", "args": '{"path": "."}'},
                {"part_kind": "tool-call", "tool_name": "cat", "tool_call_id": "c2", "args": {}},
            ],
        },
        {
            "kind": "request",
            "parts": [
                {"part_kind": "tool-return", "tool_name": "ls", "tool_call_id": "c1", "content": {"n": 1}},
                {
                    "part_kind": "retry-prompt",
                    "tool_name": "cat",
                    "tool_call_id": "c2",
                    "content": [{"type": "missing", "loc": ["path"], "msg": "Field required"}],
                },
                {"part_kind": "retry-prompt", "content": "no answer yet"},
            ],
        },
        {"kind": "response", "parts": [{"part_kind": "text", "content": "done"}], "finish_reason": "stop"},
    ],
    "smolagents": {
        "output": "6",
        "steps": [
            {"task": "2*3"},
            {"plan": "multiply", "timing": {"start_time": 1772359200.5}},
            {
                "step_number": 1,
                "timing": {"start_time": 1772359200.5, "end_time": 1772359201.5, "duration": 1.0},
                "tool_calls": [{"id": "c1", "function": {"name": "mul", "arguments": {"a": 2}}}],
                "error": {"type": "AgentToolExecutionError", "message": "no b"},
                "model_output": "multiply",
                "observations": None,
                "token_usage": {"input_tokens": 3, "output_tokens": 1},
            },
            {
                "step_number": 2,
                "timing": {},
                "tool_calls": None,
                "model_output_message": {"role": "assistant", "content": "six"},
                "observations": "6",
                "action_output": 6,
                "is_final_answer": True,
            },
        ],
    },
    "crewai": {
        "raw": "done",
        "tasks_output": [{"name": "research", "agent": "Researcher", "raw": "x", "messages": CHAT}],
        "token_usage": {"prompt_tokens": 3, "completion_tokens": 1},
    },
    "claude-export": [
        {
            "uuid": "u1",
            "name": "Rome",
            "created_at": AT,
            "chat_messages": [
                {"uuid": "m1", "sender": "human", "text": "hi", "created_at": AT, "attachments": [{"file_name": "a"}]},
                {"uuid": "m2", "sender": "assistant", "content": [{"type": "text", "text": "hello"}]},
            ],
        }
    ],
    "chatgpt-export": [
        {
            "id": "g1",
            "title": "Rome",
            "create_time": 1772359200.5,
            "current_node": "c",
            "mapping": {
                "a": {"message": None, "parent": None},
                "b": {"message": {"author": {"role": "user"}, "content": {"parts": ["hi"]}}, "parent": "a"},
                "c": {"message": {"author": {"role": "assistant"}, "content": {"parts": ["hello"]}}, "parent": "b"},
                "d": {"message": {"author": {"role": "assistant"}, "content": {"parts": ["salve"]}}, "parent": "b"},
            },
        }
    ],
    "jsonl": {"id": 1, "messages": CHAT},
}
"""Logs that are one JSON document."""
