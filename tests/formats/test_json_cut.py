from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.conftest import any_json

from playhead.formats.json_cut import closed
from playhead.model import JSON


@given(st.dictionaries(st.text(), any_json("a", "]", "{", ","), min_size=1), st.integers(1, 10_000), st.booleans())
def test_a_document_cut_off_anywhere_is_closed_to_a_beginning_of_itself(
    document: dict[str, JSON], cut: int, spaced: bool
) -> None:
    content = json.dumps(document, indent=1 if spaced else None, allow_nan=True).encode()
    content = content[: 1 + cut % (len(content) - 1)] if len(content) > 2 else content[:1]
    mended = closed(content)
    if mended is not None:
        found = json.loads(mended)
        assert list(found) == list(document)[: len(found)]
        kept = list(found)[:-1]
        assert json.dumps([found[name] for name in kept]) == json.dumps([document[name] for name in kept])


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b'{"a": [}', b"]", b'{"a": "b, c'])
def test_what_is_whole_or_holds_nothing_whole_is_left_alone(content: bytes) -> None:
    assert closed(content) is None


@pytest.mark.parametrize(
    ("content", "mended"),
    [
        (b'{"a": 1, "b": 2', b'{"a": 1}'),
        (b'{"a": [{"x": 1}, {"y"', b'{"a": [{"x": 1}]}'),
        (b'[{"a": "b, [c"}, "d', b'[{"a": "b, [c"}]'),
        (b'{"a": {"b": "\\",{', None),
    ],
)
def test_the_value_that_the_cut_went_through_is_left_out(content: bytes, mended: bytes | None) -> None:
    assert closed(content) == mended
