"""The state of one LangGraph thread or subgraph along one branch, as keys that change as little as it does.

channels/<name>              a channel's value; lists and objects that are large go one level down:
channels/<name>/<part>       an entry each, `channels/<name>` itself only while there is none
messages/0007                a message of the channel `messages`, whole, with its role, and plain content as text
tool_calls/<id>              what a message called, and its answer
next, interrupts, tasks/<id> what runs after the checkpoint, what it asked, and what it wrote
checkpoint, status, usage    where the thread stands
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from playhead.draft import Draft
from playhead.formats.langgraph_channels import is_conversation
from playhead.formats.vocabulary import (
    KEY_PART_CHARACTERS,
    PREVIEW_CHARACTERS,
    AgentKeys,
    clipped,
    json_text,
    key_part,
    message_key,
    text_of,
)
from playhead.model import JSON

Fields = dict[str, JSON]

MESSAGES = "messages"
"""The channel that every graph of messages has."""
SPLIT_CHARACTERS = 4_096
"""A list or object of more JSON text is kept entry by entry, so that adding one does not write all."""
_STANDING = frozenset({"checkpoint", "next", "status", "input", "sends", "writes", "control", "interrupts", "tasks"})
_ROLES = {"human": "user", "HumanMessageChunk": "user", "ai": "assistant", "AIMessageChunk": "assistant"}
_ROLES |= {"SystemMessageChunk": "system", "ToolMessageChunk": "tool", "FunctionMessageChunk": "function"}


@dataclass(slots=True)
class Listed:
    """A list that is kept entry by entry: the number and the entry of each, in order."""

    entries: list[tuple[int, JSON]] = field(default_factory=list)
    numbers: int = 0
    """The highest number ever given out."""

    def follow(self, values: list[JSON]) -> None:
        """Number the new entries so that those that stay keep theirs."""
        kept: list[tuple[int, JSON]] = []
        for (number, before), value in zip(self.entries, values, strict=False):
            if before is not value and _identity(before) != _identity(value):
                break
            kept.append((number, value))
        free = len(kept)
        places = {_identity(value): place for place, (_, value) in enumerate(self.entries[free:], free)}
        matching = True
        for value in values[free:]:
            place = places.get(_identity(value)) if matching else None
            if place is not None and place >= free:
                kept.append((self.entries[place][0], value))
                free = place + 1
            else:
                # What comes after a new entry must sort after it.
                matching = False
                self.numbers += 1
                kept.append((self.numbers, value))
        self.entries = kept


class BranchState:
    """The live keys of one agent on one branch; a fork starts from a copy."""

    def __init__(self, keys: AgentKeys, counted: set[str]) -> None:
        self.keys = keys
        self.live: Fields = {}
        self._counted = counted
        """What `usage` and the report have of the thread: subgraphs and their parents hold the same messages."""
        self._lists: dict[str, Listed] = {}
        self._objects: set[str] = set()
        self._kept: Fields = {}
        self._usage = {"input": 0, "output": 0, "cache_read": 0, "calls": 0}
        self._errors = 0
        self._called: set[str] = set()
        self.news: list[Fields] = []
        """The messages that the last checkpoint added or changed."""

    def fork(self, keys: AgentKeys) -> BranchState:
        """The same state, to be written whole by the first event under other keys."""
        made = BranchState(keys, self._counted)
        made._lists, made._kept = copy.deepcopy(self._lists), dict(self._kept)
        made._called = set(self._called)
        made._objects, made._usage, made._errors = set(self._objects), dict(self._usage), self._errors
        return made

    def checkpoint(self, draft: Draft, values: Fields, about: Fields) -> None:
        """Stage what changes when the channels hold these values, and `about` stands beside them."""
        wanted: Fields = {**self._kept, **about}
        self.news = []
        for name, value in values.items():
            self._channel(wanted, name, value)
        self._calls(wanted)
        if self._usage["calls"]:
            wanted["usage"] = dict(self._usage)
        self._settle(draft, wanted)

    def add(self, draft: Draft, about: Fields) -> None:
        """Stage further keys that stand until the next checkpoint."""
        for key, value in about.items():
            self._write(draft, key, value)

    def update(self, draft: Draft, values: Fields | None, about: Fields) -> None:
        """Stage further keys, and what the channels hold now, everything else left as it is."""
        standing = {key: value for key, value in self.live.items() if key.partition("/")[0] in _STANDING}
        if values is not None:
            self.checkpoint(draft, values, standing)
        self.add(draft, about)

    def error(self, draft: Draft, where: str, message: str) -> None:
        """Stage an error, which stays."""
        self._errors += 1
        self.keys.report.counts["errors"] += 1
        kind = message.partition("(")[0] if message.partition("(")[0].isidentifier() else "task"
        value: JSON = {"where": where, "type": kind, "message": self.keys.shorten(draft, message)}
        for key in (f"errors/{self._errors:04}", "last_error"):
            self._kept[key] = value
            self._write(draft, key, value)

    def keep(self, key: str, value: JSON) -> None:
        """Have a key written with the next checkpoint and kept from then on."""
        self._kept[key] = value

    def _settle(self, draft: Draft, wanted: Fields) -> None:
        for key in [key for key in self.live if key not in wanted]:
            draft.delete(self.keys.agent_id, key)
            del self.live[key]
        for key, value in wanted.items():
            self._write(draft, key, value)

    def _write(self, draft: Draft, key: str, value: JSON) -> None:
        known = self.live.get(key, self)
        # Equal in Python and different in JSON: True and 1, 1 and 1.0.
        if known is value or (type(known) is type(value) and known == value and json_text(known) == json_text(value)):
            return
        self.live[key] = value
        self.keys.write(draft, key, value)

    def _channel(self, wanted: Fields, name: str, value: JSON) -> None:
        base = f"channels/{key_part(name)}"
        if isinstance(value, list) and (name in self._lists or is_conversation(value) or _is_large(value)):
            self._list(wanted, name, base, value)
        elif isinstance(value, dict) and value and (name in self._objects or _is_large(value)):
            self._objects.add(name)
            wanted |= {f"{base}/{key_part(part)}" if part else f"{base}/": entry for part, entry in value.items()}
        else:
            wanted[base] = value

    def _list(self, wanted: Fields, name: str, base: str, values: list[JSON]) -> None:
        listed = self._lists.setdefault(name, Listed())
        before = dict(listed.entries) if name == MESSAGES else {}
        listed.follow(values)
        if not values:
            wanted[base] = values
        talk = name == MESSAGES and is_conversation(values)
        for number, entry in listed.entries:
            if not talk or not isinstance(entry, dict):
                wanted[f"{base}/{number:04}"] = entry
                continue
            key = message_key(number)
            known = before.get(number)
            if known is entry and key in self.live:
                wanted[key] = self.live[key]
                continue
            wanted[key] = told(entry)
            if known != entry:
                self.news.append(entry)
                if number not in before and self._is_first("message", entry):
                    self.keys.report.counts["messages"] += 1
                    self._spend(entry)

    def _calls(self, wanted: Fields) -> None:
        """The calls that the conversation holds, each with its answer once it is there."""
        listed = self._lists.get(MESSAGES)
        uses: dict[str, int] = {}
        latest: dict[str, tuple[str, Fields]] = {}
        for number, message in listed.entries if listed is not None else ():
            if not isinstance(message, dict):
                continue
            for call in calls_of(message):
                identity = str(call.get("id") or f"call-{number}")
                uses[identity] = uses.get(identity, 0) + 1
                key = f"tool_calls/{key_part(identity)}" + (f"-{uses[identity]}" if uses[identity] > 1 else "")
                value: Fields = {"name": call.get("name"), "args": call.get("args"), "status": "running"}
                value["message"] = message_key(number)
                wanted[key] = value
                latest[identity] = key, value
                self._once("tool_calls", key, message)
            answers = message.get("tool_call_id")
            if isinstance(answers, str) and answers:
                key, value = latest.get(answers, (f"tool_calls/{key_part(answers)}", {"name": message.get("name")}))
                status = "error" if message.get("status") == "error" else "ok"
                self._once("tool_results", f"{key} answered", message)
                wanted[key] = {**value, "status": status, "result": preview(message), "answer": message_key(number)}

    def _once(self, noun: str, what: str, message: Fields) -> None:
        """Count a thing of a message the first time that the branch holds it, and the thread."""
        if what not in self._called:
            self._called.add(what)
            self.keys.report.counts[noun] += self._is_first(what, message)

    def _is_first(self, what: str, message: Fields) -> bool:
        """Whether no graph of the thread told this of the message before; one without an id is always another."""
        identity = message.get("id")
        if not isinstance(identity, str) or not identity:
            return True
        known = f"{what} {identity}"
        first = known not in self._counted
        self._counted.add(known)
        return first

    def _spend(self, message: Fields) -> None:
        """Count the tokens of a message that a model answered with."""
        usage = message.get("usage_metadata")
        if not isinstance(usage, dict):
            return
        details = usage.get("input_token_details")
        cached = details.get("cache_read") if isinstance(details, dict) else None
        spent = {"input": usage.get("input_tokens"), "output": usage.get("output_tokens"), "cache_read": cached}
        for name, count in spent.items():
            if isinstance(count, int) and count:
                self._usage[name] += count
                self.keys.report.counts[f"{name}_tokens"] += count
        self._usage["calls"] += 1


def told(message: Fields) -> Fields:
    """A message as state: whole, with the role that everyone knows it by, and plain content as text."""
    kind = message.get("role", message.get("type"))
    content = message.get("content")
    rest = {name: value for name, value in message.items() if name != "role"}
    if isinstance(content, str):
        del rest["content"]
    return {"role": _ROLES.get(str(kind), str(kind)), "text": text_of(content), **rest}


def calls_of(message: Fields) -> list[Fields]:
    """The tool calls of a message, as {id, name, args}."""
    listed = message.get("tool_calls")
    found: list[Fields] = []
    for call in listed if isinstance(listed, list) else ():
        if isinstance(call, dict):
            inner = call.get("function")
            function = inner if isinstance(inner, dict) else call
            arguments = function.get("args", function.get("arguments"))
            found.append({"id": call.get("id"), "name": function.get("name"), "args": arguments})
    return found


def preview(message: Fields) -> str:
    """A message's text, cut where it is long: the whole is in the message."""
    return clipped(text_of(message.get("content")), PREVIEW_CHARACTERS)


def _identity(value: JSON) -> str:
    """What tells an entry of a list from the others, whatever becomes of its fields."""
    identity = value.get("id") if isinstance(value, dict) else None
    return identity if isinstance(identity, str) and identity else f"\0{json_text(value)}"


def _is_large(value: JSON) -> bool:
    if isinstance(value, dict) and any(len(part) > KEY_PART_CHARACTERS for part in value):
        return False
    return len(json_text(value)) > SPLIT_CHARACTERS
