"""What Claude Code's tools did: calls and results in human words, and the files, todos and sub-agents they changed."""

from __future__ import annotations

import re
from typing import NamedTuple

from playhead.draft import Draft
from playhead.formats.vocabulary import (
    PREVIEW_CHARACTERS,
    AgentKeys,
    Call,
    clipped,
    key_part,
    one_line,
    text_of,
)
from playhead.model import JSON

SUBAGENT_TOOLS = frozenset({"Task", "Agent"})
EDITING_TOOLS = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})
_TASK_TOOLS = frozenset({"TodoWrite", "TaskCreate", "TaskUpdate"})

# The argument that says most about a call, by tool; every other tool is told by its first string.
_TELLING = {
    "Bash": "command",
    "Read": "file_path",
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "Write": "file_path",
    "NotebookEdit": "notebook_path",
    "Grep": "pattern",
    "Glob": "pattern",
    "Task": "description",
    "Agent": "description",
    "WebFetch": "url",
    "WebSearch": "query",
    "Skill": "skill",
    "TaskCreate": "subject",
}
_NAMES = {"TaskCreate": "new task", "WebFetch": "fetch", "WebSearch": "web search"}
_PATHS = frozenset({"Read", "Edit", "MultiEdit", "Write", "NotebookEdit"})
_EXIT_CODE = re.compile(r"\s*Exit code (\d{1,9})\b")
_TOOL_ERROR_TAG = re.compile(r"</?tool_use_error>")


def describe(name: str, arguments: JSON, cwd: JSON) -> str:
    """A call in human words: `bash: pytest -q`, `read src/a.py`."""
    known = arguments if isinstance(arguments, dict) else {}
    if name == "TodoWrite":
        return f"todos: {_progress(known.get('todos'))}"
    if name == "TaskUpdate":
        return one_line(f"task {known.get('taskId')}: {known.get('status', 'updated')}")
    telling = known.get(_TELLING.get(name, ""))
    if not isinstance(telling, str):
        telling = next((value for value in known.values() if isinstance(value, str)), "")
    if name in _PATHS:
        return one_line(f"{name.lower()} {relative(telling, cwd)}")
    shown = _NAMES.get(name, name.lower() if name in _TELLING else name)
    return one_line(f"{shown}: {telling}" if telling else shown)


def relative(path: str, cwd: JSON) -> str:
    """The path as seen from the working directory, where it lies below it."""
    return path.removeprefix(f"{cwd}/") if isinstance(cwd, str) and cwd else path


def image_or_reference(part: dict[str, JSON]) -> str | None:
    """What stands for a content part that is no text; image bytes are never kept in state."""
    source = part.get("source")
    if isinstance(source, dict):
        data = source.get("data")
        size = f", {len(data):,} characters" if isinstance(data, str) else ""
        return f"[{part.get('type')} {source.get('media_type', '')}{size}]"
    if part.get("type") == "tool_reference":
        return f"[tool {part.get('tool_name')}]"
    return None


class Outcome(NamedTuple):
    """A tool result, read."""

    text: str
    failed: bool
    extra: dict[str, JSON]
    """What goes into the call's value beside the result: exit_code, duration_ms, interrupted, stderr."""
    label: str
    """In human words: `exit 1`, `12 lines`."""


def read_result(name: str, block: dict[str, JSON], structured: JSON) -> Outcome:
    """The outcome of a `tool_result` block and the structured result beside it, if any."""
    content = block.get("content")
    failed = block.get("is_error") is True
    if isinstance(content, dict):
        # The host answers with an object: what it found, or why not.
        failed = failed or str(content.get("type")).endswith("_error")
        content = content.get("text") or content.get("error_code") or content
    text = text_of(content, image_or_reference)
    details = structured if isinstance(structured, dict) else {}
    extra: dict[str, JSON] = {}
    match = _EXIT_CODE.match(text) if failed else None
    if match is not None:
        extra["exit_code"] = int(match[1])
    elif name == "Bash" and not failed and "stdout" in details:
        extra["exit_code"] = 0
    if details.get("interrupted") is True:
        extra["interrupted"] = True
    stderr = details.get("stderr")
    if isinstance(stderr, str) and stderr:
        extra["stderr"] = clipped(stderr, PREVIEW_CHARACTERS)
    duration = details.get("totalDurationMs", details.get("durationMs"))
    seconds = details.get("durationSeconds")
    if isinstance(duration, int | float):
        extra["duration_ms"] = round(duration)
    elif isinstance(seconds, int | float):
        extra["duration_ms"] = round(seconds * 1000)
    return Outcome(text, failed, extra, _outcome_label(name, text, failed, extra))


def _outcome_label(name: str, text: str, failed: bool, extra: dict[str, JSON]) -> str:
    if "exit_code" in extra and failed:
        return f"exit {extra['exit_code']}"
    if failed:
        return one_line(f"error: {_TOOL_ERROR_TAG.sub('', text).removeprefix('Error: ')}", 80)
    if name in EDITING_TOOLS or name in _TASK_TOOLS:
        return "ok"
    lines = text.count("\n") + 1
    return one_line(text, 60) or "ok" if lines == 1 else f"{lines} lines"


class ToolEffects:
    """What one agent's tools changed: todos, files and sub-agents."""

    def __init__(self, keys: AgentKeys) -> None:
        self._keys = keys
        self._root: JSON = None
        self._todos: list[dict[str, JSON]] = []
        self._edits: dict[str, tuple[int, int, int]] = {}
        self._subagents: dict[str, dict[str, JSON]] = {}

    def called(self, draft: Draft, call_id: str, name: str, arguments: JSON) -> None:
        """Stage what a call alone changes: a sub-agent begins."""
        if name not in SUBAGENT_TOOLS or not isinstance(arguments, dict):
            return
        self._keys.report.counts["subagents"] += 1
        value: dict[str, JSON] = {
            "type": arguments.get("subagent_type"),
            "description": arguments.get("description"),
            "prompt": clipped(text_of(arguments.get("prompt")), PREVIEW_CHARACTERS),
            "status": "running",
        }
        self._subagent(draft, call_id, value)

    def answered(self, draft: Draft, call_id: str, call: Call, outcome: Outcome, structured: JSON) -> None:
        """Stage what a result changes, failed ones only for sub-agents."""
        arguments = call.arguments if isinstance(call.arguments, dict) else {}
        details = structured if isinstance(structured, dict) else {}
        if call.name in SUBAGENT_TOOLS:
            self._subagent_answered(draft, call_id, outcome, details)
        if outcome.failed:
            return
        if call.name == "TodoWrite":
            self._replace_todos(draft, details.get("newTodos", arguments.get("todos")))
        elif call.name == "TaskCreate":
            self._create_task(draft, arguments, details)
        elif call.name == "TaskUpdate":
            self._update_task(draft, arguments)
        elif call.name in EDITING_TOOLS:
            self._edited(draft, call, arguments, details)

    def subagent_told(self, draft: Draft, call_id: str, told: dict[str, JSON]) -> bool:
        """Stage news of a sub-agent that came otherwise than by its result; False where it is unknown."""
        if call_id not in self._subagents:
            return False
        self._subagent(draft, call_id, told)
        return True

    def _subagent(self, draft: Draft, call_id: str, news: dict[str, JSON]) -> None:
        known = self._subagents.get(call_id, {})
        self._subagents[call_id] = {**known, **{name: value for name, value in news.items() if value is not None}}
        self._keys.change(draft, f"subagents/{key_part(call_id)}", dict(self._subagents[call_id]))

    def _subagent_answered(self, draft: Draft, call_id: str, outcome: Outcome, details: dict[str, JSON]) -> None:
        status = details.get("status")
        self._subagent(
            draft,
            call_id,
            {
                "agent": details.get("agentId"),
                "status": "error" if outcome.failed else status if isinstance(status, str) else "completed",
                "tokens": details.get("totalTokens"),
                "tool_uses": details.get("totalToolUseCount"),
                "duration_ms": details.get("totalDurationMs"),
                "result": clipped(outcome.text, PREVIEW_CHARACTERS),
            },
        )

    def _replace_todos(self, draft: Draft, todos: JSON) -> None:
        if isinstance(todos, list):
            self._todos = [
                {"id": str(todo.get("id", place)), "content": todo.get("content"), "status": todo.get("status")}
                for place, todo in enumerate(todos, 1)
                if isinstance(todo, dict)
            ]
            self._write_todos(draft)

    def _create_task(self, draft: Draft, arguments: dict[str, JSON], details: dict[str, JSON]) -> None:
        task = details.get("task")
        known = task if isinstance(task, dict) else {}
        identity = known.get("id", len(self._todos) + 1)
        content = known.get("subject", arguments.get("subject"))
        self._todos.append({"id": str(identity), "content": content, "status": "pending"})
        self._write_todos(draft)

    def _update_task(self, draft: Draft, arguments: dict[str, JSON]) -> None:
        identity, status, subject = arguments.get("taskId"), arguments.get("status"), arguments.get("subject")
        if status == "deleted":
            self._todos = [todo for todo in self._todos if todo["id"] != str(identity)]
        for todo in self._todos:
            if todo["id"] == str(identity):
                todo["status"] = status if status is not None else todo["status"]
                todo["content"] = subject if subject is not None else todo["content"]
        self._write_todos(draft)

    def _write_todos(self, draft: Draft) -> None:
        self._keys.change(draft, "todos", [dict(todo) for todo in self._todos])

    def _edited(self, draft: Draft, call: Call, arguments: dict[str, JSON], details: dict[str, JSON]) -> None:
        path = details.get("filePath", arguments.get("file_path", arguments.get("notebook_path")))
        if not isinstance(path, str) or not path:
            return
        patch = _patch(details.get("structuredPatch"))
        if patch:
            added = sum(line.startswith("+") for line in patch)
            removed = sum(line.startswith("-") for line in patch)
        else:
            old, new = arguments.get("old_string"), arguments.get("new_string", arguments.get("content"))
            added = len(new.splitlines()) if isinstance(new, str) else 0
            removed = len(old.splitlines()) if isinstance(old, str) else 0
        # The first working directory, so that a file keeps its key when the agent moves.
        self._root = self._root or self._keys.latest("cwd")
        edits, all_added, all_removed = self._edits.get(path, (0, 0, 0))
        self._edits[path] = edits + 1, all_added + added, all_removed + removed
        value: dict[str, JSON] = {
            "op": call.name.lower(),
            "call": call.key,
            "edits": edits + 1,
            "added": all_added + added,
            "removed": all_removed + removed,
        }
        if patch:
            value["patch"] = self._keys.shorten(draft, "\n".join(patch))
        self._keys.write(draft, f"files/{key_part(relative(path, self._root))}", value)


def parse_notification(text: str) -> tuple[str, dict[str, JSON]] | None:
    """The tool call id and the news in a `<task-notification>` message, or None where it is none."""
    if not text.startswith("<task-notification>"):
        return None
    found = {name: _tag(text, name) for name in ("tool-use-id", "task-id", "status", "summary", "result")}
    call_id = found["tool-use-id"]
    if not call_id:
        return None
    result = found["result"] or found["summary"]
    return call_id, {
        "agent": found["task-id"],
        "status": found["status"],
        "result": clipped(result, PREVIEW_CHARACTERS) if result else None,
    }


def _tag(text: str, name: str) -> str | None:
    start = text.find(f"<{name}>")
    end = text.find(f"</{name}>", start)
    return text[start + len(name) + 2 : end].strip() if 0 <= start < end else None


def _patch(hunks: JSON) -> list[str]:
    lines: list[str] = []
    for hunk in hunks if isinstance(hunks, list) else ():
        found = hunk.get("lines") if isinstance(hunk, dict) else None
        if isinstance(hunk, dict) and isinstance(found, list):
            before, after = hunk.get("oldStart"), hunk.get("newStart")
            lines.append(f"@@ -{before},{hunk.get('oldLines')} +{after},{hunk.get('newLines')} @@")
            lines += (line for line in found if isinstance(line, str))
    return lines


def _progress(todos: JSON) -> str:
    if not isinstance(todos, list):
        return "none"
    done = sum(isinstance(todo, dict) and todo.get("status") == "completed" for todo in todos)
    return f"{done}/{len(todos)} done"
