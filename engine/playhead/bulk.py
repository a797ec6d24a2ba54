"""Bulk load: drafts straight into sealed segments of a new store, which appears whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from playhead import checkpoint, directory, journal, manifest, segments, snapshots
from playhead.directory import StoreInfo
from playhead.draft import Draft
from playhead.entry import LogEntry, derived_txn_id, log_operation, to_microseconds
from playhead.index import Index, SealedIndex, checkpointed
from playhead.journal import Journal
from playhead.manifest import Manifest
from playhead.model import SnapshotEntry
from playhead.numbering import Row, number
from playhead.segments import Table
from playhead.staging import staged_store

SEGMENT_OPERATIONS = 262_144
SEGMENT_BYTES = 64 * 1024 * 1024
BATCH_OPERATIONS = 8_192
"""So many operations wait as Python objects, which take five times the room of columns."""


class _Loader:
    """Numbers drafts and writes a segment whenever enough has come together."""

    def __init__(self, directory_: Path, store_id: str) -> None:
        self._directory = directory_ / directory.SEGMENTS
        self._checkpoints = directory_ / directory.CHECKPOINTS
        self._store_id = store_id
        self._sealed = SealedIndex()
        self._index = Index(self._sealed)
        self._hashes = segments.HashChain(self._sealed.hash_of)
        self._pending: list[LogEntry] = []
        self._pending_operations = 0
        self._tables: list[tuple[Table, Table]] = []
        """What of the coming segment is columns by now: events and operations."""
        self._operations = 0
        self._bytes = 0
        self._committed_at = 0
        self.head = 0
        self.manifest = Manifest((), (journal.file_name(1),))

    def add(self, draft: Draft) -> None:
        if not draft.operations:
            return
        draft.check_header()
        now = time.time_ns() // 1000 if draft.committed_at is None else to_microseconds(draft.committed_at)
        self._committed_at = max(self._committed_at, now)
        rows, latest = number(draft.operations, self._index.latest, self.head + 1)
        self.head += 1
        self._index.add(latest)
        self._pending.append(self._entry(draft, rows))
        self._pending_operations += len(rows)
        for operation in draft.operations:
            self._bytes += len(operation.encoded)
        if self._operations + self._pending_operations >= SEGMENT_OPERATIONS or self._bytes >= SEGMENT_BYTES:
            self.flush()
        elif self._pending_operations >= BATCH_OPERATIONS:
            self._convert()

    def _convert(self) -> None:
        self._tables.append(segments.to_tables(self._pending, self._hashes))
        self._operations += self._pending_operations
        self._pending, self._pending_operations = [], 0

    def _entry(self, draft: Draft, rows: list[Row]) -> LogEntry:
        return LogEntry(
            self.head,
            draft.txn_id or derived_txn_id(self._store_id, self.head),
            self._committed_at,
            None if draft.occurred_at is None else to_microseconds(draft.occurred_at),
            draft.kind,
            draft.label,
            draft.encoded_meta(),
            [
                log_operation((staged.address, staged.op, version, previous_commit_ts, staged.encoded))
                for staged, (*_, version, previous_commit_ts) in zip(draft.operations, rows, strict=True)
            ],
            len(rows),
        )

    def flush(self, *, final: bool = False) -> None:
        if self._pending:
            self._convert()
        if self._tables:
            tables, self._tables = segments.joined(self._tables), []
            segment = segments.write(self._directory, *tables)
            self.manifest = self.manifest.with_segment(segment)
            self._sealed = self._sealed.with_segments(self._directory, [segment])
        self._sealed, self.manifest = checkpointed(self._sealed, self._checkpoints, self.manifest, final=final)
        self._index.rotate()
        self._index.seal(self._sealed, 1)
        self._hashes = segments.HashChain(self._sealed.hash_of)
        self._operations, self._bytes = 0, 0


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
