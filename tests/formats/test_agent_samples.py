"""Real logs of coding agents against figures that an independent reading of the raw files gives."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.formats.conftest import Loaded, load, sample, sample_files

from playhead.formats.registry import formats
from playhead.formats.source import Source

CLIS = "other-agent-clis/agent-sessions/stage0/agents"
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a log holds, by whichever way it was counted."""

    messages: int = 0
    calls: int = 0
    answered: int = 0
    """Calls with a result, and results whose call the log does not hold."""
    errors: int = 0
    input: int = 0
    output: int = 0
    cost: float | None = None
    agents: int = 1


def lines(path: Path) -> list[Record]:
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [record for record in found if isinstance(record, dict)]


def document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text") or "" for part in content if isinstance(part, dict))


def codex(path: Path) -> Figures:
    """Response items count, and every response's own tokens; totals begin anew when a thread is taken up again."""
    records = lines(path)
    items = [record["payload"] for record in records if record.get("type") == "response_item"]
    calls = [item for item in items if item["type"] in ("function_call", "custom_tool_call", "local_shell_call")]
    outputs = [item for item in items if item["type"].endswith("_output")]
    codes: dict[str, int] = {}
    for record in records:
        event = record.get("payload", {})
        item = event.get("item", {}) if event.get("type") == "item_completed" else {}
        if item.get("type") == "CommandExecution":
            codes[item["id"]] = item["exit_code"]
    failed = 0
    for item in outputs:
        told = item["output"]
        try:
            code = json.loads(told)["metadata"]["exit_code"]
        except (ValueError, KeyError, TypeError):
            found = re.search(r"(?:exited with code|Exit code:|exit code:) (\d+)", str(told)[:400])
            code = codes.get(item.get("call_id", ""), int(found[1]) if found else 0)
        failed += code != 0
    counted = [
        record["payload"]["info"]
        for record in records
        if record.get("payload", {}).get("type") == "token_count" and record["payload"].get("info")
    ]
    # A total told again is no new response.
    used = [
        now["last_token_usage"]
        for before, now in zip([{}, *counted], counted, strict=False)
        if now["total_token_usage"] != before.get("total_token_usage")
    ]
    return Figures(
        messages=sum(item["type"] == "message" for item in items),
        calls=len({item["call_id"] for item in calls}),
        answered=len({item.get("call_id", item.get("id")) for item in outputs}),
        errors=failed,
        input=sum(usage["input_tokens"] for usage in used),
        output=sum(usage["output_tokens"] for usage in used),
    )


def codex_exec(path: Path) -> Figures:
    done = [record["item"] for record in lines(path) if record["type"] == "item.completed"]
    calls = [item for item in done if item["type"] in ("command_execution", "file_change")]
    usage = [record["usage"] for record in lines(path) if record["type"] == "turn.completed"]
    return Figures(
        messages=sum(item["type"] == "agent_message" for item in done),
        calls=len(calls),
        answered=len(calls),
        errors=sum(item["status"] == "failed" for item in calls),
        input=usage[-1]["input_tokens"] if usage else 0,
        output=usage[-1]["output_tokens"] if usage else 0,
    )


def gemini(path: Path) -> Figures:
    """The log of changes replayed by hand: the last record of each message counts."""
    if path.suffix == ".json":
        told = document(path)["messages"]
    else:
        told = [message for record in lines(path) for message in record.get("$set", {}).get("messages", [])]
        told += [record for record in lines(path) if "id" in record]
    last = {message.get("id", number): message for number, message in enumerate(told)}
    calls = [call for message in last.values() for call in message.get("toolCalls", [])]
    answers = [
        part
        for message in last.values()
        if isinstance(message.get("content"), list) and message["type"] == "user"
        for part in message["content"]
        if "functionResponse" in part
    ]
    only_results = {
        message["id"]
        for message in last.values()
        if message["type"] == "user"
        and isinstance(message.get("content"), list)
        and all("functionResponse" in part for part in message["content"])
    }
    tokens = [message["tokens"] for message in last.values() if message.get("tokens")]
    done = [call for call in calls if call.get("status") in ("success", "error", "cancelled") or call.get("result")]
    assert {part["functionResponse"]["id"] for part in answers} <= {call.get("id") for call in calls}
    return Figures(
        messages=len(last) - len(only_results),
        calls=len(calls),
        answered=len(done),
        errors=sum(call["status"] == "error" for call in done) + sum(one["type"] == "error" for one in last.values()),
        input=sum(one["input"] for one in tokens),
        output=sum(one["output"] for one in tokens),
    )


def gemini_stream(path: Path) -> Figures:
    records = lines(path)
    kinds = Counter(record["type"] for record in records)
    return Figures(
        messages=kinds["message"],
        calls=kinds["tool_use"],
        answered=kinds["tool_result"],
        errors=sum(record["type"] == "tool_result" and record["status"] == "error" for record in records),
        input=records[-1]["stats"]["input_tokens"],
        output=records[-1]["stats"]["output_tokens"],
    )


def opencode(path: Path) -> Figures:
    if path.suffix == ".json":
        told = document(path)["messages"]
        parts = [part for message in told for part in message["parts"]]
        messages = len(told)
    else:
        parts = [record["part"] for record in lines(path)]
        messages = len({part["messageID"] for part in parts})
    tools = [part for part in parts if part["type"] == "tool"]
    steps = [part for part in parts if part["type"] == "step-finish"]
    return Figures(
        messages=messages,
        calls=len(tools),
        answered=sum(part["state"]["status"] in ("completed", "error") for part in tools),
        errors=sum(part["state"]["status"] == "error" for part in tools),
        input=sum(part["tokens"]["input"] for part in steps),
        output=sum(part["tokens"]["output"] for part in steps),
        cost=sum(part["cost"] for part in steps),
    )


def openhands_v0(path: Path) -> Figures:
    """Every action of the agent that calls a tool is a message with that call; finishing is answered by itself."""
    events = document(path)
    acted = [event for event in events if "tool_call_metadata" in event and "action" in event]
    said = [event for event in events if event.get("action") == "message"]
    used = {
        event["tool_call_metadata"]["model_response"]["id"]: event["tool_call_metadata"]["model_response"]["usage"]
        for event in events
        if "tool_call_metadata" in event
    }
    seen = {event["cause"] for event in events if "observation" in event and "cause" in event}
    return Figures(
        messages=len(acted) + len(said),
        calls=len(acted),
        answered=len(seen) + sum(event["action"] == "finish" for event in acted),
        errors=sum(event.get("success") is False for event in events),
        input=sum(usage["prompt_tokens"] for usage in used.values()),
        output=sum(usage["completion_tokens"] for usage in used.values()),
    )


def openhands(path: Path) -> Figures:
    files = sorted(path.parent.glob("event-*.json")) if path.suffix == ".json" else []
    events = [document(file) for file in files] or lines(path)
    kinds = Counter(event["kind"] for event in events)
    seen = [event for event in events if event["kind"] == "ObservationEvent"]
    acted = {event["tool_call_id"] for event in events if event["kind"] == "ActionEvent"}
    stats = [event["value"] for event in events if event.get("key") == "stats"]
    used = [use["accumulated_token_usage"] for use in (stats[-1]["usage_to_metrics"].values() if stats else ())]
    return Figures(
        messages=kinds["SystemPromptEvent"] + kinds["MessageEvent"] + kinds["ActionEvent"],
        calls=len(acted),
        answered=len({event["tool_call_id"] for event in seen}),
        errors=sum(event["observation"]["is_error"] for event in seen),
        input=sum(use["prompt_tokens"] for use in used),
        output=sum(use["completion_tokens"] for use in used),
        cost=0.0 if stats else None,
    )


def swe_agent(path: Path) -> Figures:
    told = document(path)
    steps, history = told.get("trajectory", []), told["history"]
    if not steps:
        calls = [call["id"] for message in history for call in message.get("tool_calls") or []]
        answers = [identity for message in history for identity in message.get("tool_call_ids") or []]
        return Figures(len(history) - len(answers), len(set(calls)), len(set(answers)))
    before = 0
    while history[before]["role"] in ("system", "user"):
        before += 1
    stats = told["info"]["model_stats"]
    return Figures(
        messages=before + len(steps),
        calls=sum(bool(step["action"].strip()) for step in steps),
        answered=sum(bool(step["action"].strip()) for step in steps),
        input=stats["tokens_sent"],
        output=stats["tokens_received"],
        cost=stats["instance_cost"],
    )


def mini_swe_agent(path: Path) -> Figures:
    told = document(path)
    messages = told["messages"] if isinstance(told, dict) else told
    by_role = Counter(message["role"] for message in messages)
    if isinstance(told, dict):
        extras = [message.get("extra", {}) for message in messages]
        used = [extra["response"]["usage"] for extra in extras if "response" in extra]
        return Figures(
            messages=by_role["system"] + by_role["user"] + by_role["assistant"],
            calls=sum(len(message.get("tool_calls") or []) for message in messages),
            answered=by_role["tool"],
            errors=sum(extra.get("returncode", 0) != 0 for extra in extras),
            input=sum(usage["prompt_tokens"] for usage in used),
            output=sum(usage["completion_tokens"] for usage in used),
            cost=told["info"]["model_stats"]["instance_cost"],
        )
    commands = [
        message for message in messages if message["role"] == "assistant" and message["content"].count("```") == 2
    ]
    failed = [re.match(r"<returncode>(\d+)", message["content"]) for message in messages]
    # Every command is answered by the user's next message, the last one by the submission.
    return Figures(
        messages=len(messages) - len(commands),
        calls=len(commands),
        answered=len(commands),
        errors=sum(found is not None and found[1] != "0" for found in failed),
    )


def atif(path: Path) -> Figures:
    told = document(path)
    steps = told["steps"]
    calls = [call["tool_call_id"] for step in steps for call in step.get("tool_calls") or []]
    results = [result for step in steps for result in (step.get("observation") or {}).get("results", [])]
    sums = told["final_metrics"]
    return Figures(
        messages=len(steps),
        calls=len(calls),
        answered=sum(bool(result.get("source_call_id")) for result in results),
        input=sums["total_prompt_tokens"],
        output=sums["total_completion_tokens"],
        cost=sums.get("total_cost_usd"),
    )


def tau_bench(path: Path) -> Figures:
    told = document(path)
    if "ticks" in told:
        return Figures()
    roles = Counter(message["role"] for message in told["traj"])
    calls = [call["id"] for message in told["traj"] for call in message.get("tool_calls") or []]
    return Figures(messages=len(told["traj"]) - roles["tool"], calls=len(calls), answered=roles["tool"])


def autogen(path: Path) -> Figures:
    if path.parent.name == "who-and-when":
        told = document(path)
        speakers = {
            (one.get("name") or one["role"]).split(" (")[0].split(" ->")[0]
            for one in told["history"]
            if (one.get("name") or one["role"]) not in ("human", "user", "assistant")
        }
        return Figures(messages=len(told["history"]), errors=1, agents=len(speakers) + 1)
    if path.name != "run_stream_messages.jsonl":
        pytest.skip("compared with the others below")
    messages = [record for record in lines(path) if "source" in record]
    used = [record["models_usage"] for record in messages if record["models_usage"]]
    results = [result for one in messages if one["type"] == "ToolCallExecutionEvent" for result in one["content"]]
    return Figures(
        messages=sum(one["type"] not in ("ThoughtEvent", "ToolCallExecutionEvent") for one in messages),
        calls=sum(len(one["content"]) for one in messages if one["type"] == "ToolCallRequestEvent"),
        answered=len(results),
        errors=sum(result["is_error"] for result in results),
        input=sum(usage["prompt_tokens"] for usage in used),
        output=sum(usage["completion_tokens"] for usage in used),
        agents=len({one["source"] for one in messages}) + 1,
    )


def crewai(path: Path) -> Figures:
    told = document(path)
    if isinstance(told, list):
        outputs = sum("output" in entry for entry in told)
        return Figures(messages=outputs, agents=len({entry["agent"] for entry in told}))
    messages = [message for task in told["tasks_output"] for message in task["messages"]]
    roles = Counter(message["role"] for message in messages)
    return Figures(
        messages=len(messages) - roles["tool"],
        calls=sum(len(message.get("tool_calls") or []) for message in messages),
        answered=roles["tool"],
        input=told["token_usage"]["prompt_tokens"],
        output=told["token_usage"]["completion_tokens"],
        agents=len({task["agent"] for task in told["tasks_output"]}) + 1,
    )


def kimi(path: Path) -> Figures:
    events = [record.get("event", {}) for record in lines(path)]
    used = [event["usage"] for event in events if event.get("type") == "step.end" and "usage" in event]
    spoken = {event["stepUuid"] for event in events if event.get("type") == "content.part"}
    results = [event for event in events if event.get("type") == "tool.result"]
    return Figures(
        messages=len(spoken) + sum(record["type"] == "context.append_message" for record in lines(path)),
        calls=sum(event.get("type") == "tool.call" for event in events),
        answered=len(results),
        errors=sum(event["result"].get("isError") is True for event in results),
        input=sum(usage["inputOther"] for usage in used),
        output=sum(usage["output"] for usage in used),
    )


def copilot(path: Path) -> Figures:
    events = lines(path)
    said = ("user.message", "assistant.message", "system.message")
    requests = [call for event in events for call in event["data"].get("toolRequests", [])]
    started = [event["data"]["toolCallId"] for event in events if event["type"] == "tool.execution_start"]
    done = {event["data"]["toolCallId"] for event in events if event["type"] == "tool.execution_complete"}
    return Figures(
        messages=sum(event["type"] in said for event in events),
        calls=len({call["toolCallId"] for call in requests} | set(started)),
        answered=len(done),
        output=sum(event["data"].get("outputTokens", 0) for event in events),
    )


COUNTERS: list[tuple[str, str, Callable[[Path], Figures], tuple[str, ...]]] = [
    ("codex/agentcmd", "codex", codex, (".jsonl",)),
    ("codex/generated-codex-0.169", "codex", codex, (".jsonl",)),
    ("codex/agx-demo", "codex", codex, (".jsonl",)),
    ("codex/CodexBar", "codex", codex, (".jsonl",)),
    ("codex-exec-json", "codex-exec", codex_exec, (".jsonl",)),
    ("gemini-cli/agentcmd", "gemini", gemini, (".json",)),
    ("gemini-cli/agentsview", "gemini", gemini, (".json",)),
    ("gemini-cli/agent-sessions", "gemini", gemini, ("large.json", "small.json", "v040.jsonl")),
    ("gemini-cli/agx-demo", "gemini", gemini, (".json",)),
    ("gemini-cli/generated-0.61", "gemini", gemini, ("a1361cc4.jsonl",)),
    ("gemini-cli/generated-0.61", "gemini-stream", gemini_stream, ("stdout.jsonl",)),
    ("other-agent-clis/opencode-1.18.33", "opencode", opencode, (".json", ".jsonl")),
    ("openhands/v0", "openhands-v0", openhands_v0, (".json",)),
    ("openhands/v1-conversations", "openhands", openhands, ("event-00000-06e06079-f1ce-41af-b119-961407f8502d.json",)),
    ("openhands/v1-sdk", "openhands", openhands, (".jsonl",)),
    ("swe-agent", "swe-agent", swe_agent, (".traj",)),
    ("mini-swe-agent", "mini-swe-agent", mini_swe_agent, (".json",)),
    ("atif", "atif", atif, (".json",)),
    ("tau-bench", "tau-bench", tau_bench, (".json",)),
    ("autogen", "autogen", autogen, (".json", ".jsonl")),
    ("crewai", "crewai", crewai, (".json",)),
    (f"{CLIS}/kimi", "kimi", kimi, ("assistant_tools.jsonl", "agent-0.jsonl")),
    (f"{CLIS}/copilot/subdir_v1", "copilot", copilot, (".jsonl",)),
    (f"{CLIS}/copilot", "copilot", copilot, ("large.jsonl",)),
]
LOGS = [
    pytest.param(path, name, count, id=f"{name}-{path.stem[:48]}")
    for folder, name, count, endings in COUNTERS
    for path in sample_files(folder, *endings)
]
pytestmark = pytest.mark.skipif(not LOGS, reason="the sample logs are not beside this checkout")


def told(loaded: Loaded) -> Figures:
    """The figures of the state that an import leaves."""
    written = [(address, seen) for address, seen in loaded.versions.items()]
    calls = [value for address, value in loaded.state.items() if address.key.startswith("tool_calls/")]
    usages = [value for address, value in loaded.state.items() if address.key == "usage" and isinstance(value, dict)]
    named = [value for value in calls if isinstance(value, dict)]
    costs = [usage["cost_usd"] for usage in usages if "cost_usd" in usage]
    return Figures(
        messages=sum(address.key.startswith("messages/") for address, _ in written),
        calls=sum("args" in value for value in named),
        answered=sum(value["status"] != "running" for value in named),
        errors=sum(address.key.startswith("errors/") for address in loaded.state),
        input=sum(usage["input"] for usage in usages),  # type: ignore[misc]
        output=sum(usage["output"] for usage in usages),  # type: ignore[misc]
        cost=sum(costs) if costs else None,  # type: ignore[arg-type]
        agents=len({address.agent_id for address in loaded.versions}),
    )


@pytest.mark.parametrize(("path", "name", "count"), LOGS)
def test_the_state_holds_the_figures_of_the_raw_file(path: Path, name: str, count: Callable[[Path], Figures]) -> None:
    expected = count(path)
    loaded = load(next(known for known in formats() if known.name == name), path)
    found = told(loaded)
    if expected.cost is not None:
        assert found.cost == pytest.approx(expected.cost, abs=1e-9)
    assert found == Figures(**{**{field: getattr(expected, field) for field in Figures.__slots__}, "cost": found.cost})
    assert not loaded.report.unknown


@pytest.mark.parametrize(("path", "name", "count"), LOGS)
def test_events_keep_the_order_of_the_file_and_of_its_times(
    path: Path, name: str, count: Callable[[Path], Figures]
) -> None:
    loaded = load(next(known for known in formats() if known.name == name), path)
    times = [
        draft.occurred_at
        for draft in loaded.drafts
        if draft.occurred_at is not None and not draft.meta.get("time_runs_backwards")
    ]
    assert times == sorted(times)


@pytest.mark.parametrize(("path", "name", "count"), LOGS)
def test_every_event_points_at_bytes_of_its_file_that_are_a_record(
    path: Path, name: str, count: Callable[[Path], Figures]
) -> None:
    known = next(one for one in formats() if one.name == name)
    contents = {source.name: source.path.read_bytes() for source in known.files(Source(path))}
    for draft in load(known, path).drafts:
        offset, length = draft.meta["offset"], draft.meta["length"]
        assert isinstance(offset, int)
        assert isinstance(length, int)
        json.loads(contents[str(draft.meta["file"])][offset : offset + length])


def test_an_event_log_that_delivers_messages_many_times_tells_each_once() -> None:
    """The log of a run's events and the messages that the run gave back hold the same conversation."""
    known = next(one for one in formats() if one.name == "autogen")
    logged, given = (
        load(known, sample(f"autogen/{name}.jsonl")) for name in ("autogen_core_event_log", "run_stream_messages")
    )
    for agent_id in ("user", "researcher", "critic"):
        for prefix in ("messages/", "usage"):
            keys = given.keys(prefix, agent_id)
            assert {key: logged.value(key, agent_id) for key in logged.keys(prefix, agent_id)} == {
                key: given.value(key, agent_id) for key in keys
            }
    assert logged.report.counts["tool_calls"] == given.report.counts["tool_calls"] == 2


def test_a_saved_state_holds_what_every_agent_remembers() -> None:
    known = next(one for one in formats() if one.name == "autogen")
    path = sample("autogen/team_save_state.json")
    loaded = load(known, path)
    for name, state in document(path)["agent_states"].items():
        remembered = state.get("agent_state", {}).get("llm_context", {}).get("messages") or state["message_thread"]
        results = ("FunctionExecutionResultMessage", "ToolCallExecutionEvent", "ThoughtEvent")
        expected = sum(message["type"] not in results for message in remembered)
        assert len(loaded.keys("messages/", name)) == expected
