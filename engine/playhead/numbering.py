"""Version numbers: a draft becomes the event that the log stores, or a conflict."""

from __future__ import annotations

from collections.abc import Callable

from playhead.draft import Draft, StagedOperation
from playhead.entry import LogEntry, LogOperation, derived_txn_id, to_microseconds
from playhead.errors import VersionConflictError
from playhead.index import Latest
from playhead.model import Address


def number(
    draft: Draft, latest_of: Callable[[Address], Latest | None], store_id: str, commit_ts: int, committed_at: int
) -> LogEntry:
    """The draft as the event `commit_ts`, its operations numbered in staging order after what is latest (S2, S4, S5).

    Raises VersionConflictError where an `if_version` is not what is committed (S13a). Changes nothing.
    """
    numbered: dict[Address, tuple[int, int]] = {}
    operations = []
    for staged in draft.operations:
        address = staged.address
        if address in numbered and staged.if_version is None:
            version, previous_commit_ts = numbered[address]
        else:
            latest = latest_of(address)
            version, previous_commit_ts = (latest.version, latest.commit_ts) if latest else (0, 0)
            if staged.if_version is not None and staged.if_version != version:
                raise _conflict(staged, version)
            version, previous_commit_ts = numbered.get(address, (version, previous_commit_ts))
        numbered[address] = (version + 1, commit_ts)
        operations.append(LogOperation(*address, staged.op, version + 1, previous_commit_ts, staged.encoded))
    return LogEntry(
        commit_ts,
        draft.txn_id or derived_txn_id(store_id, commit_ts),
        committed_at,
        None if draft.occurred_at is None else to_microseconds(draft.occurred_at),
        draft.kind,
        draft.label,
        draft.encoded_meta(),
        operations,
        len(operations),
    )


def _conflict(staged: StagedOperation, found: int) -> VersionConflictError:
    expected = "not to exist yet (version 0)" if staged.if_version == 0 else f"at version {staged.if_version}"
    return VersionConflictError(
        f"{staged.address}: expected {expected}, found version {found}; nothing was committed; read it again and retry"
    )
