"""`:compare`: this run beside another one, or two of its agents beside each other."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from playhead import AgentAddress, InvalidArgumentError
from playhead.model import agents_named
from playhead_tui.arguments import path_typed
from playhead_tui.drawing.words import count
from playhead_tui.driver import Driver
from playhead_tui.moves import Seek
from playhead_tui.screens.question_actions import QuestionActions
from playhead_tui.widgets.header import Header

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor
    from playhead_tui.asked import Asked
    from playhead_tui.two_runs import TwoRuns


@dataclass(frozen=True, slots=True)
class Other:
    """What is named for the other side."""

    path: Path | None
    """A store or a log; None for the run that is open."""
    agent: str | None
    """Named in that run; None for all agents of both."""


class CompareActions(QuestionActions):
    header: Header

    def _compare_with(self, asked: Asked, text: str) -> str:
        """Align both runs, and have them shown. Runs in the question's thread."""
        import playhead
        from playhead_tui.library import store_for

        other = other_of(asked.cursor, text)
        if other.path is None:
            return self._align(asked, other, asked.cursor.store, None)
        store = playhead.open(store_for(other.path).path, create=False, read_only=True)
        try:
            return self._align(asked, other, store, store)
        except BaseException:
            store.close()
            raise

    def _align(self, asked: Asked, other: Other, store: Store, opened: Store | None) -> str:
        from playhead_tui.recording import record_call
        from playhead_tui.two_runs import TwoRuns

        cursor, every_agent = asked.cursor, other.agent is None
        agent = None if other.agent is None else agent_named(store.agents(), other.agent, cursor.agent.namespace)
        second = store.cursor() if agent is None else store.cursor(agent.agent_id, namespace=agent.namespace)
        spelled = "" if agent is None else f"{agent.agent_id!r}, namespace={agent.namespace!r}"
        comparison = record_call(
            cursor,
            f"cursor.compare({'store' if opened is None else 'other'}.cursor({spelled}), every_agent={every_agent})"
            ".divergences",
            lambda: cursor.compare(second, every_agent=every_agent),
            within=""
            if opened is None
            else f"with playhead.open({str(opened.path.resolve())!r}, create=False, read_only=True) as other: ",
        )
        asked.keep_command(*_spelled_comparison(cursor, other, agent))
        own = self.header.run if agent is None else f"{self.header.run} ▸ {cursor.agent.agent_id}"
        name = self.header.run if other.path is None else str(other.path)
        names = (own, name if agent is None else f"{name} ▸ {agent.agent_id}")
        runs = TwoRuns(names, (cursor, second), comparison, every_agent=every_agent, opened=opened)
        row = runs.divergences[0] if runs.divergences else runs.row_at(0, cursor.position)
        asked.close_with(runs.close)
        asked.open(self._show_two_runs, runs, row)
        at = runs.commits(row)
        if not runs.divergences:
            return "The states are the same all along"
        return f"The states part at {count(at[0])} here, {count(at[1])} there"

    def _show_two_runs(self, runs: TwoRuns, row: int) -> None:
        if self.driver is not None:
            self._travel_in_two_runs(self.driver, runs, row)

    @work(group="layer", exclusive=True)
    async def _travel_in_two_runs(self, driver: Driver, runs: TwoRuns, row: int) -> None:
        from playhead_tui.screens.two_runs import TwoRunsScreen

        try:
            commit_ts = await self.app.push_screen_wait(TwoRunsScreen(runs, row, driver))
        finally:
            await asyncio.to_thread(runs.close)
        if commit_ts is not None:
            self.move(Seek(commit_ts))


def other_of(cursor: Cursor, text: str) -> Other:
    """What `compare` is asked about: an agent of this run, a path, or a path and an agent of that run.

    Raises InvalidArgumentError.
    """
    words: list[str] = []
    if path_typed(text).exists():
        # A path may be typed, or completed, as it is.
        words = [text]
    else:
        with suppress(ValueError):
            words = shlex.split(text)
    if not 1 <= len(words) <= 2:
        raise InvalidArgumentError(
            "compare takes an agent of this run, or the path of another one: compare ../second-try;"
            " names with spaces stand in quotes"
        )
    path = path_typed(words[0])
    if len(words) == 2:
        return Other(path, words[1])
    agents = cursor.agents()
    if any(words[0] in (str(agent), agent.agent_id) for agent in agents):
        return Other(None, words[0])
    if not path.exists():
        raise InvalidArgumentError(
            f"{words[0]} is neither a path nor an agent of this run; agents: {agents_named(agents)}"
        )
    return Other(path, None)


def agent_named(agents: list[AgentAddress], name: str, namespace: str) -> AgentAddress:
    """`namespace/agent`, or an agent by its id: the one in this namespace, or else the only one.

    Raises InvalidArgumentError.
    """
    fitting = [agent for agent in agents if name in (str(agent), agent.agent_id)]
    near_by = [agent for agent in fitting if agent.namespace == namespace]
    chosen = near_by or fitting
    if len(chosen) == 1:
        return chosen[0]
    known = ", ".join(map(str, fitting or agents)) or "none yet"
    problem = "is in several namespaces; name one" if fitting else "is no agent of that run"
    raise InvalidArgumentError(f"{name} {problem}: {known}")


def _spelled_comparison(cursor: Cursor, other: Other, agent: AgentAddress | None) -> list[str]:
    words = ["compare", str(cursor.store.path), *([] if other.path is None else [str(other.path)])]
    if agent is not None:
        words += ["--agent", cursor.agent.agent_id, "--other-agent", agent.agent_id]
        if cursor.agent.namespace != "default":
            words += ["--namespace", cursor.agent.namespace]
        if agent.namespace != cursor.agent.namespace:
            words += ["--other-namespace", agent.namespace]
    return words
