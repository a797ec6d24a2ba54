"""Ctrl-C inside a commit: whoever catches it and goes on with the same Store gets no wrong answer (S2, S3, S8)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead import numbering
from playhead.generation import Generation
from playhead.index import Index
from playhead.journal import Journal
from playhead.tail import Tail
from playhead.verify import verify

from .answers import answers_of


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
