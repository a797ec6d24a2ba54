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
from playhead.formats.vocabulary import message_key, one_line, text_of
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
    nodes = [(name, object_in(held, "message")) for name, held in mapping.items()]
    spoken = [(name, message) for name, message in nodes if message]
    order = sorted(range(len(spoken)), key=lambda place: (_time(spoken[place][1]), place))
    conversation = Conversation(run.main.keys, run.main)
    left: list[int] = []
    for name, message in (spoken[place] for place in order):
        author, about = object_in(message, "author"), object_in(message, "metadata")
        draft = run.draft(placed, message.get("create_time"), id=name)
        content = object_in(message, "content")
        parts = list_in(content, "parts")
        text = text_of(parts, _picture) if parts else text_in(content, "text", "result")
        if not text and text_in(author, "role") == "system":
            run.report.counts["empty_messages"] += 1
            continue
        told: Fields = {"role": text_in(author, "role") or "user", "content": text, "model": about.get("model_slug")}
        conversation.add(draft, told, remember=False, more={"name": author.get("name")})
        if current and name not in kept and draft.operations:
            left.append(run.main.keys.message_count)
        yield draft
    if left:
        draft = run.draft(placed, None)
        for number in left:
            run.main.retract(draft, message_key(number))
        run.report.counts["rewinds"] += 1
        draft.kind, draft.label = "rewind", f"{len(left)} messages of other branches taken back"
        yield draft


def _time(message: Fields) -> float:
    written = message.get("create_time")
    return float(written) if isinstance(written, int | float) else 0.0


def _picture(part: Fields) -> str | None:
    return f"[{text_in(part, 'content_type') or 'part'}]"
