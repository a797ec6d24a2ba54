"""Codex events: what the screen showed; they add exit codes, times, patches, tokens and errors to the items."""

from __future__ import annotations

from collections.abc import Callable

from playhead.draft import Draft
from playhead.formats.codex_collaborators import Collaborators
from playhead.formats.codex_items import CodexItems
from playhead.formats.codex_thread import EVENT, CodexThread
from playhead.formats.run_log import Fields, list_in, milliseconds, object_in, text_in, whole
from playhead.formats.tool_words import relative, unwrapped
from playhead.formats.vocabulary import PREVIEW_CHARACTERS, Call, clipped, one_line, text_of
from playhead.model import JSON

# Heartbeats, and what other records of the same file say whole.
_SILENT = frozenset(
    {
        *("agent_message_delta", "agent_reasoning_delta", "agent_reasoning_section_break", "exec_command_output_delta"),
        *("agent_reasoning_raw_content_delta", "exec_command_begin", "patch_apply_begin", "mcp_tool_call_begin"),
        *(
            "web_search_begin",
            "image_generation_begin",
            "item_started",
            "item_updated",
            "turn_diff",
            "background_event",
        ),
        *("mcp_startup_update", "mcp_startup_complete", "mcp_list_tools_response", "list_custom_prompts_response"),
        *(
            "codex/event/raw_item",
            "raw_response_item",
            "account/rateLimits/updated",
            "shutdown_complete",
            "session_configured",
        ),
        *(
            "undo_started",
            "deprecation_notice",
            "get_history_entry_response",
            "user_input_accepted",
            "skills_update_available",
        ),
        *("collab_agent_spawn_begin", "collab_waiting_begin", "collab_close_begin", "collab_agent_interaction_begin"),
    }
)
_REQUESTS = frozenset(
    {"exec_approval_request", "apply_patch_approval_request", "elicitation_request", "request_user_input"}
)


class CodexEvents:
    """Tells events in order, beside the items."""

    def __init__(self, thread: CodexThread, items: CodexItems) -> None:
        self._thread = thread
        self._items = items
        self._others = Collaborators(thread)
        self._handlers: dict[str, Callable[[Draft, Fields], None]] = {
            "user_message": lambda draft, event: self._said(draft, "user", text_in(event, "message")),
            "agent_message": lambda draft, event: self._said(draft, "assistant", text_in(event, "message")),
            "agent_reasoning": self._thought,
            "agent_reasoning_raw_content": self._thought,
            "item_completed": self._item,
            "exec_command_end": self._executed,
            "patch_apply_end": self._patched,
            "mcp_tool_call_end": self._mcp,
            "web_search_end": self._searched,
            "image_generation_end": lambda draft, event: self._shown(draft, event, "image_generation", None),
            "view_image_tool_call": lambda draft, event: self._shown(
                draft, event, "view_image", {"path": event.get("path")}
            ),
            "dynamic_tool_call_request": self._dynamic_request,
            "dynamic_tool_call_response": self._dynamic_response,
            "token_count": self._tokens,
            "turn.completed": self._turn_completed,
            "task_started": self._started,
            "turn_started": self._started,
            "task_complete": self._complete,
            "turn_complete": self._complete,
            "turn_aborted": self._aborted,
            "error": self._error,
            "stream_error": self._error,
            "warning": self._warning,
            "context_compacted": self._compacted,
            "thread_rolled_back": self._rolled_back,
            "thread_settings_applied": self._settings,
            "thread_goal_updated": lambda draft, event: self._goal(draft, object_in(event, "goal")),
            "thread_name_updated": self._named,
            "plan_update": self._plan,
            "entered_review_mode": self._review,
            "exited_review_mode": self._review,
            "undo_completed": self._undone,
            "sub_agent_activity": self._others.acted,
            "collab_agent_spawn_end": self._others.told,
            "collab_agent_interaction_end": self._others.told,
            "collab_close_end": self._others.told,
            "collab_waiting_end": self._others.waited,
            "collab_resume_end": self._others.told,
            "guardian_assessment": self._assessed,
        }

    def read(self, draft: Draft, event: Fields, record: Fields) -> None:
        """Stage what one event adds; nothing where it says what is known."""
        kind = text_in(event, "type")
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(draft, event)
        elif kind in _SILENT:
            self._thread.run.report.counts[kind] += 1
        elif kind in _REQUESTS:
            self._thread.agent.status(draft, "waiting")
            draft.kind, draft.label = "approval", one_line(f"asked for approval: {_command(event) or kind}")
        else:
            self._thread.run.unknown(draft, self._thread.agent, f"event_msg/{kind or '(none)'}", record)

    def _said(self, draft: Draft, role: str, text: str) -> None:
        if not text:
            return
        if self._thread.echoes.is_echo(EVENT, role, text):
            self._thread.run.report.counts["told_twice"] += 1
        else:
            self._items.say(draft, role, text)

    def _thought(self, draft: Draft, event: Fields) -> None:
        text = text_in(event, "text")
        if text and not self._thread.echoes.is_echo(EVENT, "reasoning", text):
            self._items.think(draft, text)

    def _item(self, draft: Draft, event: Fields) -> None:
        item = object_in(event, "item")
        kind = text_in(item, "type")
        if kind in ("UserMessage", "AgentMessage"):
            self._said(draft, "user" if kind == "UserMessage" else "assistant", text_of(item.get("content")))
        elif kind == "Reasoning":
            parts = [part for part in list_in(item, "summary_text") if isinstance(part, str)]
            self._thought(draft, {"text": "\n".join(parts) or text_of(item.get("raw_content"))})
        elif kind == "CommandExecution":
            self._executed(draft, {**item, "call_id": item.get("id")})
        elif kind == "FileChange":
            self._patched(draft, {**item, "call_id": item.get("id"), "success": item.get("status") == "completed"})
        elif kind == "McpToolCall":
            invocation: Fields = {name: item.get(name) for name in ("server", "tool", "arguments")}
            self._mcp(draft, {**item, "call_id": item.get("id"), "invocation": invocation})
        elif kind == "Plan":
            self._thread.agent.keys.change(draft, "plan", item.get("text"))
            draft.kind, draft.label = "plan", one_line(f"plan: {text_in(item, 'text')}")
        elif kind == "ContextCompaction":
            self._compacted(draft, item)
        elif kind == "WebSearch" or (kind == "Extension" and text_in(item, "kind") in ("", "web.search")):
            self._searched(draft, {**item, "call_id": item.get("id")})
        elif kind in ("ImageView", "ImageGeneration"):
            viewed = kind == "ImageView"
            shown: JSON = {"path": item.get("path")} if viewed else None
            self._shown(
                draft, {**item, "call_id": item.get("id")}, "view_image" if viewed else "image_generation", shown
            )
        elif kind == "SubAgentActivity":
            self._others.acted(draft, item)
        elif kind in ("CollabAgentToolCall", "DynamicToolCall", "Extension"):
            self._worked(draft, kind, item)
        elif kind in ("EnteredReviewMode", "ExitedReviewMode"):
            entered = kind == "EnteredReviewMode"
            about: Fields = {"prompt" if entered else "review_output": item.get("review")}
            self._review(draft, {**about, "type": "entered_review_mode" if entered else "exited_review_mode"})
        elif kind == "FunctionCallOutput":
            self._items.read(draft, {**item, "type": "function_call_output"}, event)
        elif kind == "HookPrompt":
            self._thread.run.report.counts[kind] += 1
        else:
            self._thread.run.unknown(draft, self._thread.agent, f"item_completed/{kind or '(none)'}", event)

    def _worked(self, draft: Draft, kind: str, item: Fields) -> None:
        """Stage a call that is told whole by its item: to other agents, to a client's tools, to an extension."""
        told = (
            "type",
            "id",
            "kind",
            "tool",
            "status",
            "success",
            "duration",
            "content_items",
            "result",
            "agents_states",
        )
        arguments = item.get("arguments", {name: value for name, value in item.items() if name not in told and value})
        failed = item.get("status") in ("failed", "interrupted") or item.get("success") is False
        news: Fields = {"status": "error" if failed else "ok", "duration_ms": milliseconds(item.get("duration"))}
        text = text_of(item.get("content_items")) or text_of(item.get("result"))
        name = text_in(item, "tool", "kind") or kind
        self._enrich(draft, {**item, "call_id": item.get("id")}, name, arguments, news, text)
        if kind == "CollabAgentToolCall":
            self._others.called(draft, item)

    def _enrich(self, draft: Draft, event: Fields, name: str, arguments: JSON, news: Fields, text: str) -> Call:
        """Add to a known call; a call that only events tell is told whole here."""
        agent, call_id = self._thread.agent, text_in(event, "call_id", "callId", "id")
        call = agent.keys.calls.get(call_id)
        failed = news.get("status") == "error"
        if call is None:
            self._thread.shown.add(call_id)
            agent.call(draft, call_id, name, arguments)
            code = whole(news.pop("exit_code", None))
            extra = {key: value for key, value in news.items() if key != "status"}
            return agent.answer(draft, call_id, text, failed=failed, exit_code=code, extra=extra)
        agent.enrich(draft, call, news)
        code = whole(news.get("exit_code"))
        told = f"exit {code}" if code is not None else "failed" if failed else "done"
        draft.kind, draft.label = "tool_progress", one_line(f"{call.summary} → {told}")
        return call

    def _executed(self, draft: Draft, event: Fields) -> None:
        code = whole(event.get("exit_code"))
        failed = bool(code) or event.get("status") in ("failed", "declined")
        news: Fields = {
            "exit_code": code,
            "duration_ms": milliseconds(event.get("duration")),
            "status": "error" if failed else "ok",
        }
        stderr = text_in(event, "stderr")
        if stderr:
            news["stderr"] = clipped(stderr, PREVIEW_CHARACTERS)
        output = text_in(event, "aggregated_output", "formatted_output", "stdout")
        self._enrich(draft, event, "shell", {"command": _command(event)}, news, output)

    def _patched(self, draft: Draft, event: Fields) -> None:
        changes = object_in(event, "changes")
        failed = event.get("success") is False
        arguments: JSON = {"files": list(changes)}
        news: Fields = {"status": "error" if failed else "ok"}
        call = self._enrich(draft, event, "apply_patch", arguments, news, text_in(event, "stdout", "stderr"))
        cwd = self._thread.agent.keys.latest("cwd")
        for path, change in changes.items():
            if not failed and isinstance(change, dict):
                operation = text_in(change, "type") or "update"
                patch = text_in(change, "unified_diff")
                content = text_in(change, "content")
                lines = len(content.splitlines())
                counts = ((0, lines) if operation == "delete" else (lines, 0)) if content and not patch else None
                self._thread.agent.effects.edited(draft, path, call, operation, patch, counts)
        # What the patch itself names is told here already.
        call.arguments = None
        if changes:
            names = ", ".join(relative(path, cwd) for path in changes)
            draft.label = one_line(f"apply_patch: {names} → {'failed' if failed else 'ok'}")

    def _mcp(self, draft: Draft, event: Fields) -> None:
        invocation = object_in(event, "invocation")
        result = event.get("result")
        known = result if isinstance(result, dict) else {}
        ok = known.get("Ok", known if "Err" not in known else None)
        failed = (
            "Err" in known or (isinstance(ok, dict) and ok.get("isError") is True) or event.get("status") == "failed"
        )
        text = text_of(known["Err"]) if "Err" in known else text_of(ok.get("content") if isinstance(ok, dict) else ok)
        name = f"{text_in(invocation, 'server') or 'mcp'}.{text_in(invocation, 'tool') or 'tool'}"
        news: Fields = {"status": "error" if failed else "ok", "duration_ms": milliseconds(event.get("duration"))}
        self._enrich(draft, event, name, invocation.get("arguments"), news, text)

    def _searched(self, draft: Draft, event: Fields) -> None:
        action = {name: value for name, value in object_in(event, "action").items() if value is not None}
        arguments: Fields = {"query": event.get("query"), **action}
        results = list_in(event, "results")
        titles = [text_in(result, "title", "url", "ref_id") for result in results]
        self._enrich(
            draft, event, "web_search", arguments, {"status": "ok", "results": len(results)}, "\n".join(titles)
        )

    def _shown(self, draft: Draft, event: Fields, name: str, arguments: JSON) -> None:
        arguments = arguments or {"prompt": event.get("revised_prompt")}
        failed = event.get("status") == "failed"
        saved = text_in(event, "saved_path", "path")
        self._enrich(draft, event, name, arguments, {"status": "error" if failed else "ok"}, saved)

    def _dynamic_request(self, draft: Draft, event: Fields) -> None:
        call_id = text_in(event, "callId", "call_id")
        if call_id not in self._thread.agent.keys.calls:
            self._thread.shown.add(call_id)
            self._thread.agent.call(draft, call_id, text_in(event, "tool") or "tool", event.get("arguments"))

    def _dynamic_response(self, draft: Draft, event: Fields) -> None:
        failed = event.get("success") is False
        call = self._thread.agent.keys.calls.get(text_in(event, "call_id", "callId"))
        text = text_of(event.get("content_items")) or text_of(event.get("error"))
        if call is not None and not call.answered:
            identity = text_in(event, "call_id", "callId")
            self._thread.agent.answer(
                draft, identity, text, failed=failed, extra={"duration_ms": milliseconds(event.get("duration"))}
            )
        else:
            news: Fields = {"status": "error" if failed else "ok"}
            self._enrich(draft, event, text_in(event, "tool") or "tool", event.get("arguments"), news, text)

    def _tokens(self, draft: Draft, event: Fields) -> None:
        info = object_in(event, "info")
        if not info:
            return
        last, total = info.get("last_token_usage"), info.get("total_token_usage")
        self._thread.tokens(draft, total, last if last is not None or total is not None else info)
        self._thread.context(draft, window=whole(info.get("model_context_window")))
        draft.kind, draft.label = "usage", "tokens counted"

    def _turn_completed(self, draft: Draft, event: Fields) -> None:
        self._thread.tokens(draft, event.get("usage"), None)
        self._thread.agent.status(draft, "waiting")
        draft.label = draft.label or "turn completed"

    def _started(self, draft: Draft, event: Fields) -> None:
        self._thread.context(draft, window=whole(event.get("model_context_window")))
        self._thread.agent.status(draft, "thinking")
        draft.label = "turn started"

    def _complete(self, draft: Draft, event: Fields) -> None:
        agent = self._thread.agent
        text, error = text_in(event, "last_agent_message"), event.get("error")
        if error:
            agent.fail(draft, "turn", "turn", text_in(error, "message") or text_of(error))
            return
        agent.final_text(draft, text, agent.last_message)
        agent.status(draft, "waiting")
        took = whole(event.get("duration_ms"))
        draft.kind, draft.label = "turn", f"turn done in {took / 1000:.1f} s" if took is not None else "turn done"

    def _aborted(self, draft: Draft, event: Fields) -> None:
        reason, error = text_in(event, "reason") or "interrupted", event.get("error")
        if error:
            self._thread.agent.fail(draft, "turn", "turn", text_in(error, "message") or text_of(error))
            return
        self._thread.agent.status(draft, "waiting", reason)
        draft.kind, draft.label = "turn_aborted", f"turn aborted: {one_line(reason)}"

    def _error(self, draft: Draft, event: Fields) -> None:
        error = event.get("error")
        text = text_in(event, "message") or text_in(error, "message") or text_of(error) or text_in(event, "type")
        about = event.get("codex_error_info") or text_in(error, "kind")
        kind = about if isinstance(about, str) and about else text_in(event, "type")
        self._thread.agent.fail(draft, "api", one_line(kind, 80), text)

    def _warning(self, draft: Draft, event: Fields) -> None:
        text = text_in(event, "message")
        self._thread.agent.keys.change(draft, "last_warning", text)
        draft.kind, draft.label = "warning", one_line(text)

    def _compacted(self, draft: Draft, event: Fields) -> None:
        if not self._thread.echoes.is_echo(EVENT, "compaction", ""):
            self._thread.compact(draft)
            draft.kind, draft.label = "compaction", "conversation compacted"

    def _rolled_back(self, draft: Draft, event: Fields) -> None:
        turns = event.get("num_turns")
        dropped = self._thread.drop_turns(draft, turns)
        draft.kind, draft.label = "rewind", f"rolled back {turns} turns, {dropped} messages"

    def _settings(self, draft: Draft, event: Fields) -> None:
        settings = object_in(event, "thread_settings")
        self._thread.run.about(
            draft, self._thread.agent, cwd=text_in(settings, "cwd"), model=text_in(settings, "model")
        )
        draft.label = one_line(f"settings: {text_in(settings, 'model')}")

    def _goal(self, draft: Draft, goal: Fields) -> None:
        self._items.goal(draft, goal)
        draft.kind, draft.label = "goal", one_line(f"goal {goal.get('status')}: {goal.get('objective')}")

    def _named(self, draft: Draft, event: Fields) -> None:
        self._thread.run.session(draft, title=event.get("thread_name"))
        draft.label = one_line(f"title: {event.get('thread_name')}")

    def _plan(self, draft: Draft, event: Fields) -> None:
        self._thread.agent.effects.todos(draft, event.get("plan"))
        draft.kind, draft.label = "plan", "plan updated"

    def _review(self, draft: Draft, event: Fields) -> None:
        entered = event.get("type") == "entered_review_mode"
        about = event.get("review_output") if not entered else event.get("target", event.get("prompt"))
        keys = self._thread.agent.keys
        value: Fields = {"open": entered, ("target" if entered else "output"): keys.shorten_all(draft, about)}
        keys.change(draft, "review", value)
        told = text_in(event, "user_facing_hint") if entered else text_in(about, "overall_explanation")
        draft.kind, draft.label = "review", one_line(f"review {'of' if entered else 'done:'} {told}")

    def _undone(self, draft: Draft, event: Fields) -> None:
        if event.get("success") is False:
            self._thread.agent.fail(draft, "undo", "undo", text_in(event, "message"))
        else:
            self._thread.agent.keys.change(draft, "last_undo", text_in(event, "message"))
            draft.kind, draft.label = "undo", one_line(f"undone: {text_in(event, 'message')}")

    def _assessed(self, draft: Draft, event: Fields) -> None:
        keys = self._thread.agent.keys
        names = ("status", "risk_level", "rationale", "action", "target_item_id")
        value: Fields = {name: event[name] for name in names if event.get(name) is not None}
        keys.change(draft, "approval", keys.shorten_all(draft, value))
        draft.kind, draft.label = "approval", one_line(f"assessed {event.get('status')}: {text_in(event, 'rationale')}")


def _command(event: Fields) -> str:
    command = event.get("command")
    if isinstance(command, list) and all(isinstance(word, str) for word in command):
        return unwrapped([word for word in command if isinstance(word, str)])
    return command if isinstance(command, str) else ""
