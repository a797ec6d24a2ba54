"""A transaction before the log has numbered it: what a commit or a bulk load appends as one event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from playhead import codec
from playhead.entry import to_microseconds
from playhead.errors import InvalidArgumentError
from playhead.model import DEFAULT_NAMESPACE, JSON, Address, OperationKind, address_of


class StagedOperation(NamedTuple):
    address: Address
    op: OperationKind
    encoded: bytes
    """The value's JSON text; empty for a delete."""
    if_version: int | None


_staged: Callable[[tuple[Address, OperationKind, bytes, int | None]], StagedOperation] = partial(
    tuple.__new__, StagedOperation
)


@dataclass(slots=True)
class Draft:
    """One event in the making. Values are encoded as they are staged (S7), so later changes to them do not count."""

    kind: str = ""
    label: str = ""
    meta: dict[str, JSON] = field(default_factory=dict)
    occurred_at: datetime | None = None
    namespace: str = DEFAULT_NAMESPACE
    txn_id: str | None = None
    """Only an import of our own export brings one; otherwise it follows from store and commit_ts."""
    committed_at: datetime | None = None
    """Only an import of our own export brings one; otherwise it is the clock's."""
    operations: list[StagedOperation] = field(default_factory=list)
    _encoded_meta: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def write(
        self, agent_id: str, key: str, value: object, *, namespace: str | None = None, if_version: int | None = None
    ) -> None:
        """Stage a write. Raises InvalidArgumentError (S1) or InvalidValueError (S7) and stages nothing then."""
        address = checked_address(self.namespace if namespace is None else namespace, agent_id, key)
        if if_version is not None:
            check_version(if_version)
        self.operations.append(_staged((address, "write", codec.encode(value, "key", key), if_version)))

    def write_again(self, address: Address, value: object) -> None:
        """Stage a write at an address of an operation that was staged before. Raises InvalidValueError (S7)."""
        self.operations.append(_staged((address, "write", codec.encode(value, "key", address[2]), None)))

    def delete(self, agent_id: str, key: str, *, namespace: str | None = None, if_version: int | None = None) -> None:
        """Stage a delete, which becomes a tombstone (S6)."""
        address = checked_address(self.namespace if namespace is None else namespace, agent_id, key)
        if if_version is not None:
            check_version(if_version)
        self.operations.append(_staged((address, "delete", b"", if_version)))

    def encoded_meta(self) -> bytes:
        """The JSON text of `meta` as it was when it was checked, or is now. Raises InvalidValueError (S7)."""
        if self._encoded_meta is not None:
            return self._encoded_meta
        return codec.encode(self.meta, "meta") if self.meta else b"{}"

    def check_header(self) -> None:
        """Raise unless all but the operations can be stored; encodes `meta`, so that later changes do not count."""
        kind, label, meta, occurred_at = self.kind, self.label, self.meta, self.occurred_at
        if not (type(kind) is str and kind.isascii()):
            checked_text("kind", kind, may_be_empty=True)
        if not (type(label) is str and label.isascii()):
            checked_text("label", label, may_be_empty=True)
        if type(meta) is not dict:
            raise InvalidArgumentError(f"meta must be a dict, not {type(meta).__name__}")
        self._encoded_meta = codec.encode(meta, "meta") if meta else b"{}"
        if occurred_at is not None and not (type(occurred_at) is datetime and occurred_at.tzinfo is UTC):
            _check_moment("occurred_at", occurred_at)
        if self.committed_at is not None:
            _check_moment("committed_at", self.committed_at)


def _check_moment(name: str, moment: datetime) -> None:
    if type(moment) is datetime and moment.tzinfo is UTC:
        return
    if not isinstance(moment, datetime):
        raise InvalidArgumentError(f"{name} must be a datetime, not {type(moment).__name__}")
    to_microseconds(moment)


def checked_address(namespace: str, agent_id: str, key: str) -> Address:
    """The address, or InvalidArgumentError: each part is a non-empty Unicode string (S1)."""
    if not (type(key) is type(agent_id) is type(namespace) is str and key and agent_id and namespace) or not (
        key.isascii() and agent_id.isascii() and namespace.isascii()
    ):
        checked_text("key", key)
        checked_text("agent_id", agent_id)
        checked_text("namespace", namespace)
    return address_of((namespace, agent_id, key))


def checked_text(name: str, text: str, *, may_be_empty: bool = False) -> str:
    if type(text) is not str:
        raise InvalidArgumentError(f"{name} must be a str, not {type(text).__name__}")
    if not text and not may_be_empty:
        raise InvalidArgumentError(f"{name} must not be empty")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidArgumentError(f"{name} {text!a} holds a lone surrogate (not valid Unicode)") from None
    return text


def check_version(version: int) -> None:
    if type(version) is not int or version < 0:
        raise InvalidArgumentError(f"if_version must be 0 or more (0: must not exist yet), not {version!r}")


def as_utc(moment: datetime) -> datetime:
    """The moment in UTC; without an offset it is local time (S29)."""
    return moment.astimezone(UTC)
