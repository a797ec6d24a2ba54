"""Codex response items: messages, reasoning, and tool calls with their outputs, as the model saw them."""

from __future__ import annotations

import re
from typing import NamedTuple

from playhead.draft import Draft
from playhead.formats.codex_collaborators import Collaborators
from playhead.formats.codex_thread import ITEM, CodexThread
from playhead.formats.run_log import Fields, list_in, object_in, seconds_long, text_in, whole
from playhead.formats.tool_words import decoded, exit_code_in
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_CALLS = frozenset(
    {
        *("function_call", "custom_tool_call", "local_shell_call", "tool_search_call", "tool_call", "mcp_call"),
        *("web_search_call", "image_generation_call", "file_search_call", "computer_call", "code_interpreter_call"),
    }
)
_OUTPUTS = frozenset(
    {
        *("function_call_output", "custom_tool_call_output", "local_shell_call_output", "tool_search_output"),
        *("tool_result", "function_result", "mcp_call_output", "computer_call_output"),
    }
)
_HOSTED = frozenset(
    {"web_search_call", "image_generation_call", "file_search_call", "code_interpreter_call", "mcp_call"}
)
"""Calls that the model's host answers: no output of theirs follows."""
_CONTEXT = frozenset({"compaction", "compaction_summary", "context_compaction", "compaction_trigger"})
_DEFINITIONS = frozenset({"additional_tools", "configuration_update"})
"""What the model is given beside the conversation: nothing of it is said or done."""
ITEM_TYPES = _CALLS | _OUTPUTS | {"message", "reasoning", "agent_message", "ghost_snapshot"} | _CONTEXT | _DEFINITIONS

_WRITTEN_BY_TOOL = (
    *("<environment_context>", "<user_instructions>", "<skills_instructions>", "<permissions", "<app-context>"),
    *("<turn_aborted>", "<user_shell_command>", "<collaboration_mode>", "# AGENTS.md instructions", "<skill>"),
    *(
        "<codex_internal_context",
        "<subagent_notification>",
        "<INSTRUCTIONS>",
        "<goal_context>",
        "<model_switch>",
        "<personality_spec>",
        "<recommended_plugins>",
        "<agent_message_board_notification>",
    ),
)


_HEADERS = (
    *("Command: ", "Chunk ID: ", "Wall time", "Exit code: ", "Process exited with code ", "Process running with"),
    *("Total output lines: ", "Original token count: ", "Script ", "failed in sandbox"),
)
_REFUSALS = (
    *("Script failed", "Script error", "apply_patch verification failed", "exec_command failed", "exec failed"),
    *(
        "failed in sandbox",
        "execution error",
        "write_stdin failed",
        "failed to parse function arguments",
        "unsupported call",
        "unsupported custom tool call",
    ),
)
_WALL_TIME = re.compile(r"^Wall time:? (\d{1,9}(?:\.\d{1,9})?) seconds$", re.MULTILINE)
HEADER_CHARACTERS = 16_000


class Output(NamedTuple):
    """A call's output, read."""

    text: str
    failed: bool
    exit_code: int | None
    seconds: JSON
    header: str = ""
    """What Codex wrote above what the command printed."""


class CodexItems:
    """Tells response items in order."""

    def __init__(self, thread: CodexThread) -> None:
        self._thread = thread
        self._collaborators = Collaborators(thread)
        self._reasoning = ""

    def read(self, draft: Draft, item: Fields, record: Fields) -> None:
        """Stage one item."""
        kind = text_in(item, "type")
        if kind == "message" or (not kind and "role" in item):
            self._message(draft, item)
        elif kind == "reasoning":
            self._thought(draft, item)
        elif kind in _CALLS:
            self._call(draft, kind, item)
        elif kind in _OUTPUTS:
            self._output(draft, item)
        elif kind == "agent_message":
            self._collaborators.said(draft, ITEM, item, _text(item.get("content")))
        elif kind in _DEFINITIONS:
            self._thread.run.report.counts[kind] += 1
        elif kind in _CONTEXT:
            if not self._thread.echoes.is_echo(ITEM, "compaction", ""):
                self._thread.compact(draft)
            draft.kind, draft.label = "compaction", "conversation compacted"
        elif kind == "ghost_snapshot":
            commit = object_in(item, "ghost_commit")
            self._thread.agent.keys.change(
                draft, "git_snapshot", {"id": commit.get("id"), "parent": commit.get("parent")}
            )
            draft.label = one_line(f"files kept as {commit.get('id')}")
        else:
            self._thread.run.unknown(draft, self._thread.agent, f"response_item/{kind or '(none)'}", record)

    def say(self, draft: Draft, role: str, text: str, *, meta: bool = False, more: Fields | None = None) -> None:
        """Stage a message, with the reasoning that came just before it."""
        thread = self._thread
        reasoning, self._reasoning = (self._reasoning if role == "assistant" else ""), ""
        said = thread.agent.say(draft, role, text, reasoning=reasoning, meta=meta, more=more)
        thread.remember(role, text)
        if role == "user" and not meta:
            thread.user_turns.append(thread.agent.keys.message_count)
        if role == "assistant" and (more or {}).get("phase") != "commentary":
            thread.agent.final_text(draft, text, said.key)

    def think(self, draft: Draft, text: str) -> None:
        """Stage what the model thought; the next message carries it too."""
        self._reasoning = f"{self._reasoning}\n{text}" if self._reasoning else text
        self._thread.run.report.counts["thoughts"] += 1
        keys = self._thread.agent.keys
        keys.write(draft, "reasoning", keys.shorten(draft, text))
        draft.kind, draft.label = "thinking", one_line(text) or "thinking"

    def compacted(self, draft: Draft, payload: Fields) -> None:
        """Stage a compaction: what replaces the conversation is said anew only where it was not said before."""
        thread = self._thread
        if not thread.echoes.is_echo(ITEM, "compaction", ""):
            thread.compact(draft)
        said_again: dict[tuple[str, str], int] = {}
        for item in list_in(payload, "replacement_history"):
            if not isinstance(item, dict) or item.get("type", "message") != "message":
                continue
            role, text = text_in(item, "role") or "user", _text(item.get("content"))
            again = said_again[role, text.strip()] = said_again.get((role, text.strip()), 0) + 1
            if again > thread.said(role, text):
                self._kept(draft, role, text)
        summary = text_in(payload, "message")
        if summary and not thread.said("assistant", summary) and not thread.said("user", summary):
            self._kept(draft, "user", summary)
        draft.kind, draft.label = (
            "compaction",
            one_line(f"conversation compacted: {summary}" if summary else "conversation compacted"),
        )

    def _kept(self, draft: Draft, role: str, text: str) -> None:
        self._thread.agent.say(draft, role, text, meta=True, more={"summary": True})
        self._thread.remember(role, text)

    def _message(self, draft: Draft, item: Fields) -> None:
        role = text_in(item, "role") or "assistant"
        text = _text(item.get("content", item.get("message")))
        if self._thread.echoes.is_echo(ITEM, role, text):
            # Its event came first and said it already; only the id is news.
            self._thread.run.report.counts["told_twice"] += 1
            return
        meta = role in ("developer", "system") or text.lstrip().startswith(_WRITTEN_BY_TOOL) or _is_context(item)
        self.say(draft, role, text, meta=meta, more={"id": item.get("id"), "phase": item.get("phase")})

    def _thought(self, draft: Draft, item: Fields) -> None:
        parts = [*list_in(item, "summary"), *list_in(item, "content")]
        text = "\n".join(
            filter(None, (text_in(part, "text") if isinstance(part, dict) else text_of(part) for part in parts))
        )
        if not text:
            self._thread.run.report.counts["encrypted_thoughts"] += 1
        elif not self._thread.echoes.is_echo(ITEM, "reasoning", text):
            self.think(draft, text)

    def _call(self, draft: Draft, kind: str, item: Fields) -> None:
        function = object_in(item, "function")
        name = (
            text_in(item, "name")
            or text_in(function, "name")
            or kind.removesuffix("_call").replace("tool_call", "tool")
        )
        arguments = item.get("arguments", item.get("input", function.get("arguments")))
        if arguments is None:
            action = object_in(item, "action")
            arguments = {key: value for key, value in action.items() if value is not None and key != "type"} or None
        if arguments is None and kind == "image_generation_call":
            arguments = {"prompt": item.get("revised_prompt")}
        call_id = text_in(item, "call_id", "id")
        self._reasoning = ""
        if call_id in self._thread.shown:
            # Its event came first and told it already.
            self._thread.shown.discard(call_id)
            self._thread.run.report.counts["told_twice"] += 1
            return
        call = self._thread.agent.call(draft, call_id, name, arguments)
        if kind in _HOSTED and item.get("status") == "completed":
            self._thread.agent.enrich(draft, call, {"status": "ok"})

    def _output(self, draft: Draft, item: Fields) -> None:
        agent = self._thread.agent
        name = text_in(item, "name")
        call_id = (
            text_in(item, "call_id") or self._unanswered(name) or text_in(item, "id") or f"result-{draft.meta['line']}"
        )
        told = item.get("output", item.get("result", item.get("tools")))
        output = read_output(told)
        known = agent.keys.calls.get(call_id)
        before = known.value if known is not None and isinstance(known.value, dict) else {}
        code = whole(before.get("exit_code"))
        code = output.exit_code if code is None else code
        failed = output.failed or bool(code) or before.get("status") == "error"
        details = decoded(told) if isinstance(told, str) else told
        milliseconds = seconds_long(output.seconds)
        extra: Fields = {} if milliseconds is None else {"duration_ms": milliseconds}
        agent.answer(
            draft,
            call_id,
            output.text,
            failed=failed,
            exit_code=code,
            details=details,
            tool=name,
            extra=extra,
            shown=output.text[len(output.header) :].removeprefix("\nOutput:").strip() or output.header,
        )
        goal = object_in(details, "goal")
        if goal:
            self.goal(draft, goal)

    def goal(self, draft: Draft, goal: Fields) -> None:
        """Stage the thread's goal as its one todo."""
        item: Fields = {"id": "goal", "content": goal.get("objective"), "status": goal.get("status")}
        self._thread.agent.effects.todos(draft, [item])

    def _unanswered(self, name: str) -> str:
        """The id of the oldest call of a name that waits for its result, where results bring none."""
        calls = self._thread.agent.keys.calls
        waiting = [
            identity for identity, call in calls.items() if not call.answered and (not name or call.name == name)
        ]
        return waiting[0] if waiting else ""


def _is_context(item: Fields) -> bool:
    """Whether nothing in a message was typed by a person, where the log says what each part of it is."""
    kinds = list_in(object_in(item, "internal_chat_message_metadata_passthrough"), "content_item_kinds")
    return item.get("role") == "user" and bool(kinds) and not any(str(kind).startswith("user") for kind in kinds)


def read_output(told: JSON) -> Output:
    """What a call gave back: text, a list of parts, `{content, success}`, or JSON in a string with an exit code."""
    failed, code, seconds = False, None, None
    value = decoded(told)
    if isinstance(value, dict):
        failed = value.get("success") is False or value.get("isError") is True
        about = object_in(value, "metadata")
        code = whole(about.get("exit_code", value.get("exit_code", value.get("exitCode"))))
        seconds = about.get("duration_seconds")
        inner = next((value[name] for name in ("output", "content", "stdout", "text") if value.get(name)), None)
        if inner is not None or "output" in value or "stdout" in value:
            text = _text(inner)
            stderr = text_in(value, "stderr")
            return Output(f"{text}{stderr}" if "stdout" in value else text, failed or bool(code), code, seconds)
    text = told if isinstance(told, str) else _text(told)
    header = _header(text)
    code = exit_code_in(header) if code is None else code
    failed = failed or bool(code) or text.startswith(_REFUSALS)
    return Output(text, failed, code, _wall_time(header) if seconds is None else seconds, header)


def _header(text: str) -> str:
    """The lines that Codex puts above a command's own output; what the command prints says nothing of its end."""
    head = text[:HEADER_CHARACTERS]
    if not head.startswith(_HEADERS):
        return ""
    return head.partition("\nOutput:")[0]


def _wall_time(header: str) -> JSON:
    found = _WALL_TIME.search(header)
    return float(found[1]) if found is not None else None


def _text(content: JSON) -> str:
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        return str(content["text"])
    return text_of(content, _image)


def _image(part: Fields) -> str | None:
    if part.get("type") == "input_image":
        return "[image]"
    return "[encrypted]" if part.get("type") == "encrypted_content" else None
