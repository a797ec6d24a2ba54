"""The app in tmux, as a person has it: a window that is resized, layers, Ctrl-C, Ctrl-Z, an end by force, a crash."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import playhead
from playhead.verify import verify

TMUX = shutil.which("tmux")
_TRIES = 1200
PLAYHEAD = f"{shlex.quote(sys.executable)} -m playhead_tui"

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed: nothing to resize or to stop a job in")


class Tmux:
    """A server of its own with one window, in which a plain shell runs."""

    def __init__(self, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        source = Path(__file__).resolve().parents[2]
        path = os.pathsep.join(str(source / package) for package in ("engine", "tui"))
        environment = {**os.environ, "PYTHONPATH": path, "PS1": "$ ", "ENV": "", "HOME": str(folder)}
        # Of a shell that exports them: the size it had once.
        environment |= {"COLUMNS": "80", "LINES": "24"}
        environment.pop("TMUX", None)
        self._environment = environment
        self.run("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "sh")
        self.type("PS1='$ '")
        self.until("$ ")

    def run(self, *arguments: str) -> str:
        assert TMUX is not None
        done = subprocess.run(
            [TMUX, "-S", self._socket, *arguments], capture_output=True, text=True, env=self._environment, check=False
        )
        return done.stdout

    def type(self, text: str) -> None:
        """Type a line, and Enter."""
        self.run("send-keys", "-l", text)
        self.run("send-keys", "Enter")

    def press(self, *names: str) -> None:
        self.run("send-keys", *names)

    @property
    def screen(self) -> str:
        return self.run("capture-pane", "-p")

    def says(self, what: str) -> str:
        """A fact that tmux keeps of the terminal."""
        return self.run("display-message", "-p", f"#{{{what}}}").strip()

    def until(self, wanted: str | Callable[[str], bool]) -> None:
        """Wait for what a person would wait for: so many looks at the screen, a tenth of a second of tmux's apart."""
        screen = ""
        for _ in range(_TRIES):
            screen = self.screen
            if wanted in screen if isinstance(wanted, str) else wanted(screen):
                return
            self.run("run-shell", "sleep 0.1")
        raise AssertionError(f"{wanted!r} never came; on the screen last looked at:\n{screen}")

    @property
    def job(self) -> int:
        """The process that the shell waits for."""
        command = ["ps", "-o", "pid=", "--ppid", self.says("pane_pid")]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0])

    def open_run(self, at: int = 30) -> None:
        self.type(f"{PLAYHEAD} open refund")
        self.until(f"commit {at} / 30")

    def assert_given_back(self, crashed: bool = False) -> None:
        """The shell's own screen, with a cursor, no mouse reports and an echo."""
        self.until(lambda _: self.says("alternate_on") == "0")
        assert self.says("cursor_flag") == "1"
        assert self.says("mouse_any_flag") == "0"
        self.type("echo still; echo here")
        self.until("still\nhere")
        assert "echo still; echo here" in self.screen, "what is typed is seen"
        assert crashed or "Traceback" not in self.screen


@pytest.fixture
def tmux(tmp_path: Path, run: Path) -> Iterator[Tmux]:
    terminal = Tmux(tmp_path)
    yield terminal
    terminal.run("kill-server")


def test_a_person_steps_resizes_and_quits_and_has_the_terminal_back(tmux: Tmux) -> None:
    tmux.open_run()
    assert tmux.says("alternate_on") == "1"
    tmux.press("h", "h")
    tmux.until("commit 28 / 30")
    for width, height in ((150, 45), (80, 24)):
        tmux.run("resize-window", "-x", str(width), "-y", str(height))
        tmux.until(partial(fills, width, height))
        tmux.until(lambda screen: "commit 28 / 30" in screen and re.search(r"▶ *28 ", screen) is not None)
    tmux.press("q")
    tmux.assert_given_back()


def fills(width: int, height: int, screen: str) -> bool:
    """Whether the app uses all of the window: its rules reach the edge, and its hints are in the last line."""
    lines = screen.rstrip("\n").split("\n")
    return len(lines[1]) == width and len(lines) == height and "quit" in lines[-1]


def test_quitting_works_from_within_layers_once_they_are_closed(tmux: Tmux) -> None:
    tmux.open_run()
    tmux.press("S")
    tmux.until("before the error")
    tmux.press("j", "d")
    tmux.until("From ")
    # What is below a layer shows through it: a layer is closed once its own words are gone.
    tmux.press("q")
    tmux.until(lambda screen: "From " not in screen)
    tmux.press("q")
    tmux.until(lambda screen: "before the error" not in screen)
    tmux.press(":")
    tmux.press("q", "Enter")
    tmux.assert_given_back()


def test_ctrl_c_neither_quits_nor_breaks_anything(tmux: Tmux) -> None:
    tmux.open_run()
    tmux.press("C-c")
    tmux.press("h")
    tmux.until("commit 29 / 30")
    tmux.press("S")
    tmux.until("before the error")
    tmux.press("C-c", "Escape")
    # Esc and a letter that comes at once are one key to a terminal: Alt and the letter.
    tmux.until(lambda screen: "before the error" not in screen)
    tmux.press("h")
    tmux.until("commit 28 / 30")
    tmux.press("q")
    tmux.assert_given_back()


def test_ctrl_z_gives_the_shell_its_terminal_and_fg_brings_the_screen_back(tmux: Tmux) -> None:
    tmux.open_run()
    tmux.press("h")
    tmux.until("commit 29 / 30")
    tmux.press("S")
    tmux.until("before the error")
    tmux.press("C-z")
    tmux.assert_given_back()
    tmux.run("resize-window", "-x", "90", "-y", "26")
    tmux.type("fg")
    tmux.until(lambda screen: "commit 29 / 30" in screen and "before the error" in screen)
    assert tmux.says("alternate_on") == "1" and tmux.says("mouse_any_flag") == "1"
    tmux.press("Escape")
    tmux.until(lambda screen: "before the error" not in screen and fills(90, 26, screen))
    tmux.press("h")
    tmux.until("commit 28 / 30")
    tmux.press("q")
    tmux.assert_given_back()


def test_where_no_shell_waits_ctrl_z_says_so_and_the_app_goes_on(tmux: Tmux) -> None:
    tmux.type(f"exec {PLAYHEAD} open refund")
    tmux.until("commit 30 / 30")
    tmux.press("C-z")
    tmux.until("no shell here")
    tmux.press("h")
    tmux.until("commit 29 / 30")


def test_after_an_end_by_force_the_run_is_whole_and_opens_where_it_was_last_left(tmux: Tmux, run: Path) -> None:
    tmux.open_run()
    tmux.press("h", "h")
    tmux.until("commit 28 / 30")
    tmux.press("q")
    tmux.assert_given_back()
    tmux.open_run(at=28)
    tmux.press("h")
    tmux.until("commit 27 / 30")
    os.kill(tmux.job, signal.SIGKILL)
    tmux.until(lambda _: tmux.says("pane_current_command") == "sh")
    # Nobody was left to give the terminal back; where Enter is no end of a line, Ctrl-J is.
    tmux.run("send-keys", "-l", "stty sane; printf '\\033[?1049l\\033[?25h\\033[?1000l\\033[?1003l'")
    tmux.press("C-j")
    tmux.assert_given_back()
    with playhead.open(run, read_only=True) as store:
        assert store.head == 30
    assert verify(run) == []
    tmux.open_run(at=28)
    tmux.press("q")
    tmux.assert_given_back()


def test_a_crash_is_told_once_the_terminal_is_given_back_and_a_mistake_in_one_line(tmux: Tmux, tmp_path: Path) -> None:
    crashing = tmp_path / "crashing.py"
    crashing.write_text(CRASHING, "utf-8")
    tmux.type(f"{shlex.quote(sys.executable)} crashing.py; echo ended with $?")
    tmux.until("commit 30 / 30")
    tmux.press("h")
    tmux.until("ended with 1")
    assert "RuntimeError: nobody expected this" in tmux.screen
    tmux.assert_given_back(crashed=True)
    tmux.type(f"clear; {PLAYHEAD} open nowhere; echo ended with $?")
    tmux.until("ended with 2")
    assert tmux.screen.count("playhead: ") == 1 and "nowhere" in tmux.screen
    tmux.assert_given_back()


CRASHING = """
import sys
from pathlib import Path
from playhead_tui import driver
from playhead_tui.app import run
read = driver.read_frame
def fail(cursor, lens):
    if cursor.position < 30:
        raise RuntimeError("nobody expected this")
    return read(cursor, lens)
driver.read_frame = fail
sys.exit(run(Path("refund")))
"""
