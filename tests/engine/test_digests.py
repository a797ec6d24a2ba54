"""What is known of very many texts, in little room."""

from __future__ import annotations

import random

import numpy
import pytest

from playhead import digests
from playhead.digests import DigestIndex, TextNumbers, digests_of


def test_every_text_keeps_its_last_number_however_old_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "RECENT", 8)
    monkeypatch.setattr(digests, "LAYER_ROWS", 40)
    chance, numbers, expected = random.Random(1), TextNumbers(), dict[str, int]()
    for number in range(2_000):
        text = f"text {chance.randrange(500)} \ud800"
        assert numbers.get(text) == expected.get(text)
        numbers[text] = expected[text] = number
    assert {text: numbers.get(text) for text in expected} == expected
    assert numbers.get("text") is None


def test_many_texts_are_found_at_once_and_unknown_ones_have_zeros() -> None:
    index = DigestIndex(numpy.dtype("i8"))
    index.add(digests_of(["a", "b"]), numpy.array([1, 2]))
    index.add(digests_of(["b", "c"]), numpy.array([3, 4]))
    assert index.find(digests_of(["c", "b", "a", "d"])).tolist() == [4, 3, 1, 0]
