"""The keys that every agent log is told in, so that a run looks the same whichever tool wrote its log.

session, status, cwd, git, model, mode    small values, written only when they change
messages/0007                             role, text, reasoning, calls; a new version whenever a record adds to it
tool_calls/<id>                           version 1 is the call (running), version 2 its result
usage, context                            tokens so far; the window and where the visible conversation begins
todos, files/<path>, subagents/<id>       what the tools did
errors/0003, last_error, final            what went wrong, and how it ended
texts/<hash>                              a long text whole; elsewhere stands its beginning
records/<n>                               whole records of unknown types
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson

from playhead.digests import TextNumbers
from playhead.draft import Draft
from playhead.errors import InvalidValueError
from playhead.formats.report import ImportReport
from playhead.model import JSON, Address

TEXT_CHARACTERS = 32 * 1024
"""A longer text is kept whole under `texts/<hash>`."""
PREVIEW_CHARACTERS = 2_000
LABEL_CHARACTERS = 120
KEY_PART_CHARACTERS = 400
MOST_ORPHANS = 10_000
"""Results without a call that are kept, in case it follows."""
REMEMBERED_CALLS = 2_048
"""Answered tool calls of an agent that are kept as they are."""
_HASHED_CHARACTERS = 1 << 20
DEEPEST = 100
"""Levels of a value that are kept as JSON; what lies deeper is kept as JSON text (S7 allows 128 in all)."""


@dataclass(slots=True)
class Call:
    """A tool call that is known, and its result once there is one."""

    key: str
    name: str
    summary: str
    """In human words: `bash: pytest -q`."""
    arguments: JSON
    """As the tool got them, dropped once the call is answered."""
    message: str | None
    """The key of the message that made the call."""
    started: datetime | None
    answered: bool = False
    value: JSON = None
    """What stands under `key`, until it is answered."""


class Calls(dict[str, Call]):
    """The calls of an agent by their ids. Those answered long ago take little room, and are found all the same."""

    def __init__(self) -> None:
        super().__init__()
        self._old = TextNumbers()
        """Where each that is answered begins in `_texts`."""
        self._texts = bytearray()
        self._away = 0

    def __setitem__(self, call_id: str, call: Call) -> None:
        super().__setitem__(call_id, call)
        if super().__len__() >= 2 * REMEMBERED_CALLS:
            for old_id, old in list(itertools.islice(self.items(), REMEMBERED_CALLS)):
                if old.answered and old.arguments is None and old.value is None:
                    self._put_away(old_id, old)

    def __missing__(self, call_id: str) -> Call:
        found = self.get(call_id)
        if found is None:
            raise KeyError(call_id)
        return found

    def __contains__(self, call_id: object) -> bool:
        return super().__contains__(call_id) or (isinstance(call_id, str) and self._old.get(call_id) is not None)

    def __len__(self) -> int:
        return super().__len__() + self._away

    def get(self, call_id: str, default: Call | None = None) -> Call | None:  # type: ignore[override]
        """The call, or None."""
        found = super().get(call_id, default)
        if found is None and (start := self._old.get(call_id)) is not None:
            key, name, summary, message, started = orjson.loads(self._texts[start : self._texts.index(b"\n", start)])
            at = datetime.fromisoformat(started) if started is not None else None
            found = Call(key, name, summary, None, message, at, answered=True)
            self._away -= 1
            super().__setitem__(call_id, found)
        return found

    def _put_away(self, call_id: str, call: Call) -> None:
        started = None if call.started is None else call.started.isoformat()
        try:
            text = orjson.dumps([call.key, call.name, call.summary, call.message, started])
        except orjson.JSONEncodeError:
            return
        self._old[call_id] = len(self._texts)
        self._texts += text + b"\n"
        self._away += 1
        del self[call_id]


class AgentKeys:
    """Writes one agent's keys into drafts and remembers what is needed for the next."""

    def __init__(self, agent_id: str, report: ImportReport) -> None:
        self.agent_id = agent_id
        self.report = report
        self.message_count = 0
        self.calls = Calls()
        self._error_count = 0
        self._record_count = 0
        self._latest: dict[str, JSON] = {}
        self._addresses: dict[str, Address] = {}
        """Of what `write_often` wrote."""
        self._texts: set[str] = set()
        self._call_uses: dict[str, int] = {}
        self._orphans: dict[str, dict[str, JSON]] = {}
        """Results that came before their calls, as they were written."""
        self._siblings: dict[str, list[Call]] = {}
        """Calls of one message that share an id: their results come in their order."""

    def write(self, draft: Draft, key: str, value: JSON) -> None:
        """Stage a write; a value nested deeper than a store allows is kept with its depths as text."""
        try:
            draft.write(self.agent_id, key, value)
        except InvalidValueError:
            self.report.repaired["depths of a value to JSON text"] += 1
            draft.write(self.agent_id, key, _shallower(value, DEEPEST))

    def change(self, draft: Draft, key: str, value: JSON) -> bool:
        """Stage a write only where it changes the key; for small values that are seldom new. True when it did."""
        if key in self._latest and self._latest[key] == value:
            return False
        self._latest[key] = value
        self.write_often(draft, key, value)
        return True

    def write_often(self, draft: Draft, key: str, value: JSON) -> None:
        """`write` to one of the few keys that are written again and again."""
        address = self._addresses.get(key)
        if address is not None and address[0] == draft.namespace:
            try:
                draft.write_again(address, value)
                return
            except InvalidValueError:
                pass
        self.write(draft, key, value)
        self._addresses[key] = draft.operations[-1].address

    def latest(self, key: str) -> JSON:
        """The value `change` last wrote, or None."""
        return self._latest.get(key)

    def message(self, draft: Draft, value: dict[str, JSON]) -> str:
        """Stage a new message and return its key."""
        self.message_count += 1
        self.report.counts["messages"] += 1
        key = message_key(self.message_count)
        self.write(draft, key, value)
        return key

    def start_call(
        self, draft: Draft, call_id: str, name: str, arguments: JSON, summary: str, message: str | None
    ) -> Call:
        """Stage a tool call as running. A reused id gets a suffix: it is another call."""
        self.report.counts["tool_calls"] += 1
        early = self._orphans.pop(call_id, None)
        known = self.calls.get(call_id) if early is None else None
        if known is not None:
            uses = self._call_uses[call_id] = self._call_uses.get(call_id, 1) + 1
            key = f"tool_calls/{key_part(call_id)}-{uses}"
        else:
            key = f"tool_calls/{key_part(call_id)}"
        kept = self.shorten_all(draft, arguments)
        value: dict[str, JSON] = {"name": name, "args": kept, "status": "running"}
        if message is not None:
            value["message"] = message
        call = Call(key, name, summary, arguments, message, draft.occurred_at, value=value)
        if early is not None:
            self.report.counts["results_without_call"] -= 1
            value |= {field: item for field, item in early.items() if field != "name"}
            call.answered, call.value = True, None
        if known is not None and not known.answered and known.message is not None and known.message == message:
            self._siblings.setdefault(call_id, [known]).append(call)
        else:
            self._siblings.pop(call_id, None)
        self.calls[call_id] = call
        self.write(draft, key, value)
        return call

    def awaiting(self, call_id: str) -> Call | None:
        """The call that a result with this id answers."""
        siblings = self._siblings.get(call_id)
        return siblings[0] if siblings else self.calls.get(call_id)

    def finish_call(
        self, draft: Draft, call_id: str, result: str, *, failed: bool, extra: dict[str, JSON] | None = None
    ) -> Call:
        """Stage a call's result. A result without its call makes the call known; a second one is a further version."""
        call = self.awaiting(call_id)
        if self._siblings.get(call_id):
            self._siblings[call_id].pop(0)
        if call is None:
            call = Call(f"tool_calls/{key_part(call_id)}", "", "tool result", None, None, None)
            self.calls[call_id] = call
            self.report.counts["results_without_call"] += 1
        self.report.counts["tool_results"] += 1
        value: dict[str, JSON] = dict(call.value) if isinstance(call.value, dict) else {"name": call.name}
        value["status"] = "error" if failed else "ok"
        value |= extra or {}
        if "duration_ms" not in value and call.started is not None and draft.occurred_at is not None:
            value["duration_ms"] = max(0, round((draft.occurred_at - call.started).total_seconds() * 1000))
        value["result"] = self.shorten(draft, result)
        self.write(draft, call.key, value)
        if call.name == "" and len(self._orphans) < MOST_ORPHANS:
            self._orphans[call_id] = value
        call.answered, call.value = True, None
        return call

    def error(self, draft: Draft, where: str, kind: str, message: str) -> None:
        """Stage an error under its own number and as the last one."""
        self._error_count += 1
        self.report.counts["errors"] += 1
        value: JSON = {"where": where, "type": kind, "message": clipped(message, PREVIEW_CHARACTERS)}
        self.write(draft, f"errors/{self._error_count:04}", value)
        self.write(draft, "last_error", value)

    def record(self, draft: Draft, kind: str, value: JSON) -> None:
        """Stage a whole record of an unknown type."""
        self._record_count += 1
        self.report.unknown[kind] += 1
        self.write(draft, f"records/{self._record_count:04}", self.shorten_all(draft, value))

    def shorten(self, draft: Draft, text: str) -> str:
        """The text, or where it is long its beginning and the key that the whole is staged under."""
        if len(text) <= TEXT_CHARACTERS:
            return text
        key = f"texts/{_digest(text)}"
        if key not in self._texts:
            self._texts.add(key)
            self.write(draft, key, text)
        return f"{text[:PREVIEW_CHARACTERS]}… [{len(text):,} characters, whole under {key}]"

    def shorten_all(self, draft: Draft, value: JSON, depth: int = DEEPEST) -> JSON:
        """The value with every long string in it shortened."""
        if isinstance(value, str):
            return self.shorten(draft, value)
        if depth and isinstance(value, dict):
            return {
                name: item if _is_short(item) else self.shorten_all(draft, item, depth - 1)
                for name, item in value.items()
            }
        if depth and isinstance(value, list):
            return [item if _is_short(item) else self.shorten_all(draft, item, depth - 1) for item in value]
        return value


def _is_short(value: JSON) -> bool:
    return len(value) <= TEXT_CHARACTERS if type(value) is str else not isinstance(value, dict | list)


def _digest(text: str) -> str:
    """A hash of a long text, which is encoded little by little."""
    digest = hashlib.blake2b(digest_size=8)
    for start in range(0, len(text), _HASHED_CHARACTERS):
        digest.update(text[start : start + _HASHED_CHARACTERS].encode(errors="replace"))
    return digest.hexdigest()


def message_key(number: int) -> str:
    """`messages/0007`: sorts as it counts up to 9,999, and stays unique beyond."""
    return f"messages/{number:04}"


def key_part(text: str) -> str:
    """A part of a key: the text, cut with a hash where it is too long to be looked at."""
    if len(text) <= KEY_PART_CHARACTERS:
        return text
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=4).hexdigest()
    return f"{text[:KEY_PART_CHARACTERS]}…{digest}"


def clipped(text: str, characters: int = LABEL_CHARACTERS) -> str:
    """The text, cut to a number of characters."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def one_line(text: str, characters: int = LABEL_CHARACTERS) -> str:
    """The beginning of a text on one line: what a label says of it."""
    # Mostly a little more than is shown is enough to see that it has to be cut, and where.
    beginning = text[: characters + 40]
    # No other space but U+0020 is printable: then the words stand as they are to stand.
    if not beginning.isprintable() or "  " in beginning or beginning[:1] == " " or beginning[-1:] == " ":
        beginning = " ".join(beginning.split())
    if len(text) > characters + 40 and len(beginning) <= characters:
        beginning = " ".join(text[: 4 * characters].split())
    return clipped(beginning, characters)


def text_of(content: JSON, on_other: Callable[[dict[str, JSON]], str | None] | None = None) -> str:
    """The text of a message's or a tool result's content: a string, or a list of typed parts.

    `on_other` may say what stands for a part that is no text; otherwise its type does, in brackets.
    """
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if not isinstance(content, list):
        return json_text(content)
    parts: list[str] = []
    for part in content:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, dict):
            text = part.get("text")
            if isinstance(text, str):
                parts.append(text)
            else:
                other = on_other(part) if on_other is not None else None
                parts.append(other if other is not None else f"[{part.get('type', 'part')}]")
        elif part is not None:
            parts.append(json_text(part))
    return "\n".join(parts)


def text_in(value: JSON, *names: str) -> str:
    """The first of an object's fields that holds text, or nothing; whole numbers as their digits."""
    if isinstance(value, dict):
        for name in names:
            found = value.get(name)
            if isinstance(found, str):
                if found:
                    return found
            elif isinstance(found, int) and not isinstance(found, bool):
                return str(found)
    return ""


def json_text(value: JSON) -> str:
    """The value as JSON text, however deep it is nested."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        # Only depth stops it, and the standard library goes deeper.
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        except RecursionError:
            return "[nested too deeply]"


def _shallower(value: JSON, depth: int) -> JSON:
    if isinstance(value, dict | list) and depth == 0:
        return json_text(value)
    if isinstance(value, dict):
        return {name: _shallower(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_shallower(item, depth - 1) for item in value]
    return value
