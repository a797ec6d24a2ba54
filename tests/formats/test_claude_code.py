from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.formats.conftest import Loaded, load, write_lines

from playhead.formats.claude_code import ClaudeCode
from playhead.formats.source import Source
from playhead.formats.vocabulary import TEXT_CHARACTERS
from playhead.model import JSON, is_error_kind

SESSION = "11111111-2222-4333-8444-555555555555"


class Session:
    """Writes a session's records, each the child of the one before."""

    def __init__(self, **envelope: JSON) -> None:
        self.records: list[JSON] = []
        self._envelope: dict[str, JSON] = {"sessionId": SESSION, "cwd": "/repo", "isSidechain": False, **envelope}
        self._last: JSON = None

    def add(self, kind: str, second: int, message: JSON = None, **more: JSON) -> str:
        uuid = f"u{len(self.records)}" if "uuid" not in more else str(more["uuid"])
        record: dict[str, JSON] = {
            **self._envelope,
            "type": kind,
            "uuid": uuid,
            "parentUuid": self._last,
            "timestamp": f"2026-03-01T10:00:{second:02}.000Z",
        }
        if message is not None:
            record["message"] = message
        self.records.append(record | more)
        self._last = uuid
        return uuid

    def prompt(self, second: int, text: str, **more: JSON) -> str:
        return self.add("user", second, {"role": "user", "content": text}, **more)

    def reply(self, second: int, identity: str, *blocks: JSON, usage: JSON = None, **more: JSON) -> str:
        message: dict[str, JSON] = {"id": identity, "role": "assistant", "model": "m-1", "content": list(blocks)}
        if usage is not None:
            message["usage"] = usage
        stop_reason = more.pop("stop_reason", None)
        if stop_reason is not None:
            message["stop_reason"] = stop_reason
        return self.add("assistant", second, message, **more)

    def result(self, second: int, call: str, text: str, *, failed: bool = False, **more: JSON) -> str:
        block: JSON = {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": failed}
        return self.add("user", second, {"role": "user", "content": [block]}, **more)

    def load(self, folder: Path) -> Loaded:
        return load(ClaudeCode(), write_lines(folder / f"{SESSION}.jsonl", self.records))


def text(words: str) -> JSON:
    return {"type": "text", "text": words}


def call(identity: str, name: str, **arguments: JSON) -> JSON:
    return {"type": "tool_use", "id": identity, "name": name, "input": arguments}


@pytest.fixture
def session() -> Session:
    return Session()


def test_a_prompt_a_call_and_its_result_make_one_event_each(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "run the tests")
    session.reply(2, "m1", call("c1", "Bash", command="pytest -q"))
    session.result(4, "c1", "Exit code 1\nboom", failed=True)
    loaded = session.load(tmp_path)
    assert loaded.kinds() == ["user", "tool_call", "tool_error"]
    assert loaded.labels() == ["run the tests", "bash: pytest -q", "bash: pytest -q → exit 1"]
    assert {draft.namespace for draft in loaded.drafts} == {f"claude:{SESSION}"}
    running, failed = loaded.history("tool_calls/c1")
    assert running == {
        "name": "Bash",
        "args": {"command": "pytest -q"},
        "status": "running",
        "message": "messages/0002",
    }
    assert isinstance(failed, dict)
    assert (failed["status"], failed["exit_code"], failed["duration_ms"]) == ("error", 1, 2000)
    assert failed["result"] == "Exit code 1\nboom"
    error = loaded.value("errors/0001")
    assert error == {"where": "tool_calls/c1", "type": "tool", "message": "Exit code 1\nboom"}
    assert loaded.value("last_error") == error
    assert [is_error_kind(kind) for kind in loaded.kinds()] == [False, False, True]


def test_the_records_of_one_message_add_up_under_one_key(session: Session, tmp_path: Path) -> None:
    session.reply(1, "m1", {"type": "thinking", "thinking": "hm", "signature": "s"})
    session.reply(2, "m1", text("Looking."))
    session.reply(3, "m1", call("c1", "Read", file_path="/repo/src/a.py"), stop_reason="tool_use")
    loaded = session.load(tmp_path)
    assert loaded.kinds() == ["thinking", "assistant", "tool_call"]
    assert loaded.labels()[2] == "read src/a.py"
    assert loaded.keys("messages/") == ["messages/0001"]
    first, second, third = loaded.history("messages/0001")
    assert first == {"role": "assistant", "text": "", "model": "m-1", "id": "m1", "reasoning": "hm"}
    assert isinstance(second, dict)
    assert isinstance(third, dict)
    assert (second["text"], "calls" in second) == ("Looking.", False)
    assert (third["calls"], third["stop_reason"]) == (["c1"], "tool_use")


def test_tokens_count_once_per_message_and_the_last_record_of_it_wins(session: Session, tmp_path: Path) -> None:
    session.reply(1, "m1", text("a"), usage={"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 5})
    session.reply(2, "m1", text("b"), usage={"input_tokens": 10, "output_tokens": 7, "cache_read_input_tokens": 5})
    session.reply(3, "m2", text("c"), usage={"input_tokens": 20, "output_tokens": 2})
    loaded = session.load(tmp_path)
    assert loaded.value("usage") == {"input": 30, "output": 9, "cache_read": 5, "cache_write": 0, "calls": 2}
    assert loaded.report.counts["output_tokens"] == 9
    assert [seen["output"] for seen in loaded.history("usage") if isinstance(seen, dict)] == [1, 7, 9]


def test_a_rewind_deletes_the_messages_below_the_prompt_it_goes_back_to(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "first")
    kept = session.reply(2, "m1", text("one"))
    session.prompt(3, "second")
    session.reply(4, "m2", text("two"))
    session.prompt(5, "second, better", parentUuid=kept)
    session.reply(6, "m3", text("three"))
    loaded = session.load(tmp_path)
    assert loaded.keys("messages/") == ["messages/0001", "messages/0002", "messages/0005", "messages/0006"]
    rewind = loaded.drafts[4].operations
    assert [operation.address.key for operation in rewind if operation.op == "delete"] == [
        "messages/0003",
        "messages/0004",
    ]
    assert loaded.value("branch") == {"number": 1, "before": "messages/0003", "abandoned": 2}


def test_a_rewind_to_the_beginning_deletes_every_message(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "first")
    session.reply(2, "m1", text("one"))
    session.prompt(3, "first, better", parentUuid=None)
    loaded = session.load(tmp_path)
    assert loaded.keys("messages/") == ["messages/0003"]


def test_results_of_parallel_calls_hang_under_different_records_and_are_no_rewind(
    session: Session, tmp_path: Path
) -> None:
    session.prompt(1, "go")
    first = session.reply(2, "m1", call("c1", "Bash", command="a"))
    second = session.reply(3, "m1", call("c2", "Bash", command="b"))
    session.result(4, "c1", "A", parentUuid=first)
    last = session.result(5, "c2", "B", parentUuid=second)
    session.reply(6, "m2", text("done"), parentUuid=last)
    session.prompt(7, "thanks")
    loaded = session.load(tmp_path)
    assert len(loaded.keys("messages/")) == 4
    assert loaded.report.counts["rewinds"] == 0
    assert all(operation.op == "write" for draft in loaded.drafts for operation in draft.operations)


def test_records_without_any_parent_are_no_rewinds(session: Session, tmp_path: Path) -> None:
    for second in range(1, 4):
        session.prompt(second, f"prompt {second}", parentUuid=None)
    assert len(session.load(tmp_path).keys("messages/")) == 3


def test_a_reused_call_id_is_another_call_with_a_suffix(session: Session, tmp_path: Path) -> None:
    session.reply(1, "m1", call("c1", "Bash", command="a"))
    session.result(2, "c1", "A")
    session.reply(3, "m2", call("c1", "Bash", command="b"))
    session.result(4, "c1", "B")
    loaded = session.load(tmp_path)
    results = {key: loaded.value(key) for key in loaded.keys("tool_calls/")}
    assert {key: (value["args"], value["result"]) for key, value in results.items() if isinstance(value, dict)} == {
        "tool_calls/c1": ({"command": "a"}, "A"),
        "tool_calls/c1-2": ({"command": "b"}, "B"),
    }


def test_a_result_without_its_call_is_kept(session: Session, tmp_path: Path) -> None:
    session.result(1, "lost", "found")
    loaded = session.load(tmp_path)
    assert loaded.value("tool_calls/lost") == {"name": "", "status": "ok", "result": "found"}
    assert loaded.report.counts["results_without_call"] == 1


def test_the_todo_list_follows_todowrite_and_ignores_its_failures(session: Session, tmp_path: Path) -> None:
    todos: JSON = [
        {"content": "fix", "status": "completed", "activeForm": "x"},
        {"content": "test", "status": "pending"},
    ]
    session.reply(1, "m1", call("c1", "TodoWrite", todos=todos))
    session.result(2, "c1", "ok", toolUseResult={"oldTodos": [], "newTodos": todos})
    session.reply(3, "m2", call("c2", "TodoWrite", todos=[]))
    session.result(4, "c2", "not allowed", failed=True)
    loaded = session.load(tmp_path)
    assert loaded.labels()[0] == "todos: 1/2 done"
    assert loaded.history("todos") == [
        [{"id": "1", "content": "fix", "status": "completed"}, {"id": "2", "content": "test", "status": "pending"}]
    ]


def test_the_todo_list_follows_tasks_that_are_created_updated_and_deleted(session: Session, tmp_path: Path) -> None:
    session.reply(1, "m1", call("c1", "TaskCreate", subject="fix"))
    session.result(2, "c1", "Task #7", toolUseResult={"task": {"id": "7", "subject": "fix"}})
    session.reply(3, "m2", call("c2", "TaskUpdate", taskId="7", status="in_progress"))
    session.result(4, "c2", "ok", toolUseResult={"success": True})
    session.reply(5, "m3", call("c3", "TaskUpdate", taskId="7", status="deleted"))
    session.result(6, "c3", "ok", toolUseResult={"success": True})
    assert session.load(tmp_path).history("todos") == [
        [{"id": "7", "content": "fix", "status": "pending"}],
        [{"id": "7", "content": "fix", "status": "in_progress"}],
        [],
    ]


def test_a_file_remembers_its_edits_and_the_last_patch(session: Session, tmp_path: Path) -> None:
    patch: JSON = [{"oldStart": 1, "oldLines": 2, "newStart": 1, "newLines": 2, "lines": [" a", "-b", "+c", "+d"]}]
    for number in (1, 2):
        session.reply(number, f"m{number}", call(f"c{number}", "Edit", file_path="/repo/src/a.py"))
        session.result(
            number, f"c{number}", "ok", toolUseResult={"filePath": "/repo/src/a.py", "structuredPatch": patch}
        )
    session.reply(3, "m3", call("c3", "Write", file_path="/elsewhere/b", content="1\n2\n"))
    session.result(4, "c3", "denied", failed=True)
    loaded = session.load(tmp_path)
    assert loaded.keys("files/") == ["files/src/a.py"]
    assert loaded.value("files/src/a.py") == {
        "op": "edit",
        "call": "tool_calls/c2",
        "edits": 2,
        "added": 4,
        "removed": 2,
        "patch": "@@ -1,2 +1,2 @@\n a\n-b\n+c\n+d",
    }


def test_a_long_text_is_kept_whole_once_and_stands_elsewhere_as_its_beginning(session: Session, tmp_path: Path) -> None:
    long = "x" * (TEXT_CHARACTERS + 1)
    session.prompt(1, long)
    session.prompt(2, long)
    session.prompt(3, "y" * TEXT_CHARACTERS)
    loaded = session.load(tmp_path)
    (key,) = loaded.keys("texts/")
    assert loaded.history(key) == [long]
    first = loaded.value("messages/0001")
    assert isinstance(first, dict)
    assert isinstance(first["text"], str)
    assert len(first["text"]) < TEXT_CHARACTERS
    assert key in first["text"]
    assert loaded.value("messages/0003") == {"role": "user", "text": "y" * TEXT_CHARACTERS}


def test_times_that_run_backwards_are_kept_and_flagged(session: Session, tmp_path: Path) -> None:
    session.prompt(5, "late")
    session.prompt(3, "early")
    session.prompt(6, "later")
    drafts = session.load(tmp_path).drafts  # S29
    assert [draft.occurred_at for draft in drafts] == [datetime(2026, 3, 1, 10, 0, at, tzinfo=UTC) for at in (5, 3, 6)]
    assert [draft.meta.get("time_runs_backwards", False) for draft in drafts] == [False, True, False]


def test_every_event_says_where_its_record_lies(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "a")
    session.reply(2, "m1", text("ä"))
    session.prompt(3, "b")
    loaded = session.load(tmp_path)  # S28
    content = (tmp_path / f"{SESSION}.jsonl").read_bytes()
    for draft, record in zip(loaded.drafts, session.records, strict=True):
        offset, length = draft.meta["offset"], draft.meta["length"]
        assert isinstance(offset, int)
        assert isinstance(length, int)
        assert json.loads(content[offset : offset + length]) == record
        assert draft.meta["uuid"] == json.loads(content[offset : offset + length])["uuid"]


def test_records_of_unknown_types_and_no_records_at_all_are_kept_whole(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "hello")
    session.records += [{"type": "brand-new", "n": 1}, 42, ["x"], {"silly": True}]
    loaded = session.load(tmp_path)
    assert [loaded.value(f"records/000{n}") for n in (1, 2, 3, 4)] == session.records[1:]
    assert loaded.report.unknown == {"brand-new": 1, "int": 1, "list": 1, "(none)": 1}


def test_heartbeats_make_no_events(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "hello")
    session.add("progress", 2, data={"type": "bash_progress"})
    session.add("file-history-snapshot", 3, snapshot={})
    loaded = session.load(tmp_path)
    assert len(loaded.drafts) == 1
    assert loaded.report.records == 3


def test_a_compaction_says_where_the_visible_conversation_begins(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "hello")
    session.add("system", 2, subtype="compact_boundary", compactMetadata={"trigger": "auto", "preTokens": 9000})
    session.prompt(3, "summary of before", isCompactSummary=True)
    loaded = session.load(tmp_path)
    assert loaded.kinds() == ["user", "compaction", "compaction"]
    context = loaded.value("context")
    assert isinstance(context, dict)
    assert (context["first"], context["compactions"], context["tokens_before"]) == ("messages/0002", 1, 9000)
    assert loaded.keys("messages/") == ["messages/0001", "messages/0002"]


def test_api_errors_are_errors(session: Session, tmp_path: Path) -> None:
    session.add("system", 1, subtype="api_error", error={"message": "overloaded", "status": 529})
    session.reply(2, "m1", text("API Error: 500"), isApiErrorMessage=True)
    loaded = session.load(tmp_path)
    assert all(is_error_kind(kind) for kind in loaded.kinds())
    assert loaded.keys("errors/") == ["errors/0001", "errors/0002"]
    assert loaded.report.counts["errors"] == 2


def test_working_directory_branch_model_and_mode_are_written_only_when_they_change(
    session: Session, tmp_path: Path
) -> None:
    session.prompt(1, "a", gitBranch="main", permissionMode="plan")
    session.prompt(2, "b", gitBranch="main", permissionMode="plan")
    session.prompt(3, "c", gitBranch="fix", permissionMode="acceptEdits", cwd="/repo/sub")
    session.reply(4, "m1", text("x"))
    loaded = session.load(tmp_path)
    assert loaded.history("git") == ["main", "fix"]
    assert loaded.history("mode") == ["plan", "acceptEdits"]
    assert loaded.history("cwd") == ["/repo", "/repo/sub", "/repo"]
    assert loaded.history("model") == ["m-1"]


def with_subagents(folder: Path) -> Loaded:
    """A session whose sub-agent works between two of its records, and one of the old kind beside it."""
    main = Session()
    main.prompt(1, "delegate")
    main.reply(2, "m1", call("c1", "Task", subagent_type="explorer", description="look", prompt="look around"))
    main.result(9, "c1", "found it", toolUseResult={"agentId": "abc", "status": "completed", "totalTokens": 77})
    below = Session(isSidechain=True, agentId="abc")
    below.prompt(3, "look around")
    below.reply(4, "s1", text("found"), usage={"input_tokens": 3, "output_tokens": 4})
    beside = Session(isSidechain=True, agentId="old")
    beside.prompt(5, "from before")
    stranger = Session(isSidechain=True, agentId="stranger", sessionId="another")
    stranger.prompt(6, "not ours")
    subagents = folder / SESSION / "subagents"
    subagents.mkdir(parents=True)
    write_lines(subagents / "agent-abc.jsonl", below.records)
    about = {"agentType": "explorer", "description": "look", "toolUseId": "c1"}
    (subagents / "agent-abc.meta.json").write_text(json.dumps(about))
    write_lines(folder / "agent-old.jsonl", beside.records)
    write_lines(folder / "agent-stranger.jsonl", stranger.records)
    return main.load(folder)


def test_sub_agents_are_agents_of_their_own_merged_in_time_order(tmp_path: Path) -> None:
    loaded = with_subagents(tmp_path)
    told = [(draft.operations[0].address.agent_id, draft.label) for draft in loaded.drafts]
    assert told == [
        ("main", "delegate"),
        ("main", "task: look"),
        ("abc", "look around"),
        ("abc", "found"),
        ("old", "from before"),
        ("main", "task: look → found it"),
    ]
    assert loaded.drafts[2].meta["file"] == "subagents/agent-abc.jsonl"
    assert loaded.report.bytes_read == loaded.report.bytes_total
    usage = loaded.value("usage", "abc")
    assert isinstance(usage, dict)
    assert (usage["input"], usage["output"]) == (3, 4)
    assert "usage" not in loaded.keys(agent_id="main")


def test_a_sub_agent_is_followed_from_its_call_to_its_result(tmp_path: Path) -> None:
    loaded = with_subagents(tmp_path)
    running, done = loaded.history("subagents/c1")
    assert isinstance(running, dict)
    assert isinstance(done, dict)
    assert (running["type"], running["prompt"], running["status"]) == ("explorer", "look around", "running")
    assert (done["agent"], done["status"], done["tokens"], done["result"]) == ("abc", "completed", 77, "found it")
    introduced = loaded.value("session", "abc")
    assert isinstance(introduced, dict)
    assert (introduced["agent"], introduced["type"], introduced["call"]) == ("abc", "explorer", "c1")


def test_a_sub_agent_file_opened_alone_is_that_agent(tmp_path: Path) -> None:
    with_subagents(tmp_path)
    alone = load(ClaudeCode(), tmp_path / SESSION / "subagents" / "agent-abc.jsonl")
    assert {address.agent_id for address in alone.state} == {"abc"}
    assert {address.namespace for address in alone.state} == {f"claude:{SESSION}"}


def test_sidechains_inside_the_main_file_become_agents_by_their_roots(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "go")
    session.prompt(2, "side a", isSidechain=True, parentUuid=None, uuid="aaaaaaaa-1")
    session.prompt(3, "side b", isSidechain=True, parentUuid=None, uuid="bbbbbbbb-1")
    session.reply(4, "s1", text("answer a"), isSidechain=True, parentUuid="aaaaaaaa-1")
    session.reply(5, "m1", text("main goes on"), parentUuid="u0")
    loaded = session.load(tmp_path)
    assert len(loaded.keys("messages/", "sidechain-aaaaaaaa")) == 2
    assert len(loaded.keys("messages/", "sidechain-bbbbbbbb")) == 1
    assert len(loaded.keys("messages/", "main")) == 2


def test_the_web_export_and_the_printed_stream_are_read_like_a_session(tmp_path: Path) -> None:
    exported = tmp_path / "export.json"
    said: JSON = {"type": "user", "timestamp": "2026-03-01T10:00:00Z", "message": {"role": "user", "content": "hi"}}
    exported.write_text(json.dumps({"loglines": [said, said]}, indent=1))
    assert ClaudeCode().recognise(Source(exported))
    assert load(ClaudeCode(), exported).keys("messages/") == ["messages/0001", "messages/0002"]

    answer: JSON = {"id": "m1", "content": [text("hello")], "usage": {"input_tokens": 1, "output_tokens": 2}}
    records: list[JSON] = [
        {"type": "system", "subtype": "init", "session_id": "s1", "model": "m-1", "cwd": "/w", "tools": ["Bash"]},
        {"type": "assistant", "session_id": "s1", "parent_tool_use_id": None, "message": answer},
        {"type": "result", "subtype": "success", "session_id": "s1", "result": "hello", "total_cost_usd": 0.5},
    ]
    for path in (write_lines(tmp_path / "stream.jsonl", records), tmp_path / "stream.json"):
        path.write_text(json.dumps(records) if path.suffix == ".json" else path.read_text())
        assert ClaudeCode().recognise(Source(path))
        loaded = load(ClaudeCode(), path)
        assert loaded.kinds() == ["system", "assistant", "result"]
        usage = loaded.value("usage")
        assert isinstance(usage, dict)
        assert (usage["output"], usage["cost_usd"]) == (2, 0.5)
        status = loaded.value("status")
        assert isinstance(status, dict)
        assert status["phase"] == "done"
        assert {address.namespace for address in loaded.state} == {"claude:s1"}


def test_a_record_that_is_in_the_file_twice_is_told_once(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "look")
    session.reply(2, "m1", text("here"), usage={"input_tokens": 5, "output_tokens": 2})
    session.prompt(3, "more")
    session.records += list(session.records)
    loaded = session.load(tmp_path)
    assert [loaded.value(key) for key in loaded.keys("messages/")] == [
        {"role": "user", "text": "look"},
        {"role": "assistant", "text": "here", "model": "m-1", "id": "m1"},
        {"role": "user", "text": "more"},
    ]
    assert (loaded.report.counts["repeated_records"], loaded.report.counts["rewinds"]) == (3, 0)


def test_another_record_with_an_id_that_was_used_before_is_told_too(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "look", uuid="same")
    session.prompt(2, "and look", uuid="same")
    assert len(session.load(tmp_path).keys("messages/")) == 2


def test_what_each_response_cost_is_summed_once_per_message(session: Session, tmp_path: Path) -> None:
    used: JSON = {"input_tokens": "7", "output_tokens": 2}
    session.reply(1, "m1", text("a"), usage=used, costUSD=0.25)
    session.reply(2, "m1", text("b"), usage=used, costUSD=0.25)
    session.reply(3, "m2", text("c"), usage=used, costUSD=0.5)
    usage = session.load(tmp_path).value("usage")
    assert isinstance(usage, dict)
    assert (usage["cost_usd"], usage["input"], usage["output"]) == (0.75, 14, 4)


def test_an_unmarked_summary_of_the_conversation_before_takes_nothing_back(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "look")
    session.reply(2, "m1", text("here"))
    told = "This session is being continued from a previous conversation that ran out of context. Summary: …"
    session.prompt(3, told, parentUuid=None)
    loaded = session.load(tmp_path)
    assert len(loaded.keys("messages/")) == 3
    assert loaded.kinds()[-1] == "compaction"


def test_tools_that_the_host_runs_are_answered_in_the_message_that_calls_them(session: Session, tmp_path: Path) -> None:
    found: JSON = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"type": "text", "text": "hit"}]}
    asked: JSON = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}}
    session.reply(1, "m1", asked, found, text("so it is"))
    loaded = session.load(tmp_path)
    value = loaded.value("tool_calls/s1")
    assert isinstance(value, dict)
    assert (value["status"], value["result"]) == ("ok", "hit")
    message = loaded.value("messages/0001")
    assert isinstance(message, dict)
    assert (message["text"], message["calls"]) == ("so it is", ["s1"])


def test_a_result_that_comes_before_its_call_is_paired_with_it(session: Session, tmp_path: Path) -> None:
    session.result(1, "c1", "done")
    session.reply(2, "m1", call("c1", "Bash", command="ls"))
    loaded = session.load(tmp_path)
    assert loaded.keys("tool_calls/") == ["tool_calls/c1"]
    value = loaded.value("tool_calls/c1")
    assert isinstance(value, dict)
    assert (value["name"], value["status"], value["result"]) == ("Bash", "ok", "done")
    assert loaded.report.counts["results_without_call"] == 0


def test_sub_agents_of_a_workflow_are_found_in_its_folder(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "sweep")
    below = tmp_path / SESSION / "subagents" / "workflows" / "wf_1"
    below.mkdir(parents=True)
    child = Session(isSidechain=True, agentId="a1")
    child.prompt(2, "sweep the docs")
    write_lines(below / "agent-a1.jsonl", child.records)
    loaded = session.load(tmp_path)
    assert loaded.value("messages/0001", "a1") == {"role": "user", "text": "sweep the docs"}
    assert loaded.drafts[-1].meta["file"] == "subagents/workflows/wf_1/agent-a1.jsonl"


def test_a_message_that_is_mere_text_is_what_was_said(session: Session, tmp_path: Path) -> None:
    session.add("user", 1, "look")
    session.add("assistant", 2, "here")
    loaded = session.load(tmp_path)
    told = [loaded.value(key) for key in loaded.keys("messages/")]
    assert [(one["role"], one["text"]) for one in told if isinstance(one, dict)] == [
        ("user", "look"),
        ("assistant", "here"),
    ]


def test_every_event_has_a_label_even_where_nothing_was_said(session: Session, tmp_path: Path) -> None:
    session.reply(1, "m1")
    assert session.load(tmp_path).labels() == ["(no text)"]


def test_a_summary_that_is_no_title_is_kept_whole(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "look")
    session.add("summary", 2, {"role": "system", "content": "so far"})
    loaded = session.load(tmp_path)
    record = loaded.value("records/0001")
    assert isinstance(record, dict)
    assert record["message"] == {"role": "system", "content": "so far"}
    assert loaded.report.unknown["summary"] == 1


def test_what_claude_code_itself_writes_in_the_users_place_is_no_turn(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "fix it", origin={"kind": "human"})
    session.prompt(2, "<local-command-stdout>Set model</local-command-stdout>")
    session.prompt(3, "<task-notification>\n<task-id>b1</task-id>\n<status>done</status>\n</task-notification>")
    session.prompt(4, "ready when you are", origin={"kind": "peer", "name": "other"})
    session.prompt(5, "[Request interrupted by user]", interruptedMessageId="m1")
    loaded = session.load(tmp_path)
    assert loaded.kinds() == ["user", "meta", "meta", "meta", "turn_aborted"]
    meta = [
        isinstance(value, dict) and value.get("meta")
        for key in loaded.keys("messages/")
        for value in [loaded.value(key)]
    ]
    assert meta == [None, True, True, True, True]
    assert loaded.value("status") == {"phase": "waiting", "turn": 1, "step": 0, "stop_reason": "interrupted"}


def test_tokens_of_an_advisor_and_of_a_compaction_stand_beside_those_of_the_message(
    session: Session, tmp_path: Path
) -> None:
    usage: JSON = {
        "input_tokens": 4,
        "output_tokens": 10,
        "cache_read_input_tokens": 500,
        "iterations": [
            {"type": "message", "input_tokens": 2, "output_tokens": 4, "cache_read_input_tokens": 200},
            {"type": "advisor_message", "model": "m-2", "input_tokens": 1000, "output_tokens": 7},
            {"type": "compaction", "input_tokens": 50, "output_tokens": 5},
            {"type": "message", "input_tokens": 2, "output_tokens": 6, "cache_read_input_tokens": 300},
        ],
    }
    session.reply(1, "m1", text("done"), usage=usage)
    session.reply(2, "m1", text("done"), usage=usage)
    loaded = session.load(tmp_path)
    assert loaded.value("usage") == {"input": 1054, "output": 22, "cache_read": 500, "cache_write": 0, "calls": 1}
    context = loaded.value("context")
    assert isinstance(context, dict)
    assert context["tokens"] == 302


def test_a_record_that_repeats_its_message_from_the_beginning_says_it_once(session: Session, tmp_path: Path) -> None:
    session.reply(1, "m1", {"type": "thinking", "thinking": "", "signature": "s"})
    session.reply(2, "m1", text("Let me"))
    session.reply(3, "m1", text("Let me look."))
    session.reply(4, "m1", text("Let me look."), text("Found it."))
    session.reply(5, "m1", text("Let me look."), text("Found it."))
    session.reply(6, "m1", text("Another thing."))
    loaded = session.load(tmp_path)
    message = loaded.value("messages/0001")
    assert isinstance(message, dict)
    assert message["text"] == "Let me look.\nFound it.\nAnother thing."
    assert "reasoning" not in message


def test_answers_of_the_host_that_are_objects_are_told_in_words(session: Session, tmp_path: Path) -> None:
    hosted: JSON = {"type": "server_tool_use", "id": "s1", "name": "advisor", "input": {}}
    searched: JSON = {"type": "server_tool_use", "id": "s2", "name": "web_search", "input": {"query": "q"}}
    advice: JSON = {
        "type": "advisor_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "advisor_result", "text": "no"},
    }
    broken: JSON = {
        "type": "web_search_tool_result",
        "tool_use_id": "s2",
        "content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"},
    }
    session.reply(1, "m1", hosted, advice, searched, broken)
    loaded = session.load(tmp_path)
    told = [
        (value["status"], value["result"])
        for key in ("s1", "s2")
        if isinstance(value := loaded.value(f"tool_calls/{key}"), dict)
    ]
    assert told == [("ok", "no"), ("error", "max_uses_exceeded")]


def test_what_versions_of_2026_keep_of_a_session_is_known(session: Session, tmp_path: Path) -> None:
    session.prompt(1, "hi")
    for kind in ("agent-color", "isolation-latch", "memory-mode", "content-replacement", "frame-link", "observer-ref"):
        session.records.append({"type": kind, "sessionId": SESSION, "value": 1})
    session.records.append({"type": "agent-setting", "sessionId": SESSION, "agentSetting": "reviewer"})
    session.records.append({"type": "tag", "sessionId": SESSION, "tag": "release"})
    session.add("system", 2, subtype="scheduled_task_fire", content="daily run")
    session.add("system", 3, subtype="agents_killed")
    session.add("system", 4, subtype="microcompact_boundary", microcompactMetadata={"trigger": "auto", "preTokens": 9})
    loaded = session.load(tmp_path)
    assert not loaded.report.unknown
    about, context = loaded.value("session"), loaded.value("context")
    assert isinstance(about, dict)
    assert isinstance(context, dict)
    assert (about["agent_setting"], about["tag"]) == ("reviewer", "release")
    assert (context["tokens_before"], context["trigger"]) == (9, "auto")
