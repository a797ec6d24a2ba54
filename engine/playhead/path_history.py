"""What one place in a key's value has been over time: its changes, and not merely those of the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playhead import codec
from playhead.diff import Path, equal
from playhead.generation import View
from playhead.history import History
from playhead.model import JSON, Address
from playhead.query import Query

POSITION_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PathChange:
    """A commit that gave a path another value, brought it about, or took it away."""

    commit_ts: int
    version: int
    """The key's version that the commit left."""
    existed: bool
    before: JSON
    exists: bool
    after: JSON

    def to_json(self) -> dict[str, Any]:
        return {
            "commit_ts": self.commit_ts,
            "version": self.version,
            "existed": self.existed,
            "before": self.before,
            "exists": self.exists,
            "after": self.after,
        }


def path_changes(history: History, view: View, address: Address, path: Path) -> list[PathChange]:
    """Every commit that changed the value at a path of a key, oldest first. Of several writes in one, the last (S5)."""
    with history.query(view) as query:
        condition = f"{query.agent(address.namespace, address.agent_id)} AND key = {query.parameter(address.key)}"
        part = extracted(query, "value", path)
        rows = query.rows(
            f"SELECT commit_ts, version, CASE WHEN op = 'write' THEN {part}::VARCHAR END"
            f" FROM {query.operations()} WHERE {condition} ORDER BY version"
        )
    found = {commit_ts: (version, text) for commit_ts, version, text in rows}
    changes: list[PathChange] = []
    existed, before, last_text = False, None, None
    for commit_ts, (version, text) in found.items():
        if text == last_text:
            continue
        last_text = text
        exists, after = text is not None, None if text is None else codec.decode(text)
        # An object with its keys in another order is the same object (S25).
        if exists != existed or not equal(before, after):
            changes.append(PathChange(commit_ts, version, existed, before, exists, after))
        existed, before = exists, after
    return changes


def extracted(query: Query, value: str, path: Path) -> str:
    """SQL of the part of a JSON value: keys as JSON pointers, which can spell any of them; positions as JSON paths."""
    part, pointer = value, ""
    for step in path:
        if isinstance(step, str) and not step.isdecimal():
            pointer += "/" + step.replace("~", "~0").replace("/", "~1")
            continue
        if pointer:
            part, pointer = f"json_extract({part}, {query.parameter(pointer)})", ""
        if isinstance(step, str):
            # A pointer would take it for a position in a list, too.
            name = query.parameter(f'$."{step}"')
            part = f"json_extract({part}, {name})"
        else:
            # DuckDB reads no longer numbers, and no list has as many items.
            place = max(-POSITION_MAX, min(step, POSITION_MAX))
            position = query.parameter(f"$[{place}]" if place >= 0 else f"$[#{place}]")
            part = f"json_extract({part}, {position})"
    return f"json_extract({part}, {query.parameter(pointer or '$')})" if pointer or not path else part
