"""One event as the log stores it: numbered, its values still encoded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple, cast

from playhead import codec
from playhead.errors import InvalidArgumentError
from playhead.model import JSON, Address, Event, Operation, OperationKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class LogOperation(NamedTuple):
    """One operation: what is known of it at commit."""

    address: Address
    op: OperationKind
    version: int
    previous_commit_ts: int
    """When this address was written before; 0 where it never was."""
    encoded: bytes
    """The value's JSON text; empty for a delete."""


class LogEntry(NamedTuple):
    """One event, numbered."""

    commit_ts: int
    txn_id: str
    committed_at: int
    """Microseconds since the epoch, as every stored time."""
    occurred_at: int | None
    kind: str
    label: str
    meta: bytes
    """A JSON object."""
    operations: list[LogOperation]
    operation_count: int
    """Operations of the whole transaction, also where `operations` holds only one agent's."""

    def event(self, namespace: str | None = None, agent_id: str | None = None) -> Event | None:
        """The event for readers; with an agent only its operations, and None where it has none (S19)."""
        shown = [
            operation
            for operation in self.operations
            if (namespace is None or operation.address.namespace == namespace)
            and (agent_id is None or operation.address.agent_id == agent_id)
        ]
        if not shown:
            return None
        return Event(
            txn_id=self.txn_id,
            commit_ts=self.commit_ts,
            committed_at=from_microseconds(self.committed_at),
            occurred_at=None if self.occurred_at is None else from_microseconds(self.occurred_at),
            kind=self.kind,
            label=self.label,
            meta=cast("dict[str, JSON]", codec.decode(self.meta)),
            operation_count=self.operation_count,
            operations=tuple(
                Operation(
                    *operation.address,
                    operation.op,
                    codec.decode(operation.encoded) if operation.op == "write" else None,
                    operation.version,
                )
                for operation in shown
            ),
        )


# As `address_of`.
log_operation: Callable[[tuple[Address, OperationKind, int, int, bytes]], LogOperation] = partial(
    tuple.__new__, LogOperation
)


def from_microseconds(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since the epoch; a moment without an offset is local time (S29). Raises InvalidArgumentError."""
    if moment.tzinfo is UTC:
        # What nearly all are: a tenth of the work.
        since = moment - EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    try:
        return (moment.astimezone(UTC) - EPOCH) // _MICROSECOND
    except (OverflowError, ValueError):
        raise InvalidArgumentError(f"{moment.isoformat()}: in UTC, outside the years 1 to 9999") from None


def derived_txn_id(store_id: str, commit_ts: int) -> str:
    """The transaction id of a commit made here: unique, and nothing to store."""
    return f"{store_id}-{commit_ts}"
