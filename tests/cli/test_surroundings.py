"""runs, settings, serve, and `playhead` alone."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from playhead_tui import keys
from playhead_tui.cli.serving import command_for
from playhead_tui.drawing.run_lines import COLUMNS
from playhead_tui.runs import PLACES
from playhead_tui.settings import SETTINGS

from .conftest import Run

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the person who runs the tests."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for kind in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    for variable in ("PLAYHEAD_CONFIG", *(place.variable for place in PLACES)):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return home


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_runs_lists_stores_with_figures_and_sessions_without(run: Run, store: Path, own_home: Path) -> None:
    session = own_home / ".codex" / "sessions" / "2026" / "11" / "20" / "rollout-2026-11-20T14-03-22-0198.jsonl"
    session.parent.mkdir(parents=True)
    session.write_text("not read", "utf-8")
    told = run("runs", "--json").json
    assert isinstance(told, list)
    by_kind = {entry["kind"]: entry for entry in told}
    assert by_kind["store"] | {"path": "", "store": "", "size_bytes": 0, "changed_at": ""} == {
        "path": "",
        "kind": "store",
        "origin": "store",
        "name": "run",
        "place": by_kind["store"]["place"],
        "size_bytes": 0,
        "changed_at": "",
        "store": "",
        "events": 5,
        "errors": 1,
        "agents": 2,
        "cost_usd": None,
        "problem": None,
    }
    assert (by_kind["session"]["origin"], by_kind["session"]["events"]) == ("Codex", None)
    assert by_kind["session"]["size_bytes"] == 8
    lines = run("runs").out.splitlines()
    assert lines[0].split("\t")[:5] == ["run", "what", "events", "errors", "cost"]
    assert len(lines) == 3


def test_runs_are_filtered_sorted_and_cut_off(run: Run, store: Path, tmp_path: Path) -> None:
    run("fork", tmp_path / "other", "-s", store, "--at", "2")
    names = [line.split("\t")[0] for line in run("runs", "--sort", "events").out.splitlines()[1:]]
    assert names == ["run", "other"]
    assert len(run("runs", "othe").out.splitlines()) == 2
    cut = run("runs", "--last", "1")
    assert len(cut.out.splitlines()) == 2 and "1 more" in cut.err


def test_runs_can_be_sorted_by_every_column_of_the_screen(run: Run) -> None:
    for column in COLUMNS:
        assert run("runs", "--sort", column).code == 0


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_settings_says_where_the_file_is_and_what_holds(run: Run, tmp_path: Path) -> None:
    told = run("settings")
    assert told.code == 0
    assert str(tmp_path / "config" / "playhead" / "settings.toml") in told.out
    assert all(setting.name in told.out for setting in SETTINGS)


def test_settings_as_json_have_every_setting_and_every_key(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('tab = "value"\nmouse = 3\n[keys]\n"search" = "f5"\n', "utf-8")
    monkeypatch.setenv("PLAYHEAD_CONFIG", str(file))
    told = run("settings", "--json")
    assert told.code == 1, "something is wrong in it"
    document = told.json
    assert isinstance(document, dict)
    assert document["file"] == str(file)
    assert (document["settings"]["tab"], document["settings"]["mouse"]) == ("value", True)
    assert document["keys"]["search"] == ["f5"] and set(document["keys"]) == set(keys.BY_ID)
    assert [problem["key"] for problem in document["problems"]] == ["mouse"]


def test_init_writes_a_file_that_changes_nothing_and_never_over_another(run: Run, tmp_path: Path) -> None:
    assert run("settings", "--init").code == 0
    assert json.loads(run("settings", "--json").out)["problems"] == []
    again = run("settings", "--init")
    assert again.code == 2 and "there is a file already" in again.err


# ── playhead alone ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_playhead_alone_needs_a_terminal_and_says_what_else_there_is(run: Run) -> None:
    told = run()
    assert told.code == 2 and "playhead open LOG" in told.err


# ── serve ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_the_extra_serve_names_it(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead_tui.cli.serving.find_spec", lambda _: None)
    told = run("serve", store)
    assert told.code == 2 and "pip install 'playhead[serve]'" in told.err


def test_a_store_that_is_not_there_is_a_mistake_before_anything_is_served(run: Run) -> None:
    pytest.importorskip("textual_serve")
    told = run("serve", "nowhere")
    assert told.code == 2 and "no store there" in told.err


def test_an_address_that_cannot_be_listened_on_is_a_mistake(run: Run, store: Path) -> None:
    pytest.importorskip("textual_serve")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port in (taken.getsockname()[1], 99_999):
            told = run("serve", store, "--port", str(port))
            assert told.code == 2 and "--port" in told.err


def test_a_path_with_spaces_and_quotes_is_served_as_it_is() -> None:
    assert shlex.split(command_for(Path("/work/it's my run")))[-2:] == ["open", "/work/it's my run"]


@contextmanager
def served(store: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`playhead serve` on a free port, and its address."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("engine", "tui"))
    command = [sys.executable, "-m", "playhead_tui", "serve", str(store), "--port", "0", *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        told = ""
        while "http://" not in (line := process.stdout.readline()):
            assert line, told
            told += line
        process.told = told  # type: ignore[attr-defined]
        yield process, "http://" + line.split("http://")[1].strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_the_app_is_in_a_browser_and_Ctrl_C_ends_it(store: Path) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    pytest.importorskip("textual_serve")
    import asyncio

    async def visit(address: str) -> str:
        """What the app paints for a visitor, until it shows the run."""
        painted = b""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{address}/ws?width=100&height=30", origin=address) as wire,
        ):
            while b"LIVE" not in painted:
                message = await wire.receive(timeout=60)
                assert message.type == aiohttp.WSMsgType.BINARY or message.type == aiohttp.WSMsgType.TEXT, message
                if message.type == aiohttp.WSMsgType.BINARY:
                    painted += message.data
        return painted.decode("utf-8", "replace")

    with served(store) as (process, address):
        assert address.startswith("http://127.0.0.1:")
        page = urllib.request.urlopen(address).read().decode()
        assert "Playhead: run" in page and f"ws://{address.removeprefix('http://')}/ws" in page
        assert "planner" in asyncio.run(visit(address))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


def test_another_sites_page_gets_nothing(store: Path) -> None:
    pytest.importorskip("textual_serve")
    with served(store) as (_, address):
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            for page in ("/", "/ws", "/download/x"):
                with pytest.raises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(urllib.request.Request(address + page, headers=headers))
                assert refused.value.code == 403
                refused.value.close()


def test_an_address_that_others_reach_is_warned_of(store: Path) -> None:
    pytest.importorskip("textual_serve")
    with served(store, "--host", "0.0.0.0") as (process, _):
        assert "there is no password" in process.told  # type: ignore[attr-defined]
