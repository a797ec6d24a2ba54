"""opencode 2: messages that hold all their content, told as the messages and parts of opencode 1."""

from __future__ import annotations

from collections.abc import Iterator

from playhead.draft import Draft
from playhead.formats.opencode_session import OpenCodeSession
from playhead.formats.run_log import Fields, list_in, object_in, text_in, whole
from playhead.formats.source import Placed
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

SAID = frozenset({"user", "assistant", "system", "synthetic", "skill", "shell", "compaction"})
"""Messages that say something; the others only tell what was chosen."""
_CHOSEN = frozenset({"agent-switched", "model-switched", "location-switched", "idle"})
TYPES = SAID | _CHOSEN
_SHELLS = frozenset({"shell", "bash"})


def is_message(record: JSON) -> bool:
    """Whether a record is a message of opencode 2."""
    return isinstance(record, dict) and text_in(record, "type") in TYPES and isinstance(record.get("time"), dict)


def told(session: OpenCodeSession, placed: Placed, message: Fields) -> Iterator[Draft]:
    """The events of one message: itself, its parts, and how it ended."""
    kind, identity = text_in(message, "type"), text_in(message, "id")
    if kind not in TYPES:
        draft = session.run.draft(placed, object_in(message, "time").get("created"), id=identity or None)
        yield session.run.unknown(draft, session.run.main, kind or "(none)", message)
        return
    if kind in _CHOSEN:
        yield _chosen(session, placed, kind, message)
        return
    info = {**message, "role": kind if kind in ("assistant", "system") else "user"}
    if kind != "compaction" or message.get("summary"):
        written = kind in ("system", "synthetic", "skill", "compaction")
        yield session.message(placed, info, meta=written)
    for part in _parts(kind, message):
        yield session.part(placed, part, identity, object_in(message, "time").get("created"))
    ended = session.run.draft(placed, object_in(message, "time").get("completed"), id=identity)
    error = message.get("error")
    if isinstance(error, dict):
        info["error"] = {"name": error.get("type"), "message": error.get("message")}
    # A compaction asks a model too.
    session.finished(ended, {**info, "role": "assistant"} if kind == "compaction" else info)
    if message.get("finish"):
        reason = text_of(message["finish"])
        session.run.main.status(ended, "thinking" if reason in ("tool-calls", "tool_calls") else "waiting", reason)
    ended.kind, ended.label = ended.kind or "usage", ended.label or "tokens counted"
    yield ended


def _chosen(session: OpenCodeSession, placed: Placed, kind: str, message: Fields) -> Draft:
    """The event of a choice: another agent, model or place; or that nothing is left to do."""
    agent, draft = session.run.main, session.run.draft(placed, object_in(message, "time").get("created"))
    if kind == "idle":
        outcome = text_in(message, "outcome")
        agent.status(draft, "error" if outcome == "failed" else "waiting", outcome or None)
        draft.kind, draft.label = "turn_aborted" if outcome == "interrupted" else "turn", f"turn {outcome or 'over'}"
        return draft
    model = text_in(object_in(message, "model"), "id", "modelID")
    mode, cwd = text_in(message, "agent"), text_in(object_in(message, "location"), "directory")
    session.run.about(draft, agent, model=model, mode=mode or None, cwd=cwd)
    draft.kind, draft.label = "meta", one_line(f"{kind.replace('-', ' ')}: {model or mode or cwd}")
    return draft


def _parts(kind: str, message: Fields) -> Iterator[Fields]:
    """What a message holds, as parts of opencode 1."""
    identity = text_in(message, "id")
    if kind == "compaction":
        if text_in(message, "status") in ("", "completed"):
            yield {"type": "compaction", "auto": message.get("reason") == "auto"}
        if message.get("summary"):
            yield {"type": "text", "id": f"{identity}-0", "text": message["summary"]}
    elif kind == "shell":
        yield _shell(message)
    elif kind != "assistant":
        yield {"type": "text", "id": f"{identity}-0", "text": text_in(message, "text")}
        for number, file in enumerate(list_in(message, "files"), 1):
            name = text_in(file, "name", "filename", "uri", "mime")
            yield {"type": "file", "id": f"{identity}-{number}", "filename": name}
    for number, content in enumerate(list_in(message, "content")):
        if isinstance(content, dict):
            yield _content(content, f"{identity}-{number}")
        else:
            yield {"type": type(content).__name__, "value": content}
    retry = message.get("retry")
    if isinstance(retry, dict):
        yield {"type": "retry", "error": {"message": object_in(retry, "error").get("message")}}


def _content(content: Fields, identity: str) -> Fields:
    if content.get("type") != "tool":
        times = object_in(content, "time")
        return {**content, "id": identity, "time": {"start": times.get("created"), "end": times.get("completed")}}
    state, times = object_in(content, "state"), object_in(content, "time")
    status = text_in(state, "status")
    about = object_in(state, "metadata") or object_in(state, "structured")
    output = text_of(list_in(state, "content") or None, _file)
    # A command that fails is a completed call with its exit code.
    failed = status == "error" or (text_in(content, "name") in _SHELLS and bool(whole(about.get("exit"))))
    error = text_in(object_in(state, "error"), "message")
    told_state: Fields = {
        "status": "error" if failed else "pending" if status == "streaming" else status,
        "input": state.get("input"),
        "output": output,
        "error": "\n".join(filter(None, (output, error))),
        "metadata": about,
        "time": {"start": times.get("ran", times.get("created")), "end": times.get("completed")},
    }
    return {
        "type": "tool",
        "id": identity,
        "callID": content.get("id"),
        "tool": content.get("name"),
        "state": told_state,
    }


def _shell(message: Fields) -> Fields:
    """A command that the user ran, as a call of the message."""
    output, times = message.get("output"), object_in(message, "time")
    text = output if isinstance(output, str) else text_in(output, "output")
    over, code = times.get("completed") is not None, whole(message.get("exit"))
    state: Fields = {
        "status": ("error" if code else "completed") if over else "running",
        "input": {"command": message.get("command")},
        "output": text,
        "error": text,
        "metadata": {"exit": code},
        "time": {"start": times.get("created"), "end": times.get("completed")},
    }
    identity = text_in(message, "shellID", "callID", "id")
    return {"type": "tool", "id": identity, "callID": identity, "tool": "shell", "state": state}


def _file(part: Fields) -> str | None:
    return f"[file {text_in(part, 'name', 'uri', 'mime')}]" if part.get("type") == "file" else None
