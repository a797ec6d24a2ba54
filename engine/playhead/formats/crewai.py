"""CrewAI: the log of tasks that `output_log_file` writes, and a crew's output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.messages import Conversation
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import key_part, one_line, text_of
from playhead.model import JSON


class CrewAi(Format):
    """Every agent of the crew is one of the run; its tasks stand under `tasks/<name>`."""

    name: ClassVar[str] = "crewai"
    title: ClassVar[str] = "CrewAI run"
    looked_for: ClassVar[str] = "CrewAI's task log (task_name, agent, status), or a crew's output with tasks_output"

    def recognise(self, source: Source) -> bool:
        only = source.only
        if isinstance(only, dict):
            return isinstance(only.get("tasks_output"), list) or _is_entry(only)
        records = only if isinstance(only, list) else source.head
        return any(_is_entry(record) for record in records[:12])

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        reader = _Reader(RunLog("crewai", source.path.stem, source.name, report))
        if isinstance(only, dict) and "tasks_output" in only:
            for placed in source.elements(report, list_in(only, "tasks_output"), ("tasks_output",)):
                yield from reader.task(placed)
            yield reader.ended(Placed(None, 0, 0, source.size), only)
        else:
            listed = source.elements(report, only, ()) if isinstance(only, list) else source.records(report)
            for placed in listed:
                yield reader.entry(placed)


def _is_entry(record: JSON) -> bool:
    return isinstance(record, dict) and {"task_name", "agent", "status"} <= record.keys()


class _Reader:
    def __init__(self, run: RunLog) -> None:
        self._run = run

    def entry(self, placed: Placed) -> Draft:
        """The event of one line of the task log."""
        entry = placed.value
        if not isinstance(entry, dict):
            draft = self._run.draft(placed, None)
            return self._run.unknown(draft, self._run.main, type(entry).__name__, entry)
        draft, agent = self._run.draft(placed, entry.get("timestamp")), self._run.agent(entry.get("agent"))
        name, status = (
            text_of(entry.get("task_name")) or text_of(entry.get("task")) or "task",
            text_of(entry.get("status")),
        )
        output = text_of(entry.get("output"))
        value: Fields = {
            "description": agent.keys.shorten(draft, text_of(entry.get("task"))),
            "status": status,
            "output": agent.keys.shorten(draft, output) if output else None,
        }
        known = {"timestamp", "task_name", "task", "agent", "status", "output"}
        value |= {key: agent.keys.shorten_all(draft, item) for key, item in entry.items() if key not in known}
        agent.keys.change(draft, f"tasks/{key_part(name)}", value)
        if output:
            said = agent.say(draft, "assistant", output, more={"task": name})
            agent.final_text(draft, output, said.key)
        agent.status(
            draft, "done" if status == "completed" else "thinking" if status == "started" else status or "waiting"
        )
        draft.kind, draft.label = f"task_{status or 'entry'}", one_line(f"{name} {status}: {output}".removesuffix(": "))
        if status in ("failed", "error"):
            agent.fail(draft, f"task {name}", "task_error", output or text_of(entry.get("error")))
        return draft

    def task(self, placed: Placed) -> Iterator[Draft]:
        """The events of one task of a crew's output."""
        task = placed.value
        if not isinstance(task, dict):
            yield self._run.unknown(self._run.draft(placed, None), self._run.main, "task", task)
            return
        agent = self._run.agent(task.get("agent"))
        conversation = Conversation(agent.keys, agent)
        for number, message in enumerate(list_in(task, "messages"), 1):
            draft = self._run.draft(placed, None, message=number)
            if isinstance(message, dict) and isinstance(message.get("role"), str):
                conversation.add(draft, message)
            else:
                self._run.unknown(draft, agent, "message", message)
            yield draft
        draft = self._run.draft(placed, None)
        name = text_in(task, "name") or text_in(task, "description", "summary") or f"task {placed.line}"
        value = {key: agent.keys.shorten_all(draft, item) for key, item in task.items() if key != "messages"}
        agent.keys.change(draft, f"tasks/{key_part(name)}", value)
        raw = text_of(task.get("raw"))
        agent.final_text(draft, raw)
        agent.status(draft, "done")
        draft.kind, draft.label = "task_completed", one_line(f"{name} completed: {raw}")
        for failure in list_in(task, "tool_failures"):
            agent.keys.error(draft, f"task {name}", "tool", text_of(failure))
            draft.kind = "task_error"
        yield draft

    def ended(self, placed: Placed, document: Fields) -> Draft:
        """The event of what the crew as a whole gave back."""
        draft, agent = self._run.draft(placed, None), self._run.main
        usage = read_usage(document.get("token_usage"))
        if usage is not None:
            agent.usage.count(draft, usage)
        raw = text_of(document.get("raw"))
        others = {key: value for key, value in document.items() if key not in ("raw", "tasks_output", "token_usage")}
        final: Fields = {
            "text": agent.keys.shorten(draft, raw),
            **{key: value for key, value in others.items() if value},
        }
        agent.finish(draft, final, f"crew done: {raw}")
        return draft
