"""A JSON document that was cut off, closed where its last whole value ends."""

from __future__ import annotations

import re

# A quote by itself is a string that never ends: everything after it is its text.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\]\[{},]', re.DOTALL)
_CLOSERS = {b"{": b"}", b"[": b"]"}


def closed(content: bytes) -> bytes | None:
    """The longest beginning of a document that lacks only its closing brackets, with these; None for no such thing.

    What is left out is the value that the cut went through. The result may still be no JSON.
    """
    awaited: list[bytes] = []
    end = depth = -1
    for token in _TOKENS.finditer(content):
        mark = token.group()
        if mark == b'"':
            break
        if mark in _CLOSERS:
            awaited.append(_CLOSERS[mark])
        elif mark == b",":
            end, depth = token.start(), len(awaited)
        elif mark in (b"}", b"]"):
            if not awaited or awaited.pop() != mark:
                return None
            end, depth = token.end(), len(awaited)
    # After the last whole value brackets only open, so those that were open at it are still the first ones.
    return content[:end] + b"".join(reversed(awaited[:depth])) if end > 0 and awaited else None
