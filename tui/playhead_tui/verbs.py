"""The verbs of the `:` line: what each takes, what can be typed next, and how the command line spells it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from playhead.json_path import format_address

Takes: TypeAlias = Literal[
    "", "EXPR", "PATH", "EVENTS", "RULES.toml", "SELECT …", "A B", "OTHER", "TEXT|PATH", "-S TEXT …"
]


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    takes: Takes
    summary: str
    optional: bool = False
    """Whether it may stand alone."""

    @property
    def usage(self) -> str:
        """`last [PATH]`"""
        if not self.takes:
            return self.name
        return f"{self.name} [{self.takes}]" if self.optional else f"{self.name} {self.takes}"


VERBS = (
    Verb("when", "EXPR", "every interval in which it is true; n and N go through them"),
    Verb("c", "EXPR", "on to the next commit at which it becomes true"),
    Verb("rc", "EXPR", "back to the last commit at which it became true"),
    Verb("last", "PATH", "back to the event that last changed a value; default: the selected key", optional=True),
    Verb("next", "PATH", "on to the event that next changes a value", optional=True),
    Verb("history", "PATH", "every value it has had, and who wrote each", optional=True),
    Verb("blame", "PATH", "who last wrote every part of a value", optional=True),
    Verb("origin", "TEXT|PATH", "where a text, a number or a value was seen first", optional=True),
    Verb("log", "-S TEXT …", "the events in which it came or went; -G REGEX, --key GLOB, --kind GLOB", optional=True),
    Verb("watch", "EXPR", "keep an expression in sight, wherever the playhead is; alone: the list", optional=True),
    Verb("unwatch", "EXPR", "stop watching it; alone: stop watching anything", optional=True),
    Verb("bisect", "EXPR", "the first bad commit: by an expression, or asking you from good..bad", optional=True),
    Verb("fold", "EVENTS", "the state without some events (312,400-420), or those struck with x", optional=True),
    Verb("check", "RULES.toml", "judge the run by rules, with a lamp for each; alone: put them out", optional=True),
    Verb("sql", "SELECT …", "one SELECT over events, operations, snapshots, state_at(t), changes(a, b)"),
    Verb("diff", "A B", "what differs between two moments"),
    Verb("compare", "OTHER", "this run beside another (a path), or beside another of its agents"),
    Verb("help", "", "the verbs, and the places that : goes to"),
)
BY_NAME = {verb.name: verb for verb in VERBS}
_EXPRESSION_WORDS = ("and", "or", "not", "exists(", "changed(", "previous(", "length(", "contains(", "coalesce(")
_WORD = re.compile(r'(?:"[^"]*"?|[\w.\[\]/-])*$')
_RANGE = re.compile(r"([^\s.]+(?:\.[^\s.]+)*)?\s*\.\.\s*(\S+)?")
MOST_OFFERED = 40


class Asked(NamedTuple):
    """A verb and the rest of the line."""

    verb: Verb
    argument: str


def parse(typed: str) -> Asked | None:
    """The verb that a line begins with; None where it begins with none, and means a place."""
    name, _, argument = typed.strip().partition(" ")
    verb = BY_NAME.get(name)
    return Asked(verb, argument.strip()) if verb is not None else None


def no_place(typed: str, refusal: str) -> str:
    """Why a line that begins with no verb leads nowhere, with what could have been meant, a line each."""
    from playhead.expression import nearest

    said, _, places = refusal.partition("; type ")
    if not places:
        return refusal
    word = typed.split()[0]
    return f"{said}, and no verb is called {word!r}{nearest(word, list(BY_NAME))}\nplaces: {places}\n" + (
        f"verbs: {', '.join(BY_NAME)}"
    )


def hint(typed: str) -> str:
    """What stands faint behind the cursor: the verbs that begin like this; what the verb takes, until it is given."""
    verb = BY_NAME.get(typed.strip())
    if verb is None and typed.isalpha():
        begun = [each for each in VERBS if each.name.startswith(typed)]
        if len(begun) == 1:
            return f"  {begun[0].usage}   {begun[0].summary}"
        return "".join(f"  {each.name}" for each in begun)
    if verb is None or typed.strip() != typed.rstrip():
        return ""
    takes = f"{verb.usage.removeprefix(verb.name).strip()}   " if verb.takes else "  "
    return ("" if typed.endswith(" ") else " ") + takes + verb.summary


@dataclass(frozen=True, slots=True)
class Completion:
    """What a word that was begun may become."""

    start: int
    """Where in the text the word begins."""
    shared: str
    """What all that may come have in common."""
    offers: tuple[str, ...]


def complete(text: str, keys: Sequence[str], others: Sequence[str] = ()) -> Completion:
    """What the last word of a text may become: a verb, a key of the agent, a field of the event, a word of SQL.

    others: agents and paths, as they are typed.
    """
    asked = parse(text)
    if asked is None or (" " not in text.lstrip()):
        start = len(text) - len(text.lstrip())
        return _completion(start, text[start:], [f"{verb.name} " if verb.takes else verb.name for verb in VERBS])
    takes = asked.verb.takes
    begun = _WORD.search(text)
    start = begun.start() if begun is not None else len(text)
    if takes in ("PATH", "TEXT|PATH"):
        return _completion(start, text[start:], [format_address(key) for key in keys])
    if takes == "-S TEXT …":
        start = len(text) - len(text.split(" ")[-1])
        return _completion(start, text[start:], ("-S ", "-G ", "--key ", "--kind "))
    if takes in ("OTHER", "RULES.toml"):
        start = text.index(" ") + 1
        return _completion(start, text[start:], others)
    if takes == "EXPR":
        from playhead.expression import EVENT, EVENT_FIELDS

        fields = [f"{EVENT}.{field}" for field in EVENT_FIELDS]
        return _completion(start, text[start:], [*map(format_address, keys), *fields, *_EXPRESSION_WORDS])
    if takes == "SELECT …":
        tables = ("events", "operations", "snapshots", "state_at(", "changes(", "history(", "SELECT ", "FROM ")
        return _completion(start, text[start:], tables)
    return Completion(len(text), "", ())


def _completion(start: int, begun: str, known: Sequence[str]) -> Completion:
    wanted = begun.casefold()
    # A key in quotes is found by its first letters, too.
    offers = [each for each in known if each.casefold().startswith(wanted) or each.casefold().startswith(f'"{wanted}')]
    return Completion(start, _shared(offers), tuple(offers[:MOST_OFFERED]))


def _shared(offers: Sequence[str]) -> str:
    """The beginning that all have in common."""
    first, last = min(offers, default=""), max(offers, default="")
    same = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    return first[:same] if same is not None else min(first, last, key=len)


def bounds_of(argument: str) -> tuple[str, str] | None:
    """`good..bad`, either of which may be left out; None where it is an expression."""
    if not argument:
        return "0", "head"
    found = _RANGE.fullmatch(argument)
    return (found[1] or "0", found[2] or "head") if found is not None else None


def command_line(*words: str) -> str:
    """A command of the shell: `playhead when 'budget.remaining < 0' --agent refund`."""
    return shlex.join(["playhead", *words])
