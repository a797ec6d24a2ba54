"""Recent values in memory: the latest of each address, and no more of them than the bound allows."""

from __future__ import annotations

import pytest

from playhead import Store, log
from playhead.entry import LogEntry, LogOperation
from playhead.history import History
from playhead.model import Address
from playhead.value_cache import CachedValue, ValueCache


def address(number: int) -> Address:
    return Address("default", "agent", str(number))


def wrote(commit_ts: int, *operations: tuple[int, bytes]) -> LogEntry:
    numbered = [LogOperation(address(key), "write", commit_ts, commit_ts - 1, encoded) for key, encoded in operations]
    return LogEntry(commit_ts, "txn", commit_ts * 10, None, "", "", b"{}", numbered, len(numbered))


def test_the_last_value_put_is_the_one_found_however_much_came_in_between() -> None:
    cache = ValueCache(limit_bytes=100_000)
    for commit_ts in range(1, 2_000):
        cache.add(wrote(commit_ts, (commit_ts % 7, b'"%d"' % commit_ts), (commit_ts % 7, b"%d" % commit_ts)))
        assert cache.get(address(commit_ts % 7)) == CachedValue(commit_ts, commit_ts, commit_ts * 10, b"%d" % commit_ts)
    for key in range(7):
        last = max(commit_ts for commit_ts in range(1, 2_000) if commit_ts % 7 == key)
        assert cache.get(address(key)) == CachedValue(last, last, last * 10, b"%d" % last)


def test_a_value_in_use_stays_while_others_come_and_go() -> None:
    cache = ValueCache(limit_bytes=100_000)
    kept = CachedValue(1, 1, 10, b"1")
    cache.put(address(-1), kept)
    for commit_ts in range(1, 2_000):
        cache.add(wrote(commit_ts, (commit_ts, b"1" * 500)))
        assert cache.get(address(-1)) == kept
    assert cache.get(address(1)) is None
    assert cache.get(address(1_999)) is not None


def test_values_are_held_within_the_bound_one_by_one_and_in_one_huge_event() -> None:
    cache, limit = ValueCache(limit_bytes=100_000), 100_000
    for commit_ts in range(1, 500):
        cache.put(address(commit_ts), CachedValue(commit_ts, commit_ts, 0, b"1" * 1_000))
        assert _held(cache, range(1, commit_ts + 1)) <= limit
    cache.add(wrote(500, *((key, b"1" * 1_000) for key in range(1_000, 2_000))))
    assert _held(cache, range(2_000)) <= limit


def test_values_that_are_not_sealed_yet_are_read_without_a_query(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.begin_transaction() as tx:
        for key in ("a", "b", "c"):
            tx.write("agent", key, 1)
        tx.write("agent", "b", [2])
    store.write("agent", "a", 3)
    store.delete("agent", "c")
    monkeypatch.setattr(History, "record_at_version", None)
    for _ in range(2):
        assert [store.get_state("agent", key).value for key in "bac"] == [[2], 3, None]
        assert [store.get_state("agent", key).version for key in "bac"] == [2, 2, 2]
        assert [store.get_state("agent", key).commit_ts for key in "bac"] == [1, 2, 3]


def test_a_value_of_a_large_event_is_found_by_a_query(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LARGE_EVENT_BYTES", 10)
    store.write("agent", "key", "as long as that")
    assert [store.get_state("agent", "key").value for _ in range(2)] == ["as long as that"] * 2


def _held(cache: ValueCache, keys: range) -> int:
    # Without `get`, which counts as a use.
    known = cache._newer | cache._older
    return sum(len(known[address(key)].encoded) for key in keys if address(key) in known)
