"""What people type for a value and for events, on the command line and in the `:` line alike."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING

from playhead.errors import InvalidArgumentError
from playhead.json_path import Path, format_address, parse_address

if TYPE_CHECKING:
    from playhead.cursor import Cursor

MOST_COMMITS = 1_000_000
PATHS_OFFERED = 500
_COMMITS = re.compile(r"\s*(\d{1,12})\s*(?:-\s*(\d{1,12})\s*)?", re.ASCII)


def names_place(cursor: Cursor, text: str) -> bool:
    """Whether a text begins with a key that the agent has had, and so names a place in its state."""
    keys = cursor.timeline.keys
    try:
        return text in keys or parse_address(text)[0] in keys
    except InvalidArgumentError:
        return False


def place_named(cursor: Cursor, text: str) -> tuple[str, Path]:
    """The key and the path that a text names: a key as it is, or `plan.steps[2].status`.

    Raises InvalidArgumentError for a key that the agent never had, with who has it or the nearest one it had.
    """
    from playhead.expression import agents_that_have_it, nearest

    keys = cursor.timeline.keys
    text = text.strip() if text not in keys else text
    key, path = (text, ()) if text in keys else parse_address(text)
    if key not in keys:
        hint = agents_that_have_it(cursor.agents_with(key)) or nearest(key, keys)
        raise InvalidArgumentError(f"{cursor.agent} never had a key {key!r}{hint}")
    return key, path


def place_with_past(cursor: Cursor, text: str) -> tuple[str, Path]:
    """Like `place_named`; raises InvalidArgumentError also where there never was a value, with the nearest name."""
    from playhead.expression import nearest

    key, path = place_named(cursor, text)
    if path and not cursor.path_history(key, path):
        near = nearest(path[-1], _names_beside(cursor, key, path)) if isinstance(path[-1], str) else ""
        raise InvalidArgumentError(f"{cursor.agent} never had a value at {format_address(key, path)}{near}")
    return key, path


def _names_beside(cursor: Cursor, key: str, path: Path) -> list[str]:
    """The names of all members that the object around a path has had."""
    values = [change.after for change in cursor.path_history(key, path[:-1])]
    return sorted({name for value in values if isinstance(value, dict) for name in value})


@dataclass(frozen=True, slots=True)
class LogSearch:
    """Which events `log` lists."""

    text: str | None = None
    regex: str | None = None
    key: str | None = None
    kind: str | None = None


_LOG_OPTIONS = {"-S": "text", "-G": "regex", "--key": "key", "--kind": "kind"}


def log_search(typed: str) -> LogSearch:
    """`-S TEXT`, `-G REGEX`, `--key GLOB` and `--kind GLOB`, as the shell takes them. Raises InvalidArgumentError."""
    usage = "log takes -S TEXT or -G REGEX, --key GLOB and --kind GLOB; what has spaces stands in quotes"
    try:
        words = shlex.split(typed)
    except ValueError:
        raise InvalidArgumentError(f"a quote is never closed; {usage}") from None
    found: dict[str, str] = {}
    while words:
        option = words.pop(0)
        if option not in _LOG_OPTIONS or not words:
            problem = f"{option} names nothing" if option in _LOG_OPTIONS else f"{option!r} means nothing here"
            raise InvalidArgumentError(f"{problem}; {usage}")
        found[_LOG_OPTIONS[option]] = words.pop(0)
    if "text" in found and "regex" in found:
        raise InvalidArgumentError(f"-S and -G are two searches; {usage}")
    return LogSearch(**found)


def path_typed(text: str) -> File:
    """A path with the home of whoever `~` names. Raises InvalidArgumentError where nobody is called that."""
    try:
        return File(text).expanduser()
    except RuntimeError:
        raise InvalidArgumentError(f"{text}: nobody here has a home of that name; write the path in full") from None


def paths_begun(text: str, suffix: str = "") -> list[str]:
    """What is there that begins like this path, as it is typed: folders, and files that end so."""
    folder, name = text[: text.rfind("/") + 1], text[text.rfind("/") + 1 :]
    try:
        entries = sorted((entry.name, entry.is_dir()) for entry in File(folder).expanduser().iterdir())
    except (OSError, RuntimeError):
        return []
    fitting = [
        folder + entry + ("/" if is_folder else "")
        for entry, is_folder in entries
        if entry.startswith(name) and (name or not entry.startswith(".")) and (is_folder or entry.endswith(suffix))
    ]
    return fitting[:PATHS_OFFERED]


def commits_named(text: str) -> list[int]:
    """`311,312` and `300-320` as commits, ascending. Raises InvalidArgumentError."""
    commits: set[int] = set()
    for part in text.replace("–", "-").split(","):
        found = _COMMITS.fullmatch(part)
        if found is None:
            raise InvalidArgumentError(
                f"events are named by their commit numbers, 311,312 or 300-320, and not {part.strip()!r}"
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if last - first >= MOST_COMMITS:
            raise InvalidArgumentError(f"{part.strip()} are more than {MOST_COMMITS:,} commits")
        commits.update(range(first, last + 1))
    return sorted(commits)


def spelled_commits(commits: Sequence[int]) -> str:
    """Ascending commits as `commits_named` reads them: `311,315-320`."""
    parts: list[list[int]] = []
    for commit_ts in commits:
        if parts and parts[-1][1] + 1 == commit_ts:
            parts[-1][1] = commit_ts
        else:
            parts.append([commit_ts, commit_ts])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
