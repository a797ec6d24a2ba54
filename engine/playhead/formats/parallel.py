"""Many logs read at once, by processes of their own where that pays; their events wait for their turn on disk."""

from __future__ import annotations

import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playhead.draft import Draft
from playhead.errors import LogError
from playhead.formats.registry import format_named
from playhead.formats.report import ImportReport
from playhead.formats.source import Source

PAYS_FROM_BYTES = 24 * 1024 * 1024
"""Of all logs together; below this, starting processes takes longer than they save."""
MOST_PROCESSES = 8
_BATCH = 256
# Not by `multiprocessing`: that would run the main script of whoever imports logs a second time.
_WORKER = "from playhead.formats.parallel import work; work()"


@dataclass(frozen=True, slots=True)
class Task:
    """A log to read."""

    name: str
    path: Path
    bytes: int
    format: str
    """The name of its format."""


@dataclass(slots=True)
class Portion:
    """What one log gave."""

    name: str
    spool: Path
    report: ImportReport
    began: datetime | None = None
    """When its first event with a time happened."""
    error: str = ""
    """Why it is broken off; empty for one that was read to its end."""

    def drafts(self) -> Iterator[Draft]:
        """Its events, from where this process or another kept them."""
        with self.spool.open("rb") as file:
            while True:
                try:
                    batch: list[Draft] = pickle.load(file)
                except EOFError:
                    return
                yield from batch


@contextmanager
def read_all(tasks: list[Task], report: ImportReport) -> Iterator[list[Portion]]:
    """Read every log, in the order of the tasks; `report` hears of progress. Raises LogError where a process dies."""
    with tempfile.TemporaryDirectory(prefix="playhead-") as directory:
        spools = [Path(directory) / str(number) for number in range(len(tasks))]
        processes = min(os.cpu_count() or 1, MOST_PROCESSES, len(tasks))
        if processes > 1 and sys.executable and sum(task.bytes for task in tasks) >= PAYS_FROM_BYTES:
            yield _by_processes(tasks, spools, report, processes)
        else:
            yield [_read(task, spool, report.read) for task, spool in zip(tasks, spools, strict=True)]


def _read(task: Task, spool: Path, on_bytes: Callable[[int], None]) -> Portion:
    """Read one log into its spool; what is wrong with the log is in the portion."""
    portion = Portion(task.name, spool, ImportReport())
    told = 0

    def advance(bytes_read: int) -> None:
        nonlocal told
        on_bytes(bytes_read - told)
        told = bytes_read

    with spool.open("wb") as file:
        batch: list[Draft] = []
        try:
            known, source = format_named(task.format), Source(task.path)
            if known is None:
                raise LogError(f"{task.path}: there is no format {task.format!r} any more")
            portion.report.advance = advance
            for draft in known.read(source, portion.report):
                if portion.began is None:
                    portion.began = draft.occurred_at
                batch.append(draft)
                if len(batch) == _BATCH:
                    pickle.dump(batch, file, protocol=5)
                    batch = []
        except LogError as error:
            portion.error = str(error)
        pickle.dump(batch, file, protocol=5)
    portion.report.advance = None
    on_bytes(task.bytes - told)
    return portion


def _by_processes(tasks: list[Task], spools: list[Path], report: ImportReport, processes: int) -> list[Portion]:
    """The large logs first, so that none of them is left over for the end."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in sorted(range(len(tasks)), key=lambda number: -tasks[number].bytes):
        waiting.put(number)
    told: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    running: list[subprocess.Popen[str]] = []

    def run() -> None:
        try:
            with _worker() as process:
                running.append(process)
                while True:
                    try:
                        number = waiting.get_nowait()
                    except queue.Empty:
                        return
                    _ask(process, tasks[number], spools[number], told)
        finally:
            told.put(None)

    with ThreadPoolExecutor(processes) as threads:
        try:
            started = [threads.submit(run) for _ in range(processes)]
            for _ in range(processes):
                while (count := told.get()) is not None:
                    report.read(count)
            for future in started:
                future.result()
        except BaseException:
            for process in running:
                process.kill()
            raise
    return [pickle.loads(_answer(spool).read_bytes()) for spool in spools]


@contextmanager
def _worker() -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _WORKER], stdin=pipe, stdout=pipe, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            with suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            process.wait()


def _ask(process: subprocess.Popen[str], task: Task, spool: Path, told: queue.SimpleQueue[int | None]) -> None:
    """Have a process read one log; each line it answers is a number of bytes, an empty one the end."""
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps([task.name, str(task.path), task.bytes, task.format, str(spool)]) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if not line.strip():
                return
            told.put(int(line))
    except OSError:
        pass
    raise LogError(
        f"{task.path}: the process that read it ended early (code {process.wait()}); is there enough memory?"
    )


def work() -> None:
    """What a process of its own does: read the logs that are named on standard input, one on each line."""
    # An interrupt is for the process that asked, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = sys.stdout

    def on_bytes(count: int) -> None:
        answers.write(f"{count}\n")
        answers.flush()

    for line in sys.stdin:
        name, path, size, kind, spool = json.loads(line)
        portion = _read(Task(name, Path(path), size, kind), Path(spool), on_bytes)
        _answer(Path(spool)).write_bytes(pickle.dumps(portion))
        answers.write("\n")
        answers.flush()


def _answer(spool: Path) -> Path:
    return spool.with_suffix(".portion")
