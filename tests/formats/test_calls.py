"""Tool calls of very long logs: those answered long ago take little room, and are found all the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from playhead.draft import Draft
from playhead.formats import vocabulary
from playhead.formats.report import ImportReport
from playhead.formats.vocabulary import AgentKeys

AT = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> AgentKeys:
    monkeypatch.setattr(vocabulary, "REMEMBERED_CALLS", 2)
    keys = AgentKeys("agent", ImportReport())
    for number in range(20):
        call = keys.start_call(Draft(occurred_at=AT), f"call {number}", "bash", {"n": number}, f"bash: {number}", "m")
        if number % 5:
            keys.finish_call(Draft(), f"call {number}", "done", failed=False)
            call.arguments = None
    return keys


def test_a_call_answered_long_ago_is_found_as_it_was(keys: AgentKeys) -> None:
    assert dict.__len__(keys.calls) < 20
    assert len(keys.calls) == 20
    assert "call 1" in keys.calls
    call = keys.calls["call 1"]
    assert (call.key, call.name, call.summary, call.message) == ("tool_calls/call 1", "bash", "bash: 1", "m")
    assert (call.started, call.answered, call.arguments) == (AT, True, None)
    assert keys.calls.get("call 1") is call
    assert len(keys.calls) == 20


def test_a_call_that_waits_for_its_result_stays_whole_however_long(keys: AgentKeys) -> None:
    assert keys.calls["call 0"].arguments == {"n": 0}
    assert [name for name, call in keys.calls.items() if not call.answered] == [
        "call 0",
        "call 5",
        "call 10",
        "call 15",
    ]


def test_an_id_that_comes_again_after_long_is_another_call(keys: AgentKeys) -> None:
    again = keys.start_call(Draft(), "call 2", "bash", {}, "bash", None)
    assert again.key == "tool_calls/call 2-2"
    assert keys.calls["call 2"] is again
    assert keys.awaiting("nobody") is None
    assert "nobody" not in keys.calls
    with pytest.raises(KeyError, match="nobody"):
        keys.calls["nobody"]
