"""The debugger on a pseudo-terminal: from a key to the frame that answers it."""

from __future__ import annotations

import os
import pty
import random
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyte

from benchmarks.measure import Times
from benchmarks.report import Budget, Result
from benchmarks.stores import Bench

TOPIC = "screen"
COLUMNS, ROWS = 160, 50
_PATIENCE_SECONDS = 120.0
_QUIET_SECONDS = 0.15
"""A frame is over when nothing more came for so long."""
_PAUSE_SECONDS = 0.003
"""Between two pieces of one frame there is less."""
_STEP_MEDIAN, _STEP_95 = Budget("≤ 20 ms", high=0.020), Budget("≤ 40 ms", high=0.040)
_JUMP_95, _FIRST = Budget("≤ 100 ms", high=0.100), Budget("≤ 0.6 s", high=0.6)
_USABLE, _RELEASE = Budget("≤ 1 s", high=1.0), Budget("≤ 100 ms", high=0.100)
_IDLE, _MEMORY = Budget("≤ 10 ms", high=0.010), Budget("≤ 400 MB", high=400e6)
_REPEATS_A_SECOND = 30
"""How often a key that is held down comes, with most keyboards' settings."""
_IDLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds from a key, or from the start of the process, to what came of it."""

    shown: float
    """Until the bytes had come that put the expected text on the screen."""
    settled: float
    """Until the last byte of the frames that followed: every pane has its new state."""


class Terminal:
    """A program on a pseudo-terminal, drawn by pyte; knows when each byte came."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (ROWS, COLUMNS))
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)

    def first_paint(self) -> float:
        """Seconds that the process took to show anything at all."""
        came = self._began
        while not any(line.strip() for line in self._screen.display):
            came = self._take(_PATIENCE_SECONDS) or came
        return came - self._began

    def begins_with(self, text: str) -> Answer:
        """How long the process took to show the text."""
        return self._answer(self._began, text)

    def press(self, keys: bytes, text: str) -> Answer:
        """How long the program took to show the text after the keys."""
        pressed = time.perf_counter()
        os.write(self._master, keys)
        return self._answer(pressed, text)

    def hold(self, key: bytes, times: int, text: str) -> Answer:
        """How long after the last repeat of a key that was held down the program took to show the text."""
        pressed = began = time.perf_counter()
        for number in range(times):
            due = began + number / _REPEATS_A_SECOND
            while (left := due - time.perf_counter()) > 0:
                self._take(left)
            pressed = time.perf_counter()
            os.write(self._master, key)
        return self._answer(pressed, text)

    def idle_share(self) -> float:
        """The seconds of CPU time that the program takes in one second while nothing is asked of it."""
        before, began = self._cpu_seconds(), time.perf_counter()
        while (left := began + _IDLE_SECONDS - time.perf_counter()) > 0:
            self._take(left)
        return (self._cpu_seconds() - before) / (time.perf_counter() - began)

    def _cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        """The most memory that the program has had."""
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

    def _answer(self, since: float, text: str) -> Answer:
        came = since
        while not any(text in line for line in self._screen.display):
            came = self._take(_PATIENCE_SECONDS) or came
            if time.perf_counter() - since > _PATIENCE_SECONDS:
                raise TimeoutError(f"{text!r} never came; on screen:\n" + "\n".join(self._screen.display))
        last = came
        while (later := self._take(_QUIET_SECONDS)) is not None:
            last = later
        return Answer(came - since, last - since)

    def _take(self, patience: float) -> float | None:
        """Draw what comes next and say when it came; None where nothing does."""
        if not select.select([self._master], [], [], patience)[0]:
            return None
        data, came = b"", 0.0
        # Drawing takes time that is not the program's, which waits while nobody reads: all of a frame is read before.
        while not data or select.select([self._master], [], [], _PAUSE_SECONDS)[0]:
            data += os.read(self._master, 1 << 20)
            came = time.perf_counter()
        # pyte does not know private sequences that end in a letter it has a meaning for.
        self._stream.feed(data.replace(b"\x1b[>", b"\x1b[?").replace(b"\x1b[=", b"\x1b[?"))
        return came

    def close(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self._master)


@dataclass(frozen=True, slots=True)
class Started:
    """The app, its run on the screen."""

    painted: float
    """Seconds until anything was on the screen."""
    answer: Answer
    terminal: Terminal


def run(bench: Bench) -> Iterator[Result]:
    size = max(bench.scale.sizes)
    presses = bench.scale.key_presses
    chance = random.Random(size)
    with bench.scratch() as home:
        starts = [_started(bench.run(size), home, size) for _ in range(min(3, bench.scale.rounds))]
        for unused in starts[:-1]:
            unused.terminal.close()
        terminal = starts[-1].terminal
        try:
            steps = [terminal.press(b"h", _place(size - number, size)) for number in range(1, presses + 1)]
            places = [chance.randrange(1, size) for _ in range(presses)]
            held = terminal.hold(b"h", presses, _place(size - 2 * presses, size))
            jumps = [terminal.press(b":%d\r" % place, _place(place, size)) for place in places]
            # Only Linux says what another process takes.
            resources = (terminal.idle_share(), terminal.peak_bytes()) if sys.platform == "linux" else None
        finally:
            terminal.close()
    first = min(start.painted for start in starts)
    yield Result(TOPIC, f"screen, {size:,} events: first paint", first, "s", budget=_FIRST)
    run_shown = min(start.answer.shown for start in starts)
    yield Result(TOPIC, f"screen, {size:,} events: the run's last event shown", run_shown, "s", budget=_USABLE)
    shown = Times(tuple(step.shown for step in steps))
    settled = Times(tuple(step.settled for step in steps))
    jumped = Times(tuple(jump.settled for jump in jumps))
    yield Result(TOPIC, "screen, one step: position shown, p50", shown.median, "s")
    yield Result(TOPIC, "screen, one step: every pane, p50", settled.median, "s", budget=_STEP_MEDIAN)
    yield Result(TOPIC, "screen, one step: every pane, p95", settled.percentile(95), "s", budget=_STEP_95)
    yield Result(TOPIC, "screen, `:` and a commit typed at once: every pane, p50", jumped.median, "s")
    yield Result(
        TOPIC, "screen, `:` and a commit typed at once: every pane, p95", jumped.percentile(95), "s", budget=_JUMP_95
    )
    yield Result(
        TOPIC,
        f"screen, key held for {presses} repeats: every pane after its release",
        held.settled,
        "s",
        budget=_RELEASE,
    )
    if resources is not None:
        yield Result(TOPIC, "screen, idle: CPU time in one second", resources[0], "s", budget=_IDLE)
        yield Result(TOPIC, "screen: peak memory", resources[1], "bytes", budget=_MEMORY)


def _started(store: Path, home: Path, size: int) -> Started:
    """The app on a store, with nothing of the person's own settings or history."""
    environment = {**os.environ, "TERM": "xterm-256color", "HOME": str(home)}
    # The first of several starts compiles the modules, and the others find them, as they do where it is installed.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environment[name] = str(home / name.lower())
    terminal = Terminal([sys.executable, "-m", "playhead_tui", "open", str(store)], environment)
    try:
        painted = terminal.first_paint()
        return Started(painted, terminal.begins_with(_place(size, size)), terminal)
    except BaseException:
        terminal.close()
        raise


def _place(commit_ts: int, head: int) -> str:
    return f"commit {commit_ts:,} / {head:,}"
