"""Whatever a field holds, an agent's log is read to its end, or refused by an error that names the file."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.agent_logs import DOCUMENTS, LINES
from tests.formats.conftest import any_json, load, write_lines

from playhead.errors import LogError
from playhead.formats.registry import formats, recognise
from playhead.formats.source import Source
from playhead.model import JSON

NAMES = ("type", "id", "role", "content", "text", "name", "arguments", "status", "usage", "timestamp", "parts", "info")
DEEP: JSON = "x"
for _ in range(200):
    DEEP = {"content": [DEEP]}
ODD: list[JSON] = [
    DEEP,
    2**64 - 1,
    -(2**63),
    1e308,
    None,
    True,
    0,
    -1,
    2.5,
    "",
    "x",
    [],
    {},
    [None],
    [{}],
    {"": 1},
    {"type": {}},
    "{",
    "2026-03-01T10:00:00Z",
]
VALUES = st.sampled_from(ODD) | any_json(*NAMES)
PLACES = st.integers(0, 10_000)


def places(value: JSON, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to everything inside a value."""
    inside: list[tuple[str | int, JSON]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for name, held in inside:
        yield (*above, name)
        yield from places(held, (*above, name))


def changed(value: JSON, place: int, other: JSON) -> JSON:
    """The value with one thing in it replaced; a None takes it away."""
    value = copy.deepcopy(value)
    found = list(places(value))
    if not found:
        return value
    *above, last = found[place % len(found)]
    holder: JSON = value
    for name in above:
        holder = holder[name]  # type: ignore[index]
    if other is None and isinstance(holder, dict):
        del holder[str(last)]
    else:
        holder[last] = other  # type: ignore[index]
    return value


def read(name: str, path: Path) -> None:
    """Read a file by its format, and by whichever recognises it."""
    known = next(one for one in formats() if one.name == name)
    known.recognise(Source(path))
    for reader in (known, recognise(path)[0]):
        try:
            loaded = load(reader, path)
        except LogError as error:
            assert path.name in str(error)
        else:
            assert loaded.report.bytes_read == loaded.report.bytes_total


@pytest.mark.parametrize("name", LINES)
def test_the_small_log_is_recognised_and_leaves_nothing_unknown(name: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "log", LINES[name])
    assert recognise(path)[0].name == name
    loaded = load(recognise(path)[0], path)
    assert not loaded.report.unknown
    assert loaded.report.records == len(LINES[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_small_document_is_recognised_on_one_line_and_on_many(name: str, tmp_path: Path) -> None:
    states = []
    for indent in (None, 2):
        path = tmp_path / "log"
        path.write_text(json.dumps(DOCUMENTS[name], indent=indent))
        assert recognise(path)[0].name == name
        loaded = load(recognise(path)[0], path)
        assert not loaded.report.unknown
        states.append(loaded.state)
    assert states[0] == states[1]


@pytest.mark.parametrize("name", LINES)
def test_lines_cut_off_anywhere_are_read_as_far_as_they_go(name: str, tmp_path: Path) -> None:
    content = write_lines(tmp_path / "whole", LINES[name]).read_bytes()
    path = tmp_path / "log"
    known = next(one for one in formats() if one.name == name)
    for length in range(1, len(content), 23):
        path.write_bytes(content[:length])
        report = load(known, path).report
        assert report.records >= content[:length].count(b"\n")
        assert report.malformed == 0


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_document_cut_off_anywhere_is_read_as_far_as_it_goes(name: str, indent: int | None, tmp_path: Path) -> None:
    content = json.dumps(DOCUMENTS[name], indent=indent).encode()
    path = tmp_path / "log"
    for length in range(len(content) // 2, len(content), 17):
        path.write_bytes(content[:length])
        loaded = load(recognise(path)[0], path)
        assert loaded.drafts
        assert loaded.report.repaired["documents cut off, read as far as they go"] == 1


@pytest.mark.parametrize("name", LINES)
@settings(max_examples=25, deadline=None)
@given(changes=st.lists(st.tuples(PLACES, PLACES, VALUES), min_size=1, max_size=4))
def test_lines_with_anything_in_any_field_are_read(
    name: str, changes: list[tuple[int, int, JSON]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = copy.deepcopy(LINES[name])
    for number, place, other in changes:
        records[number % len(records)] = changed(records[number % len(records)], place, other)
    read(name, write_lines(tmp_path_factory.mktemp("any") / "log", records))


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=25, deadline=None)
@given(changes=st.lists(st.tuples(PLACES, VALUES), min_size=1, max_size=4))
def test_documents_with_anything_in_any_field_are_read(
    name: str, changes: list[tuple[int, JSON]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = DOCUMENTS[name]
    for place, other in changes:
        document = changed(document, place, other)
    path = tmp_path_factory.mktemp("any") / "log"
    path.write_text(json.dumps(document))
    read(name, path)
