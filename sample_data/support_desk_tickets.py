"""One customer's ticket from the queue: opened, looked into, settled, answered, closed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from playhead import JSON, Transaction

from .support_desk_agents import STARTING_TOOL, THINKING, Agent, Desk, amount_text, euros
from .support_desk_cast import CARRIERS, CURRENCY, DEPOTS, Product, Topic

Step = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Case:
    """What one ticket is about."""

    ticket: str
    customer: str
    topic: Topic
    product: Product
    order: str
    amount_cents: int
    """What the customer asks back; the price where nothing is asked back."""

    def fill(self, text: str) -> str:
        return text.format(
            order=self.order,
            product=self.product.name,
            customer=self.customer,
            amount=amount_text(self.amount_cents),
        )

    def value(self, status: str) -> JSON:
        return {
            "id": self.ticket,
            "subject": self.topic.subject,
            "customer": self.customer,
            "order": self.order,
            "product": self.product.sku,
            "status": status,
        }


@dataclass(slots=True)
class Queue:
    """How the shift is going: tickets still waiting, closed, and refunds that were refused."""

    waiting: int
    closed: int = 0
    refused: int = 0

    def value(self) -> JSON:
        return {"waiting": self.waiting, "closed": self.closed, "refused": self.refused}


def work_ticket(desk: Desk, queue: Queue, case: Case) -> None:
    """About twenty commits, from the customer's first message to the closed ticket."""
    planner, researcher = desk.planner, desk.researcher
    open_ticket(desk, queue, case)
    goal = f"{case.ticket}: {case.topic.subject}"
    steps = first_steps(case)
    desk.write_plan(f"plan for {case.ticket}: {len(steps)} steps", goal, "running", steps)
    look_into(desk, case)
    desk.hand_over(researcher, planner, report_of(case))
    mark_done(steps, "researcher")
    desk.write_plan(f"plan for {case.ticket}: facts are in", goal, "running", steps)
    outcome = settle(desk, queue, case)
    if outcome == "refused":
        steps[-2]["status"] = "failed"
        steps.insert(-1, {"id": f"s{len(steps) + 1}", "agent": "planner", "do": "apologise", "status": "pending"})
        desk.write_plan(f"new plan for {case.ticket}: apologise, pay another day", goal, "changed", steps)
    reply = "We cannot send your money today, and I am sorry: our payments are on hold until tomorrow."
    answer(desk, case, reply if outcome == "refused" else case.fill(desk.chance.choice(case.topic.replies)))
    if desk.chance.random() < 0.45:
        hear(desk, case, "Thank you!" if outcome != "refused" else "That is not good enough. When, exactly?")
        desk.say(planner, "Nothing more to do here; closing the ticket.")
    close_ticket(desk, queue, case, outcome)


def open_ticket(desk: Desk, queue: Queue, case: Case) -> None:
    planner = desk.planner
    desk.ticket = case.ticket
    queue.waiting -= 1
    text = case.fill(desk.chance.choice(case.topic.complaints))
    with desk.event("user", f"{case.ticket} {case.customer}: {case.topic.subject}", (8.0, 40.0)) as tx:
        tx.write(agent_id=planner.name, key="ticket", value=case.value("open"))
        tx.write(
            agent_id=planner.name,
            key=planner.next_message(),
            value={"role": "user", "from": case.customer, "text": text},
        )
        tx.write(agent_id=planner.name, key="queue", value=queue.value())
        desk.set_status(tx, planner, "reading")
    desk.say(
        planner, case.fill("{customer} writes about order {order}, the {product}. I will have it looked up first.")
    )


def first_steps(case: Case) -> list[Step]:
    steps: list[Step] = [
        {"agent": "researcher", "do": tool, "order": case.order, "status": "pending"} for tool in case.topic.lookups
    ]
    if case.topic.outcome == "replacement":
        steps.append({"agent": "refund", "do": "send_replacement", "order": case.order, "status": "pending"})
    elif case.topic.outcome == "credit":
        steps.append(
            {
                "agent": "refund",
                "do": "card_refund",
                "order": case.order,
                "amount": euros(case.amount_cents),
                "status": "pending",
            }
        )
    steps.append({"agent": "planner", "do": "reply", "status": "pending"})
    return [{"id": f"s{number}", **step} for number, step in enumerate(steps, 1)]


def mark_done(steps: list[Step], agent: str) -> None:
    for step in steps:
        if step["agent"] == agent:
            step["status"] = "done"


def look_into(desk: Desk, case: Case) -> None:
    """The researcher asks every tool that the topic needs."""
    researcher = desk.researcher
    desk.hand_over(desk.planner, researcher, case.fill("Find out about order {order} ({product})."))
    for tool in case.topic.lookups:
        if desk.chance.random() < 0.6:
            desk.say(researcher, thought_before(tool, case))
        arguments, result, said = look_up(desk.chance, tool, case)
        desk.use(researcher, tool, arguments, result, said)
    desk.say(researcher, report_of(case))


def thought_before(tool: str, case: Case) -> str:
    return {
        "find_order": f"First the order itself: {case.order}.",
        "track_parcel": "Now where the carrier has it.",
        "view_photo": "There is a photo; looking at the damage.",
        "check_stock": f"Is there another {case.product.name} on the shelf?",
        "list_payments": f"Which payments did order {case.order} really get?",
        "get_policy": "What do our terms say about this?",
        "search_help": f"There should be care advice for the {case.product.name}.",
        "track_return": "Has the returned parcel been booked in?",
    }[tool]


def look_up(chance: Random, tool: str, case: Case) -> tuple[dict[str, JSON], JSON, str]:
    """One tool's arguments, its result, and the result in words."""
    order: dict[str, JSON] = {"order": case.order}
    paid = euros(case.product.price_cents)
    match tool:
        case "find_order":
            found: JSON = {**order, "sku": case.product.sku, "paid": paid, "currency": CURRENCY, "state": "shipped"}
            return order, found, f"order {case.order} → 1 hit, paid {amount_text(case.product.price_cents)}"
        case "track_parcel":
            carrier, depot = chance.choice(CARRIERS), chance.choice(DEPOTS)
            return order, {"carrier": carrier, "at": depot, "days": chance.randrange(1, 7)}, f"{carrier}, at {depot}"
        case "view_photo":
            photo = f"photo-{chance.randrange(1000, 9999)}.jpg"
            return {"file": photo}, {"damage": "crack, about 4 cm", "confidence": 0.93}, f"{photo} → crack, about 4 cm"
        case "check_stock":
            count = chance.randrange(3, 60)
            return (
                {"sku": case.product.sku},
                {"sku": case.product.sku, "free": count},
                f"{case.product.sku} → {count} free",
            )
        case "list_payments":
            payments: list[JSON] = [{"id": f"pay_{chance.randrange(10**6):06d}", "amount": paid} for _ in range(2)]
            return order, {**order, "payments": payments}, f"order {case.order} → 2 payments"
        case "get_policy":
            topic = case.topic.name
            return {"topic": topic}, {"topic": topic, "days": 14, "allowed": True}, f"{topic} → allowed for 14 days"
        case "search_help":
            return {"query": case.product.name}, {"pages": ["care", "warranty"]}, f"{case.product.name} → 2 pages"
        case "track_return":
            return order, {**order, "state": "received", "refund_due": True}, f"order {case.order} → return received"
    raise ValueError(f"no such tool: {tool}")


def report_of(case: Case) -> str:
    return {
        "answer": f"Order {case.order} is in order; here is what the customer wants to know.",
        "replacement": f"Order {case.order}: the complaint is right and we have the {case.product.name} in stock.",
        "credit": f"Order {case.order}: {amount_text(case.amount_cents)} should go back to the customer.",
        "claim": f"Order {case.order}: the return is booked in, the refund is owed. The card window is over.",
    }[case.topic.outcome]


def settle(desk: Desk, queue: Queue, case: Case) -> str:
    """Do what the outcome asks for; the answer is how it went, in one word."""
    match case.topic.outcome:
        case "replacement":
            send_replacement(desk, case)
            return "replaced"
        case "credit":
            return "credited" if credit_card(desk, queue, case) else "refused"
        case "claim":
            return "claim noted"
    return "answered"


def send_replacement(desk: Desk, case: Case) -> None:
    refund = desk.refund
    desk.hand_over(desk.planner, refund, case.fill("Please send a new {product} for order {order}."))
    parcel = f"R-{desk.chance.randrange(10**5):05d}"
    arguments: dict[str, JSON] = {"order": case.order, "sku": case.product.sku}
    desk.use(refund, "send_replacement", arguments, {"parcel": parcel}, f"order {case.order} → parcel {parcel}")
    if desk.chance.random() < 0.5:
        desk.use(refund, "return_label", {"order": case.order}, {"label": f"{parcel}-L"}, f"label {parcel}-L")
    desk.hand_over(refund, desk.planner, f"Parcel {parcel} is packed.")


def credit_card(desk: Desk, queue: Queue, case: Case) -> bool:
    """Pay the amount back to the card, unless the budget refuses; whether it was paid."""
    refund, amount = desk.refund, amount_text(case.amount_cents)
    desk.hand_over(desk.planner, refund, f"Please pay {amount} back for order {case.order}.")
    desk.say(refund, f"Paying {amount} back to the card of order {case.order}.")
    arguments: dict[str, JSON] = {"order": case.order, "amount": euros(case.amount_cents), "currency": CURRENCY}
    call = desk.call_until_heard(refund, "card_refund", arguments)
    if desk.remaining_cents < case.amount_cents:
        queue.refused += 1
        desk.fail_tool(
            refund, call, "refused", f"402 refund budget overdrawn: remaining {amount_text(desk.remaining_cents)}"
        )
        desk.hand_over(refund, desk.planner, f"Refused: there is no budget left for order {case.order}.")
        return False
    desk.remaining_cents -= case.amount_cents
    payment: JSON = {"refund": f"re_{desk.chance.randrange(10**6):06d}", "state": "paid"}
    with desk.finish_tool(refund, call, payment, f"order {case.order} → {amount} paid") as tx:
        tx.write(agent_id=refund.name, key="budget", value=desk.budget())
    desk.hand_over(refund, desk.planner, f"{amount} paid for order {case.order}.")
    return True


def hear(desk: Desk, case: Case, text: str) -> None:
    """The customer writes again."""
    with desk.event("user", f"{case.customer}: {text}", (20.0, 60.0)) as tx:
        write_message(tx, desk.planner, {"role": "user", "from": case.customer, "text": text})


def answer(desk: Desk, case: Case, text: str) -> None:
    """Draft a reply, sometimes a second time, and send it: the draft goes when the message is there."""
    planner = desk.planner
    greeting = f"Dear {case.customer.split()[0]}, "
    drafts = [greeting + text]
    if desk.chance.random() < 0.35:
        drafts.insert(0, text)
    for version, draft in enumerate(drafts, 1):
        with desk.event("draft", f"draft {version} of the reply to {case.customer}", THINKING) as tx:
            tx.write(agent_id=planner.name, key="draft", value={"to": case.customer, "text": draft})
    planner.turns += 1
    with desk.event("reply", f"reply to {case.customer}: {case.topic.subject}", STARTING_TOOL) as tx:
        write_message(tx, planner, {"role": "assistant", "to": case.customer, "text": drafts[-1]})
        tx.delete(agent_id=planner.name, key="draft")
        tx.write(agent_id=planner.name, key="ticket", value=case.value("answered"))
        desk.set_status(tx, planner, "waiting for customer")


def write_message(tx: Transaction, agent: Agent, value: dict[str, JSON]) -> None:
    tx.write(agent_id=agent.name, key=agent.next_message(), value=value)


def close_ticket(desk: Desk, queue: Queue, case: Case, outcome: str) -> None:
    """One commit that forgets everything about the ticket but how it ended."""
    planner = desk.planner
    queue.closed += 1
    with desk.event("close", f"{case.ticket} closed: {outcome}") as tx:
        tx.write(agent_id=planner.name, key=f"closed/{case.ticket}", value={"order": case.order, "outcome": outcome})
        tx.write(agent_id=planner.name, key="queue", value=queue.value())
        desk.forget_context(tx, also=[(planner, "ticket"), (planner, "plan")])
        desk.ticket = None
        for agent in desk.agents:
            desk.set_status(tx, agent, "idle")
