"""Every error Playhead raises on purpose, in one tree.

PlayheadError
├── InvalidArgumentError (ValueError)
│   └── InvalidValueError
├── TransactionError
│   └── VersionConflictError
├── MomentError
├── QueryError
├── QuestionStoppedError
├── StoreError
│   ├── StoreNotFoundError
│   ├── NotAStoreError
│   ├── StoreExistsError
│   ├── StoreVersionError
│   ├── ReadOnlyStoreError
│   ├── StoreClosedError
│   ├── StoreBusyError
│   ├── CorruptStoreError
│   ├── WriteError
│   └── DurabilityError
└── LogError
    ├── UnknownFormatError
    └── ImportFormatError

Each message says what was wrong, where, and what to do. A command prints it as one line and exits with 2.
"""

from __future__ import annotations


class PlayheadError(Exception):
    """The root of the tree above: catch it to catch them all."""


class InvalidArgumentError(PlayheadError, ValueError):
    """A call that can never succeed: a negative moment, an empty key."""


class InvalidValueError(InvalidArgumentError):
    """A value that JSON cannot hold (S7)."""


class TransactionError(PlayheadError):
    """A transaction used after its end, or past its time (S12, S13)."""


class VersionConflictError(TransactionError):
    """Another transaction wrote the version that was relied on (S13a); nothing was committed."""


class MomentError(PlayheadError):
    """A label, time or snapshot that names no single moment."""


class QueryError(PlayheadError):
    """SQL that is refused or does not run."""


class QuestionStoppedError(PlayheadError):
    """Another thread stopped what was asked (`Question.stop`)."""


class StoreError(PlayheadError):
    """A store that cannot be used as asked."""


class StoreNotFoundError(StoreError):
    """There is nothing where a store was looked for."""


class NotAStoreError(StoreError):
    """What is there is no store."""


class StoreExistsError(StoreError):
    """There is something already where a store was to be made."""


class StoreVersionError(StoreError):
    """The store was written by a newer Playhead."""


class ReadOnlyStoreError(StoreError):
    """A write to a store that was opened read-only, imported (S28), or lies on a read-only disk."""


class StoreClosedError(StoreError):
    """A store used after `close()`."""


class StoreBusyError(StoreError):
    """Another process holds the lock."""


class CorruptStoreError(StoreError):
    """A damaged store; names file and offset."""


class WriteError(StoreError):
    """A write that the disk refused: nothing was changed, try again."""


class DurabilityError(StoreError):
    """A write whose fate on disk is unknown: the store object takes no more (S4)."""


class LogError(PlayheadError):
    """A log that cannot be loaded."""


class UnknownFormatError(LogError):
    """No format recognises it."""


class ImportFormatError(LogError):
    """Recognised, but broken beyond skipping."""
