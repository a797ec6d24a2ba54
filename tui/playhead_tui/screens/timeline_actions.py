"""What keys and mouse ask of the timeline: which stretch it shows and how, and playing the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work
from textual.timer import Timer

from playhead import PlayheadError
from playhead_tui.drawing.span import Span
from playhead_tui.drawing.timeline_lines import planned
from playhead_tui.drawing.words import count, plural
from playhead_tui.driver import Driver
from playhead_tui.frame import Frame, Note
from playhead_tui.moves import Do, Move, Seek, Step
from playhead_tui.playing import FRAMES, Pace, Playback, other_speed
from playhead_tui.screens import requests
from playhead_tui.screens.actions import MainActions
from playhead_tui.widgets.pane_title import PaneTitle
from playhead_tui.widgets.timeline_view import TimelineView
from playhead_tui.window import Window, window_of_range

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead_tui.chart import Course, Happening, SignReader, Signs, Wish

PAN_SHARE = 0.25


class TimelineActions(MainActions):
    timeline_title: PaneTitle

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], float] = time.monotonic
        """The clock that playing goes by."""
        self._timer: Timer | None = None
        self.reset_timeline()

    def reset_timeline(self, pace: Pace = Pace()) -> None:  # noqa: B008 - frozen
        """Forget what was read of another store, and how its run was looked at."""
        self.window: Window | None = None
        """The stretch that is shown; None for the whole run, however long it becomes."""
        self.by_clock = False
        self.lanes: bool | None = None
        """Whether each agent has a lane; None for what suits the screen."""
        self.pace = pace
        self.playback: Playback | None = None
        self.asked_tracks: tuple[Happening | Course, ...] = ()
        """What verbs ask to be shown; whoever changes it raises `signs_generation`."""
        self._left_end = False
        self._followed = -1
        self._signs: Signs | None = None
        self._signs_shown: object = None
        self._sign_reader: SignReader | None = None
        self._stop_timer()

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def follow_playhead(self, frame: Frame) -> None:
        """Fit the strip into the screen, take a narrow window along with the playhead, and rest where the run ends."""
        self._rest_at_end(frame)
        self._fit(frame)
        # A window that was moved away from a playhead that rests stays where it is.
        moved, self._followed = frame.position != self._followed, frame.position
        if self.window is not None and moved:
            followed = self.window.following(frame.position, frame.head)
            if followed != self.window:
                self.window = followed
                self.read_signs(frame)

    def _fit(self, frame: Frame) -> None:
        width, tracks = self.timeline.content_size.width, int(frame.selection is not None) + len(self.asked_tracks)
        zoomed = self.window is not None
        self.timeline.show_plan(planned(width, self.size.height, tracks, frame.agent_count, self.lanes, zoomed))

    def read_signs(self, frame: Frame) -> None:
        """Read what the timeline shows, unless it shows that already: where the playhead is makes no difference."""
        self._fit(frame)
        if self.driver is None or self.timeline.columns <= 0:
            return
        from playhead_tui.chart import SignReader, Wish  # numpy, which is there once a store is

        self._sign_reader = self._sign_reader or SignReader()
        rows, asked = self.timeline.plan.lane_rows, self.asked_tracks
        wish = Wish(self.timeline.columns, self.window, self.by_clock, rows, asked)
        marks = tuple(frame.marks.items())
        key = (wish, frame.head, frame.follow_agent, frame.agent, frame.selection, marks, self.signs_generation)
        if key != self._signs_shown:
            self._signs_shown = key
            self._load_signs(self.driver, self._sign_reader, wish)

    @work(exclusive=True, group="signs")
    async def _load_signs(self, driver: Driver, reader: SignReader, wish: Wish) -> None:
        try:
            signs = await driver.ask(lambda cursor: reader.read(cursor, wish))
            self._show_signs(driver, signs)
            while signs.lacks:
                await driver.ask(lambda cursor: reader.read_more(cursor, wish))
                signs = await driver.ask(lambda cursor: reader.read(cursor, wish))
                self._show_signs(driver, signs)
        except (PlayheadError, OSError) as error:
            self.footer.show_note(Note(str(error), is_error=True))

    def _show_signs(self, driver: Driver, signs: Signs) -> None:
        if driver is not self.driver:
            return
        self._signs = signs
        self.timeline.show_chart(signs.chart)
        self.event_list.show_signs(signs.snapshots, signs.hits)
        if self.by_clock and not signs.is_timed:
            self.by_clock, self._signs_shown = False, None
            self._set_pace(replace(self.pace, by_clock=False))
            self.tell("This log does not say when its events happened: there is no clock to go by", is_error=True)
        self._show_timeline_title()

    def _show_timeline_title(self) -> None:
        """What there is to see, then which part of it is shown, then how it plays: where room is short, that stays."""
        signs, notes = self._signs, []
        if signs is not None:
            if signs.error_count:
                notes.append(Span(f"× {plural(signs.error_count, 'error')}", "error"))
            if signs.snapshot_count:
                notes.append(Span(f"◆ {plural(signs.snapshot_count, 'snapshot')}", "accent"))
            if signs.hit_count:
                notes.append(Span(f"• {plural(signs.hit_count, 'hit')}", "warning"))
        if self.by_clock:
            notes.append(Span("by the clock", "muted"))
        if self.window is not None:
            notes.append(Span(f"{count(self.window.first)} – {count(self.window.last)}", "accent"))
        if self.playback is not None:
            notes.append(Span(self.pace.words, "playhead"))
        spans = [span for note in notes for span in (Span(" · ", "faint"), note)]
        self.timeline_title.show(spans[1:])

    # ── zoom and pan ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _show_window(self, window: Window | None) -> None:
        frame = self.frame
        if frame is None or not frame.head:
            return
        self.window = None if window is None or window.is_whole(frame.head) else window
        self._show_timeline_title()
        self.read_signs(frame)

    def _whole_or_window(self, frame: Frame) -> Window:
        return self.window or Window(1, frame.head)

    def action_zoom(self, direction: int) -> None:
        """Half as much (twice, where negative), with the playhead where it is, or the middle where it is elsewhere."""
        times = direction * (self.take_count() or 1)
        if self.frame is not None and self.frame.head:
            shown = self._whole_or_window(self.frame)
            here = self.frame.position
            self._zoom(0.5**times, here if here in shown else (shown.first + shown.last) // 2)

    def _zoom(self, factor: float, anchor: int) -> None:
        frame, chart = self.frame, self.timeline.chart
        if frame is None or not frame.head:
            return
        shown = self._whole_or_window(frame)
        if factor < 1 and chart.by_clock and chart.window == shown:
            # By the clock, what is half as wide holds the commits that stand there, however many.
            column, width = chart.column_of(anchor), chart.columns * factor
            start = column * (1 - factor)
            self._show_window(window_of_range(chart.commit_at(start), chart.commit_at(start + width), frame.head))
        else:
            self._show_window(shown.zoomed(factor, anchor, frame.head))

    def action_pan(self, direction: int) -> None:
        turns = direction * (self.take_count() or 1)
        if self.window is None:
            self.tell("The whole run is on screen: + zooms in")
        else:
            self._pan(turns * PAN_SHARE)

    def _pan(self, share: float) -> None:
        if self.window is not None and self.frame is not None:
            commits = round(self.window.size * share) or (1 if share > 0 else -1)
            self._show_window(self.window.panned(commits, self.frame.head))

    def action_whole_run(self) -> None:
        self.take_count()
        self._show_window(None)

    def on_timeline_view_zoomed(self, message: TimelineView.Zoomed) -> None:
        self._zoom(message.factor, message.anchor)

    def on_timeline_view_panned(self, message: TimelineView.Panned) -> None:
        self._pan(message.share)

    def on_timeline_view_chosen(self, message: TimelineView.Chosen) -> None:
        if self.frame is not None:
            self._show_window(window_of_range(message.one, message.other, self.frame.head))

    def on_timeline_view_centred(self, message: TimelineView.Centred) -> None:
        if self.window is not None:
            middle = (self.window.first + self.window.last) // 2
            self._show_window(self.window.panned(message.commit_ts - middle, self.frame.head if self.frame else 0))

    def on_timeline_view_scrubbed(self, message: TimelineView.Scrubbed) -> None:
        self.move(Seek(message.commit_ts, jump=message.first))

    # ── scale and lanes ──────────────────────────────────────────────────────────────────────────────────────────────

    def action_clock(self) -> None:
        self.take_count()
        self.by_clock = not self.by_clock
        self._set_pace(replace(self.pace, by_clock=self.by_clock))
        if self.frame is not None:
            self.read_signs(self.frame)

    def action_lanes(self) -> None:
        self.take_count()
        if self.frame is None:
            return
        if self.frame.agent_count < 2:
            self.tell("This run has one agent")
            return
        self.lanes = not self.timeline.plan.lane_rows
        self.read_signs(self.frame)

    def on_timeline_view_lane_picked(self, message: TimelineView.LanePicked) -> None:
        if self.frame is not None and message.agent != self.frame.agent:
            self.request(requests.choose_agent(message.agent))

    # ── playing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def move(self, move: Move) -> None:
        """Whoever moves the playhead by hand has it: playing stops."""
        self.stop_playing()
        super().move(move)

    def action_play(self) -> None:
        self.take_count()
        if self.playback is not None:
            self.stop_playing()
        elif self.frame is not None and self.frame.stop_count > 1:
            frame, forward = self.frame, self.pace.direction > 0
            if self._is_at_end(frame):
                super().request(requests.to_start if forward else requests.to_end)
            self._start()
        else:
            self.tell("There is nothing to play")

    def _start(self) -> None:
        self.playback = Playback(self.pace, self.now())
        self._left_end = self.frame is not None and not self._is_at_end(self.frame)
        if self._timer is None:
            self._timer = self.set_interval(1 / FRAMES, self.play_on)
        self._show_timeline_title()

    def stop_playing(self) -> None:
        if self.playback is not None:
            self.playback = None
            self._stop_timer()
            self._show_timeline_title()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def play_on(self) -> None:
        """Move as far as the time that has passed asks for. What a slow screen misses is made up for in one move."""
        playback = self.playback
        if playback is None:
            return
        if not playback.pace.by_clock:
            if steps := playback.events_due(self.now()):
                super().move(Step(steps))
            return
        seconds = playback.seconds_due(self.now())

        def play(cursor: Cursor) -> None:
            playback.move_by_clock(cursor, seconds)

        if seconds > 0:
            super().move(Do(play))

    def _is_at_end(self, frame: Frame) -> bool:
        return frame.row >= frame.stop_count - 1 if self.pace.direction > 0 else frame.row <= 0

    def _rest_at_end(self, frame: Frame) -> None:
        if self.playback is not None:
            # What is shown first may still be where playing was asked for: the end, from which it begins anew.
            if not self._is_at_end(frame):
                self._left_end = True
            elif self._left_end:
                self.stop_playing()

    def _set_pace(self, pace: Pace) -> None:
        self.pace = pace
        if self.playback is not None:
            self._start()

    def action_reverse(self) -> None:
        self.take_count()
        self._set_pace(replace(self.pace, direction=-self.pace.direction))
        if self.playback is None:
            self.tell(f"Space plays {'forward' if self.pace.direction > 0 else 'backward'}: {self.pace.words}")

    def action_speed(self, direction: int) -> None:
        steps, pace = direction * (self.take_count() or 1), self.pace
        speed = other_speed(pace.speed, steps, pace.by_clock)
        self._set_pace(replace(pace, clock_speed=speed) if pace.by_clock else replace(pace, event_speed=speed))
        if self.playback is None:
            self.tell(f"Space plays {self.pace.words}")
