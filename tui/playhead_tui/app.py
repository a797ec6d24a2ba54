"""The app: a theme, a palette, and the opening of stores. What is seen is in the screens."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import App, SystemCommand
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from playhead import PlayheadError
from playhead_tui.driver import Driver
from playhead_tui.palette import Palette
from playhead_tui.recent import RecentStores
from playhead_tui.screens.main import MainScreen

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor

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

    path: what to open, after the first paint. opener: how; it may import a log, and runs in a thread of its own.
    agent_id, namespace: whose state to show first. goto: where to put the playhead, as typed after `:`.
    """

    CSS_PATH = "playhead.tcss"
    TITLE = "Playhead"
    PAUSE_GC_ON_SCROLL = True
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar = []

    class Opened(Message):
        def __init__(self, name: str, store: Store, cursor: Cursor) -> None:
            super().__init__()
            self.name, self.store, self.cursor = name, store, cursor

    class Refused(Message):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self,
        path: Path,
        *,
        opener: Opener = open_existing,
        agent_id: str | None = None,
        namespace: str | None = None,
        goto: str | None = None,
        recent: RecentStores | None = None,
    ) -> None:
        super().__init__()
        self._path, self._opener = path, opener
        self._agent = (agent_id, namespace)
        self._goto = goto
        self.recent = recent or RecentStores.of_user()
        self.quiets_collector = False
        """Whether what lives after the first frame is left alone by the collector, which would pause between frames."""
        self._palette: tuple[str, Palette] | None = None
        self.main = MainScreen(path.name or str(path))

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
        self.call_after_refresh(self.open, self._path)
        if not self.is_headless:
            self._leave_on_signals()

    def _leave_on_signals(self) -> None:
        """Leave as by a key, which gives the terminal back, when the system or the terminal ends the process."""
        # Windows has neither SIGHUP nor loops that listen for signals.
        with suppress(NotImplementedError, AttributeError):
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._leave, 128 + number)

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
            cursor = store.cursor(*self._agent[:1], namespace=self._agent[1])
            if self._goto is not None:
                cursor.goto(self._goto)
        except (PlayheadError, OSError) as error:
            self.post_message(self.Refused(error))
            return
        self._agent, self._goto = (None, None), None
        if worker.is_cancelled:
            store.close()
        else:
            self.recent.add(path)
            self.post_message(self.Opened(run_name(store), store, cursor))

    def on_playhead_app_opened(self, message: Opened) -> None:
        self.main.attach(message.name, Driver(message.store, message.cursor, self.main))

    def on_playhead_app_refused(self, message: Refused) -> None:
        self.main.refuse(message.error)

    def on_first_frame(self) -> None:
        """Called once, when a store is shown in full."""
        if self.quiets_collector:
            gc.collect()
            gc.freeze()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("Change the theme", "Colours of the whole app", self.action_change_theme)


def run(
    path: Path,
    *,
    opener: Opener = open_existing,
    agent_id: str | None = None,
    namespace: str | None = None,
    goto: str | None = None,
) -> int:
    """Open the app on a store and stay until it is left. Returns the exit code: 0, or 1 after a crash."""
    app = PlayheadApp(path, opener=opener, agent_id=agent_id, namespace=namespace, goto=goto)
    app.quiets_collector = True
    app.run()
    gc.unfreeze()  # what is still frozen when Python ends counts as leaked, and some libraries say so aloud
    return app.return_code or 0
