"""The parts of an expression as SQL: which values of the state it needs, and what each part can be taken for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from playhead.entry import to_microseconds
from playhead.errors import QueryError
from playhead.expression import ExpressionText, Kind, Leaf, Part, Spot, StatePath, Use, spot_of

if TYPE_CHECKING:
    from sqlglot import exp

KIND_WORDS = {"number": "a number", "text": "a text", "boolean": "true or false", "time": "a time", "nothing": "null"}


@dataclass
class Parts:
    """What an expression has been found to need, while it is compiled."""

    text: ExpressionText
    leaves: dict[Leaf, int] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    spots: dict[StatePath, Spot] = field(default_factory=dict)
    asked_to_exist: set[StatePath] = field(default_factory=set)
    identified: set[StatePath] = field(default_factory=set)
    needs_events: bool = False
    patterns: dict[str, Spot] = field(default_factory=dict)

    def leaf(self, path: StatePath, spot: Spot, *, before: bool = False) -> Part:
        """A value of the state, at each commit or at the one before."""
        from sqlglot import exp

        self.needs_events |= path.of_event
        self.spots.setdefault(path, spot)
        leaf = Leaf(path, before)
        number = self.leaves.setdefault(leaf, len(self.leaves))
        return Part(exp.to_identifier(f"value_{number}"), "any", spot, leaf)

    def column(self, part: Part, name: str) -> exp.Expr:
        """A column of a leaf: kind, number, whole, text, boolean, json, length or identity."""
        from sqlglot import exp

        return exp.column(name, table=part.sql.name)

    def identity(self, part: Part) -> exp.Expr:
        """What two values of the state share exactly where they are the same value (S25)."""
        if part.leaf is not None:
            self.identified.add(part.leaf.path)
        return self.column(part, "identity")

    def as_kind(self, part: Part, kind: Kind) -> exp.Expr:
        """The part as SQL of that kind; null at moments at which a value of the state is something else."""
        from sqlglot import exp

        if part.leaf is not None:
            self.uses.append(Use(part.leaf.path, "text" if kind == "time" else kind, part.spot))
            return self.column(part, kind)
        if part.kind in (kind, "nothing"):
            return part.sql
        if kind == "time" and part.kind == "text" and isinstance(part.sql, exp.Literal):
            return self.time(part)
        raise self.text.error(f"{KIND_WORDS[kind]} is needed here, and this is {KIND_WORDS[part.kind]}", part.spot)

    def time(self, part: Part) -> exp.Expr:
        """A text that is spelled out, as a time: microseconds since the epoch."""
        from sqlglot import exp

        try:
            microseconds = to_microseconds(datetime.fromisoformat(part.sql.name).astimezone())
        except (ValueError, OverflowError):
            raise self.text.error(
                "not a time; write '2026-11-01 14:03:22', with an offset or in local time", part.spot
            ) from None
        return exp.Literal.number(microseconds)

    def boolean(self, part: Part) -> Part:
        """The part as something that is true or false."""
        return Part(self.as_kind(part, "boolean"), "boolean", part.spot)

    def foreign(self, node: exp.Expr, name: str) -> QueryError:
        """The error for what is no part of the language, by the name that it was written with."""
        what = name.upper() if name.casefold() in self.text.text.casefold() else "this"
        return self.text.error(f"{what} is not part of the expression language", spot_of(node))
