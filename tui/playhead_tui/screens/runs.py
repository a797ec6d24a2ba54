"""The start screen: every run on this machine, to sort, to filter, to open."""

from __future__ import annotations

from pathlib import Path
from time import time
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import get_current_worker

from playhead_tui import keys
from playhead_tui.bindings import bindings_for
from playhead_tui.cache import let_go, remove_cached
from playhead_tui.drawing.chrome_lines import title_line
from playhead_tui.drawing.run_lines import (
    COUNTED,
    Column,
    Order,
    detail_lines,
    fitting,
    heading_line,
    heading_targets,
    ordered,
    run_line,
)
from playhead_tui.drawing.span import BLANK, Line, Span, crop, printable
from playhead_tui.drawing.words import plural
from playhead_tui.frame import Note
from playhead_tui.recent import RecentStores
from playhead_tui.runs import Figures, Run, found_runs, read_figures
from playhead_tui.screens.changes import ConfirmScreen
from playhead_tui.widgets.bar import Bar
from playhead_tui.widgets.footer import Footer
from playhead_tui.widgets.lines_view import LinesView

_BATCH = 8
"""Runs whose figures are shown together: each of them costs a few milliseconds."""


class Title(Bar):
    def __init__(self) -> None:
        super().__init__()
        self._spans: tuple[Span, ...] = (Span("looking…", "muted"),)

    def show(self, *spans: Span) -> None:
        self._spans = spans
        self.redraw()

    def draw(self, width: int) -> Line:
        return title_line([("PLAYHEAD RUNS", True)], self._spans, True, width, {})


class Headings(Bar):
    class Picked(Message):
        """A column's name was clicked."""

        def __init__(self, column: Column) -> None:
            super().__init__()
            self.column = column

    order = Order()

    def show(self, order: Order) -> None:
        self.order = order
        self.redraw()

    def draw(self, width: int) -> Line:
        return heading_line(self.order, width)

    def on_click(self, event: events.Click) -> None:
        x = event.get_content_offset_capture(self).x
        for columns, column in heading_targets(self.size.width):
            if x in columns:
                self.post_message(self.Picked(column))


class DetailLine(Bar):
    """A line on the chosen run."""

    line: Line = BLANK

    def show(self, line: Line) -> None:
        if line != self.line:
            self.line = line
            self.redraw()

    def draw(self, width: int) -> Line:
        return self.line


class RunList(LinesView):
    """Only the rows in view are made: thousands of runs cost what fits the screen."""

    def __init__(self, figures: dict[Path, Figures], current: Path | None) -> None:
        super().__init__(id="runs")
        self.runs: list[Run] = []
        self._figures, self._current = figures, current
        self.now = time()

    def line_count(self) -> int:
        return max(1, len(self.runs))

    def line(self, index: int, width: int) -> Line:
        if not self.runs:
            return Line((Span("  Nothing here. o opens a path, d the recorded demo.", "muted"),))
        run = self.runs[index]
        known = self._figures.get(run.store) if run.store is not None else None
        return run_line(run, known, self.now, width, _is(run, self._current))

    @property
    def chosen(self) -> Run | None:
        return self.runs[self.cursor] if self.cursor < len(self.runs) else None

    def show(self, runs: list[Run], chosen: Run | None) -> None:
        """Other runs, or the same ones in another order; the cursor stays with the chosen one, where it is there."""
        self.runs = runs
        at = next((row for row, run in enumerate(runs) if chosen is not None and run.path == chosen.path), 0)
        self.cursor = at
        self.update_lines(at)


def _is(run: Run, store: Path | None) -> bool:
    return store is not None and run.store is not None and run.store.resolve() == store


class RunsScreen(Screen[Path | None]):
    """Answers with the path to open, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_for("runs"),
        Binding("escape", "leave(False)", "Close", show=False),
    ]

    def __init__(self, recent: RecentStores, current: Path | None) -> None:
        super().__init__()
        self._recent = recent
        self._current = current.resolve() if current is not None else None
        self._figures: dict[Path, Figures] = {}
        self._runs: list[Run] = []
        self._order = Order()
        self._typing_path = False
        self.title_bar, self.headings = Title(), Headings()
        self.list = RunList(self._figures, self._current)
        self.path_line, self.said_line = DetailLine(), DetailLine()
        self.input = Input(id="runs-input", compact=True)
        self.footer = Footer(keys.in_scope("runs"), pane="runs")

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self.input
        yield self.headings
        yield self.list
        yield self.path_line
        yield self.said_line
        yield self.footer

    def on_mount(self) -> None:
        self.input.display = False
        self.list.focus()
        self.look()

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @work(thread=True, exclusive=True, group="runs", exit_on_error=False)
    def look(self) -> None:
        """Find the runs, then read the figures of those that are stores, a few at a time."""
        worker = get_current_worker()
        runs = found_runs(self._recent.paths(), Path.cwd())
        if worker.is_cancelled:
            return
        self.app.call_from_thread(self._show_found, runs)
        while not worker.is_cancelled and (batch := self.app.call_from_thread(self._lacking)):
            read = {store: read_figures(store) for store in batch if not worker.is_cancelled}
            if not worker.is_cancelled:
                self.app.call_from_thread(self._add_figures, read)

    def _lacking(self) -> list[Path]:
        """Some of the stores that have no figures yet: those in view first."""
        rows = self.list.visible_range
        runs = [*self.list.runs[rows.start : rows.stop], *self._runs]
        stores = dict.fromkeys(run.store for run in runs if run.store is not None and run.store not in self._figures)
        return list(stores)[:_BATCH]

    def _show_found(self, runs: list[Run]) -> None:
        self._runs = runs
        self.list.now = time()
        self._show()

    def _add_figures(self, read: dict[Path, Figures]) -> None:
        self._figures.update(read)
        if self._order.column in COUNTED:
            self._show()
        else:
            self.list.update_lines()
            self._show_chosen()

    def _show(self) -> None:
        text = "" if self._typing_path else self.input.value
        runs = fitting(ordered(self._runs, self._figures, self._order), text)
        self.list.show(runs, self.list.chosen)
        self.headings.show(self._order)
        counts = [(sum(run.kind == kind for run in runs), kind) for kind in ("store", "log", "session")]
        kinds = [plural(number, kind) for number, kind in counts if number]
        narrowed = [Span(f"/{printable(crop(text, 30))}/  ", "hit")] if text else []
        self.title_bar.show(*narrowed, Span(" · ".join(kinds), "muted"))
        self._show_chosen()

    def _show_chosen(self) -> None:
        run = self.list.chosen
        known = self._figures.get(run.store) if run is not None and run.store is not None else None
        path, said = detail_lines(run, known, self.size.width)
        self.path_line.show(path)
        self.said_line.show(said)

    # ── keys and the mouse ───────────────────────────────────────────────────────────────────────────────────────────

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        self.footer.show_note(None)
        self._show_chosen()

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        if self.list.chosen is not None:
            self.dismiss(self.list.chosen.path)

    def on_headings_picked(self, message: Headings.Picked) -> None:
        self._sort(self._order.picked(message.column))

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        in_list = message.action.scope == "list"
        await self.app.run_action(message.action.method, default_namespace=self.list if in_list else self)

    def _sort(self, order: Order) -> None:
        self._order = order
        self._show()

    def action_sort(self, steps: int) -> None:
        self._sort(self._order.next(steps))

    def action_reverse(self) -> None:
        self._sort(Order(self._order.column, not self._order.reversed))

    def action_look_again(self) -> None:
        self._figures.clear()
        self.look()

    def action_filter(self) -> None:
        self._ask("any part of a name, a project, a path", typing_path=False)

    def action_path(self) -> None:
        self._ask("a path: a store, a log, a folder of logs", typing_path=True)

    def _ask(self, hint: str, *, typing_path: bool) -> None:
        if typing_path != self._typing_path:
            self.input.value = ""
        self._typing_path = typing_path
        self.input.placeholder = hint
        self.input.display = True
        self.input.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if not self._typing_path:
            self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        if self._typing_path and typed:
            self.dismiss(Path(typed).expanduser())
            return
        self.input.display = bool(typed)
        self.list.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action may run now: while a person types, keys are letters."""
        if self.input.has_focus and action in _METHODS and parameters != (False,):
            return False
        return super().check_action(action, parameters)

    @work(thread=True, group="demo", exclusive=True)
    def action_demo(self) -> None:
        from playhead_tui.library import demo_store

        store = demo_store()
        self.app.call_from_thread(self.dismiss, store)

    def on_resize(self) -> None:
        self._show_chosen()

    def action_copy(self) -> None:
        if (run := self.list.chosen) is not None:
            self.app.copy_to_clipboard(str(run.path))
            self.footer.show_note(Note(f"Copied {run.path}"))

    def action_help(self) -> None:
        from playhead_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_leave(self, quit: bool) -> None:
        """Close what is open, the last first; without a run behind it, `q` quits and Esc stays."""
        if self.input.display:
            self.input.value, self.input.display, self._typing_path = "", False, False
            self.list.focus()
            self._show()
        elif quit or self._current is not None:
            self.dismiss(None)
        else:
            self.footer.show_note(Note("Enter opens a run, q quits"))

    @work(group="delete", exclusive=True)
    async def action_delete(self) -> None:
        run = self.list.chosen
        if run is None or not run.is_cached or run.store is None:
            said = (
                "A store is yours: it is not deleted from here"
                if run and run.kind == "store"
                else "Nothing of it is kept"
            )
            return self.footer.show_note(Note(said, is_error=True))
        if _is(run, self._current):
            return self.footer.show_note(Note("This run is open: open another one first", is_error=True))
        if (
            await self.app.push_screen_wait(ConfirmScreen("Delete from the cache?", _deleting(run), _CONFIRM))
            is not True
        ):
            return None
        # This process may have shown it earlier, and shows another run now.
        let_go(run.store)
        try:
            removed = remove_cached(run.store)
        except FileNotFoundError:
            self.footer.show_note(Note("It was gone already"))
        except OSError as error:
            return self.footer.show_note(Note(f"{error.filename}: {error.strerror}", is_error=True))
        else:
            said = f"Deleted what was loaded from {run.name}" if removed else "Another process has it open: it stays"
            self.footer.show_note(Note(said, is_error=not removed))
        self.look()
        return None


_CONFIRM = "y deletes · Esc does not"
_METHODS = {action.method.partition("(")[0] for action in keys.in_scope("runs")}


def _deleting(run: Run) -> list[Line]:
    kept = "The log itself stays where it is, and can be loaded again." if run.path != run.store else ""
    gone = "The log is gone: what was loaded from it is all there is." if run.path == run.store else ""
    return [
        Line((Span(printable(str(run.store)), "strong"),)),
        BLANK,
        Line((Span("What was loaded is deleted, with every snapshot and mark that was set in it."),)),
        Line((Span(kept or gone, "warning" if gone else "muted"),)),
    ]
