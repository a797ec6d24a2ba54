"""Every error Playhead raises on purpose, in one tree.

PlayheadError
├── InvalidArgumentError (ValueError)   a call that can never succeed: a negative moment, an empty key
│   └── InvalidValueError               a value that JSON cannot hold (S7)
├── TransactionError                    a transaction used after its end, or past its time (S12, S13)
│   └── VersionConflictError            another transaction got there first (S13a)
├── MomentError                         a label, time or snapshot that names no single moment
├── QueryError                          SQL that is refused or does not run
├── QuestionStoppedError                another thread stopped what was asked (Question.stop)
├── StoreError                          a store that cannot be used as asked
│   ├── StoreNotFoundError              nothing there
│   ├── NotAStoreError                  something there, but not a store
│   ├── StoreExistsError                something there already
│   ├── StoreVersionError               written by a newer Playhead
│   ├── ReadOnlyStoreError              opened read-only, imported, or on a read-only disk
│   ├── StoreClosedError                used after close()
│   ├── StoreBusyError                  another process holds the lock
│   ├── CorruptStoreError               damaged: names file and offset
│   ├── WriteError                      a write that the disk refused: nothing was changed, try again
│   └── DurabilityError                 a write whose fate on disk is unknown: the store object takes no more (S4)
└── LogError                            a log that cannot be loaded
    ├── UnknownFormatError              no format recognises it
    └── ImportFormatError               recognised, but broken beyond skipping

Each message says what was wrong, where, and what to do. A command prints it as one line and exits with 2.
"""

from __future__ import annotations


class PlayheadError(Exception):
    """The root of the tree above: catch it to catch them all."""


class InvalidArgumentError(PlayheadError, ValueError):
    pass


class InvalidValueError(InvalidArgumentError):
    pass


class TransactionError(PlayheadError):
    pass


class VersionConflictError(TransactionError):
    pass


class MomentError(PlayheadError):
    pass


class QueryError(PlayheadError):
    pass


class QuestionStoppedError(PlayheadError):
    pass


class StoreError(PlayheadError):
    pass


class StoreNotFoundError(StoreError):
    pass


class NotAStoreError(StoreError):
    pass


class StoreExistsError(StoreError):
    pass


class StoreVersionError(StoreError):
    pass


class ReadOnlyStoreError(StoreError):
    pass


class StoreClosedError(StoreError):
    pass


class StoreBusyError(StoreError):
    pass


class CorruptStoreError(StoreError):
    pass


class WriteError(StoreError):
    pass


class DurabilityError(StoreError):
    pass


class LogError(PlayheadError):
    pass


class UnknownFormatError(LogError):
    pass


class ImportFormatError(LogError):
    pass
