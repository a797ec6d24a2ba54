"""Logs that are kept loaded: what has grown is appended, what was rewritten is loaded anew, and room can be made."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead_tui import cache
from playhead_tui.library import Found, store_for

from .conftest import Run


def line(number: int, agent: str = "main", text: str = "") -> str:
    return json.dumps({"role": "user", "agent": agent, "content": text or f"message {number}"}) + "\n"


def write(path: Path, count: int, **more: str) -> Path:
    path.write_text("".join(line(number, **more) for number in range(1, count + 1)))
    return path


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "session.jsonl", 20)


def messages(found: Found) -> list[object]:
    with playhead.open(found.path, read_only=True) as store:
        state = store.scan_prefix("main", "messages/")
        return [record.value["text"] if isinstance(record.value, dict) else None for record in state]


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_an_unchanged_log_opens_without_being_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store_for(log)
    assert first.report is not None
    assert first.report.events == 20
    monkeypatch.setattr("playhead_tui.library.RecognisedLog.at", lambda path: pytest.fail("it was read again"))
    assert store_for(log) == Found(first.path)


def test_what_a_log_gained_is_appended_to_its_store_and_snapshots_stay(log: Path) -> None:
    first = store_for(log)
    with playhead.open(first.path) as store:
        store.snapshot("here", at=7)
        identity, before = store.store_id, store.event(20)
    append(log, line(21) + line(22))
    second = store_for(log)
    assert second.path == first.path
    assert messages(second) == [f"message {number}" for number in range(1, 23)]
    with playhead.open(second.path, read_only=True) as store:
        assert (store.store_id, store.head, store.event(20)) == (identity, 22, before)
        assert [taken.label for taken in store.snapshots()] == ["here"]
        report = (store.imported or {})["report"]
        assert isinstance(report, dict) and report["events"] == 22
        assert store.read_only  # S28
    assert store_for(log) == Found(first.path)


def test_an_appended_store_is_the_same_as_one_loaded_at_once(log: Path, tmp_path: Path) -> None:
    for count in range(21, 40):
        append(log, line(count, agent="helper" if count % 3 else "main"))
        found = store_for(log)
    playhead.import_log(log, tmp_path / "whole")
    with playhead.open(found.path, read_only=True) as grown, playhead.open(tmp_path / "whole") as whole:
        told = [[event.to_json() for event in store.replay()] for store in (grown, whole)]
        for event in [*told[0], *told[1]]:
            for name in ("txn_id", "committed_at"):
                del event[name]
        assert told[0] == told[1]


def test_a_torn_last_line_counts_once_it_is_whole(log: Path) -> None:
    whole = line(21)
    append(log, whole[:10])
    assert len(messages(store_for(log))) == 20
    append(log, whole[10:])
    found = store_for(log)
    assert messages(found)[-1] == "message 21"
    with playhead.open(found.path, read_only=True) as store:
        assert store.head == 21


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda log: write(log, 20, text="quite another"),
        lambda log: write(log, 5),
        lambda log: log.write_text(line(0) + log.read_text()),
        lambda log: log.write_text(line(0, agent="earlier") + log.read_text().replace("message 20", "message 99")),
    ],
    ids=["other text", "fewer lines", "a line in front", "another agent in front"],
)
def test_a_rewritten_log_is_loaded_into_another_store(log: Path, rewrite: Callable[[Path], object]) -> None:
    first = store_for(log)
    before = messages(first)
    rewrite(log)
    second = store_for(log)
    assert second.path != first.path
    assert "was rewritten" in second.note
    assert messages(first) == before, "the store of before was changed"
    with playhead.open(first.path, read_only=True) as store:
        assert store.head == 20
    assert messages(second) == [
        json.loads(text)["content"] for text in log.read_text().splitlines() if json.loads(text)["agent"] == "main"
    ]
    assert store_for(log) == Found(second.path)


def test_snapshots_of_what_is_still_there_go_along_and_the_others_are_named(run: Run, log: Path) -> None:
    with playhead.open(store_for(log).path) as store:
        store.snapshot("early", at=3)
        store.snapshot("late", at=15)
        old = store.path
    log.write_text(log.read_text().replace("message 10", "message ten"))
    outcome = run("open", log, "--json")
    assert f"1 of 2 snapshots name what is gone, and stay in the store of before: {old}" in outcome.err
    assert isinstance(outcome.json, dict)
    with playhead.open(outcome.json["store"], read_only=True) as store:
        assert [(taken.label, taken.commit_ts) for taken in store.snapshots()] == [("early", 3)]
    with playhead.open(old, read_only=True) as store:
        assert [taken.label for taken in store.snapshots()] == ["early", "late"]


def test_a_value_that_changes_behind_an_equal_label_is_not_taken_for_the_same(tmp_path: Path) -> None:
    beginning = "x" * 500
    log = tmp_path / "session.jsonl"
    log.write_text(line(1, text=beginning + "a"))
    first = store_for(log)
    log.write_text(line(1, text=beginning + "b") + line(2))
    second = store_for(log)
    assert second.path != first.path
    assert messages(second) == [beginning + "b", "message 2"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_killed_import_leaves_no_half_store_and_the_next_one_clears_up(tmp_path: Path) -> None:
    log = tmp_path / "session.jsonl"
    code = (
        "import sys; from pathlib import Path; from playhead_tui.library import store_for; store_for(Path(sys.argv[1]))"
    )
    # The importer waits for a line that never comes, in the middle of its work.
    stuck = (
        "import sys; from playhead.formats.jsonl import JsonLines as J; r = J.drafts\n"
        "def drafts(self, source, report):\n"
        "    yield from r(self, source, report)\n"
        "    print('half', flush=True); sys.stdin.read()\n"
        "J.drafts = drafts\n"
    )
    write(log, 50)
    process = subprocess.Popen(
        [sys.executable, "-c", stuck + code, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = [path.name for path in cache.runs_folder().iterdir()]
    assert [name.endswith(".unfinished") for name in left] == [True]
    assert cache.cached_runs() == []
    found = store_for(log)
    assert len(messages(found)) == 50
    assert not any(path.name.endswith(".unfinished") for path in cache.runs_folder().iterdir())


def test_the_cache_is_listed_with_the_last_used_first(run: Run, log: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", 3)
    for path in (other, log):
        store_for(path)
    for number, found in enumerate(reversed(cache.cached_runs())):
        os.utime(found.path / "store.json", (10**9 + number, 10**9 + number))
    listed = run("cache", "list", "--json").json
    assert isinstance(listed, list)
    assert [(Path(run["log"]).name, run["events"], run["standing"]) for run in listed] == [
        ("session.jsonl", 20, "current"),
        ("other.jsonl", 3, "current"),
    ]
    assert all(run["bytes"] > 1_000 for run in listed)
    lines = run("cache", "list").out.splitlines()
    assert lines[0].split("\t")[:3] == ["log", "format", "events"]
    assert lines[1].startswith(str(log))


def in_another_process(code: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


HOLDER = """
import sys
from pathlib import Path
from playhead_tui.library import store_for
store_for(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_a_loaded_log_is_removed_by_name_but_not_while_it_is_in_use(run: Run, log: Path) -> None:
    process = in_another_process(HOLDER, log)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    kept = run("cache", "remove", log, "--yes")
    assert (kept.code, "is in use, and stays" in kept.err) == (1, True)
    assert len(cache.cached_runs()) == 1
    process.communicate()
    removed = run("cache", "remove", log, "--yes", "--json").json
    assert isinstance(removed, dict)
    assert [Path(run["log"]) for run in removed["removed"]] == [log]
    assert list(cache.runs_folder().iterdir()) == []
    assert run("cache", "remove", log, "--yes").code == 2


def test_a_removal_asks_first(run: Run, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    path = store_for(log).path
    cache.let_go(path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run("cache", "remove", log).code == 2
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert run("cache", "remove", path).code == 1
    assert path.is_dir()
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    assert run("cache", "remove", path).code == 0
    assert not path.exists()


def test_pruning_takes_what_is_older_or_gone_and_leaves_snapshots(run: Run, log: Path, tmp_path: Path) -> None:
    gone, named = write(tmp_path / "gone.jsonl", 3), write(tmp_path / "named.jsonl", 3)
    older = store_for(log).path
    write(log, 4, text="anew")
    newer, orphan, kept = store_for(log).path, store_for(gone).path, store_for(named).path
    with playhead.open(kept) as store:
        store.snapshot("mine")
    for path in (gone, named):
        path.unlink()
    for path in (older, newer, orphan, kept):
        cache.let_go(path)
    assert run("cache", "prune", "--yes").code == 0
    assert sorted(run.path for run in cache.cached_runs()) == sorted([newer, kept])
    assert run("cache", "prune", "--yes", "--days", "0").code == 0
    assert [run.path for run in cache.cached_runs()] == [kept]
    assert run("cache", "prune", "--days", "-1").code == 2


def test_opening_a_store_from_elsewhere_makes_no_cache(run: Run, store: Path, tmp_path: Path) -> None:
    assert run("inspect", store).code == 0
    assert not (tmp_path / "cache").exists()


def test_two_processes_that_open_a_log_that_grows_agree(log: Path) -> None:
    store_for(log)
    append(log, "".join(line(number) for number in range(21, 400)))
    processes = [in_another_process(HOLDER, log) for _ in range(3)]
    for process in processes:
        out, _ = process.communicate()
        assert (process.returncode, out) == (0, "open\n")
    found = store_for(log)
    assert messages(found) == [f"message {number}" for number in range(1, 400)]
    with playhead.open(found.path, read_only=True) as store:
        assert store.head == 399
    assert len(cache.cached_runs()) == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "logs"
    (root / "deep").mkdir(parents=True)
    for number in range(1, 5):
        write(root / f"{number}.jsonl", 10, text=f"of {number}")
    append(root / "2.jsonl", "not json\n")
    write(root / "deep" / "5.jsonl", 10)
    return root


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the logs in folders that are read from now on."""
    from playhead.formats import parallel

    names: list[str] = []
    read = parallel._read

    def noted(task: parallel.Task, *rest: Any) -> parallel.Portion:
        names.append(task.name)
        return read(task, *rest)

    monkeypatch.setattr(parallel, "_read", noted)
    return names


def test_of_a_folder_only_what_changed_is_read_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store_for(folder)
    with playhead.open(first.path) as store:
        store.snapshot("here", at=17)
    read = reads(monkeypatch)
    assert store_for(folder) == Found(first.path)
    append(folder / "3.jsonl", line(11))
    write(folder / "deep" / "0.jsonl", 4)
    second = store_for(folder)
    assert second.path == first.path
    assert sorted(read) == ["3.jsonl", "deep/0.jsonl"]
    playhead.import_log(folder, tmp_path / "whole")
    with playhead.open(second.path, read_only=True) as grown, playhead.open(tmp_path / "whole") as whole:
        assert grown.head == whole.head == 55
        assert [taken.label for taken in grown.snapshots()] == ["here"]
        assert grown.agents() == whole.agents()
        for agent in whole.agents():
            states = [
                {
                    key: (record.value, record.version)
                    for key, record in store.state(agent.agent_id, namespace=agent.namespace).items()
                }
                for store in (grown, whole)
            ]
            assert states[0] == states[1]
        reports = [(store.imported or {})["report"] for store in (grown, whole)]
    for report in reports:
        assert isinstance(report, dict)
        for name in ("bytes_read", "bytes_total", "files", "logs", "malformed_lines"):
            names = report.pop(name)
            if name == "logs":
                assert isinstance(names, list) and len(names) == 6
    assert reports[0] == reports[1]


def test_a_folder_with_a_rewritten_or_a_missing_log_is_loaded_anew(folder: Path) -> None:
    first = store_for(folder)
    write(folder / "3.jsonl", 10, text="anew")
    second = store_for(folder)
    assert second.path != first.path
    (folder / "4.jsonl").unlink()
    third = store_for(folder)
    assert third.path not in (first.path, second.path)
    heads = []
    for found in (first, second, third):
        with playhead.open(found.path, read_only=True) as store:
            heads.append(store.head)
    assert heads == [50, 50, 40]
