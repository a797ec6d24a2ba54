"""Figures of tracers' sample logs, counted here from the raw files without the importers, against what they import."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.formats.conftest import SAMPLES, Loaded, load

from playhead.formats.registry import recognise

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the sample logs are not beside this checkout")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Raw(NamedTuple):
    """A span as a few lines of this file read it."""

    trace: str
    id: str
    parent: str
    kind: str
    start: int
    """Microseconds since the epoch."""
    end: int | None
    failed: bool
    tokens: tuple[int, int] | None
    cost: float
    calls: tuple[str, ...]
    """Ids of the tool calls that a model's answer makes."""


def microseconds(text: str) -> int:
    time = datetime.fromisoformat(text.replace(" ", "T"))
    return (time.replace(tzinfo=time.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)


def documents(path: Path) -> Iterator[Any]:
    text, position = path.read_text(encoding="utf-8"), 0
    while position < len(text):
        value, position = json.JSONDecoder().raw_decode(text, position)
        yield value
        while position < len(text) and text[position].isspace():
            position += 1


def unwrapped(value: Any) -> Any:
    ((name, inner),) = [(name, inner) for name, inner in value.items() if inner is not None] or [("", None)]
    return int(inner) if name in ("intValue", "int_value") else inner


def of_attributes(trace: str, own: str, parent: str, times: tuple[int, int], failed: bool, told: dict[str, Any]) -> Raw:
    kind = str(told.get("openinference.span.kind") or told.get("gen_ai.operation.name") or "").lower()
    kind = {"chat": "llm", "generate_content": "llm", "call_llm": "llm", "execute_tool": "tool"}.get(kind, kind)
    kind = {"invoke_agent": "agent"}.get(kind, kind)
    used = [told.get(name) for name in ("gen_ai.usage.input_tokens", "llm.token_count.prompt") if name in told]
    gave = [told.get(name) for name in ("gen_ai.usage.output_tokens", "llm.token_count.completion") if name in told]
    cost = sum(told.get(f"gen_ai.usage.{name}_cost", 0.0) for name in ("input", "output")) + told.get(
        "operation.cost", 0
    )
    ids = [value for name, value in told.items() if "output_messages" in name and name.endswith("tool_call.id")]
    for messages in [json.loads(told["gen_ai.output.messages"])] if "gen_ai.output.messages" in told else []:
        ids += [part["id"] for message in messages for part in message["parts"] if part["type"] == "tool_call"]
    tokens = (int(used[0] or 0), int(gave[0] or 0)) if used and used[0] is not None else None
    return Raw(trace, own, parent, kind, *times, failed, tokens, cost, tuple(ids))


def otlp(path: Path) -> Iterator[Raw]:
    for document in documents(path):
        for request in document if isinstance(document, list) else [document]:
            for batch in request["resourceSpans"]:
                for span in (span for scope in batch["scopeSpans"] for span in scope["spans"]):
                    told = {pair["key"]: unwrapped(pair["value"]) for pair in span.get("attributes", [])}
                    times = int(span["startTimeUnixNano"]) // 1000, int(span["endTimeUnixNano"]) // 1000
                    failed = span.get("status", {}).get("code") in (2, "STATUS_CODE_ERROR")
                    yield of_attributes(
                        span["traceId"], span["spanId"], span.get("parentSpanId") or "", times, failed, told
                    )


def snake_otlp(path: Path) -> Iterator[Raw]:
    for span in next(documents(path))["data"]:
        told = {pair["key"]: unwrapped(pair["value"]) for pair in span["attributes"]}
        times = span["start_time_unix_nano"] // 1000, span["end_time_unix_nano"] // 1000
        yield of_attributes(
            span["trace_id"], span["span_id"], span["parent_span_id"] or "", times, span["status"]["code"] == 2, told
        )


def console(path: Path) -> Iterator[Raw]:
    for span in documents(path):
        times = microseconds(span["start_time"]), microseconds(span["end_time"])
        failed = span["status"]["status_code"] == "ERROR"
        context, parent = span["context"], (span["parent_id"] or "").removeprefix("0x")
        own = context["span_id"].removeprefix("0x")
        yield of_attributes(context["trace_id"], own, parent, times, failed, span["attributes"])


def flat(path: Path) -> Iterator[Raw]:
    for span in next(documents(path)):
        told = {name: value for name, value in span["attributes"].items() if value is not None}
        times = span["start_time"] // 1000, span["end_time"] // 1000
        failed = span["status"]["code"] == "ERROR"
        yield of_attributes(span["trace_id"], span["span_id"], span["parent_span_id"] or "", times, failed, told)


def any_agent(path: Path) -> Iterator[Raw]:
    for span in next(documents(path))["spans"]:
        times = span["start_time"] // 1000, span["end_time"] // 1000
        failed = span["status"]["status_code"] == "error"
        own, parent = f"{span['context']['span_id']:016x}", span["parent"]
        above = f"{parent['span_id']:016x}" if parent and parent["span_id"] else ""
        yield of_attributes(str(span["context"]["trace_id"]), own, above, times, failed, span["attributes"])


def phoenix_rest(path: Path) -> Iterator[Raw]:
    for span in next(documents(path))["data"]:
        times = microseconds(span["start_time"]), microseconds(span["end_time"])
        told = {"openinference.span.kind": span["span_kind"], **span["attributes"]}
        failed, context = span["status_code"] == "ERROR", span["context"]
        yield of_attributes(context["trace_id"], context["span_id"], span["parent_id"] or "", times, failed, told)


def mlflow(path: Path) -> Iterator[Raw]:
    for span in next(documents(path))["data"]["spans"]:
        told = {name: json.loads(value) for name, value in span["attributes"].items()}
        kind = {"CHAT_MODEL": "llm"}.get(told["mlflow.spanType"], told["mlflow.spanType"].lower())
        usage = told.get("mlflow.chat.tokenUsage")
        tokens = (usage["input_tokens"], usage["output_tokens"]) if usage else None
        answer = told.get("mlflow.spanOutputs") if kind == "llm" else None
        calls = answer["choices"][0]["message"]["tool_calls"] if answer else None
        times = span["start_time_unix_nano"] // 1000, span["end_time_unix_nano"] // 1000
        own, above = (base64.b64decode(span[name] or "").hex() for name in ("span_id", "parent_span_id"))
        failed = span["status"]["code"] == "STATUS_CODE_ERROR"
        yield Raw(
            span["trace_id"], own, above, kind, *times, failed, tokens, 0.0, tuple(call["id"] for call in calls or ())
        )


def langfuse(path: Path) -> Iterator[Raw]:
    whole = next(documents(path))
    trace = whole["trace"]
    start = microseconds(trace["timestamp"])
    end = start + round(trace["latency"] * 1_000_000)
    yield Raw(trace["id"], trace["id"], "", "chain", start, end, False, None, 0.0, ())
    for seen in whole["observations"]:
        usage = seen["usageDetails"]
        tokens = (usage.get("input", 0), usage.get("output", 0)) if usage else None
        kind = {"GENERATION": "llm"}.get(seen["type"], seen["type"].lower())
        if '"type": "tool"' in str(seen.get("output"))[:400] and '"messages"' not in str(seen["output"])[:20]:
            kind = "tool"
        times = microseconds(seen["startTime"]), microseconds(seen["endTime"])
        above = seen["parentObservationId"] or trace["id"]
        cost = seen["costDetails"].get("total", 0.0)
        yield Raw(trace["id"], seen["id"], above, kind, *times, seen["level"] == "ERROR", tokens, cost, ())


def langsmith(path: Path) -> Iterator[Raw]:
    for run in documents(path):
        times = microseconds(run["start_time"]), microseconds(run["end_time"])
        above = run["parent_run_id"] or ""
        yield Raw(run["trace_id"], run["id"], above, run["run_type"], *times, bool(run["error"]), None, 0.0, ())


def openai_agents(path: Path) -> Iterator[Raw]:
    items = list(documents(path))
    for trace in (item for item in items if item["object"] == "trace"):
        below = [item for item in items if item.get("trace_id") == trace["id"]]
        times = (
            min(microseconds(one["started_at"]) for one in below),
            max(microseconds(one["ended_at"]) for one in below),
        )
        yield Raw(trace["id"], trace["id"], "", "chain", *times, False, None, 0.0, ())
    for item in (item for item in items if item["object"] == "trace.span"):
        data = item["span_data"]
        kind = {"response": "llm", "function": "tool", "custom": "chain", "handoff": "chain"}.get(
            data["type"], data["type"]
        )
        usage = data.get("usage") or (data.get("data") or {}).get("usage")
        tokens = (usage["input_tokens"], usage["output_tokens"]) if usage else None
        times = microseconds(item["started_at"]), microseconds(item["ended_at"])
        above = item["parent_id"] or item["trace_id"]
        yield Raw(item["trace_id"], item["id"], above, kind, *times, bool(item["error"]), tokens, 0.0, ())


def litellm(path: Path) -> Iterator[Raw]:
    for record in documents(path):
        choices = (record["response"] or {}).get("choices") or []
        calls = [call["id"] for choice in choices for call in choice["message"]["tool_calls"] or ()]
        times = round(record["startTime"] * 1_000_000), round(record["endTime"] * 1_000_000)
        tokens, failed = (record["prompt_tokens"], record["completion_tokens"]), record["status"] == "failure"
        cost = record["response_cost"]
        yield Raw(record["trace_id"], record["id"], "", "llm", *times, failed, tokens, cost, tuple(calls))


class Figures(NamedTuple):
    """What is known of a file besides what `Raw` counts; test_span_conversations counts most messages by itself."""

    messages: int
    """As each agent heard or said them, each once."""
    agents: int


RERUN = ("litellm/standard_logging_payload.jsonl", 8, 7)
"""Ids are used anew in every run of this log, which has no spans of tools: calls, and those that a result answers."""


FIGURES: dict[str, tuple[Callable[[Path], Iterator[Raw]], Figures]] = {
    "otlp-genai/generated/openai_agents_v2.otlp.jsonl": (otlp, Figures(9, 5)),
    "otlp-genai/generated/openai_agents_v2.console.json": (console, Figures(9, 5)),
    "otlp-genai/agx-demo/sample_otel_json_traces.json": (otlp, Figures(3, 1)),
    "otlp-genai/opentelemetry-proto/trace.json": (otlp, Figures(0, 1)),
    "otlp-genai/vs-copilot/sample-1_VSGitHubCopilot_traces.jsonl": (otlp, Figures(0, 1)),
    "otlp-genai/vs-copilot/sample-4_VSGitHubCopilot_traces.jsonl": (otlp, Figures(0, 2)),
    "otlp-genai/strands-evals/adk_live_spans.json": (flat, Figures(4, 2)),
    "otlp-genai/strands-evals/openai_agents_genai_live_spans.json": (flat, Figures(14, 4)),
    "otlp-genai/strands-evals/otel_genai_convention_spans.json": (flat, Figures(3, 1)),
    "otlp-genai/strands-evals/pydantic_ai_live_spans.json": (flat, Figures(4, 1)),
    "otlp-genai/any-agent/OPENAI_trace.json": (any_agent, Figures(5, 1)),
    "otlp-genai/any-agent/SMOLAGENTS_trace.json": (any_agent, Figures(5, 1)),
    "openinference/generated/openai_agents_openinference.otlp.jsonl": (otlp, Figures(13, 5)),
    "openinference/generated/openai_agents_openinference.console.json": (console, Figures(13, 5)),
    "openinference/generated/langgraph_openinference.otlp.jsonl": (otlp, Figures(4, 1)),
    "openinference/agent-prism/rag_earnings_agent.otlp.json": (otlp, Figures(2, 1)),
    "openinference/strands-evals/claude_live_spans.json": (flat, Figures(6, 2)),
    "openinference/phoenix-export/phoenix_rest_spans.json": (phoenix_rest, Figures(23, 7)),
    "openinference/phoenix-export/phoenix_rest_spans_otlpv1.json": (snake_otlp, Figures(23, 7)),
    "mlflow/trace_0.json": (mlflow, Figures(0, 1)),
    "mlflow/trace_1.json": (mlflow, Figures(4, 1)),
    "langfuse/agent-prism/langfuse-1.json": (langfuse, Figures(4, 1)),
    "langfuse/langfuse-framework-traces/claude-agent-2025-12-22.trace.json": (langfuse, Figures(6, 1)),
    "langfuse/langfuse-framework-traces/langgraph-python-2025-08-22.trace.json": (langfuse, Figures(5, 1)),
    "langfuse/langfuse-framework-traces/openai-agents-2025-09-30.trace.json": (langfuse, Figures(5, 3)),
    "langfuse/langfuse-framework-traces/vercel-aisdk-2025-11-17.trace.json": (langfuse, Figures(2, 1)),
    "langsmith/generated/langgraph_runs.jsonl": (langsmith, Figures(7, 2)),
    "openai-agents/agents_sdk_trace_export.jsonl": (openai_agents, Figures(0, 3)),
    "litellm/standard_logging_payload.jsonl": (litellm, Figures(8, 2)),
}


def hexadecimal(text: str, size: int) -> str:
    """An id as the importer writes it, out of base64 where it is that."""
    return base64.b64decode(text).hex() if text.endswith("=") and len(text) == size else text.lower()


@pytest.fixture(params=FIGURES, ids=lambda name: str(name).rpartition("/")[2])
def log(request: pytest.FixtureRequest) -> tuple[list[Raw], Figures, Loaded]:
    name: str = request.param
    path = SAMPLES / name
    read, figures = FIGURES[name]
    raw = [span._replace(id=hexadecimal(span.id, 12), parent=hexadecimal(span.parent, 12)) for span in read(path)]
    return raw, figures, load(recognise(path)[0], path)


def leaves(raw: list[Raw]) -> list[Raw]:
    """The spans that tell tokens themselves: none below them does."""
    parents = {span.id: span.parent for span in raw}
    sums = set()
    for span in raw:
        above = span.parent if span.tokens is not None else ""
        while above:
            sums.add(above)
            above = parents.get(above, "")
    return [span for span in raw if span.tokens is not None and span.id not in sums]


def test_every_span_is_there_and_ended_as_it_did(log: tuple[list[Raw], Figures, Loaded]) -> None:
    raw, _, loaded = log
    spans = {
        address.key.removeprefix("spans/"): value
        for address, value in loaded.state.items()
        if address.key.startswith("spans/") and isinstance(value, dict)
    }
    assert set(spans) == {span.id for span in raw}
    for span in raw:
        value = spans[span.id]
        assert value["status"] == ("error" if span.failed else "ok")
        assert value.get("parent", "") == span.parent
        if span.kind in ("llm", "tool", "agent", "chain", "retriever"):
            assert value["kind"] == span.kind
    assert len(loaded.versions) >= len(spans)
    assert all(len(loaded.history(f"spans/{span.id}", agent)) == 2 for span in raw for agent in agents_of(loaded, span))


def agents_of(loaded: Loaded, span: Raw) -> list[str]:
    return [address.agent_id for address in loaded.versions if address.key == f"spans/{span.id}"]


def test_events_lie_at_the_times_of_the_spans_in_order(log: tuple[list[Raw], Figures, Loaded]) -> None:
    raw, _, loaded = log
    told = {
        (str(draft.meta["span"]), draft.kind.endswith("_start")): draft
        for draft in loaded.drafts
        if "span" in draft.meta
    }
    times: dict[str, list[datetime]] = {}
    for draft in loaded.drafts:
        if "span" in draft.meta and draft.occurred_at is not None:
            times.setdefault(str(draft.meta["span"]), []).append(draft.occurred_at)
    assert told
    for span in raw:
        started, ended = times[span.id]
        assert abs((started - EPOCH) // timedelta(microseconds=1) - span.start) <= 1
        assert span.end is None or abs((ended - EPOCH) // timedelta(microseconds=1) - span.end) <= 1
    everything = [
        draft.occurred_at for draft in loaded.drafts if draft.occurred_at is not None and "span" in draft.meta
    ]
    assert everything == sorted(everything)


def test_tokens_and_cost_are_those_of_the_spans_that_sum_up_no_others(log: tuple[list[Raw], Figures, Loaded]) -> None:
    raw, _, loaded = log
    usages = [value for address, value in loaded.state.items() if address.key == "usage" and isinstance(value, dict)]
    counted = [span.tokens for span in leaves(raw) if span.tokens is not None]
    assert sum(int(str(value["input"])) for value in usages) == sum(tokens[0] for tokens in counted)
    assert sum(int(str(value["output"])) for value in usages) == sum(tokens[1] for tokens in counted)
    cost = sum(float(str(value.get("cost_usd", 0.0))) for value in usages)
    assert cost == pytest.approx(sum(span.cost for span in leaves(raw)))


def test_every_failed_span_is_one_error_event_and_one_error(log: tuple[list[Raw], Figures, Loaded]) -> None:
    raw, _, loaded = log
    failed = sum(span.failed for span in raw)
    assert sum(draft.kind.endswith("error") for draft in loaded.drafts) == failed
    assert len(loaded.keys("errors/")) == loaded.report.counts["errors"] == failed


def test_messages_calls_and_agents_are_those_of_the_raw_file(log: tuple[list[Raw], Figures, Loaded]) -> None:
    raw, figures, loaded = log
    calls = [value for address, value in loaded.state.items() if address.key.startswith("tool_calls/")]
    answered = [value for value in calls if isinstance(value, dict) and value["status"] != "running"]
    agents = {(address.namespace, address.agent_id) for address in loaded.state}
    assert Figures(len(loaded.keys("messages/")), len(agents)) == figures
    made, run = {call for span in raw for call in span.calls}, sum(span.kind == "tool" for span in raw)
    rerun = str(loaded.drafts[0].meta["file"]) == Path(RERUN[0]).name
    # A tool's span runs a call that a model made, or one of a model that does not tell of it.
    assert (len(calls), len(answered)) == (RERUN[1:] if rerun else (max(len(made), run),) * 2)
    assert {call for span in raw for call in span.calls} <= {
        key.removeprefix("tool_calls/") for key in loaded.keys("tool_calls/")
    }
    assert len(answered) >= sum(span.kind == "tool" for span in raw)
    assert not loaded.report.malformed


def test_nothing_of_a_console_dump_and_its_otlp_twin_differs_but_the_layout() -> None:
    for one, other in (
        ("openinference/phoenix-export/phoenix_rest_spans.json", "phoenix_rest_spans_otlpv1.json"),
        ("openinference/phoenix-export/phoenix_rest_spans.json", "phoenix_spans_dataframe.records.json"),
        ("openinference/phoenix-export/phoenix_rest_spans.json", "phoenix_spans_dataframe.parquet"),
        ("otlp-genai/generated/openai_agents_v2.otlp.jsonl", "openai_agents_v2.console.json"),
        ("mlflow/trace_1.json", "search_traces.parquet"),
    ):
        first = load(recognise(SAMPLES / one)[0], SAMPLES / one)
        path = (SAMPLES / one).with_name(other)
        second = load(recognise(path)[0], path)
        for prefix in ("messages/", "tool_calls/", "usage", "final", "todos", "model"):
            twin = {address: value for address, value in second.state.items() if address.key.startswith(prefix)}
            for address, value in first.state.items():
                if address.key.startswith(prefix):
                    assert without_time(twin[address]) == without_time(value)


def without_time(value: Any) -> Any:
    # A dataframe's JSON keeps milliseconds only, and the home folder in a traceback is masked in other words.
    kept = {name: item for name, item in value.items() if name != "duration_ms"} if isinstance(value, dict) else value
    return {**kept, "result": kept["result"][:40]} if isinstance(kept, dict) and "result" in kept else kept
