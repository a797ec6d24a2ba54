"""Every event of a store as arrays, without labels: kinds, errors and times, for a scrubber and for jumping."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy
import numpy.typing

from playhead import forking
from playhead.entry import from_microseconds
from playhead.generation import View
from playhead.history import History
from playhead.model import JSON, EventHeader, is_error_kind, is_tool_call_kind, is_user_kind, iso
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

    def to_json(self) -> dict[str, JSON]:
        return {"commit_ts": self.commit_ts, "at": iso(self.moment), "kind": self.kind, "label": self.label}


class EventLines:
    """The lines of some commits. Labels are read when the first is asked for: they may lie in as many places."""

    def __init__(self, track: Track, commits: Iterable[int]) -> None:
        self._track = track
        self._commits = sorted(set(commits))
        self._known: dict[int, EventLine] = {}

    def __getitem__(self, commit_ts: int) -> EventLine:
        """The line of one of the commits. Raises KeyError for any other."""
        if commit_ts not in self._known:
            # Whoever looks at one looks at a screenful; whoever looks at more gets the rest in one question.
            start = bisect_left(self._commits, commit_ts)
            wanted = self._commits if self._known else self._commits[start : start + PAGE_ROWS]
            self._known |= self._track.lines(wanted)
        return self._known[commit_ts]


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
        self._load()
        return True

    def _load(self) -> None:
        new = self._history.event_columns(self.view, self.head + 1)
        self.kind_names = [*self.kind_names, *(kind for kind in new.kind_names if kind not in self.kind_names)]
        places = [min(self.kind_names.index(kind), _MOST_KINDS) for kind in new.kind_names]
        codes = numpy.array(places, numpy.uint8)[new.kinds]
        self.kinds = numpy.concatenate([self.kinds, codes])
        self.times = numpy.concatenate([self.times, new.times])
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

    def known_headers(self, commits: Sequence[int]) -> dict[int, EventHeader]:
        """Those of the headers that are in memory, by commit_ts: reads nothing."""
        with self._lock:
            wanted = {(commit_ts - 1) // PAGE_ROWS for commit_ts in commits}
            known = {page: self._pages[page] for page in wanted if page in self._pages}
        found = {}
        for commit_ts in commits:
            rows, row = known.get((commit_ts - 1) // PAGE_ROWS, ()), (commit_ts - 1) % PAGE_ROWS
            if row < len(rows):
                found[commit_ts] = rows[row]
        return found

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
        first = page * PAGE_ROWS + 1
        count = min(PAGE_ROWS, self.head - first + 1)
        with self._lock:
            rows = self._pages.get(page)
            # The last page is not full, and what is committed later belongs on it.
            if rows is not None and len(rows) >= count:
                self._pages.move_to_end(page)
                return rows
        # Not under the lock: whoever looks for what is in memory does not wait for a disk.
        rows = self._history.headers(self.view, range(first, first + count))
        with self._lock:
            self._pages[page] = rows
            if len(self._pages) > CACHED_PAGES:
                self._pages.popitem(last=False)
        return rows
