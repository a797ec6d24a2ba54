from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.conftest import any_json, load

from playhead.formats.json_places import element_places
from playhead.formats.jsonl import JsonLines
from playhead.model import JSON

OBJECTS = st.lists(st.dictionaries(st.text(), any_json("a", "]", '"}', "\\"), max_size=4), max_size=5)


@given(OBJECTS, any_json("a", "items"), any_json("a", "items"), st.sampled_from([None, 1, "\t"]))
def test_every_element_is_the_bytes_it_was_written_as(
    items: list[dict[str, JSON]], before: JSON, after: JSON, indent: int | str | None
) -> None:
    document = {"before": before, "held": [{"x": [[]]}, {"items": items}], "after": after}
    content = json.dumps(document, indent=indent).encode()
    places = element_places(content, ("held", 1, "items"))
    assert [json.loads(content[offset : offset + length]) for offset, length in places] == json.loads(json.dumps(items))
    content = json.dumps(items, indent=indent).encode()
    assert [json.loads(content[at : at + length]) for at, length in element_places(content, ())] == json.loads(content)


@pytest.mark.parametrize(
    ("content", "steps"),
    [
        (b"{}", ()),
        (b'{"a": 1}', ("a",)),
        (b'{"b": [{}]}', ("a",)),
        (b"[]", ("a",)),
        (b'{"a": "[{}]"}', ("a",)),
        (b"", ()),
    ],
)
def test_what_is_not_there_has_no_elements(content: bytes, steps: tuple[str | int, ...]) -> None:
    assert element_places(content, steps) == []


def test_a_message_of_a_document_points_at_its_own_bytes(tmp_path: Path) -> None:
    messages: list[JSON] = [{"role": "user", "content": "é"}, {"role": "assistant", "content": "b"}]
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"id": 7, "messages": messages}, indent=1, ensure_ascii=False), encoding="utf-8")
    content = path.read_bytes()
    found = [
        json.loads(content[draft.meta["offset"] : draft.meta["offset"] + draft.meta["length"]])  # type: ignore[index,operator]
        for draft in load(JsonLines(), path).drafts
        if "message" in draft.meta
    ]
    assert found == messages
