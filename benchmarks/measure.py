"""Taking times: sides that take turns, percentiles of single calls, and whole processes with their memory."""

from __future__ import annotations

import gc
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]
Clock = Callable[[], float]

_PEAK = """
import json, resource, sys, time
def peak_bytes():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([time.process_time(), peak_bytes()]))
"""
"""On Linux from the process's own pages: its resource usage counts those of the process that began it, too."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds that the same work took, once for each round."""

    seconds: tuple[float, ...]

    @property
    def least(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def percentile(self, percent: float) -> float:
        """The smallest time that at least so many percent of the times do not exceed."""
        ordered = sorted(self.seconds)
        return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Process:
    """One whole process, from being started to having ended."""

    seconds: float
    cpu_seconds: float
    """Of all its threads: what a machine busy with others leaves nearly alone."""
    peak_bytes: int


def seconds_of(work: Work, clock: Clock = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def take_turns(
    sides: Mapping[str, Callable[[], Work]], rounds: int, clock: Clock = time.perf_counter
) -> dict[str, Times]:
    """The times of every side, taken in turns so that a busy moment of the machine strikes all of them.

    Each side is called to prepare, untimed, and returns the work to time.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        # The order turns round too: who goes second finds a warmer or a busier machine.
        for name in list(sides) if number % 2 == 0 else reversed(list(sides)):
            work = sides[name]()
            gc.collect()
            taken[name].append(seconds_of(work, clock))
    return {name: Times(tuple(seconds)) for name, seconds in taken.items()}


def each(questions: Iterable[Work]) -> Times:
    """The time of each question by itself, in order."""
    return Times(tuple(seconds_of(question) for question in questions))


def each_both(questions: Iterable[Work]) -> tuple[Times, Times]:
    """The time of each question by itself, and the CPU time of the whole process in it."""
    taken: list[tuple[float, float]] = []
    for question in questions:
        processor = time.process_time()
        taken.append((seconds_of(question), time.process_time() - processor))
    seconds, processor_seconds = zip(*taken, strict=True)
    return Times(seconds), Times(processor_seconds)


def best_process(code: str, arguments: list[str], rounds: int) -> Process:
    """The quickest of several runs of Python code in a process of its own, with the most memory that any took."""
    runs = [_process(code, arguments) for _ in range(rounds)]
    seconds, cpu_seconds = min(run.seconds for run in runs), min(run.cpu_seconds for run in runs)
    return Process(seconds, cpu_seconds, max(run.peak_bytes for run in runs))


def _process(code: str, arguments: list[str]) -> Process:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code + _PEAK, *arguments], stdout=subprocess.PIPE, check=True, timeout=3_600
    )
    seconds = time.perf_counter() - start
    cpu_seconds, peak_bytes = json.loads(done.stdout.splitlines()[-1])
    return Process(seconds, cpu_seconds, peak_bytes)


def best_command(command: list[str], rounds: int) -> float:
    """The least seconds that a command takes from start to end."""
    return min(
        seconds_of(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)) for _ in range(rounds)
    )
