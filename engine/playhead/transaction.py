"""A transaction as a person holds it: staging, commit, abort, and what it refuses (S8-S13a)."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from playhead.draft import Draft
from playhead.errors import InvalidArgumentError, TransactionError


class Transaction:
    """Collects operations and commits them together. Begun by `Store.begin_transaction`; use it in a `with`."""

    def __init__(self, commit: Callable[[Draft], int], draft: Draft, timeout_ms: float | None) -> None:
        if timeout_ms is not None and not timeout_ms > 0:
            raise InvalidArgumentError(f"timeout_ms must be more than 0, or None for never: {timeout_ms}")
        self._commit = commit
        self._draft = draft
        self._deadline = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        self._state: Literal["open", "committed", "aborted", "expired"] = "open"
        self.commit_ts: int | None = None
        """Set by commit."""

    def write(
        self,
        agent_id: str,
        key: str,
        value: object,
        *,
        namespace: str | None = None,
        if_version: int | None = None,
    ) -> None:
        """Stage a write of any JSON value. With `if_version`, the commit fails unless that is the latest (S13a).

        Raises InvalidArgumentError (S1), InvalidValueError (S7) or TransactionError, and stages nothing then.
        """
        if self._state != "open" or self._deadline is not None:
            self._check_open("write")
        self._draft.write(agent_id, key, value, namespace=namespace, if_version=if_version)

    def delete(self, agent_id: str, key: str, *, namespace: str | None = None, if_version: int | None = None) -> None:
        """Stage a delete, which becomes a tombstone (S6)."""
        if self._state != "open" or self._deadline is not None:
            self._check_open("delete")
        self._draft.delete(agent_id, key, namespace=namespace, if_version=if_version)

    def commit(self) -> int:
        """Make everything staged visible and durable at once; returns the commit_ts (S8, S10, S11).

        Raises TransactionError (S12, S13), VersionConflictError (S13a), WriteError, DurabilityError (S4). It is over.
        """
        self._check_open("commit")
        self._state = "aborted"
        self.commit_ts = self._commit(self._draft)
        self._state = "committed"
        return self.commit_ts

    def abort(self) -> None:
        """Forget everything staged. Aborting again is fine; after a commit it raises TransactionError (S12)."""
        if self._state == "committed":
            raise TransactionError(f"cannot abort: this transaction was committed as {self.commit_ts}")
        self._state = "aborted"

    def _check_open(self, verb: str) -> None:
        if self._state == "open" and self._deadline is not None and time.monotonic() > self._deadline:
            self._state = "expired"
        if self._state == "committed":
            raise TransactionError(f"cannot {verb}: this transaction was committed as {self.commit_ts}; begin another")
        if self._state != "open":
            raise TransactionError(f"cannot {verb}: this transaction {_ENDED[self._state]}; begin another")

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._state in ("committed", "aborted"):
            return
        if kind is None:
            self.commit()
        else:
            self._state = "aborted"


_ENDED = {"aborted": "was aborted", "expired": "expired: it was open for longer than its timeout_ms"}
