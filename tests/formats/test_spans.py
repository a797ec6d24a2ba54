"""How spans become events: in which order, what is told once, and which call a tool answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.formats.conftest import Loaded, load, write_lines

from playhead.formats.otlp import OtelSpans
from playhead.formats.spans import Span, identity, instant, merged
from playhead.formats.usage import Usage
from playhead.model import JSON

START = 1_795_221_076_000_000_000


def span(
    name: str,
    start: int,
    end: int | None,
    parent: str = "",
    *,
    status: str = "OK",
    trace: str = "t",
    **attributes: JSON,
) -> JSON:
    """A span whose name is its id, its times milliseconds after all began; `__` in attributes' names is a dot."""
    told: dict[str, JSON] = {
        "trace_id": trace,
        "span_id": name,
        "parent_span_id": parent,
        "name": name,
        "start_time": START + start * 1_000_000,
        "status": {"code": status},
        "attributes": {key.replace("__", "."): value for key, value in attributes.items()},
    }
    return told if end is None else {**told, "end_time": START + end * 1_000_000}


def chat(name: str, start: int, end: int, heard: list[JSON], said: list[JSON], parent: str = "", **more: JSON) -> JSON:
    told: dict[str, Any] = {"gen_ai__operation__name": "chat", "gen_ai__input__messages": heard}
    return span(name, start, end, parent, **{**told, "gen_ai__output__messages": said, **more})


def tool(name: str, start: int, end: int, called: str, arguments: JSON, result: JSON, **more: JSON) -> JSON:
    told: dict[str, Any] = {"gen_ai__operation__name": "execute_tool", "gen_ai__tool__name": called}
    told |= {"gen_ai__tool__call__arguments": arguments, "gen_ai__tool__call__result": result}
    return span(name, start, end, **{**told, **more})


def user(text: str) -> JSON:
    return {"role": "user", "parts": [{"type": "text", "content": text}]}


def answer(text: str) -> JSON:
    return {"role": "assistant", "parts": [{"type": "text", "content": text}]}


def call(name: str, arguments: JSON, call_id: str = "") -> JSON:
    part: dict[str, JSON] = {"type": "tool_call", "name": name, "arguments": arguments}
    return {"role": "assistant", "parts": [{**part, "id": call_id} if call_id else part]}


def result(call_id: str, text: str) -> JSON:
    return {"role": "tool", "parts": [{"type": "tool_call_response", "id": call_id, "result": text}]}


@pytest.fixture
def loading(tmp_path: Path) -> Callable[..., Loaded]:
    def load_all(*spans: JSON) -> Loaded:
        return load(OtelSpans(), write_lines(tmp_path / "log", list(spans)))

    return load_all


def texts(loaded: Loaded) -> list[JSON]:
    found = []
    for key in loaded.keys("messages/"):
        value = loaded.value(key)
        assert isinstance(value, dict)
        found.append(value["text"] or value.get("calls"))
    return found


def called(loaded: Loaded, key: str) -> dict[str, JSON]:
    value = loaded.value(f"tool_calls/{key}")
    assert isinstance(value, dict)
    return value


class TestOrder:
    def test_a_span_makes_an_event_when_it_starts_and_one_when_it_ends(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(span("inner", 1, 2, "outer"), span("outer", 0, 3))
        assert loaded.labels() == ["outer", "inner", "inner", "outer"]
        assert loaded.kinds() == ["span_start", "span_start", "span_end", "span_end"]
        assert loaded.history("spans/inner")[0] == {
            "name": "inner",
            "kind": "span",
            "status": "running",
            "parent": "outer",
        }
        assert loaded.history("stack") == [["outer"], ["outer", "inner"], ["outer"], []]

    def test_at_one_instant_what_ends_comes_before_what_starts(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(
            tool("tool", 5, 5, "read", {"path": "a"}, "text"),
            chat("model", 0, 5, [user("go")], [call("read", {"path": "a"}, "c1")]),
        )
        assert loaded.kinds() == ["user", "tool_call", "tool_start", "tool_result"]
        assert loaded.keys("tool_calls/") == ["tool_calls/c1"]

    def test_a_span_that_never_ended_is_left_running(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(span("crashed", 0, None), span("fine", 1, 2, "crashed"))
        assert loaded.history("spans/crashed") == [{"name": "crashed", "kind": "span", "status": "running"}]
        assert loaded.value("stack") == ["crashed"]

    def test_an_end_before_its_start_is_kept_and_flagged(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(span("skewed", 5, 3))  # S29
        assert [draft.meta.get("time_runs_backwards") for draft in loaded.drafts] == [None, True]
        assert [draft.kind for draft in loaded.drafts] == ["span_start", "span_end"]

    def test_parents_in_a_ring_are_cut_and_counted(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(span("a", 0, 3, "b"), span("b", 1, 2, "a"), span("self", 1, 2, "self"))
        assert loaded.report.counts["spans"] == 3
        assert loaded.report.repaired["spans that are their own ancestors"] == 2

    def test_a_span_told_twice_is_one_and_what_is_told_later_counts(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(span("a", 0, None, model="x"), span("a", 0, 2, answer="y"), span("b", 0, 1), span("b", 0, 1))
        assert loaded.report.counts["spans"] == 2
        assert loaded.report.counts["spans_told_again"] == 1
        assert loaded.report.counts["repeated_spans"] == 1
        value = loaded.value("spans/a")
        assert isinstance(value, dict)
        assert (value["status"], value["attributes"]) == ("ok", {"model": "x", "answer": "y"})


class TestMessages:
    def test_a_conversation_that_is_told_again_and_again_is_told_once(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(
            chat("1", 0, 1, [user("a")], [answer("b")]),
            chat("2", 2, 3, [user("a"), answer("b"), user("c")], [answer("d")]),
            chat("3", 4, 5, [user("a"), answer("b"), user("c"), answer("d"), user("a")], [answer("b")]),
        )
        assert texts(loaded) == ["a", "b", "c", "d", "a", "b"]

    def test_a_window_that_lost_its_beginning_tells_only_its_news(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(
            chat("1", 0, 1, [user("a")], [answer("b")]),
            chat("2", 2, 3, [user("summary"), answer("b"), user("c")], [answer("d")]),
        )
        assert texts(loaded) == ["a", "b", "summary", "c", "d"]

    def test_a_model_around_a_model_says_the_same_once(self, loading: Callable[..., Loaded]) -> None:
        inner = chat("inner", 1, 2, [user("a")], [answer("b")], "outer", gen_ai__usage__input_tokens=3)
        outer = chat("outer", 0, 3, [user("a")], [answer("b")], gen_ai__usage__input_tokens=3)
        loaded = loading(outer, inner)
        assert texts(loaded) == ["a", "b"]
        assert loaded.report.counts["input_tokens"] == 3

    def test_an_agent_inside_an_agent_has_a_conversation_of_its_own(self, loading: Callable[..., Loaded]) -> None:
        agent: dict[str, Any] = {"gen_ai__operation__name": "invoke_agent"}
        loaded = loading(
            span("1", 0, 9, gen_ai__agent__name="boss", **agent),
            span("2", 1, 5, "1", gen_ai__agent__name="clerk", **agent),
            chat("3", 2, 3, [user("a")], [answer("b")], "2"),
            chat("4", 6, 7, [user("c")], [answer("d")], "1"),
        )
        assert (
            loaded.keys("messages/", "clerk") == loaded.keys("messages/", "boss") == ["messages/0001", "messages/0002"]
        )
        assert loaded.value("subagents/clerk", "boss") == {"status": "ok", "span": "2"}
        assert loaded.value("final", "clerk") == {"text": "b", "message": "messages/0002"}

    def test_a_session_holds_the_conversation_of_all_its_traces(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(
            chat("1", 0, 1, [user("a")], [answer("b")], gen_ai__conversation__id="s"),
            {**chat("2", 2, 3, [user("a"), answer("b"), user("c")], [answer("d")]), "trace_id": "u"},  # type: ignore[dict-item]
            span("root", 2, 4, trace="u", gen_ai__conversation__id="s"),
        )
        assert {address.namespace for address in loaded.state} == {"otel:s"}
        assert texts(loaded) == ["a", "b", "c", "d"]

    def test_a_conversation_inside_another_belongs_to_its_run(self, loading: Callable[..., Loaded]) -> None:
        agent: dict[str, Any] = {"gen_ai__operation__name": "invoke_agent"}
        loaded = loading(
            span("1", 0, 9, gen_ai__agent__name="boss", gen_ai__conversation__id="s", **agent),
            tool("2", 1, 6, "ask", {"q": "why"}, "because", parent="1"),
            span("3", 2, 5, "2", gen_ai__agent__name="clerk", gen_ai__conversation__id="own", **agent),
            chat("4", 3, 4, [user("why")], [answer("because")], "3", gen_ai__conversation__id="own"),
        )
        assert {address.namespace for address in loaded.state} == {"otel:s"}
        assert loaded.keys("messages/", "clerk") == ["messages/0001", "messages/0002"]


class TestCalls:
    def test_a_tool_without_an_id_answers_the_call_of_its_name_and_arguments(
        self, loading: Callable[..., Loaded]
    ) -> None:
        loaded = loading(
            chat("m", 0, 1, [user("a")], [call("read", {"x": 1, "y": 2}, "c1"), call("read", '{"x": 3}', "c2")]),
            tool("s1", 2, 4, "read", '{"x": 3}', "three"),
            tool("s2", 3, 5, "read", {"y": 2, "x": 1}, "one"),
        )
        assert loaded.keys("tool_calls/") == ["tool_calls/c1", "tool_calls/c2"]
        assert (called(loaded, "c1")["result"], called(loaded, "c2")["result"]) == ("one", "three")
        assert called(loaded, "c1")["duration_ms"] == 2

    def test_a_result_told_by_a_span_and_by_a_message_is_told_once(self, loading: Callable[..., Loaded]) -> None:
        told = [user("a"), call("read", {"x": 1}, "c1")]
        loaded = loading(
            chat("m", 0, 1, told[:1], told[1:]),
            tool("s", 2, 3, "read", {"x": 1}, "one"),
            chat("n", 4, 5, [*told, result("c1", "one")], [answer("done")]),
        )
        assert loaded.report.counts["tool_results"] == 1
        assert loaded.history("tool_calls/c1")[-1] == called(loaded, "c1")
        assert len(loaded.history("tool_calls/c1")) == 2

    def test_a_call_that_its_history_gives_another_id_is_one(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(
            chat("m", 0, 1, [user("a")], [call("read", {"x": 1}, "c1")]),
            chat("n", 4, 5, [user("a"), call("read", {"x": 1}, "item-7"), result("item-7", "one")], [answer("b")]),
        )
        assert loaded.keys("tool_calls/") == ["tool_calls/c1"]
        assert called(loaded, "c1")["result"] == "one"

    def test_the_same_call_made_twice_is_two(self, loading: Callable[..., Loaded]) -> None:
        first, second = call("read", {"x": 1}, "c1"), call("read", {"x": 1}, "c2")
        told = [user("a"), first, result("c1", "one"), second, result("c2", "two")]
        loaded = loading(
            chat("m", 0, 1, told[:1], [first]),
            chat("n", 2, 3, told[:3], [second]),
            chat("o", 4, 5, told, [answer("b")]),
        )
        assert (called(loaded, "c1")["result"], called(loaded, "c2")["result"]) == ("one", "two")
        assert loaded.report.counts["tool_calls"] == 2

    def test_a_tool_that_failed_is_an_error_at_its_call(self, loading: Callable[..., Loaded]) -> None:
        exception: JSON = [
            {"name": "exception", "attributes": {"exception.type": "OSError", "exception.message": "full"}}
        ]
        failed = tool("s", 2, 3, "write", {"x": 1}, None, status="ERROR")
        assert isinstance(failed, dict)
        loaded = loading(chat("m", 0, 1, [], [call("write", {"x": 1}, "c1")]), {**failed, "events": exception})
        assert called(loaded, "c1")["status"] == "error"
        assert loaded.value("last_error") == {"where": "tool_calls/c1", "type": "tool", "message": "full"}
        assert loaded.kinds()[-1] == "tool_error"

    def test_a_call_without_any_tool_is_left_running(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(chat("m", 0, 1, [], [call("write", {"x": 1}, "c1")]))
        assert called(loaded, "c1")["status"] == "running"


class TestUsage:
    def test_sums_on_the_way_up_are_not_counted_again(self, loading: Callable[..., Loaded]) -> None:
        used: dict[str, Any] = {"gen_ai__usage__input_tokens": 5, "gen_ai__usage__output_tokens": 1}
        loaded = loading(
            span("root", 0, 9, gen_ai__usage__input_tokens=10, gen_ai__usage__output_tokens=2),
            chat("1", 1, 2, [], [], "root", **used),
            chat("2", 3, 4, [], [], "root", **used),
        )
        assert loaded.value("usage") == {
            "input": 10,
            "output": 2,
            "cache_read": 0,
            "cache_write": 0,
            "reasoning": 0,
            "calls": 2,
        }

    def test_a_sum_without_its_parts_counts(self, loading: Callable[..., Loaded]) -> None:
        loaded = loading(span("root", 0, 9, gen_ai__usage__input_tokens=10), span("inner", 1, 2, "root"))
        assert loaded.report.counts["input_tokens"] == 10

    def test_a_response_that_two_tracers_tell_counts_once(self, loading: Callable[..., Loaded]) -> None:
        used: dict[str, Any] = {"gen_ai__usage__input_tokens": 5, "gen_ai__response__id": "r"}
        loaded = loading(chat("1", 1, 2, [], [], **used), chat("2", 1, 2, [], [], **used))
        assert loaded.report.counts["input_tokens"] == 5


def test_what_is_no_message_and_no_call_is_kept_with_its_span(loading: Callable[..., Loaded]) -> None:
    loaded = loading(span("s", 0, 1, db__system="chroma", input__value='{"q": 1}', output__value="found"))
    assert loaded.value("spans/s") == {
        "name": "s",
        "kind": "span",
        "status": "ok",
        "duration_ms": 1.0,
        "input": {"q": 1},
        "output": "found",
        "attributes": {"db.system": "chroma"},
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-21T00:31:16.681035Z", 1795221076681035000),
        ("2026-11-21 00:31:16.681035", 1795221076681035000),
        ("2026-11-21T02:31:16.681035+02:00", 1795221076681035000),
        ("2026-11-21", 1795219200000000000),
        ("1795221076681034383", 1795221076681034383),
        (1795221076681034383, 1795221076681034383),
        (1795221076681, 1795221076681000000),
        (1795221076.5, 1795221076500000000),
        ([1795221076, 681034383], 1795221076681034383),
        (None, None),
        ("yesterday", None),
        ([1, "x"], None),
        (True, None),
        (10**30, None),
        (-5, None),
    ],
)
def test_times_of_tracers_are_nanoseconds_and_utc_where_they_do_not_say(written: JSON, expected: int | None) -> None:
    assert instant(written) == expected


@pytest.mark.parametrize(
    ("written", "size", "expected"),
    [
        ("5B8EFFF798038103D269B633813FC60C", 16, "5b8efff798038103d269b633813fc60c"),
        ("0x8fe11273ab926ee6", 8, "8fe11273ab926ee6"),
        ("KslXWIz6O3aqKQqlkrIIhg==", 16, "2ac957588cfa3b76aa290aa592b20886"),
        ("skkwXwEEHEA=", 8, "b249305f01041c40"),
        (12072964954527026452, 8, "a78bc9a92c52cd14"),
        ("115825058289444712299650141807529952578", 16, "572318454595034fe5076610d6400542"),
        ("0000000000000000", 8, ""),
        ("span_36d7c86f7e494bb5b4609548", 8, "span_36d7c86f7e494bb5b4609548"),
        (None, 8, ""),
        (0, 8, ""),
    ],
)
def test_ids_are_one_whichever_way_they_are_written(written: JSON, size: int, expected: str) -> None:
    assert identity(written, size) == expected


@example("²")
@given(st.integers() | st.text() | st.floats() | st.lists(st.integers() | st.text(), max_size=3))
def test_any_time_and_any_id_are_read_without_fail(value: JSON) -> None:
    found = instant(value)
    assert found is None or found > 0
    assert isinstance(identity(value, 8), str)
    assert isinstance(identity(value, 16), str)


def test_a_span_put_aside_comes_back_equal() -> None:
    one = Span("t", "s", given={"deep": [1, {"a": None}], "text": "é\ud83d"}, usage=Usage(1, 2, cost_usd=0.5), start=5)
    assert Span.unpacked(one.packed()) == one
    both = merged(one, Span("t", "s", end=7))
    assert (both.start, both.end, both.usage, both.given) == (5, 7, one.usage, one.given)
