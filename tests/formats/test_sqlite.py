"""Databases of other programs are read as they are, whatever their writer is doing, and left as they were."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from playhead.errors import ImportFormatError, LogError
from playhead.formats import sqlite
from playhead.formats.report import ImportReport
from playhead.formats.source import Source

ROWS = 200


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some %?# name.db"


def made(path: Path, journal_mode: str = "delete") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"pragma journal_mode = {journal_mode}")
    connection.execute("create table things (id integer primary key, text)")
    connection.execute("begin")
    connection.executemany("insert into things values (?, ?)", ((n, f"thing {n} " * 20) for n in range(ROWS)))
    connection.execute("commit")
    return connection


def count(path: Path) -> int:
    with sqlite.reading(path) as database:
        ((found,),) = database.rows("select count(*) from things")
    assert isinstance(found, int)
    return found


def crashed_writer(path: Path) -> None:
    """A database whose last rows are only in the log that its killed writer left."""
    made(path, "wal").close()
    code = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('insert into things values (1000, ?)', ('in the log alone',))\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


@pytest.mark.parametrize("journal_mode", ["delete", "wal"])
def test_tables_columns_and_rows_are_there_and_the_folder_stays_as_it_was(path: Path, journal_mode: str) -> None:
    made(path, journal_mode).close()
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    assert sqlite.tables(Source(path)) == {"things": ("id", "text")}
    assert count(path) == ROWS
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_views_and_virtual_tables_are_not_tables(path: Path) -> None:
    with closing(made(path)) as connection:
        connection.execute("create view seen as select * from things")
        connection.execute("create virtual table indexed using fts5(text)")
    assert "seen" not in sqlite.tables(Source(path))
    assert "indexed" not in sqlite.tables(Source(path))
    assert "things" in sqlite.tables(Source(path))


def test_columns_that_the_schema_computes_are_read(path: Path) -> None:
    with closing(made(path)) as connection:
        connection.execute("create table spans (body text, name text as (json_extract(body, '$.name')) stored)")
        connection.execute("insert into spans (body) values (?)", ('{"name": "root"}',))
    with sqlite.reading(path) as database:
        assert list(database.rows("select name from spans")) == [("root",)]


def test_what_a_live_writer_commits_while_it_is_read_is_not_seen(path: Path) -> None:
    with closing(made(path, "wal")) as writer:
        writer.execute("insert into things values (1000, 'committed before')")
        with sqlite.reading(path) as database:
            rows = database.rows("select id from things order by id")
            assert next(rows) == (0,)
            writer.execute("insert into things values (1001, 'committed after')")
            assert list(rows)[-1] == (1000,)
            assert list(database.rows("select count(*) from things")) == [(ROWS + 1,)]
        assert count(path) == ROWS + 2


def test_the_log_of_a_crashed_writer_counts(path: Path) -> None:
    crashed_writer(path)
    assert count(path) == ROWS + 1
    assert [file.name for file in sqlite.files(Source(path))] == [path.name, f"{path.name}-wal"]


def test_the_log_counts_where_nothing_can_be_made_beside_it(path: Path) -> None:
    crashed_writer(path)
    # A folder in its place keeps the shared index from being opened, as a read-only disk does.
    shared = path.with_name(f"{path.name}-shm")
    shared.unlink()
    shared.mkdir()
    log = path.with_name(f"{path.name}-wal").read_bytes()
    assert count(path) == ROWS + 1
    assert path.with_name(f"{path.name}-wal").read_bytes() == log


def test_a_file_without_locks_that_is_written_to_meanwhile_is_refused(path: Path) -> None:
    made(path, "wal").close()
    with pytest.raises(ImportFormatError, match="written to while it was read"), sqlite.reading(path) as database:
        list(database.rows("select * from things"))
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("insert into things values (1000, 'late')")


def test_a_lock_that_stays_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    with closing(made(path)) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(ImportFormatError, match="another program has it locked: try again"):
            count(path)


def test_texts_that_are_no_utf8_are_mended_and_counted(path: Path) -> None:
    with closing(made(path)) as connection:
        connection.execute("insert into things values (1000, cast(x'61ff62' as text))")
    report = ImportReport(bytes_total=path.stat().st_size)
    with sqlite.reading(path, report) as database:
        assert list(database.rows("select text from things where id = 1000")) == [("a\ufffdb",)]
        assert sum(1 for _ in database.rows("select * from things")) == ROWS + 1
    assert report.repaired == {"invalid UTF-8 replaced by U+FFFD": 1 + 1}
    assert 0 < report.bytes_read <= report.bytes_total


def test_a_missing_table_or_column_is_named(path: Path) -> None:
    made(path).close()
    with sqlite.reading(path) as database:
        database.require("things", "id", "text")
        with pytest.raises(ImportFormatError, match="no table 'others'"):
            database.require("others")
        with pytest.raises(ImportFormatError, match="no column size, shape; it has id, text"):
            database.require("things", "size", "id", "shape")


def test_a_file_that_is_no_database_has_no_tables(path: Path) -> None:
    path.write_bytes(b"SQLite is mentioned here, that is all")
    assert sqlite.tables(Source(path)) == {}
    path.write_bytes(sqlite.MAGIC + b"and then something else entirely" * 40)
    with pytest.raises(ImportFormatError, match="damaged or cut off"):
        sqlite.tables(Source(path))


def read_all(path: Path) -> None:
    with sqlite.reading(path) as database:
        for table in database.tables:
            for _ in database.rows(f'select * from "{table.replace(chr(34), chr(34) * 2)}"'):
                pass


def mutations(content: bytes, chance: random.Random) -> Iterator[bytes]:
    yield from (content[:length] for length in range(16, len(content), 509))
    for _ in range(150):
        broken = bytearray(content)
        for _ in range(chance.choice((1, 4, 40))):
            broken[chance.randrange(16, len(broken))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        yield bytes(broken)


@pytest.mark.parametrize("make", [lambda path: made(path).close(), lambda path: made(path, "wal").close()])
def test_a_damaged_file_gives_a_named_error_or_rows_and_nothing_else(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    content = path.read_bytes()
    refused = 0
    for broken in mutations(content, random.Random(7)):
        path.write_bytes(broken)
        try:
            read_all(path)
        except LogError as error:
            assert path.name in str(error)
            refused += 1
    assert refused > 10


def test_a_query_that_gives_far_more_than_the_file_holds_is_stopped(path: Path) -> None:
    made(path).close()
    with sqlite.reading(path) as database, pytest.raises(ImportFormatError, match="same pages over and over"):
        for _ in database.rows("select one.text from things as one, things as two, things as three"):
            pass
