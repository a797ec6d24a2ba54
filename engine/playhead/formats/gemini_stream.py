"""What `gemini -o stream-json` prints: messages in pieces, tool calls and results, and the sums at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import Said
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, object_in, text_in, whole
from playhead.formats.source import Placed, Source
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON


class GeminiStream(Format):
    """A run becomes the namespace `gemini:<session id>`."""

    name: ClassVar[str] = "gemini-stream"
    title: ClassVar[str] = "Gemini CLI stream-json output"
    looked_for: ClassVar[str] = "what gemini -o stream-json prints (init, message, tool_use with tool_id, result)"
    tells_lines: ClassVar[bool] = True

    def recognise(self, source: Source) -> bool:
        return source.has_lines and any(_is_event(record) for record in source.head)

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        told = (text_in(record, "session_id") for record in source.head)
        reader = _Reader(RunLog("gemini", next(filter(None, told), source.path.stem), source.name, report))
        for placed in source.records(report):
            yield reader.read(placed)


def _is_event(record: JSON) -> bool:
    if not isinstance(record, dict):
        return False
    kind = record.get("type")
    if kind in ("tool_use", "tool_result"):
        return isinstance(record.get("tool_id"), str)
    if kind == "init":
        return "session_id" in record and "subtype" not in record
    if kind == "result":
        return "input_tokens" in object_in(record, "stats") and "models" in object_in(record, "stats")
    return kind == "message" and record.get("delta") is True and isinstance(record.get("content"), str)


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._open: Said | None = None
        self._text = ""

    def read(self, placed: Placed) -> Draft:
        """The event that one line makes."""
        record = placed.value if isinstance(placed.value, dict) else {}
        draft = self._run.draft(placed, record.get("timestamp"), call=record.get("tool_id"))
        agent, kind = self._run.main, record.get("type")
        if kind != "message":
            self._open = None
        if kind == "init":
            self._run.session(draft, started=record.get("timestamp"))
            self._run.about(draft, agent, model=text_in(record, "model"))
            draft.kind, draft.label = "session", one_line(f"session started: {record.get('model')}")
        elif kind == "message":
            self._message(draft, record)
        elif kind == "tool_use":
            agent.call(
                draft, text_in(record, "tool_id"), text_in(record, "tool_name") or "tool", record.get("parameters")
            )
        elif kind == "tool_result":
            error = record.get("error")
            text = text_in(error, "message") or text_of(record.get("output"))
            agent.answer(draft, text_in(record, "tool_id"), text, failed=record.get("status") == "error" or bool(error))
        elif kind == "error":
            agent.fail(
                draft,
                "run",
                text_in(record, "severity") or "error",
                text_in(record, "message") or text_of(record.get("error")),
            )
        elif kind == "result":
            self._result(draft, record)
        else:
            self._run.unknown(draft, agent, str(kind or type(placed.value).__name__), placed.value)
        return draft

    def _message(self, draft: Draft, record: Fields) -> None:
        agent, role = self._run.main, text_in(record, "role") or "assistant"
        text = text_of(record.get("content"))
        if record.get("delta") is True and self._open is not None and self._open.value.get("role") == role:
            self._text += text
            self._open.value["text"] = agent.keys.shorten(draft, self._text)
            agent.amend(draft, self._open)
            draft.kind, draft.label = role, one_line(text) or "(no text)"
        else:
            self._text = text
            said = agent.say(draft, role, text)
            self._open = said if record.get("delta") is True else None
        if role == "assistant" and self._open is not None:
            agent.final_text(draft, self._text, self._open.key)

    def _result(self, draft: Draft, record: Fields) -> None:
        agent, stats = self._run.main, object_in(record, "stats")
        usage = read_usage({name: value for name, value in stats.items() if name != "input"})
        if usage is not None:
            agent.usage.count(draft, usage)
        failed = record.get("status") != "success"
        error = record.get("error")
        text = text_in(error, "message") or text_of(error)
        took = whole(stats.get("duration_ms"))
        agent.finish(
            draft,
            {"status": record.get("status"), "text": text or None, "duration_ms": took},
            f"{record.get('status')} in {took / 1000:.1f} s" if took is not None else str(record.get("status")),
            failed=failed,
        )
        if failed:
            agent.keys.error(draft, "run", text_in(error, "type") or "error", text)
