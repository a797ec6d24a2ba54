"""Values in and out: any JSON value reads back the same, everything else is refused by name (S7), equality (S25)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON, InvalidValueError, codec

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EDGES: list[JSON] = [0.0, -0.0, 1.0, 1, True, 2**63, 2**64 - 1, -(2**63), 1e300, 5e-324, 1e22, 0.1, "", "\0", "\u2028"]
SCALARS: st.SearchStrategy[JSON] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(EDGES)
    | TEXT
)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)


def exact(value: JSON) -> str:
    """A text that tells values apart by type, sign and key order, as == does not."""
    return repr(value)


@given(value=VALUES)
def test_any_json_value_reads_back_equal_with_its_types_and_key_order(value: JSON) -> None:  # S7
    assert exact(codec.decode(codec.encode(value, "value"))) == exact(value)


@settings(max_examples=15, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=8))
def test_values_read_back_the_same_from_the_journal_from_segments_and_after_reopening(
    values: list[JSON], tmp_path_factory: pytest.TempPathFactory
) -> None:  # S7 S21
    path = tmp_path_factory.mktemp("values") / "run"

    def check(store: playhead.Store) -> None:
        expected = [exact(value) for value in values]
        keys = [str(number) for number in range(len(values))]
        (event,) = store.replay()
        assert [exact(operation.value) for operation in event.operations] == expected
        state = store.state("agent")
        assert [exact(state[key].value) for key in keys] == expected
        assert [exact(store.get_state("agent", key).value) for key in keys] == expected
        assert [exact(store.get_state_at_version("agent", key, 1).value) for key in keys] == expected

    with playhead.open(path, durability="os") as store:
        with store.begin_transaction() as tx:
            for number, value in enumerate(values):
                tx.write("agent", str(number), value)
        check(store)
        store.seal()
        check(store)
    with playhead.open(path, read_only=True) as store:
        check(store)


def test_a_tuple_reads_back_as_a_list() -> None:  # S7
    assert codec.decode(codec.encode({"a": (1, (2,), [()])}, "value")) == {"a": [1, [2], [[]]]}


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


@dataclass
class Point:
    x: int


class Pair(NamedTuple):
    a: int


class Text(str):
    __slots__ = ()


REFUSED = [
    (float("nan"), "not a JSON number"),
    (float("inf"), "not a JSON number"),
    (float("-inf"), "not a JSON number"),
    (2**64, "outside"),
    (-(2**63) - 1, "outside"),
    ({1: 2}, "not a string"),
    ({None: 2}, "not a string"),
    ({("a",): 2}, "not a string"),
    ({Text("a"): 2}, "not a string"),
    ("\ud800", "surrogate"),
    ("ok \udfff", "surrogate"),
    ({"\udc00": 1}, "surrogate"),
    (UUID(int=1), "UUID"),
    (Color.RED, "Color"),
    (Level.LOW, "Level"),
    (datetime(2026, 1, 1), "datetime"),  # noqa: DTZ001
    (date(2026, 1, 1), "date"),
    (Point(1), "Point"),
    (Pair(1), "Pair"),
    (Text("a"), "Text"),
    ({1, 2}, "set"),
    (frozenset(), "frozenset"),
    (b"bytes", "bytes"),
    (bytearray(b"x"), "bytearray"),
    (Decimal(1), "Decimal"),
    (1j, "complex"),
    (object(), "object"),
    (range(3), "range"),
    ({}.keys(), "dict_keys"),
    (Ellipsis, "ellipsis"),
]


@pytest.mark.parametrize(
    ("value", "reason"), REFUSED, ids=[f"{type(value).__name__}-{i}" for i, (value, _) in enumerate(REFUSED)]
)
def test_what_json_does_not_have_is_refused_naming_key_and_path(value: object, reason: str) -> None:  # S7
    for wrapped, path in (
        (value, "the top"),
        ([0, value], r"\[1\]"),
        ({"plan": {"steps": [None, {"cost": value}]}}, r"plan\.steps\[1\]\.cost"),
        ((("a", value),), r"\[0\]\[1\]"),
    ):
        with pytest.raises(InvalidValueError, match=rf"key 'budget'.*{reason}") as refused:
            codec.encode(wrapped, "key 'budget'")
        if not (isinstance(value, dict) and reason == "surrogate"):
            assert refused.match(path)


def test_a_surrogate_in_an_object_key_is_named_by_its_path() -> None:  # S7
    with pytest.raises(InvalidValueError, match=r"at a\[0\]\.x\\udc00"):
        codec.encode({"a": [{"x\udc00": 1}]}, "key 'k'")


def test_128_levels_are_held_and_129_are_not() -> None:  # S7
    def nested(levels: int, opening: JSON = None) -> JSON:
        value: JSON = opening
        for level in range(levels):
            value = [value] if level % 2 else {"a": value}
        return value

    assert codec.decode(codec.encode(nested(128), "value")) == nested(128)
    with pytest.raises(InvalidValueError, match="deeper than 128"):
        codec.encode(nested(129), "value")
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(InvalidValueError, match="deeper than 128"):
        codec.encode(cycle, "value")


def canonical(value: JSON) -> str:
    """The equality of S25, written down another way: types and signs count, the order of object keys does not."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return repr(value)


def hashed(value: JSON) -> bytes:
    return codec.value_hash(codec.encode(value, "value"))


SMALL = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, 0.0, -0.0, "", "1", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", ""]), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=400)
@given(a=SMALL, b=SMALL)
def test_two_values_share_a_hash_exactly_when_they_are_equal_as_json(a: JSON, b: JSON) -> None:  # S25
    assert (hashed(a) == hashed(b)) == (canonical(a) == canonical(b))


@given(value=VALUES)
def test_a_hash_does_not_depend_on_the_order_of_object_keys(value: JSON) -> None:  # S25
    def turned(value: JSON) -> JSON:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert hashed(turned(value)) == hashed(value)
    assert codec.value_hash(codec.encode(value, "value").decode()) == hashed(value)


@pytest.mark.parametrize(
    ("a", "b"), [(1, 1.0), (1, True), (0, False), (0.0, -0.0), (0, None), ("1", 1), ([], {}), ("", None)]
)
def test_lookalikes_have_different_hashes(a: JSON, b: JSON) -> None:  # S25
    assert hashed(a) != hashed(b)
    assert hashed([a]) != hashed([b])
    assert hashed({"k": a}) != hashed({"k": b})
