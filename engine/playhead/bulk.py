"""Bulk load: drafts straight into sealed segments of a new store, which appears whole or not at all."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playhead import checkpoint, directory, journal, manifest, segments, snapshots
from playhead.columns import LAST, Columns
from playhead.digests import DigestIndex
from playhead.directory import StoreInfo
from playhead.draft import Draft
from playhead.entry import to_microseconds
from playhead.filesystem import trim_heap
from playhead.index import SealedIndex
from playhead.journal import Journal
from playhead.manifest import Manifest, Segment
from playhead.model import SnapshotEntry
from playhead.staging import staged_store

SEGMENT_OPERATIONS = 262_144
SEGMENT_BYTES = 32 * 1024 * 1024
BATCH_OPERATIONS, BATCH_BYTES = 1_024, 1024 * 1024
"""So much waits as drafts: they take far more room than columns."""
COLLECTED_OBJECTS = 100_000


class _Loader:
    """Gathers drafts and writes a segment whenever enough has come together."""

    def __init__(self, directory_: Path, store_id: str) -> None:
        self._directory = directory_ / directory.SEGMENTS
        self._checkpoints = directory_ / directory.CHECKPOINTS
        self._store_id = store_id
        self._index = DigestIndex(LAST)
        self._not_in_checkpoint: list[Segment] = []
        self._checkpoint_rows = 0
        self._columns = Columns(store_id, 1)
        self._waiting: list[Draft] = []
        self._latest_commit = 0
        self._operations = self._bytes = 0
        """Of the coming segment, with what waits."""
        self._due_operations = min(BATCH_OPERATIONS, SEGMENT_OPERATIONS)
        self._due_bytes = min(BATCH_BYTES, SEGMENT_BYTES)
        """When what waits becomes columns."""
        self.manifest = Manifest((), (journal.file_name(1),))

    @property
    def head(self) -> int:
        return self._columns.bounds[1]

    def add(self, draft: Draft) -> None:
        operations = draft.operations
        if not operations:
            return
        draft.check_header()
        size = sum([len(operation[2]) for operation in operations])
        if self._operations >= self._due_operations or self._bytes + size >= self._due_bytes:
            # Before this draft is taken: what it was made of may be large, and is still held by whoever made it.
            if self._operations >= SEGMENT_OPERATIONS or self._bytes + size >= SEGMENT_BYTES:
                self.flush()
            else:
                self._gather()
        self._waiting.append(draft)
        self._operations += len(operations)
        self._bytes += size

    def _gather(self) -> None:
        if self._waiting:
            now = time.time_ns() // 1000
            told = [draft.committed_at for draft in self._waiting]
            times = [now if moment is None else to_microseconds(moment) for moment in told]
            committed_at = list(itertools.accumulate(times, max, initial=self._latest_commit))[1:]
            self._latest_commit = committed_at[-1]
            self._columns.add(self._waiting, committed_at)
            self._waiting = []
        self._due_operations = min(self._operations + BATCH_OPERATIONS, SEGMENT_OPERATIONS)
        self._due_bytes = min(self._bytes + BATCH_BYTES, SEGMENT_BYTES)

    def flush(self, *, final: bool = False) -> None:
        """Write what has come together as a segment. final: nothing follows."""
        self._gather()
        if self._columns.operations:
            self._write_segment(remember=not final)
            self._gather()
        self._write_checkpoint(final=final)
        if len(self.manifest.segments) > 1:
            # Long lines and row groups come and go: without this, the holes that they leave add up.
            trim_heap()

    def _write_segment(self, *, remember: bool) -> None:
        columns = self._columns
        operations = columns.operation_tables(self._index, remember=remember)
        segment = segments.write_stream(self._directory, columns.bounds, columns.event_tables(), operations)
        self.manifest = self.manifest.with_segment(segment)
        self._not_in_checkpoint.append(segment)
        self._columns = Columns(self._store_id, columns.bounds[1] + 1)
        self._operations = self._bytes = 0

    def _write_checkpoint(self, *, final: bool) -> None:
        """Write one where it is due; where the disk refuses, the next one makes up for it."""
        operations = sum(segment.operations for segment in self._not_in_checkpoint)
        if not operations or not checkpoint.is_due(operations, 0 if final else self._checkpoint_rows):
            return
        newer = SealedIndex().with_segments(self._directory, self._not_in_checkpoint).rows()
        known = self.manifest.checkpoints
        head, operations = self.manifest.sealed_head, self.manifest.operations
        file = checkpoint.extend(self._checkpoints, known[-1] if known else None, head, operations, newer)
        if file is not None:
            self._not_in_checkpoint.clear()
            self._checkpoint_rows = checkpoint.rows_in(self._checkpoints / file.name)
            self.manifest = self.manifest.with_checkpoints(checkpoint.spread([*known, file]))


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Within it, garbage is seldom looked for: drafts come and go by the million, and are in no cycles."""
    first, *others = gc.get_threshold()
    gc.set_threshold(first and max(first, COLLECTED_OBJECTS), *others)
    try:
        yield
    finally:
        gc.set_threshold(first, *others)


def bulk_load(path: Path, info: StoreInfo, drafts: Iterable[Draft], taken: Iterable[SnapshotEntry] = ()) -> int:
    """Make a store at `path` whose events are the drafts in order; returns its head.

    `taken` is read after the last draft. Raises StoreExistsError, WriteError, and whatever `drafts` raises, and
    leaves no store then.
    """
    with staged_store(path, info) as staged, _seldom_collected():
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
