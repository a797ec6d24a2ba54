"""Which files are the store: sealed segments and live journals, published as one new set at a time."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from playhead.errors import CorruptStoreError
from playhead.filesystem import Replacement, replace_file

FILE_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Segment:
    """One sealed stretch of history: a directory with events.parquet and operations.parquet."""

    name: str
    first: int
    last: int
    """The last commit_ts that is part of this store; a fork sees a shared segment only so far (S27)."""
    stored_last: int
    """The last commit_ts in the files."""
    committed_at: int
    """When `stored_last` was committed, in microseconds since the epoch."""
    operations: int
    """Rows of operations.parquet."""
    bytes: int
    checksums: dict[str, str]
    """BLAKE2b-128 of each file, by file name."""

    @property
    def is_partial(self) -> bool:
        return self.last < self.stored_last


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """A file that holds the last operation of every address up to a commit: derived, so it may be gone or damaged."""

    commit_ts: int
    operations: int
    """How many operations the log holds up to there."""
    checksum: str
    """BLAKE2b-128 of the file."""

    @property
    def name(self) -> str:
        return f"{self.commit_ts:012d}-{self.checksum}.parquet"


@dataclass(frozen=True, slots=True)
class Manifest:
    segments: tuple[Segment, ...]
    journals: tuple[str, ...]
    """File names of the live journals, oldest first; the last is the one that takes commits."""
    checkpoints: tuple[CheckpointFile, ...] = ()
    """Oldest first."""

    @property
    def sealed_head(self) -> int:
        return self.segments[-1].last if self.segments else 0

    @property
    def operations(self) -> int:
        """Sealed ones, rows that a fork no longer sees included."""
        return sum(segment.operations for segment in self.segments)

    def with_journal(self, name: str) -> Manifest:
        return replace(self, journals=(*self.journals, name))

    def with_segment(self, segment: Segment) -> Manifest:
        """The segment in place of every journal but the last."""
        return replace(self, segments=(*self.segments, segment), journals=self.journals[-1:])

    def with_merged(self, merged: Segment) -> Manifest:
        """The segment in place of those whose commits it holds."""
        before = [segment for segment in self.segments if segment.last < merged.first]
        after = [segment for segment in self.segments if segment.first > merged.last]
        return replace(self, segments=(*before, merged, *after))

    def with_checkpoints(self, checkpoints: tuple[CheckpointFile, ...]) -> Manifest:
        return replace(self, checkpoints=checkpoints)


def load(directory: Path) -> Manifest:
    """The published manifest. Raises CorruptStoreError naming the file."""
    path = directory / FILE_NAME
    try:
        document = orjson.loads(path.read_bytes())
        body, checksum = document["manifest"], document["checksum"]
        if _checksum(body) != checksum:
            raise CorruptStoreError(f"{path}: damaged (its checksum does not match); restore it from a copy")
        return Manifest(
            tuple(Segment(**segment) for segment in body["segments"]),
            tuple(body["journals"]),
            tuple(CheckpointFile(**checkpoint) for checkpoint in body.get("checkpoints", ())),
        )
    except FileNotFoundError:
        raise CorruptStoreError(f"{path}: missing; restore it from a copy") from None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise CorruptStoreError(f"{path}: damaged (not a manifest); restore it from a copy") from None


def prepare(directory: Path, manifest: Manifest) -> Replacement:
    """The manifest on disk beside the published one: to publish it then is one rename. Raises WriteError."""
    return Replacement(directory / FILE_NAME, _encode(manifest))


def publish(directory: Path, manifest: Manifest) -> None:
    """Replace the published manifest, atomically and durably. Raises WriteError, DurabilityError."""
    replace_file(directory / FILE_NAME, _encode(manifest))


def _encode(manifest: Manifest) -> bytes:
    body = asdict(manifest)
    return orjson.dumps({"checksum": _checksum(body), "manifest": body}, option=orjson.OPT_INDENT_2) + b"\n"


def _checksum(body: object) -> str:
    return hashlib.blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
