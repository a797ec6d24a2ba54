"""The command palette: every action by name, with its keys."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from playhead_tui import keys


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
        return [action for action in keys.in_scope("main") if action.palette]
