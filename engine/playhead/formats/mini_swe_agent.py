"""mini-swe-agent trajectories: chat messages with what each command returned beside them, or inside their text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.messages import Conversation, is_conversation
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in, whole
from playhead.formats.source import Placed, Source
from playhead.formats.usage import as_cost, read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_TOLD = frozenset({"exit_status", "submission", "model_stats", "config", "mini_version"})
_COMMAND = re.compile(r"```(?:bash|sh|mswea_bash_command)[ \t]*\n(.*?)\n?```", re.DOTALL)
_RETURNED = re.compile(r"\s*<returncode>\s*(-?\d{1,9})\s*</returncode>")
_TIMED_OUT = re.compile(r"\s*The last command .{0,4000}? timed out and has been killed", re.DOTALL)
_OUTPUT = re.compile(r"<output(?:_head)?>\n?(.*)</output(?:_tail)?>", re.DOTALL)


class MiniSweAgent(Format):
    """A run becomes `mini-swe-agent:<file>`; commands in fenced blocks are calls like any other."""

    name: ClassVar[str] = "mini-swe-agent"
    title: ClassVar[str] = "mini-swe-agent trajectory"
    looked_for: ClassVar[str] = "a mini-swe-agent trajectory (trajectory_format, or messages with return codes)"

    def recognise(self, source: Source) -> bool:
        only = source.only
        if isinstance(only, dict):
            told = only.get("trajectory_format")
            named = isinstance(told, str) and told.startswith("mini-swe-agent")
            about = object_in(only, "info")
            return isinstance(only.get("messages"), list) and (
                named or ("model_stats" in about and "exit_status" in about)
            )
        return isinstance(only, list) and is_conversation(only) and any(_returned(message) for message in only[:12])

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        run = RunLog(
            "mini-swe-agent", source.path.name.removesuffix(".json").removesuffix(".traj"), source.name, report
        )
        reader = _Reader(run)
        top = Placed(None, 0, 0, source.size)
        if isinstance(only, dict):
            info = object_in(only, "info")
            yield reader.begun(top, only, info)
            for placed in source.elements(report, list_in(only, "messages"), ("messages",)):
                yield reader.read(placed)
            yield reader.ended(top, info)
        elif isinstance(only, list):
            for placed in source.elements(report, only, ()):
                yield reader.read(placed)


def _returned(message: JSON) -> bool:
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, str) and _RETURNED.match(content) is not None


def _spoken(message: JSON) -> JSON:
    """The message as a chat has it, where the Responses API wrote it: a whole response, or the output of a call."""
    if not isinstance(message, dict):
        return message
    if message.get("type") == "function_call_output":
        told: Fields = {"role": "tool", "tool_call_id": message.get("call_id"), "content": message.get("output")}
        return {**told, "extra": message.get("extra")}
    if message.get("object") != "response":
        return message
    said: Fields = {"role": "assistant", "extra": message.get("extra")}
    texts, thoughts, calls = list[str](), list[str](), list[JSON]()
    for item in list_in(message, "output"):
        kind = text_in(item, "type")
        if not isinstance(item, dict):
            continue
        if kind == "message":
            texts.append(text_of(item.get("content")))
        elif kind == "reasoning":
            thoughts.append(text_of(item.get("summary")))
        elif kind == "function_call":
            function: Fields = {"name": item.get("name"), "arguments": item.get("arguments")}
            calls.append({"id": item.get("call_id"), "type": "function", "function": function})
    said |= {"content": "\n".join(texts), "reasoning_content": "\n".join(thoughts)}
    return said | ({"tool_calls": calls} if calls else {})


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._conversation = Conversation(run.main.keys, run.main)
        self._open: list[str] = []
        """The calls in a message's text that wait for the messages with their return codes, in order."""

    def begun(self, placed: Placed, document: Fields, info: Fields) -> Draft:
        """The event of what the trajectory says of the run as a whole."""
        draft, agent = self._run.draft(placed, None), self._run.main
        config = object_in(info, "config")
        version = info.get("mini_version")
        self._run.session(draft, version=version, format=document.get("trajectory_format"))
        self._run.about(draft, agent, model=text_in(object_in(config, "model"), "model_name"))
        if config:
            agent.keys.change(draft, "config", agent.keys.shorten_all(draft, config))
        self._run.about(draft, agent, cwd=text_in(object_in(config, "environment"), "cwd"))
        draft.kind, draft.label = "session", one_line(f"mini-swe-agent {version or ''} run {self._run.identity}")
        return draft

    def read(self, placed: Placed) -> Draft:
        """The event of one message."""
        message = _spoken(placed.value)
        extra = object_in(message, "extra")
        written = extra.get("timestamp", message.get("timestamp") if isinstance(message, dict) else None)
        draft = self._run.draft(placed, written)
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            return self._run.unknown(draft, self._run.main, "message", message)
        role, text = message["role"], text_of(message.get("content"))
        if role == "exit":
            self._run.main.finish(
                draft, {"exit_status": extra.get("exit_status"), "text": text}, f"{extra.get('exit_status')}"
            )
        elif role == "user" and self._open:
            self._answered(draft, text, extra)
        else:
            code = whole(extra.get("returncode"))
            broken = bool(extra.get("exception_info"))
            raw = extra.get("raw_output")
            kept = {**message, "content": raw} if role == "tool" and isinstance(raw, str) else message
            self._conversation.add(draft, kept, failed=bool(code) or broken, exit_code=code)
            if role == "assistant" and not list_in(message, "tool_calls"):
                self._written(draft, text, extra)
        self._count(draft, extra if "response" in extra else {**extra, "response": placed.value})
        return draft

    def ended(self, placed: Placed, info: Fields) -> Draft:
        """The event of how the run ended and what it cost."""
        draft, agent = self._run.draft(placed, None), self._run.main
        stats = object_in(info, "model_stats")
        cost = as_cost(stats.get("instance_cost"))
        if cost is not None:
            agent.usage.write(draft, cost)
        if stats:
            agent.keys.change(draft, "model_stats", stats)
        others: Fields = {name: value for name, value in info.items() if name not in _TOLD}
        if others:
            agent.keys.change(draft, "info", agent.keys.shorten_all(draft, others))
        status, submission = text_in(info, "exit_status"), text_of(info.get("submission"))
        failed = bool(status) and status not in ("Submitted", "submitted", "LimitsExceeded")
        final: Fields = {"exit_status": status or None, "submission": agent.keys.shorten(draft, submission) or None}
        agent.finish(
            draft, final, f"{status or 'ended'}: {submission}" if submission else status or "ended", failed=failed
        )
        if failed:
            agent.keys.error(draft, "run", status, submission or status)
        return draft

    def _written(self, draft: Draft, text: str, extra: Fields) -> None:
        """Stage the calls that a message writes in its text: those that were found in it, or its one command."""
        found = [text_in(action, "command") for action in list_in(extra, "actions")] or _COMMAND.findall(text)
        # Several fenced commands were refused: one at a time is the rule there.
        commands = found if "actions" in extra or len(found) == 1 else []
        for number, command in enumerate(commands, 1):
            identity = f"command-{draft.meta['line']}" + (f"-{number}" if number > 1 else "")
            self._open.append(identity)
            self._run.main.call(draft, identity, "bash", {"command": command})

    def _answered(self, draft: Draft, text: str, extra: Fields) -> None:
        """Stage the result of the oldest call that is open."""
        found = _RETURNED.match(text)
        code = int(found[1]) if found is not None else whole(extra.get("returncode"))
        output = _OUTPUT.search(text)
        raw = extra.get("raw_output")
        told = raw if isinstance(raw, str) else output[1] if output is not None else text
        told = told if told.strip() else text
        timed_out = code is None and _TIMED_OUT.match(text) is not None
        more: Fields = {"timed_out": True} if timed_out else {}
        failed = bool(code) or timed_out
        self._run.main.answer(draft, self._open.pop(0), told, failed=failed, exit_code=code, extra=more)

    def _count(self, draft: Draft, extra: Fields) -> None:
        response = object_in(extra, "response")
        usage = read_usage(response.get("usage"))
        cost = as_cost(extra.get("cost"))
        if usage is not None:
            self._run.about(draft, self._run.main, model=text_in(response, "model"))
            self._run.main.usage.count(draft, usage if cost is None else usage._replace(cost_usd=cost))
