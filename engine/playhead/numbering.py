"""Version numbers: a draft becomes the event that the log stores, or a conflict."""

from __future__ import annotations

from collections.abc import Callable

from playhead.draft import Draft
from playhead.entry import LogEntry, derived_txn_id, log_entry, log_operation, to_microseconds
from playhead.errors import VersionConflictError
from playhead.index import Latest
from playhead.model import Address

_NEVER = Latest(0, 0, None)


def number(
    draft: Draft, latest_of: Callable[[Address], Latest | None], store_id: str, commit_ts: int, committed_at: int
) -> LogEntry:
    """The draft as the event `commit_ts`, its operations numbered in staging order after what is latest (S2, S4, S5).

    Raises VersionConflictError where an `if_version` is not what is committed (S13a). Changes nothing.
    """
    numbered: dict[Address, int] = {}
    operations = []
    for address, op, encoded, if_version in draft.operations:
        version, previous_commit_ts, _ = latest_of(address) or _NEVER
        if if_version is not None and if_version != version:
            raise _conflict(address, if_version, version)
        if address in numbered:
            version, previous_commit_ts = numbered[address], commit_ts
        version += 1
        numbered[address] = version
        operations.append(log_operation((address, op, version, previous_commit_ts, encoded)))
    txn_id = draft.txn_id or derived_txn_id(store_id, commit_ts)
    occurred_at = None if draft.occurred_at is None else to_microseconds(draft.occurred_at)
    header = (commit_ts, txn_id, committed_at, occurred_at, draft.kind, draft.label, draft.encoded_meta())
    return log_entry((*header, operations, len(operations)))


def _conflict(address: Address, if_version: int, found: int) -> VersionConflictError:
    expected = "not to exist yet (version 0)" if if_version == 0 else f"at version {if_version}"
    return VersionConflictError(
        f"{address}: expected {expected}, found version {found}; nothing was committed; read it again and retry"
    )
