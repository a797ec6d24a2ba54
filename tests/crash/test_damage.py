"""Each byte of a store is flipped: the same answers, or an error that names the file, and never a wrong answer (S8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import playhead
from playhead import CorruptStoreError, TornJournalWarning, directory, journal, manifest
from playhead.verify import verify

from .answers import Answers, answers_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small store: a segment, a few commits in the journal, two snapshots."""
    path = tmp_path_factory.mktemp("damage") / "run"
    with playhead.open(path) as store:
        store.write("agent", "key", [1])
        store.seal()
        store.snapshot("one")
        for number in range(3):
            with store.begin_transaction(label=f"{number}") as tx:
                tx.write("agent", "key", number)
                tx.delete("b", "gone")
        store.snapshot(at=3)
    return path


@pytest.fixture(scope="module")
def answers(path: Path) -> Answers:
    with playhead.open(path, read_only=True) as store:
        return answers_of(store)


def flips(file: Path) -> Iterator[int]:
    """Flip one bit of one byte after another, a different bit each time, and put the file right in the end."""
    data = file.read_bytes()
    try:
        for offset in range(len(data)):
            damaged = bytearray(data)
            damaged[offset] ^= 1 << offset % 8
            file.write_bytes(damaged)
            yield offset
    finally:
        file.write_bytes(data)


def test_every_byte_of_a_journal(path: Path, answers: Answers, tmp_path: Path) -> None:
    file = path / directory.JOURNALS / manifest.load(path).journals[-1]
    starts = [20, *record_ends(file)]
    for offset in flips(file):
        problems = verify(path)
        assert {problem.file for problem in problems} == {file}
        try:
            with playhead.open(path, read_only=True) as store:
                # Only the last record may be taken for a torn write.
                assert offset >= starts[-2]
                assert list(store.replay(start_ts=2)) == answers.events[1:-1]
            assert problems[0].offset == starts[-2]
        except CorruptStoreError as error:
            start = 0 if offset < 20 else max(start for start in starts if start <= offset)
            assert str(file) in str(error)
            assert f"offset {start}" in str(error)
            assert (problems[0].severity, problems[0].offset) == ("error", start)
            with pytest.raises(CorruptStoreError):
                playhead.open(path)


def record_ends(file: Path) -> list[int]:
    found = journal.survey(file)
    return [*(offset for offset, _ in found.records[1:]), found.end]


def test_a_writer_says_what_it_drops(path: Path, answers: Answers) -> None:
    file = path / directory.JOURNALS / manifest.load(path).journals[-1]
    data = file.read_bytes()
    start = record_ends(file)[-2]
    for offset in range(start, len(data), 11):
        damaged = bytearray(data)
        damaged[offset] ^= 0x10
        file.write_bytes(damaged)
        with pytest.warns(TornJournalWarning, match=f"offset {start}"), playhead.open(path) as store:
            assert list(store.replay(start_ts=2)) == answers.events[1:-1]
    file.write_bytes(data)


def test_a_damaged_record_that_a_snapshot_names_is_no_torn_write(tmp_path: Path) -> None:  # S24
    path = tmp_path / "run"
    with playhead.open(path) as store:
        store.write("agent", "key", 1)
        store.write("agent", "key", 2)
        store.snapshot("of the second")
    file = path / directory.JOURNALS / manifest.load(path).journals[-1]
    data = file.read_bytes()
    file.write_bytes(data[:-1] + b"x")
    with pytest.raises(CorruptStoreError, match="commit 2, which a snapshot names"):
        playhead.open(path)
    assert file.read_bytes() == data[:-1] + b"x"
    assert [problem.severity for problem in verify(path)] == ["warning", "error"]


def test_every_byte_of_a_manifest(path: Path, answers: Answers) -> None:
    file = path / manifest.FILE_NAME
    refused = 0
    for _ in flips(file):
        problems = verify(path)
        try:
            with playhead.open(path, read_only=True) as store:
                assert answers_of(store) == answers
            assert problems == []
        except CorruptStoreError as error:
            refused += 1
            assert str(file) in str(error)
            assert [(problem.severity, problem.file) for problem in problems] == [("error", file)]
    assert refused > 0.7 * len(file.read_bytes())


def test_every_byte_of_the_snapshots(path: Path, answers: Answers) -> None:  # S24
    file = path / directory.SNAPSHOTS_FILE
    data = file.read_bytes()
    for offset in flips(file):
        problems = verify(path)
        assert problems[0].file == file
        if offset == len(data) - 1:
            # Without its end, the last line is a snapshot that was never finished.
            assert problems[0].severity == "warning"
            continue
        assert problems[0].severity == "error"
        with (
            playhead.open(path, read_only=True) as store,
            pytest.raises(CorruptStoreError, match=f"{directory.SNAPSHOTS_FILE}: damaged snapshot on line"),
        ):
            store.snapshots()


def test_a_flipped_byte_of_a_segment_is_found_by_verify(path: Path, answers: Answers) -> None:
    segment = path / directory.SEGMENTS / manifest.load(path).segments[0].name
    for file in sorted(segment.iterdir()):
        for offset in flips(file):
            if offset % 17 == 0:
                assert [problem.file for problem in verify(path)] == [file]


def test_every_byte_of_store_json(path: Path) -> None:
    file = path / directory.INFO_FILE
    whole = directory.read_info(path)
    refused = 0
    for _ in flips(file):
        problems = verify(path)
        try:
            assert directory.read_info(path) == whole
            assert problems == []
        except CorruptStoreError as error:
            refused += 1
            assert str(file) in str(error)
            assert [(problem.severity, problem.file) for problem in problems] == [("error", file)]
    # The rest is white space, and the name of the checksum itself.
    assert refused > 0.9 * len(file.read_bytes())
