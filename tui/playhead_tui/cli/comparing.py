"""compare: two runs, agents or forks beside each other; exit codes as diff(1) has them."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.text import Text

import playhead
from playhead import JSON, InvalidArgumentError
from playhead.compare import Comparison, Divergence, Pair
from playhead.cursor import Cursor
from playhead.model import Address
from playhead.parted import changes
from playhead.track import EventLine
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.moments import print_changes
from playhead_tui.cli.output import note, print_json, print_line
from playhead_tui.cli.screen import show
from playhead_tui.cli.stores import loaded
from playhead_tui.cli.working import working
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.words import plural


def run_compare(options: argparse.Namespace) -> int:
    if options.last < 0:
        raise InvalidArgumentError(f"-n is 0 or more, not {options.last}")
    every_agent = options.agent is None and options.other_agent is None
    if options.b is None and every_agent:
        raise InvalidArgumentError("name a second run, or two agents of this one with --agent and --other-agent")
    if options.open:
        return _show(options)
    with _cursors(options) as (a, b):
        with working("comparing"):
            comparison = a.compare(b, every_agent=every_agent)
            shown = comparison.divergences if options.json else comparison.divergences[: options.last]
            lines = [
                cursor.track.lines(at for each in shown for at in _commits(each, side) if at)
                for side, cursor in enumerate((a, b))
            ]
        if options.json:
            print_json(_json(comparison, lines))
        else:
            _print(comparison, (a, b), lines, options.last)
    return EXIT_OK if comparison.same else EXIT_NO


def _show(options: argparse.Namespace) -> int:
    """Both in the debugger, once it is known that there is what is named."""
    with _cursors(options) as (a, b):
        path, agent = a.store.path, b.agent
    # With a folder before it, a path is none of the run's agents.
    words = [] if options.b is None else [options.b if Path(options.b).is_absolute() else f"./{options.b}"]
    words += [] if options.agent is None and options.other_agent is None else [str(agent)]
    return show(path, agent_id=options.agent, namespace=options.namespace, ask=f"compare {shlex.join(words)}")


@contextmanager
def _cursors(options: argparse.Namespace) -> Iterator[tuple[Cursor, Cursor]]:
    agents = options.agent, options.other_agent or options.agent
    with playhead.open(loaded(Path(options.a)), create=False, read_only=True) as one:
        second = (
            nullcontext(one)
            if options.b is None
            else playhead.open(loaded(Path(options.b)), create=False, read_only=True)
        )
        with second as other:
            yield (
                one.cursor(agents[0], namespace=options.namespace),
                other.cursor(agents[1], namespace=options.other_namespace or options.namespace),
            )


def _commits(divergence: Divergence, side: int) -> list[int]:
    return [divergence.pair[side] or 0, *((each.commit_a, each.commit_b)[side] for each in divergence.differences)]


def _print(
    comparison: Comparison, cursors: tuple[Cursor, Cursor], lines: list[dict[int, EventLine]], most: int
) -> None:
    for number, divergence in enumerate(comparison.divergences[:most]):
        print_line(Text("the states part here:" if number == 0 else "and here:", "bold"))
        for side in (0, 1):
            commit_ts = divergence.pair[side]
            event = None if commit_ts is None else lines[side][commit_ts]
            words = ["(no such event)"] if event is None else [str(event.commit_ts), event.kind, event.label]
            if sys.stdout.isatty():
                print_line(Text(f"{'AB'[side]}  ", "bold").append(printable("  ".join(words))), cropped=True)
            else:
                print("\t".join(["AB"[side], *words]))
        print_changes(changes(*cursors, divergence.differences))
    left = len(comparison.divergences) - most
    if left > 0:
        note(f"and {plural(left, 'more divergence')}; -n {len(comparison.divergences)} shows all of them")
    counts = comparison.events
    note(
        f"{plural(counts.alike, 'event')} alike, {counts.instead:,} instead of another,"
        f" {counts.only_a:,} only in A, {counts.only_b:,} only in B;"
        f" {plural(len(comparison.divergences), 'divergence')}, {plural(len(comparison.differing), 'key')} differ"
        " at the end"
    )


def _json(comparison: Comparison, lines: list[dict[int, EventLine]]) -> dict[str, JSON]:
    def event(side: int, commit_ts: int | None) -> JSON:
        if not commit_ts:
            return None
        return lines[side][commit_ts].to_json()

    def side(which: int, address: Address, version: int, commit_ts: int) -> JSON:
        return {**address._asdict(), "version": version, "event": event(which, commit_ts)}

    def pair(of: Pair) -> JSON:
        return {"a": of.a, "b": of.b, "same": of.same}

    return {
        "same": comparison.same,
        "pairs": [pair(each) for each in comparison.pairs if not each.same],
        "alike": comparison.events.alike,
        "divergences": [
            {
                "a": event(0, each.pair.a),
                "b": event(1, each.pair.b),
                "differences": [
                    {
                        "a": side(0, found.a, found.version_a, found.commit_a),
                        "b": side(1, found.b, found.version_b, found.commit_b),
                    }
                    for found in each.differences
                ],
            }
            for each in comparison.divergences
        ],
        "differing": [address._asdict() for address in comparison.differing],
    }
