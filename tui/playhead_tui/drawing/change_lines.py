"""Everything that differs between two moments, by agent and key, each of which folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from playhead import Address, AgentAddress, Change
from playhead_tui.drawing.diff_lines import diff_rows, look_of, value_block
from playhead_tui.drawing.row import Fold, Folding, Row
from playhead_tui.drawing.span import Line, Role, Span, printable
from playhead_tui.drawing.state_lines import ROLES, SIGNS
from playhead_tui.drawing.words import plural

KEYS_OPEN = 40
"""Keys of a difference that are open to begin with: the values of the others are compared once they are opened."""
_LINES_A_KEY = 12
_BODY_LINES_MAX = 2_000
_FOLDED = Folding()

Kind: TypeAlias = Literal["summary", "agent", "key", "more", "body"]


class ChangeRow(NamedTuple):
    line: Line
    kind: Kind
    at: int = 0
    """The change that the row is of; of an agent's row, the first."""
    fold: Fold | None = None
    """The part of the key's difference that can be folded or opened here."""


class ChangeTree:
    """The rows of a difference, and what of it is folded. Of a restore, also what is chosen of it."""

    def __init__(self, changes: Sequence[Change], width: int, chosen: Iterable[Address] | None = None) -> None:
        """chosen: what of it is to be restored; None where nothing is to be chosen. Reads the values of open keys."""
        self.changes = changes
        self.chosen: set[Address] | None = None if chosen is None else set(chosen)
        self._width = width
        self._folded: set[AgentAddress] = set()
        self._open = set(range(min(KEYS_OPEN, len(changes))))
        self._whole: set[int] = set()
        self._folding: dict[int, Folding] = {}
        self._bodies: dict[int, list[Row]] = {}
        self.rows: list[ChangeRow] = []
        self.build()

    def build(self) -> None:
        """Make the rows anew, after something was folded or chosen."""
        self.rows = list(self._rows())

    def fit(self, width: int) -> None:
        """Take another width."""
        if width != self._width:
            self._width = width
            self._bodies.clear()
            self.build()

    @property
    def text(self) -> str:
        """What is shown, as text."""
        return "\n".join(row.line.text.rstrip() for row in self.rows) + "\n"

    def addresses(self, agent: AgentAddress | None = None) -> set[Address]:
        """The addresses that differ, all or those of one agent."""
        return {change.address for change in self.changes if agent is None or agent_of(change) == agent}

    def turn(self, index: int) -> None:
        """Fold what is open at a row, or open what is folded."""
        row = self.rows[index]
        if row.kind == "agent":
            self._folded ^= {agent_of(self.changes[row.at])}
        elif row.kind == "more":
            self._whole.add(row.at)
        elif row.fold is not None:
            folding = self._folding.get(row.at, _FOLDED)
            self._folding[row.at] = replace(folding, toggled=folding.toggled ^ {row.fold})
            self._bodies.pop(row.at, None)
        elif row.kind != "summary":
            self._open ^= {row.at}
            self._whole.discard(row.at)
        self.build()

    def turn_all(self) -> None:
        """Fold every key; where all are folded, open as many as are open to begin with, and their agents."""
        self._folded.clear()
        self._open = set() if self._open else set(range(min(KEYS_OPEN, len(self.changes))))
        self._whole.clear()
        self.build()

    def toggle(self, index: int) -> None:
        """Choose the key of a row, or do not any more; at an agent, all of its keys."""
        row = self.rows[index]
        if self.chosen is None or row.kind == "summary":
            return
        change = self.changes[row.at]
        meant = self.addresses(agent_of(change)) if row.kind == "agent" else {change.address}
        self.choose(self.chosen - meant if meant <= self.chosen else self.chosen | meant)

    def choose(self, addresses: Iterable[Address]) -> None:
        self.chosen = set(addresses)
        self.build()

    def next_key(self, index: int, steps: int) -> int:
        """The row of a later key, or an earlier one (negative), as far as there is one."""
        heads = [at for at, row in enumerate(self.rows) if row.kind == "key"]
        beyond = [at for at in heads if at > index] if steps > 0 else [at for at in reversed(heads) if at < index]
        return beyond[min(abs(steps), len(beyond)) - 1] if beyond else index

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _rows(self) -> Iterator[ChangeRow]:
        if not self.changes:
            yield ChangeRow(Line((Span("The two are equal: no key differs.", "muted"),)), "summary")
            return
        yield ChangeRow(Line(tuple(_counts(self.changes))), "summary")
        for agent, group in groupby(enumerate(self.changes), key=lambda pair: agent_of(pair[1])):
            numbered = list(group)
            yield self._agent_row(agent, numbered)
            if agent not in self._folded:
                for at, change in numbered:
                    yield self._key_row(at, change)
                    if at in self._open:
                        yield from self._body(at)

    def _agent_row(self, agent: AgentAddress, numbered: Sequence[tuple[int, Change]]) -> ChangeRow:
        changes = [change for _, change in numbered]
        mark = "▸ " if agent in self._folded else "▾ "
        name = Span(printable(f"{agent.namespace}/{agent.agent_id}"), "heading")
        chosen = self._check({change.address for change in changes})
        return ChangeRow(
            Line((Span(mark, "muted"), *chosen, name, Span("   "), *_counts(changes))), "agent", numbered[0][0]
        )

    def _key_row(self, at: int, change: Change) -> ChangeRow:
        role = ROLES[change.status]
        before = f"v{change.before.version}" if change.before.version else "nothing"
        after = f"v{change.after.version}" if change.after.version else "nothing"
        mark = Span("  ▾ " if at in self._open else "  ▸ ", "muted")
        left_out = self._leaves_out(at)
        spans = (
            mark,
            *self._check({change.address}),
            Span(f"{SIGNS[change.status]} ", "faint" if left_out else role),
            Span(printable(change.address.key), "muted" if left_out else "strong"),
            Span(f"   {before} → {after}", "muted"),
            *([Span("   stays as it is", "faint")] if left_out else ()),
        )
        return ChangeRow(Line(spans), "key", at)

    def _leaves_out(self, at: int) -> bool:
        return self.chosen is not None and self.changes[at].address not in self.chosen

    def _check(self, addresses: set[Address]) -> tuple[Span, ...]:
        if self.chosen is None:
            return ()
        if addresses <= self.chosen:
            return (Span("[✓] ", "accent"),)
        return (Span("[~] " if addresses & self.chosen else "[ ] ", "muted"),)

    def _body(self, at: int) -> Iterator[ChangeRow]:
        rows = self._bodies.get(at)
        if rows is None:
            rows = self._bodies[at] = self._read_body(at)
        shown = rows if at in self._whole or len(rows) <= _LINES_A_KEY + 1 else rows[:_LINES_A_KEY]
        for row in shown:
            line = Line((Span("      "), *row.line.spans), row.line.tone)
            yield ChangeRow(Line((Span(line.text, "faint"),)) if self._leaves_out(at) else line, "body", at, row.fold)
        if hidden := len(rows) - len(shown):
            more = Line((Span("        "), Span(f"⋯ {plural(hidden, 'more line')}", "faint")))
            yield ChangeRow(more, "more", at)

    def _read_body(self, at: int) -> list[Row]:
        change, width = self.changes[at], max(30, self._width - 8)
        if change.status == "changed":
            found = diff_rows(change.before, change.after, width, self._folding.get(at, _FOLDED))
            # The first line of a difference is its summary, which the key's own row stands for here.
            return [row for row in found if row.line.spans][1:]
        sign, role, tone = look_of(change.status)
        value = change.after.value if change.after.exists else change.before.value
        start = (Span(f"{sign} ", role),)
        return [Row(Line(line.spans, tone)) for line in value_block(value, start, start, role, width, _BODY_LINES_MAX)]


def agent_of(change: Change) -> AgentAddress:
    return AgentAddress(change.address.namespace, change.address.agent_id)


def _counts(changes: Sequence[Change]) -> list[Span]:
    """`~ 2 changed · − 1 removed`"""
    statuses: Counter[str] = Counter(change.status for change in changes)
    spans: list[Span] = []
    for status in ROLES:
        if number := statuses[status]:
            role: Role = ROLES[status]
            spans += [Span(" · " if spans else "", "faint"), Span(f"{SIGNS[status]} {number:,} {status}", role)]
    return spans
