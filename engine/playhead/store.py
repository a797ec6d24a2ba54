"""The facade people hold: transactions, reads, snapshots, restore."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, NoReturn

from playhead import codec, directory, snapshots
from playhead.draft import Draft, checked_address, checked_text
from playhead.entry import from_microseconds, to_microseconds
from playhead.errors import InvalidArgumentError, MomentError, VersionConflictError
from playhead.follow import follow as follow_log
from playhead.generation import View
from playhead.history import History
from playhead.log import EventLog
from playhead.model import DEFAULT_NAMESPACE, JSON, Address, AgentAddress, Change, Event, Record, SnapshotEntry
from playhead.moment import Moment, checked_commit_ts, commit_at_time, snapshot_labelled
from playhead.snapshot import Snapshot
from playhead.transaction import Transaction
from playhead.value_cache import CachedValue

if TYPE_CHECKING:
    import pyarrow as pa

    from playhead.cursor import Cursor
    from playhead.store_timeline import StoreTimeline
    from playhead.timeline import Timeline


class Store:
    """One store, open. Made by `playhead.open`; safe to use from several threads; close it, or use it in a `with`."""

    def __init__(self, log: EventLog, cleanup: object = None) -> None:
        self._log = log
        self._history = History()
        self._cleanup = cleanup
        self._times: tuple[int, list[int]] = (0, [])

    # ── what it is ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def path(self) -> Path:
        """The directory that is the store."""
        return self._log.path

    @property
    def store_id(self) -> str:
        """What tells this store from every other, its forks included."""
        return self._log.info.store_id

    @property
    def created(self) -> str:
        """When it was made, ISO 8601."""
        return self._log.info.created

    @property
    def head(self) -> int:
        """The last commit_ts known here; `refresh` looks for what other processes committed since."""
        return self._log.head

    @property
    def read_only(self) -> bool:
        """Whether commits are refused: opened read-only, or holding an imported run (S28)."""
        return self._log.read_only or self.imported is not None

    @property
    def imported(self) -> dict[str, JSON] | None:
        """Where an imported run came from: file, format and when; None for a recorded one."""
        return self._log.info.imported

    def view(self) -> View:
        """The log as it is now, for readers that ask many questions of one moment."""
        return self._log.view()

    @property
    def history(self) -> History:
        """What answers questions about the past, for readers that ask them of a view."""
        return self._history

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def begin_transaction(
        self,
        *,
        kind: str = "",
        label: str = "",
        meta: dict[str, JSON] | None = None,
        occurred_at: datetime | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        timeout_ms: float | None = None,
    ) -> Transaction:
        """A transaction, to be used in a `with`: commits on a clean exit, aborts on an exception (S10).

        `kind` and `label` say what happened, for whoever debugs the run; kinds that end in `error` are errors.
        Raises ReadOnlyStoreError, InvalidArgumentError.
        """
        self._log.check_committable()
        draft = Draft(kind, label, {} if meta is None else meta, occurred_at, checked_text("namespace", namespace))
        draft.check_header()
        return Transaction(self._log.commit, draft, timeout_ms)

    def write(
        self,
        agent_id: str,
        key: str,
        value: object,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        if_version: int | None = None,
        kind: str = "",
        label: str = "",
    ) -> int:
        """A transaction of one write; returns its commit_ts.

        Raises InvalidArgumentError, InvalidValueError for what JSON cannot hold (S7), VersionConflictError where
        `if_version` is not the key's version (S13a), and as a commit does: ReadOnlyStoreError, StoreBusyError,
        WriteError, DurabilityError.
        """
        draft = Draft(kind, label, {}, None, namespace)
        if kind != "" or label != "":
            draft.check_header()
        draft.write(agent_id, key, value, if_version=if_version)
        return self._log.commit(draft)

    def delete(
        self,
        agent_id: str,
        key: str,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        if_version: int | None = None,
        kind: str = "",
        label: str = "",
    ) -> int:
        """A transaction of one delete; returns its commit_ts. Raises like `write`."""
        draft = Draft(kind, label, {}, None, namespace)
        if kind != "" or label != "":
            draft.check_header()
        draft.delete(agent_id, key, if_version=if_version)
        return self._log.commit(draft)

    # ── reading now ──────────────────────────────────────────────────────────────────────────────────────────────────

    def get_state(self, agent_id: str, key: str, *, namespace: str = DEFAULT_NAMESPACE) -> Record:
        """The latest record (S14); one used a moment ago answers from memory."""
        address = checked_address(namespace, agent_id, key)
        latest = self._log.latest(address)
        if latest is None:
            return Record.unknown(address)
        cached = self._log.recent_value(address, latest)
        if cached is None:
            record = self._history.record_at_version(self.view(), address, latest.version, latest.commit_ts)
            assert record.committed_at is not None
            encoded = codec.encode(record.value, "value") if record.exists else b""
            at = to_microseconds(record.committed_at)
            self._log.cache_value(address, CachedValue(record.version, record.commit_ts, at, encoded))
            return record
        version, commit_ts, committed_at, encoded = cached
        value = codec.decode(encoded) if encoded else None
        return Record(*address, value, version, commit_ts, from_microseconds(committed_at), bool(encoded))

    def namespaces(self) -> list[str]:
        """Every namespace that was ever written to, sorted (S17)."""
        return sorted({agent.namespace for agent in self.agents()})

    def agents(self, namespace: str | None = None) -> list[AgentAddress]:
        """Every (namespace, agent_id) that ever wrote, sorted (S17)."""
        agents = self._history.agents(self.view())
        return [agent for agent in agents if namespace is None or agent.namespace == namespace]

    # ── reading the past ─────────────────────────────────────────────────────────────────────────────────────────────

    def get_state_at(self, agent_id: str, key: str, at: Moment, *, namespace: str = DEFAULT_NAMESPACE) -> Record:
        """The record as it was at a moment (S16)."""
        address = checked_address(namespace, agent_id, key)
        return self._history.record_at(self.view(), address, self.resolve(at))

    def get_state_at_version(
        self, agent_id: str, key: str, version: int, *, namespace: str = DEFAULT_NAMESPACE
    ) -> Record:
        """Exactly that version, or S14's unknown (S15). Raises InvalidArgumentError for a negative version."""
        address = checked_address(namespace, agent_id, key)
        if type(version) is not int or version < 0:
            raise InvalidArgumentError(f"version must be a whole number >= 0, not {version!r}")
        return self._history.record_at_version(self.view(), address, version)

    def state(
        self,
        agent_id: str,
        at: Moment | None = None,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        keys: Iterable[str] | None = None,
    ) -> dict[str, Record]:
        """One agent's live records at a moment (now, where none is given), by key, sorted (S16, S17)."""
        checked_address(namespace, agent_id, "key")
        wanted = None if keys is None else _checked_keys(keys)
        records = self._history.state(self.view(), self.resolve(at), namespace, agent_id, keys=wanted)
        return {record.key: record for record in records}

    def list_keys(
        self,
        agent_id: str,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        at: Moment | None = None,
        include_deleted: bool = False,
    ) -> list[str]:
        """One agent's keys at a moment, sorted; live ones, unless deleted ones are asked for (S17)."""
        found = self._history.addresses(self.view(), self.resolve(at), namespace, agent_id, tombstones=include_deleted)
        return [address.key for address in found]

    def scan_prefix(
        self, agent_id: str, prefix: str, *, namespace: str = DEFAULT_NAMESPACE, at: Moment | None = None
    ) -> list[Record]:
        """One agent's live records whose key starts with `prefix`, sorted by key (S17)."""
        checked_text("prefix", prefix, may_be_empty=True)
        return self._history.state(self.view(), self.resolve(at), namespace, agent_id, prefix=prefix)

    def addresses(self, at: Moment | None = None) -> list[Address]:
        """Every live address at a moment, sorted."""
        return self._history.addresses(self.view(), self.resolve(at))

    def size_bytes(self, at: Moment | None = None) -> int:
        """The sum of the encoded live values at a moment (S24)."""
        return self._history.size_bytes(self.view(), self.resolve(at))

    def replay(
        self,
        agent_id: str | None = None,
        *,
        namespace: str | None = None,
        start_ts: int | None = None,
        end_ts: int | None = None,
        follow: bool = False,
        stop: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Events in commit order, both bounds inclusive; whole transactions, or one agent's part of each (S18-S21).

        With an agent and no namespace, the default one. The head is fixed when this is called. With `follow`, what is
        there is only the beginning: it then waits for each further commit, of this process or another, as `refresh`
        finds it. That ends behind `end_ts`, where the iterator is closed, or once `stop` is set, within 0.25 s. To an
        imported run something comes only while its log is followed beside (S28).
        """
        view = self.view()
        start = 0 if start_ts is None else checked_commit_ts(start_ts, "start_ts")
        last = None if end_ts is None else checked_commit_ts(end_ts, "end_ts")
        if agent_id is not None and namespace is None:
            namespace = DEFAULT_NAMESPACE
        if follow:
            return follow_log(self._log, self._history, start, last, namespace, agent_id, stop)
        if stop is not None:
            raise InvalidArgumentError("stop ends a replay that waits, so it goes with follow=True")
        end = view.head if last is None else min(last, view.head)
        return self._history.replay(view, start, end, namespace, agent_id)

    def event(self, commit_ts: int) -> Event | None:
        """The whole transaction of one commit, or None where there is none. Raises InvalidArgumentError below 0."""
        return next(self.replay(start_ts=commit_ts, end_ts=commit_ts), None)

    def timeline(self, agent_id: str, *, namespace: str = DEFAULT_NAMESPACE) -> Timeline:
        """One agent's whole history as sorted arrays: the state's outline at any moment is a binary search."""
        from playhead.timeline import Timeline

        return Timeline(self._history, self.view(), AgentAddress(namespace, agent_id))

    def store_timeline(self) -> StoreTimeline:
        """Every agent's history as sorted arrays, to ask for the addresses of many moments; 9 bytes an operation."""
        from playhead.store_timeline import StoreTimeline

        return StoreTimeline(self._history, self.view())

    def cursor(self, agent_id: str | None = None, *, namespace: str | None = None) -> Cursor:
        """A debugger on this store, without a screen; on the agent that began the run, where none is named.

        Raises InvalidArgumentError for an agent that never wrote.
        """
        from playhead.cursor import Cursor

        return Cursor(self, agent_id, namespace)

    def sql(self, query: str) -> pa.Table:
        """The result of one SELECT over events, operations, snapshots, state_at(t), changes(a, b), history(agent, key).

        Raises QueryError for anything that is not one SELECT, or reaches outside the store.
        """
        from playhead.sql import run

        return run(self._history, self.view(), self.snapshot_entries(), query)

    # ── moments ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def resolve(self, at: Moment | None) -> int:
        """The commit_ts that a moment names; past the head is the head, None is now (S16, S29).

        Raises InvalidArgumentError for a negative one, MomentError for a label or snapshot that is not of this store.
        """
        if at is None:
            return self.head
        if isinstance(at, Snapshot):
            if at.store_id != self.store_id:
                raise MomentError(f"snapshot {at.id} is of another store ({at.store_id}); this one is {self.store_id}")
            return at.commit_ts
        if isinstance(at, str):
            return snapshot_labelled(at, self.snapshot_entries()).commit_ts
        if isinstance(at, datetime):
            return commit_at_time(at, self.times)
        return min(checked_commit_ts(at), self.head)

    def times(self) -> list[int]:
        """The running maximum of every commit's time, in microseconds since the epoch (S29)."""
        view = self.view()
        head, times = self._times
        if head != view.head:
            import numpy

            times = numpy.maximum.accumulate(self._history.event_columns(view).times).tolist()
            self._times = (view.head, times)
        return times

    # ── snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────

    def snapshot(self, label: str | None = None, at: Moment | None = None) -> Snapshot:
        """Give a moment (now, where none is given) a name, durably. Costs the same whatever the store holds (S24).

        Raises ReadOnlyStoreError, WriteError, DurabilityError. An imported run takes snapshots too (S28).
        """
        if label is not None:
            checked_text("label", label)
        with self._log.exclusive():
            # First, so that no power cut leaves a snapshot of commits that are lost and their numbers given out anew.
            self._log.sync()
            taken = self.snapshot_entries()
            entry = SnapshotEntry(
                id=taken[-1].id + 1 if taken else 1,
                commit_ts=self.resolve(at),
                timestamp=self._log.now() / 1e6,
                parent=taken[-1].id if taken else None,
                label=label,
            )
            snapshots.append(self._snapshots_path, [entry])
        return Snapshot(self, entry)

    def snapshots(self) -> list[Snapshot]:
        """Every snapshot, in the order taken."""
        return [Snapshot(self, entry) for entry in self.snapshot_entries()]

    @property
    def _snapshots_path(self) -> Path:
        return self.path / directory.SNAPSHOTS_FILE

    def snapshot_entries(self) -> list[SnapshotEntry]:
        """Every snapshot as it is written down, in the order taken."""
        return snapshots.read(self._snapshots_path)

    # ── differences ──────────────────────────────────────────────────────────────────────────────────────────────────

    def diff(self, a: Moment, b: Moment, agent_id: str | None = None, *, namespace: str | None = None) -> list[Change]:
        """What differs between two moments, with both records: how to get from `a` to `b`, sorted by address (S25)."""
        return self._history.changes(self.view(), self.resolve(a), self.resolve(b), namespace, agent_id)

    def changed_addresses(self, a: Moment, b: Moment) -> list[tuple[Address, Literal["added", "removed", "changed"]]]:
        """What differs between two moments without reading values: how to get from `a` to `b`, sorted by address."""
        base, later = self.resolve(a), self.resolve(b)
        found = self._history.changed_addresses(self.view(), min(base, later), max(base, later))
        statuses: list[tuple[Address, Literal["added", "removed", "changed"]]] = []
        for address, _, _, existed, exists in found:
            if existed and exists:
                statuses.append((address, "changed"))
            else:
                statuses.append((address, "added" if exists == (base <= later) else "removed"))
        return statuses

    def restore(
        self,
        moment: Moment,
        *,
        namespace: str | None = None,
        agent_id: str | None = None,
        keys: Iterable[str | Address] | None = None,
        if_head: int | None = None,
    ) -> int:
        """Make the state equal to what it was, by appending one transaction of kind `restore` (S26).

        Returns its commit_ts, or the head where nothing differs. Narrowed to a namespace, an agent or keys where given;
        among the keys, an Address stands for that agent's key alone, a text for the key of every agent.
        With `if_head`, it fails whole unless that is still the last commit: for a restore that was looked at first.
        Raises MomentError for a snapshot of another store, VersionConflictError where the head has moved on, and
        ReadOnlyStoreError for an imported run: fork it first.
        """
        self._log.check_committable()
        named = None if keys is None else _checked_names(keys)
        with self._log.exclusive():
            if if_head is not None and if_head != self.head:
                raise VersionConflictError(
                    f"{self.path}: commit {self.head} has come since {if_head}; nothing was restored; look again"
                )
            target = self.resolve(moment)
            name = moment if isinstance(moment, str) else moment.label if isinstance(moment, Snapshot) else None
            label = f"restore commit {target}" + (f", {name!r}" if name else "")
            draft = Draft(kind="restore", label=label, meta={"restored": target})
            for change in self._history.changes(self.view(), self.head, target, namespace, agent_id):
                if named is not None and change.address not in named and change.address.key not in named:
                    continue
                if change.after.exists:
                    draft.write(*change.address[1:], change.after.value, namespace=change.address.namespace)
                else:
                    draft.delete(*change.address[1:], namespace=change.address.namespace)
            return self._log.commit(draft)

    # ── upkeep ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def seal(self) -> bool:
        """Move the journal's events into a Parquet segment now. False where there are none."""
        self._log.check_committable()
        return self._log.seal()

    @property
    def is_sealing(self) -> bool:
        """Whether journals are being sealed, or segments merged, beside the commits just now, by this object."""
        return self._log.is_maintained

    def refresh(self) -> bool:
        """Catch up with what other processes committed. True where there is something new; cheap where not."""
        return self._log.refresh()

    def fork(self, path: str | Path, at: Moment | None = None) -> Store:
        """A new store that begins as this one was at a moment and shares its sealed files, not its future (S27).

        Raises StoreExistsError, ReadOnlyStoreError, WriteError.
        """
        from playhead.fork import fork

        commit_ts = self.resolve(at)
        fork(self.view(), self._log.info, self.snapshot_entries(), Path(path), commit_ts)
        return Store(EventLog(Path(path), directory.read_info(Path(path))))

    def close(self) -> None:
        """Seal where that is worthwhile and let go of every file. Closing twice is fine."""
        self._log.close()
        self._history.close()
        if self._cleanup is not None:
            self._cleanup.cleanup()  # type: ignore[attr-defined]

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise InvalidArgumentError(
            f"{self.path}: an open store cannot be sent to another process; send its path, and open it there"
        )

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, head={self._log.head})"


def _checked_keys(keys: Iterable[str]) -> set[str]:
    """The keys as a set. Raises InvalidArgumentError for a single string, whose letters would count as keys."""
    if isinstance(keys, str):
        raise InvalidArgumentError(f"keys must be a list of keys, not the text {keys!r}; write [{keys!r}]")
    return {checked_text("key", key) for key in keys}


def _checked_names(keys: Iterable[str | Address]) -> set[str | Address]:
    """The same, where an address names one agent's key."""
    if isinstance(keys, str):
        return set(_checked_keys(keys))
    return {checked_address(*key) if isinstance(key, Address) else checked_text("key", key) for key in keys}
