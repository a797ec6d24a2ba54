"""What LangGraph serialises, as plain JSON: no class that a file names is imported, and no pickle is opened."""

from __future__ import annotations

import base64
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from math import isfinite, prod
from typing import cast
from uuid import UUID

from playhead.formats.source import parse
from playhead.formats.sqlite import Value
from playhead.model import JSON

DEEPEST_EXTENSION = 64
"""Objects inside objects; what is nested deeper is refused."""
MOST_NUMBERS = 4096
"""Elements of an array that are kept as numbers; a larger one is kept as its bytes."""
MOST_CLASSES = 100
"""Classes that are counted by name."""
OVERWRITE = "__overwrite__"
"""The only name in an object that replaces a channel's value instead of adding to it."""

_MESSAGE_TYPES = {"Human": "human", "AI": "ai", "System": "system", "Tool": "tool", "Function": "function"}
_MESSAGE_TYPES |= {"Chat": "chat", "Remove": "remove"}
_NUMPY_CODES = {"b1": "?", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}
_NUMPY_CODES |= {"f2": "e", "f4": "f", "f8": "d"}
# Plain values of the standard library, and what every graph holds: nothing is lost when their class is not named.
_PLAIN_MODULES = ("builtins", "collections", "datetime", "decimal", "ipaddress", "pathlib", "re", "uuid", "zoneinfo")
_PLAIN_PREFIXES = ("langchain_core.messages", "langgraph.types", "langgraph.constants", "langchain.schema")
_NUMPY_ARRAY, _DELTA_SNAPSHOT = 6, 7
_REMEMBERED_BYTES = 64 * 1024 * 1024


class UndecodableError(ValueError):
    """Bytes that are kept as a note of what they were; the text says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole value of a channel that is otherwise stored as writes."""

    value: JSON


@dataclass(frozen=True, slots=True)
class _Done:
    """A value that is JSON all through."""

    value: JSON


class Decoder:
    """Turns typed bytes into JSON, counting in `repaired` what JSON cannot say.

    Every checkpoint repeats the objects of the one before: the same bytes give the same value, as one Python object.
    """

    def __init__(self, repaired: Counter[str]) -> None:
        self._repaired = repaired
        self._classes: set[str] = set()
        self._remembered: dict[tuple[int, bytes], object] = {}
        self._remembered_bytes = 0

    def decode(self, kind: Value, data: Value) -> JSON:
        """The value; raises UndecodableError. Databases from before types were stored give None as the kind."""
        found = self._typed(kind, data)
        return found.value if isinstance(found, Snapshot) else found

    def checkpoint(self, kind: Value, data: Value) -> tuple[dict[str, JSON], set[str]]:
        """A checkpoint, and which of its channels are stored as snapshots of writes. Raises UndecodableError."""
        raw = self._raw(kind, data)
        if not isinstance(raw, dict):
            raise UndecodableError(f"a checkpoint that is no object but {type(raw).__name__}")
        channels = raw.get("channel_values")
        channels = channels.value if isinstance(channels, _Done) else channels
        snapshots = {
            str(name)
            for name, value in (channels.items() if isinstance(channels, dict) else ())
            if isinstance(value, Snapshot)
        }
        return cast("dict[str, JSON]", self._plain(raw)), snapshots

    def _typed(self, kind: Value, data: Value) -> JSON | Snapshot:
        raw = self._raw(kind, data)
        return Snapshot(self._plain(raw.value)) if isinstance(raw, Snapshot) else self._plain(raw)

    def _raw(self, kind: Value, data: Value) -> object:
        content = data.encode() if isinstance(data, str) else data
        if kind in ("null", "undefined") or content is None:
            return None
        if not isinstance(content, bytes):
            raise UndecodableError(f"a number where bytes of type {kind!r} belong")
        if kind is None:
            # Before types were stored there was JSON, and pickles before that.
            pickled = content[:1] == b"\x80" and content[1:2] <= b"\x05" and content[-1:] == b"."
            kind = "pickle" if pickled else "json"
        try:
            return self._content(kind, content)
        except RecursionError:
            raise UndecodableError("nested too deeply") from None

    def _content(self, kind: Value, content: bytes) -> object:
        if kind == "msgpack":
            return self._unpacked(content, 0)
        if kind == "json":
            try:
                (value,) = parse(content, self._repaired)
            except ValueError as error:
                raise UndecodableError(f"not JSON: {error}") from None
            return self._revived(value)
        if kind in ("bytes", "bytearray"):
            return content
        if kind == "pickle":
            raise UndecodableError("a pickle, which is code and is never opened")
        if isinstance(kind, str) and "+" in kind:
            raise UndecodableError(f"encrypted ({kind})")
        raise UndecodableError(f"of a type that is not known: {kind!r}")

    def _unpacked(self, data: bytes, depth: int) -> object:
        import ormsgpack

        if depth > DEEPEST_EXTENSION:
            raise UndecodableError("nested too deeply")
        refused: list[UndecodableError] = []

        def extension(code: int, inner: bytes) -> object:
            try:
                return self._remembering(code, bytes(inner), depth + 1)
            except UndecodableError as error:
                refused.append(error)
                return None

        try:
            value = ormsgpack.unpackb(data, ext_hook=extension, option=ormsgpack.OPT_NON_STR_KEYS)
        except (ValueError, TypeError) as error:
            raise UndecodableError(f"not msgpack: {error}") from None
        if refused:
            raise refused[0]
        return cast(object, value)

    def _remembering(self, code: int, data: bytes, depth: int) -> object:
        found = self._remembered.get((code, data))
        if found is None:
            found = self._extension(code, data, depth)
            self._remembered_bytes += len(data)
            if self._remembered_bytes > _REMEMBERED_BYTES:
                self._remembered.clear()
                self._remembered_bytes = len(data)
            self._remembered[code, data] = found
        return found

    def _extension(self, code: int, data: bytes, depth: int) -> Snapshot | _Done:
        value = self._unpacked(data, depth)
        if code == _DELTA_SNAPSHOT:
            return Snapshot(self._plain(value))
        parts = value if isinstance(value, list | tuple) else ()
        if code == _NUMPY_ARRAY and len(parts) == 4:
            return _Done(self._plain(self._array(*parts)))
        if 0 <= code < _NUMPY_ARRAY and len(parts) >= 3:
            return _Done(self._plain(self._constructed(str(parts[0]), str(parts[1]), self._plain(parts[2]))))
        self._repaired[f"extension {code} of msgpack to what it holds"] += 1
        return _Done(self._plain(value))

    def _array(self, dtype: object, shape: object, order: object, data: object) -> object:
        """A numpy array as nested lists of numbers, or where it is large or of structures as its bytes."""
        if not isinstance(dtype, str) or not isinstance(shape, list | tuple) or not isinstance(data, bytes):
            raise UndecodableError("an array without its type, shape and bytes")
        sizes = [size for size in shape if isinstance(size, int) and size >= 0]
        code, count = _NUMPY_CODES.get(dtype[1:]), prod(sizes)
        layout = f"{'>' if dtype[:1] == '>' else '<'}{count}{code}" if count <= MOST_NUMBERS else ""
        if code is None or not layout or len(sizes) != len(shape) or struct.calcsize(layout) != len(data):
            self._repaired["arrays to their bytes in base64"] += 1
            return {"dtype": dtype, "shape": list(shape), "order": order, "base64": base64.b64encode(data).decode()}
        self._repaired["arrays to lists of numbers"] += 1
        flat = list(struct.unpack(layout, data))
        return _reversed(flat, sizes) if order == "F" else _nested(flat, sizes)

    def _constructed(self, module: str, name: str, value: object) -> object:
        """What stands for an object: the value it is made from, as people would write it."""
        if module not in _PLAIN_MODULES and not module.startswith(_PLAIN_PREFIXES):
            known = f"{module}.{name}"
            if known not in self._classes and len(self._classes) >= MOST_CLASSES:
                known = "further classes"
            self._classes.add(known)
            self._repaired[f"{known} to its fields"] += 1
        try:
            made = _PLAIN[name](value) if name in _PLAIN else value
        except (TypeError, ValueError, OverflowError, KeyError, IndexError):
            made = value
        base = name.removesuffix("Chunk")
        if isinstance(made, dict) and base.endswith("Message") and "content" in made and "type" not in made:
            kind = _MESSAGE_TYPES.get(base.removesuffix("Message"))
            return made if kind is None else {**made, "type": kind}
        return made

    def _revived(self, value: JSON) -> object:
        """JSON in which objects stand as the calls that made them: {"lc": 1 or 2, "type": "constructor", …}."""
        if isinstance(value, list):
            return [self._revived(item) for item in value]
        if not isinstance(value, dict):
            return value
        held = {name: self._revived(item) for name, item in value.items()}
        version, kind, identity = value.get("lc"), value.get("type"), value.get("id")
        if version == 2 and kind == "undefined":
            return None
        if version not in (1, 2) or kind != "constructor" or not isinstance(identity, list) or not identity:
            return held
        positional, named = held.get("args"), held.get("kwargs")
        made: object = named
        if isinstance(positional, list) and positional:
            # JavaScript's Map and Set, and Python's set, uuid and enum, are made from one argument; dates from three.
            made = positional[0] if len(positional) == 1 and not named else positional
            made = {"args": positional, "kwargs": named} if named else made
        module = ".".join(str(part) for part in identity[:-1])
        return self._constructed(module, str(identity[-1]), {} if made is None else made)

    def _plain(self, value: object) -> JSON:
        """The value as JSON can hold it."""
        kind = type(value)
        if kind is str or kind is bool or value is None or kind is int:
            return cast(JSON, value)
        if isinstance(value, float):
            if isfinite(value):
                return value
            self._repaired["NaN or infinity to null"] += 1
            return None
        if isinstance(value, dict):
            return {name if type(name) is str else self._name(name): self._plain(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        if isinstance(value, _Done | Snapshot):
            return value.value
        if isinstance(value, bytes):
            self._repaired["bytes to base64"] += 1
            return {"base64": base64.b64encode(value).decode()}
        return str(value)

    def _name(self, name: object) -> str:
        self._repaired["object keys to text"] += 1
        if name is None or isinstance(name, bool):
            return {None: "null", True: "true", False: "false"}[name]
        return str(name)


def _send(arguments: object) -> object:
    # Kept by position in one encoding and by name in the other.
    return dict(zip(("node", "arg"), arguments, strict=False)) if isinstance(arguments, list | tuple) else arguments


def _duration(arguments: object) -> object:
    days, seconds, microseconds = cast("list[int]", arguments)
    return timedelta(days, seconds, microseconds).total_seconds()


def _time(fields: object) -> object:
    known = cast("dict[str, int]", fields)
    return time(known["hour"], known["minute"], known["second"], known["microsecond"]).isoformat()


def _path(parts: object) -> object:
    first, *rest = cast("list[str]", parts)
    return first.rstrip("/\\") + "/" + "/".join(rest) if rest else first


_PLAIN: dict[str, Callable[[object], object]] = {
    "UUID": lambda text: str(UUID(cast(str, text))),
    "Send": _send,
    "Overwrite": lambda fields: {OVERWRITE: cast("dict[str, object]", fields)["value"]},
    "timedelta": _duration,
    "date": lambda parts: date(*cast("list[int]", parts)).isoformat(),
    "time": _time,
    "PosixPath": _path,
    "WindowsPath": _path,
    "Path": _path,
    "compile": lambda arguments: cast("list[object]", arguments)[0],
}


def _nested(flat: list[object], sizes: list[int]) -> object:
    if not sizes:
        return flat[0]
    if len(sizes) == 1:
        return flat
    step = prod(sizes[1:])
    return [_nested(flat[place * step : (place + 1) * step], sizes[1:]) for place in range(sizes[0])]


def _reversed(flat: list[object], sizes: list[int]) -> object:
    """Nested lists of numbers that lie with the first index running fastest."""
    if len(sizes) <= 1:
        return _nested(flat, sizes)
    return [_reversed(flat[place :: sizes[0]], sizes[1:]) for place in range(sizes[0])]
