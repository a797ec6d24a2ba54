"""The columns of the event list: which there are, which are chosen, and which of them have room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias, get_args

from playhead.model import is_error_kind

Column: TypeAlias = Literal["time", "icon", "kind", "agent", "duration", "tokens", "cost", "operations"]
COLUMNS: tuple[Column, ...] = get_args(Column)
SUMMARIES: Mapping[Column, str] = {
    "time": "when it happened",
    "icon": "its kind as a sign",
    "kind": "its kind as a word",
    "agent": "whose it was, in runs of more than one agent",
    "duration": "how long it took, or until the next event",
    "tokens": "tokens read anew and written, where the run says",
    "cost": "dollars, where the run says",
    "operations": "how many writes and deletes it made",
}
WIDTHS: Mapping[Column, int] = {
    "time": 9,
    "icon": 2,
    "kind": 13,
    "agent": 12,
    "duration": 8,
    "tokens": 9,
    "cost": 8,
    "operations": 9,
}
"""Cells of each column, with the space beside it."""
_LEAST_LABEL = 20
"""Cells of the label below which columns make room for it."""
_ROOMY_LABEL = 30
"""The same for columns that say something about numbers only: a label is worth more than those."""
_FIGURES: tuple[Column, ...] = ("operations", "cost", "tokens", "agent", "duration")
_NARROWEST: tuple[Column, ...] = ("time", "kind", "icon")

ICONS: Mapping[str, str] = {
    "user": "❯",
    "human": "❯",
    "user_message": "❯",
    "assistant": "●",
    "model": "●",
    "llm": "●",
    "llm_start": "○",
    "llm_end": "●",
    "thinking": "∴",
    "tool": "→",
    "tool_call": "→",
    "tool_start": "→",
    "tool_use": "→",
    "function_call": "→",
    "tool_result": "←",
    "tool_end": "←",
    "plan": "≡",
    "todo": "≡",
    "handoff": "⇄",
    "draft": "✎",
    "reply": "↗",
    "restore": "↺",
    "compaction": "⊟",
    "usage": "Σ",
    "score": "★",
    "session": "■",
    "system": "■",
    "close": "✓",
    "final": "✓",
    "result": "✓",
    "span_start": "┌",
    "agent_start": "┌",
    "chain_start": "┌",
    "span_end": "└",
    "agent_end": "└",
    "chain_end": "└",
}


def icon_of(kind: str) -> str:
    """A sign of one cell for a kind: what says it without colour."""
    return "✗" if is_error_kind(kind) else ICONS.get(kind, "·")


class Told(NamedTuple):
    """What a run tells of its events, beside what all do."""

    agents: bool = False
    tokens: bool = False
    cost: bool = False


@lru_cache(maxsize=64)
def shown_columns(chosen: tuple[Column, ...], told: Told, number_width: int, width: int) -> tuple[Column, ...]:
    """The chosen columns that the run has something for, as far as the label keeps its room."""
    silent = {name for name, says in (("agent", told.agents), ("tokens", told.tokens), ("cost", told.cost)) if not says}
    wanted = set(chosen) - silent
    for order, least in ((_FIGURES, _ROOMY_LABEL), (_NARROWEST, _LEAST_LABEL)):
        for column in order:
            used = number_width + 5 + sum(WIDTHS[name] for name in wanted)
            if width - used < least:
                wanted.discard(column)
    return tuple(column for column in COLUMNS if column in wanted)


def parse_columns(text: str) -> tuple[tuple[Column, ...], list[str]]:
    """The columns that a setting names, in the list's order, and the words in it that name none."""
    words = text.replace(",", " ").split()
    known: Sequence[str] = COLUMNS
    return tuple(column for column in COLUMNS if column in words), [word for word in words if word not in known]
