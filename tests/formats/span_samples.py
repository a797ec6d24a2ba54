"""The sample logs of tracers, and small logs of each kind: what the tests of spans are run over."""

from __future__ import annotations

from pathlib import Path

from tests.formats.conftest import sample_files

from playhead.model import JSON

OTLP_RECORD: JSON = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "désk"}}]},
            "scopeSpans": [
                {
                    "scope": {"name": "test"},
                    "spans": [
                        {
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "b7ad6b7169203331",
                            "name": "chat",
                            "startTimeUnixNano": "1795221076681034383",
                            "endTimeUnixNano": "1795221076837978383",
                            "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}],
                        }
                    ],
                }
            ],
        }
    ]
}
SPAN_RECORDS: dict[str, list[JSON]] = {
    "otlp": [OTLP_RECORD, {"resourceSpans": []}],
    "otel-spans": [
        {"trace_id": "t", "span_id": "a", "name": "é", "start_time": 1795221076681034383, "attributes": {"n": 1}},
        {"trace_id": "t", "span_id": "b", "parent_id": "a", "name": "b", "start_time": "2026-11-21T00:31:17Z"},
    ],
    "mlflow": [
        {
            "info": {"trace_id": "tr-1", "state": "OK"},
            "data": {
                "spans": [{"trace_id": "t", "span_id": "a", "name": "é", "start_time_unix_nano": 1795221076681034383}]
            },
        },
        {"info": {"trace_id": "tr-2", "tags": {"a": "b"}}, "data": {"spans": []}},
    ],
    "langfuse": [
        {"id": "o", "traceId": "t", "type": "SPAN", "name": "é", "startTime": "2026-11-21T00:31:17Z", "input": "x"},
        {"id": "p", "traceId": "t", "type": "EVENT", "name": "p", "startTime": "2026-11-21T00:31:18Z"},
    ],
    "langsmith": [
        {
            "id": "r",
            "trace_id": "r",
            "run_type": "chain",
            "name": "é",
            "start_time": "2026-11-21T00:31:17",
            "inputs": {},
        },
        {"id": "s", "trace_id": "r", "run_type": "tool", "name": "s", "inputs": {"a": 1}, "parent_run_id": "r"},
    ],
    "openai-agents": [
        {"object": "trace", "id": "t", "workflow_name": "é", "group_id": None},
        {
            "object": "trace.span",
            "id": "s",
            "trace_id": "t",
            "started_at": "2026-11-21T00:31:17+00:00",
            "span_data": {"type": "function", "name": "f", "input": "{}"},
        },
    ],
    "litellm": [
        {
            "id": "c",
            "call_type": "completion",
            "startTime": 1795221123.6,
            "messages": [{"role": "user", "content": "é"}],
        },
        {"id": "d", "call_type": "completion", "startTime": 1795221124.6, "messages": [], "error_str": "no"},
    ],
    "vercel-ai": [
        {"id": "m", "role": "user", "parts": [{"type": "text", "text": "é"}]},
        {"id": "n", "role": "assistant", "parts": [{"type": "text", "text": "y"}, {"type": "step-start"}]},
    ],
}


def span_samples() -> list[tuple[Path, str]]:
    """Every sample log of a tracer that can be read, with the format that it is of."""
    otlp, flat = (".otlp.jsonl", ".otlp.json", "_traces.jsonl"), (".console.json", "_spans.json", "_trace.json")
    found = [
        *((path, "otlp") for folder in ("otlp-genai", "openinference") for path in sample_files(folder, *otlp)),
        *((path, "otlp") for path in sample_files("otlp-genai", "otel_json_traces.json", "proto/trace.json")),
        *((path, "otlp") for path in sample_files("openinference", "_otlpv1.json")),
        *((path, "otel-spans") for folder in ("otlp-genai", "openinference") for path in sample_files(folder, *flat)),
        *((path, "otel-spans") for path in sample_files("otlp-genai", "all-spans.json")),
        *((path, "otel-spans") for path in sample_files("openinference", ".parquet", ".records.json")),
        *((path, "mlflow") for path in sample_files("mlflow", ".json", ".parquet")),
        *((path, "langfuse") for path in sample_files("langfuse", ".json")),
        *((path, "langsmith") for path in sample_files("langsmith", ".json", ".jsonl")),
        *((path, "openai-agents") for path in sample_files("openai-agents", ".jsonl")),
        *((path, "litellm") for path in sample_files("litellm", ".json", ".jsonl")),
        *((path, "vercel-ai") for path in sample_files("vercel-ai-sdk", ".json", ".jsonl")),
    ]
    # Text alone is a message list like any other.
    return [(path, name) for path, name in found if path.name != "response_messages.json"]
