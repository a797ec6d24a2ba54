"""What LangGraph itself says of its threads is what the state says, checkpoint by checkpoint."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypedDict
from uuid import UUID

import pytest
from tests.formats.conftest import load, sample

from playhead.formats.langgraph import LangGraph
from playhead.model import JSON, Address

EMPTY: tuple[JSON, ...] = ([], {}, 0, "", None)
Graph = Any


@pytest.fixture
def saver(tmp_path: Path) -> Iterator[Any]:
    """LangGraph's own SQLite checkpointer, or a skipped test."""
    pytest.importorskip("langgraph.graph", reason="needs LangGraph: pip install -e '.[interop]'")
    sqlite = pytest.importorskip("langgraph.checkpoint.sqlite", reason="needs LangGraph: pip install -e '.[interop]'")
    with sqlite.SqliteSaver.from_conn_string(str(tmp_path / "checkpoints.sqlite")) as made:
        yield made


@dataclass(frozen=True, slots=True)
class At:
    """The state of one thread's graph or subgraph at a checkpoint, its tasks told."""

    namespace: str
    state: dict[str, JSON]

    @property
    def values(self) -> dict[str, JSON]:
        """The channels, put together again from their keys."""
        found: dict[str, Any] = {}
        for key, value in self.state.items():
            area, _, rest = key.partition("/")
            if area == "messages":
                found.setdefault("messages", {})[int(rest)] = as_written(value)
            elif area == "channels":
                name, split, part = rest.partition("/")
                if split:
                    found.setdefault(name, {})[int(part) if part.isdigit() else part] = value
                else:
                    found[name] = value
        return {
            name: [entries[number] for number in sorted(entries)]
            if isinstance(entries, dict) and entries and all(isinstance(part, int) for part in entries)
            else entries
            for name, entries in found.items()
        }

    def tasks(self) -> list[dict[str, Any]]:
        return [value for key, value in self.state.items() if key.startswith("tasks/") and isinstance(value, dict)]


def as_written(message: JSON) -> JSON:
    """A message as LangGraph has it."""
    assert isinstance(message, dict)
    plain = {name: value for name, value in message.items() if name not in ("role", "text")}
    return {"content": message["text"], **plain}


def history(path: Path) -> dict[tuple[str, str], At]:
    """The state at every checkpoint, by checkpoint_ns and checkpoint_id."""
    state: dict[Address, JSON] = {}
    found: dict[tuple[str, str], At] = {}
    for draft in load(LangGraph(), path).drafts:
        for operation in draft.operations:
            if operation.op == "delete":
                del state[operation.address]
            else:
                state[operation.address] = json.loads(operation.encoded)
        agent_id = draft.operations[0].address.agent_id
        where = str(draft.meta.get("checkpoint_ns", "")), str(draft.meta["checkpoint_id"])
        live = {at.key: value for at, value in state.items() if at[:2] == (draft.namespace, agent_id)}
        found[where] = At(draft.namespace, live)
    return found


def plain(value: object) -> JSON:
    """What a person would write for a value that LangGraph gives back."""
    if isinstance(value, dict):
        return {"null" if name is None else str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if type(value).__name__ == "Send":
        return {"node": value.node, "arg": plain(value.arg)}  # type: ignore[attr-defined]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    assert value is None or isinstance(value, str | int | float | bool), value
    return value


def ordered(value: JSON) -> JSON:
    """A list that was a set, in the order that `plain` gives sets."""
    return sorted(value, key=str) if isinstance(value, list) else value


def assert_same(expected: dict[str, Any], at: At) -> None:
    """The channels are equal; an aggregate that nothing was ever written to is not in the file, and no difference."""
    ours = at.values
    told = {name: value for name, value in expected.items() if name in ours or value not in EMPTY}
    assert ours == told
    assert json.dumps(ours, sort_keys=True) == json.dumps(told, sort_keys=True)


def assert_history(graph: Graph, path: Path, *threads: str, sets: tuple[str, ...] = ()) -> dict[tuple[str, str], At]:
    """Every checkpoint of these threads, subgraphs included, is in the file's history and equal."""
    found = history(path)
    compared = 0
    for thread in threads:
        for snapshot in graph.get_state_history({"configurable": {"thread_id": thread}}):
            at = found["", snapshot.config["configurable"]["checkpoint_id"]]
            for name in sets:
                if name in at.state.keys() | {key.removeprefix("channels/") for key in at.state}:
                    at.state[f"channels/{name}"] = ordered(at.state[f"channels/{name}"])
            assert_same(plain(snapshot.values), at)  # type: ignore[arg-type]
            assert sorted(at.state["next"]) == sorted(snapshot.next)  # type: ignore[arg-type, type-var]
            assert_tasks(snapshot, at)
            compared += 1
    assert compared == sum(1 for subgraph, _ in found if not subgraph)
    return found


def assert_tasks(snapshot: Any, at: At) -> None:
    known = {key.removeprefix("tasks/"): value for key, value in at.state.items() if key.startswith("tasks/")}
    for task in snapshot.tasks:
        ours = known.pop(task.id, None)
        if ours is None:
            assert not task.error and not task.interrupts and not task.result
            continue
        assert isinstance(ours, dict)
        assert ours["name"] == task.name
        assert ours.get("error") == task.error
        asked = ours.get("interrupts", [])
        assert isinstance(asked, list)
        assert [(one["value"], one["id"]) for one in asked if isinstance(one, dict)] == [
            (plain(one.value), one.id) for one in task.interrupts
        ]
        if isinstance(task.result, dict) and task.result:
            assert sets_ordered(ours["writes"]) == sets_ordered(plain(task.result))
    # What is left are updates from outside, which LangGraph tells through their outcome alone.
    assert all(isinstance(value, dict) and value["name"] is None for value in known.values())


def sets_ordered(writes: JSON) -> JSON:
    """The writes of a task with what was a set in one order."""
    assert isinstance(writes, dict)
    return {name: ordered(value) if name == "names" else value for name, value in writes.items()}


@pytest.mark.parametrize("name", ["hitl_fork_error", "tool_agent"])
def test_samples_equal_the_history_that_was_kept_beside_them(name: str) -> None:
    golden = [json.loads(line) for line in sample(f"langgraph/{name}.history.jsonl").read_text().splitlines()]
    found = history(sample(f"langgraph/{name}.sqlite"))
    assert len(found) == len(golden)
    for expected in golden:
        at = found["", expected["checkpoint_id"]]
        assert at.namespace.partition("@")[0] == f"lg:{expected['thread_id']}"
        assert_same(expected["values"], at)
        assert at.state["next"] == expected["next"]
        assert at.state["checkpoint"] == {
            "id": expected["checkpoint_id"],
            "parent": expected["parent"],
            "step": expected["step"],
            "source": expected["source"],
        }
        for task in expected["tasks"]:
            (ours,) = (value for value in at.tasks() if value["name"] == task["name"])
            error = ours.get("error")
            assert (error and repr(error)) == task["error"]
            assert [one["value"] for one in ours.get("interrupts", [])] == task["interrupts"]


class Review(TypedDict):
    text: str
    rounds: int
    log: Annotated[list[str], operator.add]


def test_forks_interrupts_answers_and_updates_of_the_state(saver: Any, tmp_path: Path) -> None:
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Command, interrupt

    def write(state: Review) -> dict[str, Any]:
        return {"text": f"draft {state.get('rounds', 0)}", "rounds": state.get("rounds", 0) + 1, "log": ["wrote"]}

    def review(state: Review) -> dict[str, Any]:
        return {"log": [f"review says {interrupt({'text': state['text']})}"]}

    def publish(state: Review) -> dict[str, Any]:
        if "refused" in state["text"]:
            raise ValueError("503")
        return {"log": ["published"]}

    builder = StateGraph(Review)
    for name, node in {"write": write, "review": review, "publish": publish}.items():
        builder.add_node(name, node)
    builder.add_edge(START, "write")
    builder.add_edge("write", "review")
    builder.add_conditional_edges("review", lambda state: "publish" if "yes" in state["log"][-1] else "write")
    builder.add_edge("publish", END)
    graph = builder.compile(checkpointer=saver)
    one: Any = {"configurable": {"thread_id": "one"}}
    graph.invoke({"log": ["begun"]}, one)
    graph.invoke(Command(resume="no"), one)
    graph.invoke(Command(resume="yes", update={"rounds": 40, "log": ["told"]}), one)
    earlier = [snapshot for snapshot in graph.get_state_history(one) if snapshot.next == ("review",)]
    forked = graph.update_state(earlier[-1].config, {"text": "by hand", "log": ["edited"]})
    graph.invoke(Command(resume="yes"), forked)
    graph.invoke(None, earlier[-1].config)
    two: Any = {"configurable": {"thread_id": "two"}}
    graph.invoke({"log": []}, two)
    graph.update_state(two, {"text": "refused"}, as_node="write")
    with pytest.raises(ValueError, match="503"):
        graph.invoke(Command(resume="yes"), two)
    saver.delete_thread("three")
    graph.invoke({"log": []}, {"configurable": {"thread_id": "three"}})
    saver.delete_thread("three")
    found = assert_history(graph, tmp_path / "checkpoints.sqlite", "one", "two")
    assert len({at.namespace for at in found.values()}) > 2
    assert not any("three" in at.namespace for at in found.values())
    assert any("503" in str(at.state.get("last_error")) for at in found.values())


def test_subgraphs_are_agents_of_their_own(saver: Any, tmp_path: Path) -> None:
    from langgraph.graph import START, StateGraph
    from langgraph.types import Command, interrupt

    class Inner(TypedDict):
        text: str
        seen: Annotated[list[str], operator.add]

    inner = StateGraph(Inner)
    inner.add_node("look", lambda state: {"seen": [state["text"]]})
    inner.add_node("ask", lambda state: {"text": interrupt("more?")})
    inner.add_edge(START, "look")
    inner.add_edge("look", "ask")
    outer = StateGraph(Review)
    outer.add_node("inside", inner.compile())
    outer.add_node("after", lambda state: {"log": [f"after {state['text']}"]})
    outer.add_edge(START, "inside")
    outer.add_edge("inside", "after")
    graph = outer.compile(checkpointer=saver)
    thread: Any = {"configurable": {"thread_id": "deep"}}
    graph.invoke({"text": "a", "log": []}, thread)
    waiting = graph.get_state(thread, subgraphs=True).tasks[0].state
    graph.invoke(Command(resume="b"), thread)
    found = assert_history(graph, tmp_path / "checkpoints.sqlite", "deep")
    where = waiting.config["configurable"]
    at = found[where["checkpoint_ns"], where["checkpoint_id"]]
    assert at.namespace == "lg:deep"
    assert_same(plain(waiting.values), at)  # type: ignore[arg-type]
    assert at.state["next"] == list(waiting.next) == ["ask"]
    assert sum(bool(subgraph) for subgraph, _ in found) == 4


def test_a_function_ends_with_what_it_gave_and_its_tasks_are_told_in_words(saver: Any, tmp_path: Path) -> None:
    from langgraph.types import Command, interrupt

    made: Any = pytest.importorskip("langgraph.func")

    def square(number: int) -> int:
        return number * number

    task = made.task(square)

    def flow_of(most: int, *, previous: int | None = None) -> Any:
        squares = [one.result() for one in [task(number) for number in range(most)]]
        return made.entrypoint.final(
            value={"squares": squares, "answer": interrupt("go on?")}, save=(previous or 0) + most
        )

    flow_of.__name__ = "flow"
    flow = made.entrypoint(checkpointer=saver)(flow_of)
    thread: Any = {"configurable": {"thread_id": "f"}}
    for most in (3, 2):
        flow.invoke(most, thread)
        flow.invoke(Command(resume="yes"), thread)
    path = tmp_path / "checkpoints.sqlite"
    found = history(path)
    compared = 0
    for snapshot in flow.get_state_history(thread):
        at = found["", snapshot.config["configurable"]["checkpoint_id"]]
        assert at.state.get("final") == plain(snapshot.values)
        assert list(snapshot.next) == at.state["next"]
        compared += 1
    assert compared == 4
    labels = load(LangGraph(), path).labels()
    assert labels.count("flow → result") == 2
    assert not any("__" in label for label in labels)
    assert [label for label in labels if label.endswith("(step 0)")] == ["flow (step 0)"]


def test_parallel_interrupts_jumps_and_reducers_of_any_kind(saver: Any, tmp_path: Path) -> None:
    from langgraph.graph import START, StateGraph
    from langgraph.types import Command, StateUpdate, interrupt

    class Counted(Review):
        total: Annotated[int, operator.add]
        known: Annotated[dict[str, str], operator.or_]

    def asking(name: str, questions: int) -> Any:
        def ask(_: Counted) -> dict[str, Any]:
            answers = [interrupt({"who": name, "n": number}) for number in range(questions)]
            return {"log": answers, "total": 2, "known": {name: answers[-1]}}

        return ask

    builder = StateGraph(Counted)
    builder.add_node("a", asking("a", 1))
    builder.add_node("b", asking("b", 2))
    builder.add_node("route", lambda _: Command(goto="join", update={"rounds": 1}), destinations=("join",))
    builder.add_node("join", lambda _: {"log": ["joined"]})
    builder.add_node("last", lambda _: {"total": 5})
    builder.add_edge(START, "a")
    builder.add_edge(START, "b")
    builder.add_edge(["a", "b"], "route")
    builder.add_edge("join", "last")
    graph = builder.compile(checkpointer=saver, interrupt_after=["join"])
    thread: Any = {"configurable": {"thread_id": "many"}}
    graph.invoke({"log": ["begun"], "total": 1}, thread)
    for answer in ("A", "B"):
        waiting = graph.get_state(thread).interrupts[0].id
        graph.invoke(Command(resume={waiting: answer}), thread)
    # Nothing before this shows what the channels do with two writes: what comes after does.
    graph.invoke(Command(resume="C", update={"log": ["told"], "total": 10}), thread)
    graph.invoke(None, thread)
    graph.update_state(thread, {"known": {"by": "hand"}}, as_node="join")
    graph.bulk_update_state(thread, [[StateUpdate({"rounds": n}, "join")] for n in (1, 2)])
    graph.invoke({"log": ["at once"]}, {"configurable": {"thread_id": "exit"}}, durability="exit")
    assert_history(graph, tmp_path / "checkpoints.sqlite", "many", "exit")


def test_messages_that_are_added_changed_and_removed(saver: Any, tmp_path: Path) -> None:
    from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage, ToolMessage
    from langgraph.graph import START, MessagesState, StateGraph
    from langgraph.graph.message import REMOVE_ALL_MESSAGES

    steps: list[list[Any]] = [
        [HumanMessage("hé", id="h1")],
        [AIMessage("", id="a1", tool_calls=[{"name": "look", "args": {"at": 1}, "id": "c1"}])],
        [ToolMessage("seen", tool_call_id="c1", id="t1", artifact={"raw": [1, 2]})],
        [AIMessage([{"type": "text", "text": "parts"}], id="a2"), HumanMessage("again", id="h2")],
        [RemoveMessage(id="h1"), AIMessage("changed", id="a2")],
        [HumanMessage("new", id="h1")],
        [RemoveMessage(id=REMOVE_ALL_MESSAGES), HumanMessage("fresh", id="h3")],
        [RemoveMessage(id="h3")],
        [HumanMessage("last")],
    ]
    builder = StateGraph(MessagesState)
    builder.add_node("say", lambda _: {"messages": steps.pop(0)})
    builder.add_edge(START, "say")
    builder.add_conditional_edges("say", lambda _: "say" if steps else "__end__")
    graph = builder.compile(checkpointer=saver)
    graph.invoke({"messages": []}, {"configurable": {"thread_id": "talk"}, "recursion_limit": 40})
    found = assert_history(graph, tmp_path / "checkpoints.sqlite", "talk")
    states = [at.state for at in found.values()]
    call = next(state["tool_calls/c1"] for state in states if "messages/0003" in state)
    assert call == {
        "name": "look",
        "args": {"at": 1},
        "status": "ok",
        "message": "messages/0002",
        "result": "seen",
        "answer": "messages/0003",
    }
    assert not any(key.startswith("tool_calls/") for key in states[-1])


def test_what_threads_remember_together_and_tables_of_others(saver: Any, tmp_path: Path) -> None:
    from langgraph.store.sqlite import SqliteStore

    saver.setup()
    path = tmp_path / "checkpoints.sqlite"
    with SqliteStore.from_conn_string(str(path)) as store:
        store.setup()
        store.put(("users", "ann"), "likes", {"tea": True})
        store.put(("users",), "count", {"n": 1})
    saver.conn.execute("create table notes (text)")
    loaded = load(LangGraph(), path)
    assert loaded.value("store/likes", "users.ann") == {"tea": True}
    assert loaded.value("store/count", "users") == {"n": 1}
    assert all(draft.occurred_at is not None and draft.namespace == "lg-store" for draft in loaded.drafts)
    assert loaded.report.warnings == [f"{path.name}: tables that are none of LangGraph's: notes"]


@dataclass
class Plan:
    title: str
    steps: list[str]


class Colour(Enum):
    RED = "red"


class Wide(TypedDict, total=False):
    n: int
    plan: Any
    colour: Any
    when: Any
    who: Any
    names: Any
    numbers: Any
    files: dict[str, str]
    rows: Annotated[list[dict[str, Any]], operator.add]
    parts: Annotated[list[str], operator.add]


def test_values_of_any_class_and_large_values(saver: Any, tmp_path: Path) -> None:
    from langgraph.graph import START, StateGraph
    from langgraph.types import Send

    def step(state: Wide) -> Wide:
        n = state["n"] + 1
        files = {**state.get("files", {}), f"src/file-{n}.py": f"print({n})\n" * 200}
        if n == 4:
            del files["src/file-1.py"]
        return {
            "n": n,
            "plan": Plan("p", ["a"] * n),
            "colour": Colour.RED,
            "when": datetime(2026, 1, n, tzinfo=UTC),
            "who": UUID(int=n),
            "names": {"a", "b", str(n)},
            "numbers": {1: float(n), None: True},
            "files": files,
            "rows": [{"id": f"r{n}", "text": "x" * 900}, {"text": "same"}],
        }

    builder = StateGraph(Wide)
    builder.add_node("step", step)
    builder.add_node("part", lambda state: {"parts": [state["name"]]})
    builder.add_edge(START, "step")
    builder.add_conditional_edges(
        "step", lambda state: "step" if state["n"] < 8 else [Send("part", {"name": name}) for name in "xyz"]
    )
    graph = builder.compile(checkpointer=saver)
    graph.invoke({"n": 0}, {"configurable": {"thread_id": "wide"}})
    path = tmp_path / "checkpoints.sqlite"
    found = assert_history(graph, path, "wide", sets=("names",))
    (sends,) = (at.state["sends"] for at in found.values() if "sends" in at.state)
    assert isinstance(sends, list)
    assert [send["arg"] for send in sends if isinstance(send, dict)] == [{"name": name} for name in "xyz"]
    loaded = load(LangGraph(), path)
    assert any("Plan to its fields" in what for what in loaded.report.repaired)
    # What did not change is not written again, however often the checkpoints repeat it.
    assert loaded.history("channels/files/src/file-2.py") == ["print(2)\n" * 200]
    assert [value for value in loaded.history("channels/rows/0001") if value is not None] == [
        {"id": "r1", "text": "x" * 900}
    ]


def test_channels_that_are_stored_as_writes_between_snapshots(saver: Any, tmp_path: Path) -> None:
    delta = pytest.importorskip("langgraph.channels.delta", reason="this LangGraph has no DeltaChannel")
    from langchain_core.messages import AIMessage, HumanMessage
    from langgraph.graph import START, StateGraph
    from langgraph.graph.message import add_messages

    def extend(state: list[str], writes: list[list[str]]) -> list[str]:
        return [*state, *(item for write in writes for item in write)]

    def merge(state: dict[str, int], writes: list[dict[str, int]]) -> dict[str, int]:
        return {name: value for part in (state, *writes) for name, value in part.items()}

    def talk(state: list[Any], writes: list[Any]) -> Any:
        for write in writes:
            state = add_messages(state, write)
        return state

    fields = {
        "n": int,
        "log": Annotated[list, delta.DeltaChannel(extend, snapshot_frequency=4)],
        "known": Annotated[dict, delta.DeltaChannel(merge, snapshot_frequency=50)],
        "messages": Annotated[list, delta.DeltaChannel(talk, snapshot_frequency=3)],
    }

    def step(state: Any) -> dict[str, Any]:
        n = state["n"] + 1
        said = AIMessage(f"changed {n}", id=f"m{n - 1}") if n % 3 == 0 else AIMessage(f"said {n}", id=f"m{n}")
        return {"n": n, "log": [f"did {n}"], "known": {f"k{n % 4}": n}, "messages": [said]}

    builder = StateGraph(TypedDict("Delta", fields))  # type: ignore[operator]
    builder.add_node("step", step)
    builder.add_edge(START, "step")
    builder.add_conditional_edges("step", lambda state: "step" if state["n"] % 12 else "__end__")
    graph = builder.compile(checkpointer=saver)
    thread: Any = {"configurable": {"thread_id": "delta"}}
    graph.invoke({"n": 0, "log": ["begun"], "messages": [HumanMessage("hi", id="h")]}, thread)
    middle = [snapshot for snapshot in graph.get_state_history(thread) if snapshot.values.get("n") == 6][-1]
    forked = graph.update_state(middle.config, {"log": ["by hand"], "known": {"hand": 1}})
    graph.invoke(None, forked)
    assert_history(graph, tmp_path / "checkpoints.sqlite", "delta")
