"""Is a store what docs/format.md says it is? Reads everything, changes nothing, and names all that is wrong."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playhead import directory, journal, manifest, segment_check, snapshots
from playhead.entry import LogEntry
from playhead.errors import CorruptStoreError, StoreNotFoundError, StoreVersionError
from playhead.journal import Survey
from playhead.manifest import Manifest, Segment
from playhead.model import JSON
from playhead.payload import decode_payload
from playhead.segment_check import Chain, Link
from playhead.segments import OPERATIONS_FILE

PROBLEMS_PER_FILE = 10
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be."""

    severity: Literal["error", "warning"]
    """An error is damage; a warning is what an interrupted write left behind, which the next writer clears away."""
    file: Path
    offset: int | None
    """In bytes, where the place in the file is known."""
    message: str
    commit_ts: int | None = None
    """The first commit it puts in doubt; None where it touches no commit."""

    def __str__(self) -> str:
        place = "" if self.offset is None else f" at offset {self.offset}"
        return f"{self.file}{place}: {self.message}"

    def to_json(self) -> dict[str, JSON]:
        return {
            "severity": self.severity,
            "file": str(self.file),
            "offset": self.offset,
            "message": self.message,
            "commit_ts": self.commit_ts,
        }


def verify(path: Path) -> list[Problem]:
    """Everything wrong with the store at `path`, in reading order; an empty list is a sound store.

    Checks every checksum, the sequences of commits, versions, times and hashes, the order of rows, the snapshots, and
    that each file is one the manifest names. Reads a batch of each file at a time, and the journals whole. Another
    process may write meanwhile. Raises StoreNotFoundError, StoreVersionError.
    """
    if not path.is_dir():
        raise StoreNotFoundError(f"{path}: no store there; check the path")
    for attempt in range(_ATTEMPTS):
        published = _manifest_text(path)
        problems = _verify_once(path)
        # A seal in another process may have taken files away under this reading; then what was found means nothing.
        if not problems or attempt == _ATTEMPTS - 1 or _manifest_text(path) == published:
            break
    return problems


def _verify_once(path: Path) -> list[Problem]:
    try:
        return examine(path, manifest.load(path))
    except CorruptStoreError as error:
        return [Problem("error", path / manifest.FILE_NAME, None, _said(error), 1)]


def examine(path: Path, published: Manifest) -> list[Problem]:
    """What is wrong with the store if this were its manifest."""
    return list(_Verification(path).run(published))


def _manifest_text(path: Path) -> bytes | None:
    try:
        return (path / manifest.FILE_NAME).read_bytes()
    except OSError:
        return None


class _Verification:
    """One reading of a store from end to end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store_id = ""
        self.head = 0
        """The last commit that everything up to here allows."""
        self.committed_at = 0
        self.sealed: list[tuple[Segment, int]] = []
        """The segments whose links are to be checked, each with its source."""
        self.journaled: list[Iterable[Link]] = []
        self.sources: list[Path] = []
        """The file that each number in a `Link` stands for."""
        self.is_whole = True
        """Whether everything read so far is sound, so that what follows can be checked against it."""

    def run(self, published: Manifest) -> Iterator[Problem]:
        yield from self._check_info()
        yield from self._check_segments(published)
        yield from self._check_journals(published)
        yield from self._check_chain()
        yield from self._check_snapshots()
        yield from self._check_orphans(published)

    def _check_info(self) -> Iterator[Problem]:
        try:
            self.store_id = directory.read_info(self.path).store_id
        except StoreVersionError:
            raise
        except Exception as error:  # Whatever is wrong with this file is what is asked here.
            yield Problem("error", self.path / directory.INFO_FILE, None, _said(error))

    # ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_segments(self, published: Manifest) -> Iterator[Problem]:
        for segment in published.segments:
            file = self.path / directory.SEGMENTS / segment.name
            if segment.first != self.head + 1:
                yield self._broken(
                    self.path / manifest.FILE_NAME, segment.first, f"{segment.name} does not follow {self.head}"
                )
            if not segment.first <= segment.last <= segment.stored_last:
                yield self._broken(
                    self.path / manifest.FILE_NAME, segment.first, f"{segment.name} ends before it begins"
                )
            found = segment_check.check_segment(self.path / directory.SEGMENTS, segment)
            limited = _Limit()
            for finding in found:
                self.is_whole = False
                if limited.allows(file, finding.commit_ts):
                    yield Problem("error", file / finding.file_name, None, finding.message, finding.commit_ts)
            yield from limited.rest()
            if self.is_whole:
                self.sealed.append((segment, self._source(file / OPERATIONS_FILE)))
            self.head, self.committed_at = segment.last, segment.committed_at

    def _check_journals(self, published: Manifest) -> Iterator[Problem]:
        if not published.journals:
            yield self._broken(self.path / manifest.FILE_NAME, self.head + 1, "names no journal")
        for name in published.journals:
            file = self.path / directory.JOURNALS / name
            try:
                found = journal.survey(file)
            except OSError as error:
                yield self._broken(file, self.head + 1, f"cannot be read ({error.strerror}), but the manifest names it")
                return
            if not found.is_header_whole:
                # No commit is in doubt: the records themselves say whether they follow.
                yield Problem("error", file, 0, "damaged journal header")
            begins = found.records[0][1].commit_ts if found.records else self.head + 1
            if begins != self.head + 1:
                yield self._broken(file, self.head + 1, f"begins with commit {begins} where {self.head + 1} belongs", 0)
            yield from self._check_records(file, found)
            yield from self._check_damage(file, found, is_last=name == published.journals[-1])

    def _check_records(self, file: Path, found: Survey) -> Iterator[Problem]:
        entries: list[LogEntry] = []
        for offset, payload in found.records:
            try:
                entry = decode_payload(payload, self.store_id)
            except Exception as error:  # The checksum holds, so whatever fails here was written wrong.
                yield self._broken(file, payload.commit_ts, f"a record that says nothing sensible ({error})", offset)
                break
            if entry.committed_at < self.committed_at:
                yield self._broken(
                    file, entry.commit_ts, f"commit {entry.commit_ts} is earlier than the one before it", offset
                )
            self.committed_at = max(self.committed_at, entry.committed_at)
            entries.append(entry)
            self.head = entry.commit_ts
        if self.is_whole:
            self.journaled.append(segment_check.journal_links(iter(entries), self._source(file)))

    def _check_damage(self, file: Path, found: Survey, *, is_last: bool) -> Iterator[Problem]:
        if not found.damaged_bytes:
            return
        lost = self.head + 1
        if found.last_vouched > found.end:
            yield self._broken(file, lost, f"damaged record (commit {lost}) that was safely written", found.end)
        elif found.later or not is_last:
            yield self._broken(
                file, lost, f"damaged record (commit {lost}), with whole ones behind it; a writer drops them", found.end
            )
        else:
            message = f"{found.damaged_bytes} bytes of a torn write, or of one under way; a writer drops them"
            yield Problem("warning", file, found.end, message)

    def _check_chain(self) -> Iterator[Problem]:
        """Versions, previous_commit_ts and previous_hash of each address, over one file after another (S2)."""
        limited, chain, folder = _Limit(), Chain(), self.path / directory.SEGMENTS
        for segment, source in self.sealed:
            try:
                yield from self._check_links(segment_check.sealed_links(folder, segment, source), chain, limited)
                chain.add(folder, segment)
            except (OSError, ValueError, CorruptStoreError) as error:
                yield self._broken(self.sources[source], segment.first, f"cannot be read any more ({error})")
                return
        yield from self._check_links(heapq.merge(*self.journaled), chain, limited)
        yield from limited.rest()

    def _check_links(self, links: Iterable[Link], chain: Chain, limited: _Limit) -> Iterator[Problem]:
        before: Link | None = None
        for link in links:
            if before is None or before.address != link.address:
                before = chain.last(link.address)
            broken = segment_check.break_between(before, link)
            before = link
            if broken is not None and limited.allows(self.sources[link.source], link.commit_ts):
                yield Problem("error", self.sources[link.source], None, broken, link.commit_ts)

    # ── what stands beside the log ───────────────────────────────────────────────────────────────────────────────────

    def _check_snapshots(self) -> Iterator[Problem]:
        file = self.path / directory.SNAPSHOTS_FILE
        found = snapshots.survey(file)
        before = 0
        for line in found.lines:
            entry = line.entry
            if entry is None:
                yield Problem("error", file, line.offset, f"damaged snapshot on line {line.number}")
                continue
            if entry.id <= before or (entry.parent or 0) >= entry.id:
                yield Problem(
                    "error", file, line.offset, f"snapshot {entry.id} is out of sequence (line {line.number})"
                )
            if entry.commit_ts > self.head and self.is_whole:
                yield Problem(
                    "error",
                    file,
                    line.offset,
                    f"snapshot {entry.id} names commit {entry.commit_ts}, and the store ends at {self.head}",
                )
            before = entry.id
        if found.torn_bytes:
            message = f"{found.torn_bytes} bytes of a torn snapshot, or of one being taken; a writer drops them"
            yield Problem("warning", file, found.end, message)

    def _check_orphans(self, published: Manifest) -> Iterator[Problem]:
        named = {
            directory.SEGMENTS: {segment.name for segment in published.segments},
            directory.JOURNALS: set(published.journals),
        }
        for folder, names in named.items():
            if not (self.path / folder).is_dir():
                yield Problem("error", self.path / folder, None, "missing")
                continue
            for entry in sorted((self.path / folder).iterdir()):
                if entry.name not in names:
                    yield Problem("warning", entry, None, "no manifest names it: left over, or a seal is under way")
        for entry in sorted(self.path.iterdir()):
            if directory.is_leftover(entry.name):
                yield Problem("warning", entry, None, "left over from an interrupted write, or one is under way")

    # ── keeping the books ────────────────────────────────────────────────────────────────────────────────────────────

    def _broken(self, file: Path, commit_ts: int, message: str, offset: int | None = None) -> Problem:
        self.is_whole = False
        return Problem("error", file, offset, message, commit_ts)

    def _source(self, file: Path) -> int:
        self.sources.append(file)
        return len(self.sources) - 1


class _Limit:
    """Lets so many problems of a file through, and says how many there were besides."""

    def __init__(self) -> None:
        self._commits: dict[Path, list[int]] = {}

    def allows(self, file: Path, commit_ts: int) -> bool:
        commits = self._commits.setdefault(file, [])
        commits.append(commit_ts)
        return len(commits) <= PROBLEMS_PER_FILE

    def rest(self) -> Iterator[Problem]:
        for file, commits in self._commits.items():
            if more := commits[PROBLEMS_PER_FILE:]:
                yield Problem("error", file, None, f"and {len(more):,} more problems like these", min(more))


def _said(error: Exception) -> str:
    """The error's message without the path it begins with."""
    return str(error).partition(": ")[2] or str(error) or type(error).__name__
