"""What every test shares."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from playhead.history import History

# A machine that is busy with something else is no failure: speed is measured in benchmarks, never asserted. The same
# examples in every run, so that a change is judged by what it changes; PLAYHEAD_EXPLORE=1 looks for new ones.
settings.register_profile("playhead", deadline=None, derandomize="PLAYHEAD_EXPLORE" not in os.environ)
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
