"""What differs between a moment of one run and a moment of another, which may be of another store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from playhead.compare import Difference
from playhead.model import Address, AgentAddress, Change, Record
from playhead.query import Query

if TYPE_CHECKING:
    from playhead.cursor import Cursor


def differences(a: Cursor, at_a: int, b: Cursor, at_b: int, *, every_agent: bool = False) -> list[Difference]:
    """The addresses whose values differ between two moments: of the cursors' agents, or of all agents; sorted.

    Costs a scan of what both runs wrote up to there, without the values. Raises CorruptStoreError.
    """
    agents = (None, None) if every_agent else (a.agent, b.agent)
    with a.store.history.query(a.track.view) as query:
        table = query.table(_last(query, agents[0], at_a))
    with b.store.history.query(b.track.view) as query:
        query.cursor.register("others", table)
        try:
            rows = query.rows(
                "SELECT namespace, agent_id, key, coalesce(others.version, 0), coalesce(others.commit_ts, 0),"
                " coalesce(own.version, 0), coalesce(own.commit_ts, 0)"
                f" FROM others FULL JOIN ({_last(query, agents[1], at_b)}) own USING (namespace, agent_id, key)"
                " WHERE others.hash IS DISTINCT FROM own.hash ORDER BY ALL"
            )
        finally:
            query.cursor.unregister("others")
    return [
        Difference(_whole(agents[0], *names), version_a, commit_a, _whole(agents[1], *names), version_b, commit_b)
        for *names, version_a, commit_a, version_b, commit_b in rows
    ]


def _last(query: Query, agent: AgentAddress | None, at: int) -> str:
    """SQL for the last operation of each address at a moment; without the agent, where one agent's are compared."""
    names = "namespace, agent_id, key" if agent is None else "'' AS namespace, '' AS agent_id, key"
    condition = query.agent(*(agent or (None, None)))
    return (
        "SELECT namespace, agent_id, key, last.version AS version, last.commit_ts AS commit_ts, last.hash AS hash FROM"
        f" (SELECT {names}, max_by({{version: version, commit_ts: commit_ts,"
        " hash: CASE WHEN op = 'write' THEN value_hash END}, version) AS last"
        f" FROM {query.operations(end=at)} WHERE {condition} GROUP BY ALL)"
    )


def _whole(agent: AgentAddress | None, namespace: str, agent_id: str, key: str) -> Address:
    return Address(namespace, agent_id, key) if agent is None else Address(*agent, key)


def changes(a: Cursor, b: Cursor, found: Sequence[Difference]) -> list[Change]:
    """The differences with both values: `before` as it is in the first run, `after` in the second."""
    sides = []
    for cursor, side in (
        (a, [(each.a, each.version_a, each.commit_a) for each in found]),
        (b, [(each.b, each.version_b, each.commit_b) for each in found]),
    ):
        known = [(address, version, commit_ts) for address, version, commit_ts in side if version]
        records = cursor.store.history.records_at_versions(
            cursor.track.view,
            [(address, version) for address, version, _ in known],
            [commit_ts for *_, commit_ts in known],
        )
        sides.append([records.get((address, version)) or Record.unknown(address) for address, version, _ in side])
    return [Change(each.a, before, after) for each, before, after in zip(found, *sides, strict=True)]
