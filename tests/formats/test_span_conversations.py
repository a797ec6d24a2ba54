"""Messages of tracers' logs, read here from the raw attributes without the importers, against what is imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.formats.conftest import SAMPLES, load
from tests.formats.test_span_figures import documents, unwrapped

from playhead.formats.registry import recognise

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the sample logs are not beside this checkout")

FILES = (
    "otlp-genai/generated/openai_agents_v2.otlp.jsonl",
    "otlp-genai/strands-evals/openai_agents_genai_live_spans.json",
    "otlp-genai/strands-evals/pydantic_ai_live_spans.json",
    "otlp-genai/strands-evals/otel_genai_convention_spans.json",
    "openinference/generated/langgraph_openinference.otlp.jsonl",
    "openinference/generated/openai_agents_openinference.otlp.jsonl",
    "openinference/agent-prism/rag_earnings_agent.otlp.json",
    "openinference/phoenix-export/phoenix_rest_spans.json",
)
Message = tuple[str, str, tuple[str, ...]]
"""Role, text, and the calls made."""


def spans(path: Path) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    """Trace, id, parent, name and attributes of every span."""
    for document in documents(path):
        listed = document if isinstance(document, list) else [document]
        for batch in (batch for one in listed for batch in one.get("resourceSpans", ())):
            for span in (span for scope in batch["scopeSpans"] for span in scope["spans"]):
                told = {pair["key"]: unwrapped(pair["value"]) for pair in span["attributes"]}
                yield span["traceId"], span["spanId"], span.get("parentSpanId") or "", span["name"], told
        for span in listed if "trace_id" in listed[0] else ():
            told = dict(span["attributes"])
            for event in span["span_events"]:
                told |= event["attributes"]
            yield span["trace_id"], span["span_id"], span["parent_span_id"] or "", span["name"], told
        for span in listed[0].get("data", ()):
            told = {"openinference.span.kind": span["span_kind"], **span["attributes"]}
            yield span["context"]["trace_id"], span["context"]["span_id"], span["parent_id"] or "", span["name"], told


def kind(told: dict[str, Any]) -> str:
    return str(told.get("openinference.span.kind") or told.get("gen_ai.operation.name") or "").lower()


def said(told: dict[str, Any]) -> Iterator[Message]:
    """What a model's span was told and answered, but for the results of tools."""
    for side in ("input", "output"):
        listed = told.get(f"gen_ai.{side}.messages", [])
        for message in json.loads(listed) if isinstance(listed, str) else listed:
            calls = tuple(
                part["name"] + plain(part["arguments"]) for part in message["parts"] if part["type"] == "tool_call"
            )
            texts = [part["content"] for part in message["parts"] if part["type"] == "text"]
            yield message["role"], "\n".join(texts).strip(), calls
        numbered: dict[int, dict[str, Any]] = {}
        prefix = f"llm.{side}_messages."
        for name, value in told.items():
            if name.startswith(prefix):
                number, _, rest = name.removeprefix(prefix).partition(".message.")
                numbered.setdefault(int(number), {})[rest] = value
        for _, message in sorted(numbered.items()):
            calls = tuple(
                message[name] + plain(message.get(name.replace(".name", ".arguments"), ""))
                for name in message
                if name.startswith("tool_calls.") and name.endswith(".name")
            )
            text = message.get("content") or message.get("contents.0.message_content.text") or ""
            yield message["role"], text.strip(), calls


def plain(arguments: Any) -> str:
    return str(json.dumps(json.loads(arguments) if isinstance(arguments, str) and arguments else arguments or {}))


def conversations(path: Path) -> int:
    """How many different messages the agents of a log heard and said, each agent's counted by itself."""
    found = {(trace, own): (parent, name, told) for trace, own, parent, name, told in spans(path)}
    heard: dict[tuple[str, str], set[Message]] = {}
    for (trace, own), (_, _, told) in found.items():
        if kind(told) not in ("llm", "chat"):
            continue
        agent, at = "main", (trace, own)
        while at in found:
            above, name, about = found[at]
            if kind(about) in ("agent", "invoke_agent"):
                agent = about.get("agent.name") or about.get("gen_ai.agent.name") or name
                break
            at = trace, above
        session = told.get("session.id") or told.get("gen_ai.conversation.id") or trace
        messages = {message for message in said(told) if message[0] != "tool" and (message[1] or message[2])}
        heard.setdefault((session, agent), set()).update(messages)
    return sum(len(told_once(messages)) for messages in heard.values())


def told_once(messages: set[Message]) -> set[Message]:
    """Without what is part of another: some APIs tell the calls and the text of one answer apart."""
    together = {call for _, _, calls in messages if len(calls) > 1 for call in calls}
    beside = {(role, text) for role, text, calls in messages if calls}
    return {
        (role, text, calls)
        for role, text, calls in messages
        if not (len(calls) == 1 and not text and calls[0] in together) and not (not calls and (role, text) in beside)
    }


@pytest.mark.parametrize("name", FILES)
def test_messages_are_those_that_the_models_spans_tell(name: str) -> None:
    loaded = load(recognise(SAMPLES / name)[0], SAMPLES / name)
    assert len(loaded.keys("messages/")) == conversations(SAMPLES / name)
