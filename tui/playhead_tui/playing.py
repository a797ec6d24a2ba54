"""A run that plays by itself: how far the playhead has to be when so much time has passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playhead_tui.drawing.words import count

if TYPE_CHECKING:
    from playhead.cursor import Cursor

EVENT_SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
"""Events a second."""
CLOCK_SPEEDS = (1, 2, 5, 10, 20, 60, 120, 300, 600, 3_600)
"""Seconds of the run a second."""
PAUSE_SECONDS = 2.0
"""By the clock, no pause in the run takes longer than that."""
FRAMES = 30
"""Most moves a second: what a terminal shows."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and which way a run plays."""

    by_clock: bool = False
    direction: int = 1
    event_speed: int = EVENT_SPEEDS[2]
    clock_speed: int = CLOCK_SPEEDS[3]

    @property
    def speed(self) -> int:
        return self.clock_speed if self.by_clock else self.event_speed

    @property
    def words(self) -> str:
        """▶ 5/s, or by the clock ◀ ×10."""
        sign = "▶" if self.direction > 0 else "◀"
        return f"{sign} ×{count(self.speed)}" if self.by_clock else f"{sign} {count(self.speed)}/s"


def other_speed(speed: int, steps: int, by_clock: bool) -> int:
    """The speed so many steps faster (slower, where negative), as far as there are any."""
    speeds = CLOCK_SPEEDS if by_clock else EVENT_SPEEDS
    return speeds[max(0, min(len(speeds) - 1, speeds.index(speed) + steps))]


class Playback:
    """Counts what was played since a moment, so that a late tick is made up for and none of them adds to a drift."""

    def __init__(self, pace: Pace, now: float) -> None:
        self.pace = pace
        self._since, self._made = now, 0
        self._clock: float | None = None

    def events_due(self, now: float) -> int:
        """Events to step since this was last asked; negative backward."""
        due = int((now - self._since) * self.pace.event_speed + 1e-9)
        steps, self._made = due - self._made, due
        return steps * self.pace.direction

    def seconds_due(self, now: float) -> float:
        """Seconds that have passed since this was last asked."""
        seconds, self._since = now - self._since, now
        return seconds

    def move_by_clock(self, cursor: Cursor, seconds: float) -> None:
        """Take the cursor to what had happened by then. Called on its thread, and only there."""
        pace, times = self.pace, cursor.track.times
        if self._clock is None:
            self._clock = float(times[max(cursor.position, 1) - 1])
        self._clock += seconds * pace.clock_speed * pace.direction * 1e6
        row = cursor.row_of(cursor.position)
        patience = PAUSE_SECONDS * pace.clock_speed * 1e6
        while 0 <= row + pace.direction < cursor.stop_count:
            following = float(times[cursor.stop_at(row + pace.direction) - 1])
            ahead = (following - self._clock) * pace.direction
            if ahead > patience:
                self._clock = following - patience * pace.direction
            if ahead > 0:
                break
            row += pace.direction
        if row >= 0:
            cursor.position = cursor.stop_at(row)
