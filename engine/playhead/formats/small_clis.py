"""Transcripts of Cursor, Grok, Antigravity and Droid's stream: a line for each thing said or done, and little else."""

from __future__ import annotations

from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import ToolCall
from playhead.formats.line_log import LineFormat, LineReader
from playhead.formats.messages import Conversation
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in, whole
from playhead.formats.tool_words import exit_code_in
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON


class Cursor(LineFormat):
    """A transcript becomes `cursor:<file>`; results without an id of a call answer the oldest one that waits."""

    name: ClassVar[str] = "cursor"
    title: ClassVar[str] = "Cursor agent transcript"
    looked_for: ClassVar[str] = "Cursor transcript lines with role and message.content"
    tool: ClassVar[str] = "cursor"

    def is_record(self, record: Fields) -> bool:
        inner = record.get("message")
        return (
            isinstance(record.get("role"), str)
            and isinstance(inner, dict)
            and isinstance(inner.get("content"), list | str)
            and not {"type", "uuid", "sessionId", "session_id"} & record.keys()
        )

    def reader(self, run: RunLog) -> LineReader:
        return _CursorReader(run)


class _CursorReader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self._conversation = Conversation(run.main.keys, run.main)
        self.handlers = {"": self._message, "turn_ended": self._ended}

    def _message(self, draft: Draft, record: Fields) -> None:
        message = object_in(record, "message")
        content: JSON = message.get("content")
        if isinstance(content, list):
            content = [self._block(part) if isinstance(part, dict) else part for part in content]
        status = text_in(object_in(record, "metadata"), "toolResultStatus")
        spoken: Fields = {"role": record.get("role"), "content": content, "model": record.get("model")}
        self._conversation.add(draft, spoken, remember=False, failed=status == "error")

    def _block(self, part: Fields) -> Fields:
        """A block whose id names no call is taken as one without."""
        identity = part.get("tool_use_id")
        if not isinstance(identity, str) or identity not in self.run.main.keys.calls:
            return {name: value for name, value in part.items() if name != "tool_use_id"}
        return part

    def _ended(self, draft: Draft, record: Fields) -> None:
        status = text_in(record, "status")
        self.run.main.status(draft, "error" if status == "error" else "waiting", status or None)
        draft.kind, draft.label = "turn", one_line(f"turn ended: {status}")


class Grok(LineFormat):
    """A chat history becomes `grok:<file>`."""

    name: ClassVar[str] = "grok"
    title: ClassVar[str] = "Grok CLI chat history"
    looked_for: ClassVar[str] = "Grok CLI lines (assistant with model_fingerprint, backend_tool_call…)"
    tool: ClassVar[str] = "grok"

    def is_record(self, record: Fields) -> bool:
        kind = record.get("type")
        if kind == "assistant":
            return "model_id" in record and "content" in record and "message" not in record
        return kind == "backend_tool_call" or (
            kind == "user" and ("prompt_index" in record or "synthetic_reason" in record)
        )

    def reader(self, run: RunLog) -> LineReader:
        return _GrokReader(run)


class _GrokReader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self._conversation = Conversation(run.main.keys, run.main)
        self.handlers = {
            **dict.fromkeys(("system", "user", "assistant", "tool_result"), self._message),
            "reasoning": self._thought,
            "backend_tool_call": self._hosted,
        }

    def _message(self, draft: Draft, record: Fields) -> None:
        kind = text_in(record, "type")
        spoken: Fields = {**record, "role": "tool" if kind == "tool_result" else kind, "model": record.get("model_id")}
        del spoken["type"]
        synthetic = record.get("synthetic_reason")
        self._conversation.add(
            draft, spoken, remember=False, more={"synthetic": synthetic, "meta": True if synthetic else None}
        )
        self.run.about(draft, self.run.main, model=text_in(record, "model_id"))

    def _thought(self, draft: Draft, record: Fields) -> None:
        agent = self.run.main
        text = "\n".join(filter(None, (text_in(part, "text") for part in list_in(record, "summary"))))
        agent.keys.write(draft, "reasoning", agent.keys.shorten(draft, text or "[encrypted]"))
        draft.kind, draft.label = "thinking", one_line(text) or "thinking"

    def _hosted(self, draft: Draft, record: Fields) -> None:
        agent, call = self.run.main, object_in(record, "kind")
        made = agent.call(draft, text_in(call, "id"), text_in(call, "tool_type") or "tool", object_in(call, "action"))
        status = text_in(call, "status")
        agent.enrich(draft, made, {"status": "ok" if status == "completed" else status or "running"})


class Antigravity(LineFormat):
    """A trajectory becomes `antigravity:<file>`; the model's steps after a plan are the results of its calls."""

    name: ClassVar[str] = "antigravity"
    title: ClassVar[str] = "Antigravity trajectory"
    looked_for: ClassVar[str] = "Antigravity steps with step_index, source and type"
    tool: ClassVar[str] = "antigravity"

    def is_record(self, record: Fields) -> bool:
        return "step_index" in record and isinstance(record.get("source"), str) and isinstance(record.get("type"), str)

    def reader(self, run: RunLog) -> LineReader:
        return _AntigravityReader(run)


class _AntigravityReader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self._waiting: list[str] = []
        self.silent = frozenset({"CONVERSATION_HISTORY", "EPHEMERAL_MESSAGE"})
        self.handlers = {
            "USER_INPUT": self._user,
            "PLANNER_RESPONSE": self._planned,
            "CHECKPOINT": self._compacted,
            "SYSTEM_MESSAGE": self._system,
        }

    def read(self, draft: Draft, record: Fields) -> None:
        draft.meta["step"] = whole(record.get("step_index"))
        if record.get("source") == "MODEL" and text_in(record, "type") not in self.handlers:
            self._done(draft, record)
        else:
            super().read(draft, record)

    def _user(self, draft: Draft, record: Fields) -> None:
        text = text_of(record.get("content"))
        inner = text.partition("<USER_REQUEST>")[2].partition("</USER_REQUEST>")[0].strip()
        self.run.main.say(draft, "user", inner or text, more={"context": text if inner and inner != text else None})

    def _system(self, draft: Draft, record: Fields) -> None:
        self.run.main.say(draft, "system", text_of(record.get("content")), meta=True)

    def _planned(self, draft: Draft, record: Fields) -> None:
        agent, text = self.run.main, text_of(record.get("content"))
        calls = [
            ToolCall(
                f"step-{draft.meta['line']}-{number}",
                text_in(call, "name") or "tool",
                object_in({"c": call}, "c").get("args"),
            )
            for number, call in enumerate(list_in(record, "tool_calls"), 1)
        ]
        said = agent.say(draft, "assistant", text, reasoning=text_in(record, "thinking"), calls=calls)
        self._waiting += [call.call_id for call in calls]
        if not calls:
            agent.final_text(draft, text, said.key)

    def _done(self, draft: Draft, record: Fields) -> None:
        """Stage what a tool did: the answer to the oldest call that waits, or a call the log does not tell."""
        agent, text, name = self.run.main, text_of(record.get("content")), text_in(record, "type").lower()
        identity = self._waiting.pop(0) if self._waiting else f"step-{draft.meta['line']}"
        if identity not in agent.keys.calls:
            agent.call(draft, identity, name, None)
        failed = record.get("status") in ("ERROR", "FAILED", "CANCELED")
        agent.answer(draft, identity, text, failed=failed, exit_code=exit_code_in(text), extra={"step_type": name})

    def _compacted(self, draft: Draft, record: Fields) -> None:
        self.run.report.counts["compactions"] += 1
        summary = self.run.main.keys.shorten(draft, text_of(record.get("content")))
        self.run.main.keys.change(
            draft, "context", {"compactions": self.run.report.counts["compactions"], "summary": summary}
        )
        draft.kind, draft.label = "compaction", one_line(f"checkpoint: {summary}")


class DroidStream(LineFormat):
    """What `droid exec` prints becomes `droid:<session id>`."""

    name: ClassVar[str] = "droid-stream"
    title: ClassVar[str] = "Droid stream"
    looked_for: ClassVar[str] = "what droid exec prints (tool_call with toolName, completion with finalText)"
    tool: ClassVar[str] = "droid"

    def is_record(self, record: Fields) -> bool:
        kind = record.get("type")
        if kind in ("tool_call", "tool_result"):
            return bool({"toolName", "toolCallId", "toolId"} & record.keys())
        return kind == "completion" and "finalText" in record

    def reader(self, run: RunLog) -> LineReader:
        return _DroidReader(run)


class _DroidReader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self.handlers = {
            "system": self._system,
            "message": self._message,
            "tool_call": self._called,
            "tool_result": self._answered,
            "completion": self._completed,
            "error": self._failed,
        }

    def _system(self, draft: Draft, record: Fields) -> None:
        self.run.session(draft, started=record.get("timestamp"), tools=record.get("tools"))
        self.run.about(draft, self.run.main, model=text_in(record, "model"), cwd=text_in(record, "cwd"))
        draft.kind, draft.label = "session", one_line(f"session started: {record.get('model')}")

    def _message(self, draft: Draft, record: Fields) -> None:
        role, text = text_in(record, "role") or "assistant", text_of(record.get("text", record.get("content")))
        said = self.run.main.say(draft, role, text)
        if role == "assistant":
            self.run.main.final_text(draft, text, said.key)

    def _called(self, draft: Draft, record: Fields) -> None:
        name = text_in(record, "toolName", "toolId") or "tool"
        self.run.main.call(draft, text_in(record, "toolCallId", "id"), name, record.get("parameters"))

    def _answered(self, draft: Draft, record: Fields) -> None:
        value = record.get("value", record.get("error"))
        known = value if isinstance(value, dict) else {}
        code = whole(known.get("exitCode"))
        text = f"{text_of(known.get('stdout'))}{text_of(known.get('stderr'))}" if "stdout" in known else text_of(value)
        failed = record.get("isError") is True or bool(code)
        self.run.main.answer(
            draft,
            text_in(record, "toolCallId", "id") or "unknown",
            text,
            failed=failed,
            exit_code=code,
            tool=text_in(record, "toolName", "toolId"),
        )

    def _completed(self, draft: Draft, record: Fields) -> None:
        text, usage = text_in(record, "finalText"), read_usage(record.get("usage"))
        if usage is not None:
            self.run.main.usage.count(draft, usage)
        self.run.main.finish(draft, {"text": self.run.main.keys.shorten(draft, text)}, f"done: {text}")

    def _failed(self, draft: Draft, record: Fields) -> None:
        self.run.main.fail(draft, text_in(record, "source") or "run", "error", text_of(record.get("message")))
