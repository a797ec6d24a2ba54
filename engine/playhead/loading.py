"""Logs in, logs out: a log file into a new store, and a store as one JSON Lines file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from playhead import directory
from playhead.bulk import bulk_load
from playhead.draft import Draft
from playhead.errors import ImportFormatError, LogError
from playhead.formats import folder
from playhead.formats.playhead_export import FORMAT_NAME, write_events
from playhead.formats.registry import recognise
from playhead.formats.report import ImportReport
from playhead.model import JSON, iso
from playhead.store import Store


def import_log(
    log: str | Path,
    store: str | Path,
    *,
    keep_going: bool = False,
    on_start: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Load a log file of any known format, or a folder of them, into a new store, which appears whole or not at all.

    keep_going: load what can be read of broken logs, and of a folder the others, instead of nothing.
    on_start: called with the report before the first record; set its `advance` there to hear of progress.
    The store is read-only but for snapshots (S28), unless the log is our own export of a store that was not.

    Raises LogError for a log that cannot be read or recognised, StoreExistsError, WriteError.
    """
    path = Path(log)
    report = ImportReport()
    if directory.is_store(path):
        raise LogError(f"{path} is a directory that holds a Playhead store already: open it")
    if path.is_dir():
        gathered = folder.gather(path)
        kind, read = folder.FORMAT_NAME, folder.read(gathered, report, keep_going=keep_going)
    else:
        known, source = recognise(path)
        kind, read = known.name, known.read(source, report)
    if on_start is not None:
        on_start(report)
    imported: dict[str, JSON] = {"format": kind, "file": str(path.absolute()), "imported_at": iso(datetime.now(UTC))}

    def drafts() -> Iterator[Draft]:
        try:
            yield from read
        except ImportFormatError as error:
            if not keep_going or report.format == folder.FORMAT_NAME:
                raise
            report.warnings.append(f"broken off: {error}")
        imported["report"] = report.to_json()

    # Our own export of a recorded run is that run again, not an import to be kept as it was found.
    info = directory.new_info(imported=None if kind == FORMAT_NAME else imported)
    bulk_load(Path(store), info, drafts(), report.snapshots)
    return report


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
