"""`python -m benchmarks`: measure, and print the tables."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import orjson
from platformdirs import user_cache_path
from rich.console import Console

from benchmarks import asking, commit, imports, moments, reading, screen, starting
from benchmarks.report import Result, show
from benchmarks.scale import FULL_SIZE, TINY, Scale
from benchmarks.stores import Bench

TOPICS: dict[str, Callable[[Bench], Iterator[Result]]] = {
    module.TOPIC: module.run for module in (commit, moments, reading, asking, starting, imports, screen)
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    # Compiled modules are part of an installation; without them, every start is a first one.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    scale = TINY if options.tiny else Scale()
    if options.full:
        scale = replace(scale, sizes=(*scale.sizes, FULL_SIZE))
    if options.fresh:
        shutil.rmtree(options.cache, ignore_errors=True)
    bench = Bench(scale, options.cache)
    results: list[Result] = []
    progress = Console(stderr=True)
    for topic in options.only or TOPICS:
        progress.print(f"{topic} …", style="dim")
        results += TOPICS[topic](bench)
    if options.json:
        sys.stdout.buffer.write(orjson.dumps([result.to_json() for result in results], option=orjson.OPT_INDENT_2))
        sys.stdout.buffer.write(b"\n")
    else:
        console = Console(width=None if sys.stdout.isatty() else 200)
        console.print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()}")
        show(results, console)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Playhead beside its peers.")
    parser.add_argument("--only", action="append", choices=TOPICS, metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument("--full", action="store_true", help=f"also with {FULL_SIZE:,} operations; takes long")
    parser.add_argument("--tiny", action="store_true", help="so little that the numbers mean nothing")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--fresh", action="store_true", help="generate the stores and logs anew")
    parser.add_argument(
        "--cache",
        type=Path,
        default=user_cache_path("playhead") / "benchmarks",
        help="where generated stores are kept, and the disk that is measured (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
