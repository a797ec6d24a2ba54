"""Tool calls and their results in human words, whichever agent made them: `bash: pytest -q → exit 1, 3 failed`."""

from __future__ import annotations

import re
from typing import cast

import orjson

from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

Fields = dict[str, JSON]

SHELL_TOOLS = frozenset(
    {
        *("bash", "shell", "sh", "terminal", "execute", "exec", "run", "exec_command", "execute_bash", "local_shell"),
        *("run_shell_command", "run_terminal_cmd", "run_terminal", "run_command", "shell_exec", "container.exec"),
        *(
            "local_shell_call",
            "command_execution",
            "shell_command",
            "execute_command",
            "bash_command",
            "run_in_terminal",
        ),
    }
)
TODO_TOOLS = frozenset(
    {"todowrite", "todo_write", "write_todos", "update_plan", "task_tracker", "todos", "set_todo_list"}
)
_EDITOR_COMMANDS = frozenset({"view", "create", "str_replace", "insert", "undo_edit", "delete", "rename"})

_COMMANDS = ("command", "cmd", "commands", "script", "code", "CommandLine", "keystrokes")
_PATHS = (
    *("file_path", "filePath", "path", "absolute_path", "target_file", "filename", "file_name", "notebook_path"),
    *("dir_path", "DirectoryPath", "AbsolutePath", "TargetFile", "file", "relative_workspace_path"),
)
_TELLING = (
    *("query", "pattern", "url", "description", "objective", "question", "prompt", "task", "thought", "message"),
    *("text", "content", "input", "title", "name"),
)
_SHELL_FLAGS = frozenset({"-c", "-lc", "-ic", "-lic", "-Command", "/c"})

_EXIT_CODES = re.compile(
    r"(?:^|\n)\s*(?:Process exited with code|Exit code:?|Exit Code:|exit code:)\s*(-?\d{1,9})\b"
    r"|<returncode>(-?\d{1,9})</returncode>"
    r"|completed with exit code (-?\d{1,9})\b"
    r"|\(exit code: (-?\d{1,9})\)"
    r"|, exit code: (-?\d{1,9}),"
)
_TESTS = re.compile(r"\b(\d{1,6}) (failed|errors?|passed)\b")
_PATCHED = re.compile(r"^\*\*\* (Add|Update|Delete) File: (.+)$", re.MULTILINE)
_SEARCHED_CHARACTERS = 4_000


def decoded(arguments: JSON) -> JSON:
    """Arguments that are JSON inside a string, as the value they mean; any other text stays text."""
    if isinstance(arguments, str) and arguments[:1] in ("{", "["):
        try:
            return cast(JSON, orjson.loads(arguments))
        except orjson.JSONDecodeError:
            return arguments
    return arguments


def describe(name: str, arguments: JSON, cwd: JSON = None) -> str:
    """A call in human words: `bash: pytest -q`, `read_file src/a.py`, `todos: 1/3 done`."""
    known = arguments if isinstance(arguments, dict) else {}
    if is_todo_tool(name) and isinstance(items := todo_items(known), list):
        done = sum(isinstance(item, dict) and item.get("status") in ("completed", "done") for item in items)
        return f"todos: {done}/{len(items)} done"
    if isinstance(arguments, str):
        patched = ", ".join(relative(path.strip(), cwd) for _, path in _PATCHED.findall(arguments[:65_536]))
        return one_line(f"{name}: {patched or arguments}") if arguments else name
    path = next((value for key in _PATHS if isinstance(value := known.get(key), str) and value), "")
    command = command_of(known)
    if path and command in _EDITOR_COMMANDS:
        return one_line(f"{command} {relative(path, cwd)}")
    if command:
        return one_line(f"{'bash' if name.lower() in SHELL_TOOLS else name}: {command}")
    if path:
        return one_line(f"{name} {relative(path, cwd)}")
    telling = next((value for key in _TELLING if isinstance(value := known.get(key), str) and value), "")
    telling = telling or next((value for value in known.values() if isinstance(value, str) and value), "")
    if not telling and arguments not in (None, {}, []):
        telling = text_of(arguments)
    return one_line(f"{name}: {telling}") if telling else name


def command_of(arguments: Fields) -> str:
    """The command line that a shell tool was given, out of `bash -lc` where it is wrapped in one; empty without."""
    for key in _COMMANDS:
        value = arguments.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
            return unwrapped(cast("list[str]", value))
    return ""


def unwrapped(words: list[str]) -> str:
    """The words of a command as one line, without the shell around it."""
    if len(words) == 3 and words[1] in _SHELL_FLAGS:
        return words[2]
    return " ".join(words)


def relative(path: str, cwd: JSON) -> str:
    """The path as seen from the working directory, where it lies below it."""
    return path.removeprefix(f"{cwd.rstrip('/')}/") if isinstance(cwd, str) and cwd else path


def is_todo_tool(name: str) -> bool:
    return name.lower().replace("-", "_") in TODO_TOOLS


def todo_items(arguments: JSON) -> JSON:
    """The list of todos that a call sets, or None where it sets none."""
    known = arguments if isinstance(arguments, dict) else {}
    for key in ("todos", "plan", "task_list", "items", "tasks", "newTodos"):
        if isinstance(known.get(key), list):
            return known[key]
    return None


def exit_code_in(text: str) -> int | None:
    """The exit code that a tool's output tells in one of the usual phrases, or None."""
    searched = (
        text if len(text) <= 2 * _SEARCHED_CHARACTERS else text[:_SEARCHED_CHARACTERS] + text[-_SEARCHED_CHARACTERS:]
    )
    found = _EXIT_CODES.search(searched)
    return next((int(code) for code in found.groups() if code is not None), None) if found is not None else None


def outcome(text: str, *, failed: bool, exit_code: int | None) -> str:
    """A result in a few words: `exit 1, 3 failed`, `12 lines`, `ok`."""
    counted = {name.rstrip("s"): f"{number} {name}" for number, name in _TESTS.findall(text[-_SEARCHED_CHARACTERS:])}
    tests = counted.get("failed") or counted.get("error") or counted.get("passed")
    if exit_code:
        return f"exit {exit_code}, {tests}" if tests else f"exit {exit_code}"
    lines = [line for line in text.splitlines() if line.strip()] if len(text) < 1 << 20 else []
    if failed and not lines:
        return "failed"
    if failed:
        return one_line(f"error: {lines[-1] if lines and len(lines) > 5 else ' '.join(lines)}", 80)
    if tests:
        return tests
    if len(lines) == 1:
        return one_line(lines[0], 60)
    return f"{text.count(chr(10)) + (not text.endswith(chr(10)))} lines" if text else "ok"
