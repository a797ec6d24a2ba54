"""What every test shares."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from playhead.history import History

# A machine that is busy with something else is no failure: speed is measured in benchmarks, never asserted. The same
# examples in every run, so that a change is judged by what it changes; PLAYHEAD_EXPLORE=1 looks for new ones, and more.
_EXPLORES = "PLAYHEAD_EXPLORE" in os.environ
settings.register_profile("playhead", deadline=None, derandomize=not _EXPLORES, max_examples=200 if _EXPLORES else 50)
settings.load_profile("playhead")


def pytest_collection_finish() -> None:
    # What is imported stays: looking through it at every collection would be a third of the time of many tests.
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()


@pytest.fixture(scope="session")
def database() -> Iterator[History]:
    """An instance of DuckDB that stands ready: starting one takes longer than all that most tests ask of it."""
    history = History()
    yield history
    history.close()


@pytest.fixture(autouse=True)
def one_database(database: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store of this process asks that instance, over a connection of its own.

    A module that tries what only an instance of its own does has a fixture of this name that leaves it so.
    """
    start = History.__init__

    def started(history: History) -> None:
        start(history)
        history._connection = database._cursor()

    monkeypatch.setattr(History, "__init__", started)


@pytest.fixture
def make_read_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Puts a folder on a read-only mount, where this user may make one; else every way of writing there is refused."""
    mount = shutil.which("mount") if sys.platform == "linux" else None
    system_open = os.open

    def is_done(*command: str | Path) -> bool:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    with ExitStack() as stack:

        def put(folder: Path) -> None:
            place = folder.resolve()

            def refusing(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
                writes = flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT)
                if writes and Path(os.fsdecode(path)).resolve().is_relative_to(place):
                    raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
                return system_open(path, flags, *arguments, **options)

            if mount is not None and is_done(mount, "--bind", place, place):
                # Lazily: an app that was just left may hold a file of it still.
                stack.callback(subprocess.check_call, ["umount", "--lazy", place])
                if is_done(mount, "-o", "remount,ro,bind", place):
                    return
            monkeypatch.setattr(os, "open", refusing)

        yield put
