"""One sample of an Inspect log, put together from the places where the log keeps its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from playhead.errors import ImportFormatError
from playhead.formats.source import parse
from playhead.model import JSON

Fields = dict[str, JSON]

ATTACHMENT, EARLY_ATTACHMENT = "attachment://", "tc://"
DEEPEST = 200


class Told(NamedTuple):
    """One event of a transcript."""

    event: Fields
    subtask: str
    """That it is part of, where it lies inside the subtask's event; else empty."""
    depth: int
    """How many events it lies inside."""


@dataclass(slots=True)
class Sample:
    """A sample with what its events refer to."""

    fields: Fields
    member: str
    """Where in the log it lies, as people can find it."""
    attachments: dict[str, str] = field(default_factory=dict)
    messages: list[JSON] = field(default_factory=list)
    """The messages that model events refer to by place: most of them by every event after the one that brought them."""

    @property
    def events(self) -> list[Told]:
        """The transcript with what older logs keep inside events."""
        found: list[Told] = []
        ended: Fields = {}
        waiting = [(iter(_listed(self.fields.get("events"))), "")]
        while waiting:
            items, subtask = waiting[-1]
            event = next(items, ended)
            if event is ended:
                waiting.pop()
            elif isinstance(event, dict):
                found.append(Told(event, subtask, len(waiting) - 1))
                inner = event.get("events")
                if isinstance(inner, list) and inner and len(waiting) < DEEPEST:
                    name = str(event.get("name")) if event.get("event") == "subtask" else subtask
                    waiting.append((iter(inner), name))
            else:
                found.append(Told({"event": type(event).__name__, "value": event}, subtask, len(waiting) - 1))
        return found

    def resolve(self, value: JSON, depth: int = DEEPEST) -> JSON:
        """The value with references to attachments replaced by what they hold; unknown ones stay."""
        if isinstance(value, str):
            if not value.startswith((ATTACHMENT, EARLY_ATTACHMENT)):
                return value
            return self.attachments.get(value.partition("://")[2], value)
        if not depth:
            return value
        if isinstance(value, dict):
            return {name: self.resolve(item, depth - 1) for name, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, depth - 1) for item in value]
        return value

    def input(self, event: Fields) -> list[JSON]:
        """The messages that a model event sent, attachments as they stand."""
        references = event.get("input_refs")
        sent = _listed(event.get("input"))
        for reference in _listed(references):
            if isinstance(reference, list) and len(reference) == 2 and all(isinstance(one, int) for one in reference):
                start, end = cast("list[int]", reference)
                sent = [*sent, *self.messages[max(start, 0) : max(end, 0)]]
        return sent


def whole(fields: Fields, member: str) -> Sample:
    """A sample that is one JSON object."""
    sample = Sample(fields, member)
    kept = fields.get("attachments")
    sample.attachments = {
        name: text for name, text in (kept.items() if isinstance(kept, dict) else ()) if isinstance(text, str)
    }
    pools = fields.get("events_data")
    pool = pools.get("messages") if isinstance(pools, dict) else fields.get("message_pool")
    sample.messages = _listed(pool)
    return sample


def chunked(folder: str, names: list[str], read: Callable[[str], JSON]) -> Sample:
    """A sample that is a folder of an archive: its fields, and its sequences cut into numbered files."""

    def sequence(kind: str) -> list[JSON]:
        prefix = f"{folder}/{kind}/"
        starts = [
            int(part)
            for name in names
            if name.startswith(prefix) and (part := name.removeprefix(prefix).removesuffix(".json")).isdecimal()
        ]
        return [item for start in sorted(starts) for item in _listed(read(f"{prefix}{start}.json"))]

    shell = read(f"{folder}/sample.json")
    if not isinstance(shell, dict):
        raise ImportFormatError(f"member {folder}/sample.json holds no sample")
    fields = {**shell, "events": sequence("events")}
    if f"{folder}/metadata.json" in names:
        fields["metadata"] = read(f"{folder}/metadata.json")
    sample = Sample(fields, f"{folder}/")
    texts = sequence("attachments")
    sample.attachments = {str(place): text for place, text in enumerate(texts) if isinstance(text, str)}
    sample.messages = sequence("messages")
    references = fields.pop("message_refs", None)
    if references is not None:
        fields["messages"] = sample.input({"input_refs": references})
    return sample


def parsed(content: bytes, where: str, repaired: Counter[str]) -> JSON:
    """The one JSON value of a member. Raises ImportFormatError."""
    try:
        (value,) = parse(content, repaired)
    except (ValueError, RecursionError) as error:
        raise ImportFormatError(f"{where} is not JSON ({error}); the log is damaged: make it again") from None
    return value


def _listed(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []
