from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.formats.agent_logs import PATCH, codex, event, item, said, tokens
from tests.formats.conftest import Loaded, load, sample, write_lines

from playhead.formats.codex import Codex
from playhead.formats.codex_exec import CodexExec
from playhead.formats.registry import recognise
from playhead.formats.source import Source
from playhead.model import JSON

META = codex("session_meta", id="t1", cwd="/w", cli_version="0.169.0")


def rollout(folder: Path, *records: JSON) -> Loaded:
    return load(Codex(), write_lines(folder / "rollout.jsonl", [META, *records]))


def shell(call_id: str = "c1") -> JSON:
    return item("function_call", name="exec_command", arguments='{"cmd": "pytest -q"}', call_id=call_id)


def test_what_the_screen_showed_of_a_message_is_not_a_second_one_whichever_came_first(tmp_path: Path) -> None:
    shown = event("item_completed", item={"type": "AgentMessage", "content": [{"type": "Text", "text": "hello"}]})
    loaded = rollout(
        tmp_path,
        said("user", "hi"),
        event("user_message", message="hi"),
        shown,
        said("assistant", "hello"),
        shown,
    )
    texts = [loaded.value(key) for key in loaded.keys("messages/")]
    assert [(text["role"], text["text"]) for text in texts if isinstance(text, dict)] == [
        ("user", "hi"),
        ("assistant", "hello"),
        ("assistant", "hello"),
    ]
    assert loaded.report.counts["told_twice"] == 2


def test_what_only_the_screen_showed_is_told(tmp_path: Path) -> None:
    loaded = rollout(
        tmp_path, event("user_message", message="hi"), event("exec_command_end", call_id="c9", exit_code=2)
    )
    assert loaded.keys("messages/") == ["messages/0001"]
    assert loaded.value("tool_calls/c9") == {
        "name": "shell",
        "args": {"command": ""},
        "status": "error",
        "exit_code": 2,
        "result": "",
        "duration_ms": 0,
    }


def test_a_call_its_execution_and_its_output_are_versions_of_one_key(tmp_path: Path) -> None:
    loaded = rollout(
        tmp_path,
        shell(),
        event("exec_command_end", call_id="c1", exit_code=1, duration={"secs": 2, "nanos": 500_000_000}),
        item("function_call_output", call_id="c1", output="== 3 failed, 9 passed in 2.4s ==\n"),
    )
    seen = loaded.history("tool_calls/c1")
    assert [value["status"] for value in seen if isinstance(value, dict)] == ["running", "error", "error"]
    last = seen[-1]
    assert isinstance(last, dict)
    assert (last["exit_code"], last["duration_ms"], last["name"]) == (1, 2500, "exec_command")
    assert loaded.drafts[-1].label == "bash: pytest -q → exit 1, 3 failed"
    assert loaded.kinds()[-1] == "tool_error"


@pytest.mark.parametrize(
    ("output", "failed", "code"),
    [
        ('{"output": "x", "metadata": {"exit_code": 2, "duration_seconds": 0.5}}', True, 2),
        ("Chunk ID: 1\nWall time: 0.0 seconds\nProcess exited with code 0\nOutput:\nx", False, 0),
        ("Exit code: 1\nWall time: 0 seconds\nOutput:\nno", True, 1),
        ({"content": "x", "success": False}, True, None),
        ([{"type": "input_text", "text": "x"}], False, None),
        ("failed in sandbox, exit code: 1, stdout: , stderr: no", True, 1),
    ],
)
def test_outputs_tell_how_a_call_went_in_each_of_their_shapes(
    output: JSON, failed: bool, code: int | None, tmp_path: Path
) -> None:
    loaded = rollout(tmp_path, shell(), item("function_call_output", call_id="c1", output=output))
    value = loaded.value("tool_calls/c1")
    assert isinstance(value, dict)
    assert (value["status"] == "error", value.get("exit_code")) == (failed, code)


def test_a_patch_changes_files_once_whether_its_event_is_there_or_not(tmp_path: Path) -> None:
    call = item("custom_tool_call", name="apply_patch", input=PATCH, call_id="c1")
    done = item("custom_tool_call_output", call_id="c1", output="Success")
    applied = event("patch_apply_end", call_id="c1", success=True, changes={"/w/a.py": {"unified_diff": "-x\n+y\n"}})
    for records in ([call, done], [call, applied, done]):
        loaded = rollout(tmp_path, *records)
        value = loaded.value("files/a.py")
        assert isinstance(value, dict)
        assert (value["edits"], value["added"], value["removed"]) == (1, 1, 1)
        assert loaded.labels()[1] == "apply_patch: a.py"


def test_tokens_are_the_growth_of_the_total_and_a_total_that_shrinks_begins_anew(tmp_path: Path) -> None:
    loaded = rollout(tmp_path, tokens(10), tokens(10), tokens(25), tokens(4))
    assert loaded.report.counts["input_tokens"] == 29
    usage = loaded.value("usage")
    assert isinstance(usage, dict)
    assert (usage["input"], usage["calls"]) == (29, 3)


def test_turns_that_are_rolled_back_leave_tombstones(tmp_path: Path) -> None:
    loaded = rollout(
        tmp_path,
        *(said("user", "a"), said("assistant", "b"), said("user", "c"), said("assistant", "d")),
        event("thread_rolled_back", num_turns=1),
        said("user", "e"),
    )
    assert loaded.keys("messages/") == ["messages/0001", "messages/0002", "messages/0005"]
    assert loaded.report.counts["rewinds"] == 1


def test_a_compaction_says_where_the_window_begins_and_only_what_is_new_in_it(tmp_path: Path) -> None:
    kept: list[JSON] = [
        {"type": "message", "role": role, "content": text} for role, text in (("user", "a"), ("user", "sum"))
    ]
    loaded = rollout(
        tmp_path,
        said("user", "a"),
        codex("compacted", message="", replacement_history=kept),
        event("context_compacted"),
        said("user", "b"),
    )
    context = loaded.value("context")
    assert isinstance(context, dict)
    assert (context["first"], context["compactions"]) == ("messages/0002", 1)
    summary = loaded.value("messages/0002")
    assert isinstance(summary, dict)
    assert (summary["text"], summary["summary"]) == ("sum", True)
    assert len(loaded.keys("messages/")) == 3


def test_the_world_is_merged_section_by_section(tmp_path: Path) -> None:
    loaded = rollout(
        tmp_path,
        codex("world_state", full=True, state={"a": {"x": 1, "y": 2}, "b": 1, "c": 3}),
        codex("world_state", full=False, state={"a": {"x": None, "z": 3}, "b": None}),
        codex("world_state", full=True, state={"a": {"y": 2, "z": 3}}),
    )
    assert loaded.history("world/a") == [{"x": 1, "y": 2}, {"y": 2, "z": 3}]
    assert loaded.keys("world/") == ["world/a"]


def test_a_fork_marks_what_its_parent_holds_too(tmp_path: Path) -> None:
    parent = [codex("session_meta", id="t0", cwd="/w"), said("user", "a"), tokens(10)]
    write_lines(tmp_path / "rollout-t0.jsonl", parent)
    child = codex("session_meta", id="t2", forked_from_id="t0", cwd="/w")
    path = write_lines(tmp_path / "rollout-t2.jsonl", [child, *parent, said("user", "b"), tokens(30)])
    loaded = load(Codex(), path)
    assert [draft.label for draft in loaded.drafts if draft.meta.get("inherited")] == ["a", "tokens counted"]
    inherited = loaded.value("inherited")
    assert isinstance(inherited, dict)
    assert (inherited["from"], inherited["records"]) == ("t0", 2)
    assert {address.namespace for address in loaded.state} == {"codex:t2"}


def test_a_fork_of_the_samples_inherits_all_of_its_parent() -> None:
    folder = sample("codex/CodexBar/Issue2037/live-fork-4d90-52bf/codex-home/archived_sessions")
    child, parent = load(Codex(), folder / "child.jsonl"), load(Codex(), folder / "parent.jsonl")
    inherited = child.value("inherited")
    assert isinstance(inherited, dict)
    assert inherited["usage"] == parent.value("usage")
    assert inherited["records"] == 180


def test_items_without_an_envelope_are_a_rollout_of_old(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "log",
        [
            {"id": "t1", "timestamp": "2025-06-01T10:00:00Z", "instructions": None, "git": {"branch": "main"}},
            {"record_type": "state"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "function_call", "name": "shell", "arguments": '{"command": ["ls"]}', "call_id": "c1"},
            {
                "type": "function_call_output",
                "call_id": "c1",
                "output": '{"output": "x", "metadata": {"exit_code": 0}}',
            },
        ],
    )
    assert Codex().recognise(Source(path))
    loaded = load(Codex(), path)
    assert loaded.labels() == ["session: codex in ?", "hi", "bash: ls", "bash: ls → x"]
    assert not loaded.report.unknown


def test_what_has_no_rule_is_kept_whole_and_counted(tmp_path: Path) -> None:
    loaded = rollout(tmp_path, event("brand_new", x=1), item("brand_new", y=2), codex("brand_new", z=3))
    assert len(loaded.keys("records/")) == 3
    assert set(loaded.report.unknown) == {"event_msg/brand_new", "response_item/brand_new", "brand_new"}


def test_exec_output_says_what_its_rollout_says() -> None:
    (path,) = sample("codex/generated-codex-0.169").glob("*.jsonl")
    rolled = load(Codex(), path)
    printed = load(CodexExec(), sample("codex-exec-json/generated-codex-0.169/codex_exec_resume_B.jsonl"))
    assert printed.report.counts["input_tokens"] == rolled.report.counts["input_tokens"]
    texts = [rolled.value(key) for key in rolled.keys("messages/")]
    for key in printed.keys("messages/"):
        value = printed.value(key)
        assert isinstance(value, dict)
        assert any(isinstance(text, dict) and text["text"] == value["text"] for text in texts)


def spawned(folder: Path, thread: str, parent: str, *records: JSON) -> None:
    """The file of a thread that another one spawned."""
    source: JSON = {"subagent": {"thread_spawn": {"parent_thread_id": parent, "agent_nickname": "zip"}}}
    write_lines(folder / f"rollout-{thread}.jsonl", [codex("session_meta", id=thread, source=source), *records])


def test_threads_that_a_thread_spawned_are_agents_of_its_run(tmp_path: Path) -> None:
    spawned(tmp_path, "t2", "t1", said("user", "explore"), said("assistant", "three modules"), tokens(7))
    spawned(tmp_path, "t3", "t2", said("user", "deeper"))
    spawned(tmp_path, "t9", "another", said("user", "not mine"))
    loaded = rollout(tmp_path, said("user", "look"), tokens(10))
    assert {(address.namespace, address.agent_id) for address in loaded.state} == {
        ("codex:t1", "main"),
        ("codex:t1", "t2"),
        ("codex:t1", "t3"),
    }
    usage, below = loaded.value("usage"), loaded.value("usage", "t2")
    assert isinstance(usage, dict)
    assert isinstance(below, dict)
    assert (usage["input"], below["input"]) == (10, 7)
    assert loaded.report.files == ["rollout.jsonl", "rollout-t2.jsonl", "rollout-t3.jsonl"]
    assert {draft.meta["file"] for draft in loaded.drafts} == set(loaded.report.files)


def test_threads_that_are_spawned_after_midnight_lie_in_the_next_days_folder(tmp_path: Path) -> None:
    for day in ("2026/12/31", "2027/01/01", "2027/01/02"):
        (tmp_path / day).mkdir(parents=True)
    spawned(tmp_path / "2027/01/01", "t2", "t1", said("user", "explore"))
    spawned(tmp_path / "2027/01/02", "t3", "t1", said("user", "much later"))
    loaded = rollout(tmp_path / "2026/12/31", said("user", "look"))
    assert {address.agent_id for address in loaded.state} == {"main", "t2"}


def test_a_spawned_thread_opened_alone_is_a_run_of_its_own(tmp_path: Path) -> None:
    spawned(tmp_path, "t2", "t1", said("user", "explore"))
    loaded = load(Codex(), tmp_path / "rollout-t2.jsonl")
    assert {(address.namespace, address.agent_id) for address in loaded.state} == {("codex:t2", "main")}
    session = loaded.value("session")
    assert isinstance(session, dict)
    assert session["parent"] == "t1"


def test_threads_that_claim_to_have_spawned_each_other_end_nowhere(tmp_path: Path) -> None:
    spawned(tmp_path, "t2", "t3", said("user", "a"))
    spawned(tmp_path, "t3", "t2", said("user", "b"))
    loaded = load(Codex(), tmp_path / "rollout-t2.jsonl")
    assert {address.agent_id for address in loaded.state} == {"main", "t3"}


def test_an_agent_that_was_spawned_works_on_after_its_call_is_answered(tmp_path: Path) -> None:
    loaded = rollout(
        tmp_path,
        item("function_call", name="spawn_agent", arguments='{"agent_type": "e", "message": "go"}', call_id="c1"),
        item("function_call_output", call_id="c1", output='{"agent_id": "t2", "nickname": "zip"}'),
    )
    value = loaded.value("subagents/c1")
    assert isinstance(value, dict)
    assert (value["agent"], value["nickname"], value["status"]) == ("t2", "zip", "running")


@pytest.mark.parametrize("pretty", [None, 1])
def test_a_rollout_that_was_made_a_list_is_read_like_its_lines(tmp_path: Path, pretty: int | None) -> None:
    records: list[JSON] = [META, said("user", "look"), shell(), item("function_call_output", call_id="c1", output="a")]
    (tmp_path / "rollout.json").write_text(json.dumps(records, indent=pretty))
    known = recognise(tmp_path / "rollout.json")[0]
    assert known.name == "codex"
    loaded = load(known, tmp_path / "rollout.json")
    assert loaded.state == rollout(tmp_path, *records[1:]).state
    places = [(draft.meta["offset"], draft.meta["length"]) for draft in loaded.drafts]
    assert len(set(places)) == len(places) == 4


def done(type_: str, **fields: JSON) -> JSON:
    return event("item_completed", item={"type": type_, **fields})


def test_what_agents_say_to_each_other_is_told_once_whichever_records_carry_it(tmp_path: Path) -> None:
    sent = codex("inter_agent_communication", author="/root", recipient="/root/a", content="go on", trigger_turn=True)
    loaded = rollout(
        tmp_path,
        sent,
        item("agent_message", author="/root", recipient="/root/a", content=[{"type": "input_text", "text": "go on"}]),
        item("agent_message", author="/root/a", recipient="/root", content=[{"type": "encrypted_content"}]),
    )
    first, second = (loaded.value(key) for key in loaded.keys("messages/"))
    assert first == {"role": "agent", "text": "go on", "author": "/root", "recipient": "/root/a"}
    assert isinstance(second, dict)
    assert (second["text"], second["author"]) == ("[encrypted]", "/root/a")
    assert not loaded.report.unknown


def test_items_of_paginated_rollouts_tell_calls_whole(tmp_path: Path) -> None:
    loaded = rollout(
        tmp_path,
        done("Extension", id="e1", kind="web.search", query="q", results=[{"title": "t"}]),
        done("Extension", id="e2", kind="clock.sleep", seconds=3),
        done("DynamicToolCall", id="d1", tool="lookup", arguments={"a": 1}, status="failed", success=False),
        done("ImageGeneration", id="i1", revised_prompt="cat", status="completed"),
        done(
            "CollabAgentToolCall",
            id="c1",
            tool="spawn_agent",
            status="completed",
            receiver_thread_ids=["t2"],
            prompt="look",
            agents_states={"t2": {"completed": "found"}},
        ),
        done("SubAgentActivity", id="s1", kind="started", agent_thread_id="t3", agent_path="/root/b"),
        done("HookPrompt", id="h1", fragments=[]),
        done("EnteredReviewMode", id="r1", review="the diff"),
        item("additional_tools", role="developer", tools=[]),
        codex("retained_context", items=[]),
        codex("realtime_item", id="x", type="transcript_segment", role="user", text="spoken"),
    )
    assert not loaded.report.unknown
    calls = {key: loaded.value(f"tool_calls/{key}") for key in ("e1", "e2", "d1", "i1", "c1")}
    told = {key: (value["name"], value["status"]) for key, value in calls.items() if isinstance(value, dict)}
    assert told == {
        "e1": ("web_search", "ok"),
        "e2": ("clock.sleep", "ok"),
        "d1": ("lookup", "error"),
        "i1": ("image_generation", "ok"),
        "c1": ("spawn_agent", "ok"),
    }
    spawned = loaded.value("subagents/t2")
    assert isinstance(spawned, dict)
    assert (spawned["status"], spawned["result"], spawned["prompt"]) == ("completed", "found", "look")
    assert loaded.keys("subagents/t") == ["subagents/t2", "subagents/t3"]
    assert loaded.report.counts["subagents"] == 1
    spoken = loaded.value("messages/0001")
    assert isinstance(spoken, dict)
    assert (spoken["role"], spoken["text"]) == ("user", "spoken")


def test_parts_that_the_log_calls_context_were_typed_by_nobody(tmp_path: Path) -> None:
    def labelled(text: str, *kinds: JSON) -> JSON:
        about: JSON = {"turn_id": "u1", "content_item_kinds": list(kinds)}
        content: JSON = [{"type": "input_text", "text": text}]
        return item("message", role="user", content=content, internal_chat_message_metadata_passthrough=about)

    loaded = rollout(tmp_path, labelled("cwd is /w", "environments.cwd"), labelled("hi", "user.text"))
    assert loaded.kinds()[-2:] == ["meta", "user"]
    failed = rollout(tmp_path, event("turn_aborted", reason="interrupted", error={"message": "out of credit"}))
    assert failed.value("last_error") == {"where": "turn", "type": "turn", "message": "out of credit"}


def test_an_agent_is_counted_once_by_its_call_or_by_its_event(tmp_path: Path) -> None:
    loaded = rollout(
        tmp_path,
        item("function_call", name="spawn_agent", arguments='{"message": "go"}', call_id="c1"),
        event("collab_agent_spawn_end", call_id="c1", new_thread_id="t2", prompt="go", status="running"),
        event("collab_agent_spawn_end", call_id="c9", new_thread_id="t3", prompt="go", status="running"),
    )
    assert loaded.report.counts["subagents"] == 2
