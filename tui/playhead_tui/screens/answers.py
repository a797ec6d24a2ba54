"""The layers of the verbs: tables whose rows travel, the watches, and the commands of this session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from playhead_tui import keys
from playhead_tui.answers import Answer
from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.answer_lines import column_widths, fits, table_head, table_row, watch_line
from playhead_tui.drawing.span import Line, Span, crop, fit, printable
from playhead_tui.screens.changes import ChangeLines
from playhead_tui.screens.layer import Layer, LayerBox
from playhead_tui.watching import Watched
from playhead_tui.widgets.bar import Bar
from playhead_tui.widgets.footer import Footer
from playhead_tui.widgets.lines_view import FixedLines, LinesView

_TITLE_WIDTH = 90
_OTHER_ROWS = 4
"""Of a table's layer, the lines that are no rows: head, command, keys, and a blank one."""
_LIST_OTHER_ROWS = 2


class AnswerList(LinesView):
    """The rows of a table, from a column on."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self.widths = column_widths(answer)
        self.first = 0
        self.cursor = answer.chosen

    def line_count(self) -> int:
        return len(self.answer.rows)

    def line(self, index: int, width: int) -> Line:
        return table_row(self.answer, index, self.widths, self.first, width)

    def on_mount(self) -> None:
        self.update_lines(self.cursor)


class AnswerHead(Bar):
    def __init__(self, rows: AnswerList) -> None:
        super().__init__()
        self._rows = rows

    def draw(self, width: int) -> Line:
        return table_head(self._rows.answer, self._rows.widths, self._rows.first, width)


class SaidLine(Bar):
    """One line that stays as it is."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def draw(self, width: int) -> Line:
        return Line(fit(self._line.spans, width))


class AnswerScreen(Layer[int]):
    """A table. Answers with the commit of the row that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("answer")

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self._list = AnswerList(answer)
        self._head = AnswerHead(self._list)

    def compose(self) -> ComposeResult:
        answer = self.answer
        travels = any(commit_ts is not None for commit_ts in answer.commits)
        how = f"{'Enter travels there · ' if travels else ''}Esc closes"
        with LayerBox(crop(answer.title, _TITLE_WIDTH), how, rows=len(answer.rows) + _OTHER_ROWS):
            yield self._head
            yield self._list
            yield SaidLine(_said(answer.note, answer.command))
            yield Footer(keys.in_scope("answer"))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        commit_ts = self.answer.commits[message.line]
        if commit_ts is not None:
            self.dismiss(commit_ts)

    def action_scroll(self, columns: int) -> None:
        widths = self._list.widths
        last = 0 if fits(widths, self._list.area.width) else len(self.answer.columns) - 1
        self._list.first = max(0, min(self._list.first + columns, last))
        self._head.redraw()
        self._list.update_lines()

    def action_copy(self) -> None:
        if self.answer.rows:
            self.app.copy_to_clipboard("\t".join(span.text for span in self.answer.rows[self._list.cursor]))
            self.notify("Copied the row")

    def action_copy_command(self) -> None:
        self.app.copy_to_clipboard(self.answer.command)
        self.notify("Copied the command")

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        await self.run_action(message.action.method)


def _said(note: str, command: str) -> Line:
    return Line((Span(f"{note}   ", "strong"), Span(f"$ {printable(command)}" if command else "", "faint")))


def _muted(text: str) -> Line:
    return Line((Span(text, "muted"),))


@dataclass(frozen=True, slots=True)
class Add:
    """Another expression is to be watched."""


@dataclass(frozen=True, slots=True)
class Remove:
    expression: str


@dataclass(frozen=True, slots=True)
class Show:
    """When it changed, or held, is to be shown."""

    expression: str


class WatchList(LinesView):
    def __init__(self, watched: Sequence[Watched], position: int) -> None:
        super().__init__()
        self._watched, self._position = watched, position

    def line_count(self) -> int:
        return len(self._watched)

    def line(self, index: int, width: int) -> Line:
        return watch_line(self._watched[index], self._position, max(16, width // 2), width)


class WatchesScreen(Layer[Add | Remove | Show]):
    """What is watched, with its values at the playhead."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("watches")

    def __init__(self, watched: Sequence[Watched], position: int) -> None:
        super().__init__()
        self._watched = watched
        self._list = WatchList(watched, position)

    def compose(self) -> ComposeResult:
        how = f"{'Enter shows every value it had · ' if self._watched else ''}Esc closes"
        with LayerBox("Watched", how, rows=max(1, len(self._watched)) + _LIST_OTHER_ROWS, narrow=True):
            if self._watched:
                yield self._list
            else:
                yield ChangeLines([_muted("Nothing is watched: a adds an expression, as :watch EXPR does.")])
            yield Footer(keys.in_scope("watches"))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        if message.view is self._list:
            self.dismiss(Show(self._watched[message.line].expression))

    def action_add(self) -> None:
        self.dismiss(Add())

    def action_remove(self) -> None:
        if self._watched:
            self.dismiss(Remove(self._watched[self._list.cursor].expression))

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        await self.run_action(message.action.method)


class CommandsScreen(Layer[None]):
    """The commands that do what was asked in this session, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("commands")

    def __init__(self, commands: Sequence[str]) -> None:
        super().__init__()
        self._commands = commands[::-1]
        lines = [Line((Span("$ ", "faint"), Span(printable(command)))) for command in self._commands]
        self._list = FixedLines(lines) if lines else ChangeLines([_muted("No verb was asked yet: : asks one.")])

    def compose(self) -> ComposeResult:
        with LayerBox("Commands of this session", "Esc closes", rows=max(1, len(self._commands)) + _LIST_OTHER_ROWS):
            yield self._list
            yield Footer(keys.in_scope("commands"))

    def action_copy(self) -> None:
        self._copy(self._commands[self._list.cursor : self._list.cursor + 1])

    def action_copy_all(self) -> None:
        self._copy(self._commands[::-1])

    def _copy(self, commands: Sequence[str]) -> None:
        if commands:
            self.app.copy_to_clipboard("\n".join(commands))
            self.notify(f"Copied {len(commands)} command{'s' if len(commands) > 1 else ''}")

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        await self.run_action(message.action.method)
