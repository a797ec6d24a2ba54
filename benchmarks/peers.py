"""The peers, as their users would set them up."""

from __future__ import annotations

import sqlite3
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import orjson

from playhead.model import JSON

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

HAS_SWARMSTATE = find_spec("swarmstate") is not None
HAS_LANGGRAPH = find_spec("langgraph") is not None and find_spec("langgraph.checkpoint.sqlite") is not None

_TABLE = """CREATE TABLE IF NOT EXISTS operations (
    commit_ts INTEGER PRIMARY KEY, committed_at INTEGER, namespace TEXT, agent_id TEXT, key TEXT, version INTEGER,
    value BLOB
)"""


class SQLiteLog:
    """A table of the seven columns of a Record, no second index, one INSERT a transaction, values encoded by orjson.

    A connection for each thread, as SQLite wants it. It checks no version and keeps no latest value: it only appends.
    """

    def __init__(self, path: Path, synchronous: Literal["NORMAL", "FULL"]) -> None:
        self._path = path
        self._synchronous = synchronous
        self._threads = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._connection().execute(_TABLE)

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if known is None:
            known = sqlite3.connect(self._path, timeout=120, isolation_level=None, check_same_thread=False)
            known.execute("PRAGMA journal_mode = WAL")
            known.execute(f"PRAGMA synchronous = {self._synchronous}")
            self._threads.connection = known
            self._connections.append(known)
        return known

    def write(self, agent_id: str, key: str, version: int, value: JSON) -> None:
        self._connection().execute(
            "INSERT INTO operations (committed_at, namespace, agent_id, key, version, value) VALUES (?, ?, ?, ?, ?, ?)",
            (time.time_ns() // 1000, "default", agent_id, key, version, orjson.dumps(value)),
        )

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


class LangGraphCheckpoints:
    """LangGraph's SqliteSaver: a checkpoint whose one channel holds the value."""

    def __init__(self, path: Path) -> None:
        from langgraph.checkpoint.base import empty_checkpoint
        from langgraph.checkpoint.sqlite import SqliteSaver

        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._saver = SqliteSaver(self._connection)
        self._saver.setup()
        self._empty_checkpoint = empty_checkpoint

    def put(self, thread_id: str, version: int, value: JSON) -> None:
        checkpoint = self._empty_checkpoint()
        checkpoint["channel_values"] = {"state": value}
        checkpoint["channel_versions"] = {"state": version}
        self._saver.put(
            _config(thread_id), checkpoint, {"source": "loop", "step": version, "parents": {}}, {"state": version}
        )

    def get(self, thread_id: str) -> object:
        return self._saver.get_tuple(_config(thread_id))

    def close(self) -> None:
        self._connection.close()


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
