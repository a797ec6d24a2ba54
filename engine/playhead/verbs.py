"""What a cursor answers about state over time, beside moving and looking: the verbs of the `:` line."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from playhead.conditions import Conditions, Interval, Series
from playhead.counterfactual import fold_without
from playhead.diff import Path
from playhead.model import Address, AgentAddress, Change
from playhead.path_history import PathChange, path_changes

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
        self._path_changes: OrderedDict[tuple[AgentAddress, str, Path, int], list[PathChange]] = OrderedDict()
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

    def path_history(self, key: str, path: Path = ()) -> list[PathChange]:
        """Every commit that changed the value at a path of a key of this agent, oldest first."""
        asked = (self.agent, key, path, self.track.head)
        if asked not in self._path_changes:
            address = Address(*self.agent, key)
            self._path_changes[asked] = path_changes(self.store.history, self.track.view, address, path)
            while len(self._path_changes) > KEPT_ANSWERS:
                self._path_changes.popitem(last=False)
        return self._path_changes[asked]

    def last(self, key: str, path: Path = (), count: int = 1) -> PathChange | None:
        """Go back to the commit before this one that changed the value at the path; None where there is none.

        Not merely one that wrote its key: this is the reverse watchpoint. Asked again, it goes further back.
        """
        found = [change for change in self.path_history(key, path) if change.commit_ts < self.position]
        return self._go_to_change(found[-min(count, len(found))]) if found else None

    def next(self, key: str, path: Path = (), count: int = 1) -> PathChange | None:
        """Go on to the next commit that changes the value at the path; None where there is none."""
        found = [change for change in self.path_history(key, path) if change.commit_ts > self.position]
        return self._go_to_change(found[min(count, len(found)) - 1]) if found else None

    def _go_to_change(self, change: PathChange) -> PathChange:
        self._jump(change.commit_ts)
        return change

    def fold_without(self, commits: Collection[int], *, every_agent: bool = False) -> list[Change]:
        """How the state here would differ if these recorded events had not happened, sorted by address.

        A counterfactual of the record: what came later is taken as it was written, whatever had been read before.
        """
        scope = (None, None) if every_agent else (self.agent.namespace, self.agent.agent_id)
        return fold_without(self.store.history, self.track.view, self.position, commits, *scope)

    def watch(self, expressions: Sequence[str]) -> list[Series]:
        """What each expression's value has been over the whole past. Raises QueryError like `when`."""
        return [self.conditions.series(expression) for expression in expressions]
