"""The records of any JSON document: the elements of its list, or of the list it holds, or itself."""

from __future__ import annotations

from collections.abc import Iterator

from playhead.formats.chat import json_inside
from playhead.formats.json_places import Place
from playhead.formats.messages import is_conversation
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.model import JSON

CONVERSATIONS = (
    *("messages", "conversation", "conversations", "history", "chat_history", "chat", "dialog", "dialogue", "turns"),
    *("traj", "trajectory", "transcript", "message_history"),
)
"""Names under which an object keeps a list of chat messages."""
_RECORDS = (
    *(
        "events",
        "records",
        "steps",
        "trajectory",
        "logs",
        "log",
        "entries",
        "items",
        "history",
        "data",
        "results",
        "runs",
    ),
    *("rows", "traces", "calls", "messages", "actions", "turns"),
)


def conversation_in(value: JSON) -> str | None:
    """The name of the field in which an object keeps a list of chat messages, or None."""
    if not isinstance(value, dict):
        return None
    for name in CONVERSATIONS:
        held = value.get(name)
        # Tables keep a list as its JSON text.
        if held is not None and is_conversation(json_inside(held)):
            return name
    return None


def document_records(source: Source, report: ImportReport) -> Iterator[Placed] | None:
    """The records of a file that is one JSON document, or several behind each other; None for any other file."""
    only = source.only
    if only is None:
        values = [] if source.has_lines else source.values
        return source.elements(report, values) if values else None
    if isinstance(only, list):
        if is_conversation(only):
            return source.elements(report, [only])
        lists_records = not source.has_lines or (bool(only) and all(isinstance(item, dict) for item in only))
        return source.elements(report, only, ()) if lists_records else None
    if not isinstance(only, dict):
        return None
    name = _records_in(only)
    if name is not None:
        return _held(source, report, only, name)
    # On one line, it may be the first of many that are yet to come.
    return None if source.has_lines else source.elements(report, [only])


def message_places(source: Source) -> list[Place]:
    """Where the messages of a file that is one conversation lie; empty for any other file."""
    only = source.only
    name = conversation_in(only)
    if name is not None and isinstance(only, dict) and isinstance(held := only[name], list):
        return source.places((name,), len(held))
    return source.places((), len(only)) if isinstance(only, list) and is_conversation(only) else []


def _held(source: Source, report: ImportReport, document: dict[str, JSON], name: str) -> Iterator[Placed]:
    held = document[name]
    rest: dict[str, JSON] = {field: value for field, value in document.items() if field != name}
    if rest:
        yield from source.elements(report, [rest])
    yield from source.elements(report, held if isinstance(held, list) else [], (name,))


def _records_in(document: dict[str, JSON]) -> str | None:
    """The name of the field that holds the document's records: a known name, or the longest list of objects."""
    if conversation_in(document) is not None:
        return None
    lists = {
        name: len(value)
        for name, value in document.items()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    }
    known = next((name for name in _RECORDS if name in lists), None)
    if known is not None:
        return known
    longest = max(lists, key=lambda name: lists[name], default=None)
    return longest if longest is not None and lists[longest] > 1 else None
