"""Chats as claude.ai and ChatGPT export them: an account's conversations in one file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.messages import Conversation
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.vocabulary import json_text, message_key, one_line, text_of
from playhead.model import JSON

_ROLES = {"human": "user", "assistant": "assistant"}


class ClaudeExport(Format):
    """Each conversation becomes `claude.ai:<uuid>`."""

    name: ClassVar[str] = "claude-export"
    title: ClassVar[str] = "claude.ai export"
    looked_for: ClassVar[str] = "a claude.ai export of conversations with chat_messages"

    def recognise(self, source: Source) -> bool:
        return any(_is_claude(one) for one in _conversations(source)[:12])

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        for placed in _placed(source, report):
            chat = placed.value if isinstance(placed.value, dict) else {}
            run = RunLog("claude.ai", text_in(chat, "uuid") or str(placed.line), source.name, report)
            yield _begun(run, placed, chat, "name", chat.get("created_at"))
            conversation = Conversation(run.main.keys, run.main)
            for message in list_in(chat, "chat_messages"):
                yield _claude_message(run, conversation, placed, message)


class ChatGptExport(Format):
    """Each conversation becomes `chatgpt:<id>`; answers that were asked for anew are tombstones in the end."""

    name: ClassVar[str] = "chatgpt-export"
    title: ClassVar[str] = "ChatGPT export"
    looked_for: ClassVar[str] = "a ChatGPT export of conversations with a mapping of messages"

    def recognise(self, source: Source) -> bool:
        return any(_is_chatgpt(one) for one in _conversations(source)[:12])

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        for placed in _placed(source, report):
            chat = placed.value if isinstance(placed.value, dict) else {}
            identity = text_in(chat, "conversation_id", "id") or str(placed.line)
            run = RunLog("chatgpt", identity, source.name, report)
            yield _begun(run, placed, chat, "title", chat.get("create_time"))
            yield from _told_in_time(run, placed, object_in(chat, "mapping"), text_in(chat, "current_node"))


def _conversations(source: Source) -> list[JSON]:
    only = source.only
    return only if isinstance(only, list) else [only] if isinstance(only, dict) else source.head


def _placed(source: Source, report: ImportReport) -> Iterator[Placed]:
    only = source.only
    if isinstance(only, list):
        return source.elements(report, only, ())
    return source.elements(report, [only]) if isinstance(only, dict) else source.records(report)


def _is_claude(value: JSON) -> bool:
    return isinstance(value, dict) and isinstance(value.get("chat_messages"), list) and "uuid" in value


def _is_chatgpt(value: JSON) -> bool:
    mapping = object_in(value, "mapping")
    return bool(mapping) and all(isinstance(node, dict) and "message" in node for node in list(mapping.values())[:12])


def _begun(run: RunLog, placed: Placed, chat: Fields, title: str, written: JSON) -> Draft:
    draft = run.draft(placed, written)
    run.session(draft, title=chat.get(title), started=written)
    run.about(draft, run.main, model=text_in(chat, "model", "default_model_slug"))
    draft.kind, draft.label = "session", one_line(text_of(chat.get(title))) or "conversation"
    return draft


def _claude_message(run: RunLog, conversation: Conversation, placed: Placed, message: JSON) -> Draft:
    known = message if isinstance(message, dict) else {}
    sender = text_in(known, "sender")
    draft = run.draft(placed, known.get("created_at"), id=known.get("uuid"))
    if not sender:
        return run.unknown(draft, run.main, "chat_message", message)
    content = known.get("content")
    told: JSON = content if isinstance(content, list) and content else known.get("text")
    files = [*list_in(known, "attachments"), *list_in(known, "files")]
    names: list[JSON] = [text_in(file, "file_name", "file_uuid") for file in files]
    spoken: Fields = {"role": _ROLES.get(sender, sender), "content": told, "id": known.get("uuid")}
    conversation.add(draft, spoken, remember=False, more={"files": names or None})
    return draft


def _told_in_time(run: RunLog, placed: Placed, mapping: Fields, current: str) -> Iterator[Draft]:
    """The events of a tree of messages: each when it was said, and at the end what the last branch does not hold."""
    kept, node = set[str](), current
    while node in mapping and node not in kept:
        kept.add(node)
        node = text_in(mapping[node], "parent")
    reader = _Tree(run, mapping)
    left: list[str] = []
    for name in reader.in_time():
        draft = run.draft(placed, object_in(mapping[name], "message").get("create_time"), id=name)
        said = reader.tell(draft, name)
        if current and name not in kept and said is not None:
            left.append(said)
        yield draft
    if left:
        draft = run.draft(placed, None)
        for key in left:
            run.main.retract(draft, key)
        run.report.counts["rewinds"] += 1
        draft.kind, draft.label = "rewind", f"{len(left)} messages of other branches taken back"
        yield draft


class _Tree:
    """One ChatGPT conversation: messages by name, each below the one it follows."""

    def __init__(self, run: RunLog, mapping: Fields) -> None:
        self._run = run
        self._mapping = mapping
        self._conversation = Conversation(run.main.keys, run.main)
        self._calls: dict[str, str] = {}
        """The call that the messages below a node answer, by the node's name."""

    def in_time(self) -> list[str]:
        """The nodes that hold a message as they were said; one without a time comes after what it follows."""
        times: dict[str, float] = {}
        for name in self._mapping:
            above: list[str] = []
            while name in self._mapping and name not in times:
                above.append(name)
                written = object_in(self._mapping[name], "message").get("create_time")
                if isinstance(written, int | float) or len(above) > len(self._mapping):
                    times[name] = float(written) if isinstance(written, int | float) else 0.0
                else:
                    name = text_in(self._mapping[name], "parent")
            for node in reversed(above):
                times.setdefault(node, times.get(name, 0.0))
        spoken = [name for name, node in self._mapping.items() if object_in(node, "message")]
        return sorted(spoken, key=lambda name: times[name])

    def tell(self, draft: Draft, name: str) -> str | None:
        """Stage one message, call or result; returns the key of the message, if it is one."""
        message = object_in(self._mapping[name], "message")
        author, about, content = (object_in(message, part) for part in ("author", "metadata", "content"))
        role, tool = text_in(author, "role") or "user", text_in(author, "name")
        call = self._calls.get(text_in(self._mapping[name], "parent"), "")
        text, thoughts = _content(content)
        addressed = text_in(message, "recipient")
        agent = self._run.main
        failed = _failed(content, about)
        if role == "tool":
            self._calls[name] = call
            if call and not agent.keys.calls[call].answered:
                self._conversation.answered(draft, call, tool, text, failed=failed)
                return None
            said = agent.say(draft, role, text, more={"name": tool or None})
            if failed:
                agent.keys.error(draft, said.key, "tool", text)
            return said.key
        if not text and not thoughts and role == "system":
            self._run.report.counts["empty_messages"] += 1
            return None
        told: Fields = {"role": role, "content": text, "reasoning": thoughts, "model": about.get("model_slug")}
        if role == "assistant" and addressed not in ("", "all", "user"):
            self._calls[name] = name
            told |= {"content": "", "tool_calls": [{"id": name, "name": addressed, "arguments": text}]}
        hidden = True if about.get("is_visually_hidden_from_conversation") is True else None
        self._conversation.add(draft, told, remember=False, more={"hidden": hidden})
        return message_key(agent.keys.message_count)


def _content(content: Fields) -> tuple[str, str]:
    """What a message says, and what it thinks."""
    thoughts = [thought for thought in list_in(content, "thoughts") if isinstance(thought, dict)]
    if thoughts:
        return "", "\n".join(f"{text_in(one, 'summary')}: {text_in(one, 'content')}".strip(": ") for one in thoughts)
    if content.get("content_type") == "reasoning_recap":
        return "", text_of(content.get("content"))
    parts = list_in(content, "parts")
    if parts:
        return text_of(parts, _picture), ""
    told = text_in(content, "text", "result")
    others: Fields = {name: value for name, value in content.items() if name not in ("content_type", "parts") and value}
    return told or (json_text(others) if others else ""), ""


def _failed(content: Fields, about: Fields) -> bool:
    """Whether a tool's message says that it went wrong."""
    run = object_in(about, "aggregate_result")
    return (
        content.get("content_type") == "system_error"
        or text_in(run, "status").startswith("failed")
        or bool(run.get("in_kernel_exception"))
    )


def _picture(part: Fields) -> str | None:
    return f"[{text_in(part, 'content_type') or 'part'}]"
