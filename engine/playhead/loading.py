"""Logs in, logs out: a log file into a new store, what came since into that one, and a store as one JSON Lines file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playhead import directory, question
from playhead.bulk import bulk_load
from playhead.draft import Draft
from playhead.errors import ImportFormatError, LogError
from playhead.formats import folder
from playhead.formats.playhead_export import FORMAT_NAME, write_events
from playhead.formats.registry import recognise
from playhead.formats.report import ImportReport, LogOutcome
from playhead.growing import Continuation
from playhead.model import JSON, SnapshotEntry, iso
from playhead.store import Store

OnStart = Callable[[ImportReport], None]


@dataclass(frozen=True, slots=True)
class RecognisedLog:
    """A log file, or a folder of them, whose format is known, ready to be read once or more often."""

    path: Path
    format: str
    files: tuple[Path, ...]
    """All files that are read together."""
    read: Callable[[ImportReport, bool], Iterator[Draft]]
    """Its events; with True, what can be read of broken ones."""
    passed_over: tuple[str, ...] = ()
    """The namespaces of logs that are not read again, since they are as they were when they were loaded."""

    @staticmethod
    def at(path: Path) -> RecognisedLog:
        """Raises LogError for a log that cannot be read or recognised."""
        if directory.is_store(path):
            raise LogError(f"{path} is a directory that holds a Playhead store already: open it")
        if path.is_dir():
            return RecognisedLog.of_folder(folder.gather(path))
        known, source = recognise(path)

        def read(report: ImportReport, keep_going: bool) -> Iterator[Draft]:
            try:
                yield from known.read(source, report)
            except ImportFormatError as error:
                if not keep_going:
                    raise
                report.warnings.append(f"broken off: {error}")

        return RecognisedLog(path, known.name, tuple(file.path for file in known.files(source)), read)

    @staticmethod
    def of_folder(
        gathered: folder.Gathered, files: Iterable[dict[str, JSON]] = (), outcomes: Iterable[LogOutcome] = ()
    ) -> RecognisedLog:
        """The logs that were found in a folder, as one.

        files, outcomes: of the logs that were loaded before; those that are unchanged are not read again.
        """
        loaded = list(outcomes)
        same = folder.unchanged(gathered, files, loaded)

        def read(report: ImportReport, keep_going: bool) -> Iterator[Draft]:
            yield from folder.read(gathered, report, keep_going=keep_going, loaded=loaded, passed_over=same)

        read_files = tuple(file for log in gathered.logs for file in log.files)
        passed_over = tuple(namespace for outcome in same.values() for namespace in outcome.namespaces)
        return RecognisedLog(gathered.folder, folder.FORMAT_NAME, read_files, read, passed_over)


def import_log(
    log: str | Path | RecognisedLog,
    store: str | Path,
    *,
    keep_going: bool = False,
    on_start: OnStart | None = None,
    snapshots: Iterable[SnapshotEntry] = (),
) -> ImportReport:
    """Load a log file of any known format, or a folder of them, into a new store, which appears whole or not at all.

    keep_going: load what can be read of broken logs, and of a folder the others, instead of nothing.
    on_start: called with the report before the first record; set its `advance` there to hear of progress.
    snapshots: to be there from the beginning, beside those that the log brings itself.
    The store is read-only but for snapshots (S28), unless the log is our own export of a store that was not.

    Raises LogError for a log that cannot be read or recognised, StoreExistsError, WriteError, and where it is part of a
    question that another thread stops, QuestionStoppedError.
    """
    known = log if isinstance(log, RecognisedLog) else RecognisedLog.at(Path(log))
    report = ImportReport()
    read = known.read(report, keep_going)
    if on_start is not None:
        on_start(report)
    file = str(known.path.absolute())
    imported: dict[str, JSON] = {"format": known.format, "file": file, "imported_at": iso(datetime.now(UTC))}

    def drafts() -> Iterator[Draft]:
        for draft in read:
            question.check()
            yield draft
        imported["report"] = report.to_json()
        report.snapshots += snapshots

    # Our own export of a recorded run is that run again, not an import to be kept as it was found.
    info = directory.new_info(imported=None if known.format == FORMAT_NAME else imported)
    bulk_load(Path(store), info, drafts(), report.snapshots)
    return report


@dataclass(frozen=True, slots=True)
class Continued:
    """What became of a store whose log was read again."""

    report: ImportReport
    appended: int
    """Events that were new."""
    agreed: int | None
    """None where the log tells all that the store holds, and then perhaps more. Else up to which commit it does, and
    nothing was appended: the log was rewritten."""


def continue_import(
    log: str | Path | RecognisedLog, store: str | Path, *, keep_going: bool = False, on_start: OnStart | None = None
) -> Continued:
    """Bring an imported run up to date with its log, which is read again: what is new is appended.

    The store keeps its snapshots, and everything that it held. Raises LogError for a log that cannot be read,
    InvalidArgumentError for a store that is no imported run, and what opening and writing a store raise.
    """
    known = log if isinstance(log, RecognisedLog) else RecognisedLog.at(Path(log))
    report = ImportReport()
    with Continuation(Path(store)) as continuation:
        continuation.pass_over(known.passed_over)
        if on_start is not None:
            on_start(report)
        for draft in known.read(report, keep_going):
            question.check()
            if not continuation.take(draft):
                return Continued(report, 0, continuation.agreed)
        if not continuation.is_caught_up:
            return Continued(report, 0, continuation.agreed)
        continuation.describe(report.to_json())
        return Continued(report, continuation.appended, None)


def export_log(store: Store) -> Iterator[bytes]:
    """The whole store as JSON lines, events and snapshots, each line with its newline.

    Importing it makes a store with the same events, versions, states and snapshots. Deterministic (S21).
    """
    return write_events(
        store.replay(),
        store.snapshot_entries(),
        store_id=store.store_id,
        created=datetime.fromisoformat(store.created),
    )
