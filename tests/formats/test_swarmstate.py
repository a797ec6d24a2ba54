from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import ormsgpack
import pytest
from tests.formats.conftest import load, sample

from playhead.errors import ImportFormatError
from playhead.formats.registry import recognise
from playhead.formats.swarmstate import SwarmState


def stored(path: Path, *rows: tuple[object, object, object]) -> Path:
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table kv (ns text not null, k text not null, v blob not null, primary key (ns, k))")
        database.executemany("insert into kv values (?, ?, ?)", rows)
        database.commit()
    return path


def test_a_store_is_one_moment_of_every_key_in_its_namespace(tmp_path: Path) -> None:
    path = stored(
        tmp_path / "store.db",
        ("memory", "a", ormsgpack.packb({"n": 1, "deep": [None, True, 2.5]})),
        ("plans", "a", ormsgpack.packb("x")),
        ("ck\x1ft1\x1f", "c1", ormsgpack.packb({"cp": ["msgpack", ormsgpack.packb({"n": 2})], "md": None})),
        ("wr\x1ft1\x1fsub\x1fc1", "task\x1f0", ormsgpack.packb(["task", "n", ["msgpack", ormsgpack.packb(3)], "path"])),
    )
    assert recognise(path)[0].name == "swarmstate"
    loaded = load(SwarmState(), path)
    assert len(loaded.drafts) == 1
    assert loaded.state == {
        ("lg:t1", "main", "checkpoints/c1"): {"cp": {"n": 2}, "md": None},
        ("lg:t1", "sub", "writes/c1/task/0"): ["task", "n", 3, "path"],
        ("memory", "main", "a"): {"n": 1, "deep": [None, True, 2.5]},
        ("plans", "main", "a"): "x",
    }
    assert loaded.report.bytes_read == loaded.report.bytes_total


@pytest.mark.parametrize(
    "value", [b"", b"\xc1", b"\x92\xa1x", b"not msgpack at all", ormsgpack.packb(float("nan")), 7, "text"]
)
def test_a_value_that_cannot_be_read_is_a_note_and_the_others_are_there(value: object, tmp_path: Path) -> None:
    path = stored(tmp_path / "store.db", ("n", "bad", value), ("n", "good", ormsgpack.packb(1)))
    loaded = load(SwarmState(), path)
    assert loaded.value("good") == 1
    assert sorted(loaded.keys("")) == ["bad", "good"]


def test_the_sample_holds_every_row_of_its_table() -> None:
    path = sample("swarmstate/disk_store.db")
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        ((rows,),) = database.execute("select count(*) from kv").fetchall()
    loaded = load(SwarmState(), path)
    assert len(loaded.state) == rows == 64
    assert not loaded.report.repaired
    assert {address.namespace for address in loaded.state} == {"memory", "workflow", "lg:t1", "lg:t2"}


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("{}")
    with pytest.raises(ImportFormatError, match=r"store\.db is not a SQLite database"):
        load(SwarmState(), tmp_path / "store.db")
