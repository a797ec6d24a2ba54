"""Every event of a store as arrays, without labels: kinds, errors and times, for a scrubber and for jumping."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy
import numpy.typing

from playhead import forking
from playhead.entry import from_microseconds
from playhead.generation import View
from playhead.history import History
from playhead.model import EventHeader, is_error_kind, is_tool_call_kind, is_user_kind
from playhead.timeline import Integers

PAGE_ROWS = 64
CACHED_PAGES = 256
_MOST_KINDS = 255
OTHER_KIND = "other"


@dataclass(frozen=True, slots=True)
class EventLine:
    """What a list says of one event."""

    commit_ts: int
    moment: datetime
    """`occurred_at` where the run has it, else `committed_at` (S29)."""
    occurred: bool
    """Whether the run has it."""
    kind: str
    label: str


class Track:
    """The events 1 … head. Headers (labels, meta) are read by the page and kept within a bound."""

    def __init__(self, history: History, view: View) -> None:
        self._history = history
        self.view = view
        """What the events are those of."""
        self.head = 0
        self.kind_names: list[str] = []
        """What the codes in `kinds` stand for; a code of 255 is any kind beyond the first 255."""
        self.kinds: numpy.typing.NDArray[numpy.uint8] = numpy.zeros(0, numpy.uint8)
        """One code per event, in commit order."""
        self.times: Integers = numpy.zeros(0, numpy.int64)
        """Each event's moment (occurred_at, else committed_at), microseconds since the epoch, as the source has it."""
        self.errors: Integers = numpy.zeros(0, numpy.int64)
        """The commit_ts of every event whose kind ends in `error`, ascending."""
        self.tool_calls: Integers = numpy.zeros(0, numpy.int64)
        """The commit_ts of every event that is a tool call, ascending."""
        self.users: Integers = numpy.zeros(0, numpy.int64)
        """The commit_ts of every event that is what somebody said to the agent, ascending."""
        self._pages: OrderedDict[int, list[EventHeader]] = OrderedDict()
        self._lock = threading.Lock()
        forking.track(self)
        self._load()

    def after_fork_in_child(self) -> None:
        self._lock = threading.Lock()

    def refresh(self, view: View) -> bool:
        """Take in what was committed since. True where there is something."""
        if view.head == self.head:
            return False
        self.view = view
        with self._lock:
            # The last page was not full; what is new belongs on it.
            self._pages.pop(self.head // PAGE_ROWS, None)
        self._load()
        return True

    def _load(self) -> None:
        start = self.head + 1
        with self._history.query(self.view) as query:
            source = query.events(start)
            found = query.rows(f"SELECT DISTINCT kind FROM {source} ORDER BY kind")
            self.kind_names += [kind for (kind,) in found if kind not in self.kind_names]
            source, names = query.events(start), query.parameter(self.kind_names[:_MOST_KINDS])
            rows = query.arrays(
                f"SELECT coalesce(list_position({names}::VARCHAR[], kind) - 1, {_MOST_KINDS}) AS code,"
                f" epoch_us(coalesce(occurred_at, committed_at)) AS at FROM {source} ORDER BY commit_ts"
            )
        codes = numpy.ma.getdata(rows["code"]).astype(numpy.uint8)
        self.kinds = numpy.concatenate([self.kinds, codes])
        self.times = numpy.concatenate([self.times, rows["at"]])
        self.errors = self._of_kinds(is_error_kind)
        self.tool_calls = self._of_kinds(is_tool_call_kind)
        self.users = self._of_kinds(is_user_kind)
        self.head = self.view.head

    def _of_kinds(self, fits: Callable[[str], bool]) -> Integers:
        codes = [code for code, kind in enumerate(self.kind_names[:_MOST_KINDS]) if fits(kind)]
        return numpy.flatnonzero(numpy.isin(self.kinds, codes)) + 1

    @property
    def names_every_kind(self) -> bool:
        """Whether every kind has a code of its own."""
        return len(self.kind_names) <= _MOST_KINDS

    def kind(self, commit_ts: int) -> str:
        code = int(self.kinds[commit_ts - 1])
        return self.kind_names[code] if code < _MOST_KINDS else OTHER_KIND

    def header(self, commit_ts: int) -> EventHeader:
        return self.headers([commit_ts])[0]

    def headers(self, commits: list[int]) -> list[EventHeader]:
        """The headers of these commits, each of which exists."""
        pages = {page: self._page(page) for page in {(commit_ts - 1) // PAGE_ROWS for commit_ts in commits}}
        return [pages[(commit_ts - 1) // PAGE_ROWS][(commit_ts - 1) % PAGE_ROWS] for commit_ts in commits]

    def lines(self, commits: Iterable[int]) -> dict[int, EventLine]:
        """What lists say of these commits, each of which exists; quick also where they are far apart."""
        wanted = sorted(set(commits))
        labels = self._history.labels(self.view, wanted) if wanted else {}
        return {
            commit_ts: EventLine(
                commit_ts, from_microseconds(int(self.times[commit_ts - 1])), occurred, self.kind(commit_ts), label
            )
            for commit_ts, (label, occurred) in labels.items()
        }

    def _page(self, page: int) -> list[EventHeader]:
        with self._lock:
            rows = self._pages.pop(page, None)
            if rows is None:
                first = page * PAGE_ROWS + 1
                rows = self._history.headers(self.view, range(first, min(first + PAGE_ROWS - 1, self.head) + 1))
            self._pages[page] = rows
            if len(self._pages) > CACHED_PAGES:
                self._pages.popitem(last=False)
            return rows
