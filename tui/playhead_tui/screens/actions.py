"""What the keys of the main screen do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import events

from playhead_tui import keys
from playhead_tui.driver import Driver
from playhead_tui.frame import Frame, Note, Tab
from playhead_tui.moves import Do, Move, Seek, Step
from playhead_tui.painting import PromptScreen
from playhead_tui.screens import requests
from playhead_tui.widgets.command_line import CommandLine
from playhead_tui.widgets.events_view import EventsView
from playhead_tui.widgets.footer import Footer
from playhead_tui.widgets.history_view import HistoryView
from playhead_tui.widgets.lines_view import LinesView
from playhead_tui.widgets.page_view import PageView
from playhead_tui.widgets.pane_title import PaneTitle
from playhead_tui.widgets.series_view import SeriesView
from playhead_tui.widgets.state_view import StateView
from playhead_tui.widgets.timeline_view import TimelineView

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead_tui.asked import Find

TABS: tuple[Tab, ...] = ("diff", "value", "history", "blame")

_METHODS = {action.method.partition("(")[0] for action in keys.in_scope("main")}


class MainActions(PromptScreen):
    """Counts, moves and looks. What takes a conversation is in Flows."""

    state: StateView
    diff: PageView
    value: PageView
    history: HistoryView
    blame: PageView
    series_view: SeriesView
    event_list: EventsView
    timeline: TimelineView
    footer: Footer
    command_line: CommandLine
    tabs: PaneTitle

    def __init__(self) -> None:
        super().__init__()
        self.driver: Driver | None = None
        self.frame: Frame | None = None
        self.tab: Tab = "diff"
        self.signs_generation = 0
        """Grows with whatever the timeline shows that no frame tells: searches and snapshots."""
        self._typed = ""
        self._count = 0
        self._letter_for: Callable[[str], requests.Request] | None = None
        self.reset_lens()

    def reset_lens(self) -> None:
        self.selection: str | None = None
        self.changed_only = False
        self.filter_text = ""
        self.folded: frozenset[str] = frozenset()

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def run_driver(self) -> None:
        raise NotImplementedError

    def page_views(self) -> dict[Tab, LinesView]:
        """The views of the inspector's tabs."""
        return {"diff": self.diff, "value": self.value, "history": self.history, "blame": self.blame}

    def page_view(self) -> LinesView:
        """The view of the chosen tab."""
        return self.page_views()[self.tab]

    def move(self, move: Move) -> None:
        if self.driver is not None:
            self.driver.wish(move)
            self.run_driver()

    def request(self, what: requests.Request) -> None:
        self.move(Do(what))

    def bring(self, what: requests.Request) -> None:
        """The same, where it is not a person who asks: what plays plays on."""
        if self.driver is not None:
            self.driver.wish(Do(what))
            self.run_driver()

    def inquire(self, typed: str, find: Find, *, is_line: bool = True, brings_hits: bool = False) -> None:
        """Ask what takes long, beside all else."""
        raise NotImplementedError

    def look_again(self) -> None:
        if self.driver is not None:
            self.driver.look_again()
            self.run_driver()

    def tell(self, text: str, is_error: bool = False) -> None:
        self.footer.show_note(Note(text, is_error))

    def standing_note(self) -> Note | None:
        """What the last line says for as long as there is nothing newer to say."""
        return None

    def action_step(self, count: int) -> None:
        times = self.take_count() or 1
        self.move(Step(count * times, leap=abs(count * times) > 1))

    def action_start(self) -> None:
        self.take_count()
        self.request(requests.to_start)

    def action_end(self) -> None:
        commit_ts = self.take_count()
        if commit_ts:
            self.request(requests.goto(str(commit_ts)))
        else:
            self.request(requests.to_end)

    def action_change(self, direction: int) -> None:
        self.request(requests.change(self.selection, direction * (self.take_count() or 1)))

    def action_error(self, direction: int) -> None:
        self.request(requests.error(direction * (self.take_count() or 1)))

    def action_hit(self, direction: int) -> None:
        self.request(requests.hit(direction * (self.take_count() or 1)))

    def action_back(self) -> None:
        self.request(requests.back(-(self.take_count() or 1)))

    def action_forward(self) -> None:
        self.request(requests.back(self.take_count() or 1))

    def action_mark(self) -> None:
        self._ask_letter("Mark this commit with which letter?", requests.mark)

    def action_jump(self) -> None:
        marks = " ".join(sorted(self.frame.marks)) if self.frame else ""
        self._ask_letter(
            f"Jump to which mark?   {marks}" if marks else "Jump to which mark? None is set.", requests.jump
        )

    def _ask_letter(self, question: str, request: Callable[[str], requests.Request]) -> None:
        self.take_count()
        self._letter_for = request
        self.tell(question)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_changed_only(self) -> None:
        self.changed_only = not self.changed_only
        self.look_again()

    def action_follow_agent(self) -> None:
        self.request(requests.follow_agent)

    def action_base(self) -> None:
        self.show_tab("diff")
        self.request(requests.next_base)

    def action_turn_tab(self, direction: int) -> None:
        turns = direction * (self.take_count() or 1)
        self.show_tab(TABS[(TABS.index(self.tab) + turns) % len(TABS)])

    def show_tab(self, tab: Tab) -> None:
        inside = self.focused in self.page_views().values()
        if tab != self.tab:
            self.tabs.show((), TABS.index(tab))
        self.tab = tab
        for name, view in self.page_views().items():
            view.display = name == tab
        self.series_view.show_if(tab == "history")
        if inside:
            self.page_view().focus()
        self.look_again()

    def action_event(self) -> None:
        """Open the event at the playhead, once the moves that were asked for before are made."""
        self.take_count()
        width = max(40, min(130, self.app.size.width * 9 // 10) - 6)

        def view(cursor: Cursor) -> str | None:
            from playhead_tui.drawing.event_page import event_page
            from playhead_tui.screens.event import EventScreen

            event = cursor.event()
            if event is None:
                return "Nothing has happened yet at commit 0"
            lines = event_page(event, cursor.store.imported is not None, width)
            title = f"Event {event.commit_ts:,} of {cursor.head:,}"
            self.app.call_from_thread(self.app.push_screen, EventScreen(title, lines))
            return None

        self.request(view)

    def action_pane(self, direction: int) -> None:
        self.take_count()
        panes = [self.state, self.page_view(), self.event_list]
        at = panes.index(self.focused) if self.focused in panes else -direction
        panes[(at + direction) % len(panes)].focus()

    def action_escape(self) -> None:
        """Drop what narrows the view, the last first."""
        self.take_count()
        if self.filter_text or self.changed_only:
            self.filter_text, self.changed_only = "", False
            self.look_again()
        else:
            self.signs_generation += 1
            self.request(requests.search(""))

    # ── counts and letters ───────────────────────────────────────────────────────────────────────────────────────────

    def take_count(self) -> int:
        """The count typed before this key; 0 where there is none."""
        count, self._count = self._count, 0
        return count

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action may run now: while a person types an answer, keys are letters."""
        if self.command_line.asking and action in _METHODS:
            return False
        return super().check_action(action, parameters)

    def take_key(self, event: events.Key) -> bool:
        """Take letters for marks and digits for counts; True where nobody else should see the key."""
        if self.command_line.asking:
            return self._type(event)
        letter_for, self._letter_for = self._letter_for, None
        self.footer.show_note(self.standing_note())
        if letter_for is not None:
            if event.character is not None and event.character.isalnum():
                self.request(letter_for(event.character))
            return True
        if event.character is not None and event.character in "0123456789" and (self._typed or event.character != "0"):
            self._type_digit(event.character)
            return True
        self._count = int(self._typed or 0)
        self._typed = ""
        self.footer.show_count(0)
        return False

    def _type(self, event: events.Key) -> bool:
        took = self.command_line.take_key(event)
        if isinstance(took, bool):
            return took
        # At once, so that keys typed after the answer find it taken.
        self.take_answer(took)
        return True

    def take_answer(self, answer: CommandLine.Answered | CommandLine.Cancelled) -> None:
        raise NotImplementedError

    def take_paste(self, text: str) -> bool:
        """Take what was pasted into the command line; True where nobody else should see it."""
        if self.command_line.asking:
            self.command_line.paste(text)
        return self.command_line.asking

    def _type_digit(self, digit: str) -> None:
        self._typed = (self._typed + digit)[-9:]
        self.footer.show_count(int(self._typed))

    # ── the mouse, and lists ─────────────────────────────────────────────────────────────────────────────────────────

    def on_events_view_stepped(self, message: EventsView.Stepped) -> None:
        self.move(Step(message.count, leap=abs(message.count) > 1))

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        if message.view is self.event_list and (header := self.event_list.header_at(message.line)) is not None:
            self.move(Seek(header.commit_ts))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        if message.view is self.state:
            self.page_view().focus()
        elif message.view is self.event_list and self.event_list.heading_at(message.line) is None:
            self.action_event()

    def on_pane_title_picked(self, message: PaneTitle.Picked) -> None:
        if message.title is self.tabs:
            self.show_tab(TABS[message.index])

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        # What lists do is done by the one that has the focus.
        in_list = message.action.scope == "list" and self.focused is not None
        await self.app.run_action(message.action.method, default_namespace=self.focused if in_list else self)
