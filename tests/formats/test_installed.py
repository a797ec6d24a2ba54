"""Formats that packages add: installed as pip leaves them, found by entry point, and no danger to the others."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import playhead
from playhead.errors import ImportFormatError, UnknownFormatError
from playhead.formats import registry

DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
STEP = '{"acme": 1, "at": "2026-11-01T14:03:00Z", "step": "plan", "says": "look at the invoices"}\n'

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a package of one module where Python finds it, with the metadata that an installer writes."""
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules: list[str] = []

    def installed(module: str, code: str, entry: str) -> None:
        modules.append(module)
        (site / f"{module}.py").write_text(code)
        about = site / f"{module}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[playhead.formats]\n{entry}\n")
        importlib.invalidate_caches()
        registry._installed.cache_clear()

    yield installed
    registry._installed.cache_clear()
    for module in modules:
        sys.modules.pop(module, None)


def example() -> str:
    found = re.search(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    path.write_text(STEP + '{"acme": 1, "other": true}\n')
    return path


def test_the_example_of_the_document_reads_its_log(install: Install, log: Path, tmp_path: Path) -> None:
    assert registry.recognise(log)[0].name == "jsonl"
    entry = re.search(r'^(acme) = "(.*)"$', DOCUMENT, re.MULTILINE)
    assert entry is not None
    install("playhead_acme", example(), f"{entry[1]} = {entry[2]}")
    assert [known.name for known in registry.formats()][-2:] == ["acme", "jsonl"]
    report = playhead.import_log(log, tmp_path / "store")
    assert (report.format, report.events, dict(report.unknown)) == ("acme", 2, {"unknown": 1})
    with playhead.open(tmp_path / "store", read_only=True) as store:
        first = store.event(1)
        assert first is not None
        assert (first.kind, first.label) == ("assistant", "plan: look at the invoices")
        assert first.occurred_at is not None and first.occurred_at.hour == 14
        assert log.read_bytes()[: int(str(first.meta["length"])) + 1].decode() == STEP
        state = store.state("main", namespace="acme:run")
        assert list(state) == ["messages/0001", "records/0001", "status"]
        assert state["messages/0001"].value == {"role": "assistant", "text": "look at the invoices"}


def test_the_document_names_every_format_there_is() -> None:
    words = re.sub(r"\W+", " ", DOCUMENT).lower()
    shared = {"session", "store", "log", "run", "runs", "output", "trace", "traces", "results", "export", "stream"}
    for known in registry.formats():
        title = re.sub(r"\W+", " ", known.title).lower().split()
        assert any(word in words.split() for word in title if word not in shared), known.title


GOOD = example().replace("playhead_acme", "good")


@pytest.mark.parametrize(
    ("code", "entry", "reason"),
    [
        ("import no_such_module", "bad = broken:Acme", "no_such_module"),
        ("def )(", "bad = broken:Acme", "SyntaxError"),
        ("raise SystemError('no luck')", "bad = broken:Acme", "no luck"),
        ("", "bad = broken:Acme", "Acme"),
        ("class Acme: pass", "bad = broken:Acme", "no subclass"),
        (example().replace('name = "acme"', "name = 7"), "bad = broken:Acme", "its name is no text"),
        (example().replace('name = "acme"', 'name = "codex"'), "bad = broken:Acme", "named 'codex' already"),
        (example().replace("def drafts", "def events"), "bad = broken:Acme", "abstract"),
    ],
    ids=["import", "syntax", "raises", "no class", "no format", "no name", "name taken", "unfinished"],
)
def test_a_format_that_cannot_be_loaded_is_named_and_breaks_no_other(
    install: Install, log: Path, tmp_path: Path, code: str, entry: str, reason: str
) -> None:
    install("broken", code, entry)
    install("good", GOOD, "acme = good:Acme")
    assert registry.recognise(log)[0].name == "acme"
    (sentence,) = registry.broken_formats()
    assert "the log format 'bad' (broken:Acme) of the package broken 1.0" in sentence
    assert reason in sentence
    (tmp_path / "notes").write_text("Dear diary\n")
    with pytest.raises(UnknownFormatError, match="of the package broken"):
        registry.recognise(tmp_path / "notes")
    (tmp_path / "any.jsonl").write_text('{"a": 1}\n')
    assert playhead.import_log(tmp_path / "any.jsonl", tmp_path / "store").warnings == [sentence]


def test_a_format_that_fails_when_it_looks_at_a_file_leaves_the_file_to_the_others(
    install: Install, log: Path, tmp_path: Path
) -> None:
    install("broken", example().replace("return any(", "return 1 / 0 and any("), "acme = broken:Acme")
    report = playhead.import_log(log, tmp_path / "store")
    assert report.format == "jsonl"
    assert len(report.warnings) == 1
    assert "failed when it looked at the file (ZeroDivisionError: division by zero)" in report.warnings[0]
    (tmp_path / "notes").write_text("Dear diary\n")
    with pytest.raises(UnknownFormatError, match="ZeroDivisionError"):
        registry.recognise(tmp_path / "notes")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("yield draft", "yield draft; record['nothing']"), "KeyError: 'nothing'"),
        (("draft.kind, draft.label = ", "draft.kind = 7; _ = "), "kind must be a str"),
    ],
    ids=["raises", "no draft that can be stored"],
)
def test_a_format_that_fails_while_it_reads_is_an_error_of_the_log_that_names_it(
    install: Install, log: Path, tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    install("broken", example().replace(*change), "acme = broken:Acme")
    with pytest.raises(ImportFormatError) as caught:
        playhead.import_log(log, tmp_path / "store")
    assert str(log) in str(caught.value)
    assert "of the package broken 1.0 failed when it read the file" in str(caught.value)
    assert reason in str(caught.value)
    assert not (tmp_path / "store").exists()


def test_a_followed_log_of_an_added_format_is_read_on(install: Install, log: Path, tmp_path: Path) -> None:
    install("playhead_acme", example(), "acme = playhead_acme:Acme")
    from playhead.loading import continue_import

    playhead.import_log(log, tmp_path / "store")
    with log.open("a") as file:
        file.write(STEP)
    assert continue_import(log, tmp_path / "store").appended == 1
    assert registry.formats()[-2].tells_lines
