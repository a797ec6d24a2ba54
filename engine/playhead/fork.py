"""Fork: a new store that shares sealed files with the one it came from (S27)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from playhead import checkpoint, directory, journal, manifest, segments, snapshots
from playhead.errors import InvalidArgumentError
from playhead.filesystem import raising_write_error, sync_directory, sync_file
from playhead.generation import View
from playhead.journal import Journal
from playhead.manifest import Manifest, Segment
from playhead.model import SnapshotEntry
from playhead.staging import staged_store


def fork(view: View, origin: directory.StoreInfo, taken: Sequence[SnapshotEntry], path: Path, commit_ts: int) -> None:
    """Make a store at `path` that holds the view up to `commit_ts`, with the snapshots taken by then.

    Sealed files are shared by hard links where the file system has them; what is not sealed yet becomes a segment of
    the fork's own.
    """
    if commit_ts > view.head:
        raise InvalidArgumentError(f"cannot fork at commit {commit_ts}: the store ends at {view.head}")
    info = directory.new_info(forked_from={"store_id": origin.store_id, "commit_ts": commit_ts})
    with staged_store(path, info) as staged:
        shared = [
            _share(view.directory, segment, staged, commit_ts)
            for segment in view.segments
            if segment.first <= commit_ts
        ]
        if commit_ts > view.tail.sealed_head:
            shared.append(segments.write(staged / directory.SEGMENTS, *_tail_tables(view, commit_ts)))
        name = journal.file_name(1)
        Journal.create(staged / directory.JOURNALS / name)
        checkpoints = checkpoint.share(view.checkpoints, staged / directory.CHECKPOINTS, commit_ts)
        manifest.publish(staged, Manifest(tuple(shared), (name,), checkpoints))
        kept = [entry for entry in taken if entry.commit_ts <= commit_ts]
        if kept:
            snapshots.append(staged / directory.SNAPSHOTS_FILE, kept)


def _tail_tables(view: View, commit_ts: int) -> tuple[segments.Table, segments.Table]:
    import pyarrow.compute as pc

    events, operations = view.tail.tables()
    until = pc.field("commit_ts") <= commit_ts
    return events.filter(until), operations.filter(until)


def _share(source: Path, segment: Segment, staged: Path, commit_ts: int) -> Segment:
    target = staged / directory.SEGMENTS / segment.name
    with raising_write_error(target):
        target.mkdir()
        for name in segment.checksums:
            try:
                os.link(source / segment.name / name, target / name)
            except OSError:
                shutil.copy2(source / segment.name / name, target / name)
                sync_file(target / name)
        sync_directory(target)
    return replace(segment, last=min(segment.last, commit_ts))
