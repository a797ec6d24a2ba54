"""Ctrl-C inside any operation: whoever catches it and goes on with the same Store gets no wrong answer (S2, S3, S8)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead import Event, Store, numbering
from playhead.generation import Generation
from playhead.index import Index
from playhead.journal import Journal
from playhead.query import INTERRUPTED
from playhead.tail import Tail
from playhead.verify import verify

from .answers import answers_of
from .faults import FaultyDisk, Interruption, faulty_disk


def interrupting(function: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
    def interrupted(*arguments: Any, **options: Any) -> Any:
        if not before:
            function(*arguments, **options)
        raise KeyboardInterrupt

    return interrupted


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(numbering, "number"), (Journal, "append"), (Generation, "take"), (Index, "add"), (Tail, "append")],
)
def test_an_interrupted_commit_is_whole_or_never_was(
    owner: object, name: str, before: bool, tmp_path: Path
) -> None:  # S2 S3 S8
    path = tmp_path / "run"
    with playhead.open(path) as store:
        store.write("agent", "key", 1)
        with (
            pytest.MonkeyPatch.context() as patch,
            pytest.raises(KeyboardInterrupt),
            store.begin_transaction() as tx,
        ):
            tx.write("agent", "key", "two")
            tx.write("agent", "other", "two")
            patch.setattr(owner, name, interrupting(getattr(owner, name), before=before))
            tx.commit()
        store.refresh()
        found = store.head
        record = store.get_state("agent", "key")
        assert (record.version, record.value) == ((1, 1) if found == 1 else (2, "two"))
        assert store.write("agent", "key", 3) == found + 1
        answers = answers_of(store)
        assert verify(path) == []
    with playhead.open(path) as store:
        assert answers_of(store) == answers


def fork(store: Store) -> None:
    store.fork(store.path.with_name("target"), at=2).close()


def load(store: Store) -> None:
    playhead.import_log(store.path.with_name("log.jsonl"), store.path.with_name("target"))


OPERATIONS: dict[str, Callable[[Store], object]] = {
    "commit": lambda store: store.write("agent", "key", "new"),
    "seal": lambda store: store.seal(),
    "snapshot": lambda store: store.snapshot("a label"),
    "restore": lambda store: store.restore(2),
    "fork": fork,
    "import": load,
}


def prepare(folder: Path) -> Path:
    """A store of five commits, two of them sealed, beside a log."""
    folder.mkdir()
    (folder / "log.jsonl").write_text('{"role": "user", "content": "hello"}\n' * 3)
    with playhead.open(folder / "run", durability="os") as store:
        for number in range(5):
            store.write("agent", "key", [number])
            if number == 1:
                store.seal()
                store.snapshot("taken before")
    return folder / "run"


def copied(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder / "original", folder / name)) / "run"


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("when", ["interrupt before", "interrupt after"])
def test_an_operation_interrupted_at_any_call_that_writes_is_whole_or_never_was(
    name: str, when: Interruption, tmp_path: Path
) -> None:  # S2 S3 S4 S8 S24 S26 S27
    prepare(tmp_path / "original")
    path, target = copied(tmp_path, "counted"), tmp_path / "counted" / "target"
    with playhead.open(path) as store:
        with faulty_disk(FaultyDisk()) as disk:
            OPERATIONS[name](store)
        whole = answers_of(store)
    made = contents(target)
    assert disk.calls
    for at in range(len(disk.calls)):
        path = copied(tmp_path, f"{at}")
        store = playhead.open(path)
        before = store.head
        with faulty_disk(FaultyDisk(at, when)), pytest.raises(KeyboardInterrupt):
            OPERATIONS[name](store)
        check_goes_on(store, before, len(whole.events))
        assert contents(path.with_name("target")) in (None, made)
        for entry in path.parent.iterdir():
            # Between making a directory and knowing of it, nothing can be undone: the next one to come clears it.
            assert entry.name in ("run", "target", "log.jsonl") or not any(entry.iterdir())
        shutil.rmtree(path.parent)


def contents(target: Path) -> list[Event] | None:
    """The events of a store that may have been made; nothing is half there."""
    if not target.exists():
        return None
    with playhead.open(target, create=False, read_only=True) as store:
        assert verify(target) == []
        return [part for event in store.replay() for part in event.operations]  # type: ignore[misc]


def check_goes_on(store: Store, before: int, whole: int) -> None:
    """The same object takes commits, seals and snapshots, and agrees with what a fresh one reads."""
    with store:
        assert store.write("agent", "key", "later") in (before + 1, whole + 1)
        store.snapshot("later")
        store.seal()
        answers = answers_of(store)
    with playhead.open(store.path) as again:
        assert answers_of(again) == answers
    assert verify(store.path) == []


def test_an_interrupted_replay_leaves_the_store_as_it_was(tmp_path: Path) -> None:  # S20
    def interrupted(events: Iterator[Event]) -> None:
        next(events)
        raise KeyboardInterrupt

    with playhead.open(prepare(tmp_path / "folder")) as store:
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                interrupted(store.replay())
        lines = playhead.export_log(store)
        next(lines)
        lines.close()  # type: ignore[attr-defined]
        check_goes_on(store, 5, 5)


def test_what_the_database_makes_of_ctrl_c_is_an_interrupt_and_the_store_answers_on(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run") as store:
        store.write("agent", "key", 1)
        with pytest.raises(KeyboardInterrupt), store.history.query(store.view()):
            raise RuntimeError(INTERRUPTED)
        with pytest.raises(RuntimeError, match="anything else"), store.history.query(store.view()):
            raise RuntimeError("anything else")
        assert store.sql("select count(*) as n from operations").to_pylist() == [{"n": 1}]
