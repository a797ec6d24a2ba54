"""The other agents that a Codex thread spawns, asks and waits for, as its own log tells of them."""

from __future__ import annotations

from playhead.draft import Draft
from playhead.formats.codex_thread import CodexThread
from playhead.formats.run_log import Fields, list_in, object_in, text_in
from playhead.formats.vocabulary import PREVIEW_CHARACTERS, clipped, one_line, text_of
from playhead.model import JSON


class Collaborators:
    """Tells of other agents under `subagents/<thread id>`."""

    def __init__(self, thread: CodexThread) -> None:
        self._thread = thread

    def acted(self, draft: Draft, event: Fields) -> None:
        """Stage that another agent started, was asked or was stopped."""
        news: Fields = {"agent": event.get("agent_path"), "status": event.get("kind")}
        self._thread.agent.effects.subagent(draft, text_in(event, "agent_thread_id") or "unknown", news)
        draft.kind, draft.label = "subagent", one_line(f"sub-agent {event.get('kind')}: {event.get('agent_path')}")

    def told(self, draft: Draft, event: Fields) -> None:
        """Stage what came of spawning, asking or closing one agent."""
        identity = text_in(event, "new_thread_id", "receiver_thread_id") or "unknown"
        status, result = _status(event.get("status"))
        prompt = text_in(event, "prompt")
        news: Fields = {
            "nickname": event.get("new_agent_nickname", event.get("receiver_agent_nickname")),
            "type": event.get("new_agent_role", event.get("receiver_agent_role")),
            "call": event.get("call_id"),
            "prompt": clipped(prompt, PREVIEW_CHARACTERS) if prompt else None,
            "status": status,
            "result": result,
        }
        if (
            event.get("type") == "collab_agent_spawn_end"
            and text_in(event, "call_id") not in self._thread.agent.keys.calls
        ):
            self._thread.run.report.counts["subagents"] += 1
        self._thread.agent.effects.subagent(draft, identity, news)
        draft.kind, draft.label = "subagent", one_line(f"sub-agent {status}: {prompt or result or identity}")

    def waited(self, draft: Draft, event: Fields) -> None:
        """Stage where the agents that were waited for stand."""
        statuses: list[JSON] = [*list_in(event, "agent_statuses")]
        statuses += [{"thread_id": name, "status": value} for name, value in object_in(event, "statuses").items()]
        for told in statuses:
            if isinstance(told, dict):
                status, result = _status(told.get("status"))
                news: Fields = {"nickname": told.get("agent_nickname"), "status": status, "result": result}
                self._thread.agent.effects.subagent(draft, text_in(told, "thread_id") or "unknown", news)
        draft.kind, draft.label = "subagent", f"waited for {len(statuses)} sub-agents"

    def called(self, draft: Draft, item: Fields) -> None:
        """Stage what a call to other agents says of each of them."""
        prompt, states = text_in(item, "prompt"), object_in(item, "agents_states")
        spawned = item.get("tool") in ("spawn_agent", "spawnAgent")
        receivers = [thread for thread in list_in(item, "receiver_thread_ids") if isinstance(thread, str)]
        for thread in dict.fromkeys([*receivers, *states]):
            status, result = _status(states.get(thread))
            news: Fields = {"call": item.get("id"), "result": result}
            if thread in states:
                news["status"] = status
            if spawned:
                news["prompt"] = clipped(prompt, PREVIEW_CHARACTERS) if prompt else None
            self._thread.agent.effects.subagent(draft, thread, news)

    def said(self, draft: Draft, side: str, message: Fields, text: str) -> None:
        """Stage a message between agents, which may be told both as an item and as a record of its own."""
        if self._thread.echoes.is_echo(side, "agent", text):
            self._thread.run.report.counts["told_twice"] += 1
            return
        more: Fields = {
            name: message.get(name) for name in ("author", "recipient", "other_recipients") if message.get(name)
        }
        self._thread.agent.say(draft, "agent", text or "[encrypted]", more=more)


def _status(status: JSON) -> tuple[str, JSON]:
    """`running`, or `{"completed": "its answer"}`, as a word and what it brought."""
    if isinstance(status, dict) and isinstance(status.get("status"), str):
        status = {str(status["status"]): status.get("message")}
    if isinstance(status, dict) and status:
        name, told = next(iter(status.items()))
        return name, clipped(text_of(told), PREVIEW_CHARACTERS) if told is not None else None
    return (status, None) if isinstance(status, str) else ("unknown", None)
