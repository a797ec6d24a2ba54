"""The run on one scale, with the playhead to drag."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from playhead import AgentAddress
from playhead_tui.bindings import palette_of
from playhead_tui.drawing.timeline_lines import Chart, Plan, Row, overview_commit, rows_of, timeline_lines
from playhead_tui.ink import strip_of

ZOOM = 1.5
"""How much more one turn of the wheel shows."""
PAN = 0.1
"""How much of the window one turn of the wheel passes over."""


class TimelineView(Widget):
    """Click and drag to scrub, wheel to zoom. While dragged it shows where the mouse is, before the state follows."""

    class Scrubbed(Message):
        """The playhead should be at a commit; `first` where a drag begins. Of many in a row, only the last counts."""

        def __init__(self, commit_ts: int, first: bool) -> None:
            super().__init__()
            self.commit_ts, self.first = commit_ts, first

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, TimelineView.Scrubbed) and not self.first

    class Zoomed(Message):
        """So many times as much should be shown, with a commit where it is."""

        def __init__(self, factor: float, anchor: int) -> None:
            super().__init__()
            self.factor, self.anchor = factor, anchor

    class Panned(Message):
        """The window should move by a part of its width."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    class Chosen(Message):
        """The commits between two should fill the strip."""

        def __init__(self, one: int, other: int) -> None:
            super().__init__()
            self.one, self.other = one, other

    class Centred(Message):
        """A commit should be in the middle of the window."""

        def __init__(self, commit_ts: int) -> None:
            super().__init__()
            self.commit_ts = commit_ts

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, TimelineView.Centred)

    class LanePicked(Message):
        """An agent's lane was clicked."""

        def __init__(self, agent: AgentAddress) -> None:
            super().__init__()
            self.agent = agent

    class Resized(Message):
        """There are more or fewer columns to fill."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chart = Chart()
        self._plan = Plan(0)
        self._position = 0
        self._drag: int | None = None
        self._range: tuple[int, int] | None = None
        self._is_panning = False
        self._rows: list[Row] | None = None
        self._drawn: object = None
        self._strips: list[Strip] = []

    @property
    def columns(self) -> int:
        """Columns that commits stand in."""
        return self._plan.columns

    @property
    def chart(self) -> Chart:
        return self._chart

    @property
    def plan(self) -> Plan:
        return self._plan

    def show_plan(self, plan: Plan) -> None:
        if plan != self._plan:
            if plan.height != self._plan.height:
                self.styles.height = plan.height
            self._plan, self._rows = plan, None
            self.refresh()

    def show_chart(self, chart: Chart) -> None:
        if chart != self._chart:
            self._chart, self._rows = chart, None
            self.refresh()

    def show_position(self, position: int) -> None:
        if position != self._position:
            self._position = position
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        drawn = (self._position if self._drag is None else self._drag, self._range)
        if self._rows is None or drawn != self._drawn:
            self._draw(width, *drawn)
            self._drawn = drawn
        return self._strips[y] if y < len(self._strips) else Strip.blank(width, self.rich_style)

    def _draw(self, width: int, position: int, chosen: tuple[int, int] | None) -> None:
        chart, plan = self._chart, self._plan
        if self._rows is None:
            # While a chart for another width is on its way, the one before would not fit.
            self._rows = rows_of(chart, plan) if chart.columns == plan.columns else []
        lines = timeline_lines(chart, plan, self._rows, position, chosen) if self._rows else []
        ground, palette = self.rich_style, palette_of(self.app)
        self._strips = [strip_of(line, ground, palette, width) for line in lines]

    def notify_style_update(self) -> None:
        self._drawn = None
        super().notify_style_update()

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    # ── the mouse ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if not self._chart.columns or event.button not in (1, 3):
            return
        place = event.get_content_offset_capture(self)
        self._is_panning = self._plan.has_overview and place.y >= self._plan.height - 1
        if lane := self._lane_at(place.y):
            self.post_message(self.LanePicked(lane))
            if place.x < self._plan.gutter:
                return
        self.capture_mouse()
        if self._is_panning:
            self._centre(event)
        elif event.button == 3 or event.ctrl or event.shift:
            column = self._column(event)
            self._range = (column, column)
            self.refresh()
        else:
            self._scrub(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is not self:
            return
        if self._is_panning:
            self._centre(event)
        elif self._range is not None:
            chosen = (self._range[0], self._column(event))
            if chosen != self._range:
                self._range = chosen
                self.refresh()
        else:
            self._scrub(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is self:
            if self._range is not None:
                low, high = sorted((self._range[0], self._column(event)))
                if low < high:
                    self.post_message(self.Chosen(self._chart.commit_at(low), self._last_in(high)))
            self.release_mouse()

    def on_mouse_release(self) -> None:
        """The mouse is let go, or taken away: whatever was being dragged rests."""
        if self._drag is not None:
            self._position, self._drag = self._drag, None
        self._range, self._is_panning = None, False
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._turn(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._turn(event, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.post_message(self.Panned(PAN))

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.post_message(self.Panned(-PAN))

    def _turn(self, event: events.MouseEvent, direction: int) -> None:
        event.stop()
        if event.shift:
            self.post_message(self.Panned(direction * PAN))
        else:
            self.post_message(self.Zoomed(ZOOM**direction, self._chart.commit_at(self._place(event))))

    def _place(self, event: events.MouseEvent) -> float:
        # Terminals that report the mouse in pixels give columns with fractions: finer scrubbing.
        return event.get_content_offset_capture(self).x - self._plan.gutter + (event.pointer_x % 1)

    def _column(self, event: events.MouseEvent) -> int:
        return max(0, min(self.columns - 1, int(self._place(event))))

    def _last_in(self, column: int) -> int:
        """The last commit that stands in a column."""
        starts = self._chart.starts
        return starts[column + 1] - 1 if column + 1 < len(starts) else self._chart.window.last

    def _lane_at(self, row: int) -> AgentAddress | None:
        at = row - self._plan.lanes_start
        return self._chart.lanes[at].agent if 0 <= at < min(self._plan.lane_rows, len(self._chart.lanes)) else None

    def _centre(self, event: events.MouseEvent) -> None:
        self.post_message(self.Centred(overview_commit(self._place(event), self.columns, self._chart.head)))

    def _scrub(self, event: events.MouseEvent) -> None:
        commit_ts = self._chart.commit_at(self._place(event))
        if commit_ts != self._drag:
            first, self._drag = self._drag is None, commit_ts
            self.refresh()
            self.post_message(self.Scrubbed(commit_ts, first))
