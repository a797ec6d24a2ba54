"""The nouns: what a store holds and what it answers with. Imports nothing from the rest of the package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"
"""Any JSON value (S7)."""

OperationKind: TypeAlias = Literal["write", "delete"]

DEFAULT_NAMESPACE = "default"
AGENTS_NAMED = 12
"""Agents that a message names."""


class Address(NamedTuple):
    """Where a record lives (S1). Tuples sort by code point, as every list in Playhead does (S17)."""

    namespace: str
    agent_id: str
    key: str

    def __str__(self) -> str:
        return "/".join(self)


address_of: Callable[[tuple[str, str, str]], Address] = partial(tuple.__new__, Address)
"""Makes one of its parts: calling a NamedTuple costs twice as much, which a commit would pay several times."""


class AgentAddress(NamedTuple):
    """One agent: the first two parts of an `Address`."""

    namespace: str
    agent_id: str

    def __str__(self) -> str:
        return "/".join(self)


def agents_named(agents: Sequence[AgentAddress]) -> str:
    """Which agents there are, for a message: the first few, and how many more."""
    more = len(agents) - AGENTS_NAMED
    return (", ".join(map(str, agents[:AGENTS_NAMED])) or "none yet") + (f" and {more:,} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Record:
    """The value at an address at some moment (S14)."""

    namespace: str
    agent_id: str
    key: str
    value: JSON
    version: int
    """Counts writes and deletes of this address from 1 (S2); 0 where it was never written."""
    commit_ts: int
    committed_at: datetime | None
    exists: bool
    """False for a tombstone and for what was never written; a stored null exists (S7)."""

    @property
    def address(self) -> Address:
        return Address(self.namespace, self.agent_id, self.key)

    def to_json(self) -> dict[str, JSON]:
        """The record as a JSON object; times are ISO 8601, UTC."""
        return {
            "namespace": self.namespace,
            "agent_id": self.agent_id,
            "key": self.key,
            "value": self.value,
            "version": self.version,
            "commit_ts": self.commit_ts,
            "committed_at": iso(self.committed_at),
            "exists": self.exists,
        }

    @staticmethod
    def unknown(address: Address) -> Record:
        """The answer for an address that was never written (S14)."""
        return Record(*address, value=None, version=0, commit_ts=0, committed_at=None, exists=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One write or delete inside an event."""

    namespace: str
    agent_id: str
    key: str
    op: OperationKind
    value: JSON
    """None for a delete, and for a stored null: `op` tells them apart."""
    version: int

    @property
    def address(self) -> Address:
        return Address(self.namespace, self.agent_id, self.key)

    def to_json(self) -> dict[str, JSON]:
        return {
            "namespace": self.namespace,
            "agent_id": self.agent_id,
            "key": self.key,
            "op": self.op,
            "version": self.version,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class EventHeader:
    """What is known of an event without reading its operations: a row of an event list."""

    txn_id: str
    commit_ts: int
    committed_at: datetime
    occurred_at: datetime | None
    """When the thing happened, where an imported log says so (S3)."""
    kind: str
    """`user`, `assistant`, `tool_call`, `tool_result`… Kinds that end in `error` are errors."""
    label: str
    """The event in human words."""
    meta: dict[str, JSON]
    operation_count: int
    """Operations of the whole transaction, also where only one agent's are shown."""

    @property
    def moment(self) -> datetime:
        """`occurred_at` where the run has it, else `committed_at` (S29)."""
        return self.occurred_at or self.committed_at

    @property
    def is_error(self) -> bool:
        return is_error_kind(self.kind)


@dataclass(frozen=True, slots=True)
class Event(EventHeader):
    """One committed transaction (S8), with its operations in staging order (S19)."""

    operations: tuple[Operation, ...] = field(default=())

    def to_json(self) -> dict[str, JSON]:
        """The event as a JSON object, as `playhead export` writes it; times are ISO 8601, UTC."""
        return {
            "commit_ts": self.commit_ts,
            "txn_id": self.txn_id,
            "committed_at": iso(self.committed_at),
            "occurred_at": iso(self.occurred_at),
            "kind": self.kind,
            "label": self.label,
            "meta": self.meta,
            "operations": [operation.to_json() for operation in self.operations],
        }


@dataclass(frozen=True, slots=True)
class Change:
    """What differs at one address between two moments (S25)."""

    address: Address
    before: Record
    after: Record

    @property
    def status(self) -> Literal["added", "removed", "changed"]:
        if not self.before.exists:
            return "added"
        return "changed" if self.after.exists else "removed"

    def to_json(self) -> dict[str, JSON]:
        """The change as a JSON object: its address, status, and both values with their versions."""
        return {
            "namespace": self.address.namespace,
            "agent_id": self.address.agent_id,
            "key": self.address.key,
            "status": self.status,
            "before": self.before.value,
            "before_version": self.before.version,
            "after": self.after.value,
            "after_version": self.after.version,
        }


def iso(moment: datetime | None) -> str | None:
    """The moment as ISO 8601 with microseconds, UTC, ending in Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_error_kind(kind: str) -> bool:
    """Whether an event of this kind is an error: its kind ends in `error`."""
    return kind.endswith("error")


def is_tool_call_kind(kind: str) -> bool:
    """Whether an event of this kind is a tool being called."""
    return kind in _TOOL_CALLS


def is_user_kind(kind: str) -> bool:
    """Whether an event of this kind is what somebody said to the agent: a turn begins there."""
    return kind in _USERS


_TOOL_CALLS = frozenset({"tool_call", "tool_start", "tool_use", "tool", "function_call"})
_USERS = frozenset({"user", "human", "user_message"})


@dataclass(frozen=True, slots=True)
class SnapshotEntry:
    """A snapshot as it is written down: a name for a commit_ts (S24)."""

    id: int
    commit_ts: int
    timestamp: float
    """When it was taken, in seconds since the epoch."""
    parent: int | None
    """The id of the snapshot taken before it."""
    label: str | None
