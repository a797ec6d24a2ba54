"""Phoenix: the SQLite database of its server. What its API and its client export are OpenTelemetry spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.errors import ImportFormatError
from playhead.formats.chat import Fields, json_inside
from playhead.formats.otel_span import read_span
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.span_events import SpanFormat
from playhead.formats.spans import Span
from playhead.formats.sqlite import files, is_database, reading, tables

_COLUMNS = ("name", "span_kind", "start_time", "end_time", "attributes", "events", "status_code", "status_message")
_SPANS = """
    select spans.id, traces.trace_id, spans.span_id, spans.parent_id, {columns}, {project}, {cost}
    from spans join traces on traces.id = spans.trace_rowid {joins}
    order by spans.id
"""


class Phoenix(SpanFormat):
    """The spans of every project of a Phoenix server, as its database holds them."""

    name: ClassVar[str] = "phoenix"
    title: ClassVar[str] = "Phoenix database"
    looked_for: ClassVar[str] = "a Phoenix database with tables traces and spans"
    scheme: ClassVar[str] = "otel"

    def recognise(self, source: Source) -> bool:
        try:
            known = tables(source)
        except ImportFormatError:
            return False
        return "trace_rowid" in known.get("spans", ()) and "trace_id" in known.get("traces", ())

    def files(self, source: Source) -> list[Source]:
        return files(source)

    def spans(self, source: Source, report: ImportReport) -> Iterator[Span]:
        if not is_database(source):
            raise ImportFormatError(
                f"{source.name}, line 1: this is no SQLite database, and Phoenix keeps its spans in one"
            )
        with reading(source.path, report) as database:
            database.require("spans", "id", "trace_rowid", "span_id", "parent_id", *_COLUMNS)
            database.require("traces", "id", "trace_id")
            named = "project_rowid" in database.tables["traces"] and "projects" in database.tables
            priced = {"span_rowid", "total_cost"} <= set(database.tables.get("span_costs", ()))
            joins = ["left join projects on projects.id = traces.project_rowid"] if named else []
            joins += ["left join span_costs on span_costs.span_rowid = spans.id"] if priced else []
            sql = _SPANS.format(
                columns=", ".join(f"spans.{column}" for column in _COLUMNS),
                project="projects.name" if named else "null",
                cost="span_costs.total_cost" if priced else "null",
                joins=" ".join(joins),
            )
            for row in database.rows(sql):
                values = [value.decode(errors="replace") if isinstance(value, bytes) else value for value in row]
                rowid, trace_id, span_id, parent_id, *told, project, cost = values
                record: Fields = {"trace_id": trace_id, "span_id": span_id, "parent_id": parent_id}
                record |= dict(zip(_COLUMNS, told, strict=True))
                for name in ("attributes", "events"):
                    record[name] = json_inside(record[name], report.repaired)
                attributes = record["attributes"]
                if cost is not None and isinstance(attributes, dict):
                    attributes["llm.cost"] = {"total": cost}
                if project is not None and not parent_id:
                    record["project"] = project
                report.records += 1
                number = rowid if isinstance(rowid, int) else report.records
                placed = Placed(None, number, 0, source.size)
                yield read_span(record, placed, f"spans/{number}")
        report.read(max(0, report.bytes_total - report.bytes_read))
