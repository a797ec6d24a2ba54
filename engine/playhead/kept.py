"""Answers that were found lately, kept within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")


class Kept(Generic[Asked, Answer]):
    """The answers to the questions asked last: at most so many. For one thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Asked, Answer] = OrderedDict()

    def answer(self, asked: Asked, find: Callable[[], Answer]) -> Answer:
        """The answer that is kept, or else the one that `find` finds; whatever that raises is not kept."""
        if asked not in self._answers:
            self._answers[asked] = find()
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
        self._answers.move_to_end(asked)
        return self._answers[asked]
