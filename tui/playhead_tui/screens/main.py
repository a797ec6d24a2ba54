"""The main screen: the state, what changed, the events and the timeline, all at one playhead."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Center, Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget

from playhead_tui import keys
from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.loss import loss_note
from playhead_tui.drawing.span import Line, Span, crop, printable
from playhead_tui.drawing.words import plural
from playhead_tui.driver import Driver
from playhead_tui.frame import Frame, Lens, Note, PreviewKey, Tab, Wanted
from playhead_tui.screens.actions import TABS
from playhead_tui.screens.comfort_actions import ComfortActions
from playhead_tui.screens.driving import Driving
from playhead_tui.screens.event_actions import EventActions, list_title
from playhead_tui.screens.snapshot_actions import SnapshotActions
from playhead_tui.screens.state_actions import StateActions
from playhead_tui.screens.timeline_actions import TimelineActions
from playhead_tui.screens.verb_actions import VerbActions
from playhead_tui.session import Keeper
from playhead_tui.whereabouts import read_only_note
from playhead_tui.widgets.command_line import CommandLine
from playhead_tui.widgets.events_view import EventsView
from playhead_tui.widgets.footer import Footer
from playhead_tui.widgets.header import Header
from playhead_tui.widgets.history_view import HistoryView
from playhead_tui.widgets.notice import EMPTY, FAILED, SMALL, Notice, failure_title
from playhead_tui.widgets.page_view import PageView
from playhead_tui.widgets.pane_title import PaneTitle
from playhead_tui.widgets.separator import Separator
from playhead_tui.widgets.series_view import SeriesView
from playhead_tui.widgets.state_view import StateView
from playhead_tui.widgets.strip_view import StripView
from playhead_tui.widgets.timeline_view import TimelineView

if TYPE_CHECKING:
    from textual.command import Provider

    from playhead_tui.details import Details, Page

LEAST_SIZE = (60, 16)
_HOLDER_WIDTH = 24
PATIENCE_SECONDS = 0.15
"""How long the inspector shows what was before a placeholder takes its place."""


def _action_provider() -> type[Provider]:
    from playhead_tui.commands import ActionProvider

    return ActionProvider


def _target_provider() -> type[Provider]:
    from playhead_tui.commands import TargetProvider

    return TargetProvider


class MainScreen(Driving, VerbActions, EventActions, ComfortActions, StateActions, SnapshotActions, TimelineActions):
    # Of two actions on one key, the first one that may run does: those of a bisection, while there is one.
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("bisect"), *bindings_for("main")]
    COMMANDS = {_action_provider, _target_provider}  # noqa: RUF012 - typed by Textual

    def __init__(self, name: str, tab: Tab = "diff") -> None:
        super().__init__()
        self.tab = tab
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-tall")]
        self.header = Header(name)
        self.state = StateView(id="state")
        self.diff = PageView(id="diff")
        self.value = PageView(id="value")
        self.history = HistoryView(id="history")
        self.blame = PageView(id="blame")
        self.series_view = SeriesView(id="series")
        self.event_list = EventsView(id="events")
        self.timeline = TimelineView(id="timeline")
        self.strip = StripView(id="strip")
        self.footer = Footer(keys.in_scope("main"))
        self.command_line = CommandLine(self.footer)
        self.notice = Notice()
        self.state_title = PaneTitle("STATE", id="state-title")
        self.separator = Separator()
        self.tabs = PaneTitle("Diff", "Value", "History", "Blame", id="tabs")
        self.events_title = PaneTitle("EVENTS", id="events-title")
        self.timeline_title = PaneTitle("TIMELINE", id="timeline-title")
        self.keepers["events"] = Keeper(self.keep_events, self.take_up_events)
        self.keepers["verbs"] = Keeper(self.keep_verbs, self.take_up_verbs)
        self._page_shown: object = None
        self._asked_page: object = None
        self._page_width = self._asked_width = 0
        self._patience: Timer | None = None
        self._settled = False
        self._asked: str | None = None
        self._asked_previews: list[PreviewKey] = []
        self.keepers["state"] = self.state_keeper()

    def compose(self) -> ComposeResult:
        yield self.header
        with Center(id="notice"):
            yield self.notice
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield self.state_title
                yield self.state
            yield self.separator
            with Vertical(id="right"):
                yield self.tabs
                with Vertical(id="page"):
                    yield self.series_view
                    yield from self.page_views().values()
                yield self.events_title
                yield self.event_list
        yield self.timeline_title
        yield self.timeline
        yield self.strip
        yield self.footer
        yield self.command_line

    def on_mount(self) -> None:
        self.header.show(None, "opening…")
        self.show_tab(self.tab)
        self.state.focus()
        self.begin_polling()

    def on_unmount(self) -> None:
        self.stop_asking()
        if self.driver is not None:
            self.driver.close()

    # ── a store comes, or does not ───────────────────────────────────────────────────────────────────────────────────

    def attach(self, name: str, driver: Driver) -> None:
        """Show another store from now on."""
        if self.driver is not None:
            self.driver.close()
        self.driver, self.frame = driver, None
        self._page_shown = None
        self.reset_lens()
        self.reset_timeline(self.playhead_app.settings.pace)
        self.event_list.forget_run()
        self.event_list.show_columns(self.columns)
        self.reset_verbs()
        self.remove_class("-failed")
        self.footer.show_nothing(False)
        self.header.show_name(name)
        if note := loss_note(driver.store.imported) or read_only_note(driver.store):
            self.tell(note)
        self.look_again()

    def refuse(self, error: Exception) -> None:
        """Say why a store cannot be opened: in the last line where another one is open, which stays."""
        if self.driver is None or self.frame is None:
            self.fail(error)
            return
        self.header.show(self.frame, self._state_word(self.frame))
        self.tell(" ".join(str(error).split()), is_error=True)

    def fail(self, error: Exception) -> None:
        """Say in the place of the panes why nothing can be shown."""
        self.stop_asking()
        if self.driver is not None:
            self.driver.close()
            self.driver = None
        self.notice.update(FAILED.format(title=failure_title(error), message=printable(str(error)).replace("[", "\\[")))
        self.add_class("-failed")
        self.footer.show_nothing(True)
        self.header.show(None, "")

    # ── what the driver asks and brings ──────────────────────────────────────────────────────────────────────────────

    def lens(self) -> Lens:
        self._asked = self.selection
        rows = max(10, self.event_list.area.height)
        return Lens(
            self.selection, self.changed_only, self.filter_text, self.folded, rows, self.by_turn, self.state_lens()
        )

    def wanted(self, frame: Frame) -> Wanted:
        key = self._page_key(frame)
        width = max(20, self.page_view().area.width)
        fits = key == self._page_shown and self.page_view().area.width == self._page_width
        tab = None if fits else self.tab
        self._asked_page, self._asked_width = key, self.page_view().area.width
        self._asked_previews = self.state.missing_previews()
        members, in_view = self.state.missing_members(), self.state.values_in_view()
        return Wanted(tab, width, self._asked_previews, self.page_lens(frame), members, in_view)

    def show_frame(self, frame: Frame, note: Note | None) -> None:
        if self.frame is not None and frame.agent != self.frame.agent:
            self._page_shown = None
        self.frame = frame
        if self.selection == self._asked:
            # Otherwise another key was chosen while this was read.
            self.selection = frame.selection
        self.set_class(frame.head == 0, "-empty")
        self.footer.show_nothing(frame.head == 0)
        if frame.head == 0 and self.driver is not None:
            self.notice.update(EMPTY.format(path=printable(str(self.driver.store.path)).replace("[", "\\[")))
        self.header.show(frame, self._state_word(frame))
        self.state.show(frame)
        self.event_list.show(frame)
        self.timeline.show_position(frame.position)
        if self.history.subject == (frame.agent, frame.selection):
            self.history.show_position(frame.position)
            self.series_view.show(self.series_view.series, frame.position)
        self.follow_playhead(frame)
        self.follow_past(frame)
        self._show_titles(frame)
        if note is not None:
            self.footer.show_note(note)
        self._have_patience(frame)

    async def painted(self) -> None:
        if self.paint():
            return
        painted = asyncio.Event()
        if self.call_after_refresh(painted.set):
            await painted.wait()

    def show_details(self, frame: Frame, details: Details) -> None:
        if self.frame is None:
            return
        shown = self._made_whole(self.frame, frame)
        self.state.add_previews(details.previews, details.members)
        # Of another key or tab than is looked at by now, it would be in the way; of an older version, it says so.
        asked, looked_at = (frame.agent, frame.selection), (shown.agent, shown.selection)
        if details.page is not None and details.page.tab == self.tab and asked == looked_at:
            self._page_shown, self._page_width = self._asked_page, self._asked_width
            self._show_page(details.page, frame)
        self._have_patience(shown)
        self.paint()
        # After the values, which are waited for more.
        self.read_numbers()
        self.read_signs(shown)
        self.read_figures(shown)
        if (missing := self.state.missing_previews()) and missing != self._asked_previews:
            # Rows that came into view while this was read.
            self.look_again()
        if not self._settled:
            self._settled = True
            self.playhead_app.on_first_frame()

    def _made_whole(self, shown: Frame, read: Frame) -> Frame:
        """What is shown, with what was read since of the events in it."""
        if shown.is_whole or (shown.agent, shown.position, shown.head) != (read.agent, read.position, read.head):
            return shown
        if (shown.follow_agent, shown.event_filter) == (read.follow_agent, read.event_filter):
            self.event_list.add(read.headers, read.figures)
        self.frame = replace(
            shown, event=read.event, previous_moment=read.previous_moment, has_events=True, is_whole=True
        )
        self.header.show(self.frame, self._state_word(self.frame))
        return self.frame

    def _show_page(self, page: Page, frame: Frame) -> None:
        self.tabs.show(page.title, TABS.index(page.tab))
        self.page = page
        subject = (frame.agent, frame.selection)
        if page.tab == "history":
            self.series_view.show(page.series, frame.position)
            self.history.show(page.history, frame.position, subject, frame.imported)
            return
        view = self.page_views()[page.tab]
        assert isinstance(view, PageView)
        view.show(page.rows, subject, page.found, page.hits)

    def _page_key(self, frame: Frame) -> object:
        """All that the inspector's page depends on besides its width: while it stays the same, the page does."""
        at = frame.outline.row_of(frame.selection) if frame.selection is not None else None
        entry = frame.outline[at] if at is not None else None
        version = None if entry is None else (entry.version, entry.exists, entry.commit_ts == frame.position)
        if self.tab == "history":
            return (self.tab, frame.agent, frame.selection, frame.head)
        by_position = entry is None or self.tab == "blame" or (self.tab == "diff" and not frame.base_is_previous)
        here = frame.position if by_position else version
        return (self.tab, frame.agent, frame.selection, here, version, frame.base, self.page_lens(frame))

    def _have_patience(self, frame: Frame) -> None:
        """Leave what the inspector shows for a moment, until what belongs to the frame has come."""
        if self._page_key(frame) == self._page_shown:
            if self._patience is not None:
                self._patience.stop()
                self._patience = None
        elif self._patience is None:
            self._patience = self.set_timer(PATIENCE_SECONDS, self._show_placeholder)

    def _show_placeholder(self) -> None:
        self._patience = None
        view = self.page_view()
        self._page_shown = None
        if isinstance(view, PageView):
            view.wait(Line((Span("reading…", "faint"),)))
        elif self.frame is not None and self.history.subject != (self.frame.agent, self.frame.selection):
            self.history.wait()

    def _show_titles(self, frame: Frame) -> None:
        shown = [section for section in frame.sections if not section.pinned]
        changed, live = sum(section.changed for section in shown), sum(section.live for section in shown)
        spans = [Span(plural(live, "key"), "muted")] if not self.everyone else [Span("all agents", "warning")]
        if changed:
            spans += [Span(" · ", "faint"), Span(f"{changed:,} changed", "changed")]
        if self.changed_only:
            spans = [Span("changed only", "warning")]
        if self.shows_deleted:
            spans.append(Span(" · deleted too", "warning"))
        if self.filter_text:
            spans.append(Span(f"  /{printable(self.filter_text)}/", "hit"))
        if holder := self.state.holder:
            spans = [Span(f"↑ {crop(holder, _HOLDER_WIDTH)}", "accent"), Span("  "), *spans]
        self.state_title.show(spans)
        self.events_title.show(list_title(frame))

    def _state_word(self, frame: Frame) -> str:
        assert self.driver is not None
        if not self.playhead_app.grows(self.driver.store):
            return "IMPORTED"
        if not frame.at_head:
            return "PAST"
        # A log's store is never written by who looks at it, so of one that is followed that tells nothing.
        return "READ-ONLY" if self.driver.store.read_only and self.driver.store.imported is None else "LIVE"

    # ── what the widgets say ─────────────────────────────────────────────────────────────────────────────────────────

    def on_state_view_scrolled(self) -> None:
        if self.frame is not None:
            self._show_titles(self.frame)
        if self.driver is not None and self.driver.idle and self.state.missing_previews():
            self.look_again()

    def on_separator_resized(self) -> None:
        self.call_after_refresh(self._join_rules)

    def on_timeline_view_resized(self) -> None:
        self.call_after_refresh(self._join_rules)
        self.look_again()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        small = width < LEAST_SIZE[0] or height < LEAST_SIZE[1]
        if small:
            self.notice.update(
                SMALL.format(width=width, height=height, least_width=LEAST_SIZE[0], least_height=LEAST_SIZE[1])
            )
        self.set_class(small, "-small")
        self.call_after_refresh(self._join_rules)

    def _join_rules(self) -> None:
        self.timeline_title.join({self.separator.region.x: "┴"})
        self.separator.join({0: "┬", self.events_title.region.y - self.separator.region.y: "├"})

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._light(event.widget)

    def _light(self, focused: Widget) -> None:
        self.state_title.light(focused is self.state)
        self.tabs.light(focused in self.page_views().values())
        self.events_title.light(focused is self.event_list)
        self.footer.show_pane(focused.id or "")

    def path_of_store(self) -> Path | None:
        return self.driver.store.path if self.driver is not None else None
