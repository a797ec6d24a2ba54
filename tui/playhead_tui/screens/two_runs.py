"""Two runs side by side, their playheads locked together, and how their states differ there."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from playhead import PlayheadError
from playhead_tui import keys
from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.change_lines import ChangeTree
from playhead_tui.drawing.span import Span
from playhead_tui.drawing.words import count, plural
from playhead_tui.driver import Driver
from playhead_tui.frame import Note
from playhead_tui.screens.layer import Layer
from playhead_tui.two_runs import KEYS_SHOWN, StateDifference, TwoRuns
from playhead_tui.widgets.changes_view import ChangesView
from playhead_tui.widgets.footer import Footer
from playhead_tui.widgets.lines_view import LinesView
from playhead_tui.widgets.pairs_view import PairsHead, PairsView
from playhead_tui.widgets.pane_title import PaneTitle

_WIDE = 180
"""Columns from which on the states stand beside the events, and not below them."""


class TwoRunsScreen(Layer[int]):
    """Answers with the commit of the first run where Enter was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("pairs")

    def __init__(self, runs: TwoRuns, row: int, driver: Driver) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (_WIDE, "-beside")]
        self._runs, self._driver = runs, driver
        self._pairs = PairsView(runs, row)
        self._head = PairsHead(runs, row)
        self._title = PaneTitle("STATES")
        self._states = ChangesView(ChangeTree((), 80))
        self._footer = Footer(keys.in_scope("pairs"))
        self._shown = -1
        self._reading = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="layer -whole") as box:
            box.border_title = self._runs.summary
            box.border_subtitle = "Enter travels there in A · Esc closes"
            with Container(id="two-runs"):
                with Vertical(id="pairs"):
                    yield self._head
                    yield self._pairs
                with Vertical(id="states"):
                    yield self._title
                    yield self._states
            yield self._footer

    def on_mount(self) -> None:
        self._pairs.focus()
        self._title.show([Span("…", "faint")])
        self.call_after_refresh(self._follow)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def _follow(self) -> None:
        """Show what is known at the row, and have the rest read."""
        self._head.show(self._pairs.cursor)
        if not self._reading:
            self._reading = True
            self._read()

    @work(group="pairs")
    async def _read(self) -> None:
        """Read what the rows in view lack, then how the states differ at the row that the playheads have come to."""
        pairs = self._pairs
        try:
            while True:
                if lacking := pairs.lacking:
                    await self._read_headers(lacking)
                elif pairs.line_count() and self._shown != pairs.cursor:
                    await self._read_states(pairs.cursor)
                else:
                    return
        except (PlayheadError, OSError) as error:
            self._footer.show_note(Note(" ".join(str(error).split()), is_error=True))
        finally:
            self._reading = False

    async def _read_headers(self, rows: list[int]) -> None:
        self._pairs.add(await self._driver.ask(lambda _: self._runs.headers(rows)))

    async def _read_states(self, row: int) -> None:
        width = max(40, self._states.area.width)
        self._show(await self._driver.ask(lambda _: self._runs.difference(row, width)))

    def _show(self, found: StateDifference) -> None:
        self._shown = found.row
        if found.row != self._pairs.cursor:
            return
        one, other = self._runs.commits(found.row)
        differ = "1 key differs" if found.count == 1 else f"{plural(found.count, 'key')} differ"
        spans = [Span(f"A {count(one)} → B {count(other)} ", "muted"), Span(f"· {differ}", "changed")]
        if found.count > KEYS_SHOWN:
            spans.append(Span(f", the first {count(KEYS_SHOWN)} here", "muted"))
        self._title.show(spans)
        self._states.show(found.tree)

    def on_pairs_view_lacking(self) -> None:
        self._follow()

    def on_resize(self) -> None:
        self.call_after_refresh(self._follow)

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        if message.view is self._pairs:
            self._follow()

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        if message.view is self._pairs:
            self.dismiss(self._runs.commits(message.line)[0])

    def on_descendant_focus(self) -> None:
        self._title.light(self._states.has_focus)
        self._footer.show_pane("pairs" if self._pairs.has_focus else "states")

    def action_step(self, count: int) -> None:
        self._pairs.move_cursor(self._pairs.cursor + count)

    def action_divergence(self, direction: int) -> None:
        row = self._runs.next_divergence(self._pairs.cursor, direction)
        if row is None:
            self._footer.show_note(Note(f"The states do not part {'later' if direction > 0 else 'earlier'}"))
        else:
            self._pairs.move_cursor(row)

    def action_pane(self) -> None:
        (self._states if self._pairs.has_focus else self._pairs).focus()

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        await self.run_action(message.action.method)
