"""A snapshot as a person holds it: what it knows of itself, and its difference from another."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from playhead.errors import MomentError
from playhead.model import JSON, Address, SnapshotEntry

if TYPE_CHECKING:
    from playhead.store import Store

AddressDiff = dict[Literal["added", "removed", "changed"], list[Address]]


class Snapshot:
    """A name for a moment of one store (S24). Taking one costs the same whatever the store holds."""

    def __init__(self, store: Store, entry: SnapshotEntry) -> None:
        self._store = store
        self._entry = entry
        self.id = entry.id
        """Counts from 1 and is never used again."""
        self.commit_ts = entry.commit_ts
        self.timestamp = entry.timestamp
        """When it was taken, in seconds since the epoch."""
        self.parent = entry.parent
        """The id of the snapshot taken before it, or None."""
        self.label = entry.label

    @property
    def store_id(self) -> str:
        return self._store.store_id

    @cached_property
    def keys(self) -> list[Address]:
        """The live addresses at its moment, sorted. Computed when asked for."""
        return self._store.addresses(at=self.commit_ts)

    @cached_property
    def size_bytes(self) -> int:
        """The sum of the encoded live values at its moment. Computed when asked for."""
        return self._store.size_bytes(at=self.commit_ts)

    def diff(self, base: Snapshot) -> AddressDiff:
        """How to get from `base` to this snapshot: addresses added, removed and changed, each sorted (S25).

        Raises MomentError for a snapshot of another store.
        """
        if base.store_id != self.store_id:
            raise MomentError(
                f"snapshot {base.id} is of another store ({base.store_id}), so it cannot be compared with"
            )
        found: AddressDiff = {"added": [], "removed": [], "changed": []}
        for change in self._store.changed_addresses(base.commit_ts, self.commit_ts):
            found[change[1]].append(change[0])
        return found

    def to_json(self) -> dict[str, JSON]:
        """The snapshot as a JSON object, with its size and the number of its keys."""
        return {
            "id": self.id,
            "commit_ts": self.commit_ts,
            "timestamp": self.timestamp,
            "parent": self.parent,
            "label": self.label,
            "size_bytes": self.size_bytes,
            "key_count": len(self.keys),
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and (self.store_id, self._entry) == (other.store_id, other._entry)

    def __hash__(self) -> int:
        return hash((self.store_id, self._entry))

    def __repr__(self) -> str:
        return f"Snapshot(id={self.id}, commit_ts={self.commit_ts}, label={self.label!r})"
