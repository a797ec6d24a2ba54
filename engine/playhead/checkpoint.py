"""Checkpoints: files that hold the last operation of every address up to a commit. Derived, like every index (S22).

A file's name says all there is to know of it: `<commit_ts>-<history>-<checksum>.parquet`. `history` is a digest of the
segments it was made from, so that no other history can take it for its own: not a fork's, and not that of a store put
back from a copy. `checksum` is that of the file. What does not fit is ignored, and made again when it is worth it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from playhead.latest import COLUMNS, LatestRows, compact
from playhead.manifest import Segment

INTERVAL_OPERATIONS = 131_072
"""Fewer operations than this are read again rather than spared by a checkpoint."""
ROW_GROUP_ROWS = 16_384
_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    commit_ts: int
    operations: int
    """How many operations the segments up to there hold."""
    path: Path

    @property
    def is_intact(self) -> bool:
        """Whether the file is there and is what was written; reads it whole the first time."""
        try:
            status = self.path.stat()
            return self.path.stem.endswith(
                _checksum(self.path, status.st_ino, status.st_mtime_ns, status.st_size, status.st_ctime_ns)
            )
        except OSError:
            return False


def find(directory: Path, segments: Iterable[Segment]) -> tuple[Checkpoint, ...]:
    """The checkpoints of the history that these segments hold, oldest first; their content is not looked at."""
    try:
        names = sorted(path.name for path in directory.iterdir() if path.suffix == ".parquet")
    except OSError:
        return ()
    ends = {_stem(segment, history): (segment.last, operations) for segment, history, operations in _ends(segments)}
    return tuple(
        Checkpoint(*ends[stem], directory / name) for name in names if (stem := name.rpartition("-")[0]) in ends
    )


def newest(checkpoints: Sequence[Checkpoint], at: int) -> Checkpoint | None:
    """The last intact one with commit_ts <= at."""
    return next((known for known in reversed(checkpoints) if known.commit_ts <= at and known.is_intact), None)


def is_due(operations: int, rows: int) -> bool:
    """Whether a checkpoint is worth its while, so many operations after one of so many rows.

    Half the rows: writing all of them so often costs no more than a fixed share of each operation.
    """
    return operations >= max(INTERVAL_OPERATIONS, rows // 2)


def read(checkpoint: Checkpoint) -> LatestRows | None:
    """Its rows; None where it cannot be read after all."""
    try:
        with pq.ParquetFile(checkpoint.path, memory_map=True) as file:
            # One column at a time, so that no more than one is held twice.
            columns = {name: compact(file.read([name], use_threads=False)) for name in COLUMNS}
        rows = LatestRows.from_checkpoint(pa.table({name: table[name] for name, table in columns.items()}))
        pa.default_memory_pool().release_unused()
        return rows
    except (OSError, pa.ArrowException, KeyError):
        return None


def write(directory: Path, segments: Sequence[Segment], rows: LatestRows) -> bool:
    """Write the checkpoint at the end of the segments and remove those that are surplus. False where the disk refuses.

    Takes no lock: whoever writes the same checkpoint at the same time writes the same bytes.
    """
    *_, (last, history, _) = _ends(segments)
    temporary = directory / f".{last.last}.{os.getpid()}"
    try:
        directory.mkdir(exist_ok=True)
        pq.write_table(rows.sorted_table(), temporary, compression="zstd", row_group_size=ROW_GROUP_ROWS)
        temporary.replace(directory / f"{_stem(last, history)}-{_file_checksum(temporary)}.parquet")
    except (OSError, pa.ArrowException):
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        return False
    _keep_only(directory, _spread([known for known in find(directory, segments) if known.is_intact]))
    return True


def remove_strangers(directory: Path, segments: Iterable[Segment]) -> None:
    """Remove what is no checkpoint of this history: leftovers of an interrupted write, and of another history."""
    _keep_only(directory, find(directory, segments))


def share(checkpoints: Iterable[Checkpoint], directory: Path, segments: Sequence[Segment]) -> None:
    """Link those that are true of these segments too into another store's directory, as far as the disk can."""
    true = {_stem(segment, history) for segment, history, _ in _ends(segments)}
    with contextlib.suppress(OSError):
        directory.mkdir(exist_ok=True)
        for checkpoint in checkpoints:
            if checkpoint.path.name.rpartition("-")[0] in true:
                os.link(checkpoint.path, directory / checkpoint.path.name)


def _spread(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """The newest, and before it fewer the older they are: no gap is wider than it need be, or a quarter of its age."""
    if not checkpoints:
        return []
    head = checkpoints[-1].operations
    kept = [checkpoints[-1]]
    before = [0, *(known.operations for known in checkpoints)]
    for position in range(len(checkpoints) - 2, -1, -1):
        gap_without = kept[-1].operations - before[position]
        if gap_without > (head - before[position]) / 4:
            kept.append(checkpoints[position])
    return kept


def _keep_only(directory: Path, checkpoints: Iterable[Checkpoint]) -> None:
    named = {checkpoint.path.name for checkpoint in checkpoints}
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if path.name not in named:
                path.unlink(missing_ok=True)


def _ends(segments: Iterable[Segment]) -> Iterator[tuple[Segment, str, int]]:
    """Each segment with the digest of the history up to its end and the operations up to there."""
    history, operations = "", 0
    for segment in segments:
        part = orjson.dumps([history, segment.first, segment.last, segment.checksums], option=orjson.OPT_SORT_KEYS)
        history = hashlib.blake2b(part, digest_size=_DIGEST_BYTES).hexdigest()
        operations += segment.operations
        yield segment, history, operations


def _stem(segment: Segment, history: str) -> str:
    return f"{segment.last:012d}-{history}"


@lru_cache(maxsize=256)
def _checksum(path: Path, *_signature: int) -> str:
    return _file_checksum(path)


def _file_checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_DIGEST_BYTES)).hexdigest()
