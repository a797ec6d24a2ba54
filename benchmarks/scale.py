"""How much every topic does: in a real run, in a full one, and in one that only proves that all of it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes and repetitions of one run of the benchmarks."""

    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    """Operations in the stores of the growth curve, ascending."""
    key_counts: tuple[int, ...] = (100, 10_000, 1_000_000)
    """Live keys in the stores that snapshots, diffs and restores are measured on, ascending."""
    rounds: int = 5
    commits: int = 20_000
    """Commits of a round, where none waits for the disk."""
    synced_commits: int = 240
    """Commits of a round, where each waits for the disk; shared by the threads."""
    commits_across_seals: int = 300_000
    questions: int = 300
    """Questions asked one by one, for a percentile of their times."""
    claude_lines: int = 10_000
    """Lines of about 2 kB in the log to import."""
    short_lines: int = 100_000
    """Lines of about 170 bytes in the log to import."""
    key_presses: int = 60


FULL_SIZE = 10_000_000
TINY = Scale(
    sizes=(100, 300),
    key_counts=(10, 100),
    rounds=1,
    commits=20,
    synced_commits=16,
    commits_across_seals=50,
    questions=5,
    claude_lines=40,
    short_lines=40,
    key_presses=3,
)
