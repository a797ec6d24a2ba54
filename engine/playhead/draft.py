"""A transaction before the log has numbered it: what a commit or a bulk load appends as one event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from playhead import codec
from playhead.entry import to_microseconds
from playhead.errors import InvalidArgumentError
from playhead.model import DEFAULT_NAMESPACE, JSON, Address, OperationKind


class StagedOperation(NamedTuple):
    address: Address
    op: OperationKind
    encoded: bytes
    """The value's JSON text; empty for a delete."""
    if_version: int | None = None


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

    def write(
        self, agent_id: str, key: str, value: object, *, namespace: str | None = None, if_version: int | None = None
    ) -> None:
        """Stage a write. Raises InvalidArgumentError (S1) or InvalidValueError (S7) and stages nothing then."""
        address = checked_address(self.namespace if namespace is None else namespace, agent_id, key)
        self.operations.append(
            StagedOperation(address, "write", codec.encode(value, f"key {key!r}"), checked_version(if_version))
        )

    def delete(self, agent_id: str, key: str, *, namespace: str | None = None, if_version: int | None = None) -> None:
        """Stage a delete, which becomes a tombstone (S6)."""
        address = checked_address(self.namespace if namespace is None else namespace, agent_id, key)
        self.operations.append(StagedOperation(address, "delete", b"", checked_version(if_version)))

    def encoded_meta(self) -> bytes:
        """The JSON text of `meta`. Raises InvalidValueError (S7)."""
        return codec.encode(self.meta, "meta") if self.meta else b"{}"

    def check_header(self) -> None:
        """Raise unless kind, label and times can be stored."""
        for name, text in (("kind", self.kind), ("label", self.label)):
            checked_text(name, text, may_be_empty=True)
        if type(self.meta) is not dict:
            raise InvalidArgumentError(f"meta must be a dict, not {type(self.meta).__name__}")
        for name, moment in (("occurred_at", self.occurred_at), ("committed_at", self.committed_at)):
            if moment is not None:
                if not isinstance(moment, datetime):
                    raise InvalidArgumentError(f"{name} must be a datetime, not {type(moment).__name__}")
                to_microseconds(moment)


def checked_address(namespace: str, agent_id: str, key: str) -> Address:
    """The address, or InvalidArgumentError: each part is a non-empty Unicode string (S1)."""
    for name, part in (("namespace", namespace), ("agent_id", agent_id), ("key", key)):
        if type(part) is not str or not part or not part.isascii():
            checked_text(name, part)
    return Address(namespace, agent_id, key)


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


def checked_version(version: int | None) -> int | None:
    if version is not None and (type(version) is not int or version < 0):
        raise InvalidArgumentError(f"if_version must be 0 or more (0: must not exist yet), not {version!r}")
    return version


def as_utc(moment: datetime) -> datetime:
    """The moment in UTC; without an offset it is local time (S29)."""
    return moment.astimezone(UTC)
