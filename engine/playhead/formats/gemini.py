"""Gemini CLI sessions: the JSON file of old, and the log of changes to it that is written now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from typing import ClassVar

from playhead.draft import Draft
from playhead.errors import LogError
from playhead.formats.base import Format
from playhead.formats.gemini_session import GeminiSession
from playhead.formats.report import ImportReport
from playhead.formats.run_log import RunLog, list_in, text_in
from playhead.formats.source import Placed, Source
from playhead.model import JSON

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
MOST_SUBAGENTS = 10_000


class Gemini(Format):
    """A session becomes the namespace `gemini:<session id>`; a message told again is a new version of its key."""

    name: ClassVar[str] = "gemini"
    title: ClassVar[str] = "Gemini CLI session"
    looked_for: ClassVar[str] = "a Gemini CLI session with sessionId, projectHash and messages, or its log of changes"

    def recognise(self, source: Source) -> bool:
        document = source.only
        if isinstance(document, list) and document:
            return all(_is_prompt(record) for record in document)
        if isinstance(document, dict):
            return _is_session(document)
        return source.has_lines and any(_is_header(record) or _is_change(record) for record in source.head)

    def files(self, source: Source) -> list[Source]:
        identity = _identity(source)
        folder = source.path.parent / identity
        if not identity.replace("-", "").isalnum() or not folder.is_dir():
            return [source]
        found = [source]
        for path in sorted(folder.glob("*.json*"))[:MOST_SUBAGENTS]:
            try:
                beside = Source(path)
            except LogError:
                continue
            if self.recognise(beside):
                found.append(beside)
        return found

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        main, *subagents = self.files(source)
        runs = [RunLog("gemini", _identity(source), main.name, report)]
        for file in subagents:
            label = f"{file.path.parent.name}/{file.name}"
            runs.append(RunLog("gemini", _identity(source), label, report, main=_identity(file)))
        told = [_told(file, run, report) for file, run in zip([main, *subagents], runs, strict=True)]
        # A sub-agent's events come when they happened, and every file keeps its own order.
        yield from merge(*told, key=lambda draft: draft.occurred_at or _BEFORE_ALL) if subagents else told[0]


def _identity(source: Source) -> str:
    document = source.only
    listed = document[0] if isinstance(document, list) and document else next(filter(_is_header, source.head), {})
    return text_in(document if isinstance(document, dict) else listed, "sessionId") or source.path.stem


def _told(source: Source, run: RunLog, report: ImportReport) -> Iterator[Draft]:
    """The events of one file."""
    document, reader = source.only, GeminiSession(run)
    if isinstance(document, list):
        # Prompts of all sessions, in one file beside them.
        readers = {run.identity: reader}
        for placed in source.elements(report, document, ()):
            identity = text_in(placed.value, "sessionId") or run.identity
            if identity not in readers:
                readers[identity] = GeminiSession(RunLog("gemini", identity, run.file, report))
            yield from readers[identity].message(placed, placed.value)
    elif isinstance(document, dict) and ("messages" in document or "history" in document):
        name = "messages" if isinstance(document.get("messages"), list) else "history"
        rest = {key: value for key, value in document.items() if key != name}
        yield from reader.header(Placed(rest, 0, 0, source.size), rest)
        for placed in source.elements(report, list_in(document, name), (name,)):
            yield from reader.message(placed, placed.value)
    else:
        for placed in source.records(report):
            yield from reader.read(placed)


def _is_session(document: JSON) -> bool:
    if not isinstance(document, dict):
        return False
    if _is_header(document):
        return True
    history = list_in(document, "history")
    return bool(history) and all(isinstance(item, dict) and isinstance(item.get("parts"), list) for item in history)


def _is_prompt(record: JSON) -> bool:
    """Whether a record is of the list of prompts that is kept beside the sessions."""
    return isinstance(record, dict) and {"sessionId", "messageId", "message", "type"} <= record.keys()


def _is_header(record: JSON) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get("sessionId"), str)
        and isinstance(record.get("projectHash"), str)
    )


def _is_change(record: JSON) -> bool:
    if not isinstance(record, dict):
        return False
    return "$rewindTo" in record or ("$set" in record and isinstance(record["$set"], dict) and len(record) == 1)
