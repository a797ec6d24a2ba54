"""The same engine seen as a two-part (namespace, key) store, with snapshots and diffs that speak in pairs.

from playhead import kv

store = kv.Store()
store.set("workflow", "onboarding", {"step": 3})
snap = store.snapshot()
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

from playhead.log import Durability
from playhead.model import JSON
from playhead.opening import MEMORY, open_store
from playhead.snapshot import Snapshot as StoreSnapshot

AGENT_ID = "kv"
"""The agent that every pair is kept under, so that the debugger shows such a store as any other."""

Pair: TypeAlias = tuple[str, str]


class Snapshot:
    """A frozen moment of the whole store (S24)."""

    def __init__(self, snapshot: StoreSnapshot) -> None:
        self._snapshot = snapshot

    @property
    def id(self) -> int:
        return self._snapshot.id

    @property
    def commit_ts(self) -> int:
        return self._snapshot.commit_ts

    @property
    def timestamp(self) -> float:
        """When it was taken, in seconds since the epoch."""
        return self._snapshot.timestamp

    @property
    def parent(self) -> int | None:
        """The id of the snapshot taken before it, or None."""
        return self._snapshot.parent

    @property
    def label(self) -> str | None:
        return self._snapshot.label

    @property
    def size_bytes(self) -> int:
        """The sum of the encoded live values at its moment."""
        return self._snapshot.size_bytes

    @property
    def keys(self) -> list[Pair]:
        """The live (namespace, key) pairs at its moment, sorted."""
        return [(address.namespace, address.key) for address in self._snapshot.keys]

    def diff(self, base: Snapshot) -> dict[Literal["added", "removed", "changed"], list[Pair]]:
        """How to get from `base` to this snapshot, in sorted lists of pairs (S25)."""
        found = self._snapshot.diff(base._snapshot)
        return {status: [(at.namespace, at.key) for at in addresses] for status, addresses in found.items()}

    def __repr__(self) -> str:
        return f"Snapshot(id={self.id}, commit_ts={self.commit_ts}, label={self.label!r})"


class Store:
    """A (namespace, key) store with history; in memory, where no path is given."""

    def __init__(self, path: str | Path = MEMORY, *, durability: Durability = "fsync") -> None:
        self.history = open_store(path, durability=durability)
        """The whole engine, for everything that two parts are not enough for."""

    def set(self, namespace: str, key: str, value: object) -> int:
        """Write a value and return its commit_ts. Raises InvalidValueError (S7)."""
        return self.history.write(AGENT_ID, key, value, namespace=namespace)

    def get(self, namespace: str, key: str, default: JSON = None) -> JSON:
        """The latest value, or `default` where there is none."""
        record = self.history.get_state(AGENT_ID, key, namespace=namespace)
        return record.value if record.exists else default

    def delete(self, namespace: str, key: str) -> bool:
        """Delete a value. False where there was none, and then nothing is written."""
        if not self.history.get_state(AGENT_ID, key, namespace=namespace).exists:
            return False
        self.history.delete(AGENT_ID, key, namespace=namespace)
        return True

    def keys(self, namespace: str) -> list[str]:
        """The live keys of a namespace, sorted."""
        return self.history.list_keys(AGENT_ID, namespace=namespace)

    def snapshot(self, label: str | None = None) -> Snapshot:
        """Freeze this moment; costs the same whatever the store holds (S24)."""
        return Snapshot(self.history.snapshot(label))

    def snapshots(self) -> list[Snapshot]:
        return [Snapshot(snapshot) for snapshot in self.history.snapshots()]

    def restore(self, snapshot: Snapshot) -> int:
        """Make every namespace and key equal to the snapshot's, by appending one transaction (S26)."""
        return self.history.restore(snapshot._snapshot)

    def close(self) -> None:
        self.history.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
