"""DuckDB over a View: state at a moment, versions, changes, replay. Takes a View, never a Store."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from playhead import checkpoint, codec
from playhead.checkpoint import Checkpoint
from playhead.entry import LogEntry, LogOperation, from_microseconds
from playhead.errors import CorruptStoreError, StoreClosedError
from playhead.footers import Files
from playhead.generation import View
from playhead.lookup import Lookup
from playhead.manifest import Segment
from playhead.model import JSON, Address, AgentAddress, Change, Event, EventHeader, Record
from playhead.query import Query, Scope, latest
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
_CLOSED = "the store was closed; open it again"
_RECORD = "o.namespace, o.agent_id, o.key, o.value, o.version, o.commit_ts, epoch_us(e.committed_at), o.op = 'write'"
_HEADER = "txn_id, commit_ts, epoch_us(committed_at), epoch_us(occurred_at), kind, label, meta, operation_count"


class History:
    """Answers questions about a View's past. One DuckDB instance, a cursor for each question; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._closed = False
        self._numbers = itertools.count()
        self._files = Files()

    @contextmanager
    def query(self, view: View) -> Iterator[Query]:
        """One question to ask of the view.

        Raises CorruptStoreError where a segment cannot be read, StoreClosedError where the store was closed meanwhile.
        """
        import duckdb

        query = Query(self._cursor(), view, next(self._numbers))
        try:
            yield query
        except duckdb.ConnectionException as error:
            raise StoreClosedError(f"{view.directory.parent}: closed while a question was being answered") from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            reason = str(error).partition("\n")[0]
            raise CorruptStoreError(f"{view.directory}: {reason}; restore the store from a copy") from error
        finally:
            query.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._closed:
                raise StoreClosedError(_CLOSED)
            if self._connection is None:
                # Imported here: it costs 100 ms that a program which only writes need not pay.
                import duckdb

                self._connection = duckdb.connect(":memory:")
                self._connection.execute("SET python_enable_replacements = false")
                self._connection.execute("LOAD parquet")
                self._connection.execute("SET parquet_metadata_cache = true")
            return self._connection.cursor()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()

    # ── one record ───────────────────────────────────────────────────────────────────────────────────────────────────

    def record_at(self, view: View, address: Address, at: int) -> Record:
        """The address's last operation with commit_ts <= at (S16), or S14's unknown."""
        return self._lookup(view).record(address, "commit_ts", at)

    def record_at_version(self, view: View, address: Address, version: int, commit_ts: int | None = None) -> Record:
        """Exactly that version (S15), or S14's unknown; read from one segment where its commit_ts is known."""
        record = self._lookup(view).record(address, "version", version, commit_ts)
        return record if record.version == version else Record.unknown(address)

    def _lookup(self, view: View) -> Lookup:
        if self._closed:
            raise StoreClosedError(_CLOSED)
        return Lookup(self._files, view)

    # ── state ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def state(
        self,
        view: View,
        at: int,
        namespace: str | None = None,
        agent_id: str | None = None,
        *,
        keys: Iterable[str] | None = None,
        prefix: str = "",
        tombstones: bool = False,
    ) -> list[Record]:
        """Every address's last operation with commit_ts <= at (S16), sorted by address (S17)."""
        scope = Scope(namespace, agent_id, None if keys is None else list(keys), prefix, tombstones)

        def ask(query: Query, start: Checkpoint | None) -> list[tuple[Any, ...]]:
            query.run(f"CREATE TEMP TABLE latest AS {latest(query, start, at, scope)}")
            commits = query.arrays("SELECT DISTINCT commit_ts FROM latest")["commit_ts"]
            # The latest operations first and the values after: what is not part of the answer is not read.
            return query.rows(
                f"SELECT {_RECORD} FROM (SELECT * FROM {query.operations(end=at, commits=commits)}"
                f" WHERE {scope.condition(query)}) o SEMI JOIN latest USING (namespace, agent_id, key, version)"
                f" JOIN {query.events(end=at, commits=commits)} e USING (commit_ts)"
            )

        return sorted(map(_record, self._ask(view, at, ask)), key=_address_of)

    def addresses(
        self,
        view: View,
        at: int,
        namespace: str | None = None,
        agent_id: str | None = None,
        *,
        prefix: str = "",
        tombstones: bool = False,
    ) -> list[Address]:
        """The addresses of `state`, without reading values."""
        scope = Scope(namespace, agent_id, None, prefix, tombstones)

        def ask(query: Query, start: Checkpoint | None) -> list[tuple[Any, ...]]:
            return query.rows(f"SELECT namespace, agent_id, key FROM ({latest(query, start, at, scope)})")

        return sorted(Address(*row) for row in self._ask(view, at, ask))

    def size_bytes(self, view: View, at: int) -> int:
        """The sum of the encoded live values at a moment (S24)."""

        def ask(query: Query, start: Checkpoint | None) -> int:
            found = latest(query, start, at, Scope())
            return int(query.rows(f"SELECT coalesce(sum(value_bytes), 0) FROM ({found})")[0][0])

        return self._ask(view, at, ask)

    def agents(self, view: View) -> list[AgentAddress]:
        """Every agent that ever wrote, sorted (S17)."""

        def ask(query: Query, start: Checkpoint | None) -> list[tuple[Any, ...]]:
            source = query.operations(start.commit_ts + 1 if start else 1)
            known = f" UNION SELECT namespace, agent_id FROM {query.checkpoint(start)}" if start else ""
            return query.rows(f"SELECT DISTINCT namespace, agent_id FROM {source}{known}")

        return sorted(AgentAddress(*row) for row in self._ask(view, view.head, ask))

    def _ask(self, view: View, at: int, question: Callable[[Query, Checkpoint | None], T]) -> T:
        """The answer from the newest checkpoint that serves the moment (S23), or without one where none does."""
        checkpoints = view.checkpoints
        while True:
            start = checkpoint.newest(checkpoints, at)
            try:
                with self.query(view) as query:
                    return question(query, start)
            except CorruptStoreError:
                # Another process may have removed it meanwhile: then the one before it has to do (S22).
                if start is None:
                    raise
                checkpoints = checkpoints[: checkpoints.index(start)]

    def first_agent(self, view: View) -> AgentAddress | None:
        """The agent of the very first operation: whoever began the run."""
        with self.query(view) as query:
            rows = query.rows(f"SELECT namespace, agent_id FROM {query.operations(1, 1)} ORDER BY op_index LIMIT 1")
        return AgentAddress(*rows[0]) if rows else None

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def changed_addresses(
        self, view: View, base: int, later: int, namespace: str | None = None, agent_id: str | None = None
    ) -> list[tuple[Address, int, int, bool, bool]]:
        """What differs between two moments (S25), sorted by address.

        Each is (address, version at base, version at later, whether it existed, whether it exists).
        One scan of what happened in between: each row carries the hash of the value it replaced.
        """
        with self.query(view) as query:
            condition = query.agent(namespace, agent_id)
            rows = query.rows(
                "SELECT namespace, agent_id, key, first.version - 1, last.version,"
                " first.previous_hash IS NOT NULL, last.value_hash IS NOT NULL FROM ("
                "SELECT namespace, agent_id, key,"
                " min_by({version: version, previous_hash: previous_hash}, version) AS first,"
                " max_by({version: version, value_hash: value_hash}, version) AS last"
                f" FROM {query.operations(base + 1, later)} WHERE {condition} GROUP BY namespace, agent_id, key)"
                " WHERE first.previous_hash IS DISTINCT FROM last.value_hash"
            )
        return sorted((Address(*row[:3]), *row[3:]) for row in rows)

    def changes(
        self, view: View, base: int, later: int, namespace: str | None = None, agent_id: str | None = None
    ) -> list[Change]:
        """`changed_addresses` with both records; how to get from `base` to `later`, whichever came first."""
        low, high = sorted((base, later))
        found = self.changed_addresses(view, low, high, namespace, agent_id)
        wanted = [(address, version) for address, *versions, _, _ in found for version in versions if version]
        records = self.records_at_versions(view, wanted)
        changes = []
        for address, before_version, after_version, _, _ in found:
            pair = [
                records.get((address, version)) or Record.unknown(address)
                for version in (before_version, after_version)
            ]
            before, after = pair if base <= later else reversed(pair)
            changes.append(Change(address, before, after))
        return changes

    def records_at_versions(
        self, view: View, wanted: Sequence[tuple[Address, int]], commits: Sequence[int] | None = None
    ) -> dict[tuple[Address, int], Record]:
        """Many exact versions in one question; those that do not exist are left out.

        commits: the commit_ts of each, where known, so that only the segments that hold them are read.
        """
        if not wanted:
            return {}
        with self.query(view) as query:
            lists = [query.parameter([getattr(address, name) for address, _ in wanted]) for name in Address._fields]
            lists.append(query.parameter([version for _, version in wanted]))
            unnested = ", ".join(
                f"unnest({values}) AS {name}" for values, name in zip(lists, (*Address._fields, "version"), strict=True)
            )
            rows = query.rows(
                f"SELECT {_RECORD} FROM {query.operations(commits=commits)} o"
                f" SEMI JOIN (SELECT {unnested}) USING (namespace, agent_id, key, version)"
                f" JOIN {query.events(commits=commits)} e USING (commit_ts)"
            )
        records = map(_record, rows)
        return {(record.address, record.version): record for record in records}

    # ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def headers(self, view: View, commits: Sequence[int]) -> list[EventHeader]:
        """The headers of these commits, in commit order."""
        if not commits:
            return []
        with self.query(view) as query:
            source = query.events(min(commits), max(commits))
            rows = query.rows(
                f"SELECT {_HEADER} FROM {source} SEMI JOIN (SELECT unnest({query.parameter(list(commits))}::BIGINT[])"
                " AS commit_ts) USING (commit_ts) ORDER BY commit_ts"
            )
        return [_header(row) for row in rows]

    def replay(
        self, view: View, start: int, end: int, namespace: str | None = None, agent_id: str | None = None
    ) -> Iterator[Event]:
        """The events of S18 and S19 in commit order, at most one segment in memory (S20)."""
        for segment in view.segments:
            if segment.first <= end and segment.last >= start:
                bounds = (max(start, segment.first), min(end, segment.last))
                for entry in self._sealed_entries(view, segment, *bounds, namespace, agent_id):
                    if event := entry.event():
                        yield event
        for entry in view.tail.entries(start, min(end, view.head)):
            if event := entry.event(namespace, agent_id):
                yield event

    def _sealed_entries(
        self, view: View, segment: Segment, start: int, end: int, namespace: str | None, agent_id: str | None
    ) -> Iterator[LogEntry]:
        with self.query(view) as query:
            # commit_ts orders both streams, so they are merged as they come.
            bounds = f"commit_ts BETWEEN {start:d} AND {end:d}"
            condition = query.agent(namespace, agent_id)
            operations = query.files([segment], OPERATIONS_FILE)
            rows = query.rows(
                "SELECT commit_ts, namespace, agent_id, key, op, version, previous_commit_ts, coalesce(value, '')"
                f" FROM read_parquet({operations}) WHERE {bounds} AND {condition} ORDER BY commit_ts, op_index"
            )
            headers = query.files([segment], EVENTS_FILE)
            events = query.stream(
                "SELECT commit_ts, txn_id, epoch_us(committed_at), epoch_us(occurred_at), kind, label, meta,"
                f" operation_count FROM read_parquet({headers}) WHERE {bounds} ORDER BY commit_ts"
            )
            grouped = itertools.groupby(rows, key=lambda row: row[0])
            for commit_ts, group in grouped:
                header = next(row for row in events if row[0] == commit_ts)
                shown = [LogOperation._make((*row[1:7], row[7].encode())) for row in group]
                txn_id, committed_at, occurred_at, kind, label, meta, operation_count = header[1:]
                yield LogEntry(
                    commit_ts, txn_id, committed_at, occurred_at, kind, label, meta.encode(), shown, operation_count
                )

    def search(self, view: View, text: str) -> Any:
        """The commits whose label, kind or a changed key contains the text in any case: numpy int64, ascending."""
        with self.query(view) as query:
            events, operations, wanted = query.events(), query.operations(), query.parameter(text)
            return query.arrays(
                f"SELECT commit_ts FROM {events} WHERE contains(lower(label), lower({wanted}))"
                f" OR contains(lower(kind), lower({wanted}))"
                f" UNION SELECT commit_ts FROM {operations} WHERE contains(lower(key), lower({wanted}))"
                " ORDER BY commit_ts"
            )["commit_ts"]

    def times(self, view: View) -> Any:
        """Every event's moment in microseconds, numpy int64 in commit order: occurred_at, else committed_at (S29)."""
        with self.query(view) as query:
            return query.arrays(
                f"SELECT epoch_us(coalesce(occurred_at, committed_at)) AS at FROM {query.events()} ORDER BY commit_ts"
            )["at"]


def _address_of(record: Record) -> Address:
    return record.address


def _record(row: tuple[Any, ...]) -> Record:
    namespace, agent_id, key, value, version, commit_ts, committed_at, exists = row
    value = codec.decode(value) if exists else None
    return Record(namespace, agent_id, key, value, version, commit_ts, from_microseconds(committed_at), exists)


def _header(row: tuple[Any, ...]) -> EventHeader:
    txn_id, commit_ts, committed_at, occurred_at, kind, label, meta, operation_count = row
    return EventHeader(
        txn_id,
        commit_ts,
        from_microseconds(committed_at),
        None if occurred_at is None else from_microseconds(occurred_at),
        kind,
        label,
        cast("dict[str, JSON]", codec.decode(meta)),
        operation_count,
    )
