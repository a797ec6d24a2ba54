"""Whether the store that is looked at is still there, and whether it may be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead import PlayheadError, StoreNotFoundError
from playhead.directory import INFO_FILE, read_info

if TYPE_CHECKING:
    from playhead import Store


class Whereabouts:
    """Of a store that was opened: looks at no more than one file's status, as long as that stays what it was."""

    def __init__(self, store: Store) -> None:
        self._path = store.path
        self._store_id = store.store_id
        self._signature = self._status()

    def _status(self) -> tuple[int, int, int] | None:
        try:
            status = (self._path / INFO_FILE).stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_ctime_ns

    def what_is_wrong(self) -> StoreNotFoundError | None:
        """Why it is not there any more; None where it is."""
        signature = self._status()
        if signature is not None and signature == self._signature:
            return None
        try:
            is_another = read_info(self._path).store_id != self._store_id
        except (PlayheadError, OSError):
            return StoreNotFoundError(
                f"{self._path}: it was removed, or its disk was, while it was looked at; put it back and open it again"
            )
        if is_another:
            return StoreNotFoundError(
                f"{self._path}: another store has taken its place while it was looked at; open it again to see that one"
            )
        self._signature = signature
        return None


def read_only_note(store: Store) -> str | None:
    """What to tell when a run is opened that cannot be written to though nothing else speaks against it."""
    if store.imported is not None or not store.read_only:
        return None
    return "Opened read-only, as its disk or its permissions ask for: a restore goes into a fork"
