"""Bulk load: drafts straight into sealed segments of a new store, which appears whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from playhead import checkpoint, directory, journal, manifest, segments, snapshots
from playhead.columns import Columns
from playhead.digests import DigestIndex
from playhead.directory import StoreInfo
from playhead.draft import Draft
from playhead.entry import to_microseconds
from playhead.index import SealedIndex, checkpointed
from playhead.journal import Journal
from playhead.manifest import Manifest, Segment
from playhead.model import SnapshotEntry
from playhead.staging import staged_store

SEGMENT_OPERATIONS = 262_144
SEGMENT_BYTES = 64 * 1024 * 1024


class _Loader:
    """Gathers drafts and writes a segment whenever enough has come together."""

    def __init__(self, directory_: Path, store_id: str) -> None:
        self._directory = directory_ / directory.SEGMENTS
        self._checkpoints = directory_ / directory.CHECKPOINTS
        self._store_id = store_id
        self._index = DigestIndex()
        self._sealed = SealedIndex()
        self._not_in_sealed: list[Segment] = []
        self._columns = Columns(store_id, 1)
        self._committed_at = 0
        self.manifest = Manifest((), (journal.file_name(1),))

    @property
    def head(self) -> int:
        return self._columns.bounds[1]

    def add(self, draft: Draft) -> None:
        if not draft.operations:
            return
        draft.check_header()
        now = time.time_ns() // 1000 if draft.committed_at is None else to_microseconds(draft.committed_at)
        self._committed_at = max(self._committed_at, now)
        columns = self._columns
        columns.add(draft, self._committed_at)
        if columns.operations >= SEGMENT_OPERATIONS or columns.bytes >= SEGMENT_BYTES:
            self.flush()

    def flush(self, *, final: bool = False) -> None:
        """Write what has come together as a segment. final: nothing follows."""
        columns = self._columns
        if columns.operations:
            operations = columns.operation_tables(self._index, remember=not final)
            segment = segments.write_stream(self._directory, columns.bounds, columns.event_tables(), operations)
            self.manifest = self.manifest.with_segment(segment)
            self._not_in_sealed.append(segment)
            self._columns = Columns(self._store_id, columns.bounds[1] + 1)
        if self._sealed.is_checkpoint_due(self.manifest.operations, final=final):
            self._sealed = self._sealed.with_segments(self._directory, self._not_in_sealed)
            self._not_in_sealed.clear()
            self._sealed, self.manifest = checkpointed(self._sealed, self._checkpoints, self.manifest, final=final)


def bulk_load(path: Path, info: StoreInfo, drafts: Iterable[Draft], taken: Iterable[SnapshotEntry] = ()) -> int:
    """Make a store at `path` whose events are the drafts in order; returns its head.

    `taken` is read after the last draft. Raises StoreExistsError, WriteError, and whatever `drafts` raises, and
    leaves no store then.
    """
    with staged_store(path, info) as staged:
        loader = _Loader(staged, info.store_id)
        for draft in drafts:
            loader.add(draft)
        loader.flush(final=True)
        checkpoint.keep_only(staged / directory.CHECKPOINTS, loader.manifest.checkpoints)
        Journal.create(staged / directory.JOURNALS / loader.manifest.journals[-1])
        manifest.publish(staged, loader.manifest)
        kept = list(taken)
        if kept:
            snapshots.append(staged / directory.SNAPSHOTS_FILE, kept)
    return loader.head
