"""The snapshots of a store: travel to one, compare two, restore one, take one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from playhead_tui import keys
from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.moment_lines import Looks, Measure, Measures, Moment, moment_line, rails
from playhead_tui.drawing.span import Line, Span
from playhead_tui.screens.layer import Layer, LayerBox
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
class Restore:
    moment: Moment


Measuring: TypeAlias = "Callable[[int], Awaitable[Measure | None]]"
"""Works out how large the state at a commit is; None where it cannot be read."""
Comparing: TypeAlias = "Callable[[Compare], Awaitable[bool]]"
"""Shows what differs, above the list. True where the chosen side is to be restored."""
Taking: TypeAlias = "Callable[[str], Awaitable[Sequence[Moment]]]"
"""Takes a snapshot of the playhead with a label, and answers with what the list has then."""

_LIST_ROWS_LEAST, _OTHER_ROWS = 8, 3
"""Rows of the list that stay even where there are few snapshots, and those of what is typed into and of the footer."""


class MomentList(LinesView):
    """Only the rows in view are made, and measured."""

    class Scrolled(Message):
        """Other rows are in view."""

    def __init__(self, moments: Sequence[Moment], measures: Measures) -> None:
        super().__init__()
        self.all, self._measures = moments, measures
        self._position = next((moment.commit_ts for moment in moments if moment.kind == "playhead"), -1)
        self.moments: Sequence[Moment] = ()
        self.tagged: Moment | None = None
        self._rails: list[str] = []
        self._rail_width = 1
        self.show("", None)

    def show(self, text: str, at: Moment | None) -> None:
        """Show the moments whose name contains a text, with the cursor at one of them; first the newest snapshot."""
        self.moments = [moment for moment in self.all if not text or moment.fits(text)]
        self._rails = rails(self.moments)
        self._rail_width = max(map(len, self._rails), default=1) or 1
        newest = next((row for row, moment in enumerate(self.moments) if moment.kind == "snapshot"), 0)
        self.cursor = self.moments.index(at) if at in self.moments else newest

    @property
    def chosen(self) -> Moment | None:
        return self.moments[self.cursor] if self.cursor < len(self.moments) else None

    def line_count(self) -> int:
        return max(1, len(self.moments))

    def line(self, index: int, width: int) -> Line:
        if not self.moments:
            return Line((Span("  No snapshot contains this text.", "muted"),))
        moment = self.moments[index]
        looks = Looks(self._rails[index], self._rail_width, moment == self.tagged, moment.commit_ts == self._position)
        return moment_line(moment, looks, self._measures, width)

    def lacking(self) -> int | None:
        """A commit in view that was not measured yet."""
        rows = self.visible_range
        in_view = (moment.commit_ts for moment in self.moments[rows.start : rows.stop])
        return next((commit_ts for commit_ts in in_view if commit_ts not in self._measures), None)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())


class SnapshotsScreen(Layer[Travel | Restore]):
    """The playhead first, then the newest snapshots. Answers with where to go, or with what to restore."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("snapshots")

    def __init__(self, moments: Sequence[Moment], measure: Measuring, compare: Comparing, take: Taking) -> None:
        super().__init__()
        self._measures: Measures = {}
        self._measure, self._compare, self._take = measure, compare, take
        self._list = MomentList(moments, self._measures)
        self._input = Input(compact=True)
        self._input.display = False
        self._labelling = False

    def compose(self) -> ComposeResult:
        rows = max(_LIST_ROWS_LEAST, len(self._list.all)) + _OTHER_ROWS
        with LayerBox("Snapshots", "Enter travels there · Esc closes", rows=rows):
            yield self._input
            yield self._list
            yield Footer(keys.in_scope("snapshots"))

    def on_mount(self) -> None:
        self._list.focus()
        self.call_after_refresh(self._measure_rows)

    @work(group="measure", exclusive=True)
    async def _measure_rows(self) -> None:
        """Measure what is in view, one moment after the other: a large state takes its time, and nobody waits."""
        while (commit_ts := self._list.lacking()) is not None:
            self._measures[commit_ts] = await self._measure(commit_ts)
            self._list.update_lines()

    def on_moment_list_scrolled(self) -> None:
        self._measure_rows()

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        if (moment := self._list.chosen) is not None:
            self.dismiss(Travel(moment.commit_ts))

    def action_tag(self) -> None:
        self._list.tagged = None if self._list.tagged == self._list.chosen else self._list.chosen
        self._list.update_lines()

    def action_compare(self) -> None:
        """From the older to the newer of the two."""
        here, other = self._list.chosen, self._list.tagged or self._list.all[0]
        if here is not None:
            base, later = sorted((here, other), key=lambda moment: moment.commit_ts)
            self._show_comparison(Compare(base, later, here if here.kind != "playhead" else other))

    @work(group="layer", exclusive=True)
    async def _show_comparison(self, sides: Compare) -> None:
        if await self._compare(sides):
            self.dismiss(Restore(sides.chosen))

    def action_restore(self) -> None:
        if (moment := self._list.chosen) is not None:
            self.dismiss(Restore(moment))

    # ── typing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_filter(self) -> None:
        self._ask("any part of a label, a number or a commit", labelling=False)

    def action_take(self) -> None:
        self._ask("a label for a snapshot of the playhead; may be left empty", labelling=True)

    def _ask(self, hint: str, *, labelling: bool) -> None:
        if labelling or self._labelling:
            self._input.value = ""
        self._labelling = labelling
        self._input.placeholder = hint
        self._input.display = True
        self._input.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if not self._labelling:
            self._list.show(event.value.strip(), self._list.chosen)
            self._list.update_lines(self._list.cursor)
            self._measure_rows()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self._labelling:
            self._take_snapshot(event.value.strip())
            self.action_close()
            return
        self._input.display = bool(event.value)
        self._list.focus()

    @work(group="take")
    async def _take_snapshot(self, label: str) -> None:
        self._list.all = await self._take(label)
        self._list.show("", None)
        self._list.update_lines(self._list.cursor)
        self._measure_rows()

    def action_close(self) -> None:
        """Close what is typed into first, and drop the filter."""
        if self._input.display:
            self._input.value, self._input.display, self._labelling = "", False, False
            self._list.show("", self._list.chosen)
            self._list.update_lines(self._list.cursor)
            self._list.focus()
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action may run now: while a person types, keys are letters."""
        if self._input.has_focus and action in _METHODS:
            return False
        return super().check_action(action, parameters)

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        await self.run_action(message.action.method)


_METHODS = {action.method.partition("(")[0] for action in keys.in_scope("snapshots")}
