"""Conditions over the whole past: one vectorised query over the moments at which what they name changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from playhead import codec
from playhead.diff import equal
from playhead.entry import from_microseconds
from playhead.evaluation import Evaluation
from playhead.expression import Compiled
from playhead.expression_sql import compile_expression
from playhead.generation import View
from playhead.history import History
from playhead.logic import logic_of
from playhead.model import AgentAddress
from playhead.query import refusing


@dataclass(frozen=True, slots=True)
class Interval:
    """Commits over which a condition held, without a break."""

    first: int
    """The commit at which it became true; 0 where it holds of the empty state."""
    last: int
    """The last commit at which it was still true."""


@dataclass(frozen=True, slots=True)
class Series:
    """What an expression's value was: from each of these commits on, until the next."""

    commits: Sequence[int]
    values: Sequence[Any]
    """Numbers, texts, booleans, times or JSON values; None where there was no value."""


class Conditions:
    """Evaluates expressions over one agent's past; another agent's state is named in them (docs/expressions.md)."""

    def __init__(self, history: History, view: View, agent: AgentAddress) -> None:
        self._history = history
        self._view = view
        self._agent = agent

    def when(self, expression: str) -> list[Interval]:
        """Every interval in which the expression is true, oldest first.

        Raises QueryError pointing at what cannot be read, a key that never was, or values that cannot be compared.
        """
        compiled = compile_expression(expression, condition=True)
        with self._history.query(self._view) as query, _evaluating(compiled):
            begins, ends = Evaluation(query, self._view, self._agent, compiled, logic_of(compiled)).intervals()
        return [Interval(*both) for both in zip(begins.tolist(), ends.tolist(), strict=True)]

    def series(self, expression: str) -> Series:
        """Every value that the expression has had, and from which commit on. Raises QueryError like `when`."""
        compiled = compile_expression(expression, condition=False)
        with self._history.query(self._view) as query, _evaluating(compiled):
            rows = Evaluation(query, self._view, self._agent, compiled).changes(compiled.value_sql)
        commits, values = rows["commit_ts"].tolist(), list(map(_reader(compiled), rows["value"].tolist()))
        if compiled.result.kind != "any":
            return Series(commits, values)
        # An object with its members in another order is the same object (S25).
        new = [row for row, value in enumerate(values) if row == 0 or not equal(values[row - 1], value)]
        return Series([commits[row] for row in new], [values[row] for row in new])


def _evaluating(compiled: Compiled) -> AbstractContextManager[None]:
    """Raises QueryError for what only the database finds to mean nothing."""
    text = compiled.text
    return refusing(lambda reason: text.error(f"this cannot be evaluated ({reason})", text.whole))


def _reader(compiled: Compiled) -> Callable[[Any], Any]:
    """What makes a value of the answer what people take it for."""
    if compiled.result.kind == "any":
        return lambda text: None if text is None else codec.decode(text)
    if compiled.result.kind == "time":
        return lambda at: None if at is None else from_microseconds(at)
    return lambda value: value
