"""The numbers that the selected key held, for a sparkline of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playhead import JSON, AgentAddress

if TYPE_CHECKING:
    from playhead.cursor import Cursor

MOST_COMMITS = 20_000
MOST_MEMBERS = 8
_MEMBER = re.compile(r"[\w -]+")


class NumberHistory:
    """Numbers by commit, of one key at a time: its value, or the member of it that changes most."""

    def __init__(self) -> None:
        self._key: tuple[AgentAddress, str] | None = None
        self._asked: set[int] = set()
        self._known: dict[str, dict[int, float]] = {}
        """By the member's name; empty for the value itself."""

    def lacking(self, agent: AgentAddress, key: str, commits: list[int]) -> list[int]:
        """Those of a key's commits whose value nobody has asked for yet. With another key, the former is forgotten."""
        if self._key != (agent, key) or len(self._asked) > MOST_COMMITS:
            self._key, self._known, self._asked = (agent, key), {}, set()
        return [commit_ts for commit_ts in commits if commit_ts not in self._asked]

    def at(self, commits: list[int]) -> tuple[str, list[float | None]]:
        """The member, and its number at each of these commits: None where there is none, or none has been read."""
        # Of members that change as often, the last: what is left of a budget tends to come after what it was.
        member = max(reversed(self._known), key=lambda name: len(set(self._known[name].values())), default="")
        known = self._known.get(member, {})
        return member, [known.get(commit_ts) for commit_ts in commits]

    def read(self, cursor: Cursor, commits: list[int], newest: JSON) -> None:
        """Read the key's numbers at these commits, in one question that brings nothing else.

        newest: a value of the key, which tells whether there are any, and where.
        """
        self._asked.update(commits)
        members = _members(newest)
        if self._key is None or not members:
            return
        for member, numbers in cursor.timeline.numbers(self._key[1], commits, members).items():
            self._known.setdefault(member, {}).update(numbers)


def _members(value: JSON) -> list[str]:
    """Where a value holds numbers: itself (an empty name), or some of its members."""
    if isinstance(value, dict):
        names = [name for name, member in value.items() if _is_number(member) and _MEMBER.fullmatch(name)]
        return names[:MOST_MEMBERS]
    return [""] if _is_number(value) else []


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
