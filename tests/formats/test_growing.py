"""Logs that grow, and the stores they were loaded into: what is new is appended, each agent's order being kept."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import playhead
from playhead import JSON, InvalidArgumentError, Store
from playhead.formats.live import LiveSource, Watch
from playhead.formats.report import ImportReport
from playhead.live_import import LiveImport
from playhead.loading import continue_import
from playhead.verify import verify


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """LangGraph's tables as its checkpointer makes them."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "create table if not exists checkpoints (thread_id, checkpoint_ns default '', checkpoint_id,"
            " parent_checkpoint_id, type, checkpoint, metadata)"
        )
        connection.execute(
            "create table if not exists writes (thread_id, checkpoint_ns default '', checkpoint_id, task_id,"
            " task_path, idx, channel, type, value)"
        )
        yield connection
        connection.commit()


def put(
    connection: sqlite3.Connection, thread: str, identity: str, parent: str | None, *following: str, **values: JSON
) -> None:
    """A checkpoint after which these nodes run."""
    held: dict[str, JSON] = {**values, **{f"branch:to:{node}": None for node in following}}
    versions: dict[str, JSON] = dict.fromkeys(held, int(identity))
    checkpoint = json.dumps({"id": identity, "v": 4, "channel_values": held, "channel_versions": versions})
    row = (thread, identity, parent, checkpoint, json.dumps({"source": "loop", "step": int(identity)}))
    connection.execute(
        "insert into checkpoints (thread_id, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)"
        " values (?, ?, ?, 'json', ?, ?)",
        row,
    )


def wrote(connection: sqlite3.Connection, thread: str, identity: str, node: str, channel: str, value: JSON) -> None:
    row = (thread, identity, f"task-{node}", f"~__pregel_pull, {node}", channel, json.dumps(value))
    connection.execute(
        "insert into writes (thread_id, checkpoint_id, task_id, task_path, idx, channel, type, value)"
        " values (?, ?, ?, ?, 0, ?, 'json', ?)",
        row,
    )


def state(path: Path) -> dict[object, object]:
    """Everything that every agent's state is at the head, and how often it was written."""
    with playhead.open(path, read_only=True) as store:
        return {
            (agent, key): (record.value, record.version)
            for agent in store.agents()
            for key, record in store.state(agent.agent_id, namespace=agent.namespace).items()
        }


def continued(log: Path, store: Path) -> int:
    """How many events were appended; the log must not count as rewritten."""
    told = continue_import(log, store)
    assert told.agreed is None
    return told.appended


def test_threads_that_write_at_once_and_tasks_that_end_in_any_order_go_on_in_one_store(tmp_path: Path) -> None:
    log, store = tmp_path / "threads.sqlite", tmp_path / "store"
    with database(log) as connection:
        put(connection, "one", "01", None, "first", "second", n=1)
        put(connection, "two", "03", None, n=1)
    playhead.import_log(log, store)
    with database(log) as connection:
        # Of a checkpoint that is told before the other thread's; and the node that comes first ends last.
        wrote(connection, "one", "01", "second", "n", 2)
    assert continued(log, store) == 1
    with database(log) as connection:
        wrote(connection, "one", "01", "first", "n", 3)
        put(connection, "one", "02", "01", "third", n=3)
    assert continued(log, store) == 2
    with database(log) as connection:
        put(connection, "two", "04", "03", n=9)
        wrote(connection, "one", "02", "third", "__interrupt__", [{"value": "may I?"}])
    assert continued(log, store) == 2
    with database(log) as connection:
        wrote(connection, "one", "02", "third", "n", 4)
    assert continued(log, store) == 1
    assert continued(log, store) == 0
    playhead.import_log(log, tmp_path / "whole")
    assert state(store) == state(tmp_path / "whole")
    assert verify(store) == []


def test_what_was_changed_inside_a_database_is_no_growth(tmp_path: Path) -> None:
    log, store = tmp_path / "threads.sqlite", tmp_path / "store"
    with database(log) as connection:
        for number in range(1, 6):
            put(connection, "one", f"{number:02}", f"{number - 1:02}" if number > 1 else None, n=number)
    playhead.import_log(log, store)
    before = state(store)
    with database(log) as connection:
        connection.execute("update checkpoints set checkpoint = replace(checkpoint, '\"n\": 3', '\"n\": 7')")
        put(connection, "another", "00", None, n=1)
    told = continue_import(log, store)
    assert (told.agreed, told.appended) == (0, 0)
    assert state(store) == before, "events of before or after the change were appended"


def test_only_an_imported_run_is_continued(tmp_path: Path) -> None:  # S28
    (tmp_path / "log.jsonl").write_text('{"a": 1}\n')
    with playhead.open(tmp_path / "own") as store:
        store.write("agent", "key", 1)
    with pytest.raises(InvalidArgumentError, match="holds no imported run"):
        continue_import(tmp_path / "log.jsonl", tmp_path / "own")


def lines(first: int, last: int) -> str:
    return "".join(json.dumps({"role": "user", "content": f"message {n}"}) + "\n" for n in range(first, last + 1))


class Followed:
    """A log that is followed by a thread; `settle` waits until all of it is in the store."""

    def __init__(self, log: Path, store: Path) -> None:
        self.log = log
        self.stop = threading.Event()
        self.reason: str | None = "still going on"
        self._idle = threading.Semaphore(0)
        self._live = LiveImport(log, store, self.stop, self._idle.release)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._reader = playhead.open(store, read_only=True)

    def _run(self) -> None:
        self.reason = self._live.run()

    def grow(self, text: str, head: int) -> Store:
        """Append to the log, and wait for the store to have so many events."""
        with self.log.open("a") as file:
            file.write(text)
        while self._reader.head < head:
            assert self._idle.acquire(timeout=60), f"stuck at {self._reader.head}"
            self._reader.refresh()
        return self._reader

    def end(self) -> None:
        self.stop.set()
        self._thread.join()
        self._reader.close()


@pytest.mark.parametrize("beginning", [1, 30], ids=["begun anew each time", "read on"])
def test_a_follower_appends_lines_as_they_come_and_half_ones_when_they_are_whole(
    tmp_path: Path, beginning: int
) -> None:
    log, store = tmp_path / "run.jsonl", tmp_path / "store"
    log.write_text(lines(1, beginning))
    playhead.import_log(log, store)
    followed = Followed(log, store)
    head = beginning
    for count in (1, 1, 5, 20):
        text = lines(head + 1, head + count)
        half = len(text) - 7
        head += count
        followed.grow(text[:half], head - 1)
        reader = followed.grow(text[half:], head)
        assert reader.event(head).label == f"message {head}"  # type: ignore[union-attr]
    followed.end()
    assert followed.reason is None
    assert verify(store) == []
    playhead.import_log(log, tmp_path / "whole")
    assert state(store) == state(tmp_path / "whole")


def test_two_followers_of_one_log_append_each_event_once(tmp_path: Path) -> None:
    log, store = tmp_path / "run.jsonl", tmp_path / "store"
    log.write_text(lines(1, 20))
    playhead.import_log(log, store)
    both = [Followed(log, store) for _ in range(2)]
    for head in range(21, 60):
        both[head % 2].grow(lines(head, head), head)
    for followed in both:
        followed.end()
    with playhead.open(store, read_only=True) as reader:
        assert [event.label for event in reader.replay()] == [f"message {number}" for number in range(1, 60)]


def test_a_watched_file_gives_each_whole_line_once(tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    log.write_text('{"n": 1}\n{"n": 2}\n{"n"')
    steps = iter([': 3}\n\n{"n": 4}\n', '{"n": 5}'])

    def on_idle() -> bool:
        text = next(steps, None)
        if text is not None:
            with log.open("a") as file:
                file.write(text)
        return text is not None

    watch = Watch(threading.Event(), on_idle)
    report = ImportReport()
    placed = list(LiveSource(log, watch).records(report))
    assert [record.value for record in placed] == [{"n": number} for number in range(1, 5)]
    content = log.read_bytes()
    for record in placed:
        assert json.loads(content[record.offset : record.offset + record.length]) == record.value
    assert [record.line for record in placed] == [1, 2, 3, 5]
    assert watch.read_files() == [], "half a line was not read"
    watch.close()
