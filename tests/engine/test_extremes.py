"""Large values, long keys, many keys at once, and clocks that step back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import playhead
from playhead import Store, log
from playhead.verify import verify

OpenStore = Callable[..., Store]
MEGABYTE = 1024 * 1024
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def test_a_value_of_64_megabytes_goes_through_everything(
    store: Store, open_store: OpenStore, tmp_path: Path
) -> None:  # S7 S25
    large, larger = "x" * (64 * MEGABYTE), ["x" * (64 * MEGABYTE - 4)]
    store.write("agent", "key", large)
    store.write("agent", "other", 1)
    assert store.get_state("agent", "key").value == large
    store.write("agent", "key", larger)
    store.seal()
    with open_store(read_only=True) as reader:
        assert reader.get_state_at("agent", "key", 1).value == large
        assert [event.operations[0].value == large for event in reader.replay("agent")] == [True, False, False]
        assert [change.after.value == larger for change in reader.diff(1, 3) if change.address.key == "key"] == [True]
    with (tmp_path / "run.jsonl").open("wb") as file:
        file.writelines(playhead.export_log(store))
    playhead.import_log(tmp_path / "run.jsonl", tmp_path / "copy")
    with playhead.open(tmp_path / "copy") as copy:
        assert copy.get_state("agent", "key").value == larger
        assert copy.get_state_at_version("agent", "key", 1).value == large


def test_keys_of_ten_thousand_characters_are_keys_like_any_other(store: Store, open_store: OpenStore) -> None:  # S1 S17
    keys = ["k" * 10_000, "k" * 9_999 + "l", "é" * 10_000]
    for key in keys:
        store.write("a" * 10_000, key, key[0], namespace="n" * 10_000)
    store.seal()
    store.write("a" * 10_000, keys[0], "again", namespace="n" * 10_000)
    store.close()
    reopened = open_store()
    assert reopened.list_keys("a" * 10_000, namespace="n" * 10_000) == sorted(keys)
    assert reopened.get_state("a" * 10_000, keys[0], namespace="n" * 10_000).version == 2
    assert verify(store.path) == []


def test_very_many_keys_in_one_transaction_are_one_event(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S5 S8
    # Sealed by the commit itself, as at 131,072.
    monkeypatch.setattr(log, "SEAL_OPERATIONS", 20_000)
    with store.begin_transaction(label="many") as tx:
        for number in range(25_000):
            tx.write("agent", f"key {number}", number)
    assert not store.seal()
    store.close()
    reopened = open_store()
    assert reopened.head == 1
    assert reopened.get_state("agent", "key 24999").value == 24_999
    assert len(reopened.list_keys("agent")) == 25_000
    event = reopened.event(1)
    assert event is not None
    assert [operation.value for operation in event.operations] == list(range(25_000))


def committed(store: Store) -> list[datetime]:
    assert [event.commit_ts for event in store.replay()] == list(range(1, store.head + 1))
    return [event.committed_at for event in store.replay()]


def test_a_clock_that_steps_back_moves_no_time_back(open_store: OpenStore) -> None:  # S3 S29
    minutes = iter([10, 5, -300, 11, 3, 2, 0, 12])

    def clock() -> datetime:
        return START + timedelta(minutes=next(minutes))

    expected = [10, 10, 10, 11, 11, 11, 11, 12]
    first = open_store(clock=clock)
    for number in range(3):
        assert first.write("agent", "key", number) == number + 1
    first.seal()
    assert first.write("agent", "key", 3) == 4
    first.seal()
    assert first.write("agent", "key", 4) == 5
    first.close()
    second, third = open_store(clock=clock), open_store(clock=clock)
    assert second.write("agent", "key", 5) == 6
    assert third.write("agent", "key", 6) == 7
    assert second.write("agent", "key", 7) == 8
    assert committed(second) == [START + timedelta(minutes=minute) for minute in expected]
    assert verify(second.path) == []


BACKWARD_WRITER = """
import sys, playhead
from datetime import datetime, timedelta, UTC
path, years = sys.argv[1], int(sys.argv[2])
with playhead.open(path, durability="os", clock=lambda: datetime(2026 + years, 1, 1, tzinfo=UTC)) as store:
    for number in range(20):
        store.write("agent", "key", number)
        if number == 10:
            store.seal()
"""


def test_processes_whose_clocks_disagree_by_years_keep_times_in_order(open_store: OpenStore) -> None:  # S3 S4
    store = open_store()
    commands = [[sys.executable, "-c", BACKWARD_WRITER, str(store.path), years] for years in ("0", "-3", "2")]
    running = [subprocess.Popen(command) for command in commands]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    store.refresh()
    times = committed(store)
    assert len(times) == 60
    assert times == sorted(times)
    assert times[-1] == datetime(2028, 1, 1, tzinfo=UTC)
    assert verify(store.path) == []
