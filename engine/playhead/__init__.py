"""Playhead: an append-only log of every state change of every agent, and every question about its past.

    import playhead

    store = playhead.open("runs/refund")
    with store.begin_transaction(kind="tool_result", label="search: 3 hits") as tx:
        tx.write(agent_id="planner", key="plan", value={"steps": []})
    store.state(agent_id="planner", at=1)

Names are imported when first used, so that a program which only writes pays for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from playhead.errors import (
    CorruptStoreError,
    DurabilityError,
    ImportFormatError,
    InvalidArgumentError,
    InvalidValueError,
    LogError,
    MomentError,
    NotAStoreError,
    PlayheadError,
    QueryError,
    QuestionStoppedError,
    ReadOnlyStoreError,
    StoreBusyError,
    StoreClosedError,
    StoreError,
    StoreExistsError,
    StoreNotFoundError,
    StoreVersionError,
    TransactionError,
    UnknownFormatError,
    VersionConflictError,
    WriteError,
)
from playhead.model import (
    DEFAULT_NAMESPACE,
    JSON,
    Address,
    AgentAddress,
    Change,
    Event,
    EventHeader,
    Operation,
    Record,
)

if TYPE_CHECKING:
    from playhead.cursor import Cursor
    from playhead.formats.report import ImportReport
    from playhead.loading import export_log, import_log
    from playhead.log import TornJournalWarning
    from playhead.opening import open_store as open
    from playhead.question import Question
    from playhead.snapshot import Snapshot
    from playhead.store import Store
    from playhead.store_timeline import StoreTimeline
    from playhead.timeline import Timeline
    from playhead.transaction import Transaction

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_NAMESPACE",
    "JSON",
    "Address",
    "AgentAddress",
    "Change",
    "CorruptStoreError",
    "Cursor",
    "DurabilityError",
    "Event",
    "EventHeader",
    "ImportFormatError",
    "ImportReport",
    "InvalidArgumentError",
    "InvalidValueError",
    "LogError",
    "MomentError",
    "NotAStoreError",
    "Operation",
    "PlayheadError",
    "QueryError",
    "Question",
    "QuestionStoppedError",
    "ReadOnlyStoreError",
    "Record",
    "Snapshot",
    "Store",
    "StoreBusyError",
    "StoreClosedError",
    "StoreError",
    "StoreExistsError",
    "StoreNotFoundError",
    "StoreTimeline",
    "StoreVersionError",
    "Timeline",
    "TornJournalWarning",
    "Transaction",
    "TransactionError",
    "UnknownFormatError",
    "VersionConflictError",
    "WriteError",
    "export_log",
    "import_log",
    "open",
]

_LAZY = {
    "Cursor": ("playhead.cursor", "Cursor"),
    "ImportReport": ("playhead.formats.report", "ImportReport"),
    "Question": ("playhead.question", "Question"),
    "Snapshot": ("playhead.snapshot", "Snapshot"),
    "Store": ("playhead.store", "Store"),
    "StoreTimeline": ("playhead.store_timeline", "StoreTimeline"),
    "Timeline": ("playhead.timeline", "Timeline"),
    "TornJournalWarning": ("playhead.log", "TornJournalWarning"),
    "Transaction": ("playhead.transaction", "Transaction"),
    "export_log": ("playhead.loading", "export_log"),
    "import_log": ("playhead.loading", "import_log"),
    "open": ("playhead.opening", "open_store"),
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
