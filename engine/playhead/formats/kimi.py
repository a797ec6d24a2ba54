"""Kimi Code sessions: what is appended to the model's context, step by step."""

from __future__ import annotations

from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import Said
from playhead.formats.line_log import LineFormat, LineReader
from playhead.formats.run_log import Fields, RunLog, object_in, text_in
from playhead.formats.usage import NO_USAGE, as_count
from playhead.formats.vocabulary import message_key, one_line, text_of
from playhead.model import JSON


class Kimi(LineFormat):
    """A session becomes `kimi:<file>`; the parts of one step are one message."""

    name: ClassVar[str] = "kimi"
    title: ClassVar[str] = "Kimi Code session"
    looked_for: ClassVar[str] = "Kimi Code records (context.append_message, context.append_loop_event…)"
    tool: ClassVar[str] = "kimi"

    def is_record(self, record: Fields) -> bool:
        kind = text_in(record, "type")
        return kind.startswith("context.append_") or (kind == "metadata" and "protocol_version" in record)

    def reader(self, run: RunLog) -> LineReader:
        return _Reader(run)


class _Reader(LineReader):
    def __init__(self, run: RunLog) -> None:
        super().__init__(run)
        self._steps: dict[str, Said] = {}
        self._texts: dict[str, list[str]] = {}
        self.silent = frozenset(
            {
                *(
                    "llm.request",
                    "llm.tools_snapshot",
                    "turn.prompt",
                    "usage.record",
                    "tools.set_active_tools",
                    "turn.steer",
                ),
                *(
                    "token_counting.measured",
                    "token_counting.turn_recorded",
                    "runtime.set_binding",
                    "plugin.session_start",
                ),
                *("full_compaction.begin", "full_compaction.complete", "profile.bind"),
            }
        )
        self.handlers = {
            "metadata": lambda draft, record: self.run.session(
                draft, version=record.get("protocol_version"), started=record.get("created_at")
            ),
            "config.update": self._config,
            "context.append_message": self._message,
            "context.append_loop_event": self._loop,
            "context.apply_compaction": self._compacted,
            "permission.set_mode": lambda draft, record: self._mode(draft, record.get("mode")),
            "permission.record_approval_result": self._approved,
            "plan_mode.enter": lambda draft, record: self._mode(draft, "plan"),
            "plan_mode.exit": lambda draft, record: self._mode(draft, "agent"),
            "turn.cancel": lambda draft, record: self._turn(draft, "cancelled"),
            "turn.ended": lambda draft, record: self._turn(draft, text_in(record, "reason") or "ended"),
        }

    def written(self, record: Fields) -> JSON:
        return record.get("time", record.get("created_at"))

    def _config(self, draft: Draft, record: Fields) -> None:
        agent = self.run.main
        prompt = text_in(record, "systemPrompt")
        if prompt:
            agent.keys.change(draft, "instructions", agent.keys.shorten(draft, prompt))
        self.run.about(
            draft,
            agent,
            model=text_in(record, "modelAlias"),
            cwd=text_in(record, "cwd"),
            effort=record.get("thinkingEffort"),
        )
        if record.get("profileName"):
            self.run.session(draft, profile=record.get("profileName"))
        draft.label = "configuration"

    def _mode(self, draft: Draft, mode: JSON) -> None:
        self.run.about(draft, self.run.main, mode=mode)
        draft.label = one_line(f"mode: {text_of(mode)}")

    def _turn(self, draft: Draft, reason: str) -> None:
        self.run.main.status(draft, "waiting", reason)
        draft.kind, draft.label = "turn", one_line(f"turn {reason}")

    def _approved(self, draft: Draft, record: Fields) -> None:
        decision = text_in(object_in(record, "result"), "decision")
        call = self.run.main.keys.calls.get(text_in(record, "toolCallId"))
        if call is not None:
            self.run.main.enrich(draft, call, {"approval": decision})
        else:
            self.run.main.keys.change(draft, "approval", {"tool": record.get("toolName"), "decision": decision})
        draft.kind, draft.label = (
            "approval",
            one_line(f"{decision}: {text_in(record, 'action') or record.get('toolName')}"),
        )

    def _message(self, draft: Draft, record: Fields) -> None:
        message = object_in(record, "message")
        role, text = text_in(message, "role") or "user", text_of(message.get("content"), _part)
        meta = text_in(object_in(message, "origin"), "kind") not in ("", "user")
        self.run.main.say(draft, role, text, meta=meta and role == "user")

    def _loop(self, draft: Draft, record: Fields) -> None:
        event, agent = object_in(record, "event"), self.run.main
        kind, step = text_in(event, "type"), text_in(event, "stepUuid", "uuid")
        if kind == "step.begin":
            agent.status(draft, "thinking")
            draft.kind, draft.label = "step", f"step {event.get('step')}"
        elif kind == "content.part":
            self._spoken(draft, object_in(event, "part"), step)
        elif kind == "tool.call":
            agent.call(
                draft,
                text_in(event, "toolCallId", "uuid"),
                text_in(event, "name") or "tool",
                event.get("args"),
                message=self._step_key(step),
            )
        elif kind == "tool.result":
            result = event.get("result")
            output = result.get("output", result.get("content")) if isinstance(result, dict) else result
            failed = isinstance(result, dict) and (result.get("isError") is True or bool(result.get("error")))
            agent.answer(draft, text_in(event, "toolCallId", "parentUuid") or "unknown", text_of(output), failed=failed)
        elif kind == "step.end":
            self._ended(draft, event)
        else:
            self.run.unknown(draft, agent, f"loop_event/{kind or '(none)'}", record)

    def _step_key(self, step: str) -> str | None:
        said = self._steps.get(step)
        return said.key if said is not None else None

    def _spoken(self, draft: Draft, part: Fields, step: str) -> None:
        agent, thought, text = self.run.main, text_in(part, "think", "thinking"), text_of([part], _part)
        text = "" if thought or part.get("type") == "think" else text
        said = self._steps.get(step)
        if said is None:
            said = self._steps[step] = agent.say(draft, "assistant", text, reasoning=thought)
        elif thought:
            before = said.value.get("reasoning")
            said.value["reasoning"] = agent.keys.shorten(draft, f"{before}\n{thought}" if before else thought)
            agent.amend(draft, said)
        else:
            before = said.value.get("text")
            said.value["text"] = agent.keys.shorten(draft, f"{before}\n{text}" if before else text)
            agent.amend(draft, said)
        draft.kind, draft.label = (
            ("thinking", one_line(thought)) if thought else ("assistant", one_line(text) or "(no text)")
        )
        if text:
            agent.final_text(draft, str(said.value["text"]), said.key)

    def _ended(self, draft: Draft, event: Fields) -> None:
        told, agent = object_in(event, "usage"), self.run.main
        if told:
            cached, made = as_count(told.get("inputCacheRead")) or 0, as_count(told.get("inputCacheCreation")) or 0
            usage = NO_USAGE._replace(
                input=as_count(told.get("inputOther")) or 0,
                output=as_count(told.get("output")) or 0,
                cache_read=cached,
                cache_write=made,
            )
            agent.usage.count(draft, usage, text_in(event, "uuid") or None)
        reason = text_in(event, "finishReason")
        agent.status(draft, "waiting" if reason == "end_turn" else "thinking", reason or None)
        draft.kind, draft.label = "step", one_line(f"step {event.get('step')} ended: {reason}")

    def _compacted(self, draft: Draft, record: Fields) -> None:
        agent, summary = self.run.main, text_in(record, "summary", "contextSummary")
        self.run.report.counts["compactions"] += 1
        value: Fields = {
            "compactions": self.run.report.counts["compactions"],
            "first": message_key(agent.keys.message_count + 1),
            "summary": agent.keys.shorten(draft, summary),
        }
        agent.keys.change(draft, "context", value)
        draft.kind, draft.label = "compaction", one_line(f"conversation compacted: {summary}")


def _part(part: Fields) -> str | None:
    return text_in(part, "think") or None
