"""What a cursor shows of the state where it is: keys, values, versions, writers, and what differs from a base."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from playhead.blame import BlameRow, blame
from playhead.errors import InvalidArgumentError
from playhead.event_list import EventList
from playhead.kept import Kept
from playhead.model import AgentAddress, Change, Record
from playhead.moment import Moment
from playhead.outline import StateOutline
from playhead.timeline import Timeline

BLAMES_KEPT = 16


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One version of a key."""

    version: int
    commit_ts: int
    exists: bool


class Looking(EventList):
    """The state at the playhead, and what it is compared with. Methods may read from disk; none moves the playhead."""

    def __init__(self) -> None:
        super().__init__()
        self.selection: str | None = None
        """The key that changes are followed for."""
        self.base: int | None = None
        """What comparisons start from: a commit_ts, or None for each key's previous version; below 0, so many commits
        before the playhead."""
        self._blamed: Kept[tuple[AgentAddress, str, int, int | None], list[BlameRow]] = Kept(BLAMES_KEPT)

    def timeline_of(self, agent: AgentAddress) -> Timeline:
        raise NotImplementedError

    def outline(
        self,
        agent: AgentAddress | None = None,
        *,
        changed_only: bool = False,
        filter: str = "",
        deleted: bool = False,
        also: str | None = None,
    ) -> StateOutline:
        """The keys of an agent (the chosen one, where none is given) at the playhead, sorted.

        Deleted ones come only at the commit that deleted them, or always with `deleted`. `filter` keeps keys that
        contain it, whatever its case. `also` is a key that comes even where it does not exist.
        """
        timeline = self.timeline if agent is None else self.timeline_of(agent)
        return StateOutline(
            timeline, self.position, changed_only=changed_only, filter=filter, deleted=deleted, also=also
        )

    def record(self, key: str | None = None) -> Record:
        """A key's record at the playhead (the selection's, where none is given)."""
        return self.timeline.record(self._key(key), self.position)

    def records(self, keys: Iterable[str]) -> dict[str, Record]:
        """Several records at the playhead in one question."""
        return self.timeline.records(keys, self.position)

    def history(self, key: str | None = None) -> list[HistoryRow]:
        """Every version of a key, oldest first."""
        columns = (column.tolist() for column in self.timeline.history(self._key(key)))
        return [HistoryRow(*row) for row in zip(*columns, strict=True)]

    def versions(
        self, key: str | None = None, first: int = 1, last: int | None = None, *, step: int = 1
    ) -> list[Record]:
        """A key's versions first … last, or every `step`th of them, with values, oldest first; all are in memory."""
        key = self._key(key)
        newest = self.timeline.version_at(key, self.track.head)
        return self.timeline.version_records(key, first, newest if last is None else last, step)

    def blame(self, key: str | None = None, *, versions_max: int | None = None) -> list[BlameRow]:
        """Each leaf of a key's value at the playhead, in document order, with the version that last wrote it.

        A leaf written back as it was keeps its older writer, also in a list that grew before it; a delete forgets.
        With `versions_max`, no more versions are read, and rows that would need it are not `exact`.
        """
        key = self._key(key)
        record = self.record(key)
        # A version never changes, so neither does who wrote its parts.
        return self._blamed.answer(
            (self.agent, key, record.version, versions_max),
            lambda: blame(record, lambda first, last: self.versions(key, first, last), versions_max),
        )

    def set_base(self, moment: Moment | None) -> None:
        """Choose what comparisons start from: a moment, or None for each key's previous version."""
        self.base = None if moment is None else self.store.resolve(moment)

    def set_base_before(self, commits: int = 1) -> None:
        """Let comparisons start so many commits before the playhead, wherever it goes. InvalidArgumentError below 1."""
        if commits < 1:
            raise InvalidArgumentError(f"a base before the playhead is 1 commit or more before it, not {commits}")
        self.base = -commits

    @property
    def base_ts(self) -> int | None:
        """The commit_ts that comparisons start from; None for each key's previous version."""
        return max(self.position + self.base, 0) if self.base is not None and self.base < 0 else self.base

    def comparison(self, key: str | None = None) -> tuple[Record, Record]:
        """A key's record at the base and at the playhead."""
        key = self._key(key)
        base = self.base_ts
        if base is not None:
            return self.timeline.record(key, base), self.record(key)
        after = self.record(key)
        # A commit may write a key several times (S5): what came before is what was there before this commit.
        return self.timeline.record(key, max(after.commit_ts - 1, 0)), after

    def changes(self) -> list[Change]:
        """All that differs for the agent between the base (the commit before, where none is set) and the playhead."""
        base = self.base_ts
        base = max(self.position - 1, 0) if base is None else base
        return self.store.diff(base, self.position, self.agent.agent_id, namespace=self.agent.namespace)

    def _key(self, key: str | None) -> str:
        key = self.selection if key is None else key
        if key is None:
            raise InvalidArgumentError("no key is selected; name one")
        return key
