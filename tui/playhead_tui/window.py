"""The stretch of a run that the timeline shows."""

from __future__ import annotations

from dataclasses import dataclass

NARROWEST = 8
"""Commits below which there is nothing more to see by zooming in."""


@dataclass(frozen=True, slots=True)
class Window:
    """The commits first … last, both included. Made by `around`, it always lies within the run."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def __contains__(self, commit_ts: int) -> bool:
        return self.first <= commit_ts <= self.last

    def zoomed(self, factor: float, anchor: int, head: int) -> Window:
        """`factor` times as many commits, with the anchor at the same place of the strip as before."""
        anchor = min(max(anchor, self.first), self.last)
        size = max(1, round(self.size * factor))
        share = (anchor - self.first) / max(1, self.size - 1)
        return window(round(anchor - share * (size - 1)), size, head)

    def panned(self, commits: int, head: int) -> Window:
        """As wide as before, so many commits on (back, where negative), as far as the run goes."""
        return window(self.first + commits, self.size, head)

    def following(self, position: int, head: int) -> Window:
        """A window as wide that holds the position: this one, or one moved so that a quarter lies ahead of it."""
        if position in self or (position == 0 and self.first == 1):
            return self
        ahead = self.size // 4
        first = position - ahead if position < self.first else position + ahead - self.size + 1
        return window(first, self.size, head)

    def is_whole(self, head: int) -> bool:
        return self.first <= 1 and self.last >= head


def window(first: int, size: int, head: int) -> Window:
    """So many commits from `first` on, moved and made as wide or narrow as the run allows."""
    size = min(max(size, NARROWEST), max(1, head))
    first = max(1, min(first, head - size + 1))
    return Window(first, first + size - 1)


def window_of_range(one: int, other: int, head: int) -> Window:
    """The window that holds the commits between two, in whichever order; around their middle where they are few."""
    low, high = sorted((one, other))
    missing = max(0, NARROWEST - (high - low + 1))
    return window(low - missing // 2, high - low + 1, head)
