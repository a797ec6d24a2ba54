"""The refund run: seven orders looked up, planned, and paid back; and what follows when the money is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from playhead import JSON

from .support_desk_agents import Desk, ToolCall, amount_text, euros
from .support_desk_cast import CURRENCY, Claim
from .support_desk_tickets import Case, Queue, Step, answer, write_message

RUN = "refund-run"
GOAL = "refund run: pay back every returned order by bank transfer"
SHIFT_LEAD = "shift lead"


def refund_run(desk: Desk, queue: Queue, cases: Sequence[Case], claims: Sequence[Claim]) -> list[Step]:
    """The whole run, and its steps as they ended. `cases` are the tickets of `claims`, in the same order."""
    desk.ticket = RUN
    steps = plan_run(desk, cases)
    find_amounts(desk, steps, claims)
    unpaid = pay_all(desk, queue, steps, claims)
    look_for_a_way_out(desk, steps, claims, unpaid)
    for case, step in zip(cases, steps, strict=True):
        if step in unpaid:
            answer(desk, case, "your refund was planned for today and could not be paid. I am sorry.")
    write_plan_at_end(desk, steps)
    with desk.event("close", f"refund run ended: {len(unpaid)} of {len(claims)} not paid") as tx:
        tx.write(agent_id=desk.planner.name, key="todos", value=todos("stopped", cases))
        tx.delete(agent_id=desk.refund.name, key="progress")
        desk.forget_context(tx, also=[(desk.planner, "ticket"), (desk.planner, "plan")])
        desk.ticket = None
    return steps


def write_plan_at_end(desk: Desk, steps: Sequence[Step]) -> None:
    """The plan of the run as it was left; written once more when the shift ends."""
    owed = sum(step["status"] == "blocked" for step in steps)
    desk.write_plan(f"refund run stopped, {owed} customers are still owed", GOAL, "stopped", steps)


def todos(run: str, cases: Sequence[Case]) -> JSON:
    """The planner's list: the queue, the run, and one line for each claim noted so far."""
    items: list[JSON] = [
        {"id": "queue", "content": "work through the queue", "status": "in_progress"},
        {"id": RUN, "content": "pay the refunds that are owed, in one run", "status": run},
    ]
    items += [{"id": case.ticket, "content": f"pay back order {case.order}", "status": run} for case in cases]
    return items


def plan_run(desk: Desk, cases: Sequence[Case]) -> list[Step]:
    planner = desk.planner
    with desk.event("user", f"{SHIFT_LEAD}: please start the refund run", (20.0, 40.0)) as tx:
        text = f"Please start the refund run now: {len(cases)} orders are owed money."
        write_message(tx, planner, {"role": "user", "from": SHIFT_LEAD, "text": text})
        tx.write(agent_id=planner.name, key="todos", value=todos("in_progress", cases))
    desk.say(
        planner, f"{len(cases)} refunds are owed. First every amount from its order, then the transfers in one go."
    )
    steps: list[Step] = [
        {
            "id": f"s{number}",
            "agent": "refund",
            "do": "bank_transfer",
            "ticket": case.ticket,
            "order": case.order,
            "amount": None,
            "approved": False,
            "status": "needs amount",
        }
        for number, case in enumerate(cases, 1)
    ]
    desk.write_plan(f"refund run: {len(steps)} transfers, no amounts yet", GOAL, "collecting", steps)
    desk.hand_over(planner, desk.researcher, f"Find what was paid for these {len(steps)} orders.")
    return steps


def find_amounts(desk: Desk, steps: list[Step], claims: Sequence[Claim]) -> None:
    """Ask the order service for every amount, and the archive, last, for what the service no longer knows."""
    researcher = desk.researcher
    deferred: list[tuple[Claim, Step]] = []
    for claim, step in zip(claims, steps, strict=True):
        desk.say(researcher, f"Order {claim.order} of {claim.customer}: what was paid?")
        call = desk.call_until_heard(researcher, "find_order", {"order": claim.order})
        if claim.archived:
            desk.fail_tool(researcher, call, "not_found", f"404 order {claim.order} is older than 180 days")
            desk.say(researcher, f"Order {claim.order} is in the archive by now. I leave it for last.")
            deferred.append((claim, step))
        else:
            note_amount(desk, call, claim, step, euros(claim.paid_cents))
            write_amounts(desk, steps, step)
    for claim, step in deferred:
        desk.say(researcher, f"Now order {claim.order}, placed on {claim.placed}: asking the archive.")
        call = desk.start_tool(researcher, "archive_lookup", {"order": claim.order})
        # The bug of this run: the archive counts in cents, and nobody divides by 100.
        note_amount(desk, call, claim, step, claim.paid_cents)
        write_amounts(desk, steps, step)


def note_amount(desk: Desk, call: ToolCall, claim: Claim, step: Step, paid: float) -> None:
    """The tool's result, kept as a finding; an amount that is no more than what was paid approves itself."""
    result: JSON = {"order": claim.order, "paid": paid, "currency": CURRENCY, "placed": claim.placed}
    finding: JSON = {"order": claim.order, "paid": paid, "source": call.tool}
    with desk.finish_tool(desk.researcher, call, result, f"order {claim.order} → 1 hit, paid {paid}") as tx:
        tx.write(agent_id=desk.researcher.name, key=f"findings/{claim.order}", value=finding)
    step.update(amount=float(paid), approved=True, approved_by="rule: amount ≤ paid", status="approved")


def write_amounts(desk: Desk, steps: list[Step], step: Step) -> None:
    missing = sum(other["amount"] is None for other in steps)
    label = f"refund run: amount of {step['id']} noted, " + (f"{missing} missing" if missing else "all approved")
    desk.write_plan(label, GOAL, "collecting" if missing else "ready", steps)


def pay_all(desk: Desk, queue: Queue, steps: list[Step], claims: Sequence[Claim]) -> list[Step]:
    """Pay step by step; the answer is the steps that the budget refused."""
    refund = desk.refund
    desk.hand_over(desk.planner, refund, "Every amount is approved: please pay steps s1 to s7 in this order.")
    desk.say(refund, f"{len(steps)} transfers to make, {amount_text(desk.remaining_cents)} in the budget.")
    unpaid = []
    for number, (claim, step) in enumerate(zip(claims, steps, strict=True), 1):
        desk.say(refund, f"Step {step['id']}: order {claim.order}, {claim.customer}.")
        account = f"ends in {desk.chance.randrange(1000, 9999)}"
        desk.use(refund, "verify_account", {"customer": claim.customer}, {"account": account, "valid": True}, account)
        if pay(desk, step):
            desk.use(
                refund,
                "send_notice",
                {"ticket": step["ticket"]},
                {"sent": True},
                f"{claim.customer} told of the transfer",
            )
        else:
            queue.refused += 1
            unpaid.append(step)
        with desk.event("progress", f"refund run: {number} of {len(steps)} done") as tx:
            progress: JSON = {"step": step["id"], "done": number, "of": len(steps), "unpaid": len(unpaid)}
            tx.write(agent_id=refund.name, key="progress", value=progress)
            desk.set_status(tx, refund, "thinking")
    return unpaid


def pay(desk: Desk, step: Step) -> bool:
    """Transfer what the plan says. The bank looks at what is left before a transfer, never at what is left after it."""
    refund, amount = desk.refund, step["amount"]
    assert isinstance(amount, float)
    cents = round(amount * 100)
    arguments: dict[str, JSON] = {"step": step["id"], "order": step["order"], "amount": amount, "currency": CURRENCY}
    call = desk.call_until_heard(refund, "bank_transfer", arguments)
    if desk.remaining_cents < 0:
        desk.fail_tool(refund, call, "refused", f"402 budget overdrawn: remaining {amount_text(desk.remaining_cents)}")
        return False
    desk.remaining_cents -= cents
    transfer = f"tr_{desk.chance.randrange(10**6):06d}"
    receipt: dict[str, JSON] = {"transfer": transfer, "amount": amount, "state": "sent"}
    with desk.finish_tool(
        refund, call, receipt, f"step {step['id']}, order {step['order']} → {amount_text(cents)} sent"
    ) as tx:
        tx.write(agent_id=refund.name, key="budget", value=desk.budget())
        tx.write(agent_id=refund.name, key=f"ledger/{step['order']}", value={"step": step["id"], **receipt})
    if desk.remaining_cents < 0:
        message = f"remaining is {amount_text(desk.remaining_cents)}"
        with desk.event("budget_error", f"budget overdrawn: {message}") as tx:
            desk.note_error(tx, refund, {"where": "budget", "type": "overdrawn", "message": message})
    return True


def look_for_a_way_out(desk: Desk, steps: list[Step], claims: Sequence[Claim], unpaid: Sequence[Step]) -> None:
    """The planner asks for money, for a second look and for the transfer back, and gets none of them."""
    planner, researcher, refund = desk.planner, desk.researcher, desk.refund
    for step in steps:
        step["status"] = "blocked" if step in unpaid else "paid"
    desk.hand_over(refund, planner, f"Stopped: the budget is overdrawn and {len(unpaid)} transfers were refused.")
    desk.say(
        planner,
        "There was enough for all seven when the run began. I will ask for more and keep the rest waiting.",
    )
    desk.write_plan(f"new plan: {len(unpaid)} transfers blocked, ask for more budget", GOAL, "blocked", steps)
    for _ in range(3):
        call = desk.start_tool(planner, "request_budget", {"amount": 10_000.0, "currency": CURRENCY})
        desk.fail_tool(planner, call, "timeout", "no approver answered within 10 s", (9.9, 10.1))
    desk.use(
        planner,
        "request_budget",
        {"amount": 500.0, "currency": CURRENCY},
        {"approved": False},
        "declined, no approver on shift",
    )
    desk.hand_over(planner, researcher, "Please check the amounts of the refund run again.")
    for claim in claims:
        paid = claim.paid_cents if claim.archived else euros(claim.paid_cents)
        tool = "archive_lookup" if claim.archived else "find_order"
        found: JSON = {"order": claim.order, "paid": paid, "currency": CURRENCY}
        desk.use(researcher, tool, {"order": claim.order}, found, f"order {claim.order} → 1 hit, paid {paid}")
    desk.say(researcher, "Every amount in the plan is the amount that was paid.")
    desk.hand_over(researcher, planner, "All seven amounts agree with what was paid.")
    largest = max(steps, key=lambda step: cast(float, step["amount"]))
    desk.say(planner, f"Then only a recall helps: step {largest['id']} is the largest transfer.")
    desk.hand_over(planner, refund, f"Please recall the transfer of step {largest['id']}.")
    call = desk.start_tool(refund, "recall_transfer", {"step": largest["id"], "order": largest["order"]})
    desk.fail_tool(refund, call, "too_late", "409 the transfer has been settled and cannot be recalled")
    desk.hand_over(refund, planner, "Too late: the transfer is settled.")
    desk.write_plan("new plan: write to the customers who are still owed", GOAL, "stopping", steps)
