"""What surrounds the main screen: where a person was, other runs, themes, settings, and the screen as a file."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from textual import work

from playhead import PlayheadError
from playhead_tui.drawing.span import crop_start, printable
from playhead_tui.drawing.words import count
from playhead_tui.frame import Tab
from playhead_tui.screens.flows import Flows
from playhead_tui.session import Keeper, Session, Sessions
from playhead_tui.widgets.header import Header

KEEP_SECONDS = 5.0
_TOLD_PATH = 70


class ComfortActions(Flows):
    header: Header

    def __init__(self) -> None:
        super().__init__()
        self.keepers: dict[str, Keeper] = {}
        """What panes keep for a run besides the place in it, by the pane's name."""
        self._kept: Session | None = None
        self._told_unkept = False

    # ── where a person was ───────────────────────────────────────────────────────────────────────────────────────────

    def on_mount(self) -> None:
        # What is only kept at the end is lost to whoever closes the terminal's window.
        self.set_interval(KEEP_SECONDS, self.keep_beside)

    def on_unmount(self) -> None:
        self.keep_session()

    def session(self) -> Session | None:
        """The place in the run that is shown, None where none is."""
        frame = self.frame
        if frame is None or self.driver is None:
            return None
        return Session(
            position=None if frame.at_head else frame.position,
            namespace=frame.agent.namespace if frame.agent is not None else None,
            agent_id=frame.agent.agent_id if frame.agent is not None else None,
            follow_agent=frame.follow_agent,
            selection=self.selection,
            base=frame.base_commit,
            marks=dict(frame.marks),
            tab=self.tab,
            changed_only=self.changed_only,
            filter=self.filter_text,
            folded=tuple(sorted(self.folded)),
            panes={name: keeper.keep() for name, keeper in self.keepers.items()},
        )

    def keep_session(self) -> None:
        """Keep the place in the run, where it is another one than was kept last."""
        if (task := self._to_keep()) is not None:
            task[0].save(*task[1:])

    @work(thread=True, group="keep", exclusive=True)
    def _save(self, sessions: Sessions, store_id: str, session: Session) -> None:
        if problem := sessions.save(store_id, session):
            self.app.call_from_thread(self._tell_unkept, problem)

    def _tell_unkept(self, problem: str) -> None:
        """Once: whoever has no room for a small file has not got it the next time either."""
        if not self._told_unkept:
            self._told_unkept = True
            said = f"{printable(problem)}: where you are in a run is forgotten when you leave".replace("[", "\\[")
            self.app.notify(said, title="Your place cannot be kept", severity="warning", timeout=12)

    def keep_beside(self) -> None:
        """The same in a thread of its own, while the app goes on."""
        if (task := self._to_keep()) is not None:
            self._save(*task)

    def _to_keep(self) -> tuple[Sessions, str, Session] | None:
        sessions, session = self.playhead_app.sessions, self.session()
        if sessions is None or session is None or session == self._kept:
            return None
        assert self.driver is not None
        self._kept = session
        return sessions, self.driver.store.store_id, session

    def take_up(self, session: Session | None, note: str = "") -> None:
        """Look at the run as it was looked at when it was left. The cursor has been put there already."""
        self._kept = None
        if note:
            self.tell(note, is_error=True)
        if session is None:
            return
        self.selection, self.changed_only, self.filter_text = session.selection, session.changed_only, session.filter
        self.folded = frozenset(session.folded)
        if session.tab in get_args(Tab):
            self.show_tab(session.tab)  # type: ignore[arg-type]  # one of them
        for name, keeper in self.keepers.items():
            if name in session.panes:
                keeper.take_up(session.panes[name])
        if session.position is not None and not note and self.footer.note is None:
            self.tell(f"Back at commit {count(session.position)}, where you left this run: G goes to its end")

    # ── other runs, and the app itself ───────────────────────────────────────────────────────────────────────────────

    def action_theme(self) -> None:
        self.app.search_themes()

    def action_settings(self) -> None:
        from playhead_tui.drawing.settings_lines import settings_lines
        from playhead_tui.screens.changes import ChangesScreen

        lines = settings_lines(self.playhead_app.settings_file, self.playhead_app.theme)
        self.app.push_screen(ChangesScreen("Settings", lines, "Esc closes"))

    @work(group="layer", exclusive=True)
    async def action_runs(self) -> None:
        from playhead_tui.screens.runs import RunsScreen

        chosen = await self.app.push_screen_wait(RunsScreen(self.playhead_app.recent, self.path_of_store()))
        if chosen is not None:
            self.playhead_app.open(chosen)
        elif self.driver is None and not self.has_class("-failed"):
            self.app.exit()

    def path_of_store(self) -> Path | None:
        raise NotImplementedError

    # ── the screen as a file ─────────────────────────────────────────────────────────────────────────────────────────

    def action_screenshot(self) -> None:
        self._write(".svg", self.app.export_screenshot(title=self._title()), "The screen")

    @work(group="layer", exclusive=True)
    async def action_export_text(self) -> None:
        driver, frame = self.driver, self.frame
        if driver is None or frame is None:
            return self.tell("Nothing is shown yet", is_error=True)
        from playhead_tui.screen_text import screen_text

        title, tab, rows = self._title(), self.tab, self.event_list.stops_in_view
        try:
            text = await driver.ask(lambda cursor: screen_text(cursor, frame, title, tab, rows))
        except (PlayheadError, OSError) as error:
            return self.tell(str(error), is_error=True)
        self._write(".txt", text, "What is on screen")
        return None

    def _title(self) -> str:
        commit = f", commit {count(self.frame.position)} of {count(self.frame.head)}" if self.frame else ""
        return f"{self.header.run}{commit}"

    def _write(self, suffix: str, text: str, what: str) -> None:
        """Write a file whose name says what it shows, beside others of that name; say where it is."""
        if self.app.is_web:
            from io import StringIO

            self.app.deliver_text(StringIO(text), save_filename=f"{self._stem()}{suffix}")
            return
        folder = Path(self.playhead_app.settings.export_folder or ".").expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = _free(folder, self._stem(), suffix)
            file.write_text(text, "utf-8")
        except OSError as error:
            self.app.notify(f"{error.filename or folder}: {error.strerror}", title="Not saved", severity="error")
            return
        shown = crop_start(printable(str(file.resolve())), _TOLD_PATH)
        self.app.notify(shown.replace("[", "\\["), title=f"{what} is saved")

    def _stem(self) -> str:
        name = "".join(character if character.isalnum() or character in "-_." else "-" for character in self.header.run)
        return f"{name[:60] or 'playhead'}-{self.frame.position if self.frame else 0}"


def _free(folder: Path, stem: str, suffix: str) -> Path:
    """A file of that name that is not there yet; nothing is ever written over."""
    names = (f"{stem}{f'-{number}' if number > 1 else ''}{suffix}" for number in range(1, 10_000))
    return next(folder / name for name in names if not (folder / name).exists())
