"""The command palette: every action by name, with its keys; then agents, snapshots and runs to go to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from playhead import PlayheadError
from playhead_tui import keys
from playhead_tui.bindings import keymap_of
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.words import count
from playhead_tui.moves import Seek

if TYPE_CHECKING:
    from playhead import AgentAddress
    from playhead.cursor import Cursor
    from playhead.model import SnapshotEntry
    from playhead_tui.screens.main import MainScreen

_MOST = 50
"""Agents, and snapshots, that are offered: of more, their own lists are the better place."""


class _Target(NamedTuple):
    """Somewhere to go."""

    text: str
    help: str
    go: Callable[[], object]


class ActionProvider(Provider):
    """Actions, found by description or id."""

    async def discover(self) -> Hits:
        for action in self._actions():
            yield DiscoveryHit(
                action.description, partial(self.screen.run_action, action.method), help=action.shown_keys
            )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._actions():
            score = matcher.match(f"{action.description} {action.id}")
            if score > 0:
                shown = matcher.highlight(action.description)
                yield Hit(score, shown, partial(self.screen.run_action, action.method), help=action.shown_keys)

    def _actions(self) -> list[keys.Action]:
        actions = keymap_of(self.app).actions((*keys.in_scope("main"), *keys.in_scope("app")))
        return [action for action in actions if action.palette]


class TargetProvider(Provider):
    """Agents and snapshots of the run that is shown, and other runs; only once something is typed."""

    _targets: tuple[_Target, ...] = ()

    async def startup(self) -> None:
        main = cast("MainScreen", self.screen)
        recent = await asyncio.to_thread(main.playhead_app.recent.paths)
        agents: list[AgentAddress] = []
        snapshots: list[SnapshotEntry] = []
        if main.driver is not None:
            try:
                agents, snapshots = await main.driver.ask(_agents_and_snapshots)
            except (PlayheadError, OSError) as error:
                main.tell(str(error), is_error=True)
        self._targets = (
            *_to_agents(main, agents),
            *_to_snapshots(main, snapshots),
            *(_Target(f"Open {printable(str(path))}", "run", partial(main.playhead_app.open, path)) for path in recent),
        )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for target in self._targets:
            score = matcher.match(target.text)
            if score > 0:
                yield Hit(score, matcher.highlight(target.text), partial(_go, target), help=target.help)


def _go(target: _Target) -> None:
    target.go()


def _agents_and_snapshots(cursor: Cursor) -> tuple[list[AgentAddress], list[SnapshotEntry]]:
    return cursor.agents()[:_MOST], list(cursor.store.snapshot_entries())[-_MOST:]


def _to_agents(main: MainScreen, agents: list[AgentAddress]) -> Iterator[_Target]:
    for agent in agents:
        yield _Target(f"Look at {printable(str(agent))}", "agent", partial(main._look_at, agent))


def _to_snapshots(main: MainScreen, snapshots: list[SnapshotEntry]) -> Iterator[_Target]:
    for taken in reversed(snapshots):
        name = f"“{printable(taken.label)}”" if taken.label else f"snapshot {taken.id}"
        yield _Target(f"Go to {name}", f"commit {count(taken.commit_ts)}", partial(main.move, Seek(taken.commit_ts)))
