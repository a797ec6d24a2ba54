"""A folder of logs: what is in it, and all of its logs read as one stream of events.

Sessions keep apart: what a log without sessions of its own says goes to a namespace named like the file, and a session
that two files tell of has the second one's name beside its own. Logs follow one another by when they begin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playhead.draft import Draft
from playhead.errors import ImportFormatError, LogError, UnknownFormatError
from playhead.formats.parallel import Portion, Task, read_all
from playhead.formats.registry import recognise
from playhead.formats.report import ImportReport, LogOutcome
from playhead.model import DEFAULT_NAMESPACE

FORMAT_NAME = "folder"
MOST_FILES = 200_000
"""A folder with more is not a folder of logs; somebody named their whole disk."""
_NOT_LOGS = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules"})
_STORE = "store.json"
_SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundLog:
    """A log of a recognised format, with the files that are read together with it."""

    name: str
    """Its path below the folder, with forward slashes."""
    path: Path
    format: str
    bytes: int
    files: tuple[Path, ...]


@dataclass(slots=True)
class Gathered:
    """What a folder holds, in the order of the names."""

    folder: Path
    logs: list[FoundLog] = field(default_factory=list)
    passed_over: list[LogOutcome] = field(default_factory=list)
    """Files that are no logs or cannot be read, and folders that were not looked into."""


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder that may be a log, in the order of the names. Raises LogError."""
    return _files(folder, Gathered(folder))


def gather(folder: Path) -> Gathered:
    """Look at every file below a folder, each once however many links lead to it. Raises LogError."""
    gathered = Gathered(folder)
    found: dict[Path, FoundLog] = {}
    for path in _files(folder, gathered):
        name = path.relative_to(folder).as_posix()
        try:
            known, source = recognise(path)
            files = tuple(file.path for file in known.files(source))
            size = sum(file.size for file in known.files(source))
            found[path] = FoundLog(name, path, known.name, size, files)
        except UnknownFormatError:
            gathered.passed_over.append(LogOutcome(name, "unrecognised", reason="no format recognises it"))
        except LogError as error:
            kind = "empty" if "is empty" in str(error) else "unreadable"
            gathered.passed_over.append(LogOutcome(name, kind, reason=str(error)))
    read_with = {file.resolve() for log in found.values() for file in log.files[1:]}
    sidecars = {f"{log.path.resolve()}{ending}" for log in found.values() for ending in _SQLITE_COMPANIONS}
    gathered.logs = [log for path, log in found.items() if path.resolve() not in read_with]
    gathered.passed_over = [
        passed for passed in gathered.passed_over if str((folder / passed.name).resolve()) not in sidecars
    ]
    return gathered


def read(gathered: Gathered, report: ImportReport, *, keep_going: bool = False) -> Iterator[Draft]:
    """The events of all logs, one log after another by when they begin; `report` is complete when it ends.

    What cannot be opened is passed over and named, since nobody knows that it is a log.
    keep_going: a log that is broken gives what could be read of it, instead of an error for all.
    Raises ImportFormatError naming the first broken log, and UnknownFormatError where there is no log at all.
    """
    if not gathered.logs:
        raise UnknownFormatError(_nothing(gathered))
    report.format = FORMAT_NAME
    report.bytes_total = sum(log.bytes for log in gathered.logs)
    tasks = [Task(log.name, log.path, log.bytes) for log in gathered.logs]
    names = _Namespaces()
    with read_all(tasks, report) as portions:
        broken = [
            LogOutcome(portion.name, "broken", portion.report.format, portion.report.events, portion.error)
            for portion in portions
            if portion.error
        ]
        if broken and not keep_going:
            raise _broken(gathered, broken)
        for portion in sorted(portions, key=lambda portion: (portion.began or _NEVER, portion.name)):
            yield from _told(portion, names)
            _add(report, portion)
    report.logs += [*broken, *gathered.passed_over]
    report.logs.sort(key=lambda outcome: outcome.name)
    report.announce()


class _Namespaces:
    """Which log speaks in which namespace."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def of(self, namespace: str, log: str) -> str:
        """The name that a log's namespace has among those of the other logs."""
        if namespace == DEFAULT_NAMESPACE:
            namespace = log
        while self._owners.setdefault(namespace, log) != log:
            namespace = f"{namespace}~{log}"
        return namespace


def _told(portion: Portion, names: _Namespaces) -> Iterator[Draft]:
    """A log's events under the namespaces they have here."""
    known: dict[str, str] = {}
    folder = portion.name.rpartition("/")[0]

    def renamed(namespace: str) -> str:
        if namespace not in known:
            known[namespace] = names.of(namespace, portion.name)
        return known[namespace]

    for draft in portion.drafts():
        draft.namespace = renamed(draft.namespace)
        draft.operations = [
            operation._replace(address=operation.address._replace(namespace=renamed(operation.address.namespace)))
            for operation in draft.operations
        ]
        if folder and isinstance(draft.meta.get("file"), str):
            draft.meta["file"] = f"{folder}/{draft.meta['file']}"
        if draft.txn_id is not None:
            # Numbers of a store of its own, which mean nothing beside others.
            draft.meta.setdefault("txn_id", draft.txn_id)
            draft.txn_id = draft.committed_at = None
        yield draft


def _add(report: ImportReport, portion: Portion) -> None:
    part = portion.report
    folder = portion.name.rpartition("/")[0]
    report.files += [f"{folder}/{name}" if folder else name for name in part.files]
    for counter, other in (
        (report.counts, part.counts),
        (report.repaired, part.repaired),
        (report.unknown, part.unknown),
    ):
        counter.update(other)
    report.records += part.records
    report.events += part.events
    report.operations += part.operations
    report.torn += part.torn
    for line in part.malformed_lines:
        report.skip(portion.name, line.line, line.offset, line.reason)
    report.malformed += part.malformed - len(part.malformed_lines)
    report.warnings += [f"{portion.name}: {warning}" for warning in part.warnings]
    if part.snapshots:
        report.warnings.append(
            f"{portion.name}: its snapshots ({len(part.snapshots)}) are left out; import it by itself"
        )
    if not portion.error:
        report.logs.append(LogOutcome(portion.name, "loaded", part.format, part.events))


def _files(folder: Path, gathered: Gathered) -> Iterator[Path]:
    """Every file below, in the order of the names; a folder or file that links lead to twice comes once."""
    seen: set[Path] = set()
    waiting = [folder]
    count = 0
    while waiting:
        here = waiting.pop()
        real = here.resolve()
        if real in seen:
            continue
        seen.add(real)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            name = here.relative_to(folder).as_posix()
            gathered.passed_over.append(LogOutcome(f"{name}/", "unreadable", reason=f"{here}: {error.strerror}"))
            continue
        if here != folder and any(entry.name == _STORE for entry in entries):
            reason = "a Playhead store: open it by itself"
            gathered.passed_over.append(
                LogOutcome(f"{here.relative_to(folder).as_posix()}/", "unrecognised", reason=reason)
            )
            continue
        below = []
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir():
                if entry.name in _NOT_LOGS:
                    name = f"{path.relative_to(folder).as_posix()}/"
                    gathered.passed_over.append(LogOutcome(name, "unrecognised", reason="not looked into"))
                else:
                    below.append(path)
            elif entry.is_file() and path.resolve() not in seen:
                seen.add(path.resolve())
                count += 1
                if count > MOST_FILES:
                    raise LogError(f"{folder} holds more than {MOST_FILES:,} files: name a folder of logs in it")
                yield path
        waiting += reversed(below)


def _broken(gathered: Gathered, outcomes: list[LogOutcome]) -> ImportFormatError:
    first = min(outcomes, key=lambda outcome: outcome.name)
    return ImportFormatError(
        f"{len(outcomes)} of {len(gathered.logs)} logs in {gathered.folder} cannot be read, and so nothing was loaded"
        f" (--keep-going loads what can be); the first is {first.name}: {first.reason}"
    )


def _nothing(gathered: Gathered) -> str:
    names = ", ".join(passed.name for passed in gathered.passed_over[:3])
    more = f" and {len(gathered.passed_over) - 3} more" if len(gathered.passed_over) > 3 else ""
    reason = next((f"; {passed.reason}" for passed in gathered.passed_over if passed.status == "unreadable"), "")
    listed = f" ({names}{more})" if names else ""
    return f"{gathered.folder}: no file in it is a log that any format recognises{listed}{reason}"
