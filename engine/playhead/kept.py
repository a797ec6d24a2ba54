"""Answers that were found lately, kept within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")


class Kept(Generic[Asked, Answer]):
    """The answers to the questions asked last: at most so many. Any thread may ask, and waits for no other's answer."""

    def __init__(self, most: int) -> None:
        self._most = most
        # No lock, which a forked process might inherit locked: each of its methods is whole by itself.
        self._answers: OrderedDict[Asked, Answer] = OrderedDict()

    def answer(self, asked: Asked, find: Callable[[], Answer]) -> Answer:
        """The answer that is kept, or else the one that `find` finds; whatever that raises is not kept."""
        try:
            found = self._answers[asked]
        except KeyError:
            found = self._answers[asked] = find()
        # Another thread may have dropped it, or all there were, meanwhile.
        with suppress(KeyError):
            self._answers.move_to_end(asked)
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return found
