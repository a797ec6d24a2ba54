"""A log from a pipe, compressed or not, opens and imports as a file does."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from .conftest import Run

LOG = b"".join(json.dumps({"event": "step", "n": number}).encode() + b"\n" for number in range(3))
DOCUMENT = json.dumps(
    {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]}
).encode()


@pytest.mark.parametrize(
    "content",
    [LOG, gzip.compress(LOG), DOCUMENT, gzip.compress(DOCUMENT)],
    ids=["lines", "compressed lines", "document", "compressed document"],
)
def test_what_comes_in_by_a_pipe_is_what_a_file_of_it_would_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "log").write_bytes(content)
    filed = run("import", tmp_path / "log", "-o", tmp_path / "filed", "--json")
    assert filed.code == 0, filed.err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    piped = run("import", "-", "-o", tmp_path / "piped", "--json")
    assert piped.code == 0, piped.err
    counted = ("format", "records", "events", "operations", "counts")
    assert isinstance(filed.json, dict)
    assert isinstance(piped.json, dict)
    assert {name: piped.json[name] for name in counted} == {name: filed.json[name] for name in counted}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    opened = run("open", "-", "--json")
    assert opened.code == 0, opened.err
    assert isinstance(opened.json, dict)
    assert opened.json["head"] == filed.json["events"]


def test_an_empty_pipe_is_an_error_that_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    outcome = run("import", "-", "-o", tmp_path / "store")
    assert outcome.code == 2
    assert "standard input is empty" in outcome.err
    assert not (tmp_path / "store").exists()
