"""What is done beside the commits: it keeps to what is on disk, whoever else writes, and ends with its store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from playhead import Store, WriteError, manifest, segments
from playhead.verify import verify

OpenStore = Callable[..., Store]


def versions(store: Store) -> list[int]:
    return [operation.version for event in store.replay() for operation in event.operations]


def fail(*_: object) -> None:
    raise WriteError("no space for this")


def test_what_another_rotated_since_this_one_last_looked_is_sealed_too(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S2 S3 S22
    first, second = open_store(), open_store()
    first.write("agent", "key", 1)
    monkeypatch.setattr(segments, "write", fail)
    with pytest.raises(WriteError):
        first.seal()
    second.refresh()
    first.write("agent", "key", 2)
    with pytest.raises(WriteError):
        first.seal()
    monkeypatch.undo()
    assert len(manifest.load(first.path).journals) == 3
    # As a thread does that starts late.
    second._log._maintenance._run()
    assert verify(first.path) == []
    first.refresh()
    second.refresh()
    assert versions(first) == versions(second) == [1, 2]
    assert second.write("agent", "key", 3) == 3


def test_what_another_sealed_since_this_one_last_looked_is_not_half_known(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S9 S21
    first, second = open_store(), open_store()
    first.write("agent", "key", 1)
    second.refresh()
    assert second.get_state("agent", "key").value == 1
    first.write("agent", "key", 2)
    first.seal()
    # The lock is busy, as while the other one merges what it has sealed.
    monkeypatch.setattr(second._log._maintenance._process_lock, "try_acquire", lambda: False)
    second._log._maintenance._run()
    assert second.get_state("agent", "key").commit_ts == second.head
    second.refresh()
    assert (second.head, second.get_state("agent", "key").value) == (2, 2)
