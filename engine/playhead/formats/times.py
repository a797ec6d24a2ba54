"""When things happened, out of the many ways logs write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playhead.draft import as_utc
from playhead.model import JSON

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Numbers since 1973 tell their unit by their size: no unit's years overlap another's before this.
_LATEST = 4 * 10**18


def moment(value: JSON) -> datetime | None:
    """The UTC moment a JSON value names, or None where it names none.

    Takes ISO 8601 text and numbers (or digits) since the epoch in seconds, milli-, micro- or nanoseconds.
    Text without an offset is local time (S29).
    """
    if isinstance(value, str):
        if len(value) < 20 and value.isascii() and value.isdigit():
            return _since_epoch(int(value))
        if not 10 <= len(value) <= 40:
            return None
        try:
            time = datetime.fromisoformat(value)
            return time if time.tzinfo is UTC else as_utc(time)
        except (ValueError, OverflowError, OSError):
            return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_epoch(value)
    return None


def has_offset(value: JSON) -> bool:
    """Whether a time says where on Earth it is meant; numbers since the epoch always do."""
    if not isinstance(value, str) or value[-1:] in "Zz" or value[-6:-5] == "+" or value.isdigit():
        return True
    return value.find("+", 10) >= 0 or value.find("-", 10) >= 0


class Clock:
    """The times of one file's records in order, with what has to be said about them (S29)."""

    def __init__(self, first: datetime | None = None) -> None:
        """`first` stands in for the records before the first one that has a time."""
        self.latest = first
        """The running maximum."""

    def tell(self, value: JSON, time: datetime | None) -> tuple[datetime | None, dict[str, JSON]]:
        """When a record happened, and the flags for its `meta`; without a time, at the latest time before it.

        `time` is the `moment` of `value`.
        """
        if time is None:
            return self.latest, {"time_of_neighbour": True} if self.latest is not None else {}
        flags: dict[str, JSON] = {}
        if self.latest is not None and time < self.latest:
            flags["time_runs_backwards"] = True
        else:
            self.latest = time
        if not has_offset(value):
            flags["time_without_offset"] = True
        return time, flags


def _since_epoch(number: float) -> datetime | None:
    if not 10**8 <= number < _LATEST:
        return None
    if number < 10**11:
        return datetime.fromtimestamp(number, UTC)
    # Integers stay integers: a float holds nanoseconds only to the nearest 256.
    per_second = 10**3 if number < 10**14 else 10**6 if number < 10**17 else 10**9
    microseconds = number * 1_000_000 // per_second if isinstance(number, int) else number * 1e6 / per_second
    return _EPOCH + timedelta(microseconds=microseconds)
