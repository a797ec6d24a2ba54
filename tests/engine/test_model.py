"""A store on disk does what a list of commits in memory does, whatever is done to it in whatever order (S1-S27)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import playhead
from playhead import JSON, Address, AgentAddress, Event, Record, Snapshot, Store, checkpoint, codec, directory
from playhead.cursor import OutlineRow

# Few, so that each is met again and again; they would collide if their parts were joined, trimmed or normalised.
ADDRESSES = st.sampled_from(
    [
        Address("default", "agent", "k"),
        Address("default", "agent", "k\0"),
        Address("default", "agent", "🎬/k"),
        Address("default", "agent/k", "k"),
        Address("default/agent", "k", "k"),
        Address(":", "é", ":"),
        Address(":", "e\u0301", ":"),
    ]
)
EDGES: list[JSON] = [None, True, 1, 1.0, 0.0, -0.0, [], {"a": 1, "b": [1.0]}, {"b": [1.0], "a": 1}]
VALUES: st.SearchStrategy[JSON] = st.sampled_from(EDGES)


class Write(NamedTuple):
    address: Address
    value: JSON


class Delete(NamedTuple):
    address: Address


Step = Write | Delete
STEPS: st.SearchStrategy[Step] = st.builds(Write, ADDRESSES, VALUES) | st.builds(Delete, ADDRESSES)


@dataclass(frozen=True)
class Entry:
    """One operation as the model knows it."""

    commit_ts: int
    version: int
    step: Step

    @property
    def exists(self) -> bool:
        return isinstance(self.step, Write)

    @property
    def value(self) -> JSON:
        return self.step.value if isinstance(self.step, Write) else None


class Model:
    """What a store is: a list of commits."""

    def __init__(self, commits: Iterable[list[Step]] = ()) -> None:
        self.commits: list[list[Entry]] = []
        for steps in commits:
            self.commit(steps)

    @property
    def head(self) -> int:
        return len(self.commits)

    def commit(self, steps: list[Step]) -> int:
        if steps:
            self.commits.append([])
            for step in steps:
                version = len(self.versions(step.address)) + 1
                self.commits[-1].append(Entry(self.head, version, step))
        return self.head

    def entries(self, at: int | None = None) -> list[Entry]:
        return [entry for commit in self.commits[:at] for entry in commit]

    def versions(self, address: Address) -> list[Entry]:
        return [entry for entry in self.entries() if entry.step.address == address]

    def latest(self, at: int | None = None) -> dict[Address, Entry]:
        return {entry.step.address: entry for entry in self.entries(at)}

    def live(self, at: int | None = None) -> dict[Address, Entry]:
        return {address: entry for address, entry in sorted(self.latest(at).items()) if entry.exists}

    def diff(self, a: int, b: int) -> list[tuple[Address, Entry | None, Entry | None]]:
        before, after = self.live(a), self.live(b)
        pairs = [(address, before.get(address), after.get(address)) for address in sorted({*before, *after})]
        return [(address, old, new) for address, old, new in pairs if canonical(old) != canonical(new)]

    def agents(self) -> list[AgentAddress]:
        return sorted({AgentAddress(*entry.step.address[:2]) for entry in self.entries()})

    def steps(self, commits: int) -> list[list[Step]]:
        return [[entry.step for entry in commit] for commit in self.commits[:commits]]


def canonical(entry: Entry | None) -> object:
    """What S25 compares: values with their types and signs, without the order of object keys."""

    def sorted_value(value: JSON) -> object:
        if isinstance(value, dict):
            return {key: sorted_value(value[key]) for key in sorted(value)}
        return [sorted_value(item) for item in value] if isinstance(value, list) else value

    return None if entry is None else repr(sorted_value(entry.value))


def told(record: Record) -> tuple[object, ...]:
    return (record.address, record.version, record.commit_ts, record.exists, repr(record.value))


def expected(address: Address, entry: Entry | None) -> tuple[object, ...]:
    if entry is None:
        return (address, 0, 0, False, "None")
    return (address, entry.version, entry.commit_ts, entry.exists, repr(entry.value))


@settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the model, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="playhead-model-"))
        self.model = Model()
        self.moments: dict[int, int] = {}
        """Snapshot id → commit_ts."""
        self.forks = 0
        self.usual_interval = checkpoint.INTERVAL_OPERATIONS
        self.store: Store

    @initialize()
    def begin(self) -> None:
        self.store = self.open("run")

    def open(self, name: str) -> Store:
        return playhead.open(self.directory / name, durability="os")

    # ── what is done ─────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(step=STEPS)
    def write_or_delete(self, step: Step) -> None:
        namespace, agent_id, key = step.address
        if isinstance(step, Write):
            commit_ts = self.store.write(agent_id, key, step.value, namespace=namespace)
        else:
            commit_ts = self.store.delete(agent_id, key, namespace=namespace)
        assert commit_ts == self.model.commit([step])

    @rule(steps=st.lists(STEPS, max_size=6), again=st.booleans(), abort=st.booleans(), elsewhere=st.booleans())
    def run_transaction(self, steps: list[Step], again: bool, abort: bool, elsewhere: bool) -> None:
        """Several operations, perhaps of one key several times (S5), perhaps through another Store object."""
        steps = steps * 2 if again else steps
        other = playhead.open(self.store.path, durability="os") if elsewhere else self.store
        transaction = other.begin_transaction()
        for step in steps:
            namespace, agent_id, key = step.address
            if isinstance(step, Write):
                transaction.write(agent_id, key, step.value, namespace=namespace)
            else:
                transaction.delete(agent_id, key, namespace=namespace)
        if abort:
            transaction.abort()
        else:
            assert transaction.commit() == self.model.commit(steps)
        if elsewhere:
            other.close()
            self.store.refresh()

    @rule()
    def seal(self) -> None:
        self.store.seal()

    @rule(elsewhere=st.booleans())
    def reopen_or_seal_elsewhere(self, elsewhere: bool) -> None:
        if elsewhere:
            with playhead.open(self.store.path, durability="os") as other:
                other.seal()
            self.store.refresh()
        else:
            self.store.close()
            self.store = self.open(self.store.path.name)

    @rule(operations=st.integers(1, 4))
    def make_checkpoints_frequent(self, operations: int) -> None:
        checkpoint.INTERVAL_OPERATIONS = operations

    @rule(chosen=st.integers(0, 255), damage=st.booleans())
    def lose_checkpoints(self, chosen: int, damage: bool) -> None:
        """Any of them, while the store is open: deleted, or cut short (S22). Chosen by the bits of a number."""
        self.store._log.finish_maintenance()
        # How many there are depends on when they were written, so that a draw must not depend on them.
        files = sorted((self.store.path / directory.CHECKPOINTS).glob("*"))
        for file in [file for place, file in enumerate(files) if chosen >> place & 1]:
            if damage:
                content = file.read_bytes()
                # A file of its own: a fork may share this one.
                file.unlink()
                file.write_bytes(content[: len(content) // 2])
            else:
                file.unlink()

    @rule(data=st.data())
    def take_snapshot(self, data: st.DataObject) -> None:
        at = data.draw(st.none() | st.integers(0, self.model.head))
        snapshot = self.store.snapshot(at=at)
        assert snapshot.id == max(self.moments, default=0) + 1
        self.moments[snapshot.id] = self.model.head if at is None else at

    @rule(data=st.data(), scope=st.sampled_from(["whole", "namespace", "agent", "keys"]), chosen=ADDRESSES)
    def restore(self, data: st.DataObject, scope: str, chosen: Address) -> None:
        target = data.draw(st.integers(0, self.model.head))
        namespace, agent_id = {
            "whole": (None, None),
            "namespace": (chosen.namespace, None),
            "agent": (chosen.namespace, chosen.agent_id),
            "keys": (None, None),
        }[scope]
        keys = [chosen.key, "unknown"] if scope == "keys" else None
        steps: list[Step] = [
            Delete(address) if new is None else Write(address, new.value)
            for address, _, new in self.model.diff(self.model.head, target)
            if namespace in (None, address.namespace)
            and agent_id in (None, address.agent_id)
            and (keys is None or address.key in keys)
        ]
        commit_ts = self.store.restore(target, namespace=namespace, agent_id=agent_id, keys=keys)
        assert commit_ts == self.model.commit(steps)

    @rule(data=st.data())
    def go_on_in_a_fork(self, data: st.DataObject) -> None:
        cut = data.draw(st.integers(0, self.model.head))
        self.forks += 1
        fork = self.store.fork(self.directory / f"fork-{self.forks}", at=cut)
        self.store.close()
        self.store = fork
        self.model = Model(self.model.steps(cut))
        kept = self.store.snapshots()
        assert [snap.commit_ts for snap in kept] == [commit for commit in self.moments.values() if commit <= cut]
        self.moments = {snap.id: snap.commit_ts for snap in kept}

    # ── what is compared ─────────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def knows_the_head_and_every_latest_record(self) -> None:  # S2 S3 S14
        if not hasattr(self, "store"):
            return
        assert self.store.head == self.model.head
        for address, entry in self.model.latest().items():
            found = self.store.get_state(address.agent_id, address.key, namespace=address.namespace)
            assert told(found) == expected(address, entry)

    @rule()
    def compare_everything(self) -> None:
        self.check_states()
        self.check_versions()
        self.check_replays()
        self.check_snapshots()

    @rule(data=st.data())
    def compare_a_pair_of_moments(self, data: st.DataObject) -> None:
        moments = st.integers(0, self.model.head)
        self.check_diffs(data.draw(moments), data.draw(moments))
        self.check_cursor(data.draw(moments))

    def teardown(self) -> None:
        try:
            if hasattr(self, "store"):
                self.compare_everything()
                for base in range(self.model.head):
                    self.check_diffs(base, self.model.head)
                for position in {0, self.model.head // 2, self.model.head}:
                    self.check_cursor(position)
                self.store.close()
        finally:
            checkpoint.INTERVAL_OPERATIONS = self.usual_interval
            shutil.rmtree(self.directory, ignore_errors=True)

    def check_states(self) -> None:  # S16 S17
        view = self.store.view()
        for at in range(self.model.head + 1):
            live = self.model.live(at)
            assert [told(record) for record in self.store.history.state(view, at)] == [
                expected(address, entry) for address, entry in live.items()
            ]
        assert self.store.agents() == self.model.agents()
        for agent in self.model.agents():
            at = self.model.head - 1
            keys = [address.key for address in self.model.live(at) if address[:2] == agent]
            assert self.store.list_keys(agent.agent_id, namespace=agent.namespace, at=at) == keys
            assert list(self.store.state(agent.agent_id, at, namespace=agent.namespace)) == keys
            known = sorted(address.key for address in self.model.latest() if address[:2] == agent)
            assert self.store.list_keys(agent.agent_id, namespace=agent.namespace, include_deleted=True) == known

    def check_versions(self) -> None:  # S2 S5 S15
        entries = [(entry.step.address, entry) for entry in self.model.entries()]
        wanted = [(address, entry.version) for address, entry in entries]
        absent = [(address, entry.version + 1) for address, entry in self.model.latest().items()]
        found = self.store.history.records_at_versions(self.store.view(), [*wanted, *absent])
        assert {pair: told(record) for pair, record in found.items()} == {
            (address, entry.version): expected(address, entry) for address, entry in entries
        }
        for address, entry in entries[-3:]:
            name, agent_id, key = address
            by_version = self.store.get_state_at_version(agent_id, key, entry.version, namespace=name)
            assert told(by_version) == expected(address, entry)
            at = self.store.get_state_at(agent_id, key, entry.commit_ts, namespace=name)
            assert told(at) == expected(address, self.model.latest(entry.commit_ts)[address])

    def check_replays(self) -> None:  # S18 S19
        head = self.model.head
        self.check_replay(list(self.store.replay()), None, 0, head)
        for agent in self.model.agents():
            replay = self.store.replay(
                agent.agent_id, namespace=agent.namespace, start_ts=head // 3, end_ts=2 * head // 3
            )
            self.check_replay(list(replay), agent, head // 3, 2 * head // 3)
        assert list(self.store.replay("nobody")) == []

    def check_replay(self, events: list[Event], agent: AgentAddress | None, start: int, end: int) -> None:
        wanted = {}
        for commit_ts, commit in enumerate(self.model.commits, 1):
            shown = [entry for entry in commit if agent is None or entry.step.address[:2] == agent]
            if shown and start <= commit_ts <= end:
                wanted[commit_ts] = [
                    (entry.step.address, "write" if entry.exists else "delete", repr(entry.value), entry.version)
                    for entry in shown
                ]
        assert {
            event.commit_ts: [(part.address, part.op, repr(part.value), part.version) for part in event.operations]
            for event in events
        } == wanted
        assert [event.commit_ts for event in events] == sorted(wanted)
        assert [event.operation_count for event in events] == [len(self.model.commits[at - 1]) for at in sorted(wanted)]

    def check_snapshots(self) -> None:  # S24 S25
        snapshots = self.store.snapshots()
        assert {snap.id: snap.commit_ts for snap in snapshots} == self.moments
        for snap in snapshots[-2:]:
            live = self.model.live(snap.commit_ts)
            assert snap.keys == list(live)
            assert snap.size_bytes == sum(len(codec.encode(entry.value, "value")) for entry in live.values())
        for base in snapshots[:2]:
            self.check_snapshot_diff(snapshots[-1], base)
            self.check_snapshot_diff(base, snapshots[-1])

    def check_snapshot_diff(self, later: Snapshot, base: Snapshot) -> None:
        changes = self.model.diff(base.commit_ts, later.commit_ts)
        assert later.diff(base) == {
            "added": [address for address, old, _ in changes if old is None],
            "removed": [address for address, _, new in changes if new is None],
            "changed": [address for address, old, new in changes if old and new],
        }

    def check_diffs(self, a: int, b: int) -> None:  # S25
        for base, later in ((a, b), (b, a)):
            states = self.model.latest(base), self.model.latest(later)
            wanted = [
                tuple(expected(address, state.get(address)) for state in states)
                for address, _, _ in self.model.diff(base, later)
            ]
            found = self.store.diff(base, later)
            assert [(told(change.before), told(change.after)) for change in found] == wanted
            assert [change.address for change in found] == [address for address, _, _ in self.model.diff(base, later)]

    def check_cursor(self, position: int) -> None:  # S16
        for agent in self.model.agents()[:3]:
            cursor = self.store.cursor(agent.agent_id, namespace=agent.namespace)
            cursor.seek(position)
            assert cursor.outline() == self.outline(agent, position)
            assert cursor.outline(changed_only=True) == [row for row in self.outline(agent, position) if row.status]
            for address in [address for address in self.model.latest() if address[:2] == agent]:
                commits = sorted({entry.commit_ts for entry in self.model.versions(address)})
                later = [commit for commit in commits if commit > position]
                earlier = [commit for commit in commits if commit < position]
                cursor.seek(position)
                assert (cursor.next_change(address.key), cursor.position) == (bool(later), [*later, position][0])
                cursor.seek(position)
                assert (cursor.previous_change(address.key), cursor.position) == (
                    bool(earlier),
                    [position, *earlier][-1],
                )
                cursor.seek(position)
                assert told(cursor.record(address.key)) == expected(address, self.model.latest(position).get(address))
                assert [(row.version, row.commit_ts, row.exists) for row in cursor.history(address.key)] == [
                    (entry.version, entry.commit_ts, entry.exists) for entry in self.model.versions(address)
                ]
            cursor.seek(position)
            cursor.follow_agent = True
            stops = [0, *sorted({e.commit_ts for e in self.model.entries() if e.step.address[:2] == agent})]
            assert cursor.step() == ([stop for stop in stops if stop > position] or [position])[0]
            cursor.seek(position)
            assert cursor.step(-1) == ([stop for stop in stops if stop < position] or [0])[-1]

    def outline(self, agent: AgentAddress, position: int) -> list[OutlineRow]:
        before, rows = self.model.live(max(position - 1, 0)), []
        for address, entry in sorted(self.model.latest(position).items()):
            if address[:2] != agent:
                continue
            now, existed = entry.commit_ts == position, address in before
            if entry.exists:
                status = ("changed" if existed else "added") if now else None
            elif now and existed:
                status = "removed"
            else:
                continue
            row = OutlineRow(address.key, entry.version, entry.commit_ts, entry.exists, status)  # type: ignore[arg-type]
            rows.append(row)
        return rows


TestStoreMachine = StoreMachine.TestCase
