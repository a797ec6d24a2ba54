"""Span logs with anything in any field, with bytes flipped, cut off: read, mended and counted, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.formats.conftest import any_json, load, write_lines
from tests.formats.span_samples import SPAN_RECORDS, span_samples

from playhead.errors import LogError
from playhead.formats.base import Format
from playhead.formats.documents import first_values
from playhead.formats.registry import formats, recognise
from playhead.formats.source import Source
from playhead.model import JSON

NAMES = (
    *("role", "content", "parts", "type", "text", "tool_calls", "tool_call_id", "message", "messages", "id", "name"),
    *("traceId", "spanId", "trace_id", "span_id", "parent_id", "attributes", "key", "value", "stringValue", "events"),
    *("input", "output", "inputs", "outputs", "usage", "input_tokens", "run_type", "kwargs", "function", "arguments"),
    *("data", "spans", "toolCallId", "tool-call", "assistant", "tool", "1795221076681034383", "gen_ai.prompt.0.role"),
    *("llm.input_messages", "llm.input_messages.0.message.role", "gen_ai.input.messages", "[[{}]]", '{"role": "user"}'),
    *("\ud83d", "AGENT", "LLM", "TOOL", "call_1", "2026-11-21T00:31:17Z", "mlflow.spanInputs", "exception", "ERROR"),
)
ANY = any_json(*NAMES) | st.integers(-(2**70), 2**70) | st.just(float("nan"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
SAMPLES = [(path, name) for path, name in span_samples() if path.stat().st_size < 60_000]


def known(name: str) -> Format:
    return next(one for one in formats() if one.name == name)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a value."""
    yield path
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from paths(inner, (*path, name))


def replaced(value: Any, path: tuple[str | int, ...], new: JSON) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@st.composite
def mutated(draw: st.DrawFn, records: list[JSON]) -> list[JSON]:
    """The records with anything at a few places of them."""
    value: Any = records
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(paths(value))[1:] or [()]))
        if path:
            value = replaced(value, path, draw(ANY))
    found: list[JSON] = value
    return found


@pytest.mark.parametrize("name", SPAN_RECORDS)
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_small_logs_with_anything_anywhere_are_read(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = data.draw(mutated(SPAN_RECORDS[name]))
    path = write_surrogates(tmp_path_factory.mktemp("any") / "log", records)
    loaded = load(known(name), path)
    assert loaded.report.malformed == loaded.report.torn == 0
    assert load(known(name), path).drafts == loaded.drafts  # S21


@pytest.mark.skipif(not SAMPLES, reason="the sample logs are not beside this checkout")
@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_sample_logs_with_anything_anywhere_are_read(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path, name = data.draw(st.sampled_from(SAMPLES))
    records = data.draw(mutated(first_values(Source(path))))
    load(known(name), write_surrogates(tmp_path_factory.mktemp("any") / path.name, records))


@pytest.mark.skipif(not SAMPLES, reason="the sample logs are not beside this checkout")
@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_sample_files_cut_off_or_with_bytes_flipped_are_read_or_refused_by_name(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path, name = data.draw(st.sampled_from(SAMPLES))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = tmp_path_factory.mktemp("any") / path.name
    broken.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    try:
        found, source = recognise(broken)
        load(found, source.path)
        load(known(name), broken)
    except LogError as error:
        assert path.name in str(error)


@pytest.mark.parametrize("name", SPAN_RECORDS)
def test_values_nested_as_deep_as_a_parser_goes_are_kept(name: str, tmp_path: Path) -> None:
    for depth in (100, 130, 250, 900):
        for field in (
            "attributes",
            "input",
            "inputs",
            "output",
            "messages",
            "span_data",
            "data",
            "parts",
            "resourceSpans",
        ):
            deep = "[" * depth + "]" * depth
            wide = '{"role":' * depth + "1" + "}" * depth
            lines = []
            for record in SPAN_RECORDS[name]:
                assert isinstance(record, dict)
                text = json.dumps({**record, field: "DEEP"})
                lines += [text.replace('"DEEP"', deep), text.replace('"DEEP"', wide)]
            path = tmp_path / "deep"
            path.write_text("\n".join(lines) + "\n")
            load(known(name), path)


def write_surrogates(path: Path, records: list[JSON]) -> Path:
    """JSON lines that escape what is no text; a line of one array would be a list of records."""
    path.write_text("".join(json.dumps(record) + "\n" for record in [*records, {"last": True}]), encoding="utf-8")
    return path


def test_a_pipe_of_unrelated_lines_and_spans_is_read_for_its_spans(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "log", [1, "x", None, [], {}, *SPAN_RECORDS["otel-spans"]])
    loaded = load(known("otel-spans"), path)
    assert loaded.report.counts["spans"] == 2
    assert loaded.report.unknown["record"] == 4
