from __future__ import annotations

import pytest

from playhead.formats.tool_words import describe, exit_code_in, outcome
from playhead.model import JSON


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("shell", {"command": ["bash", "-lc", "pytest -q"]}, "bash: pytest -q"),
        ("exec_command", {"cmd": "ls", "workdir": "/w"}, "bash: ls"),
        ("Execute", {"command": "ls /nope"}, "bash: ls /nope"),
        ("read_file", {"absolute_path": "/w/src/a.py"}, "read_file src/a.py"),
        ("str_replace_editor", {"command": "view", "path": "/w/a.py"}, "view a.py"),
        ("apply_patch", "*** Begin Patch\n*** Add File: /w/b.py\n+x\n*** End Patch", "apply_patch: b.py"),
        ("update_plan", {"plan": [{"step": "a", "status": "completed"}, {"step": "b"}]}, "todos: 1/2 done"),
        ("web_search", {"query": "rome", "queries": ["rome"]}, "web_search: rome"),
        ("think", {}, "think"),
        ("stop", {"n": 3}, 'stop: {"n":3}'),
        ("tool", None, "tool"),
    ],
)
def test_a_call_is_told_by_what_says_most_about_it(name: str, arguments: JSON, said: str) -> None:
    assert describe(name, arguments, "/w") == said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Process exited with code 3\nOutput:", 3),
        ("Exit code: 0\nWall time", 0),
        ("<returncode>127</returncode>", 127),
        ("x\n[The command completed with exit code 1.]", 1),
        ("Error: Command failed (exit code: 2)\nno", 2),
        ("the exit codes are listed below", None),
        ("", None),
    ],
)
def test_exit_codes_are_found_in_the_phrases_that_tools_use(text: str, code: int | None) -> None:
    assert exit_code_in(text) == code


@pytest.mark.parametrize(
    ("text", "failed", "code", "said"),
    [
        ("== 3 failed, 9 passed in 2.4s ==", True, 1, "exit 1, 3 failed"),
        ("== 9 passed in 2.4s ==", False, 0, "9 passed"),
        ("a\nb\nc\n", False, 0, "3 lines"),
        ("", False, None, "ok"),
        ("Error: no such file", True, None, "error: Error: no such file"),
        ("no", True, 2, "exit 2"),
    ],
)
def test_a_result_is_told_by_its_exit_code_and_its_tests(text: str, failed: bool, code: int | None, said: str) -> None:
    assert outcome(text, failed=failed, exit_code=code) == said
