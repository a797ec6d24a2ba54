"""Stores for the engine's tests; `settle` puts every question to the journal, to segments, and to a reopened store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import playhead
from playhead import Store, log


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Opens `tmp_path / name`, and closes whatever is still open in the end. "os": no test here cuts the power."""
    opened: list[Store] = []

    def open_at(name: str = "run", **options: object) -> Store:
        store = playhead.open(tmp_path / name, **{"durability": "os", **options})  # type: ignore[arg-type]
        opened.append(store)
        return store

    yield open_at
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    """A new, empty store."""
    return open_store()


@pytest.fixture(params=["in the journal", "reopened", "sealed", "sealed every 3 operations and reopened"])
def settle(
    request: pytest.FixtureRequest, open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Store], Store]:
    """Brings what was written into one of the forms a store can have; the answers must not tell which."""
    if request.param.startswith("sealed every"):
        monkeypatch.setattr(log, "SEAL_OPERATIONS", 3)

    def settled(store: Store) -> Store:
        if request.param == "sealed":
            store.seal()
        if request.param.endswith("reopened"):
            store.close()
            return open_store(store.path.name)
        return store

    return settled
