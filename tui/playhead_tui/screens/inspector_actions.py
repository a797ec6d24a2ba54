"""What keys do in the inspector: what is compared, folded, searched and copied, and travelling by history and blame."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING

from textual import work

from playhead import PlayheadError
from playhead.json_path import Path, format_address, format_jq, format_python
from playhead_tui.drawing.row import Fold
from playhead_tui.drawing.span import crop, crop_middle, printable
from playhead_tui.drawing.words import count, plural
from playhead_tui.frame import Frame, Note, PageLens
from playhead_tui.moves import Seek
from playhead_tui.screens import requests
from playhead_tui.screens.flows import Flows
from playhead_tui.widgets.command_line import CommandLine
from playhead_tui.widgets.history_view import HistoryView
from playhead_tui.widgets.lines_view import LinesView
from playhead_tui.widgets.page_view import PageView
from playhead_tui.widgets.series_view import SeriesView

if TYPE_CHECKING:
    from playhead import JSON
    from playhead.cursor import Cursor
    from playhead_tui.details import Page
    from playhead_tui.drawing.history_lines import VersionNote

COPIED_MAX = 2_000_000
"""Characters; terminals drop longer ones, and some of them much shorter ones."""
_FOLDS_KEPT = 500
_FORM_WIDTH = 52
"""Cells that a form to copy has in the list to choose from."""
_PIN = "this moment, pinned"


class InspectorActions(Flows):
    def __init__(self) -> None:
        super().__init__()
        self.page: Page | None = None
        self.find = ""
        self.layout_of_diff = ""
        self.raw = False
        self._folds: OrderedDict[object, PageLens] = OrderedDict()
        """What is folded of the pages that were looked at last."""
        self._find_before = ""
        self._visited: set[int] = set()
        """Where the cursor of the history took the playhead since the last jump."""

    # ── how the page is looked at ────────────────────────────────────────────────────────────────────────────────────

    def page_lens(self, frame: Frame) -> PageLens:
        """How the page of a frame is looked at."""
        folds = self._folds.get(self._subject(frame), PageLens())
        layout = self.layout_of_diff
        return PageLens(
            folds.toggled,
            folds.turned,
            "split" if layout == "split" else "unified" if layout else "",
            self.raw,
            self.find if self.tab != "history" else "",
        )

    def _subject(self, frame: Frame) -> object:
        return frame.agent, frame.selection, "diff" if self.tab == "diff" else "value"

    def _keep_folds(self, toggled: frozenset[Fold], lens: PageLens, turned: str = "") -> None:
        assert self.frame is not None
        subject = self._subject(self.frame)
        chosen = "open" if turned == "open" else "folded" if turned == "folded" else lens.turned
        self._folds[subject] = PageLens(toggled, chosen)
        self._folds.move_to_end(subject)
        while len(self._folds) > _FOLDS_KEPT:
            self._folds.popitem(last=False)
        self.look_again()

    def _page_in_hand(self) -> PageView | None:
        """The page, where keys act in it."""
        view = self.page_view()
        return view if isinstance(view, PageView) and view.has_focus else None

    def action_fold(self) -> None:
        self.take_count()
        view = self._page_in_hand()
        if view is None:
            self.page_view().focus()
            self.tell("z folds and opens at the cursor, which j and k move")
            return
        row = view.row
        if row is None or row.fold is None or self.find:
            self.tell("Nothing to fold while a text is searched for" if self.find else "Nothing to fold here")
            return
        self._toggle(view, row.fold)

    def _toggle(self, view: PageView, fold: Fold) -> None:
        if self.frame is not None:
            lens = self.page_lens(self.frame)
            view.turn(fold)
            self._keep_folds(lens.toggled ^ {fold}, lens)

    def action_fold_all(self) -> None:
        self.take_count()
        if self.frame is None or self.page is None or self.tab == "history":
            self.tell("Nothing to fold here")
            return
        self._keep_folds(frozenset(), self.page_lens(self.frame), "folded" if self.page.all_open else "open")

    def action_layout(self) -> None:
        """Side by side or unified; of a value, texts rendered or as they are."""
        self.take_count()
        if self.tab != "diff":
            self.raw = not self.raw
            self.tell("Texts as they were written" if self.raw else "Markdown, code and JSON in texts are laid out")
        else:
            from playhead_tui.drawing.side_by_side import LEAST_WIDTH

            width = self.page_view().area.width
            if width < LEAST_WIDTH:
                self.tell(f"Side by side takes {LEAST_WIDTH} columns; the inspector has {width}")
                return
            split = self.layout_of_diff == "split" or (
                not self.layout_of_diff and self.page is not None and self.page.split
            )
            self.layout_of_diff = "unified" if split else "split"
            self.tell("Unified" if split else "Side by side")
        self.look_again()

    # ── what is compared ─────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="layer", exclusive=True)
    async def action_choose_base(self) -> None:
        if self.driver is None or self.frame is None:
            return
        from playhead_tui.screens.choose import ChooseScreen

        try:
            current, choices = await self.driver.ask(lambda cursor: (cursor.base, requests.base_choices(cursor)))
        except (PlayheadError, OSError) as error:
            self.tell(str(error), is_error=True)
            return
        names: dict[str, int | None] = {}
        for base, name in choices.items():
            at = "" if base is None or base < 0 else f"  at commit {count(base)}"
            names[name + at] = base
        pinned = f"{_PIN}  commit {count(self.frame.position)}"
        names[pinned] = self.frame.position
        shown = next((name for name, base in names.items() if base == current), "")
        chosen = await self.app.push_screen_wait(ChooseScreen("Compare with", list(names), shown, hint="a part of it"))
        if chosen is not None:
            self.show_tab("diff")
            self.request(requests.choose_base(names[chosen]))

    # ── searching the page ───────────────────────────────────────────────────────────────────────────────────────────

    def action_search(self) -> None:
        if self._page_in_hand() is None:
            super().action_search()
            return
        self._find_before = self.find
        self.ask("find", self.find)

    def on_command_line_typed(self, message: CommandLine.Typed) -> None:
        if message.purpose == "find" and self.command_line.is_current(message):
            self._look_for(message.text)

    def take_answer(self, answer: CommandLine.Answered | CommandLine.Cancelled) -> None:
        super().take_answer(answer)
        if answer.purpose == "find":
            self._look_for(answer.text if isinstance(answer, CommandLine.Answered) else self._find_before)

    def _look_for(self, text: str) -> None:
        if text != self.find:
            self.find = text
            self.look_again()

    def action_hit(self, direction: int) -> None:
        view = self._page_in_hand()
        if view is None or not self.find:
            super().action_hit(direction)
        elif not view.next_hit(direction * (self.take_count() or 1)):
            self.tell(f"Nothing here has “{printable(crop(self.find, 30))}”")

    def action_escape(self) -> None:
        if self.find:
            self.take_count()
            self._look_for("")
        else:
            super().action_escape()

    # ── travelling ───────────────────────────────────────────────────────────────────────────────────────────────────

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        commit_ts = self.history.commit_at(message.line) if message.view is self.history else 0
        if not commit_ts:
            return
        jump = self.frame is None or self.frame.position not in self._visited
        self._visited = {commit_ts} if jump else self._visited | {commit_ts}
        self.history.travel_to(commit_ts)
        self.move(Seek(commit_ts, jump=jump))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        if message.view is self.history:
            if commit_ts := self.history.commit_at(message.line):
                self.move(Seek(commit_ts))
            return
        view = message.view
        if not isinstance(view, PageView) or view.row is None:
            return
        if view.row.commit_ts:
            self.move(Seek(view.row.commit_ts))
        elif view.row.opens and view.row.fold is not None and not self.find:
            self._toggle(view, view.row.fold)

    def on_series_view_picked(self, message: SeriesView.Picked) -> None:
        self.move(Seek(message.commit_ts))

    def on_history_view_lacking(self, message: HistoryView.Lacking) -> None:
        if self.driver is not None and self.selection is not None:
            self._load_notes(self.selection, message.first, message.last)

    @work(exclusive=True, group="history")
    async def _load_notes(self, key: str, first: int, last: int) -> None:
        driver, subject = self.driver, self.history.subject
        assert driver is not None

        def read(cursor: Cursor) -> dict[int, VersionNote]:
            from playhead_tui.details import version_notes

            return version_notes(cursor, key, first, last)

        try:
            notes = await driver.ask(read)
        except (PlayheadError, OSError) as error:
            self.footer.show_note(Note(str(error), is_error=True))
            return
        if subject == self.history.subject:
            self.history.add_notes(notes)

    # ── copying ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_copy(self) -> None:
        self.take_count()
        self._copy("JSON")

    @work(group="layer", exclusive=True)
    async def action_copy_as(self) -> None:
        key = self.selection
        if key is None or self.driver is None:
            self.tell("No key is selected", is_error=True)
            return
        from playhead_tui.screens.choose import ChooseScreen

        path = self._path_in_hand()
        try:
            forms = await self.driver.ask(lambda cursor: reference_forms(cursor, key, path))
        except (PlayheadError, OSError) as error:
            self.tell(str(error), is_error=True)
            return
        choices = {"value    as JSON": "JSON", "value    as a Python literal": "Python"}
        choices |= {f"{name:<8} {crop_middle(printable(text), _FORM_WIDTH)}": text for name, text in forms.items()}
        title = f"Copy {printable(crop(format_address(key, path), 40))}"
        chosen = await self.app.push_screen_wait(ChooseScreen(title, list(choices), hint="a part of it"))
        if chosen in ("value    as JSON", "value    as a Python literal"):
            self._copy(choices[chosen], path)
        elif chosen is not None:
            self._deliver(choices[chosen])
            self.tell(f"Copied {printable(choices[chosen])}")

    def _path_in_hand(self) -> Path:
        view = self._page_in_hand()
        return view.path if view is not None else ()

    def _copy(self, form: str, path: Path | None = None) -> None:
        if self.selection is None:
            self.tell("No key is selected", is_error=True)
            return
        key, path = self.selection, self._path_in_hand() if path is None else path

        def copy(cursor: Cursor) -> str | None:
            record = cursor.record(key)
            name = printable(format_address(key, path) if path else key)
            if not record.exists:
                return f"{name} does not exist here"
            try:
                value = part_of(record.value, path)
            except LookupError:
                return f"{name} does not exist here"
            text = repr(value) if form == "Python" else json.dumps(value, ensure_ascii=False, indent=2)
            if len(text) > COPIED_MAX:
                return (
                    f"{name} has {plural(len(text), 'character')}, more than terminals copy: `playhead get` prints it"
                )
            self.app.call_from_thread(self._deliver, text)
            return f"Copied {name} v{record.version}: {plural(len(text), 'character')}"

        self.request(copy)

    def _deliver(self, text: str) -> None:
        self.app.copy_to_clipboard(text)


def part_of(value: JSON, path: Path) -> JSON:
    """The part of a value at a path. Raises LookupError where there is none."""
    for part in path:
        if not isinstance(value, dict if isinstance(part, str) else list):
            raise LookupError(path)
        value = value[part]  # type: ignore[index]
    return value


def reference_forms(cursor: Cursor, key: str, path: Path) -> dict[str, str]:
    """How other tools find a part of the state: by its path, with jq in the object of all keys, with Python."""
    namespace = f", namespace={json.dumps(cursor.agent.namespace)}" if cursor.agent.namespace != "default" else ""
    agent, name = json.dumps(cursor.agent.agent_id, ensure_ascii=False), json.dumps(key, ensure_ascii=False)
    call = f"store.get_state_at(agent_id={agent}, key={name}, at={cursor.position}{namespace})"
    return {
        "path": format_address(key, path),
        "jq": format_jq(key, path),
        "Python": f"{call}.value{format_python(path)}",
    }
