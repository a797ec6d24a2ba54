"""Expressions that stay in sight: what they were over the whole past, and what they are at the playhead."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from playhead.errors import PlayheadError, QuestionStoppedError

if TYPE_CHECKING:
    from playhead.conditions import Series
    from playhead.cursor import Cursor


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """An expression with all its values; without any, and why, where this agent's past has none."""

    expression: str
    series: Series | None = None
    problem: str = ""

    def at(self, position: int) -> Reading | None:
        """What it is at a commit; None where it has no past."""
        if self.series is None:
            return None
        commits, values = self.series.commits, self.series.values
        row = bisect_right(commits, position) - 1
        value = values[row] if row >= 0 else None
        since = commits[row] if row >= 0 else 0
        return Reading(value, since, values[row - 1] if row > 0 else None, row > 0 and since == position)


class Reading(NamedTuple):
    """The value of an expression at a commit."""

    value: Any
    since: int
    """The commit that gave it this value; 0 where it always had it."""
    before: Any
    changed: bool
    """Whether this commit did."""


def watched(cursor: Cursor, expression: str) -> Watched:
    """The expression over the whole past. What cannot be evaluated says why."""
    try:
        return Watched(expression, cursor.conditions.series(expression))
    except QuestionStoppedError:
        raise
    except PlayheadError as error:
        return Watched(expression, problem=str(error).partition("\n")[0])
