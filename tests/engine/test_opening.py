"""Opening: what is a store, what is not, and what is never made by mistake."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

import playhead
from playhead import (
    CorruptStoreError,
    InvalidArgumentError,
    NotAStoreError,
    PlayheadError,
    ReadOnlyStoreError,
    Store,
    StoreBusyError,
    StoreNotFoundError,
    StoreVersionError,
    directory,
)

OpenStore = Callable[..., Store]


@pytest.mark.parametrize("options", [{"create": False}, {"read_only": True}, {"read_only": True, "create": False}])
def test_a_mistyped_path_is_an_error_and_makes_nothing(tmp_path: Path, options: dict[str, bool]) -> None:
    for path in (tmp_path / "rnus", tmp_path / "deep" / "down"):
        with pytest.raises(StoreNotFoundError, match="no store there"):
            playhead.open(path, **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_created_where_nothing_or_an_empty_directory_is(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "deep/down"):
        with playhead.open(tmp_path / name) as store:
            store.write("agent", "key", 1)
        with playhead.open(str(tmp_path / name), create=False) as store:
            assert store.get_state("agent", "key").value == 1


@pytest.mark.parametrize("options", [{}, {"create": False}, {"read_only": True}])
def test_what_is_something_else_is_refused_and_left_alone(tmp_path: Path, options: dict[str, bool]) -> None:
    file, folder = tmp_path / "run.jsonl", tmp_path / "project"
    file.write_text("{}")
    folder.mkdir()
    (folder / "main.py").write_text("print()")
    for path in (file, folder, file / "below"):
        with pytest.raises((NotAStoreError, StoreNotFoundError, ReadOnlyStoreError)) as refused:
            playhead.open(path, **options)  # type: ignore[arg-type]
        assert str(path) in str(refused.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["main.py", "project", "run.jsonl"]
    assert file.read_text() == "{}"


def rewrite_info(path: Path, **changes: object) -> None:
    """Change what store.json says as docs/format.md lays it down; None takes a field away."""
    file = path / directory.INFO_FILE
    body = {**orjson.loads(file.read_bytes()), **changes}
    body = {name: value for name, value in body.items() if name not in changes or value is not None}
    if body.pop("checksum", None):
        text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        body["checksum"] = hashlib.blake2b(text, digest_size=16).hexdigest()
    file.write_bytes(orjson.dumps(body))


def contents(path: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_a_store_written_by_a_newer_playhead_is_refused_by_name_and_not_touched(
    store: Store, open_store: OpenStore
) -> None:
    store.write("agent", "key", 1)
    store.close()
    rewrite_info(store.path, format_version=directory.FORMAT_VERSION + 1, novelty=True)
    (store.path / directory.SEGMENTS / "of the newer format").mkdir()
    before = contents(store.path)
    for options in ({}, {"read_only": True}):
        with pytest.raises(StoreVersionError, match=f"format {directory.FORMAT_VERSION + 1}.*upgrade"):
            open_store(**options)
    assert contents(store.path) == before
    assert (store.path / directory.SEGMENTS / "of the newer format").is_dir()


def test_a_field_that_a_later_playhead_added_to_store_json_is_passed_over(store: Store, open_store: OpenStore) -> None:
    store.write("agent", "key", 1)
    store.close()
    rewrite_info(store.path, novelty={"of": "later"})
    reopened = open_store()
    assert (reopened.store_id, reopened.get_state("agent", "key").value) == (store.store_id, 1)


def test_a_store_made_before_store_json_had_a_checksum_still_opens(store: Store, open_store: OpenStore) -> None:
    store.write("agent", "key", 1)
    store.close()
    rewrite_info(store.path, checksum=None)
    assert b"checksum" not in (store.path / directory.INFO_FILE).read_bytes()
    assert open_store().get_state("agent", "key").value == 1


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b"{}", b'{"format_version": "one"}', b'{"format_version": 1}']
)
def test_a_damaged_store_json_is_named(store: Store, open_store: OpenStore, content: bytes) -> None:
    store.close()
    (store.path / directory.INFO_FILE).write_bytes(content)
    with pytest.raises(CorruptStoreError, match=directory.INFO_FILE):
        open_store()


def test_the_path_comes_from_the_environment_or_is_the_hidden_directory_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAYHEAD_STORE", str(tmp_path / "from-environment"))
    with playhead.open() as store:
        assert store.path == tmp_path / "from-environment"
    monkeypatch.delenv("PLAYHEAD_STORE")
    with playhead.open() as store:
        assert store.path.resolve() == tmp_path / ".playhead"


@pytest.mark.parametrize("durability", ["sync", "", None])
def test_an_unknown_durability_is_refused_before_anything_is_made(tmp_path: Path, durability: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="fsync, os"):
        playhead.open(tmp_path / "run", durability=durability)
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_store_answers_and_refuses_every_write(store: Store, open_store: OpenStore) -> None:
    store.write("agent", "key", 1)
    snap = store.snapshot("here")
    before = {path: path.read_bytes() for path in store.path.rglob("*") if path.is_file()}
    reader = open_store(read_only=True)
    assert reader.read_only
    assert reader.get_state("agent", "key").value == reader.get_state_at("agent", "key", "here").value == 1
    writes: list[Callable[[], object]] = [
        lambda: reader.write("agent", "key", 2),
        lambda: reader.begin_transaction(),
        lambda: reader.delete("agent", "key"),
        lambda: reader.snapshot(),
        lambda: reader.restore(0),
        lambda: reader.seal(),
    ]
    for write in writes:
        with pytest.raises(ReadOnlyStoreError, match="read-only"):
            write()
    reader.close()
    assert {path: path.read_bytes() for path in store.path.rglob("*") if path.is_file()} == before
    assert store.snapshots() == [snap]


def refuse_writing(monkeypatch: pytest.MonkeyPatch, error_number: int) -> None:
    """Make the disk as good as read-only: nothing can be opened for writing."""
    system_open = os.open

    def read_only_open(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(error_number, os.strerror(error_number), str(path))
        return system_open(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", read_only_open)


@pytest.mark.parametrize("error_number", [errno.EROFS, errno.EACCES])
def test_on_a_read_only_disk_a_store_opens_for_reading(
    store: Store, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, error_number: int
) -> None:
    store.write("agent", "key", 1)
    store.seal()
    store.write("agent", "key", 2)
    store.close()
    refuse_writing(monkeypatch, error_number)
    reader = open_store()
    assert reader.read_only
    assert [event.commit_ts for event in reader.replay()] == [1, 2]
    with pytest.raises(ReadOnlyStoreError):
        reader.write("agent", "key", 3)


@pytest.mark.parametrize("error_number", [errno.EROFS, errno.EACCES])
def test_on_a_read_only_disk_no_store_can_be_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error_number: int
) -> None:
    refuse_writing(monkeypatch, error_number)
    with pytest.raises(ReadOnlyStoreError, match="cannot create"):
        playhead.open(tmp_path / "run")


def test_waiting_for_a_lock_ends_with_the_name_of_who_holds_it(store: Store, open_store: OpenStore) -> None:
    store.write("agent", "key", 1)
    store.seal()
    other = open_store(lock_timeout=0.01)
    with store._log.exclusive(), pytest.raises(StoreBusyError, match=f"process {os.getpid()}"):
        other.write("agent", "key", 2)
    assert other.write("agent", "key", 2) == 2


HOLD = """
import sys, playhead
store = playhead.open(sys.argv[1])
store._log._enter()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="needs a system that tells who holds a lock")
def test_whoever_holds_a_lock_is_named_also_where_another_was_there_later(open_store: OpenStore) -> None:
    store = open_store(lock_timeout=0.01)
    store.write("agent", "key", 1)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        (store.path / "lock").write_text("process 1\n")
        with pytest.raises(StoreBusyError, match=rf"by process {holder.pid};"):
            store.write("agent", "key", 2)
        holder.stdin.close()
    assert store.write("agent", "key", 2) == 2


def test_every_error_is_a_playhead_error_and_bad_arguments_are_value_errors_too() -> None:
    errors = [getattr(playhead, name) for name in playhead.__all__ if name.endswith("Error")]
    assert all(issubclass(error, PlayheadError) for error in errors)
    assert [error.__name__ for error in errors if issubclass(error, ValueError)] == [
        "InvalidArgumentError",
        "InvalidValueError",
    ]


def test_going_on_with_a_replay_of_a_closed_store_says_that_it_was_closed(tmp_path: Path) -> None:
    store = playhead.open(tmp_path / "run", durability="os")
    for count in range(5):
        store.write("agent", "key", count)
    store.seal()
    for count in range(5):
        store.write("agent", "key", count)
    store.seal()
    events = store.replay()
    assert next(events).commit_ts == 1
    store.close()
    with pytest.raises(playhead.StoreClosedError, match="closed"):
        list(events)


def test_a_single_text_in_the_place_of_several_keys_is_refused(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        store.write("agent", "ab", 1)
        for call in (lambda: store.state("agent", keys="ab"), lambda: store.restore(0, keys="ab")):
            with pytest.raises(playhead.InvalidArgumentError, match=r"write \['ab'\]"):
                call()
        assert store.head == 1
