"""Header, pane titles and footer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from playhead_tui.drawing import words
from playhead_tui.drawing.hints import Hint
from playhead_tui.drawing.span import Line, Role, Span, crop_middle, crop_start, fit, printable, spread, width_of
from playhead_tui.frame import Frame, Note
from playhead_tui.keys import Action

_NAME_LEAST = 12
"""Cells that the run's name keeps whatever else there is to say."""
_CLOCK_WIDTH, _DELTA_WIDTH = 15, 11


def header_line(name: str, frame: Frame | None, state: str, width: int) -> Line:
    """`refund ▸ planner   commit 412 / 1,903 · 14:03:22.118 · +3.2 s  LIVE`.

    Where room is short, the middle of the run's name goes first, then times, then the end of the agent's name.
    """
    name = printable(name)
    if frame is None:
        return Line(spread([Span(" "), Span(name, "heading")], [Span(state, "muted"), Span(" ")], width))
    agent = [Span(" ▸ ", "muted"), Span(printable(frame.agent_name), "strong")] if frame.agent is not None else []
    commit = [Span("commit ", "muted"), Span(words.count(frame.position), "playhead")]
    commit.append(Span(f" / {words.count(frame.head)}", "muted"))
    badge = [Span("  "), Span(f" {state} ", "active")] if state else []
    name = crop_middle(name, _room_of_name(frame, _width([*agent, *badge]), width))
    title = [Span(" "), Span(name, "heading"), *agent]
    clock = _clock(frame.moment, None)
    delta = _clock(frame.moment, frame.previous_moment)
    for times in (delta, clock, []):
        end = [*commit, *times, *badge, Span(" ")]
        if _width([*title, *end]) < width:
            break
    return Line(spread(title, end, width))


def _room_of_name(frame: Frame, taken: int, width: int) -> int:
    """Cells for the run's name beside as many times as leave it enough; the same at every commit with a time."""
    rest = width - taken - 3 - len(f"commit  / {words.count(frame.head)}") - len(words.count(frame.head))
    wanted = (_CLOCK_WIDTH + _DELTA_WIDTH, _CLOCK_WIDTH, 0) if frame.moment is not None else (0,)
    return next((rest - times for times in wanted if rest - times >= _NAME_LEAST), _NAME_LEAST)


def _width(spans: Sequence[Span]) -> int:
    return sum(width_of(span.text) for span in spans)


def _clock(moment: datetime | None, previous: datetime | None) -> list[Span]:
    if moment is None:
        return []
    spans = [Span(" · ", "faint"), Span(words.clock_time(moment, milliseconds=True), "text")]
    if previous is not None:
        spans += [Span(" · ", "faint"), Span(words.elapsed(moment - previous), "muted")]
    return spans


def title_line(
    titles: Sequence[tuple[str, bool]], note: Sequence[Span], focused: bool, width: int, joints: dict[int, str]
) -> Line:
    """`─ STATE ──────────── 12 keys ─`: a rule with titles at its left, the chosen one bright, and a note at its right.

    `joints` are the columns where an upright line meets the rule, with the sign that joins them.
    """
    rule_role: Role = "accent" if focused else "faint"
    taken = 4 + sum(width_of(text) + 2 for text, _ in titles)
    shown = _end_that_fits(note, width - taken - 3)
    end = (Span(" "), *shown, Span(" ")) if shown else ()
    spans: list[Span] = [Span("─ ", rule_role)]
    for text, chosen in titles:
        spans.append(Span(text, "heading" if chosen and focused else "strong" if chosen else "muted"))
        spans.append(Span("  " if len(titles) > 1 else " "))
    if len(titles) > 1:
        spans[-1] = Span(" ")
    room = width - 2 - sum(width_of(span.text) for span in (*spans, *end))
    if room < 0:
        end, room = (), max(0, width - 2 - sum(width_of(span.text) for span in spans))
    spans += [Span("─" * (room + 1), rule_role), *end, Span("─", rule_role)]
    return Line(fit(_joined(tuple(spans), joints), width))


def _end_that_fits(note: Sequence[Span], room: int) -> Sequence[Span]:
    """The note without as many of its first parts as do not fit, and without the separator that would then lead it."""
    while note and (sum(width_of(span.text) for span in note) > room or not note[0].text.strip(" ·")):
        note = note[1:]
    return note


def _joined(spans: tuple[Span, ...], joints: dict[int, str]) -> tuple[Span, ...]:
    joined: list[Span] = []
    column = 0
    for span in spans:
        text = span.text
        for at, sign in joints.items():
            if column <= at < column + len(text) and text[at - column] == "─":
                text = text[: at - column] + sign + text[at - column + 1 :]
        joined.append(Span(text, span.role))
        column += len(span.text)
    return tuple(joined)


def footer_line(hints: Sequence[Hint], note: Note | None, count: int, width: int) -> Line:
    """How the last thing went, while it is news; then the keys that matter, as many as fit; the count being typed."""
    spans: list[Span] = [Span(" "), *((Span(f" {count} ", "active"), Span(" ")) if count else ())]
    end = [span for hint in hints if hint.action.id in ALWAYS for span in _hint(hint)]
    if note is not None:
        said = [*spans, Span(printable(note.text), "error" if note.is_error else "strong"), Span("   ")]
        if _width(said) + _width(end) >= width:
            return Line(fit(said[:-1], width))
        spans = said
    room = width - _width([*spans, *end]) - 1
    for hint in hints:
        if hint.action.id in ALWAYS:
            continue
        room -= _width(_hint(hint))
        if room < 0:
            break
        spans += _hint(hint)
    return Line(spread(spans, end, width))


def prompt_line(prompt: str, before: str, after: str, hint: str, width: int) -> Line:
    """What is being typed, the cursor on the first character of `after`; the start gives way where not all fits."""
    room = width - width_of(prompt) - 2
    shown = crop_start(before, max(1, room))
    cursor, rest = (after[0], after[1:]) if after else (" ", hint)
    spans = [
        Span(" "),
        Span(prompt, "accent"),
        Span(shown),
        Span(cursor, "active"),
        Span(rest, "faint" if hint else "text"),
    ]
    return Line(fit(spans, width))


def footer_targets(line: Line, hints: Sequence[Hint]) -> list[tuple[range, Action]]:
    """Where in a footer line a click means an action, in columns."""
    targets: list[tuple[range, Action]] = []
    column = 0
    for span, after in zip(line.spans, (*line.spans[1:], Span("")), strict=True):
        size = width_of(span.text)
        shown = (span.text, after.text) if span.role == "playhead" else None
        action = next((hint.action for hint in hints if (hint.keys, f" {hint.word}  ") == shown), None)
        if action is not None:
            targets.append((range(column, column + size + width_of(after.text)), action))
        column += size
    return targets


ALWAYS = ("help", "quit", "runs.help", "runs.close")
"""Actions whose hints stand at the right end, whatever else there is."""


def _hint(hint: Hint) -> list[Span]:
    return [Span(hint.keys, "playhead"), Span(f" {hint.word}  ", "muted")]
