"""Everything a store answers, as one value that two stores share exactly when they say the same."""

from __future__ import annotations

from dataclasses import dataclass

from playhead import Address, Event, Record, Store
from playhead.model import SnapshotEntry


@dataclass(frozen=True)
class Answers:
    events: list[Event]
    records: list[Record]
    snapshots: list[SnapshotEntry]


def answers_of(store: Store) -> Answers:
    """The whole history, the state at its end, and the snapshots; after checking that they agree with one another."""
    events = list(store.replay())
    records = store.history.state(store.view(), store.head, tombstones=True)
    check_derived(store, events, records)
    return Answers(events, records, store.snapshot_entries())


def check_derived(store: Store, events: list[Event], records: list[Record]) -> None:
    """Numbers have no gap and no repeat, and what is derived is what a replay from scratch gives (S2, S3, S8, S16)."""
    assert [event.commit_ts for event in events] == list(range(1, store.head + 1))
    times = [event.committed_at for event in events]
    assert times == sorted(times)
    latest: dict[Address, Record] = {}
    for event in events:
        assert event.operation_count == len(event.operations)
        for part in event.operations:
            before = latest.get(part.address)
            assert part.version == (before.version if before else 0) + 1
            exists = part.op == "write"
            latest[part.address] = Record(
                *part.address, part.value, part.version, event.commit_ts, event.committed_at, exists
            )
    assert {record.address: record for record in records} == latest
