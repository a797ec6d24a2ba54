"""Trajectories of benchmarks, where their samples leave something open."""

from __future__ import annotations

import json
from pathlib import Path

from tests.formats.agent_logs import CHAT, DOCUMENTS, OPENHANDS_V0, STEP
from tests.formats.conftest import Loaded, load, write_lines

from playhead.formats.registry import recognise
from playhead.model import JSON


def read(folder: Path, name: str, document: JSON) -> Loaded:
    path = folder / "log.json"
    path.write_text(json.dumps(document))
    known, _ = recognise(path)
    assert known.name == name
    return load(known, path)


def values(loaded: Loaded, namespace: str) -> dict[str, JSON]:
    return {address.key: value for address, value in loaded.state.items() if address.namespace == namespace}


def test_a_simulation_counts_the_agents_tokens_and_cost_and_not_those_of_its_user(tmp_path: Path) -> None:
    state = values(read(tmp_path, "tau-bench", DOCUMENTS["tau-bench"]), "tau:3/0")
    usage, call, final = state["usage"], state["tool_calls/c1"], state["final"]
    assert isinstance(usage, dict)
    assert isinstance(call, dict)
    assert isinstance(final, dict)
    assert (usage["input"], usage["output"], usage["cost_usd"]) == (3, 1, 0.5)
    assert (call["args"], final["reward"], final["user_cost_usd"]) == ({"id": 1}, 0.0, 0.25)
    said = state["messages/0002"]
    assert isinstance(said, dict)
    assert said["reasoning"] == "hm"


def test_trials_of_one_task_and_repeats_of_one_trial_are_told_apart(tmp_path: Path) -> None:
    one: dict[str, JSON] = {"task_id": 7, "reward": 1.0, "traj": CHAT}
    loaded = read(tmp_path, "tau-bench", [{**one, "trial": 0}, {**one, "trial": 1}, {**one, "trial": 0}])
    assert {address.namespace for address in loaded.state} == {"tau:7/0", "tau:7/1", "tau:7/0-2"}


def test_an_evaluation_is_a_namespace_for_each_instance_and_pairs_in_its_history_are_events(tmp_path: Path) -> None:
    first: JSON = {
        "instance_id": "django-1",
        "instruction": "fix",
        "history": OPENHANDS_V0,
        "metrics": {"accumulated_cost": 1.5},
        "test_result": {"git_patch": "diff"},
    }
    second: JSON = {"instance_id": "django-2", "history": [[OPENHANDS_V0[1], OPENHANDS_V0[2]]], "error": "timeout"}
    path = write_lines(tmp_path / "output.jsonl", [first, second])
    known, _ = recognise(path)
    loaded = load(known, path)
    assert known.name == "openhands-v0"
    one, two = values(loaded, "openhands:django-1"), values(loaded, "openhands:django-2")
    final, usage, call = one["final"], one["usage"], two["tool_calls/c1"]
    assert isinstance(final, dict)
    assert isinstance(usage, dict)
    assert isinstance(call, dict)
    assert (final["patch"], usage["cost_usd"], usage["input"]) == ("diff", 1.5, 3)
    assert (call["status"], call["exit_code"]) == ("error", 1)
    assert "errors/0002" in two


def test_a_step_is_told_by_the_tool_that_the_history_names_for_it(tmp_path: Path) -> None:
    asked: JSON = [{"id": "c9", "function": {"name": "find_file", "arguments": '{"file_name": "a.py"}'}}]
    document: JSON = {
        "trajectory": [{**STEP, "action": "find_file a.py"}],
        "history": [
            *CHAT[:2],
            {"role": "assistant", "content": "look", "action": "find_file a.py", "tool_calls": asked},
        ],
        "info": {"exit_status": "exit_error", "submission": None, "model_stats": {}},
    }
    loaded = read(tmp_path, "swe-agent", document)
    call = loaded.value("tool_calls/c9")
    assert isinstance(call, dict)
    assert (call["name"], call["args"], call["status"]) == ("find_file", {"file_name": "a.py"}, "ok")
    assert loaded.kinds()[-1] == "run_error"
    assert loaded.value("messages/0003") == {"role": "assistant", "text": "look", "step": 1, "calls": ["c9"]}


def test_what_a_trajectorys_steps_do_not_count_is_in_its_sums(tmp_path: Path) -> None:
    usage = read(tmp_path, "atif", DOCUMENTS["atif"]).value("usage")
    assert isinstance(usage, dict)
    assert (usage["input"], usage["output"], usage["cost_usd"]) == (9, 1, 1.5)


def test_output_without_a_call_belongs_to_the_step_it_answers(tmp_path: Path) -> None:
    said = read(tmp_path, "atif", DOCUMENTS["atif"]).value("messages/0002")
    assert isinstance(said, dict)
    assert (said["text"], said["observation"], said["calls"]) == ("look", "y", ["c1"])


def test_a_run_over_the_responses_api_has_its_answers_calls_and_outputs(tmp_path: Path) -> None:
    def text(words: str) -> JSON:
        return [{"type": "input_text", "text": words}]

    answer: JSON = {
        "object": "response",
        "model": "m-1",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "look"}]},
            {"type": "function_call", "call_id": "c1", "name": "bash", "arguments": '{"command": "ls"}'},
        ],
        "usage": {"input_tokens": 9, "output_tokens": 2},
        "extra": {"actions": [{"command": "ls", "tool_call_id": "c1"}], "cost": 0.5, "timestamp": 1772359200.5},
    }
    output: JSON = {
        "type": "function_call_output",
        "call_id": "c1",
        "output": "<returncode>2</returncode>",
        "extra": {"raw_output": "no\n", "returncode": 2},
    }
    messages: list[JSON] = [
        {"type": "message", "role": "system", "content": text("be good")},
        {"type": "message", "role": "user", "content": text("fix it")},
        answer,
        output,
        {"role": "exit", "content": "", "extra": {"exit_status": "Submitted"}},
    ]
    document: JSON = {"trajectory_format": "mini-swe-agent-1.1", "info": {}, "messages": messages}
    loaded = read(tmp_path, "mini-swe-agent", document)
    assert not loaded.report.unknown
    said, call, usage = loaded.value("messages/0003"), loaded.value("tool_calls/c1"), loaded.value("usage")
    assert isinstance(said, dict)
    assert isinstance(call, dict)
    assert isinstance(usage, dict)
    assert (said["text"], said["reasoning"], loaded.value("model")) == ("look", "hm", "m-1")
    assert (call["status"], call["exit_code"], call["result"]) == ("error", 2, "no\n")
    assert (usage["input"], usage["output"], usage["cost_usd"]) == (9, 2, 0.5)


def test_trajectories_inside_a_trajectory_are_agents_of_its_run(tmp_path: Path) -> None:
    def trajectory(identity: str, *steps: JSON, **more: JSON) -> dict[str, JSON]:
        about: dict[str, JSON] = {"schema_version": "ATIF-v1.8", "agent": {"name": "a", "version": "1"}}
        return {**about, "session_id": "s1", "trajectory_id": identity, "steps": list(steps), **more}

    def said(number: int, text: str, tokens: int, **more: JSON) -> JSON:
        step: dict[str, JSON] = {"step_id": number, "source": "agent", "message": text}
        return {**step, "metrics": {"prompt_tokens": tokens, "completion_tokens": 1}, **more}

    asked: JSON = [{"tool_call_id": "c1", "function_name": "task", "arguments": {"prompt": "look"}}]
    result: JSON = {"source_call_id": "c1", "content": "found", "subagent_trajectory_ref": [{"trajectory_id": "t2"}]}
    inner = trajectory("t3", said(1, "deepest", 4))
    child = trajectory("t2", said(1, "looking", 5), subagent_trajectories=[inner])
    document = trajectory(
        "t1",
        said(1, "delegating", 10, tool_calls=asked, observation={"results": [result]}),
        subagent_trajectories=[child],
        final_metrics={"total_prompt_tokens": 25, "total_completion_tokens": 3},
        new_in_1_9=True,
    )
    loaded = read(tmp_path, "atif", document)
    assert {address.namespace for address in loaded.state} == {"atif:s1"}
    texts = {agent: loaded.value("messages/0001", agent) for agent in ("main", "t2", "t3")}
    assert {agent: value["text"] for agent, value in texts.items() if isinstance(value, dict)} == {
        "main": "delegating",
        "t2": "looking",
        "t3": "deepest",
    }
    inputs = {agent: usage["input"] for agent in texts if isinstance(usage := loaded.value("usage", agent), dict)}
    assert inputs == {"main": 16, "t2": 5, "t3": 4}
    assert loaded.value("fields") == {"new_in_1_9": True}
    assert loaded.report.counts["agents"] == 3
