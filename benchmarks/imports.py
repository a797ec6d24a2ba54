"""Importing logs, and what they take on disk."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

import playhead
from benchmarks.measure import Work, best_process, take_turns
from benchmarks.report import Budget, Result
from benchmarks.stores import Bench, raw_line

TOPIC = "import"
_IMPORT = """
import sys, playhead
playhead.import_log(sys.argv[1], sys.argv[2])
"""
_DISK = Budget("≤ 25 %", high=0.25, of_ratio=True)
_FLAT = Budget("≤ 1.5 ×", high=1.5)


def run(bench: Bench) -> Iterator[Result]:
    logs = {
        "Claude Code lines of 2.3 kB": (bench.claude_log(bench.scale.claude_lines), 12),
        "lines of 160 bytes": (bench.short_log(bench.scale.short_lines), 25),
    }
    for name, (log, limit) in logs.items():
        yield from _import(bench, name, log, limit)
    yield from _memory(bench)
    yield from _run_on_disk(bench)


def _import(bench: Bench, name: str, log: Path, limit: int) -> Iterator[Result]:
    with bench.scratch() as folder:
        numbers = itertools.count()
        stores: list[Path] = []

        def load() -> Work:
            stores.append(folder / f"store-{next(numbers)}")
            return lambda: playhead.import_log(log, stores[-1])

        times = take_turns(
            {"import": load, "parse": lambda: lambda: _parse(log)}, min(3, bench.scale.rounds), time.process_time
        )
        stored = bytes_of(stores[-1])
    took, parsed = times["import"].median, times["parse"].median
    budget = Budget(f"≤ {limit} × the time", high=limit, of_ratio=True)
    yield Result(
        TOPIC, f"import of {name}, CPU time", took, "s", peer="orjson, every line", peer_value=parsed, budget=budget
    )
    raw = log.stat().st_size
    yield Result(TOPIC, f"on disk, {name}", stored, "bytes", peer="the log", peer_value=raw, budget=_DISK)


def _parse(log: Path) -> None:
    with log.open("rb") as lines:
        for line in lines:
            orjson.loads(line)


def _memory(bench: Bench) -> Iterator[Result]:
    """What a process that imports takes at most, for a log and for one four times as long."""
    peaks: list[int] = []
    for lines in (bench.scale.claude_lines, 4 * bench.scale.claude_lines):
        with bench.scratch() as folder:
            ran = best_process(_IMPORT, [str(bench.claude_log(lines)), str(folder / "store")], 1)
        peaks.append(ran.peak_bytes)
        yield Result(TOPIC, "import of Claude Code lines: peak memory, by lines", ran.peak_bytes, "bytes", size=lines)
    what = "import's peak memory, a log four times as long"
    yield Result(TOPIC, what, peaks[1] / peaks[0], "×", budget=_FLAT)


def _run_on_disk(bench: Bench) -> Iterator[Result]:
    """A store of operations beside the JSON lines that a program would have logged instead."""
    for size in bench.scale.sizes:
        path = bench.run(size)
        with playhead.open(path, read_only=True) as store:
            raw = sum(
                len(raw_line(operation.agent_id, operation.key, event.commit_ts, operation.value))
                for event in store.replay(end_ts=10_000)
                for operation in event.operations
            )
        raw = raw * size // min(size, 10_000)
        budget = _DISK if size == max(bench.scale.sizes) else None
        what = "on disk, a recorded run"
        peer = "its JSON lines"
        yield Result(TOPIC, what, bytes_of(path), "bytes", size=size, peer=peer, peer_value=raw, budget=budget)


def bytes_of(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
