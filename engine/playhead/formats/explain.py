"""What an import would make of a log, told without making anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from playhead.errors import LogError
from playhead.formats.base import Format
from playhead.formats.folder import FORMAT_NAME, gather
from playhead.formats.registry import format_named, formats
from playhead.formats.report import ImportReport, LogOutcome
from playhead.formats.source import Source
from playhead.model import JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """What one format said when it was asked whether the log is its own."""

    format: str
    looked_for: str
    recognised: bool
    error: str = ""


@dataclass(slots=True)
class Explanation:
    """Which format reads a log, and what becomes of its records."""

    path: Path
    answers: list[Answer] = field(default_factory=list)
    """Of the formats in the order they were asked; the last one said yes, unless none did."""
    report: ImportReport = field(default_factory=ImportReport)
    kinds: Counter[str] = field(default_factory=Counter)
    """Events by kind."""
    areas: Counter[str] = field(default_factory=Counter)
    """Operations by the first part of their keys."""
    agents: Counter[str] = field(default_factory=Counter)
    """Operations by namespace/agent."""
    error: str = ""
    """Why the reading broke off; empty where it did not."""

    def to_json(self) -> dict[str, JSON]:
        """The explanation as a JSON object."""
        answers: list[JSON] = [
            {
                "format": answer.format,
                "recognised": answer.recognised,
                "looked_for": answer.looked_for,
                "error": answer.error or None,
            }
            for answer in self.answers
        ]
        return {
            "file": str(self.path),
            "asked": answers,
            "report": self.report.to_json(),
            "events_by_kind": dict(sorted(self.kinds.items())),
            "operations_by_area": dict(sorted(self.areas.items())),
            "operations_by_agent": dict(sorted(self.agents.items())),
            "error": self.error or None,
        }


def explain(path: str | Path) -> Explanation:
    """Read a log to its end and keep nothing but what was found. Raises LogError where it cannot be opened."""
    source = Source(path)
    told = Explanation(source.path)
    for known in formats():
        error = ""
        try:
            recognised = known.recognise(source)
        except LogError as refusal:
            recognised, error = False, str(refusal)
        told.answers.append(Answer(known.name, known.looked_for, recognised, error))
        if recognised:
            break
    else:
        return told
    _read(told, known, source)
    return told


@dataclass(slots=True)
class FolderExplanation:
    """What an import would make of each log in a folder."""

    folder: Path
    logs: list[tuple[str, Explanation]] = field(default_factory=list)
    """By name, in the order of the names."""
    passed_over: list[LogOutcome] = field(default_factory=list)
    """What is no log, or cannot be opened."""

    @property
    def total(self) -> Explanation:
        """All logs as one; which lines were malformed is told of each."""
        total = Explanation(self.folder)
        total.report.format = FORMAT_NAME
        for _, told in self.logs:
            total.kinds.update(told.kinds)
            total.areas.update(told.areas)
            total.agents.update(told.agents)
            part, report = told.report, total.report
            for ours, theirs in ((report.counts, part.counts), (report.repaired, part.repaired)):
                ours.update(theirs)
            report.unknown.update(part.unknown)
            report.records, report.events = report.records + part.records, report.events + part.events
            report.operations += part.operations
            report.malformed, report.torn = report.malformed + part.malformed, report.torn + part.torn
        return total

    def to_json(self) -> dict[str, JSON]:
        """The explanation as a JSON object."""
        return {
            "folder": str(self.folder),
            "logs": [{"name": name, **told.to_json()} for name, told in self.logs],
            "passed_over": [outcome.to_json() for outcome in self.passed_over],
            "total": self.total.to_json(),
        }


def explain_folder(folder: str | Path) -> FolderExplanation:
    """Read every log below a folder to its end. Raises LogError where the folder cannot be read."""
    gathered = gather(Path(folder))
    found = FolderExplanation(gathered.folder, passed_over=gathered.passed_over)
    for log in sorted(gathered.logs, key=lambda log: log.name):
        told, known = Explanation(log.path), format_named(log.format)
        if known is not None:
            told.answers.append(Answer(known.name, known.looked_for, recognised=True))
            _read(told, known, Source(log.path))
        found.logs.append((log.name, told))
    return found


def _read(told: Explanation, known: Format, source: Source) -> None:
    try:
        for draft in known.read(source, told.report):
            told.kinds[draft.kind] += 1
            for operation in draft.operations:
                told.areas[operation.address.key.partition("/")[0]] += 1
                told.agents[f"{operation.address.namespace}/{operation.address.agent_id}"] += 1
    except LogError as refusal:
        told.error = str(refusal)
