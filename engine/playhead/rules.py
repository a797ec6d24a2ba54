"""Rules that a run's whole history has to keep, read from a TOML file (docs/expressions.md has the forms)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from playhead.cursor import Cursor
from playhead.errors import InvalidArgumentError, PlayheadError
from playhead.expression import nearest
from playhead.model import AgentAddress, Change, agents_named

_FIELDS = {
    "always": {"always", "until"},
    "never": {"never", "until"},
    "eventually": {"eventually"},
    "becomes": {"becomes", "at_most_every"},
}
_COMMON = {"name", "agent", "namespace", "after"}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_MICROSECONDS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


@dataclass(frozen=True, slots=True)
class Rule:
    """What has to be so throughout a run. Of `always`, `never`, `eventually` and `becomes`, exactly one is set."""

    name: str
    always: str | None = None
    """Not false at any commit; where a value is missing, nothing is broken."""
    never: str | None = None
    """Not true at any commit."""
    eventually: str | None = None
    """True at some commit."""
    becomes: str | None = None
    """Becomes true at most once in `at_most_every`."""
    at_most_every: int | str | None = None
    """So many commits, or a time: "90s", "5m"."""
    until: str | None = None
    """With `always` and `never`: only before this first becomes true, which it has to."""
    after: str | None = None
    """Only from the first commit on at which this is true."""
    agent: str | None = None
    """Whose state is meant; the agent that the cursor looks at, where none is named."""
    namespace: str | None = None

    @property
    def text(self) -> str:
        """The rule as a sentence."""
        form = next(form for form in _FIELDS if getattr(self, form) is not None)
        parts = [f"{form} {getattr(self, form)}"]
        parts += [f"at most every {self.at_most_every}"] if self.at_most_every is not None else []
        parts += [f"until {self.until}"] if self.until is not None else []
        parts += [f"after {self.after}"] if self.after is not None else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one rule."""

    rule: Rule
    kept: bool
    commit_ts: int | None = None
    """Where it was first broken; the head, where something never came to be. None where it was kept."""
    reason: str = ""
    changes: tuple[Change, ...] = ()
    """What the commit that broke it did to the agent's state."""

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule.name,
            "text": self.rule.text,
            "kept": self.kept,
            "commit_ts": self.commit_ts,
            "reason": self.reason,
            "changes": [change.to_json() for change in self.changes],
        }


def load(path: Path) -> list[Rule]:
    """The rules of a TOML file, in its order. Raises InvalidArgumentError that names the rule and what is wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidArgumentError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"{path}: is not UTF-8 text (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidArgumentError(f"{path}: {error}") from None
    tables = document.pop("rule", None)
    if document or not isinstance(tables, list) or not tables:
        odd = f"; {', '.join(sorted(document))} is not known" if document else ""
        raise InvalidArgumentError(f"{path}: holds no rules; each is a table that begins with [[rule]]{odd}")
    return [_rule(table, f"{path}: rule {number}") for number, table in enumerate(tables, 1)]


def _rule(table: Mapping[str, Any], where: str) -> Rule:
    where = f"{where} ({table['name']})" if isinstance(table.get("name"), str) else where
    forms = [form for form in _FIELDS if form in table]
    if len(forms) != 1:
        raise InvalidArgumentError(
            f"{where}: needs one of {', '.join(_FIELDS)}, and has {' and '.join(forms) or 'none'}"
        )
    allowed = _COMMON | _FIELDS[forms[0]]
    for name, value in table.items():
        if name not in allowed:
            raise InvalidArgumentError(f"{where}: {name!r} does not go with {forms[0]}{nearest(name, allowed)}")
        if not isinstance(value, str) and not (name == "at_most_every" and type(value) is int and value > 0):
            raise InvalidArgumentError(f"{where}: {name} must be text, not {value!r}")
    if forms[0] == "becomes":
        if "at_most_every" not in table:
            raise InvalidArgumentError(f"{where}: becomes needs at_most_every, so many commits or a time such as '5m'")
        _checked_distance(table["at_most_every"], where)
    return Rule(**{"name": table[forms[0]], **table})


def _checked_distance(distance: int | str, where: str) -> tuple[int | None, int | None]:
    """So many commits, or so many microseconds."""
    if isinstance(distance, int):
        return distance, None
    found = _DURATION.fullmatch(distance.strip())
    if found is None:
        raise InvalidArgumentError(f"{where}: at_most_every is a number of commits or a time such as '90s' or '5m'")
    return None, round(float(found[1]) * _MICROSECONDS[found[2]])


def check(cursor: Cursor, rules: Sequence[Rule]) -> list[Verdict]:
    """Judge every rule over the whole history, in order. Raises QueryError that names the rule it cannot judge."""
    verdicts = []
    agent = cursor.agent
    for rule in rules:
        try:
            _choose_agent(cursor, rule)
            verdicts.append(_judged(cursor, rule))
        except PlayheadError as error:
            raise type(error)(f"rule {rule.name!r}: {error}") from None
        finally:
            cursor.agent = agent
    return verdicts


def _choose_agent(cursor: Cursor, rule: Rule) -> None:
    if rule.agent is None:
        return
    known = cursor.agents()
    fitting = [each for each in known if each.agent_id == rule.agent and rule.namespace in (None, each.namespace)]
    if len(fitting) != 1:
        problem = "is in several namespaces; name one" if fitting else "is not in this store"
        raise InvalidArgumentError(f"agent {rule.agent!r} {problem}; agents: {agents_named(known)}")
    cursor.agent = AgentAddress(*fitting[0])


def _judged(cursor: Cursor, rule: Rule) -> Verdict:
    start, missing = 1, ""
    if rule.after is not None:
        begins = cursor.when(rule.after)
        if not begins:
            return Verdict(rule, kept=True, reason=f"{rule.after} never came true")
        start = max(begins[0].first, 1)
    if rule.eventually is not None:
        if any(interval.last >= start for interval in cursor.when(rule.eventually)):
            return Verdict(rule, kept=True)
        return Verdict(rule, False, cursor.head, f"{rule.eventually} never came true")
    if rule.becomes is not None:
        return _judged_frequency(cursor, rule, start)
    end = cursor.head
    if rule.until is not None:
        ends = [interval for interval in cursor.when(rule.until) if interval.last >= start]
        end = max(ends[0].first, start) - 1 if ends else end
        missing = "" if ends else f"{rule.until} never came true"
    broken = rule.never if rule.never is not None else f"not ({rule.always})"
    for interval in cursor.when(broken):
        first = max(interval.first, start)
        if first <= min(interval.last, end):
            reason = f"{rule.never} is true" if rule.never is not None else f"{rule.always} is false"
            return _broken(cursor, rule, first, reason)
    return Verdict(rule, False, cursor.head, missing) if missing else Verdict(rule, kept=True)


def _judged_frequency(cursor: Cursor, rule: Rule, start: int) -> Verdict:
    assert rule.becomes is not None and rule.at_most_every is not None
    commits, microseconds = _checked_distance(rule.at_most_every, rule.name)
    begins = [interval.first for interval in cursor.when(rule.becomes) if interval.first >= start]
    times = cursor.track.times
    for before, after in pairwise(begins):
        if commits is not None:
            is_too_soon = after - before < commits
        else:
            is_too_soon = int(times[after - 1] - times[before - 1]) < (microseconds or 0)
        if is_too_soon:
            return _broken(cursor, rule, after, f"{rule.becomes} became true at {before} and again at {after}")
    return Verdict(rule, kept=True)


def _broken(cursor: Cursor, rule: Rule, commit_ts: int, reason: str) -> Verdict:
    changes = cursor.store.diff(commit_ts - 1, commit_ts, cursor.agent.agent_id, namespace=cursor.agent.namespace)
    return Verdict(rule, False, commit_ts, reason, tuple(changes))
