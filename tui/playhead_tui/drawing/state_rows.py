"""The rows of the state pane: pinned keys, then each agent's tree of keys, with the members of those that are open."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, overload

from playhead import AgentAddress
from playhead.json_path import Path
from playhead_tui.drawing.glimpses import Member
from playhead_tui.drawing.span import width_of
from playhead_tui.drawing.tree import Tree, TreeRow

if TYPE_CHECKING:
    from playhead.outline import OutlineRow


class Place(NamedTuple):
    """A key of an agent, or a part of its value."""

    agent: AgentAddress
    key: str
    path: Path = ()


class Spot(NamedTuple):
    """Where a cursor can be: on a key, on a part of its value, on a group of keys, or on an agent's heading."""

    agent: AgentAddress | None
    key: str = ""
    path: Path = ()
    group: str = ""
    pinned: bool = False

    @property
    def is_key(self) -> bool:
        return bool(self.key) and not self.group


@dataclass(frozen=True, slots=True)
class Section:
    """One agent's keys, or a key that was pinned."""

    agent: AgentAddress | None
    entries: Sequence[OutlineRow]
    tree: Tree
    title: str = ""
    """The agent's name, where several agents are shown."""
    folded: bool = False
    pinned: bool = False
    live: int = 0
    """How many of the keys exist."""
    changed: int = 0
    """How many the event under the playhead changed."""


class StateRow(NamedTuple):
    section: Section
    tree: TreeRow | None = None
    """None for an agent's heading."""
    member: Member | None = None

    @property
    def entry(self) -> OutlineRow | None:
        """The key's; None for groups and headings."""
        return None if self.tree is None or self.tree.group else self.section.entries[self.tree.first]

    @property
    def spot(self) -> Spot:
        agent, pinned = self.section.agent, self.section.pinned
        if self.tree is None:
            return Spot(agent)
        if self.tree.group:
            return Spot(agent, group=self.tree.group)
        key = self.section.entries[self.tree.first].key
        return Spot(agent, key, self.member.path if self.member is not None else (), pinned=pinned)


class _Stretch(NamedTuple):
    """Neighbouring rows: a heading, rows of a tree, or members of the key at a row of it."""

    section: Section
    first: int
    length: int
    members: Sequence[Member] = ()


class StateRows(Sequence[StateRow]):
    """Rows in the order they are shown. What is kept are stretches: a tree of many keys costs nothing here."""

    def __init__(
        self, sections: Sequence[Section], opened: Mapping[tuple[AgentAddress, str], Sequence[Member]]
    ) -> None:
        """opened: the members of each open key."""
        self.sections = sections
        self.pinned_count = sum(section.pinned for section in sections)
        self._opened = opened
        self._stretches = [stretch for section in sections for stretch in self._stretches_of(section)]
        self._ends = list(accumulate(stretch.length for stretch in self._stretches))
        widths = [section.tree.label_width + _owner_width(section) for section in sections]
        widths += [_label_width(stretch, member) for stretch in self._stretches for member in stretch.members]
        self.label_width = max(widths, default=0)
        """Cells of the longest label, with its indentation."""

    def _stretches_of(self, section: Section) -> list[_Stretch]:
        stretches = [_Stretch(section, -1, 1)] if section.title and not section.pinned else []
        if section.folded:
            return stretches
        rows = [
            (row, members)
            for (agent, key), members in self._opened.items()
            if agent == section.agent and not section.pinned and (row := section.tree.row_of_key(key)) is not None
        ]
        at = 0
        for row, members in sorted(rows, key=lambda pair: pair[0]):
            stretches += [_Stretch(section, at, row + 1 - at), _Stretch(section, row, len(members), members)]
            at = row + 1
        stretches.append(_Stretch(section, at, len(section.tree) - at))
        return [stretch for stretch in stretches if stretch.length]

    def is_open(self, row: StateRow) -> bool:
        """Whether the members of a row's value are shown below it."""
        if row.member is not None:
            return row.member.is_open
        entry = row.entry
        if entry is None or row.section.pinned or row.section.agent is None:
            return False
        return (row.section.agent, entry.key) in self._opened

    def row_of(self, spot: Spot) -> int | None:
        """The row of a spot, or the nearest that holds it; None where it is not shown."""
        start, found = 0, None
        for stretch in self._stretches:
            section = stretch.section
            if section.agent == spot.agent and section.pinned == spot.pinned:
                inside = _row_in(stretch, spot)
                found = found if inside is None else start + inside
            start += stretch.length
        return found

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> StateRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[StateRow]: ...
    def __getitem__(self, index: int | slice) -> StateRow | list[StateRow]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        place = bisect_right(self._ends, index)
        stretch = self._stretches[place]
        offset = index - (self._ends[place] - stretch.length)
        if stretch.members:
            return StateRow(stretch.section, stretch.section.tree[stretch.first], stretch.members[offset])
        return StateRow(stretch.section, stretch.section.tree[stretch.first + offset] if stretch.first >= 0 else None)


def _row_in(stretch: _Stretch, spot: Spot) -> int | None:
    """Where in a stretch a spot is; for a part of a value, the innermost row that holds it."""
    tree = stretch.section.tree
    if stretch.first < 0:
        return 0 if not spot.key and not spot.group else None
    row = tree.row_of_group(spot.group) if spot.group else tree.row_of_key(spot.key) if spot.key else None
    if row is None:
        return None
    if stretch.members:
        if row != stretch.first or not spot.path:
            return None
        holding = [at for at, member in enumerate(stretch.members) if member.path == spot.path[: member.depth]]
        return holding[-1] if holding else None
    return row - stretch.first if stretch.first <= row < stretch.first + stretch.length else None


def _owner_width(section: Section) -> int:
    """Cells that a pinned key takes to say whose it is."""
    return width_of(section.title) + 2 if section.pinned and section.title else 0


def _label_width(stretch: _Stretch, member: Member) -> int:
    """Cells of a member's label, with its indentation and its mark."""
    return 2 * (stretch.section.tree[stretch.first].depth + member.depth) + 2 + width_of(member.label)
