"""Which events are kept to: words about their kind, their agent, the keys they touched, and their text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy

from playhead.errors import InvalidArgumentError
from playhead.history import History
from playhead.timeline import Booleans, Integers
from playhead.track import Track

if TYPE_CHECKING:
    from playhead.query import Query

Field = Literal["kind", "key", "agent", "text"]
FIELDS: tuple[Field, ...] = get_args(Field)
FORMS = 'kind:tool_* key:budget agent:refund, any text, "two words", and -kind:user for all but those'

_WORD = re.compile(rf'(-?)(?:({"|".join(FIELDS)}):)?(?:"([^"]*)"|(\S+))')
_HALF_A_WORD = re.compile(rf"-?(?:{'|'.join(FIELDS)}):|-")


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a filter. A pattern is a part, whatever its case; with `*` or `?` it is the whole."""

    field: Field
    pattern: str
    excluded: bool = False
    """Whether it keeps the events that it does not fit."""

    @property
    def is_whole(self) -> bool:
        return "*" in self.pattern or "?" in self.pattern

    def __str__(self) -> str:
        """As it is typed."""
        plain = self.field != "text" or not _HALF_A_WORD.match(self.pattern)
        pattern = self.pattern if plain and not any(sign.isspace() for sign in self.pattern) else f'"{self.pattern}"'
        return f"{'-' if self.excluded else ''}{'' if self.field == 'text' else f'{self.field}:'}{pattern}"

    def fits(self, text: str) -> bool:
        """Whether the pattern fits a text."""
        if not self.is_whole:
            return self.pattern.lower() in text.lower()
        shape = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in self.pattern.lower())
        return re.fullmatch(shape, text.lower(), re.DOTALL) is not None

    def condition(self, query: Query, column: str) -> str:
        """The same in SQL."""
        if not self.is_whole:
            return f"contains(lower({column}), lower({query.parameter(self.pattern)}))"
        escaped = re.sub(r"([\\%_])", r"\\\1", self.pattern).replace("*", "%").replace("?", "_")
        return f"lower({column}) LIKE lower({query.parameter(escaped)}) ESCAPE '\\'"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Keeps the events that every term fits."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """As it is typed."""
        return " ".join(map(str, self.terms))

    @staticmethod
    def parse(text: str) -> EventFilter:
        """The filter that a person typed (`FORMS`). Raises InvalidArgumentError where a word names nothing."""
        terms = []
        for word in _WORD.finditer(text):
            sign, field, quoted, plain = word.groups()
            if quoted == "" or (quoted is None and _HALF_A_WORD.fullmatch(word[0])):
                raise InvalidArgumentError(f"{word[0]} names nothing to look for; type {FORMS}")
            terms.append(Term(cast(Field, field or "text"), quoted or plain, bool(sign)))
        if not terms:
            raise InvalidArgumentError(f"nothing to filter by; type {FORMS}")
        return EventFilter(tuple(terms))

    def commits(self, history: History, track: Track, start: int = 1) -> Integers:
        """The commits from `start` to the track's head that fit, ascending."""
        kept = numpy.ones(max(track.head - start + 1, 0), numpy.bool_)
        for term in self.terms:
            if kept.any():
                fitting = _fitting(term, history, track, start)
                kept &= ~fitting if term.excluded else fitting
        return numpy.flatnonzero(kept) + start


def _fitting(term: Term, history: History, track: Track, start: int) -> Booleans:
    """Of each event from `start` on, whether the term's pattern fits it."""
    if term.field == "kind" and track.names_every_kind:
        codes = [code for code, kind in enumerate(track.kind_names) if term.fits(kind)]
        return numpy.isin(track.kinds[start - 1 :], codes)
    fitting = numpy.zeros(track.head - start + 1, numpy.bool_)
    with history.query(track.view) as query:
        found = query.arrays(" UNION ".join(_questions(term, query, start)))["commit_ts"]
    fitting[numpy.asarray(found).astype(numpy.int64) - start] = True
    return fitting


_OF_EVENTS: Mapping[Field, tuple[str, ...]] = {"kind": ("kind",), "text": ("label", "kind")}
_OF_OPERATIONS: Mapping[Field, tuple[str, ...]] = {
    "key": ("key",),
    "text": ("key",),
    "agent": ("agent_id", "namespace || '/' || agent_id"),
}


def _questions(term: Term, query: Query, start: int) -> Iterator[str]:
    for columns, source in ((_OF_EVENTS, query.events), (_OF_OPERATIONS, query.operations)):
        if term.field in columns:
            conditions = " OR ".join(term.condition(query, column) for column in columns[term.field])
            yield f"SELECT commit_ts FROM {source(start)} WHERE {conditions}"
