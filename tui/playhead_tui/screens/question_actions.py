"""Asking the cursor's thread what a line means: how that is refused, stopped, spelled as a command, and answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from textual import work

from playhead import PlayheadError, QuestionStoppedError
from playhead_tui.drawing.span import crop, printable
from playhead_tui.moves import Seek
from playhead_tui.screens.answers import AnswerScreen
from playhead_tui.screens.past_actions import PastActions
from playhead_tui.verbs import command_line
from playhead_tui.widgets.command_line import CommandLine

if TYPE_CHECKING:
    from playhead import Question
    from playhead.cursor import Cursor
    from playhead_tui.answers import Answer

Ask: TypeAlias = Callable[["Cursor"], str]
"""Runs on the cursor's thread, and returns the words for the last line."""
QUOTED = 50
"""Cells of what was typed, where it is repeated."""
COMMANDS_KEPT = 500


class QuestionActions(PastActions):
    def __init__(self) -> None:
        self.asked: set[Question] = set()
        """What waits for an answer."""
        super().__init__()
        self.commands: list[str] = []
        """The command-line form of every verb that was answered, the last one last."""

    # ── refused, or stopped ──────────────────────────────────────────────────────────────────────────────────────────

    def take_answer(self, answer: CommandLine.Answered | CommandLine.Cancelled) -> None:
        self._drop_refusal()
        super().take_answer(answer)

    def on_command_line_typed(self, message: CommandLine.Typed) -> None:
        if message.purpose == "command":
            self._drop_refusal()

    def _drop_refusal(self) -> None:
        if self.refusal:
            self.refusal = ""
            self.show_strip()

    def _refuse(self, typed: str, message: str) -> None:
        """Say what is wrong above the line, which comes back with what was typed."""
        if self.command_line.asking or self.app.screen is not self:
            self.tell(message.partition("\n")[0], is_error=True)
            return
        self.footer.show_note(None)
        self.refusal = message
        self.show_strip()
        self.ask("command", typed)

    def stop_asking(self) -> None:
        """Give up what was asked and is not answered yet."""
        for question in tuple(self.asked):
            question.stop()

    def reset_verbs(self) -> None:
        self.stop_asking()
        self.asked = set()
        super().reset_verbs()

    def action_escape(self) -> None:
        if self.asked:
            self.take_count()
            self.tell("Stopping …")
            self.stop_asking()
        else:
            super().action_escape()

    # ── asked ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask_past(self, typed: str, ask: Ask) -> None:
        if self.driver is None or self.frame is None:
            self.tell("No run is open", is_error=True)
            return
        from playhead import Question

        question, asked = Question(), self.asked
        asked.add(question)

        def answer(cursor: Cursor) -> str | None:
            position = cursor.position
            try:
                with question:
                    question.check()
                    return ask(cursor)
            except QuestionStoppedError:
                cursor.position = position
                return f"Stopped: {crop(printable(typed), QUOTED)}"
            except (PlayheadError, OSError) as error:
                self.app.call_from_thread(self._refuse, typed, str(error))
                return None
            finally:
                asked.discard(question)

        self.tell(f"{crop(printable(typed), QUOTED)} …   Esc stops")
        self.request(answer)

    # ── answered; all of this runs on the cursor's thread ────────────────────────────────────────────────────────────

    def _spelled(self, cursor: Cursor, *words: str, at: int | None = None, agent: bool = True) -> str:
        """The command that does the same, which is kept for the list of commands."""
        options = ["--agent", cursor.agent.agent_id] if agent else []
        if agent and cursor.agent.namespace != "default":
            options += ["--namespace", cursor.agent.namespace]
        options += ["--at", str(at)] if at is not None else []
        return self._keep_command(*words, *options, "-s", str(cursor.store.path))

    def _keep_command(self, *words: str) -> str:
        command = command_line(*words)
        self.commands = [*self.commands, command][-COMMANDS_KEPT:]
        return command

    def _show(self, answer: Answer) -> str:
        self.app.call_from_thread(self._travel_by, answer)
        return answer.note

    @work(group="layer", exclusive=True)
    async def _travel_by(self, answer: Answer) -> None:
        commit_ts = await self.app.push_screen_wait(AnswerScreen(answer))
        if commit_ts is not None:
            self.move(Seek(commit_ts))
