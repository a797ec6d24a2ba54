"""Qwen Code sessions: Claude Code's envelope around Gemini's messages, with rewinds of their own."""

from __future__ import annotations

from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.claude_tree import Tree
from playhead.formats.line_log import LineFormat, LineReader
from playhead.formats.messages import Conversation
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import message_key, one_line, text_of
from playhead.model import JSON

_SILENT_SUBTYPES = frozenset({"ui_telemetry", "session_artifact_snapshot", "at_command", "file_history_snapshot"})


class Qwen(LineFormat):
    """A session becomes `qwen:<session id>`; a message under an older parent takes back what came after it."""

    name: ClassVar[str] = "qwen"
    title: ClassVar[str] = "Qwen Code session"
    looked_for: ClassVar[str] = "Qwen Code records with a sessionId and messages made of parts"
    tool: ClassVar[str] = "qwen"

    def is_record(self, record: Fields) -> bool:
        if not isinstance(record.get("sessionId"), str) or "uuid" not in record:
            return False
        return isinstance(object_in(record, "message").get("parts"), list) or "systemPayload" in record

    def reader(self, run: RunLog) -> LineReader:
        return _Reader(run)


class _Reader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self._conversation = Conversation(run.main.keys, run.main)
        self._tree = Tree()
        self.handlers = {
            "user": self._user,
            "assistant": self._assistant,
            "tool_result": self._result,
            "system": self._system,
        }

    def read(self, draft: Draft, record: Fields) -> None:
        self.run.about(
            draft,
            self.run.main,
            cwd=text_in(record, "cwd"),
            git=text_in(record, "gitBranch"),
            model=text_in(record, "model"),
        )
        version = record.get("version")
        known = self.run.main.keys.latest("session")
        if isinstance(version, str) and not (isinstance(known, dict) and known.get("version") == version):
            self.run.session(draft, version=version)
        before = self.run.main.keys.message_count
        super().read(draft, record)
        now = self.run.main.keys.message_count
        self._tree.add(
            text_in(record, "uuid") or f"line-{draft.meta['line']}",
            text_in(record, "parentUuid") or None,
            now if now > before else 0,
        )

    def _rewound(self, draft: Draft, record: Fields) -> None:
        numbers = self._tree.rewind(text_in(record, "parentUuid") or None)
        for number in numbers:
            self.run.main.retract(draft, message_key(number))
        if numbers:
            self.run.report.counts["rewinds"] += 1

    def _user(self, draft: Draft, record: Fields) -> None:
        subtype, shown = text_in(record, "subtype"), text_in(object_in(record, "systemPayload"), "displayText")
        self._rewound(draft, record)
        parts = list_in(object_in(record, "message"), "parts")
        text = shown or text_of([part for part in parts if isinstance(part, dict)])
        self.run.main.say(draft, "user", text, meta=subtype == "notification", more={"subtype": subtype or None})

    def _assistant(self, draft: Draft, record: Fields) -> None:
        message: Fields = {"role": "assistant", "content": _parts(record)}
        self._conversation.add(draft, message, remember=False)
        usage = read_usage(record.get("usageMetadata"))
        if usage is not None:
            self.run.main.usage.count(draft, usage, text_in(record, "uuid") or None)

    def _result(self, draft: Draft, record: Fields) -> None:
        told = object_in(record, "toolCallResult")
        failed = text_in(told, "status") in ("error", "cancelled")
        message: Fields = {"role": "tool", "content": _parts(record)}
        self._conversation.add(draft, message, remember=False, failed=failed)

    def _system(self, draft: Draft, record: Fields) -> None:
        subtype, payload = text_in(record, "subtype"), object_in(record, "systemPayload")
        if subtype == "custom_title":
            self.run.session(draft, title=payload.get("customTitle"))
            draft.label = one_line(f"title: {payload.get('customTitle')}")
        elif subtype == "rewind":
            self._rewound(draft, {"parentUuid": payload.get("targetUuid") or record.get("parentUuid")})
            draft.kind, draft.label = "rewind", one_line(f"rewound to {payload.get('targetUuid')}")
        elif subtype in ("chat_compression", "compression"):
            self.run.report.counts["compactions"] += 1
            count = self.run.report.counts["compactions"]
            first = message_key(self.run.main.keys.message_count + 1)
            self.run.main.keys.change(draft, "context", {"compactions": count, "first": first})
            draft.kind, draft.label = "compaction", "conversation compacted"
        elif subtype == "slash_command":
            self.run.main.keys.change(draft, "last_command", text_in(payload, "rawCommand"))
            draft.kind, draft.label = "command", one_line(text_in(payload, "rawCommand") or "command")
        elif subtype in _SILENT_SUBTYPES:
            event = object_in(payload, "uiEvent")
            told = text_in(event, "error_message", "error")
            if told:
                self.run.main.fail(draft, "model", text_in(event, "error_type") or "error", told)
            else:
                self.run.report.counts[f"system/{subtype}"] += 1
        else:
            self.run.unknown(draft, self.run.main, f"system/{subtype or '(none)'}", record)


def _parts(record: Fields) -> JSON:
    """A message's parts; a result that is an error says so in its response."""
    return list_in(object_in(record, "message"), "parts")
