"""What the state would be if some recorded events had not happened: of the record, not of the model that wrote it."""

from __future__ import annotations

from collections.abc import Collection

from playhead.diff import equal
from playhead.generation import View
from playhead.history import History
from playhead.model import Address, Change, Record


def fold_without(
    history: History,
    view: View,
    at: int,
    without: Collection[int],
    namespace: str | None = None,
    agent_id: str | None = None,
) -> list[Change]:
    """How the state at a moment would differ without the events of these commits, sorted by address.

    Each address keeps the last operation that is left of it: later events are taken as they were recorded, though
    they may have read what is struck. `before` is what was recorded, `after` what is left.
    """
    struck = sorted({commit_ts for commit_ts in without if 1 <= commit_ts <= at})
    if not struck:
        return []
    with history.query(view) as query:
        commits = f"{query.parameter(struck)}::BIGINT[]"
        conditions = query.agent(namespace, agent_id)
        rows = query.rows(
            f"WITH touched AS (SELECT DISTINCT namespace, agent_id, key FROM {query.operations(commits=struck)}"
            f" WHERE list_contains({commits}, commit_ts) AND {conditions})"
            " SELECT namespace, agent_id, key, max({version: version, commit_ts: commit_ts}) AS recorded,"
            f" max({{version: version, commit_ts: commit_ts}}) FILTER (NOT list_contains({commits}, commit_ts)) AS kept"
            f" FROM {query.operations(end=at)} SEMI JOIN touched USING (namespace, agent_id, key)"
            " GROUP BY namespace, agent_id, key HAVING recorded IS DISTINCT FROM kept"
        )
    sides = [(Address(*row[:3]), side) for row in rows for side in row[3:] if side is not None]
    wanted, moments = [(address, side["version"]) for address, side in sides], [side["commit_ts"] for _, side in sides]
    records = history.records_at_versions(view, wanted, moments)
    changes = []
    for *names, recorded, kept in sorted(rows):
        address = Address(*names)
        before = records[address, recorded["version"]]
        after = Record.unknown(address) if kept is None else records[address, kept["version"]]
        if before.exists != after.exists or not equal(before.value, after.value):
            changes.append(Change(address, before, after))
    return changes
