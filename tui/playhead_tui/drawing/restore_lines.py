"""What is chosen of a restore, in a line."""

from __future__ import annotations

from playhead import AgentAddress
from playhead_tui.drawing.change_lines import ChangeTree
from playhead_tui.drawing.span import Line, Role, Span, printable
from playhead_tui.drawing.words import count, plural


def scope_line(tree: ChangeTree, agent: AgentAddress) -> Line:
    """`Restores ● the whole store  ○ planner only  ○ chosen keys   4 of 4 keys`"""
    whole, own, chosen = tree.addresses(), tree.addresses(agent), tree.chosen or set()
    scope = "store" if chosen == whole else "agent" if chosen == own else "keys"
    spans = [Span("Restores ", "muted")]
    for name, words in (
        ("store", "everything"),
        ("agent", f"{printable(agent.agent_id)} only"),
        ("keys", "chosen keys"),
    ):
        here = name == scope
        role: Role = "accent" if here else "muted"
        spans += [Span("● " if here else "○ ", role), Span(words, "strong" if here else "muted"), Span("  ")]
    told = plural(len(whole), "key") if scope == "store" else f"{count(len(chosen))} of {plural(len(whole), 'key')}"
    return Line((*spans, Span(f" {told}", "warning" if not chosen else "text")))
