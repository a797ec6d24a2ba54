"""Tables that verbs answer with, what is watched, and what could not be understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from playhead_tui.drawing.chrome_lines import title_line
from playhead_tui.drawing.json_lines import wrapped
from playhead_tui.drawing.span import BLANK, Line, Role, Span, crop, fit, left, printable, right, width_of
from playhead_tui.drawing.words import count, plural, value_words
from playhead_tui.lamps import Lamp
from playhead_tui.watching import Watched

if TYPE_CHECKING:
    from playhead.bisection import Bisection
    from playhead_tui.answers import Answer

_MEASURED = 500
_WIDEST = 60
"""Cells of a column, but for the last one, which has what is left."""
_READABLE = 24
"""Cells that a column keeps where it is shortened for the sake of the others."""
_GAP = 2
_KEYS_NAMED = 4
_LAMP_WIDTH = 40


def column_widths(answer: Answer) -> tuple[int, ...]:
    """Cells that each column takes, by its name and its first few hundred rows."""
    widths = []
    for place, name in enumerate(answer.columns):
        cells = (width_of(row[place].text) for row in islice(answer.rows, _MEASURED))
        widths.append(min(_WIDEST, max(width_of(name), max(cells, default=0))))
    return tuple(widths)


def in_sight(widths: Sequence[int], width: int) -> tuple[int, ...]:
    """The widths with the long columns shortened, where that brings all of them into sight; else as they are."""
    for most in range(max(widths, default=0), _READABLE - 1, -1):
        shortened = tuple(min(wide, most) for wide in widths)
        if sum(shortened) <= _room(widths, width):
            return shortened
    return tuple(widths)


def fits(widths: Sequence[int], width: int) -> bool:
    """Whether every column is in sight at once."""
    return sum(in_sight(widths, width)) <= _room(widths, width)


def _room(widths: Sequence[int], width: int) -> int:
    """What the columns have between the signs at the sides and the gaps."""
    return width - 4 - _GAP * (len(widths) - 1)


def table_head(answer: Answer, widths: Sequence[int], first: int, width: int) -> Line:
    """The names of the columns from `first` on, with a sign at either side where there are more."""
    names = [Span(printable(name), "muted") for name in answer.columns]
    return _row(names, answer, widths, first, width)


def table_row(answer: Answer, index: int, widths: Sequence[int], first: int, width: int) -> Line:
    return _row(answer.rows[index], answer, widths, first, width)


def _row(cells: Sequence[Span], answer: Answer, widths: Sequence[int], first: int, width: int) -> Line:
    widths = in_sight(widths, width)
    spans: list[Span] = [Span("‹ " if first else "  ", "faint")]
    room, last = width - 4, len(cells) - 1
    for place in range(first, len(cells)):
        wide = room if place == last else min(room, widths[place])
        text, role = cells[place]
        spans.append(Span(right(text, wide) if place in answer.right and place != last else left(text, wide), role))
        gap = min(_GAP, room - wide)
        spans.append(Span(" " * gap))
        room -= wide + gap
        if room <= 0:
            break
    spans.append(Span(" ›" if place < last else "  ", "faint"))
    return Line(tuple(spans))


def refusal_lines(message: str, width: int) -> list[Line]:
    """Why something typed cannot be done: the sentence, and the line with the spot underlined."""
    said, *rest = (line for line in message.splitlines() if line.strip())
    lines = [
        Line(fit([Span("   " if number else " ✗ ", "error"), Span(piece, "error")], width))
        for number, piece in enumerate(wrapped(said, width - 4))
    ]
    while rest:
        text, *rest = rest
        if not (rest and _is_underline(rest[0])):
            lines += [Line(fit([Span("   "), Span(piece, "text")], width)) for piece in wrapped(text, width - 4)]
            continue
        # The start of a long line goes, so that the spot below it is in sight.
        spot, *rest = rest
        shift = max(0, spot.rfind("^") - width + 12)
        lines.append(Line(fit([Span("   "), Span(printable(text[shift:]), "text")], width)))
        lines.append(Line(fit([Span("   "), Span(spot[shift:], "error")], width)))
    return lines


def _is_underline(text: str) -> bool:
    return set(text.strip()) == {"^"}


def watch_lines(watched: Sequence[Watched], position: int, most: int, width: int) -> list[Line]:
    """At most so many expressions, each with its value here and since when, or whether this event gave it that."""
    if not watched:
        return []
    shown = watched[:most]
    names = min(max(width_of(printable(each.expression)) for each in shown), max(16, width // 3))
    lines = [title_line([("WATCH", True)], [Span("W lists them", "muted")], False, width, {})]
    lines += [watch_line(each, position, names, width) for each in shown]
    if len(watched) > len(shown):
        lines.append(Line((Span(f"   ⋯ {len(watched) - len(shown):,} more", "faint"),)))
    return lines


def watch_line(watched: Watched, position: int, names: int, width: int) -> Line:
    reading = watched.at(position)
    name = Span(left(printable(watched.expression), names) + "  ", "key")
    if reading is None:
        return Line(fit([Span("   "), name, Span(printable(watched.problem), "warning")], width))
    spans = [Span(" ● " if reading.changed else "   ", "changed"), name, _value(reading.value, bool(reading.changed))]
    if reading.changed:
        spans += [Span("  was ", "muted"), _value(reading.before, False)]
    elif reading.since:
        spans.append(Span(f"  since {count(reading.since)}", "muted"))
    return Line(fit(spans, width))


def _value(value: object, changed: bool) -> Span:
    role: Role = "faint" if value is None else "changed" if changed else "strong"
    return Span(value_words(value), role)


def lamp_line(lamps: Sequence[Lamp], position: int, width: int) -> Line:
    """` RULES  ✗ no errors since 5   ◐ a rule breaks at 40   ● another`: what is broken first, as many as fit."""
    spans = [Span(" RULES", "strong")]
    told = sorted((_lamp(lamp, position) for lamp in lamps), key=lambda each: each[0])
    room = width - width_of(spans[0].text)
    for number, (_, lamp) in enumerate(told):
        left_over = len(told) - number - 1
        limit = room - (width_of(_more(left_over)) if left_over else 0)
        if sum(width_of(span.text) for span in lamp) <= limit:
            spans += lamp
            room -= sum(width_of(span.text) for span in lamp)
        elif limit >= _READABLE or not number:
            spans += [*fit(lamp, max(0, limit)), *([Span(_more(left_over), "faint")] if left_over else [])]
            break
        else:
            spans.append(Span(_more(left_over + 1), "faint"))
            break
    return Line(fit(spans, width))


def _more(number: int) -> str:
    return f"   ⋯ {number:,} more"


def _lamp(lamp: Lamp, position: int) -> tuple[int, list[Span]]:
    """How urgent it is, and how it looks at the playhead."""
    name = crop(printable(lamp.name), _LAMP_WIDTH)
    if lamp.problem:
        return 1, [Span("   ? ", "warning"), Span(name, "warning"), Span(f" {printable(lamp.problem)}", "muted")]
    if lamp.broken_at is None:
        return 3, [Span("   ● ", "added"), Span(name)]
    if lamp.broken_at > position:
        return 2, [Span("   ◐ ", "changed"), Span(name), Span(f" breaks at {count(lamp.broken_at)}", "muted")]
    return 0, [Span("   ✗ ", "error"), Span(name, "error"), Span(f" since {count(lamp.broken_at)}", "muted")]


def struck_line(struck: Sequence[int], differing: Mapping[str, Role] | None, position: int, width: int) -> Line:
    """Which events are struck through, and which keys would be others here without them."""
    spans = [Span(" ✗ ", "error"), Span(f"without {plural(len(struck), 'event')}", "strong"), Span("  ")]
    if min(struck) > position:
        spans.append(Span("which still lie ahead", "muted"))
    elif differing is None:
        spans.append(Span("…", "faint"))
    elif not differing:
        spans.append(Span("nothing differs here", "muted"))
    else:
        spans += [Span(f"{plural(len(differing), 'key')} would differ here: ", "muted")]
        for key, role in islice(differing.items(), _KEYS_NAMED):
            spans += [Span(crop(printable(key), 30), role), Span("  ")]
        if len(differing) > _KEYS_NAMED:
            spans.append(Span(f"⋯ {len(differing) - _KEYS_NAMED:,} more  ", "faint"))
    spans.append(Span("  :fold shows how · X restores", "faint"))
    return Line(fit(spans, width))


def bisect_line(bisection: Bisection, width: int) -> Line:
    """The question that a bisection asks, and the keys that answer it."""
    between = len(bisection.suspects) - 1
    spans = [
        Span(" ? ", "playhead"),
        Span("BISECT  ", "heading"),
        Span(f"is commit {count(bisection.candidate or 0)} bad?   ", "strong"),
        *(
            span
            for key, word in (("g", "good"), ("b", "bad"), ("s", "skip"), ("Esc", "end"))
            for span in _key(key, word)
        ),
        Span(f" good {count(bisection.good)} · bad {count(bisection.bad)} · ", "muted"),
        Span(f"{plural(between, 'event')} between, {plural(bisection.steps_left, 'question')} at most", "muted"),
    ]
    return Line(fit(spans, width))


def _key(key: str, word: str) -> tuple[Span, Span]:
    return Span(key, "playhead"), Span(f" {word}  ", "muted")


def verb_help_lines(verbs: Sequence[tuple[str, str]], width: int) -> list[Line]:
    """Usage and summary of each verb, then where else `:` goes."""
    names = max(width_of(usage) for usage, _ in verbs) + 3
    lines = [Line(fit([Span("  "), Span(left(usage, names), "key"), Span(summary)], width)) for usage, summary in verbs]
    places = "412   +50   −50   @14:03:22   @-5m   'a   a snapshot’s label"
    lines += [
        BLANK,
        Line(fit([Span("  "), Span(left("anything else", names), "key"), Span("a place: " + places)], width)),
    ]
    for example in (
        ":when budget.remaining < 0 and event.kind = 'tool_result'",
        ":last budget.remaining",
        ":watch length(plan.steps)",
    ):
        lines.append(Line(fit([Span("  "), Span(" " * names), Span(example, "string")], width)))
    lines += [BLANK, Line(fit([Span("  "), Span("docs/expressions.md has the whole language.", "muted")], width))]
    return lines
