"""SQLite files as importers read them: never written to, never copied, as of one moment even beside a live writer."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from playhead.errors import ImportFormatError, LogError
from playhead.formats.report import ImportReport
from playhead.formats.source import Source

MAGIC = b"SQLite format 3\0"
BUSY_SECONDS = 5.0
"""How long a writer that locks the whole file is waited for."""
MOST_VALUE_BYTES = 512 * 1024 * 1024
"""A larger value is refused: SQLite would hold it whole, and so would everything after it."""
MOST_READ_PER_BYTE = 64
"""A query that gives more bytes for each of the file's goes in circles through damaged or forged pages."""

Value = None | int | float | str | bytes

# The module cannot say what is wrong where SQLite quotes a damaged schema that is no UTF-8.
_REFUSALS = (sqlite3.Error, UnicodeDecodeError)
_CANNOT_SHARE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR})


class Database:
    """A SQLite file inside one read transaction: whatever others commit meanwhile is not seen."""

    def __init__(self, connection: sqlite3.Connection, path: Path, report: ImportReport | None) -> None:
        self._connection = connection
        self._path = path
        self._report = report
        self._bytes = path.stat().st_size + _size(_beside(path, "-wal"))
        self.tables = {name: self._columns(name) for name in self._table_names()}
        """The columns of each table, in order. Views and virtual tables are code of the file's writer and left out."""

    def rows(self, sql: str, parameters: tuple[Value, ...] = ()) -> Iterator[tuple[Value, ...]]:
        """The rows of a query as a stream, their bytes counted as read.

        Raises ImportFormatError for what SQLite cannot read, a damaged page in the middle for one.
        """
        read, most = 0, MOST_READ_PER_BYTE * self._bytes
        try:
            for row in self._connection.execute(sql, parameters):
                size = sum(len(value) if isinstance(value, str | bytes) else 1 for value in row)
                read += size
                if read > most:
                    raise ImportFormatError(f"{self._path}: holds the same pages over and over; the file is damaged")
                if self._report is not None:
                    # Pages are fuller or emptier than their rows: never past the end.
                    self._report.read(max(0, min(size, self._report.bytes_total - self._report.bytes_read)))
                yield row
        except _REFUSALS as error:
            raise refusal(self._path, error) from None

    def require(self, table: str, *columns: str) -> None:
        """Raise ImportFormatError naming what is missing, unless the table is there with these columns."""
        known = self.tables.get(table)
        if known is None:
            raise ImportFormatError(f"{self._path}: there is no table {table!r}; the database is not whole")
        missing = ", ".join(name for name in columns if name not in known)
        if missing:
            raise ImportFormatError(f"{self._path}: table {table!r} has no column {missing}; it has {', '.join(known)}")

    def _table_names(self) -> list[str]:
        listed = self.rows(
            "select name, sql from sqlite_schema where type = 'table' and name not like 'sqlite#_%' escape '#'"
            " order by name"
        )
        return [
            name
            for name, sql in listed
            if isinstance(name, str) and not str(sql).lstrip().upper().startswith("CREATE VIRTUAL")
        ]

    def _columns(self, table: str) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in self.rows("select name from pragma_table_info(?)", (table,)))


def is_database(source: Source) -> bool:
    """Whether a file says that it is a SQLite database."""
    return source.first.startswith(MAGIC)


def tables(source: Source) -> dict[str, tuple[str, ...]]:
    """The columns of each table by name; nothing for a file that is no SQLite database.

    Raises ImportFormatError for one that cannot be read.
    """
    if not is_database(source):
        return {}
    with reading(source.path) as database:
        return database.tables


def files(source: Source) -> list[Source]:
    """The file, and the write-ahead log beside it where that holds anything: what a reader sees is both."""
    found = [source]
    with suppress(LogError):
        found.append(Source(_beside(source.path, "-wal")))
    return found


@contextmanager
def reading(path: Path, report: ImportReport | None = None) -> Iterator[Database]:
    """A database open for reading, as of one moment. `report` counts bytes read, and texts that were no UTF-8.

    Raises ImportFormatError for what is no sound database, is locked, or changed without a lock while it was read.
    """
    repaired: Counter[str] = Counter() if report is None else report.repaired

    def text(value: bytes) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError:
            repaired["invalid UTF-8 replaced by U+FFFD"] += 1
            return value.decode(errors="replace")

    try:
        connection, stamp = _connected(path)
    except _REFUSALS as error:
        raise refusal(path, error) from None
    with closing(connection):
        connection.text_factory = text
        yield Database(connection, path, report)
    if stamp is not None and stamp != _stamp(path):
        raise ImportFormatError(f"{path} was written to while it was read: try again")


def refusal(path: Path, error: Exception) -> ImportFormatError:
    """What SQLite said, as the error that an importer raises."""
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        advice = "another program has it locked: try again when it is done"
    elif code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        advice = "the file is damaged or cut off: copy it again, or save what is left with: sqlite3 FILE .recover"
    elif code in _CANNOT_SHARE:
        advice = "if a writer crashed, open it once with the program that wrote it; else check its permissions"
    else:
        advice = "it cannot be read as the database it seems to be: it may be damaged or cut off"
    return ImportFormatError(f"{path}: SQLite says {error}; {advice}")


def _connected(path: Path) -> tuple[sqlite3.Connection, tuple[int, ...] | None]:
    """A connection inside a read transaction, and for one that takes no locks the file's stamp before it."""
    stamp = _stamp(path)
    if _size(_beside(path, "-wal")):
        try:
            return _begun(path, "mode=ro"), None
        except sqlite3.OperationalError as error:
            if os.name != "posix" or _code(error) not in _CANNOT_SHARE:
                raise
        # In a read-only folder no writer is live, and what SQLite shares through a file it keeps in memory.
        return _begun(path, "mode=ro&vfs=unix-none", "locking_mode = exclusive"), stamp
    with path.open("rb") as file:
        header = file.read(20)
    if header[18:] == b"\2\2":
        # Without its log the file is all there is, and a plain open would leave two more beside it.
        return _begun(path, "mode=ro&immutable=1"), stamp
    return _begun(path, "mode=ro"), None


def _begun(path: Path, options: str, *pragmas: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()), errors='surrogateescape')}?{options}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        # The file may be hostile: its schema runs no functions, and its cells are checked before they are believed.
        for pragma in ("query_only = on", "cell_size_check = on", *pragmas):
            connection.execute(f"pragma {pragma}")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES)
        connection.execute("begin")
        # A transaction begins with its first look.
        connection.execute("select count(*) from sqlite_schema").fetchone()
        # After that look, which reads the schema: with it off, a column made by a function keeps all from being read.
        connection.execute("pragma trusted_schema = off")
    except BaseException:
        connection.close()
        raise
    return connection


def _code(error: Exception) -> int:
    """The primary result code; 0 for what the module itself refused."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _stamp(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino, _size(_beside(path, "-wal"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _beside(path: Path, ending: str) -> Path:
    # A link's log lies beside what it points to.
    real = path.resolve()
    return real.with_name(f"{real.name}{ending}")
