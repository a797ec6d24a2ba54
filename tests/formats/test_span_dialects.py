"""Who writes spans how: the names, wrappings and tables of each tracer, beyond what its samples hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from tests.formats.conftest import Loaded, load, write_lines

from playhead.errors import ImportFormatError
from playhead.formats.registry import recognise
from playhead.model import JSON

Reading = Callable[..., Loaded]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Loads records as JSON lines, or a document as it is, by the format that recognises it."""

    def read(*records: JSON, name: str, document: JSON = None, rows: list[dict[str, Any]] | None = None) -> Loaded:
        path = tmp_path / "log"
        if rows is not None:
            parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        elif document is not None:
            path.write_text(json.dumps(document, indent=1), encoding="utf-8")
        else:
            write_lines(path, list(records))
        known, source = recognise(path)
        assert known.name == name
        return load(known, source.path)

    return read


def told(loaded: Loaded) -> list[tuple[JSON, JSON]]:
    """Every message as its role and what it says: its text, or the calls it makes."""
    found = []
    for key in loaded.keys("messages/"):
        value = loaded.value(key)
        assert isinstance(value, dict)
        found.append((value["role"], value["text"] or value.get("calls")))
    return found


def span(attributes: dict[str, Any], **more: Any) -> JSON:
    return {
        "trace_id": "t",
        "span_id": "s",
        "name": "s",
        "start_time": 1795221076681034383,
        "end_time": 1795221076781034383,
        "attributes": attributes,
        **more,
    }


def event(name: str, **attributes: Any) -> JSON:
    return {"name": name, "timestamp": 1795221076681034383, "attributes": attributes}


class TestOpenTelemetry:
    def test_traceloop_numbers_its_messages(self, reading: Reading) -> None:
        loaded = reading(
            span(
                {
                    "gen_ai.prompt.0.role": "system",
                    "gen_ai.prompt.0.content": "be brief",
                    "gen_ai.prompt.10.role": "user",
                    "gen_ai.prompt.10.content": "last",
                    "gen_ai.prompt.2.role": "user",
                    "gen_ai.prompt.2.content": '[{"type": "text", "text": "first"}]',
                    "gen_ai.completion.0.role": "assistant",
                    "gen_ai.completion.0.tool_calls.0.id": "c1",
                    "gen_ai.completion.0.tool_calls.0.name": "read",
                    "gen_ai.completion.0.tool_calls.0.arguments": '{"path": "a"}',
                    "gen_ai.usage.prompt_tokens": 5,
                    "llm.request.type": "chat",
                }
            ),
            name="otel-spans",
        )
        assert told(loaded) == [("system", "be brief"), ("user", "first"), ("user", "last"), ("assistant", ["c1"])]
        assert loaded.report.counts["input_tokens"] == 5

    def test_events_of_a_span_tell_its_messages(self, reading: Reading) -> None:
        events = [
            event("gen_ai.system.message", content="be brief"),
            event("gen_ai.user.message", content='[{"text": "2+2?"}]'),
            event(
                "gen_ai.assistant.message", tool_calls='[{"id": "c1", "function": {"name": "add", "arguments": "{}"}}]'
            ),
            event("gen_ai.tool.message", content="4", id="c1"),
            event(
                "gen_ai.choice",
                message='[{"text": "four"}, {"toolUse": {"toolUseId": "c2", "name": "add", "input": {}}}]',
            ),
        ]
        loaded = reading(span({"gen_ai.operation.name": "chat"}, events=events), name="otel-spans")
        assert told(loaded) == [("system", "be brief"), ("user", "2+2?"), ("assistant", ["c1"]), ("assistant", "four")]
        assert sorted(loaded.keys("tool_calls/")) == ["tool_calls/c1", "tool_calls/c2"]

    def test_events_of_a_tool_tell_its_arguments_and_its_result(self, reading: Reading) -> None:
        events = [
            event("gen_ai.tool.message", role="tool", content='{"x": 1}', id="c1"),
            event("gen_ai.choice", message='[{"text": "one"}]', id="c1"),
        ]
        attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "read", "gen_ai.tool.call.id": "c1"}
        loaded = reading(span(attributes, events=events), name="otel-spans")
        value = loaded.value("tool_calls/c1")
        assert isinstance(value, dict)
        assert (value["args"], value["result"]) == ({"x": 1}, "one")

    def test_the_bodies_of_azure_events_are_json_text(self, reading: Reading) -> None:
        events = [event("gen_ai.user.message", **{"gen_ai.event.content": '{"content": "héllo", "role": "user"}'})]
        loaded = reading(span({"gen_ai.request.model": "m"}, events=events), name="otel-spans")
        assert told(loaded) == [("user", "héllo")]

    def test_logfire_rows_have_names_of_their_own(self, reading: Reading) -> None:
        row: JSON = {
            "trace_id": "t",
            "span_id": "s",
            "span_name": "run",
            "start_timestamp": "2026-09-23T10:00:00.123456Z",
            "end_timestamp": "2026-09-23T10:00:01.123456Z",
            "otel_status_code": "ERROR",
            "otel_status_message": "broken",
            "otel_events": [event("exception", **{"exception.type": "ValueError", "exception.message": "broken"})],
            "attributes": '{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk"}',
        }
        loaded = reading(row, name="otel-spans")
        assert loaded.value("last_error", "clerk") == {"where": "spans/s", "type": "ValueError", "message": "broken"}
        assert loaded.labels()[-1] == "run: broken"

    def test_jaeger_traces_hold_tags_and_references(self, reading: Reading) -> None:
        one: JSON = {
            "traceID": "t",
            "spanID": "a",
            "operationName": "root",
            "startTime": 1795221076681034,
            "duration": 9000,
        }
        two: JSON = {
            "traceID": "t",
            "spanID": "b",
            "operationName": "in",
            "startTime": 1795221076682034,
            "duration": 10,
        }
        assert isinstance(two, dict)
        references: JSON = [{"refType": "CHILD_OF", "traceID": "t", "spanID": "a"}]
        tags: JSON = [{"key": "gen_ai.tool.name", "type": "string", "value": "read"}]
        document: JSON = {"data": [{"traceID": "t", "spans": [one, {**two, "references": references, "tags": tags}]}]}
        loaded = reading(name="otel-spans", document=document)
        value = loaded.value("spans/b")
        assert isinstance(value, dict)
        assert (value["parent"], value["kind"], value["duration_ms"]) == ("a", "tool", 0.01)

    def test_bytes_that_node_wrote_as_json_are_an_id(self, reading: Reading) -> None:
        buffer: JSON = {"type": "Buffer", "data": [238, 225, 155, 126, 195, 193, 177, 115]}
        record: JSON = {"traceId": "t", "spanId": buffer, "name": "s", "startTimeUnixNano": "1795221076681034383"}
        document: JSON = {"resourceSpans": [{"scopeSpans": [{"spans": [record]}]}]}
        assert reading(name="otlp", document=document).keys("spans/") == ["spans/eee19b7ec3c1b173"]

    def test_a_model_span_of_the_vercel_sdk_covers_the_call_around_it(self, reading: Reading) -> None:
        inner: dict[str, Any] = {
            "ai.operationId": "ai.streamText.doStream",
            "ai.prompt.messages": '[{"role": "user", "content": [{"type": "text", "text": "weather?"}]}]',
            "ai.response.text": "Looking.",
            "ai.response.toolCalls": '[{"toolCallId": "c1", "toolName": "look", "input": "{\\"city\\": \\"Oslo\\"}"}]',
            "ai.usage.inputTokens": 9,
        }
        tool: dict[str, Any] = {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.id": "c1",
            "ai.toolCall.name": "look",
            "ai.toolCall.args": '{"city": "Oslo"}',
            "ai.toolCall.result": '{"temp": 7}',
        }
        outer = {"ai.operationId": "ai.streamText", "ai.prompt": '{"prompt": "weather?"}', "ai.usage.inputTokens": 9}
        loaded = reading(
            span(outer, span_id="o", end_time=1795221076981034383),
            span(inner, parent_span_id="o"),
            span(tool, span_id="x", parent_span_id="o", start_time=1795221076881034383, end_time=1795221076891034383),
            name="otel-spans",
        )
        assert told(loaded) == [("user", "weather?"), ("assistant", "Looking.")]
        assert loaded.report.counts["input_tokens"] == 9
        value = loaded.value("tool_calls/c1")
        assert isinstance(value, dict)
        assert (value["args"], value["result"], value["message"]) == ({"city": "Oslo"}, '{"temp":7}', "messages/0002")

    def test_a_retriever_gives_its_documents(self, reading: Reading) -> None:
        attributes = {
            "openinference.span.kind": "RETRIEVER",
            "input.value": "revenue",
            "retrieval.documents.0.document.content": "a",
            "retrieval.documents.0.document.score": 0.5,
            "retrieval.documents.1.document.content": "b",
        }
        value = reading(span(attributes), name="otel-spans").value("spans/s")
        assert isinstance(value, dict)
        assert (value["input"], value["output"]) == ("revenue", [{"content": "a", "score": 0.5}, {"content": "b"}])

    def test_attributes_that_the_tracer_dropped_are_told(self, reading: Reading) -> None:
        loaded = reading(span({"a": 1}, droppedAttributesCount=12), name="otel-spans")
        value = loaded.value("spans/s")
        assert isinstance(value, dict)
        assert value["attributes"] == {"a": 1, "dropped_attributes": 12}


OBSERVATION: dict[str, Any] = {
    "id": "o",
    "trace_id": "t",
    "type": "GENERATION",
    "name": "chat",
    "start_time": "2026-11-21 00:31:16.681034",
    "end_time": "2026-11-21 00:31:17.681034",
    "provided_model_name": "m-1",
    "input": '[{"role": "user", "content": "héllo"}]',
    "output": '{"role": "assistant", "content": "wörld"}',
    "usage_details": {"input": 9, "output": 4, "input_cached_tokens": 2},
    "cost_details": {"input": 0.1, "total": 0.25},
    "level": "DEFAULT",
}


class TestLangfuse:
    def test_a_table_of_observations_in_snake_case(self, reading: Reading) -> None:
        failed = {
            **OBSERVATION,
            "id": "p",
            "parent_observation_id": "o",
            "level": "ERROR",
            "status_message": "no",
            "output": None,
        }
        loaded = reading(OBSERVATION, failed, name="langfuse")
        assert told(loaded) == [("user", "héllo"), ("assistant", "wörld")]
        assert loaded.drafts[0].occurred_at is not None
        assert loaded.drafts[0].occurred_at.isoformat() == "2026-11-21T00:31:16.681034+00:00"
        usage = loaded.value("usage")
        assert isinstance(usage, dict)
        assert (usage["input"], usage["output"], usage["cache_read"], usage["cost_usd"]) == (9, 4, 2, 0.25)
        assert loaded.value("last_error") == {"where": "spans/p", "type": "error", "message": "no"}

    def test_the_same_table_in_parquet(self, reading: Reading) -> None:
        row = {**OBSERVATION, "usage_details": json.dumps(OBSERVATION["usage_details"]), "metadata": "{}"}
        loaded = reading(name="langfuse", rows=[row])
        assert told(loaded) == [("user", "héllo"), ("assistant", "wörld")]
        assert loaded.report.counts["input_tokens"] == 9

    def test_a_trace_of_the_api_says_once_whose_its_observations_are(self, reading: Reading) -> None:
        inside: JSON = {
            "id": "o",
            "type": "SPAN",
            "name": "in",
            "startTime": "2026-11-21T00:31:16.681Z",
            "parentObservationId": None,
        }
        trace: JSON = {
            "id": "t",
            "name": "root",
            "timestamp": "2026-11-21T00:31:16.680Z",
            "sessionId": "s",
            "userId": "u",
            "latency": 2.5,
            "output": "done",
            "observations": [inside],
            "scores": [{"name": "tone", "value": 1}],
        }
        for document in (trace, {"data": [trace], "meta": {"page": 1}}, [trace], {"id": "s", "traces": [trace]}):
            loaded = reading(name="langfuse", document=document)
            assert {address.namespace for address in loaded.state} == {"langfuse:s"}
            value = loaded.value("spans/o")
            assert isinstance(value, dict)
            assert value["parent"] == "t"
            assert loaded.value("final") == {"text": "done"}
            root = loaded.value("spans/t")
            assert isinstance(root, dict)
            assert (root["duration_ms"], root["attributes"]) == (
                2500,
                {"userId": "u", "scores": [{"name": "tone", "value": 1}]},
            )

    def test_what_the_sdk_posts_is_put_together(self, reading: Reading) -> None:
        body: dict[str, Any] = {"id": "o", "traceId": "t", "startTime": "2026-11-21T00:31:16Z", "input": "héllo"}
        later: dict[str, Any] = {"id": "o", "traceId": "t", "endTime": "2026-11-21T00:31:18Z", "output": "wörld"}
        batch: JSON = [
            {"id": "1", "type": "generation-create", "timestamp": "2026-11-21T00:31:16Z", "body": body},
            {"id": "2", "type": "generation-update", "timestamp": "2026-11-21T00:31:18Z", "body": later},
        ]
        loaded = reading(name="langfuse", document={"batch": batch, "metadata": None})
        assert told(loaded) == [("user", "héllo"), ("assistant", "wörld")]
        assert loaded.report.counts["spans"] == 1


RUN: dict[str, Any] = {
    "id": "r",
    "trace_id": "r",
    "dotted_order": "20261121T003116681034Zr",
    "run_type": "llm",
    "name": "chat",
    "start_time": "2026-11-21T00:31:16.681034",
    "end_time": "2026-11-21T00:31:17.681034",
    "inputs": {"messages": [[{"lc": 1, "id": ["langchain", "HumanMessage"], "kwargs": {"content": "héllo"}}]]},
    "outputs": {
        "generations": [
            [
                {
                    "text": "",
                    "message": {
                        "lc": 1,
                        "id": ["langchain", "AIMessage"],
                        "kwargs": {
                            "content": [{"type": "text", "text": "wörld"}],
                            "tool_calls": [{"name": "read", "args": {"x": 1}, "id": "c1"}],
                            "usage_metadata": {
                                "input_tokens": 9,
                                "output_tokens": 4,
                                "input_token_details": {"cache_read": 2},
                            },
                        },
                    },
                }
            ]
        ]
    },
    "extra": {"metadata": {"thread_id": "th", "ls_model_name": "m-1"}},
    "total_cost": 0.25,
    "prompt_tokens": 9,
    "completion_tokens": 4,
}
TOOL: dict[str, Any] = {
    "id": "s",
    "trace_id": "r",
    "parent_run_id": "r",
    "run_type": "tool",
    "name": "read",
    "start_time": "2026-11-21T00:31:17.781034",
    "end_time": "2026-11-21T00:31:17.881034",
    "inputs": {"input": '{"x": 1}'},
    "outputs": {"output": "one"},
    "error": "TimeoutError('slow')Traceback…",
}


class TestLangSmith:
    def check(self, loaded: Loaded) -> None:
        assert {address.namespace for address in loaded.state} == {"langsmith:th"}
        assert told(loaded) == [("user", "héllo"), ("assistant", "wörld")]
        usage = loaded.value("usage")
        assert isinstance(usage, dict)
        assert (usage["input"], usage["output"], usage["cache_read"], usage["cost_usd"]) == (9, 4, 2, 0.25)
        value = loaded.value("tool_calls/c1")
        assert isinstance(value, dict)
        assert (value["status"], value["result"], value["duration_ms"]) == ("error", "one", 100)
        assert loaded.value("model") == "m-1"

    def test_runs_in_lines_lists_pages_and_nests_say_the_same(self, reading: Reading) -> None:
        self.check(reading(RUN, TOOL, name="langsmith"))
        for document in ([RUN, TOOL], {"runs": [RUN, TOOL], "cursors": {}}, {**RUN, "child_runs": [TOOL]}):
            self.check(reading(name="langsmith", document=document))

    def test_a_bulk_export_holds_its_objects_as_json_text(self, reading: Reading) -> None:
        rows = [
            {name: json.dumps(run[name]) if isinstance(run.get(name), dict) else run.get(name) for name in RUN | TOOL}
            for run in (RUN, TOOL)
        ]
        self.check(reading(name="langsmith", rows=rows))

    def test_a_patch_ends_what_a_post_began(self, reading: Reading) -> None:
        begun = {name: value for name, value in RUN.items() if name not in ("outputs", "end_time", "total_cost")}
        patch = {name: RUN[name] for name in ("id", "trace_id", "dotted_order", "outputs", "end_time", "total_cost")}
        self.check(reading(name="langsmith", document={"post": [begun, TOOL], "patch": [patch]}))


class TestMlflow:
    def test_a_row_without_its_trace_as_text_is_told_by_its_spans(self, reading: Reading) -> None:
        inside: JSON = {
            "trace_id": "KslXWIz6O3aqKQqlkrIIhg==",
            "span_id": "skkwXwEEHEA=",
            "name": "chat",
            "start_time_unix_nano": 1795221090206543142,
            "end_time_unix_nano": 1795221090208418931,
            "status": {"code": "STATUS_CODE_OK"},
            "attributes": {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.spanInputs": '{"messages": [{"role": "user", "content": "héllo"}]}',
                "mlflow.spanOutputs": '"wörld"',
            },
        }
        about = {"mlflow.trace.session": "s", "mlflow.user": "u"}
        row = {"trace_id": "tr-1", "trace_metadata": about, "execution_duration": 2, "state": "OK", "spans": [inside]}
        loaded = reading(name="mlflow", rows=[row])
        assert {address.namespace for address in loaded.state} == {"mlflow:s"}
        assert told(loaded) == [("user", "héllo"), ("assistant", "wörld")]

    def test_the_file_of_a_trace_holds_spans_of_an_older_shape(self, reading: Reading) -> None:
        inside: JSON = {
            "name": "predict",
            "context": {"trace_id": "0x12", "span_id": "0x3"},
            "parent_id": None,
            "start_time": 1795221090206543142,
            "end_time": 1795221090208418931,
            "status_code": "ERROR",
            "status_message": "no",
            "attributes": {"mlflow.spanType": '"TOOL"', "mlflow.spanInputs": '{"x": 1}'},
        }
        loaded = reading(name="mlflow", document={"spans": [inside], "request": "{}", "response": None})
        assert loaded.kinds() == ["tool_call", "tool_error"]


class TestLiteLLM:
    def test_calls_of_one_trace_are_one_conversation(self, reading: Reading) -> None:
        first: dict[str, Any] = {
            "id": "a",
            "trace_id": "t",
            "call_type": "acompletion",
            "startTime": 1795221123.6,
            "endTime": 1795221123.7,
            "model": "m-1",
            "messages": [{"role": "user", "content": "héllo"}],
            "response": {"choices": [{"message": {"role": "assistant", "content": "wörld"}}]},
            "response_cost": 0.25,
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "status": "success",
        }
        again = [*first["messages"], {"role": "assistant", "content": "wörld"}, {"role": "user", "content": "more"}]
        failed = {"id": "b", "startTime": 1795221124.6, "endTime": 1795221125.6, "messages": again, "response": {}}
        failed |= {"status": "failure", "error_str": "no credit", "response_cost": 0, "prompt_tokens": 0}
        loaded = reading(first, {**first, **failed}, name="litellm")
        assert told(loaded) == [("user", "héllo"), ("assistant", "wörld"), ("user", "more")]
        assert loaded.kinds() == ["user", "assistant", "user", "llm_error"]
        usage = loaded.value("usage")
        assert isinstance(usage, dict)
        assert usage["cost_usd"] == 0.25


class TestVercel:
    def test_an_answer_of_two_steps_makes_an_event_for_each_and_for_each_result(self, reading: Reading) -> None:
        parts: JSON = [
            {"type": "step-start"},
            {"type": "text", "text": "Looking."},
            {
                "type": "tool-look",
                "toolCallId": "c1",
                "state": "output-available",
                "input": {"city": "Oslo"},
                "output": 7,
            },
            {"type": "step-start"},
            {
                "type": "dynamic-tool",
                "toolName": "shell",
                "toolCallId": "c2",
                "state": "output-error",
                "errorText": "no",
            },
            {"type": "text", "text": "Seven."},
        ]
        question: JSON = {"id": "1", "role": "user", "parts": [{"type": "text", "text": "weather?"}]}
        loaded = reading(name="vercel-ai", document=[question, {"id": "2", "role": "assistant", "parts": parts}])
        assert loaded.kinds() == ["user", "tool_call", "tool_result", "tool_call", "tool_error"]
        assert told(loaded) == [("user", "weather?"), ("assistant", "Looking."), ("assistant", "Seven.")]

    def test_what_a_run_hands_on_when_it_finishes_repeats_its_last_step(self, reading: Reading) -> None:
        def step(text: str) -> dict[str, JSON]:
            content: JSON = [{"type": "text", "text": text}]
            return {"finishReason": "stop", "content": content, "usage": {"inputTokens": 3, "outputTokens": 1}}

        total: JSON = {"inputTokens": 6, "outputTokens": 2}
        document: JSON = {**step("Seven."), "steps": [step("Looking."), step("Seven.")], "totalUsage": total}
        loaded = reading(name="vercel-ai", document=document)
        assert told(loaded) == [("assistant", "Looking."), ("assistant", "Seven.")]
        assert loaded.report.counts["input_tokens"] == 6

    def test_a_stream_that_broke_off_tells_what_it_had_written(self, reading: Reading) -> None:
        loaded = reading(
            {"type": "start", "messageId": "m"},
            {"type": "start-step"},
            {"type": "text-start", "id": "1"},
            {"type": "text-delta", "id": "1", "delta": "Look"},
            {"type": "text-delta", "id": "1", "delta": "ing."},
            {"type": "data-weather", "data": {"x": 1}},
            name="vercel-ai",
        )
        assert told(loaded) == [("assistant", "Looking.")]
        assert loaded.report.unknown == {"data-weather": 1}


def test_a_parquet_file_of_something_else_and_a_broken_one_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "log"
    parquet.write_table(pyarrow.Table.from_pylist([{"city": "Oslo", "temp": 7}]), path)
    with pytest.raises(Exception, match="is a Parquet file"):
        recognise(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ImportFormatError, match="log, row 1: Arrow says"):
        recognise(path)


def test_a_conversation_may_name_its_results_otherwise_than_its_calls(reading: Reading) -> None:
    """The Responses API gives a call an id of its own besides the one that its result names."""

    def part(role: str, **fields: JSON) -> dict[str, JSON]:
        return {"role": role, "parts": [fields]}

    asked = [
        part("assistant", type="tool_call", id=f"fc_{number}", name="add", arguments={"x": number}) for number in (1, 2)
    ]
    answers = [
        part("tool", type="tool_call_response", id=f"call_{number}", response=str(10 * number)) for number in (1, 2)
    ]
    heard = json.dumps([part("user", type="text", content="sum"), *asked, *answers])
    loaded = reading(
        span({"gen_ai.operation.name": "chat", "gen_ai.input.messages": heard}),
        name="otel-spans",
    )
    assert loaded.report.counts["tool_calls"] == loaded.report.counts["tool_results"] == 2
    assert not loaded.report.counts["results_without_call"]
    calls = [loaded.value(f"tool_calls/fc_{number}") for number in (1, 2)]
    assert [call["result"] for call in calls if isinstance(call, dict)] == ["10", "20"]


def test_a_tool_whose_only_argument_is_an_input_runs_the_call_that_was_made(reading: Reading) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "ask", "arguments": '{"input": "why"}'}}
    said = json.dumps([{"role": "assistant", "content": "", "tool_calls": [call]}])
    model = span({"openinference.span.kind": "LLM", "llm.output_messages": said}, span_id="a")
    tool = span(
        {"openinference.span.kind": "TOOL", "input.value": '{"input": "why"}', "output.value": "because"},
        span_id="b",
        name="ask",
        start_time=1795221077681034383,
        end_time=1795221077781034383,
    )
    loaded = reading(model, tool, name="otel-spans")
    assert loaded.keys("tool_calls/") == ["tool_calls/c1"]
    answered = loaded.value("tool_calls/c1")
    assert isinstance(answered, dict)
    assert (answered["status"], answered["result"]) == ("ok", "because")


def test_a_tools_message_is_taken_out_of_what_callbacks_put_around_it(reading: Reading) -> None:
    inner = {"content": "3", "type": "tool", "name": "add", "tool_call_id": "c1"}
    message = {"lc": 1, "type": "constructor", "id": ["langchain", "ToolMessage"], "kwargs": inner}
    gave = json.dumps({"output": message, "kwargs": {"tags": []}})
    given = json.dumps({"input_str": "{'x': 1}", "inputs": {"x": 1}, "kwargs": {}})
    loaded = reading(
        span({"traceloop.span.kind": "tool", "traceloop.entity.input": given, "traceloop.entity.output": gave}),
        name="otel-spans",
    )
    answered = loaded.value("tool_calls/c1")
    assert isinstance(answered, dict)
    assert (answered["args"], answered["result"]) == ({"x": 1}, "3")


def test_a_handoff_is_the_call_that_was_made_for_it(reading: Reading) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "transfer_to_sales_desk", "arguments": "{}"}}
    said = json.dumps([{"role": "assistant", "content": "", "tool_calls": [call]}])
    model = span({"openinference.span.kind": "LLM", "llm.output_messages": said}, span_id="a")
    handoff = span(
        {"openinference.span.kind": "TOOL", "input.value": "boss", "output.value": "Sales desk"},
        span_id="b",
        name="handoff to Sales desk",
        start_time=1795221077681034383,
        end_time=1795221077781034383,
    )
    loaded = reading(model, handoff, name="otel-spans")
    assert loaded.keys("tool_calls/") == ["tool_calls/c1"]
    answered = loaded.value("tool_calls/c1")
    assert isinstance(answered, dict)
    assert (answered["status"], answered["result"]) == ("ok", "Sales desk")
    ended = loaded.value("spans/b")
    assert isinstance(ended, dict)
    assert ended["attributes"] == {"handoff.from": "boss"}
