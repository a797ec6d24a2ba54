"""What LangGraph's channels mean: which steer the graph, which nodes come next, and what writes make of a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from playhead.formats.langgraph_values import OVERWRITE
from playhead.model import JSON

Fields = dict[str, JSON]

START = "__start__"
END, RETURN, PREVIOUS = "__end__", "__return__", "__previous__"
"""Where a function's result stands, that of a task it calls, and what it keeps for its next run."""
SENDS = "__pregel_tasks"
NO_TASK = "00000000-0000-0000-0000-000000000000"
"""Under this id stand writes that no task made: an update of the state, or what an interrupt is resumed with."""

_STEERING = ("branch:", "start:", "join:")
_PULLED, _PUSHED = "~__pregel_pull, ", "~__pregel_push, "
_REMOVE_ALL = "__remove_all__"
_MESSAGE_TYPES = frozenset(
    {"human", "ai", "system", "tool", "function", "chat", "remove", "developer"}
    | {f"{kind}MessageChunk" for kind in ("Human", "AI", "System", "Tool", "Function", "Chat")}
)


@dataclass(frozen=True, slots=True)
class Write:
    """One row of the table of writes."""

    task_id: str
    path: str | None
    """Of the task; empty for what no task wrote, None in databases from before paths were stored."""
    index: int
    channel: str
    value: JSON
    row: int


def steers(channel: str, nodes: set[str]) -> bool:
    """Whether a channel is the graph's own and no part of its state."""
    return channel.startswith("__") or channel.startswith(_STEERING) or channel in nodes


def node_names(checkpoint: Fields) -> set[str]:
    """The nodes that have run, where a channel of the same name steers the graph: so it was until version 3."""
    version = checkpoint.get("v")
    seen = () if isinstance(version, int) and version >= 3 else _fields(checkpoint, "versions_seen")
    return {name for name in seen if not name.startswith("__")}


def next_nodes(checkpoint: Fields, writes: list[Write], named: list[str]) -> list[str]:
    """The nodes that run after a checkpoint, as far as the file tells: triggered ones, and those that wrote."""
    values, nodes = _fields(checkpoint, "channel_values"), node_names(checkpoint)
    sent = values.get(SENDS) or checkpoint.get("pending_sends")
    sends = [
        str(send["node"])
        for send in (sent if isinstance(sent, list) else ())
        if isinstance(send, dict) and "node" in send
    ]
    paths = {write.path for write in writes if write.path is not None}
    ran = {path.removeprefix(_PULLED) for path in paths if path.startswith(_PULLED)}
    triggered = {
        node
        for channel, value in values.items()
        if (node := _triggers(channel, value)) and channel not in nodes and _is_news(checkpoint, channel, node)
    }
    for node in nodes:
        # What a node has seen of the channels that trigger it is all that such a file says of the graph's edges.
        seen = _fields(_fields(checkpoint, "versions_seen"), node)
        plain = (channel for channel in seen if channel in values and not channel.startswith("join:"))
        if any(_is_news(checkpoint, channel, node) for channel in plain):
            triggered.add(node)
    if nodes & triggered:
        triggered.discard(START)
    ran |= {name for name in named if name not in sends}
    if ran and START not in ran:
        triggered.discard(START)
    return [*sends, *sorted(triggered | ran)]


def task_name(wrote: list[Write], checkpoint: Fields, named: list[str]) -> str:
    """The node that a task ran, or nothing where the file does not say: older ones by the channel named like it."""
    path = wrote[0].path
    if path is None:
        nodes = {*named, *node_names(checkpoint)}
        if any(write.channel.startswith("start:") for write in wrote):
            return START
        return next((write.channel for write in wrote if write.channel in nodes), named[0] if len(named) == 1 else "")
    if path.startswith(_PULLED):
        return path.removeprefix(_PULLED)
    if path.startswith(_PUSHED):
        place = path.removeprefix(_PUSHED).partition(",")[0]
        sent = _fields(checkpoint, "channel_values").get(SENDS) or checkpoint.get("pending_sends")
        if place.isdecimal() and isinstance(sent, list) and int(place) < len(sent):
            send = sent[int(place)]
            return str(send.get("node", "")) if isinstance(send, dict) else ""
    return ""


def is_message(value: JSON) -> bool:
    """Whether a value is a chat message as LangChain or a model API writes it."""
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    return ("content" in value and kind in _MESSAGE_TYPES) or (
        isinstance(value.get("role"), str) and ("content" in value or "tool_calls" in value)
    )


def is_conversation(value: JSON) -> bool:
    """Whether a value is a list of chat messages."""
    return isinstance(value, list) and bool(value) and all(is_message(item) for item in value)


def overwrites(value: JSON) -> tuple[bool, JSON]:
    """Whether a write replaces the value whatever the reducer, and what with."""
    if isinstance(value, dict):
        if len(value) == 1 and OVERWRITE in value:
            return True, value[OVERWRITE]
        if value.get("type") == OVERWRITE and "value" in value:
            return True, value["value"]
    return False, None


class Reducers:
    """What channels make of writes. The functions are in nobody's file: they are told by what they did before."""

    def __init__(self, repaired: Counter[str]) -> None:
        self._examples: dict[str, tuple[JSON, list[JSON], JSON]] = {}
        self._repaired = repaired

    def saw(self, channel: str, before: JSON, writes: list[JSON], after: JSON) -> None:
        """Remember what a channel made of writes; the last time counts."""
        if writes and before is not None and not any(overwrites(write)[0] for write in writes):
            self._examples[channel] = before, writes, after

    def reduce(self, channel: str, before: JSON, writes: list[JSON]) -> JSON:
        """The value after the writes; where nothing shows how, by what the values look like, and counted."""
        for place in range(len(writes) - 1, -1, -1):
            replaced, value = overwrites(writes[place])
            if replaced:
                before, writes = value, writes[place + 1 :]
                break
        if not writes:
            return before
        example = self._examples.get(channel)
        if example is not None:
            before = type(example[0])() if before is None and example[0] is not None else before
            for reducer in _REDUCERS:
                if reducer(example[0], example[1]) == example[2]:
                    return reducer(before, writes)
        self._repaired[f"channel {channel} rebuilt from its writes without its reducer"] += 1
        return _REDUCERS[0](before, writes) if before is not None else _from_nothing(writes)


def _last(_: JSON, writes: list[JSON]) -> JSON:
    return writes[-1]


def _extend(before: JSON, writes: list[JSON]) -> JSON:
    if not isinstance(before, list):
        return _last(before, writes)
    made = list(before)
    for write in writes:
        made += write if isinstance(write, list) else [write]
    return made


def _append(before: JSON, writes: list[JSON]) -> JSON:
    return [*before, *writes] if isinstance(before, list) else _last(before, writes)


def _merge(before: JSON, writes: list[JSON]) -> JSON:
    if not isinstance(before, dict) or not all(isinstance(write, dict) for write in writes):
        return _last(before, writes)
    made = dict(before)
    for write in writes:
        made |= cast(Fields, write)
    return made


def _sum(before: JSON, writes: list[JSON]) -> JSON:
    if isinstance(before, int | float) and all(isinstance(write, int | float) for write in writes):
        return before + sum(cast("list[float]", writes))
    if isinstance(before, str) and all(isinstance(write, str) for write in writes):
        return before + "".join(cast("list[str]", writes))
    return _last(before, writes)


def _messages(before: JSON, writes: list[JSON]) -> JSON:
    """Messages join by id: a known one is replaced in its place, a removal takes it out."""
    if not isinstance(before, list) or not all(is_message(item) for item in before):
        return _guess(before, writes)
    made: dict[str, JSON] = {_identity(item, place): item for place, item in enumerate(before)}
    for write in writes:
        for item in write if isinstance(write, list) else [write]:
            identity = _identity(item, len(made))
            if isinstance(item, dict) and item.get("type") == "remove":
                if item.get("id") == _REMOVE_ALL:
                    made.clear()
                made.pop(identity, None)
            else:
                made[identity] = item
    return list(made.values())


def _guess(before: JSON, writes: list[JSON]) -> JSON:
    if isinstance(before, list):
        return _extend(before, writes)
    return _merge(before, writes)


def _from_nothing(writes: list[JSON]) -> JSON:
    first = writes[0]
    if is_message(first) or is_conversation(first) or isinstance(first, list):
        return _messages([], writes)
    return _merge({}, writes) if isinstance(first, dict) else _last(None, writes)


_REDUCERS: tuple[Callable[[JSON, list[JSON]], JSON], ...] = (_messages, _extend, _append, _merge, _sum, _last)


def _identity(message: JSON, place: int) -> str:
    identity = message.get("id") if isinstance(message, dict) else None
    return identity if isinstance(identity, str) and identity else f"\0{place}"


def _triggers(channel: str, value: JSON) -> str:
    """The node that a channel triggers by holding a value; empty for one that triggers none."""
    if channel == START:
        return START
    if channel.startswith("branch:to:"):
        return channel.removeprefix("branch:to:").partition(":")[0]
    if channel.startswith("join:"):
        names, _, node = channel.removeprefix("join:").rpartition(":")
        return node if isinstance(value, list) and set(names.split("+")) <= {str(name) for name in value} else ""
    if channel.startswith(("branch:", "start:")):
        return channel.rpartition(":")[2]
    return ""


def _is_news(checkpoint: Fields, channel: str, node: str) -> bool:
    """Whether a node has not seen a channel's latest version."""
    version = _fields(checkpoint, "channel_versions").get(channel)
    seen = _fields(_fields(checkpoint, "versions_seen"), node).get(channel)
    if isinstance(version, str) and isinstance(seen, str):
        return version > seen
    if isinstance(version, int | float) and isinstance(seen, int | float):
        return version > seen
    return True


def _fields(value: Fields, name: str) -> Fields:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
