"""The snapshots of a store: travel to one, compare two, restore one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from playhead_tui import keys
from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.moment_lines import Moment, moment_line
from playhead_tui.drawing.span import Line
from playhead_tui.screens.layer import Layer
from playhead_tui.widgets.footer import Footer
from playhead_tui.widgets.lines_view import LinesView


@dataclass(frozen=True, slots=True)
class Travel:
    commit_ts: int


@dataclass(frozen=True, slots=True)
class Compare:
    base: Moment
    later: Moment
    chosen: Moment
    """The one that is restored from there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person was in the list, to come back to."""

    cursor: int = 1
    tagged: int | None = None


@dataclass(frozen=True, slots=True)
class Restore:
    moment: Moment


class MomentList(LinesView):
    def __init__(self, moments: Sequence[Moment]) -> None:
        super().__init__()
        self.moments = moments
        self.tagged: int | None = None

    def line_count(self) -> int:
        return len(self.moments)

    def line(self, index: int, width: int) -> Line:
        return moment_line(self.moments[index], index == self.tagged, width)


class SnapshotsScreen(Layer[Travel | Compare | Restore]):
    """The playhead first, then the newest snapshots. Answers with what was asked for, and does nothing itself."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("snapshots")

    def __init__(self, moments: Sequence[Moment], place: Place) -> None:
        super().__init__()
        self._list = MomentList(moments)
        self._list.cursor = min(place.cursor, len(moments) - 1)
        self._list.tagged = place.tagged

    @property
    def place(self) -> Place:
        return Place(self._list.cursor, self._list.tagged)

    def compose(self) -> ComposeResult:
        with Vertical(classes="layer") as box:
            box.border_title = "Snapshots"
            box.border_subtitle = "Enter travels there · Esc closes"
            yield self._list
            yield Footer(keys.in_scope("snapshots"))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        self.dismiss(Travel(self._list.moments[message.line].commit_ts))

    def action_tag(self) -> None:
        self._list.tagged = None if self._list.tagged == self._list.cursor else self._list.cursor
        self._list.update_lines()

    def action_compare(self) -> None:
        """From the older to the newer of the two."""
        moments, here = self._list.moments, self._list.cursor
        other = self._list.tagged if self._list.tagged is not None else 0
        base, later = sorted((moments[here], moments[other]), key=lambda moment: moment.commit_ts)
        self.dismiss(Compare(base, later, moments[here or other]))

    def action_restore(self) -> None:
        self.dismiss(Restore(self._list.moments[self._list.cursor]))

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        await self.run_action(message.action.method)
