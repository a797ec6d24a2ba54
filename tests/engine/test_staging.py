"""What imports and forks that died left half made is cleared away by the next one beside it, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import playhead
from playhead import StoreBusyError, directory, staging
from playhead.directory import new_info
from playhead.filesystem import is_running

DYING_IMPORT = """
import os, signal, sys
from pathlib import Path
from playhead import directory
from playhead.staging import staged_store
with staged_store(Path(sys.argv[1]), directory.new_info()) as staged:
    (staged / "segments" / "half").mkdir()
    print(staged.name, flush=True)
    sys.stdin.read()
"""


def begin_import(path: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that is in the middle of making a store at `path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", DYING_IMPORT, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, path.with_name(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "run.jsonl"
    path.parent.mkdir()
    path.write_text('{"role": "user", "content": "hello"}\n')
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_import_removes_what_a_killed_one_left_beside_it(tmp_path: Path, log: Path) -> None:
    process, staged = begin_import(tmp_path / "first")
    assert (staged / "segments" / "half").is_dir()
    playhead.import_log(log, tmp_path / "second")
    assert staged.is_dir(), "an import that is still under way was removed"
    process.send_signal(signal.SIGKILL)
    end(process)
    playhead.import_log(log, tmp_path / "third")
    assert not staged.exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["logs", "second", "third"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_fork_removes_what_a_killed_one_left_beside_it(tmp_path: Path) -> None:  # S27
    with playhead.open(tmp_path / "run", durability="os") as store:
        store.write("agent", "key", 1)
        process, staged = begin_import(tmp_path / "fork")
        end(process)
        assert staged.is_dir()
        store.fork(tmp_path / "fork").close()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["fork", "run"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_an_import_is_left_alone_whose_number_means_nothing_on_this_machine(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, staged = begin_import(tmp_path / "elsewhere")
    monkeypatch.setattr(staging, "is_running", lambda number: False)
    playhead.import_log(log, tmp_path / "here")
    assert staged.is_dir()
    end(process)


def test_what_only_looks_like_it_is_left_alone(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "is_running", lambda number: False)
    strangers = [tmp_path / name for name in (".work.77.unfinished", ".x.unfinished", "y.77.unfinished")]
    for stranger in strangers:
        stranger.mkdir()
        (stranger / "thesis.txt").touch()
    playhead.import_log(log, tmp_path / "here")
    assert all((stranger / "thesis.txt").exists() for stranger in strangers)


def test_a_leftover_of_an_earlier_process_with_this_ones_number_is_no_obstacle(tmp_path: Path, log: Path) -> None:
    left = tmp_path / f".run.{os.getpid()}.unfinished"
    (left / directory.SEGMENTS / "half").mkdir(parents=True)
    playhead.import_log(log, tmp_path / "run")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["logs", "run"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_two_at_once_in_one_process_do_not_take_each_others_work(tmp_path: Path, log: Path) -> None:
    with staging.staged_store(tmp_path / "run", new_info()) as staged:
        with pytest.raises(StoreBusyError, match="being made there"):
            playhead.import_log(log, tmp_path / "run")
        assert (staged / directory.SEGMENTS).is_dir()
        playhead.import_log(log, tmp_path / "other")
        assert (staged / directory.SEGMENTS).is_dir()


def test_whether_a_process_runs_is_known(tmp_path: Path) -> None:
    assert is_running(os.getpid())
    process, _ = begin_import(tmp_path / "run")
    assert is_running(process.pid)
    end(process)
    assert not is_running(process.pid)
