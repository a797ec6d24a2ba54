"""What there is to know of an event beside its header: whose it was, how long it took, and what it used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field

import numpy

from playhead.activity import Activity
from playhead.formats.usage import Usage, read_usage
from playhead.history import History
from playhead.model import AgentAddress, EventHeader
from playhead.spending import Spending
from playhead.timeline import Integers
from playhead.track import Track

_FIGURES_KEPT = 8_192


@dataclass(frozen=True, slots=True)
class Figures:
    agents: tuple[AgentAddress, ...] = ()
    """Who it touched; empty while that is not read yet."""
    seconds: float | None = None
    """How long it took: as it says itself, or until the next event of the run. None where nobody knows."""
    tokens: int | None = None
    """Tokens read anew and written."""
    cost_usd: float | None = None


@dataclass(slots=True)
class _Memory:
    """What was told lately, and what the last event was then."""

    figures: dict[int, Figures] = field(default_factory=dict)
    head: int = 0


class FigureReader:
    """Reads by and by: figures are told as far as `read_more` has come."""

    def __init__(self, history: History, track: Track, activity: Activity) -> None:
        self._track = track
        self._activity = activity
        self._spending = Spending(history)
        self._memory = _Memory()

    def on(self, track: Track) -> FigureReader:
        """One for the same events as another track has them, which shares all that is known."""
        other = copy(self)
        other._track = track
        return other

    def lacks(self, agents: bool) -> bool:
        """Whether `read_more` has more to read; with the agents of each event, where these are wanted."""
        view = self._track.view
        return self._spending.lacks(view) or (agents and self._activity.lacks_agents(view))

    def read_more(self, agents: bool) -> None:
        """Read one piece more, so that whoever waits for something else does not wait long."""
        view = self._track.view
        self._memory.figures.clear()
        if self._spending.lacks(view):
            self._spending.read(view)
        elif agents:
            self._activity.read_agents(view)

    def of(self, headers: Iterable[EventHeader]) -> dict[int, Figures]:
        """The figures of events, by commit_ts."""
        memory, head = self._memory, self._track.head
        if len(memory.figures) > _FIGURES_KEPT:
            memory.figures.clear()
        if memory.head != head:
            # The newest event is not the last one any more.
            memory.figures.pop(min(memory.head, head), None)
            memory.head = head
        headers = list(headers)
        found = self.known(header.commit_ts for header in headers)
        new = [header for header in headers if header.commit_ts not in found]
        if new:
            commits = numpy.asarray([header.commit_ts for header in new], numpy.int64)
            owners = self._owners(commits)
            for header, agents, seconds in zip(new, owners, self._lasting(new), strict=True):
                found[header.commit_ts] = memory.figures[header.commit_ts] = self._figures(header, agents, seconds)
        return found

    def known(self, commits: Iterable[int]) -> dict[int, Figures]:
        """Those that were told already, by commit_ts: reads nothing."""
        known = self._memory.figures
        return {commit_ts: figures for commit_ts in commits if (figures := known.get(commit_ts)) is not None}

    def _figures(self, header: EventHeader, agents: tuple[AgentAddress, ...], seconds: float | None) -> Figures:
        said = header.meta.get("duration_ms")
        if isinstance(said, int | float) and not isinstance(said, bool) and said >= 0:
            seconds = said / 1000
        spent = self._spending.at(header.commit_ts)
        usage = None if spent.tokens is not None else _usage_in(header)
        if usage is None:
            return Figures(agents, seconds, spent.tokens, spent.cost_usd)
        cost = usage.cost_usd if spent.cost_usd is None else spent.cost_usd
        return Figures(agents, seconds, usage.input + usage.output or None, cost)

    def _owners(self, commits: Integers) -> list[tuple[AgentAddress, ...]]:
        owners: list[tuple[AgentAddress, ...]] = [()] * len(commits)
        for agent, activity in self._activity.agents.items():
            rows = numpy.searchsorted(activity.commits, commits)
            inside = rows < len(activity.commits)
            for at in numpy.flatnonzero(inside)[activity.commits[rows[inside]] == commits[inside]].tolist():
                owners[at] = (*owners[at], agent)
        return owners

    def _lasting(self, headers: list[EventHeader]) -> Iterator[float | None]:
        """Seconds until the next event; None for the newest, and where only one of both says when it happened (S29)."""
        head = self._track.head
        following = self._track.headers([min(header.commit_ts + 1, head) for header in headers])
        for header, after in zip(headers, following, strict=True):
            seconds = (after.moment - header.moment).total_seconds()
            known = (header.occurred_at is None) == (after.occurred_at is None) and header.commit_ts < head
            yield seconds if known and seconds >= 0 else None


def _usage_in(header: EventHeader) -> Usage | None:
    """What the event's own meta says that it used."""
    places = (header.meta.get("usage"), header.meta.get("tokens"), header.meta)
    return next((usage for place in places if (usage := read_usage(place)) is not None), None)
