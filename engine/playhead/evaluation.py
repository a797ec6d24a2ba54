"""One expression in one question to DuckDB: tables of the values that it names, and where it is true."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy

from playhead import codec
from playhead.errors import QueryError
from playhead.expression import EVENT, Compiled, Spot, StatePath, Use, agents_that_have_it, nearest
from playhead.expression_sql import EXACT_BELOW
from playhead.footers import Booleans
from playhead.generation import View
from playhead.json_path import format_address
from playhead.latest import Integers
from playhead.logic import Junction, Logic, Term, event_conditions, state_of
from playhead.model import AgentAddress
from playhead.path_history import extracted
from playhead.query import Query, refusing

_Intervals: TypeAlias = tuple[Integers, Integers]
"""The first commits of intervals, ascending, and the last ones."""
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


class Evaluation:
    """One expression in one question to DuckDB."""

    def __init__(
        self, query: Query, view: View, agent: AgentAddress, compiled: Compiled, logic: Logic | None = None
    ) -> None:
        """`logic`: of a condition, so that nothing is read of events at which it cannot be true."""
        self._query = query
        self._view = view
        self._agent = agent
        self._compiled = compiled
        self._logic = logic
        self._event_conditions = [] if logic is None else event_conditions(compiled)
        self._state_term = None if logic is None else state_of(logic)
        self._tables: dict[StatePath, str] = {}
        self._numbers = itertools.count()
        self._key_tables: dict[AgentAddress, str] = {}
        self._state_intervals: dict[Term, _Intervals] = {}
        for pattern, spot in compiled.patterns.items():
            self._check_pattern(pattern, spot)
        self._read_keys()
        paths = dict.fromkeys(leaf.path for leaf in compiled.leaves)
        for path in sorted(paths, key=lambda path: path.of_event):
            source = self._meta_source(path, self._events()) if path.of_event else self._key_source(path)
            self._tables[path] = self._make_table(path, source)
        self._check_kinds()

    # ── the values that are named ────────────────────────────────────────────────────────────────────────────────────

    def _make_table(self, path: StatePath, source: str) -> str:
        """A table of the value at the path: one row for each commit that touched its key."""
        name = f"path_{next(self._numbers)}"
        part = extracted(self._query, "whole_value", path.steps)
        digest = "hash" if not path.steps and not path.of_event else "NULL"
        kinds = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in _KINDS.items())
        self._query.run(
            f"CREATE TEMP TABLE {name} AS SELECT commit_ts, kind, json::VARCHAR AS json,"
            f" CASE WHEN hash IS NOT NULL AND {_UNORDERED} THEN '{{' || hash ELSE json::VARCHAR END AS identity,"
            " CASE kind WHEN 'number' THEN TRY_CAST(json::VARCHAR AS DOUBLE) END AS number,"
            " CASE WHEN kind = 'number' AND type != 'DOUBLE' THEN TRY_CAST(json::VARCHAR AS HUGEINT)"
            f" WHEN kind = 'number' AND abs(json::VARCHAR::DOUBLE) >= {EXACT_BELOW}"
            " THEN TRY_CAST(json::VARCHAR::DOUBLE AS HUGEINT) END AS whole,"
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

    def _meta_source(self, path: StatePath, events: str) -> str:
        # Only of events whose meta has such a name: to look for its text costs less than to read JSON.
        names = [step for step in path.steps if isinstance(step, str) and step.isascii() and step.isidentifier()]
        named = ["contains(meta, " + self._query.parameter(f'"{name}"') + ")" for name in names]
        return (
            f"(SELECT commit_ts, meta AS whole_value, NULL AS hash FROM {events} WHERE {' AND '.join(named) or 'true'})"
        )

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
        return self._query.agents()

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
        if inside:
            hint = f"; write {format_address(max(inside, key=len))}"
        elif path.agent_id is None and (others := query.agents(path.key)):
            hint = f"{agents_that_have_it(others)}; write {self._of_another(path, others)}"
        else:
            hint = nearest(path.key, [*keys, EVENT])
        return self._compiled.text.error(f"{agent} never had a key {path.key!r}{hint}", self._spot_of(path))

    def _of_another(self, path: StatePath, agents: Sequence[AgentAddress]) -> StatePath:
        """The path as it is written for the first of the agents, or for one in the namespace that is looked at."""
        namespace = self._agent.namespace
        other = next((agent for agent in agents if agent.namespace == namespace), agents[0])
        return replace(
            path, agent_id=other.agent_id, namespace=None if other.namespace == namespace else other.namespace
        )

    def _spot_of(self, path: StatePath) -> Spot:
        return self._compiled.spots[path]

    def _check_pattern(self, pattern: str, spot: Spot) -> None:
        """Refuses a regular expression that is none."""
        text = self._compiled.text
        with refusing(lambda reason: text.error(f"this is no regular expression ({reason})", spot), input_too=True):
            self._query.rows(f"SELECT regexp_matches('', {self._query.parameter(pattern)})")

    def _check_kinds(self) -> None:
        """Refuses a path that never was there, and one whose values were never of the kind they are taken for."""
        found = {path: self._kinds_in(table) for path, table in self._tables.items()}
        for path, kinds in found.items():
            if not kinds and not self._may_be_missing(path) and not path.of_event:
                raise self._error_of_path(path)
        for use in self._compiled.uses:
            kinds = found[use.path] - {"null"}
            is_part = use.path.of_event and (self._event_conditions or self._state_term)
            if is_part and not kinds.intersection(_FITTING[use.kind]):
                # Only some events were looked at, and others may have what is meant.
                table = self._make_table(use.path, self._meta_source(use.path, self._query.events()))
                kinds = self._kinds_in(table) - {"null"}
            if kinds and not kinds.intersection(_FITTING[use.kind]):
                raise self._error_of_use(use, kinds)

    def _kinds_in(self, table: str) -> set[str]:
        return {kind for (kind,) in self._query.rows(f"SELECT DISTINCT kind FROM {table}")} - {None}

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

    def intervals(self) -> _Intervals:
        """Where the condition is true."""
        assert self._logic is not None, "an expression that is a condition"
        if isinstance(self._logic, Term) and self._logic.scope == "state":
            return self._intervals_of(self._logic)
        edges = numpy.flatnonzero(numpy.diff(self._holds(self._logic), prepend=False, append=False))
        return edges[::2], edges[1::2] - 1

    def _holds(self, logic: Logic) -> Booleans:
        """Of each commit from 0 on, whether the condition is true there."""
        if isinstance(logic, Junction):
            holds = self._holds(logic.parts[0])
            for part in logic.parts[1:]:
                if logic.needs_all and not holds.any():
                    break
                holds = (numpy.logical_and if logic.needs_all else numpy.logical_or)(holds, self._holds(part))
            return holds
        if logic.scope == "state":
            begins, ends = self._intervals_of(logic)
            steps = numpy.zeros(self._view.head + 2, numpy.int8)
            steps[begins], steps[ends + 1] = 1, -1
            return numpy.cumsum(steps[:-1], dtype=numpy.int8).astype(numpy.bool_)
        source = self._with_states() if logic.scope == "both" else f"{self._events()} events {self._meta_joins()}"
        holds = numpy.zeros(self._view.head + 1, numpy.bool_)
        holds[self._query.arrays(f"SELECT events.commit_ts FROM {source} WHERE {logic.sql}")["commit_ts"]] = True
        return holds

    def _intervals_of(self, term: Term) -> _Intervals:
        """Where something is true of the state."""
        if term not in self._state_intervals:
            rows = self._changes(f"coalesce({term.sql}, false)", f"{self._states()} events")
            commits, truths = rows["commit_ts"], numpy.ma.getdata(rows["value"]).astype(numpy.bool_)
            self._state_intervals[term] = commits[truths], numpy.append(commits[1:] - 1, self._view.head)[truths]
        return self._state_intervals[term]

    def changes(self, value: str) -> dict[str, Any]:
        """The commits from which on the value is another one, ascending, commit 0 first."""
        return self._changes(value, self._with_states() if self._compiled.needs_events else f"{self._states()} events")

    def _changes(self, value: str, source: str) -> dict[str, Any]:
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

    def _with_states(self) -> str:
        """The values that are named and the event, at every commit at which the condition can hold."""
        self._query.run(f"CREATE TEMP TABLE IF NOT EXISTS states AS SELECT * FROM {self._states()}")
        asof = "ASOF JOIN states ON events.commit_ts >= states.commit_ts"
        return f"{self._events()} events {asof} {self._meta_joins()}"

    def _events(self) -> str:
        """The events at which the condition can hold, as far as their own fields and the state tell."""
        start, end = 0, self._view.head
        if self._state_term is not None:
            begins, ends = self._intervals_of(self._state_term)
            start, end = (int(begins[0]), int(ends[-1])) if len(begins) else (1, 0)
        times = "epoch_us(coalesce(occurred_at, committed_at)) AS occurred_at, epoch_us(committed_at) AS committed_at"
        every = f"SELECT * REPLACE ({times}), commit_ts AS number FROM {self._query.events(max(start, 1), end)}"
        # At commit 0 nothing has happened.
        nothing = f"SELECT 0::BIGINT AS commit_ts WHERE {start:d} = 0"
        return (
            f"(SELECT * FROM ({nothing} UNION ALL BY NAME {every}) events"
            f" WHERE {' AND '.join(self._event_conditions) or 'true'})"
        )

    def _meta_joins(self) -> str:
        return " ".join(
            f"LEFT JOIN {self._tables[leaf.path]} value_{number} ON events.commit_ts = value_{number}.commit_ts"
            for number, leaf in enumerate(self._compiled.leaves)
            if leaf.path.of_event
        )
