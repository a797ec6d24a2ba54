"""opencode: its export, what `run --format json` prints, and its SQLite store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.errors import ImportFormatError
from playhead.formats import opencode_v2, sqlite
from playhead.formats.base import Format
from playhead.formats.opencode_session import OpenCodeSession
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in
from playhead.formats.source import Placed, Source, parse
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_STREAM_TYPES = frozenset({"step_start", "step_finish", "text", "tool_use", "reasoning", "error"})


class OpenCode(Format):
    """An exported session becomes `opencode:<session id>`, each message and each part of it an event."""

    name: ClassVar[str] = "opencode"
    title: ClassVar[str] = "opencode session"
    looked_for: ClassVar[str] = "an opencode export of info and messages with parts, or what opencode run prints"

    def recognise(self, source: Source) -> bool:
        only = source.only
        if isinstance(only, dict):
            told = list_in(only, "messages")
            if any(opencode_v2.is_message(message) for message in told):
                return True
            return isinstance(only.get("info"), dict) and (
                any(_has_parts(message) for message in told) or "directory" in object_in(only, "info")
            )
        return source.has_lines and any(_is_streamed(record) for record in source.head)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        if isinstance(only, dict) and ("info" in only or "messages" in only):
            info = object_in(only, "info") or object_in(only, "session")
            run = RunLog("opencode", text_in(info, "id") or source.path.stem, source.name, report)
            session = OpenCodeSession(run)
            yield session.about(Placed(None, 0, 0, source.size), info)
            for placed in source.elements(report, list_in(only, "messages"), ("messages",)):
                yield from _message(session, placed)
        else:
            told = (text_in(record, "sessionID") for record in source.head)
            run = RunLog("opencode", next(filter(None, told), source.path.stem), source.name, report)
            session = OpenCodeSession(run)
            for placed in source.records(report):
                yield _streamed(session, placed)


def _has_parts(message: JSON) -> bool:
    return (
        isinstance(message, dict) and isinstance(message.get("info"), dict) and isinstance(message.get("parts"), list)
    )


def _is_streamed(record: JSON) -> bool:
    return (
        isinstance(record, dict)
        and text_in(record, "type") in _STREAM_TYPES
        and isinstance(record.get("sessionID"), str)
        and ("part" in record or "error" in record)
    )


def _message(session: OpenCodeSession, placed: Placed) -> Iterator[Draft]:
    """The events of one message of an export."""
    message = placed.value
    if isinstance(message, dict) and opencode_v2.is_message(message):
        yield from opencode_v2.told(session, placed, message)
        return
    if not _has_parts(message) or not isinstance(message, dict):
        draft = session.run.draft(placed, None)
        yield session.run.unknown(draft, session.run.main, "message", message)
        return
    info = object_in(message, "info")
    identity = text_in(info, "id")
    begun = session.message(placed, info)
    yield begun
    for part in list_in(message, "parts"):
        if isinstance(part, dict):
            yield session.part(placed, part, identity)
        else:
            yield session.run.unknown(session.run.draft(placed, None), session.run.main, "part", part)
    ended = session.run.draft(placed, object_in(info, "time").get("completed"), id=identity)
    session.finished(ended, info)
    ended.kind, ended.label = ended.kind or "usage", ended.label or "tokens counted"
    yield ended


def _streamed(session: OpenCodeSession, placed: Placed) -> Draft:
    """The event of one printed line."""
    record = placed.value if isinstance(placed.value, dict) else {}
    part = record.get("part")
    if isinstance(part, dict):
        return session.part(placed, part, text_in(part, "messageID"), record.get("timestamp"))
    draft = session.run.draft(placed, record.get("timestamp"))
    error = record.get("error")
    if record.get("type") == "error" and error:
        told = text_in(object_in(error, "data"), "message") or text_in(error, "message") or text_of(error)
        session.run.main.fail(draft, "run", one_line(text_in(error, "name") or "error", 80), told)
        return draft
    return session.run.unknown(
        draft, session.run.main, text_in(record, "type") or type(placed.value).__name__, placed.value
    )


SECOND = "session_message"
"""Where opencode 2 keeps messages; those of before stay in the tables they were in."""
_SECOND_COLUMNS = frozenset({"id", "session_id", "type", "data"})


class OpenCodeStore(Format):
    """Every session of the store becomes a namespace `opencode:<session id>`, told message by message."""

    name: ClassVar[str] = "opencode-sqlite"
    title: ClassVar[str] = "opencode store"
    looked_for: ClassVar[str] = "an opencode.db with tables message and part, or session_message"

    def recognise(self, source: Source) -> bool:
        try:
            found = sqlite.tables(source)
        except ImportFormatError:
            return False
        wanted = {"message": {"id", "session_id", "data"}, "part": {"id", "message_id", "data"}}
        first = all(columns <= set(found.get(table, ())) for table, columns in wanted.items())
        return first or set(found.get(SECOND, ())) >= _SECOND_COLUMNS

    def files(self, source: Source) -> list[Source]:
        return sqlite.files(source)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        if not sqlite.is_database(source):
            raise ImportFormatError(f"{source.path} is not a SQLite database, and no opencode store")
        with sqlite.reading(source.path, report) as database:
            yield from _Stored(source, report, database).read()
        # Pages are emptier than they are large.
        report.read(report.bytes_total - report.bytes_read)


class _Stored:
    def __init__(self, source: Source, report: ImportReport, database: sqlite.Database) -> None:
        self._source, self._report, self._database = source, report, database
        self._number = 0
        self._sessions: dict[str, OpenCodeSession] = {}

    def read(self) -> Iterator[Draft]:
        """The events of all sessions, one session after the other."""
        moved = {text_in(row, "id"): row for row in self._rows("session_v2", "time_created, id")}
        for row in self._rows("session", "time_created, id"):
            moved.setdefault(text_in(row, "id"), row)
        for identity, row in moved.items():
            yield self._session(identity).about(self._placed(), row)
        tables = self._database.tables
        second = set(tables.get(SECOND, ())) >= _SECOND_COLUMNS
        again = f" where id not in (select id from {SECOND})" if second else ""
        order = "session_id, time_created, id" if "time_created" in tables.get("message", ()) else "session_id, id"
        for row in self._rows("message", order, again):
            yield from self._message(row)
        if second:
            yield from self._second()
        todos: dict[str, list[JSON]] = {}
        for row in self._rows("todo", "session_id, position"):
            todos.setdefault(text_in(row, "session_id"), []).append(row)
        for identity, items in todos.items():
            session = self._session(identity)
            draft = session.run.draft(self._placed(), None)
            session.run.main.effects.todos(draft, items)
            draft.kind, draft.label = "plan", f"todos: {len(items)}"
            yield draft

    def _second(self) -> Iterator[Draft]:
        """The events of what opencode 2 keeps. A session of opencode 1 may have its choices there, and nothing said."""
        said = ", ".join(f"'{kind}'" for kind in sorted(opencode_v2.SAID))
        spoken = f" where session_id in (select session_id from {SECOND} where type in ({said}))"
        for row in self._rows(SECOND, "session_id, seq, time_created, id", spoken):
            about: Fields = {"id": text_in(row, "id"), "type": text_in(row, "type")}
            message: Fields = {**_decoded(row.get("data"), self._report), **about}
            message["time"] = {"created": row.get("time_created"), **object_in(message, "time")}
            yield from opencode_v2.told(self._session(text_in(row, "session_id")), self._placed(), message)

    def _message(self, row: Fields) -> Iterator[Draft]:
        session, identity = self._session(text_in(row, "session_id")), text_in(row, "id")
        info: Fields = {**_decoded(row.get("data"), self._report), "id": identity}
        placed = self._placed()
        yield session.message(placed, info if "time" in info else {**info, "time_created": row.get("time_created")})
        ordering = "time_created, id" if "time_created" in self._database.tables.get("part", ()) else "id"
        columns = [name for name in ("id", "data", "time_created") if name in self._database.tables["part"]]
        found = self._database.rows(
            f"select {', '.join(columns)} from part where message_id = ? order by {ordering}", (identity,)
        )
        for values in found:
            part = dict(zip(columns, values, strict=True))
            told: Fields = {**_decoded(_plain(part["data"]), self._report), "id": _plain(part["id"])}
            yield session.part(self._placed(), told, identity, _plain(part.get("time_created")))
        ended = session.run.draft(placed, object_in(info, "time").get("completed"), id=identity)
        session.finished(ended, info)
        ended.kind, ended.label = ended.kind or "usage", ended.label or "tokens counted"
        yield ended

    def _session(self, identity: str) -> OpenCodeSession:
        if identity not in self._sessions:
            self._sessions[identity] = OpenCodeSession(RunLog("opencode", identity, self._source.name, self._report))
        return self._sessions[identity]

    def _rows(self, table: str, order: str, where: str = "") -> Iterator[Fields]:
        columns = self._database.tables.get(table, ())
        ordering = ", ".join(name for name in order.split(", ") if name in columns) or "rowid"
        if not columns:
            return
        named = ", ".join(f'"{name}"' for name in columns)
        for values in self._database.rows(f'select {named} from "{table}"{where} order by {ordering}'):
            self._report.records += 1
            yield {name: _opened(_plain(value), self._report) for name, value in zip(columns, values, strict=True)}

    def _placed(self) -> Placed:
        """A row has no place in bytes: the file is where it lies."""
        self._number += 1
        return Placed(None, self._number, 0, self._source.size)


def _plain(value: sqlite.Value) -> JSON:
    return f"[{len(value):,} bytes]" if isinstance(value, bytes) else value


def _opened(value: JSON, report: ImportReport) -> JSON:
    """A column's JSON text as what it means, where it is that; anything else as it is."""
    return (
        _decoded(value, report) or value
        if isinstance(value, str) and value[:1] == "{" and len(value) < 65_536
        else value
    )


def _decoded(value: JSON, report: ImportReport) -> Fields:
    if isinstance(value, dict):
        return value
    try:
        found = parse(value.encode(errors="replace"), report.repaired) if isinstance(value, str) else []
    except ValueError as error:
        report.repaired[f"rows that are no JSON: {error}"[:80]] += 1
        return {}
    return found[0] if len(found) == 1 and isinstance(found[0], dict) else {}
