"""Whole processes: opening a store to its first answer, and the command line's help."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.measure import best_command, best_process
from benchmarks.report import Budget, Result
from benchmarks.scale import FULL_SIZE
from benchmarks.stores import AGENT, Bench

TOPIC = "starting"
_READ = """
import sys, playhead
with playhead.open(sys.argv[1], read_only=True) as store:
    store.get_state_at(sys.argv[2], "key-00007", at=store.head // 2)
"""
_WRITE = """
import sys, playhead
store = playhead.open(sys.argv[1])
store.get_state(sys.argv[2], "key-00007")
store.write("warm-up", "key", 1)
store.close()
"""
_SECONDS = Budget("≤ 1 s", high=1.0)
_BYTES = Budget("≤ 400 MB", high=400e6)
_HELP = Budget("≤ 150 ms", high=0.150)


def run(bench: Bench) -> Iterator[Result]:
    rounds = min(3, bench.scale.rounds)
    for size in bench.scale.sizes:
        opened = best_process(_READ, [str(bench.run(size)), AGENT], rounds)
        time, memory = (_SECONDS, _BYTES) if size == FULL_SIZE else (None, None)
        yield Result(TOPIC, "open, one state, end: the process", opened.seconds, "s", size=size, budget=time)
        yield Result(TOPIC, "open, one state, end: CPU time", opened.cpu_seconds, "s", size=size)
        yield Result(TOPIC, "open, one state, end: peak memory", opened.peak_bytes, "bytes", size=size, budget=memory)
    for count in bench.scale.key_counts:
        with bench.fork(bench.keys(count)) as path:
            written = best_process(_WRITE, [str(path), AGENT], rounds)
        yield Result(TOPIC, "open to write, one commit, end: the process, by keys", written.seconds, "s", size=count)
        yield Result(TOPIC, "open to write, one commit, end: CPU time, by keys", written.cpu_seconds, "s", size=count)
    bare = best_command([sys.executable, "-c", "pass"], 2 * rounds)
    shown = best_command([sys.executable, "-m", "playhead_tui", "--help"], 2 * rounds)
    yield Result(TOPIC, "playhead --help", shown, "s", peer="python -c pass", peer_value=bare, budget=_HELP)
