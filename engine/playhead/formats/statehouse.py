"""Statehouse: its replay log, taken over operation by operation, and its dump, taken over as one moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.formats.times import moment
from playhead.formats.vocabulary import AgentKeys, json_text, one_line
from playhead.model import DEFAULT_NAMESPACE, JSON

_KINDS = {
    "tool": "tool_call",
    "note": "note",
    "annotation": "note",
    "final": "final",
    "answer": "final",
    "error": "error",
}
_DUMP_ENTRY = frozenset({"value", "version"})
_DUMP_AGENT = "main"


class StatehouseReplay(Format):
    """Each replay event is one transaction; its numbers go into `meta`, ours follow S2 and S3."""

    name: ClassVar[str] = "statehouse-replay"
    title: ClassVar[str] = "Statehouse replay log"
    looked_for: ClassVar[str] = "Statehouse replay events with txn_id, commit_ts and operations"

    def recognise(self, source: Source) -> bool:
        return source.has_lines and any(_is_event(record) for record in source.head)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        others = AgentKeys(_DUMP_AGENT, report)
        for placed in source.records(report):
            event = placed.value
            if isinstance(event, dict) and _is_event(event):
                yield _replayed(event, placed, source.name, report)
            else:
                yield _unknown(placed, source.name, others)


class StatehouseDump(Format):
    """A dump has no history: it is one transaction, and the versions it names go into `meta`."""

    name: ClassVar[str] = "statehouse-dump"
    title: ClassVar[str] = "Statehouse dump"
    looked_for: ClassVar[str] = "a Statehouse dump of keys with value and version"

    def recognise(self, source: Source) -> bool:
        return _dumped(source) is not None

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        state, document = _dumped(source), source.document
        if state is None or not isinstance(document, dict):
            # Recognised before and cut since: its lines are no records.
            others = AgentKeys(_DUMP_AGENT, report)
            yield from (_unknown(placed, source.name, others) for placed in source.records(report))
            return
        (placed,) = source.elements(report, [document])
        envelope = document if "state" in document and document["state"] is state else {}
        taken = envelope.get("timestamp")
        draft = Draft(
            kind="dump",
            label=f"dump of {len(state)} keys",
            meta=_place(placed, source.name),
            occurred_at=moment(taken),
            namespace=_text(envelope.get("namespace"), DEFAULT_NAMESPACE),
        )
        agent_id = _text(envelope.get("agent_id"), _DUMP_AGENT)
        keys = AgentKeys(agent_id, report)
        for key, entry in state.items():
            if isinstance(entry, dict) and key:
                keys.write(draft, key, entry.get("value"))
        draft.meta["versions"] = _column(state, "version")
        commits = _column(state, "commit_ts")
        if commits:
            draft.meta["commit_ts"] = commits
        report.counts["keys"] += len(draft.operations)
        yield draft


def _is_event(record: JSON) -> bool:
    if not isinstance(record, dict) or not isinstance(record.get("operations"), list):
        return False
    return "txn_id" in record and "commit_ts" in record and isinstance(record.get("agent_id"), str)


def _replayed(event: dict[str, JSON], placed: Placed, file: str, report: ImportReport) -> Draft:
    draft = Draft(
        meta={**_place(placed, file), "txn_id": _plain(event["txn_id"]), "commit_ts": _plain(event["commit_ts"])},
        occurred_at=moment(event.get("timestamp", event.get("committed_at"))),
        namespace=_text(event.get("namespace"), DEFAULT_NAMESPACE),
    )
    keys = AgentKeys(_text(event.get("agent_id"), _DUMP_AGENT), report)
    versions: list[JSON] = []
    names: list[str] = []
    operations = event["operations"]
    for operation in operations if isinstance(operations, list) else ():
        key = operation.get("key") if isinstance(operation, dict) else None
        if not isinstance(operation, dict) or not isinstance(key, str) or not key:
            report.counts["operations_without_key"] += 1
            continue
        versions.append(_plain(operation.get("version")))
        if operation.get("value") is None:
            draft.delete(keys.agent_id, key)
            names.append(f"− {key}")
        else:
            keys.write(draft, key, operation["value"])
            names.append(key)
    draft.meta["versions"] = versions
    draft.kind = _kind(draft)
    draft.label = one_line(", ".join(names))
    return draft


def _unknown(placed: Placed, file: str, keys: AgentKeys) -> Draft:
    draft = Draft(kind="unknown", label="unknown record", meta=_place(placed, file))
    keys.record(draft, type(placed.value).__name__, placed.value)
    return draft


def _kind(draft: Draft) -> str:
    """What the keys' prefixes say the event is."""
    for operation in draft.operations:
        kind = _KINDS.get(operation.address.key.partition("/")[0])
        if kind is not None:
            return kind
    return "delete" if draft.operations and all(one.op == "delete" for one in draft.operations) else "write"


def _dumped(source: Source) -> dict[str, JSON] | None:
    """The `{key: {value, version}}` of a dump, in an envelope or bare, or None where the file is none."""
    if source.has_lines and len(source.head) != 1:
        return None
    document = source.document
    if not isinstance(document, dict):
        return None
    state = document.get("state") if isinstance(document.get("agent_id"), str) else document
    if not isinstance(state, dict) or (not state and state is document):
        return None
    is_dump = all(isinstance(entry, dict) and entry.keys() >= _DUMP_ENTRY for entry in state.values())
    return state if is_dump else None


def _column(state: dict[str, JSON], name: str) -> dict[str, JSON]:
    return {key: _plain(entry[name]) for key, entry in state.items() if isinstance(entry, dict) and name in entry}


def _place(placed: Placed, file: str) -> dict[str, JSON]:
    return {"file": file, "line": placed.line, "offset": placed.offset, "length": placed.length}


def _text(value: JSON, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise


def _plain(value: JSON) -> JSON:
    return json_text(value) if isinstance(value, dict | list) else value
