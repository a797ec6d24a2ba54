"""Claude Code's records, one by one: which agent each belongs to, and what each type says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias, cast

from playhead.draft import Draft
from playhead.formats.claude_agent import ClaudeAgent
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed
from playhead.formats.times import moment
from playhead.formats.vocabulary import PREVIEW_CHARACTERS, clipped, one_line, text_of
from playhead.model import JSON

MAIN_AGENT = "main"
Fields: TypeAlias = dict[str, JSON]

# Heartbeats, the store of exact requests and copies of what other records say: nothing of state in them.
_SILENT = frozenset(
    {
        "progress",
        "file-history-snapshot",
        "file-history-delta",
        "queue-operation",
        "last-prompt",
        "atis-latch",
        "tools-used",
        "bridge-session",
        "api-request",
        "api-request-blob",
        "api-request-shape",
        "stream_event",
        "rate_limit_event",
        "tool_progress",
        "keep_alive",
        "continued-in",
        "agent-color",
        "ended-by-model",
        "isolation-latch",
        "dev-mods",
        "memory-mode",
        "history-suppression",
        "attribution-snapshot",
        "artifact-comment-monitor",
        "artifact-autoreact-ledger",
        "observer-ref",
        "fork-context-ref",
        "frame-link",
        "content-replacement",
    }
)
_SILENT_SUBTYPES = frozenset(
    {
        "thinking_tokens",
        "task_progress",
        "background_tasks_changed",
        "stop_hook_summary",
        "local_command",
        "informational",
        "session_start",
        "hook_started",
        "hook_progress",
        "hook_response",
        "status",
        "away_summary",
        "bridge_status",
        "memory_saved",
        "agents_killed",
        "permission_retry",
        "scheduled_task_fire",
        "cloud_session_status",
    }
)
_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "agent-name": "agentName", "summary": "summary"}
_TITLES |= {"agent-setting": "agentSetting", "tag": "tag"}
_TITLE_FIELDS = {"custom-title": "title", "ai-title": "title", "agent-name": "name", "summary": "summary"}
_TITLE_FIELDS |= {"agent-setting": "agent_setting", "tag": "tag"}
_WITH_AGENT = frozenset({"user", "assistant", "system", "attachment", "progress"})


class ClaudeRecords:
    """Turns the records of a session, main and sub-agents together, into drafts."""

    def __init__(self, session_id: str, report: ImportReport, main: str = MAIN_AGENT) -> None:
        self.session_id = session_id
        self._report = report
        self._main = main
        self._agents: dict[str, ClaudeAgent] = {}
        self._session: Fields = {"id": session_id, "tool": "claude-code"}
        self._sidechains: dict[str, str] = {}
        self._written = ""
        """What tells the record that is read from others that took its id."""
        self._handlers: dict[str, Callable[[Draft, ClaudeAgent, Fields], None]] = {
            "user": self._user,
            "assistant": self._assistant,
            "system": self._system,
            "attachment": self._attachment,
            "result": self._result,
            "mode": self._mode,
            "permission-mode": self._mode,
            "relocated": self._relocated,
            "worktree-state": self._worktree,
            "cost-state": self._cost,
            "pr-link": self._pull_request,
            **dict.fromkeys(_TITLES, self._title),
        }

    def draft(self, placed: Placed, occurred_at: datetime | None, meta: Fields, file_agent: str | None) -> Draft:
        """The event one record makes; without operations where it has nothing to say."""
        draft = Draft(namespace=f"claude:{self.session_id}", occurred_at=occurred_at, meta=meta)
        record = placed.value
        if not isinstance(record, dict):
            draft.kind, draft.label = "unknown", one_line(f"unknown record: {record!r}")
            self._agent(file_agent or self._main).keys.record(draft, type(record).__name__, record)
            return draft
        kind = record.get("type")
        kind = kind if isinstance(kind, str) else ""
        self._written = f"{kind} {placed.length} {record.get('timestamp')}"
        agent = self._agent(self._agent_of(record, kind, file_agent))
        uuid = record.get("uuid")
        if isinstance(uuid, str):
            meta["uuid"] = uuid
            if agent.tree.holds(uuid, self._written):
                # A resumed session may hold its beginning twice.
                self._report.counts["repeated_records"] += 1
                return draft
        handler = self._handlers.get(kind)
        if handler is not None and (kind != "result" or "key" not in record):
            self._envelope(draft, agent, record)
            handler(draft, agent, record)
        elif kind in _SILENT:
            self._report.counts[kind] += 1
            self._place(agent, record, 0)
        else:
            draft.kind, draft.label = "unknown", f"unknown record: {kind or 'without a type'}"
            agent.keys.record(draft, kind or "(none)", record)
            self._place(agent, record, 0)
        if draft.operations:
            draft.kind = draft.kind or "meta"
            draft.label = draft.label or ("(no text)" if kind in ("user", "assistant") else kind)
        return draft

    def introduce(self, draft: Draft, agent_id: str, about: Fields) -> None:
        """Stage what is known of a sub-agent before its first record."""
        self._agent(agent_id).keys.change(draft, "session", {**self._session, "agent": agent_id, **about})

    def _agent(self, agent_id: str) -> ClaudeAgent:
        agent = self._agents.get(agent_id)
        if agent is None:
            agent = self._agents[agent_id] = ClaudeAgent(agent_id, self._report)
            self._report.counts["agents"] += 1
        return agent

    def _agent_of(self, record: Fields, kind: str, file_agent: str | None) -> str:
        if file_agent is not None:
            return file_agent
        if kind not in _WITH_AGENT:
            return self._main
        # Streams name the sub-agent, or only the call that spawned it.
        named = record.get("agentId") or record.get("agent_id") or record.get("parent_tool_use_id")
        if isinstance(named, str) and (record.get("isSidechain") is True or "session_id" in record):
            return named
        if record.get("isSidechain") is not True:
            return self._main
        uuid, parent = str(record.get("uuid")), record.get("parentUuid")
        known = self._sidechains.get(parent) if isinstance(parent, str) else None
        agent_id = known or f"sidechain-{uuid[:8]}"
        self._sidechains[uuid] = agent_id
        return agent_id

    def _envelope(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        keys = agent.keys
        cwd, branch = record.get("cwd"), record.get("gitBranch")
        mode, version = record.get("permissionMode"), record.get("version")
        told = (cwd, branch, mode, version, self._session.get("version"))
        spoken = record.get("type") in ("user", "assistant")
        if spoken and told == agent.envelope:
            return
        # Records of other types may change the same keys.
        agent.envelope = told if spoken else None
        if isinstance(cwd, str) and cwd and cwd != keys.latest("cwd"):
            keys.change(draft, "cwd", cwd)
        if isinstance(branch, str) and branch and branch != keys.latest("git"):
            keys.change(draft, "git", branch)
        if isinstance(mode, str) and mode != keys.latest("mode"):
            keys.change(draft, "mode", mode)
        if keys.agent_id == self._main and record.get("subtype") != "init":
            if isinstance(version, str) and version != self._session.get("version"):
                self._about_session(draft, version=version, entrypoint=record.get("entrypoint"))
            elif keys.latest("session") is None:
                self._about_session(draft)

    def _about_session(self, draft: Draft, **news: JSON) -> None:
        self._session |= {name: value for name, value in news.items() if value is not None}
        self._agent(self._main).keys.change(draft, "session", dict(self._session))

    def _place(self, agent: ClaudeAgent, record: Fields, message: int) -> None:
        uuid, parent = record.get("uuid"), record.get("parentUuid") or record.get("logicalParentUuid")
        if isinstance(uuid, str):
            agent.tree.add(uuid, parent if isinstance(parent, str) else None, message, self._written)

    def _user(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        self._place(agent, record, agent.user(draft, record))

    def _assistant(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        message = record.get("message")
        if isinstance(message, dict) and isinstance(message.get("id"), str):
            draft.meta["message_id"] = message["id"]
        self._place(agent, record, agent.assistant(draft, record))

    def _system(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        subtype = record.get("subtype")
        subtype = subtype if isinstance(subtype, str) else ""
        self._place(agent, record, 0)
        draft.kind = "system"
        if subtype in ("compact_boundary", "microcompact_boundary"):
            names = ("compactMetadata", "compact_metadata", "microcompactMetadata")
            details = next((record[name] for name in names if name in record), None)
            agent.compacted(draft, details, subtype)
            draft.kind, draft.label = "compaction", "conversation compacted"
        elif subtype in ("api_error", "error", "api_refusal"):
            self._system_error(draft, agent, record, subtype)
        elif subtype == "init":
            self._init(draft, agent, record)
        elif subtype == "turn_duration":
            agent.status(draft, "waiting")
            draft.label = f"turn took {_seconds(record.get('durationMs'))}"
        elif subtype in _SILENT_SUBTYPES:
            self._report.counts[f"system/{subtype}"] += 1
            draft.label = one_line(text_of(record.get("content"))) or subtype
        elif subtype.startswith("task_"):
            self._task(draft, agent, record)
        else:
            draft.label = one_line(f"{subtype}: {text_of(record.get('content'))}")
            agent.keys.record(draft, f"system/{subtype}", record)
        retracted = record.get("retractedMessageUuids")
        if isinstance(retracted, list):
            agent.retract(draft, retracted)

    def _system_error(self, draft: Draft, agent: ClaudeAgent, record: Fields, subtype: str) -> None:
        error = record.get("error")
        details = error if isinstance(error, dict) else {}
        said = details.get("formatted") or details.get("message") or record.get("apiRefusalExplanation")
        text = text_of(said or record.get("content") or error) or subtype
        agent.keys.error(draft, "api", subtype, text)
        agent.status(draft, "error")
        draft.kind = subtype if subtype.endswith("error") else f"{subtype}_error"
        draft.label = one_line(text)

    def _init(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        model = record.get("model")
        if isinstance(model, str):
            agent.keys.change(draft, "model", model)
        tools = record.get("tools")
        version = record.get("claude_code_version")
        self._about_session(draft, version=version, tools=tools if isinstance(tools, list) else None)
        draft.label = one_line(f"session started: {model}" if model else "session started")

    def _task(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        call_id, patch = record.get("tool_use_id"), record.get("patch")
        details = patch if isinstance(patch, dict) else record
        usage = record.get("usage")
        tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
        summary = record.get("summary")
        news: Fields = {
            "agent": record.get("task_id"),
            "status": details.get("status"),
            "tokens": tokens,
            "result": clipped(summary, PREVIEW_CHARACTERS) if isinstance(summary, str) else None,
        }
        draft.label = one_line(f"sub-agent {details.get('status') or 'started'}: {text_of(summary)}")
        if isinstance(call_id, str):
            agent.effects.subagent_told(draft, call_id, news)

    def _attachment(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        details = record.get("attachment")
        details = details if isinstance(details, dict) else {}
        kind = details.get("type")
        kind = kind if isinstance(kind, str) else ""
        self._report.counts["attachments"] += 1
        message = 0
        if kind == "queued_command":
            # A prompt that was typed while the agent worked is a child of the work, never a rewind.
            said = {name: value for name, value in record.items() if name != "parentUuid"}
            message = agent.prompt(draft, said, text_of(details.get("prompt")))
        elif kind in ("hook_blocking_error", "hook_non_blocking_error"):
            blocking = details.get("blockingError")
            said_by_hook = blocking.get("blockingError") if isinstance(blocking, dict) else details.get("stderr")
            agent.keys.error(draft, text_of(details.get("hookName")) or "hook", kind, text_of(said_by_hook))
            draft.kind, draft.label = "hook_error", one_line(f"{details.get('hookName')}: {text_of(said_by_hook)}")
        elif kind == "model":
            identity = details.get("identity")
            model = identity.get("modelId") if isinstance(identity, dict) else None
            if isinstance(model, str):
                agent.keys.change(draft, "model", model)
        draft.label = draft.label or kind
        self._place(agent, record, message)

    def _result(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        answer = record.get("result")
        subtype = text_of(record.get("subtype")) or "success"
        failed = record.get("is_error") is True or subtype.startswith("error")
        value: Fields = {"subtype": subtype, "turns": record.get("num_turns"), "duration_ms": record.get("duration_ms")}
        if answer is not None:
            value["text"] = agent.keys.shorten(draft, text_of(answer))
        agent.keys.change(draft, "final", value)
        agent.write_usage(draft, record.get("total_cost_usd"))
        agent.status(draft, "error" if failed else "done", record.get("stop_reason"))
        draft.kind, draft.label = "result", one_line(f"{subtype}: {text_of(answer)}" if answer else subtype)
        if failed:
            draft.kind = "run_error"
            agent.keys.error(draft, "run", subtype, text_of(answer or record.get("errors")) or subtype)

    def _mode(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        name = "permissionMode" if record.get("type") == "permission-mode" else "mode"
        mode = record.get(name)
        if isinstance(mode, str):
            agent.keys.change(draft, "mode" if name == "permissionMode" else "input_mode", mode)
            draft.label = f"mode: {mode}"

    def _title(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        kind = cast(str, record["type"])
        title = record.get(_TITLES[kind])
        if isinstance(title, str):
            self._about_session(draft, **{_TITLE_FIELDS[kind]: title})
            draft.label = one_line(f"{_TITLE_FIELDS[kind]}: {title}")
        else:
            agent.keys.record(draft, kind, record)
            draft.kind, draft.label = "unknown", f"unknown record: {kind}"

    def _relocated(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        cwd = record.get("relocatedCwd")
        if isinstance(cwd, str):
            agent.keys.change(draft, "cwd", cwd)
            draft.label = one_line(f"moved to {cwd}")

    def _worktree(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        worktree = record.get("worktreeSession")
        agent.keys.change(draft, "worktree", worktree)
        name = worktree.get("worktreeName") if isinstance(worktree, dict) else "none"
        draft.label = one_line(f"worktree: {name}")

    def _cost(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        agent.write_usage(draft, record.get("totalCostUSD"))
        draft.label = f"cost so far: ${record.get('totalCostUSD')}"

    def _pull_request(self, draft: Draft, agent: ClaudeAgent, record: Fields) -> None:
        self._about_session(draft, pull_request=record.get("prUrl"))
        draft.label = one_line(f"pull request: {record.get('prUrl')}")


def record_time(record: JSON) -> datetime | None:
    """When a record says it happened, or None."""
    return moment(record.get("timestamp")) if isinstance(record, dict) else None


def _seconds(milliseconds: JSON) -> str:
    return f"{milliseconds / 1000:.1f} s" if isinstance(milliseconds, int | float) else "unknown time"
