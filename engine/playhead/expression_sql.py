"""An expression as one SQL expression over typed columns: what may be asked, and what each part of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from playhead.entry import to_microseconds
from playhead.expression import (
    EVENT_FIELDS,
    Compiled,
    EventField,
    ExpressionText,
    Kind,
    Leaf,
    Part,
    Spot,
    StatePath,
    Use,
    nearest,
    place_of,
    spot_of,
)

if TYPE_CHECKING:
    from sqlglot import exp

EXACT_BELOW = 2**53
"""Whole numbers from here on are compared as such: floats cannot tell them apart."""
EXACT_UP_TO = 2**127
"""What DuckDB has whole numbers for."""
_WORDS = {"number": "a number", "text": "a text", "boolean": "true or false", "time": "a time", "nothing": "null"}
FUNCTIONS = (
    "abs", "ceil", "changed", "coalesce", "contains", "ends_with", "exists", "floor", "length", "lower", "previous",
    "regexp_matches", "round", "starts_with", "trim", "upper",
)  # fmt: skip


def compile_expression(text: str, *, condition: bool) -> Compiled:
    """The expression, checked. Raises QueryError pointing at what cannot be read, or cannot be meant.

    condition: whether it has to be true or false.
    """
    compiler = _Compiler(ExpressionText(text))
    tree = compiler.text.tree()
    result = compiler.part(tree)
    if condition:
        result = compiler.boolean(result)
    return Compiled(
        compiler.text,
        result,
        tuple(compiler.leaves),
        tuple(compiler.uses),
        compiler.spots,
        frozenset(compiler.asked_to_exist),
        frozenset(compiler.identified),
        compiler.needs_events,
    )


@dataclass
class _Compiler:
    text: ExpressionText
    leaves: dict[Leaf, int] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    spots: dict[StatePath, Spot] = field(default_factory=dict)
    asked_to_exist: set[StatePath] = field(default_factory=set)
    identified: set[StatePath] = field(default_factory=set)
    needs_events: bool = False

    def part(self, node: exp.Expr) -> Part:
        """The node as SQL; refuses whatever is not part of the language."""
        from sqlglot import exp

        place = place_of(node, self.text)
        if isinstance(place, EventField):
            self.needs_events = True
            kind = EVENT_FIELDS[place.name]
            # Not commit_ts itself, which the row of commit 0 has too, where nothing has happened.
            name = "number" if place.name == "commit_ts" else place.name
            return Part(exp.column(name, table="events"), kind, spot_of(node))
        if place is not None:
            return self._leaf(place, spot_of(node))
        for kind_of_node, method in _methods():
            if isinstance(node, kind_of_node):
                return method(self, node)
        raise self.text.error(
            f"{node.key.upper().replace('_', ' ')} is not part of the expression language", spot_of(node)
        )

    def _leaf(self, path: StatePath, spot: Spot, *, before: bool = False) -> Part:
        from sqlglot import exp

        self.needs_events |= path.of_event
        self.spots.setdefault(path, spot)
        leaf = Leaf(path, before)
        number = self.leaves.setdefault(leaf, len(self.leaves))
        return Part(exp.to_identifier(f"value_{number}"), "any", spot, leaf)

    def column(self, part: Part, name: str) -> exp.Expr:
        from sqlglot import exp

        return exp.column(name, table=part.sql.name)

    def identity(self, part: Part) -> exp.Expr:
        """What two values of the state share exactly where they are the same value (S25)."""
        if part.leaf is not None:
            self.identified.add(part.leaf.path)
        return self.column(part, "identity")

    # ── taking a part for something ──────────────────────────────────────────────────────────────────────────────────

    def as_kind(self, part: Part, kind: Kind) -> exp.Expr:
        """The part as SQL of that kind; null at moments at which a value of the state is something else."""
        from sqlglot import exp

        if part.leaf is not None:
            self.uses.append(Use(part.leaf.path, "text" if kind == "time" else kind, part.spot))
            return self.column(part, kind)
        if part.kind in (kind, "nothing"):
            return part.sql
        if kind == "time" and part.kind == "text" and isinstance(part.sql, exp.Literal):
            return self._time(part)
        raise self.text.error(f"{_WORDS[kind]} is needed here, and this is {_WORDS[part.kind]}", part.spot)

    def _time(self, part: Part) -> exp.Expr:
        from sqlglot import exp

        try:
            moment = datetime.fromisoformat(part.sql.name)
        except ValueError:
            raise self.text.error(
                "not a time; write '2026-11-01 14:03:22', with an offset or in local time", part.spot
            ) from None
        return exp.Literal.number(to_microseconds(moment.astimezone()))

    def boolean(self, part: Part) -> Part:
        return Part(self.as_kind(part, "boolean"), "boolean", part.spot)

    # ── comparisons ──────────────────────────────────────────────────────────────────────────────────────────────────

    def compare(self, node: exp.Binary) -> Part:
        left, right = self.part(node.this), self.part(node.expression)
        return Part(self.compared(left, right, type(node)), "boolean", spot_of(node))

    def compared(self, left: Part, right: Part, operator: type[exp.Binary]) -> exp.Expr:
        from sqlglot import exp

        if left.leaf is not None and right.leaf is not None:
            return self._compared_values(left, right, operator)
        for one, other in ((left, right), (right, left)):
            if one.leaf is not None and (large := _large(other.sql)) is not None:
                self.uses.append(Use(one.leaf.path, "number", one.spot))
                found = []
                # Exactly where the value is whole too, and as floats where it has a fraction or is larger yet.
                for name in ("whole", "number"):
                    sides = [self.column(one, name), large]
                    found.append(operator(this=sides[one is right], expression=sides[one is left]))
                return exp.func("coalesce", *found)
        kinds = [part.kind for part in (left, right) if part.kind not in ("any", "nothing")]
        kind: Kind = "time" if "time" in kinds else next(iter(kinds), "nothing")
        if kind == "nothing":
            return exp.Null()
        if right.leaf is None and right.kind not in (kind, "nothing") and kind != "time" and left.leaf is None:
            raise self.text.error(
                f"{_WORDS[left.kind]} cannot be compared with {_WORDS[right.kind]}",
                Spot(left.spot.start, right.spot.end),
            )
        return operator(this=exp.paren(self.as_kind(left, kind)), expression=exp.paren(self.as_kind(right, kind)))

    def _compared_values(self, left: Part, right: Part, operator: type[exp.Binary]) -> exp.Expr:
        """Two values of the state: numbers as numbers, texts as texts; two kinds are unequal and in no order."""
        from sqlglot import exp

        def both(kind: str) -> exp.Expr:
            sides = [
                exp.EQ(this=self.column(part, "kind"), expression=exp.Literal.string(kind)) for part in (left, right)
            ]
            return exp.and_(*sides)

        def columns(name: str) -> exp.Expr:
            return operator(this=self.column(left, name), expression=self.column(right, name))

        whole = exp.and_(
            *(exp.not_(exp.Is(this=self.column(part, "whole"), expression=exp.Null())) for part in (left, right))
        )
        case = exp.Case().when(exp.and_(both("number"), whole), columns("whole"))
        for kind in ("number", "text", "boolean"):
            case = case.when(both(kind), columns(kind))
        if operator not in (exp.LT, exp.LTE, exp.GT, exp.GTE):
            # Two lists or objects, or two kinds.
            return case.else_(operator(this=self.identity(left), expression=self.identity(right)))
        return case

    def is_(self, node: exp.Is) -> Part:
        from sqlglot import exp

        part = self.part(node.this)
        if isinstance(node.expression, exp.Boolean):
            sql: exp.Expr = exp.Is(this=exp.paren(self.as_kind(part, "boolean")), expression=node.expression.copy())
        elif isinstance(node.expression, exp.Null):
            if part.leaf is None:
                sql = exp.Is(this=exp.paren(part.sql), expression=exp.Null())
            else:
                # A written null is null like a missing value; `exists` tells them apart.
                kind = exp.func("coalesce", self.column(part, "kind"), exp.Literal.string("null"))
                sql = exp.EQ(this=kind, expression=exp.Literal.string("null"))
        else:
            raise self.text.error("IS asks for null, true or false", spot_of(node))
        return Part(sql, "boolean", spot_of(node))

    def in_(self, node: exp.In) -> Part:
        from sqlglot import exp

        part = self.part(node.this)
        if node.args.get("query") is not None or not node.expressions:
            raise self.text.error("IN takes a list of values in parentheses", spot_of(node))
        choices = [self.compared(part, self.part(choice), exp.EQ) for choice in node.expressions]
        return Part(exp.paren(exp.or_(*choices)), "boolean", spot_of(node))

    def between(self, node: exp.Between) -> Part:
        from sqlglot import exp

        part = self.part(node.this)
        low = self.compared(part, self.part(node.args["low"]), exp.GTE)
        high = self.compared(part, self.part(node.args["high"]), exp.LTE)
        return Part(exp.paren(exp.and_(low, high)), "boolean", spot_of(node))

    def like(self, node: exp.Binary) -> Part:
        from sqlglot import exp

        sides = [self.as_kind(self.part(side), "text") for side in (node.this, node.expression)]
        alike = exp.paren(type(node)(this=sides[0], expression=sides[1]))
        return Part(exp.Not(this=alike) if node.args.get("negate") else alike, "boolean", spot_of(node))

    # ── logic, arithmetic, literals ──────────────────────────────────────────────────────────────────────────────────

    def connect(self, node: exp.Connector) -> Part:
        from sqlglot import exp

        sides = [exp.paren(self.boolean(self.part(side)).sql) for side in (node.this, node.expression)]
        return Part(type(node)(this=sides[0], expression=sides[1]), "boolean", spot_of(node))

    def not_(self, node: exp.Not) -> Part:
        from sqlglot import exp

        return Part(exp.Not(this=exp.paren(self.boolean(self.part(node.this)).sql)), "boolean", spot_of(node))

    def paren(self, node: exp.Paren) -> Part:
        from sqlglot import exp

        part = self.part(node.this)
        return part if part.leaf is not None else Part(exp.paren(part.sql), part.kind, part.spot)

    def calculate(self, node: exp.Binary) -> Part:
        from sqlglot import exp

        sides: list[exp.Expr] = [
            exp.paren(self.as_kind(self.part(side), "number")) for side in (node.this, node.expression)
        ]
        if isinstance(node, exp.Div | exp.Mod):
            # A division by zero is no number, as a missing value is none.
            sides[1] = exp.func("nullif", sides[1], exp.Literal.number(0))
        return Part(type(node)(this=sides[0], expression=sides[1]), "number", spot_of(node))

    def negate(self, node: exp.Neg) -> Part:
        from sqlglot import exp

        return Part(exp.Neg(this=exp.paren(self.as_kind(self.part(node.this), "number"))), "number", spot_of(node))

    def join_texts(self, node: exp.DPipe) -> Part:
        from sqlglot import exp

        sides = [exp.paren(self.as_kind(self.part(side), "text")) for side in (node.this, node.expression)]
        return Part(exp.DPipe(this=sides[0], expression=sides[1], safe=True), "text", spot_of(node))

    def literal(self, node: exp.Literal) -> Part:
        return Part(node.copy(), "text" if node.is_string else "number", spot_of(node))

    def constant(self, node: exp.Expr) -> Part:
        from sqlglot import exp

        return Part(node.copy(), "nothing" if isinstance(node, exp.Null) else "boolean", spot_of(node))

    def timestamp(self, node: exp.Cast) -> Part:
        from sqlglot import exp

        if not (
            isinstance(node.this, exp.Literal) and node.this.is_string and node.to.is_type(*exp.DataType.TEMPORAL_TYPES)
        ):
            raise self.text.error("casts are not part of the expression language", spot_of(node))
        part = self.literal(node.this)
        return Part(self._time(part), "time", part.spot)

    # ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def function(self, node: exp.Func) -> Part:
        from sqlglot import exp

        if isinstance(node, exp.Anonymous):
            name, given = node.name.lower(), list(node.expressions)
        else:
            name = _NAMES.get(node.key, node.sql_name().lower())
            given = [value for value in node.args.values() if isinstance(value, exp.Expr)]
            given += [each for values in node.args.values() if isinstance(values, list) for each in values]
        if name not in FUNCTIONS:
            spot = spot_of(node)
            raise self.text.error(
                f"there is no function {name!r}{nearest(name, FUNCTIONS)}; there are {', '.join(FUNCTIONS)}", spot
            )
        spot = spot_of(node)
        if name in ("exists", "changed", "previous"):
            return self._of_path(name, given, spot)
        parts = [self.part(each) for each in given]
        match name, parts:
            case "length", [value]:
                return self._length(value, spot)
            case "coalesce", [_, *_]:
                return self._coalesce(parts, spot)
            case "contains", [value, wanted]:
                return self._contains(value, wanted, spot)
            case (("lower" | "upper" | "trim"), [value]):
                return Part(exp.func(name, self.as_kind(value, "text")), "text", spot)
            case (("starts_with" | "ends_with" | "regexp_matches"), [value, wanted]):
                sides = [self.as_kind(each, "text") for each in (value, wanted)]
                return Part(exp.Anonymous(this=name, expressions=sides), "boolean", spot)
            case (("abs" | "ceil" | "floor"), [value]):
                return Part(exp.func(name, self.as_kind(value, "number")), "number", spot)
            case "round", [value, *digits] if len(digits) <= 1:
                sides = [self.as_kind(each, "number") for each in (value, *digits)]
                whole = [exp.cast(side, "integer") for side in sides[1:]]
                return Part(exp.Anonymous(this="round", expressions=[sides[0], *whole]), "number", spot)
        raise self.text.error(f"{name} takes {_TAKES.get(name, 'one value')}", spot)

    def _of_path(self, name: str, given: list[exp.Expr], spot: Spot) -> Part:
        from sqlglot import exp

        place = place_of(given[0], self.text) if len(given) == 1 else None
        if not isinstance(place, StatePath) or (place.of_event and name != "exists"):
            raise self.text.error(f"{name} takes a path of the state, as in {name}(plan.steps[0])", spot)
        if name == "previous":
            return self._leaf(place, spot, before=True)
        if name == "exists":
            self.asked_to_exist.add(place)
            here = self._leaf(place, spot)
            missing = exp.Is(this=self.column(here, "kind"), expression=exp.Null())
            return Part(exp.Not(this=missing), "boolean", spot)
        here, before = self._leaf(place, spot), self._leaf(place, spot, before=True)
        differ = exp.NullSafeNEQ(this=self.identity(here), expression=self.identity(before))
        return Part(differ, "boolean", spot)

    def _length(self, value: Part, spot: Spot) -> Part:
        from sqlglot import exp

        if value.leaf is None:
            return Part(exp.Anonymous(this="length", expressions=[self.as_kind(value, "text")]), "number", spot)
        self.uses.append(Use(value.leaf.path, "length", value.spot))
        return Part(self.column(value, "length"), "number", spot)

    def _coalesce(self, parts: list[Part], spot: Spot) -> Part:
        from sqlglot import exp

        kinds = {part.kind for part in parts} - {"any", "nothing"}
        if len(kinds) != 1:
            raise self.text.error(
                "coalesce takes values of one kind, one of them spelled out: coalesce(budget.spent, 0)", spot
            )
        kind = kinds.pop()
        return Part(exp.func("coalesce", *(self.as_kind(part, kind) for part in parts)), kind, spot)

    def _contains(self, value: Part, wanted: Part, spot: Spot) -> Part:
        from sqlglot import exp

        if value.leaf is None:
            sides = [self.as_kind(each, "text") for each in (value, wanted)]
            return Part(exp.Anonymous(this="contains", expressions=sides), "boolean", spot)
        if wanted.leaf is not None or wanted.kind not in ("text", "number", "boolean"):
            raise self.text.error("contains looks for a text, a number, true or false that is spelled out", wanted.spot)
        self.uses.append(Use(value.leaf.path, "container" if wanted.kind != "text" else "holder", value.spot))
        # Not json_contains, which finds what is deeper in the list too.
        items = exp.Anonymous(this="json_extract", expressions=[self.column(value, "json"), exp.Literal.string("$[*]")])
        item = exp.Anonymous(this="to_json", expressions=[wanted.sql.copy()])
        texts = [exp.cast(items, "varchar[]"), exp.cast(item, "varchar")]
        in_list = exp.Anonymous(this="list_contains", expressions=texts)
        is_list = exp.EQ(this=self.column(value, "kind"), expression=exp.Literal.string("list"))
        case = exp.Case().when(is_list, in_list)
        if wanted.kind == "text":
            case = case.else_(exp.Anonymous(this="contains", expressions=[self.column(value, "text"), wanted.sql]))
        return Part(case, "boolean", spot)


_NAMES = {"regexplike": "regexp_matches"}
"""What sqlglot calls otherwise than DuckDB does."""
_TAKES = {
    "length": "one value: a text, a list or an object",
    "contains": "two: where to look, and what for",
    "starts_with": "two texts",
    "ends_with": "two texts",
    "regexp_matches": "a text and a regular expression",
    "round": "a number, and how many digits to keep",
    "coalesce": "at least one value",
}


@cache
def _methods() -> tuple[tuple[type | tuple[type, ...], Callable[[_Compiler, Any], Part]], ...]:
    """How each kind of node is compiled; made once sqlglot is there."""
    from sqlglot import exp

    equality = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
    return (
        ((*equality, exp.LT, exp.LTE, exp.GT, exp.GTE), _Compiler.compare),
        ((exp.And, exp.Or), _Compiler.connect),
        (exp.Not, _Compiler.not_),
        (exp.Paren, _Compiler.paren),
        (exp.Is, _Compiler.is_),
        (exp.In, _Compiler.in_),
        (exp.Between, _Compiler.between),
        ((exp.Like, exp.ILike), _Compiler.like),
        ((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), _Compiler.calculate),
        (exp.Neg, _Compiler.negate),
        (exp.DPipe, _Compiler.join_texts),
        (exp.Literal, _Compiler.literal),
        ((exp.Boolean, exp.Null), _Compiler.constant),
        (exp.Cast, _Compiler.timestamp),
        ((exp.Func, exp.Exists), _Compiler.function),
    )


def _large(sql: exp.Expr) -> exp.Expr | None:
    """A number that is spelled out, as a whole one that floats cannot tell from its neighbours; None if it is none."""
    from sqlglot import exp

    inner = sql.unnest()
    literal = inner.this.unnest() if isinstance(inner, exp.Neg) else inner
    if not isinstance(literal, exp.Literal) or literal.is_string:
        return None
    # With a point or an exponent it is the float that JSON would have it be.
    number = int(literal.this) if literal.this.isdecimal() else float(literal.this)
    if not EXACT_BELOW <= number < EXACT_UP_TO:
        return None
    return exp.Literal.number(-int(number) if inner is not literal else int(number))
