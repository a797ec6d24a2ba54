"""How a part of a value is written: `steps[2].status`, with its key in front `plan/steps[2].status`; and read again."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from playhead.errors import InvalidArgumentError

Path: TypeAlias = "tuple[str | int, ...]"
"""Object keys and list positions from the top of a value to a part of it; () is the whole."""

_BARE_KEY = re.compile(r"[^\W\d]\w*(?:/\w+)*")
_NAME = re.compile(r"[^\W\d]\w*")
_POSITION = re.compile(r"\[(0|[1-9][0-9]*)\]")
_BRACKETED = re.compile(r'\[("(?:[^"\\]|\\.)*")\]')


def format_path(path: Path) -> str:
    """The path as it is written in expressions: `steps[2].status`; empty for the whole value.

    Keys that are no identifiers stand in brackets, quoted as JSON quotes: `["a b"].c`.
    """
    return "".join(map(_written, path)).removeprefix(".")


def format_address(key: str, path: Path = ()) -> str:
    """A part of a key's value: `plan/steps[2].status`; keys that are more than words and slashes: `["a b"].c`."""
    start = key if _BARE_KEY.fullmatch(key) else _bracketed(key)
    return start + "".join(map(_written, path))


def format_jq(key: str, path: Path = ()) -> str:
    """The jq filter that finds the part in an object of all keys: `.["plan/steps"][2].status`."""
    first, *rest = [
        f"[{part}]" if isinstance(part, int) else f".{part}" if _is_plain(part) else _bracketed(part)
        for part in (key, *path)
    ]
    return (first if first.startswith(".") else "." + first) + "".join(rest)


def format_python(path: Path) -> str:
    """The path as Python subscripts: `["steps"][2]["status"]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else _bracketed(part) for part in path)


def parse_path(text: str) -> Path:
    """The path that `format_path` writes. Raises InvalidArgumentError saying where it stops making sense."""
    return _parts(text, 0, text)


def parse_address(text: str) -> tuple[str, Path]:
    """The key and the path that `format_address` writes. Raises InvalidArgumentError."""
    bracketed = _BRACKETED.match(text)
    if bracketed:
        return _unquoted(bracketed[1], text, 0), _parts(text, bracketed.end(), text[bracketed.end() :])
    bare = _BARE_KEY.match(text)
    if bare is None:
        raise _refusal(text, 0)
    return bare[0], _parts(text, bare.end(), text[bare.end() :])


def _parts(text: str, start: int, rest: str) -> Path:
    parts: list[str | int] = []
    at, end = start, start + len(rest)
    while at < end:
        if match := _POSITION.match(text, at):
            parts.append(int(match[1]))
        elif match := _BRACKETED.match(text, at):
            parts.append(_unquoted(match[1], text, at))
        else:
            # A dot joins names; only at the beginning of all does a name stand without one.
            dot = text[at] == "."
            match = _NAME.match(text, at + dot) if dot or at == 0 else None
            if match is None or (dot and at == 0):
                raise _refusal(text, at)
            parts.append(match[0])
        at = match.end()
    return tuple(parts)


def _written(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _NAME.fullmatch(part) else _bracketed(part)


def _bracketed(key: str) -> str:
    return f"[{json.dumps(key, ensure_ascii=False)}]"


def _is_plain(key: str) -> bool:
    """Whether jq takes the key without quotes."""
    return key.isascii() and _NAME.fullmatch(key) is not None


def _unquoted(quoted: str, text: str, at: int) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        raise _refusal(text, at) from None


def _refusal(text: str, at: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f'{text!r} is no path from character {at + 1} on; write names, [2] and ["a b"]: plan.steps[2].status'
    )
