"""What keys do in the state pane: what is open, pinned and shown there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import work

from playhead import JSON, AgentAddress, PlayheadError
from playhead.json_path import Path
from playhead_tui.drawing.span import crop_middle, printable
from playhead_tui.drawing.state_rows import Place, Spot, StateRow
from playhead_tui.frame import Note
from playhead_tui.screens import requests
from playhead_tui.screens.inspector_actions import InspectorActions
from playhead_tui.sections import StateLens
from playhead_tui.session import Keeper
from playhead_tui.widgets.state_view import StateView

if TYPE_CHECKING:
    from playhead_tui.driver import Driver
    from playhead_tui.state_numbers import StateNumbers

PINS_MAX = 20
_OPENED_MAX = 64
"""Values, and parts of values, that are open at once; of more, those that were opened first are closed."""
_AT_ONCE = 4
"""Histories of numbers read before a move gets its turn."""
_NAME_WIDTH = 40


class StateActions(InspectorActions):
    def __init__(self) -> None:
        super().__init__()
        self._number_reader: StateNumbers | None = None

    def reset_lens(self) -> None:
        super().reset_lens()
        self.everyone = False
        self.shows_deleted = False
        self.pins: tuple[Place, ...] = ()
        self.folded_agents: frozenset[AgentAddress] = frozenset()
        self.opened: tuple[Place, ...] = ()
        self._number_reader = None

    def state_lens(self) -> StateLens:
        return StateLens(self.everyone, self.shows_deleted, self.pins, self.folded_agents, frozenset(self.opened))

    # ── the cursor ───────────────────────────────────────────────────────────────────────────────────────────────────

    def on_state_view_selected(self, message: StateView.Selected) -> None:
        self.selection = message.key
        if message.agent is not None and self.frame is not None and message.agent != self.frame.agent:
            self.request(requests.choose_agent(message.agent))
        else:
            self.look_again()

    def on_state_view_toggled(self, message: StateView.Toggled) -> None:
        self._turn(message.spot)

    def _path_in_hand(self) -> Path:
        row = self.state.row if self.state.has_focus else None
        return row.member.path if row is not None and row.member is not None else super()._path_in_hand()

    # ── opening and folding ──────────────────────────────────────────────────────────────────────────────────────────

    def action_fold(self) -> None:
        row = self.state.row
        if not self.state.has_focus or row is None:
            super().action_fold()
            return
        self.take_count()
        spot = self._spot_to_fold(row)
        if spot is None:
            self.tell("Nothing to fold here")
            return
        self.state.put_cursor(spot)
        self._turn(spot)

    def _spot_to_fold(self, row: StateRow) -> Spot | None:
        """What folding at a row turns over: what can be folded there, else what the row is in."""
        spot = row.spot
        if not spot.is_key or row.section.pinned or self.state.opens(row) or self.state.is_open(row):
            return None if row.section.pinned else spot
        if spot.path:
            return spot._replace(path=spot.path[:-1])
        group = row.section.tree.group_of(spot.key)
        return Spot(spot.agent, group=group) if group else None

    def _turn(self, spot: Spot) -> None:
        if spot.group:
            self.folded = self.folded ^ {spot.group}
        elif not spot.key:
            self.folded_agents ^= {spot.agent} if spot.agent is not None else set()
        elif spot.agent is not None:
            place = Place(spot.agent, spot.key, spot.path)
            opened = tuple(each for each in self.opened if each != place)
            self.opened = opened if place in self.opened else (*opened, place)[-_OPENED_MAX:]
        self.look_again()

    def action_fold_all(self) -> None:
        """Close every value and fold every group; where all are, open the groups again."""
        frame = self.frame
        if not self.state.has_focus or frame is None:
            super().action_fold_all()
            return
        self.take_count()
        groups = {row.group for section in frame.sections for row in section.tree if row.group}
        unfolded = groups - self.folded
        if self.opened or unfolded:
            self.opened, self.folded = (), self.folded | groups
        elif groups:
            self.folded = frozenset()
        else:
            self.tell("Nothing to fold here")
        self.look_again()

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def action_pin(self) -> None:
        self.take_count()
        row = self.state.row if self.state.has_focus else None
        spot = row.spot if row is not None else None
        agent, key = self.frame.agent if self.frame is not None else None, self.selection
        if spot is not None:
            agent, key = spot.agent, spot.key
        if agent is None or not key:
            self.tell("Only keys can be pinned: this is a group" if spot is not None else "No key is selected")
            return
        place, name = Place(agent, key), printable(crop_middle(key, _NAME_WIDTH))
        if place in self.pins:
            self.pins = tuple(pin for pin in self.pins if pin != place)
            self.tell(f"{name} is not pinned any more")
        elif len(self.pins) == PINS_MAX:
            self.tell(f"{PINS_MAX} keys are pinned already: p on one of them makes room")
        else:
            self.pins = (*self.pins, place)
            self.tell(f"{name} is pinned: it stays on top, also where it does not exist")
        self.look_again()

    def action_show_deleted(self) -> None:
        self.take_count()
        self.shows_deleted = not self.shows_deleted
        self.tell("Keys deleted earlier are shown" if self.shows_deleted else "Only keys that exist are shown")
        self.look_again()

    def action_everyone(self) -> None:
        self.take_count()
        self.everyone = not self.everyone
        self.tell("The state of every agent, at one playhead" if self.everyone else "The state of one agent")
        self.look_again()

    # ── numbers over time ────────────────────────────────────────────────────────────────────────────────────────────

    def read_numbers(self) -> None:
        """Read the histories of the numbers in view."""
        if self.driver is not None and self.state.missing_numbers():
            self._load_numbers(self.driver)

    @work(exclusive=True, group="numbers")
    async def _load_numbers(self, driver: Driver) -> None:
        from playhead_tui.state_numbers import StateNumbers

        self._number_reader = reader = self._number_reader or StateNumbers()
        try:
            while driver is self.driver and (missing := self.state.missing_numbers()[:_AT_ONCE]):
                wanted = tuple(missing)
                self.state.add_numbers(await driver.ask(lambda cursor, wanted=wanted: reader.read(cursor, wanted)))  # type: ignore[misc]
        except (PlayheadError, OSError) as error:
            self.footer.show_note(Note(str(error), is_error=True))

    # ── kept for the next visit ──────────────────────────────────────────────────────────────────────────────────────

    def state_keeper(self) -> Keeper:
        return Keeper(self._keep_state, self._take_up_state)

    def _keep_state(self) -> JSON:
        return {
            "pins": [[*pin.agent, pin.key] for pin in self.pins],
            "opened": [[*place.agent, place.key, list(place.path)] for place in self.opened],
            "deleted": self.shows_deleted,
            "everyone": self.everyone,
        }

    def _take_up_state(self, kept: JSON) -> None:
        """What is damaged is passed over: it is a convenience."""
        if not isinstance(kept, dict):
            return
        self.pins = tuple(_places(kept.get("pins")))[:PINS_MAX]
        self.opened = tuple(_places(kept.get("opened")))[:_OPENED_MAX]
        self.shows_deleted, self.everyone = kept.get("deleted") is True, kept.get("everyone") is True


def _places(kept: JSON) -> Iterable[Place]:
    for entry in kept if isinstance(kept, list) else ():
        match entry:
            case [str(namespace), str(agent_id), str(key)]:
                yield Place(AgentAddress(namespace, agent_id), key)
            case [str(namespace), str(agent_id), str(key), list(path)]:
                parts = tuple(part for part in path if isinstance(part, str) or type(part) is int)
                if len(parts) == len(path):
                    yield Place(AgentAddress(namespace, agent_id), key, parts)
