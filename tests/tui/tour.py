"""The screens of the app, one after the other, for whoever looks at all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import groupby
from typing import NamedTuple

from .conftest import AppPilot, app_of, press, settle, type_text


class Typed(str):
    """Typed into what asks, and answered with Enter; everything else of a stop is a key."""


class Stop(NamedTuple):
    name: str
    steps: tuple[str, ...]
    """What leads there from the stop before."""


_SQL = "sql SELECT kind, count(*) AS events FROM events GROUP BY 1 ORDER BY 2, 1"

TOUR = (
    Stop("main-diff", ("8", "G")),
    Stop("main-value", ("i",)),
    Stop("main-history", ("i",)),
    Stop("main-blame", ("i",)),
    Stop("state-changed-only", ("i", "d")),
    Stop("state-filter", ("d", "f", Typed("plan"))),
    Stop("state-everyone", ("escape", "M", "full_stop", "p")),
    Stop("events-columns", ("p", "full_stop", "M", "K")),
    Stop("events-by-turn", ("escape", "V")),
    Stop("events-filter", ("V", "ampersand", Typed("kind:tool_*"))),
    Stop("timeline-zoomed", ("ampersand", "ctrl+u", "enter", "plus", "plus")),
    Stop("timeline-clock", ("0", "percent_sign")),
    Stop("timeline-lanes", ("percent_sign", "A")),
    Stop("help", ("A", "question_mark")),
    Stop("palette", ("escape", "ctrl+p", *"zoom")),
    Stop("snapshots", ("escape", "S", "j")),
    Stop("comparison", ("d",)),
    Stop("restore", ("escape", "r")),
    Stop("command-problem", ("escape", "colon", Typed("when budget.lef < 90"))),
    Stop("answer-when", ("escape", "colon", Typed("when budget.left < 90"))),
    Stop("answer-last", ("escape", "escape", "colon", Typed("last plan/steps[0].status"))),
    Stop("answer-history", ("colon", Typed("history plan/steps[0].status"))),
    Stop("answer-sql", ("escape", "colon", Typed(_SQL))),
    Stop("watched-and-struck", ("escape", "colon", Typed("watch budget.left"), "x")),
    Stop("watches", ("X", "W")),
    Stop("commands", ("escape", "at")),
)  # fmt: skip


async def toured(pilot: AppPilot) -> AsyncIterator[str]:
    """Go from stop to stop; what stands there is complete."""
    await settle(pilot)
    app_of(pilot).main.selection = "plan/steps"
    for stop in TOUR:
        for is_typed, steps in groupby(stop.steps, lambda step: isinstance(step, Typed)):
            if is_typed:
                await type_text(pilot, *steps)
            else:
                await press(pilot, *steps)
        yield stop.name
