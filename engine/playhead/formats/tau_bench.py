"""tau-bench and tau2 results: simulations of a user and an agent, as messages or as the ticks of a voice call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.agent_log import AgentLog, Said
from playhead.formats.base import Format
from playhead.formats.messages import Conversation
from playhead.formats.report import ImportReport
from playhead.formats.run_log import Fields, RunLog, list_in, object_in, text_in
from playhead.formats.source import Placed, Source
from playhead.formats.usage import NO_USAGE, as_cost, read_usage
from playhead.formats.vocabulary import one_line, text_of
from playhead.model import JSON


class TauBench(Format):
    """Each simulation becomes `tau:<task>/<trial>`."""

    name: ClassVar[str] = "tau-bench"
    title: ClassVar[str] = "tau-bench results"
    looked_for: ClassVar[str] = "tau-bench results with task_id, reward and traj, or tau2 simulations"

    def recognise(self, source: Source) -> bool:
        only = source.only
        if isinstance(only, dict):
            return _is_simulation(only) or any(_is_simulation(one) for one in list_in(only, "simulations")[:12])
        records = only if isinstance(only, list) else source.head
        return any(_is_simulation(one) for one in records[:12])

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        only = source.only
        if isinstance(only, dict) and isinstance(only.get("simulations"), list):
            yield _about(source, report, only)
            records = source.elements(report, list_in(only, "simulations"), ("simulations",))
        elif isinstance(only, dict):
            records = source.elements(report, [only])
        else:
            records = source.elements(report, only, ()) if isinstance(only, list) else source.records(report)
        seen: dict[str, int] = {}
        for placed in records:
            simulation = placed.value if isinstance(placed.value, dict) else {}
            trial = simulation.get("trial")
            identity = f"{text_of(simulation.get('task_id')) or placed.line}/{0 if trial is None else text_of(trial)}"
            seen[identity] = seen.get(identity, 0) + 1
            again = f"-{seen[identity]}" if seen[identity] > 1 else ""
            run = RunLog("tau", f"{identity}{again}", source.name, report)
            if _is_simulation(simulation):
                yield from _Simulation(run, placed, simulation).read()
            else:
                yield run.unknown(run.draft(placed, None), run.main, "simulation", placed.value)


def _is_simulation(value: JSON) -> bool:
    if not isinstance(value, dict) or "task_id" not in value:
        return False
    if isinstance(value.get("traj"), list):
        return "reward" in value or "trial" in value
    return "termination_reason" in value and (
        isinstance(value.get("messages"), list) or isinstance(value.get("ticks"), list)
    )


def _about(source: Source, report: ImportReport, document: Fields) -> Draft:
    """The event of what a file of simulations says of them all."""
    run = RunLog("tau", "", source.name, report)
    draft = run.draft(Placed(None, 0, 0, source.size), document.get("timestamp"))
    keys = run.main.keys
    for name, value in document.items():
        if name == "tasks" and isinstance(value, list):
            for number, task in enumerate(value, 1):
                keys.write(
                    draft,
                    f"tasks/{text_of(object_in({'t': task}, 't').get('id')) or number}",
                    keys.shorten_all(draft, task),
                )
        elif name != "simulations" and name:
            keys.change(draft, name, keys.shorten_all(draft, value))
    draft.kind, draft.label = "session", f"{len(list_in(document, 'simulations'))} simulations"
    return draft


class _Simulation:
    def __init__(self, run: RunLog, placed: Placed, simulation: Fields) -> None:
        self._run, self._placed, self._simulation = run, placed, simulation
        self._conversation = Conversation(run.main.keys, run.main)
        self._speaking: dict[str, Said] = {}
        self._voice: Fields = {}

    def read(self) -> Iterator[Draft]:
        """The events of one simulation."""
        yield self._begun()
        for number, message in enumerate(
            [*list_in(self._simulation, "traj"), *list_in(self._simulation, "messages")], 1
        ):
            for one in _each(message):
                yield self._message(number, one)
        for number, tick in enumerate(list_in(self._simulation, "ticks"), 1):
            yield self._tick(number, tick)
        yield self._ended()

    def _begun(self) -> Draft:
        simulation, task = self._simulation, object_in(object_in(self._simulation, "info"), "task")
        draft = self._run.draft(self._placed, simulation.get("start_time", simulation.get("timestamp")))
        self._run.session(
            draft, simulation=simulation.get("id"), task=simulation.get("task_id"), trial=simulation.get("trial")
        )
        keys = self._run.main.keys
        if task:
            keys.change(draft, "task", keys.shorten_all(draft, task))
        others = ("seed", "mode", "policy", "speech_environment", "effect_timeline")
        for name in others:
            if simulation.get(name) is not None:
                keys.change(draft, name, keys.shorten_all(draft, simulation[name]))
        told = text_in(task, "instruction")
        draft.kind, draft.label = "session", one_line(f"task {simulation.get('task_id')}: {told}".removesuffix(": "))
        return draft

    def _message(self, number: int, message: JSON) -> Draft:
        written = message.get("timestamp") if isinstance(message, dict) else None
        draft = self._run.draft(self._placed, written, message=number)
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            return self._run.unknown(draft, self._run.main, "message", message)
        kept, failed = message, message.get("error") is True
        if message["role"] == "tool" and "tool_call_id" not in message and isinstance(message.get("id"), str):
            kept = {**message, "tool_call_id": message["id"]}
        blocks = list_in(object_in(message, "raw_data"), "thinking_blocks")
        thoughts = "\n".join(filter(None, (text_in(block, "thinking") for block in blocks)))
        if thoughts and "reasoning_content" not in message:
            kept = {**kept, "reasoning_content": thoughts}
        more: Fields = {"turn": message.get("turn_idx")}
        asker = next((text_in(call, "requestor") for call in list_in(message, "tool_calls")), "")
        more["requestor"] = asker if asker and asker != "assistant" else None
        self._conversation.add(draft, kept, failed=failed, more=more)
        # Users are simulated by a model too: what they cost is not the agent's.
        if message["role"] == "assistant":
            cost = as_cost(message.get("cost"))
            usage = read_usage(message.get("usage"))
            if cost is not None and usage is None:
                self._run.main.usage.count(draft, NO_USAGE._replace(cost_usd=cost))
            elif cost is not None and usage is not None:
                # The tokens are counted already.
                self._run.main.usage.write(draft, self._cost_so_far() + cost)
        return draft

    def _cost_so_far(self) -> float:
        usage = self._run.main.keys.latest("usage")
        return as_cost(usage.get("cost_usd")) or 0.0 if isinstance(usage, dict) else 0.0

    def _tick(self, number: int, tick: JSON) -> Draft:
        """The event of one tick; nothing where nobody begins, ends or says anything."""
        known = tick if isinstance(tick, dict) else {}
        draft = self._run.draft(self._placed, known.get("timestamp"), tick=known.get("tick_id", number))
        agent = self._run.main
        voice: Fields = {}
        for side, role in (("agent", "assistant"), ("user", "user")):
            chunk = object_in(known, f"{side}_chunk")
            speaking = chunk.get("contains_speech") is True
            voice[f"{side}_speaking"] = speaking
            action = text_in(object_in(chunk, "turn_taking_action"), "action")
            voice[f"{side}_action"] = action or None
            self._speech(draft, agent, role, chunk, speaking=speaking)
            self._tools(draft, agent, known, chunk, side)
        if voice != self._voice:
            self._voice = voice
            agent.keys.write(draft, "voice", voice)
            who = " and ".join(side for side in ("agent", "user") if voice[f"{side}_speaking"]) or "nobody"
            if not draft.kind:
                draft.kind, draft.label = "voice", f"{who} speaking, user: {voice['user_action'] or '-'}"
        return draft

    def _speech(self, draft: Draft, agent: AgentLog, role: str, chunk: Fields, *, speaking: bool) -> None:
        text = text_in(chunk, "content")
        if not text:
            if not speaking:
                self._speaking.pop(role, None)
            return
        said = self._speaking.get(role)
        if said is None:
            self._speaking[role] = agent.say(draft, role, text)
        else:
            said.value["text"] = f"{said.value['text']}{text}"
            agent.amend(draft, said)
            draft.kind, draft.label = role, one_line(text)

    def _tools(self, draft: Draft, agent: AgentLog, tick: Fields, chunk: Fields, side: str) -> None:
        for call in [*list_in(chunk, "tool_calls"), *list_in(tick, f"{side}_tool_calls")]:
            agent.call(
                draft,
                text_in(call, "id"),
                text_in(call, "name") or "tool",
                object_in({"c": call}, "c").get("arguments"),
            )
        for result in list_in(tick, f"{side}_tool_results"):
            failed = isinstance(result, dict) and result.get("error") is True
            identity = text_in(result, "id", "tool_call_id") or "unknown"
            agent.answer(draft, identity, text_of(object_in({"r": result}, "r").get("content")), failed=failed)

    def _ended(self) -> Draft:
        simulation, agent = self._simulation, self._run.main
        draft = self._run.draft(self._placed, simulation.get("end_time", simulation.get("timestamp")))
        info = object_in(simulation, "info")
        scored = simulation.get("reward_info", info.get("reward_info"))
        reward = simulation.get("reward", object_in({"r": scored}, "r").get("reward"))
        reason, broken = simulation.get("termination_reason"), text_of(info.get("error"))
        cost = as_cost(simulation.get("agent_cost"))
        if cost is not None:
            agent.usage.write(draft, cost)
        final: Fields = {
            "reward": reward,
            "termination_reason": reason,
            "duration_s": simulation.get("duration"),
            "user_cost_usd": simulation.get("user_cost", info.get("user_cost")),
            "error": broken or None,
            "traceback": agent.keys.shorten(draft, text_of(info.get("traceback"))) or None,
            "reward_info": agent.keys.shorten_all(draft, scored) if scored is not None else None,
        }
        failed = bool(broken) or (isinstance(reason, str) and "error" in reason)
        told = [f"reward {reward}" if reward is not None else "", reason if isinstance(reason, str) else broken]
        agent.finish(draft, final, ", ".join(filter(None, told)) or "ended", failed=failed)
        if failed:
            agent.keys.error(draft, "run", str(reason or "error"), broken or str(reason))
        return draft


def _each(message: JSON) -> list[JSON]:
    """The messages that one holds: several results may come as one."""
    held = list_in(message, "tool_messages")
    return held or [message]
