"""Stores and logs to measure on, generated once and kept: the same bytes of input for the same size, on any machine."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

import playhead
from benchmarks.scale import Scale
from playhead import directory
from playhead.bulk import bulk_load
from playhead.draft import Draft, StagedOperation
from playhead.model import JSON, Address

AGENT = "agent-00"
AGENT_OPERATIONS = 1_000_000
"""No agent of a run has more; the first has so many from that size on."""
AGENT_KEYS, OTHER_KEYS = 1_000, 11_000
CHANGES = 1_000
"""How many keys change after every key of a `keys` store was written."""
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_TEXT = (
    "the plan of order refund customer ticket archive answer budget transfer approve retry waits for a reply from"
    " supplier invoice shipped late because address was wrong and must be checked again before noon by agent team"
    " search found three hits in document section table with total amount currency date status pending done failed"
)
_WORDS = _TEXT.split()


@dataclass(frozen=True, slots=True)
class Bench:
    """What a topic is given: how much to do, and where its stores live."""

    scale: Scale
    cache: Path
    """Generated stores and logs; what is there already is used again."""

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A directory on the same disk as the cache, for as long as the block lasts."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=self.cache) as path:
            yield Path(path)

    def run(self, operations: int) -> Path:
        """A store of so many one-write events, by one agent on 1,000 keys for every million; 1 in 50 is a delete."""
        return self._store(f"run-{operations}", lambda: _run(operations))

    def keys(self, count: int) -> Path:
        """A store where one agent wrote so many keys once, 100 in an event, and then up to 1,000 of them again."""
        return self._store(f"keys-{count}", lambda: _keys(count))

    @contextmanager
    def fork(self, path: Path) -> Iterator[Path]:
        """A store to write to: it shares the sealed files of another, and what is written to it does not stay."""
        with self.scratch() as folder:
            with playhead.open(path, read_only=True) as source:
                source.fork(folder / "fork").close()
            yield folder / "fork"

    def claude_log(self, lines: int) -> Path:
        """A session of an agent that reads, searches and answers: lines of about 2 kB."""
        return self._log(f"claude-{lines}.jsonl", lines, _claude_line)

    def short_log(self, lines: int) -> Path:
        """A log of a service: lines of about 170 bytes."""
        return self._log(f"short-{lines}.jsonl", lines, _short_line)

    def _store(self, name: str, drafts: Callable[[], Iterator[Draft]]) -> Path:
        path = self.cache / name
        if not directory.is_store(path):
            shutil.rmtree(path, ignore_errors=True)
            self.cache.mkdir(parents=True, exist_ok=True)
            bulk_load(path, directory.new_info(), drafts())
        return path

    def _log(self, name: str, lines: int, line: Callable[[int, random.Random], JSON]) -> Path:
        path = self.cache / name
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            chance = random.Random(name)
            unfinished = path.with_suffix(".unfinished")
            with unfinished.open("wb") as file:
                for number in range(lines):
                    file.write(orjson.dumps(line(number, chance)) + b"\n")
            unfinished.rename(path)
        return path


def value_of_200_bytes(number: int, chance: random.Random) -> dict[str, JSON]:
    """A small object as agents write them; its JSON text is within a few bytes of 200."""
    value: dict[str, JSON] = {"step": number, "status": chance.choice(("pending", "done", "failed")), "note": ""}
    value["note"] = text(chance, 200 - len(orjson.dumps(value)))
    return value


def text(chance: random.Random, characters: int) -> str:
    """Words to that length, the first ones of the list far more often than the last."""
    words: list[str] = []
    length = 0
    while length < characters:
        words.append(_WORDS[int(len(_WORDS) * chance.random() ** 2)])
        length += len(words[-1]) + 1
    return " ".join(words)[: max(0, characters)]


def raw_line(agent: str, key: str, number: int, value: JSON) -> bytes:
    """The line that a program writing its own log would have written for one operation."""
    at = (_BEGAN + timedelta(seconds=number)).isoformat()
    record = {"ts": at, "agent_id": agent, "key": key, "op": "write", "kind": "step", "value": value}
    return orjson.dumps(record) + b"\n"


def _run(operations: int) -> Iterator[Draft]:
    chance = random.Random(operations)
    # Each with the number of its own step in front; encoding every one of them anew would take most of the time.
    values = [_behind_step(value_of_200_bytes(number, chance)) for number in range(997)]
    agents = max(1, operations // AGENT_OPERATIONS)
    for number in range(operations):
        agent = number % agents
        key = f"key-{int((OTHER_KEYS if agent else AGENT_KEYS) * chance.random()):05d}"
        draft = Draft(kind="step", label=f"step {number}", occurred_at=_BEGAN + timedelta(seconds=number))
        address = Address("default", f"agent-{agent:02d}", key)
        if chance.random() < 0.02:
            draft.operations.append(StagedOperation(address, "delete", b"", None))
        else:
            encoded = b'{"step":%d%b' % (number, values[number % 997])
            draft.operations.append(StagedOperation(address, "write", encoded, None))
        yield draft


def _behind_step(value: dict[str, JSON]) -> bytes:
    """The JSON text of a value behind its first member, `step`."""
    return b"," + orjson.dumps({name: member for name, member in value.items() if name != "step"})[1:]


def _keys(count: int) -> Iterator[Draft]:
    chance = random.Random(count)
    for start in range(0, count, 100):
        draft = Draft(kind="step", label=f"keys from {start}")
        for number in range(start, min(start + 100, count)):
            draft.write(AGENT, f"key-{number:07d}", {"number": number, "note": text(chance, 40)})
        yield draft
    for number in chance.sample(range(count), min(CHANGES, count)):
        draft = Draft(kind="step", label=f"again {number}")
        draft.write(AGENT, f"key-{number:07d}", {"number": number, "again": True})
        yield draft


def _claude_line(number: int, chance: random.Random) -> JSON:
    """What was asked, then a tool's use and its result in turns, each a child of the record before it."""
    said: JSON
    if number % 2 == 0 and number % 20:
        result: JSON = {"type": "tool_result", "tool_use_id": f"toolu_{number - 1:08d}", "content": text(chance, 2_300)}
        said = {"role": "user", "content": [result]}
    elif number % 20 == 0:
        said = {"role": "user", "content": text(chance, 400)}
    else:
        use: JSON = {
            "type": "tool_use",
            "id": f"toolu_{number:08d}",
            "name": chance.choice(("Read", "Grep", "Bash")),
            "input": {"file_path": f"src/{chance.choice(_WORDS)}.py", "command": text(chance, 300)},
        }
        said = {
            "id": f"msg_{number:08d}",
            "type": "message",
            "role": "assistant",
            "model": "claude-example",
            "content": [{"type": "text", "text": text(chance, 1_200)}, use],
            "usage": {"input_tokens": number * 7 % 9_000, "output_tokens": number * 3 % 900},
        }
    return {
        "parentUuid": None if number == 0 else _identity(number - 1),
        "isSidechain": False,
        "userType": "external",
        "cwd": "/home/user/project",
        "sessionId": _identity(0),
        "version": "2.0.0",
        "gitBranch": "main",
        "type": "assistant" if number % 2 else "user",
        "message": said,
        "uuid": _identity(number),
        "timestamp": (_BEGAN + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
    }


def _identity(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number * 2_654_435_761 % 2**48:012x}"


def _short_line(number: int, chance: random.Random) -> JSON:
    return {
        "ts": (_BEGAN + timedelta(seconds=number)).isoformat(),
        "level": "INFO" if chance.random() < 0.98 else "ERROR",
        "agent": f"worker-{number % 4}",
        "event": chance.choice(("step", "tool_call", "tool_result", "reply")),
        "n": number,
        "text": text(chance, 55),
    }
