"""What the inspector draws, as text: no app in here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead import JSON, EventHeader, Record
from playhead.blame import blame
from playhead_tui.drawing.blame_lines import blame_rows, gutter_width
from playhead_tui.drawing.change_age import age_role
from playhead_tui.drawing.change_words import change_spans
from playhead_tui.drawing.code_lines import code_lines, language_of
from playhead_tui.drawing.diff_lines import diff_rows
from playhead_tui.drawing.highlight import highlighted, matcher
from playhead_tui.drawing.history_lines import history_line, series_lines
from playhead_tui.drawing.json_lines import Style, fitting_depth, json_lines, json_rows
from playhead_tui.drawing.markdown_lines import looks_like_markdown, markdown_lines
from playhead_tui.drawing.row import Fold, Folding, Row
from playhead_tui.drawing.series import series_of
from playhead_tui.drawing.side_by_side import side_by_side
from playhead_tui.drawing.span import Line, Span, width_of
from playhead_tui.drawing.sparkline import sparkline, value_at_column
from playhead_tui.drawing.text_block import text_block

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ALL = Folding(all_open=True)
SOME = Folding()
VALUES = st.recursive(
    st.one_of(st.integers(0, 3), st.none(), st.booleans(), st.text("ab \n日", max_size=60)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)),
    max_leaves=14,
)


def record(value: JSON, version: int = 1, exists: bool = True) -> Record:
    return Record("default", "a", "k", value, version, version, NOON, exists)


def text_of(lines: list[Line] | list[Row]) -> list[str]:
    return [(line.line if isinstance(line, Row) else line).text.rstrip() for line in lines]


def roles(line: Line) -> list[tuple[str, str]]:
    return [(span.text, span.role) for span in line.spans if span.text.strip()]


# ── a value that folds ───────────────────────────────────────────────────────────────────────────────────────────────


def test_every_row_knows_the_part_it_shows_and_what_folds_there() -> None:
    value: JSON = {"plan": [{"tool": "x"}], "n": 1}
    rows = json_rows(value, Style(60, marks=True))
    assert [(row.line.text, row.path, row.fold.path if row.fold else None) for row in rows] == [
        ("▾ {", (), ()),
        ('  ▾ "plan": [', ("plan",), ("plan",)),
        ("    ▾ {", ("plan", 0), ("plan", 0)),
        ('        "tool": "x"', ("plan", 0, "tool"), ("plan", 0)),
        ("      }", ("plan", 0), ("plan", 0)),
        ("    ],", ("plan",), ("plan",)),
        ('    "n": 1', ("n",), ()),
        ("  }", (), ()),
    ]


def test_what_is_folded_is_one_row_with_a_glimpse_and_a_count() -> None:
    value: JSON = {"plan": [{"tool": "x"}, {"tool": "y"}], "text": "many words " * 20}
    folding = Folding(toggled=frozenset({Fold("value", ("plan",)), Fold("value", ("text",))}))
    assert text_of(json_rows(value, Style(60, folding, marks=True)))[1:3] == [
        '  ▸ "plan": [{tool: "x"}, {tool: "y"}]  2 items',
        '  ▸ "text": "many words many words many wor…  220 characters',
    ]
    deep = json_rows(value, Style(60, Folding(depth=1), marks=True))
    assert len(deep) == 2 + 1 + sum(row.path == ("text",) for row in deep)


def test_a_long_value_is_folded_to_begin_with_as_deep_as_fits() -> None:
    small: JSON = {"a": [{"b": [1, 2]}]}
    assert fitting_depth(small) == 1_000
    messages: JSON = [{"role": "user", "parts": [{"text": str(n)}] * 10} for n in range(80)]
    assert fitting_depth(messages, 400) == 2
    assert fitting_depth(cast(JSON, list(range(100_000)))) == 1
    assert len(json_rows(messages, Style(80, Folding(2), marks=True))) < 400


def test_a_text_of_ten_megabytes_without_a_break_is_bounded() -> None:
    lines = json_lines("x" * 10_000_000, 80)
    assert len(lines) <= 401
    assert "10,000,000 characters in all" in lines[-1].text


@given(VALUES, st.integers(24, 90))
def test_no_row_of_a_value_is_wider_than_its_page(value: JSON, width: int) -> None:
    for marks in (True, False):
        for row in json_rows(value, Style(width, marks=marks, rendered=marks)):
            # Deep below, a value has a least width of its own.
            assert row.line.width <= max(width, 24 + 4 * len(row.path or ()))


# ── texts drawn as what they are ─────────────────────────────────────────────────────────────────────────────────────


def test_markdown_is_laid_out_line_by_line() -> None:
    text = "# Title\n\nSome **bold** and `code`.\n- one\n  - two\n1. first\n- [x] done\n"
    text += "> said\n\n---\n```py\nx = 1\n```\nend"
    assert text_of(markdown_lines(text, 40)) == [
        "Title",
        "────────",
        "",
        "Some bold and code.",
        "• one",
        "  • two",
        "1. first",
        "☑ done",
        "▎ said",
        "",
        "─" * 40,
        "▏ x = 1",
        "end",
    ]


def test_what_stands_out_in_markdown_has_roles() -> None:
    (line,) = markdown_lines("a **b** *c* `d` [e](http://f) g_h_i 2*3*4", 80)
    assert [part for part in roles(line) if part[1] not in ("text", "faint")] == [
        ("b", "strong"),
        ("c", "emphasis"),
        ("d", "code"),
        ("e", "accent"),
    ]
    assert line.text == "a b c d e (http://f) g_h_i 2*3*4"


def test_long_paragraphs_of_markdown_go_on_under_their_beginning() -> None:
    lines = text_of(markdown_lines("- " + "word " * 30, 40))
    assert lines[0].startswith("• word") and all(line.startswith("  word") for line in lines[1:])
    assert max(map(len, lines)) <= 40
    assert " ".join(lines).split().count("word") == 30


@given(st.text("ab#*_`-> |[]()1.\n日~", max_size=300), st.integers(12, 60))
def test_markdown_of_any_kind_fits_its_width_and_keeps_every_word(text: str, width: int) -> None:
    lines = markdown_lines(text, width)
    assert all(line.width <= max(width, 14) for line in lines)
    kept = "".join(line.text for line in lines)
    for letter in "ab日":
        assert kept.count(letter) == sum(
            line.count(letter) for line in text.split("\n") if not line.strip().startswith(("```", "~~~"))
        )


def test_an_unclosed_fence_is_code_to_the_end() -> None:
    assert text_of(markdown_lines("```\na\nb", 40)) == ["▏ a", "▏ b"]


@pytest.mark.parametrize(
    "text", ["# Title\nwords", "words\n- one\n- two\n", "a **b** c\nd", "x\n```\ny\n```", "|a|b|\n|--|--|\n|1|2|"]
)
def test_markdown_is_told_by_what_people_write_it_for(text: str) -> None:
    assert looks_like_markdown(text)


@pytest.mark.parametrize(
    "text", ["# one line", "two\nlines", "1 * 2\n3 * 4", "a - b\nc - d", "Error:\n  at x (y.js:1)"]
)
def test_plain_texts_are_left_alone(text: str) -> None:
    assert not looks_like_markdown(text)


def test_code_is_known_by_the_name_of_its_file_or_its_first_line() -> None:
    assert language_of("src/app.py", "x = 1") == "python"
    assert language_of("files/Main.java", "class A {}") == "java"
    assert language_of("notes", "#!/usr/bin/env python3\nx = 1") == "python"
    assert language_of("patch", "diff --git a/x b/x\n") == "diff"
    assert [language_of(name, "words") for name in ("README.md", "messages/0004", "budget", "v1.2")] == [""] * 4


def test_code_keeps_its_lines_and_has_colours() -> None:
    lines = list(code_lines("def pay():\n    return 'x'  # why\n", "python", 60))
    assert text_of(lines) == ["def pay():", "    return 'x'  # why"]
    assert ("def", "accent") in roles(lines[0]) and ("pay", "strong") in roles(lines[0])
    assert ("# why", "muted") in roles(lines[1])
    assert text_of(list(code_lines("x" * 25, "", 10))) == ["x" * 10, "x" * 10, "x" * 5]


def test_json_inside_a_string_is_laid_out() -> None:
    block = text_block(json.dumps({"order": 4417, "lines": [1]}), "arguments", 60)
    assert block is not None and block.kind == "JSON in a string"
    assert text_of(block.lines) == ["{", '  "order": 4417,', '  "lines": [', "    1", "  ]", "}"]
    for text in (
        '{"a": 1}',
        "{not json, but long enough}",
        "[]" + " " * 40 + "]",
        "[link](http://somewhere) and words",
    ):
        assert text_block(text, "", 60) is None


# ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_found_is_marked_across_spans_and_nothing_is_lost() -> None:
    line = Line((Span('"status"', "key"), Span(": ", "punctuation"), Span('"done"', "string")), "added", 2, "removed")
    marked = highlighted(line, matcher('TUS": "d'))
    assert marked.text == line.text
    assert [span.text for span in marked.spans if span.role == "hit"] == ['tus"', ": ", '"d']
    assert marked.spans[marked.turn].text == '"d', "the other tone begins where it did"
    assert highlighted(line, matcher("nothing")) is line


@given(st.lists(st.text("abAB.", max_size=6), max_size=6), st.text("abA.", min_size=1, max_size=3))
def test_marking_changes_no_text(texts: list[str], wanted: str) -> None:
    line = Line(tuple(Span(text) for text in texts))
    assert highlighted(line, matcher(wanted)).text == line.text


# ── differences ──────────────────────────────────────────────────────────────────────────────────────────────────────

BEFORE: JSON = {"plan": {"step": 3, "note": "ask the user for access", "x": 1}, "old": [1], "same": 0}
AFTER: JSON = {"plan": {"step": 4, "note": "ask the operator for access", "x": 1}, "same": 0, "new": True}


def test_side_by_side_has_what_was_at_the_left_and_what_is_at_the_right() -> None:
    rows = text_of(side_by_side(record(BEFORE), record(AFTER, 2), 83, SOME))
    assert rows[:2] == ["~ 2 changed · + 1 added · − 1 removed", ""]
    assert [line.partition(" │ ")[0].rstrip() for line in rows[2:]] == [
        "  plan",
        "−   step  3",
        "−   note  ask the user for access",
        "    ⋯ 1 unchanged key  x 1",
        "− old  [1]",
        "╱" * 40,
        "  ⋯ 1 unchanged key  same 0",
    ]
    assert [line[43:] for line in rows[2:]] == [
        "  plan",
        "+   step  4",
        "+   note  ask the operator for access",
        "",
        "╱" * 40,
        "+ new  true",
        "",
    ]


def test_side_by_side_keeps_lines_of_texts_at_the_same_height() -> None:
    before = "one\ntwo\nthree\nfour\nfive\n"
    after = "one\ntwo\nthree and a half\nbetween\nfour\nfive\n"
    rows = text_of(side_by_side(record(before), record(after, 2), 79, SOME))[2:]
    assert rows[0] == "  ⋯ 2 unchanged lines                  │   ⋯ 2 unchanged lines"
    assert rows[1].startswith("− three") and "│ + three and a half" in rows[1]
    assert rows[2].startswith("╱╱╱") and "between" in rows[2]
    whole = text_of(side_by_side(record(before), record(after, 2), 79, ALL))[2:]
    assert [line.split("↵")[0][2:] for line in whole if not line.startswith("╱")] == [
        "one",
        "two",
        "three",
        "four",
        "five",
    ]


def test_side_by_side_each_half_has_its_own_tone() -> None:
    rows = side_by_side(record({"a": 1}), record({"a": 2}, 2), 80, SOME)
    line = rows[2].line
    assert (line.tone, line.other_tone) == ("removed", "added")
    assert sum(width_of(span.text) for span in line.spans[: line.turn]) == 38


@given(VALUES, VALUES, st.integers(64, 140), st.booleans())
def test_side_by_side_every_row_is_as_wide_as_the_page_at_most(
    before: JSON, after: JSON, width: int, all_open: bool
) -> None:
    for row in side_by_side(record(before), record(after, 2), width, Folding(all_open=all_open)):
        assert row.line.width <= width


@given(VALUES, VALUES)
def test_open_differences_show_every_unchanged_leaf_and_rows_point_into_the_value_after(
    before: JSON, after: JSON
) -> None:
    rows = diff_rows(record(before), record(after, 2), 200, ALL)
    assert not any("unchanged" in row.line.text for row in rows)
    for row in rows:
        part = after
        for name in row.path or ():
            part = part[name]  # type: ignore[index]


def test_a_block_that_was_cut_opens() -> None:
    after: JSON = {"list": [{"text": f"an item with words of its own, number {n}"} for n in range(20)], "x": 0}
    rows = diff_rows(record({"x": 0}), record(after, 2), 60, SOME)
    cut = next(row for row in rows if "more lines" in row.line.text)
    assert cut.opens and cut.fold == Fold("block", ("list",))
    whole = diff_rows(record({"x": 0}), record(after, 2), 60, Folding(toggled=frozenset({cut.fold})))
    assert sum("number 19" in row.line.text for row in whole) == 1
    assert not any("more lines" in row.line.text for row in whole)


# ── history and blame ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (78, 79, "~ 78 → 79 +1"),
        (1.5, 1.0, "~ 1.5 → 1.0 −0.5"),
        ({"left": 3, "u": 0}, {"left": 1, "u": 0}, "~ left 3 → 1 −2"),
        ({"a": [1]}, {"a": [1, "x"]}, '+ a[1] "x"'),
        ({"a": 1, "b": 2}, {"b": 2}, "− a 1"),
        ({"a": 1, "b": 2}, {"a": 2, "b": 3}, "~ a 1 → 2 +1 · ~ b 2 → 3 +1"),
        ({"a": 1}, {"a": 1}, "written back as it was"),
        ("x", True, '~ "x" → true'),
        (list(range(9)), [-1 - n for n in range(9)], "~ [0] 0 → -1 −1 · ~ [1] 1 → -2 −3"),
    ],
)
def test_a_version_is_told_by_what_it_changed(before: JSON, after: JSON, text: str) -> None:
    told = "".join(span.text for span in change_spans(record(before), record(after, 2)))
    assert told.startswith(text)
    assert text.count("·") or told == text or "more" in told


def test_a_version_that_came_or_went_says_so() -> None:
    gone = record(None, 2, exists=False)
    assert "".join(span.text for span in change_spans(record(1), gone)) == "− deleted"
    assert "".join(span.text for span in change_spans(gone, record({"a": 1}, 3))) == "+ {a: 1}"


def test_versions_too_large_to_compare_are_told_by_what_they_hold() -> None:
    spans = change_spans(record("x" * 200_000), record("y" * 200_000, 2))
    assert spans[0].text.startswith('"yyy')


def test_a_row_of_the_history_has_room_for_more_where_it_is_wide() -> None:
    header = EventHeader("t", 412, NOON, None, "tool_result", "3 matches", {}, 4)
    change = (Span("~ left 80 → 79"),)
    narrow = history_line(7, 412, 415, header, change, True, (1, 3), 50)
    assert narrow.text == "▶ v7  412    −3  ~ left 80 → 79"
    wide = history_line(7, 412, 415, header, change, True, (1, 3), 120)
    assert "tool_result  3 matches" in wide.text and ":00:00" in wide.text
    assert history_line(7, 412, 415, None, None, False, (1, 3), 50).text.endswith("·")


def test_a_narrow_row_of_the_history_keeps_its_room_for_what_changed() -> None:
    header = EventHeader("t", 412, NOON, None, "tool_result", "3 matches", {}, 4)
    change = (Span("~ remaining 3265.63 → -9724.37 −12990"),)
    assert history_line(7, 412, 415, header, change, True, (1, 3), 64).text.endswith("−12990")
    assert "3 matches" in history_line(7, 412, 415, header, change, True, (1, 3), 94).text


def test_the_number_that_changed_most_often_is_the_one_that_is_drawn() -> None:
    values: list[JSON] = [{"id": 7, "left": 100 - n, "calls": n // 4, "name": "x"} for n in range(8)]
    series = series_of([record(value, version) for version, value in enumerate(values, 1)])
    assert series is not None
    assert series.path == ("left",) and series.values == tuple(float(100 - n) for n in range(8))
    assert series_of([record({"id": 7}, 1), record({"id": 7}, 2)]) is None
    assert series_of([record(True, 1), record(False, 2)]) is None
    lines = text_of(series_lines(series, 3, 60, 2))
    assert lines[0].startswith("left  98") and lines[0].endswith("93 … 100 · 8 points")
    assert len(lines) == 3


def test_a_series_has_gaps_where_there_was_no_number() -> None:
    series = series_of([record(1, 1), record(None, 2, exists=False), record("x", 3), record(2, 4)])
    assert series is not None and series.values == (1.0, None, None, 2.0)
    assert sparkline(series.values, 4)[0].text == "▁  █"


def test_bars_grow_from_the_lowest_value_to_the_highest_over_all_lines() -> None:
    assert [line.text for line in sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)] == ["▁▂▃▄▅▆▇█"]
    assert [line.text for line in sparkline([0, 15], 2, 2)] == [" █", "▁█"]
    assert sparkline([5, 5, 5], 3)[0].text == "▅▅▅"
    assert sparkline([1, 2], 6)[0].text == "▁▁▁███"
    assert roles(sparkline([1, 2, 3], 3, here=1)[0]) == [("▁", "accent"), ("▅", "playhead"), ("█", "past")]


@given(st.integers(1, 500), st.integers(1, 200))
def test_columns_share_all_values_out_in_order(values: int, width: int) -> None:
    shown = [value_at_column(column, values, width) for column in range(width)]
    assert shown == sorted(shown)
    assert shown[-1] == values - 1
    assert values > width or set(shown) == set(range(values))


def test_blame_has_a_gutter_that_tells_a_writer_once() -> None:
    values: list[JSON] = [{"a": 1, "b": 1, "l": [1, 2]}, {"a": 2, "b": 1, "l": [1, 2]}]
    records = [record(value, version) for version, value in enumerate(values, 1)]
    blamed = blame(records[-1], lambda first, last: records[first - 1 : last])
    rows = json_rows(values[-1], Style(40, marks=True))
    made = blame_rows(rows, blamed, {}, 2, 50)
    assert text_of(made) == [
        "               │ ▾ {",
        " v2  2     now │     \"a\": 2,",
        " v1  1      −1 │     \"b\": 1,",
        "               │   ▾ \"l\": [",
        "     ·         │       1,",
        "     ·         │       2",
        "               │     ]",
        "               │   }",
    ]  # fmt: skip
    assert [row.commit_ts for row in made] == [0, 2, 1, 0, 1, 1, 0, 0]
    folded = blame_rows(json_rows(values[-1], Style(40, Folding(1), marks=True)), blamed, {}, 2, 50)
    assert folded[3].commit_ts == 1 and folded[3].line.text.startswith("     ·")


def test_the_gutter_has_the_event_where_the_page_is_wide() -> None:
    header = EventHeader("t", 1, NOON, None, "user", "refund order 4417", {}, 1)
    blamed = blame(record(1), lambda first, last: [])
    (row,) = blame_rows(json_rows(1, Style(60, marks=True)), blamed, {1: header}, 1, 120)
    assert "refund order 4417" in row.line.text
    assert gutter_width(blamed, 120) > gutter_width(blamed, 60)


def test_ages_have_colours_from_just_now_to_long_ago() -> None:
    assert [age_role(age) for age in (0, 3, 100, 5_000)] == ["changed", "accent", "muted", "faint"]
