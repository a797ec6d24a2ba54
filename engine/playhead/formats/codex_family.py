"""The threads that a Codex thread spawned: which of the files beside its own are theirs."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import orjson

from playhead.errors import LogError
from playhead.formats.run_log import object_in, text_in
from playhead.formats.source import Source
from playhead.model import JSON

MOST_SIBLINGS = 10_000
FIRST_LINE_BYTES = 1 << 20
"""A first line carries the instructions, and is longer than others."""
MOST_GENERATIONS = 16


class Spawned(NamedTuple):
    """A thread that another one spawned, and its file."""

    thread: str
    parent: str
    path: Path


def parent_of(about: JSON) -> str:
    """The thread that spawned the one a session record is about; empty where none did."""
    spawn = object_in(object_in(object_in(about, "source"), "subagent"), "thread_spawn")
    return text_in(about, "parent_thread_id") or text_in(spawn, "parent_thread_id")


def descendants(path: Path, thread: str) -> list[tuple[str, Source]]:
    """Every thread below one, with its file, as far as they lie in its folder or the next day's; in their order."""
    found, wanted = list[tuple[str, Source]](), {thread}
    spawned = list[Spawned]()
    for folder in (path.parent, *_next_day(path.parent)):
        try:
            spawned += [one for one in _spawned(folder, folder.stat().st_mtime_ns) if one.path != path]
        except OSError:
            continue
    for _ in range(MOST_GENERATIONS):
        below = [one for one in spawned if one.parent in wanted and one.thread not in wanted]
        if not below:
            break
        wanted |= {one.thread for one in below}
    for one in spawned:
        if one.thread in wanted and one.thread != thread:
            try:
                found.append((one.thread, Source(one.path)))
            except LogError:
                continue
    return found


def _next_day(folder: Path) -> list[Path]:
    """Where a thread that works past midnight spawns others, if the folder is one of a day: `2026/11/21`."""
    year, month, day = ("", "", "", *folder.parts)[-3:]
    try:
        following = date(int(year), int(month), int(day)) + timedelta(days=1)
    except (ValueError, OverflowError):
        return []
    return [folder.parents[2] / f"{following.year:04}" / f"{following.month:02}" / f"{following.day:02}"]


@lru_cache(maxsize=16)
def _spawned(folder: Path, changed: int) -> list[Spawned]:
    """The spawned threads of a folder as it was at a time: the files of a folder all ask for the same."""
    found: list[Spawned] = []
    try:
        paths = sorted(folder.glob("*.jsonl"))[:MOST_SIBLINGS]
    except OSError:
        return []
    for path in paths:
        try:
            with path.open("rb") as file:
                line = file.readline(FIRST_LINE_BYTES)
            record = orjson.loads(line) if b"parent_thread_id" in line else None
        except (OSError, orjson.JSONDecodeError):
            continue
        about = object_in(record, "payload")
        if text_in(record, "type") == "session_meta" and parent_of(about) and text_in(about, "id"):
            found.append(Spawned(text_in(about, "id"), parent_of(about), path))
    return found
