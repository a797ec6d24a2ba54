"""What keys do with the event list: filter, group, columns, jumps by kind, and the record behind an event."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual import work

from playhead import PlayheadError
from playhead_tui.drawing.event_columns import COLUMNS, Column, parse_columns
from playhead_tui.drawing.span import Span, crop, printable
from playhead_tui.drawing.words import count
from playhead_tui.driver import Driver
from playhead_tui.event_rows import Folds, Heading
from playhead_tui.frame import Frame, Note, read_rows
from playhead_tui.screens import requests
from playhead_tui.screens.flows import found_by
from playhead_tui.screens.inspector_actions import InspectorActions
from playhead_tui.widgets.command_line import CommandLine
from playhead_tui.widgets.events_view import EventsView
from playhead_tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from playhead import JSON, EventHeader
    from playhead.cursor import Cursor


_FILTER_WIDTH = 30
"""Cells that the title has for a filter."""


class EventActions(InspectorActions):
    def __init__(self) -> None:
        super().__init__()
        self.chosen_columns: tuple[Column, ...] | None = None
        """None for those of the settings."""
        self._reading_figures = False

    def reset_lens(self) -> None:
        super().reset_lens()
        self.by_turn = False

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_tool_call(self, direction: int) -> None:
        self.request(requests.tool_call(direction * (self.take_count() or 1)))

    def action_turn(self, direction: int) -> None:
        self.request(requests.turn(direction * (self.take_count() or 1)))

    # ── which events there are ───────────────────────────────────────────────────────────────────────────────────────

    def action_filter_events(self) -> None:
        self.take_count()
        self.ask("events", self.frame.event_filter if self.frame is not None else "")

    def take_answer(self, answer: CommandLine.Answered | CommandLine.Cancelled) -> None:
        if answer.purpose == "events" and isinstance(answer, CommandLine.Answered):
            self._keep_to(answer.text)
        super().take_answer(answer)

    def _keep_to(self, text: str) -> None:
        if text.strip():
            self.inquire(f"&{text}", found_by(requests.keep_to(text)), is_line=False)
        else:
            self.signs_generation += 1
            self.request(requests.keep_to(""))

    def action_escape(self) -> None:
        """Of all that narrows the view, the filter of the events last; where they have the focus, first."""
        narrowed = bool(self.find or self.filter_text or self.changed_only)
        if self.frame is not None and self.frame.event_filter and (self.event_list.has_focus or not narrowed):
            self.take_count()
            self._keep_to("")
        else:
            super().action_escape()

    # ── turns ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_turns(self) -> None:
        self.take_count()
        self.by_turn = not self.by_turn
        self.tell("Events by turn: Enter or z folds one, Z all" if self.by_turn else "Events in a row")
        self.look_again()

    def _turn_in_hand(self) -> Heading | None:
        return self.event_list.playhead_turn if self.by_turn and self.event_list.has_focus else None

    def action_fold(self) -> None:
        turn = self._turn_in_hand()
        if turn is None:
            super().action_fold()
        else:
            self.take_count()
            self._toggle_turn(turn)

    def action_fold_all(self) -> None:
        if self._turn_in_hand() is None:
            super().action_fold_all()
        else:
            self.take_count()
            folds = self.event_list.folds
            self.event_list.fold(Folds(all=not folds.all if not folds.toggled else False))

    def _toggle_turn(self, turn: Heading) -> None:
        self.event_list.fold(self.event_list.folds.with_toggled(turn.start))

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        if message.view is self.event_list and (turn := self.event_list.heading_at(message.line)) is not None:
            self._toggle_turn(turn)

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        if message.view is self.event_list and (turn := self.event_list.heading_at(message.line)) is not None:
            self._toggle_turn(turn)

    # ── columns, and what they tell ──────────────────────────────────────────────────────────────────────────────────

    @property
    def columns(self) -> tuple[Column, ...]:
        if self.chosen_columns is not None:
            return self.chosen_columns
        return parse_columns(self.playhead_app.settings.event_columns)[0]

    def action_columns(self) -> None:
        self.take_count()
        from playhead_tui.screens.columns import ColumnsScreen

        self.app.push_screen(ColumnsScreen(self.columns, self._choose_columns))

    def _choose_columns(self, columns: tuple[Column, ...]) -> None:
        self.chosen_columns = columns
        self.event_list.show_columns(columns)

    def read_figures(self, frame: Frame) -> None:
        """Read what the columns lack, beside all else."""
        if frame.figures_lack and not self._reading_figures and self.driver is not None:
            self._load_figures(self.driver, frame.agent_count > 1)

    @work(group="figures")
    async def _load_figures(self, driver: Driver, agents: bool) -> None:
        self._reading_figures = True
        try:
            while driver is self.driver and await driver.ask(lambda cursor: _read_more(cursor, agents)):
                pass
        except (PlayheadError, OSError) as error:
            self.footer.show_note(Note(str(error), is_error=True))
        finally:
            self._reading_figures = False
        if driver is self.driver:
            self._load_rows(driver, list(self.event_list.stops_in_view))

    def on_events_view_lacking(self, message: EventsView.Lacking) -> None:
        if self.driver is not None:
            self._load_rows(self.driver, message.stops)

    @work(exclusive=True, group="headers")
    async def _load_rows(self, driver: Driver, stops: list[int]) -> None:
        try:
            headers, figures = await driver.ask(lambda cursor: read_rows(cursor, stops))
        except (PlayheadError, OSError) as error:
            self.footer.show_note(Note(str(error), is_error=True))
            return
        if driver is self.driver:
            self.event_list.add(headers, figures)

    # ── the record behind an event ───────────────────────────────────────────────────────────────────────────────────

    def action_source(self) -> None:
        """Show it once the moves that were asked for before are made."""
        self.take_count()

        def find(cursor: Cursor) -> str | None:
            if cursor.position == 0:
                return "Nothing has happened yet at commit 0"
            header, imported = cursor.track.header(cursor.position), cursor.store.imported
            self.app.call_from_thread(self._show_source, header, imported)
            return None

        self.request(find)

    @work(group="layer", exclusive=True)
    async def _show_source(self, header: EventHeader, imported: dict[str, JSON] | None) -> None:
        from playhead.source_record import source_record
        from playhead_tui.drawing.source_lines import source_lines
        from playhead_tui.screens.event import SourceScreen

        width = max(40, min(130, self.app.size.width * 9 // 10) - 6)
        try:
            # A log may lie on a slow disk, or deep in a compressed file.
            lines = await asyncio.to_thread(lambda: source_lines(source_record(imported, header), width))
        except (PlayheadError, OSError) as error:
            self.tell(" ".join(str(error).split()), is_error=True)
            return
        self.app.push_screen(SourceScreen(f"Source of event {count(header.commit_ts)}", lines))

    # ── what is kept for the next visit ──────────────────────────────────────────────────────────────────────────────

    def keep_events(self) -> JSON:
        """Columns, filter and grouping, for `take_up_events`."""
        kept = self.frame.event_filter if self.frame is not None else ""
        columns: JSON = None if self.chosen_columns is None else list(self.chosen_columns)
        return {"columns": columns, "filter": kept, "by_turn": self.by_turn}

    def take_up_events(self, kept: JSON) -> None:
        """Look at the events as they were looked at; what is damaged is passed over."""
        if not isinstance(kept, dict):
            return
        if isinstance(columns := kept.get("columns"), list) and all(name in COLUMNS for name in columns):
            self._choose_columns(cast("tuple[Column, ...]", tuple(columns)))
        self.by_turn = kept.get("by_turn") is True
        if isinstance(typed := kept.get("filter"), str) and typed:
            self._keep_to(typed)


def list_title(frame: Frame) -> list[Span]:
    """What the event list keeps to, and the turn that the playhead is in: where room is short, the end stays."""
    notes = [Span(f"{printable(frame.agent_name)} only" if frame.follow_agent else "all agents", "muted")]
    if frame.agent_count < 2:
        notes = []
    if frame.event_filter:
        typed = Span(printable(crop(frame.event_filter, _FILTER_WIDTH)), "hit")
        kept = Span(f"{count(frame.stop_count)} of {count(frame.filtered_from)}", "warning")
        notes = [typed, kept, *notes] if frame.follow_agent else [typed, kept]
    if frame.turns is not None and len(frame.turns) and frame.row >= 0:
        turn = int(frame.turns.numbers[frame.turns.of_row(frame.row)])
        notes.append(Span(f"turn {count(turn)} of {count(int(frame.turns.numbers[-1]))}", "accent"))
    return [span for note in notes for span in (Span(" · ", "faint"), note)][1:]


def _read_more(cursor: Cursor, agents: bool) -> bool:
    if lacks := cursor.figures.lacks(agents):
        cursor.figures.read_more(agents)
    return lacks
