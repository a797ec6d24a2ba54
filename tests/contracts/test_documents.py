"""What the documents show works as written."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

import playhead
from playhead_tui import keys
from playhead_tui.cli import main
from playhead_tui.cli.examples import EXAMPLES
from playhead_tui.cli.parser import parser
from playhead_tui.settings import settings_of
from playhead_tui.verbs import VERBS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FORMAT = (ROOT / "docs" / "format.md").read_text("utf-8")
COMMANDS = re.findall(r"^    (playhead (?!open|demo|runs|serve|settings).+?)$", README, re.MULTILINE)


def test_the_python_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example is not None
    exec(compile(example[1], "README.md", "exec"), {})
    with playhead.open(tmp_path / "runs" / "refund", create=False) as store:
        assert [event.kind for event in store.replay()] == ["tool_result", "tool_result", "restore"]
        assert store.get_state("planner", "budget").value == {"remaining": 40}


def test_every_verb_shows_an_example_that_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    asking = {verb.name for verb in VERBS} - {"help", "unwatch", "diff"}
    assert asking == EXAMPLES.keys()
    for verb, example in EXAMPLES.items():
        program, *words = shlex.split(example)
        assert (program, words[0]) == ("playhead", verb)
        options = parser().parse_args(words)
        assert callable(options.run)
        with pytest.raises(SystemExit):
            parser().parse_args([verb, "--help"])
        assert example in capsys.readouterr().out


def test_the_readme_shows_commands() -> None:
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLAYHEAD_STORE", str(ROOT / "sample_data" / "support-desk"))
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out or (tmp_path / "run.jsonl").stat().st_size


WALK = re.findall(r"^\$ (playhead .+)\n((?:(?![$`]).*\n)+)", README, re.MULTILINE)


def test_the_walk_in_three_commands_uses_when_last_and_origin() -> None:
    assert [shlex.split(command)[1] for command, _ in WALK] == ["when", "last", "origin"]


@pytest.mark.parametrize(("command", "shown"), WALK)
def test_a_command_of_the_walk_prints_the_lines_shown(
    command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "$ export PLAYHEAD_STORE=$(playhead demo --path)\n" in README
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--path"]) == 0
    monkeypatch.setenv("PLAYHEAD_STORE", capsys.readouterr().out.rstrip("\n"))
    assert main(shlex.split(command)[1:]) == 0
    printed = capsys.readouterr().out.splitlines()
    lines = shown.splitlines()
    assert lines
    assert printed[: len(lines)] == lines


def test_every_command_is_named_in_the_readme() -> None:
    choices = next(action.choices for action in parser()._actions if isinstance(action.choices, dict))
    assert isinstance(choices, dict)
    for command in choices:
        assert f"`{command}" in README


@pytest.mark.parametrize("query", re.findall(r"```sql\n(.*?)```", FORMAT, re.DOTALL))
def test_a_query_of_the_format_document_reads_a_store_with_duckdb_alone(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "sample_data")
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall()


def script(name: str) -> ModuleType:
    """A script of docs/, which is no package."""
    spec = spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_on_settings_lists_every_setting_and_every_key() -> None:
    page = script("settings")
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert text == page.written(text), "run: python docs/settings.py"
    assert all(f"| `{action.id}` |" in text for action in keys.ACTIONS)


def test_the_example_on_the_page_of_settings_holds() -> None:
    example = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.DOTALL)
    assert example is not None
    settings, problems = settings_of(tomllib.loads(example[1]))
    assert not problems
    assert (settings.theme, settings.keep_place) == ("nord", False)
    assert dict(settings.keymap.changed) == {"step.forward": ("J", "right"), "leap.forward": ()}


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/settings.md", "sample_data/README.md"]
)
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    document = ROOT / name
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_the_gallery_shows_every_picture_that_is_drawn_and_stays_small() -> None:
    gallery = script("gallery")
    assert (ROOT / "docs" / "gallery.md").read_text("utf-8") == gallery.page(), "python -m docs.gallery writes it"
    pictures = {path.stem: path.stat().st_size for path in (ROOT / "docs" / "gallery").iterdir()}
    assert set(pictures) == {picture.name for picture in gallery.PICTURES}
    assert sum(pictures.values()) < 1_000_000
    assert "(docs/gallery.md)" in README
