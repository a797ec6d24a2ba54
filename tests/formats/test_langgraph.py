"""LangGraph's databases in every layout and serialisation, and the broken ones."""

from __future__ import annotations

import json
import pickle
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import ormsgpack
import pytest
from tests.formats.conftest import Loaded, load, sample, sample_files

from playhead.errors import ImportFormatError, LogError
from playhead.formats.langgraph import LangGraph
from playhead.formats.registry import recognise
from playhead.formats.source import Source
from playhead.model import JSON

NOW = ("thread_id", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id", "type", "checkpoint", "metadata")
EARLY = ("thread_id", "thread_ts", "parent_ts", "checkpoint", "metadata")
WRITES = ("thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "task_path", "idx", "channel", "type", "value")
SAMPLES = sample_files("langgraph", ".sqlite")
Row = tuple[Any, ...]


def database(path: Path, columns: tuple[str, ...], rows: list[Row], writes: list[Row] | None = None) -> Path:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"create table checkpoints ({', '.join(columns)})")
        connection.executemany(f"insert into checkpoints values ({', '.join('?' * len(columns))})", rows)
        if writes is not None:
            connection.execute(f"create table writes ({', '.join(WRITES)})")
            connection.executemany(f"insert into writes values ({', '.join('?' * len(WRITES))})", writes)
    return path


def packed(values: dict[str, Any], version: int = 4, **more: Any) -> bytes:
    versions = dict.fromkeys(values, "1")
    return ormsgpack.packb({"v": version, "channel_values": values, "channel_versions": versions, **more})


def row(identity: str, values: dict[str, Any], parent: str | None = None, **more: Any) -> Row:
    return ("t", "", identity, parent, "msgpack", packed(values, **more), json.dumps({"source": "loop", "step": 1}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


def channels(loaded: Loaded, agent_id: str = "main") -> dict[str, JSON]:
    return {key: loaded.value(key, agent_id) for key in loaded.keys("channels/", agent_id)}


def test_python_objects_become_what_they_are_made_of_and_no_class_is_imported(path: Path) -> None:
    def made(code: int, *parts: Any) -> ormsgpack.Ext:
        return ormsgpack.Ext(code, ormsgpack.packb(parts))

    inner = made(2, "evil.module", "Inner", {"text": "é", "deep": made(0, "builtins", "set", ["a"])})
    values = {
        "plan": made(5, "evil.module", "Plan", {"title": "t", "inner": inner}, "model_validate_json"),
        "older": made(4, "evil.module", "Older", {"title": "o"}),
        "who": made(0, "uuid", "UUID", "00000000000000000000000000000007"),
        "when": made(3, "datetime", "datetime", "2026-01-02T03:04:05+00:00", "fromisoformat"),
        "day": made(1, "datetime", "date", [2026, 1, 2]),
        "hour": made(2, "datetime", "time", {"hour": 1, "minute": 2, "second": 3, "microsecond": 0, "fold": 0}),
        "took": made(1, "datetime", "timedelta", [0, 1, 500000]),
        "where": made(1, "pathlib", "PosixPath", ["/", "tmp", "x"]),
        "pattern": made(1, "re", "compile", ["a+", 32]),
        "array": made(6, "<f4", [2, 2], "C", b"\0\0\x80?" * 4),
        "columns": made(6, "<i2", [2, 3], "F", bytes([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0])),
        "names": made(6, "<U3", [1], "C", b"abc" * 4),
        "raw": b"\xff\0",
        "nan": float("nan"),
        "new": made(99, "anything"),
    }
    before = set(sys.modules)
    loaded = load(LangGraph(), database(path, NOW, [row("1", values)]))
    assert not any(name.startswith("evil") for name in set(sys.modules) - before)
    assert channels(loaded) == {
        "channels/plan": {"title": "t", "inner": {"text": "é", "deep": ["a"]}},
        "channels/older": {"title": "o"},
        "channels/who": "00000000-0000-0000-0000-000000000007",
        "channels/when": "2026-01-02T03:04:05+00:00",
        "channels/day": "2026-01-02",
        "channels/hour": "01:02:03",
        "channels/took": 1.5,
        "channels/where": "/tmp/x",
        "channels/pattern": "a+",
        "channels/array": [[1.0, 1.0], [1.0, 1.0]],
        "channels/columns": [[1, 3, 5], [2, 4, 6]],
        "channels/names": {"dtype": "<U3", "shape": [1], "order": "C", "base64": "YWJjYWJjYWJjYWJj"},
        "channels/raw": {"base64": "/wA="},
        "channels/nan": None,
        "channels/new": ["anything"],
    }
    assert loaded.report.repaired["evil.module.Plan to its fields"] == 1
    assert loaded.report.repaired["extension 99 of msgpack to what it holds"] == 1


def test_json_of_the_first_layout_with_constructors_of_langchain(path: Path) -> None:
    def message(name: str, **fields: JSON) -> JSON:
        return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", name], "kwargs": fields}

    checkpoint: dict[str, JSON] = {
        "v": 1,
        "ts": "2024-06-01T10:00:00+00:00",
        "channel_values": {
            "messages": [
                message("HumanMessage", content="hi", id="h"),
                message("AIMessage", content="", id="a", tool_calls=[{"id": "c", "name": "f", "args": {}}]),
            ],
            "agent": "agent",
            "branch:agent:decide:tools": "agent",
            "found": {"lc": 2, "type": "constructor", "id": ["builtins", "set"], "method": [None], "args": [["x"]]},
            "gone": {"lc": 2, "type": "undefined"},
            "secret": {"lc": 1, "type": "secret", "id": ["KEY"]},
        },
        "channel_versions": {"messages": 3, "agent": 3, "branch:agent:decide:tools": 3},
        "versions_seen": {"agent": {"start:agent": 2}},
    }
    about = {"source": "loop", "step": 1, "writes": {"agent": {"messages": "…"}}}
    rows: list[Row] = [("t", "2024-06-01T10:00:00+00:00", None, json.dumps(checkpoint).encode(), json.dumps(about))]
    loaded = load(LangGraph(), database(path, EARLY, rows))
    assert recognise(path)[0].name == "langgraph"
    assert loaded.value("messages/0001") == {"role": "user", "text": "hi", "type": "human", "id": "h"}
    assert loaded.value("tool_calls/c") == {"name": "f", "args": {}, "status": "running", "message": "messages/0002"}
    assert channels(loaded) == {
        "channels/found": ["x"],
        "channels/gone": None,
        "channels/secret": {"lc": 1, "type": "secret", "id": ["KEY"]},
    }
    assert loaded.value("next") == ["tools"]
    assert loaded.value("writes") == about["writes"]
    (draft,) = loaded.drafts
    assert (draft.namespace, draft.kind, draft.label) == ("lg:t", "tool_call", "agent: f {}")
    assert draft.occurred_at is not None and draft.occurred_at.isoformat() == "2024-06-01T10:00:00+00:00"


def test_where_writes_name_no_task_the_next_checkpoint_tells_what_ran(path: Path) -> None:
    def stored(seen: dict[str, JSON], **values: JSON) -> bytes:
        return json.dumps({"v": 1, "channel_values": values, "versions_seen": seen}).encode()

    rows: list[Row] = [
        ("t", "1", None, stored({"tools": {}}, tools="tools", x=1), json.dumps({"source": "loop"})),
        ("t", "2", "1", stored({"tools": {}, "agent": {}}, x=2), json.dumps({"writes": {"agent": {"x": 2}}})),
    ]
    database(path, EARLY, rows)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table writes (thread_id, thread_ts, task_id, idx, channel, value)")
        connection.executemany(
            "insert into writes values ('t', '1', 'k', ?, ?, ?)",
            [(0, "agent", b'"agent"'), (1, "x", b"2"), (2, "branch:agent:decide:last", b'"agent"')],
        )
    loaded = load(LangGraph(), path)
    assert loaded.history("next") == [["agent"], []]
    (task, _) = loaded.history("tasks/k")
    assert task == {"name": "agent", "status": "done", "goto": ["last"], "writes": {"agent": "agent", "x": 2}}
    assert loaded.labels()[-1] == "agent → x"


def test_in_files_that_name_no_task_what_nodes_have_seen_tells_which_run_next(path: Path) -> None:
    def stored(seen: dict[str, JSON], versions: dict[str, JSON], **values: JSON) -> bytes:
        known: JSON = {"v": 1, "channel_values": values, "channel_versions": versions, "versions_seen": seen}
        return json.dumps(known).encode()

    first: dict[str, JSON] = {"__start__": {"__start__": 1}, "ask": {"plan": 2}, "__interrupt__": {"x": 2}}
    given: dict[str, JSON] = {"__start__": {"x": 1}}
    rows: list[Row] = [
        ("t", "1", None, stored(first, {"__start__": 1, "plan": 2, "x": 3}, x=1), json.dumps({"source": "loop"})),
        (
            *("t", "2", "1"),
            stored(first, {"__start__": 4, "plan": 2, "x": 3}, __start__={"x": 1}, x=1),
            json.dumps({"source": "input", "writes": given}),
        ),
        (
            *("t", "3", "2"),
            stored(
                {**first, "__start__": {"__start__": 4}}, {"start:plan": 5, "plan": 2}, **{"start:plan": "__start__"}
            ),
            json.dumps({"source": "loop", "writes": None}),
        ),
        (
            *("t", "4", "3"),
            stored({**first, "plan": {"start:plan": 5}}, {"start:plan": 5, "plan": 6, "x": 7}, plan="plan", x=2),
            json.dumps({"source": "loop", "writes": {"plan": {"x": 2}}}),
        ),
    ]
    database(path, EARLY, rows)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table writes (thread_id, thread_ts, task_id, idx, channel, value)")
        connection.execute("insert into writes values ('t', '4', 'k', 0, '__interrupt__', '[{\"value\": \"why?\"}]')")
    loaded = load(LangGraph(), path)
    assert loaded.history("next") == [[], ["__start__"], ["plan"], ["ask"]]
    assert "asks: why?" in loaded.labels()[-1]
    assert not any("__interrupt__" in label for label in loaded.labels())


def test_a_pickle_is_named_and_never_opened(path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return pytest.fail, ("a pickle was opened",)

    trap = pickle.dumps(Trap())
    rows: list[Row] = [
        ("t", "", "1", None, "msgpack", packed({"x": 1}), None),
        ("t", "", "2", "1", "pickle", trap, None),
        ("t", "", "3", "2", None, trap, None),
        ("t", "", "4", "3", "msgpack+aes", b"\0\1", None),
        ("t", "", "5", "4", "msgpack", packed({"x": 2}), trap),
    ]
    writes: list[Row] = [("t", "", "5", "task", "", 0, "y", "pickle", trap)]
    loaded = load(LangGraph(), database(path, NOW, rows, writes))
    assert loaded.history("channels/x") == [1, 2]
    assert loaded.kinds().count("undecodable") == loaded.report.unknown["checkpoint"] == 3
    first = loaded.value("records/0001")
    assert isinstance(first, dict)
    assert first["opaque"] == "a pickle, which is code and is never opened"
    assert first["bytes"] == len(trap)
    assert "encrypted (msgpack+aes)" in str(loaded.value("records/0003"))
    assert "a pickle" in str(loaded.value("tasks/task"))


def test_writes_without_their_checkpoint_are_kept_as_records(path: Path) -> None:
    writes: list[Row] = [
        ("t", "", "gone", "task", "", 0, "x", "msgpack", ormsgpack.packb("lost")),
        ("other", "sub:1", "gone", "task", "", 1, "y", "null", b""),
    ]
    loaded = load(LangGraph(), database(path, NOW, [row("1", {"x": 1})], writes))
    assert loaded.report.unknown == {"write without its checkpoint": 2}
    assert loaded.value("records/0001") == {"checkpoint": "gone", "task": "task", "channel": "x", "value": "lost"}
    assert loaded.value("records/0001", "sub:1") == {
        "checkpoint": "gone",
        "task": "task",
        "channel": "y",
        "value": None,
    }


def test_children_after_the_first_begin_branches_that_hold_what_they_came_from(path: Path) -> None:
    rows = [
        row("a1", {"x": 1, "y": "kept"}),
        row("a2", {"x": 2, "y": "kept"}, "a1"),
        row("a3", {"x": 3, "y": "kept"}, "a1"),
        row("a4", {"x": 4, "y": "kept"}, "a1"),
        row("a5", {"x": 5, "y": "kept"}, "a3"),
        row("b1", {"x": 9}),
    ]
    loaded = load(LangGraph(), database(path, NOW, rows))
    state = {(at.namespace, at.key): value for at, value in loaded.state.items() if at.key.startswith("channels/")}
    assert state == {
        ("lg:t", "channels/x"): 2,
        ("lg:t", "channels/y"): "kept",
        ("lg:t@a3", "channels/x"): 5,
        ("lg:t@a3", "channels/y"): "kept",
        ("lg:t@a4", "channels/x"): 4,
        ("lg:t@a4", "channels/y"): "kept",
        ("lg:t@b1", "channels/x"): 9,
    }
    branches = {at.namespace: value for at, value in loaded.state.items() if at.key == "branch"}
    assert branches == {name: {"of": "lg:t", "after": "a1"} for name in ("lg:t@a3", "lg:t@a4")}
    assert loaded.report.counts["forks"] == 2


def test_a_parent_with_a_later_id_is_told_first_and_circles_are_cut(path: Path) -> None:
    rows = [row("1", {"x": 2}, "9"), row("9", {"x": 1}), row("5", {"y": 1}, "6"), row("6", {"y": 2}, "5")]
    loaded = load(LangGraph(), database(path, NOW, rows))
    assert loaded.history("channels/x") == [1, 2]
    assert [draft.meta["checkpoint_id"] for draft in loaded.drafts] == ["9", "1", "5", "6"]
    assert loaded.report.repaired["checkpoints that were their own ancestors to beginnings"] == 1


def test_true_and_one_are_different_values(path: Path) -> None:
    rows = [row("1", {"x": 1, "y": [1]}), row("2", {"x": True, "y": [1.0]}, "1"), row("3", {"x": 1, "y": [1.0]}, "2")]
    loaded = load(LangGraph(), database(path, NOW, rows))
    assert repr(loaded.history("channels/x")) == "[1, True, 1]"  # S25
    assert repr(loaded.history("channels/y")) == "[[1], [1.0]]"


def test_every_event_says_where_it_lies_and_counts_are_those_of_the_tables() -> None:
    for path in SAMPLES or [sample("langgraph/tool_agent.sqlite")]:
        loaded = load(LangGraph(), path)
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            connection.text_factory = bytes
            checkpoints = dict(connection.execute("select rowid, checkpoint_id from checkpoints"))
            writes = {number for (number,) in connection.execute("select rowid from writes")}
            tasks = connection.execute(
                "select count(*) from (select distinct checkpoint_id, task_id from writes"
                " where task_id not like '00000000-%' and channel not in ('__interrupt__', '__resume__'))"
            ).fetchone()[0]
        told = [draft for draft in loaded.drafts if draft.meta["table"] == "checkpoints"]
        assert sorted(str(draft.meta["row"]) for draft in told) == sorted(map(str, checkpoints))
        for draft in told:
            assert checkpoints[draft.meta["row"]].decode() == draft.meta["checkpoint_id"]
        listed: set[JSON] = set()
        for draft in loaded.drafts:
            assert draft.kind and draft.label and draft.occurred_at is not None
            if draft.meta["table"] == "writes":
                rows = draft.meta["row"]
                assert isinstance(rows, list)
                listed |= set(rows)
        assert listed == writes
        assert loaded.report.records == loaded.report.counts["checkpoints"] == len(checkpoints)
        assert loaded.report.counts["tasks"] == tasks
        assert loaded.report.bytes_read == loaded.report.bytes_total == path.stat().st_size
        assert load(LangGraph(), path).drafts == loaded.drafts  # S21


def test_messages_calls_and_tokens_are_those_that_the_last_states_hold() -> None:
    path = sample("langgraph/tool_agent.sqlite")
    golden = [json.loads(line) for line in sample("langgraph/tool_agent.history.jsonl").read_text().splitlines()]
    last = {entry["thread_id"]: entry["values"]["messages"] for entry in reversed(golden)}
    messages = [message for thread in last.values() for message in thread]
    counts = load(LangGraph(), path).report.counts
    assert counts["messages"] == len(messages)
    assert counts["tool_calls"] == sum(len(message.get("tool_calls", ())) for message in messages)
    assert counts["tool_results"] == sum(message["type"] == "tool" for message in messages)
    for ours, theirs in (("input_tokens", "input_tokens"), ("output_tokens", "output_tokens")):
        assert counts[ours] == sum((message.get("usage_metadata") or {}).get(theirs, 0) for message in messages)


def test_what_a_subgraph_and_its_parent_both_hold_is_counted_once(path: Path) -> None:
    used = {"input_tokens": 10, "output_tokens": 5}
    asks = {"type": "ai", "content": "", "id": "m1", "tool_calls": [{"id": "c1", "name": "f"}], "usage_metadata": used}
    answer = {"type": "tool", "content": "ok", "id": "m2", "tool_call_id": "c1"}
    rows = [
        row("1", {"messages": []}),
        ("t", "team:1", "2", None, "msgpack", packed({"messages": [asks, answer]}), json.dumps({"parents": {"": "1"}})),
        row("3", {"messages": [asks, answer]}, "1"),
    ]
    loaded = load(LangGraph(), database(path, NOW, rows))
    counts = loaded.report.counts
    assert {noun: counts[noun] for noun in ("messages", "tool_calls", "tool_results", "input_tokens")} == {
        "messages": 2,
        "tool_calls": 1,
        "tool_results": 1,
        "input_tokens": 10,
    }
    assert loaded.keys("messages/", "main") == loaded.keys("messages/", "team:1") == ["messages/0001", "messages/0002"]
    assert loaded.keys("usage") == ["usage"] and loaded.value("usage", "team:1")


def test_other_databases_are_not_taken(path: Path) -> None:
    database(path, ("id", "checkpoint"), [(1, "x")])
    assert not LangGraph().recognise(Source(path))
    with pytest.raises(ImportFormatError, match="no column thread_id"):
        load(LangGraph(), path)
    path.write_bytes(b"no database")
    with pytest.raises(ImportFormatError, match="not a SQLite database"):
        load(LangGraph(), path)


def broken_values(chance: random.Random) -> Iterator[bytes]:
    """Checkpoints with bytes changed, and extensions inside extensions far deeper than any object goes."""
    whole = packed({"x": ormsgpack.Ext(5, ormsgpack.packb(("m", "C", {"a": [1, "é", b"x"]}, "v"))), "l": ["a"] * 9})
    for _ in range(400):
        changed = bytearray(whole)
        for _ in range(chance.choice((1, 3))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        yield bytes(changed)
    deep: Any = "x"
    for _ in range(2_000):
        deep = ormsgpack.Ext(0, ormsgpack.packb(("m", "C", deep)))
    yield packed({"x": deep})
    yield b"\x91" * 100_000
    yield b"[" * 100_000
    yield b""


def test_checkpoints_of_any_bytes_are_told_or_noted(path: Path) -> None:
    values = list(broken_values(random.Random(3)))
    rows: list[Row] = [("t", "", f"{n:05}", None, "msgpack", value, value) for n, value in enumerate(values)]
    rows += [
        ("t", "", f"{n:05}", None, kind, b'{"channel_values": 1}', 7) for n, kind in enumerate(("json", 9), 50_000)
    ]
    writes: list[Row] = [("t", "", f"{n:05}", n, 5, "a", b"\xff", None, value) for n, value in enumerate(values)]
    loaded = load(LangGraph(), database(path, NOW, rows, writes))
    told = sum(draft.meta["table"] == "checkpoints" for draft in loaded.drafts)
    assert told == len(rows)
    assert loaded.report.unknown["checkpoint"] + loaded.report.counts["checkpoints"] == len(rows)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_damaged_sample_gives_a_named_error_or_counted_repairs(path: Path, tmp_path: Path) -> None:
    content, chance = path.read_bytes(), random.Random(11)
    broken = tmp_path / "broken.sqlite"
    for number in range(120):
        changed = bytearray(content)
        for _ in range(chance.choice((1, 8, 64))):
            changed[chance.randrange(16, len(changed))] = chance.randrange(256)
        broken.write_bytes(changed if number % 4 else content[: chance.randrange(16, len(content))])
        try:
            load(LangGraph(), broken)
        except LogError as error:
            assert "broken.sqlite" in str(error)
