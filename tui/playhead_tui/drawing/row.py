"""A line of the inspector, and what it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from playhead.json_path import Path
from playhead_tui.drawing.span import Line, Span

FoldKind: TypeAlias = Literal["value", "same", "block", "text"]
"""A part of a value; what did not change in one; a value that came or went whole; the unchanged lines of a text."""


class Fold(NamedTuple):
    """What can be folded and opened."""

    kind: FoldKind
    path: Path


class Row(NamedTuple):
    line: Line
    path: Path | None = None
    """The part of the value that the line shows; None where it shows none that is there."""
    fold: Fold | None = None
    """What folding at this line folds, or opens."""
    commit_ts: int = 0
    """Where Enter travels; 0 where it does not."""
    opens: bool = False
    """Whether Enter opens, or folds, what can be folded here."""


@dataclass(frozen=True, slots=True)
class Folding:
    """What is folded: all at a depth and below it, apart from what a person turned over."""

    depth: int = 1_000
    toggled: frozenset[Fold] = frozenset()
    all_open: bool = False
    """Whether what is folded to begin with (of a difference: all that is the same) is open instead."""

    def folds_value(self, path: Path) -> bool:
        return (len(path) >= self.depth) != (Fold("value", path) in self.toggled)

    def opens(self, fold: Fold) -> bool:
        """Whether something that is folded to begin with is open."""
        return self.all_open != (fold in self.toggled)


OPEN = Folding()


def muted_row(text: str) -> Row:
    """One line that says why there is nothing to show."""
    return Row(Line((Span(text, "muted"),)))
