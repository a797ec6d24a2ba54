"""Bounded memory: S20, and questions that outgrow DuckDB's share of it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import playhead
from playhead import QueryError, Store, directory, history, replay
from playhead.bulk import bulk_load
from playhead.draft import Draft

COUNT = 3_000


@pytest.fixture(autouse=True)
def one_database() -> None:
    """Each store has its own: its folder and its limit are what is tried here."""


def drafts() -> Iterator[Draft]:
    """Keys in an order that is not that of the commits, so that a segment has to be put in order."""
    for number in range(COUNT):
        draft = Draft(kind="step", label=f"step {number}")
        draft.write("even" if number % 2 == 0 else "odd", f"key-{number * 7_919 % COUNT:05d}", "v" * 100 + str(number))
        if number % 5 == 0:
            draft.delete("both", f"key-{number % 11}")
        yield draft


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Store]:
    bulk_load(tmp_path / "run", directory.new_info(), drafts())
    with playhead.open(tmp_path / "run", read_only=True) as store:
        yield store


@pytest.mark.parametrize("stretch_bytes", [1, 100_000, 10**9])
def test_a_replay_is_the_same_however_much_of_a_segment_is_sorted_at_a_time(
    run: Store, monkeypatch: pytest.MonkeyPatch, stretch_bytes: int
) -> None:  # S18 S19 S21
    monkeypatch.setattr(replay, "STRETCH_BYTES", stretch_bytes)
    last = 50 if stretch_bytes == 1 else COUNT
    events = list(run.replay(end_ts=last))
    assert [event.commit_ts for event in events] == list(range(1, last + 1))
    for event, draft in zip(events, drafts(), strict=False):
        assert event.label == draft.label
        assert [(part.address, part.op) for part in event.operations] == [
            (staged.address, staged.op) for staged in draft.operations
        ]
        assert event.operations[0].value == "v" * 100 + str(event.commit_ts - 1)
    assert [event.commit_ts for event in run.replay("odd", start_ts=101, end_ts=last)] == list(range(102, last + 1, 2))
    assert [event.commit_ts for event in run.replay("both", end_ts=last)] == list(range(1, last + 1, 5))


def test_a_replay_asks_for_no_more_of_a_segment_than_a_stretch(
    run: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S20
    monkeypatch.setattr(replay, "STRETCH_BYTES", 30_000)
    asked = []
    entries = replay.Replay._sealed_entries

    def recorded(self: replay.Replay, segment: object, start: int, end: int) -> object:
        asked.append((start, end))
        return entries(self, segment, start, end)  # type: ignore[arg-type]

    monkeypatch.setattr(replay.Replay, "_sealed_entries", recorded)
    assert sum(1 for _ in run.replay()) == COUNT
    assert len(run.view().segments) == 1
    assert len(asked) > 10
    # About 300 bytes an operation: its value and what lies beside it.
    assert max(end - start for start, end in asked) < 120
    assert [start for start, _ in asked[1:]] == [end + 1 for _, end in asked[:-1]]


def test_what_does_not_fit_into_memory_goes_to_a_private_folder_that_does_not_outlive_the_store(run: Store) -> None:
    assert len(run.state("even")) > 1
    with run.history.query(run.view()) as query:
        ((folder, limit),) = query.rows("SELECT current_setting('temp_directory'), current_setting('memory_limit')")
    assert limit == "1.0 GiB"
    assert Path(folder).stat().st_mode & 0o077 == 0
    run.close()
    assert not Path(folder).exists()


def test_an_answer_that_takes_too_much_memory_to_find_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MEMORY_BYTES", 1024 * 1024)
    bulk_load(tmp_path / "run", directory.new_info(), drafts())
    with (
        playhead.open(tmp_path / "run", read_only=True) as store,
        pytest.raises(QueryError, match="takes more than 1,048,576 bytes of memory"),
    ):
        store.state("even")


def test_a_bulk_load_in_many_segments_is_the_same_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # S2
    info = directory.new_info(store_id="0" * 16)
    bulk_load(tmp_path / "whole", info, drafts())
    monkeypatch.setattr("playhead.bulk.SEGMENT_OPERATIONS", 1_000)
    bulk_load(tmp_path / "parts", info, drafts())
    with (
        playhead.open(tmp_path / "whole", read_only=True) as whole,
        playhead.open(tmp_path / "parts", read_only=True) as parts,
    ):
        assert [segment.operations for segment in parts.view().segments] == [1_000, 1_000, 1_000, 600]
        for name in ("SELECT * EXCLUDE committed_at FROM events ORDER BY 1", "SELECT * FROM operations ORDER BY 1, 2"):
            assert parts.sql(name).equals(whole.sql(name))


def test_row_groups_can_be_skipped_by_what_they_are_asked_for(run: Store) -> None:
    segment = run.view().directory / run.view().segments[0].name
    for name, columns in (
        ("operations.parquet", {"commit_ts", "namespace", "agent_id", "key", "version"}),
        ("events.parquet", {"commit_ts"}),
    ):
        group = pq.read_metadata(segment / name).row_group(0)
        found = {
            group.column(number).path_in_schema
            for number in range(group.num_columns)
            if group.column(number).statistics
        }
        assert found == columns


def test_where_no_folder_can_be_made_for_what_outgrows_memory_questions_are_answered(
    run: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    assert len(run.diff(0, 100)) == len(
        {
            staged.address
            for draft, _ in zip(drafts(), range(100), strict=False)
            for staged in draft.operations
            if staged.op == "write"
        }
    )
