"""The verbs of the `:` line, asked on the cursor's thread in the order of the keys."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import work

from playhead import InvalidArgumentError, MomentError
from playhead.bisection import commits_between
from playhead_tui.arguments import commits_named, path_typed, paths_begun, spelled_commits
from playhead_tui.drawing.answer_lines import verb_help_lines
from playhead_tui.drawing.span import BLANK, Line, Span, crop, printable
from playhead_tui.drawing.words import count, plural
from playhead_tui.driver import Driver
from playhead_tui.frame import Frame
from playhead_tui.lamps import lamps_of
from playhead_tui.screens import requests
from playhead_tui.screens.answers import Add, CommandsScreen, Remove, Show, WatchesScreen
from playhead_tui.screens.changes import ChangesScreen
from playhead_tui.screens.compare_actions import CompareActions
from playhead_tui.screens.past_actions import WATCHES_MAX, watch_tracks, when_tracks
from playhead_tui.screens.question_actions import QUOTED
from playhead_tui.screens.search_actions import SearchActions
from playhead_tui.verbs import VERBS, bounds_of, no_place, parse
from playhead_tui.watching import Watched, watched
from playhead_tui.widgets.command_line import CommandLine

if TYPE_CHECKING:
    from playhead.cursor import Cursor


class VerbActions(CompareActions, SearchActions):
    def __init__(self) -> None:
        super().__init__()
        self._to_select: str | None = None
        self._agents: list[str] = []
        self._questions: dict[str, Callable[[Cursor, str], str]] = {
            "when": self._when,
            "c": partial(self._run_to, forward=True),
            "rc": partial(self._run_to, forward=False),
            "last": partial(self._go_to_change, forward=False),
            "next": partial(self._go_to_change, forward=True),
            "history": self._history_of,
            "blame": self._blame_of,
            "origin": self._origin_of,
            "log": self._log_of,
            "watch": self._watch,
            "unwatch": self._unwatch,
            "bisect": self._bisect,
            "fold": self._fold,
            "check": self._check,
            "sql": self._sql,
            "diff": self._diff,
            "compare": self._compare_with,
        }

    # ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_command(self) -> None:
        super().action_command()
        if self.driver is not None:
            self._load_keys(self.driver)

    @work(exclusive=True, group="keys", exit_on_error=False)
    async def _load_keys(self, driver: Driver) -> None:
        self.command_line.keys = await driver.ask(lambda cursor: list(cursor.timeline.keys))
        self._agents = [agent.agent_id for agent in await driver.ask(lambda cursor: cursor.agents())]

    def on_command_line_typed(self, message: CommandLine.Typed) -> None:
        super().on_command_line_typed(message)
        asked = parse(message.text) if message.purpose == "command" else None
        if asked is not None and asked.verb.takes in ("OTHER", "RULES.toml"):
            self._load_paths(asked.argument, "" if asked.verb.takes == "OTHER" else ".toml")

    @work(exclusive=True, group="paths", exit_on_error=False)
    async def _load_paths(self, begun: str, suffix: str) -> None:
        agents = [] if suffix else self._agents
        self.command_line.others = [*agents, *await asyncio.to_thread(paths_begun, begun, suffix)]

    def _go(self, typed: str) -> None:
        asked = parse(typed)
        if asked is None:
            super()._go(typed)
            return
        verb = asked.verb
        if verb.takes and not asked.argument and not verb.optional:
            self._refuse(f"{verb.name} ", f"{verb.name} takes {verb.takes}: {verb.summary}")
        elif verb.name == "help":
            lines = verb_help_lines([(each.usage, each.summary) for each in VERBS], max(40, self.size.width - 12))
            self.app.push_screen(ChangesScreen("Asking the past with :", lines))
        elif verb.name == "watch" and not asked.argument:
            self.action_watches()
        else:
            question = self._questions[verb.name]
            self._ask_past(typed, lambda cursor: question(cursor, asked.argument))

    def _go_to_place(self, typed: str) -> None:
        go = requests.goto(typed)

        def ask(cursor: Cursor) -> str | None:
            try:
                return go(cursor)
            except MomentError as error:
                self.app.call_from_thread(self._refuse, typed, no_place(typed, str(error)))
                return None

        self.request(ask)

    def follow_past(self, frame: Frame) -> None:
        selecting, self._to_select = self._to_select, None
        if selecting is not None and selecting != self.selection:
            self.selection = selecting
            self.look_again()
        super().follow_past(frame)

    # ── answers; all of this runs on the cursor's thread ─────────────────────────────────────────────────────────────

    def _when(self, cursor: Cursor, expression: str) -> str:
        import numpy

        from playhead_tui.answers import when_answer

        intervals = cursor.when(expression)
        command = self._spelled(cursor, "when", expression)
        cursor.hits = numpy.array([each.first for each in intervals if each.first], numpy.int64)
        tracks = [*when_tracks(expression, intervals), *watch_tracks(self.watched)]
        self.app.call_from_thread(self.show_past, expression, self.watched, tracks)
        if not intervals:
            return f"{crop(printable(expression), QUOTED)} was never true"
        self._show(replace(when_answer(cursor, expression, intervals), command=command))
        return f"true in {plural(len(intervals), 'interval')}: n and N go through them, Esc drops them"

    def _run_to(self, cursor: Cursor, expression: str, *, forward: bool) -> str:
        position = cursor.position
        moved = cursor.run_forward(expression) if forward else cursor.run_back(expression)
        self._spelled(cursor, "c" if forward else "rc", expression, at=position)
        shown = crop(printable(expression), QUOTED)
        if not moved:
            return f"{shown} does not become true {'later' if forward else 'earlier'}"
        return f"{shown} became true at {self.name_of_event(cursor, cursor.position)}"

    def _go_to_change(self, cursor: Cursor, text: str, *, forward: bool) -> str:
        from playhead.json_path import format_address
        from playhead_tui.answers import change_note

        key, path = self._path(cursor, text)
        name, position = format_address(key, path), cursor.position
        change = cursor.next(key, path) if forward else cursor.last(key, path)
        self._spelled(cursor, "next" if forward else "last", name, at=position)
        self._to_select = key
        if change is None:
            return f"{printable(name)} does not change {'later' if forward else 'earlier'}"
        return change_note(cursor, name, change)

    def _history_of(self, cursor: Cursor, text: str) -> str:
        from playhead.json_path import format_address
        from playhead_tui.answers import history_answer

        key, path = self._path(cursor, text)
        name = format_address(key, path)
        answer = history_answer(cursor, name, cursor.path_history(key, path))
        return self._show(replace(answer, command=self._spelled(cursor, "history", name)))

    def _blame_of(self, cursor: Cursor, text: str) -> str:
        from playhead.json_path import format_address
        from playhead_tui.recording import record_call

        key, path = self._path(cursor, text)
        record_call(cursor, f"cursor.blame_state({key!r}, {path!r})", lambda: None)
        self._spelled(cursor, "blame", format_address(key, path), at=cursor.position)
        self._to_select = key
        self.app.call_from_thread(self.show_tab, "blame")
        return f"Who last wrote each part of {printable(key)}: Enter in the inspector travels there"

    def _fold(self, cursor: Cursor, text: str) -> str:
        from playhead_tui.drawing.change_lines import ChangeTree

        struck = commits_named(text) if text else list(self.struck)
        beyond = [commit_ts for commit_ts in struck if not 1 <= commit_ts <= cursor.head]
        if beyond:
            raise InvalidArgumentError(f"there is no commit {beyond[0]}; the last one is {cursor.head}")
        if not struck:
            raise InvalidArgumentError(
                "no event is struck through: x strikes the one at the playhead, or name some, 311,312"
            )
        tree = ChangeTree(cursor.fold_without(struck), max(40, self.app.size.width - 12))
        earlier = [commit_ts for commit_ts in struck if commit_ts <= cursor.position]
        if earlier:
            self._spelled(cursor, "fold", "--without", spelled_commits(earlier), at=cursor.position)
        said = "As recorded → without them. Later events stay as they were recorded, whatever they had read."
        title = (
            f"Commit {count(cursor.position)} without {plural(len(struck), 'event')}: of the record, not of the model"
        )
        screen = ChangesScreen(title, [Line((Span(said, "muted"),)), BLANK, *(row.line for row in tree.rows)])
        self.app.call_from_thread(self.show_struck, set(struck))
        self.app.call_from_thread(self.app.push_screen, screen)
        return f"Without {crop(spelled_commits(struck), QUOTED)}"

    def _check(self, cursor: Cursor, text: str) -> str:
        from playhead import rules
        from playhead_tui.answers import check_answer
        from playhead_tui.recording import record_call

        if not text:
            return self._put_lamps_out()
        path = path_typed(text)
        loaded = rules.load(path)
        spelled = f"rules.check(cursor, rules.load(Path({str(path.resolve())!r})))"
        verdicts = record_call(cursor, spelled, lambda: rules.check(cursor, loaded))
        command = self._spelled(cursor, "check", text)
        self.app.call_from_thread(self.show_lamps, str(path.resolve()), lamps_of(verdicts))
        return self._show(replace(check_answer(cursor, path.name, verdicts), command=command))

    def _put_lamps_out(self) -> str:
        if not self.rules:
            raise InvalidArgumentError("no rules are checked; check takes RULES.toml")
        self.app.call_from_thread(self.show_lamps, "", ())
        return "The run is judged by no rules any more"

    def _sql(self, cursor: Cursor, query: str) -> str:
        from playhead_tui.answers import sql_answer
        from playhead_tui.recording import record_call

        answer = record_call(cursor, f"store.sql({query!r})", lambda: sql_answer(cursor, query))
        return self._show(replace(answer, command=self._spelled(cursor, "sql", query, agent=False)))

    def _diff(self, cursor: Cursor, text: str) -> str:
        from playhead_tui.drawing.change_lines import ChangeTree
        from playhead_tui.recording import record_call

        try:
            sides = shlex.split(text)
        except ValueError:
            sides = []
        if len(sides) != 2:
            raise InvalidArgumentError("diff takes two moments: diff 300 head; labels with spaces stand in quotes")
        one, other = (moment_of_text(cursor, side) for side in sides)
        changes = record_call(cursor, f"store.diff({one}, {other})", lambda: cursor.store.diff(one, other))
        lines = [row.line for row in ChangeTree(changes, max(40, self.app.size.width - 12)).rows]
        self._spelled(cursor, "diff", str(one), str(other), agent=False)
        self.app.call_from_thread(
            self.app.push_screen, ChangesScreen(f"From commit {count(one)} to commit {count(other)}", lines)
        )
        return f"From commit {count(one)} to commit {count(other)}"

    def _bisect(self, cursor: Cursor, argument: str) -> str:
        bounds = bounds_of(argument)
        if bounds is None:
            return self._bisect_by(cursor, argument)
        good, bad = (moment_of_text(cursor, text) for text in bounds)
        commits = commits_between(cursor.timeline.commits, good, bad)
        self._spelled(cursor, "bisect", "--good", str(good), "--bad", str(bad))
        self.app.call_from_thread(self.begin_bisection, commits)
        return f"{plural(len(commits) - 1, 'event')} between {count(good)} and {count(bad)}: look, then g, b or s"

    def _bisect_by(self, cursor: Cursor, expression: str) -> str:
        intervals = cursor.when(expression)
        self._spelled(cursor, "bisect", expression)
        if not intervals or intervals[-1].last < cursor.head:
            ended = f" since {count(intervals[-1].last + 1)}" if intervals else ""
            return f"It is not true at the head{ended}, so there is no first bad commit: :when shows all intervals"
        cursor.seek(intervals[0].first)
        odd = f"; not monotone: true in {plural(len(intervals), 'interval')}" if len(intervals) > 1 else ""
        return f"{self.name_of_event(cursor, cursor.position)} is the first bad commit{odd}"

    # ── watches ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _watch(self, cursor: Cursor, expression: str) -> str:
        if len(self.watched) >= WATCHES_MAX:
            raise InvalidArgumentError(f"{WATCHES_MAX} expressions are watched already: W removes some")
        cursor.watch([expression])
        others = [each for each in self.watched if each.expression != expression]
        self._show_watches(cursor, [*others, watched(cursor, expression)])
        self._spelled(cursor, "watch", expression)
        return f"Watching {crop(printable(expression), QUOTED)}: W lists what is watched"

    def _unwatch(self, cursor: Cursor, expression: str) -> str:
        kept = [each for each in self.watched if expression and each.expression != expression]
        if len(kept) == len(self.watched):
            raise InvalidArgumentError("that is not watched; W lists what is" if expression else "nothing is watched")
        self._show_watches(cursor, kept)
        return f"{plural(len(self.watched), 'expression')} watched" if kept else "Nothing is watched any more"

    def _show_watches(self, cursor: Cursor, found: Sequence[Watched]) -> None:
        when = when_tracks(self.when, cursor.conditions.when(self.when)) if self.when else []
        self.app.call_from_thread(self.show_past, self.when, found, [*when, *watch_tracks(found)])

    @work(group="layer", exclusive=True)
    async def action_watches(self) -> None:
        self.take_count()
        position = self.frame.position if self.frame is not None else 0
        match await self.app.push_screen_wait(WatchesScreen(self.watched, position)):
            case Add():
                self.ask("command", "watch ")
            case Remove(expression):
                self._ask_past(f"unwatch {expression}", lambda cursor: self._unwatch(cursor, expression))
            case Show(expression):
                self._ask_past(f"watch {expression}", lambda cursor: self._values(cursor, expression))

    def _values(self, cursor: Cursor, expression: str) -> str:
        from playhead_tui.answers import values_answer

        (series,) = cursor.watch([expression])
        return self._show(
            replace(values_answer(cursor, expression, series), command=self._spelled(cursor, "watch", expression))
        )

    def action_commands(self) -> None:
        self.take_count()
        self.app.push_screen(CommandsScreen(self.commands))


def moment_of_text(cursor: Cursor, text: str) -> int:
    """The commit that is meant by a number, `head`, `here`, a mark `'a` or a snapshot's label. Raises MomentError."""
    if text == "head":
        return cursor.head
    if text in ("here", "."):
        return cursor.position
    if text[:1] == "'" and text[1:] in cursor.marks:
        return cursor.marks[text[1:]]
    return min(int(text), cursor.head) if text.isdecimal() and text.isascii() else cursor.store.resolve(text)
