"""sql: one SELECT, as a table, JSON, CSV or Parquet."""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from playhead import JSON
from playhead.model import iso
from playhead.sql import values_of, write_parquet
from playhead_tui.cli import EXIT_OK
from playhead_tui.cli.output import compact, note, print_json, print_table
from playhead_tui.cli.stores import open_for_reading
from playhead_tui.cli.working import working
from playhead_tui.drawing.words import plural


def run_sql(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store, working("looking"):
        table = store.sql(options.query)
    if options.parquet:
        write_parquet(table, Path(options.parquet))
        note(f"{options.parquet}: {plural(table.num_rows, 'row')}")
        return EXIT_OK
    names = named_apart(table.column_names)
    columns = [values_of(column) for column in table.columns]
    rows = zip(*columns, strict=True)
    if options.json:
        print_json([dict(zip(names, map(cell_of, row), strict=True)) for row in rows])
        return EXIT_OK
    if options.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in rows)
        return EXIT_OK
    numbers = [name for name, column in zip(names, columns, strict=True) if all(map(_is_number, column))]
    shown = ([_utc(value) if isinstance(value, datetime) else _text(value) for value in row] for row in rows)
    print_table(names, shown, right=numbers)
    note(plural(table.num_rows, "row"))
    return EXIT_OK


def named_apart(names: Sequence[str]) -> list[str]:
    """Columns of one name as `a`, `a_1`, `a_2`: no cell is lost where names are keys."""
    found: list[str] = []
    for name in names:
        unique, number = name, 0
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found


def cell_of(value: Any) -> JSON:
    """A value of SQL as JSON has it; what JSON has nothing for as text, and numbers that are none as null."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return iso(_utc(value))
        case bytes():
            return value.hex()
        case dict():
            return {str(name): cell_of(member) for name, member in value.items()}
        case list() | tuple():
            return [cell_of(item) for item in value]
    return str(value)


def _utc(moment: datetime) -> datetime:
    """The times of a store are UTC, and SQL's have no zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))


def _text(value: Any) -> str | None:
    cell = cell_of(value)
    return cell if cell is None or isinstance(cell, str) else compact(cell)
