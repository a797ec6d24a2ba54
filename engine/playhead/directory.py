"""A store's directory: recognising one, creating one, and what store.json says of it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import orjson

from playhead import journal, manifest
from playhead.errors import (
    CorruptStoreError,
    NotAStoreError,
    ReadOnlyStoreError,
    StoreNotFoundError,
    StoreVersionError,
)
from playhead.filesystem import ProcessLock, replace_file
from playhead.model import JSON

DEFAULT_PATH = ".playhead"
PATH_VARIABLE = "PLAYHEAD_STORE"
"""Where the store is that nobody names: in this folder, unless the environment says otherwise."""

FORMAT_VERSION = 1
"""Raised whenever an older Playhead could misread a store; it then refuses the newer one by name."""

INFO_FILE, LOCK_FILE, SEAL_LOCK_FILE, JOURNALS, SEGMENTS, CHECKPOINTS, SNAPSHOTS_FILE = (
    "store.json",
    "lock",
    "seal.lock",
    "journal",
    "segments",
    "checkpoints",
    "snapshots.jsonl",
)
_OWN_NAMES = {
    INFO_FILE,
    LOCK_FILE,
    SEAL_LOCK_FILE,
    JOURNALS,
    SEGMENTS,
    CHECKPOINTS,
    SNAPSHOTS_FILE,
    manifest.FILE_NAME,
}


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What store.json holds."""

    format_version: int
    store_id: str
    created: str
    forked_from: dict[str, JSON] | None = None
    """Store id and commit_ts of the store this one began as (S27)."""
    imported: dict[str, JSON] | None = None
    """The log this store was loaded from: such a store takes snapshots, but no commits (S28)."""


def new_info(
    forked_from: dict[str, JSON] | None = None, imported: dict[str, JSON] | None = None, store_id: str | None = None
) -> StoreInfo:
    return StoreInfo(
        FORMAT_VERSION, store_id or secrets.token_hex(8), datetime.now(UTC).isoformat(), forked_from, imported
    )


def is_store(path: Path) -> bool:
    return (path / INFO_FILE).is_file()


def read_info(path: Path, *, verified: bool = True) -> StoreInfo:
    """What store.json says; with `verified`, only where its checksum agrees. Fields that are not known are passed over.

    Raises StoreNotFoundError, NotAStoreError, StoreVersionError or CorruptStoreError.
    """
    try:
        text = (path / INFO_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if not path.exists():
            raise StoreNotFoundError(
                f"{path}: no store there; check the path, or create one by writing to it"
            ) from None
        what = "a file" if path.is_file() else f"a directory without {INFO_FILE}"
        raise NotAStoreError(
            f"{path}: not a Playhead store ({what}); to load a log, use `playhead open` or `playhead import`"
        ) from None
    except PermissionError:
        raise NotAStoreError(f"{path}: no permission to read {INFO_FILE}") from None
    try:
        document = orjson.loads(text)
        # Stores made before there was a checksum have none.
        checksum = document.pop("checksum", None)
        if verified and checksum not in (None, _checksum(document)):
            raise CorruptStoreError(
                f"{path / INFO_FILE}: damaged (its checksum does not match); restore it from a copy"
            )
        version = document["format_version"]
        if version > FORMAT_VERSION:
            raise StoreVersionError(
                f"{path}: written in format {version}, and this Playhead reads up to {FORMAT_VERSION}; upgrade Playhead"
            )
        return StoreInfo(**{field.name: document[field.name] for field in fields(StoreInfo) if field.name in document})
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise CorruptStoreError(f"{path / INFO_FILE}: damaged; restore it from a copy") from None


def write_info(path: Path, info: StoreInfo) -> None:
    """Write store.json, with a checksum of what it says. Raises WriteError."""
    body = asdict(info)
    document = {"checksum": _checksum(body), **body}
    replace_file(path / INFO_FILE, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def _checksum(body: dict[str, JSON]) -> str:
    return hashlib.blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def create(path: Path, info: StoreInfo) -> None:
    """Make an empty store, whole or not at all; does nothing where another process just made one.

    Raises NotAStoreError where something else is there, ReadOnlyStoreError where nothing can be written.
    """
    if path.exists() and not (path.is_dir() and all(is_own(entry.name) for entry in path.iterdir())):
        what = "a directory with other files in it" if path.is_dir() else "a file"
        raise NotAStoreError(f"{path}: {what}, so no store can be made there; name a new or empty directory")
    try:
        for directory in (path, path / JOURNALS, path / SEGMENTS):
            directory.mkdir(parents=True, exist_ok=True)
        lock = ProcessLock(path / LOCK_FILE)
    except OSError as error:
        raise ReadOnlyStoreError(f"{path}: cannot create a store there ({error.strerror})") from None
    lock.acquire()
    try:
        if not is_store(path):
            name = journal.file_name(1)
            journal.Journal.create(path / JOURNALS / name)
            manifest.publish(path, manifest.Manifest((), (name,)))
            # Last, because its presence is what makes a directory a store.
            write_info(path, info)
    finally:
        lock.release()
        lock.close()


def is_own(name: str) -> bool:
    """Whether a file of that name belongs to a store."""
    # What an interrupted creation left behind must not keep the next one from finishing it.
    return name in _OWN_NAMES or is_leftover(name)


def is_leftover(name: str) -> bool:
    """Whether a file in a store's directory is what a replacement of one of its files was cut off from."""
    return name.startswith(".") and name[1:].rpartition(".")[0] in _OWN_NAMES
