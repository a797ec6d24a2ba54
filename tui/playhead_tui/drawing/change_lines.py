"""Everything that differs between two moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from playhead import Change
from playhead_tui.drawing.diff_lines import diff_lines
from playhead_tui.drawing.span import BLANK, Line, Span, printable
from playhead_tui.drawing.state_lines import ROLES, SIGNS
from playhead_tui.drawing.words import plural

KEYS_SHOWN = 200
"""Keys of a difference that are shown with their values; the others are counted."""
_LINES_A_KEY = 12


def change_lines(changes: Sequence[Change], width: int) -> list[Line]:
    """How many keys differ; then each with its address, versions and, for the first few hundred, what differs."""
    if not changes:
        return [Line((Span("The two are equal: no key differs.", "muted"),))]
    statuses: Counter[str] = Counter(change.status for change in changes)
    spans: list[Span] = []
    for status, role in ROLES.items():
        if number := statuses[status]:
            spans += [Span(" · " if spans else "", "faint"), Span(f"{SIGNS[status]} {number:,} {status}", role)]
    lines = [Line(tuple(spans))]
    for change in islice(changes, KEYS_SHOWN):
        lines += [BLANK, _address_line(change)]
        found = [line for line in diff_lines(change.before, change.after, width - 2) if line.spans]
        # The first line of a difference is its summary, which the address line stands for here.
        shown = found[1 : _LINES_A_KEY + 1]
        lines += [Line((Span("  "), *line.spans), line.tone) for line in shown]
        hidden = len(found) - 1 - len(shown)
        if hidden > 0:
            lines.append(Line((Span("    "), Span(f"⋯ {plural(hidden, 'more line')}", "faint"))))
    if len(changes) > KEYS_SHOWN:
        lines += [BLANK, Line((Span(f"⋯ {plural(len(changes) - KEYS_SHOWN, 'more key')}", "warning"),))]
    return lines


def _address_line(change: Change) -> Line:
    role = ROLES[change.status]
    agent = f"{printable(change.address.namespace)}/{printable(change.address.agent_id)} ▸ "
    before = f"v{change.before.version}" if change.before.version else "nothing"
    return Line(
        (
            Span(f"{SIGNS[change.status]} ", role),
            Span(agent, "muted"),
            Span(printable(change.address.key), "strong"),
            Span(
                f"   {before} → v{change.after.version}" if change.after.version else f"   {before} → nothing", "muted"
            ),
        )
    )
