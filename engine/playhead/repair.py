"""What of a damaged store can be saved: a plan in words, and a repaired copy beside it. The original stays as it is."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from playhead import directory, journal, manifest, segment_check, snapshots
from playhead.directory import StoreInfo
from playhead.errors import CorruptStoreError, NotAStoreError, StoreError
from playhead.filesystem import raising_write_error, sync_directory, sync_file
from playhead.journal import Journal, Survey
from playhead.manifest import Manifest, Segment
from playhead.model import JSON, SnapshotEntry
from playhead.payload import Payload
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE
from playhead.staging import staged_store
from playhead.verify import Problem, examine, verify

_SEGMENT_NAME = re.compile(r"\d{12,}-\d{12,}")
_JOURNAL_NAME = re.compile(r"\d{12,}\.journal")
_STORE_ID = re.compile(rb'"store_id":\s*"([0-9a-f]{16})"')


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a repair does or gives up."""

    action: Literal["keep", "rebuild", "remove", "lose"]
    message: str
    first: int | None = None
    """The commits that are kept or lost, first and last; None where no commits are."""
    last: int | None = None

    def to_json(self) -> dict[str, JSON]:
        return {"action": self.action, "message": self.message, "first": self.first, "last": self.last}


@dataclass(slots=True)
class _Salvage:
    """What is saved, and the steps that say so."""

    info: StoreInfo
    segments: list[Segment] = field(default_factory=list)
    payloads: list[Payload] = field(default_factory=list)
    snapshots: list[SnapshotEntry] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def sealed_head(self) -> int:
        return self.segments[-1].last if self.segments else 0

    @property
    def head(self) -> int:
        return self.sealed_head + len(self.payloads)

    def say(self, action: Literal["keep", "rebuild", "remove", "lose"], message: str) -> None:
        self.steps.append(Step(action, message))


def plan(path: Path) -> list[Step]:
    """What a repair would keep, rebuild, remove and lose; empty where nothing is wrong.

    Raises StoreNotFoundError, StoreVersionError, and NotAStoreError where nothing of a store is left.
    """
    return _salvage(path).steps if verify(path) else []


def apply(path: Path, steps: Sequence[Step], target: Path) -> int:
    """Make a repaired copy of `path` at `target`, as `plan` said; returns its head. Never writes to `path`.

    Raises StoreExistsError where `target` holds something, StoreError where the store is no longer what was planned
    for, WriteError.
    """
    saved = _salvage(path)
    if saved.steps != list(steps):
        raise StoreError(f"{path}: has changed since the repair was planned; plan it again")
    with staged_store(target, saved.info) as staged:
        for segment in saved.segments:
            _copy_segment(path / directory.SEGMENTS / segment.name, staged / directory.SEGMENTS / segment.name)
        name = journal.file_name(1)
        _write_journal(staged / directory.JOURNALS / name, saved.sealed_head + 1, saved.payloads)
        manifest.publish(staged, Manifest(tuple(saved.segments), (name,)))
        if saved.snapshots:
            snapshots.append(staged / directory.SNAPSHOTS_FILE, saved.snapshots)
    return saved.head


def _copy_segment(source: Path, target: Path) -> None:
    with raising_write_error(target):
        target.mkdir()
        for name in (EVENTS_FILE, OPERATIONS_FILE):
            # A copy and no hard link: on a disk that damages files, two names for one file are no safety.
            shutil.copyfile(source / name, target / name)
            sync_file(target / name)
        sync_directory(target)


def _write_journal(path: Path, first_commit_ts: int, payloads: Sequence[Payload]) -> None:
    Journal.create(path)
    opened = Journal(path, first_commit_ts, writable=True)
    try:
        for payload in payloads:
            opened.append(payload.commit_ts, payload.text)
        with raising_write_error(path):
            opened.sync()
    finally:
        opened.close()


# ── finding out what is left ─────────────────────────────────────────────────────────────────────────────────────────


def _salvage(path: Path) -> _Salvage:
    saved = _Salvage(_info(path))
    if not (path / manifest.FILE_NAME).exists() and not (path / directory.SEGMENTS).is_dir():
        raise NotAStoreError(f"{path}: nothing of a store is left there to repair")
    try:
        published = manifest.load(path)
    except CorruptStoreError as error:
        published = _rebuilt_manifest(path)
        names = ", ".join([*(segment.name for segment in published.segments), *published.journals])
        saved.say("rebuild", f"{error}; rebuilt from {names}, whose checksums went with it")
    problems = examine(path, published)
    doubted = [problem for problem in problems if problem.commit_ts is not None]
    first_lost = min((problem.commit_ts for problem in doubted if problem.commit_ts is not None), default=None)
    surveys = _surveys(path, published)
    _keep_segments(saved, published, first_lost)
    _keep_payloads(saved, surveys, first_lost)
    saved.steps.append(Step("keep", f"commits 1 to {saved.head:,}", 1, saved.head))
    if first_lost is not None:
        _say_what_is_lost(saved, published, surveys, doubted)
    _keep_snapshots(path, saved)
    for problem in problems:
        if problem.commit_ts is None and problem.file.name != directory.SNAPSHOTS_FILE:
            saved.say("remove" if problem.severity == "warning" else "rebuild", str(problem))
    return saved


def _info(path: Path) -> StoreInfo:
    """What store.json says; where it is damaged, as much of it as can be found again."""
    with suppress(CorruptStoreError, NotAStoreError):
        return directory.read_info(path, verified=False)
    file = path / directory.INFO_FILE
    found = _STORE_ID.search(file.read_bytes()) if file.is_file() else None
    return directory.new_info(store_id=found[1].decode() if found else None)


def _keep_segments(saved: _Salvage, published: Manifest, first_lost: int | None) -> None:
    for segment in published.segments:
        if first_lost is None or segment.last < first_lost:
            saved.segments.append(segment)
        elif segment.first < first_lost:
            # As a fork does it: the files stay whole, and the manifest says how far they count.
            saved.segments.append(replace(segment, last=first_lost - 1))


def _keep_payloads(saved: _Salvage, surveys: Sequence[Survey], first_lost: int | None) -> None:
    for found in surveys:
        for _, payload in found.records:
            if payload.commit_ts == saved.head + 1 and (first_lost is None or payload.commit_ts < first_lost):
                saved.payloads.append(payload)


def _say_what_is_lost(
    saved: _Salvage, published: Manifest, surveys: Sequence[Survey], doubted: Sequence[Problem]
) -> None:
    """Name the commits that the damage took, and those that are there but cannot follow a gap."""
    first = saved.head + 1
    known = [segment.last for segment in published.segments]
    for found in surveys:
        known += [*found.later, *(payload.commit_ts for _, payload in found.records)]
    last = max([first, *known])
    damaged = [problem for problem in doubted if problem.commit_ts == first]
    taken = next((segment.last for segment in published.segments if segment.first <= first <= segment.last), first)
    reason = "; ".join(map(str, damaged))
    saved.steps.append(Step("lose", f"{_commits(first, taken)} lost: {reason}", first, taken))
    if last > taken:
        message = f"{_commits(taken + 1, last)} lost with them: what can be read of these builds on what is gone"
        saved.steps.append(Step("lose", message, taken + 1, last))
    for problem in doubted:
        if problem not in damaged:
            saved.say("lose", f"also damaged: {problem}")


def _commits(first: int, last: int) -> str:
    return f"commit {first:,} is" if first == last else f"commits {first:,} to {last:,} are"


def _keep_snapshots(path: Path, saved: _Salvage) -> None:
    for line in snapshots.survey(path / directory.SNAPSHOTS_FILE).lines:
        entry = line.entry
        if entry is None:
            saved.say("lose", f"the snapshot on line {line.number} of {directory.SNAPSHOTS_FILE} is lost: damaged")
        elif entry.commit_ts > saved.head:
            name = f"snapshot {entry.id}" + (f" {entry.label!r}" if entry.label else "")
            saved.say("lose", f"{name} is lost: it names commit {entry.commit_ts:,}")
        elif saved.snapshots and entry.id <= saved.snapshots[-1].id:
            saved.say("lose", f"snapshot {entry.id} on line {line.number} is lost: that number was given out before")
        else:
            saved.snapshots.append(entry)


# ── doing without a manifest ─────────────────────────────────────────────────────────────────────────────────────────


def _surveys(path: Path, published: Manifest) -> list[Survey]:
    found = []
    for name in published.journals:
        try:
            found.append(journal.survey(path / directory.JOURNALS / name))
        except OSError:
            break
    return found


def _rebuilt_manifest(path: Path) -> Manifest:
    """The segments and journals that follow one another from commit 1 on.

    Where a segment and a journal hold the same commits, as after an interrupted seal, the journal counts: it may go
    on where the segment ends.
    """
    folder = path / directory.JOURNALS
    surveys = {
        name: journal.survey(folder / name)
        for name in sorted(entry.name for entry in folder.iterdir() if _JOURNAL_NAME.fullmatch(entry.name))
    }
    unsealed = min((found.records[0][1].commit_ts for found in surveys.values() if found.records), default=None)
    kept: list[Segment] = []
    names = (entry.name for entry in (path / directory.SEGMENTS).iterdir() if _SEGMENT_NAME.fullmatch(entry.name))
    # Of those that begin together the longest first: it is what the others were merged into.
    bounds = sorted((int(name[: name.index("-")]), -int(name[name.index("-") + 1 :]), name) for name in names)
    found = [(first, name) for first, _, name in bounds]
    for (first, name), following in zip(found, [*found[1:], None], strict=True):
        if unsealed is not None and first >= unsealed:
            break
        if kept and first <= kept[-1].last:
            continue
        segment = segment_check.describe(path / directory.SEGMENTS, name)
        # In a fork, what follows says how far a shared segment counts.
        end = following[0] if following is not None and (unsealed is None or following[0] < unsealed) else unsealed
        kept.append(segment if end is None else replace(segment, last=min(segment.last, end - 1)))
    head = kept[-1].last if kept else 0
    journals = []
    for name, survey in surveys.items():
        if not survey.records or survey.records[0][1].commit_ts == head + 1:
            journals.append(name)
            head += len(survey.records)
    return Manifest(tuple(kept), tuple(journals))
