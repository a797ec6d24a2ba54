"""One operation of one address in a View: found from checkpoints and footers, read from one row group.

Along an address both version and commit_ts rise (S2, S4), so "the last operation with at most that version" and
"… at most that commit_ts" are one binary search: over the checkpoints, then over the segments between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

import numpy
import pyarrow as pa
import pyarrow.compute as pc

from playhead import codec
from playhead.checkpoint import Checkpoint
from playhead.entry import from_microseconds
from playhead.errors import CorruptStoreError
from playhead.footers import File, Files, rows_with
from playhead.generation import View
from playhead.manifest import Segment
from playhead.model import Address, Record
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

T = TypeVar("T")
Order: TypeAlias = Literal["version", "commit_ts"]


class Place(NamedTuple):
    """Where one operation lies."""

    version: int
    commit_ts: int
    source: Segment | None
    """None for the tail."""
    group: int
    row: int


class Known(NamedTuple):
    """What a checkpoint says of an address."""

    version: int
    commit_ts: int


class _Unusable(Exception):
    """A checkpoint that is damaged, or gone by now."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint.path)
        self.checkpoint = checkpoint


@dataclass(frozen=True, slots=True)
class Lookup:
    """Searches one view."""

    files: Files
    view: View
    opened: dict[tuple[str, str], File] = field(default_factory=dict)
    """Those that this search has used, by segment and name: putting a path together takes longer than the rest."""

    def record(self, address: Address, order: Order, limit: int, commit_ts: int | None = None) -> Record:
        """The address's last operation with version or commit_ts <= limit; S14's unknown where there is none.

        commit_ts: that of the operation, where it is known already. Raises CorruptStoreError.
        """
        place = self._last(address, order, limit) if commit_ts is None else self._at(address, order, limit, commit_ts)
        return Record.unknown(address) if place is None else self._record(address, place)

    def records(self, wanted: Iterable[tuple[Address, int, int]]) -> dict[tuple[Address, int], Record]:
        """Many exact versions, each given as address, version and its commit_ts; those that do not exist are left out.

        Raises CorruptStoreError.
        """
        found: dict[tuple[Address, int], Record] = {}
        for address, version, commit_ts in wanted:
            place = self._exactly(address, version, commit_ts)
            if place is not None:
                found[address, version] = self._record(address, place)
        return found

    def _exactly(self, address: Address, version: int, commit_ts: int) -> Place | None:
        segment = next((each for each in self.view.segments if each.first <= commit_ts <= each.last), None)
        if segment is None:
            place = self._last_in_tail(address, "version", version)
            return place if place is not None and place.version == version else None
        file = self._file(segment, OPERATIONS_FILE)
        wanted = list(zip(Address._fields, address, strict=True))
        for group in file.groups_with(wanted):
            versions = file.bounds("version")[group]
            if versions is not None and not versions[0] <= version <= versions[1]:
                continue
            names = file.undecided(group, wanted)
            rows = self._addresses(file, group, names)
            fits = (rows["commit_ts"].to_numpy() == commit_ts) & (rows["version"].to_numpy() == version)
            for row in numpy.flatnonzero(fits).tolist():
                if all(rows[name][row].as_py() == value for name, value in names):
                    return Place(version, commit_ts, segment, group, row)
        return None

    def events(self, first: int, last: int, columns: Sequence[str]) -> pa.Table:
        """Columns of the events first … last, in commit order, times in microseconds. Raises CorruptStoreError."""
        tables = []
        for segment in self.view.segments:
            if segment.first <= last and segment.last >= first:
                file = self._file(segment, EVENTS_FILE)
                for group, known in enumerate(file.bounds("commit_ts")):
                    if known is None or (known[0] <= last and known[1] >= first):
                        rows = self.files.group(file, group, columns)
                        commits = rows["commit_ts"].to_numpy()
                        start, end = numpy.searchsorted(commits, [first, min(last, segment.last) + 1])
                        tables.append(rows.slice(start, end - start))
        sealed = self.view.tail.sealed_head
        if last > sealed:
            start = max(first, sealed + 1)
            tables.append(self.view.tail.tables()[0].select(columns).slice(start - sealed - 1, last - start + 1))
        rows = pa.concat_tables(tables)
        return pa.table([_plain(column) for column in rows.columns], rows.schema.names)

    def _last(self, address: Address, order: Order, limit: int) -> Place | None:
        tail = self.view.tail
        if order == "version" or limit > tail.sealed_head:
            found = self._last_in_tail(address, order, limit)
            if found is not None:
                return found
        return _sparing(self.view.checkpoints, lambda usable: self._last_sealed(address, order, limit, usable))

    def _at(self, address: Address, order: Order, limit: int, commit_ts: int) -> Place | None:
        for segment in self.view.segments:
            if segment.first <= commit_ts <= segment.last:
                return self._last_in(segment, address, order, limit)[0]
        return self._last_in_tail(address, order, limit)

    # ── the tail ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _last_in_tail(self, address: Address, order: Order, limit: int) -> Place | None:
        operations = self.view.tail.tables()[1]
        rows = operations.select([*Address._fields, "version", "commit_ts"])
        found = pc.less_equal(rows["commit_ts"], self.view.head)
        for name, value in (*zip(Address._fields, address, strict=True),):
            found = pc.and_(found, pc.equal(rows[name], value))
        found = pc.and_(found, pc.less_equal(rows[order], limit))
        positions = pc.indices_nonzero(found)
        if not len(positions):
            return None
        # The tail is in commit order, so the last one of an address is its highest version.
        row = positions[-1].as_py()
        return Place(rows["version"][row].as_py(), rows["commit_ts"][row].as_py(), None, 0, row)

    # ── checkpoints ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _last_sealed(
        self, address: Address, order: Order, limit: int, checkpoints: tuple[Checkpoint, ...]
    ) -> Place | None:
        """From the two neighbouring checkpoints between which the operation was committed, and what lies between."""
        low, high = 0, len(checkpoints)
        before: Known | None = None
        after: Known | None = None
        while low < high:
            middle = (low + high) // 2
            known = self._known(checkpoints[middle], address)
            if known is None or getattr(known, order) <= limit:
                low, before = middle + 1, known
            else:
                high, after = middle, known
        start = checkpoints[low - 1].commit_ts if low else 0
        end = checkpoints[low].commit_ts if low < len(checkpoints) else self.view.tail.sealed_head
        is_next = after is not None and after.version == (before.version if before else 0) + 1
        is_it = order == "version" and before is not None and before.version == limit
        if not (is_next or is_it):
            between = [segment for segment in self.view.segments if segment.last > start and segment.first <= end]
            found = self._last_between(between, address, order, limit)
            if found is not None:
                return found
        return None if before is None else self._at(address, "version", before.version, before.commit_ts)

    def _known(self, checkpoint: Checkpoint, address: Address) -> Known | None:
        if not checkpoint.is_intact:
            raise _Unusable(checkpoint)
        try:
            file = self.files.file(checkpoint.path)
            wanted = list(zip(Address._fields, address, strict=True))
            for group in file.groups_with(wanted):
                names = file.undecided(group, wanted)
                rows = self._addresses(file, group, names)
                for row in numpy.flatnonzero(rows_with(rows, names)).tolist():
                    return Known(rows["version"][row].as_py(), rows["commit_ts"][row].as_py())
        except CorruptStoreError:
            raise _Unusable(checkpoint) from None
        return None

    # ── segments ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _last_between(self, segments: list[Segment], address: Address, order: Order, limit: int) -> Place | None:
        if order == "commit_ts":
            segments = [segment for segment in segments if segment.first <= limit]
        found: Place | None = None
        low, high = 0, len(segments) - 1
        while low <= high:
            middle = high if order == "commit_ts" else (low + high) // 2
            probe = middle
            place, has_later = self._last_in(segments[probe], address, order, limit)
            # A segment without the address says nothing of which side to go on with; the one before it may.
            while place is None and not has_later and probe > low:
                probe -= 1
                place, has_later = self._last_in(segments[probe], address, order, limit)
            if place is not None:
                found = place
            if has_later and place is not None:
                break
            if has_later:
                high = probe - 1
            else:
                low = middle + 1
        return found

    def _last_in(self, segment: Segment, address: Address, order: Order, limit: int) -> tuple[Place | None, bool]:
        """The last such operation in one segment, and whether a later one of the address was seen there."""
        file = self._file(segment, OPERATIONS_FILE)
        wanted = list(zip(Address._fields, address, strict=True))
        bounds = file.bounds(order)
        has_later = False
        for group in reversed(file.groups_with(wanted)):
            known = bounds[group]
            if known is not None and known[0] > limit:
                continue
            names = file.undecided(group, wanted)
            rows = self._addresses(file, group, names)
            versions, commits = rows["version"].to_numpy(), rows["commit_ts"].to_numpy()
            theirs = rows_with(rows, names) & (commits <= segment.last)
            fits = theirs & ((versions if order == "version" else commits) <= limit)
            has_later = has_later or bool((theirs & ~fits).any())
            positions = numpy.flatnonzero(fits)
            if len(positions):
                row = int(positions[-1])
                return Place(int(versions[row]), int(commits[row]), segment, group, row), has_later
        return None, has_later

    def _file(self, segment: Segment, name: str) -> File:
        file = self.opened.get((segment.name, name))
        if file is None:
            path = self.view.directory / segment.name / name
            file = self.opened[segment.name, name] = self.files.file(path, segment.checksums.get(name, ""))
        return file

    # ── the record ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _record(self, address: Address, place: Place) -> Record:
        if place.source is None:
            events, operations = self.view.tail.tables()
            operation = operations.slice(place.row, 1)
            event = events.slice(place.commit_ts - self.view.tail.sealed_head - 1, 1)
        else:
            file = self._file(place.source, OPERATIONS_FILE)
            operation = self.files.group(file, place.group, ["op", "value"]).slice(place.row, 1)
            event = self._event(place.source, place.commit_ts)
        exists = operation["op"][0].as_py() == "write"
        value = codec.decode(operation["value"][0].as_py()) if exists else None
        committed_at = from_microseconds(event["committed_at"][0].value)
        return Record(*address, value, place.version, place.commit_ts, committed_at, exists)

    def _event(self, segment: Segment, commit_ts: int) -> Any:
        file = self._file(segment, EVENTS_FILE)
        for group, known in enumerate(file.bounds("commit_ts")):
            if known is None or known[0] <= commit_ts <= known[1]:
                rows = self.files.group(file, group, ["commit_ts", "committed_at"])
                row = int(numpy.searchsorted(rows["commit_ts"].to_numpy(), commit_ts))
                if row < len(rows) and rows["commit_ts"][row].as_py() == commit_ts:
                    return rows.slice(row, 1)
        raise CorruptStoreError(f"{file.path}: commit {commit_ts} is missing; restore the store from a copy")

    def _addresses(self, file: File, group: int, names: list[tuple[str, str]]) -> Any:
        """Versions and commits of a row group, with what else it takes to know whose they are."""
        texts = [name for name, _ in names]
        return self.files.group(file, group, [*texts, "version", "commit_ts"], texts)


def _sparing(checkpoints: tuple[Checkpoint, ...], question: Callable[[tuple[Checkpoint, ...]], T]) -> T:
    """The answer from the checkpoints that turn out to be there and whole (S22)."""
    while True:
        try:
            return question(checkpoints)
        except _Unusable as error:
            checkpoints = tuple(known for known in checkpoints if known is not error.checkpoint)


def _plain(column: Any) -> Any:
    """Moments as microseconds since the epoch; any other column as it is."""
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
