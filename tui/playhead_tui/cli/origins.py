"""origin: where a text, a number, or the value at a path came from."""

from __future__ import annotations

import argparse
import sys

from rich.text import Text

from playhead import JSON, InvalidArgumentError, Store
from playhead.json_path import format_address, parse_address
from playhead.origin import Appearance, Origin
from playhead.track import EventLine
from playhead_tui.arguments import place_named
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.output import note, print_event, print_json, print_line
from playhead_tui.cli.stores import chosen_agent, chosen_moment, narrowed_to, open_for_reading
from playhead_tui.cli.working import working
from playhead_tui.drawing.span import printable

AROUND = 60
"""Characters shown before and behind what was looked for."""
MARKS = ("«", "»")
"""What stands around it."""


def run_origin(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store, working("searching"):
        agent_id, namespace = narrowed_to(options, store)
        cursor = store.cursor(agent_id, namespace=namespace)
        cursor.position = chosen_moment(options.at, store)
        if _is_place(options, store):
            found = cursor.origins(*place_named(cursor, options.text))
        else:
            found = [cursor.origin(options.text)]
        events = cursor.track.lines(each.commit_ts for origin in found for each in (*origin.whole, *origin.parts))
    if options.json:
        print_json([_json(origin, events) for origin in found])
    else:
        for origin in found:
            _print(origin, events, titled=len(found) > 1)
    return EXIT_OK if any(origin.whole or origin.parts for origin in found) else EXIT_NO


def _is_place(options: argparse.Namespace, store: Store) -> bool:
    """Whether the argument begins with a key of an agent that may be meant; anything else is a text."""
    if options.as_text:
        return False
    if not options.text:
        raise InvalidArgumentError("the text to look for is empty")
    try:
        key, _ = parse_address(options.text)
    except InvalidArgumentError:
        key = options.text
    # Of which agent would not be clear.
    if options.agent is None and len(store.agents()) > 1:
        return False
    agent = chosen_agent(options, store)
    keys = store.cursor(agent.agent_id, namespace=agent.namespace).timeline.keys
    return key in keys or options.text in keys


def _print(origin: Origin, events: dict[int, EventLine], *, titled: bool) -> None:
    if titled:
        print(f"{_cut(origin.text)}:")
    for appearance in origin.whole:
        _print_appearance(appearance, events[appearance.commit_ts])
    if origin.parts:
        note("parts of it were seen before:")
    for appearance in origin.parts:
        _print_appearance(appearance, events[appearance.commit_ts])
    if not origin.whole and not origin.parts:
        note("not seen before")


def _print_appearance(appearance: Appearance, event: EventLine) -> None:
    if sys.stdout.isatty():
        print_event(event, note=appearance.role, cropped=True)
    else:
        print(f"{event.commit_ts}\t{appearance.role}\t{event.kind}\t{event.label}")
    where = f"{appearance.address.agent_id}: {format_address(appearance.address.key, appearance.path)}"
    before = appearance.line[max(0, appearance.start - AROUND) : appearance.start]
    behind = appearance.line[appearance.end : appearance.end + AROUND]
    found = f"{MARKS[0]}{_cut(appearance.text)}{MARKS[1]}"
    before, found, behind = (part.replace("\n", "↵") for part in (f"  {where}: {before}", found, behind))
    print_line(Text.assemble(printable(before), (printable(found), "bold green"), printable(behind)))


def _cut(text: str) -> str:
    return text if len(text) <= 4 * AROUND else text[: 4 * AROUND - 1] + "…"


def _json(origin: Origin, events: dict[int, EventLine]) -> dict[str, JSON]:
    def told(appearance: Appearance) -> dict[str, JSON]:
        event = events[appearance.commit_ts]
        return {
            "role": appearance.role,
            **appearance.address._asdict(),
            "version": appearance.version,
            "path": format_address(appearance.address.key, appearance.path),
            "line": appearance.line,
            "span": [appearance.start, appearance.end],
            "event": event.to_json(),
        }

    return {
        "text": origin.text,
        "whole": [told(each) for each in origin.whole],
        "parts": [told(each) for each in origin.parts],
    }
