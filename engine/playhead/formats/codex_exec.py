"""What `codex exec --json` prints: a thread's items as they start, change and complete, without times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.codex_thread import CodexThread
from playhead.formats.line_log import all_records, first_records
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in, whole
from playhead.formats.source import Placed, Source
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_ITEM_EVENTS = frozenset({"item.started", "item.updated", "item.completed"})
_EVENTS = _ITEM_EVENTS | {"thread.started", "turn.started", "turn.completed", "turn.failed"}


class CodexExec(Format):
    """A thread becomes the namespace `codex:<thread id>`; each item a message or a tool call."""

    name: ClassVar[str] = "codex-exec"
    title: ClassVar[str] = "Codex CLI exec output"
    looked_for: ClassVar[str] = "what codex exec --json prints (thread.started, item.completed…)"
    tells_lines: ClassVar[bool] = True

    def recognise(self, source: Source) -> bool:
        return any(
            text_in(record, "type") in _EVENTS
            and ("thread_id" in record or "item" in record or record.keys() <= {"type", "usage", "error"})
            for record in first_records(source)
        )

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        told = (text_in(record, "thread_id") for record in first_records(source))
        reader = _Reader(RunLog("codex", next(filter(None, told), source.path.stem), source.name, report))
        for placed in all_records(source, report):
            yield reader.read(placed)


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._thread = CodexThread(run)

    def read(self, placed: Placed) -> Draft:
        """The event that one line makes."""
        record = placed.value if isinstance(placed.value, dict) else {}
        draft = self._run.draft(placed, record.get("timestamp"), item=object_in(record, "item").get("id"))
        agent, kind = self._run.main, text_in(record, "type")
        if kind == "thread.started":
            self._run.session(draft, started=record.get("timestamp"))
            draft.kind, draft.label = "session", one_line(f"thread {record.get('thread_id')}")
        elif kind == "turn.started":
            agent.status(draft, "thinking")
            draft.kind, draft.label = "turn", "turn started"
        elif kind == "turn.completed":
            self._thread.tokens(draft, record.get("usage"), None)
            agent.status(draft, "done")
            draft.kind, draft.label = "turn", "turn completed"
        elif kind in ("turn.failed", "error"):
            error = record.get("error", record)
            agent.fail(
                draft,
                "turn",
                "turn_failed" if kind == "turn.failed" else "error",
                text_in(error, "message") or text_of(error),
            )
        elif kind in _ITEM_EVENTS and isinstance(record.get("item"), dict):
            self._item(draft, kind, object_in(record, "item"), record)
        else:
            self._run.unknown(draft, agent, kind or type(placed.value).__name__, placed.value)
        return draft

    def _item(self, draft: Draft, event: str, item: Fields, record: Fields) -> None:
        agent, kind, done = self._run.main, text_in(item, "type", "item_type"), event == "item.completed"
        if kind in ("agent_message", "assistant_message", "user_message"):
            if done:
                role = "user" if kind == "user_message" else "assistant"
                said = agent.say(draft, role, text_in(item, "text"))
                if role == "assistant":
                    agent.final_text(draft, text_in(item, "text"), said.key)
        elif kind == "reasoning":
            text = text_in(item, "text")
            agent.keys.write(draft, "reasoning", agent.keys.shorten(draft, text))
            draft.kind, draft.label = "thinking", one_line(text) or "thinking"
        elif kind == "todo_list":
            items: list[JSON] = [
                {"content": one.get("text"), "status": "completed" if one.get("completed") is True else "pending"}
                for one in list_in(item, "items")
                if isinstance(one, dict)
            ]
            agent.effects.todos(draft, items)
            draft.kind, draft.label = "plan", f"todos: {len(items)}"
        elif kind == "error":
            agent.fail(draft, "item", "error", text_in(item, "message"))
        elif kind in ("command_execution", "file_change", "mcp_tool_call", "web_search", "collab_tool_call"):
            self._call(draft, kind, item, done=done)
        else:
            self._run.unknown(draft, agent, f"{event}/{kind or '(none)'}", record)

    def _call(self, draft: Draft, kind: str, item: Fields, *, done: bool) -> None:
        agent, identity = self._run.main, text_in(item, "id")
        name, arguments = _told(kind, item)
        known = agent.keys.calls.get(identity)
        if known is None or known.answered:
            known = agent.call(draft, identity, name, arguments)
        if not done:
            return
        code = whole(item.get("exit_code"))
        failed = item.get("status") in ("failed", "declined") or bool(code)
        result = object_in(item, "result")
        text = (
            text_in(item, "aggregated_output") or text_of(result.get("content"))
            if result
            else text_in(item, "aggregated_output")
        )
        error = item.get("error")
        text = text or text_in(error, "message") or (text_of(error) if error else "")
        agent.answer(draft, identity, text, failed=failed, exit_code=code, details=result.get("structured_content"))
        if kind == "file_change" and not failed:
            for change in list_in(item, "changes"):
                if isinstance(change, dict) and isinstance(change.get("path"), str) and change["path"]:
                    agent.effects.edited(draft, str(change["path"]), known, text_in(change, "kind") or "update", "")


def _told(kind: str, item: Fields) -> tuple[str, JSON]:
    """A call's name and arguments."""
    if kind == "command_execution":
        command = text_in(item, "command")
        for shell in ("bash -lc ", "zsh -lc ", "sh -c ", "bash -c "):
            _, found, rest = command.partition(shell)
            if found and len(command) - len(rest) - len(found) < 24:
                quote = rest[:1]
                command = rest[1:-1] if quote in ("'", '"') and rest.endswith(quote) and len(rest) > 1 else rest
                break
        return "shell", {"command": command}
    if kind == "file_change":
        paths = [text_in(change, "path") for change in list_in(item, "changes")]
        return "apply_patch", {"files": ", ".join(filter(None, paths))}
    if kind == "web_search":
        return "web_search", {"query": item.get("query")}
    return f"{text_in(item, 'server') or 'collab'}.{text_in(item, 'tool') or 'tool'}", item.get("arguments")
