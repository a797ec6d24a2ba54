"""The verbs of the `:` line, each asked about the moment to which the keys before it lead."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import work

from playhead import InvalidArgumentError, MomentError
from playhead_tui.arguments import commits_named, path_typed, paths_begun, spelled_commits
from playhead_tui.drawing.span import BLANK, Line, Span, crop, printable
from playhead_tui.drawing.words import count, plural
from playhead_tui.driver import Driver
from playhead_tui.lamps import lamps_of
from playhead_tui.screens import requests
from playhead_tui.screens.compare_actions import CompareActions
from playhead_tui.screens.past_actions import WATCHES_MAX, watch_tracks, when_tracks
from playhead_tui.screens.question_actions import QUOTED
from playhead_tui.screens.search_actions import SearchActions
from playhead_tui.verbs import VERBS, bounds_of, no_place, parse
from playhead_tui.watching import Watched, watched
from playhead_tui.widgets.command_line import CommandLine

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead_tui.asked import Asked


class VerbActions(CompareActions, SearchActions):
    def __init__(self) -> None:
        super().__init__()
        self._agents: list[str] = []
        self._questions: dict[str, Callable[[Asked, str], str]] = {
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
            self._show_help()
        elif verb.name == "watch" and not asked.argument:
            self.action_watches()
        else:
            find, argument = self._questions[verb.name], asked.argument
            self.inquire(typed, lambda asked: find(asked, argument), brings_hits=verb.name == "when")

    def _show_help(self) -> None:
        from playhead_tui.drawing.answer_lines import verb_help_lines
        from playhead_tui.screens.changes import ChangesScreen

        lines = verb_help_lines([(each.usage, each.summary) for each in VERBS], max(40, self.size.width - 12))
        self.app.push_screen(ChangesScreen("Asking the past with :", lines))

    def _select(self, key: str) -> None:
        self.selection = key
        self.look_again()

    def _go_to_place(self, typed: str) -> None:
        go = requests.goto(typed)

        def ask(cursor: Cursor) -> str | None:
            try:
                return go(cursor)
            except MomentError as error:
                self.app.call_from_thread(self._refuse, typed, no_place(typed, str(error)))
                return None

        self.request(ask)

    # ── answers; all of this runs in the question's thread ────────────────────────────────────────────────────────────

    def _when(self, asked: Asked, expression: str) -> str:
        import numpy

        from playhead_tui.answers import when_answer

        cursor = asked.cursor
        intervals = cursor.when(expression)
        command = asked.spelled("when", expression)
        cursor.hits = numpy.array([each.first for each in intervals if each.first], numpy.int64)
        found = self.watched
        tracks = [*when_tracks(expression, intervals), *watch_tracks(found)]
        asked.show(self.take_past, found, expression, found, tracks)
        if not intervals:
            return f"{crop(printable(expression), QUOTED)} was never true"
        self.show_table(asked, replace(when_answer(cursor, expression, intervals), command=command))
        return f"true in {plural(len(intervals), 'interval')}: n and N go through them, Esc drops them"

    def _run_to(self, asked: Asked, expression: str, *, forward: bool) -> str:
        cursor = asked.cursor
        position = cursor.position
        moved = cursor.run_forward(expression) if forward else cursor.run_back(expression)
        asked.spelled("c" if forward else "rc", expression, at=position)
        shown = crop(printable(expression), QUOTED)
        if not moved:
            return f"{shown} does not become true {'later' if forward else 'earlier'}"
        return f"{shown} became true at {self.name_of_event(cursor, cursor.position)}"

    def _go_to_change(self, asked: Asked, text: str, *, forward: bool) -> str:
        from playhead.json_path import format_address
        from playhead_tui.answers import change_note

        cursor = asked.cursor
        key, path = self._path(cursor, text)
        name, position = format_address(key, path), cursor.position
        change = cursor.next(key, path) if forward else cursor.last(key, path)
        asked.spelled("next" if forward else "last", name, at=position)
        asked.open(self._select, key)
        if change is None:
            return f"{printable(name)} does not change {'later' if forward else 'earlier'}"
        return change_note(cursor, name, change)

    def _history_of(self, asked: Asked, text: str) -> str:
        from playhead.json_path import format_address
        from playhead_tui.answers import history_answer

        cursor = asked.cursor
        key, path = self._path(cursor, text)
        name = format_address(key, path)
        answer = history_answer(cursor, name, cursor.path_history(key, path))
        return self.show_table(asked, replace(answer, command=asked.spelled("history", name)))

    def _blame_of(self, asked: Asked, text: str) -> str:
        from playhead.json_path import format_address
        from playhead_tui.recording import record_call

        cursor = asked.cursor
        key, path = self._path(cursor, text)
        record_call(cursor, f"cursor.blame_state({key!r}, {path!r})", lambda: None)
        asked.spelled("blame", format_address(key, path), at=cursor.position)
        asked.open(self._select, key)
        asked.open(self.show_tab, "blame")
        return f"Who last wrote each part of {printable(key)}: Enter in the inspector travels there"

    def _fold(self, asked: Asked, text: str) -> str:
        from playhead_tui.drawing.change_lines import ChangeTree
        from playhead_tui.screens.changes import ChangesScreen

        cursor = asked.cursor
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
            asked.spelled("fold", "--without", spelled_commits(earlier), at=cursor.position)
        said = "As recorded → without them. Later events stay as they were recorded, whatever they had read."
        title = (
            f"Commit {count(cursor.position)} without {plural(len(struck), 'event')}: of the record, not of the model"
        )
        screen = ChangesScreen(title, [Line((Span(said, "muted"),)), BLANK, *(row.line for row in tree.rows)])
        asked.show(self.show_struck, set(struck))
        asked.open(self.app.push_screen, screen)
        return f"Without {crop(spelled_commits(struck), QUOTED)}"

    def _check(self, asked: Asked, text: str) -> str:
        from playhead import rules
        from playhead_tui.answers import check_answer
        from playhead_tui.recording import record_call

        cursor = asked.cursor
        if not text:
            return self._put_lamps_out(asked)
        path = path_typed(text)
        loaded = rules.load(path)
        spelled = f"rules.check(cursor, rules.load(Path({str(path.resolve())!r})))"
        verdicts = record_call(cursor, spelled, lambda: rules.check(cursor, loaded))
        command = asked.spelled("check", text)
        asked.show(self.show_lamps, str(path.resolve()), lamps_of(verdicts))
        return self.show_table(asked, replace(check_answer(cursor, path.name, verdicts), command=command))

    def _put_lamps_out(self, asked: Asked) -> str:
        if not self.rules:
            raise InvalidArgumentError("no rules are checked; check takes RULES.toml")
        asked.show(self.show_lamps, "", ())
        return "The run is judged by no rules any more"

    def _sql(self, asked: Asked, query: str) -> str:
        from playhead_tui.answers import sql_answer
        from playhead_tui.recording import record_call

        cursor = asked.cursor
        answer = record_call(cursor, f"store.sql({query!r})", lambda: sql_answer(cursor, query))
        return self.show_table(asked, replace(answer, command=asked.spelled("sql", query, agent=False)))

    def _diff(self, asked: Asked, text: str) -> str:
        from playhead_tui.drawing.change_lines import ChangeTree
        from playhead_tui.recording import record_call
        from playhead_tui.screens.changes import ChangesScreen

        cursor = asked.cursor
        try:
            sides = shlex.split(text)
        except ValueError:
            sides = []
        if len(sides) != 2:
            raise InvalidArgumentError("diff takes two moments: diff 300 head; labels with spaces stand in quotes")
        one, other = (moment_of_text(cursor, side) for side in sides)
        changes = record_call(cursor, f"store.diff({one}, {other})", lambda: cursor.store.diff(one, other))
        lines = [row.line for row in ChangeTree(changes, max(40, self.app.size.width - 12)).rows]
        asked.spelled("diff", str(one), str(other), agent=False)
        asked.open(self.app.push_screen, ChangesScreen(f"From commit {count(one)} to commit {count(other)}", lines))
        return f"From commit {count(one)} to commit {count(other)}"

    def _bisect(self, asked: Asked, argument: str) -> str:
        from playhead.bisection import commits_between

        cursor = asked.cursor
        bounds = bounds_of(argument)
        if bounds is None:
            return self._bisect_by(asked, argument)
        good, bad = (moment_of_text(cursor, text) for text in bounds)
        commits = commits_between(cursor.timeline.commits, good, bad)
        asked.spelled("bisect", "--good", str(good), "--bad", str(bad))
        asked.open(self.begin_bisection, commits)
        return f"{plural(len(commits) - 1, 'event')} between {count(good)} and {count(bad)}: look, then g, b or s"

    def _bisect_by(self, asked: Asked, expression: str) -> str:
        cursor = asked.cursor
        intervals = cursor.when(expression)
        asked.spelled("bisect", expression)
        if not intervals or intervals[-1].last < cursor.head:
            ended = f" since {count(intervals[-1].last + 1)}" if intervals else ""
            return f"It is not true at the head{ended}, so there is no first bad commit: :when shows all intervals"
        cursor.seek(intervals[0].first)
        odd = f"; not monotone: true in {plural(len(intervals), 'interval')}" if len(intervals) > 1 else ""
        return f"{self.name_of_event(cursor, cursor.position)} is the first bad commit{odd}"

    # ── watches ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _watch(self, asked: Asked, expression: str) -> str:
        cursor = asked.cursor
        if len(self.watched) >= WATCHES_MAX:
            raise InvalidArgumentError(f"{WATCHES_MAX} expressions are watched already: W removes some")
        cursor.watch([expression])
        before = self.watched
        others = [each for each in before if each.expression != expression]
        self._show_watches(asked, before, [*others, watched(cursor, expression)])
        asked.spelled("watch", expression)
        return f"Watching {crop(printable(expression), QUOTED)}: W lists what is watched"

    def _unwatch(self, asked: Asked, expression: str) -> str:
        before = self.watched
        kept = [each for each in before if expression and each.expression != expression]
        if len(kept) == len(before):
            raise InvalidArgumentError("that is not watched; W lists what is" if expression else "nothing is watched")
        self._show_watches(asked, before, kept)
        return f"{plural(len(self.watched), 'expression')} watched" if kept else "Nothing is watched any more"

    def _show_watches(self, asked: Asked, before: Sequence[Watched], found: Sequence[Watched]) -> None:
        condition = self.when
        when = when_tracks(condition, asked.cursor.conditions.when(condition)) if condition else []
        asked.show(self.take_past, before, condition, found, [*when, *watch_tracks(found)])

    @work(group="layer", exclusive=True)
    async def action_watches(self) -> None:
        from playhead_tui.screens.answers import Add, Remove, Show, WatchesScreen

        self.take_count()
        position = self.frame.position if self.frame is not None else 0
        match await self.app.push_screen_wait(WatchesScreen(self.watched, position)):
            case Add():
                self.ask("command", "watch ")
            case Remove(expression):
                self.inquire(f"unwatch {expression}", lambda asked: self._unwatch(asked, expression))
            case Show(expression):
                self.inquire(f"watch {expression}", lambda asked: self._values(asked, expression))

    def _values(self, asked: Asked, expression: str) -> str:
        from playhead_tui.answers import values_answer

        cursor = asked.cursor
        (series,) = cursor.watch([expression])
        return self.show_table(
            asked, replace(values_answer(cursor, expression, series), command=asked.spelled("watch", expression))
        )

    def action_commands(self) -> None:
        from playhead_tui.screens.answers import CommandsScreen

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
