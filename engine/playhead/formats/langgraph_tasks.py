"""What LangGraph's tasks did and what its checkpoints brought, in words and as state."""

from __future__ import annotations

from playhead.draft import Draft
from playhead.formats.langgraph_channels import END, PREVIOUS, RETURN, SENDS, Write
from playhead.formats.langgraph_state import calls_of, preview
from playhead.formats.vocabulary import json_text, key_part, one_line, text_of
from playhead.model import JSON

Fields = dict[str, JSON]

INTERRUPT = "__interrupt__"
"""The channel that a task's questions are written to."""


class Task:
    """One task, from all that it wrote."""

    def __init__(self, task_id: str, name: str, wrote: list[Write]) -> None:
        self.id, self.name, self.wrote = task_id, name, wrote
        # Every task has a path; an update of the state from outside has an empty one.
        self.title = name or ("update" if wrote[0].path == "" else f"task {task_id[:8]}")
        self.interrupts: list[Fields] = []
        self.failure: str | None = None
        self.writes: Fields = {}
        self.other: Fields = {}
        for write in wrote:
            self._take(write.channel, write.value)
        self.outcome = [*self.writes, *(name for name in ("result", "goto") if name in self.other and not self.writes)]

    def value(self, status: str) -> Fields:
        """The key that tells of the task."""
        value: Fields = {"name": self.name or None, "status": status}
        if status == "interrupted":
            return {f"tasks/{key_part(self.id)}": {**value, "interrupts": list(self.interrupts)}}
        value |= self.other
        if self.writes:
            value["writes"] = self.writes
        if self.interrupts:
            value["interrupts"] = list(self.interrupts)
        if self.failure is not None:
            value["error"] = self.failure
        return {f"tasks/{key_part(self.id)}": value}

    def _take(self, channel: str, value: JSON) -> None:
        if channel == INTERRUPT:
            listed = value if isinstance(value, list) else [value]
            self.interrupts += [one if isinstance(one, dict) else {"value": one} for one in listed]
        elif channel == "__error__":
            self.failure = text_of(value)
        elif channel in (RETURN, END):
            self.other["result"] = value
        elif channel == PREVIOUS:
            self.other["saved"] = value
        elif channel == "__resume__":
            self.other["resume"] = value
        elif channel == SENDS or channel.startswith(("branch:", "start:", "join:")):
            goto = self.other.setdefault("goto", [])
            if isinstance(goto, list):
                goto.append(value if channel == SENDS else channel.rpartition(":")[2])
        elif channel != "__no_writes__":
            # A task may write a channel more than once: LangGraph names the list the same.
            known = self.writes.get(channel)
            if channel not in self.writes:
                self.writes[channel] = value
            elif isinstance(known, dict) and isinstance(several := known.get("$writes"), list):
                several.append(value)
            else:
                self.writes[channel] = {"$writes": [known, value]}


def checkpoint_label(draft: Draft, ran: list[str], news: list[Fields], metadata: Fields) -> tuple[str, str]:
    """The kind and label of a checkpoint: by the messages it brought, or the nodes that ran."""
    source, step, wrote = metadata.get("source"), metadata.get("step"), metadata.get("writes")
    kind = str(source) if source in ("input", "update", "fork") else "step"
    # Older databases name the nodes beside what they wrote.
    named = list(wrote) if isinstance(wrote, dict) and source != "input" else []
    names = ", ".join(dict.fromkeys(ran or named)) or str(source or "checkpoint")
    written = (operation.address.key.split("/") for operation in draft.operations)
    changed = ", ".join(sorted({parts[1] for parts in written if parts[0] == "channels"}))
    label = one_line(f"{names} → {changed}" if changed else names) + (f" (step {step})" if step is not None else "")
    if not news or kind != "step":
        return kind, label
    last = news[-1]
    role, text, calls = last.get("type", last.get("role")), one_line(preview(last)), calls_of(last)
    if calls:
        return "tool_call", one_line(f"{names}: {calls[0]['name']} {json_text(calls[0]['args'])}")
    if "tool_call_id" in last:
        failed = last.get("status") == "error"
        return "tool_error" if failed else "tool_result", one_line(f"{last.get('name') or 'tool'} → {text}")
    return {"human": "user", "ai": "assistant"}.get(str(role), str(role) or "message"), text or label


def said(value: JSON) -> str:
    """A value in a label."""
    return value if isinstance(value, str) else json_text(value)
