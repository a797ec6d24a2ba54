"""A lamp for each rule of a file: whether the run has kept it up to the playhead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playhead.errors import PlayheadError

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead.rules import Verdict


@dataclass(frozen=True, slots=True)
class Lamp:
    name: str
    broken_at: int | None = None
    """Where the rule was first broken; None where it was kept."""
    problem: str = ""
    """Why it cannot be judged of this agent's run."""


def lamps_of(verdicts: Iterable[Verdict]) -> tuple[Lamp, ...]:
    return tuple(Lamp(verdict.rule.name, None if verdict.kept else verdict.commit_ts) for verdict in verdicts)


def judged(cursor: Cursor, file: str) -> tuple[Lamp, ...]:
    """The rules of a file, judged anew. What cannot be judged says why; so does a file that cannot be read."""
    from playhead import rules
    from playhead_tui.recording import unrecorded

    try:
        loaded = rules.load(Path(file))
    except PlayheadError as error:
        return (Lamp(Path(file).name, problem=_reason(error, f"{file}: ")),)
    lamps: list[Lamp] = []
    with unrecorded(cursor):
        for rule in loaded:
            try:
                lamps += lamps_of(rules.check(cursor, [rule]))
            except PlayheadError as error:
                lamps.append(Lamp(rule.name, problem=_reason(error, f"rule {rule.name!r}: ")))
    return tuple(lamps)


def _reason(error: PlayheadError, named: str) -> str:
    """The first line of what is wrong, without what the lamp is called by."""
    return str(error).partition("\n")[0].removeprefix(named)
