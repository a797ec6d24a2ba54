"""Whether a sealed segment is what the format says it is: read row by row, a batch in memory at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from playhead import codec, segments
from playhead.entry import LogEntry
from playhead.filesystem import checksum
from playhead.latest import Integers, LatestRows, address_hash
from playhead.manifest import Segment
from playhead.model import Address
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

BATCH_ROWS = 2_048
_CHAIN = (
    *("namespace", "agent_id", "key", "version", "commit_ts", "op"),
    *("value_hash", "previous_commit_ts", "previous_hash"),
)


class Finding(NamedTuple):
    """Something wrong in a segment."""

    file_name: str
    commit_ts: int
    """The first commit it puts in doubt."""
    message: str


class Link(NamedTuple):
    """One operation as a link in the chain of its address's versions; links sort by address and version."""

    address: Address
    version: int
    commit_ts: int
    source: int
    """Which file it is from, as a number that rises with commit_ts."""
    value_hash: bytes | None
    previous_commit_ts: int
    previous_hash: bytes | None
    has_previous_hash: bool
    """Journals leave it out."""


def check_segment(directory: Path, segment: Segment) -> Iterator[Finding]:
    """Everything that is wrong inside one segment; nothing where it is sound."""
    files = [directory / segment.name / name for name in (EVENTS_FILE, OPERATIONS_FILE)]
    damage = [finding for file in files if (finding := _check_file(file, segment))]
    yield from damage
    if damage:
        return
    counts: dict[int, int] = {}
    for file, check in zip(files, (_check_events, _check_operations), strict=True):
        try:
            yield from check(file, segment, counts)
        except (OSError, pa.ArrowException, ValueError) as error:
            yield Finding(file.name, segment.first, f"cannot be read ({error})")
            return


def _check_file(file: Path, segment: Segment) -> Finding | None:
    try:
        if checksum(file) == segment.checksums.get(file.name):
            return None
        message = "damaged: its checksum is not the one in the manifest"
    except FileNotFoundError:
        message = "missing, but the manifest names it"
    except OSError as error:
        message = f"cannot be read ({error.strerror})"
    return Finding(file.name, segment.first, message)


def _check_events(path: Path, segment: Segment, counts: dict[int, int]) -> Iterator[Finding]:
    """Also notes in `counts` how many operations each commit should have."""
    expected, committed_at = segment.first, 0
    with pq.ParquetFile(path) as file:
        if not file.schema_arrow.equals(segments.EVENTS):
            yield Finding(EVENTS_FILE, segment.first, "its columns are not those of the format")
            return
        for batch in file.iter_batches(BATCH_ROWS):
            times = batch["committed_at"].cast(pa.int64()).to_pylist()
            columns = (batch[name].to_pylist() for name in ("commit_ts", "meta", "operation_count"))
            for commit_ts, meta, operation_count, at in zip(*columns, times, strict=True):
                if commit_ts != expected:
                    yield Finding(EVENTS_FILE, min(commit_ts, expected), f"commit {commit_ts} where {expected} belongs")
                if at < committed_at:
                    yield Finding(EVENTS_FILE, commit_ts, f"commit {commit_ts} is earlier than the one before it")
                if not _is_object(meta):
                    yield Finding(EVENTS_FILE, commit_ts, f"commit {commit_ts} has a meta that is no JSON object")
                counts[commit_ts] = operation_count
                expected, committed_at = commit_ts + 1, at
    if expected != segment.stored_last + 1:
        yield Finding(
            EVENTS_FILE, expected, f"ends with commit {expected - 1} where the manifest says {segment.stored_last}"
        )
    if committed_at != segment.committed_at:
        yield Finding(EVENTS_FILE, segment.first, "its last time is not the one in the manifest")


def _check_operations(path: Path, segment: Segment, counts: dict[int, int]) -> Iterator[Finding]:
    commits, indexes = array("q"), array("q")
    before: tuple[str, str, str, int] | None = None
    with pq.ParquetFile(path) as file:
        if not file.schema_arrow.equals(segments.OPERATIONS):
            yield Finding(OPERATIONS_FILE, segment.first, "its columns are not those of the format")
            return
        for batch in file.iter_batches(BATCH_ROWS):
            for row in batch.to_pylist():
                here = (row["namespace"], row["agent_id"], row["key"], row["version"])
                what = "{}/{}/{} version {}".format(*here)
                if before is not None and here <= before:
                    yield Finding(OPERATIONS_FILE, segment.first, f"{what}: out of order")
                before = here
                if problem := _problem_of_value(row):
                    yield Finding(OPERATIONS_FILE, row["commit_ts"], f"{what}: {problem}")
                commits.append(row["commit_ts"])
                indexes.append(row["op_index"])
    if len(commits) != segment.operations:
        yield Finding(
            OPERATIONS_FILE, segment.first, f"{len(commits)} rows where the manifest says {segment.operations}"
        )
    for commit_ts in _incomplete(numpy.array(commits), numpy.array(indexes), counts):
        said = counts.get(commit_ts, 0)
        yield Finding(OPERATIONS_FILE, commit_ts, f"commit {commit_ts} does not have the {said} operations it says")


def _incomplete(commits: Integers, indexes: Integers, counts: dict[int, int]) -> list[int]:
    """The commits whose operations are not numbered 0 … operation_count - 1."""
    order = numpy.lexsort((indexes, commits))
    commits, indexes = commits[order], indexes[order]
    found, starts, sizes = numpy.unique(commits, return_index=True, return_counts=True)
    expected = numpy.arange(len(commits)) - numpy.repeat(starts, sizes)
    wrong = set(commits[indexes != expected].tolist())
    there = dict(zip(found.tolist(), sizes.tolist(), strict=True))
    return sorted(
        wrong | {commit_ts for commit_ts in {*counts, *there} if counts.get(commit_ts) != there.get(commit_ts)}
    )


def _problem_of_value(row: dict[str, object]) -> str | None:
    value, op = row["value"], row["op"]
    if op == "delete":
        is_sound = value is None and row["value_hash"] is None and row["value_bytes"] == 0
        return None if is_sound else "a delete that has a value"
    if op != "write" or not isinstance(value, str):
        return f"neither a write with a value nor a delete ({op!r})"
    if row["value_bytes"] != len(value.encode()):
        return "value_bytes is not the length of its value"
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return "its value is not JSON"
    return None if codec.value_hash(value) == row["value_hash"] else "value_hash is not the hash of its value"


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def describe(directory: Path, name: str) -> Segment:
    """What a manifest would say of a segment that lies there; one that cannot be read holds what its name says."""
    first, last = map(int, name.split("-"))
    files = [directory / name / file for file in (EVENTS_FILE, OPERATIONS_FILE)]
    try:
        committed_at = pq.read_table(files[0], columns=["committed_at"])["committed_at"].cast(pa.int64())[-1].as_py()
        operations = pq.read_metadata(files[1]).num_rows
        size = sum(file.stat().st_size for file in files)
        checksums = {file.name: checksum(file) for file in files}
    except (OSError, pa.ArrowException, IndexError):
        return Segment(name, first, last, last, 0, 0, 0, {})
    return Segment(name, first, last, last, committed_at, operations, size, checksums)


def sealed_links(directory: Path, segment: Segment, source: int) -> Iterator[Link]:
    """The operations of a sound segment that belong to this store, sorted by address and version."""
    with pq.ParquetFile(directory / segment.name / OPERATIONS_FILE) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(_CHAIN)):
            columns = (batch[name].to_pylist() for name in _CHAIN)
            for namespace, agent_id, key, version, commit_ts, _, digest, previous, previous_hash in zip(
                *columns, strict=True
            ):
                if commit_ts <= segment.last:
                    address = Address(namespace, agent_id, key)
                    yield Link(address, version, commit_ts, source, digest, previous, previous_hash, True)


def journal_links(entries: Iterator[LogEntry], source: int) -> Iterator[Link]:
    """The operations of journal entries, sorted by address and version."""
    links = [
        Link(
            operation.address,
            operation.version,
            entry.commit_ts,
            source,
            codec.value_hash(operation.encoded) if operation.op == "write" else None,
            operation.previous_commit_ts,
            None,
            False,
        )
        for entry in entries
        for operation in entry.operations
    ]
    yield from sorted(links, key=lambda link: link[:3])


class Chain:
    """The last link of every address in the segments added so far, as columns and with no file open."""

    def __init__(self) -> None:
        self._layers: list[LatestRows] = []
        """Oldest first, each more than twice as large as the next."""

    def add(self, directory: Path, segment: Segment) -> None:
        """Raises CorruptStoreError where the segment cannot be read."""
        rows = LatestRows.of(segments.read_latest(directory / segment.name / OPERATIONS_FILE, segment.last))
        while self._layers and len(self._layers[-1]) <= 2 * len(rows):
            rows = self._layers.pop().merge(rows)
        self._layers.append(rows)

    def last(self, address: Address) -> Link | None:
        hashed = address_hash(address)
        for rows in reversed(self._layers):
            if found := rows.find(address, hashed):
                version, commit_ts, digest = found
                return Link(address, version, commit_ts, 0, digest, 0, None, False)
        return None


def break_between(before: Link | None, link: Link) -> str | None:
    """What is wrong between an operation and the one before it at its address (S2); None where they fit."""
    if before is None or before.address != link.address:
        version, commit_ts, digest = 0, 0, None
    else:
        version, commit_ts, digest = before.version, before.commit_ts, before.value_hash
    where = f"{link.address} version {link.version} (commit {link.commit_ts})"
    if link.version != version + 1:
        return f"{where}: follows version {version}"
    if link.commit_ts < commit_ts:
        return f"{where}: committed before version {version}"
    if link.previous_commit_ts != commit_ts:
        return f"{where}: says it replaced commit {link.previous_commit_ts}, and that was {commit_ts}"
    if link.has_previous_hash and link.previous_hash != digest:
        return f"{where}: previous_hash is not the hash of version {version}"
    return None
