"""What an import did: how much it read, what it made of it, and what it could not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from playhead import question
from playhead.model import JSON, SnapshotEntry

MALFORMED_IN_DETAIL = 20
ADVANCE_EVERY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is no JSON, and was skipped."""

    file: str
    line: int
    """From 1."""
    offset: int
    """Bytes from the start of the file."""
    reason: str


@dataclass(frozen=True, slots=True)
class LogOutcome:
    """What became of one file of a folder."""

    name: str
    """Its path below the folder; of a folder that was not looked into, with a slash at its end."""
    status: str
    """loaded, broken (what could be read of it is there), unreadable, empty, or unrecognised."""
    format: str = ""
    events: int = 0
    reason: str = ""
    """Empty for what is loaded."""
    namespaces: tuple[str, ...] = ()
    """Where its events are."""
    report: dict[str, JSON] | None = None
    """What its own report said, as JSON; None for what is not loaded."""

    def to_json(self) -> dict[str, JSON]:
        """The outcome as a JSON object."""
        return {
            "name": self.name,
            "status": self.status,
            "format": self.format or None,
            "events": self.events,
            "reason": self.reason or None,
            **({"namespaces": list(self.namespaces), "report": self.report} if self.report is not None else {}),
        }

    @staticmethod
    def of_json(told: JSON) -> LogOutcome | None:
        """What `to_json` gave for a log that is loaded; None for any other, and for what is none."""
        match told:
            case {"name": str(name), "status": "loaded", "namespaces": list(namespaces), "report": dict(report)}:
                kind, events = report.get("format"), report.get("events")
                if isinstance(kind, str) and isinstance(events, int):
                    return LogOutcome(name, "loaded", kind, events, "", tuple(map(str, namespaces)), report)
        return None


@dataclass(slots=True)
class ImportReport:
    """Filled while a format reads; complete when its drafts are used up."""

    format: str = ""
    files: list[str] = field(default_factory=list)
    bytes_total: int = 0
    """Of all files together, as they were when the reading began."""
    bytes_read: int = 0
    records: int = 0
    """Log records that parsed."""
    events: int = 0
    """Drafts handed out: records that had something to say."""
    operations: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """What was found, by noun: messages, tool_calls, tool_results, errors, input_tokens…"""
    malformed: int = 0
    malformed_lines: list[Malformed] = field(default_factory=list)
    """The first `MALFORMED_IN_DETAIL` of them."""
    torn: int = 0
    """Files whose last line was cut off, as it is while a log is being written."""
    repaired: Counter[str] = field(default_factory=Counter)
    """Values JSON or a store cannot hold, by what was done about them."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Records of a type the format has no rule for, by type: kept whole under `records/`."""
    snapshots: list[SnapshotEntry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    logs: list[LogOutcome] = field(default_factory=list)
    """Of a folder: what became of each file, by name; empty for a single log."""
    advance: Callable[[int], None] | None = None
    """Called with `bytes_read` now and then, and once at the end."""
    _announced: int = 0
    _read_whole: set[str] = field(default_factory=set)

    def read(self, count: int) -> None:
        """Count bytes as read, and tell `advance` every `ADVANCE_EVERY_BYTES`.

        Raises QuestionStoppedError where what the log is read for was given up.
        """
        question.check()
        self.bytes_read += count
        if self.advance is not None and self.bytes_read - self._announced >= ADVANCE_EVERY_BYTES:
            self.announce()

    def read_whole(self, file: str, count: int) -> bool:
        """Count a file that is read in one piece, the first time it is; True then."""
        if file in self._read_whole:
            return False
        self._read_whole.add(file)
        self.read(count)
        return True

    def announce(self) -> None:
        """Tell `advance` how far the reading is."""
        self._announced = self.bytes_read
        if self.advance is not None:
            self.advance(self.bytes_read)

    def skip(self, file: str, line: int, offset: int, reason: str) -> None:
        """Count a malformed line."""
        self.malformed += 1
        if len(self.malformed_lines) < MALFORMED_IN_DETAIL:
            self.malformed_lines.append(Malformed(file, line, offset, reason))

    def to_json(self) -> dict[str, JSON]:
        """The report as a JSON object; counters sorted by name, so that equal imports give equal text."""
        return {
            "format": self.format,
            "files": list(self.files),
            "bytes_total": self.bytes_total,
            "bytes_read": self.bytes_read,
            "records": self.records,
            "events": self.events,
            "operations": self.operations,
            "counts": _sorted(self.counts),
            "malformed": self.malformed,
            "malformed_lines": [
                {"file": line.file, "line": line.line, "offset": line.offset, "reason": line.reason}
                for line in self.malformed_lines
            ],
            "torn": self.torn,
            "repaired": _sorted(self.repaired),
            "unknown": _sorted(self.unknown),
            "snapshots": len(self.snapshots),
            "warnings": list(self.warnings),
            **({"logs": [log.to_json() for log in self.logs]} if self.logs else {}),
        }


def _sorted(counter: Counter[str]) -> dict[str, JSON]:
    return {name: counter[name] for name in sorted(counter) if counter[name]}
