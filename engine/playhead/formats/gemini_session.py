"""One Gemini CLI session: messages that are upserted, replaced and rewound, and the results of their calls."""

from __future__ import annotations

from collections.abc import Iterator

from playhead.draft import Draft
from playhead.formats.agent_log import Said, ToolCall
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in
from playhead.formats.source import Placed
from playhead.formats.tool_words import exit_code_in
from playhead.formats.usage import read_usage
from playhead.formats.vocabulary import Call, one_line, text_of
from playhead.model import JSON

_TYPES = frozenset({"user", "gemini", "info", "error", "warning", "model", "quit", "about", "help", "compression"})
_FAILED = frozenset({"error", "cancelled", "canceled"})


class GeminiSession:
    """Tells one session: its messages by their ids, as they are said, told again, replaced and taken back."""

    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._said: dict[str, Said | None] = {}
        """Every message by its id in order; None for those that only hold results."""

    def read(self, placed: Placed) -> Iterator[Draft]:
        """The events of one line of the log of changes."""
        record = placed.value
        if not isinstance(record, dict):
            yield self._unknown(placed, type(record).__name__)
        elif isinstance(record.get("$set"), dict):
            yield from self._set(placed, object_in(record, "$set"))
        elif "$rewindTo" in record:
            yield self._rewind(placed, record["$rewindTo"])
        elif "type" not in record and "role" not in record and "sessionId" in record:
            yield from self.header(placed, record)
        else:
            yield from self.message(placed, record)

    def header(self, placed: Placed, record: Fields) -> Iterator[Draft]:
        """The event of what a session says of itself."""
        draft = self._run.draft(placed, record.get("startTime", record.get("start_time")))
        directories = list_in(record, "directories")
        self._run.session(
            draft,
            started=record.get("startTime", record.get("start_time")),
            kind=record.get("kind"),
            project=record.get("projectHash"),
            title=record.get("summary"),
            directories=directories or None,
        )
        model = text_in(object_in(record, "meta"), "model")
        self._run.about(draft, self._run.main, model=model, cwd=directories[0] if directories else None)
        known = {"sessionId", "projectHash", "startTime", "start_time", "lastUpdated", "kind", "meta", "summary"}
        others = {name: value for name, value in record.items() if name not in known | {"directories", "messages"}}
        for name, value in others.items():
            self._run.main.keys.change(draft, f"fields/{name}" if name else "fields", value)
        draft.kind, draft.label = "session", one_line(f"session {self._run.identity}")
        yield draft
        if isinstance(record.get("messages"), list):
            for message in list_in(record, "messages"):
                yield from self.message(placed, message)

    def message(self, placed: Placed, message: JSON) -> Iterator[Draft]:
        """The event of a message, new or told again, and one for each result in it that is new."""
        if not isinstance(message, dict) or not _says_something(message):
            yield self._unknown(placed, _kind_of(message), message)
            return
        identity = text_in(message, "id")
        message = _with_call_ids(message, identity or f"line-{placed.line}")
        draft = self._run.draft(placed, message.get("timestamp", message.get("ts")), id=identity or None)
        calls = self._tell(draft, identity, message)
        yield draft
        for call in calls:
            yield from self._result(placed, message, call)

    def _tell(self, draft: Draft, identity: str, message: Fields) -> list[Fields]:
        """Stage a message; returns its calls whose results may be news."""
        kind = text_in(message, "type", "role")
        if identity and identity in self._said:
            return self._again(draft, identity, message)
        if kind in ("error", "info", "warning"):
            self._notice(draft, identity, kind, text_of(message.get("content")))
            return []
        text, reasoning, parts = _content(message)
        results = [object_in(part, "functionResponse") for part in parts if "functionResponse" in part]
        if results and not text:
            self._said[identity] = None
            for result in results:
                self._response(draft, result)
            return []
        calls = [
            *_calls(message),
            *(_call(object_in(part, "functionCall")) for part in parts if "functionCall" in part),
        ]
        role = "user" if kind == "user" else "assistant" if kind in ("gemini", "model") else kind or "message"
        agent = self._run.main
        more: Fields = {"id": identity or None, "model": message.get("model")}
        meta = role == "user" and text.lstrip().startswith("<session_context>")
        said = agent.say(draft, role, text, reasoning=reasoning, calls=calls, meta=meta, more=more)
        if identity:
            self._said[identity] = said
        self._after(draft, identity, message, said)
        return [call for call in list_in(message, "toolCalls") if isinstance(call, dict)]

    def _again(self, draft: Draft, identity: str, message: Fields) -> list[Fields]:
        said, agent = self._said[identity], self._run.main
        if said is None:
            return []
        text, reasoning, _ = _content(message)
        before = dict(said.value)
        said.value["text"] = agent.keys.shorten(draft, text)
        if reasoning:
            said.value["reasoning"] = agent.keys.shorten(draft, reasoning)
        listed = [call for call in list_in(message, "toolCalls") if isinstance(call, dict)]
        fresh = [call for call in listed if text_in(call, "id") not in agent.keys.calls]
        draft.kind, draft.label = "assistant", one_line(text) or "(no text)"
        if fresh:
            agent.call_all(draft, said, [_call(call) for call in fresh])
        if said.value != before:
            agent.amend(draft, said)
        self._after(draft, identity, message, said)
        return listed

    def _after(self, draft: Draft, identity: str, message: Fields, said: Said) -> None:
        agent = self._run.main
        if said.value.get("role") != "assistant":
            return
        self._run.about(draft, agent, model=text_in(message, "model"))
        usage = read_usage(message.get("tokens", message.get("usageMetadata")))
        if usage is not None:
            agent.usage.count(draft, usage, identity or None)
            agent.keys.change(draft, "context", {"tokens": usage.input})
        if not list_in(message, "toolCalls"):
            agent.final_text(draft, str(said.value["text"]), said.key)

    def _notice(self, draft: Draft, identity: str, kind: str, text: str) -> None:
        agent = self._run.main
        said = agent.say(draft, kind, text, more={"id": identity or None})
        if identity:
            self._said[identity] = said
        if kind == "error":
            agent.fail(draft, said.key, "error", text)
        draft.label = one_line(f"{kind}: {text}")

    def _result(self, placed: Placed, message: Fields, call: Fields) -> Iterator[Draft]:
        """The event of one call's result, where it is there and was not told before."""
        identity, status = text_in(call, "id"), text_in(call, "status")
        known = self._run.main.keys.calls.get(identity) if identity else None
        responses = [object_in(part, "functionResponse") for part in list_in(call, "result") if isinstance(part, dict)]
        over = status in ("success", *_FAILED)
        if known is not None and not known.answered and (over or responses):
            draft = self._run.draft(placed, call.get("timestamp", message.get("timestamp")), call=identity)
            told = "\n".join(_response_text(response) for response in responses)
            display = call.get("resultDisplay")
            text = told or (display if isinstance(display, str) else "")
            failed = status in _FAILED or any("error" in object_in(response, "response") for response in responses)
            text = text or (status if failed else "")
            code = exit_code_in(text) if known.name == "run_shell_command" else None
            changed = isinstance(display, dict) and isinstance(display.get("fileDiff"), str) and not failed
            if changed:
                # The difference says what the arguments only ask for.
                known.arguments = None
            answered = self._run.main.answer(
                draft, identity, text, failed=failed, exit_code=code, extra=_status(status)
            )
            if changed:
                path = text_in(display, "filePath", "fileName") or "?"
                self._run.main.effects.edited(draft, path, answered, known.name, text_in(display, "fileDiff"))
            yield draft

    def _response(self, draft: Draft, response: Fields) -> None:
        """Stage a result that the user's turn brings; most were told with their call already."""
        identity, agent = text_in(response, "id"), self._run.main
        known = agent.keys.calls.get(identity) if identity else self._waiting(text_in(response, "name"))
        if known is not None and known.answered:
            self._run.report.counts["told_twice"] += 1
            return
        identity = identity or next(
            (name for name, call in agent.keys.calls.items() if call is known), f"result-{draft.meta['line']}"
        )
        failed = "error" in object_in(response, "response")
        agent.answer(draft, identity, _response_text(response), failed=failed, tool=text_in(response, "name"))

    def _waiting(self, name: str) -> Call | None:
        """The oldest call of a name that waits for its result."""
        calls = self._run.main.keys.calls.values()
        return next((call for call in calls if call.name == name and not call.answered), None)

    def _set(self, placed: Placed, news: Fields) -> Iterator[Draft]:
        """The events of a change to the session; a list of messages replaces all there were."""
        rest = {name: value for name, value in news.items() if name not in ("messages", "lastUpdated")}
        messages = news.get("messages")
        if isinstance(messages, list):
            yield self._replaced(placed, news, messages)
            for message in messages:
                if not isinstance(message, dict) or text_in(message, "id") not in self._said or self._changed(message):
                    yield from self.message(placed, message)
        if rest:
            draft = self._run.draft(placed, news.get("lastUpdated"))
            directories = list_in(rest, "directories")
            self._run.about(draft, self._run.main, cwd=directories[0] if directories else None)
            named: dict[str, JSON] = {
                ("title" if name == "summary" else name): value for name, value in rest.items() if name
            }
            self._run.session(draft, **{name: value for name, value in named.items() if name.isidentifier()})
            draft.kind, draft.label = "session", one_line(f"set {', '.join(rest)}")
            yield draft

    def _changed(self, message: Fields) -> bool:
        said = self._said[text_in(message, "id")]
        return said is not None and (
            said.value.get("text") != _content(message)[0] or bool(list_in(message, "toolCalls"))
        )

    def _replaced(self, placed: Placed, news: Fields, messages: list[JSON]) -> Draft:
        """The event that takes back the messages which a replaced list does not hold any more."""
        draft = self._run.draft(placed, news.get("lastUpdated"))
        kept = {text_in(message, "id") for message in messages}
        self._drop(draft, [identity for identity in self._said if identity not in kept])
        draft.kind, draft.label = "rewind", f"messages replaced, {len(draft.operations)} taken back"
        return draft

    def _rewind(self, placed: Placed, target: JSON) -> Draft:
        """The event that takes back every message after one, and that one too as the tool does it."""
        draft = self._run.draft(placed, None)
        order = list(self._said)
        if isinstance(target, str) and target in self._said:
            self._drop(draft, order[order.index(target) :])
        else:
            # A point that is not there rewinds to the beginning.
            self._drop(draft, order)
        self._run.report.counts["rewinds"] += 1
        draft.kind, draft.label = (
            "rewind",
            one_line(f"rewound to {target}, {len(draft.operations)} messages taken back"),
        )
        return draft

    def _drop(self, draft: Draft, identities: list[str]) -> None:
        for identity in identities:
            said = self._said.pop(identity)
            if said is not None:
                self._run.main.retract(draft, said.key)

    def _unknown(self, placed: Placed, kind: str, value: JSON = None) -> Draft:
        draft = self._run.draft(placed, None)
        return self._run.unknown(draft, self._run.main, kind, placed.value if value is None else value)


def _says_something(message: Fields) -> bool:
    return (
        any(name in message for name in ("content", "parts", "toolCalls", "message"))
        or text_in(message, "type") in _TYPES
    )


def _kind_of(message: JSON) -> str:
    return text_in(message, "type") or "(none)" if isinstance(message, dict) else type(message).__name__


def _content(message: Fields) -> tuple[str, str, list[Fields]]:
    """A message's text, what was thought before it, and its parts."""
    content = message.get("content", message.get("parts", message.get("message")))
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    spoken = [part for part in parts if "functionResponse" not in part and "functionCall" not in part]
    thoughts = [text_in(part, "text") for part in spoken if part.get("thought") is True]
    text = text_of([part for part in spoken if part.get("thought") is not True] if parts else content, _media)
    for thought in list_in(message, "thoughts"):
        subject, description = text_in(thought, "subject"), text_in(thought, "description", "text")
        thoughts.append(f"{subject}: {description}" if subject and description else subject or description)
    return text, "\n".join(filter(None, thoughts)), parts


def _media(part: Fields) -> str | None:
    data = object_in(part, "inlineData") or object_in(part, "fileData")
    if data:
        return f"[{text_in(data, 'mimeType') or 'file'} {text_in(data, 'fileUri')}]".replace(" ]", "]")
    for name in ("executableCode", "codeExecutionResult"):
        if name in part:
            return text_in(object_in(part, name), "code", "output")
    return None


def _with_call_ids(message: Fields, identity: str) -> Fields:
    """The message with an id for every tool call, since some have none."""
    calls = list_in(message, "toolCalls")
    if all(text_in(call, "id") for call in calls):
        return message
    named: list[JSON] = [
        {**call, "id": f"{identity}-{number}"} if isinstance(call, dict) and not text_in(call, "id") else call
        for number, call in enumerate(calls, 1)
    ]
    return {**message, "toolCalls": named}


def _calls(message: Fields) -> list[ToolCall]:
    return [_call(call) for call in list_in(message, "toolCalls") if isinstance(call, dict)]


def _call(call: Fields) -> ToolCall:
    return ToolCall(text_in(call, "id"), text_in(call, "name") or "tool", call.get("args"))


def _response_text(response: Fields) -> str:
    told = response.get("response")
    if isinstance(told, dict):
        told = next(
            (told[name] for name in ("output", "error", "result", "content") if told.get(name) is not None), told
        )
    return text_of(told)


def _status(status: str) -> Fields:
    return {"outcome": status} if status in ("cancelled", "canceled") else {}
