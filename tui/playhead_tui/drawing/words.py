"""Numbers, times and values in the few words that a row has room for."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

from playhead import JSON
from playhead_tui.drawing.span import crop, printable

_PREVIEW_ITEMS = 12
"""Members looked at for a preview: more would not fit a row."""


def count(number: int) -> str:
    """1,903"""
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """1 key, 1,903 keys"""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def age(commits: int) -> str:
    """How many commits ago: now, −41, −12k."""
    if commits == 0:
        return "now"
    sign, size = ("−" if commits > 0 else "+"), abs(commits)
    if size < 10_000:
        return f"{sign}{size}"
    if size < 1_000_000:
        return f"{sign}{size // 1000}k"
    return f"{sign}{size / 1_000_000:.1f}M"


def clock_time(moment: datetime | None, milliseconds: bool = False) -> str:
    """The local time of day: 14:03:22, or 14:03:22.118."""
    if moment is None:
        return "--:--:--"
    local = moment.astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}" if milliseconds else f"{local:%H:%M:%S}"


def elapsed(delta: timedelta) -> str:
    """A signed span of time in its most telling unit: +40 ms, +3.2 s, +4m10s, +2h05m, +3d04h."""
    seconds = abs(delta.total_seconds())
    sign = "−" if delta < timedelta(0) else "+"
    if seconds < 1:
        return f"{sign}{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{sign}{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{sign}{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{sign}{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{sign}{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def duration(seconds: float) -> str:
    """How long in the two units that matter: 45s, 4m10s, 2h05m, 3d04h."""
    return elapsed(timedelta(seconds=max(1.0, round(seconds))))[1:].replace(".0 s", "s")


def size(byte_count: int) -> str:
    """Bytes in a unit with at most four digits: 312 B, 1.2 kB, 48 MB."""
    amount = float(byte_count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def preview(value: JSON, width: int = 200) -> str:
    """The value on one line of at most `width` cells; of a long collection only its beginning is looked at."""
    return crop(_brief(value, width, 0), width)


def value_words(value: object, width: int = 80) -> str:
    """What an expression came to, on one line."""
    if value is None:
        return "no value"
    if hasattr(value, "isoformat"):
        return str(value.isoformat(sep=" ", timespec="milliseconds"))
    return preview(value, width)  # type: ignore[arg-type]  # JSON, as series hold it


def gist(value: JSON, width: int = 200) -> str:
    """What the value says, on one line: a message by its speaker, an error by where it was, a tool call by its outcome.

    All else by `preview`.
    """
    if isinstance(value, dict):
        role, text, name, status = (value.get(member) for member in ("role", "text", "name", "status"))
        if isinstance(role, str) and isinstance(text, str) and text.strip():
            return crop(f"{printable(role)}: {printable(text.strip()[: width + 1])}", width)
        where, message = value.get("where", value.get("type")), value.get("message")
        if isinstance(where, str) and isinstance(message, str) and message.strip():
            return crop(f"{printable(where)}: {printable(message.strip()[: width + 1])}", width)
        if isinstance(name, str) and isinstance(status, str) and "args" in value:
            return crop(f"{printable(name)} {printable(status)}: {_brief(value['args'], width, 1)}", width)
    return preview(value, width)


def _brief(value: JSON, width: int, depth: int) -> str:
    if isinstance(value, str):
        return '"' + printable(value[: width + 1]) + ('"' if len(value) <= width + 1 else "…")
    if isinstance(value, dict):
        if not value or depth == 3:
            return "{…}" if value else "{}"
        members = [
            f"{printable(name)}: {_brief(member, width, depth + 1)}"
            for name, member in islice(value.items(), _PREVIEW_ITEMS)
        ]
        return "{" + ", ".join(members) + (", …}" if len(value) > _PREVIEW_ITEMS else "}")
    if isinstance(value, list):
        if not value or depth == 3:
            return "[…]" if value else "[]"
        items = [_brief(item, width, depth + 1) for item in value[:_PREVIEW_ITEMS]]
        return "[" + ", ".join(items) + (", …]" if len(value) > _PREVIEW_ITEMS else "]")
    return scalar(value)


def scalar(value: JSON) -> str:
    """A value that holds no others, as JSON spells it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{printable(value)}"'
    return repr(value)
