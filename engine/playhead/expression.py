"""The expression language (docs/expressions.md): what a text means, before anything is asked of a store."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, cast

from playhead.errors import QueryError
from playhead.json_path import Path, format_address, format_path

if TYPE_CHECKING:
    from sqlglot import exp

Kind: TypeAlias = Literal["number", "text", "boolean", "time", "any", "nothing"]
"""What a part of an expression is; `any` is a value of the state, whose kind each moment decides."""
EVENT_FIELDS: dict[str, Kind] = {
    "commit_ts": "number",
    "committed_at": "time",
    "kind": "text",
    "label": "text",
    "meta": "any",
    "occurred_at": "time",
    "operation_count": "number",
    "txn_id": "text",
}
EVENT = "event"
AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of the text: the first character, and the one behind the last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class StatePath:
    """A place in some agent's state, or in the meta of each event."""

    key: str
    steps: Path = ()
    namespace: str | None = None
    agent_id: str | None = None
    """None for the agent that is looked at."""
    of_event: bool = False
    """Whether this is a place in `event.meta`, and no key at all."""

    def __str__(self) -> str:
        if self.of_event:
            return f"{EVENT}.{format_path(('meta', *self.steps))}"
        agent = "" if self.agent_id is None else f"{AGENT}({', '.join(map(_quoted, self._agent))})."
        return agent + format_address(self.key, self.steps)

    @property
    def _agent(self) -> Iterable[str]:
        return (part for part in (self.namespace, self.agent_id) if part is not None)


@dataclass(frozen=True, slots=True)
class EventField:
    """A field of the event at each commit."""

    name: str


def is_text(text: str) -> bool:
    """False where it holds what the shell makes of bytes that are not UTF-8."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class ExpressionText:
    """The text of an expression, which errors point into."""

    def __init__(self, text: str) -> None:
        self.text = text

    def error(self, message: str, spot: Spot) -> QueryError:
        """The message, and below it the line of the text with the spot underlined."""
        line_start = self.text.rfind("\n", 0, spot.start) + 1
        line = self.text[line_start:].partition("\n")[0]
        start, end = spot.start - line_start, min(self._closed(spot) - line_start, len(line))
        marks = " " * start + "^" * max(end - start, 1)
        return QueryError(f"{message}\n  {line}\n  {marks}")

    def _closed(self, spot: Spot) -> int:
        """The end of the spot, with the brackets that it opened; the tree knows no places of brackets."""
        opened = sum(self.text.count(bracket, spot.start, spot.end) for bracket in "([")
        opened -= sum(self.text.count(bracket, spot.start, spot.end) for bracket in ")]")
        end = spot.end
        while opened > 0 and end < len(self.text):
            opened -= self.text[end] in ")]"
            end += 1
        return end

    @property
    def whole(self) -> Spot:
        return Spot(0, len(self.text))

    def tree(self) -> exp.Expr:
        """The syntax tree. Raises QueryError where the text is no SQL expression."""
        from sqlglot import errors, parse

        if not self.text.strip():
            raise QueryError("the expression is empty; write a condition such as budget.remaining < 0")
        if not is_text(self.text):
            raise QueryError("the expression is no text: it holds bytes that are not UTF-8")
        try:
            trees = parse(self.text, dialect=_dialect())
        except errors.ParseError as error:
            found = error.errors[0]
            start = len(found["start_context"]) if found["start_context"] is not None else 0
            marked = found["highlight"] or ""
            hint = "; a key that is a word of SQL stands in double quotes" if marked.isidentifier() else ""
            # The context that sqlglot gives is cut to a hundred characters.
            start = self.text.find(found["start_context"] + marked) + start if marked else len(self.text)
            raise self.error(f"this cannot be read as an expression{hint}", Spot(start, start + len(marked))) from None
        except errors.TokenError:
            raise self.error("this cannot be read as an expression: a quote is left open", self.whole) from None
        if len(trees) != 1 or trees[0] is None:
            raise self.error("one expression, please, without semicolons", self.whole)
        return trees[0]


@cache
def _dialect() -> type:
    from sqlglot.dialects import DuckDB

    class StateDialect(DuckDB):  # type: ignore[misc]
        """DuckDB's own, but list positions count from zero, as they do in JSON."""

        INDEX_OFFSET = 0

        class Parser(DuckDB.Parser):  # type: ignore[misc]
            """Without `list[1, 2]`: `list` is a key like any other, and what follows it a position."""

            ARRAY_CONSTRUCTORS: ClassVar[dict[str, type]] = {}

    return StateDialect


def spot_of(node: exp.Expr) -> Spot:
    """Where in the text a part of the tree comes from."""
    places = [part.meta for part in node.walk() if "start" in part.meta]
    if not places:
        return Spot(0, 0)
    return Spot(min(place["start"] for place in places), max(place["end"] for place in places) + 1)


def place_of(node: exp.Expr, text: ExpressionText) -> StatePath | EventField | None:
    """What a chain of names and positions stands for; None where the node is no such chain."""
    from sqlglot import exp

    steps: list[tuple[str | int, bool]] = []
    agent: list[str] = []
    while True:
        match node:
            case exp.Column():
                # Outermost first: `plan.steps` is the column `steps` of the table `plan`.
                names = [(part.name, bool(part.args.get("quoted"))) for part in node.parts]
                steps[:0] = cast("list[tuple[str | int, bool]]", names)
                break
            case exp.Identifier():
                steps.insert(0, (node.name, bool(node.args.get("quoted"))))
                break
            case exp.Dot():
                if not isinstance(node.expression, exp.Identifier):
                    return None
                steps.insert(0, (node.expression.name, bool(node.expression.args.get("quoted"))))
                node = node.this
            case exp.Bracket() if len(node.expressions) == 1:
                steps.insert(0, (_position(node.expressions[0], text), True))
                node = node.this
            case exp.Anonymous() if node.name == AGENT:
                agent = [argument.name for argument in node.expressions]
                if not 1 <= len(agent) <= 2 or any(not _is_text(argument) for argument in node.expressions):
                    raise text.error("agent takes an agent's id in quotes, or its namespace and its id", spot_of(node))
                break
            case _:
                return None
    if not agent and steps[0] == (EVENT, False):
        return _event_place([step for step, _ in steps[1:]], node, text)
    if not steps or not isinstance(steps[0][0], str):
        raise text.error("a key is missing here: agent('id').key", spot_of(node))
    key, rest = steps[0][0], tuple(step for step, _ in steps[1:])
    return StatePath(key, rest, agent[0] if len(agent) == 2 else None, agent[-1] if agent else None)


def _position(node: exp.Expr, text: ExpressionText) -> str | int:
    from sqlglot import exp

    sign = -1 if isinstance(node, exp.Neg) else 1
    literal = node.this if isinstance(node, exp.Neg) else node
    if isinstance(literal, exp.Literal):
        if literal.is_string and sign == 1:
            return str(literal.this)
        if not literal.is_string and literal.this.isdecimal():
            return sign * int(literal.this)
    raise text.error(
        "in brackets stands a position, [0] the first and [-1] the last, or a key in quotes", spot_of(node)
    )


def _is_text(node: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Literal) and node.is_string


def _event_place(steps: list[str | int], node: exp.Expr, text: ExpressionText) -> StatePath | EventField:
    name = steps[0] if steps else ""
    if name == "meta":
        return StatePath("meta", tuple(steps[1:]), of_event=True)
    if len(steps) == 1 and name in EVENT_FIELDS:
        return EventField(str(name))
    if not steps:
        raise text.error(f"an event has fields: {EVENT}.kind, for instance", spot_of(node))
    near = nearest(str(name), EVENT_FIELDS)
    fields = ", ".join(EVENT_FIELDS)
    raise text.error(
        f"an event has no field {str(name)!r}{near}; it has {fields}"
        f' (a key of the state that is called "{EVENT}" stands in double quotes)',
        spot_of(node),
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion to end a message with; empty where nothing is alike."""
    listed = list(known)
    found = [each for each in listed if each.casefold() == name.casefold()]
    found = found or difflib.get_close_matches(name, listed, 1, 0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def agents_that_have_it(agents: Sequence[object]) -> str:
    """Whose something is that was looked for at another's, to end a message with; empty where nobody has it."""
    if len(agents) <= 1:
        return "".join(f"; {agent} has it" for agent in agents)
    others = "1 other agent" if len(agents) == 2 else f"{len(agents) - 1:,} other agents"
    return f"; {agents[0]} and {others} have it"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that the expression needs at every moment."""

    path: StatePath
    before: bool = False
    """Whether it is the value at the commit before that is needed."""


@dataclass(frozen=True, slots=True)
class Use:
    """That a path was taken for a certain kind of value, and where."""

    path: StatePath
    kind: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the expression as SQL, and what it is. Of a leaf, the SQL is the name of its columns' table."""

    sql: exp.Expr
    kind: Kind
    spot: Spot
    leaf: Leaf | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression ready to be evaluated at any set of moments."""

    text: ExpressionText
    result: Part
    value_sql: str
    """SQL of the value: a number, text, boolean, or JSON text where only the moment decides."""
    leaves: tuple[Leaf, ...]
    """Their columns are those of the tables value_0, value_1, …: kind, number, whole, text, json, and length."""
    uses: tuple[Use, ...]
    spots: Mapping[StatePath, Spot]
    """Where each path is first named."""
    asked_to_exist: frozenset[StatePath]
    """Paths that the expression asks `exists` of, so that never having been there is an answer."""
    identified: frozenset[StatePath]
    """Paths whose values are told apart as S25 tells them: for these, there is a column `identity` too."""
    needs_events: bool
    patterns: Mapping[str, Spot]
    """The regular expressions, which only the database can read."""
