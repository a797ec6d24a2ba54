"""What a crash or a bad disk leaves: a torn end is dropped, damage is named, and no answer is ever wrong (S8)."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

import playhead
from playhead import JSON, CorruptStoreError, Event, Store, TornJournalWarning, directory, journal, manifest

OpenStore = Callable[..., Store]


def journal_of(path: Path) -> Path:
    return path / directory.JOURNALS / manifest.load(path).journals[-1]


def commit(store: Store, number: int) -> int:
    """Write the journal's end offset after a commit of two operations."""
    with store.begin_transaction(kind="step", label=f"step {number}") as tx:
        tx.write("agent", "counter", number)
        tx.write("agent", f"key-{number}", {"text": "value " * number, "list": [number, None]})
    return journal_of(store.path).stat().st_size


def check_whole(store: Store, expected: list[Event]) -> None:
    """The store holds exactly these events, says so in every way, and goes on from there."""
    assert list(store.replay()) == expected
    assert store.head == len(expected)
    counter = store.get_state("agent", "counter")
    assert (counter.version, counter.value) == (len(expected), len(expected) if expected else None)
    assert len(store.state("agent")) == (len(expected) + 1 if expected else 0)


@pytest.mark.parametrize("durability", ["fsync", "os"])
def test_cut_anywhere_in_its_last_records_a_journal_keeps_every_whole_one(
    tmp_path: Path, durability: str
) -> None:  # S8 S2
    path = tmp_path / "run"
    with playhead.open(path, durability=durability) as store:  # type: ignore[arg-type]
        ends = [journal_of(path).stat().st_size, *(commit(store, number) for number in range(1, 5))]
        events = list(store.replay())
    file = journal_of(path)
    data = file.read_bytes()
    for cut in range(ends[2], ends[4] + 1):
        file.write_bytes(data[:cut])
        whole = max(number for number, end in enumerate(ends) if end <= cut)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with playhead.open(path, durability="os") as store:
                assert list(store.replay()) == events[:whole]
                assert store.get_state("agent", "counter").version == whole
                if cut % 40 == 0:
                    check_whole(store, events[:whole])
                    assert store.write("agent", "counter", "next") == whole + 1
                    assert store.get_state("agent", "counter").version == whole + 1
        torn = [warning for warning in caught if warning.category is TornJournalWarning]
        assert len(torn) == (cut not in ends)
        if torn:
            assert str(file) in str(torn[0].message)
            assert f"offset {ends[whole]}" in str(torn[0].message)


def test_a_reader_leaves_a_torn_end_to_the_writer(tmp_path: Path) -> None:  # S8
    path = tmp_path / "run"
    with playhead.open(path) as store:
        commit(store, 1)
        end = commit(store, 2)
        events = list(store.replay())
    file = journal_of(path)
    with file.open("ab") as appended:
        appended.write(file.read_bytes()[20:60])
    with playhead.open(path, read_only=True) as reader:
        check_whole(reader, events)
        assert file.stat().st_size > end
        with pytest.warns(TornJournalWarning), playhead.open(path) as store:
            assert file.stat().st_size == end
            commit(store, 3)
        assert reader.refresh()
        assert reader.head == 3


def test_any_flipped_byte_of_a_record_that_a_later_one_vouches_for_is_named(tmp_path: Path) -> None:  # S8
    path = tmp_path / "run"
    with playhead.open(path, durability="fsync") as store:
        ends = [journal_of(path).stat().st_size, *(commit(store, number) for number in range(1, 5))]
    file = journal_of(path)
    data = file.read_bytes()
    # Record 4 was written when everything up to ends[3] was known to be on disk.
    for offset in range(ends[1], ends[3], 3):
        damaged = bytearray(data)
        damaged[offset] ^= 0x40
        file.write_bytes(damaged)
        record = 1 if offset < ends[2] else 2
        for read_only in (True, False):
            with pytest.raises(CorruptStoreError) as raised:
                playhead.open(path, read_only=read_only)
            assert str(file) in str(raised.value)
            assert f"offset {ends[record]}" in str(raised.value)
        assert file.read_bytes() == damaged


def test_any_flipped_byte_gives_an_error_or_a_whole_earlier_state_never_a_wrong_answer(tmp_path: Path) -> None:  # S8
    path = tmp_path / "run"
    with playhead.open(path, durability="os") as store:
        for number in range(1, 4):
            commit(store, number)
        events = list(store.replay())
    file = journal_of(path)
    data = file.read_bytes()
    for offset in range(0, len(data), 2):
        damaged = bytearray(data)
        damaged[offset] ^= 0x01
        file.write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TornJournalWarning)
            try:
                with playhead.open(path, read_only=True) as store:
                    assert list(store.replay()) == events[: store.head]
                    assert store.head < 3
            except CorruptStoreError as error:
                assert str(file) in str(error)


def test_a_missing_or_foreign_journal_is_named(store: Store, open_store: OpenStore) -> None:
    commit(store, 1)
    store.seal()
    commit(store, 2)
    store.close()
    file = journal_of(store.path)
    data = file.read_bytes()
    for content, said in (
        (b"", "cut off"),
        (b"not a journal at all", "damaged journal header"),
        (data[:19], "cut off"),
    ):
        file.write_bytes(content)
        with pytest.raises(CorruptStoreError, match=said):
            open_store()
    another = file.with_name(journal.file_name(7))
    journal.Journal.create(another)
    another.replace(file)
    with pytest.raises(CorruptStoreError, match="damaged journal header"):
        open_store()
    journal.Journal.create(file)
    opened = journal.Journal(file, 7, writable=True)
    opened.append(7, b"[]")
    opened.close()
    with pytest.raises(CorruptStoreError, match="commit 7 where 2 belongs"):
        open_store()
    file.unlink()
    with pytest.raises(CorruptStoreError, match="missing, but the manifest names it"):
        open_store()


def test_a_record_out_of_sequence_is_corruption(store: Store, open_store: OpenStore) -> None:  # S3
    commit(store, 1)
    end = commit(store, 2)
    store.close()
    file = journal_of(store.path)
    with file.open("ab") as appended:
        appended.write(file.read_bytes()[20:end])
    with pytest.raises(CorruptStoreError, match="commit 1 where 3 belongs"):
        open_store()


def test_a_length_field_that_points_past_the_end_is_a_torn_record(store: Store, open_store: OpenStore) -> None:
    end = commit(store, 1)
    store.close()
    with journal_of(store.path).open("ab") as appended:
        appended.write(struct.pack("<IQQII", 2**32 - 1, 2, 0, 0, 0))
    with pytest.warns(TornJournalWarning):
        again = open_store()
    assert (again.head, journal_of(store.path).stat().st_size) == (1, end)


def damage(document: dict[str, JSON], change: str) -> bytes:
    """The document of a manifest with something wrong in it."""
    body = document["manifest"]
    assert isinstance(body, dict)
    segments = body["segments"]
    assert isinstance(segments, list)
    assert isinstance(segments[0], dict)
    if change == "last":
        segments[0]["last"] = 1
    elif change == "no segments":
        body["segments"] = []
    elif change == "no checksum":
        del document["checksum"]
    elif change == "list":
        return b"[]"
    elif change == "text":
        return b"\x00\xff"
    return orjson.dumps(document)


@pytest.mark.parametrize("change", ["last", "no segments", "no checksum", "list", "text"])
def test_a_damaged_manifest_is_named(store: Store, open_store: OpenStore, change: str) -> None:
    commit(store, 1)
    commit(store, 2)
    store.seal()
    store.close()
    file = store.path / manifest.FILE_NAME
    file.write_bytes(damage(orjson.loads(file.read_bytes()), change))
    for read_only in (True, False):
        with pytest.raises(CorruptStoreError, match=rf"{manifest.FILE_NAME}: damaged"):
            open_store(read_only=read_only)


def test_a_missing_manifest_is_named(store: Store, open_store: OpenStore) -> None:
    store.close()
    (store.path / manifest.FILE_NAME).unlink()
    with pytest.raises(CorruptStoreError, match=manifest.FILE_NAME):
        open_store()


def test_a_missing_segment_is_no_silent_loss(store: Store, open_store: OpenStore) -> None:  # S22
    commit(store, 1)
    store.seal()
    store.close()
    gone = store.path / directory.SEGMENTS / manifest.load(store.path).segments[0].name
    whole = gone.with_name("elsewhere")
    gone.rename(whole)
    for read_only in (False, True):
        with pytest.raises(CorruptStoreError, match=f"{gone.name}: missing, but the manifest names it"):
            open_store(read_only=read_only)
    whole.rename(gone)
    (gone / "operations.parquet").unlink()
    again = open_store()
    for ask in (lambda: list(again.replay()), lambda: again.state("agent"), lambda: again.write("agent", "counter", 2)):
        with pytest.raises(CorruptStoreError, match=r"\.parquet"):
            ask()


@pytest.mark.parametrize("file_name", ["events.parquet", "operations.parquet"])
def test_a_segment_that_is_no_parquet_is_named(store: Store, open_store: OpenStore, file_name: str) -> None:
    commit(store, 1)
    store.seal()
    store.close()
    segment = store.path / directory.SEGMENTS / manifest.load(store.path).segments[0].name
    (segment / file_name).write_bytes(b"PAR1 this is not")
    again = open_store()
    with pytest.raises(CorruptStoreError, match=file_name):
        list(again.replay())


def test_a_torn_last_snapshot_is_none_and_the_next_one_takes_its_place(
    store: Store, open_store: OpenStore
) -> None:  # S24
    store.snapshot("one")
    store.snapshot("two")
    store.close()
    file = store.path / directory.SNAPSHOTS_FILE
    data = file.read_bytes()
    first_line = data.index(b"\n") + 1
    for cut in range(first_line, len(data)):
        file.write_bytes(data[:cut])
        with playhead.open(store.path) as again:
            assert [snapshot.label for snapshot in again.snapshots()] == ["one"]
    again = open_store()
    assert (again.snapshot("three").id, again.snapshots()[-1].parent) == (2, 1)
    assert [snapshot.label for snapshot in again.snapshots()] == ["one", "three"]


def test_any_flipped_byte_in_a_snapshot_is_named_by_file_and_line(store: Store) -> None:  # S24
    store.snapshot("one")
    store.snapshot("two")
    file = store.path / directory.SNAPSHOTS_FILE
    data = file.read_bytes()
    for offset in range(data.index(b"\n")):
        damaged = bytearray(data)
        damaged[offset] ^= 0x02
        file.write_bytes(damaged)
        with pytest.raises(CorruptStoreError, match=rf"{directory.SNAPSHOTS_FILE}: damaged snapshot on line 1"):
            store.snapshots()
