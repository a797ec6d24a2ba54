"""What the Cursor agent prints with `--output-format stream-json`: Claude Code's envelope around calls of its own."""

from __future__ import annotations

from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import Said
from playhead.formats.line_log import LineFormat, LineReader
from playhead.formats.run_log import Fields, RunLog, object_in, text_in, whole
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_REFUSED = ("rejected", "error", "failure", "permissionDenied", "timeout")


def is_cursor(record: JSON) -> bool:
    """Whether a record is of Cursor, and of nobody else who prints such a stream."""
    if not isinstance(record, dict) or not isinstance(record.get("session_id"), str):
        return False
    kind = record.get("type")
    if kind == "system":
        return record.get("subtype") == "init" and "apiKeySource" in record and "tools" not in record
    return (kind == "tool_call" and isinstance(record.get("tool_call"), dict)) or (
        kind == "thinking" and record.get("subtype") in ("delta", "completed")
    )


class CursorStream(LineFormat):
    """A printed run becomes `cursor:<session id>`."""

    name: ClassVar[str] = "cursor-stream"
    title: ClassVar[str] = "Cursor stream"
    looked_for: ClassVar[str] = "what cursor-agent prints (tool_call with call_id and tool_call)"
    tool: ClassVar[str] = "cursor"

    def is_record(self, record: Fields) -> bool:
        return is_cursor(record)

    def reader(self, run: RunLog) -> LineReader:
        return _Reader(run)


class _Reader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self.handlers = {
            "system": self._system,
            "user": self._user,
            "assistant": self._assistant,
            "thinking": self._thinking,
            "tool_call": self._tool,
            "result": self._result,
        }
        self._open: Said | None = None
        """The message that is being printed piece by piece."""
        self._thought = ""

    def written(self, record: Fields) -> JSON:
        return record.get("timestamp_ms")

    def _system(self, draft: Draft, record: Fields) -> None:
        self.run.session(draft, mode=record.get("permissionMode"))
        self.run.about(draft, self.run.main, model=text_in(record, "model"), cwd=text_in(record, "cwd"))
        draft.kind, draft.label = "session", one_line(f"session started: {text_in(record, 'model')}")

    def _user(self, draft: Draft, record: Fields) -> None:
        self._open = None
        self.run.main.say(draft, "user", text_of(object_in(record, "message").get("content")))

    def _assistant(self, draft: Draft, record: Fields) -> None:
        agent, text = self.run.main, text_of(object_in(record, "message").get("content"))
        if self._open is None:
            more: Fields = {"id": record.get("model_call_id")}
            self._open = agent.say(draft, "assistant", text, reasoning=self._thought, more=more)
            self._thought = ""
        else:
            # Pieces add up; the whole comes once more at the end.
            before = str(self._open.value["text"])
            self._open.value["text"] = agent.keys.shorten(draft, text if text.startswith(before) else before + text)
            agent.amend(draft, self._open)
            draft.kind, draft.label = "assistant", one_line(str(self._open.value["text"]))
        agent.final_text(draft, str(self._open.value["text"]), self._open.key)

    def _thinking(self, draft: Draft, record: Fields) -> None:
        self._open = None
        self._thought += text_in(record, "text")
        if record.get("subtype") == "completed" and self._thought:
            keys = self.run.main.keys
            keys.write(draft, "reasoning", keys.shorten(draft, self._thought))
            draft.kind, draft.label = "thinking", one_line(self._thought) or "thinking"

    def _tool(self, draft: Draft, record: Fields) -> None:
        self._open = None
        agent, call_id = self.run.main, text_in(record, "call_id") or "unknown"
        name, call = _named(object_in(record, "tool_call"))
        known = agent.keys.calls.get(call_id)
        over = record.get("subtype") == "completed"
        if known is None or (known.answered and not over):
            agent.call(draft, call_id, name, call.get("args", call.get("arguments")))
        if not over:
            return
        result = object_in(call, "result")
        refused = next((field for field in _REFUSED if field in result), "")
        told = result.get(refused or "success", result or None)
        code = whole(told.get("exitCode")) if isinstance(told, dict) else None
        agent.answer(draft, call_id, _text(told), failed=bool(refused) or bool(code), exit_code=code)

    def _result(self, draft: Draft, record: Fields) -> None:
        text, failed = text_of(record.get("result")), record.get("is_error") is True
        usage = read_usage(record.get("usage"))
        if usage is not None:
            self.run.main.usage.count(draft, usage)
        value: Fields = {"text": self.run.main.keys.shorten(draft, text), "duration_ms": record.get("duration_ms")}
        self.run.main.finish(draft, value, f"{text_in(record, 'subtype') or 'done'}: {text}", failed=failed)
        if failed:
            self.run.main.keys.error(draft, "run", text_in(record, "subtype") or "error", text)


def _named(told: Fields) -> tuple[str, Fields]:
    """The tool that was called, and what is said of the call; a tool of a server under its own name."""
    function = object_in(told, "function")
    if function:
        return text_in(function, "name") or "tool", {**function, **told}
    field = next((name for name, call in told.items() if isinstance(call, dict)), "tool")
    call, name = object_in(told, field), field.removesuffix("ToolCall")
    given = object_in(call, "args")
    if name == "mcp" and "toolName" in given:
        server = text_in(given, "providerIdentifier") or "mcp"
        return f"{server}.{text_in(given, 'toolName')}", {**call, "args": given.get("args")}
    return name or "tool", call


def _text(told: JSON) -> str:
    """What a call brought, in words where it has them."""
    if not isinstance(told, dict):
        return text_of(told)
    if "stdout" in told or "stderr" in told:
        return f"{text_in(told, 'stdout')}{text_in(told, 'stderr')}"
    found = text_in(told, "content", "diffString", "reason", "errorMessage", "error", "message")
    return found or text_of(told)
