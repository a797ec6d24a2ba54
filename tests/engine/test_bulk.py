"""A bulk load makes the very store that commits would have made."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import playhead
from playhead import VersionConflictError, checkpoint, codec, directory, manifest, segments
from playhead.bulk import bulk_load
from playhead.draft import Draft
from playhead.latest import address_hash
from playhead.model import JSON, Address
from playhead.verify import verify

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: list[JSON] = [None, True, 0, -1.5, "", "nine ☃", {"b": 1, "a": [2, {"d": None, "c": "x"}]}, [], {}, "x" * 5_000]


def drafts(count: int) -> Iterator[Draft]:
    chance = random.Random(count)
    for number in range(count):
        draft = Draft(
            kind=chance.choice(("step", "tool_call", "")),
            label=f"step {number} → é" if number % 3 else "",
            meta={"line": number} if number % 2 else {},
            occurred_at=BEGAN + timedelta(seconds=number) if number % 5 else None,
            namespace=chance.choice(("default", "other")),
        )
        for _ in range(chance.randrange(1, 5)):
            agent, key = f"agent-{chance.randrange(3)}", f"key {chance.randrange(30)}"
            if chance.random() < 0.2:
                draft.delete(agent, key)
            else:
                draft.write(agent, key, chance.choice(VALUES))
        yield draft


def commit(path: Path, made: Iterator[Draft]) -> None:
    with playhead.open(path, create=True, durability="os") as store:
        for draft in made:
            with store.begin_transaction(
                kind=draft.kind,
                label=draft.label,
                meta=draft.meta,
                occurred_at=draft.occurred_at,
                namespace=draft.namespace,
            ) as transaction:
                for address, op, encoded, _ in draft.operations:
                    if op == "write":
                        transaction.write(address.agent_id, address.key, codec.decode(encoded))
                    else:
                        transaction.delete(address.agent_id, address.key)
        store.seal()


@pytest.mark.parametrize("operations", [1, 7, 100_000])
def test_a_bulk_load_makes_the_rows_that_commits_make(
    operations: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # S2, S5, S6
    monkeypatch.setattr("playhead.bulk.SEGMENT_OPERATIONS", operations)
    commit(tmp_path / "committed", drafts(120))
    bulk_load(tmp_path / "loaded", directory.new_info(), drafts(120))
    with (
        playhead.open(tmp_path / "committed", read_only=True) as committed,
        playhead.open(tmp_path / "loaded", read_only=True) as loaded,
    ):
        for rows in (
            "SELECT * EXCLUDE (committed_at, txn_id) FROM events ORDER BY commit_ts",
            "SELECT * FROM operations ORDER BY commit_ts, op_index",
        ):
            assert loaded.sql(rows).equals(committed.sql(rows))
        assert loaded.sql("SELECT DISTINCT txn_id FROM events").num_rows == 120
    assert verify(tmp_path / "loaded") == []


@pytest.mark.parametrize("operations", [1, 100])
def test_a_bulk_load_that_finds_another_version_than_it_wants_fails_whole(
    operations: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # S13a
    monkeypatch.setattr("playhead.bulk.SEGMENT_OPERATIONS", operations)
    first, second = Draft(), Draft()
    first.write("agent", "key", 1, if_version=0)
    second.write("agent", "key", 2, if_version=1)
    second.write("agent", "key", 3, if_version=1)
    bulk_load(tmp_path / "agreeing", directory.new_info(), [first, second])
    third = Draft()
    third.write("agent", "key", 4, if_version=2)
    with pytest.raises(VersionConflictError, match=r"default/agent/key: expected at version 2, found version 3"):
        bulk_load(tmp_path / "conflicting", directory.new_info(), [first, second, third])
    assert not (tmp_path / "conflicting").exists()


def test_checkpoints_of_a_bulk_load_hold_what_is_latest_at_every_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # S22
    monkeypatch.setattr("playhead.bulk.SEGMENT_OPERATIONS", 11)
    monkeypatch.setattr(checkpoint, "INTERVAL_OPERATIONS", 20)
    monkeypatch.setattr(checkpoint, "ROW_GROUP_ROWS", 4)
    monkeypatch.setattr("playhead.digests.LAYER_ROWS", 30)
    bulk_load(tmp_path / "run", directory.new_info(), drafts(120))
    folder = tmp_path / "run" / directory.CHECKPOINTS
    found = checkpoint.named(folder, manifest.load(tmp_path / "run").checkpoints)
    assert len(found) > 2
    with playhead.open(tmp_path / "run", read_only=True) as store:
        for known in found:
            assert known.is_intact
            latest = store.sql(
                "SELECT namespace, agent_id, key, max(version) AS version, max(commit_ts) AS commit_ts,"
                " arg_max(value_hash, version) FILTER (op = 'write') AS last_written, arg_max(op, version) AS op"
                f" FROM operations WHERE commit_ts <= {known.commit_ts}"
                " GROUP BY ALL ORDER BY namespace, agent_id, key"
            )
            rows = pq.read_table(known.path)
            for name in ("namespace", "agent_id", "key", "version", "commit_ts", "op"):
                assert rows[name].to_pylist() == latest[name].to_pylist()
            assert rows["address_hash"].to_pylist() == [
                address_hash(Address(*names))
                for names in zip(*(rows[name].to_pylist() for name in Address._fields), strict=True)
            ]


def test_a_large_value_has_a_row_group_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "ROW_GROUP_BYTES", 100)
    written = ["a" * 30, "b" * 30, "c" * 300, None, "d" * 300, "e" * 60, "f" * 60]
    draft = Draft()
    for number, value in enumerate(written):
        draft.write("agent", f"key {number}", value)
    removed = Draft()
    removed.delete("agent", "key 4")
    bulk_load(tmp_path / "run", directory.new_info(), [draft, removed])
    (file,) = (tmp_path / "run" / directory.SEGMENTS).glob(f"*/{segments.OPERATIONS_FILE}")
    with pq.ParquetFile(file) as parquet:
        groups = [parquet.read_row_group(group)["value"].to_pylist() for group in range(parquet.num_row_groups)]
    assert [[value and value[1] for value in group] for group in groups] == [
        *(["a", "b"], ["c"], ["u"], ["d"], [None, "e"], ["f"]),
    ]
    assert [codec.decode(value) for group in groups for value in group if value] == written
    verify(tmp_path / "run")


def test_a_bulk_load_leaves_the_search_for_garbage_as_it_was(tmp_path: Path) -> None:
    before = gc.get_threshold()
    during: list[tuple[int, int, int]] = []

    def told() -> Iterator[Draft]:
        during.append(gc.get_threshold())
        yield from drafts(1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        bulk_load(tmp_path / "run", directory.new_info(), told())
    assert during[0][0] > before[0]
    assert gc.get_threshold() == before
