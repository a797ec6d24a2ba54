"""The functions of the expression language, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead.expression import Part, Spot, StatePath, Use, nearest, place_of, spot_of
from playhead.expression_parts import Parts

if TYPE_CHECKING:
    from sqlglot import exp

FUNCTIONS = (
    "abs", "ceil", "changed", "coalesce", "contains", "ends_with", "exists", "floor", "length", "lower", "previous",
    "regexp_matches", "round", "starts_with", "trim", "upper",
)  # fmt: skip
OF_PATHS = ("changed", "exists", "previous")
"""Those that take a path of the state; the others take values."""
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


def called(parts: Parts, node: exp.Func) -> tuple[str, list[exp.Expr]]:
    """Which function the node calls, and with what. Raises QueryError where there is none of that name."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        name, given = node.name.lower(), list(node.expressions)
    else:
        name = _NAMES.get(node.key, node.sql_name().lower())
        given = [value for value in node.args.values() if isinstance(value, exp.Expr)]
        given += [each for values in node.args.values() if isinstance(values, list) for each in values]
    if name not in FUNCTIONS and name not in parts.text.text.casefold():
        # An operator or a notation that the parser has made a function of.
        raise parts.foreign(node, name)
    if name not in FUNCTIONS:
        raise parts.text.error(
            f"there is no function {name!r}{nearest(name, FUNCTIONS)}; there are {', '.join(FUNCTIONS)}", spot_of(node)
        )
    if node.args.get("position"):
        raise parts.text.error(f"{name} takes {_TAKES.get(name, 'one value')}", spot_of(node))
    return name, given


def of_values(parts: Parts, name: str, values: list[Part], spot: Spot) -> Part:
    """A call with values. Raises QueryError where it takes other ones."""
    from sqlglot import exp

    match name, values:
        case "length", [value]:
            return _length(parts, value, spot)
        case "coalesce", [_, *_]:
            return _coalesce(parts, values, spot)
        case "contains", [value, wanted]:
            return _contains(parts, value, wanted, spot)
        case (("lower" | "upper" | "trim"), [value]):
            return Part(exp.func(name, parts.as_kind(value, "text")), "text", spot)
        case "regexp_matches", [value, pattern]:
            return _matches(parts, value, pattern, spot)
        case (("starts_with" | "ends_with"), [value, wanted]):
            sides = [parts.as_kind(each, "text") for each in (value, wanted)]
            return Part(exp.Anonymous(this=name, expressions=sides), "boolean", spot)
        case (("abs" | "ceil" | "floor"), [value]):
            return Part(exp.func(name, parts.as_kind(value, "number")), "number", spot)
        case "round", [value, *digits] if len(digits) <= 1:
            sides = [parts.as_kind(each, "number") for each in (value, *digits)]
            whole = [exp.cast(side, "integer") for side in sides[1:]]
            return Part(exp.Anonymous(this="round", expressions=[sides[0], *whole]), "number", spot)
    raise parts.text.error(f"{name} takes {_TAKES.get(name, 'one value')}", spot)


def of_path(parts: Parts, name: str, given: list[exp.Expr], spot: Spot) -> Part:
    """A call with a path. Raises QueryError where it is called with anything else."""
    from sqlglot import exp

    place = place_of(given[0], parts.text) if len(given) == 1 else None
    if not isinstance(place, StatePath) or (place.of_event and name != "exists"):
        raise parts.text.error(f"{name} takes a path of the state, as in {name}(plan.steps[0])", spot)
    if name == "previous":
        return parts.leaf(place, spot, before=True)
    if name == "exists":
        parts.asked_to_exist.add(place)
        here = parts.leaf(place, spot)
        missing = exp.Is(this=parts.column(here, "kind"), expression=exp.Null())
        return Part(exp.Not(this=missing), "boolean", spot)
    here, before = parts.leaf(place, spot), parts.leaf(place, spot, before=True)
    differ = exp.NullSafeNEQ(this=parts.identity(here), expression=parts.identity(before))
    return Part(differ, "boolean", spot)


def _matches(parts: Parts, value: Part, pattern: Part, spot: Spot) -> Part:
    from sqlglot import exp

    sides = [parts.as_kind(each, "text") for each in (value, pattern)]
    if not isinstance(sides[1], exp.Literal):
        raise parts.text.error("a regular expression is spelled out, in single quotes", pattern.spot)
    parts.patterns[sides[1].this] = pattern.spot
    return Part(exp.Anonymous(this="regexp_matches", expressions=sides), "boolean", spot)


def _length(parts: Parts, value: Part, spot: Spot) -> Part:
    from sqlglot import exp

    if value.leaf is None:
        return Part(exp.Anonymous(this="length", expressions=[parts.as_kind(value, "text")]), "number", spot)
    parts.uses.append(Use(value.leaf.path, "length", value.spot))
    return Part(parts.column(value, "length"), "number", spot)


def _coalesce(parts: Parts, values: list[Part], spot: Spot) -> Part:
    from sqlglot import exp

    kinds = {value.kind for value in values} - {"any", "nothing"}
    if len(kinds) != 1:
        raise parts.text.error(
            "coalesce takes values of one kind, one of them spelled out: coalesce(budget.spent, 0)", spot
        )
    kind = kinds.pop()
    return Part(exp.func("coalesce", *(parts.as_kind(value, kind) for value in values)), kind, spot)


def _contains(parts: Parts, value: Part, wanted: Part, spot: Spot) -> Part:
    from sqlglot import exp

    if value.leaf is None:
        sides = [parts.as_kind(each, "text") for each in (value, wanted)]
        return Part(exp.Anonymous(this="contains", expressions=sides), "boolean", spot)
    if wanted.leaf is not None or wanted.kind not in ("text", "number", "boolean"):
        raise parts.text.error("contains looks for a text, a number, true or false that is spelled out", wanted.spot)
    parts.uses.append(Use(value.leaf.path, "container" if wanted.kind != "text" else "holder", value.spot))
    # Not json_contains, which finds what is deeper in the list too.
    items = exp.Anonymous(this="json_extract", expressions=[parts.column(value, "json"), exp.Literal.string("$[*]")])
    item = exp.Anonymous(this="to_json", expressions=[wanted.sql.copy()])
    texts = [exp.cast(items, "varchar[]"), exp.cast(item, "varchar")]
    in_list = exp.Anonymous(this="list_contains", expressions=texts)
    is_list = exp.EQ(this=parts.column(value, "kind"), expression=exp.Literal.string("list"))
    case = exp.Case().when(is_list, in_list)
    if wanted.kind == "text":
        case = case.else_(exp.Anonymous(this="contains", expressions=[parts.column(value, "text"), wanted.sql]))
    return Part(case, "boolean", spot)
