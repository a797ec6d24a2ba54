"""The runs on this machine: stores, logs that were opened before, and sessions where coding agents keep them.

Found sessions are listed by name, size and age; not one byte of them is read before a person opens one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from playhead import PlayheadError
from playhead.directory import is_store
from playhead_tui.cache import CachedRun, cached_runs, runs_folder
from playhead_tui.recent import RecentStores

Kind: TypeAlias = Literal["store", "log", "session"]

_AGENTS_ASKED = 40
"""Agents whose cost is summed: with more of them, the sum would cost more than it tells."""


@dataclass(frozen=True, slots=True)
class Run:
    """One thing that can be opened."""

    path: Path
    kind: Kind
    origin: str
    """Whose run it is, in a word or two: store, Claude Code, a log's format."""
    name: str
    place: str
    """What tells it from others of that name: a project, a folder."""
    size: int
    """Bytes."""
    changed: float
    """When something of it was last written, in seconds since the epoch."""
    store: Path | None = None
    """Where its figures can be read: itself, or what it was loaded into."""

    @property
    def is_cached(self) -> bool:
        """Whether it was loaded from a log, so that what was loaded can be deleted and made again."""
        return self.store is not None and self.kind != "store"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a store says of itself, in a few numbers."""

    events: int
    errors: int
    agents: int
    cost: float | None
    """In US dollars; None where nobody named a price."""
    problem: str = ""
    """Why there are no figures, where there are none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one tool keeps its sessions."""

    origin: str
    variable: str
    """The environment variable that moves the folder."""
    folder: str
    """Below the home directory, where the variable is not set."""
    patterns: tuple[str, ...]
    """Of the sessions' files below the folder."""
    below: str = ""
    """What follows the variable's value before the patterns do."""


PLACES: tuple[Place, ...] = (
    Place("Claude Code", "CLAUDE_CONFIG_DIR", ".claude", ("projects/*/*.jsonl",)),
    Place("Codex", "CODEX_HOME", ".codex", ("sessions/*/*/*/rollout-*.jsonl*", "archived_sessions/rollout-*.jsonl*")),
    Place("Gemini", "GEMINI_CLI_HOME", ".gemini", ("tmp/*/chats/session-*.json*",), ".gemini"),
    Place("Qwen Code", "QWEN_HOME", ".qwen", ("projects/*/chats/*.jsonl", "tmp/*/chats/*.json*")),
    Place("Copilot", "COPILOT_HOME", ".copilot", ("session-state/*.jsonl", "session-state/*/events.jsonl")),
    Place("Kimi", "KIMI_SHARE_DIR", ".kimi", ("sessions/*/*/wire.jsonl",)),
    Place("pi", "PI_CODING_AGENT_DIR", ".pi/agent", ("sessions/*/*.jsonl",)),
    Place("Droid", "FACTORY_HOME", ".factory", ("sessions/*.jsonl", "sessions/*/*.jsonl")),
    Place("opencode", "XDG_DATA_HOME", ".local/share/opencode", ("opencode*.db",), "opencode"),
)


def found_runs(recent: Sequence[Path], here: Path) -> list[Run]:
    """Everything there is to open, the one that changed last first, each once.

    recent: what was opened lately. here: the directory in which stores are looked for, one level deep.
    """
    # Of a log that was loaded more than once, the store that was opened last.
    cached = {loaded.log.resolve(): loaded for loaded in reversed(cached_runs()) if loaded.log is not None}
    runs: dict[Path, Run] = {}
    stores = [path for path in (*recent, *_stores_below(here)) if is_store(path)]
    cache = runs_folder()
    for path in stores:
        if path.parent != cache:
            runs.setdefault(path.resolve(), store_run(path))
    for run in found_sessions():
        loaded = cached.get(run.path.resolve())
        runs[run.path.resolve()] = run if loaded is None else replace(run, store=loaded.path)
    for path in (*(path for path in recent if not is_store(path)), *cached):
        resolved = path.resolve()
        if resolved not in runs and (listed := log_run(path, cached.get(resolved))) is not None:
            runs[resolved] = listed
    return sorted(runs.values(), key=lambda run: (-run.changed, str(run.path)))


def store_run(path: Path) -> Run:
    """A store, by what its directory says."""
    size, changed = 0, 0.0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                status = (Path(folder) / name).stat()
                size += status.st_size
                if folder != str(path) or name in ("manifest.json", "snapshots.jsonl"):
                    changed = max(changed, status.st_mtime)
    return Run(path, "store", "store", path.name or str(path), shown_folder(path.parent), size, changed, path)


def log_run(path: Path, loaded: CachedRun | None) -> Run | None:
    """A log that was opened before; None where neither it nor what it was loaded into is there."""
    store = loaded.path if loaded is not None else None
    origin = (loaded.format if loaded is not None else "") or "log"
    try:
        status = path.stat()
    except OSError:
        if store is None:
            return None
        # The log is gone, and what was loaded from it is all there is.
        gone = store_run(store)
        return replace(gone, kind="log", origin=origin, name=path.name, place=f"{shown_folder(path.parent)} (gone)")
    size = status.st_size if path.is_file() else 0
    return Run(path, "log", origin, path.name, shown_folder(path.parent), size, status.st_mtime, store)


def found_sessions(places: Iterable[Place] = PLACES) -> Iterator[Run]:
    """The sessions that coding agents keep, by name, size and age alone."""
    for place in places:
        folder = folder_of(place)
        for pattern in place.patterns:
            for file in folder.glob(pattern):
                # What a sub-agent wrote is read with the session that it belongs to.
                if file.name.startswith("agent-"):
                    continue
                with suppress(OSError):
                    status = file.stat()
                    name, project = _session_name(place, folder, file)
                    yield Run(file, "session", place.origin, name, project, status.st_size, status.st_mtime)


def folder_of(place: Place) -> Path:
    """Where a tool keeps its sessions on this machine, there or not."""
    moved = os.environ.get(place.variable)
    return Path(moved).expanduser() / place.below if moved else Path.home() / place.folder


def _session_name(place: Place, folder: Path, file: Path) -> tuple[str, str]:
    """What people know a session by, as far as its path tells."""
    stem = file.name.partition(".")[0].removeprefix("rollout-").removeprefix("session-")
    parts = file.relative_to(folder).parts
    if place.origin == "Claude Code":
        home = "".join(character if character.isalnum() else "-" for character in str(Path.home()))
        return stem, parts[1].removeprefix(home).lstrip("-") or "~"
    if place.origin == "Codex":
        return stem, "archived" if parts[0].startswith("archived") else ""
    if len(parts) > 3:
        return (parts[-2] if stem in ("wire", "events") else stem), parts[1]
    return (parts[-2] if stem in ("wire", "events") else stem), parts[-2] if len(parts) > 2 else ""


def shown_folder(path: Path) -> str:
    """A folder as a person names it: below home it begins with ~."""
    resolved = path.absolute()
    with suppress(ValueError, RuntimeError):
        below = resolved.relative_to(Path.home())
        return "~" if below == Path() else f"~/{below}"
    return str(resolved)


def _stores_below(here: Path) -> Iterator[Path]:
    """Stores in a directory: itself, what is directly in it, and what is in its `runs`."""
    yield here
    for folder in (here, here / "runs"):
        with suppress(OSError), os.scandir(folder) as entries:
            yield from sorted(Path(entry.path) for entry in entries if entry.is_dir())


def read_figures(store: Path) -> Figures:
    """Count what a store holds. Never raises: a store that cannot be read says why."""
    import playhead
    from playhead.model import is_error_kind

    try:
        with playhead.open(store, create=False, read_only=True) as opened:
            if opened.head == 0:
                return Figures(0, 0, 0, None)
            kinds = opened.sql("SELECT kind, count(*) AS events FROM events GROUP BY kind").to_pylist()
            errors = sum(row["events"] for row in kinds if is_error_kind(row["kind"]))
            agents = opened.agents()
            usages = [
                opened.get_state(agent.agent_id, "usage", namespace=agent.namespace).value
                for agent in agents[:_AGENTS_ASKED]
            ]
    except (PlayheadError, OSError) as error:
        return Figures(0, 0, 0, None, problem=" ".join(str(error).split()))
    costs = [usage.get("cost_usd") for usage in usages if isinstance(usage, dict)]
    named = [cost for cost in costs if isinstance(cost, int | float) and not isinstance(cost, bool)]
    return Figures(opened.head, errors, len(agents), sum(named) if named else None)


def of_user(here: Path) -> list[Run]:
    """The user's runs, seen from a directory."""
    return found_runs(RecentStores.of_user().paths(), here)
