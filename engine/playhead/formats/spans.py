"""A span: one timed piece of a trace, as every tracer's records are told before they become events."""

from __future__ import annotations

import base64
import binascii
import marshal
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from playhead.formats.chat import ChatMessage, Fields
from playhead.formats.times import moment
from playhead.formats.usage import Usage
from playhead.model import JSON

SpanKind: TypeAlias = Literal[
    "agent", "llm", "tool", "chain", "retriever", "embedding", "reranker", "guardrail", "evaluator", "event", "span"
]

_KINDS: dict[str, SpanKind] = {
    "agent": "agent",
    "llm": "llm",
    "chat_model": "llm",
    "generation": "llm",
    "model": "llm",
    "tool": "tool",
    "function": "tool",
    "chain": "chain",
    "workflow": "chain",
    "task": "chain",
    "parser": "chain",
    "prompt": "chain",
    "memory": "chain",
    "retriever": "retriever",
    "embedding": "embedding",
    "reranker": "reranker",
    "guardrail": "guardrail",
    "evaluator": "evaluator",
    "event": "event",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """What a record says of a span. Several records may tell of one: `merged` puts them together."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    """Empty for a root."""
    name: str = ""
    kind: SpanKind = "span"
    start: int | None = None
    """Nanoseconds since the epoch, as `end`."""
    end: int | None = None
    """None where the span never ended, or its end is not in the log."""
    session: str = ""
    """The conversation or session it belongs to, where it says so."""
    agent: str = ""
    """The agent that an agent's span is, or that any other span says it works for."""
    model: str = ""
    input: list[ChatMessage] = field(default_factory=list)
    output: list[ChatMessage] = field(default_factory=list)
    tool: str = ""
    call_id: str = ""
    given: JSON = None
    """A tool's arguments; what any other span was given, where that is no chat."""
    gave: JSON = None
    """A tool's result; what any other span gave, where that is no chat."""
    usage: Usage | None = None
    response_id: str = ""
    failed: bool = False
    error_type: str = ""
    error: str = ""
    attributes: Fields = field(default_factory=dict)
    """What the fields above do not tell."""
    place: Fields = field(default_factory=dict)
    """Where its record lies: line, offset, length, and the pointer to it in a larger record."""

    def packed(self) -> bytes:
        """The span as bytes that `unpacked` reads again, in this process only."""
        usage = tuple(self.usage) if self.usage is not None else None
        return marshal.dumps(tuple(usage if name == "usage" else getattr(self, name) for name in _FIELDS))

    @staticmethod
    def unpacked(data: bytes) -> Span:
        told = dict(zip(_FIELDS, marshal.loads(data), strict=True))
        usage = told["usage"]
        return Span(**{**told, "usage": Usage(*usage) if usage is not None else None})


_FIELDS = tuple(known.name for known in fields(Span))


def merged(first: Span, later: Span) -> Span:
    """One span out of two records of it: what the later one says replaces what the first said."""
    told = {
        name: value
        for name in _FIELDS
        if name not in ("place", "kind", "start") and (value := getattr(later, name)) not in (None, "", [], {}, False)
    }
    starts = [start for start in (first.start, later.start) if start is not None]
    kind = first.kind if later.kind == "span" else later.kind
    attributes = {**first.attributes, **later.attributes}
    if later.kind == "event":
        # An event of a span tells one message of it.
        told |= {"input": [*first.input, *later.input], "output": [*first.output, *later.output]}
        kind = first.kind
    return replace(first, **{**told, "kind": kind, "start": min(starts, default=None), "attributes": attributes})


def span_kind(written: JSON) -> SpanKind | None:
    """The kind that a tracer's word means, or None for a word that means none."""
    return _KINDS.get(written.lower().removeprefix("mlflow.")) if isinstance(written, str) else None


def instant(value: JSON) -> int | None:
    """Nanoseconds since the epoch of a time as tracers write it, or None.

    Takes what `times.moment` takes, and JavaScript's [seconds, nanoseconds]. Text without an offset is UTC: every
    tracer writes that.
    """
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(part, int) and not isinstance(part, bool) for part in value):
            seconds, nanoseconds = value
            return instant(seconds * 10**9 + nanoseconds)  # type: ignore[operator]
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**17:
        return value if moment(value) is not None else None
    if isinstance(value, str) and 10 <= len(value) <= 40 and value[-1:] not in "Zz":
        clock = value[10:]
        value = value if "+" in clock or "-" in clock else f"{value}Z" if clock else f"{value}T00:00:00Z"
    time = moment(value)
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1) * 1000


def as_moment(nanoseconds: int | None) -> datetime | None:
    """The UTC moment of nanoseconds since the epoch."""
    return None if nanoseconds is None else _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def identity(value: JSON, size: int) -> str:
    """A trace's or span's id as lower-case hex, out of hex, base64, bytes or a number; other text as it is.

    `size` is its length in bytes: 16 for a trace, 8 for a span. An id of zeros is none.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:0{2 * size}x}" if value > 0 else ""
    data = value.get("data") if isinstance(value, dict) and value.get("type") == "Buffer" else None
    if isinstance(data, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in data):
        # Node's way to write bytes as JSON.
        value = bytes(int(str(byte)) for byte in data if not isinstance(byte, bool)).hex()
    if not isinstance(value, str):
        return ""
    text = value.strip().removeprefix("0x")
    if len(text) == 4 * -(-size // 3) and len(text) != 2 * size:
        try:
            text = base64.b64decode(text, validate=True).hex()
        except (binascii.Error, ValueError):
            return text
    elif size == 16 and text.isascii() and text.isdigit() and len(text) > 32:
        # A number beyond 64 bits, which no JSON value of ours can be.
        return f"{int(text):032x}" if len(text) < 40 else text
    lowered = text.lower()
    if len(lowered) == 2 * size and all(character in "0123456789abcdef" for character in lowered):
        return "" if lowered.strip("0") == "" else lowered
    return text
