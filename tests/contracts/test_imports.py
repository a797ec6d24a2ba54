"""What importing and using Playhead drags into someone else's process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCREEN = {"textual", "rich"}
HEAVY = {"duckdb", "numpy", "pyarrow", "pandas", *SCREEN, "playhead_tui"}

WRITE = """
import playhead
with playhead.open({path!r}) as store:
    with store.begin_transaction(kind="step", label="one") as tx:
        tx.write("agent", "key", {{"count": 1}})
    store.write("agent", "key", 2)
    assert store.get_state("agent", "key").version == 2
"""

READ = """
import playhead
with playhead.open({path!r}) as store:
    store.write("agent", "key", 1)
    store.seal()
    list(store.replay()), store.state("agent"), store.snapshot("here"), store.restore(0)
    store.sql("SELECT 1"), store.cursor().outline(), store.diff(0, 1)
"""


def loaded_by(code: str) -> set[str]:
    """The top-level modules, of those that matter, that running the code loads."""
    script = f"import sys\nsys.path[:0] = {[str(ROOT / 'engine'), str(ROOT / 'tui')]!r}\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stdout.split()} & HEAVY


def test_importing_playhead_loads_nothing_heavy() -> None:
    assert loaded_by("import playhead") == set()


@pytest.mark.parametrize("name", ["errors", "model", "codec", "draft", "goto", "diff", "formats", "formats.registry"])
def test_values_drafts_and_formats_load_nothing_heavy(name: str) -> None:
    assert loaded_by(f"import playhead.{name}") == set()


def test_writing_loads_neither_duckdb_nor_a_screen(tmp_path: Path) -> None:
    loaded = loaded_by(WRITE.format(path=str(tmp_path / "run")))
    assert not loaded & {"duckdb", "pandas", "playhead_tui", *SCREEN}


def test_no_use_of_the_engine_loads_a_screen(tmp_path: Path) -> None:
    assert loaded_by(READ.format(path=str(tmp_path / "run"))) >= {"duckdb", "pyarrow"}
    again = READ.format(path=str(tmp_path / "again"))
    assert not loaded_by(again) & {"playhead_tui", "pandas", *SCREEN}


def test_a_lazy_name_loads_what_it_needs_and_no_more() -> None:
    assert "duckdb" not in loaded_by("import playhead; playhead.open")
    assert loaded_by("import playhead; playhead.Snapshot, playhead.Transaction") == set()


def test_imports_run_one_way() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command is not None
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_screen_comes_up_before_anything_that_reads_stores_is_loaded() -> None:
    assert loaded_by("import playhead_tui.app") & {"duckdb", "numpy", "pyarrow"} == set()
