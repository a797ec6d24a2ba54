"""A folder of logs: what is in it, and all of its logs read as one stream of events.

Sessions keep apart: what a log without sessions of its own says goes to a namespace named like the file, and a session
that two files tell of has the second one's name beside its own. Logs follow one another by when they begin.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playhead.draft import Draft
from playhead.errors import ImportFormatError, LogError, UnknownFormatError
from playhead.formats.identity import identities
from playhead.formats.parallel import Portion, Task, read_all
from playhead.formats.registry import recognise
from playhead.formats.report import ImportReport, LogOutcome
from playhead.model import DEFAULT_NAMESPACE, JSON

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


def unchanged(
    gathered: Gathered, files: Iterable[dict[str, JSON]], outcomes: Iterable[LogOutcome]
) -> dict[str, LogOutcome]:
    """The logs, by name, whose files are all the same as they were; `files` and `outcomes` are those of before."""
    before = {str(file["path"]): file for file in files}
    loaded = {outcome.name: outcome for outcome in outcomes}
    return {
        log.name: loaded[log.name]
        for log in gathered.logs
        if log.name in loaded and all(before.get(file.path) == file.to_json() for file in identities(log.files))
    }


def read(
    gathered: Gathered,
    report: ImportReport,
    *,
    keep_going: bool = False,
    loaded: Iterable[LogOutcome] = (),
    passed_over: Mapping[str, LogOutcome] | None = None,
) -> Iterator[Draft]:
    """The events of all logs, one log after another by when they begin; `report` is complete when it ends.

    loaded: the logs that were loaded before, whose namespaces stay theirs. passed_over: those of them that are not read
    again, by name.

    What cannot be opened is passed over and named, since nobody knows that it is a log.
    keep_going: a log that is broken gives what could be read of it, instead of an error for all.
    Raises ImportFormatError naming the first broken log, and UnknownFormatError where there is no log at all.
    """
    if not gathered.logs:
        raise UnknownFormatError(_nothing(gathered))
    report.format = FORMAT_NAME
    passed_over = passed_over or {}
    logs = [log for log in gathered.logs if log.name not in passed_over]
    report.bytes_total = sum(log.bytes for log in logs)
    tasks = [Task(log.name, log.path, log.bytes, log.format) for log in logs]
    names = _Namespaces()
    for outcome in loaded:
        names.keep(outcome)
    for outcome in passed_over.values():
        _count(report, outcome)
    with read_all(tasks, report) as portions:
        broken = [
            LogOutcome(portion.name, "broken", portion.report.format, portion.report.events, portion.error)
            for portion in portions
            if portion.error
        ]
        if broken and not keep_going:
            raise _broken(gathered, broken)
        for portion in sorted(portions, key=lambda portion: (portion.began or _NEVER, portion.name)):
            known: dict[str, str] = {}
            yield from _told(portion, names, known)
            _add(report, portion, tuple(sorted(known.values())))
    report.logs += [*broken, *gathered.passed_over]
    report.logs.sort(key=lambda outcome: outcome.name)
    report.announce()


class _Namespaces:
    """Which log speaks in which namespace."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def keep(self, outcome: LogOutcome) -> None:
        """Leave a log that was loaded before the names that it has."""
        self._owners |= dict.fromkeys(outcome.namespaces, outcome.name)

    def of(self, namespace: str, log: str) -> str:
        """The name that a log's namespace has among those of the other logs."""
        if namespace == DEFAULT_NAMESPACE:
            namespace = log
        while self._owners.setdefault(namespace, log) != log:
            namespace = f"{namespace}~{log}"
        return namespace


def _told(portion: Portion, names: _Namespaces, known: dict[str, str]) -> Iterator[Draft]:
    """A log's events under the namespaces they have here; `known` is filled with these, by what the log calls them."""
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


def _add(report: ImportReport, portion: Portion, namespaces: tuple[str, ...]) -> None:
    part = portion.report
    if part.snapshots:
        part.warnings.append(f"its snapshots ({len(part.snapshots)}) are left out; import it by itself")
    told = part.to_json()
    for name in _OF_NO_USE:
        del told[name]
    outcome = LogOutcome(portion.name, "loaded", part.format, part.events, "", namespaces, told)
    _count(report, outcome)
    if portion.error:
        report.logs.remove(outcome)


_OF_NO_USE = ("bytes_total", "bytes_read", "snapshots")
"""What of a log's report is of no use once it was counted."""


def _count(report: ImportReport, outcome: LogOutcome) -> None:
    """Add what the report of one log said to that of all."""
    part, folder = outcome.report or {}, outcome.name.rpartition("/")[0]

    def texts(name: str) -> list[str]:
        found = part.get(name)
        return [str(text) for text in found] if isinstance(found, list) else []

    def number(name: str) -> int:
        found = part.get(name)
        return found if isinstance(found, int) else 0

    report.files += [f"{folder}/{name}" if folder else name for name in texts("files")]
    for counter, name in ((report.counts, "counts"), (report.repaired, "repaired"), (report.unknown, "unknown")):
        counts = part.get(name)
        for what, count in counts.items() if isinstance(counts, dict) else ():
            counter[what] += count if isinstance(count, int | float) else 0  # type: ignore[assignment]
    report.records += number("records")
    report.events += number("events")
    report.operations += number("operations")
    report.torn += number("torn")
    lines = part.get("malformed_lines")
    skipped = [line for line in (lines if isinstance(lines, list) else []) if isinstance(line, dict)]
    for line in skipped:
        at, offset = line.get("line"), line.get("offset")
        if isinstance(at, int) and isinstance(offset, int):
            report.skip(outcome.name, at, offset, str(line.get("reason")))
    report.malformed += number("malformed") - len(skipped)
    report.warnings += [f"{outcome.name}: {warning}" for warning in texts("warnings")]
    report.logs.append(outcome)


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
