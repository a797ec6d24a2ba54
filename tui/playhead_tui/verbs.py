"""The verbs of the `:` line: what each takes, what can be typed next, and how the command line spells it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from playhead.errors import InvalidArgumentError, QueryError
from playhead.json_path import Path, parse_address

Takes: TypeAlias = Literal["", "EXPR", "PATH", "EVENTS", "RULES.toml", "SELECT …", "A B"]


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
    Verb("watch", "EXPR", "keep an expression in sight, wherever the playhead is; alone: the list", optional=True),
    Verb("unwatch", "EXPR", "stop watching it; alone: stop watching anything", optional=True),
    Verb("bisect", "EXPR", "the first bad commit: by an expression, or asking you from good..bad", optional=True),
    Verb("fold", "EVENTS", "the state without some events (312,400-420), or those struck with x", optional=True),
    Verb("check", "RULES.toml", "judge the run by rules"),
    Verb("sql", "SELECT …", "one SELECT over events, operations, snapshots, state_at(t), changes(a, b)"),
    Verb("diff", "A B", "what differs between two moments"),
    Verb("help", "", "the verbs, and the places that : goes to"),
)
BY_NAME = {verb.name: verb for verb in VERBS}
_EXPRESSION_WORDS = ("and", "or", "not", "exists(", "changed(", "previous(", "length(", "contains(", "coalesce(")
_WORD = re.compile(r'(?:"[^"]*"?|[\w.\[\]/-])*$')
_RANGE = re.compile(r"([^\s.]+(?:\.[^\s.]+)*)?\s*\.\.\s*(\S+)?")
_RESERVED = ("event", "agent", "order", "group", "select", "case", "end", "and", "or", "not", "limit", "offset")
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


def complete(text: str, keys: Sequence[str]) -> Completion:
    """What the last word of a text may become: a verb, a key of the agent, a field of the event, a word of SQL."""
    asked = parse(text)
    if asked is None or (" " not in text.lstrip()):
        start = len(text) - len(text.lstrip())
        return _completion(start, text[start:], [f"{verb.name} " if verb.takes else verb.name for verb in VERBS])
    takes = asked.verb.takes
    begun = _WORD.search(text)
    start = begun.start() if begun is not None else len(text)
    if takes == "PATH":
        return _completion(start, text[start:], [quoted_key(key) for key in keys])
    if takes == "EXPR":
        from playhead.expression import EVENT, EVENT_FIELDS

        fields = [f"{EVENT}.{field}" for field in EVENT_FIELDS]
        return _completion(start, text[start:], [*map(quoted_key, keys), *fields, *_EXPRESSION_WORDS])
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


def quoted_key(key: str) -> str:
    """The key as an expression names it: in double quotes where it is no identifier, or a word of the language."""
    if re.fullmatch(r"[^\W\d]\w*", key) and key not in _RESERVED:
        return key
    return '"' + key.replace('"', '""') + '"'


def path_of(text: str, keys: Sequence[str]) -> tuple[str, Path]:
    """The key and the path that a text names: `plan/steps[2].status`, or `"plan/steps"[2].status` as expressions do.

    Raises InvalidArgumentError where it is neither, or the agent has no such key.
    """
    from playhead.expression import ExpressionText, StatePath, nearest, place_of

    text = text.strip()
    if text in keys:
        return text, ()
    try:
        key, path = parse_address(text)
        if key in keys:
            return key, path
        refusal = f"this agent has no key {key!r}{nearest(key, keys)}"
    except InvalidArgumentError as error:
        refusal = str(error)
    spelled = ExpressionText(text)
    try:
        place = place_of(spelled.tree(), spelled)
    except QueryError:
        place = None
    if isinstance(place, StatePath) and place.agent_id is None and not place.of_event and place.key in keys:
        return place.key, place.steps
    raise InvalidArgumentError(refusal)


def bounds_of(argument: str) -> tuple[str, str] | None:
    """`good..bad`, either of which may be left out; None where it is an expression."""
    if not argument:
        return "0", "head"
    found = _RANGE.fullmatch(argument)
    return (found[1] or "0", found[2] or "head") if found is not None else None


def commits_of(text: str) -> list[int]:
    """`311,312` and `300-320` as commits, ascending. Raises InvalidArgumentError."""
    commits: set[int] = set()
    for part in text.replace("–", "-").split(","):
        found = re.fullmatch(r"\s*(\d{1,12})\s*(?:-\s*(\d{1,12})\s*)?", part, re.ASCII)
        if found is None:
            raise InvalidArgumentError(
                f"events are named by their commits, 311,312 or 300-320, and not {part.strip()!r}"
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if last - first >= 100_000:
            raise InvalidArgumentError(f"{part.strip()} are more than 100,000 commits")
        commits.update(range(first, last + 1))
    return sorted(commits)


def spelled_commits(commits: Sequence[int]) -> str:
    """Ascending commits as `commits_of` reads them: `311,315-320`."""
    parts: list[list[int]] = []
    for commit_ts in commits:
        if parts and parts[-1][1] + 1 == commit_ts:
            parts[-1][1] = commit_ts
        else:
            parts.append([commit_ts, commit_ts])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def command_line(*words: str) -> str:
    """A command of the shell: `playhead when 'budget.remaining < 0' --agent refund`."""
    return shlex.join(["playhead", *words])
