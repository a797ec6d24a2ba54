"""Version numbers: what a draft's operations are in the order of the log, or a conflict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from playhead.draft import StagedOperation
from playhead.errors import VersionConflictError
from playhead.index import Latest, latest_from
from playhead.model import Address, OperationKind

Row: TypeAlias = tuple[str, str, str, OperationKind, int, int]
"""One operation, numbered: namespace, agent_id, key, op, version, previous_commit_ts."""

_NEVER = Latest(0, 0, None)


def number(
    operations: Iterable[StagedOperation], latest_of: Callable[[Address], Latest | None], commit_ts: int
) -> tuple[list[Row], dict[Address, Latest]]:
    """The operations of event `commit_ts`, numbered in staging order, and what is latest with them (S2, S4, S5).

    Raises VersionConflictError where an `if_version` is not what is committed (S13a). Changes nothing.
    """
    rows: list[Row] = []
    numbered: dict[Address, Latest] = {}
    for address, op, _, if_version in operations:
        version, previous_commit_ts, _ = latest_of(address) or _NEVER
        if if_version is not None and if_version != version:
            raise conflict(address, if_version, version)
        if address in numbered:
            version, previous_commit_ts, _ = numbered[address]
        version += 1
        numbered[address] = latest_from((version, commit_ts, None))
        rows.append((*address, op, version, previous_commit_ts))
    return rows, numbered


def conflict(address: Address, if_version: int, found: int) -> VersionConflictError:
    """What to raise where an address is not at the version that a transaction wants (S13a)."""
    expected = "not to exist yet (version 0)" if if_version == 0 else f"at version {if_version}"
    return VersionConflictError(
        f"{address}: expected {expected}, found version {found}; nothing was committed; read it again and retry"
    )
