"""Commands whose disk fails, or that are interrupted: an exit code, one line, and everything as it was."""

from __future__ import annotations

import errno
import io
import shutil
from pathlib import Path

import pytest

import playhead
from playhead import directory, journal, manifest
from playhead.verify import verify
from playhead_tui.cli import main

from .faults import TAKES_SPACE, Fault, FaultyDisk, faulty_disk

COMMANDS: dict[str, tuple[str, ...]] = {
    "snapshot": ("snapshot", "take", "label", "-s", "run"),
    "restore": ("restore", "2", "-s", "run", "--yes"),
    "fork": ("fork", "target", "-s", "run"),
    "import": ("import", "log.jsonl", "-o", "target"),
    "export": ("export", "run", "-o", "target"),
    "open": ("open", "log.jsonl", "--json"),
    "repair": ("repair", "damaged", "-o", "target", "--yes"),
}
KNOWN = {"run", "damaged", "log.jsonl", "cache", "data", "target"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, a damaged store and a log."""
    folder = tmp_path_factory.mktemp("original")
    for name in ("run", "damaged"):
        with playhead.open(folder / name, durability="os") as store:
            for number in range(4):
                store.write("agent", "key", number)
    file = folder / "damaged" / directory.JOURNALS / manifest.load(folder / "damaged").journals[-1]
    data = bytearray(file.read_bytes())
    data[journal.survey(file).records[2][0] + 30] ^= 1
    file.write_bytes(data)
    (folder / "log.jsonl").write_text('{"role": "user", "content": "hello"}\n' * 3)
    return folder


def prepare(original: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new current folder with what is in the original one."""
    shutil.copytree(original, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))


def check_unharmed() -> None:
    """The store is sound and whole, and nothing is half there."""
    assert [problem for problem in verify(Path("run")) if problem.severity == "error"] == []
    with playhead.open("run", create=False) as store:
        assert store.head in (4, 5)
        assert [part.value for event in store.replay(end_ts=4) for part in event.operations] == [0, 1, 2, 3]
    assert {entry.name for entry in Path().iterdir()} <= KNOWN
    for made in (Path("target"), *Path("cache").glob("playhead/*/*")):
        if made.is_dir():
            assert verify(made) == []


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("fault", ["full", "error once", "interrupt before"])
def test_a_command_that_fails_at_any_call_that_writes_says_so_in_one_line(
    name: str,
    fault: Fault,
    original: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    prepare(original, tmp_path / "counted", monkeypatch)
    with faulty_disk(FaultyDisk()) as counted:
        assert main(COMMANDS[name]) == 0
    assert counted.calls
    for at, call in enumerate(counted.calls):
        if fault == "full" and call not in TAKES_SPACE:
            continue
        prepare(original, tmp_path / f"{at}", monkeypatch)
        capfd.readouterr()
        with faulty_disk(FaultyDisk(at, fault, errno.EIO)):
            code = main(COMMANDS[name])
        lines = capfd.readouterr().err.splitlines()
        assert "Traceback" not in "".join(lines)
        if fault == "interrupt before":
            assert (code, lines[-1]) == (130, "playhead: interrupted")
        elif code == 2:
            assert [line for line in lines if line.startswith("playhead: ")] == lines[-1:], lines
        else:
            # What failed was not needed: a leftover that stayed, a checkpoint that was not written.
            assert code == 0
        check_unharmed()
