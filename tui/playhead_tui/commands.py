"""The command palette: every action by name, with its keys."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from playhead_tui import keys
from playhead_tui.bindings import keymap_of


class ActionProvider(Provider):
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
