"""Paths are written one way everywhere, and what is written is read back as the same path."""

from __future__ import annotations

import json

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot.dialects import DuckDB

from playhead import InvalidArgumentError
from playhead.expression import ExpressionText, StatePath, place_of
from playhead.json_path import (
    Path,
    format_address,
    format_jq,
    format_path,
    format_python,
    parse_address,
    parse_path,
)

PARTS = st.one_of(
    st.integers(0, 12), st.sampled_from(["a", "steps", "größe", "", "a b", 'say "hi"', "7", "[0]"]), st.text()
)
PATHS = st.lists(PARTS, max_size=5).map(tuple)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("steps", 2, "status"), "steps[2].status"),
        (("a b", 0, "c"), '"a b"[0].c'),
        ((0, -1, "a b"), '[0][-1]."a b"'),
        (("", 'say "hi"', "7", "größe"), '""."say ""hi"""."7".größe'),
        (("list", 0, "list", "not"), 'list[0].list."not"'),
    ],
)
def test_a_path_is_written_as_expressions_spell_it(path: Path, text: str) -> None:
    assert format_path(path) == text
    assert parse_path(text) == path


@given(PATHS)
def test_a_written_path_is_read_back_as_it_was(path: Path) -> None:
    assert parse_path(format_path(path)) == path


@given(st.text(min_size=1), PATHS)
def test_a_written_key_and_path_are_read_back_as_they_were(key: str, path: Path) -> None:
    assert parse_address(format_address(key, path)) == (key, path)


def test_a_key_that_is_no_plain_name_stands_in_quotes() -> None:
    assert format_address("plan", ("steps", 2, "due date")) == 'plan.steps[2]."due date"'
    assert format_address("plan/steps", (2, "status")) == '"plan/steps"[2].status'
    assert format_address("Order", ("total",)) == '"Order".total'


@pytest.mark.parametrize(
    ("text", "key", "path"),
    [
        ("plan/steps[2].status", "plan/steps", (2, "status")),
        ("tool-calls/9-a.name", "tool-calls/9-a", ("name",)),
        ("order[-1]", "order", (-1,)),
        ("plan['it''s'][0]", "plan", ("it's", 0)),
    ],
)
def test_what_people_type_is_read_too(text: str, key: str, path: Path) -> None:
    assert parse_address(text) == (key, path)


@given(
    st.one_of(st.sampled_from(["plan", "order", "Text", "event", "agent", "plan/steps"]), st.text(min_size=1)), PATHS
)
@example("list", (0, "array", 0, "select", "list", "not", "case"))
def test_a_written_key_and_path_mean_the_same_in_an_expression(key: str, path: Path) -> None:
    expression = ExpressionText(format_address(key, path))
    assert place_of(expression.tree(), expression) == StatePath(key, path)


@pytest.mark.parametrize("path", [(), ("x",), (0, "x"), (-1,)])
def test_no_word_of_sql_is_taken_for_a_key(path: Path) -> None:
    words = {word for (word,) in duckdb.execute("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
    words |= {word.lower() for word in DuckDB.Tokenizer.KEYWORDS if word.isidentifier()}
    misread = [
        (word, address.key)
        for word in sorted(words)
        for address in (StatePath(word, path), StatePath("plan", (word, *path)))
        if _compared(f"{format_address(address.key, address.steps)} = 1") != address
    ]
    assert not misread


def _compared(text: str) -> object:
    """What the left side of a comparison stands for."""
    expression = ExpressionText(text)
    return place_of(expression.tree().this, expression)


def test_jq_and_python_are_given_what_they_read() -> None:
    assert format_jq("plan/steps", (2, "status")) == '.["plan/steps"][2].status'
    assert format_jq("budget", ("left",)) == ".budget.left"
    assert format_jq("größe", ("ö",)) == '.["größe"]["ö"]'
    assert format_python(("steps", 2, 'a "b"')) == '["steps"][2]["a \\"b\\""]'


@given(PATHS)
def test_the_python_subscripts_find_the_part(path: Path) -> None:
    value: object = "found"
    for part in reversed(path):
        value = {part: value} if isinstance(part, str) else [None] * part + [value]
    assert eval(f"value{format_python(path)}", {"value": value}) == "found"
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text", [".a", "a..b", "a b", "a[-0]", "a[01]", "a[x]", "a.", "a.7", 'a["x"]', 'a."x', "a['x]", "a[1]b"]
)
def test_what_is_no_path_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="is no path from character"):
        parse_path(text)


@pytest.mark.parametrize("text", ["", "[2]", "/a", "a/", "7", '"a'])
def test_what_names_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="is no path from character"):
        parse_address(text)
