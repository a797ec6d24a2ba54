"""Playhead's own export, written and read: JSON lines that carry a whole store from one place to another.

Line 1 is the header, then come events in commit_ts order, and snapshots anywhere after it:

    {"format":"playhead","format_version":1,"store_id":…,"created":…}
    {"commit_ts":1,"txn_id":…,"committed_at":…,"occurred_at":…,"kind":…,"label":…,"meta":{…},"operations":[…]}
    {"snapshot":{"id":1,"commit_ts":…,"timestamp":…,"parent":…,"label":…}}

An operation is {"namespace","agent_id","key","op","version","value"}; times are ISO 8601, UTC, with microseconds and Z.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import ClassVar, NoReturn

import orjson

from playhead.draft import Draft
from playhead.errors import ImportFormatError, InvalidArgumentError
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.times import has_offset, moment
from playhead.model import JSON, Address, Event, SnapshotEntry, iso

FORMAT_NAME = "playhead"
FORMAT_VERSION = 1


def write_events(
    events: Iterable[Event], snapshots: Iterable[SnapshotEntry] = (), *, store_id: str, created: datetime
) -> Iterator[bytes]:
    """The lines of an export, each with its newline; the same store gives the same bytes (S21).

    `created` is when the store was, not the export.
    """
    header = {
        "format": FORMAT_NAME,
        "format_version": FORMAT_VERSION,
        "store_id": store_id,
        "created": iso(created),
    }
    yield orjson.dumps(header) + b"\n"
    for event in events:
        yield orjson.dumps(event.to_json()) + b"\n"
    for entry in snapshots:
        yield orjson.dumps({"snapshot": entry}) + b"\n"


class PlayheadExport(Format):
    """Reads back what `write_events` wrote, refusing whatever an import would have to renumber (S2, S3)."""

    name: ClassVar[str] = "playhead"
    title: ClassVar[str] = "Playhead export"
    looked_for: ClassVar[str] = 'a Playhead export, whose first line says "format": "playhead"'

    def recognise(self, source: Source) -> bool:
        first = source.head[0] if source.head else None
        return isinstance(first, dict) and first.get("format") == FORMAT_NAME and "format_version" in first

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        """Raises ImportFormatError, naming the line, for gaps, disorder, damage and a newer format version."""
        reader = _Reader(source.name, report)
        for placed in source.records(report):
            if report.malformed:
                break
            draft = reader.read(placed)
            if draft is not None:
                yield draft
        if report.malformed:
            broken = report.malformed_lines[0]
            raise ImportFormatError(
                f"{source.name}, line {broken.line} (offset {broken.offset}): not JSON ({broken.reason});"
                " the export is damaged: make it again"
            )


class _Reader:
    def __init__(self, file: str, report: ImportReport) -> None:
        self._file = file
        self._report = report
        self._head: int | None = None
        self._versions: dict[Address, int] = {}
        self._line = 0

    def read(self, placed: Placed) -> Draft | None:
        self._line = placed.line
        record = placed.value
        if not isinstance(record, dict):
            self._refuse(f"neither an event nor a snapshot: {type(record).__name__}")
        if self._head is None:
            self._header(record)
            return None
        if "snapshot" in record:
            self._snapshot(record["snapshot"])
            return None
        return self._event(record)

    def _header(self, record: dict[str, JSON]) -> None:
        version = record.get("format_version")
        if record.get("format") != FORMAT_NAME or not isinstance(version, int):
            self._refuse('the first line does not say "format": "playhead" and its format_version')
        if version > FORMAT_VERSION:
            self._refuse(f"format version {version} is newer than {FORMAT_VERSION}: use a newer Playhead")
        self._head = 0

    def _event(self, record: dict[str, JSON]) -> Draft:
        expected = (self._head or 0) + 1
        if record.get("commit_ts") != expected:
            self._refuse(f"commit_ts is {record.get('commit_ts')!r} where {expected} follows")
        operations, meta = record.get("operations"), record.get("meta", {})
        if not isinstance(operations, list) or not operations:
            self._refuse("an event without operations")
        if not isinstance(meta, dict):
            self._refuse("meta is not an object")
        draft = Draft(
            kind=self._text(record, "kind", ""),
            label=self._text(record, "label", ""),
            meta=meta,
            occurred_at=self._time(record, "occurred_at"),
            txn_id=self._text(record, "txn_id"),
            committed_at=self._time(record, "committed_at"),
        )
        if draft.committed_at is None:
            self._refuse("committed_at is missing")
        for operation in operations:
            self._operation(draft, operation)
        self._head = expected
        return draft

    def _operation(self, draft: Draft, operation: JSON) -> None:
        if not isinstance(operation, dict):
            self._refuse("an operation is not an object")
        address = Address(*(self._text(operation, name) for name in ("namespace", "agent_id", "key")))
        expected = self._versions.get(address, 0) + 1
        if operation.get("version") != expected:
            self._refuse(f"{address} has version {operation.get('version')!r} where {expected} follows")
        self._versions[address] = expected
        try:
            if operation.get("op") == "write" and "value" in operation:
                draft.write(address.agent_id, address.key, operation["value"], namespace=address.namespace)
            elif operation.get("op") == "delete":
                draft.delete(address.agent_id, address.key, namespace=address.namespace)
            else:
                self._refuse(f"{address} is neither a write with a value nor a delete")
        except InvalidArgumentError as error:
            self._refuse(str(error))

    def _snapshot(self, fields: JSON) -> None:
        if not isinstance(fields, dict):
            self._refuse("a snapshot is not an object")
        parent, timestamp, label = fields.get("parent"), fields.get("timestamp"), fields.get("label")
        entry_id, commit_ts = fields.get("id"), fields.get("commit_ts")
        numbers = isinstance(entry_id, int) and isinstance(commit_ts, int) and isinstance(timestamp, int | float)
        if not numbers or not isinstance(parent, int | None) or not isinstance(label, str | None):
            self._refuse("a snapshot needs id, commit_ts, timestamp, parent and label")
        assert isinstance(entry_id, int) and isinstance(commit_ts, int) and isinstance(timestamp, int | float)
        before = self._report.snapshots[-1].id if self._report.snapshots else 0
        if entry_id <= before:
            self._refuse(f"snapshot {entry_id} comes after snapshot {before}")
        self._report.snapshots.append(SnapshotEntry(entry_id, commit_ts, float(timestamp), parent, label))

    def _text(self, fields: dict[str, JSON], name: str, otherwise: str | None = None) -> str:
        value = fields.get(name, otherwise)
        if not isinstance(value, str) or (not value and otherwise is None):
            self._refuse(f"{name} is {value!r}, not text")
        return value

    def _time(self, fields: dict[str, JSON], name: str) -> datetime | None:
        value = fields.get(name)
        if value is None:
            return None
        found = moment(value)
        if not isinstance(value, str) or found is None or not has_offset(value):
            self._refuse(f"{name} is {value!r}, not a UTC time")
        return found

    def _refuse(self, what: str) -> NoReturn:
        raise ImportFormatError(f"{self._file}, line {self._line}: {what}; the export is damaged or edited")
