"""What takes a conversation: prompts, and the layers above the main screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from textual import work

from playhead import AgentAddress, PlayheadError, Snapshot, VersionConflictError
from playhead_tui.drawing.moment_lines import Moment
from playhead_tui.drawing.span import BLANK, Line, Span, printable
from playhead_tui.drawing.words import count
from playhead_tui.moves import Seek
from playhead_tui.screens import requests
from playhead_tui.screens.actions import MainActions
from playhead_tui.screens.changes import ChangesScreen, ComparisonScreen, ConfirmScreen
from playhead_tui.screens.choose import ChooseScreen
from playhead_tui.screens.help import HelpScreen
from playhead_tui.screens.snapshots import Compare, Place, Restore, SnapshotsScreen, Travel
from playhead_tui.widgets.command_line import CommandLine, Purpose

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor
    from playhead_tui.app import PlayheadApp

Answer: TypeAlias = "asyncio.Future[str | None]"

_QUIT = {"q", "q!", "quit", "qa", "wq", "x"}


@dataclass(frozen=True, slots=True)
class _Difference:
    base: int
    is_empty: bool
    lines: list[Line]


class Flows(MainActions):
    def __init__(self) -> None:
        super().__init__()
        self._answer: Answer | None = None
        self._filter_before = ""

    @property
    def playhead_app(self) -> PlayheadApp:
        return cast("PlayheadApp", self.app)

    # ── the command line ─────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, purpose: Purpose, text: str = "") -> Answer:
        """Ask at once; what is typed comes later, None after Esc. Asking again answers the former question: None.

        What moves the playhead does not wait for this answer but is done in `take_answer`, in the order of the keys.
        """
        self._resolve(None)
        self._answer = answer = asyncio.get_running_loop().create_future()
        self.command_line.ask(purpose, text)
        return answer

    def take_answer(self, answer: CommandLine.Answered | CommandLine.Cancelled) -> None:
        text = answer.text if isinstance(answer, CommandLine.Answered) else None
        match answer.purpose:
            case "command" if text is not None:
                self._go(text.strip())
            case "search" if text:
                self.signs_generation += 1
                self.request(requests.search(text))
            case "snapshot" if text is not None:
                self.signs_generation += 1
                self.request(requests.snapshot(text.strip()))
            case "filter":
                self._narrow(self._filter_before if text is None else text)
        self._resolve(text)

    def on_command_line_typed(self, message: CommandLine.Typed) -> None:
        if message.purpose == "filter" and self.command_line.is_current(message):
            self._narrow(message.text)

    def _resolve(self, text: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(text)

    def _narrow(self, text: str) -> None:
        if text != self.filter_text:
            self.filter_text = text
            self.look_again()

    def action_command(self) -> None:
        self.ask("command")

    def _go(self, typed: str) -> None:
        if typed in _QUIT:
            self.app.exit()
        elif typed:
            self.request(requests.goto(typed))

    def action_search(self) -> None:
        self.ask("search")

    def action_filter(self) -> None:
        self._filter_before = self.filter_text
        self.ask("filter", self.filter_text)

    def action_snapshot(self) -> None:
        self.ask("snapshot")

    # ── layers ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen())

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_quit(self) -> None:
        self.app.exit()

    @work(group="layer", exclusive=True)
    async def action_choose_agent(self) -> None:
        if self.driver is None or self.frame is None:
            return
        agents = await self.driver.ask(lambda cursor: cursor.agents())
        names = {str(agent): agent for agent in agents}
        screen = ChooseScreen(
            f"{count(len(agents))} agents", list(names), str(self.frame.agent), hint="a part of the name"
        )
        chosen = await self.app.push_screen_wait(screen)
        if chosen is not None:
            self._look_at(names[chosen])

    def _look_at(self, agent: AgentAddress) -> None:
        self.selection, self.folded, self.filter_text = None, frozenset(), ""
        self.request(requests.choose_agent(agent))

    @work(group="layer", exclusive=True)
    async def action_open(self) -> None:
        recent = [str(path) for path in self.playhead_app.recent.paths()]
        current = str(self.driver.store.path.resolve()) if self.driver is not None else ""
        screen = ChooseScreen("Open", recent, current, hint="a path, or a part of one below", free=True)
        chosen = await self.app.push_screen_wait(screen)
        if chosen:
            self.playhead_app.open(Path(chosen).expanduser())

    @work(group="layer", exclusive=True)
    async def action_snapshots(self) -> None:
        if self.driver is None or self.frame is None:
            return
        try:
            await self._snapshots(await self.driver.ask(_moments))
        except (PlayheadError, OSError) as error:
            self.tell(str(error), is_error=True)

    async def _snapshots(self, moments: list[Moment]) -> None:
        place = Place()
        while True:
            screen = SnapshotsScreen(moments, place)
            choice = await self.app.push_screen_wait(screen)
            place = screen.place
            match choice:
                case Travel(commit_ts):
                    return self.move(Seek(commit_ts))
                case Compare(chosen=moment):
                    if await self._compare(choice):
                        return await self._restore(moment)
                case Restore(moment):
                    return await self._restore(moment)
                case _:
                    return None

    async def _difference(self, base: int | None, later: int) -> _Difference:
        """What differs between two commits; from the newest one, where no base is given."""
        assert self.driver is not None
        width = max(40, self.app.size.width - 12)

        def read(cursor: Cursor) -> _Difference:
            from playhead_tui.drawing.change_lines import change_lines

            start = cursor.store.head if base is None else base
            changes = cursor.store.diff(start, later)
            return _Difference(start, not changes, change_lines(changes, width))

        return await self.driver.ask(read)

    async def _compare(self, sides: Compare) -> bool:
        """Show what differs. True where the chosen side is to be restored."""
        found = await self._difference(sides.base.commit_ts, sides.later.commit_ts)
        title = f"From {sides.base.name} to {sides.later.name}"
        screen = ComparisonScreen(title, found.lines, f"r restores {sides.chosen.name} · Esc closes")
        return await self.app.push_screen_wait(screen) is True

    async def _restore(self, moment: Moment) -> None:
        """Preview, confirm, do; again from the preview where the run moved on. A fork takes what may not be written."""
        driver = self.driver
        assert driver is not None
        in_fork = driver.store.read_only or driver.store.imported is not None
        warning: list[Line] = []
        while True:
            found = await self._difference(None, moment.commit_ts)
            if not await self._confirm(moment, found, in_fork, warning):
                return None
            if in_fork:
                return await self._restore_in_fork(moment)
            try:
                after = await driver.ask(_restoring(moment, found.base))
            except VersionConflictError:
                warning = [Line((Span("The run moved on: this is what it would change now.", "warning"),)), BLANK]
                continue
            self.tell(f"Restored {moment.name} as commit {count(after)}")
            return self.look_again()

    async def _confirm(self, moment: Moment, found: _Difference, in_fork: bool, warning: list[Line]) -> bool:
        title, lines = f"Restoring {moment.name} would change", [*warning, *found.lines]
        if found.is_empty:
            nothing = "Nothing differs, so there is nothing to restore · Esc closes"
            await self.app.push_screen_wait(ChangesScreen(title, lines, nothing))
            return False
        how = "y restores in a fork; this store stays as it is" if in_fork else "y restores, as one new commit"
        return await self.app.push_screen_wait(ConfirmScreen(title, lines, f"{how} · Esc does not")) is True

    async def _restore_in_fork(self, moment: Moment) -> None:
        driver = self.driver
        assert driver is not None
        suggested = Path.cwd() / f"{driver.store.path.name}-from-{moment.commit_ts}"
        typed = await self.ask("fork", str(suggested))
        if not typed or not typed.strip():
            return
        path = Path(typed.strip()).expanduser()

        def fork(cursor: Cursor) -> None:
            with cursor.store.fork(path) as forked:
                forked.restore(_named(forked, moment))

        await driver.ask(fork)
        self.tell(f"Forked into {printable(str(path))}")
        self.playhead_app.open(path)


def _moments(cursor: Cursor) -> list[Moment]:
    """The playhead, then every snapshot, the newest first."""
    taken = [
        Moment(each.commit_ts, each.id, each.label, each.timestamp, each.parent) for each in cursor.store.snapshots()
    ]
    return [Moment(cursor.position), *reversed(taken)]


def _named(store: Store, moment: Moment) -> Snapshot | int:
    """The snapshot itself, which the restoring commit is then labelled with; the commit where the store has none."""
    return next((taken for taken in store.snapshots() if taken.id == moment.id), moment.commit_ts)


def _restoring(moment: Moment, head: int) -> Callable[[Cursor], int]:
    def restore(cursor: Cursor) -> int:
        after = cursor.store.restore(_named(cursor.store, moment), if_head=head)
        cursor.refresh()
        cursor.seek(cursor.head)
        return after

    return restore
