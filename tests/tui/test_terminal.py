"""The app in a terminal of its own: what a person sees, and what is left when it ends."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pyte
import pytest

COLUMNS, ROWS = 80, 24
_PATIENCE_SECONDS = 60.0


class Terminal:
    """A program on a pseudo-terminal, drawn by pyte. Every wait is for what the program writes, or for its end."""

    def __init__(self, *command: str, path: str) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (ROWS, COLUMNS))
        self.modes_before = termios.tcgetattr(self.slave)
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": path}
        self.process = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment, start_new_session=True
        )

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def read_until(self, text: str) -> None:
        while text not in self.text:
            ready, _, _ = select.select([self.master], [], [], _PATIENCE_SECONDS)
            assert ready, f"{text!r} never came; on screen:\n{self.text}"
            self._take()

    def _take(self) -> None:
        data = os.read(self.master, 65_536)
        self.raw += data
        # pyte does not know private sequences that end in a letter it has a meaning for.
        self._stream.feed(data.replace(b"\x1b[>", b"\x1b[?").replace(b"\x1b[=", b"\x1b[?"))

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def wait(self) -> int:
        code = self.process.wait(_PATIENCE_SECONDS)
        while select.select([self.master], [], [], 0)[0]:
            self._take()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def assert_given_back(terminal: Terminal) -> None:
    """The terminal is as it was before the program."""
    ended = terminal.raw
    assert ended.rindex(b"\x1b[?1049l") > ended.rindex(b"\x1b[?1049h"), "back from the alternate screen"
    assert ended.rindex(b"\x1b[?25h") > ended.rindex(b"\x1b[?25l"), "the cursor is visible again"
    for mode in (b"1000", b"1003"):
        assert ended.rindex(b"\x1b[?" + mode + b"l") > ended.rindex(b"\x1b[?" + mode + b"h"), "no mouse reports"
    assert termios.tcgetattr(terminal.slave) == terminal.modes_before


def start(before: str = "") -> Terminal:
    """The app on the run, on a terminal of its own. before: Python that runs before it."""
    source = Path(__file__).resolve().parents[2]
    imports = "import sys\nfrom pathlib import Path\nfrom playhead_tui.app import run"
    program = f"{imports}\n{before}\nsys.exit(run(Path('refund')))"
    path = os.pathsep.join(str(source / folder) for folder in ("engine", "tui"))
    return Terminal(sys.executable, "-c", program, path=path)


def test_a_person_can_step_and_quit_and_gets_the_terminal_back(run: Path) -> None:
    terminal = start()
    try:
        terminal.read_until("commit 30 / 30")
        terminal.type(b"hh")
        terminal.read_until("commit 28 / 30")
        terminal.type(b"\x1b[200~hhhq\x1b[201~:\x1b[200~+1\x1b[201~\r")
        terminal.read_until("commit 29 / 30")
        terminal.type(b":5\r")
        terminal.read_until("commit 5 / 30")
        terminal.type(b"q")
        assert terminal.wait() == 0
        assert_given_back(terminal)
        ended = terminal.raw
        after = ended[ended.rindex(b"\x1b[?1049l") :]
        assert b"leaked" not in after and b"Traceback" not in after
    finally:
        terminal.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_app_gives_the_terminal_back(run: Path, number: signal.Signals) -> None:
    terminal = start()
    try:
        terminal.read_until("commit 30 / 30")
        terminal.process.send_signal(number)
        assert terminal.wait() == 128 + number
        assert_given_back(terminal)
    finally:
        terminal.close()


def test_a_crash_gives_the_terminal_back_and_says_what_happened(run: Path) -> None:
    failing = """
from playhead_tui.screens.main import MainScreen
def fail(self): raise RuntimeError("nobody expected this")
MainScreen.action_start = fail
"""
    terminal = start(failing)
    try:
        terminal.read_until("commit 30 / 30")
        terminal.type(b"g")
        assert terminal.wait() == 1
        assert_given_back(terminal)
        assert "nobody expected this" in terminal.text
    finally:
        terminal.close()


def test_a_terminal_that_goes_away_without_a_signal_ends_the_app(run: Path) -> None:
    terminal = start()
    try:
        terminal.read_until("commit 30 / 30")
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.process.wait(60) == 128 + signal.SIGHUP
    finally:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
