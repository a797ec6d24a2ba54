"""Claude Code: session files with their sub-agents, the web export, and the stream that `--output-format` prints."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, NamedTuple

import orjson

from playhead.draft import Draft
from playhead.errors import LogError
from playhead.formats.base import Format
from playhead.formats.claude_records import MAIN_AGENT, ClaudeRecords, record_time
from playhead.formats.cursor_stream import is_cursor
from playhead.formats.json_places import Steps
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.times import Clock, moment
from playhead.model import JSON

_FIRST_TYPES = frozenset(
    {"summary", "queue-operation", "file-history-snapshot", "mode", "permission-mode", "agent-name"}
)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Stream:
    """One file of a session while it is read."""

    source: Source
    label: str
    """What `meta.file` calls it."""
    agent: str | None
    """The agent all its records belong to; None for the main file, whose records say so themselves."""
    began: datetime = _BEFORE_ALL
    about: dict[str, JSON] = field(default_factory=dict)
    """What the file beside a sub-agent's says of it."""
    clock: Clock | None = None
    """Of the records that were read so far."""


class _Timed(NamedTuple):
    """A record with its time, in a file whose times never run backwards any more."""

    at: datetime
    """The latest time seen in the file so far: what files are merged by."""
    placed: Placed
    occurred_at: datetime | None
    flags: dict[str, JSON]


class ClaudeCode(Format):
    """A session becomes one namespace `claude:<session id>`, with `main` and every sub-agent as agents of their own."""

    tells_lines: ClassVar[bool] = True

    name: ClassVar[str] = "claude-code"
    title: ClassVar[str] = "Claude Code session"
    looked_for: ClassVar[str] = (
        'Claude Code records with a sessionId and parentUuid, a {"loglines": […]} export, or a stream-json log'
    )

    def recognise(self, source: Source) -> bool:
        head = _head(source)
        # Others took over the envelope, around messages made of parts and calls of their own.
        borrowed = any(_has_parts(record) or is_cursor(record) for record in head)
        return not borrowed and any(_is_record(record) for record in head)

    def files(self, source: Source) -> list[Source]:
        return [stream.source for stream in _streams(source)]

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        streams = _streams(source)
        main = streams[0].agent or MAIN_AGENT
        records = ClaudeRecords(_session_id(source), report, main)
        introduced: set[str] = {main}
        for stream, timed in _followed(source, streams, report):
            placed = timed.placed
            meta: dict[str, JSON] = {
                "file": stream.label,
                "line": placed.line,
                "offset": placed.offset,
                "length": placed.length,
                **timed.flags,
            }
            draft = records.draft(placed, timed.occurred_at, meta, stream.agent)
            if draft.operations and stream.agent is not None and stream.agent not in introduced:
                introduced.add(stream.agent)
                records.introduce(draft, stream.agent, stream.about)
            yield draft


def _is_record(record: JSON) -> bool:
    if not isinstance(record, dict):
        return False
    kind = record.get("type")
    kind = kind if isinstance(kind, str) else ""
    if isinstance(record.get("sessionId"), str):
        spoken = kind in ("user", "assistant") and isinstance(record.get("message"), dict)
        return "parentUuid" in record or kind in _FIRST_TYPES or spoken
    if isinstance(record.get("session_id"), str):
        return (kind == "system" and record.get("subtype") == "init") or (
            kind in ("assistant", "user") and isinstance(record.get("message"), dict)
        )
    return kind == "summary" and "leafUuid" in record


def _has_parts(record: JSON) -> bool:
    message = record.get("message") if isinstance(record, dict) else None
    return isinstance(message, dict) and "parts" in message


def _head(source: Source) -> list[JSON]:
    """The first records, wherever the file keeps them; a web export may leave out every session id."""
    if source.has_lines and not (len(source.head) == 1 and isinstance(source.head[0], dict | list)):
        return source.head
    items = _document_records(source)
    if items is None:
        return source.head
    found = items[:12]
    exported = isinstance(_document(source), dict)
    return [{"sessionId": "", **item} if exported and isinstance(item, dict) else item for item in found]


def _document(source: Source) -> JSON:
    if not source.has_lines:
        return source.document
    return source.head[0] if len(source.head) == 1 and source.document is not None else None


def _document_records(source: Source) -> list[JSON] | None:
    """The records of a file that is one JSON document: `{"loglines": […]}` or a bare array."""
    document = _document(source)
    if isinstance(document, dict):
        document = document.get("loglines")
    return document if isinstance(document, list) else None


def _session_id(source: Source) -> str:
    found = [
        identity
        for record in _head(source)
        if isinstance(record, dict) and isinstance(identity := record.get("sessionId") or record.get("session_id"), str)
    ]
    stem = source.path.stem
    return stem if stem in found or not found else found[0]


def _file_agent(source: Source) -> str | None:
    """The sub-agent that a whole file belongs to, or None for a session's main file."""
    for record in source.head:
        if isinstance(record, dict) and record.get("isSidechain") is not None:
            agent = record.get("agentId")
            return agent if record["isSidechain"] is True and isinstance(agent, str) and agent else None
    return None


def _streams(source: Source) -> list[_Stream]:
    """The file and, for a session's main file, its sub-agents' files in the order they began."""
    main = _Stream(source, source.name, _file_agent(source) if source.has_lines else None)
    if main.agent is not None or not source.has_lines:
        return [main]
    session_id, folder = _session_id(source), source.path.parent
    for expected in (folder, folder / session_id / "subagents", folder / source.path.stem / "subagents"):
        source.expect_in(expected)
    stems = {session_id: None, source.path.stem: None}
    below = [path for stem in stems for path in folder.joinpath(stem, "subagents").rglob("agent-*.jsonl")]
    beside = [path for path in folder.glob("agent-*.jsonl") if path != source.path]
    streams = [_subagent_stream(source, path, None) for path in below]
    streams += [_subagent_stream(source, path, session_id) for path in beside]
    found = [stream for stream in streams if stream is not None]
    return [main, *sorted(found, key=lambda stream: (stream.began, stream.label))]


def _subagent_stream(main: Source, path: Path, session_id: str | None) -> _Stream | None:
    try:
        source = main.beside(path)
    except LogError:
        return None
    records = [record for record in source.head if isinstance(record, dict)]
    agent = next((value for record in records if isinstance(value := record.get("agentId"), str) and value), None)
    if session_id is not None and not any(record.get("sessionId") == session_id for record in records):
        return None
    below = path.as_posix().rpartition("/subagents/")[2]
    label = path.name if session_id is not None else f"subagents/{below}"
    began = next((time for record in records if (time := record_time(record)) is not None), _BEFORE_ALL)
    return _Stream(source, label, agent or path.stem.removeprefix("agent-"), began, _about(path))


def _about(path: Path) -> dict[str, JSON]:
    """The type, description and spawning call of a sub-agent, from the file beside its own."""
    try:
        known = orjson.loads(path.with_suffix(".meta.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    names = {"agentType": "type", "description": "description", "toolUseId": "call"}
    return {ours: known[theirs] for theirs, ours in names.items() if isinstance(known, dict) and theirs in known}


def _followed(source: Source, streams: list[_Stream], report: ImportReport) -> Iterator[tuple[_Stream, _Timed]]:
    """All records in time order; of a session that is still being written, then what each of its files gains."""
    yield from _merged(streams, report)
    while source.wait():
        known = {stream.source.path for stream in streams}
        streams += [stream for stream in _streams(source) if stream.source.path not in known]
        yield from _merged(streams, report)


def _merged(streams: list[_Stream], report: ImportReport) -> Iterator[tuple[_Stream, _Timed]]:
    """All records in time order, each file's own order kept; a file is opened when its time has come."""
    waiting = list(reversed(streams))
    heap: list[tuple[datetime, int, _Timed, Iterator[_Timed]]] = []
    while waiting or heap:
        while waiting and (not heap or waiting[-1].began <= heap[0][0]):
            stream = waiting.pop()
            rest = _timed(stream, report)
            first = next(rest, None)
            if first is not None:
                heapq.heappush(heap, (first.at, streams.index(stream), first, rest))
        if not heap:
            continue
        _, number, timed, rest = heap[0]
        yield streams[number], timed
        following = next(rest, None)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (following.at, number, following, rest))


def _timed(stream: _Stream, report: ImportReport) -> Iterator[_Timed]:
    """A file's records with their times; a record without one happened when the one before it did."""
    source = stream.source
    items = _document_records(source)
    steps: Steps = ("loglines",) if isinstance(_document(source), dict) else ()
    placed_records = source.elements(report, items, steps) if items is not None else source.fresh(report)
    if stream.clock is None:
        stream.clock = Clock(
            next((time for record in _head(source) if (time := record_time(record)) is not None), None)
        )
    clock = stream.clock
    for placed in placed_records:
        value = placed.value
        written = value.get("timestamp") if isinstance(value, dict) else None
        occurred_at, flags = clock.tell(written, moment(written))
        yield _Timed(clock.latest or _BEFORE_ALL, placed, occurred_at, flags)
