"""An imported run whose log goes on: what its importer tells is compared with the store, and what is new appended.

Each agent's events have their order, which is what its state follows from; those of different agents may come in
another order each time, as where a log of one session is older than it seemed, or two threads write at once. So an
event is the store's where it is the next one of every agent it touches, and new where none of them has a next one.
"""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from playhead import codec, directory
from playhead.draft import Draft
from playhead.entry import to_microseconds
from playhead.errors import InvalidArgumentError
from playhead.generation import View
from playhead.history import History
from playhead.log import EventLog
from playhead.model import JSON, AgentAddress, iso

SPOOLED_BYTES = 32 * 1024 * 1024
"""So much of what is new waits in memory, while it is not certain yet that the store holds the rest."""
_MASK = 2**63 - 1


class _Known:
    """The events that a store holds, each as a number that two different ones do not share, and whose they are."""

    def __init__(self) -> None:
        self.prints = array("q")
        self.lanes: dict[AgentAddress, array[int]] = {}
        """The commits of each agent, ascending."""

    @property
    def head(self) -> int:
        return len(self.prints)

    def add(self, fingerprint: int, agents: set[AgentAddress]) -> None:
        self.prints.append(fingerprint)
        for agent in agents:
            self.lanes.setdefault(agent, array("q")).append(self.head)

    def read(self, history: History, view: View) -> None:
        """Take in the commits that came since."""
        start, agents = self.head + 1, set[AgentAddress]()
        with history.query(view) as query, history.query(view) as other:
            operations = other.stream(
                "SELECT commit_ts, op_index, namespace, agent_id, key, op, value_hash"
                f" FROM {other.operations(start, view.head)} ORDER BY commit_ts"
            )
            operation = next(operations, None)
            for commit_ts, *header in query.stream(
                "SELECT commit_ts, kind, label, meta, epoch_us(occurred_at)"
                f" FROM {query.events(start, view.head)} ORDER BY commit_ts"
            ):
                total, agents = hash(tuple(header)), set()
                while operation is not None and operation[0] == commit_ts:
                    total += hash(operation[1:])
                    agents.add(AgentAddress(operation[2], operation[3]))
                    operation = next(operations, None)
                self.add(total & _MASK, agents)


def _fingerprint(draft: Draft) -> int:
    occurred_at = None if draft.occurred_at is None else to_microseconds(draft.occurred_at)
    total = hash((draft.kind, draft.label, draft.encoded_meta().decode(), occurred_at))
    for index, operation in enumerate(draft.operations):
        digest = codec.value_hash(operation.encoded) if operation.op == "write" else None
        total += hash((index, *operation.address, operation.op, digest))
    return total & _MASK


class Continuation:
    """The only way to append to an imported run (S28). Several at once, also in other processes, agree: the first of
    them to tell an event appends it, and the others find it there.
    """

    def __init__(self, path: Path) -> None:
        """Raises InvalidArgumentError for a store that is no imported run, and what opening a store raises."""
        info = directory.read_info(path)
        if info.imported is None:
            raise InvalidArgumentError(f"{path}: holds no imported run, so no log continues it")
        self._log = EventLog(path, info, durability="os")
        self._history = History()
        self._known = _Known()
        self._waiting = _Spool()
        self._known.read(self._history, self._log.view())
        self.begin()

    def begin(self) -> None:
        """Begin anew: the log is told from its first event."""
        self._next: dict[AgentAddress, int] = dict.fromkeys(self._known.lanes, 0)
        self._matched = 0
        self._goal = self._known.head
        self._waiting.discard()
        self._told = 0
        self.agreed = 0
        """Up to which commit the log tells the same events in the same order."""
        self.appended = 0

    def pass_over(self, namespaces: Iterable[str]) -> None:
        """Take all that the store holds of these for told."""
        passed = set(namespaces)
        lanes = {agent: lane for agent, lane in self._known.lanes.items() if agent.namespace in passed}
        self._next |= {agent: len(lane) for agent, lane in lanes.items()}
        self._matched += len(set().union(*lanes.values()))

    @property
    def is_caught_up(self) -> bool:
        """Whether every event that the store held was told, so that what is new follows all of it."""
        return self._matched >= self._goal

    def take(self, draft: Draft) -> bool:
        """One more event of the log, in its order; False where the store holds another one in its place.

        Nothing is appended before every event of the store was told: a log that was rewritten leaves no trace.
        """
        draft.check_header()
        self._told += 1
        return self._placed(draft, _fingerprint(draft))

    def _placed(self, draft: Draft, fingerprint: int) -> bool:
        agents = {
            AgentAddress(operation.address.namespace, operation.address.agent_id) for operation in draft.operations
        }
        places = {self._place(agent) for agent in agents}
        if places == {0}:
            if self.is_caught_up:
                return self._append(draft, fingerprint, agents)
            self._waiting.put(draft)
            return True
        return self._match(places, fingerprint, agents)

    def _place(self, agent: AgentAddress) -> int:
        """The commit that holds the agent's next event, or 0."""
        lane, place = self._known.lanes.get(agent), self._next.get(agent, 0)
        return lane[place] if lane is not None and place < len(lane) else 0

    def _match(self, places: set[int], fingerprint: int, agents: set[AgentAddress]) -> bool:
        commit_ts = max(places)
        if len(places) != 1 or self._known.prints[commit_ts - 1] != fingerprint:
            return False
        for agent in agents:
            self._next[agent] = self._next.get(agent, 0) + 1
        self._matched += 1
        if commit_ts == self._told == self.agreed + 1:
            self.agreed = commit_ts
        if self.is_caught_up and self._waiting.count:
            waiting, self._waiting = self._waiting, _Spool()
            return all(self._placed(draft, _fingerprint(draft)) for draft in waiting.drafts())
        return True

    def _append(self, draft: Draft, fingerprint: int, agents: set[AgentAddress]) -> bool:
        with self._log.exclusive():
            if self._log.head == self._known.head:
                self._log.append(draft)
                self._known.add(fingerprint, agents)
                for agent in agents:
                    self._next[agent] = self._next.get(agent, 0) + 1
                self._matched, self._goal = self._matched + 1, self._goal + 1
                self.appended += 1
                return True
        # Somebody else follows the log too, and was quicker.
        self._goal += self._log.head - self._known.head
        self._known.read(self._history, self._log.view())
        return self._placed(draft, fingerprint)

    def sync(self) -> None:
        """Put what was appended on disk. Raises DurabilityError."""
        self._log.sync()

    def describe(self, report: dict[str, JSON]) -> None:
        """Write down what the log now comes to, in place of the report of its import. Raises WriteError."""
        self._log.sync()
        info = directory.read_info(self._log.path)
        imported = {**(info.imported or {}), "report": report, "continued_at": iso(datetime.now(UTC))}
        with self._log.describing():
            directory.write_info(self._log.path, replace(info, imported=imported))

    def close(self) -> None:
        self._waiting.discard()
        self._log.close()
        self._history.close()

    def __enter__(self) -> Continuation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _Spool:
    """Drafts in the order they came: in memory while they are few, then in a file."""

    def __init__(self) -> None:
        self.count = 0
        self._file: tempfile.SpooledTemporaryFile[bytes] | None = None

    def put(self, draft: Draft) -> None:
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 - `discard` closes it
        pickle.dump(draft, self._file, protocol=5)
        self.count += 1

    def drafts(self) -> Iterator[Draft]:
        """All of them, once."""
        if self._file is not None:
            self._file.seek(0)
            for _ in range(self.count):
                yield pickle.load(self._file)
        self.discard()

    def discard(self) -> None:
        file, self._file, self.count = self._file, None, 0
        if file is not None:
            file.close()
