"""swarmstate's DiskStore: what every key held when the file was last written, taken over as one moment."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import ClassVar, NamedTuple

from playhead.draft import Draft
from playhead.errors import ImportFormatError
from playhead.formats import sqlite
from playhead.formats.base import Format
from playhead.formats.langgraph_values import Decoder, UndecodableError
from playhead.formats.report import ImportReport
from playhead.formats.source import Source
from playhead.formats.vocabulary import AgentKeys
from playhead.model import JSON

_SEPARATOR = "\x1f"
_COLUMNS = ("ns", "k", "v")
_MAIN = "main"
MOST_NESTED = 64


class _Place(NamedTuple):
    namespace: str
    agent: str
    key: str


class SwarmState(Format):
    """A store has no history: it is one transaction. What LangGraph's saver keeps in it stands under `lg:<thread>`."""

    name: ClassVar[str] = "swarmstate"
    title: ClassVar[str] = "swarmstate DiskStore"
    looked_for: ClassVar[str] = "a swarmstate DiskStore with a table kv of ns, k and v"

    def recognise(self, source: Source) -> bool:
        try:
            return sqlite.tables(source).get("kv") == _COLUMNS
        except ImportFormatError:
            return False

    def files(self, source: Source) -> list[Source]:
        return sqlite.files(source)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        if not sqlite.is_database(source):
            raise ImportFormatError(f"{source.path} is not a SQLite database, and no swarmstate store")
        decoder, agents = Decoder(report.repaired), dict[tuple[str, str], AgentKeys]()
        meta: dict[str, JSON] = {"file": source.name, "line": 1, "offset": 0, "length": source.size}
        draft = Draft(kind="snapshot", meta=meta)
        with sqlite.reading(source.path, report) as database:
            database.require("kv", *_COLUMNS)
            for namespace, key, value in database.rows("select ns, k, v from kv order by ns, k"):
                report.records += 1
                place = _place(str(namespace or "default"), str(key))
                keys = agents.setdefault(place[:2], AgentKeys(place.agent, report))
                try:
                    told = _decoded(decoder, value)
                except UndecodableError as error:
                    report.repaired[f"values that cannot be read, as a note: {error}"[:120]] += 1
                    told = {"unreadable": str(error), "bytes": len(value) if isinstance(value, bytes) else 0}
                draft.namespace = place.namespace
                keys.write(draft, place.key, told)
        # Pages are emptier than they are large.
        report.read(report.bytes_total - report.bytes_read)
        draft.namespace = draft.operations[0].address.namespace if draft.operations else "default"
        report.counts["agents"] = len(agents)
        report.counts["keys"] = len(draft.operations)
        draft.label = f"state of {len(draft.operations):,} keys in {len(agents):,} namespaces"
        yield draft


def _place(namespace: str, key: str) -> _Place:
    """Where a key goes: LangGraph's checkpoints, writes and blobs to their thread, all else under its own namespace."""
    kind, *rest = namespace.split(_SEPARATOR)
    parts = [part or "-" for part in key.split(_SEPARATOR)]
    if kind == "ck" and len(rest) == 2:
        return _Place(f"lg:{rest[0]}", rest[1] or _MAIN, f"checkpoints/{'/'.join(parts)}")
    if kind == "wr" and len(rest) == 3:
        return _Place(f"lg:{rest[0]}", rest[1] or _MAIN, f"writes/{rest[2] or '-'}/{'/'.join(parts)}")
    if kind == "bl" and len(rest) == 2:
        return _Place(f"lg:{rest[0]}", rest[1] or _MAIN, f"channels/{'/'.join(parts)}")
    return _Place(namespace.replace(_SEPARATOR, "/"), _MAIN, key.replace(_SEPARATOR, "/") or "-")


def _decoded(decoder: Decoder, value: sqlite.Value) -> JSON:
    """A value, and inside it whatever LangGraph serialised as a pair of type and bytes. Raises UndecodableError."""
    import ormsgpack

    if not isinstance(value, bytes):
        return value
    try:
        outer = ormsgpack.unpackb(value, option=ormsgpack.OPT_NON_STR_KEYS)
    except (ValueError, TypeError):
        # Not plain msgpack: the decoder knows the extensions, and says what is wrong.
        return decoder.decode("msgpack", value)
    return _opened(decoder, outer, MOST_NESTED) if _has_pairs(outer) else decoder.decode("msgpack", value)


def _has_pairs(value: object) -> bool:
    inside = list(value.values()) if isinstance(value, dict) else [value, *(value if isinstance(value, list) else [])]
    return any(_is_pair(item) or (isinstance(item, list) and _is_pair(item[-2:])) for item in inside)


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], bytes)


def _opened(decoder: Decoder, value: object, depth: int) -> JSON:
    if depth == 0:
        raise UndecodableError("nested too deeply")
    if isinstance(value, dict):
        return {str(name): _opened(decoder, item, depth - 1) for name, item in value.items()}
    if isinstance(value, list):
        if _is_pair(value):
            return decoder.decode(value[0], value[1])
        if _is_pair(value[-2:]):
            return [*(_opened(decoder, item, depth - 1) for item in value[:-2]), decoder.decode(value[-2], value[-1])]
        return [_opened(decoder, item, depth - 1) for item in value]
    if isinstance(value, bytes):
        return f"[{len(value):,} bytes]"
    if isinstance(value, float) and not isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
