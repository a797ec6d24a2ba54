from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from tests.formats.conftest import write_lines

from playhead.draft import Draft
from playhead.errors import ImportFormatError, LogError, UnknownFormatError
from playhead.formats import registry
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.source import Source


class Upper(Format):
    """A format of someone else's, as an installed package brings it."""

    name = "upper"
    title = "Upper case"
    looked_for = "lines that shout"

    def recognise(self, source: Source) -> bool:
        return source.first.startswith(b'"UPPER')

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        yield from ()


@pytest.fixture
def fresh_registry() -> Iterator[None]:
    registry._all.cache_clear()
    yield
    registry._all.cache_clear()


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


@pytest.mark.usefixtures("fresh_registry")
def test_an_installed_package_adds_a_format_before_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = EntryPoints([EntryPoint("upper", f"{__name__}:Upper", registry.ENTRY_POINTS)])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries.select(group=group))
    path = write_lines(tmp_path / "log", ["UPPER"])
    assert registry.recognise(path)[0].name == "upper"
    assert [known.name for known in registry.formats()][-2:] == ["upper", "jsonl"]


@pytest.mark.usefixtures("fresh_registry")
def test_an_installed_format_that_cannot_be_loaded_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = EntryPoints([EntryPoint("broken", "no_such_module:Format", registry.ENTRY_POINTS)])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries.select(group=group))
    with pytest.warns(UserWarning, match="broken"):
        names = [known.name for known in registry.formats()]
    assert names[-1] == "jsonl"
