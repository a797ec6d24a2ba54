"""JSON Patch (RFC 6902) applied to a JSON value that stays as it is: what a patch makes shares all it left alone."""

from __future__ import annotations

from typing import cast

from playhead.model import JSON

Fields = dict[str, JSON]
Own = dict[int, JSON]
"""The containers that were copied for this patch, by identity: they may be changed."""


class PatchError(ValueError):
    """A change that does not fit the value; the text says which and why."""

    def __init__(self, what: str, made: JSON = None) -> None:
        super().__init__(what)
        self.made = made
        """The document after the changes before it."""


def apply(document: JSON, changes: list[JSON]) -> JSON:
    """The document after the changes. Raises PatchError at the first that does not fit."""
    own: Own = {}
    for change in changes:
        if not isinstance(change, dict) or not isinstance(change.get("path"), str):
            raise PatchError("a change without a path", document)
        try:
            document = _apply(document, change, own)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            what = str(error) if isinstance(error, PatchError) else f"nothing is there ({error})"
            raise PatchError(f"{change.get('op')} {change['path']!r}: {what}", document) from None
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


def _apply(document: JSON, change: Fields, own: Own) -> JSON:
    operation, path = change.get("op"), _parts(str(change["path"]))
    # Writers leave out what is null.
    value = change.get("value")
    if operation == "add":
        return _add(document, path, value, own)
    if operation == "remove":
        return _remove(document, path, own)
    if operation == "replace":
        # What was replaced, where the change says so, was there: the span around it has not told of it yet.
        return _replace(document, path, value, own) if "replaced" not in change else _put(document, path, value, own)
    if operation in ("move", "copy"):
        source = _parts(str(change["from"]))
        held = _at(document, source)
        if operation == "copy":
            # From here on it stands in two places, so a later change must copy it first.
            own.clear()
            return _add(document, path, held, own)
        return _add(_remove(document, source, own), path, held, own)
    if operation == "test":
        if _at(document, path) != value:
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


def _holder(document: JSON, path: list[str], own: Own) -> tuple[JSON, JSON]:
    """The document with everything on the way to what holds the path's end copied, and that holder."""
    root = holder = _own(document, own)
    for part in path[:-1]:
        if isinstance(holder, list):
            place = _index(holder, part)
            holder[place] = inner = _own(holder[place], own)
        else:
            fields = cast(Fields, holder)
            fields[part] = inner = _own(fields[part], own)
        holder = inner
    return root, holder


def _own(value: JSON, own: Own) -> JSON:
    if id(value) in own:
        return value
    if not isinstance(value, dict | list):
        raise PatchError(f"a {type(value).__name__} holds nothing")
    made: JSON = dict(value) if isinstance(value, dict) else list(value)
    own[id(made)] = made
    return made


def _add(document: JSON, path: list[str], value: JSON, own: Own) -> JSON:
    if not path:
        return value
    document, holder = _holder(document, path, own)
    if isinstance(holder, list):
        holder.insert(_index(holder, path[-1], end=True), value)
    else:
        cast(Fields, holder)[path[-1]] = value
    return document


def _remove(document: JSON, path: list[str], own: Own) -> JSON:
    if not path:
        return None
    document, holder = _holder(document, path, own)
    if isinstance(holder, list):
        del holder[_index(holder, path[-1])]
    else:
        del cast(Fields, holder)[path[-1]]
    return document


def _put(document: JSON, path: list[str], value: JSON, own: Own) -> JSON:
    """The value at a path, in an object whether or not something stands there."""
    held = _at(document, path[:-1])
    return (_add if isinstance(held, dict) else _replace)(document, path, value, own)


def _replace(document: JSON, path: list[str], value: JSON, own: Own) -> JSON:
    if not path:
        return value
    document, holder = _holder(document, path, own)
    if isinstance(holder, list):
        holder[_index(holder, path[-1])] = value
    else:
        fields = cast(Fields, holder)
        if path[-1] not in fields:
            raise PatchError("nothing is there to replace")
        fields[path[-1]] = value
    return document
