"""What an agent's tools changed: its todos, the files it wrote and the sub-agents it sent, whichever tool did it."""

from __future__ import annotations

from playhead.draft import Draft
from playhead.formats.tool_words import Fields, decoded, is_todo_tool, relative, todo_items
from playhead.formats.vocabulary import PREVIEW_CHARACTERS, AgentKeys, Call, clipped, key_part, text_of
from playhead.model import JSON

SUBAGENT_TOOLS = frozenset({"task", "agent", "spawn_agent", "subagent", "delegate", "dispatch_agent"})
EDIT_TOOLS = frozenset(
    {
        *("edit", "multiedit", "write", "write_file", "replace", "edit_file", "create_file", "str_replace_editor"),
        *(
            "str_replace_based_edit_tool",
            "file_editor",
            "search_replace",
            "notebookedit",
            "str_replace",
            "create",
            "insert",
        ),
        *("writefile", "strreplacefile"),
    }
)
_PATHS = ("file_path", "filePath", "path", "absolute_path", "target_file", "filename", "notebook_path", "TargetFile")
_OLD = ("old_string", "oldString", "old_str", "old")
_NEW = ("new_string", "newString", "new_str", "content", "file_text", "new", "contents")


class ToolEffects:
    """What one agent's tools changed, told under `todos`, `files/<path>` and `subagents/<call>`."""

    def __init__(self, keys: AgentKeys) -> None:
        self._keys = keys
        self._root: JSON = None
        self._edits: dict[str, tuple[int, int, int]] = {}
        self._subagents: dict[str, Fields] = {}

    def called(self, draft: Draft, call_id: str, call: Call) -> None:
        """Stage what a call alone changes: a sub-agent begins."""
        arguments = call.arguments
        if call.name.lower() not in SUBAGENT_TOOLS or not isinstance(arguments, dict):
            return
        prompt = arguments.get("prompt", arguments.get("message", arguments.get("task")))
        kind = arguments.get("subagent_type", arguments.get("agent_type", arguments.get("subagent_name")))
        self._keys.report.counts["subagents"] += 1
        news: Fields = {"type": kind, "description": arguments.get("description"), "status": "running"}
        self.subagent(draft, call_id, {**news, "prompt": clipped(text_of(prompt), PREVIEW_CHARACTERS)})

    def subagent(self, draft: Draft, identity: str, news: Fields) -> None:
        """Stage news of a sub-agent, told apart by the call that sent it or by its own id."""
        merged = self._subagents.get(identity, {}) | {name: value for name, value in news.items() if value is not None}
        self._subagents[identity] = merged
        self._keys.change(draft, f"subagents/{key_part(identity)}", dict(merged))

    def subagent_answered(self, draft: Draft, call_id: str, call: Call, text: str, *, failed: bool) -> None:
        """Stage that a sub-agent's call was answered: by what it brought, or by its name while it works on."""
        if call_id not in self._subagents or call.name.lower() not in SUBAGENT_TOOLS:
            return
        started = decoded(text)
        if isinstance(started, dict) and isinstance(started.get("agent_id"), str) and not failed:
            self.subagent(draft, call_id, {"agent": started["agent_id"], "nickname": started.get("nickname")})
        else:
            status = "error" if failed else "completed"
            self.subagent(draft, call_id, {"status": status, "result": clipped(text, PREVIEW_CHARACTERS)})

    def answered(self, draft: Draft, call: Call, details: JSON) -> None:
        """Stage what a call that went well changed."""
        arguments = call.arguments
        if is_todo_tool(call.name):
            items = todo_items(details)
            self.todos(draft, items if items is not None else todo_items(arguments))
        elif call.name.lower() in EDIT_TOOLS and isinstance(arguments, dict):
            self._edited(draft, call, arguments)
        elif isinstance(arguments, str) and "*** Begin Patch" in arguments[:200]:
            self.patched(draft, call, arguments)

    def todos(self, draft: Draft, items: JSON) -> None:
        """Stage a whole list of todos, however its items are spelled."""
        if not isinstance(items, list):
            return
        listed: list[JSON] = []
        for place, item in enumerate(items, 1):
            known = item if isinstance(item, dict) else {"content": item}
            content = next(
                (known[name] for name in ("content", "step", "title", "text", "task") if name in known), None
            )
            listed.append({"id": str(known.get("id", place)), "content": content, "status": known.get("status")})
        self._keys.change(draft, "todos", listed)

    def patched(self, draft: Draft, call: Call, patch: str) -> None:
        """Stage the files of an `apply_patch` envelope."""
        path, operation, lines = "", "update", list[str]()
        for line in [*patch.splitlines(), "*** End Patch"]:
            if not line.startswith("*** "):
                lines.append(line)
                continue
            if path:
                self.edited(draft, path, call, operation, "\n".join(lines))
            verb, _, rest = line.removeprefix("*** ").partition(" File: ")
            if verb in ("Add", "Update", "Delete"):
                path, operation, lines = rest.strip(), verb.lower(), []
            elif line.startswith(("*** End Patch", "*** Begin Patch")):
                path, lines = "", []

    def edited(
        self, draft: Draft, path: str, call: Call, operation: str, patch: str, counts: tuple[int, int] | None = None
    ) -> None:
        """Stage one edit of one file; added and removed lines are counted in the patch where they are not given."""
        # The first working directory, so that a file keeps its key when the agent moves.
        self._root = self._root or self._keys.latest("cwd")
        if counts is None:
            lines = patch.splitlines()
            added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
            counts = added, sum(line.startswith("-") and not line.startswith("---") for line in lines)
        edits, all_added, all_removed = self._edits.get(path, (0, 0, 0))
        total = self._edits[path] = edits + 1, all_added + counts[0], all_removed + counts[1]
        value: Fields = {"op": operation, "call": call.key}
        value |= dict(zip(("edits", "added", "removed"), total, strict=True))
        if patch:
            value["patch"] = self._keys.shorten(draft, patch)
        self._keys.write(draft, f"files/{key_part(relative(path, self._root)) or '.'}", value)

    def _edited(self, draft: Draft, call: Call, arguments: Fields) -> None:
        path = next((value for name in _PATHS if isinstance(value := arguments.get(name), str) and value), None)
        command = arguments.get("command")
        if path is None or command in ("view", "undo_edit"):
            return
        old, new = (
            next((value for name in names if isinstance(value := arguments.get(name), str)), "")
            for names in (_OLD, _NEW)
        )
        operation = command if isinstance(command, str) else call.name.lower()
        self.edited(draft, path, call, operation, "", (len(new.splitlines()), len(old.splitlines())))
