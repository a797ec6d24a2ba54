"""An expression as one SQL expression over typed columns: what may be asked, and what each part of it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from playhead.errors import QueryError
from playhead.expression import (
    EVENT_FIELDS,
    Compiled,
    EventField,
    ExpressionText,
    Kind,
    Part,
    Spot,
    Use,
    place_of,
    spot_of,
)
from playhead.expression_functions import OF_PATHS, called, of_path, of_values
from playhead.expression_parts import KIND_WORDS, Parts

if TYPE_CHECKING:
    from sqlglot import exp

EXACT_BELOW = 2**53
"""Whole numbers from here on are compared as such: floats cannot tell them apart."""
EXACT_UP_TO = 2**127
"""What DuckDB has whole numbers for."""


def compile_expression(text: str, *, condition: bool) -> Compiled:
    """The expression, checked. Raises QueryError pointing at what cannot be read, or cannot be meant.

    condition: whether it has to be true or false.
    """
    compiler = _Compiler(ExpressionText(text))
    try:
        result = compiler.part(compiler.text.tree())
        if condition:
            result = compiler.boolean(result)
        value_sql = _value_sql(result)
    except RecursionError:
        raise QueryError("the expression has too many parts inside each other; ask for less at once") from None
    return Compiled(
        compiler.text,
        result,
        value_sql,
        tuple(compiler.leaves),
        tuple(compiler.uses),
        compiler.spots,
        frozenset(compiler.asked_to_exist),
        frozenset(compiler.identified),
        compiler.needs_events,
        compiler.patterns,
    )


def _value_sql(result: Part) -> str:
    if result.leaf is not None:
        return f"{result.sql.sql()}.json"
    return result.sql.sql(dialect="duckdb")


class _Compiler(Parts):
    """The parts of an expression, node by node of its syntax tree."""

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
            return self.leaf(place, spot_of(node))
        for kind_of_node, method in _methods():
            if isinstance(node, kind_of_node):
                return method(self, node)
        if isinstance(node, exp.Dot | exp.Bracket) and isinstance(node.this, exp.Func | exp.Paren):
            raise self.text.error("a path goes inside the parentheses, as in previous(plan.steps[0])", spot_of(node))
        raise self.foreign(node, node.key.replace("_", " "))

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
                f"{KIND_WORDS[left.kind]} cannot be compared with {KIND_WORDS[right.kind]}",
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

        if node.args.get("symmetric"):
            raise self.foreign(node, "symmetric")
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
        from sqlglot import exp

        if node.is_string:
            return Part(node.copy(), "text", spot_of(node))
        digits = node.this.replace("_", "")
        # Beyond what DuckDB counts with as whole numbers, it is a float like any number of JSON.
        number = repr(float(digits)) if digits.isdecimal() and int(digits) >= EXACT_UP_TO else digits
        return Part(exp.Literal.number(number), "number", spot_of(node))

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
        return Part(self.time(part), "time", part.spot)

    def function(self, node: exp.Func) -> Part:
        (name, given), spot = called(self, node), spot_of(node)
        if name in OF_PATHS:
            return of_path(self, name, given, spot)
        return of_values(self, name, [self.part(each) for each in given], spot)


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
