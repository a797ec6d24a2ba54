"""What a store holds, in numbers: for `playhead inspect` and for scripts."""

from __future__ import annotations

from typing import TypedDict

from playhead.entry import from_microseconds
from playhead.model import JSON, is_error_kind, iso
from playhead.store import Store


class Summary(TypedDict):
    store: str
    store_id: str
    created: str
    commits: int
    operations: int
    errors: int
    kinds: dict[str, int]
    """How many events of each kind, sorted by kind."""
    agents: int
    namespaces: int
    live_keys: int
    snapshots: int
    segments: int
    unsealed_commits: int
    disk_bytes: int
    first_at: str | None
    last_at: str | None
    imported: dict[str, JSON] | None


def summarise(store: Store) -> Summary:
    """Count what there is now. Times are ISO 8601, UTC."""
    view = store.view()
    with store.history.query(view) as query:
        kinds = dict(query.rows(f"SELECT kind, count(*) FROM {query.events()} GROUP BY kind ORDER BY kind"))
    agents, times = store.agents(), store.times()
    return Summary(
        store=str(store.path),
        store_id=store.store_id,
        created=store.created,
        commits=view.head,
        operations=sum(segment.operations for segment in view.segments) + view.tail.operations,
        errors=sum(count for kind, count in kinds.items() if is_error_kind(kind)),
        kinds=kinds,
        agents=len(agents),
        namespaces=len({agent.namespace for agent in agents}),
        live_keys=len(store.addresses()),
        snapshots=len(store.snapshots()),
        segments=len(view.segments),
        unsealed_commits=view.head - view.tail.sealed_head,
        disk_bytes=sum(file.stat().st_size for file in store.path.rglob("*") if file.is_file()),
        first_at=iso(from_microseconds(times[0])) if times else None,
        last_at=iso(from_microseconds(times[-1])) if times else None,
        imported=store.imported,
    )
