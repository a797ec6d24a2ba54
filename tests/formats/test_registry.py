from __future__ import annotations

from pathlib import Path

import pytest
from tests.formats.conftest import write_lines

from playhead.errors import ImportFormatError, LogError, UnknownFormatError
from playhead.formats import registry


def test_a_file_is_recognised_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "statehouse.csv", [{"type": "user", "sessionId": "s", "parentUuid": None}])
    known, source = registry.recognise(path)
    assert known.name == "claude-code"
    assert source.path == path


def test_what_no_format_recognises_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text("Dear diary,\nnothing happened.\n")
    with pytest.raises(UnknownFormatError) as caught:
        registry.recognise(path)
    message = str(caught.value)
    assert str(path) in message
    assert all(known.looked_for in message for known in registry.formats())


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"SQLite format 3\0rest", "SQLite"), (b"PK\x03\x04rest", "zip")],
)
def test_a_file_of_a_well_known_kind_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises((UnknownFormatError, ImportFormatError), match=what):
        registry.recognise(tmp_path / "log")


def test_a_directory_and_a_missing_file_are_log_errors(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="directory"):
        registry.recognise(tmp_path)
    with pytest.raises(LogError, match="does not exist"):
        registry.recognise(tmp_path / "nowhere")


def test_names_are_unique_and_json_lines_come_last() -> None:
    names = [known.name for known in registry.formats()]
    assert len(set(names)) == len(names)
    assert names[-1] == "jsonl"
