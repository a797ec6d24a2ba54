"""A condition taken apart into what it asks of the state and what of events, so that each is read by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from playhead.expression import Compiled

if TYPE_CHECKING:
    from sqlglot import exp

Scope: TypeAlias = Literal["event", "state", "both"]
"""What a part of a condition looks at."""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a condition, as SQL that is true where it is."""

    sql: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Junction:
    """A condition that is true where all of its parts are, or where any of them is."""

    needs_all: bool
    parts: tuple[Logic, ...]


Logic: TypeAlias = Term | Junction


def logic_of(compiled: Compiled) -> Logic:
    """A condition taken apart at each `and`, `or` and `not` that joins events with the state."""
    return _logic(compiled, compiled.result.sql, wanted=True)


def state_of(logic: Logic) -> Term | None:
    """What has to be true of the state wherever the condition is; None where that is nothing."""
    parts = logic.parts if isinstance(logic, Junction) and logic.needs_all else (logic,)
    return next((part for part in parts if isinstance(part, Term) and part.scope == "state"), None)


def event_conditions(compiled: Compiled) -> list[str]:
    """What has to be true of an event's own fields, its meta aside, wherever the condition is."""
    from sqlglot import exp

    parts = _operands(compiled.result.sql, exp.And)
    return [part.sql(dialect="duckdb") for part in parts if _tables(part) == {"events"}]


def _logic(compiled: Compiled, sql: exp.Expr, *, wanted: bool) -> Logic:
    """Where the SQL is true, or where it is false; where it is neither is no part of either answer."""
    from sqlglot import exp

    sql = sql.unnest()
    scope = _scope(compiled, sql)
    if scope == "both" and isinstance(sql, exp.Not):
        return _logic(compiled, sql.this, wanted=not wanted)
    if scope != "both" or not isinstance(sql, exp.And | exp.Or):
        return Term((sql if wanted else exp.not_(sql)).sql(dialect="duckdb"), scope)
    needs_all = isinstance(sql, exp.And) == wanted
    merged: dict[Scope, list[str]] = {}
    rest: list[Logic] = []
    for part in (_logic(compiled, each, wanted=wanted) for each in _operands(sql, type(sql))):
        if isinstance(part, Term) and part.scope != "both":
            merged.setdefault(part.scope, []).append(f"({part.sql})")
        else:
            rest.append(part)
    word = " AND " if needs_all else " OR "
    return Junction(needs_all, (*(Term(word.join(parts), scope) for scope, parts in merged.items()), *rest))


def _scope(compiled: Compiled, sql: exp.Expr) -> Scope:
    tables = _tables(sql)
    states = {f"value_{number}" for number, leaf in enumerate(compiled.leaves) if not leaf.path.of_event}
    return "state" if tables <= states else "both" if tables & states else "event"


def _tables(sql: exp.Expr) -> set[str]:
    from sqlglot import exp

    return {column.table for column in sql.find_all(exp.Column)}


def _operands(sql: exp.Expr, connector: type[exp.Expr]) -> list[exp.Expr]:
    """What a chain of `and`s joins, or one of `or`s, without parentheses; a condition that is none is its own."""
    found: list[exp.Expr] = []
    rest = [sql]
    while rest:
        part = rest.pop().unnest()
        if isinstance(part, connector):
            rest += [part.expression, part.this]
        else:
            found.append(part)
    return found
