"""DuckDB over a View: state at a moment, versions, changes, replay. Takes a View, never a Store."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from playhead import checkpoint, codec, forking, question, scan
from playhead.checkpoint import Checkpoint
from playhead.entry import from_microseconds
from playhead.errors import CorruptStoreError, QueryError, StoreClosedError
from playhead.footers import Files
from playhead.generation import View
from playhead.lookup import Lookup
from playhead.model import JSON, Address, AgentAddress, Change, Event, EventHeader, Record
from playhead.query import Query, Scope, answering, latest
from playhead.replay import Replay
from playhead.runs import Runs, runs

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

T = TypeVar("T")
MEMORY_BYTES = 1024 * 1024 * 1024
"""What DuckDB may take for one question; beyond it, it sorts and joins on disk."""
FOLDER_PREFIX = "playhead-duckdb-"
MOST_THREADS = 4
"""Each has buffers of its own."""
_Version: TypeAlias = tuple[int, int]
"""A version of an address and its commit_ts; both 0 before the first."""
_FEW = 64
"""Up to so many records are looked up one by one, which costs less than a question to DuckDB."""
_CLOSED = "the store was closed; open it again"
_RECORD = "o.namespace, o.agent_id, o.key, o.value, o.version, o.commit_ts, epoch_us(e.committed_at), o.op = 'write'"
_LABEL = ("commit_ts", "label", "occurred_at")
_HEADER = ("txn_id", "commit_ts", "committed_at", "occurred_at", "kind", "label", "meta", "operation_count")


class History:
    """Answers questions about a View's past. One DuckDB instance, a cursor for each question; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._closed = False
        self._numbers = itertools.count()
        self._files = Files()
        self._remove_folder: weakref.finalize[..., History] | None = None
        forking.track(self)

    def after_fork_in_child(self) -> None:
        self._lock = threading.Lock()
        self._files = Files()
        if self._connection is not None:
            forking.leak(self._connection)
            self._connection = None
            if self._remove_folder is not None:
                # The parent goes on using it.
                self._remove_folder.detach()

    @contextmanager
    def query(self, view: View) -> Iterator[Query]:
        """One question to ask of the view.

        Raises CorruptStoreError where a segment cannot be read, StoreClosedError where the store was closed meanwhile,
        QueryError where the answer takes too much memory to find.
        """
        import duckdb

        query = Query(self._cursor(), view, next(self._numbers))
        try:
            with answering(query.cursor):
                yield query
        except duckdb.ConnectionException as error:
            raise self._closed_meanwhile(view) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryError(
                f"{view.directory.parent}: the answer takes more than {MEMORY_BYTES:,} bytes of memory to find;"
                " ask for less of the store at a time"
            ) from error
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            if self._closed:
                raise self._closed_meanwhile(view) from error
            reason = str(error).partition("\n")[0]
            raise CorruptStoreError(f"{view.directory}: {reason}; restore the store from a copy") from error
        finally:
            query.close()

    @staticmethod
    def _closed_meanwhile(view: View) -> StoreClosedError:
        return StoreClosedError(f"{view.directory.parent}: closed while a question was being answered")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            self._check_open()
            if self._connection is None:
                # Imported here: it costs 100 ms that a program which only writes need not pay.
                import duckdb

                # Where memory does not do, DuckDB goes on in files. Private: they hold values.
                folder = self._make_folder()
                self._connection = duckdb.connect(":memory:")
                self._connection.execute(f"SET memory_limit = '{MEMORY_BYTES}B'")
                # It would fill the rest with what it has read, which the system keeps anyway.
                self._connection.execute("SET enable_external_file_cache = false")
                self._connection.execute("SET temp_directory = $folder", {"folder": folder})
                self._connection.execute(f"SET threads = {min(MOST_THREADS, os.cpu_count() or 1)}")
                # Global, or cursors would not have them.
                self._connection.execute("SET GLOBAL python_enable_replacements = false")
                self._connection.execute("LOAD parquet")
                self._connection.execute("SET GLOBAL parquet_metadata_cache = true")
                # It takes every as-of join of few columns for a small one, and tries all pairs.
                self._connection.execute("SET GLOBAL asof_loop_join_threshold = 0")
            return self._connection.cursor()

    def _make_folder(self) -> str:
        """A new one, removed with this; none, and so an empty name, where there is no room for it."""
        try:
            folder = tempfile.mkdtemp(prefix=FOLDER_PREFIX)
        except OSError:
            return ""
        self._remove_folder = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
            if self._remove_folder is not None:
                self._remove_folder()

    # ── one record ───────────────────────────────────────────────────────────────────────────────────────────────────

    def record_at(self, view: View, address: Address, at: int) -> Record:
        """The address's last operation with commit_ts <= at (S16), or S14's unknown."""
        return self._lookup(view).record(address, "commit_ts", at)

    def record_at_version(self, view: View, address: Address, version: int, commit_ts: int | None = None) -> Record:
        """Exactly that version (S15), or S14's unknown; read from one segment where its commit_ts is known."""
        record = self._lookup(view).record(address, "version", version, commit_ts)
        return record if record.version == version else Record.unknown(address)

    def _lookup(self, view: View) -> Lookup:
        question.check()
        self._check_open()
        return Lookup(self._files, view)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosedError(_CLOSED)

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

        def ask(query: Query, start: Checkpoint | None) -> pa.Table:
            found = latest(query, start, at, scope)
            return query.table(f"SELECT namespace, agent_id, key FROM ({found}) ORDER BY namespace, agent_id, key")

        # By the column: a store may hold very many, and a row as an object of its own costs five times as much.
        names = (column.to_pylist() for column in self._ask(view, at, ask).columns)
        return list(map(Address._make, zip(*names, strict=True)))

    def live(self, view: View, at: int) -> pa.Table:
        """Address, version and commit_ts of every live record at a moment, as Arrow."""

        def ask(query: Query, start: Checkpoint | None) -> pa.Table:
            return query.table(
                f"SELECT namespace, agent_id, key, version, commit_ts FROM ({latest(query, start, at, Scope())})"
            )

        return self._ask(view, at, ask)

    def size_bytes(self, view: View, at: int) -> int:
        """The sum of the encoded live values at a moment (S24)."""

        def ask(query: Query, start: Checkpoint | None) -> int:
            found = latest(query, start, at, Scope())
            return int(query.rows(f"SELECT coalesce(sum(value_bytes), 0) FROM ({found})")[0][0])

        return self._ask(view, at, ask)

    def agents(self, view: View) -> list[AgentAddress]:
        """Every agent that ever wrote, sorted (S17)."""
        self._check_open()
        return sorted(self._from_newest(view, view.head, lambda start: scan.agents(self._files, view, start)))

    def _ask(self, view: View, at: int, question: Callable[[Query, Checkpoint | None], T]) -> T:
        """The answer from the newest checkpoint that serves the moment (S23), or without one where none does."""

        def ask(start: Checkpoint | None) -> T:
            with self.query(view) as query:
                return question(query, start)

        return self._from_newest(view, at, ask)

    @staticmethod
    def _from_newest(view: View, at: int, question: Callable[[Checkpoint | None], T]) -> T:
        checkpoints = view.checkpoints
        while True:
            start = checkpoint.newest(checkpoints, at)
            try:
                return question(start)
            except CorruptStoreError:
                # Another process may have removed it meanwhile: then the one before it has to do (S22).
                if start is None:
                    raise
                checkpoints = checkpoints[: checkpoints.index(start)]

    def runs(self, view: View, agent: AgentAddress | None = None, start: int = 1) -> Iterator[Runs]:
        """Every operation with commit_ts >= start, without values; of one agent, where given."""
        self._check_open()
        return runs(self._files, view, agent, start)

    def first_agent(self, view: View) -> AgentAddress | None:
        """The agent of the very first operation: whoever began the run."""
        self._check_open()
        return scan.first_agent(self._files, view)

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def changed_addresses(
        self, view: View, base: int, later: int, namespace: str | None = None, agent_id: str | None = None
    ) -> list[tuple[Address, int, int, bool, bool]]:
        """What differs between two moments (S25), sorted by address.

        Each is (address, version at base, version at later, whether it existed, whether it exists).
        """
        changed = self._changed(view, base, later, namespace, agent_id)
        return [(address, before[0], after[0], existed, exists) for address, before, after, existed, exists in changed]

    def _changed(
        self, view: View, base: int, later: int, namespace: str | None, agent_id: str | None
    ) -> list[tuple[Address, _Version, _Version, bool, bool]]:
        """One scan of what happened in between: each row carries the hash and commit_ts of the value it replaced."""
        with self.query(view) as query:
            condition = query.agent(namespace, agent_id)
            rows = query.rows(
                "SELECT namespace, agent_id, key, first.version - 1, first.commit_ts, last.version, last.commit_ts,"
                " first.hash IS NOT NULL, last.hash IS NOT NULL FROM ("
                "SELECT namespace, agent_id, key,"
                " min_by({version: version, commit_ts: previous_commit_ts, hash: previous_hash}, version) AS first,"
                " max_by({version: version, commit_ts: commit_ts, hash: value_hash}, version) AS last"
                f" FROM {query.operations(base + 1, later)} WHERE {condition} GROUP BY namespace, agent_id, key)"
                " WHERE first.hash IS DISTINCT FROM last.hash"
            )
        return sorted((Address(*row[:3]), row[3:5], row[5:7], *row[7:]) for row in rows)

    def changes(
        self, view: View, base: int, later: int, namespace: str | None = None, agent_id: str | None = None
    ) -> list[Change]:
        """`changed_addresses` with both records; how to get from `base` to `later`, whichever came first."""
        low, high = sorted((base, later))
        found = self._changed(view, low, high, namespace, agent_id)
        sides = [(address, side) for address, *both, _, _ in found for side in both if side[0]]
        records = self.records_at_versions(
            view, [(address, version) for address, (version, _) in sides], [commit_ts for _, (_, commit_ts) in sides]
        )
        changes = []
        for address, before_side, after_side, _, _ in found:
            pair = [
                records.get((address, version)) or Record.unknown(address) for version, _ in (before_side, after_side)
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
        if commits is not None and len(wanted) <= _FEW:
            return self._lookup(view).records(
                (address, version, commit_ts) for (address, version), commit_ts in zip(wanted, commits, strict=True)
            )
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
        """The headers of these commits, each of which exists, in commit order. Raises CorruptStoreError."""
        if not commits:
            return []
        first, last = min(commits), max(commits)
        rows = self._lookup(view).events(first, last, _HEADER)
        if len(commits) < len(rows):
            rows = rows.take([commit_ts - first for commit_ts in sorted(commits)])
        return [_header(row) for row in zip(*(column.to_pylist() for column in rows.columns), strict=True)]

    def labels(self, view: View, commits: Sequence[int]) -> dict[int, tuple[str, bool]]:
        """The label of each of these commits, wherever they lie, and whether the run itself says when it happened."""
        if len(commits) <= _FEW:
            lookup = self._lookup(view)
            rows = [lookup.events(commit_ts, commit_ts, _LABEL) for commit_ts in commits]
            return {
                commit_ts: (row["label"][0].as_py(), row["occurred_at"][0].is_valid)
                for commit_ts, row in zip(commits, rows, strict=True)
            }
        with self.query(view) as query:
            wanted = query.parameter(list(commits))
            found = query.rows(
                f"SELECT commit_ts, label, occurred_at IS NOT NULL FROM {query.events(commits=commits)}"
                f" WHERE commit_ts IN (SELECT unnest({wanted}::BIGINT[]))"
            )
        return {commit_ts: (label, occurred) for commit_ts, label, occurred in found}

    def replay(
        self, view: View, start: int, end: int, namespace: str | None = None, agent_id: str | None = None
    ) -> Iterator[Event]:
        """The events of S18 and S19 in commit order, in bounded memory (S20)."""
        return Replay(self.query, self._files, view, namespace, agent_id).events(start, end)

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

    def event_columns(self, view: View, start: int = 1) -> scan.EventColumns:
        """The kind and the moment (S29) of every event with commit_ts >= start."""
        self._check_open()
        return scan.events(self._files, view, start)


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
