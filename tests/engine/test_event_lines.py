"""What lists say of events: the same, whether few are asked for or many, near by or far apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from playhead import Store
from playhead.generation import View
from playhead.history import _FEW, History
from playhead.track import PAGE_ROWS, EventLine

AT = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_line_says_the_same_of_an_event_whether_few_are_asked_for_or_many(store: Store) -> None:  # S29
    for number in range(2 * _FEW):
        occurred_at = AT if number % 3 == 0 else None
        with store.begin_transaction(
            kind="even" if number % 2 else "odd", label=f"é {number}", occurred_at=occurred_at
        ) as tx:
            tx.write("agent", "key", number)
        if number in (20, _FEW + 10):
            store.seal()
    track = store.cursor().track
    every = range(1, store.head + 1)
    lines = track.lines(every)
    assert sorted(lines) == list(every)
    for commit_ts in every:
        header = track.header(commit_ts)
        told = (header.moment, header.occurred_at is not None, header.kind, header.label)
        assert lines[commit_ts] == track.lines([commit_ts])[commit_ts] == EventLine(commit_ts, *told)
    far_apart = [1, _FEW, store.head]
    assert track.lines(far_apart) == {commit_ts: lines[commit_ts] for commit_ts in far_apart}
    assert track.lines([]) == {}


def test_labels_of_held_values_are_read_when_they_are_looked_at_a_screenful_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 3 * PAGE_ROWS
    for number in range(count):
        store.write("agent", "key", number, label=f"step {number}")
    asked: list[list[int]] = []
    labels = History.labels

    def counted(history: History, view: View, commits: Sequence[int]) -> dict[int, tuple[str, bool]]:
        asked.append(list(commits))
        return labels(history, view, commits)

    monkeypatch.setattr(History, "labels", counted)
    held = store.cursor().held_values("key")
    assert asked == []
    assert [value.event.label for value in held[5:20]] == [f"step {number}" for number in range(5, 20)]
    assert asked == [list(range(6, 6 + PAGE_ROWS))]
    assert [value.event.label for value in held] == [f"step {number}" for number in range(count)]
    assert asked[1:] == [list(range(1, count + 1))]


def test_every_question_has_the_settings_of_the_database(store: Store) -> None:
    with store.history.query(store.view()) as query:
        settings = dict(query.rows("SELECT name, value FROM duckdb_settings()"))
    assert settings["parquet_metadata_cache"] == "true"
    assert settings["asof_loop_join_threshold"] == "0"
    assert settings["enable_external_file_cache"] == settings["python_enable_replacements"] == "false"
