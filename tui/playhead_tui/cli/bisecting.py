"""bisect: the first bad commit of a run, judged by an expression, by a command, or by whoever is asked."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import numpy
from rich.text import Text

from playhead import JSON, InvalidArgumentError
from playhead.bisection import Bisection, Verdict, check_bounds, commits_between
from playhead.cursor import Cursor
from playhead.json_path import format_address
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.asking import asked_cursor
from playhead_tui.cli.moments import change_lines
from playhead_tui.cli.output import clock, compact, note, print_json
from playhead_tui.cli.stores import chosen_moment
from playhead_tui.cli.working import aside
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.words import plural

SKIP = 125
"""What git bisect takes for: this one cannot be judged."""
ABORT = 128
CHOICES = "y: yes, n: no, s: skip, l: look at the state, q: quit"
_VERDICTS: dict[str, Verdict] = {
    **dict.fromkeys(("y", "yes", "b", "bad"), "bad"),
    **dict.fromkeys(("n", "no", "g", "good"), "good"),
    **dict.fromkeys(("s", "skip"), "skip"),
}
LINES_SHOWN = 20
"""Of what a commit changed, before it is asked about."""


def run_bisect(options: argparse.Namespace) -> int:
    if options.expression is not None and options.command is not None:
        raise InvalidArgumentError("an expression tells good from bad, or a command with --run; name one of them")
    with asked_cursor(options) as cursor:
        good = chosen_moment(options.good, cursor.store)
        bad = chosen_moment(options.bad, cursor.store)
        if options.expression is not None:
            return _by_expression(cursor, good, bad, options)
        if options.command is not None:
            return _by_command(cursor, good, bad, options)
        return _by_hand(cursor, good, bad, options)


def _by_expression(cursor: Cursor, good: int, bad: int, options: argparse.Namespace) -> int:
    """Bad is where the expression is true; its whole past is known at once, so nothing has to be searched."""
    check_bounds(good, bad)
    begins = [each for each in cursor.when(options.expression) if each.last > good and each.first <= bad]
    if begins and begins[0].first <= good:
        raise InvalidArgumentError(f"the expression is true at commit {good} already; name an earlier one with --good")
    if not begins or begins[-1].last < bad:
        raise InvalidArgumentError(f"the expression is not true at commit {bad}; name a bad commit with --bad")
    odd = [f"it is not true any more at commit {each.last + 1}" for each in begins[:-1]]
    return _report(cursor, [begins[0].first], begins[0].first - 1, odd, options)


def _by_command(cursor: Cursor, good: int, bad: int, options: argparse.Namespace) -> int:
    commits = commits_between(cursor.timeline.commits, good, bad)
    judge = _Judge(cursor, options.command)
    for commit_ts, expected, option in ((bad, "bad", "--bad"), (good, "good", "--good")):
        if judge(commit_ts) != expected:
            raise InvalidArgumentError(
                f"the command does not find commit {commit_ts} {expected} (it exits with {judge.code});"
                f" name another one with {option}"
            )
    bisection = Bisection(commits)
    while (candidate := bisection.candidate) is not None:
        verdict = judge(candidate)
        bisection.answer(verdict)
        left = f"; {plural(bisection.steps_left, 'more step')} at most" if bisection.steps_left else ""
        note(f"commit {candidate:,}: {verdict}{left}")
    odd = _oddities(judge, commits, bisection, options.verify)
    return _report(cursor, bisection.suspects, bisection.good, odd, options)


def _by_hand(cursor: Cursor, good: int, bad: int, options: argparse.Namespace) -> int:
    """Ask about each commit: on the terminal, or of whatever writes lines to standard input."""
    bisection = Bisection(commits_between(cursor.timeline.commits, good, bad))
    while (candidate := bisection.candidate) is not None:
        cursor.position = candidate
        _show_commit(cursor)
        verdict = _asked(cursor, f"is commit {candidate:,} bad? {plural(bisection.steps_left, 'step')} at most")
        if verdict is None:
            note(f"given up; --good {bisection.good} --bad {bisection.bad} goes on from here")
            return EXIT_NO
        bisection.answer(verdict)
    return _report(cursor, bisection.suspects, bisection.good, [], options)


def _asked(cursor: Cursor, question: str) -> Verdict | None:
    """The verdict that is typed; None where the bisection is given up, or nobody is there to answer."""
    with aside():
        while True:
            print(f"{question} ({CHOICES}) ", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            answer = line.strip().lower()
            if not line or not sys.stdin.isatty():
                # On a terminal, what is typed is seen, and ends the line.
                print(answer, file=sys.stderr)
            if not line or answer in ("q", "quit"):
                return None
            if answer in _VERDICTS:
                return _VERDICTS[answer]
            if answer in ("l", "look"):
                for record in cursor.records(cursor.outline().keys).values():
                    print(f"  {format_address(record.key)}: {compact(record.value)}", file=sys.stderr)


def _show_commit(cursor: Cursor) -> None:
    """The event that is asked about, and what it changed in the agent's state."""
    event = cursor.track.lines([cursor.position])[cursor.position]
    title = f"{event.commit_ts:>7}  {clock(event.moment)}  {event.kind:<12} {event.label}"
    note(Text(printable(title.rstrip()), "bold"))
    lines = list(change_lines(cursor.changes()))
    for line in lines[:LINES_SHOWN]:
        note(Text("         ").append_text(line))
    if len(lines) > LINES_SHOWN:
        note(f"         … {plural(len(lines) - LINES_SHOWN, 'more line')}")


def _oddities(judge: _Judge, commits: Sequence[int], bisection: Bisection, samples: int) -> list[str]:
    """What some commits further away say against there being one first bad commit."""
    odd = []
    for expected, side in (
        ("good", [each for each in commits if each < bisection.good]),
        ("bad", [each for each in commits if each > bisection.bad]),
    ):
        chosen = sorted({side[row] for row in numpy.linspace(0, len(side) - 1, min(samples, len(side)), dtype=int)})
        for commit_ts in chosen:
            verdict = judge(commit_ts)
            if verdict not in (expected, "skip"):
                odd.append(f"commit {commit_ts:,} is {verdict}")
    return odd


class _Judge:
    """Runs the command on the state at a commit, once for each."""

    def __init__(self, cursor: Cursor, command: str) -> None:
        self._cursor = cursor
        self._command = command
        self._known: dict[int, Verdict] = {}
        self.code = 0
        """What the command exited with last."""

    def __call__(self, commit_ts: int) -> Verdict:
        if commit_ts not in self._known:
            self._known[commit_ts] = self._judge(commit_ts)
        return self._known[commit_ts]

    def _judge(self, commit_ts: int) -> Verdict:
        agent = self._cursor.agent
        records = self._cursor.store.state(agent.agent_id, at=commit_ts, namespace=agent.namespace)
        state = {key: record.value for key, record in records.items()}
        with tempfile.TemporaryDirectory(prefix="playhead-bisect-") as folder:
            write_state(Path(folder), state)
            environment = {**os.environ, "PLAYHEAD_STATE": folder, "PLAYHEAD_COMMIT": str(commit_ts)}
            given = json.dumps(state, ensure_ascii=False).encode()
            with aside():
                run = subprocess.run(self._command, shell=True, input=given, env=environment, check=False)
        self.code = run.returncode
        if self.code < 0 or self.code >= ABORT:
            raise InvalidArgumentError(
                f"{self._command}: ended with {self.code} at commit {commit_ts}; the bisection was given up"
                f" (0 means good, 1 to 127 bad, {SKIP} skip)"
            )
        return "good" if self.code == 0 else "skip" if self.code == SKIP else "bad"


def write_state(folder: Path, state: dict[str, JSON]) -> None:
    """Each key as a JSON file: `plan/steps` is plan/steps.json, and what no file name can hold is percent-encoded."""
    for key, value in state.items():
        parts = [quote(part, safe=" !#$&'()+,;=@[]{}") for part in key.split("/")]
        safe = [part.replace(".", "%2E") if not part.strip(".") else part for part in parts]
        *folders, name = [part or "%" for part in safe]
        target = folder.joinpath(*folders)
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _report(cursor: Cursor, suspects: Sequence[int], good: int, odd: Sequence[str], options: argparse.Namespace) -> int:
    events = list(cursor.track.lines(suspects).values())
    if options.json:
        print_json(
            {
                "first_bad": suspects[0] if len(suspects) == 1 else None,
                "suspects": [event.to_json() for event in events],
                "last_good": good,
                "monotone": not odd,
                "against": list(odd),
            }
        )
    else:
        word = "is the first bad commit" if len(events) == 1 else "may be the first bad commit"
        for event in events:
            print(f"{event.commit_ts} {word}\t{event.kind}\t{event.label}")
        if odd:
            note(f"the answer is not monotone, so this is one boundary of several: {'; '.join(odd)}")
    return EXIT_OK if len(suspects) == 1 else EXIT_NO
