"""What there is to know of an event beside its header: whose it was, how long it took, and what it used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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


class FigureReader:
    """Reads by and by: figures are told as far as `read_more` has come."""

    def __init__(self, history: History, track: Track, activity: Activity) -> None:
        self._track = track
        self._activity = activity
        self._spending = Spending(history)
        self._known: dict[int, Figures] = {}
        self._known_head = 0

    def lacks(self, agents: bool) -> bool:
        """Whether `read_more` has more to read; with the agents of each event, where these are wanted."""
        view = self._track.view
        return self._spending.lacks(view) or (agents and self._activity.lacks_agents(view))

    def read_more(self, agents: bool) -> None:
        """Read one piece more, so that whoever waits for something else does not wait long."""
        view = self._track.view
        self._known.clear()
        if self._spending.lacks(view):
            self._spending.read(view)
        elif agents:
            self._activity.read_agents(view)

    def of(self, headers: Iterable[EventHeader]) -> dict[int, Figures]:
        """The figures of events, by commit_ts."""
        if self._known_head != self._track.head or len(self._known) > _FIGURES_KEPT:
            # The newest event is not the last one any more.
            self._known.clear()
            self._known_head = self._track.head
        headers = list(headers)
        new = [header for header in headers if header.commit_ts not in self._known]
        if new:
            commits = numpy.asarray([header.commit_ts for header in new], numpy.int64)
            owners = self._owners(commits)
            for header, agents, seconds in zip(new, owners, self._lasting(new), strict=True):
                self._known[header.commit_ts] = self._figures(header, agents, seconds)
        return {header.commit_ts: self._known[header.commit_ts] for header in headers}

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
