"""GitHub Copilot CLI sessions: events with their data, sub-agents among them."""

from __future__ import annotations

from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import AgentLog, ToolCall
from playhead.formats.line_log import LineFormat, LineReader
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in, whole
from playhead.formats.tool_words import exit_code_in
from playhead.formats.usage import NO_USAGE, TOKENS, Usage, as_count, read_usage
from playhead.formats.vocabulary import message_key, one_line, text_of
from playhead.model import JSON

_PREFIXES = ("session.", "user.", "assistant.", "tool.", "hook.", "subagent.", "system.")


class Copilot(LineFormat):
    """A session becomes `copilot:<session id>`; what a sub-agent does stands under the call that sent it."""

    name: ClassVar[str] = "copilot"
    title: ClassVar[str] = "Copilot CLI session"
    looked_for: ClassVar[str] = "Copilot CLI events (session.start, assistant.message…) with data"
    tool: ClassVar[str] = "copilot"

    def is_record(self, record: Fields) -> bool:
        kind = text_in(record, "type")
        return kind.startswith(_PREFIXES) and isinstance(record.get("data"), dict) and "timestamp" in record

    def identity(self, records: list[Fields]) -> str:
        found = (text_in(object_in(record, "data"), "sessionId") for record in records)
        return next(filter(None, found), "")

    def reader(self, run: RunLog) -> LineReader:
        return _Reader(run)


class _Reader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self.silent = frozenset(
            {
                *("hook.start", "hook.end", "session.usage_checkpoint", "session.auto_mode_resolved", "session.info"),
                *(
                    "assistant.message_delta",
                    "assistant.reasoning_delta",
                    "tool.execution_partial_result",
                    "session.idle",
                ),
                *(
                    "assistant.intent",
                    "session.import_legacy",
                    "session.handoff",
                    "assistant.usage",
                    "pending_messages.modified",
                ),
            }
        )
        self.handlers = {
            "session.start": self._session,
            "session.resume": self._session,
            "session.model_change": self._model,
            "session.error": self._error,
            "session.shutdown": self._shutdown,
            "session.truncation": self._compacted,
            "session.compaction_start": lambda draft, event: None,
            "session.compaction_complete": self._compacted,
            "user.message": self._user,
            "system.message": self._system,
            "system.notification": self._system,
            "assistant.message": self._assistant,
            "assistant.reasoning": self._thought,
            "assistant.turn_start": lambda draft, event: self._turn(draft, event, "thinking"),
            "assistant.turn_end": lambda draft, event: self._turn(draft, event, "waiting"),
            "tool.execution_start": self._started,
            "tool.execution_complete": self._completed,
            "subagent.started": self._subagent,
            "subagent.completed": self._subagent,
            "subagent.failed": self._subagent,
            "abort": self._aborted,
        }

    def _agent(self, data: Fields) -> AgentLog:
        return self.run.agent(text_in(data, "parentToolCallId"))

    def _session(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        about = object_in(data, "context")
        self.run.session(
            draft, version=data.get("copilotVersion"), started=data.get("startTime"), resumed=data.get("resumeTime")
        )
        git = {name: about[name] for name in ("branch", "headCommit", "repository") if about.get(name)}
        self.run.about(
            draft, self.run.main, cwd=text_in(about, "cwd"), model=text_in(data, "selectedModel"), git=git or None
        )
        draft.kind, draft.label = (
            "session",
            one_line(f"session: copilot {data.get('copilotVersion') or ''} in {about.get('cwd') or '?'}"),
        )

    def _model(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        self.run.about(draft, self.run.main, model=text_in(data, "newModel"), effort=data.get("reasoningEffort"))
        draft.label = one_line(f"model: {data.get('newModel')}")

    def _error(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        self.run.main.fail(draft, "session", text_in(data, "errorType") or "error", text_in(data, "message"))

    def _shutdown(self, draft: Draft, event: Fields) -> None:
        data, agent = object_in(event, "data"), self.run.main
        for model, told in object_in(data, "modelMetrics").items():
            usage = read_usage(_spelled(object_in(told, "usage")))
            if usage is not None:
                agent.usage.count(draft, usage, f"model {model}")
        details = object_in(data, "tokenDetails")
        counted = {name: as_count(object_in(details, name).get("tokenCount")) or 0 for name in TOKENS}
        if agent.usage.calls == 0 and any(counted.values()):
            agent.usage.count(draft, Usage(**counted), "session")
        agent.finish(
            draft,
            {"shutdown": data.get("shutdownType"), "changes": data.get("codeChanges")},
            f"session ended: {data.get('shutdownType')}",
        )

    def _compacted(self, draft: Draft, event: Fields) -> None:
        data, agent = object_in(event, "data"), self.run.main
        self.run.report.counts["compactions"] += 1
        value: Fields = {
            "compactions": self.run.report.counts["compactions"],
            "first": message_key(agent.keys.message_count + 1),
            **{name: item for name, item in data.items() if isinstance(item, str | int)},
        }
        agent.keys.change(draft, "context", agent.keys.shorten_all(draft, value))
        draft.kind, draft.label = "compaction", one_line(f"conversation cut: {data.get('reason') or event.get('type')}")

    def _user(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        self._agent(data).say(draft, "user", text_in(data, "content", "transformedContent"))

    def _system(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        self._agent(data).say(draft, "system", text_of(data.get("content")), meta=True)

    def _assistant(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        agent = self._agent(data)
        calls = [_call(request) for request in list_in(data, "toolRequests") if isinstance(request, dict)]
        fresh = [
            call for call in calls if call.call_id not in agent.keys.calls or agent.keys.calls[call.call_id].answered
        ]
        text = text_in(data, "content")
        more: Fields = {"id": data.get("messageId"), "model": data.get("model")}
        said = agent.say(draft, "assistant", text, reasoning=text_in(data, "reasoningText"), calls=fresh, more=more)
        if not calls:
            agent.final_text(draft, text, said.key)
        self.run.about(draft, agent, model=text_in(data, "model"))
        output = as_count(data.get("outputTokens"))
        if output:
            agent.usage.count(draft, NO_USAGE._replace(output=output), text_in(data, "messageId") or None)

    def _thought(self, draft: Draft, event: Fields) -> None:
        agent, text = (
            self._agent(object_in(event, "data")),
            text_in(object_in(event, "data"), "content", "reasoningText"),
        )
        agent.keys.write(draft, "reasoning", agent.keys.shorten(draft, text))
        draft.kind, draft.label = "thinking", one_line(text) or "thinking"

    def _turn(self, draft: Draft, event: Fields, phase: str) -> None:
        self._agent(object_in(event, "data")).status(draft, phase)
        draft.kind, draft.label = "turn", f"turn {'started' if phase == 'thinking' else 'ended'}"

    def _started(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        agent, identity = self._agent(data), text_in(data, "toolCallId")
        if identity in agent.keys.calls:
            # The message that asked for it told it already.
            self.run.report.counts["told_twice"] += 1
            return
        agent.call(draft, identity, text_in(data, "toolName") or "tool", data.get("arguments"))

    def _completed(self, draft: Draft, event: Fields) -> None:
        data = object_in(event, "data")
        agent, result, error = self._agent(data), data.get("result"), data.get("error")
        text = text_in(result, "detailedContent", "content") or text_of(result) if result else text_in(error, "message")
        text = text or text_of(error)
        took = object_in(object_in(data, "toolTelemetry"), "metrics").get("durationMs")
        agent.answer(
            draft,
            text_in(data, "toolCallId") or "unknown",
            text,
            failed=data.get("success") is False,
            exit_code=exit_code_in(text),
            extra={"duration_ms": whole(took)},
        )

    def _subagent(self, draft: Draft, event: Fields) -> None:
        data, status = object_in(event, "data"), text_in(event, "type").removeprefix("subagent.")
        news: Fields = {
            "type": data.get("agentName"),
            "description": data.get("agentDescription"),
            "status": "running" if status == "started" else status,
            "tokens": data.get("totalTokens"),
            "duration_ms": data.get("durationMs"),
        }
        self.run.main.effects.subagent(draft, text_in(data, "toolCallId") or "unknown", news)
        self.run.report.counts["subagents"] += status == "started"
        draft.kind, draft.label = "subagent", one_line(f"sub-agent {data.get('agentName')} {status}")

    def _aborted(self, draft: Draft, event: Fields) -> None:
        reason = text_in(object_in(event, "data"), "reason") or "aborted"
        self.run.main.status(draft, "waiting", reason)
        draft.kind, draft.label = "turn_aborted", one_line(f"aborted: {reason}")


def _call(request: Fields) -> ToolCall:
    return ToolCall(text_in(request, "toolCallId"), text_in(request, "name") or "tool", request.get("arguments"))


def _spelled(usage: Fields) -> JSON:
    return (
        {**usage, "cache_read": usage.get("cacheReadTokens"), "cache_write": usage.get("cacheWriteTokens")}
        if usage
        else None
    )
