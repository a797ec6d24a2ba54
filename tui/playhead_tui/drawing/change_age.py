"""How long ago something changed: in a word, a sign and a colour that all fade with the distance."""

from __future__ import annotations

from playhead_tui.drawing.span import Role

_JUST = 10
_RECENT = 50
_LATE = 200
"""Commits ago."""


def coarse_age(commits: int) -> str:
    """now, 3 ago, 10+, 200+, 1k+: the further away, the longer the step, so that rows far away seldom change."""
    if commits < _JUST:
        return "now" if commits <= 0 else f"{commits} ago"
    size: int = 10 ** (len(str(commits)) - 1)
    floor = size * next(step for step in (5, 2, 1) if commits >= step * size)
    if floor < 1_000:
        return f"{floor}+"
    return f"{floor // 1_000}k+" if floor < 1_000_000 else f"{floor // 1_000_000}M+"


def age_sign(commits: int) -> str:
    """The mark of what changed a while ago and fades; blank for what did long ago."""
    return "•" if commits < _JUST else "·" if commits < _RECENT else " "


def age_role(commits: int) -> Role:
    """The colour of an age: just now, recently, a while ago, long ago."""
    if commits <= 0:
        return "changed"
    return "accent" if commits < _JUST else "muted" if commits < _LATE else "faint"
