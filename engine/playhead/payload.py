"""One transaction as the bytes of a journal's record.

    line 1     [txn_id or null, committed_at, occurred_at or null, kind, label, meta,
               [[namespace, agent_id, key, "write" or "delete", version, previous_commit_ts], …]]
    then       one line per operation: its value as JSON, empty for a delete

A null txn_id is the one that follows from store and commit_ts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from playhead.entry import LogEntry, LogOperation, derived_txn_id


class Payload(NamedTuple):
    """One framed transaction, not yet parsed."""

    commit_ts: int
    text: bytes


def encode_payload(entry: LogEntry, *, explicit_txn_id: bool) -> bytes:
    """The payload of one record, as this module's docstring lays it out."""
    head = orjson.dumps(
        [
            entry.txn_id if explicit_txn_id else None,
            entry.committed_at,
            entry.occurred_at,
            entry.kind,
            entry.label,
            orjson.Fragment(entry.meta),
            [operation[:6] for operation in entry.operations],
        ]
    )
    return b"\n".join((head, *[operation.encoded for operation in entry.operations]))


def decode_payload(payload: Payload, store_id: str) -> LogEntry:
    head, *values = payload.text.split(b"\n")
    txn_id, committed_at, occurred_at, kind, label, meta, operations = orjson.loads(head)
    return LogEntry(
        payload.commit_ts,
        txn_id or derived_txn_id(store_id, payload.commit_ts),
        committed_at,
        occurred_at,
        kind,
        label,
        orjson.dumps(meta),
        [LogOperation._make((*operation, encoded)) for operation, encoded in zip(operations, values, strict=True)],
        len(values),
    )


def operation_count(payload: Payload) -> int:
    # One line is the event, every other one an operation.
    return payload.text.count(b"\n")


def decode_payloads(payloads: Iterable[Payload], store_id: str) -> list[LogEntry]:
    return [decode_payload(payload, store_id) for payload in payloads]
