"""The three agents of the support desk and the moves they make; every move is one commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from playhead import JSON, Store, Transaction

from .support_desk_cast import BUDGET_LIMIT_CENTS, CURRENCY, MISHAPS

Pause = tuple[float, float]
"""The shortest and longest wait before a commit, in seconds."""

THINKING: Pause = (1.5, 6.0)
STARTING_TOOL: Pause = (0.2, 0.9)
BOOKKEEPING: Pause = (0.05, 0.4)
LABEL_WIDTH = 72


class ShiftClock:
    """A clock that moves only when it is told to, so that every recording has the same times."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(milliseconds=round(seconds * 1000))


@dataclass(slots=True)
class Agent:
    """One agent: its counters, and the keys that its context holds until the ticket is closed."""

    name: str
    model: str
    input_price: int
    """US dollars for a million input tokens."""
    output_price: int
    messages: int = 0
    errors: int = 0
    turns: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_millionths: int = 0
    context: list[str] = field(default_factory=list)

    def next_message(self) -> str:
        self.messages += 1
        key = f"messages/{self.messages:04d}"
        self.context.append(key)
        return key

    def usage(self) -> JSON:
        """Everything spent since the shift began."""
        return {
            "input": self.input_tokens,
            "output": self.output_tokens,
            "cache_read": self.cached_tokens,
            "cost_usd": self.cost_millionths / 1_000_000,
            "calls": self.turns,
        }


@dataclass(slots=True)
class ToolCall:
    key: str
    tool: str
    arguments: dict[str, JSON]

    def value(self, status: str, **outcome: JSON) -> JSON:
        return {"name": self.tool, "args": self.arguments, "status": status, **outcome}


class Desk:
    """The store under the shift, and what all agents share: the clock, the ticket at hand, the budget."""

    def __init__(self, store: Store, clock: ShiftClock, chance: Random) -> None:
        self.store = store
        self.clock = clock
        self.chance = chance
        self.planner = Agent("planner", "opus-large", 5, 25)
        self.researcher = Agent("researcher", "haiku-small", 1, 5)
        self.refund = Agent("refund", "haiku-small", 1, 5)
        self.ticket: str | None = None
        self.mishap_rate = 0.05
        self.remaining_cents = BUDGET_LIMIT_CENTS
        self._calls = 0

    @property
    def agents(self) -> tuple[Agent, Agent, Agent]:
        return self.planner, self.researcher, self.refund

    @contextmanager
    def event(self, kind: str, label: str, pause: Pause = BOOKKEEPING, **meta: JSON) -> Iterator[Transaction]:
        """One commit, a pause after the one before it."""
        self.clock.advance(self.chance.uniform(*pause))
        about: dict[str, JSON] = {"ticket": self.ticket} if self.ticket else {}
        with self.store.begin_transaction(kind=kind, label=label, meta={**about, **meta}) as tx:
            yield tx

    def set_status(self, tx: Transaction, agent: Agent, phase: str) -> None:
        tx.write(
            agent_id=agent.name,
            key="status",
            value={"phase": phase, "turn": agent.turns, "ticket": self.ticket},
        )

    def say(self, agent: Agent, text: str, label: str = "") -> None:
        """A model's turn: one message, and what it cost."""
        agent.turns += 1
        read = 1100 + 160 * len(agent.context) + self.chance.randrange(90)
        cached = read * self.chance.randrange(60, 90) // 100
        written = 12 + len(text) // 4 + self.chance.randrange(40)
        agent.input_tokens += read
        agent.cached_tokens += cached
        agent.output_tokens += written
        agent.cost_millionths += (
            (read - cached) * agent.input_price + cached * agent.input_price // 10 + written * agent.output_price
        )
        with self.event(
            "assistant", label or shortened(text), THINKING, model=agent.model, output_tokens=written
        ) as tx:
            tx.write(
                agent_id=agent.name,
                key=agent.next_message(),
                value={"role": "assistant", "text": text, "model": agent.model},
            )
            tx.write(agent_id=agent.name, key="usage", value=agent.usage())
            self.set_status(tx, agent, "thinking")

    def hand_over(self, giver: Agent, taker: Agent, text: str) -> None:
        """Pass work on: both change status in one commit, and the taker reads a message."""
        with self.event("handoff", f"{giver.name} → {taker.name}: {shortened(text)}") as tx:
            tx.write(
                agent_id=taker.name,
                key=taker.next_message(),
                value={"role": "user", "from": giver.name, "text": text},
            )
            self.set_status(tx, giver, f"waiting for {taker.name}")
            self.set_status(tx, taker, "thinking")

    def start_tool(self, agent: Agent, tool: str, arguments: dict[str, JSON]) -> ToolCall:
        self._calls += 1
        call = ToolCall(f"tool_calls/call_{self._calls:04d}", tool, arguments)
        agent.context.append(call.key)
        said = ", ".join(f"{name}={value}" for name, value in arguments.items())
        with self.event("tool_call", f"{tool}({shortened(said, 48)})", STARTING_TOOL) as tx:
            tx.write(agent_id=agent.name, key=call.key, value=call.value("running"))
            self.set_status(tx, agent, f"tool:{tool}")
        return call

    def fail_tool(self, agent: Agent, call: ToolCall, error: str, message: str, waited: Pause = (0.3, 2.0)) -> None:
        """The tool's error: in its call, in the agent's list of errors, and as the last one."""
        duration = round(self.chance.uniform(*waited), 3)
        failure: JSON = {"where": call.tool, "type": error, "message": message}
        with self.event("tool_error", f"{call.tool}: {shortened(message)}", (duration, duration)) as tx:
            tx.write(
                agent_id=agent.name,
                key=call.key,
                value=call.value("error", error=message, duration_ms=round(duration * 1000)),
            )
            self.note_error(tx, agent, failure)

    def note_error(self, tx: Transaction, agent: Agent, failure: JSON) -> None:
        agent.errors += 1
        tx.write(agent_id=agent.name, key=f"errors/{agent.errors:04d}", value=failure)
        tx.write(agent_id=agent.name, key="last_error", value=failure)
        if "last_error" not in agent.context:
            agent.context.append("last_error")
        self.set_status(tx, agent, "error")

    @contextmanager
    def finish_tool(self, agent: Agent, call: ToolCall, result: JSON, said: str) -> Iterator[Transaction]:
        """The tool's result; the block may write what follows from it into the same commit."""
        duration = round(self.chance.uniform(0.15, 2.4), 3)
        with self.event("tool_result", f"{call.tool}: {said}", (duration, duration)) as tx:
            tx.write(
                agent_id=agent.name,
                key=call.key,
                value=call.value("ok", result=result, duration_ms=round(duration * 1000)),
            )
            yield tx
            self.set_status(tx, agent, "thinking")

    def call_until_heard(self, agent: Agent, tool: str, arguments: dict[str, JSON]) -> ToolCall:
        """Start a tool, and start it again for as long as the service has a mishap."""
        call = self.start_tool(agent, tool, arguments)
        attempt = 1
        while attempt < 4 and self.chance.random() < self.mishap_rate:
            error, message = self.chance.choice(MISHAPS)
            self.fail_tool(agent, call, error, message, (9.8, 10.2) if error == "timeout" else (0.1, 0.8))
            self.clock.advance(4 * attempt)
            attempt += 1
            call = self.start_tool(agent, tool, {**arguments, "attempt": attempt})
        return call

    def use(self, agent: Agent, tool: str, arguments: dict[str, JSON], result: JSON, said: str) -> None:
        """A whole tool call that changes nothing but itself."""
        with self.finish_tool(agent, self.call_until_heard(agent, tool, arguments), result, said):
            pass

    def budget(self) -> JSON:
        return {
            "limit": euros(BUDGET_LIMIT_CENTS),
            "spent": euros(BUDGET_LIMIT_CENTS - self.remaining_cents),
            "remaining": euros(self.remaining_cents),
            "currency": CURRENCY,
        }

    def write_plan(self, label: str, goal: str, status: str, steps: Sequence[dict[str, JSON]]) -> None:
        """The planner's plan as it is from here on."""
        with self.event("plan", label, THINKING) as tx:
            tx.write(
                agent_id=self.planner.name,
                key="plan",
                value={"goal": goal, "status": status, "steps": [dict(step) for step in steps]},
            )
            self.set_status(tx, self.planner, "planning")

    def forget_context(self, tx: Transaction, also: Sequence[tuple[Agent, str]] = ()) -> None:
        """Delete what every agent's context holds, and the keys given beside it."""
        for agent in self.agents:
            for key in agent.context:
                tx.delete(agent_id=agent.name, key=key)
            agent.context.clear()
        for agent, key in also:
            tx.delete(agent_id=agent.name, key=key)


def euros(cents: int) -> float:
    return cents / 100


def amount_text(cents: int) -> str:
    """The amount as a person writes it: `12,990.00 EUR`, `−310.50 EUR`."""
    return f"{'−' if cents < 0 else ''}{abs(cents) / 100:,.2f} {CURRENCY}"


def shortened(text: str, width: int = LABEL_WIDTH) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
