"""Which formats there are, and which one a file is."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

from playhead.errors import UnknownFormatError
from playhead.formats.base import Format
from playhead.formats.source import Source

ENTRY_POINTS = "playhead.formats"
"""Installed packages add formats under this entry point group: a `Format` subclass each, asked before JSON lines."""

_KNOWN_BYTES = {
    b"SQLite format 3\0": "a SQLite database",
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive: unpack it first",
}


@cache
def _all() -> tuple[Format, ...]:
    # Imported here, so that naming a format does not load them all.
    from playhead.formats.claude_code import ClaudeCode
    from playhead.formats.coding_agents import coding_agents
    from playhead.formats.inspect_log import InspectLog
    from playhead.formats.jsonl import JsonLines
    from playhead.formats.langgraph import LangGraph
    from playhead.formats.playhead_export import PlayheadExport
    from playhead.formats.statehouse import StatehouseDump, StatehouseReplay
    from playhead.formats.tracers import tracers

    # The last one takes any JSON lines, so it must be asked last.
    return (
        PlayheadExport(),
        StatehouseReplay(),
        StatehouseDump(),
        ClaudeCode(),
        *coding_agents(),
        *tracers(),
        LangGraph(),
        InspectLog(),
        *_installed(),
        JsonLines(),
    )


def _installed() -> list[Format]:
    from importlib.metadata import entry_points

    found: list[Format] = []
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        try:
            loaded = entry.load()
        except (ImportError, AttributeError) as error:
            # One broken package must not keep every other log from opening.
            warnings.warn(f"log format {entry.name} ({entry.value}) cannot be loaded: {error}", stacklevel=2)
            continue
        found.append(loaded() if isinstance(loaded, type) else loaded)
    return found


def formats() -> list[Format]:
    """Every format, in the order they are asked; the first that recognises a file reads it."""
    return list(_all())


def format_named(name: str) -> Format | None:
    """The format of that name, or None."""
    return next((known for known in formats() if known.name == name), None)


def recognise(path: str | Path) -> tuple[Format, Source]:
    """The format of a log file, and the file ready to be read.

    Raises LogError for what is missing, unreadable, empty or a directory, and UnknownFormatError where no format
    recognises it.
    """
    source = Source(path)
    for known in formats():
        if known.recognise(source):
            return known, source
    looks = next((name for magic, name in _KNOWN_BYTES.items() if source.first.startswith(magic)), None)
    if looks is None and source.broken is not None:
        looks = f"JSON at its beginning, and then not ({source.broken})"
    looked_for = "; ".join(known.looked_for for known in formats())
    raise UnknownFormatError(
        f"{source.path}{f' is {looks};' if looks else ':'} no format recognises it; looked for: {looked_for}"
    )
