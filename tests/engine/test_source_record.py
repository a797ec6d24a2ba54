"""The record behind an event, read again from its log (S28)."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import playhead
from playhead import JSON, EventHeader, InvalidArgumentError, LogError
from playhead.source_record import SourceRecord, source_record

RECORDS = [
    {"type": "user", "text": "refund order 4417", "id": "r-1"},
    {"type": "assistant", "text": "grün", "id": "r-2"},
    {"type": "tool", "text": "x" * 50, "id": "r-3"},
]
LINES = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS)


def sources(log: Path, store: Path) -> list[SourceRecord]:
    playhead.import_log(log, store)
    with playhead.open(store) as run:
        return [source_record(run.imported, event) for event in run.replay()]


def test_each_event_shows_exactly_the_bytes_of_its_record(tmp_path: Path) -> None:  # S28
    log = tmp_path / "log.jsonl"
    log.write_text(LINES, "utf-8")
    found = sources(log, tmp_path / "store")
    assert [record.text for record in found] == LINES.splitlines()
    assert [record.value for record in found] == RECORDS
    assert {record.path for record in found} == {log}
    assert (
        found[1].place == f"line 2, byte {len(LINES.splitlines()[0]) + 1}, {len(LINES.splitlines()[1].encode())} bytes"
    )
    assert not any(record.note for record in found)


def test_a_compressed_log_is_read_in_its_own_bytes(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl.gz"
    log.write_bytes(gzip.compress(LINES.encode()))
    assert [record.value for record in sources(log, tmp_path / "store")] == RECORDS


def test_a_log_of_a_folder_is_found_below_it(tmp_path: Path) -> None:
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    log = tmp_path / "logs" / "deep" / "log.jsonl"
    log.write_text(LINES, "utf-8")
    found = sources(tmp_path / "logs", tmp_path / "store")
    assert {record.path for record in found} == {log}


def loaded(tmp_path: Path) -> tuple[Path, dict[str, JSON], EventHeader]:
    log = tmp_path / "log.jsonl"
    log.write_text(LINES, "utf-8")
    playhead.import_log(log, tmp_path / "store")
    with playhead.open(tmp_path / "store") as run:
        event = run.event(2)
        assert run.imported is not None and event is not None
        return log, run.imported, event


def rewrite(log: Path, text: str) -> None:
    log.write_text(text, "utf-8")
    later = log.stat().st_mtime + 60
    os.utime(log, (later, later))


def test_a_log_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    log, imported, event = loaded(tmp_path)
    log.rename(tmp_path / "elsewhere.jsonl")
    with pytest.raises(LogError, match="is not there any more"):
        source_record(imported, event)


def test_a_log_that_was_cut_is_said_to_be_shorter(tmp_path: Path) -> None:
    log, imported, event = loaded(tmp_path)
    rewrite(log, LINES[:70])
    with pytest.raises(LogError, match="shorter than when it was loaded"):
        source_record(imported, event)


def test_a_log_that_was_rewritten_is_said_to_hold_another_record(tmp_path: Path) -> None:
    log, imported, event = loaded(tmp_path)
    rewrite(log, " " + LINES)
    with pytest.raises(LogError, match="was rewritten since it was loaded"):
        source_record(imported, event)
    rewrite(log, LINES.replace("r-2", "q-9"))
    marked = replace(event, meta={**event.meta, "id": "r-2"})
    with pytest.raises(LogError, match="there is another record now"):
        source_record(imported, marked)


def test_a_log_that_only_grew_still_shows_the_record_and_says_so(tmp_path: Path) -> None:
    log, imported, event = loaded(tmp_path)
    rewrite(log, LINES + LINES)
    found = source_record(imported, event)
    assert (found.value, found.note) == (RECORDS[1], "the file was written to since it was loaded")


def test_a_recorded_run_has_no_source(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run") as store:
        store.write(agent_id="a", key="k", value=1)
        event = store.event(1)
        assert event is not None
        with pytest.raises(InvalidArgumentError, match="recorded, not imported"):
            source_record(store.imported, event)


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret"])
def test_no_event_leads_out_of_where_its_log_lies(tmp_path: Path, name: str) -> None:
    _, imported, event = loaded(tmp_path)
    with pytest.raises(InvalidArgumentError, match="not beside"):
        source_record(imported, replace(event, meta={**event.meta, "file": name}))


def test_a_part_of_a_document_and_a_member_of_an_archive_are_found(tmp_path: Path) -> None:
    _, imported, event = loaded(tmp_path)
    document = tmp_path / "document.json"
    document.write_text(json.dumps({"items": [{"a/b": 7}]}), "utf-8")
    of_document: dict[str, JSON] = {**imported, "file": str(document)}
    meta: dict[str, JSON] = {
        "file": "document.json",
        "offset": 0,
        "length": document.stat().st_size,
        "pointer": "/items/0/a~1b",
    }
    assert source_record(of_document, replace(event, meta=meta)).value == 7
    archive = tmp_path / "log.eval"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("samples/1.json", json.dumps({"events": ["first", "second"]}))
    of_archive: dict[str, JSON] = {**imported, "file": str(archive)}
    found = source_record(of_archive, replace(event, meta={"file": "log.eval", "member": "samples/1.json", "event": 1}))
    assert (found.value, found.place) == ("second", "member samples/1.json, at /events/1")
    with pytest.raises(LogError, match="holds no gone any more"):
        source_record(of_archive, replace(event, meta={"file": "log.eval", "member": "gone"}))


def test_an_event_of_a_database_says_which_row_it_is_of(tmp_path: Path) -> None:
    _, imported, event = loaded(tmp_path)
    with pytest.raises(InvalidArgumentError, match="table checkpoints, row 3"):
        source_record(imported, replace(event, meta={"file": "log.jsonl", "table": "checkpoints", "row": 3}))
