"""One trace in every file layout that tracers give it: each says the same."""

from __future__ import annotations

import base64
import json
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from tests.formats.conftest import Loaded, load, write_lines

from playhead.errors import ImportFormatError, UnknownFormatError
from playhead.formats.registry import recognise
from playhead.model import JSON

TRACE, ROOT, MODEL = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b173", "eee19b7ec3c1b174"
START = 1_795_221_076_681_034_383
TOLD: dict[str, Any] = {
    "openinference.span.kind": "LLM",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "héllo",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "wörld",
    "llm.token_count.prompt": 7,
    "llm.model_name": "m-1",
    "temperature": 0.5,
    "streamed": True,
    "tags": ["a", "b"],
}
Span = tuple[str, str, str, int, int, dict[str, Any]]
SPANS: list[Span] = [
    (ROOT, "", "root", START, START + 9_000_000, {"openinference.span.kind": "AGENT", "agent.name": "clerk"}),
    (MODEL, ROOT, "chat", START + 1_000_000, START + 2_000_000, TOLD),
]


def wrapped(value: Any, *names: str) -> JSON:
    """A value in OTLP's wrapping, its fields named in camel or snake case."""
    text, number, double, boolean, array = names
    if isinstance(value, bool):
        return {boolean: value}
    if isinstance(value, int):
        return {number: str(value)}
    if isinstance(value, float):
        return {double: value}
    if isinstance(value, list):
        return {array: {"values": [wrapped(item, *names) for item in value]}}
    return {text: value}


CAMEL = ("stringValue", "intValue", "doubleValue", "boolValue", "arrayValue")
SNAKE = ("string_value", "int_value", "double_value", "bool_value", "array_value")


def otlp_spans(ids: Callable[[str], str]) -> list[JSON]:
    return [
        {
            "traceId": ids(TRACE),
            "spanId": ids(own),
            "parentSpanId": ids(parent) if parent else "",
            "name": name,
            "kind": 1,
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(end),
            "attributes": [{"key": key, "value": wrapped(value, *CAMEL)} for key, value in told.items()],
            "status": {"code": 1},
        }
        for own, parent, name, start, end, told in SPANS
    ]


def request(spans: list[JSON]) -> JSON:
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": spans}]}]}


def in_base64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def hex_otlp(path: Path) -> Path:
    return write_lines(path, [request([span]) for span in otlp_spans(str)])


def base64_otlp(path: Path) -> Path:
    path.write_text(json.dumps([request(otlp_spans(in_base64))], indent=2), encoding="utf-8")
    return path


def tempo(path: Path) -> Path:
    batch: Any = request(otlp_spans(in_base64))
    path.write_text(json.dumps({"batches": batch["resourceSpans"]}), encoding="utf-8")
    return path


def snake_otlp(path: Path) -> Path:
    spans: list[JSON] = [
        {
            "trace_id": TRACE,
            "span_id": own,
            "parent_span_id": parent or None,
            "name": name,
            "start_time_unix_nano": start,
            "end_time_unix_nano": end,
            "attributes": [
                {"key": key, "value": {**dict.fromkeys(SNAKE), **wrapped(value, *SNAKE)}}  # type: ignore[dict-item]
                for key, value in told.items()
            ],
        }
        for own, parent, name, start, end, told in SPANS
    ]
    path.write_text(json.dumps({"data": spans, "next_cursor": None}), encoding="utf-8")
    return path


def consoled(path: Path) -> Path:
    spans = [
        {
            "name": name,
            "context": {"trace_id": f"0x{TRACE}", "span_id": f"0x{own}", "trace_state": "[]"},
            "kind": "SpanKind.INTERNAL",
            "parent_id": f"0x{parent}" if parent else None,
            "start_time": start,
            "end_time": end,
            "status": {"status_code": "UNSET"},
            "attributes": told,
        }
        for own, parent, name, start, end, told in SPANS
    ]
    lines = [json.dumps(span, indent=4, ensure_ascii=False) for span in spans]
    path.write_text("INFO: started\n" + "\n".join(lines) + "\nINFO: done\n", encoding="utf-8")
    return path


def listed(path: Path) -> Path:
    spans = [
        {
            "traceId": TRACE,
            "spanId": own,
            "parentSpanId": parent,
            "name": name,
            "startTime": start,
            "endTime": end,
            "attributes": told,
        }
        for own, parent, name, start, end, told in SPANS
    ]
    path.write_text(json.dumps(spans), encoding="utf-8")
    return path


def readable(path: Path) -> Path:
    spans = [
        {
            "_spanContext": {"traceId": TRACE, "spanId": own},
            "parentSpanContext": {"traceId": TRACE, "spanId": parent} if parent else None,
            "name": name,
            "startTime": [start // 10**9, start % 10**9],
            "endTime": [end // 10**9, end % 10**9],
            "attributes": told,
            "status": {"code": 0},
        }
        for own, parent, name, start, end, told in SPANS
    ]
    path.write_text(json.dumps(spans), encoding="utf-8")
    return path


def in_numbers(path: Path) -> Path:
    spans = [
        {
            "context": {"trace_id": int(TRACE, 16), "span_id": int(own, 16)},
            "parent": {"trace_id": int(TRACE, 16), "span_id": int(parent, 16)} if parent else None,
            "name": name,
            "start_time": start,
            "end_time": end,
            "attributes": told,
        }
        for own, parent, name, start, end, told in SPANS
    ]
    path.write_text(json.dumps({"spans": spans}), encoding="utf-8")
    return path


def nested(told: dict[str, Any]) -> dict[str, Any]:
    """Attributes as a Phoenix database nests them."""
    text, number = "message", "llm"
    messages = {
        f"{side}_messages": [{text: {"role": told[f"llm.{side}_messages.0.message.role"], "content": said}}]
        for side in ("input", "output")
        if (said := told.get(f"llm.{side}_messages.0.message.content"))
    }
    tree: dict[str, Any] = {"openinference": {"span": {"kind": told["openinference.span.kind"]}}}
    if messages:
        tree[number] = {**messages, "token_count": {"prompt": 7}, "model_name": "m-1"}
    if "agent.name" in told:
        tree["agent"] = {"name": told["agent.name"]}
    return {**tree, **{name: told[name] for name in ("temperature", "streamed", "tags") if name in told}}


def phoenix_rest(path: Path) -> Path:
    spans = [
        {
            "id": "U3Bhbjo2Ng==",
            "name": name,
            "context": {"trace_id": TRACE, "span_id": own},
            "span_kind": told["openinference.span.kind"],
            "parent_id": parent or None,
            "start_time": start,
            "end_time": end,
            "status_code": "OK",
            "status_message": "",
            "attributes": nested(told),
            "events": [],
        }
        for own, parent, name, start, end, told in SPANS
    ]
    path.write_text(json.dumps({"data": spans, "next_cursor": None}), encoding="utf-8")
    return path


def dataframe(path: Path) -> Path:
    rows = []
    for own, parent, name, start, end, told in SPANS:
        tree = nested(told)
        model = tree.pop("llm", {})
        row = {
            "name": name,
            "span_kind": told["openinference.span.kind"],
            "parent_id": parent or None,
            "start_time": start,
            "end_time": end,
            "context.span_id": own,
            "context.trace_id": TRACE,
            "attributes.agent.name": told.get("agent.name"),
            "attributes.llm.model_name": model.get("model_name"),
            "attributes.llm.token_count.prompt": 7.0 if model else float("nan"),
        }
        for side in ("input", "output"):
            messages = model.get(f"{side}_messages")
            row[f"attributes.llm.{side}_messages"] = messages and [
                {f"message.{part}": text for part, text in one["message"].items()} for one in messages
            ]
        row |= {f"attributes.{left}": told.get(left) for left in ("temperature", "streamed", "tags")}
        rows.append(row)
    table = pyarrow.Table.from_pylist(rows)
    for column in ("start_time", "end_time"):
        place = table.schema.get_field_index(column)
        table = table.set_column(place, column, table[column].cast(pyarrow.timestamp("ns", tz="UTC")))
    parquet.write_table(table, path)
    return path


def database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            create table projects (id integer primary key, name text);
            create table traces (id integer primary key, project_rowid integer, trace_id text);
            create table spans (
                id integer primary key, trace_rowid integer, span_id text, parent_id text, name text, span_kind text,
                start_time timestamp, end_time timestamp, attributes json, events json, status_code text,
                status_message text
            );
            create table agent_session_messages (
                id integer primary key, message json,
                message_id text generated always as (json_extract(message, '$.id')) stored
            );
            insert into projects values (1, 'desk');
            """
        )
        connection.execute("insert into traces values (4, 1, ?)", (TRACE,))
        for own, parent, name, start, end, told in SPANS:
            row = (own, parent or None, name, told["openinference.span.kind"], start, end, json.dumps(nested(told)))
            connection.execute(
                "insert into spans values (null, 4, ?, ?, ?, ?, ?, ?, ?, '[]', 'OK', '')",
                row,
            )
        connection.commit()
    return path


def field(number: int, value: bytes | int | float) -> bytes:
    """A protobuf field: bytes with their length, a whole number as a varint, any other as a double."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def protobuf_value(value: Any) -> bytes:
    if isinstance(value, bool):
        return field(2, int(value))
    if isinstance(value, int):
        return field(3, value)
    if isinstance(value, float):
        return field(4, value)
    if isinstance(value, list):
        return field(5, b"".join(field(1, protobuf_value(item)) for item in value))
    return field(1, str(value).encode())


def protobuf_request(spans: list[Span]) -> bytes:
    found = b""
    for own, parent, name, start, end, told in spans:
        span = field(1, bytes.fromhex(TRACE)) + field(2, bytes.fromhex(own)) + field(4, bytes.fromhex(parent))
        span += field(5, name.encode()) + field(6, 1)
        for number, time in ((7, start), (8, end)):
            span += varint(number << 3 | 1) + struct.pack("<Q", time)
        for key, value in told.items():
            span += field(9, field(1, key.encode()) + field(2, protobuf_value(value)))
        found += field(2, span + field(15, field(3, 1)))
    return field(1, field(1, b"") + field(2, found))


def protobuf(path: Path) -> Path:
    path.write_bytes(protobuf_request(SPANS))
    return path


def framed_protobuf(path: Path) -> Path:
    requests = [protobuf_request([span]) for span in SPANS]
    path.write_bytes(b"".join(len(one).to_bytes(4, "big") + one for one in requests))
    return path


LAYOUTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "hex, a request on each line": (hex_otlp, "otlp"),
    "base64, a list of requests": (base64_otlp, "otlp"),
    "batches": (tempo, "otlp"),
    "snake case with nulls": (snake_otlp, "otlp"),
    "protobuf": (protobuf, "otlp"),
    "protobuf with lengths": (framed_protobuf, "otlp"),
    "console": (consoled, "otel-spans"),
    "a flat list": (listed, "otel-spans"),
    "JavaScript": (readable, "otel-spans"),
    "numbers for ids": (in_numbers, "otel-spans"),
    "Phoenix REST": (phoenix_rest, "otel-spans"),
    "Phoenix dataframe": (dataframe, "otel-spans"),
    "Phoenix database": (database, "phoenix"),
}


DOCUMENTS = (base64_otlp, tempo, snake_otlp, listed, readable, in_numbers, phoenix_rest)


@pytest.fixture(params=LAYOUTS)
def loaded(request: pytest.FixtureRequest, tmp_path: Path) -> Loaded:
    write, name = LAYOUTS[request.param]
    path = write(tmp_path / "log")
    known, source = recognise(path)
    assert known.name == name
    return load(known, source.path)


def test_every_layout_says_the_same(loaded: Loaded) -> None:
    assert loaded.report.counts["spans"] == 2
    assert loaded.report.unknown == {}
    assert loaded.report.bytes_read == loaded.report.bytes_total
    assert {address[:2] for address in loaded.state} == {(f"otel:{TRACE}", "clerk")}
    assert loaded.value("messages/0001", "clerk") == {"role": "user", "text": "héllo"}
    assert loaded.value("messages/0002", "clerk") == {"role": "assistant", "text": "wörld"}
    assert loaded.value("model", "clerk") == "m-1"
    usage = loaded.value("usage", "clerk")
    assert isinstance(usage, dict)
    assert usage["input"] == 7
    assert loaded.labels() == ["root", "héllo", "wörld", "root"]
    assert [draft.occurred_at and draft.occurred_at.microsecond for draft in loaded.drafts] == [
        681034,
        682034,
        683034,
        690034,
    ]
    value = loaded.value(f"spans/{MODEL}", "clerk")
    assert isinstance(value, dict)
    assert (value["parent"], value["duration_ms"]) == (ROOT, 1.0)
    attributes = value["attributes"]
    assert isinstance(attributes, dict)
    assert {"temperature": 0.5, "streamed": True, "tags": ["a", "b"]}.items() <= attributes.items()


def test_console_lines_between_spans_are_counted(tmp_path: Path) -> None:
    path = consoled(tmp_path / "log")
    loaded = load(recognise(path)[0], path)
    assert [line.line for line in loaded.report.malformed_lines] == [1, path.read_text().count("\n")]
    content = path.read_bytes()
    for draft in loaded.drafts:
        offset, length = draft.meta["offset"], draft.meta["length"]
        assert isinstance(offset, int)
        assert isinstance(length, int)
        record = json.loads(content[offset : offset + length])
        assert record["context"]["span_id"] == f"0x{draft.meta['span']}"


@pytest.mark.parametrize("name", ["base64, a list of requests", "a flat list", "snake case with nulls"])
def test_a_pointer_leads_to_the_record_in_its_document(name: str, tmp_path: Path) -> None:
    path = LAYOUTS[name][0](tmp_path / "log")
    document = json.loads(path.read_text(encoding="utf-8"))
    for draft in load(recognise(path)[0], path).drafts:
        record = document
        for part in str(draft.meta["pointer"]).split("/")[1:]:
            record = record[int(part)] if isinstance(record, list) else record[part]
        own = record.get("spanId") or record.get("span_id")
        assert own in (draft.meta["span"], in_base64(str(draft.meta["span"])))


@pytest.mark.parametrize("name", ["protobuf", "protobuf with lengths", "Phoenix dataframe", "Phoenix database"])
def test_a_binary_file_cut_off_anywhere_is_read_as_far_as_it_goes_or_refused_by_name(name: str, tmp_path: Path) -> None:
    content = LAYOUTS[name][0](tmp_path / "whole").read_bytes()
    path = tmp_path / "cut"
    refused = 0
    for length in range(8, len(content), max(1, len(content) // 60)):
        path.write_bytes(content[:length])
        try:
            known, source = recognise(path)
            report = load(known, source.path).report
            assert report.counts["spans"] <= 2
            assert report.torn or report.malformed or name != "protobuf"
        except (ImportFormatError, UnknownFormatError) as error:
            refused += 1
            assert "cut" in str(error)
    assert refused or "protobuf" in name


@pytest.mark.parametrize("name", [name for name in LAYOUTS if LAYOUTS[name][0] in DOCUMENTS])
def test_a_document_cut_off_is_told_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    content = LAYOUTS[name][0](tmp_path / "whole").read_bytes()
    path = tmp_path / "cut"
    found: list[int] = []
    for length in range(len(content) // 3, len(content) - 2, 37):
        path.write_bytes(content[:length])
        try:
            known, source = recognise(path)
        except UnknownFormatError:
            assert not found
            continue
        loaded = load(known, source.path)
        assert loaded.report.torn == 1 or any("cut off" in repair for repair in loaded.report.repaired)
        found.append(loaded.report.counts["spans"])
    assert found == sorted(found)
    assert found[-1] == 2


def test_a_text_that_only_looks_like_json_is_of_no_format(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for text in ("[INFO] started\n[INFO] done\n", "{not json\n", "{]\n}\n", '{"a": [1, 2}\n'):
        path.write_text(text)
        with pytest.raises(UnknownFormatError):
            recognise(path)


def test_a_request_cut_off_at_the_end_is_torn(tmp_path: Path) -> None:
    path = framed_protobuf(tmp_path / "log")
    path.write_bytes(path.read_bytes()[:-3])
    loaded = load(recognise(path)[0], path)
    assert (loaded.report.torn, loaded.report.counts["spans"]) == (1, 1)


def test_a_log_record_tells_a_message_of_its_span(tmp_path: Path) -> None:
    body: JSON = {"kvlistValue": {"values": [{"key": "content", "value": {"stringValue": "héllo"}}]}}
    record: JSON = {"timeUnixNano": str(START), "traceId": TRACE, "spanId": MODEL, "eventName": "gen_ai.user.message"}
    other: JSON = {"timeUnixNano": str(START), "body": {"stringValue": "unrelated"}}
    assert isinstance(record, dict)
    logs: JSON = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{**record, "body": body}, other]}]}]}
    span: Any = otlp_spans(str)[1]
    span["attributes"] = [pair for pair in span["attributes"] if "message" not in pair["key"]]
    for order in ([logs, request([span])], [request([span]), logs]):
        loaded = load(recognise(write_lines(tmp_path / "log", order))[0], tmp_path / "log")
        assert loaded.value("messages/0001") == {"role": "user", "text": "héllo"}
        assert loaded.report.unknown == {"log": 1}


def test_a_log_record_with_the_details_of_a_call_tells_what_its_span_leaves_out(tmp_path: Path) -> None:
    heard = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "héllo"}]}])
    answered = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "yo"}]}])
    told: JSON = [
        {"key": "gen_ai.input.messages", "value": {"stringValue": heard}},
        {"key": "gen_ai.output.messages", "value": {"stringValue": answered}},
    ]
    about: JSON = {"traceId": TRACE, "spanId": MODEL, "eventName": "gen_ai.client.inference.operation.details"}
    assert isinstance(about, dict)
    logs: JSON = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{**about, "attributes": told}]}]}]}
    span: Any = otlp_spans(str)[1]
    span["attributes"] = [pair for pair in span["attributes"] if "message" not in pair["key"]]
    for order in ([logs, request([span])], [request([span]), logs]):
        loaded = load(recognise(write_lines(tmp_path / "log", order))[0], tmp_path / "log")
        assert loaded.value("messages/0001") == {"role": "user", "text": "héllo"}
        assert loaded.value("messages/0002") == {"role": "assistant", "text": "yo"}
        assert (loaded.report.counts["spans"], loaded.report.counts["repeated_spans"]) == (1, 0)


def test_log_records_of_no_span_are_told_in_order_at_their_own_times(tmp_path: Path) -> None:
    def record(seconds: int, name: str, severity: int = 9, **attributes: str) -> JSON:
        told: list[JSON] = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
        event: JSON = {"key": "event.name", "value": {"stringValue": name}}
        about: dict[str, JSON] = {"severityNumber": severity, "body": {"stringValue": f"tool.{name}"}}
        return {"timeUnixNano": str(START + seconds * 10**9), "attributes": [event, *told], **about}

    listed = [
        record(0, "user_prompt", prompt="fix it"),
        record(1, "api_request"),
        record(1, "api_error", 17, error="429"),
    ]
    logs: JSON = {"resourceLogs": [{"scopeLogs": [{"logRecords": listed}]}]}
    loaded = load(recognise(write_lines(tmp_path / "log", [logs]))[0], tmp_path / "log")
    assert loaded.labels() == ["user_prompt: fix it", "api_request", "api_error: 429"]
    assert loaded.kinds() == ["log", "log", "log_error"]
    first, *_, last = [draft.occurred_at for draft in loaded.drafts]
    assert first is not None
    assert last is not None
    assert (last - first).total_seconds() == 1
    assert loaded.report.unknown == {"log": 3}
    assert loaded.keys("records/") == ["records/0001", "records/0002", "records/0003"]
