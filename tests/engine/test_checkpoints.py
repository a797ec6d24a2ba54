"""Checkpoints: what they spare, and that nothing depends on them (S22, S23)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import playhead
from playhead import Address, Store, checkpoint, directory, index, latest, manifest, merge, segments
from playhead.bulk import bulk_load
from playhead.checkpoint import Checkpoint
from playhead.draft import Draft
from playhead.footers import File
from playhead.latest import LatestRows
from playhead.manifest import Segment
from playhead.query import Query
from playhead.segments import OPERATIONS_FILE

OpenStore = Callable[..., Store]


@pytest.fixture(autouse=True)
def _frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint at every seal that follows one operation or more, and half as many as the last has rows."""
    monkeypatch.setattr(checkpoint, "INTERVAL_OPERATIONS", 1)
    monkeypatch.setattr(merge, "FAN_IN", 1_000)


def write_round(store: Store, number: int) -> None:
    """One commit: a key of its own, one that every round writes, and one that comes and goes."""
    with store.begin_transaction() as tx:
        tx.write(f"agent-{number % 3}", f"own-{number}", {"round": number})
        tx.write("agent-0", "shared", number)
        if number % 3:
            tx.write("agent-1", "now and then", number, namespace="other")
        else:
            tx.delete("agent-1", "now and then", namespace="other")


def write_rounds(store: Store, first: int, last: int) -> None:
    """Each round is a segment of its own."""
    for number in range(first, last + 1):
        write_round(store, number)
        store.seal()


def files(store: Store) -> list[Path]:
    return sorted((store.path / directory.CHECKPOINTS).iterdir())


def commits(store: Store) -> list[int]:
    return [known.commit_ts for known in store.view().checkpoints]


def answers(store: Store) -> list[object]:
    """Whatever is answered from a checkpoint where there is one, at every moment."""
    view, history = store.view(), store.history
    found: list[object] = [store.agents(), [store.get_state("agent-0", "shared"), store.get_state("agent-1", "own-1")]]
    for at in range(view.head + 1):
        found += [
            history.state(view, at),
            history.state(view, at, tombstones=True),
            history.addresses(view, at, "default", "agent-1"),
            history.addresses(view, at, prefix="own-1"),
            history.size_bytes(view, at),
            [record.value for record in store.scan_prefix("agent-1", "o", at=at)],
            store.state("agent-0", at, keys=["shared", "own-3", "no such key"]),
            store.get_state_at("agent-1", "now and then", at, namespace="other"),
            store.get_state_at("agent-1", "nothing", at),
        ]
    return found


def touched(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the segments that questions look into from now on."""
    read: set[str] = set()
    listed = Query.files

    def recorded(query: Query, chosen: Sequence[Segment], file_name: str) -> str:
        read.update(segment.name for segment in chosen)
        return listed(query, chosen, file_name)

    opened = File.read

    def recorded_too(file: File, *which: object) -> object:
        if file.path.name == OPERATIONS_FILE:
            read.add(file.path.parent.name)
        return opened(file, *which)  # type: ignore[arg-type]

    monkeypatch.setattr(Query, "files", recorded)
    monkeypatch.setattr(File, "read", recorded_too)
    return read


def names(*commits: int) -> set[str]:
    return {f"{commit:012d}-{commit:012d}" for commit in commits}


# ── what they spare ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_state_reads_the_segments_since_the_checkpoint_and_those_that_hold_its_values(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S23
    for number in range(1, 7):
        store.write("agent", f"key-{number % 2}", number)
        if number > 4:
            monkeypatch.setattr(checkpoint, "INTERVAL_OPERATIONS", 100)
        store.seal()
    assert commits(store)[-1] == 4
    read = touched(monkeypatch)
    assert {key: record.value for key, record in store.state("agent", 4).items()} == {"key-0": 4, "key-1": 3}
    assert read == names(3, 4)
    read.clear()
    assert {key: record.value for key, record in store.state("agent").items()} == {"key-0": 6, "key-1": 5}
    assert read == names(5, 6)
    read.clear()
    assert store.get_state_at("agent", "key-1", 5).value == 5
    assert read == names(5)
    read.clear()
    assert (store.list_keys("agent", at=5), store.size_bytes(at=5)) == (["key-0", "key-1"], 2)
    assert read == names(5)
    read.clear()
    store.write("other", "key", 1)
    store.seal()
    # What the footers say of the rows is enough, where each part of a file is of one agent.
    assert store.agents() == [("default", "agent"), ("default", "other")]
    assert not read


def test_a_state_at_a_checkpoint_needs_no_segment_that_holds_nothing_of_it(store: Store) -> None:  # S23
    for number in range(1, 4):
        store.write("agent", "key", number)
        store.seal()
    for name in names(1, 2):
        (store.path / directory.SEGMENTS / name / "operations.parquet").write_bytes(b"poisoned")
    assert store.state("agent")["key"].value == 3
    assert store.history.addresses(store.view(), 3) == [("default", "agent", "key")]


def test_the_latest_of_one_key_is_read_from_its_segment_alone(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S23
    write_rounds(store, 1, 4)
    store.close()
    again = open_store()
    read = touched(monkeypatch)
    assert again.get_state("agent-2", "own-2").value == {"round": 2}
    assert read == names(2)


def test_opening_to_write_reads_no_segment_that_a_checkpoint_covers(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S22 S23
    write_rounds(store, 1, 3)
    store.close()

    def refuse(*_: object) -> None:
        raise AssertionError("a segment was read")

    monkeypatch.setattr(index, "read_latest", refuse)
    again = open_store()
    assert again.write("agent-0", "shared", "next", if_version=3) == 4
    assert again.write("agent-9", "new", 1, if_version=0) == 5


# ── that nothing depends on them ─────────────────────────────────────────────────────────────────────────────────────


def test_answers_are_the_same_without_any_of_them_and_without_all(store: Store, open_store: OpenStore) -> None:  # S22
    write_rounds(store, 1, 9)
    write_round(store, 10)
    expected = answers(store)
    assert len(files(store)) > 2
    for file in files(store):
        content = file.read_bytes()
        file.unlink()
        assert answers(store) == expected
        file.write_bytes(content)
    shutil.rmtree(store.path / directory.CHECKPOINTS)
    assert answers(store) == expected
    store.close()
    shutil.rmtree(store.path / directory.CHECKPOINTS, ignore_errors=True)
    assert answers(open_store(read_only=True)) == expected
    assert not (store.path / directory.CHECKPOINTS).exists()


def test_a_lost_checkpoint_is_made_again_by_the_next_writer(store: Store, open_store: OpenStore) -> None:  # S22
    write_rounds(store, 1, 3)
    (*_, newest) = files(store)
    content = newest.read_bytes()
    store.close()
    shutil.rmtree(store.path / directory.CHECKPOINTS)
    again = open_store()
    again.get_state("agent-0", "shared")
    again._log.finish_maintenance()
    assert [(path.name, path.read_bytes()) for path in files(again)] == [(newest.name, content)]
    assert commits(again) == [3]


@pytest.mark.parametrize("damage", ["flipped byte", "cut short", "empty", "no Parquet", "another's content"])
def test_a_damaged_checkpoint_is_passed_over_and_made_again(
    store: Store, open_store: OpenStore, damage: str
) -> None:  # S22
    write_rounds(store, 1, 6)
    expected = answers(store)
    older, newest = files(store)[-2:]
    content = newest.read_bytes()
    newest.write_bytes(
        {
            "flipped byte": content[:50] + bytes([content[50] ^ 1]) + content[51:],
            "cut short": content[:-9],
            "empty": b"",
            "no Parquet": b"PAR1 is all that is right",
            "another's content": older.read_bytes(),
        }[damage]
    )
    assert answers(store) == expected
    store.close()
    again = open_store()
    assert again.write("agent-0", "shared", 7, if_version=6) == 7
    again._log.finish_maintenance()
    assert newest.read_bytes() == content
    assert [known.is_intact for known in again.view().checkpoints] == [True] * len(files(again))


def test_a_checkpoint_that_goes_while_a_question_is_asked_is_passed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S22
    write_rounds(store, 1, 4)
    expected = store.history.state(store.view(), 4)
    newest = checkpoint.newest

    def and_gone(checkpoints: Sequence[Checkpoint], at: int) -> Checkpoint | None:
        found = newest(checkpoints, at)
        if found is not None:
            found.path.unlink()
        return found

    monkeypatch.setattr(checkpoint, "newest", and_gone)
    assert store.history.state(store.view(), 4) == expected
    assert files(store) == []


def test_a_disk_that_takes_no_checkpoint_takes_commits_and_seals(store: Store) -> None:  # S22
    (store.path / directory.CHECKPOINTS).write_text("a file where the directory belongs")
    write_round(store, 1)
    assert store.seal()
    assert (store.head, commits(store)) == (1, [])


def test_leftovers_of_an_interrupted_checkpoint_are_removed(store: Store, open_store: OpenStore) -> None:  # S22
    write_rounds(store, 1, 2)
    kept = files(store)
    store.close()
    (store.path / directory.CHECKPOINTS / ".2.4711").write_bytes(b"half")
    (store.path / directory.CHECKPOINTS / "notes.txt").write_text("no checkpoint")
    assert files(open_store()) == kept


# ── whose they are ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fork_takes_the_checkpoints_of_the_past_it_shares_and_no_other(
    store: Store, tmp_path: Path
) -> None:  # S27 S23
    write_rounds(store, 1, 6)
    known = commits(store)
    expected = store.history.state(store.view(), 4)
    with store.fork(tmp_path / "fork", at=4) as fork:
        assert commits(fork) == [commit for commit in known if commit <= 4]
        assert fork.history.state(fork.view(), 4) == expected
        for number in (50, 60):
            write_rounds(fork, number, number)
        # Put where the fork has one of its own for the same commit: it is of another history.
        for file in files(store):
            if not (fork.path / directory.CHECKPOINTS / file.name).exists():
                shutil.copy2(file, fork.path / directory.CHECKPOINTS)
        with playhead.open(fork.path, read_only=True) as reader:
            assert reader.state("agent-0", 6)["shared"].value == 60
            assert len({known.commit_ts for known in reader.view().checkpoints}) == len(commits(reader))
            assert "own-5" not in reader.list_keys("agent-2", at=6)


def test_a_fork_cut_inside_a_segment_ignores_the_checkpoint_behind_it(store: Store, tmp_path: Path) -> None:  # S27
    for number in range(1, 6):
        write_round(store, number)
    store.seal()
    (whole,) = files(store)
    with store.fork(tmp_path / "fork", at=3) as fork:
        (fork.path / directory.CHECKPOINTS).mkdir(exist_ok=True)
        shutil.copy2(whole, fork.path / directory.CHECKPOINTS)
        for number in (30, 40):
            write_rounds(fork, number, number)
        assert fork.get_state("agent-0", "shared").version == 5
        assert fork.state("agent-0")["shared"].value == 40
        assert whole.name not in [path.name for path in files(fork)]


def test_a_store_put_back_from_a_copy_ignores_checkpoints_of_the_history_it_lost(
    store: Store, open_store: OpenStore
) -> None:  # S22
    write_rounds(store, 1, 2)
    store.close()
    copy = store.path.with_name("copy")
    shutil.copytree(store.path, copy)
    later = open_store()
    write_rounds(later, 3, 4)
    later.close()
    lost = files(later)
    for file in lost:
        shutil.copy2(file, copy / directory.CHECKPOINTS)
    restored = open_store("copy", read_only=True)
    assert max(commits(restored)) <= 2
    assert "own-3" not in restored.list_keys("agent-0")
    restored.close()
    other = open_store("copy")
    write_rounds(other, 33, 34)
    assert other.store_id == store.store_id
    assert other.get_state("agent-0", "shared").value == 34
    assert other.state("agent-0", 4)["shared"].value == 34


# ── when they are written, and which are kept ────────────────────────────────────────────────────────────────────────


def test_one_is_written_once_enough_has_happened_since_the_last(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # S23
    monkeypatch.setattr(checkpoint, "INTERVAL_OPERATIONS", 4)
    seen = []
    for number in range(1, 41):
        store.write("agent", f"key-{number}", number)
        store.seal()
        seen += [commit for commit in commits(store) if commit not in seen]
    # Four operations to begin with, then half of the rows there are.
    assert seen == [4, 8, 12, 18, 27, 40]


def test_those_kept_are_fewer_the_older_they_are(store: Store) -> None:  # S23
    for number in range(1, 61):
        store.write("agent", "key", number)
        store.seal()
        kept = [0, *commits(store)]
        assert kept[-1] == number
        for older, newer in pairwise(kept):
            assert newer - older <= max(1, (number - older) / 3)
    assert len(kept) < 20
    assert len(files(store)) == len(kept) - 1


def drafts(count: int) -> list[Draft]:
    made = [Draft() for _ in range(count)]
    for number, draft in enumerate(made):
        draft.write("agent", f"key-{number % 7}", number)
        draft.write("agent", f"new-{number}", number)
    return made


def test_a_bulk_load_ends_with_one(tmp_path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.bulk.SEGMENT_OPERATIONS", 5)
    monkeypatch.setattr(index, "HOT_ADDRESSES", 3)
    bulk_load(tmp_path / "run", directory.new_info(imported={}), drafts(20))
    store = open_store()
    known = commits(store)
    assert known[-1] == 20
    expected = answers(store)
    assert [operation.version for event in store.replay() for operation in event.operations[:1]] == [
        number // 7 + 1 for number in range(20)
    ]
    shutil.rmtree(store.path / directory.CHECKPOINTS)
    assert answers(store) == expected


def test_a_checkpoint_holds_the_last_operation_of_every_address_sorted(store: Store) -> None:  # S22
    write_rounds(store, 1, 3)
    rows = pq.read_table(files(store)[-1])
    assert rows.schema.equals(latest.SCHEMA)
    found = rows.to_pylist()
    assert [(row["namespace"], row["agent_id"], row["key"], row["version"], row["op"]) for row in found] == [
        ("default", "agent-0", "own-3", 1, "write"),
        ("default", "agent-0", "shared", 3, "write"),
        ("default", "agent-1", "own-1", 1, "write"),
        ("default", "agent-2", "own-2", 1, "write"),
        ("other", "agent-1", "now and then", 3, "delete"),
    ]
    for row in found:
        address = Address(row["namespace"], row["agent_id"], row["key"])
        assert row["address_hash"] == latest.address_hash(address)
        assert row["value_bytes"] == (0 if row["op"] == "delete" else row["value_bytes"])
        assert (row["value_hash"] is None) == (row["op"] == "delete")
        assert row["commit_ts"] == (3 if row["key"] in ("shared", "now and then") else int(row["key"][-1]))


# ── finding an address ───────────────────────────────────────────────────────────────────────────────────────────────


def test_addresses_that_share_a_hash_are_told_apart(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:  # S1 S2
    for module in (index, latest):
        monkeypatch.setattr(module, "address_hash", lambda address: len(address.key) % 2)
    monkeypatch.setattr(index, "HOT_ADDRESSES", 0)
    versions: dict[str, int] = {}
    for number in range(30):
        key = "k" * (number * number % 7 + 1)
        versions[key] = versions.get(key, 0) + 1
        store.write("agent", key, number)
        if number % 3 == 2:
            store.seal()
    again = open_store()
    for opened in (store, again):
        assert {key: opened.get_state("agent", key).version for key in versions} == versions
        assert {key: record.version for key, record in opened.state("agent").items()} == versions
        assert not opened.get_state("agent", "never written").exists


def test_the_newer_of_two_rows_of_an_address_wins_wherever_it_stands(store: Store) -> None:  # S2
    for number in range(1, 4):
        store.write("agent", "b", number)
        store.write("agent", f"{'ac'[number % 2]}{number}", number)
        store.seal()
    tables = [
        segments.read_latest(store.path / directory.SEGMENTS / segment.name / "operations.parquet", segment.last)
        for segment in manifest.load(store.path).segments
    ]
    first, second, third = map(LatestRows.of, tables)
    for merged in (first.merge(second).merge(third), first.merge(second.merge(third))):
        assert len(merged) == 4
        found = merged.sorted_table().to_pylist()
        assert [(row["key"], row["version"]) for row in found] == [("a2", 1), ("b", 3), ("c1", 1), ("c3", 1)]
        address = Address("default", "agent", "b")
        row = merged.find(address, latest.address_hash(address))
        assert row is not None
        assert row[:2] == (3, 5)


def test_an_address_hash_does_not_confuse_where_one_part_ends(store: Store) -> None:  # S1
    addresses = [Address("a", "b", "cd"), Address("a", "bc", "d"), Address("ab", "c", "d"), Address("a", "1:b", "cd")]
    assert len({latest.address_hash(address) for address in addresses}) == len(addresses)
