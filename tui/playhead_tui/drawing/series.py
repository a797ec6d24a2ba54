"""A number inside the versions of a value, as it went."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

from playhead import JSON, Record
from playhead.json_path import Path
from playhead_tui.drawing.difference_tree import value_at

_LEAVES_MAX = 40
_DEPTH_MAX = 3


class Series(NamedTuple):
    path: Path
    """Where in the value the number is."""
    versions: tuple[int, ...]
    """Ascending; of many versions, some."""
    commits: tuple[int, ...]
    values: tuple[float | None, ...]
    """One a version; None where there was no such number."""


def series_of(records: Sequence[Record]) -> Series | None:
    """The number in a key's versions that changed most often; None where none ever did."""
    newest = next((record for record in reversed(records) if record.exists), None)
    if newest is None:
        return None
    best: Series | None = None
    most = 0
    for path in _numeric_paths(newest.value):
        values = tuple(_number(value_at(record.value, path)) if record.exists else None for record in records)
        known = [value for value in values if value is not None]
        changes = sum(1 for before, after in pairwise(known) if before != after)
        if changes > most:
            most = changes
            versions = tuple(record.version for record in records)
            best = Series(path, versions, tuple(record.commit_ts for record in records), values)
    return best


def _numeric_paths(value: JSON) -> list[Path]:
    found: list[Path] = []
    rest: list[tuple[Path, JSON]] = [((), value)]
    while rest and len(found) < _LEAVES_MAX:
        path, each = rest.pop(0)
        if _number(each) is not None:
            found.append(path)
        elif isinstance(each, dict) and len(path) < _DEPTH_MAX:
            rest += [((*path, name), member) for name, member in list(each.items())[:_LEAVES_MAX]]
        elif isinstance(each, list) and len(path) < _DEPTH_MAX:
            rest += [((*path, place), item) for place, item in enumerate(each[:_LEAVES_MAX])]
    return found


def _number(value: JSON) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value)
    return number if isfinite(number) else None
