"""One opencode session: messages made of parts, however the parts were kept."""

from __future__ import annotations

from playhead.draft import Draft
from playhead.formats.agent_log import Said
from playhead.formats.run_log import Fields, RunLog, list_in, milliseconds, object_in, text_in, whole
from playhead.formats.source import Placed
from playhead.formats.usage import as_cost, read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON

_DONE = frozenset({"completed", "success", "error"})
_SILENT_PARTS = frozenset({"step-start", "snapshot"})


class OpenCodeSession:
    """Tells the messages and parts of one session in order; a part told again adds to what it said."""

    def __init__(self, run: RunLog) -> None:
        self.run = run
        self._said: dict[str, Said] = {}
        self._texts: dict[str, dict[str, str]] = {}
        """The text parts of each message, by part id."""
        self._thoughts: dict[str, dict[str, str]] = {}
        self._roles: dict[str, str] = {}

    def about(self, placed: Placed, info: Fields) -> Draft:
        """The event of what is known of the session itself."""
        times, model = object_in(info, "time"), object_in(info, "model")
        draft = self.run.draft(placed, times.get("created", info.get("time_created")))
        self.run.session(
            draft,
            title=info.get("title"),
            version=info.get("version"),
            slug=info.get("slug"),
            agent=info.get("agent"),
            parent=info.get("parentID", info.get("parent_id")),
            share=info.get("share"),
        )
        self.run.about(
            draft,
            self.run.main,
            cwd=text_in(info, "directory"),
            model=text_in(model, "modelID", "id"),
            summary=info.get("summary"),
        )
        known = {
            *(
                "id",
                "title",
                "version",
                "slug",
                "agent",
                "parentID",
                "parent_id",
                "share",
                "directory",
                "model",
                "time",
            ),
            *("summary", "cost", "tokens", "time_created", "time_updated"),
        }
        for name, value in info.items():
            if name and name not in known and value not in (None, "", {}):
                self.run.main.keys.change(draft, f"session/{name}", self.run.main.keys.shorten_all(draft, value))
        draft.kind, draft.label = "session", one_line(f"session: {info.get('title') or self.run.identity}")
        return draft

    def message(self, placed: Placed, info: Fields, *, meta: bool = False) -> Draft:
        """The event of a message before its parts; `meta` marks what nobody said."""
        times, identity = object_in(info, "time"), text_in(info, "id")
        draft = self.run.draft(placed, times.get("created", info.get("time_created")), id=identity)
        agent, role = self.run.main, text_in(info, "role") or "assistant"
        self._roles[identity] = role
        model = text_in(info, "modelID") or text_in(object_in(info, "model"), "modelID", "id")
        self.run.about(draft, agent, model=model, cwd=text_in(object_in(info, "path"), "cwd"))
        mode = text_in(info, "agent", "mode")
        self.run.about(draft, agent, mode=mode)
        more: Fields = {"id": identity or None, "model": model or None, "agent": mode or None}
        self._said[identity] = agent.say(draft, role, "", meta=meta, more=more)
        draft.label = f"{role} message"
        return draft

    def finished(self, draft: Draft, info: Fields) -> None:
        """Stage what a message's record says of its end: tokens, cost, error."""
        agent, identity = self.run.main, text_in(info, "id")
        usage = read_usage(info.get("tokens"))
        if usage is not None and text_in(info, "role") == "assistant":
            cost = as_cost(info.get("cost"))
            agent.usage.count(draft, usage if cost is None else usage._replace(cost_usd=cost), identity or None)
        error = info.get("error")
        if error:
            name = text_in(error, "name") or "error"
            told = text_in(object_in(error, "data"), "message") or text_in(error, "message") or name
            agent.fail(draft, identity or "message", one_line(name, 80), told)

    def part(self, placed: Placed, part: Fields, message: str, written: JSON = None) -> Draft:
        """The event of one part of a message."""
        kind, times = text_in(part, "type"), object_in(part, "time")
        state = object_in(part, "state")
        time = times.get("start", object_in(state, "time").get("start", written))
        if kind == "tool" and text_in(state, "status") in _DONE:
            time = object_in(state, "time").get("end", time)
        draft = self.run.draft(placed, written if time is None else time, part=part.get("id"), message=message)
        if kind in ("text", "reasoning"):
            self._text(draft, part, message, kind)
        elif kind == "tool":
            self._tool(draft, part, state, message)
        elif kind == "step-finish":
            self._step(draft, part, message)
        elif kind == "patch":
            self._patch(draft, part)
        elif kind == "compaction":
            self._compacted(draft, part)
        elif kind in ("subtask", "agent"):
            news: Fields = {"type": part.get("agent", part.get("name")), "description": part.get("description")}
            self.run.main.effects.subagent(
                draft, text_in(part, "id") or "unknown", {**news, "prompt": part.get("prompt")}
            )
            draft.kind, draft.label = "subagent", one_line(f"sub-agent {part.get('agent')}: {part.get('description')}")
        elif kind == "file":
            name = text_in(part, "filename", "url")[:400]
            self._text(draft, {"id": part.get("id"), "text": f"[file {name}]"}, message, "text")
            draft.label = one_line(f"file: {name}")
        elif kind == "retry":
            error = object_in(part, "error")
            told = text_in(object_in(error, "data"), "message") or text_of(error or None)
            self.run.main.fail(draft, message or "message", "retry", told)
        elif kind in _SILENT_PARTS:
            self.run.report.counts[kind] += 1
        else:
            self.run.unknown(draft, self.run.main, f"part/{kind or '(none)'}", part)
        return draft

    def _message_of(self, draft: Draft, message: str) -> Said:
        """The message a part belongs to, made here where the log does not tell it before."""
        if message not in self._said:
            role = self._roles.get(message, "assistant")
            self._said[message] = self.run.main.say(draft, role, "", more={"id": message or None})
        return self._said[message]

    def _text(self, draft: Draft, part: Fields, message: str, kind: str) -> None:
        agent, text = self.run.main, text_in(part, "text")
        said = self._message_of(draft, message)
        held = (self._texts if kind == "text" else self._thoughts).setdefault(message, {})
        held[text_in(part, "id") or str(len(held))] = text
        joined = "\n".join(filter(None, held.values()))
        said.value["text" if kind == "text" else "reasoning"] = agent.keys.shorten(draft, joined)
        if part.get("synthetic") is True:
            said.value["synthetic"] = True
        agent.amend(draft, said)
        role = str(said.value["role"])
        draft.kind, draft.label = "thinking" if kind == "reasoning" else role, one_line(text) or "(no text)"
        if role == "assistant" and kind == "text":
            agent.final_text(draft, joined, said.key)

    def _tool(self, draft: Draft, part: Fields, state: Fields, message: str) -> None:
        agent, call_id = self.run.main, text_in(part, "callID", "id")
        said = self._message_of(draft, message)
        status = text_in(state, "status")
        known = agent.keys.calls.get(call_id)
        if known is None or (known.answered and status == "pending"):
            name = text_in(part, "tool") or "tool"
            known = agent.call(draft, call_id, name, state.get("input"), message=said.key)
            listed = said.value.get("calls")
            said.value["calls"] = [*(listed if isinstance(listed, list) else []), known.key.removeprefix("tool_calls/")]
            agent.amend(draft, said)
        if status not in _DONE or known.answered:
            return
        about, times = object_in(state, "metadata"), object_in(state, "time")
        begun, ended = whole(times.get("start")), whole(times.get("end"))
        output = state.get("error") if status == "error" else state.get("output")
        difference = object_in(about, "filediff")
        path, patch = text_in(difference, "file"), text_in(difference, "patch") or text_in(about, "diff")
        if path and patch:
            # The difference says what the arguments only ask for.
            known.arguments = None
        answered = agent.answer(
            draft,
            call_id,
            text_of(output),
            failed=status == "error",
            exit_code=whole(about.get("exit")),
            details=about,
            extra={
                "title": text_in(state, "title") or None,
                "duration_ms": milliseconds(max(0, ended - begun)) if begun is not None and ended is not None else None,
            },
        )
        if path and patch and status != "error":
            agent.effects.edited(draft, path, answered, answered.name, patch)

    def _step(self, draft: Draft, part: Fields, message: str) -> None:
        agent = self.run.main
        usage, cost = read_usage(part.get("tokens")), as_cost(part.get("cost"))
        if usage is not None:
            agent.usage.count(draft, usage if cost is None else usage._replace(cost_usd=cost), message or None)
        agent.status(draft, "waiting" if part.get("reason") == "stop" else "thinking", part.get("reason"))
        draft.kind, draft.label = "step", one_line(f"step finished: {part.get('reason')}")

    def _patch(self, draft: Draft, part: Fields) -> None:
        files: list[JSON] = list_in(part, "files")
        self.run.main.keys.change(draft, "snapshot", {"hash": part.get("hash"), "files": files})
        draft.kind, draft.label = "patch", one_line(f"files changed: {', '.join(text_of(name) for name in files[:8])}")

    def _compacted(self, draft: Draft, part: Fields) -> None:
        self.run.report.counts["compactions"] += 1
        count = self.run.report.counts["compactions"]
        value: Fields = {"compactions": count, "auto": part.get("auto"), "first": part.get("tail_start_id")}
        self.run.main.keys.change(draft, "context", value)
        draft.kind, draft.label = "compaction", "conversation compacted"
