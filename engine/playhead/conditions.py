"""Conditions over the whole past: one vectorised query over the moments at which what they name changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy

from playhead import codec
from playhead.diff import equal
from playhead.entry import from_microseconds
from playhead.errors import QueryError
from playhead.expression import EVENT, Compiled, Spot, StatePath, Use, nearest
from playhead.expression_sql import compile_expression
from playhead.generation import View
from playhead.history import History
from playhead.json_path import format_address
from playhead.latest import Integers
from playhead.model import AgentAddress
from playhead.path_history import extracted
from playhead.query import Query, refusing

_KINDS = {
    "ARRAY": "list", "BIGINT": "number", "BOOLEAN": "boolean", "DOUBLE": "number", "HUGEINT": "number",
    "NULL": "null", "OBJECT": "object", "UBIGINT": "number", "VARCHAR": "text",
}  # fmt: skip
"""What DuckDB calls the types of JSON values, and what people call them."""
_UNORDERED = "kind IN ('list', 'object') AND contains(json::VARCHAR, '{')"
"""Values whose text may be another one though they are the same: an object's members have no order (S25)."""
_FITTING: dict[str, tuple[str, ...]] = {
    "number": ("number",),
    "text": ("text",),
    "boolean": ("boolean",),
    "length": ("text", "list", "object"),
    "container": ("list",),
    "holder": ("text", "list"),
}
_PLURALS = {
    "number": "numbers", "text": "text", "boolean": "true or false", "list": "lists", "object": "objects",
    "length": "text, lists or objects", "container": "lists", "holder": "text or lists", "null": "null",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """Commits over which a condition held, without a break."""

    first: int
    """The commit at which it became true; 0 where it holds of the empty state."""
    last: int
    """The last commit at which it was still true."""


@dataclass(frozen=True, slots=True)
class Series:
    """What an expression's value was: from each of these commits on, until the next."""

    commits: Sequence[int]
    values: Sequence[Any]
    """Numbers, texts, booleans, times or JSON values; None where there was no value."""


class Conditions:
    """Evaluates expressions over one agent's past; another agent's state is named in them (docs/expressions.md)."""

    def __init__(self, history: History, view: View, agent: AgentAddress) -> None:
        self._history = history
        self._view = view
        self._agent = agent

    def when(self, expression: str) -> list[Interval]:
        """Every interval in which the expression is true, oldest first.

        Raises QueryError pointing at what cannot be read, a key that never was, or values that cannot be compared.
        """
        compiled = compile_expression(expression, condition=True)
        with self._history.query(self._view) as query, _evaluating(compiled):
            evaluation = _Evaluation(query, self._view, self._agent, compiled)
            if compiled.needs_events:
                return _runs(evaluation.true_commits())
            rows = evaluation.changes(f"coalesce({compiled.value_sql}, false)")
        commits, truths = rows["commit_ts"], numpy.ma.getdata(rows["value"]).astype(numpy.bool_)
        begins = numpy.flatnonzero(truths)
        ends = numpy.append(commits[1:] - 1, self._view.head)
        return [Interval(int(commits[row]), int(ends[row])) for row in begins]

    def series(self, expression: str) -> Series:
        """Every value that the expression has had, and from which commit on. Raises QueryError like `when`."""
        compiled = compile_expression(expression, condition=False)
        with self._history.query(self._view) as query, _evaluating(compiled):
            rows = _Evaluation(query, self._view, self._agent, compiled).changes(compiled.value_sql)
        commits, values = rows["commit_ts"].tolist(), list(map(_reader(compiled), rows["value"].tolist()))
        if compiled.result.kind != "any":
            return Series(commits, values)
        # An object with its members in another order is the same object (S25).
        new = [row for row, value in enumerate(values) if row == 0 or not equal(values[row - 1], value)]
        return Series([commits[row] for row in new], [values[row] for row in new])


def _evaluating(compiled: Compiled) -> AbstractContextManager[None]:
    """Raises QueryError for what only the database finds to mean nothing."""
    text = compiled.text
    return refusing(lambda reason: text.error(f"this cannot be evaluated ({reason})", text.whole))


def _runs(commits: Integers) -> list[Interval]:
    """Ascending commits as intervals of neighbours."""
    breaks = numpy.flatnonzero(numpy.diff(commits) > 1)
    begins = commits[numpy.concatenate([[0], breaks + 1])] if len(commits) else commits
    ends = commits[numpy.concatenate([breaks, [len(commits) - 1]])] if len(commits) else commits
    return [Interval(*both) for both in zip(begins.tolist(), ends.tolist(), strict=True)]


def _reader(compiled: Compiled) -> Callable[[Any], Any]:
    """What makes a value of the answer what people take it for."""
    if compiled.result.kind == "any":
        return lambda text: None if text is None else codec.decode(text)
    if compiled.result.kind == "time":
        return lambda at: None if at is None else from_microseconds(at)
    return lambda value: value


class _Evaluation:
    """One expression in one question to DuckDB."""

    def __init__(self, query: Query, view: View, agent: AgentAddress, compiled: Compiled) -> None:
        self._query = query
        self._view = view
        self._agent = agent
        self._compiled = compiled
        self._tables: dict[StatePath, str] = {}
        self._key_tables: dict[AgentAddress, str] = {}
        for pattern, spot in compiled.patterns.items():
            self._check_pattern(pattern, spot)
        self._read_keys()
        for path in dict.fromkeys(leaf.path for leaf in compiled.leaves):
            self._tables[path] = self._make_table(path)
        self._check_kinds()

    # ── the values that are named ────────────────────────────────────────────────────────────────────────────────────

    def _make_table(self, path: StatePath) -> str:
        """A table of the value at the path: one row for each commit that touched its key."""
        name = f"path_{len(self._tables)}"
        source = self._meta_source(path) if path.of_event else self._key_source(path)
        part = extracted(self._query, "whole_value", path.steps)
        digest = "hash" if not path.steps and not path.of_event else "NULL"
        kinds = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in _KINDS.items())
        self._query.run(
            f"CREATE TEMP TABLE {name} AS SELECT commit_ts, kind, json::VARCHAR AS json,"
            f" CASE WHEN hash IS NOT NULL AND {_UNORDERED} THEN '{{' || hash ELSE json::VARCHAR END AS identity,"
            " CASE kind WHEN 'number' THEN TRY_CAST(json::VARCHAR AS DOUBLE) END AS number,"
            " CASE kind WHEN 'number' THEN TRY_CAST(CASE WHEN type != 'DOUBLE' THEN json::VARCHAR END AS HUGEINT) END"
            " AS whole,"
            " CASE kind WHEN 'text' THEN json->>'$' END AS text,"
            " CASE kind WHEN 'boolean' THEN json::VARCHAR = 'true' END AS boolean,"
            " (CASE kind WHEN 'text' THEN length(json->>'$') WHEN 'list' THEN json_array_length(json)"
            " WHEN 'object' THEN len(json_keys(json)) END)::BIGINT AS length"
            f" FROM (SELECT *, json_type(json) AS type, CASE json_type(json) {kinds} END AS kind"
            f" FROM (SELECT commit_ts, {digest} AS hash, {part} AS json FROM {source}))"
        )
        if path in self._compiled.identified and digest == "NULL":
            self._identify(name)
        return name

    def _identify(self, table: str) -> None:
        """Let values that differ in nothing but the order of members have one identity (S25), as whole ones have."""
        texts = [text for (text,) in self._query.rows(f"SELECT DISTINCT json FROM {table} WHERE {_UNORDERED}")]
        if texts:
            digests = ["{" + codec.value_hash(text).hex().upper() for text in texts]
            found = (
                f"SELECT unnest({self._query.parameter(texts)}) AS json, unnest({self._query.parameter(digests)}) AS it"
            )
            self._query.run(
                f"UPDATE {table} SET identity = found.it FROM ({found}) found WHERE {table}.json = found.json"
            )

    def _read_keys(self) -> None:
        """The values of all keys that are named, in one scan an agent; of a commit's writes, the last (S5)."""
        paths = [leaf.path for leaf in self._compiled.leaves if not leaf.path.of_event]
        by_agent: dict[AgentAddress, dict[str, StatePath]] = {}
        for path in paths:
            by_agent.setdefault(self._agent_of(path), {}).setdefault(path.key, path)
        query = self._query
        for number, (agent, named) in enumerate(by_agent.items()):
            # Spelled out, so that footers tell which row groups hold none of them.
            keys = ", ".join(map(query.parameter, named))
            query.run(
                f"CREATE TEMP TABLE keys_{number} AS"
                " SELECT key, commit_ts, last.value AS whole_value, last.hash AS hash FROM ("
                "SELECT key, commit_ts, max_by(CASE WHEN op = 'write' THEN {value: value, hash: hex(value_hash)}"
                " ELSE {value: NULL, hash: NULL} END, version) AS last"
                f" FROM {query.operations()} WHERE {query.agent(*agent)} AND key IN ({keys}) GROUP BY key, commit_ts)"
            )
            self._key_tables[agent] = f"keys_{number}"
            found = {key for (key,) in query.rows(f"SELECT DISTINCT key FROM keys_{number}")}
            for key, path in named.items():
                if key not in found and not self._may_be_missing(path):
                    raise self._error_of_key(path, agent)

    def _key_source(self, path: StatePath) -> str:
        table = self._key_tables[self._agent_of(path)]
        return f"(SELECT commit_ts, whole_value, hash FROM {table} WHERE key = {self._query.parameter(path.key)})"

    def _meta_source(self, path: StatePath) -> str:
        return f"(SELECT commit_ts, meta AS whole_value, NULL AS hash FROM {self._query.events()})"

    # ── what cannot be meant ─────────────────────────────────────────────────────────────────────────────────────────

    def _agent_of(self, path: StatePath) -> AgentAddress:
        if path.agent_id is None:
            return self._agent
        agents = self._agents
        fitting = [
            agent for agent in agents if agent.agent_id == path.agent_id and path.namespace in (None, agent.namespace)
        ]
        near_by = [agent for agent in fitting if agent.namespace == self._agent.namespace]
        if len(near_by or fitting) == 1:
            return (near_by or fitting)[0]
        if fitting:
            named = ", ".join(map(str, fitting))
            raise self._compiled.text.error(
                f"agent {path.agent_id!r} is in several namespaces; write agent('namespace', 'id'): {named}",
                self._spot_of(path),
            )
        near = nearest(path.agent_id, (agent.agent_id for agent in agents))
        raise self._compiled.text.error(f"no agent {path.agent_id!r} in this store{near}", self._spot_of(path))

    @cached_property
    def _agents(self) -> list[AgentAddress]:
        rows = self._query.rows(f"SELECT DISTINCT namespace, agent_id FROM {self._query.operations()}")
        return sorted(AgentAddress(*row) for row in rows)

    def _may_be_missing(self, path: StatePath) -> bool:
        """Whether the expression asks if this exists, or something it is part of or holds."""
        return any(
            asked.key == path.key
            and (asked.namespace, asked.agent_id) == (path.namespace, path.agent_id)
            and (asked.steps == path.steps[: len(asked.steps)] or path.steps == asked.steps[: len(path.steps)])
            for asked in self._compiled.asked_to_exist
        )

    def _error_of_key(self, path: StatePath, agent: AgentAddress) -> QueryError:
        query = self._query
        condition = query.agent(*agent)
        keys = [key for (key,) in query.rows(f"SELECT DISTINCT key FROM {query.operations()} WHERE {condition}")]
        # `plan.steps` may be meant for the key "plan/steps".
        spelled = "/".join([path.key, *(str(step) for step in path.steps)])
        inside = [key for key in keys if spelled == key or spelled.startswith(f"{key}/")]
        hint = f"; write {format_address(max(inside, key=len))}" if inside else nearest(path.key, [*keys, EVENT])
        return self._compiled.text.error(f"{agent} never had a key {path.key!r}{hint}", self._spot_of(path))

    def _spot_of(self, path: StatePath) -> Spot:
        return self._compiled.spots[path]

    def _check_pattern(self, pattern: str, spot: Spot) -> None:
        """Refuses a regular expression that is none."""
        text = self._compiled.text
        with refusing(lambda reason: text.error(f"this is no regular expression ({reason})", spot), input_too=True):
            self._query.rows(f"SELECT regexp_matches('', {self._query.parameter(pattern)})")

    def _check_kinds(self) -> None:
        """Refuses a path that never was there, and one whose values were never of the kind they are taken for."""
        found = {
            path: {kind for (kind,) in self._query.rows(f"SELECT DISTINCT kind FROM {table}")} - {None}
            for path, table in self._tables.items()
        }
        for path, kinds in found.items():
            if not kinds and not self._may_be_missing(path) and not path.of_event:
                raise self._error_of_path(path)
        for use in self._compiled.uses:
            kinds = found[use.path] - {"null"}
            if kinds and not kinds.intersection(_FITTING[use.kind]):
                raise self._error_of_use(use, kinds)

    def _error_of_path(self, path: StatePath) -> QueryError:
        parents: list[str] = []
        if path.steps and isinstance(path.steps[-1], str):
            source = self._key_source(path)
            parent = extracted(self._query, "whole_value", path.steps[:-1])
            rows = self._query.rows(f"SELECT DISTINCT unnest(json_keys({parent})) FROM {source}")
            parents = sorted(name for (name,) in rows if name is not None)
        near = nearest(str(path.steps[-1]), parents) if path.steps else ""
        return self._compiled.text.error(
            f"there never was a value at {path}{near} (exists({path}) may ask for one that is yet to come)",
            self._spot_of(path),
        )

    def _error_of_use(self, use: Use, kinds: set[str]) -> QueryError:
        holds = " and ".join(_PLURALS[kind] for kind in sorted(kinds))
        return self._compiled.text.error(f"{use.path} holds {holds}, never {_PLURALS[use.kind]}", use.spot)

    # ── the answer ───────────────────────────────────────────────────────────────────────────────────────────────────

    def true_commits(self) -> Integers:
        """Every commit at which the condition holds, where events are part of it: ascending."""
        source, value = self._with_events(), self._compiled.value_sql
        commits = self._query.arrays(f"SELECT events.commit_ts FROM {source} WHERE {value}")["commit_ts"]
        return cast(Integers, numpy.sort(commits))

    def changes(self, value: str) -> dict[str, Any]:
        """The commits from which on the value is another one, ascending, commit 0 first."""
        source = self._with_events() if self._compiled.needs_events else f"{self._states()} events"
        return self._query.arrays(
            f"SELECT commit_ts, value FROM (SELECT events.commit_ts, {value} AS value FROM {source})"
            " QUALIFY row_number() OVER (ORDER BY commit_ts) = 1"
            " OR value IS DISTINCT FROM lag(value) OVER (ORDER BY commit_ts) ORDER BY commit_ts"
        )

    def _states(self) -> str:
        """The values that are named, from each commit on at which one of them may differ from the commit before."""
        points, joins, columns = ["SELECT 0::BIGINT AS commit_ts"], [], ["points.commit_ts"]
        for number, leaf in enumerate(self._compiled.leaves):
            if leaf.path.of_event:
                continue
            table = self._tables[leaf.path]
            # What was the value one commit ago changes one commit later.
            later, sooner = (" + 1", " - 1") if leaf.before else ("", "")
            points.append(f"SELECT commit_ts{later} FROM {table}")
            columns.append(f"value_{number}")
            joins.append(
                f"ASOF LEFT JOIN {table} value_{number} ON points.commit_ts{sooner} >= value_{number}.commit_ts"
            )
        moments = f"SELECT * FROM ({' UNION '.join(points)}) WHERE commit_ts <= {self._view.head:d}"
        return f"(SELECT {', '.join(columns)} FROM ({moments}) points {' '.join(joins)})"

    def _with_events(self) -> str:
        """The values that are named and the event, at every single commit."""
        self._query.run(f"CREATE TEMP TABLE states AS SELECT * FROM {self._states()}")
        times = "epoch_us(coalesce(occurred_at, committed_at)) AS occurred_at, epoch_us(committed_at) AS committed_at"
        every = f"SELECT * REPLACE ({times}) FROM {self._query.events()}"
        joins = [
            f"LEFT JOIN {self._tables[leaf.path]} value_{number} ON events.commit_ts = value_{number}.commit_ts"
            for number, leaf in enumerate(self._compiled.leaves)
            if leaf.path.of_event
        ]
        # At commit 0 nothing has happened.
        events = f"(SELECT 0::BIGINT AS commit_ts UNION ALL BY NAME {every}) events"
        asof = "ASOF JOIN states ON events.commit_ts >= states.commit_ts"
        return f"{events} {asof} {' '.join(joins)}"
