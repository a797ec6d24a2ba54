"""Logs of one JSON object per line, each with its type: what they share, and how their readers are held."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, text_in
from playhead.formats.source import Placed, Source
from playhead.model import JSON

Handler = Callable[[Draft, Fields], None]


class LineReader:
    """Tells one run's records, each by the handler of its type."""

    def __init__(self, run: RunLog) -> None:
        self.run = run
        self.handlers: Mapping[str, Handler] = {}
        self.silent: frozenset[str] = frozenset()
        """Types that say nothing of state: counted, and no events."""

    def kind_of(self, record: Fields) -> str:
        """What the record is handled as."""
        return text_in(record, "type")

    def written(self, record: Fields) -> JSON:
        """When, as the record tells it."""
        return record.get("timestamp", record.get("time", record.get("created_at")))

    def read(self, draft: Draft, record: Fields) -> None:
        """Stage one record; whole where its type is unknown."""
        kind = self.kind_of(record)
        handler = self.handlers.get(kind)
        if handler is not None:
            handler(draft, record)
        elif kind in self.silent:
            self.run.report.counts[kind] += 1
        else:
            self.run.unknown(draft, self.run.main, kind or "(none)", record)
        if draft.operations:
            draft.kind = draft.kind or "meta"
            draft.label = draft.label or kind or "record"


class LineFormat(Format):
    """A format whose files hold one record per line, or a list of them; the run is `<tool>:<id>`."""

    tool: ClassVar[str]
    tells_lines: ClassVar[bool] = True

    @abstractmethod
    def is_record(self, record: Fields) -> bool:
        """Whether a record can only be of this format."""

    @abstractmethod
    def reader(self, run: RunLog) -> LineReader:
        """What tells the records of one file."""

    def identity(self, records: list[Fields]) -> str:
        """What the first records call the run; empty where they do not."""
        found = (text_in(record, "sessionId", "session_id", "sessionID") for record in records)
        return next(filter(None, found), "")

    def recognise(self, source: Source) -> bool:
        return any(self.is_record(record) for record in first_records(source))

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        run = RunLog(self.tool, self.identity(first_records(source)) or source.path.stem, source.name, report)
        reader = self.reader(run)
        for placed in all_records(source, report):
            record = placed.value
            if isinstance(record, dict):
                draft = run.draft(placed, reader.written(record), id=record.get("id"))
                reader.read(draft, record)
            else:
                draft = run.unknown(run.draft(placed, None), run.main, type(record).__name__, record)
            yield draft


def all_records(source: Source, report: ImportReport) -> Iterator[Placed]:
    """The records of a file of lines, or of one list of them."""
    only = source.only
    return source.elements(report, only, ()) if isinstance(only, list) else source.records(report)


def first_records(source: Source) -> list[Fields]:
    """The first of them that are objects: what a file is recognised by."""
    records = source.only[:12] if isinstance(source.only, list) else source.head
    return [record for record in records if isinstance(record, dict)]
