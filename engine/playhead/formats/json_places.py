"""Where the elements of a list lie in the bytes of a JSON document, so that an event can point at its own record."""

from __future__ import annotations

import re

Place = tuple[int, int]
"""Offset and length in bytes."""
Steps = tuple[str | int, ...]
"""The way from a document's top to a list in it: names of objects' fields and numbers of lists' elements."""

# Strings are skipped whole, so that brackets in them do not count.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{}]', re.DOTALL)
_COLON = re.compile(rb"[ \t\r\n]*:")


def element_places(content: bytes, steps: Steps) -> list[Place]:
    """Offset and length of every object and array that is an element of the list at `steps`; empty where there is none.

    Numbers and strings in the list are passed over. `content` is valid JSON.
    """
    found: list[Place] = []
    depth = reached = 0
    """How deep the scan is, and how many steps of the way are behind it."""
    start = -1
    key: str | None = None
    counts = [0] * (len(steps) + 2)
    """How many containers were met so far at each depth of the way."""
    for token in _TOKENS.finditer(content):
        mark = content[token.start() : token.start() + 1]
        if mark == b'"':
            if depth == reached + 1 and reached < len(steps) and _COLON.match(content, token.end()):
                key = token.group()[1:-1].decode(errors="replace")
            continue
        if mark in (b"{", b"["):
            if depth == reached + 1:
                if reached == len(steps):
                    start = token.start()
                elif steps[reached] in (key, counts[reached]) and type(steps[reached]) is (
                    str if key is not None else int
                ):
                    reached += 1
                    key = None
                else:
                    counts[reached] += 1
                    key = None
            elif depth == 0 and reached == 0 and not steps and mark == b"{":
                return []
            depth += 1
            continue
        depth -= 1
        if depth == reached + 1 and start >= 0 and reached == len(steps):
            found.append((start, token.end() - start))
            start = -1
        elif depth <= reached:
            # The list, or an object on the way to it, ends here.
            return found
    return found
