"""Which store, which agent, which moment the options of a command mean."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

import playhead
from playhead import AgentAddress, InvalidArgumentError, MomentError, Store
from playhead.directory import DEFAULT_PATH, PATH_VARIABLE, is_store
from playhead.goto import Absolute, Label, parse
from playhead.model import agents_named
from playhead_tui.cli.output import note
from playhead_tui.cli.working import importing
from playhead_tui.library import STANDARD_INPUT, store_for


def store_path(options: argparse.Namespace) -> Path:
    """The path that a command was given; a log stands for the store it was loaded into."""
    named = getattr(options, "store", None)
    if named and options.store_option and named != options.store_option:
        raise InvalidArgumentError(f"two stores are named: {named} and {options.store_option}; name one")
    return Path(named or options.store_option or os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def open_for_reading(options: argparse.Namespace) -> Store:
    """Open the named store, or the log's; never creates one where a path was mistyped."""
    return playhead.open(loaded(store_path(options)), create=False, read_only=True)


def open_for_writing(options: argparse.Namespace) -> Store:
    """Open an existing store to write to it."""
    return playhead.open(loaded(store_path(options)), create=False)


def loaded(path: Path) -> Path:
    """The store that a path means; a log is loaded, where that was not done before."""
    with importing(str(path)) as progress:
        return store_for(path, progress.start).path


def followed_log(path: Path) -> Path | None:
    """The log to follow; None for a store, whose commits are seen as they come anyway. Raises InvalidArgumentError."""
    if str(path) == STANDARD_INPUT:
        raise InvalidArgumentError("standard input cannot be followed; write it to a file, and follow that")
    if is_store(path) or not path.exists():
        return None
    if path.is_dir():
        raise InvalidArgumentError(f"{path} is a folder; one log can be followed at a time: name its file")
    return path


def chosen_agent(options: argparse.Namespace, store: Store) -> AgentAddress:
    """The agent the options name, or the only one there is."""
    agents = [
        agent
        for agent in store.agents()
        if (options.agent is None or agent.agent_id == options.agent)
        and (options.namespace is None or agent.namespace == options.namespace)
    ]
    if len(agents) == 1:
        return agents[0]
    known = agents_named(store.agents())
    wanted = "/".join(part for part in (options.namespace, options.agent) if part)
    if agents and options.agent is None:
        raise InvalidArgumentError(f"name one of {len(agents)} agents with --agent: {known}")
    if agents:
        raise InvalidArgumentError(f"agent {options.agent!r} is in several namespaces; add --namespace: {known}")
    raise InvalidArgumentError(
        f"no agent {wanted!r} in this store; agents: {known}" if wanted else "the store has no agents yet"
    )


def narrowed_to(options: argparse.Namespace, store: Store) -> tuple[str | None, str | None]:
    """The agent and namespace that a command keeps to; without --agent, every agent (of --namespace, where given)."""
    if options.agent is None:
        return None, options.namespace
    agent = chosen_agent(options, store)
    return agent.agent_id, agent.namespace


def chosen_moment(text: str | None, store: Store) -> int:
    """The commit_ts that an argument names; the head where none is given."""
    if text is None or text == "head":
        return store.head
    times = store.times()
    last = datetime.fromtimestamp(times[-1] / 1e6, UTC) if times else datetime.now(UTC)
    match parse(text, last.astimezone()):
        case Absolute(commit_ts):
            return store.resolve(commit_ts)
        case Label(label):
            return store.resolve(label)
        case datetime() as moment:
            note(f"{text}: {moment:%Y-%m-%d %H:%M:%S} {moment:%Z} (UTC{moment:%z}); without an offset, times are local")
            return store.resolve(moment)
    raise MomentError(f"{text!r} names no moment here; give a commit number, a snapshot's label, @14:03:22 or head")


def chosen_bound(text: str | None, store: Store) -> int | None:
    """A commit number as it stands, which may lie behind the head; any other moment as its commit."""
    if text is None or text.removeprefix("-").isdecimal():
        return None if text is None else int(text)
    return chosen_moment(text, store)
