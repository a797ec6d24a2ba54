"""What takes a conversation: prompts, and the layers above the main screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from textual import work

from playhead import AgentAddress
from playhead_tui.drawing.words import count
from playhead_tui.screens import requests
from playhead_tui.screens.actions import MainActions
from playhead_tui.widgets.command_line import CommandLine, Purpose

if TYPE_CHECKING:
    from playhead_tui.app import PlayheadApp
    from playhead_tui.asked import Find

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
                self.inquire(f"/{text}", found_by(requests.search(text)), is_line=False, brings_hits=True)
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
            self._go_to_place(typed)

    def _go_to_place(self, typed: str) -> None:
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
        from playhead_tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_quit(self) -> None:
        self.app.exit()

    @work(group="layer", exclusive=True)
    async def action_choose_agent(self) -> None:
        if self.driver is None or self.frame is None:
            return
        from playhead_tui.screens.choose import ChooseScreen

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
        from playhead_tui.screens.choose import ChooseScreen

        recent = [str(path) for path in self.playhead_app.recent.paths()]
        current = str(self.driver.store.path.resolve()) if self.driver is not None else ""
        screen = ChooseScreen("Open", recent, current, hint="a path, or a part of one below", free=True)
        chosen = await self.app.push_screen_wait(screen)
        if chosen:
            self.playhead_app.open(Path(chosen).expanduser())


def found_by(request: requests.Request) -> Find:
    """What a request does to a cursor, as the answer to a question."""
    return lambda asked: request(asked.cursor) or ""
