"""The record of a log that an event was made from, read again where it lies (S28)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from glob import escape
from pathlib import Path, PurePosixPath
from typing import IO

import orjson

from playhead.errors import InvalidArgumentError, LogError
from playhead.formats.archive import MAGIC, Archive
from playhead.formats.source import Source
from playhead.model import JSON, EventHeader

_PIECE_BYTES = 1 << 20
_IDS = ("uuid", "message_id", "span_id", "toolCallId", "messageId", "id")
"""What meta holds that stands in the record itself: by it a record is known to be the same one."""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The bytes of one record, and where they lie."""

    path: Path
    place: str
    """Where in the file, in words."""
    text: str
    value: JSON
    """What the text is as JSON; None where it is none."""
    is_json: bool
    note: str = ""
    """What speaks against this being what was read when the run was loaded; empty where nothing does."""


def source_record(imported: dict[str, JSON] | None, event: EventHeader) -> SourceRecord:
    """The source of an event of an imported run.

    Raises InvalidArgumentError where there is no log, or the event says no place in it; LogError where the log has
    moved, cannot be read, or holds something else there now.
    """
    if imported is None:
        raise InvalidArgumentError("this run was recorded, not imported: its events are their own source")
    path = _path_of(str(imported.get("file")), event)
    if not path.exists():
        raise LogError(f"{path} is not there any more: the log was moved or removed since it was loaded")
    offset, length = event.meta.get("offset"), event.meta.get("length")
    member = event.meta.get("member")
    if isinstance(member, str):
        place, data = f"member {member}", _member(path, member)
    elif isinstance(offset, int) and isinstance(length, int):
        place, data = _where(event, offset, length), _bytes_at(path, offset, length)
    else:
        known = ", ".join(f"{name} {event.meta[name]}" for name in ("table", "row") if name in event.meta)
        raise InvalidArgumentError(f"{path.name} is no text{f'; this event is of its {known}' if known else ''}")
    return _checked(path, place, data, event, _written_since(path, imported))


def _path_of(log: str, event: EventHeader) -> Path:
    """The event's file: the log itself, a file in the folder that was loaded, or one beside the log."""
    root, name = Path(log), event.meta.get("file")
    if not isinstance(name, str) or not name:
        raise InvalidArgumentError(f"event {event.commit_ts} does not say where in {root} it comes from")
    if root.name == name:
        return root
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts:
        raise InvalidArgumentError(f"event {event.commit_ts} names {name} as its source, which is not beside {root}")
    if root.is_dir():
        return _below(root, inside.parts)
    # What belongs to a session lies in a folder of the session's name.
    places = (root.parent / name, root.with_suffix("") / name)
    return next((place for place in places if place.exists()), places[0])


def _below(root: Path, parts: tuple[str, ...]) -> Path:
    """A file below a folder. Of one that lies in a session's own folder, the name leaves that folder out."""
    named = root.joinpath(*parts)
    if not named.exists():
        for cut in range(len(parts)):
            found = list(root.joinpath(*parts[:cut]).glob("/".join(["*", *map(escape, parts[cut:])])))
            if len(found) == 1:
                return found[0]
    return named


def _where(event: EventHeader, offset: int, length: int) -> str:
    line = event.meta.get("line")
    return f"{f'line {line:,}, ' if isinstance(line, int) else ''}byte {offset:,}, {length:,} bytes"


def _bytes_at(path: Path, offset: int, length: int) -> bytes:
    source = Source(path)
    with source.open() as file:
        if not source.is_compressed:
            file.seek(offset)
        else:
            _skip(file, offset)
            # A whole document is as long as its file, which is packed.
            length = -1 if offset == 0 and length == source.size else length
        data = file.read(length)
    if len(data) < length:
        raise LogError(f"{path} is shorter than when it was loaded: byte {offset:,} is not in it any more")
    return data


def _skip(file: IO[bytes], count: int) -> None:
    while count > 0 and (piece := file.read(min(count, _PIECE_BYTES))):
        count -= len(piece)


def _member(path: Path, name: str) -> bytes:
    """A file in an archive; where the log is one JSON document instead, all of it."""
    source = Source(path)
    if not source.first.startswith(MAGIC):
        return _bytes_at(path, 0, source.size)
    with Archive(path) as archive:
        found = archive.members.get(name)
        if found is None:
            raise LogError(f"{path} holds no {name} any more: it was rewritten since it was loaded")
        return archive.read(found)


def _written_since(path: Path, imported: dict[str, JSON]) -> bool:
    loaded = max(str(imported.get("imported_at") or ""), str(imported.get("continued_at") or ""))
    return bool(loaded) and path.stat().st_mtime > datetime.fromisoformat(loaded).timestamp()


def _checked(path: Path, place: str, data: bytes, event: EventHeader, written_since: bool) -> SourceRecord:
    text = data.decode(errors="replace")
    value, is_json = _json(data)
    told = [found for name in _IDS if isinstance(found := event.meta.get(name), str) and found]
    if written_since and (not is_json or not all(found in text for found in told)):
        raise LogError(f"{path} was rewritten since it was loaded: at {place} there is another record now")
    pointer = _pointer(event, value)
    if is_json and isinstance(pointer, str):
        value, found = _pointed(value, pointer)
        place += f", at {pointer}"
        if not found:
            raise LogError(f"{path} was rewritten since it was loaded: it has no {pointer} any more")
        text = orjson.dumps(value).decode()
    note = "the file was written to since it was loaded" if written_since else ""
    return SourceRecord(path, place, text, value, is_json, note)


def _pointer(event: EventHeader, value: JSON) -> str | None:
    """The JSON pointer to what the event was made from, inside the value that lies there; None for all of it."""
    pointer, number = event.meta.get("pointer"), event.meta.get("event")
    if isinstance(pointer, str):
        return pointer
    # A sample's events are told one by one, from the list that it holds of them.
    listed = value.get("events") if isinstance(value, dict) and "member" in event.meta else None
    if isinstance(number, int) and isinstance(listed, list) and number < len(listed):
        return f"/events/{number}"
    return None


def _json(data: bytes) -> tuple[JSON, bool]:
    try:
        value: JSON = orjson.loads(data.strip(b" \t\r\n\0").removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None, False
    return value, True


def _pointed(value: JSON, pointer: str) -> tuple[JSON, bool]:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None, False
    return value, True
