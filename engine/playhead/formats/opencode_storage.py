"""opencode's storage of old: a file for the session, one for each message and one for each part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from playhead.draft import Draft
from playhead.errors import LogError
from playhead.formats.base import Format
from playhead.formats.opencode_session import OpenCodeSession
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, object_in, text_in
from playhead.formats.source import Placed, Source

MOST_FILES = 100_000


class OpenCodeStorage(Format):
    """A session's file is read with the files of its messages and parts, in the folders beside its own."""

    name: ClassVar[str] = "opencode-storage"
    title: ClassVar[str] = "opencode storage"
    looked_for: ClassVar[str] = "an opencode session file with projectID and directory"

    def recognise(self, source: Source) -> bool:
        only = source.only
        return (
            isinstance(only, dict)
            and {"id", "projectID", "directory", "time"} <= only.keys()
            and isinstance(only["time"], dict)
            and "role" not in only
        )

    def files(self, source: Source) -> list[Source]:
        return [source, *(file for told in _messages(source) for file in told)]

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        info = only if isinstance(only, dict) else {}
        run = RunLog("opencode", text_in(info, "id") or source.path.stem, source.name, report)
        session = OpenCodeSession(run)
        for placed in source.elements(report, [info]):
            yield session.about(placed, info)
        for message, *parts in _messages(source):
            told, placed = _told(run, report, message)
            yield session.message(placed, told)
            identity = text_in(told, "id")
            for part in parts:
                held, place = _told(run, report, part)
                yield session.part(place, held, identity, object_in(told, "time").get("created"))
            run.file = "/".join(message.path.parts[-3:])
            ended = run.draft(placed, object_in(told, "time").get("completed"), id=identity)
            session.finished(ended, told)
            ended.kind, ended.label = ended.kind or "usage", ended.label or "tokens counted"
            yield ended


def _told(run: RunLog, report: ImportReport, source: Source) -> tuple[Fields, Placed]:
    # Parts of different messages share names.
    run.file = "/".join(source.path.parts[-3:])
    only = source.only
    (placed,) = source.elements(report, [only])
    return only if isinstance(only, dict) else {}, placed


def _messages(source: Source) -> list[list[Source]]:
    """The files of each message of a session, itself first and then its parts, in the order they were said."""
    identity = text_in(source.only, "id")
    root = source.path.parent.parent.parent
    if not identity or "/" in identity or not (root / "message" / identity).is_dir():
        return []
    found = [
        (message, object_in(message.only, "time").get("created")) for message in _sources(root / "message" / identity)
    ]
    found.sort(key=lambda pair: (float(pair[1]) if isinstance(pair[1], int | float) else 0.0, pair[0].name))
    flat = [part for part in _sources(root / "part") if isinstance(part.only, dict)]
    told: list[list[Source]] = []
    for message, _ in found:
        name = text_in(message.only, "id")
        own = _sources(root / "part" / name) if name and "/" not in name else []
        told.append([message, *own, *(part for part in flat if text_in(part.only, "messageID") == name)])
    return told


def _sources(folder: Path) -> list[Source]:
    found: list[Source] = []
    try:
        paths = sorted(folder.glob("*.json"))[:MOST_FILES] if folder.is_dir() else []
    except OSError:
        return []
    for path in paths:
        try:
            found.append(Source(path))
        except LogError:
            continue
    return found
