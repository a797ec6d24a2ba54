"""Every call that writes goes wrong in every way: the operation fails and changes nothing, or it is whole (S4, S8)."""

from __future__ import annotations

import gc
import shutil
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import pytest

import playhead
from playhead import (
    CorruptStoreError,
    PlayheadError,
    Store,
    TornJournalWarning,
    checkpoint,
    directory,
    log,
    manifest,
    merge,
)
from playhead.bulk import bulk_load
from playhead.draft import Draft
from playhead.maintenance import Maintenance
from playhead.model import SnapshotEntry
from playhead.verify import Problem, verify

from .answers import Answers, answers_of
from .faults import FAULTS, TAKES_SPACE, WRITES, Crash, Fault, FaultyDisk, faulty_disk

START = datetime(2026, 11, 1, tzinfo=UTC)
Operation = Callable[[Store], object]


def open_store(path: Path) -> Store:
    """With a clock that tells the same times in every run of an operation."""
    ticks = iter(range(10_000))
    return playhead.open(path, create=False, clock=lambda: START + timedelta(seconds=next(ticks)))


def commit(store: Store) -> None:
    with store.begin_transaction(kind="step", label="several writes") as tx:
        tx.write("agent", "counter", "new")
        tx.write("agent", "counter", "newer")
        tx.delete("agent", "list")
        tx.write("other", "text", "x" * 300)


def commit_and_seal_in_passing(store: Store) -> None:
    """With what a thread does beside the commits done after this one, so that every fault strikes where it is meant."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "SEAL_OPERATIONS", 1)
        patch.setattr(Maintenance, "wake", lambda _: None)
        commit(store)
        store._log._maintenance._run()


def seal_and_merge(store: Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "FAN_IN", 2)
        store.seal()


def seal_with_checkpoint(store: Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "INTERVAL_OPERATIONS", 1)
        store.seal()


def close_and_seal(store: Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "WORTH_SEALING_OPERATIONS", 1)
        store.close()


OPERATIONS: dict[str, Operation] = {
    "commit": commit,
    "commit that seals": commit_and_seal_in_passing,
    "delete": lambda store: store.delete("agent", "counter"),
    "seal": lambda store: store.seal(),
    "seal that merges": seal_and_merge,
    "seal with a checkpoint": seal_with_checkpoint,
    "snapshot": lambda store: store.snapshot("a label"),
    "restore": lambda store: store.restore(2),
    "close that seals": close_and_seal,
}


@dataclass
class Case:
    """One operation on a copy of one store, and what it answers before and after."""

    operation: Operation
    original: Path
    before: Answers
    after: Answers
    calls: list[str]

    def copy(self, path: Path) -> Path:
        return Path(shutil.copytree(self.original, path))


FORMS = ("in the journal", "half sealed")


def made(form: str, tmp_path: Path) -> Path:
    """Six commits and, half sealed, a snapshot too: the first snapshot makes a file."""
    path = tmp_path / "original"
    playhead.open(path).close()
    with open_store(path) as store:
        for number in range(6):
            with store.begin_transaction() as tx:
                tx.write("agent", "counter", number)
                tx.write("agent", "list", [number, {"nested": None}])
            if number == 3 and form == "half sealed":
                store.seal()
                store.snapshot("taken before")
    return path


@pytest.fixture(params=FORMS)
def original(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return made(request.param, tmp_path)


def prepared(operation: Operation, original: Path, path: Path) -> Case:
    shutil.copytree(original, path)
    store = open_store(path)
    before = answers_of(store)
    with faulty_disk(FaultyDisk()) as disk:
        operation(store)
    store.close()
    with open_store(path) as again:
        after = answers_of(again)
    assert disk.calls, "the operation writes nothing, so nothing is tested"
    return Case(operation, original, before, after, disk.calls)


def let_go(store: Store) -> None:
    """What the system does for a process that died: its files are closed, and its lock is free."""
    log = store._log
    if not log._closed:
        log.generation.close()
        assert log._process_lock is not None
        log._process_lock.close()
        log._maintenance.close()
        log.generation = None  # type: ignore[assignment]
    store._history.close()
    gc.collect()


LONGER_SEALS = ("seal that merges", "seal with a checkpoint")
SEALS_IN_PASSING = ("commit that seals", "close that seals")


def is_tried(name: str, fault: Fault, form: str) -> bool:
    """Seals have many calls, and begin alike: not every one of them meets every fault in every form of a store."""
    if name in LONGER_SEALS:
        return form == "half sealed" and fault in ("crash before", "crash half-way", "error once")
    if name in SEALS_IN_PASSING:
        return form == "half sealed" and fault == "crash before"
    return "seal" not in name or form == "half sealed" or fault in ("crash before", "error once")


TRIED = [
    (name, fault, form) for name in OPERATIONS for fault in FAULTS for form in FORMS if is_tried(name, fault, form)
]


@pytest.mark.parametrize(("name", "fault", "form"), TRIED)
def test_an_operation_is_whole_or_never_was_wherever_it_fails(
    name: str, fault: Fault, form: str, tmp_path: Path
) -> None:  # S4 S8 S24 S26
    original = made(form, tmp_path)
    case = prepared(OPERATIONS[name], original, tmp_path / "whole")
    # Up to where it does more, a longer seal is the plain one.
    known = prepared(OPERATIONS["seal"], original, tmp_path / "plain").calls if name in LONGER_SEALS else []
    begun_alike = sum(1 for _ in takewhile(lambda calls: calls[0] == calls[1], zip(known, case.calls, strict=False)))
    for at in sensible(fault, case.calls):
        if at < begun_alike:
            continue
        path = case.copy(tmp_path / f"{at}")
        store = open_store(path)
        disk = FaultyDisk(at, fault)
        if fault.startswith("crash"):
            check_crash(case, store, disk)
        else:
            check_failure(case, store, disk)
        shutil.rmtree(path)


def sensible(fault: Fault, calls: list[str]) -> list[int]:
    """The calls that the fault can befall in a way that no other fault does."""
    numbers = range(len(calls))
    match fault:
        case "crash after":
            # After one call is before the next.
            return [numbers[-1]]
        case "crash half-way" | "short":
            return [number for number in numbers if calls[number] in WRITES]
        case "full":
            return [number for number in numbers if calls[number] in TAKES_SPACE]
    return list(numbers)


def check_crash(case: Case, store: Store, disk: FaultyDisk) -> None:
    with pytest.raises(Crash), faulty_disk(disk):
        case.operation(store)
    let_go(store)
    assert errors_of(store.path) == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TornJournalWarning)
        with open_store(store.path) as again:
            found = answers_of(again)
            assert found in (case.before, case.after)
            check_goes_on(again, found)
    assert verify(store.path) == []


def check_failure(case: Case, store: Store, disk: FaultyDisk) -> None:
    failure = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TornJournalWarning)
        try:
            with faulty_disk(disk):
                case.operation(store)
        except PlayheadError as error:
            failure = error
        found = case.after
        if not store._log._closed:
            store.refresh()
            found = answers_of(store)
            assert found in ((case.before, case.after) if failure else (case.after,))
            if failure is not None and "nothing was changed" in str(failure):
                assert found == case.before
            if store._log._syncer.failed is None:
                found = check_goes_on(store, found)
            store.close()
        with open_store(store.path) as again:
            assert answers_of(again) == found
    assert verify(store.path) == []


def check_goes_on(store: Store, found: Answers) -> Answers:
    """The next commit and the next snapshot follow what was found; returns what the store answers then."""
    assert store.write("agent", "counter", "next") == len(found.events) + 1
    assert store.snapshot().id == len(found.snapshots) + 1
    answers = answers_of(store)
    assert answers.events[:-1] == found.events
    return answers


def errors_of(path: Path) -> list[Problem]:
    """Damage; what an interrupted operation left behind is none."""
    return [problem for problem in verify(path) if problem.severity == "error"]


def test_recovery_may_itself_be_cut_off_or_fail(original: Path, tmp_path: Path) -> None:  # S8 S22
    with open_store(original) as store:
        before = answers_of(store)
        file = store._log.generation.journal.path
    with file.open("ab") as appended:
        appended.write(b"torn")
    (original / directory.SEGMENTS / "000000000099-000000000100").mkdir()
    (original / directory.JOURNALS / "000000000101.journal").touch()
    (original / f".{manifest.FILE_NAME}.1").touch()
    with pytest.warns(TornJournalWarning), faulty_disk(FaultyDisk()) as counted:
        open_store(Path(shutil.copytree(original, tmp_path / "whole"))).close()
    assert len(counted.calls) >= 4
    for fault in ("crash before", "error once"):
        for at in range(len(counted.calls)):
            path = Path(shutil.copytree(original, tmp_path / f"{fault} {at}"))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", TornJournalWarning)
                with suppress(Crash, PlayheadError), faulty_disk(FaultyDisk(at, fault)):
                    open_store(path).close()
                with open_store(path) as store:
                    assert answers_of(store) == before
            assert verify(path) == []


def make_store(path: Path) -> None:
    playhead.open(path).close()


def load(path: Path) -> None:
    drafts = []
    for number in range(4):
        draft = Draft(kind="step", committed_at=START)
        draft.write("agent", "key", number)
        drafts.append(draft)
    bulk_load(path, directory.new_info(), drafts, [SnapshotEntry(1, 2, 0.0, None, "kept")])


@pytest.mark.parametrize("make", [make_store, load])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_in_the_making_is_there_whole_or_not_at_all_and_can_be_made_again(
    make: Callable[[Path], None], fault: Fault, tmp_path: Path
) -> None:  # S28
    with faulty_disk(FaultyDisk()) as counted:
        make(tmp_path / "whole")
    with playhead.open(tmp_path / "whole") as store:
        whole = answers_of(store)
    for at in sensible(fault, counted.calls):
        path = tmp_path / f"{at}"
        with suppress(Crash, PlayheadError), faulty_disk(FaultyDisk(at, fault)):
            make(path)
        if not directory.is_store(path):
            make(path)
        with playhead.open(path) as store:
            assert answers_of(store).snapshots == whole.snapshots
            assert [event.operations for event in store.replay()] == [event.operations for event in whole.events]
        assert verify(path) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fork_is_there_whole_or_not_at_all_and_never_touches_its_origin(
    fault: Fault, original: Path, tmp_path: Path
) -> None:  # S27
    with open_store(original) as store:
        before = answers_of(store)
        with faulty_disk(FaultyDisk()) as counted, store.fork(tmp_path / "whole", at=5) as fork:
            forked = answers_of(fork)
        for at in sensible(fault, counted.calls):
            path = tmp_path / f"{at}"
            with suppress(Crash, PlayheadError), faulty_disk(FaultyDisk(at, fault)):
                store.fork(path, at=5).close()
            if not path.exists():
                store.fork(path, at=5).close()
            with open_store(path) as fork:
                assert [event.operations for event in fork.replay()] == [event.operations for event in forked.events]
                assert fork.snapshot_entries() == forked.snapshots
            assert verify(path) == []
            assert answers_of(store) == before
    assert verify(original) == []


def test_a_damaged_record_of_an_earlier_session_is_no_torn_write(tmp_path: Path) -> None:  # S4 S8
    path = tmp_path / "run"
    ends = []
    for number in range(3):
        with playhead.open(path) as store:
            store.write("agent", "key", number)
            ends.append(store._log.generation.journal.end)
            file = store._log.generation.journal.path
    data = bytearray(file.read_bytes())
    data[ends[0] - 1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CorruptStoreError, match="damaged record at offset 20"):
        playhead.open(path)
