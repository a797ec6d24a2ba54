"""The app: a theme, a palette, and the opening of stores. What is seen is in the screens."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from playhead import LogError, PlayheadError
from playhead_tui.bindings import bindings_for
from playhead_tui.driver import Driver
from playhead_tui.keymap import Keymap, Problem
from playhead_tui.palette import Palette
from playhead_tui.recent import RecentStores
from playhead_tui.screens.main import MainScreen
from playhead_tui.session import Session, Sessions, put_cursor
from playhead_tui.settings import Settings, SettingsFile, read_settings
from playhead_tui.themes import OWN_THEMES, KeptTheme
from playhead_tui.widgets.command_line import CommandLine

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor
    from playhead_tui.following import Following
    from playhead_tui.recording import Script

PROBLEMS_TOLD = 4
HANG_UP_SECONDS = 1.0
"""How often it is looked whether the terminal is still there."""

Opener = Callable[[Path], "Store"]


def open_existing(path: Path) -> Store:
    """The store at a path, or of the log at a path; none is made where there is nothing."""
    import playhead
    from playhead.directory import is_store

    if not is_store(path):
        from playhead_tui.library import store_for

        path = store_for(path).path
    return playhead.open(path, create=False)


def run_name(store: Store) -> str:
    """What people know the run by: the log it was loaded from, else its directory."""
    source = (store.imported or {}).get("file")
    return Path(source).name if isinstance(source, str) else store.path.name


class PlayheadApp(App[None]):
    """A debugger on one store at a time.

    path: what to open, after the first paint; None shows what there is to open. opener: how; it may import a log, and
    runs in a thread of its own. agent_id, namespace: whose state to show first. goto: where to put the playhead, as
    typed after `:`. Both win over what `sessions` knows of the run; fresh: nothing of that is taken up the first time.
    settings: what the user set. kept_theme: where a theme chosen in the app is kept.
    follow: the log that `path` was loaded from, to be followed while it is shown. record: the file to be written as a
    Python script that does again what is done here. ask: what to ask at once, as typed after `:`.
    """

    _following: Following | None
    _script: Script | None
    CSS_PATH = "playhead.tcss"
    TITLE = "Playhead"
    PAUSE_GC_ON_SCROLL = True
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("app")

    class Opened(Message):
        def __init__(self, name: str, store: Store, cursor: Cursor, session: Session | None, note: str) -> None:
            super().__init__()
            self.name, self.store, self.cursor = name, store, cursor
            self.session, self.note = session, note

    class Moved(Message):
        """The log that is followed was rewritten, and is in another store from now on."""

        def __init__(self, path: Path, reason: str) -> None:
            super().__init__()
            self.path, self.reason = path, reason

    class Refused(Message):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self,
        path: Path | None,
        *,
        opener: Opener = open_existing,
        agent_id: str | None = None,
        namespace: str | None = None,
        goto: str | None = None,
        recent: RecentStores | None = None,
        sessions: Sessions | None = None,
        fresh: bool = False,
        settings: SettingsFile | None = None,
        kept_theme: KeptTheme | None = None,
        follow: Path | None = None,
        record: Path | None = None,
        ask: str = "",
    ) -> None:
        super().__init__()
        self.settings_file = settings or SettingsFile(Path())
        self.sessions = sessions if self.settings.keep_place else None
        self._fresh = fresh
        self._kept_theme = kept_theme
        for theme in OWN_THEMES:
            self.register_theme(theme)
        self.theme = kept_theme.over(self.settings.theme) if kept_theme is not None else self.settings.theme
        self.set_keymap(self.keymap.for_textual())
        self._path, self._opener = path, opener
        self._follow, self._following, self._news = follow, None, ""
        self._agent = (agent_id, namespace)
        self._record, self._script = record, None
        self._ask = ask
        self._goto = goto
        self.recent = recent or RecentStores.of_user()
        self.collector: tuple[int, int, int] | None = None
        """How often garbage is collected from the first frame on, where until then it was left alone; what lives by
        then stays so, since looking through it would make a pause between frames."""
        self._palette: tuple[str, Palette] | None = None
        self.main = MainScreen("Playhead" if path is None else path.name or str(path), self.settings.tab)

    @property
    def settings(self) -> Settings:
        """What holds, whatever the file says."""
        return self.settings_file.settings

    @property
    def keymap(self) -> Keymap:
        """The keys that actions have in this app."""
        return self.settings.keymap

    @property
    def palette(self) -> Palette:
        """The colours of the theme that is on now."""
        if self._palette is None or self._palette[0] != self.theme:
            self._palette = (self.theme, Palette.of(self.get_css_variables()))
        return self._palette[1]

    def get_default_screen(self) -> Screen[object]:
        return self.main  # type: ignore[return-value]

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, self._follow_theme)
        self.call_after_refresh(self._begin)
        if not self.is_headless:
            self._leave_on_signals()
            self._leave_with_terminal()

    def _begin(self) -> None:
        if problems := self.settings_file.problems:
            self.notify(problem_text(problems), title=str(self.settings_file.path), severity="warning", timeout=12)
        if self._path is None:
            self.main.action_runs()
        else:
            self.open(self._path)

    def _leave_on_signals(self) -> None:
        """Leave as by a key, which gives the terminal back, when the system or the terminal ends the process."""
        # Windows has neither SIGHUP nor loops that listen for signals.
        with suppress(NotImplementedError, AttributeError):
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._leave, 128 + number)

    def _leave_with_terminal(self) -> None:
        """Leave when the terminal is gone without a signal: reading from it would then never end."""
        if not hasattr(select, "poll"):
            return
        terminal = select.poll()
        terminal.register(sys.stdin.fileno(), select.POLLHUP)

        def look() -> None:
            if terminal.poll(0):
                self._leave(128 + signal.SIGHUP)

        self.set_interval(HANG_UP_SECONDS, look)

    def _leave(self, code: int) -> None:
        self.exit(return_code=code)

    async def on_event(self, event: events.Event) -> None:
        # Counts, marks and answers are taken here, where keys still are in the order in which they were typed.
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded and self._took(event):
            return
        await super().on_event(event)

    def _took(self, event: events.Key | events.Paste) -> bool:
        if self.screen is not self.main:
            return False
        return self.main.take_key(event) if isinstance(event, events.Key) else self.main.take_paste(event.text)

    def _follow_theme(self, _: object) -> None:
        if self._kept_theme is not None:
            self._kept_theme.keep(self.theme, self.settings.theme)
        for screen in self.screen_stack:
            for widget in screen.query("LinesView, Bar, TimelineView"):
                widget.notify_style_update()
            screen.refresh(layout=True)

    def open(self, path: Path) -> None:
        """Open a store in the place of the one that is shown."""
        self.main.header.show(None, "opening…")
        self._open(path)

    @work(thread=True, exclusive=True, group="open", exit_on_error=False)
    def _open(self, path: Path) -> None:
        worker = get_current_worker()
        try:
            store = self._opener(path)
            cursor = self._cursor_on(store)
            session, note = self._take_up(store, cursor)
            if self._goto is not None:
                cursor.goto(self._goto)
        except (PlayheadError, OSError) as error:
            self.post_message(self.Refused(error))
            return
        self._agent, self._goto, self._fresh = (None, None), None, False
        if worker.is_cancelled:
            store.close()
        else:
            self.recent.add(path)
            self.post_message(self.Opened(run_name(store), store, cursor, session, note))

    def _cursor_on(self, store: Store) -> Cursor:
        agent_id, namespace = self._agent
        if self._record is None:
            return store.cursor(agent_id, namespace=namespace)
        from playhead_tui.recording import RecordedCursor, Script

        self._script = self._script or Script(self._record)
        cursor = RecordedCursor(store, agent_id, namespace, self._script)
        # A place where nothing can be written is told before anything is done.
        self._script.write()
        return cursor

    def _take_up(self, store: Store, cursor: Cursor) -> tuple[Session | None, str]:
        """Put the cursor where the run was left, except for what the command line asks for."""
        if self.sessions is None or self._fresh:
            return None, ""
        session, note = self.sessions.load(store.store_id)
        if session is not None:
            asked = self._agent != (None, None)
            put_cursor(cursor, session, agent=not asked, position=self._goto is None)
            if asked and cursor.agent != session.agent:
                session = replace(session, selection=None, filter="", folded=())
        return session, note

    def on_playhead_app_opened(self, message: Opened) -> None:
        if self._follow is not None:
            self._begin_following(self._follow, message.store.path)
        elif self._following is not None and self._following.store != message.store.path:
            self.stop_following(wait=False)
        self.main.keep_session()
        self.main.attach(message.name, Driver(message.store, message.cursor, self.main))
        self.main.take_up(message.session, message.note)
        if self._news:
            self.main.tell(self._news)
            self._news = ""

    def _begin_following(self, log: Path, store: Path) -> None:
        from playhead_tui.following import Following

        self._follow = None
        self._following = Following(
            log,
            store,
            on_moved=lambda path, reason: self.post_message(self.Moved(path, reason)),
            on_failed=lambda error: self.post_message(self.Refused(error)),
        )
        self._following.start()

    def on_playhead_app_moved(self, message: Moved) -> None:
        self._news = message.reason
        self.open(message.path)

    def stop_following(self, *, wait: bool = True) -> None:
        """Let the followed log be, once its store is whole."""
        if self._following is not None:
            self._following.stop(wait=wait)
            self._following = None

    @property
    def recording_problem(self) -> str:
        """Why what was done is not in the file that it was to be recorded in; empty where it is."""
        return self._script.problem if self._script is not None else ""

    def grows(self, store: Store) -> bool:
        """Whether commits may come while the store is shown: of an agent, or of its log that is followed (S28)."""
        return store.imported is None or (self._following is not None and self._following.store == store.path)

    def on_unmount(self) -> None:
        self.stop_following()
        if self._script is not None:
            self._script.save()

    def on_playhead_app_refused(self, message: Refused) -> None:
        self.main.refuse(message.error)

    def on_first_frame(self) -> None:
        """Called once, when a store is shown in full."""
        if self._ask:
            self.main.take_answer(CommandLine.Answered("command", self._ask))
        if self.collector is not None:
            gc.freeze()
            gc.set_threshold(*self.collector)

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        self.main.action_screenshot()

    def action_suspend(self) -> None:
        """Stop, with all of the job that this is a part of, as a terminal's own Ctrl-Z does."""
        driver = self._driver
        # Windows has neither; and whoever stops where no shell goes on with it stays so.
        if driver is None or not driver.can_suspend or not hasattr(os, "killpg") or os.getpgrp() == os.getsid(0):
            self.main.tell("There is no shell here that fg could be typed into")
            return
        self.app_suspend_signal.publish(self)
        os.killpg(os.getpgrp(), signal.SIGTSTP)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        return ()


def problem_text(problems: Sequence[Problem]) -> str:
    """The first few problems, a line each, and how to see them all."""
    told = [str(problem).replace("[", "\\[") for problem in problems[:PROBLEMS_TOLD]]
    more = len(problems) - len(told)
    return "\n".join([*told, *([f"and {more} more: `playhead settings` lists them all"] if more else [])])


def run(
    path: Path | None,
    *,
    opener: Opener = open_existing,
    agent_id: str | None = None,
    namespace: str | None = None,
    goto: str | None = None,
    follow: Path | None = None,
    fresh: bool = False,
    record: Path | None = None,
    ask: str = "",
    collector: tuple[int, int, int] | None = None,
) -> int:
    """Open the app on a store, or on a list of what there is, and stay until it is left.

    collector: how often garbage is to be collected once a run is shown.
    Returns the exit code: 0, or 1 after a crash.
    """
    if "TEXTUAL_DRIVER" not in os.environ:
        # Where a shell exports them, the screen would keep that size whatever becomes of the terminal.
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)
    settings = read_settings()
    app = PlayheadApp(
        path,
        opener=opener,
        agent_id=agent_id,
        namespace=namespace,
        goto=goto,
        sessions=Sessions.of_user(),
        follow=follow,
        fresh=fresh,
        settings=settings,
        kept_theme=KeptTheme.of_user(),
        record=record,
        ask=ask,
    )
    app.collector = collector
    app.run(mouse=settings.settings.mouse)
    if app.recording_problem:
        raise LogError(app.recording_problem)
    gc.unfreeze()  # what is still frozen when Python ends counts as leaked, and some libraries say so aloud
    return app.return_code or 0
