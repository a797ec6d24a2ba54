"""Inspect's logs: the state after each event is what its patches say, and the figures are those of the raw log."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.formats.conftest import Loaded, load, sample, sample_files

from playhead.errors import ImportFormatError, LogError
from playhead.formats import archive
from playhead.formats.inspect_log import InspectLog
from playhead.formats.registry import recognise
from playhead.model import JSON, Address

SAMPLES = sample_files("inspect-ai", ".eval", ".json")
Fields = dict[str, Any]
Missing = object()


def unpacked(path: Path) -> dict[str, bytes]:
    """Every member of an archive, by a reading of our own of its directory."""
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    count, _, start = struct.unpack_from("<HII", content, end + 10)
    found = {}
    for _ in range(count):
        method, packed, size = (
            *struct.unpack_from("<H", content, start + 10),
            *struct.unpack_from("<II", content, start + 20),
        )
        name_length, extra, comment, offset = (
            *struct.unpack_from("<HHH", content, start + 28),
            *struct.unpack_from("<I", content, start + 42),
        )
        name = content[start + 46 : start + 46 + name_length].decode()
        begin = offset + 30 + sum(struct.unpack_from("<HH", content, offset + 26))
        data = content[begin : begin + packed]
        if method == 8:
            data = zlib.decompress(data, -15)
        elif method == 93:
            data = zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
        assert len(data) == size
        found[name] = data
        start += 46 + name_length + extra + comment
    return found


def raw_samples(path: Path) -> list[Fields]:
    if path.suffix == ".json":
        return list(json.loads(path.read_bytes())["samples"])
    return [json.loads(data) for name, data in unpacked(path).items() if name.startswith("samples/")]


def flat(events: list[Fields]) -> list[Fields]:
    """The events of a transcript, those inside others after them."""
    return [one for event in events for one in (event, *flat(event.get("events") or []))]


def patched(document: Any, changes: list[Fields]) -> Any:
    """A document after changes, by building it anew for each."""
    for change in changes:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in change["path"].split("/")[1:]]
        document = rebuilt(document, parts, change["op"], change.get("value"))
    return document


def rebuilt(document: Any, parts: list[str], operation: str, value: Any) -> Any:
    if not parts:
        return value
    name, *rest = parts
    if isinstance(document, dict):
        if not rest and operation == "remove":
            return {key: item for key, item in document.items() if key != name}
        return {**document, name: rebuilt(document.get(name), rest, operation, value)}
    place = len(document) if name == "-" else int(name)
    if rest:
        return [*document[:place], rebuilt(document[place], rest, operation, value), *document[place + 1 :]]
    kept = [] if operation == "remove" else [value]
    return [*document[:place], *kept, *document[place + (operation != "add") :]]


def resolved(value: Any, attachments: dict[str, str]) -> Any:
    text = json.dumps(value)
    for name, held in attachments.items():
        text = text.replace(f'"attachment://{name}"', json.dumps(held))
    return json.loads(text)


def document(state: dict[str, JSON], prefix: str) -> Fields:
    """A task's state or store, put together again from its keys."""
    found: Fields = {}
    messages: dict[int, JSON] = {}
    for key, value in state.items():
        if key.startswith(f"{prefix}/"):
            name, _, number = key.removeprefix(f"{prefix}/").partition("/")
            if prefix == "state" and name == "messages" and number:
                messages[int(number)] = value
            else:
                found[key.removeprefix(f"{prefix}/")] = value
    if messages:
        found["messages"] = [messages[number] for number in sorted(messages)]
    return found


def states(loaded: Loaded, namespace: str) -> Iterator[tuple[int, dict[str, JSON]]]:
    """The state of a sample's main agent after each event of its transcript, by the event's place."""
    state: dict[Address, JSON] = {}
    for draft in loaded.drafts:
        if draft.namespace != namespace:
            continue
        for operation in draft.operations:
            state.pop(operation.address, None)
            if operation.op == "write":
                state[operation.address] = json.loads(operation.encoded)
        number = draft.meta.get("event")
        if isinstance(number, int):
            yield number, {address.key: value for address, value in state.items() if address.agent_id == "main"}


@pytest.fixture(params=SAMPLES or [Path("none")], ids=lambda path: path.stem[-40:])
def log(request: pytest.FixtureRequest) -> tuple[Path, Loaded]:
    path = request.param if SAMPLES else sample("inspect-ai/docent/log.eval")
    return path, load(InspectLog(), path)


def test_state_and_store_after_each_event_are_what_the_patches_make_of_them(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    compared = 0
    for fields in raw_samples(path):
        (namespace,) = {
            one.namespace for one in loaded.drafts if one.namespace.endswith(f"/{fields['id']}#{fields['epoch']}")
        }
        attachments = fields.get("attachments", {})
        state: Any = {}
        store: Any = {}
        told = dict(states(loaded, namespace))
        assert list(told) == list(range(len(flat(fields.get("events", [])))))
        for number, event in enumerate(flat(fields.get("events", []))):
            if event["event"] == "sample_init":
                state = event["state"]
            elif event["event"] == "state":
                state = patched(state, event["changes"])
            elif event["event"] == "store":
                store = patched(store, event["changes"])
            if event["event"] in ("state", "store", "sample_init"):
                expected = resolved(state, attachments)
                ours = document(told[number], "state")
                assert {**ours, "messages": ours.get("messages", [])} == {**expected, "messages": expected["messages"]}
                assert document(told[number], "store") == resolved(store, attachments)
                compared += 1
        if store:
            assert store == fields["store"]
    assert compared == sum(
        event["event"] in ("state", "store", "sample_init")
        for one in raw_samples(path)
        for event in flat(one.get("events", []))
    )


def test_figures_are_those_of_the_raw_log(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    samples = raw_samples(path)
    events = [event for fields in samples for event in flat(fields.get("events", []))]
    kinds = Counter(event["event"] for event in events)
    counts = loaded.report.counts
    assert loaded.report.records == len(events)
    assert counts["samples"] == len(samples)
    assert (counts["model_calls"], counts["scores"]) == (kinds["model"], kinds["score"])
    for ours, theirs in (("input_tokens", "input_tokens"), ("output_tokens", "output_tokens")):
        spent = sum(
            (event["output"].get("usage") or {}).get(theirs, 0) for event in events if event["event"] == "model"
        )
        assert counts[ours] == spent
        assert counts[ours] == sum(
            usage.get(theirs, 0) for fields in samples for usage in fields.get("model_usage", {}).values()
        )
    if kinds["model"]:
        tools = [event for event in events if event["event"] == "tool"]
        assert counts["tool_results"] == len(tools)
        failed = sum(event.get("error") is not None for event in tools)
        assert loaded.kinds().count("tool_error") == failed
        answered = {
            (fields["id"], message["tool_call_id"])
            for fields in samples
            for message in fields["messages"]
            if message["role"] == "tool"
        }
        assert {event["id"] for event in tools} >= {call for _, call in answered}
    assert not loaded.report.unknown
    assert not loaded.report.repaired
    assert loaded.report.bytes_read == loaded.report.bytes_total == path.stat().st_size


def test_the_conversation_holds_every_message_of_the_sample(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    for fields in raw_samples(path):
        if not any(event["event"] == "model" for event in fields.get("events", [])):
            continue
        ours = {
            value["text"]
            for address, value in loaded.state.items()
            if address.namespace.endswith(f"/{fields['id']}#{fields['epoch']}")
            and address.key.startswith("messages/")
            and isinstance(value, dict)
        }
        expected = {
            message["content"]
            for message in resolved(fields["messages"], fields.get("attachments", {}))
            if message["role"] != "tool" and isinstance(message["content"], str) and len(message["content"]) < 30_000
        }
        # What a solver adds after the last call of a model is in the state alone.
        last = {message["content"] for message in fields["messages"][-1:] if isinstance(message["content"], str)}
        assert expected - last <= ours


def test_events_have_kinds_labels_and_the_way_back(log: tuple[Path, Loaded]) -> None:
    path, loaded = log
    assert recognise(path)[0].name == "inspect"
    for draft in loaded.drafts:
        assert draft.kind and draft.label and draft.meta["file"] == path.name and draft.meta["member"]
        assert not any(b'"attachment://' in operation.encoded for operation in draft.operations), (
            "references to attachments are resolved"
        )
    assert load(InspectLog(), path).drafts == loaded.drafts  # S21
    members = unpacked(path) if path.suffix == ".eval" else {}
    assert {str(draft.meta["member"]) for draft in loaded.drafts} >= {
        name for name in members if name.startswith("samples/")
    }


HEADER: Fields = {
    "version": 2,
    "status": "success",
    "eval": {"task": "t", "created": "2026-01-01T00:00:00Z"},
    "plan": {},
}
INIT: Fields = {"event": "sample_init", "sample": {"input": "hi"}, "state": {"messages": [], "store": {}}}


def one(*events: Fields, **fields: Any) -> Fields:
    return {"id": 1, "epoch": 1, "input": "hi", "messages": [], "events": list(events), **fields}


def document_log(path: Path, *samples: Fields) -> Path:
    path.write_text(json.dumps({**HEADER, "samples": list(samples)}), encoding="utf-8")
    return path


def archive_log(path: Path, members: dict[str, Any], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, value in members.items():
            packed.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
    return path


def test_a_sample_in_pieces_says_what_the_sample_in_one_says(tmp_path: Path) -> None:
    said = [
        {"role": "user", "content": "attachment://0"},
        {"role": "assistant", "content": "attachment://11", "id": "a"},
    ]
    events = [
        {**INIT, "timestamp": "2026-01-01T00:00:01Z"},
        {
            "event": "model",
            "model": "m",
            "input": [],
            "input_refs": [[0, 1]],
            "output": {"choices": [{"message": said[1]}]},
        },
        *(
            {"event": "store", "changes": [{"op": "add", "path": f"/k{n}", "value": "attachment://11"}]}
            for n in range(12)
        ),
    ]
    texts = ["first", *(f"text {n}" for n in range(1, 12))]
    folder = "samples/1_epoch_1"
    shell = {"id": 1, "epoch": 1, "input": "hi", "message_refs": [[0, 2]]}
    pieces: dict[str, Any] = {"header.json": HEADER, "_journal/start.json": HEADER, f"{folder}/sample.json": shell}
    pieces |= {f"{folder}/events/{n}.json": events[n : n + 3] for n in reversed(range(0, len(events), 3))}
    pieces |= {f"{folder}/attachments/{n}.json": texts[n : n + 2] for n in range(0, len(texts), 2)}
    pieces |= {f"{folder}/messages/0.json": said, f"{folder}/events/stats.json": {}, f"{folder}/skeleton.json": {}}
    loaded = load(InspectLog(), archive_log(tmp_path / "pieces.eval", pieces))
    attachments = {str(n): text for n, text in enumerate(texts)}
    sample_in_one = one(*events, attachments=attachments, events_data={"messages": said}) | {"messages": said}
    expected = load(InspectLog(), document_log(tmp_path / "one.json", sample_in_one))
    assert {at: value for at, value in loaded.state.items() if at.agent_id == "main"} == {
        at: value for at, value in expected.state.items() if at.agent_id == "main"
    }
    assert loaded.value("store/k11") == "text 11"
    assert loaded.value("messages/0002") == {"role": "assistant", "text": "text 11", "id": "a"}


def test_agents_inside_agents_scorers_and_roles_have_conversations_of_their_own(tmp_path: Path) -> None:
    def spans(*names: tuple[str, str]) -> list[Fields]:
        parents = ["", *(name for _, name in names)]
        return [
            {"event": "span_begin", "id": name, "name": name, "type": kind, **({"parent_id": parent} if parent else {})}
            for (kind, name), parent in zip(names, parents, strict=False)
        ]

    def model(text: str, span: str, **fields: Any) -> Fields:
        message = {"role": "assistant", "content": f"re {text}"}
        asked = [{"role": "user", "content": text}]
        return {
            "event": "model",
            "span_id": span,
            "model": "m",
            "input": asked,
            "output": {"choices": [{"message": message}]},
        } | fields

    events = [
        *spans(("solver", "react"), ("agent", "boss"), ("tool", "ask"), ("agent", "helper")),
        model("one", "boss"),
        model("two", "helper"),
        model("three", "boss", role="critic"),
        *spans(("scorers", "scorers"), ("scorer", "judge")),
        model("four", "judge"),
        model("five", "boss"),
    ]
    loaded = load(InspectLog(), document_log(tmp_path / "log.json", one(*events)))
    told = {
        address.agent_id: value["text"]
        for address, value in loaded.state.items()
        if address.key == "messages/0002" and isinstance(value, dict)
    }
    assert told == {
        "main": "re one",
        "helper": "re two",
        "critic": "re three",
        "scorer": "re four",
        "main/conversation-2": "re five",
    }


def test_calls_of_a_conversation_that_is_handed_on_stay_with_who_made_them(tmp_path: Path) -> None:
    call = {"id": "c", "function": "transfer", "arguments": {}}
    user, made = (
        {"role": "user", "content": "hi"},
        {"id": "m", "role": "assistant", "content": "", "tool_calls": [call]},
    )
    answer = {"role": "tool", "tool_call_id": "c", "content": "transferred"}

    def asked(said: Fields, *heard: Fields) -> Fields:
        return {"event": "model", "model": "m", "input": list(heard), "output": {"choices": [{"message": said}]}}

    tool = {"event": "tool", "id": "c", "function": "transfer", "arguments": {}, "result": "transferred"}
    done = {"id": "n", "role": "assistant", "content": "done", "tool_calls": [{**call, "id": "d", "function": "end"}]}
    helper = span_of("helper", "agent", "tool", asked(done, user, made, answer))
    events = [INIT, *span_of("boss", "agent", None, asked(made, user), *span_of("tool", "tool", "boss", tool, *helper))]
    loaded = load(InspectLog(), document_log(tmp_path / "log.json", one(*events)))
    assert loaded.keys("tool_calls/", "main") == ["tool_calls/c"]
    assert loaded.keys("tool_calls/", "helper") == ["tool_calls/d"]
    assert loaded.report.counts["tool_calls"] == 2
    assert loaded.report.counts["tool_results"] == 1
    handed = loaded.value("messages/0002", "helper")
    assert isinstance(handed, dict)
    assert handed["calls"] == ["c"]


def test_events_inside_events_and_the_stores_of_subtasks(tmp_path: Path) -> None:
    store = {"event": "store", "changes": [{"op": "add", "path": "/a~1b", "value": 1}]}
    inner = {"event": "subtask", "name": "search", "input": {"q": 1}, "events": [store, {"event": "info", "data": "x"}]}
    tool = {
        "event": "tool",
        "id": "c",
        "function": "f",
        "arguments": {"x": "y"},
        "result": "r",
        "events": [inner, store],
    }
    loaded = load(InspectLog(), document_log(tmp_path / "log.json", one(INIT, tool)))
    assert loaded.value("subtasks/search/store/a/b") == loaded.value("store/a/b") == 1
    assert loaded.kinds() == [
        "eval",
        "sample",
        "sample_init",
        "tool_result",
        "subtask",
        "store",
        "info",
        "store",
        "final",
        "final",
    ]


def span_of(name: str, kind: str, parent: str | None, *events: Fields) -> list[Fields]:
    begin = {"event": "span_begin", "id": name, "name": name, "type": kind, "parent_id": parent, "span_id": name}
    inside = [{"span_id": name, **event} for event in events]
    return [begin, *inside, {"event": "span_end", "id": name, "span_id": name}]


def test_a_patch_counts_from_the_beginning_of_its_span_whatever_the_spans_inside_have_said(tmp_path: Path) -> None:
    first = {"op": "add", "path": "/list", "value": [1]}
    append = {"op": "add", "path": "/list/1", "value": 2}
    drop = {"op": "remove", "path": "/old"}
    fork = {"event": "state", "changes": [{"op": "add", "path": "/messages/0", "value": {"content": "forked"}}]}
    events = [
        INIT,
        *span_of("seed", "solver", None, {"event": "store", "changes": [first, {**first, "path": "/old"}]}),
        *span_of(
            "outer",
            "solver",
            None,
            *span_of("tool", "tool", "outer", {"event": "store", "changes": [append, drop]}),
            *span_of("branch", "subtask", "outer", fork, {"event": "store", "changes": [{**first, "path": "/own"}]}),
            {"event": "state", "changes": [{"op": "add", "path": "/messages/0", "value": {"content": "outer"}}]},
            {"event": "store", "changes": [append, drop, {**first, "path": "/own"}]},
        ),
    ]
    loaded = load(InspectLog(), document_log(tmp_path / "log.json", one(*events, store={"list": [1, 2], "own": [1]})))
    assert not loaded.report.repaired
    assert loaded.history("store/list") == [[1], [1, 2]]
    assert loaded.history("store/old") == [[1], None]
    assert loaded.history("store/own") == [[1]]
    assert loaded.history("state/messages/0001") == [{"content": "outer"}]
    assert loaded.value("subtasks/branch/state/messages/0001") == {"content": "forked"}
    assert loaded.value("subtasks/branch/store/own") == [1]


def test_a_span_may_replace_what_the_span_around_it_made_and_has_not_told_yet(tmp_path: Path) -> None:
    again: Fields = {"op": "replace", "path": "/count", "value": 2, "replaced": 1}
    listed: Fields = {"op": "replace", "path": "/list/0", "value": 9, "replaced": 1}
    events = [
        INIT,
        *span_of(
            "outer",
            "solver",
            None,
            *span_of("inner", "custom", "outer", {"event": "store", "changes": [again]}),
            *span_of("lost", "custom", "outer", {"event": "store", "changes": [listed]}),
            {"event": "store", "changes": [{"op": "add", "path": "/count", "value": 2}]},
        ),
    ]
    loaded = load(InspectLog(), document_log(tmp_path / "log.json", one(*events, store={"count": 2})))
    assert loaded.history("store/count") == [2]
    assert loaded.report.repaired == {"patches that do not fit the state": 1}
    assert loaded.report.unknown == {"store patch": 1}


def test_stores_that_steps_change_inside_tools_add_up(tmp_path: Path) -> None:
    def put(name: str) -> Fields:
        return {"event": "store", "changes": [{"op": "add", "path": f"/{name}", "value": 1}]}

    tools = [{"event": "tool", "id": name, "function": "f", "arguments": {}, "events": [put(name)]} for name in "ab"]
    step = {"event": "step", "name": "solve", "type": "solver"}
    whole = {"event": "store", "changes": [*put("a")["changes"], *put("b")["changes"], *put("c")["changes"]]}
    events = [INIT, {**step, "action": "begin"}, *tools, whole, {**step, "action": "end"}]
    loaded = load(InspectLog(), document_log(tmp_path / "log.json", one(*events)))
    assert not loaded.report.repaired
    for name in "abc":
        assert loaded.history(f"store/{name}") == [1]


def test_patches_that_do_not_fit_unknown_events_and_errors_are_told_and_counted(tmp_path: Path) -> None:
    events = [
        INIT,
        {
            "event": "state",
            "changes": [{"op": "add", "path": "/x", "value": 1}, {"op": "remove", "path": "/messages/7"}],
        },
        {
            "event": "state",
            "changes": [{"op": "move", "from": "/x", "path": "/y"}, {"op": "copy", "from": "/y", "path": "/z"}],
        },
        {"event": "holodeck", "what": [1]},
        {"event": "tool", "id": "c", "function": "f", "arguments": {}, "error": {"type": "timeout", "message": "slow"}},
        {"event": "model", "model": "m", "input": [], "output": {"choices": []}, "error": "429"},
        {"event": "sample_limit", "type": "token", "message": "too many"},
        {"event": "error", "error": {"message": "Broke('x')", "traceback": "Traceback…"}},
        7,
    ]
    failed = one(*events, error={"message": "Broke('x')"})  # type: ignore[arg-type]
    loaded = load(InspectLog(), document_log(tmp_path / "log.json", failed, failed | {"id": 2}))
    assert loaded.report.repaired == {"patches that do not fit the state": 2}
    assert loaded.report.unknown == {"state patch": 2, "holodeck": 2, "int": 2}
    first = {address.key: value for address, value in loaded.state.items() if address.namespace == "inspect:t/1#1"}
    assert first["status"] == {"phase": "error", "stop_reason": "token limit"}
    assert next(value for at, value in loaded.versions.items() if at[1:] == ("main", "status")) == [
        {"phase": "user"},
        {"phase": "thinking", "stop_reason": None},
        {"phase": "done", "stop_reason": "token limit"},
        {"phase": "error"},
        {"phase": "error", "stop_reason": "token limit"},
    ]
    assert first["state/y"] == first["state/z"] == 1
    assert "state/x" not in first
    assert first["records/0002"] == {"what": [1]}
    assert [
        value["type"] for key, value in sorted(first.items()) if key.startswith("errors/") and isinstance(value, dict)
    ] == ["timeout", "model", "Broke"]
    assert first["traceback"] == "Traceback…"


def test_a_sample_whose_id_has_a_slash_is_no_folder(tmp_path: Path) -> None:
    members: dict[str, Any] = {"_journal/start.json": HEADER, "header.json": HEADER}
    members |= {
        "samples/web/1_epoch_1.json": one(INIT, id="web/1"),
        "samples/web/2_epoch_1.json": one(INIT, id="web/2"),
    }
    members |= {"samples/odd.txt": {}}
    loaded = load(InspectLog(), archive_log(tmp_path / "log.eval", members))
    assert loaded.report.counts["samples"] == 2
    assert {"inspect:t/web/1#1", "inspect:t/web/2#1"} < {draft.namespace for draft in loaded.drafts}
    assert loaded.report.unknown == {"member samples/odd.txt": 1}


def test_a_log_that_is_still_written_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    members = {"_journal/start.json": HEADER, "samples/1_epoch_1.json": one(INIT)}
    loaded = load(InspectLog(), archive_log(tmp_path / "log.eval", members))
    assert loaded.report.counts["samples"] == 1
    assert "still running" in loaded.report.warnings[0]
    assert loaded.value("status", "eval") == {"phase": "started"}


def refused(path: Path, *words: str) -> None:
    with pytest.raises(ImportFormatError) as caught:
        load(InspectLog(), path)
    assert str(path) in str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_archives_made_to_do_harm_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = {"_journal/start.json": HEADER}
    for name in ("../up.json", "/etc/passwd", "samples/../../x.json", "C:\\x.json"):
        refused(archive_log(tmp_path / "names.eval", {**start, name: {}}), "leads out of the archive")
    bomb = archive_log(tmp_path / "bomb.eval", {**start, "samples/1_epoch_1.json": b" " * (archive.SUSPECT_BYTES + 1)})
    refused(bomb, "samples/1_epoch_1.json", "zip bomb")
    lying = bytearray(
        archive_log(tmp_path / "lying.eval", {**start, "samples/1_epoch_1.json": b" " * 5000}).read_bytes()
    )
    entry = lying.index(b"PK\x01\x02", lying.index(b"PK\x01\x02") + 4)
    struct.pack_into("<I", lying, entry + 24, 10)
    (tmp_path / "lying.eval").write_bytes(lying)
    refused(tmp_path / "lying.eval", "more than the 10 bytes it declares")
    struct.pack_into("<I", lying, entry + 24, 5000)
    struct.pack_into("<I", lying, entry + 42, 0)
    (tmp_path / "overlap.eval").write_bytes(lying)
    refused(tmp_path / "overlap.eval", "inside another member")
    monkeypatch.setattr(archive, "MOST_MEMBER_BYTES", 100)
    refused(archive_log(tmp_path / "large.eval", start), "more than 100")


def test_damage_is_named(tmp_path: Path) -> None:
    whole = archive_log(
        tmp_path / "log.eval", {"_journal/start.json": HEADER, "samples/1_epoch_1.json": one(INIT)}
    ).read_bytes()
    path = tmp_path / "damaged.eval"
    path.write_bytes(whole[:-30])
    with pytest.raises(ImportFormatError, match="cut off or damaged"):
        recognise(path)
    path.write_bytes(archive_log(path, {"_journal/start.json": HEADER, "samples/1_epoch_1.json": b"{"}).read_bytes())
    refused(path, "samples/1_epoch_1.json", "not JSON")
    for number in range(55, 120, 7):
        broken = bytearray(whole)
        broken[number] ^= 0xFF
        path.write_bytes(broken)
        refused(path, "_journal/start.json")


def zstd_archive(path: Path, members: dict[str, Any]) -> Path:
    """An archive whose members are packed by a method that the standard library does not know."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as packed:
        for name, value in members.items():
            packed.writestr(name, zstandard.ZstdCompressor().compress(json.dumps(value).encode()))
    content = bytearray(plain.getvalue())
    for name, value in members.items():
        data = json.dumps(value).encode()
        entry = content.index(name.encode(), content.index(b"PK\x01\x02")) - 46
        struct.pack_into("<H", content, entry + 10, 93)
        struct.pack_into("<I", content, entry + 16, zlib.crc32(data))
        struct.pack_into("<I", content, entry + 24, len(data))
    path.write_bytes(content)
    return path


def test_members_packed_by_zstd_are_read(tmp_path: Path) -> None:
    members = {"_journal/start.json": HEADER, "header.json": HEADER, "samples/1_epoch_1.json": one(INIT)}
    packed = load(InspectLog(), zstd_archive(tmp_path / "zstd.eval", members))
    assert packed.state == load(InspectLog(), archive_log(tmp_path / "deflated.eval", members)).state


@pytest.mark.parametrize(
    "path", [path for path in SAMPLES if path.stat().st_size < 60_000], ids=lambda path: path.stem[-40:]
)
def test_a_mutated_log_gives_a_named_error_or_counted_repairs(path: Path, tmp_path: Path) -> None:
    chance = random.Random(5)
    content = path.read_bytes()
    broken = tmp_path / f"broken{path.suffix}"
    for number in range(24):
        changed = bytearray(content)
        for _ in range(chance.choice((1, 6, 60))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        broken.write_bytes(changed if number % 3 else content[: chance.randrange(1, len(content))])
        try:
            known, source = recognise(broken)
            if known.name == "inspect":
                load(known, source.path)
        except LogError as error:
            assert broken.name in str(error)


def mangled(value: Any, chance: random.Random) -> Any:
    """The value with parts of it replaced by values of other types."""
    if chance.random() < 0.02:
        return chance.choice([None, 7, "x", [], {}, [None], {"event": []}, True, -1.5, [[0, "x"]], {"role": 1}])
    if isinstance(value, dict):
        return {name: mangled(item, chance) for name, item in value.items()}
    if isinstance(value, list):
        return [mangled(item, chance) for item in value]
    return value


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.suffix == ".json"], ids=lambda path: path.stem[-40:])
def test_values_of_unexpected_types_break_nothing(path: Path, tmp_path: Path) -> None:
    chance = random.Random(9)
    log = json.loads(path.read_bytes())
    for _ in range(8):
        (tmp_path / "log.json").write_text(json.dumps({**log, "samples": mangled(log["samples"], chance)}))
        loaded = load(InspectLog(), tmp_path / "log.json")
        assert all(draft.kind and draft.label for draft in loaded.drafts)
