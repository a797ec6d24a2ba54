"""The recorded demo run: recorded again it is the same, and its story can be found as the README tells it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

import playhead
from playhead import JSON, Event, Store, codec

ROOT = Path(__file__).parents[2]
SUPPORT_DESK = ROOT / "sample_data" / "support-desk"


def run_recorder(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sample_data.record_support_desk", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def sizes(directory: Path) -> dict[str, int]:
    """Path inside the directory → bytes, of every file."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.stat().st_size for path in files}


@pytest.fixture(scope="module")
def desk() -> Iterator[Store]:
    with playhead.open(SUPPORT_DESK, create=False, read_only=True) as store:
        yield store


@pytest.fixture(scope="module")
def events(desk: Store) -> list[Event]:
    return list(desk.replay())


@pytest.fixture(scope="module")
def recorded_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("recorded") / "support-desk"
    done = run_recorder(str(directory))
    assert done.returncode == 0, done.stderr
    return directory


def written(event: Event, agent_id: str, key: str) -> dict[str, JSON] | None:
    """The object that the event wrote at an agent's key, or None."""
    for operation in event.operations:
        if (operation.agent_id, operation.key, operation.op) == (agent_id, key, "write"):
            return cast("dict[str, JSON]", operation.value)
    return None


def first_overdraft(events: list[Event]) -> Event:
    for event in events:
        budget = written(event, "refund", "budget")
        if budget is not None and cast(float, budget["remaining"]) < 0:
            return event
    raise AssertionError("the budget never goes negative")


def tool_call(event: Event, agent_id: str) -> dict[str, JSON]:
    """The tool call that the event wrote."""
    key = next(operation.key for operation in event.operations if operation.key.startswith("tool_calls/"))
    call = written(event, agent_id, key)
    assert call is not None
    return call


def last_change_before(events: list[Event], commit_ts: int, agent_id: str, key: str) -> Event:
    return next(event for event in reversed(events[: commit_ts - 1]) if written(event, agent_id, key) is not None)


def step_of(plan: dict[str, JSON] | None, step_id: JSON) -> dict[str, JSON]:
    assert plan is not None
    steps = cast("list[dict[str, JSON]]", plan["steps"])
    return next(step for step in steps if step["id"] == step_id)


def test_recording_the_run_again_gives_the_same_events_and_snapshots(
    desk: Store, events: list[Event], recorded_again: Path
) -> None:
    # S21; the txn_id is the store's own, so it is the one thing left out.
    with playhead.open(recorded_again, create=False, read_only=True) as store:
        again = list(store.replay())
        moments = [(snapshot.label, snapshot.commit_ts, snapshot.timestamp) for snapshot in store.snapshots()]
    assert [replace(event, txn_id="") for event in again] == [replace(event, txn_id="") for event in events]
    assert moments == [(snapshot.label, snapshot.commit_ts, snapshot.timestamp) for snapshot in desk.snapshots()]


def test_the_run_has_about_two_thousand_commits_by_three_agents(desk: Store, events: list[Event]) -> None:
    assert [event.commit_ts for event in events] == list(range(1, desk.head + 1))
    assert 1_900 <= desk.head <= 2_100
    assert [agent.agent_id for agent in desk.agents("default")] == ["planner", "refund", "researcher"]
    assert all(earlier.committed_at < later.committed_at for earlier, later in pairwise(events))
    assert all(event.kind and event.label and event.operations for event in events)


def test_the_store_is_sealed_up_to_its_head_and_small(events: list[Event]) -> None:
    assert sum(sizes(SUPPORT_DESK).values()) < 1_500_000
    sealed = [path.parent.name.split("-") for path in SUPPORT_DESK.rglob("events.parquet")]
    assert max(int(last) for _, last in sealed) == events[-1].commit_ts


def test_every_value_is_small(events: list[Event]) -> None:
    values = [operation.value for event in events for operation in event.operations]
    assert max(len(codec.encode(value, "value")) for value in values) <= 2_000


def test_the_snapshots_stand_before_and_after_the_damage(desk: Store, events: list[Event]) -> None:
    moments = {snapshot.label: snapshot.commit_ts for snapshot in desk.snapshots()}
    assert list(moments) == ["shift start", "before refunds", "shift end"]
    overdraft = first_overdraft(events).commit_ts
    assert moments["shift start"] < moments["before refunds"] < overdraft - 42 < moments["shift end"] == desk.head
    changes = {str(change.address): change for change in desk.diff("before refunds", "shift end")}
    assert changes["default/planner/final"].status == "added"
    assert changes["default/researcher/findings/61277"].status == "added"
    budget = changes["default/refund/budget"]
    before, after = (cast("dict[str, JSON]", record.value) for record in (budget.before, budget.after))
    assert cast(float, before["remaining"]) > 0 > cast(float, after["remaining"])
    assert step_of(cast("dict[str, JSON]", changes["default/planner/plan"].after.value), "s5")["amount"] == 12990.0


def test_the_negative_budget_leads_in_three_jumps_to_the_tool_result_in_cents(events: list[Event]) -> None:
    overdraft = first_overdraft(events)
    transfer = tool_call(overdraft, "refund")
    assert transfer["name"] == "bank_transfer"
    step_id = cast("dict[str, JSON]", transfer["args"])["step"]

    planned = last_change_before(events, overdraft.commit_ts, "planner", "plan")
    step = step_of(written(planned, "planner", "plan"), step_id)
    earlier = last_change_before(events, planned.commit_ts, "planner", "plan")
    assert step_of(written(earlier, "planner", "plan"), step_id)["amount"] is None
    assert step["approved"] is True

    found = events[planned.commit_ts - 2]
    assert (found.commit_ts, found.kind) == (planned.commit_ts - 1, "tool_result")
    lookup = tool_call(found, "researcher")
    assert lookup["name"] == "archive_lookup"
    assert cast("dict[str, JSON]", lookup["result"])["paid"] == step["amount"] == 12990
    assert 30 <= overdraft.commit_ts - found.commit_ts <= 60


def test_only_the_corrupted_step_has_an_amount_that_a_customer_did_not_pay(events: list[Event]) -> None:
    planned = last_change_before(events, first_overdraft(events).commit_ts, "planner", "plan")
    steps = cast("list[dict[str, JSON]]", cast("dict[str, JSON]", written(planned, "planner", "plan"))["steps"])
    amounts = {cast(str, step["id"]): cast(float, step["amount"]) for step in steps}
    assert amounts.pop("s5") > 4_000
    assert max(amounts.values()) < 200


def test_the_budget_adds_up_at_every_write(events: list[Event]) -> None:
    budgets = [budget for event in events if (budget := written(event, "refund", "budget"))]
    assert len(budgets) > 10
    for budget in budgets:
        spent, remaining, limit = (cast(float, budget[name]) for name in ("spent", "remaining", "limit"))
        assert round(100 * (spent + remaining)) == round(100 * limit)


def test_errors_are_handled_before_the_overdraft_and_cascade_after_it(events: list[Event]) -> None:
    overdraft = first_overdraft(events).commit_ts
    errors = [event for event in events if event.is_error]
    before = [event for event in errors if event.commit_ts < overdraft]
    after = [event for event in errors if event.commit_ts > overdraft]
    assert after[0].commit_ts == overdraft + 1
    assert len(after) / (events[-1].commit_ts - overdraft) > 3 * len(before) / overdraft > 0
    assert not [event for event in before if "budget" in event.label]
    final = next(value for event in events if (value := written(event, "planner", "final")))
    assert final["outcome"] == "failed"


def test_a_tool_call_is_written_running_and_then_with_its_outcome(events: list[Event]) -> None:
    calls: dict[str, list[tuple[int, JSON]]] = {}
    for event in events:
        for operation in event.operations:
            if operation.key.startswith("tool_calls/") and operation.op == "write":
                call = cast("dict[str, JSON]", operation.value)
                calls.setdefault(operation.key, []).append((operation.version, call["status"]))
                assert ("duration_ms" in call) == (call["status"] != "running")
    assert len(calls) > 200
    assert {tuple(versions) for versions in calls.values()} == {
        ((1, "running"), (2, "ok")),
        ((1, "running"), (2, "error")),
    }


def test_the_readme_names_the_commits_of_the_story(desk: Store, events: list[Event]) -> None:
    text = (ROOT / "sample_data" / "README.md").read_text(encoding="utf-8")
    overdraft = first_overdraft(events).commit_ts
    planned = last_change_before(events, overdraft, "planner", "plan").commit_ts
    assert f"**{overdraft}**" in text
    assert f"**{planned}**" in text
    assert f"**{planned - 1}**" in text
    assert f"for {overdraft - planned + 1} commits" in text
    second_look = next(event.commit_ts for event in events[overdraft:] if event.label.startswith("archive_lookup: "))
    assert f"a second look ({second_look})" in text
    assert f"{desk.head:,} commits" in text
    for snapshot in desk.snapshots():
        assert f"`{snapshot.label}` (" in text
        assert str(snapshot.commit_ts) in text


def test_the_recorder_replaces_a_store_only_when_told_to_and_nothing_else_ever(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    assert run_recorder(str(tmp_path)).returncode == 2
    assert run_recorder(str(tmp_path), "--force").returncode == 2
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_the_recorder_with_force_records_a_store_anew(recorded_again: Path) -> None:
    before = (recorded_again / "store.json").read_bytes()
    assert run_recorder(str(recorded_again)).returncode == 2
    assert (recorded_again / "store.json").read_bytes() == before
    assert run_recorder(str(recorded_again), "--force").returncode == 0
    assert (recorded_again / "store.json").read_bytes() != before
