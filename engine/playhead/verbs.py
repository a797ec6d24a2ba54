"""What a cursor answers about state over time, beside moving and looking: the verbs of the `:` line."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playhead.conditions import Conditions, Interval, Series
from playhead.model import AgentAddress

if TYPE_CHECKING:
    from playhead.store import Store
    from playhead.track import Track

KEPT_ANSWERS = 64


class Verbs:
    """Questions about the whole past, asked from a position. Each may read from disk; none changes anything."""

    store: Store
    track: Track
    agent: AgentAddress
    position: int

    def __init__(self) -> None:
        self._intervals: OrderedDict[tuple[str, AgentAddress, int], list[Interval]] = OrderedDict()

    def _jump(self, commit_ts: int) -> bool:
        raise NotImplementedError

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.store.history, self.track.view, self.agent)

    def when(self, expression: str) -> list[Interval]:
        """Every interval of commits in which the expression is true, oldest first (docs/expressions.md).

        Raises QueryError pointing at what cannot be read, a key that never was, or values that cannot be compared.
        """
        asked = (expression, self.agent, self.track.head)
        if asked not in self._intervals:
            self._intervals[asked] = self.conditions.when(expression)
            while len(self._intervals) > KEPT_ANSWERS:
                self._intervals.popitem(last=False)
        return self._intervals[asked]

    def run_forward(self, expression: str, count: int = 1) -> bool:
        """Go on to the next commit at which the expression becomes true. False where there is none.

        Raises QueryError like `when`.
        """
        begins = [interval.first for interval in self.when(expression) if interval.first > self.position]
        return bool(begins) and self._jump(begins[min(count, len(begins)) - 1])

    def run_back(self, expression: str, count: int = 1) -> bool:
        """Go back to the commit before this one at which the expression became true. False where there is none."""
        begins = [interval.first for interval in self.when(expression) if interval.first < self.position]
        return bool(begins) and self._jump(begins[-min(count, len(begins))])

    def watch(self, expressions: Sequence[str]) -> list[Series]:
        """What each expression's value has been over the whole past. Raises QueryError like `when`."""
        return [self.conditions.series(expression) for expression in expressions]
