"""JSON values in and out: validate, encode, hash (S7)."""

from __future__ import annotations

import hashlib
from math import isfinite
from typing import Any, cast

import orjson

from playhead.errors import InvalidValueError
from playhead.model import JSON

MAX_DEPTH = 128
_LONG_BYTES = 65_536
INTEGER_MIN, INTEGER_MAX = -(2**63), 2**64 - 1
HASH_BYTES = 12
"""96 bits: they take up a fifth of a store, and only versions of one address are ever compared."""


def encode(value: object, where: str, name: str | None = None) -> bytes:
    """The JSON text of `value`, UTF-8, object key order kept.

    `where` and `name` say in the error which value it is, for example ``key 'plan'``.
    Raises InvalidValueError naming `where` and the path inside the value for anything S7 refuses.
    """
    try:
        # Most are flat objects: for them even the call would cost as much as the look.
        if (type(value) is dict and _SCALARS.issuperset(map(type, value.values()))) or _is_plain(value, MAX_DEPTH):
            encoded = orjson.dumps(value)
            # What the encoder returns keeps 4 kB of memory, however short it is.
            return bytes(memoryview(encoded)) if len(encoded) < _LONG_BYTES else encoded
    except orjson.JSONEncodeError:
        pass
    if name is not None:
        where = f"{where} {name!r}"
    _refuse(value, where, [], MAX_DEPTH)
    # Nothing else is left that the encoder refuses.
    path = _path_of_surrogate(value, [])
    raise InvalidValueError(f"{where}: lone surrogate (not valid Unicode) at {_dotted(path)}")


def decode(text: bytes | str) -> JSON:
    """The value of JSON text that `encode` made."""
    return cast(JSON, orjson.loads(text))


_OPENING = frozenset((b"{", b"[", "{", "["))


def value_hash(text: bytes | str) -> bytes:
    """A hash that two JSON texts share exactly when their values are equal as S25 compares them.

    Object key order does not count; 1, 1.0 and true differ, and so do 0.0 and -0.0.
    """
    if text[:1] in _OPENING:
        text = orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text.encode() if isinstance(text, str) else text, digest_size=HASH_BYTES).digest()


_SCALARS = frozenset((str, int, bool, type(None)))


def _is_plain(value: Any, depth: int) -> bool:
    """Whether the encoder refuses by itself whatever S7 refuses in the value: other keys, large integers, surrogates.

    It would quietly take subclasses, enums, UUIDs, dates and deep nesting, and turn NaN into null: so, exact types.
    """
    kind = type(value)
    if kind is dict:
        items = value.values()
    elif kind is list or kind is tuple:
        items = value
    else:
        return kind in _SCALARS or (kind is float and isfinite(value))
    if depth == 0:
        return False
    if _SCALARS.issuperset(map(type, items)):
        return True
    for item in items:  # noqa: SIM110 - a generator would cost as much again
        if type(item) not in _SCALARS and not _is_plain(item, depth - 1):
            return False
    return True


def _refuse(value: object, where: str, path: list[str | int], depth: int) -> None:
    """Raise InvalidValueError for the first thing in the value that S7 refuses, but for a lone surrogate."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not INTEGER_MIN <= cast(int, value) <= INTEGER_MAX:
            raise InvalidValueError(
                f"{where}: integer outside -2^63 .. 2^64-1 at {_dotted(path)}; store it as a string"
            )
    elif kind is float:
        if not isfinite(cast(float, value)):
            raise InvalidValueError(
                f"{where}: {value} is not a JSON number, at {_dotted(path)}; store null or a string"
            )
    elif kind is dict:
        if depth == 0:
            raise InvalidValueError(f"{where}: nested deeper than {MAX_DEPTH} levels at {_dotted(path[:3])}…")
        for name, item in cast("dict[object, object]", value).items():
            if type(name) is not str:
                raise InvalidValueError(f"{where}: object key {name!r} is not a string, at {_dotted(path)}")
            if type(item) is not str:
                path.append(name)
                _refuse(item, where, path, depth - 1)
                path.pop()
    elif kind is list or kind is tuple:
        if depth == 0:
            raise InvalidValueError(f"{where}: nested deeper than {MAX_DEPTH} levels at {_dotted(path[:3])}…")
        for position, item in enumerate(cast("list[object]", value)):
            if type(item) is not str:
                path.append(position)
                _refuse(item, where, path, depth - 1)
                path.pop()
    else:
        raise InvalidValueError(
            f"{where}: {kind.__qualname__} is not a JSON type, at {_dotted(path)};"
            " convert it to an object, array, string, number, boolean or null"
        )


def _path_of_surrogate(value: object, path: list[str | int]) -> list[str | int]:
    def broken(text: str) -> bool:
        return any("\ud800" <= character <= "\udfff" for character in text)

    if isinstance(value, str):
        return path if broken(value) else []
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list | tuple):
        children = list(enumerate(value))
    for name, child in children:
        if isinstance(name, str) and broken(name):
            return [*path, name.encode("ascii", "backslashreplace").decode()]
        found = _path_of_surrogate(child, [*path, name])
        if found:
            return found
    return []


def _dotted(path: list[str | int]) -> str:
    """The path as a person writes it: `plan.steps[2].status`, or `the top`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the top"
