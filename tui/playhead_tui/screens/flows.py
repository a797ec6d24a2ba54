"""What takes a conversation: prompts, and the layers above the main screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from textual import work

from playhead import AgentAddress, PlayheadError
from playhead_tui.drawing.moment_lines import Moment
from playhead_tui.drawing.span import Line, printable
from playhead_tui.drawing.words import count
from playhead_tui.moves import Seek
from playhead_tui.screens import requests
from playhead_tui.screens.actions import MainActions
from playhead_tui.screens.changes import ChangesScreen, ConfirmScreen
from playhead_tui.screens.choose import ChooseScreen
from playhead_tui.screens.help import HelpScreen
from playhead_tui.screens.snapshots import Compare, Restore, SnapshotsScreen, Travel
from playhead_tui.widgets.command_line import CommandLine, Purpose

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead_tui.app import PlayheadApp

Answer: TypeAlias = "asyncio.Future[str | None]"

_QUIT = {"q", "q!", "quit", "qa", "wq", "x"}


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
        """Ask at once; what is typed comes later, None after Esc. Asking again answers the former question: None."""
        self._resolve(None)
        self._answer = answer = asyncio.get_running_loop().create_future()
        self.command_line.ask(purpose, text)
        return answer

    def on_command_line_answered(self, message: CommandLine.Answered) -> None:
        self._resolve(message.text)

    def on_command_line_cancelled(self, message: CommandLine.Cancelled) -> None:
        if message.purpose == "filter":
            self._narrow(self._filter_before)
        self._resolve(None)

    def on_command_line_typed(self, message: CommandLine.Typed) -> None:
        if message.purpose == "filter":
            self._narrow(message.text)

    def _resolve(self, text: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(text)

    def _narrow(self, text: str) -> None:
        if text != self.filter_text:
            self.filter_text = text
            self.look_again()

    def action_command(self) -> None:
        self._go(self.ask("command"))

    @work(group="prompt")
    async def _go(self, answer: Answer) -> None:
        typed = (await answer or "").strip()
        if typed in _QUIT:
            self.app.exit()
        elif typed:
            self.request(requests.goto(typed))

    def action_search(self) -> None:
        self._search(self.ask("search"))

    @work(group="prompt")
    async def _search(self, answer: Answer) -> None:
        if typed := await answer:
            self.signs_generation += 1
            self.request(requests.search(typed))

    def action_filter(self) -> None:
        self._filter_before = self.filter_text
        self.ask("filter", self.filter_text)

    def action_snapshot(self) -> None:
        self._take_snapshot(self.ask("snapshot"))

    @work(group="prompt")
    async def _take_snapshot(self, answer: Answer) -> None:
        label = await answer
        if label is not None:
            self.signs_generation += 1
            self.request(requests.snapshot(label.strip()))

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
        while self.driver is not None and self.frame is not None:
            moments = await self.driver.ask(_moments)
            choice = await self.app.push_screen_wait(SnapshotsScreen(moments))
            try:
                match choice:
                    case Travel(commit_ts):
                        self.move(Seek(commit_ts))
                        return
                    case Compare(base, later):
                        await self._compare(base, later)
                    case Restore(moment):
                        await self._restore(moment)
                        return
                    case _:
                        return
            except (PlayheadError, OSError) as error:
                self.tell(str(error), is_error=True)
                return

    async def _difference(self, base: int, later: int) -> list[Line]:
        assert self.driver is not None
        width = max(40, self.app.size.width - 12)

        def read(cursor: Cursor) -> list[Line]:
            from playhead_tui.drawing.change_lines import change_lines

            return change_lines(cursor.store.diff(base, later), width)

        return await self.driver.ask(read)

    async def _compare(self, base: Moment, later: Moment) -> None:
        lines = await self._difference(base.commit_ts, later.commit_ts)
        await self.app.push_screen_wait(ChangesScreen(f"From {base.name} to {later.name}", lines))

    async def _restore(self, moment: Moment) -> None:
        """Preview, confirm, do. What may not be written is restored in a fork of it."""
        driver = self.driver
        assert driver is not None
        in_fork = driver.store.read_only or driver.store.imported is not None
        lines = await self._difference(driver.store.head, moment.commit_ts)
        how = "y restores in a fork; this store stays as it is" if in_fork else "y restores, as one new commit"
        screen = ConfirmScreen(f"Restoring {moment.name} would change", lines, f"{how} · Esc does not")
        if not await self.app.push_screen_wait(screen):
            return
        if in_fork:
            await self._restore_in_fork(moment)
            return

        def restore(cursor: Cursor) -> str | None:
            before = cursor.store.head
            after = cursor.store.restore(moment.commit_ts)
            cursor.refresh()
            cursor.seek(cursor.head)
            if after == before:
                return "Nothing differed, so nothing was written"
            return f"Restored {moment.name} as commit {count(after)}"

        self.request(restore)

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
                forked.restore(moment.commit_ts)

        await driver.ask(fork)
        self.tell(f"Forked into {printable(str(path))}")
        self.playhead_app.open(path)


def _moments(cursor: Cursor) -> list[Moment]:
    """The playhead, then every snapshot, the newest first."""
    taken = [
        Moment(each.commit_ts, each.id, each.label, each.timestamp, each.parent) for each in cursor.store.snapshots()
    ]
    return [Moment(cursor.position), *reversed(taken)]
