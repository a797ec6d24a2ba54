"""Codex CLI rollouts: what the model saw, what the screen showed, and the world around them, in one file per thread."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import ClassVar

from playhead.draft import Draft
from playhead.errors import LogError
from playhead.formats.base import Format
from playhead.formats.codex_collaborators import Collaborators
from playhead.formats.codex_events import CodexEvents
from playhead.formats.codex_family import descendants, parent_of
from playhead.formats.codex_items import ITEM_TYPES, CodexItems
from playhead.formats.codex_thread import EVENT, CodexThread
from playhead.formats.line_log import all_records, first_records
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, object_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.vocabulary import json_text, one_line, text_of
from playhead.model import JSON

_RECORD_TYPES = frozenset(
    {
        *("session_meta", "response_item", "event_msg", "turn_context", "compacted", "world_state"),
        *("token_usage_record", "inter_agent_communication_metadata", "inter_agent_communication"),
        *("retained_context", "security_risk_score", "realtime_item", "rollout_reference"),
    }
)
_BOOKKEEPING = frozenset({"state", "inter_agent_communication_metadata", "retained_context", "security_risk_score"})
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
MOST_SIBLINGS = 500
"""Files beside a fork that are looked at to find its parent."""


class Codex(Format):
    """A thread becomes the namespace `codex:<thread id>`; response items are the conversation, events enrich it."""

    name: ClassVar[str] = "codex"
    title: ClassVar[str] = "Codex CLI rollout"
    looked_for: ClassVar[str] = "Codex CLI rollout lines with timestamp, type and payload"
    tells_lines: ClassVar[bool] = True

    def recognise(self, source: Source) -> bool:
        records = first_records(source)
        return any(_is_record(record) for record in records) or (source.has_lines and _is_bare(source.head))

    def files(self, source: Source) -> list[Source]:
        return [source, *(below for _, below in descendants(source.path, _thread_id(source)))]

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        root = _thread_id(source)
        told = [_told(RunLog("codex", root, source.name, report), root, source)]
        for thread, below in descendants(source.path, root):
            told.append(_told(RunLog("codex", root, below.name, report, main=thread), thread, below))
        # A sub-agent's events come when they happened, and every file keeps its own order.
        yield from merge(*told, key=lambda draft: draft.occurred_at or _BEFORE_ALL) if len(told) > 1 else told[0]


def _told(run: RunLog, thread: str, source: Source) -> Iterator[Draft]:
    """The events of one thread's file."""
    reader = _Reader(run, thread, _Inherited(source))
    for placed in all_records(source, run.report):
        yield reader.read(placed)


def _is_record(record: JSON) -> bool:
    return (
        isinstance(record, dict)
        and text_in(record, "type") in _RECORD_TYPES
        and isinstance(record.get("payload"), dict)
        and "kind" not in record
    )


def _is_bare(head: list[JSON]) -> bool:
    """Whether lines are response items by themselves below a first line about the session, as before 0.32."""
    first = head[0] if head else None
    if not isinstance(first, dict) or "type" in first or not {"id", "timestamp"} <= first.keys():
        return False
    rest = [record for record in head[1:] if isinstance(record, dict)]
    return {"instructions", "git"} & first.keys() != set() or any(
        record.get("record_type") == "state" or ("call_id" in record and text_in(record, "type") in ITEM_TYPES)
        for record in rest
    )


def _thread_id(source: Source) -> str:
    for record in first_records(source):
        about = object_in(record, "payload") if record.get("type") == "session_meta" else record
        found = text_in(about, "id", "session_id")
        if found and (about is not record or _is_bare(source.head)):
            return found
    return source.path.stem


class _Reader:
    def __init__(self, run: RunLog, thread: str, inherited: _Inherited) -> None:
        self._run = run
        self._identity = thread
        self._thread = CodexThread(run)
        self._items = CodexItems(self._thread)
        self._collaborators = Collaborators(self._thread)
        self._events = CodexEvents(self._thread, self._items)
        self._inherited = inherited
        self._metas = 0

    def read(self, placed: Placed) -> Draft:
        """The event that one record makes; without operations where it has nothing to say."""
        record = placed.value
        if not isinstance(record, dict):
            draft = self._run.draft(placed, None)
            return self._run.unknown(draft, self._run.main, type(record).__name__, record)
        kind, payload = record.get("type"), record.get("payload")
        if not isinstance(payload, dict):
            # Before 0.32 the items stood by themselves.
            kind, payload = self._bare_kind(record), record
        written = record.get("timestamp", record.get("created_at"))
        draft = self._run.draft(placed, written, ordinal=record.get("ordinal"), id=payload.get("id"))
        if self._inherited.replays(kind, payload):
            draft.meta["inherited"] = True
        elif self._inherited.ended:
            self._tell_inherited(draft)
        self._tell(draft, kind, payload, record)
        if draft.operations and not draft.kind:
            draft.kind = "meta"
        if draft.operations and not draft.label:
            draft.label = str(kind)
        return draft

    def _bare_kind(self, record: Fields) -> str:
        if "record_type" in record:
            return "state"
        if text_in(record, "type") in ITEM_TYPES or "role" in record:
            return "response_item"
        return "session_meta" if "id" in record and "type" not in record else str(record.get("type"))

    def _tell(self, draft: Draft, kind: JSON, payload: Fields, record: Fields) -> None:
        run, thread = self._run, self._thread
        if kind == "response_item":
            self._items.read(draft, payload, record)
        elif kind == "event_msg":
            self._events.read(draft, payload, record)
        elif kind == "turn_context":
            self._turn_context(draft, payload)
        elif kind == "session_meta":
            self._session(draft, payload)
        elif kind == "compacted":
            self._items.compacted(draft, payload)
        elif kind == "world_state":
            thread.world(draft, payload)
        elif kind == "token_usage_record":
            total = payload.get("thread_token_usage")
            thread.tokens(draft, total, payload.get("usage"), text_in(payload, "response_id") or None)
            draft.kind, draft.label = "usage", "tokens counted"
        elif kind == "inter_agent_communication":
            self._collaborators.said(draft, EVENT, payload, text_in(payload, "content"))
        elif kind == "realtime_item" and text_in(payload, "text"):
            self._items.say(draft, text_in(payload, "role") or "user", text_in(payload, "text"))
        elif str(kind) in _BOOKKEEPING:
            run.report.counts[str(kind)] += 1
        else:
            run.unknown(draft, run.main, str(kind), record)

    def _session(self, draft: Draft, payload: Fields) -> None:
        self._metas += 1
        if self._metas > 1 and text_in(payload, "id") != self._identity:
            # A fork keeps its parent's first line among what it inherits.
            self._run.report.counts["session_metas_of_others"] += 1
            return
        source, git = payload.get("source"), object_in(payload, "git")
        self._run.session(
            draft,
            version=payload.get("cli_version"),
            originator=payload.get("originator"),
            source=source if isinstance(source, str) else (json_text(source) if source is not None else None),
            model_provider=payload.get("model_provider"),
            started=payload.get("timestamp"),
            forked_from=payload.get("forked_from_id"),
            history_base=payload.get("history_base"),
            parent=parent_of(payload) or None,
            thread=self._identity if self._identity != self._run.identity else None,
            nickname=payload.get("agent_nickname"),
            role=payload.get("agent_role"),
        )
        agent = self._run.main
        self._run.about(draft, agent, cwd=payload.get("cwd"), git=git or None)
        instructions = payload.get("base_instructions", payload.get("instructions"))
        if instructions:
            told = text_in(instructions, "text") or text_of(instructions)
            agent.keys.change(draft, "instructions", agent.keys.shorten(draft, told))
        draft.kind = "session"
        draft.label = one_line(f"session: codex {payload.get('cli_version') or ''} in {payload.get('cwd') or '?'}")

    def _turn_context(self, draft: Draft, payload: Fields) -> None:
        policy = payload.get("sandbox_policy", payload.get("permission_profile"))
        sandbox = text_in(policy, "type", "mode") if isinstance(policy, dict) else policy
        mode: Fields = {"approval": payload.get("approval_policy"), "sandbox": sandbox}
        effort = payload.get("effort") or object_in(object_in(payload, "collaboration_mode"), "settings").get(
            "reasoning_effort"
        )
        if effort:
            mode["effort"] = effort
        self._run.about(draft, self._run.main, cwd=payload.get("cwd"), model=payload.get("model"), mode=mode)
        draft.label = one_line(f"turn: {payload.get('model') or '?'} in {payload.get('cwd') or '?'}")

    def _tell_inherited(self, draft: Draft) -> None:
        """Stage what the fork brought from its parent, once the first record of its own is there."""
        value = self._inherited.told(self._run.main.keys.latest("usage"))
        if value is not None:
            self._run.main.keys.change(draft, "inherited", value)
            self._run.report.counts["inherited_records"] += self._inherited.count


class _Inherited:
    """The records at a fork's beginning that its parent's file holds too, payload for payload."""

    def __init__(self, source: Source) -> None:
        about = next((object_in(record, "payload") for record in source.head if isinstance(record, dict)), {})
        self.parent = text_in(about, "forked_from_id")
        self.count = 0
        self.ended = False
        self._rest = iter(_payload_digests(source.path, self.parent)) if self.parent else iter(())
        self._told = False

    def replays(self, kind: JSON, payload: Fields) -> bool:
        """Whether this record is the parent's next one; the first that is not ends it."""
        if not self.parent or self.ended:
            return False
        if kind in ("session_meta", "turn_context"):
            # Rewritten for the fork: neither says where the parent's records end.
            return False
        if _digest(payload) == next(self._rest, None):
            self.count += 1
            return True
        self.ended = True
        return False

    def told(self, usage: JSON) -> JSON:
        """What to say of them, once, or None."""
        if self._told or not self.count:
            return None
        self._told = True
        return {"from": self.parent, "records": self.count, "usage": usage}


def _digest(payload: JSON) -> bytes:
    return hashlib.blake2b(json_text(payload).encode(errors="replace"), digest_size=12).digest()


def _payload_digests(path: Path, parent: str) -> Iterator[bytes]:
    found = _file_of(path, parent)
    if found is None:
        return
    for placed in found.records(ImportReport()):
        record = placed.value
        if isinstance(record, dict) and record.get("type") not in ("session_meta", "turn_context"):
            yield _digest(record.get("payload"))


def _file_of(path: Path, thread: str) -> Source | None:
    """The rollout of a thread among the files beside this one."""
    try:
        named = sorted(path.parent.glob(f"*{thread}*.jsonl")) if thread.replace("-", "").isalnum() else []
        others = [*named, *sorted(path.parent.glob("*.jsonl"))[:MOST_SIBLINGS]]
    except (OSError, ValueError):
        return None
    for other in others:
        if other == path:
            continue
        try:
            source = Source(other)
        except LogError:
            continue
        first = source.head[0] if source.head else None
        if isinstance(first, dict) and text_in(object_in(first, "payload"), "id") == thread:
            return source
    return None
