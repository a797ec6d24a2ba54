"""The numbers that the selected key held, for a sparkline of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead import AgentAddress

if TYPE_CHECKING:
    from playhead.cursor import Cursor


class NumberHistory:
    """Numbers by commit, of one key at a time: the one that is looked at."""

    MOST = 20_000
    MOST_BYTES = 32
    """Of a value's text: no number that is one is longer."""

    def __init__(self) -> None:
        self._key: tuple[AgentAddress | None, str] | None = None
        self._known: dict[int, float] = {}
        self._asked: set[int] = set()

    def lacking(self, agent: AgentAddress | None, key: str, commits: list[int]) -> list[int]:
        """Those of a key's commits whose value nobody has asked for yet."""
        if self._key != (agent, key) or len(self._asked) > self.MOST:
            self._key, self._known, self._asked = (agent, key), {}, set()
        return [commit_ts for commit_ts in commits if commit_ts not in self._asked]

    def at(self, commits: list[int]) -> list[float | None]:
        return [self._known.get(commit_ts) for commit_ts in commits]

    def read(self, cursor: Cursor, commits: list[int], has_some: bool) -> None:
        """Read the key's values at these commits, in one question that brings numbers and nothing else.

        Where it is known that there are none, only remember that.
        """
        self._asked.update(commits)
        if self._key is None or self._key[0] is None or not has_some:
            return
        (namespace, agent_id), key = self._key[0], self._key[1]
        names = (("namespace", namespace), ("agent_id", agent_id), ("key", key))
        where = " AND ".join(f"{column} = {_quoted(text)}" for column, text in names)
        found = cursor.store.sql(
            "SELECT commit_ts, TRY_CAST(value AS DOUBLE) FROM operations"
            f" WHERE {where} AND commit_ts IN ({', '.join(map(str, commits))}) AND value_bytes <= {self.MOST_BYTES}"
            " AND json_type(value) IN ('UBIGINT', 'BIGINT', 'HUGEINT', 'DOUBLE') ORDER BY version"
        )
        columns = (column.to_pylist() for column in found.columns)
        self._known.update(row for row in zip(*columns, strict=True) if row[1] is not None)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
