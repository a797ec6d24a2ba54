"""One transaction as the bytes of a journal's record.

    line 1     [txn_id or null, committed_at, occurred_at or null, kind, label, meta,
               [[namespace, agent_id, key, "write" or "delete", version, previous_commit_ts], …]]
    then       one line per operation: its value as JSON, empty for a delete

A null txn_id is the one that follows from store and commit_ts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import orjson

from playhead.draft import Draft
from playhead.entry import LogEntry, derived_txn_id, log_operation, to_microseconds
from playhead.model import address_of


class Payload(NamedTuple):
    """One framed transaction, not yet parsed."""

    commit_ts: int
    text: bytes


_NO_META: dict[str, object] = {}
_encoded = attrgetter("encoded")

_payload: Callable[[tuple[int, bytes]], Payload] = partial(tuple.__new__, Payload)


def encode_payload(draft: Draft, commit_ts: int, committed_at: int, rows: Sequence[tuple[object, ...]]) -> Payload:
    """The payload of one record, as this module's docstring lays it out. `rows`: its operations, numbered."""
    occurred_at = None if draft.occurred_at is None else to_microseconds(draft.occurred_at)
    encoded_meta = draft.encoded_meta()
    meta = _NO_META if encoded_meta == b"{}" else orjson.Fragment(encoded_meta)
    head = orjson.dumps((draft.txn_id, committed_at, occurred_at, draft.kind, draft.label, meta, rows))
    return _payload((commit_ts, b"\n".join([head, *map(_encoded, draft.operations)])))


def decode_payload(payload: Payload, store_id: str) -> LogEntry:
    head, *encoded = payload.text.split(b"\n")
    txn_id, committed_at, occurred_at, kind, label, meta, operations = orjson.loads(head)
    return LogEntry(
        payload.commit_ts,
        txn_id or derived_txn_id(store_id, payload.commit_ts),
        committed_at,
        occurred_at,
        kind,
        label,
        orjson.dumps(meta),
        [
            log_operation((address_of((namespace, agent_id, key)), op, version, previous, value))
            for (namespace, agent_id, key, op, version, previous), value in zip(operations, encoded, strict=True)
        ],
        len(encoded),
    )


def operation_count(text: bytes) -> int:
    # One line is the event, every other one an operation.
    return text.count(b"\n")
