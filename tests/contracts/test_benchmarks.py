"""Every benchmark runs, and says what it measured; how fast is not a matter of tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _benchmarks_importable() -> Iterator[None]:
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


@pytest.mark.parametrize("topic", ["commit", "moments", "reading", "asking", "starting", "import", "screen"])
def test_a_topic_runs_at_a_tiny_size_and_reports_real_numbers(topic: str, tmp_path: Path) -> None:
    from benchmarks.__main__ import TOPICS
    from benchmarks.report import show
    from benchmarks.scale import TINY
    from benchmarks.stores import Bench

    results = list(TOPICS[topic](Bench(TINY, tmp_path / "cache")))
    assert results
    for result in results:
        assert result.topic == topic
        # The kernel counts CPU time in ticks: an idle second may well have none.
        assert result.value > 0 or (result.value == 0 and result.what.startswith("screen, idle"))
        assert result.peer_value is None or result.peer_value > 0
    shown = StringIO()
    show(results, Console(file=shown, width=300))
    for result in results:
        assert result.what in shown.getvalue()
    assert not list((tmp_path / "cache").glob("scratch-*")), "what was written on the way is gone"


def test_every_topic_is_tested_here() -> None:
    from benchmarks.__main__ import TOPICS

    assert set(TOPICS) == {"commit", "moments", "reading", "asking", "starting", "import", "screen"}
