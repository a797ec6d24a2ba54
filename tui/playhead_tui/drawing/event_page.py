"""One event, whole: what it was, when, and all that it wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from playhead import JSON, AgentAddress, Event
from playhead.model import Operation
from playhead_tui.drawing.event_lines import kind_role
from playhead_tui.drawing.json_lines import json_lines, wrapped
from playhead_tui.drawing.span import BLANK, Line, Role, Span, left, printable
from playhead_tui.drawing.state_lines import ROLES, SIGNS
from playhead_tui.drawing.words import count, plural, preview

OPERATIONS_SHOWN = 2_000
"""Operations of an event that are shown; the others are counted."""
_VALUE_LINES = 200
_BRIEF_LINES = 8
"""A value of more lines than this is not put beside its key: a preview may leave out what lies deeper."""
_NAME_WIDTH = 13


def event_page(event: Event, imported: bool, width: int) -> list[Line]:
    """Names and values of all that is known of the event, then every operation in staging order (S19)."""
    lines = [
        *_field("commit", count(event.commit_ts), width, "strong"),
        *_field("kind", event.kind or "—", width, kind_role(event.kind)),
        *_field("label", event.label or "—", width),
        *_field("occurred", _moment(event.occurred_at, "the log does not say" if imported else "—"), width),
        *_field("imported" if imported else "committed", _moment(event.committed_at, "—"), width),
        *_field("transaction", event.txn_id, width),
        *(_meta(event.meta, width) if event.meta else ()),
        BLANK,
        Line((Span(plural(len(event.operations), "operation"), "heading"),)),
    ]
    agent: AgentAddress | None = None
    for operation in islice(event.operations, OPERATIONS_SHOWN):
        owner = AgentAddress(operation.namespace, operation.agent_id)
        if owner != agent:
            agent = owner
            name = f"{printable(owner.namespace)}/{printable(owner.agent_id)}"
            lines += [BLANK, Line((Span(name, "muted"),))]
        lines += _operation(operation, width)
    hidden = len(event.operations) - OPERATIONS_SHOWN
    if hidden > 0:
        lines += [BLANK, Line((Span(f"⋯ {plural(hidden, 'more operation')}", "warning"),))]
    return lines


def _field(name: str, text: str, width: int, role: Role = "text") -> Iterator[Line]:
    for piece in wrapped(text, max(20, width - _NAME_WIDTH)):
        yield Line((Span(left(name, _NAME_WIDTH), "muted"), Span(piece, role)))
        name = ""


def _meta(meta: dict[str, JSON], width: int) -> Iterator[Line]:
    name = "meta"
    for line in json_lines(meta, width - _NAME_WIDTH, _VALUE_LINES):
        yield Line((Span(left(name, _NAME_WIDTH), "muted"), *line.spans))
        name = ""


def _moment(moment: datetime | None, otherwise: str) -> str:
    """In local time, with the offset that says so."""
    return moment.astimezone().isoformat(" ", "milliseconds") if moment is not None else otherwise


def _operation(operation: Operation, width: int) -> Iterator[Line]:
    """`~ plan/steps  v7  "short"`; a value that is not short follows as JSON. A first version has a plus."""
    status = "removed" if operation.op == "delete" else "added" if operation.version == 1 else "changed"
    version = f"  v{operation.version}"
    name = f"{SIGNS[status]} {printable(operation.key)}"
    head = (Span(f"{SIGNS[status]} ", ROLES[status]), Span(printable(operation.key), "strong"), Span(version, "muted"))
    if operation.op == "delete":
        yield Line((*head, Span("  deleted", "faint")))
        return
    lines = json_lines(operation.value, width - 4, _VALUE_LINES)
    room = width - Line((Span(name + version),)).width - 2
    brief = preview(operation.value, width)
    if len(lines) <= _BRIEF_LINES and Line((Span(brief),)).width <= room:
        yield Line((*head, Span("  " + brief, "text")))
        return
    yield Line(head)
    for line in lines[:_VALUE_LINES]:
        yield Line((Span("    "), *line.spans))
    if len(lines) > _VALUE_LINES:
        yield Line((Span("    ⋯ more lines; the Value tab has them", "faint"),))
