"""All spans of a log in the order they started and ended, their contents put aside in a temporary file."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, cast

from playhead.errors import LogError
from playhead.formats.chat import Fields
from playhead.formats.report import ImportReport
from playhead.formats.spans import Span, SpanKind, merged
from playhead.formats.vocabulary import key_part
from playhead.model import JSON

IN_MEMORY_BYTES = 64 * 1024 * 1024
"""Span contents up to here never touch the disk. The index itself takes about half a kilobyte for each span."""
MAIN_AGENT = "main"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A record that no rule of its format knows: kept whole."""

    kind: str
    value: JSON
    place: Fields
    time: int | None = None
    """Nanoseconds since the epoch, where it says so itself."""
    label: str = ""
    """What it says in words, where it has any."""


@dataclass(slots=True, eq=False)
class Entry:
    """A span without its contents, and where it stands among the others."""

    trace_id: str
    span_id: str
    parent_id: str
    kind: SpanKind
    start: int
    """Nanoseconds since the epoch; that of the record before it where it says none, as `timeless` tells."""
    end: int | None
    timeless: bool
    session: str
    agent: str
    """Its own word first; after `resolve`, the agent whose event it is."""
    offset: int
    """In the spool."""
    length: int
    uses: bool
    """Whether it tells tokens or cost."""
    speaks: bool
    """Whether it tells messages."""
    answers: bool
    """Whether a model's answer is among them."""
    failed: bool
    parent: Entry | None = None
    depth: int = 0
    sums: bool = False
    """Whether a span below it tells tokens too, so that its own are their sum."""
    repeats: bool = False
    """Whether a model's span below it answers too, so that its own answer is that one again."""
    placed: bool = False
    namespace: str = ""
    """Where it belongs, without the format's scheme: its session, else its trace."""

    @property
    def is_root(self) -> bool:
        return self.parent is None


@dataclass(frozen=True, slots=True)
class Boundary:
    """The start or the end of a span, or a record of unknown kind."""

    entry: Entry | None
    is_end: bool
    span: Span | None
    unknown: Unknown | None = None
    time: int | None = None
    """Of an unknown record: that of its neighbour."""


class SpanIndex:
    """Takes every span of a log, then gives their starts and ends in time order."""

    def __init__(self, report: ImportReport) -> None:
        self._report = report
        self._file: IO[bytes] = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES))  # noqa: SIM115
        self._end = 0
        self._entries: dict[tuple[str, str], Entry] = {}
        self._unknown: list[tuple[int, Unknown]] = []
        self._latest = 0
        self._speaking_traces: set[str] = set()
        self._left: Counter[str] = Counter()

    def __enter__(self) -> SpanIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add_all(self, found: Iterable[Span | Unknown]) -> None:
        for one in found:
            if isinstance(one, Unknown):
                self._unknown.append((self._latest if one.time is None else one.time, one))
            else:
                self._add(one)

    def boundaries(self) -> Iterator[Boundary]:
        """Starts and ends in time order; at one instant what ends comes before what starts, so that a clock of
        milliseconds still shows a call before its tool. A span that takes no time starts, then ends."""
        entries = list(self._entries.values())
        self._resolve(entries)
        order: list[tuple[int, int, int, int, int, bool]] = []
        holding = {id(entry.parent) for entry in entries}
        for number, entry in enumerate(entries):
            instant = entry.timeless or entry.end == entry.start
            if instant and entry.is_root and id(entry) not in holding:
                # Nothing is said of how long it took: one came after the other, as in the log.
                order += [
                    (entry.start, 3, number, ended, number, bool(ended))
                    for ended in (0, 1)[: 1 + (entry.end is not None)]
                ]
                continue
            order.append((entry.start, 1, entry.depth, entry.end or 0, number, False))
            if entry.end is not None:
                end = max(entry.end, entry.start)
                order.append((end, 2 if entry.end <= entry.start else 0, -entry.depth, entry.start, number, True))
        for number, (time, _) in enumerate(self._unknown):
            order.append((time, 3, 0, number, -1 - number, False))
        order.sort()
        for *_, number, is_end in order:
            if number >= 0:
                yield Boundary(entries[number], is_end, self._content(entries[number]))
            else:
                time, unknown = self._unknown[-1 - number]
                yield Boundary(None, False, None, unknown, time or None)

    def is_over(self, entry: Entry) -> bool:
        """Whether the boundary just given of this span was the last one of its namespace."""
        self._left[entry.namespace] -= 1
        return not self._left[entry.namespace]

    def _add(self, span: Span) -> None:
        key = (span.trace_id, span.span_id or f"record {len(self._entries) + 1}")
        known = self._entries.get(key)
        if known is not None:
            earlier = self._content(known)
            span = merged(earlier, span)
            if _same(span, earlier):
                self._report.counts["repeated_spans"] += 1
                return
            self._report.counts["spans_told_again"] += 1
        else:
            self._report.counts["spans"] += 1
        start = span.start if span.start is not None else span.end
        self._latest = self._latest if start is None else start
        offset, length = self._put(span.packed())
        self._entries[key] = Entry(
            span.trace_id,
            key[1],
            span.parent_id,
            span.kind,
            self._latest,
            span.end if span.end is not None else self._closed(span),
            start is None,
            span.session,
            span.agent,
            offset,
            length,
            span.usage is not None,
            bool(span.input or span.output),
            bool(span.output) and span.kind == "llm",
            span.failed,
        )
        if span.kind == "llm" and (span.input or span.output):
            self._speaking_traces.add(span.trace_id)

    def _closed(self, span: Span) -> int | None:
        """When a span ended that says how, but not when: at its start, so that what it gave is told."""
        told = span.failed or span.output or span.gave is not None or span.usage is not None
        return self._latest if told else None

    def _put(self, data: bytes) -> tuple[int, int]:
        offset = self._end
        try:
            self._file.seek(offset)
            self._file.write(data)
        except OSError as error:
            raise LogError(
                f"the temporary folder {tempfile.gettempdir()} cannot be written to ({error.strerror}): free some"
                " space, or set TMPDIR to a folder that has it"
            ) from None
        self._end += len(data)
        return offset, len(data)

    def _content(self, entry: Entry) -> Span:
        self._file.seek(entry.offset)
        return Span.unpacked(self._file.read(entry.length))

    def _resolve(self, entries: list[Entry]) -> None:
        sessions: dict[str, set[str]] = {}
        for entry in entries:
            if entry.session:
                sessions.setdefault(entry.trace_id, set()).add(entry.session)
        for entry in entries:
            self._place(entry)
        for entry in sorted(entries, key=lambda entry: -entry.depth):
            self._cover(entry)
            _tell_time(entry)
        self._left.clear()
        for entry in entries:
            if not entry.session:
                known = sessions.get(entry.trace_id, set())
                entry.session = next(iter(known)) if len(known) == 1 else ""
            entry.speaks = entry.speaks and self._may_speak(entry)
            entry.namespace = key_part(entry.session or entry.trace_id or "trace")
            self._left[entry.namespace] += 1 if entry.end is None else 2

    def _place(self, entry: Entry) -> None:
        """Find a span's parent, depth, session and agent, its ancestors' first."""
        path: list[Entry] = []
        on_path: set[int] = set()
        climbing: Entry | None = entry
        while climbing is not None and not climbing.placed:
            if id(climbing) in on_path:
                # Parents in a ring: the log is wrong somewhere, and here as well as elsewhere.
                path[-1].parent = None
                self._report.repaired["spans that are their own ancestors"] += 1
                break
            path.append(climbing)
            on_path.add(id(climbing))
            climbing.parent = self._entries.get((climbing.trace_id, climbing.parent_id))
            climbing = climbing.parent
        for one in reversed(path):
            above, one.placed = one.parent, True
            if above is None:
                one.agent = one.agent or MAIN_AGENT
                continue
            one.depth = above.depth + 1
            # An agent that a tool runs may have a conversation of its own: it is a part of the one around it.
            one.session = above.session or one.session
            if one.kind != "agent" or not one.agent:
                one.agent = above.agent if above.agent != MAIN_AGENT else one.agent or MAIN_AGENT

    def _cover(self, entry: Entry) -> None:
        """Tell the spans above one that they only repeat its tokens and its answer."""
        uses, answers = entry.uses, entry.answers
        above = entry.parent
        while above is not None and ((uses and not above.sums) or (answers and not above.repeats)):
            above.sums = above.sums or uses
            above.repeats = above.repeats or answers
            above = above.parent

    def _may_speak(self, entry: Entry) -> bool:
        """A model's span always; another one where no model's span of its trace tells what was said."""
        return entry.kind == "llm" or entry.trace_id not in self._speaking_traces


def _tell_time(entry: Entry) -> None:
    """Stretch the span above one, where that tells no time of its own, so that it holds this one."""
    above = entry.parent
    if above is None or not above.timeless or (entry.timeless and entry.end is None):
        return
    above.start = min(above.start, entry.start) if above.end is not None else entry.start
    above.end = max(above.end or 0, entry.end or entry.start)


def _same(one: Span, other: Span) -> bool:
    try:
        return one == other
    except RecursionError:
        # As deep as a parser goes is deeper than a comparison does.
        return False
