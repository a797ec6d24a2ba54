"""Bisection finds the first bad commit, in as few judgements as halving takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead import InvalidArgumentError
from playhead.bisection import Bisection


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=300, unique=True).map(sorted), st.data())
def test_it_finds_the_first_bad_commit_by_halving(commits: list[int], data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, len(commits) - 1))
    bisection = Bisection(commits)
    judged = 0
    while (candidate := bisection.candidate) is not None:
        left = bisection.steps_left
        bisection.answer("good" if candidate < commits[first_bad] else "bad")
        assert bisection.steps_left < left
        judged += 1
    assert bisection.suspects == [commits[first_bad]]
    assert (bisection.good, bisection.bad) == (commits[first_bad - 1], commits[first_bad])
    assert judged <= len(commits).bit_length()


@given(st.integers(2, 60), st.data())
def test_skipped_commits_leave_suspects_and_never_a_wrong_answer(count: int, data: st.DataObject) -> None:
    commits = list(range(count))
    first_bad = data.draw(st.integers(1, count - 1))
    cannot_tell = data.draw(st.sets(st.integers(1, max(count - 2, 1))))
    bisection = Bisection(commits)
    judged: list[int] = []
    while (candidate := bisection.candidate) is not None:
        judged.append(candidate)
        bisection.answer("skip" if candidate in cannot_tell else "good" if candidate < first_bad else "bad")
    assert len(judged) == len(set(judged))
    assert first_bad in bisection.suspects
    assert set(bisection.suspects[:-1]) <= cannot_tell


def test_what_is_over_or_never_began_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="a good commit"):
        Bisection([4])
    over = Bisection([4, 5])
    assert over.candidate is None
    with pytest.raises(InvalidArgumentError, match="over"):
        over.answer("bad")
