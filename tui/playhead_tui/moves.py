"""What a key asks of the playhead, kept until the cursor has time for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from playhead import PlayheadError
from playhead_tui.frame import Note

if TYPE_CHECKING:
    from playhead.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Step:
    """So many events on, or back where negative."""

    count: int
    leap: bool = False
    """Whether `back` returns to where it started."""


@dataclass(frozen=True, slots=True)
class Seek:
    """To a commit, as a scrub does: many of them may be passed over for the newest."""

    commit_ts: int
    jump: bool = True
    """Whether `back` returns to where it started; a drag is one jump, not hundreds."""


@dataclass(frozen=True, slots=True)
class Do:
    """Anything else. The answer, where there is one, is told in the last line."""

    what: Callable[[Cursor], str | None]


Move: TypeAlias = Step | Seek | Do


def with_move(waiting: Sequence[Move], move: Move) -> list[Move]:
    """The moves to make once there is time: steps add up, and a seek makes those right before it pointless."""
    moves = list(waiting)
    last = moves[-1] if moves else None
    if isinstance(move, Step) and isinstance(last, Step) and last.leap == move.leap:
        moves[-1] = Step(last.count + move.count, move.leap)
        return moves
    if isinstance(move, Seek):
        while moves and not isinstance(moves[-1], Do):
            passed = moves.pop()
            move = Seek(move.commit_ts, move.jump or (isinstance(passed, Seek) and passed.jump))
    moves.append(move)
    return moves


def make_moves(cursor: Cursor, moves: Sequence[Move]) -> Note | None:
    """Make the moves in order. What cannot be done is told in a note; the moves after it are still made."""
    note: Note | None = None
    for move in moves:
        try:
            match move:
                case Step(count, True):
                    cursor.leap(count)
                case Step(count):
                    cursor.step(count)
                case Seek(commit_ts, True):
                    cursor.seek(commit_ts)
                case Seek(commit_ts):
                    cursor.position = max(0, min(commit_ts, cursor.head))
                case Do(what):
                    text = what(cursor)
                    note = Note(text) if text else note
        except PlayheadError as error:
            note = Note(str(error), is_error=True)
    return note
