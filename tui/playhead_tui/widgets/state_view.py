"""The state at the playhead: every key, what just happened to it, and a glimpse of its value."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from textual.message import Message

from playhead import AgentAddress
from playhead_tui.drawing.glimpses import Glimpse, Member
from playhead_tui.drawing.span import Line, Span, printable
from playhead_tui.drawing.state_lines import Columns, agent_line, group_line, key_line, member_line
from playhead_tui.drawing.state_rows import Spot, StateRow, StateRows
from playhead_tui.frame import Frame, MembersKey, PreviewKey
from playhead_tui.state_numbers import NumberKey
from playhead_tui.widgets.lines_view import LinesView

_PREVIEWS_MAX = 8_192
_MEMBERS_MAX = 256
_NUMBERS_MAX = 2_048
_NO_KEYS = "No keys here."
_CHANGED_NONE = "This event changed none of them · d shows all"

Known = TypeVar("Known")
Key = TypeVar("Key")


class StateView(LinesView):
    """Pinned keys stay on top while the others scroll. Values come when their rows are in view."""

    class Toggled(Message):
        """A group, an agent's keys or the members of a value are to be opened or folded."""

        def __init__(self, spot: Spot) -> None:
            super().__init__()
            self.spot = spot

    class Scrolled(Message):
        """Other rows are in view."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, StateView.Scrolled)

    class Selected(Message):
        """Another key is under the cursor."""

        def __init__(self, agent: AgentAddress | None, key: str) -> None:
            super().__init__()
            self.agent, self.key = agent, key

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._rows = StateRows((), {})
        self._columns = (0, Columns(0, 0, 0))
        self._previews: OrderedDict[PreviewKey, Glimpse] = OrderedDict()
        self._members: OrderedDict[MembersKey, Sequence[Member]] = OrderedDict()
        self._latest_members: OrderedDict[tuple[AgentAddress, str], MembersKey] = OrderedDict()
        self._numbers: OrderedDict[NumberKey, Sequence[float | None]] = OrderedDict()
        self._spot: Spot | None = None
        """Where the cursor was put, which stays there while the rows around it come and go."""
        self._told: Spot | None = None
        """A key that the cursor was moved to and that no frame was read for yet."""

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def show(self, frame: Frame) -> None:
        self._frame = frame
        self._make_rows()
        row = self._row_of_cursor(frame)
        if row is not None:
            self.cursor = row
        self.update_lines(row)

    def _make_rows(self) -> None:
        """Put the rows together: of an open value whose members are not known yet, those of its version before."""
        assert self._frame is not None
        opened: dict[tuple[AgentAddress, str], Sequence[Member]] = {}
        for wanted in self._open_values(self._frame):
            name = (wanted.key.agent, wanted.key.key)
            known = self._members.get(wanted)
            if known is None and name in self._latest_members:
                known = [row._replace(status=None) for row in self._members.get(self._latest_members[name], ())]
            if known:
                opened[name] = known
        self._rows = StateRows(self._frame.sections, opened)
        self._columns = (0, self._columns[1])

    def _open_values(self, frame: Frame) -> list[MembersKey]:
        """The open values of the keys that exist here."""
        paths: dict[tuple[AgentAddress, str], set[tuple[str | int, ...]]] = {}
        for place in frame.opened:
            paths.setdefault((place.agent, place.key), set()).add(place.path)
        wanted = []
        for section in frame.sections:
            if section.pinned or section.folded or section.agent is None:
                continue
            for (agent, key), inside in paths.items():
                at = section.tree.index_of(key) if agent == section.agent and () in inside else None
                if at is None or not (entry := section.entries[at]).exists:
                    continue
                versioned = PreviewKey(agent, key, entry.version)
                wanted.append(MembersKey(versioned, entry.status == "changed", frozenset(inside - {()})))
        return wanted

    def add_previews(
        self, previews: Mapping[PreviewKey, Glimpse], members: Mapping[MembersKey, Sequence[Member]]
    ) -> None:
        """Values that arrived. The newest few thousand are kept: a version never changes."""
        if not previews and not members:
            return
        _keep(self._previews, previews, _PREVIEWS_MAX)
        _keep(self._members, members, _MEMBERS_MAX)
        _keep(self._latest_members, {(key.key.agent, key.key.key): key for key in members}, _MEMBERS_MAX)
        if members and self._frame is not None:
            self._make_rows()
            row = self._row_of_cursor(self._frame)
            self.cursor = self.cursor if row is None else row
        self.update_lines()

    def add_numbers(self, numbers: Mapping[NumberKey, Sequence[float | None]]) -> None:
        """Histories of numbers that arrived."""
        _keep(self._numbers, numbers, _NUMBERS_MAX)
        _keep(self._numbers, {_latest(key): numbers[key] for key in numbers}, _NUMBERS_MAX)
        self.update_lines()

    # ── what is lacking ──────────────────────────────────────────────────────────────────────────────────────────────

    def missing_previews(self) -> list[PreviewKey]:
        """What the visible rows lack."""
        return [key for key in self.values_in_view() if key not in self._previews]

    def missing_members(self) -> list[MembersKey]:
        """What the open values lack."""
        if self._frame is None:
            return []
        return [key for key in self._open_values(self._frame) if key not in self._members]

    def missing_numbers(self) -> list[NumberKey]:
        """The visible numbers whose history is not known."""
        wanted = (self._number_of(row) for row in self._visible())
        return list(dict.fromkeys(key for key in wanted if key is not None and key not in self._numbers))

    def _number_of(self, row: StateRow) -> NumberKey | None:
        """The number that a row shows, where it was something else before."""
        key = _value_of(row)
        if key is None or key.version < 2:
            return None
        shown = row.member.glimpse if row.member is not None else self._previews.get(key)
        path = row.member.path if row.member is not None else ()
        return NumberKey(key, path) if shown is not None and shown.number is not None else None

    def _visible(self) -> list[StateRow]:
        return [self._rows[index] for index in self.visible_rows() if index < len(self._rows)]

    def values_in_view(self) -> list[PreviewKey]:
        """The values of the visible rows."""
        keys = (_value_of(row) for row in self._visible() if row.member is None)
        return list(dict.fromkeys(key for key in keys if key is not None))

    # ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def sticky_count(self) -> int:
        return min(self._rows.pinned_count, self.area.height // 3)

    def line_count(self) -> int:
        if self._frame is None:
            return 0
        return len(self._rows) or 1

    def line(self, index: int, width: int) -> Line:
        frame = self._frame
        assert frame is not None
        if not len(self._rows):
            none = _CHANGED_NONE if frame.changed_only else _NO_KEYS
            if frame.filter:
                none = f'no key contains "{printable(frame.filter)}" · Esc drops the filter'
            return Line((Span(f"  {none}", "muted"),))
        row, position = self._rows[index], frame.position
        if row.tree is None:
            return agent_line(row.section, position, width)
        if row.tree.group:
            entries = row.section.entries[row.tree.first : row.tree.last + 1] if row.tree.folded else ()
            return group_line(row.tree, entries, position, width)
        columns, number = self._columns_of(width), self._number_of(row)
        # A history that comes a moment after its number is, until then, that of the version before.
        numbers = self._numbers.get(number, self._numbers.get(_latest(number), ())) if number is not None else ()
        if row.member is not None:
            return member_line(row.tree, row.member, columns, numbers)
        entry, value = row.entry, _value_of(row)
        assert entry is not None
        known = self._previews.get(value) if value is not None else None
        pin = row.section.title if row.section.pinned else None
        is_open = self._rows.is_open(row)
        return key_line(row.tree, entry, position, known, columns, is_open=is_open, pin=pin, numbers=numbers)

    def _columns_of(self, width: int) -> Columns:
        if self._columns[0] != width:
            self._columns = (width, Columns.of(self._rows.label_width, width))
        return self._columns[1]

    # ── the cursor ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def row(self) -> StateRow | None:
        """The row that keys act on."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def holder(self) -> str:
        """The agent and the group that the first rows in view belong to, where their headings are out of sight."""
        top = int(self.scroll_offset.y) + self.sticky_count
        if not self.scroll_offset.y or top >= len(self._rows):
            return ""
        row = self._rows[top]
        if row.tree is None:
            return ""
        name = row.tree.group or row.section.entries[row.tree.first].key
        group = name.rstrip("/")[: -len(row.tree.label)] if row.tree.group else name[: len(name) - len(row.tree.label)]
        return printable(" ▸ ".join(part for part in (row.section.title, group.rstrip("/")) if part))

    def put_cursor(self, spot: Spot) -> None:
        """Put the cursor on a spot, as soon as its row is there."""
        self._spot = spot
        row = self._rows.row_of(spot)
        if row is not None:
            self.move_cursor(row, tell=False)

    def is_open(self, row: StateRow) -> bool:
        return self._rows.is_open(row)

    def opens(self, row: StateRow) -> bool:
        """Whether a row's value has members to show."""
        if row.member is not None:
            return row.member.glimpse.opens
        value = _value_of(row)
        known = self._previews.get(value) if value is not None else None
        return known is not None and known.opens

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        message.stop()
        row = self.row
        if row is None:
            return
        self._spot = row.spot
        if self._spot.is_key:
            self._told = self._spot
            self.post_message(self.Selected(self._spot.agent, self._spot.key))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        row = self.row
        if row is None:
            return
        self._spot = row.spot
        entry = row.entry
        if entry is None or (self.opens(row) and not row.section.pinned):
            message.stop()
            self.post_message(self.Toggled(row.spot))

    def _row_of_cursor(self, frame: Frame) -> int | None:
        """The row that the cursor was put on, while its key is the selected one, else that of the selected key."""
        spot, told = self._spot, self._told
        selected = (frame.agent, frame.selection)
        if told is not None and (told.agent, told.key) == selected:
            self._told = told = None
        if spot is not None and (told is not None or not spot.is_key or (spot.agent, spot.key) == selected):
            row = self._rows.row_of(spot)
            if row is None and spot.pinned:
                row = self._rows.row_of(spot._replace(pinned=False))
            if row is not None:
                return row
        self._told = None
        if frame.agent is None or frame.selection is None:
            return None
        chosen = Spot(frame.agent, frame.selection)
        row = self._rows.row_of(chosen)
        return row if row is not None else self._rows.row_of(chosen._replace(pinned=True))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())


def _latest(key: NumberKey) -> NumberKey:
    """What the newest history of a number is known under."""
    return NumberKey(key.key._replace(version=0), key.path)


def _value_of(row: StateRow) -> PreviewKey | None:
    """The version of a key's row, where it holds a value."""
    entry, agent = row.entry, row.section.agent
    return PreviewKey(agent, entry.key, entry.version) if entry is not None and agent and entry.exists else None


def _keep(known: OrderedDict[Key, Known], new: Mapping[Key, Known], most: int) -> None:
    known.update(new)
    while len(known) > most:
        known.popitem(last=False)
