"""What a person types to say where to go: `412`, `+50`, `@14:03:22`, `@-5m`, `'a`, a snapshot's label."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from playhead.errors import MomentError

FORMS = "412, +50, -50, @14:03:22, @2026-11-01T14:03, @-5m, 'a (a mark) or a snapshot's label"

_OFFSET = re.compile(r"([+-])(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_CLOCK = re.compile(r"(\d{1,2}):\d{2}(:\d{2})?")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Absolute:
    commit_ts: int


@dataclass(frozen=True, slots=True)
class Relative:
    steps: int


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


@dataclass(frozen=True, slots=True)
class Label:
    text: str


Target = Absolute | Relative | Mark | Label | datetime


def parse(text: str, here: datetime) -> Target:
    """What the text names. `here` is the time at the playhead, in the zone that clock times are meant in.

    Raises MomentError listing the forms.
    """
    text = text.strip()
    if re.fullmatch(r"\d+", text):
        return Absolute(int(text))
    if re.fullmatch(r"[+-]\d+", text):
        return Relative(int(text))
    if re.fullmatch(r"'\S", text):
        return Mark(text[1])
    if text.startswith("@"):
        return _time(text[1:].strip(), here)
    if text:
        return Label(text)
    raise MomentError(f"nothing to go to; type {FORMS}")


def _time(text: str, here: datetime) -> datetime:
    if offset := _OFFSET.fullmatch(text):
        sign, amount, unit = offset.groups()
        return here + timedelta(**{_UNITS[unit]: float(amount)}) * (1 if sign == "+" else -1)
    clock = _CLOCK.match(text)
    try:
        # A clock time is of the day at the playhead; the hour needs two digits to be ISO 8601.
        moment = datetime.fromisoformat(
            f"{here:%Y-%m-%d}T{text.rjust(len(text) + 2 - len(clock[1]), '0')}" if clock else text
        )
    except ValueError:
        raise MomentError(f"@{text}: not a time; type @14:03:22, @2026-11-01T14:03, or @-5m") from None
    if not moment.tzinfo:
        moment = moment.replace(tzinfo=here.tzinfo)
    # A time typed to the second means until the end of it: what is listed as 14:03:22.118 is at 14:03:22.
    to_the_second = clock is not None and clock[2] is not None and not moment.microsecond
    return moment.replace(microsecond=999_999) if to_the_second else moment
