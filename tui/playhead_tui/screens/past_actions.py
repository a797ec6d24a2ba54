"""What stays in sight of the past: watches, the intervals of a condition, struck events, and a bisection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work

from playhead import PlayheadError
from playhead_tui.drawing.answer_lines import bisect_line, lamp_line, refusal_lines, struck_line, watch_lines
from playhead_tui.drawing.span import Line, Role, printable
from playhead_tui.drawing.state_lines import ROLES
from playhead_tui.drawing.words import count, plural
from playhead_tui.driver import Driver
from playhead_tui.frame import Frame
from playhead_tui.lamps import Lamp, judged
from playhead_tui.moves import Seek
from playhead_tui.screens import requests
from playhead_tui.screens.flows import Flows
from playhead_tui.screens.timeline_actions import TimelineActions
from playhead_tui.watching import Watched, watched
from playhead_tui.widgets.strip_view import StripView

if TYPE_CHECKING:
    from playhead import JSON
    from playhead.bisection import Bisection, Verdict
    from playhead.conditions import Interval
    from playhead.cursor import Cursor
    from playhead_tui.chart import Course, Happening

WATCHES_MAX = 50
_ROWS_A_WATCH = 6
_NOTHING = "…"


class PastActions(TimelineActions, Flows):
    strip: StripView

    def __init__(self) -> None:
        super().__init__()
        self.reset_verbs()

    def reset_verbs(self) -> None:
        """Forget what was asked of another run."""
        self.watched: tuple[Watched, ...] = ()
        self.rules = ""
        """The file by whose rules the run is judged, as it is found from anywhere; empty where none is."""
        self.lamps: tuple[Lamp, ...] = ()
        self.when = ""
        """The condition whose intervals are shown; empty where none is."""
        self.struck: tuple[int, ...] = ()
        """The commits of the events that are struck through, ascending."""
        self.bisection: Bisection | None = None
        self.refusal = ""
        """Why what was typed cannot be done, while the line that holds it is open again."""
        self._differing: dict[str, Role] | None = None
        self._differing_of: object = None
        self._past_of: object = None

    # ── kept with the session ────────────────────────────────────────────────────────────────────────────────────────

    def keep_verbs(self) -> JSON:
        return {
            "watches": [each.expression for each in self.watched],
            "rules": self.rules,
            "struck": list(self.struck),
            "typed": list(self.command_line.typed),
        }

    def take_up_verbs(self, kept: JSON) -> None:
        """Take up what `keep_verbs` gave; what is damaged is passed over."""
        if not isinstance(kept, dict):
            return
        watches, typed = (_texts(kept.get(name)) for name in ("watches", "typed"))
        struck, rules = kept.get("struck"), kept.get("rules")
        self.rules = rules if isinstance(rules, str) else ""
        commits = struck if isinstance(struck, list) else []
        self.watched = tuple(Watched(expression, problem=_NOTHING) for expression in watches[:WATCHES_MAX])
        self.struck = tuple(sorted({each for each in commits if type(each) is int and each > 0}))
        self.command_line.typed = [*typed, *(line for line in self.command_line.typed if line not in typed)]
        self.event_list.show_struck(frozenset(self.struck))
        self._past_of = None

    # ── the strip below the timeline ─────────────────────────────────────────────────────────────────────────────────

    def follow_past(self, frame: Frame) -> None:
        """Show what is watched as it is at the playhead; read it anew where the run has grown, or for another agent."""
        past = (frame.agent, frame.head)
        if past != self._past_of and self.driver is not None:
            is_first, self._past_of = self._past_of is None, past
            if self.watched or self.when or self.rules:
                self._read_past(self.driver, keeps_when=not is_first)
        self._follow_struck(frame)
        self.show_strip()

    def show_strip(self) -> None:
        width, frame = self.size.width, self.frame
        lines: list[Line] = []
        if frame is not None:
            most = max(1, self.size.height // _ROWS_A_WATCH - 2)
            lines += watch_lines(self.watched, frame.position, most, width)
            if self.lamps:
                lines.append(lamp_line(self.lamps, frame.position, width))
            if self.struck:
                lines.append(struck_line(self.struck, self._differing, frame.position, width))
        if self.bisection is not None and self.bisection.candidate is not None:
            lines.append(bisect_line(self.bisection, width))
        if self.refusal:
            lines += refusal_lines(self.refusal, width)
        self.strip.show(lines)

    @work(exclusive=True, group="past")
    async def _read_past(self, driver: Driver, keeps_when: bool) -> None:
        expressions, condition = [each.expression for each in self.watched], self.when if keeps_when else ""
        rules = self.rules

        def read(cursor: Cursor) -> tuple[tuple[Watched, ...], tuple[Lamp, ...], list[Happening | Course]]:
            found = tuple(watched(cursor, expression) for expression in expressions)
            try:
                intervals = cursor.conditions.when(condition) if condition else []
            except PlayheadError:
                # Another agent may know nothing of what it names.
                intervals = []
            lamps = judged(cursor, rules) if rules else ()
            return found, lamps, [*when_tracks(condition, intervals), *watch_tracks(found)]

        found, lamps, tracks = await driver.ask(read)
        if driver is self.driver and rules == self.rules:
            self.lamps = lamps
        if driver is self.driver and expressions == [each.expression for each in self.watched]:
            self.watched = found
            self._show_tracks(tracks)

    def _show_tracks(self, tracks: Sequence[Happening | Course]) -> None:
        self.asked_tracks = tuple(tracks)
        self.signs_generation += 1
        self.show_strip()
        if self.frame is not None:
            self.read_signs(self.frame)

    def show_past(self, when: str, found: Sequence[Watched], tracks: Sequence[Happening | Course]) -> None:
        """Show a condition's intervals (none where it is empty) and watches, with their tracks."""
        self.when, self.watched = when, tuple(found)
        self._show_tracks(tracks)

    def take_past(
        self,
        before: Sequence[Watched],
        when: str,
        found: Sequence[Watched],
        tracks: Sequence[Happening | Course],
    ) -> None:
        """The same, where what was watched before that was `before`; where it was not, all of it is read anew."""
        if self.watched is not before:
            self._past_of = None
        self.show_past(when, found, tracks)

    def show_lamps(self, rules: str, lamps: Sequence[Lamp]) -> None:
        """Show a lamp for each rule of a file from now on; none, where it is empty."""
        self.rules, self.lamps = rules, tuple(lamps)
        self.show_strip()

    def drop_when(self) -> None:
        self.when = ""
        self._show_tracks([track for track in self.asked_tracks if track.label != WHEN])
        # Once more, for the hits that are only gone then.
        self.signs_generation += 1
        self.request(requests.search(""))

    def action_escape(self) -> None:
        if self.bisection is not None:
            self.take_count()
            self.bisection = None
            self.show_strip()
            self.tell("The bisection is over")
        elif self.when:
            self.take_count()
            self.drop_when()
        else:
            super().action_escape()

    # ── events struck through ────────────────────────────────────────────────────────────────────────────────────────

    def action_strike(self) -> None:
        self.take_count()
        frame = self.frame
        if frame is None or not frame.position:
            self.tell("There is no event at commit 0")
        else:
            self.show_struck({*self.struck, frame.position})
            self.tell(f"Struck {count(frame.position)} through: :fold shows the state without it, X restores it")

    def action_unstrike(self) -> None:
        """This event; where it is not struck through, or with a count, all of them."""
        everything = self.take_count() > 0
        here = self.frame.position if self.frame is not None else 0
        if not self.struck:
            self.tell("No event is struck through: x strikes this one")
        elif here in self.struck and not everything:
            self.show_struck(set(self.struck) - {here})
            self.tell(f"Restored {count(here)}")
        else:
            self.tell(f"Restored {plural(len(self.struck), 'event')}")
            self.show_struck(set())

    def show_struck(self, struck: set[int]) -> None:
        """Strike these events through, and no others."""
        self.struck = tuple(sorted(struck))
        self.event_list.show_struck(frozenset(struck))
        if self.frame is not None:
            self._follow_struck(self.frame)
        self.show_strip()

    def _follow_struck(self, frame: Frame) -> None:
        wanted = (frame.agent, frame.head, frame.position, self.struck)
        if self.struck and wanted != self._differing_of and self.driver is not None:
            self._differing_of = wanted
            self._read_struck(self.driver, frame.position, self.struck)

    @work(exclusive=True, group="struck")
    async def _read_struck(self, driver: Driver, position: int, struck: tuple[int, ...]) -> None:
        def read(cursor: Cursor) -> dict[str, Role]:
            from playhead.counterfactual import fold_without

            changes = fold_without(cursor.store.history, cursor.track.view, position, struck, *cursor.agent)
            return {change.address.key: ROLES[change.status] for change in changes}

        try:
            differing = await driver.ask(read)
        except (PlayheadError, OSError) as error:
            self.tell(str(error), is_error=True)
            return
        if self._differing_of is not None and struck == self.struck:
            self._differing = differing
            self.show_strip()

    # ── a bisection by hand ──────────────────────────────────────────────────────────────────────────────────────────

    def begin_bisection(self, commits: Sequence[int]) -> None:
        """Ask about the commits between a good one and a bad one, which are the first and the last of these."""
        from playhead.bisection import Bisection

        self.bisection = Bisection(commits)
        self._ask_next()

    def action_judge(self, verdict: Verdict) -> None:
        self.take_count()
        if self.bisection is not None:
            self.bisection.answer(verdict)
            self._ask_next()

    def _ask_next(self) -> None:
        bisection = self.bisection
        assert bisection is not None
        candidate, suspects = bisection.candidate, bisection.suspects
        if candidate is not None:
            self.move(Seek(candidate))
        else:
            self.bisection = None
            self.move(Seek(suspects[0]))
            name = self.name_of_event
            if len(suspects) == 1:
                self.request(lambda cursor: f"{name(cursor, suspects[0])} is the first bad commit")
            else:
                skipped = ", ".join(map(count, suspects[:12]))
                self.request(lambda _: f"One of {skipped} is the first bad commit: those skipped cannot be told apart")
        self.show_strip()

    def name_of_event(self, cursor: Cursor, commit_ts: int) -> str:
        """`1,330 (tool_result: bank transfer)`; not for the event loop, since it may read."""
        from playhead_tui.answers import event_name

        return f"{count(commit_ts)} {event_name(cursor, commit_ts)}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "judge":
            return self.bisection is not None and not self.command_line.asking
        return super().check_action(action, parameters)


WHEN = "when"


def when_tracks(condition: str, intervals: Sequence[Interval]) -> list[Happening | Course]:
    """The track of a condition's intervals; none where there is no condition."""
    import numpy

    from playhead_tui.chart import Happening

    if not condition:
        return []
    firsts = numpy.array([interval.first for interval in intervals], numpy.int64)
    lasts = numpy.array([interval.last for interval in intervals], numpy.int64)
    return [Happening(WHEN, "━", "warning", firsts, lasts)]


def watch_tracks(found: Sequence[Watched]) -> list[Happening | Course]:
    """A track for everything that is watched and has a past."""
    from playhead_tui.chart import course_of

    return [course_of(printable(each.expression), each.series) for each in found if each.series is not None]


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
