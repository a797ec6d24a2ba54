"""Inspect AI: `.eval` archives and `.json` logs.

Each sample becomes a namespace `inspect:<task>/<sample>#<epoch>`; the evaluation itself is the agent `eval` of
`inspect:<task>`. Patches of state and store are applied as they come, so `state/` and `store/` are the task's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.errors import ImportFormatError
from playhead.formats import archive
from playhead.formats.archive import Archive
from playhead.formats.base import Format
from playhead.formats.inspect_events import Transcript
from playhead.formats.inspect_sample import Sample, chunked, parsed, whole
from playhead.formats.report import ImportReport
from playhead.formats.source import Source
from playhead.formats.times import moment
from playhead.formats.vocabulary import AgentKeys, key_part, one_line
from playhead.model import JSON

Fields = dict[str, JSON]

EVAL_AGENT = "eval"
_START, _HEADER, _SAMPLES, _SHELL = "_journal/start.json", "header.json", "samples/", "/sample.json"


class InspectLog(Format):
    """Logs of Inspect AI."""

    name: ClassVar[str] = "inspect"
    title: ClassVar[str] = "Inspect AI log"
    looked_for: ClassVar[str] = "an Inspect AI log: an .eval archive, or JSON with eval, status and samples"

    def recognise(self, source: Source) -> bool:
        if source.first.startswith(archive.MAGIC):
            with Archive(source.path) as opened:
                return _START in opened.members or _HEADER in opened.members
        return _document(source) is not None

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        """Raises ImportFormatError, naming the member, for what is cut off, damaged or made to do harm."""
        if source.first.startswith(archive.MAGIC):
            with Archive(source.path) as opened:
                yield from _Log(source, report).archived(opened)
            report.read(report.bytes_total - report.bytes_read)
            return
        document = _document(source)
        if document is None:
            raise ImportFormatError(f"{source.path} is no Inspect log any more; it was one when it was recognised")
        list(source.elements(report, []))
        samples = document.pop("samples", None)
        yield from _Log(source, report).listed(document, samples if isinstance(samples, list) else [])


class _Log:
    def __init__(self, source: Source, report: ImportReport) -> None:
        self._source, self._report = source, report
        self._task = "task"
        self._keys = AgentKeys(EVAL_AGENT, report)

    def archived(self, opened: Archive) -> Iterator[Draft]:
        """The events of an archive, one sample in memory at a time."""
        report, names = self._report, list(opened.members)

        def read(name: str) -> JSON:
            if name not in opened.members:
                raise ImportFormatError(f"{self._source.path}: member {name!r} is missing; the log is not whole")
            content = opened.read(opened.members[name], report.read)
            return parsed(content, f"{self._source.path}: member {name!r}", report.repaired)

        if opened.superseded:
            report.repaired["members that a later one replaces left out"] += opened.superseded
        start = read(_START) if _START in opened.members else None
        header = read(_HEADER) if _HEADER in opened.members else None
        begun = start if isinstance(start, dict) else header if isinstance(header, dict) else {}
        yield self._begin(begun, _START if start is not None else _HEADER)
        # An id with a slash in it looks like a folder.
        folders = tuple(
            name.removesuffix("sample.json") for name in names if name.startswith(_SAMPLES) and name.endswith(_SHELL)
        )
        for name in names:
            if name.endswith(_SHELL) and name.startswith(folders):
                yield from self._sample(chunked(name.removesuffix(_SHELL), names, read))
            elif name.startswith(_SAMPLES) and name.endswith(".json") and not name.startswith(folders):
                fields = read(name)
                if not isinstance(fields, dict):
                    raise ImportFormatError(f"{self._source.path}: member {name!r} holds no sample")
                yield from self._sample(whole(fields, name))
            elif name.startswith(_SAMPLES) and not name.startswith(folders) and not name.endswith("/"):
                report.unknown[f"member {name}"] += 1
        if not isinstance(header, dict):
            report.warnings.append(
                f"{self._source.name}: no {_HEADER}: the evaluation was still running, or was killed"
            )
            return
        if "reductions.json" in opened.members:
            header["reductions"] = read("reductions.json")
        others = {name for name in names if not name.startswith((_SAMPLES, "_journal/"))}
        for name in sorted(others - {_HEADER, "reductions.json", "summaries.json"}):
            report.unknown[f"member {name}"] += 1
        yield self._end(header, _HEADER)

    def listed(self, document: Fields, samples: list[JSON]) -> Iterator[Draft]:
        """The events of a log that is one JSON document."""
        yield self._begin(document, "eval")
        for number, fields in enumerate(samples):
            if isinstance(fields, dict):
                yield from self._sample(whole(fields, f"samples/{number}"))
            else:
                self._report.unknown["sample"] += 1
        yield self._end(document, "results")

    def _sample(self, sample: Sample) -> Iterator[Draft]:
        name = f"{sample.fields.get('id')}#{sample.fields.get('epoch', 1)}"
        namespace = f"inspect:{self._task}/{key_part(name)}"
        return Transcript(self._source.name, namespace, sample, self._report).drafts()

    def _begin(self, header: Fields, member: str) -> Draft:
        about = header.get("eval")
        known = about if isinstance(about, dict) else {}
        self._task = key_part(str(known.get("task") or "task"))
        draft = self._draft(member, known.get("created"))
        session: Fields = {
            "id": known.get("run_id"),
            "tool": "inspect",
            "title": self._task,
            "model": known.get("model"),
        }
        self._keys.write(draft, "session", session)
        self._keys.write(draft, "eval", self._keys.shorten_all(draft, known))
        if header.get("plan"):
            self._keys.write(draft, "plan", self._keys.shorten_all(draft, header["plan"]))
        self._keys.change(draft, "status", {"phase": "started"})
        draft.kind, draft.label = "eval", one_line(f"{self._task} on {known.get('model')}")
        return draft

    def _end(self, header: Fields, member: str) -> Draft:
        stats = header.get("stats")
        draft = self._draft(member, stats.get("completed_at") if isinstance(stats, dict) else None)
        for name, value in header.items():
            if name not in ("eval", "plan", "status", "samples", "error") and value not in (None, [], {}):
                self._keys.write(draft, key_part(name) or "field", self._keys.shorten_all(draft, value))
        status, error = header.get("status"), header.get("error")
        self._keys.change(draft, "status", {"phase": "done" if status == "success" else status})
        draft.kind, draft.label = "final", one_line(f"{self._task}: {status}")
        if isinstance(error, dict):
            self._keys.error(draft, "eval", "eval", str(error.get("message")))
            self._keys.write(draft, "error", self._keys.shorten_all(draft, error))
            draft.kind = "error"
        return draft

    def _draft(self, member: str, written: JSON) -> Draft:
        meta: Fields = {"file": self._source.name, "member": member}
        return Draft(meta=meta, occurred_at=moment(written), namespace=f"inspect:{self._task}")


def _document(source: Source) -> Fields | None:
    """The log of a file that is one JSON document, or None where the file is something else."""
    if source.has_lines and len(source.head) != 1:
        return None
    found = source.head[0] if source.has_lines and isinstance(source.head[0], dict) else source.document
    if not isinstance(found, dict) or "status" not in found or not isinstance(about := found.get("eval"), dict):
        return None
    return dict(found) if "task" in about and ("plan" in found or "samples" in found) else None
