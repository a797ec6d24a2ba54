"""Record the support-desk run: one shift of three agents, about 2,000 commits, the same every time.

    python -m sample_data.record_support_desk sample_data/support-desk --force

README.md beside this file tells what happens in it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import playhead
from playhead import PlayheadError

from .support_desk_agents import Desk, ShiftClock
from .support_desk_cast import CLAIM_TOPIC, CLAIMS, CUSTOMERS, PRODUCTS, TOPICS
from .support_desk_refunds import refund_run, todos, write_plan_at_end
from .support_desk_tickets import Case, Queue, Step, work_ticket

SEED = 20261112
SHIFT_START = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)
FIRST_TICKET = 4101
QUEUE_LENGTH = 96
COMMITS_BEFORE_REFUNDS = 1240
COMMITS_BEFORE_THE_END = 1975
TICKETS_BETWEEN_CLAIMS = 6


def record(directory: Path) -> int:
    """Record the run into a new store at `directory`, sealed and closed; the last commit_ts.

    Raises PlayheadError if the store cannot be made.
    """
    clock = ShiftClock(SHIFT_START)
    with playhead.open(directory, create=True, durability="os", clock=clock) as store:
        desk = Desk(store, clock, Random(SEED))
        queue = Queue(QUEUE_LENGTH)
        start_shift(desk, queue)
        store.snapshot("shift start")
        cases = cases_of(desk.chance)
        claims: list[Case] = []
        while store.head < COMMITS_BEFORE_REFUNDS or len(claims) < len(CLAIMS):
            case = next(cases)
            work_ticket(desk, queue, case)
            if case.topic is CLAIM_TOPIC:
                claims.append(case)
                note_claim(desk, claims)
        store.snapshot("before refunds")
        steps = refund_run(desk, queue, claims, CLAIMS)
        desk.mishap_rate *= 3
        while store.head < COMMITS_BEFORE_THE_END:
            work_ticket(desk, queue, next(cases))
        end_shift(desk, queue, steps)
        store.snapshot("shift end")
        store.seal()
        return store.head


def start_shift(desk: Desk, queue: Queue) -> None:
    with desk.event("session", "late shift begins: planner, researcher, refund") as tx:
        for agent in desk.agents:
            session = {"title": "support desk, late shift", "model": agent.model, "started": desk.clock().isoformat()}
            tx.write(agent_id=agent.name, key="session", value=session)
            tx.write(agent_id=agent.name, key="usage", value=agent.usage())
            desk.set_status(tx, agent, "idle")
    with desk.event("session", f"{queue.waiting} tickets are waiting") as tx:
        tx.write(agent_id=desk.planner.name, key="queue", value=queue.value())
        tx.write(agent_id=desk.planner.name, key="todos", value=todos("pending", []))
    with desk.event("session", "refund budget of the shift") as tx:
        tx.write(agent_id=desk.refund.name, key="budget", value=desk.budget())


def cases_of(chance: Random) -> Iterator[Case]:
    """The queue: ordinary tickets, and a claim among them now and then until all claims have come."""
    claims = iter(CLAIMS)
    orders = chance.sample(range(86000, 89999), 200)
    for number, order in enumerate(orders):
        ticket = f"T-{FIRST_TICKET + number}"
        claim = next(claims, None) if number % TICKETS_BETWEEN_CLAIMS == 3 else None
        if claim:
            yield Case(ticket, claim.customer, CLAIM_TOPIC, claim.product, claim.order, claim.paid_cents)
            continue
        product = chance.choice(PRODUCTS)
        topic = chance.choice(TOPICS)
        share = chance.randrange(10, 30) if topic.name == "price_drop" else 100
        yield Case(ticket, chance.choice(CUSTOMERS), topic, product, str(order), product.price_cents * share // 100)


def note_claim(desk: Desk, claims: list[Case]) -> None:
    with desk.event("todo", f"noted for the refund run: order {claims[-1].order}") as tx:
        tx.write(agent_id=desk.planner.name, key="todos", value=todos("pending", claims))


def end_shift(desk: Desk, queue: Queue, steps: list[Step]) -> None:
    """The shift's last three commits: the plan as it was left, the outcome, everybody gone."""
    write_plan_at_end(desk, steps)
    overdrawn = -desk.remaining_cents / 100
    outcome = {
        "outcome": "failed",
        "reason": f"refund budget overdrawn by {overdrawn:,.2f} EUR",
        "closed": queue.closed,
        "waiting": queue.waiting,
        "refused": queue.refused,
        "cost_usd": sum(agent.cost_millionths for agent in desk.agents) / 1_000_000,
    }
    with desk.event("shift_error", f"shift ended with failure: {outcome['reason']}") as tx:
        tx.write(agent_id=desk.planner.name, key="final", value=outcome)
        desk.note_error(tx, desk.planner, {"where": "shift", "type": "failed", "message": str(outcome["reason"])})
    with desk.event("session", "late shift ends") as tx:
        for agent in desk.agents:
            desk.set_status(tx, agent, "failed" if agent is desk.planner else "done")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="record_support_desk", description="Record the support-desk run.")
    parser.add_argument("directory", type=Path, help="where the store goes")
    parser.add_argument("--force", action="store_true", help="replace the store that is there")
    options = parser.parse_args(arguments)
    directory: Path = options.directory
    if directory.exists():
        if not (options.force and (directory / "store.json").exists()):
            parser.error(f"{directory} exists; give another directory, or --force to replace a store")
        shutil.rmtree(directory)
    try:
        head = record(directory)
    except PlayheadError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{directory}: {head:,} commits\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
