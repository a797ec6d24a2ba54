"""What an import could not keep, in one line."""

from __future__ import annotations

from collections.abc import Mapping

from playhead import JSON
from playhead_tui.drawing.words import plural


def loss_note(imported: Mapping[str, JSON] | None) -> str | None:
    """What to tell when a run is opened whose import left something out or changed it; None where it did not.

    `imported` is what the store says of its source, with the import's report in it.
    """
    report = (imported or {}).get("report")
    if not isinstance(report, dict):
        return None
    left_out = [plural(number, f"{name} line") for name in ("malformed", "torn") if (number := _number(report, name))]
    parts = [" and ".join(left_out) + " left out"] if left_out else []
    repaired = report.get("repaired")
    if isinstance(repaired, dict) and repaired:
        parts.append(plural(sum(_number(repaired, name) for name in repaired), "value") + " repaired")
    warnings = report.get("warnings")
    if isinstance(warnings, list) and warnings:
        parts.append(plural(len(warnings), "warning"))
    return f"Loaded with {', '.join(parts)}; playhead inspect says more" if parts else None


def _number(counts: Mapping[str, JSON], name: str) -> int:
    number = counts.get(name)
    return number if isinstance(number, int) else 0
