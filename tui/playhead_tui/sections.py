"""What the state pane shows at one position of the playhead: pinned keys, and the keys of one agent or of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playhead import AgentAddress
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.state_rows import Place, Section
from playhead_tui.drawing.tree import Tree, tree_of

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead.outline import StateOutline


@dataclass(frozen=True, slots=True)
class StateLens:
    """How a person chose to look at the state, besides what narrows it."""

    everyone: bool = False
    """Whether all agents are shown, not the chosen one alone."""
    deleted: bool = False
    """Whether keys that were deleted earlier are shown."""
    pins: tuple[Place, ...] = ()
    """Keys that stand on top, in the order they were pinned."""
    folded_agents: frozenset[AgentAddress] = frozenset()
    opened: frozenset[Place] = frozenset()
    """Keys and parts of values whose members are shown."""


def read_sections(
    cursor: Cursor,
    lens: StateLens,
    outline: StateOutline,
    folded: frozenset[str],
    *,
    changed_only: bool,
    filter: str,
) -> tuple[Section, ...]:
    """The sections from top to bottom. Reads keys and versions, no values. outline: that of the chosen agent."""
    from playhead.outline import outline_row  # numpy, which the first paint need not wait for

    agents: Sequence[AgentAddress] = cursor.agents() if lens.everyone else [cursor.agent]
    namespaces = len({agent.namespace for agent in agents}) > 1
    sections = []
    for pin in lens.pins:
        if pin.agent in agents:
            entry = outline_row(cursor.timeline_of(pin.agent), pin.key, cursor.position)
            title = _name(pin.agent, namespaces) if lens.everyone else ""
            sections.append(Section(pin.agent, [entry], Tree([pin.key]), title, pinned=True))
    for agent in agents:
        entries = outline
        if agent != cursor.agent:
            entries = cursor.outline(agent, changed_only=changed_only, filter=filter, deleted=lens.deleted)
        if lens.everyone and not len(entries):
            # Others with nothing to show here would be headings in the way.
            continue
        title = _name(agent, namespaces) if lens.everyone else ""
        tree = tree_of(entries.keys, folded, (str(cursor.store.path), agent), cursor.timeline_of(agent).first_commits)
        is_folded = lens.everyone and agent in lens.folded_agents
        live, changed = entries.live_count, len(entries.statuses)
        sections.append(Section(agent, entries, tree, title, is_folded, live=live, changed=changed))
    return tuple(sections)


def _name(agent: AgentAddress, namespaces: bool) -> str:
    return printable(f"{agent.namespace}/{agent.agent_id}" if namespaces else agent.agent_id)
