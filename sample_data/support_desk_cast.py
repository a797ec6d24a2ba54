"""Who and what the support-desk run is about: customers, products, kinds of tickets, the claims of the refund run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["answer", "replacement", "credit", "claim"]
"""How a ticket ends: words only, a new parcel, money back at once, or a place in the refund run."""


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    price_cents: int


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of ticket. Texts may name {order}, {product}, {customer} and {amount}."""

    name: str
    subject: str
    complaints: tuple[str, ...]
    lookups: tuple[str, ...]
    """Tools that the researcher asks, in this order."""
    outcome: Outcome
    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One order that the refund run pays back by bank transfer."""

    customer: str
    order: str
    product: Product
    paid_cents: int
    placed: str
    archived: bool = False
    """Older than the order service remembers: only the archive knows it, and it counts in cents."""


PRODUCTS = (
    Product("KT-104", "enamel teapot, 1.2 l", 3450),
    Product("KT-221", "cast-iron casserole, 4 l", 12990),
    Product("KT-310", "walnut chopping board", 4900),
    Product("KT-405", "hand coffee grinder", 7890),
    Product("HM-018", "linen duvet cover, grey", 8950),
    Product("HM-077", "wool throw, 130 × 180", 6400),
    Product("HM-112", "brass desk lamp", 11900),
    Product("HM-140", "beeswax candles, set of 6", 1890),
    Product("GD-009", "bypass secateurs", 4250),
    Product("GD-033", "zinc watering can, 9 l", 3990),
    Product("GD-051", "jute plant hangers, pair", 1650),
    Product("BG-205", "waxed canvas rucksack", 13900),
)

CUSTOMERS = (
    "Ingrid Aasen", "Tomás Beltrán", "Chidi Okafor", "Margit Lindqvist", "Yuki Tanaka", "Aoife Brennan",
    "Piotr Zieliński", "Leïla Haddad", "Jonas Weber", "Sofia Papadaki", "Marta Ferreira", "Henrik Dahl",
    "Nadia Petrova", "Lucas Moreau", "Emre Yıldız", "Clara Rossi", "Dávid Szabó", "Hanne de Vries",
    "Olu Adeyemi", "Katarína Novák", "Pádraig Walsh", "Elsa Virtanen", "Rui Carvalho", "Greta Hofmann",
)  # fmt: skip

TOPICS = (
    Topic(
        "where_is_it",
        "Where is my parcel?",
        (
            "My order {order} ({product}) was due on Monday and has not come. Where is it?",
            "Tracking for {order} has said 'in transit' for six days. Is it lost?",
        ),
        ("find_order", "track_parcel"),
        "answer",
        (
            "Your {product} is at the depot nearest to you and comes tomorrow before noon.",
            "The carrier held order {order} for a day because of the storm; it is moving again.",
        ),
    ),
    Topic(
        "damaged",
        "Arrived damaged",
        (
            "The {product} from order {order} arrived cracked. Photos attached.",
            "Order {order}: the box was crushed and the {product} is dented.",
        ),
        ("find_order", "view_photo", "check_stock"),
        "replacement",
        (
            "A new {product} leaves today, free of charge. Please keep or recycle the damaged one.",
            "I am sorry about that. A replacement for order {order} is on its way.",
        ),
    ),
    Topic(
        "wrong_item",
        "Wrong item in the box",
        (
            "I ordered the {product} and got something else. Order {order}.",
            "Order {order} came with someone else's invoice and the wrong article.",
        ),
        ("find_order", "check_stock"),
        "replacement",
        ("The right {product} is packed and leaves today; a return label for the other is attached.",),
    ),
    Topic(
        "double_charge",
        "Charged twice",
        (
            "My card was charged twice for order {order}: {amount} both times.",
            "Two bookings of {amount} for one {product}. Please send one back.",
        ),
        ("find_order", "list_payments"),
        "credit",
        ("You were right: one of the two bookings of {amount} was ours to return. It is on its way to your card.",),
    ),
    Topic(
        "price_drop",
        "Price dropped after I bought",
        ("The {product} is cheaper now than when I placed order {order}. Can I have the difference?",),
        ("find_order", "get_policy"),
        "credit",
        ("We honour a lower price for 14 days, so {amount} goes back to your card.",),
    ),
    Topic(
        "address_change",
        "Please change the address",
        (
            "I moved. Can order {order} go to my new address?",
            "Wrong house number on order {order}, it should be 17, not 71.",
        ),
        ("find_order", "track_parcel", "get_policy"),
        "answer",
        ("Done: order {order} goes to the new address.",),
    ),
    Topic(
        "how_to",
        "How do I look after it?",
        ("How do I clean the {product}? The leaflet was missing from order {order}.",),
        ("search_help",),
        "answer",
        ("Warm water and a soft cloth are enough for the {product}; the leaflet is attached.",),
    ),
)

CLAIM_TOPIC = Topic(
    "refund_owed",
    "My refund has not come",
    (
        "I sent the {product} back weeks ago (order {order}) and have seen no money.",
        "Order {order}: the return was confirmed, the refund never arrived.",
    ),
    ("track_return",),
    "claim",
    ("Your return has arrived. We pay the refund for order {order} by bank transfer this afternoon.",),
)

CLAIMS = (
    Claim("Margit Lindqvist", "84110", PRODUCTS[4], 8950, "2026-10-02"),
    Claim("Jonas Weber", "83967", PRODUCTS[0], 3450, "2026-10-01"),
    Claim("Leïla Haddad", "85204", PRODUCTS[6], 11900, "2026-10-09"),
    Claim("Rui Carvalho", "84733", PRODUCTS[3], 7890, "2026-10-05"),
    Claim("Aoife Brennan", "61277", PRODUCTS[1], 12990, "2026-03-18", archived=True),
    Claim("Henrik Dahl", "85519", PRODUCTS[8], 4250, "2026-10-11"),
    Claim("Clara Rossi", "84902", PRODUCTS[5], 6400, "2026-10-07"),
)

MISHAPS = (
    ("rate_limit", "429 Too Many Requests: retry after 4 s"),
    ("rate_limit", "429 Too Many Requests: 60 calls a minute reached"),
    ("timeout", "no answer within 10 s"),
    ("unavailable", "503 Service Unavailable: upstream is restarting"),
)

BUDGET_LIMIT_CENTS = 400_000
CURRENCY = "EUR"
CARRIERS = ("PostNord", "DHL", "GLS", "An Post")
DEPOTS = ("Hamburg", "Malmö", "Rotterdam", "Cork", "Porto")
