"""The debugger without a screen: a position in a run, and every way to move it and to look from it."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Self

import numpy

from playhead import goto
from playhead.activity import Activity
from playhead.blame import BlameRow
from playhead.entry import from_microseconds
from playhead.errors import InvalidArgumentError, MomentError
from playhead.figures import FigureReader
from playhead.looking import HistoryRow, Looking
from playhead.model import AgentAddress, Event, agents_named
from playhead.moment import Moment
from playhead.outline import OutlineRow, StateOutline
from playhead.timeline import Integers, Timeline
from playhead.track import Track

if TYPE_CHECKING:
    from playhead.store import Store

__all__ = ["BlameRow", "Cursor", "HistoryRow", "OutlineRow", "StateOutline"]

JUMPS_KEPT = 200


class Cursor(Looking):
    """A playhead on one store: which agent's state is looked at, where, and what is compared with what.

    Moves return whether (or where) they moved and never raise for going past an end. Methods may read from disk.
    """

    def __init__(self, store: Store, agent_id: str | None = None, namespace: str | None = None) -> None:
        super().__init__()
        self.store = store
        self.track = Track(store.history, store.view())
        self.activity = Activity(store.history)
        self.figures = FigureReader(store.history, self.track, self.activity)
        self._timelines: dict[AgentAddress, Timeline] = {}
        self._agents: tuple[int, list[AgentAddress]] | None = None
        self.position = self.track.head
        self.marks: dict[str, int] = {}
        self.hits: Integers = numpy.zeros(0, numpy.int64)
        """The commits that the last search found, ascending."""
        self._back: list[int] = []
        self._forward: list[int] = []
        self._leapt: tuple[int, bool] | None = None
        """Where the last leap led, and whether forward; None where something else was done since."""
        self.agent = self._initial_agent(agent_id, namespace)

    def _initial_agent(self, agent_id: str | None, namespace: str | None) -> AgentAddress:
        agents = self.agents()
        fitting = [
            agent
            for agent in agents
            if (agent_id is None or agent.agent_id == agent_id) and (namespace is None or agent.namespace == namespace)
        ]
        if fitting:
            # Whoever began the run is the one to look at first: helpers come later.
            first = self.store.history.first_agent(self.store.view())
            return first if first in fitting else fitting[0]
        if agent_id is None and namespace is None:
            return AgentAddress("default", "main")
        wanted = "/".join(part for part in (namespace, agent_id) if part)
        raise InvalidArgumentError(f"no agent {wanted!r} in this store; agents: {agents_named(agents)}")

    # ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def agents(self) -> list[AgentAddress]:
        """Every agent that ever wrote, sorted (S17); asked of the store only where there is something new."""
        head = self.track.head
        if self._agents is None or self._agents[0] != head:
            self._agents = (head, self.store.agents())
        return self._agents[1]

    def choose_agent(self, agent: AgentAddress) -> None:
        """Look at another agent's state; the playhead stays, and a selection that the agent has too."""
        if agent not in self.agents():
            raise InvalidArgumentError(f"no agent {str(agent)!r} in this store")
        self.agent = agent
        if self.selection not in self.timeline.keys:
            self.selection = None

    @property
    def timeline(self) -> Timeline:
        """The agent's history, read on first use."""
        return self.timeline_of(self.agent)

    def timeline_of(self, agent: AgentAddress) -> Timeline:
        """Any agent's history, read on first use."""
        if agent not in self._timelines:
            self._timelines[agent] = Timeline(self.store.history, self.store.view(), agent)
        return self._timelines[agent]

    def refresh(self) -> bool:
        """Catch up with what was committed since; a playhead at the head moves along. True where there is something."""
        self.store.refresh()
        view = self.store.view()
        at_head = self.position == self.track.head
        if not self.track.refresh(view):
            return False
        for timeline in self._timelines.values():
            timeline.refresh(view)
        if at_head:
            self.position = self.track.head
        return True

    def apart(self) -> Self:
        """Another cursor where this one is, for a reader in a thread of its own: what moves or refreshes one leaves
        the other as it is, and what either has read is in memory for both."""
        other = copy(self)
        other.track = copy(self.track)
        other.figures = self.figures.on(other.track)
        other._timelines = {agent: copy(timeline) for agent, timeline in self._timelines.items()}
        other.marks, other._back, other._forward = dict(self.marks), [*self._back], [*self._forward]
        return other

    def take_over(self, newer: Cursor) -> bool:
        """Catch up with a cursor that was made by `apart` and refreshed since; reads nothing that it has read.

        A playhead at the head moves along. True where there is something new.
        """
        if newer.track.head <= self.track.head:
            return False
        at_head = self.position == self.track.head
        self.track, self.figures = newer.track, newer.figures
        self._timelines, self._agents = newer._timelines, newer._agents
        self.take_stops(newer)
        if at_head:
            self.position = self.track.head
        return True

    # ── the event list ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def head(self) -> int:
        return self.track.head

    def event(self, commit_ts: int | None = None) -> Event | None:
        """The whole event at a commit (the playhead's, where none is given); None at 0."""
        return self.store.event(self.position if commit_ts is None else commit_ts)

    def time_at(self, commit_ts: int) -> datetime | None:
        """When the commit happened; None at 0."""
        if not 1 <= commit_ts <= self.track.head:
            return None
        return from_microseconds(int(self.track.times[commit_ts - 1]))

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def seek(self, moment: Moment) -> int:
        """Go to a moment; returns the position. Past the head is the head. Raises MomentError, InvalidArgumentError."""
        return self._move(self.store.resolve(moment))

    def step(self, count: int = 1) -> int:
        """Go `count` events on (back, where negative), within the run; returns the position."""
        self.position = self._stepped(count)
        return self.position

    def leap(self, count: int) -> int:
        """The same as a jump, which `back` undoes. Leaps one way, right after each other, are one jump."""
        landed, forward = self._stepped(count), count > 0
        if self._leapt == (self.position, forward):
            self.position = landed
        else:
            self._jump(landed)
        self._leapt = (landed, forward)
        return self.position

    def _stepped(self, count: int) -> int:
        if count == 0:
            return self.position
        row = self.row_of(self.position)
        if count < 0 and row >= 0 and self.stop_at(row) < self.position:
            # Between two stops, the one behind is already one step back.
            count += 1
        row = max(-1, min(row + count, self.stop_count - 1))
        stop = self.stop_at(row) if row >= 0 else 0
        # Behind the last stop there is nowhere to step on to.
        return max(stop, self.position) if count > 0 else stop

    def next_change(self, key: str | None = None, count: int = 1) -> bool:
        """Go to the next commit that wrote or deleted a key (the selection, where none is given)."""
        return self._follow_changes(key, count, forward=True)

    def previous_change(self, key: str | None = None, count: int = 1) -> bool:
        """Go to the commit before this one that wrote or deleted a key."""
        return self._follow_changes(key, count, forward=False)

    def _follow_changes(self, key: str | None, count: int, *, forward: bool) -> bool:
        key = self._key(key)
        find = self.timeline.next_change if forward else self.timeline.previous_change
        at = self.position
        for _ in range(count):
            found = find(key, at)
            if found is None:
                break
            at = found
        return self._jump(at)

    def next_error(self, count: int = 1) -> bool:
        """Go to the next event whose kind ends in `error`."""
        return self._follow(self.track.errors, count)

    def previous_error(self, count: int = 1) -> bool:
        """Go back to an event whose kind ends in `error`."""
        return self._follow(self.track.errors, -count)

    def next_tool_call(self, count: int = 1) -> bool:
        """Go to the next tool call; back, where `count` is negative."""
        return self._follow(self.track.tool_calls, count)

    def next_turn(self, count: int = 1) -> bool:
        """Go to where somebody next speaks to the agent; back, where `count` is negative."""
        return self._follow(self.track.users, count)

    def next_hit(self, count: int = 1) -> bool:
        """Go to the next event that the last search found."""
        return self._follow(self.hits, count)

    def previous_hit(self, count: int = 1) -> bool:
        """Go back to an event that the last search found."""
        return self._follow(self.hits, -count)

    def _follow(self, commits: Integers, count: int) -> bool:
        """Go `count` commits on in a sorted list, or as far as it reaches."""
        if count > 0:
            row = int(numpy.searchsorted(commits, self.position, side="right")) + count - 1
            row = min(row, len(commits) - 1)
            found = int(commits[row]) if row >= 0 else 0
            return found > self.position and self._jump(found)
        row = max(int(numpy.searchsorted(commits, self.position, side="left")) + count, 0)
        found = int(commits[row]) if row < len(commits) else self.position
        return found < self.position and self._jump(found)

    def goto(self, text: str, zone: tzinfo | None = None) -> int:
        """Go where the text says (see `goto.FORMS`); clock times are in `zone`, local time where none is given.

        Returns the position. Raises MomentError with a sentence that says what can be typed.
        """
        here = self.time_at(max(self.position, 1)) or datetime.now(UTC)
        match goto.parse(text, here.astimezone(zone)):
            case goto.Absolute(commit_ts):
                return self._move(min(commit_ts, self.head))
            case goto.Relative(steps):
                return self._move(self._stepped(steps))
            case goto.Mark(name):
                return self.jump(name)
            case goto.Label(label):
                if all(entry.label != label for entry in self.store.snapshot_entries()):
                    raise MomentError(f"no snapshot is labelled {label!r}; type {goto.FORMS}")
                return self.seek(label)
            case moment:
                return self.seek(moment)

    def search(self, text: str) -> int:
        """Find every event whose label, kind or changed key contains the text, whatever its case; returns how many."""
        self.hits = self.store.history.search(self.store.view(), text)
        return len(self.hits)

    def mark(self, name: str) -> None:
        """Remember this position under a name."""
        self.marks[name] = self.position

    def jump(self, name: str) -> int:
        """Go to a mark. Raises MomentError where there is none."""
        if name not in self.marks:
            known = ", ".join(sorted(self.marks)) or "none yet"
            raise MomentError(f"no mark {name!r}; marks: {known}")
        return self._move(self.marks[name])

    def back(self) -> bool:
        """Go where the last jump started."""
        return self._travel(self._back, self._forward)

    def forward(self) -> bool:
        """Undo `back`."""
        return self._travel(self._forward, self._back)

    def _travel(self, source: list[int], target: list[int]) -> bool:
        if not source:
            return False
        target.append(self.position)
        self.position, self._leapt = source.pop(), None
        return True

    def _move(self, commit_ts: int) -> int:
        self._jump(commit_ts)
        return self.position

    def _jump(self, commit_ts: int) -> bool:
        """Move and remember where from. False where that is here."""
        if commit_ts == self.position:
            return False
        self._back.append(self.position)
        del self._back[:-JUMPS_KEPT]
        self._forward.clear()
        self.position, self._leapt = commit_ts, None
        return True
