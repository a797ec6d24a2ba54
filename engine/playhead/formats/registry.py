"""Which formats there are, and which one a file is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playhead.errors import LogError, UnknownFormatError
from playhead.formats.base import Format
from playhead.formats.installed import Installed, installed
from playhead.formats.source import Source

_KNOWN_BYTES = {
    b"SQLite format 3\0": "a SQLite database",
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive: unpack it first",
}


@cache
def _own() -> tuple[Format, ...]:
    # Imported here, so that naming a format does not load them all.
    from playhead.formats.claude_code import ClaudeCode
    from playhead.formats.coding_agents import coding_agents
    from playhead.formats.inspect_log import InspectLog
    from playhead.formats.jsonl import JsonLines
    from playhead.formats.langgraph import LangGraph
    from playhead.formats.playhead_export import PlayheadExport
    from playhead.formats.statehouse import StatehouseDump, StatehouseReplay
    from playhead.formats.tracers import tracers

    return (
        PlayheadExport(),
        StatehouseReplay(),
        StatehouseDump(),
        ClaudeCode(),
        *coding_agents(),
        *tracers(),
        LangGraph(),
        InspectLog(),
        JsonLines(),
    )


@cache
def _installed() -> Installed:
    return installed({known.name for known in _own()})


def broken_formats() -> list[str]:
    """Of each format of an installed package that cannot be used, which it is and why."""
    return list(_installed().broken)


def formats() -> list[Format]:
    """Every format, in the order they are asked; the first that recognises a file reads it."""
    # The last one takes any JSON lines, so it must be asked last.
    *others, last = _own()
    return [*others, *_installed().formats, last]


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
        try:
            if known.recognise(source):
                if known is _own()[-1]:
                    # It may have been theirs.
                    source.refusals += broken_formats()
                return known, source
        except LogError as error:
            if known not in _installed().formats:
                raise
            source.refusals.append(str(error))
    looks = next((name for magic, name in _KNOWN_BYTES.items() if source.first.startswith(magic)), None)
    if looks is None and source.broken is not None:
        looks = f"JSON at its beginning, and then not ({source.broken})"
    looked_for = "; ".join(known.looked_for for known in formats())
    raise UnknownFormatError(
        f"{source.path}{f' is {looks};' if looks else ':'} no format recognises it; looked for: {looked_for}"
        + "".join(f"; {refusal}" for refusal in (*source.refusals, *broken_formats()))
    )
