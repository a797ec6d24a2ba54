"""`:origin` and `:log`: where something was seen first, and the events in which it came or went."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING

from playhead import InvalidArgumentError
from playhead_tui.arguments import log_search, names_place, place_named
from playhead_tui.drawing.span import crop, printable
from playhead_tui.screens.question_actions import QUOTED, QuestionActions

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead.diff import Path
    from playhead_tui.asked import Asked


class SearchActions(QuestionActions):
    """What is asked; all of this runs in the question's thread."""

    def _path(self, cursor: Cursor, text: str) -> tuple[str, Path]:
        """The key and the path that were typed; the selected key where nothing was."""
        if text:
            return place_named(cursor, text)
        if cursor.selection is None:
            raise InvalidArgumentError("no key is selected; name a path, such as plan.steps[2].status")
        return cursor.selection, ()

    def _origin_of(self, asked: Asked, text: str) -> str:
        from playhead.json_path import format_address
        from playhead_tui.answers import origin_answer

        cursor = asked.cursor
        if not text or names_place(cursor, text):
            key, path = self._path(cursor, text)
            name, found = format_address(key, path), cursor.origins(key, path)
        else:
            name, found = text, [cursor.origin(text)]
        command = asked.spelled("origin", name, at=cursor.position)
        if not any(origin.whole or origin.parts for origin in found):
            return f"{crop(printable(name), QUOTED)} was not seen up to here"
        return self.show_table(asked, replace(origin_answer(cursor, name, found), command=command))

    def _log_of(self, asked: Asked, text: str) -> str:
        from playhead_tui.answers import ROWS_MAX, log_answer
        from playhead_tui.recording import record_call

        cursor = asked.cursor
        wanted = {name: value for name, value in asdict(log_search(text)).items() if value is not None}
        spelled = "".join(f"{name}={value!r}, " for name, value in wanted.items())
        entries = record_call(
            cursor,
            f"[*islice(cursor.log({spelled}newest_first=True), {ROWS_MAX})]",
            lambda: list(islice(cursor.log(**wanted, newest_first=True), ROWS_MAX + 1)),
        )
        command = asked.spelled("log", *shlex.split(text), agent=False)
        if not entries:
            return "No such event"
        return self.show_table(asked, replace(log_answer(cursor, text, entries), command=command))
