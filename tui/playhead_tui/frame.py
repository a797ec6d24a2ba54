"""What the screen shows at one position of the playhead, read in one go off the event loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from playhead import AgentAddress, EventHeader
from playhead.json_path import Path
from playhead_tui.drawing.row import Fold
from playhead_tui.drawing.span import crop, printable
from playhead_tui.drawing.state_rows import Place, Section
from playhead_tui.sections import StateLens, read_sections

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead.figures import Figures
    from playhead.outline import StateOutline
    from playhead.turns import Turns

_LABEL_WIDTH = 24

Tab: TypeAlias = Literal["diff", "value", "history", "blame"]


@dataclass(frozen=True, slots=True)
class Lens:
    """How a person chose to look: what a frame depends on besides the playhead."""

    selection: str | None = None
    changed_only: bool = False
    filter: str = ""
    folded: frozenset[str] = frozenset()
    event_rows: int = 40
    """Rows of the event list that fit the screen."""
    by_turn: bool = False
    """Whether the event list has headings for turns."""
    state: StateLens = field(default_factory=StateLens)


@dataclass(frozen=True, slots=True)
class PageLens:
    """How a person chose to look at the inspector's page."""

    toggled: frozenset[Fold] = frozenset()
    turned: Literal["", "open", "folded"] = ""
    """Whether everything is open or folded, apart from what was toggled since; empty for what suits the value."""
    layout: Literal["", "unified", "split"] = ""
    """Of a difference; empty for what suits the width."""
    raw: bool = False
    """Whether texts are shown as they are, not as the Markdown or code that they hold."""
    find: str = ""
    """A text to mark, and to go through with n and N."""


class PreviewKey(NamedTuple):
    """What a preview depends on: a version never changes."""

    agent: AgentAddress
    key: str
    version: int


class MembersKey(NamedTuple):
    """What the members of an open value depend on."""

    key: PreviewKey
    changed: bool
    """Whether the event under the playhead made this version of one before, so that members are marked."""
    opened: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the screen lacks to be complete."""

    tab: Tab | None
    """None where the inspector shows the right thing already."""
    width: int
    """Cells of the inspector."""
    previews: Sequence[PreviewKey] = ()
    lens: PageLens = PageLens()
    members: Sequence[MembersKey] = ()
    in_view: Sequence[PreviewKey] = ()
    """The keys whose values the steps from here will want."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line that tells how something went."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that follows from the position alone. Values come after it, as Details."""

    agent: AgentAddress | None
    position: int
    head: int
    stop_count: int
    row: int
    """The row of the event list at the playhead; −1 before the first."""
    event: EventHeader | None
    previous_moment: datetime | None
    """When the event before happened."""
    outline: StateOutline
    sections: Sequence[Section]
    """What the state pane shows: pinned keys, then agents with their keys."""
    selection: str | None
    marks: Mapping[str, int]
    follow_agent: bool
    base: str
    """What Diff compares with, in words."""
    base_is_previous: bool = True
    base_commit: int | None = None
    """The commit that Diff compares with; None for each key's previous version."""
    headers: Mapping[int, EventHeader] = field(default_factory=dict)
    """Rows of the event list around the playhead."""
    imported: bool = False
    """Whether commits were made by an import, so that their time says nothing about the run."""
    one_namespace: bool = True
    """Whether an agent is known without its namespace."""
    filter: str = ""
    """What the keys of the outline contain."""
    changed_only: bool = False
    """Whether the outline has only what this event changed."""
    agent_count: int = 1
    """How many agents ever wrote."""
    opened: frozenset[Place] = frozenset()
    """What is open in the state pane."""
    figures: Mapping[int, Figures] = field(default_factory=dict)
    """What there is to know of the events in `headers` beside them, by commit_ts."""
    figures_lack: bool = False
    """Whether some of that is still to be read."""
    event_filter: str = ""
    """What the event list keeps to, as it is typed; empty for every event."""
    filtered_from: int = 0
    """How many events the list would have without its filter."""
    turns: Turns | None = None
    """The events by turn, where that is how they are looked at."""
    rows: range = range(0)
    """The rows of the event list that may be in view."""
    has_events: bool = True
    """Whether the events in them were in memory."""
    is_whole: bool = True
    """Whether what there is to know beside the events was, too; `completed` brings what was not."""

    @property
    def at_head(self) -> bool:
        return self.position == self.head

    @property
    def moment(self) -> datetime | None:
        return moment_of(self.event, self.imported) if self.event else None

    @property
    def agent_name(self) -> str:
        """The agent as people tell it from the others; empty where there is none."""
        if self.agent is None:
            return ""
        return self.agent.agent_id if self.one_namespace else f"{self.agent.namespace}/{self.agent.agent_id}"


def moment_of(header: EventHeader, imported: bool) -> datetime | None:
    """When the event happened; None where nobody knows: the time of an import is not that of the run."""
    return header.occurred_at if imported else header.moment


def read_frame(cursor: Cursor, lens: Lens) -> Frame:
    """The frame at the cursor's position, from what is in memory: keys and versions, and the headers read before."""
    state = lens.state
    selection = lens.selection
    narrowed = bool(lens.filter or lens.changed_only)
    # The selected key keeps its row where it does not exist: the inspector speaks of it.
    also = None if narrowed else selection
    outline = cursor.outline(changed_only=lens.changed_only, filter=lens.filter, deleted=state.deleted, also=also)
    pinned = selection is not None and Place(cursor.agent, selection) in state.pins
    if selection is None or (narrowed and not pinned and outline.row_of(selection) is None):
        selection = _first_of_interest(outline) or selection
    cursor.selection = selection
    position, stop_count = cursor.position, cursor.stop_count
    imported = cursor.store.imported is not None
    row = cursor.row_of(position) if stop_count else -1
    rows = range(max(0, row - lens.event_rows), min(stop_count, max(row, 0) + lens.event_rows + 1))
    stops = {at: cursor.stop_at(at) for at in rows}
    known = cursor.track.known_headers([*stops.values(), *_last_two(position)])
    headers = {at: known[commit_ts] for at, commit_ts in stops.items() if commit_ts in known}
    figures = cursor.figures.known(stops.values())
    previous_moment, knows_previous = _moment_before(cursor, position, imported, known)
    has_events = len(headers) == len(rows) and (position == 0 or position in known) and knows_previous
    return Frame(
        agent=cursor.agent,
        position=position,
        head=cursor.head,
        stop_count=stop_count,
        row=row,
        event=known.get(position),
        previous_moment=previous_moment,
        outline=outline,
        sections=read_sections(cursor, state, outline, lens.folded, changed_only=lens.changed_only, filter=lens.filter),
        opened=state.opened,
        changed_only=lens.changed_only,
        selection=selection,
        marks=dict(cursor.marks),
        follow_agent=cursor.follow_agent,
        base=base_name(cursor),
        base_is_previous=cursor.base is None,
        base_commit=cursor.base,
        headers=headers,
        imported=imported,
        one_namespace=len({agent.namespace for agent in cursor.agents()}) <= 1,
        filter=lens.filter,
        agent_count=len(cursor.agents()),
        figures=figures,
        figures_lack=cursor.figures.lacks(len(cursor.agents()) > 1),
        event_filter=str(cursor.filter or ""),
        filtered_from=len(cursor.timeline.commits) if cursor.follow_agent else cursor.head,
        turns=cursor.turns if lens.by_turn else None,
        rows=rows,
        has_events=has_events,
        is_whole=has_events and len(figures) == len(headers),
    )


def completed(cursor: Cursor, frame: Frame) -> Frame:
    """The frame with what `read_frame` did not find in memory."""
    if frame.is_whole:
        return frame
    headers, figures = read_rows(cursor, frame.rows)
    known = {header.commit_ts: header for header in cursor.track.headers(_last_two(frame.position))}
    return replace(
        frame,
        event=known.get(frame.position),
        previous_moment=_moment_before(cursor, frame.position, frame.imported, known)[0],
        headers=headers,
        figures=figures,
        has_events=True,
        is_whole=True,
    )


def _last_two(position: int) -> list[int]:
    return [*range(max(1, position - 1), position + 1)]


def _moment_before(
    cursor: Cursor, position: int, imported: bool, known: Mapping[int, EventHeader]
) -> tuple[datetime | None, bool]:
    """When the event before happened, and whether that is known yet."""
    if position <= 1:
        return None, True
    if not imported:
        return cursor.time_at(position - 1), True
    before = known.get(position - 1)
    return (moment_of(before, imported), True) if before is not None else (None, False)


def base_name(cursor: Cursor) -> str:
    """What Diff compares with, in words."""
    if cursor.base is None:
        return "previous version"
    if cursor.base < 0:
        return "previous commit" if cursor.base == -1 else f"{-cursor.base:,} commits before"
    name = next((name for name, commit_ts in cursor.marks.items() if commit_ts == cursor.base), None)
    if name:
        return f"mark {name}"
    entries = cursor.store.snapshot_entries()
    taken = next((entry for entry in reversed(entries) if entry.commit_ts == cursor.base), None)
    if taken is None:
        return f"pinned commit {cursor.base:,}"
    return f"“{printable(crop(taken.label, _LABEL_WIDTH))}”" if taken.label else f"snapshot {taken.id}"


def read_rows(cursor: Cursor, rows: Sequence[int]) -> tuple[dict[int, EventHeader], dict[int, Figures]]:
    """Headers of rows of the event list, as far as they exist, and what there is to know beside them by commit_ts."""
    known = [row for row in rows if 0 <= row < cursor.stop_count]
    headers = cursor.track.headers([cursor.stop_at(row) for row in known])
    return dict(zip(known, headers, strict=True)), cursor.figures.of(headers)


def _first_of_interest(outline: StateOutline) -> str | None:
    """What to select where nothing is: the first key that this event touched, else the first one."""
    return min(outline.statuses, default=outline.keys[0] if outline.keys else None)
