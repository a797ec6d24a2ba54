"""JSON Patch (RFC 6902) applied to a JSON value in place."""

from __future__ import annotations

import copy
from typing import cast

from playhead.model import JSON

Fields = dict[str, JSON]


class PatchError(ValueError):
    """A change that does not fit the value; the text says which and why."""


def apply(document: JSON, changes: list[JSON]) -> JSON:
    """The document after the changes, most of it the same object. Raises PatchError, the changes before it made."""
    for change in changes:
        if not isinstance(change, dict) or not isinstance(change.get("path"), str):
            raise PatchError("a change without a path")
        try:
            document = _apply(document, change)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            what = str(error) if isinstance(error, PatchError) else f"nothing is there ({error})"
            raise PatchError(f"{change.get('op')} {change['path']!r}: {what}") from None
    return document


def first_names(changes: list[JSON]) -> set[str]:
    """The names at the top of the document that the changes touch; an empty one means all of it."""
    paths = [
        path
        for change in changes
        if isinstance(change, dict)
        for path in (change.get("path"), change.get("from"))
        if isinstance(path, str)
    ]
    return {parts[0] if parts else "" for parts in map(_parts, paths)}


def _apply(document: JSON, change: Fields) -> JSON:
    operation, path = change.get("op"), _parts(str(change["path"]))
    if operation in ("add", "replace", "test") and "value" not in change:
        # Writers leave out what is null.
        change = {**change, "value": None}
    if operation == "add":
        return _add(document, path, change["value"])
    if operation == "remove":
        return _remove(document, path)
    if operation == "replace":
        return _replace(document, path, change["value"])
    if operation in ("move", "copy"):
        source = _parts(str(change["from"]))
        value = _at(document, source)
        if operation == "copy":
            return _add(document, path, copy.deepcopy(value))
        return _add(_remove(document, source), path, value)
    if operation == "test":
        if _at(document, path) != change["value"]:
            raise PatchError("the value is another one")
        return document
    raise PatchError("no operation of JSON Patch")


def _parts(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _index(items: list[JSON], part: str, *, end: bool = False) -> int:
    if end and part == "-":
        return len(items)
    if not part.isdecimal():
        raise PatchError(f"{part!r} is no place in an array")
    if int(part) >= len(items) + end:
        raise PatchError(f"the array has {len(items)} items")
    return int(part)


def _at(document: JSON, path: list[str]) -> JSON:
    for part in path:
        document = document[_index(document, part)] if isinstance(document, list) else cast(Fields, document)[part]
    return document


def _add(document: JSON, path: list[str], value: JSON) -> JSON:
    if not path:
        return value
    holder = _at(document, path[:-1])
    if isinstance(holder, list):
        holder.insert(_index(holder, path[-1], end=True), value)
    elif isinstance(holder, dict):
        holder[path[-1]] = value
    else:
        raise PatchError(f"a {type(holder).__name__} holds nothing")
    return document


def _remove(document: JSON, path: list[str]) -> JSON:
    if not path:
        return None
    holder = _at(document, path[:-1])
    if isinstance(holder, list):
        del holder[_index(holder, path[-1])]
    else:
        del cast(Fields, holder)[path[-1]]
    return document


def _replace(document: JSON, path: list[str], value: JSON) -> JSON:
    if not path:
        return value
    holder = _at(document, path[:-1])
    if isinstance(holder, list):
        holder[_index(holder, path[-1])] = value
    else:
        fields = cast(Fields, holder)
        if path[-1] not in fields:
            raise PatchError("nothing is there to replace")
        fields[path[-1]] = value
    return document
