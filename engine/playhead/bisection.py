"""The search for the first bad commit between a good one and a bad one, by answers that somebody else gives."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy
import numpy.typing

from playhead.errors import InvalidArgumentError

Verdict: TypeAlias = Literal["good", "bad", "skip"]


def check_bounds(good: int, bad: int) -> None:
    """Raises InvalidArgumentError where good does not come before bad."""
    if good >= bad:
        raise InvalidArgumentError(f"the good commit comes before the bad one, and {good} does not before {bad}")


def commits_between(touching: numpy.typing.NDArray[numpy.int64], good: int, bad: int) -> list[int]:
    """The commits to search: good, those in between of the ones that touched an agent, and bad.

    Raises InvalidArgumentError where good does not come before bad.
    """
    check_bounds(good, bad)
    return [good, *touching[(touching > good) & (touching < bad)].tolist(), bad]


class Bisection:
    """Commits in ascending order, the first of which is good and the last bad; `candidate` is to be judged next."""

    def __init__(self, commits: Sequence[int]) -> None:
        """Raises InvalidArgumentError where there is nothing between good and bad to tell apart."""
        if len(commits) < 2:
            raise InvalidArgumentError("a bisection needs a good commit, and a bad one after it")
        self._commits = commits
        self._good, self._bad = 0, len(commits) - 1
        self._skipped: set[int] = set()

    @property
    def good(self) -> int:
        """The last commit known to be good."""
        return self._commits[self._good]

    @property
    def bad(self) -> int:
        """The first commit known to be bad."""
        return self._commits[self._bad]

    @property
    def candidate(self) -> int | None:
        """The commit to judge next: the one nearest to the middle that was not skipped; None where none is left."""
        middle = (self._good + self._bad) // 2
        for distance in range(self._bad - self._good):
            for row in (middle - distance, middle + distance):
                if self._good < row < self._bad and row not in self._skipped:
                    return self._commits[row]
        return None

    @property
    def suspects(self) -> list[int]:
        """The commits that may be the first bad one, ascending; a single one, unless some had to be skipped."""
        return list(self._commits[self._good + 1 : self._bad + 1])

    @property
    def steps_left(self) -> int:
        """How many judgements it takes at most, skipped ones aside."""
        return (self._bad - self._good - 1).bit_length()

    def answer(self, verdict: Verdict) -> None:
        """Judge the candidate."""
        candidate = self.candidate
        if candidate is None:
            raise InvalidArgumentError("the bisection is over: there is no commit left to judge")
        row = bisect_left(self._commits, candidate)
        if verdict == "good":
            self._good = row
        elif verdict == "bad":
            self._bad = row
        else:
            self._skipped.add(row)
