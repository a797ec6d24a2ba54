"""What events used: tokens and cost, from each change of an agent's running sums under `usage`."""

from __future__ import annotations

from typing import NamedTuple

import numpy

from playhead.generation import View
from playhead.history import History
from playhead.timeline import Integers

KEY = "usage"
"""The key that every imported run keeps its sums under; whoever records a run may do the same."""

PIECE_COMMITS = 100_000
"""Commits that are read at once."""


class Spent(NamedTuple):
    """What one event used. None where nothing says so."""

    tokens: int | None = None
    """Tokens read anew and written; not those that a cache had."""
    cost_usd: float | None = None


NOTHING = Spent()


class Spending:
    """Nothing is read before it is asked for, and then only what is new."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._head = 0
        self._sums: dict[tuple[str, str], tuple[float, float]] = {}
        self._commits: Integers = numpy.zeros(0, numpy.int64)
        self._used = numpy.zeros((0, 2))

    def lacks(self, view: View) -> bool:
        """Whether `read` has more to read."""
        return self._head < view.head

    def read(self, view: View) -> None:
        """Read on: so many commits, that whoever waits for something else does not wait long."""
        if not self.lacks(view):
            return
        end = min(view.head, self._head + PIECE_COMMITS)
        with self._history.query(view) as query:
            rows = query.rows(
                "SELECT commit_ts, namespace, agent_id, "
                + ", ".join(f"coalesce({part}, 0)" for part in _SUMS)
                + " FROM"
                f" {query.operations(self._head + 1, end)} WHERE key = {query.parameter(KEY)} AND op = 'write'"
                " ORDER BY namespace, agent_id, version"
            )
        commits, used = [], []
        for commit_ts, *agent, tokens, cost in rows:
            before = self._sums.get((agent[0], agent[1]), (0.0, 0.0))
            self._sums[agent[0], agent[1]] = (tokens, cost)
            # Sums that begin anew, as those of a resumed session may, start from nothing.
            used.append([now - was if now >= was else now for now, was in ((tokens, before[0]), (cost, before[1]))])
            commits.append(commit_ts)
        order = numpy.argsort(commits, kind="stable")
        self._commits = numpy.concatenate([self._commits, numpy.asarray(commits, numpy.int64)[order]])
        self._used = numpy.concatenate([self._used, numpy.asarray(used, numpy.float64).reshape(-1, 2)[order]])
        self._head = end

    def at(self, commit_ts: int) -> Spent:
        """What the event at a commit used, all its agents together, as far as `read` has come."""
        first, last = (int(numpy.searchsorted(self._commits, commit_ts, side=side)) for side in ("left", "right"))
        if first == last:
            return NOTHING
        tokens, cost = (float(total) for total in self._used[first:last].sum(axis=0))
        return Spent(round(tokens) or None, cost or None)


def _number(field: str) -> str:
    return f"TRY_CAST(json_extract_string(value, '$.{field}') AS DOUBLE)"


_SUMS = (f"coalesce({_number('input')}, 0) + coalesce({_number('output')}, 0)", _number("cost_usd"))
