"""Asking what a line means, beside all else: how that is refused, stopped and answered, and whom the answer finds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.message import Message

from playhead import QuestionStoppedError
from playhead_tui.drawing.span import crop, printable
from playhead_tui.drawing.words import count
from playhead_tui.frame import Note
from playhead_tui.moves import Seek
from playhead_tui.screens import requests
from playhead_tui.screens.past_actions import PastActions
from playhead_tui.widgets.command_line import CommandLine

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead_tui.answers import Answer
    from playhead_tui.asked import Asked, Find

QUOTED = 50
"""Cells of what was typed, where it is repeated."""
COMMANDS_KEPT = 500
STOP_AGAIN_SECONDS = 0.1
"""After so long, what was given up and still goes on is stopped once more."""


class QuestionActions(PastActions):
    class Over(Message):
        """There is an answer, or none will come."""

        def __init__(self, asked: Asked) -> None:
            super().__init__()
            self.asked = asked

    class HandedOver(Message):
        """The playhead has gone where the answer leads, unless somebody had moved it."""

        def __init__(self, asked: Asked, is_here: bool) -> None:
            super().__init__()
            self.asked, self.is_here = asked, is_here

    def __init__(self) -> None:
        self.asked: Asked | None = None
        """What waits for its answer."""
        self.answered: Asked | None = None
        """What was answered while its person was elsewhere, and can still be taken up."""
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
        """Give up what was asked and is not answered yet, and what was answered and nobody took up."""
        asked, self.asked = self.asked, None
        if asked is not None:
            self._stop(asked)
        self._drop_answered()

    def _stop(self, asked: Asked) -> None:
        asked.stop()
        if not asked.is_over and self.is_running:
            self.set_timer(STOP_AGAIN_SECONDS, partial(self._stop, asked))

    def _drop_answered(self) -> None:
        if self.answered is not None:
            self.answered.drop()
            self.answered = None

    def reset_verbs(self) -> None:
        self.stop_asking()
        super().reset_verbs()

    def action_escape(self) -> None:
        asked = self.asked
        if asked is not None:
            self.take_count()
            self.stop_asking()
            self.tell(_stopped(asked))
        else:
            super().action_escape()

    # ── asked ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def inquire(self, typed: str, find: Find, *, is_line: bool = True, brings_hits: bool = False) -> None:
        """Ask about the moment to which the keys before this one lead; what was asked before is given up for it."""
        if self.driver is None:
            self.tell("No run is open", is_error=True)
            return
        from playhead_tui.asked import Asked

        self.stop_asking()
        self.asked = asked = Asked(typed, find, is_line=is_line, brings_hits=brings_hits)

        def set_out(cursor: Cursor) -> None:
            asked.set_out(cursor, lambda asked: self.post_message(self.Over(asked)))

        self.footer.show_note(self.standing_note())
        self.bring(set_out)

    def standing_note(self) -> Note | None:
        if self.asked is None:
            return super().standing_note()
        return Note(f"{crop(printable(self.asked.typed), QUOTED)} …   Esc stops")

    def action_hit(self, direction: int) -> None:
        if self.asked is not None and self.asked.brings_hits:
            # Typed ahead: there are no hits yet to go through.
            self.asked.then.append(requests.hit(direction * (self.take_count() or 1)))
        else:
            super().action_hit(direction)

    # ── answered ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_question_actions_over(self, message: Over) -> None:
        asked = message.asked
        if asked is not self.asked:
            asked.drop()
        elif asked.error is None:
            # Even what leads nowhere is told after what the keys before it led to.
            self.bring(lambda cursor: self._hand_over(asked, cursor))
        else:
            self.asked = None
            self._tell_why_not(asked, asked.error)

    def _hand_over(self, asked: Asked, cursor: Cursor) -> None:
        self.post_message(self.HandedOver(asked, asked.hand_over(cursor)))

    def _tell_why_not(self, asked: Asked, error: Exception) -> None:
        if isinstance(error, QuestionStoppedError):
            self.tell(_stopped(asked))
        elif not asked.is_refused:
            raise error
        elif asked.is_line:
            self._refuse(asked.typed, str(error))
        else:
            self.tell(str(error).partition("\n")[0], is_error=True)

    def on_question_actions_handed_over(self, message: HandedOver) -> None:
        asked = message.asked
        if asked is not self.asked:
            asked.drop()
            return
        self.asked = None
        self.commands = [*self.commands, *asked.commands][-COMMANDS_KEPT:]
        # Whatever the timeline shows of it was found or narrowed just now.
        self.signs_generation += 1
        asked.show_all()
        is_free = message.is_here and self.app.screen is self and not self.command_line.asking
        if is_free:
            asked.open_all()
        elif asked.opens or (asked.leads_to is not None and not message.is_here):
            self.answered = asked
        words = self._words(asked, message.is_here)
        self.footer.show_note(Note(words) if words else None)
        self.look_again()

    def _words(self, asked: Asked, is_here: bool) -> str:
        """What there is to say of an answer; to whoever has moved on, first what leads there, and of when it is."""
        before = []
        if asked is self.answered:
            leads_to = None if is_here else asked.leads_to
            before.append("; shows it" if leads_to is None else f"; goes to {count(leads_to)}")
        if asked.of_moment and not is_here:
            before.append(f"asked at {count(asked.position)}")
        return f"{', '.join(before)}: {asked.words}" if before else asked.words

    def action_answer(self) -> None:
        """Go where the answer leads that came while the person was elsewhere, and open what it opens."""
        self.take_count()
        asked, self.answered = self.answered, None
        if asked is None:
            self.tell("No answer waits")
            return
        if asked.leads_to is not None:
            self.move(Seek(asked.leads_to))
        asked.open_all()

    def show_table(self, asked: Asked, answer: Answer) -> str:
        """Have a table opened, by which one can travel; for the question's thread. Returns the words about it."""
        asked.open(self._open_table, asked, answer)
        return answer.note

    def _open_table(self, asked: Asked, answer: Answer) -> None:
        if asked.of_moment and self.frame is not None and self.frame.position != asked.position:
            answer = replace(answer, note=f"{answer.note} · asked at {count(asked.position)}")
        self._travel_by(answer)

    @work(group="layer", exclusive=True)
    async def _travel_by(self, answer: Answer) -> None:
        from playhead_tui.screens.answers import AnswerScreen

        commit_ts = await self.app.push_screen_wait(AnswerScreen(answer))
        if commit_ts is not None:
            self.move(Seek(commit_ts))


def _stopped(asked: Asked) -> str:
    return f"Stopped: {crop(printable(asked.typed), QUOTED)}"
