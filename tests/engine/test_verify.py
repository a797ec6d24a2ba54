"""`verify` names every kind of damage, and `repair` saves what can be saved and says what it could not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import playhead
from playhead import (
    Store,
    StoreError,
    StoreExistsError,
    StoreNotFoundError,
    bulk,
    codec,
    directory,
    filesystem,
    manifest,
    merge,
    repair,
)
from playhead.draft import Draft
from playhead.manifest import Manifest
from playhead.verify import Problem, verify

OpenStore = Callable[..., Store]


@pytest.fixture
def path(open_store: OpenStore) -> Path:
    """Commits 1-4 and 5-8 in two segments, 9-12 in the journal; snapshots at 3, 8 and 11."""
    store = open_store(durability="fsync")
    for number in range(1, 13):
        with store.begin_transaction(label=f"step {number}") as tx:
            tx.write("agent", "counter", number)
            tx.write("agent", "counter", [number])
            tx.delete("other", f"key {number % 3}")
        if number in (4, 8):
            store.seal()
    for at in (3, 8, 11):
        store.snapshot(f"at {at}", at=at)
    store.close()
    return store.path


def segment_of(path: Path, number: int) -> Path:
    return path / directory.SEGMENTS / manifest.load(path).segments[number].name


def journal_of(path: Path) -> Path:
    return path / directory.JOURNALS / manifest.load(path).journals[-1]


def flip(file: Path, offset: int) -> None:
    data = bytearray(file.read_bytes())
    data[offset] ^= 1
    file.write_bytes(data)


def rewrite(path: Path, number: int, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a segment's rows behind the manifest's back, and let the manifest vouch for them."""
    file = segment_of(path, number) / name
    pq.write_table(change(pq.read_table(file)), file)
    published = manifest.load(path)
    changed = list(published.segments)
    checksums = {**changed[number].checksums, name: filesystem.checksum(file)}
    changed[number] = replace(changed[number], checksums=checksums)
    manifest.publish(path, Manifest(tuple(changed), published.journals))


def with_column(name: str, change: Callable[[list[object]], list[object]]) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        position = table.schema.get_field_index(name)
        field = table.schema.field(position)
        return table.set_column(position, field, pa.array(change(table[name].to_pylist()), field.type))

    return changed


def test_a_sound_store_has_no_problems_and_nothing_to_repair(path: Path) -> None:
    assert verify(path) == []
    assert repair.plan(path) == []


def test_a_fork_that_sees_part_of_a_segment_is_sound(path: Path, tmp_path: Path) -> None:  # S27
    with playhead.open(path) as store, store.fork(tmp_path / "fork", at=6) as fork:
        fork.write("agent", "counter", "its own")
        fork.seal()
    assert verify(tmp_path / "fork") == []


def test_where_no_store_is_nothing_is_verified(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError):
        verify(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("file_name", "column", "change", "said", "first"),
    [
        ("events.parquet", "commit_ts", lambda rows: [*rows[:-1], 99], "commit 99 where 8 belongs", 8),
        ("events.parquet", "committed_at", lambda rows: rows[::-1], "earlier than the one before it", 5),
        ("events.parquet", "meta", lambda rows: ["[]", *rows[1:]], "a meta that is no JSON object", 5),
        ("events.parquet", "operation_count", lambda rows: [2, *rows[1:]], "does not have the 2 operations", 5),
        ("operations.parquet", "op_index", lambda rows: [7, *rows[1:]], "does not have the 3 operations", 5),
        ("operations.parquet", "version", lambda rows: [*rows[:7], 99, *rows[8:]], "version 99 (commit 8): follows", 8),
        ("operations.parquet", "version", lambda rows: [rows[1], *rows[1:]], "out of order", 5),
        ("operations.parquet", "value", lambda rows: ["6", *rows[1:]], "value_hash is not the hash", 5),
        ("operations.parquet", "value", lambda rows: ["x", *rows[1:]], "its value is not JSON", 5),
        ("operations.parquet", "value_bytes", lambda rows: [2, *rows[1:]], "value_bytes", 5),
        ("operations.parquet", "op", lambda rows: ["delete", *rows[1:]], "a delete that has a value", 5),
        ("operations.parquet", "previous_commit_ts", lambda rows: [3, *rows[1:]], "says it replaced commit 3", 5),
        ("operations.parquet", "previous_hash", lambda rows: [b"x" * codec.HASH_BYTES, *rows[1:]], "previous_hash", 5),
    ],
)
def test_what_is_wrong_inside_a_segment_is_named(
    path: Path, file_name: str, column: str, change: Callable[[list[object]], list[object]], said: str, first: int
) -> None:  # S2 S3 S25
    rewrite(path, 1, file_name, with_column(column, change))
    problems = verify(path)
    assert said in " ".join(problem.message for problem in problems)
    assert segment_of(path, 1) in {problem.file.parent for problem in problems}
    assert segment_of(path, 0) not in {problem.file.parent for problem in problems}
    assert min(problem.commit_ts or 0 for problem in problems) == first


def test_leftovers_are_warnings_until_a_writer_removes_them(path: Path) -> None:  # S22
    left = [
        path / directory.SEGMENTS / "000000000013-000000000014",
        path / directory.JOURNALS / "000000000015.journal",
        path / f".{manifest.FILE_NAME}.77",
    ]
    left[0].mkdir()
    left[1].touch()
    left[2].touch()
    assert [(problem.severity, problem.file) for problem in verify(path)] == [("warning", file) for file in left]
    playhead.open(path).close()
    assert verify(path) == []


def test_snapshots_out_of_sequence_or_past_the_head_are_named(path: Path) -> None:  # S24
    file = path / directory.SNAPSHOTS_FILE
    first, second, third = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + third + second)
    assert ["out of sequence" in problem.message for problem in verify(path)] == [True]
    file.write_bytes(first + second + third)
    cut_journal(path, 2)
    named = [problem for problem in verify(path) if problem.severity == "error"]
    assert [problem.message for problem in named] == ["snapshot 3 names commit 11, and the store ends at 10"]
    assert named[0].offset == len(first + second)


def cut_journal(path: Path, records: int) -> None:
    from playhead import journal

    file = journal_of(path)
    file.write_bytes(file.read_bytes()[: journal.survey(file).records[records][0]])


# ── repair ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def repaired(path: Path) -> Path:
    """A repaired copy, which is sound and goes on from where it ends, and the same original as before."""
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    target = path.with_name("repaired")
    head = repair.apply(path, repair.plan(path), target)
    assert verify(target) == []
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    with playhead.open(target, durability="os") as store:
        assert [event.label for event in store.replay()] == [f"step {number}" for number in range(1, head + 1)]
        assert store.write("agent", "counter", "next") == head + 1
        assert store.get_state("agent", "counter").version == 2 * head + 1
    return target


def steps_of(path: Path, action: str) -> list[str]:
    return [step.message for step in repair.plan(path) if step.action == action]


def test_a_damaged_segment_costs_its_commits_and_those_behind_it(path: Path) -> None:  # S22
    flip(segment_of(path, 1) / "events.parquet", 60)
    assert [(step.action, step.first, step.last) for step in repair.plan(path) if step.first] == [
        ("keep", 1, 4),
        ("lose", 5, 8),
        ("lose", 9, 12),
    ]
    lost = steps_of(path, "lose")
    assert "commits 5 to 8 are lost" in lost[0]
    assert str(segment_of(path, 1) / "events.parquet") in lost[0]
    assert "snapshot 2 'at 8' is lost" in lost[2]
    assert "snapshot 3 'at 11' is lost" in lost[3]
    with playhead.open(repaired(path)) as store:
        assert [snapshot.label for snapshot in store.snapshots()] == ["at 3"]


def test_a_broken_chain_in_the_middle_of_a_segment_costs_only_what_follows(path: Path) -> None:  # S2 S27
    rewrite(path, 1, "operations.parquet", with_column("previous_commit_ts", lambda rows: [*rows[:4], 1, *rows[5:]]))
    assert [(step.action, step.first, step.last) for step in repair.plan(path) if step.first] == [
        ("keep", 1, 6),
        ("lose", 7, 8),
        ("lose", 9, 12),
    ]
    repaired(path)


def test_a_damaged_journal_record_costs_it_and_those_behind_it(path: Path) -> None:  # S8
    from playhead import journal

    file = journal_of(path)
    start = journal.survey(file).records[1][0]
    flip(file, start + 40)
    assert [(step.action, step.first, step.last) for step in repair.plan(path) if step.first] == [
        ("keep", 1, 9),
        ("lose", 10, 10),
        ("lose", 11, 12),
    ]
    assert f"{file} at offset {start}" in steps_of(path, "lose")[0]
    repaired(path)


def test_a_damaged_journal_header_costs_nothing(path: Path) -> None:
    flip(journal_of(path), 3)
    assert [(step.action, step.first, step.last) for step in repair.plan(path) if step.first] == [("keep", 1, 12)]
    assert steps_of(path, "lose") == []
    repaired(path)


@pytest.mark.parametrize("leftover", [True, False])
def test_a_missing_manifest_is_rebuilt_from_what_is_there(path: Path, leftover: bool) -> None:  # S22
    if leftover:
        shutil.copytree(segment_of(path, 1), path / directory.SEGMENTS / "000000000009-000000000010")
    (path / manifest.FILE_NAME).unlink()
    assert [(problem.severity, problem.file.name) for problem in verify(path)] == [("error", manifest.FILE_NAME)]
    assert [(step.action, step.first, step.last) for step in repair.plan(path) if step.first] == [("keep", 1, 12)]
    repaired(path)


def test_a_missing_manifest_of_a_fork_is_rebuilt_as_far_as_the_fork_went(path: Path, tmp_path: Path) -> None:  # S27
    with playhead.open(path) as store, store.fork(tmp_path / "fork", at=6) as fork:
        fork.write("agent", "more", 1)
    (tmp_path / "fork" / manifest.FILE_NAME).unlink()
    assert repair.plan(tmp_path / "fork")[1] == repair.Step("keep", "commits 1 to 7", 1, 7)


def test_a_damaged_store_json_keeps_the_id_that_transactions_are_named_by(path: Path) -> None:
    with playhead.open(path) as store:
        store_id = store.store_id
    file = path / directory.INFO_FILE
    file.write_bytes(file.read_bytes()[:-4])
    assert ["store.json" in message for message in steps_of(path, "rebuild")] == [True]
    with playhead.open(repaired(path)) as store:
        assert store.store_id == store_id


def test_a_damaged_snapshot_costs_only_itself(path: Path) -> None:  # S24
    file = path / directory.SNAPSHOTS_FILE
    flip(file, file.read_bytes().index(b"at 8"))
    assert steps_of(path, "lose") == ["the snapshot on line 2 of snapshots.jsonl is lost: damaged"]
    with playhead.open(repaired(path)) as store:
        assert [(snapshot.id, snapshot.label) for snapshot in store.snapshots()] == [(1, "at 3"), (3, "at 11")]


def test_a_repair_takes_no_place_and_follows_no_plan_but_its_own(path: Path, tmp_path: Path) -> None:
    flip(segment_of(path, 1) / "events.parquet", 60)
    steps = repair.plan(path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(StoreExistsError):
        repair.apply(path, steps, tmp_path / "taken")
    flip(segment_of(path, 0) / "events.parquet", 60)
    with pytest.raises(StoreError, match="plan it again"):
        repair.apply(path, steps, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_many_problems_of_one_file_are_counted_and_not_listed(path: Path) -> None:
    rewrite(path, 1, "operations.parquet", with_column("value_bytes", lambda rows: [value + 1 for value in rows]))  # type: ignore[operator]
    problems = verify(path)
    assert len(problems) == 11
    assert problems[-1] == Problem(
        "error", segment_of(path, 1), None, "and 2 more problems like these", problems[-1].commit_ts
    )
    assert orjson.loads(orjson.dumps(problems[-1].to_json()))["severity"] == "error"


def test_a_repaired_copy_of_an_imported_run_stays_one_where_store_json_is_damaged(path: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"role": "user", "content": "hello"}\n')
    playhead.import_log(tmp_path / "log.jsonl", tmp_path / "imported")
    file = tmp_path / "imported" / directory.INFO_FILE
    flip(file, file.read_bytes().index(b'"imported_at": "') + 16)
    with pytest.raises(playhead.CorruptStoreError, match="its checksum does not match"):
        playhead.open(tmp_path / "imported")
    repair.apply(tmp_path / "imported", repair.plan(tmp_path / "imported"), tmp_path / "repaired")
    with playhead.open(tmp_path / "repaired") as store:
        assert store.read_only
        assert store.imported is not None


VERIFY_WITH_FEW_FILES = """
import resource, sys
from pathlib import Path
from playhead.verify import verify
resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
sys.exit(len(verify(Path(sys.argv[1]))))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs setrlimit")
def test_a_store_of_many_segments_is_verified_with_few_open_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "SEGMENT_OPERATIONS", 2)

    def drafts() -> Iterator[Draft]:
        for number in range(80):
            draft = Draft()
            draft.write("agent", "counter", number)
            draft.write("agent", f"key {number % 7}", number)
            yield draft

    bulk.bulk_load(tmp_path / "many", directory.new_info(), drafts())
    assert len(manifest.load(tmp_path / "many").segments) == 80
    done = subprocess.run(
        [sys.executable, "-c", VERIFY_WITH_FEW_FILES, str(tmp_path / "many")],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_chain_is_followed_through_every_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # S2
    monkeypatch.setattr(merge, "FAN_IN", 1_000)
    with playhead.open(tmp_path / "run", durability="os") as store:
        for number in range(1, 12):
            store.write("agent", f"key {number % 3}", number)
            store.write("agent", f"only {number}", number)
            store.seal()
    assert verify(tmp_path / "run") == []
    for number in (1, 7, 10):
        copy = Path(shutil.copytree(tmp_path / "run", tmp_path / f"{number}"))
        rewrite(copy, number, "operations.parquet", with_column("version", lambda rows: [rows[0] + 1, *rows[1:]]))  # type: ignore[operator]
        key = f"key {(number + 1) % 3}"
        assert all(key in problem.message for problem in verify(copy))
        # The version itself, and the next one of that address, where there is one.
        assert len(verify(copy)) == (2 if number < 8 else 1)
