"""Which file it was that was read: enough to tell, at a glance, whether it is still the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from playhead.model import JSON

SAMPLED_BYTES = 65_536
_DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """A file as it was at one moment: its place, its size, its age, and its first and last bytes."""

    path: str
    """Resolved, so that links to one file are one file."""
    device: int
    inode: int
    size: int
    mtime_ns: int
    head: str
    """A hash of the first `SAMPLED_BYTES`."""
    tail: str
    """A hash of the last `SAMPLED_BYTES`."""

    @staticmethod
    def of(path: Path) -> FileIdentity:
        """Raises OSError."""
        with path.open("rb") as file:
            # Before the bytes: what is written meanwhile makes the file another one the next time.
            status = path.stat()
            head = _digest(file.read(SAMPLED_BYTES))
            file.seek(max(status.st_size - SAMPLED_BYTES, 0))
            tail = _digest(file.read(SAMPLED_BYTES))
        place = str(path.resolve()).encode(errors="backslashreplace").decode()
        return FileIdentity(place, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, head, tail)

    def to_json(self) -> dict[str, JSON]:
        """The identity as a JSON object."""
        return asdict(self)


def identities(paths: Iterable[Path]) -> list[FileIdentity]:
    """The identities of the files that are there."""
    found = []
    for path in paths:
        try:
            found.append(FileIdentity.of(path))
        except OSError:
            continue
    return found


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()
