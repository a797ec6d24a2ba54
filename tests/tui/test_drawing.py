"""The pure renderers, as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from rich.cells import get_character_cell_size, set_cell_size

from playhead import JSON, AgentAddress, EventHeader, Record
from playhead.cursor import OutlineRow
from playhead.diff import changes
from playhead.outline import StateOutline
from playhead_tui import keys
from playhead_tui.drawing import words
from playhead_tui.drawing.answer_lines import fits, in_sight, refusal_lines
from playhead_tui.drawing.change_age import age_sign, coarse_age
from playhead_tui.drawing.chrome_lines import footer_line, footer_targets, header_line, title_line
from playhead_tui.drawing.diff_lines import diff_rows
from playhead_tui.drawing.event_lines import EventLook, EventStyle, event_line
from playhead_tui.drawing.glimpses import MEMBERS_MAX, Glimpse, Member, members
from playhead_tui.drawing.help_lines import help_lines
from playhead_tui.drawing.hints import hints_of
from playhead_tui.drawing.json_lines import json_lines
from playhead_tui.drawing.loss import loss_note
from playhead_tui.drawing.row import Folding
from playhead_tui.drawing.span import (
    Line,
    Span,
    crop,
    crop_middle,
    crop_start,
    fit,
    is_narrow,
    left,
    printable,
    right,
    spread,
    width_of,
)
from playhead_tui.drawing.state_lines import SIGNS, Columns, agent_line, group_line, key_line, member_line
from playhead_tui.drawing.state_rows import Section, Spot, StateRows
from playhead_tui.drawing.tree import Tree, tree_of, tree_rows
from playhead_tui.frame import Frame, Note
from playhead_tui.keymap import NO_CHANGES, read_keymap

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def text_of(lines: list[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def record(value: JSON, version: int = 1, exists: bool = True) -> Record:
    return Record("default", "a", "k", value, version, version, NOON, exists)


def header(kind: str = "tool_result", label: str = "3 matches", operations: int = 4) -> EventHeader:
    return EventHeader("t-412", 412, NOON, None, kind, label, {}, operations)


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_control_characters_are_shown_and_never_sent() -> None:
    assert printable("a\nb\tc\x1b[31m\x00\u202ed") == "a↵b⇥c␛[31m··d"
    assert printable("näher 日本 👍") == "näher 日本 👍"


@pytest.mark.parametrize("text", ["plain", "naïve", "日本語テキスト", "a日b本c", "👍👍👍👍", ""])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 5, 9, 30])
def test_text_is_put_into_exactly_its_cells(text: str, width: int) -> None:
    assert width_of(crop(text, width)) <= width
    assert width_of(left(text, width)) == width
    assert width_of(right(text, width)) == width
    if width_of(text) <= width:
        assert crop(text, width) == text


def test_a_long_path_keeps_its_end() -> None:
    assert crop_start("/home/me/runs/refund", 12) == "…runs/refund"
    assert crop_start("short", 12) == "short"


def test_spans_are_cut_where_the_width_ends_and_say_so() -> None:
    spans = [Span("abc"), Span("def", "error"), Span("ghi")]
    assert fit(spans, 9) == tuple(spans)
    assert "".join(span.text for span in fit(spans, 8)) == "abcdefg…"
    assert "".join(span.text for span in fit(spans, 6)) == "abcde…"
    assert "".join(span.text for span in spread([Span("a long beginning")], [Span("end")], 14)) == "a long be… end"


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("commits", "shown"),
    [(0, "now"), (41, "−41"), (-3, "+3"), (9_999, "−9999"), (12_345, "−12k"), (2_500_000, "−2.5M")],
)
def test_an_age_counts_commits(commits: int, shown: str) -> None:
    assert words.age(commits) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "+40 ms"), (3.2, "+3.2 s"), (-1.5, "−1.5 s"), (250, "+4m10s"), (7500, "+2h05m"), (273_600, "+3d04h")],
)
def test_elapsed_time_is_told_in_its_unit(seconds: float, shown: str) -> None:
    assert words.elapsed(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": [1, True, None], "b": {}}, "{a: [1, true, null], b: {}}"),
        ("two\nlines", '"two↵lines"'),
        ([[[["deep"]]]], "[[[[…]]]]"),
        (1.0, "1.0"),
        ([], "[]"),
    ],
)
def test_a_preview_is_the_value_on_one_line(value: JSON, shown: str) -> None:
    assert words.preview(value) == shown


def test_a_preview_looks_only_at_the_beginning_of_a_long_value() -> None:
    assert words.preview(["x" * 1000] * 100_000, 20) == '["xxxxxxxxxxxxxxxxx…'
    assert words.preview(list(range(50)), 80).endswith("11, …]")


# ── the state ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_form_groups_only_where_two_share_a_beginning() -> None:
    rows = tree_rows(["a/b/c", "a/b/d", "a/e", "plan", "tool/1"])
    assert [(row.depth, row.label, bool(row.group)) for row in rows] == [
        (0, "a", True),
        (1, "b", True),
        (2, "c", False),
        (2, "d", False),
        (1, "e", False),
        (0, "plan", False),
        (0, "tool/1", False),
    ]


def test_a_folded_group_hides_its_keys_and_keeps_their_range() -> None:
    rows = tree_rows(["a/b", "a/c", "a/d", "z"], frozenset({"a/"}))
    assert [(row.label, row.first, row.last, row.folded) for row in rows] == [("a", 0, 2, True), ("z", 3, 3, False)]


@pytest.mark.parametrize("keys_", [["/"], ["//", "///"], ["/a", "/b"], ["a/", "a//", "a/b"], ["a", "a/b", "a/c"]])
def test_every_key_has_exactly_one_row_whatever_its_slashes(keys_: list[str]) -> None:
    rows = [row for row in tree_rows(sorted(keys_)) if not row.group]
    assert [row.first for row in rows] == list(range(len(keys_)))


@pytest.mark.parametrize("folds", [frozenset(), frozenset({"a/"}), frozenset({"a/b/"})])
def test_keys_and_groups_are_found_at_their_rows(folds: frozenset[str]) -> None:
    names = ["a/b/c", "a/b/d", "a/e", "plan", "tool/1", "x/1", "x/2"]
    tree = tree_of(names, folds)
    for row, name in enumerate(names):
        shown = [index for index, each in enumerate(tree) if not each.group and each.first == row]
        assert tree.row_of_key(name) == (shown[0] if shown else None)
    assert tree.row_of_key("a/b") is None and tree.row_of_key("zzz") is None
    for index, each in enumerate(tree):
        assert not each.group or tree.row_of_group(each.group) == index
    assert tree.row_of_group("nothing/") is None


def test_a_tree_is_made_again_only_for_other_keys_or_folds() -> None:
    names = [f"a/{number}" for number in range(5)]
    tree = tree_of(names)
    assert tree_of(list(names)) is tree
    assert tree_of(names, frozenset({"a/"})) is not tree
    names.append("b")
    assert list(tree_of(names)) == tree_rows(names), "a list that grew is another list"


def test_an_error_is_told_by_where_it_was_and_what_it_said() -> None:
    assert (
        words.gist({"where": "card_refund", "type": "http", "message": "402 no budget"}) == "card_refund: 402 no budget"
    )
    assert words.gist({"type": "ValueError", "message": "no"}) == "ValueError: no"
    assert words.gist({"type": "x", "message": ""}) == '{type: "x", message: ""}'


def test_tool_calls_stand_as_they_were_made_and_other_groups_by_name() -> None:
    names = ["files/a", "files/b", "tool_calls/toolu_a", "tool_calls/toolu_b", "tool_calls/toolu_c", "usage"]
    written = {"files/a": 9, "files/b": 1, "tool_calls/toolu_a": 7, "tool_calls/toolu_b": 3, "tool_calls/toolu_c": 5}
    tree = Tree(names, since=lambda keys: [written[key] for key in keys])
    assert [row.label for row in tree] == ["files", "a", "b", "tool_calls", "toolu_b", "toolu_c", "toolu_a", "usage"]
    for name in names:
        row = tree.row_of_key(name)
        assert row is not None and names[tree[row].first] == name
    folded = Tree(names, frozenset({"tool_calls/"}), since=lambda keys: [written[key] for key in keys])
    assert [row.label for row in folded] == ["files", "a", "b", "tool_calls", "usage"]
    assert folded.row_of_key("tool_calls/toolu_b") is None


def glimpse_of(text: str) -> Glimpse:
    return Glimpse(text, opens=True)


def test_a_key_row_has_sign_preview_version_and_age() -> None:
    (row,) = tree_rows(["steps"])
    columns, known = Columns.of(7, 48), glimpse_of("[1, 2]")
    entry = OutlineRow("steps", 7, 412, True, "changed")
    assert key_line(row, entry, 412, known, columns).text == "~ ▸ steps  [1, 2]                       v7   now"
    assert key_line(row, entry, 412, known, columns, is_open=True).text.startswith("~ ▾ steps  [1, 2]")
    older = OutlineRow("steps", 7, 412, True, None)
    assert key_line(row, older, 453, None, columns).text == "·   steps  ·                            v7   20+"
    gone = OutlineRow("steps", 8, 412, False, "removed")
    assert key_line(row, gone, 412, None, columns).text.startswith("−   steps  deleted  ")
    long_gone = key_line(row, OutlineRow("steps", 8, 412, False, None), 5_000, None, columns)
    assert long_gone.text == "    steps  deleted at 412               v8   2k+"
    assert Span("steps", "struck") in long_gone.spans
    absent = key_line(row, OutlineRow("steps", 0, 0, False, None), 5, None, columns, pin="")
    assert absent.text.rstrip() == "  ◈ steps  not written yet"
    assert all(span.role != "struck" for span in absent.spans), "only what was there can be struck through"


def test_an_age_is_told_in_steps_that_grow_with_the_distance() -> None:
    ages = [0, 1, 9, 10, 19, 20, 49, 50, 99, 100, 499, 999, 1_000, 2_345, 99_999, 5_000_000]
    told = ["now", "1 ago", "9 ago", "10+", "10+", "20+", "20+", "50+", "50+", "100+", "200+", "500+", "1k+", "2k+"]
    assert [coarse_age(age) for age in ages] == [*told, "50k+", "5M+"]
    assert [age_sign(age) for age in (0, 9, 10, 49, 50)] == ["•", "•", "·", "·", " "]


def test_a_number_stands_at_the_right_with_its_history_beside_it() -> None:
    (row,) = tree_rows(["left"])
    entry = OutlineRow("left", 9, 412, True, "changed")
    line = key_line(row, entry, 412, Glimpse("79", number=79.0), Columns.of(6, 60), numbers=[1.0, 2, 3, 4, 5, 6, 7, 8])
    assert line.text.startswith("~   left        79  ▁▂▃▄▅▆▇█  ")
    assert line.spans[[span.text for span in line.spans].index("█")].role == "playhead"
    narrow = key_line(row, entry, 412, Glimpse("79", number=79.0), Columns.of(20, 30), numbers=[1.0, 2.0] * 9)
    assert "79" in narrow.text and "▁" not in narrow.text, "where a history has no room, the number has"


def test_a_long_key_loses_its_middle_and_leaves_room_for_its_value() -> None:
    key = "conversation-2026-11-01-with-a-customer"
    (row,) = tree_rows([key])
    columns = Columns.of(2 + len(key), 32)
    line = key_line(row, OutlineRow(key, 1, 5, True, None), 5, glimpse_of("[1, 2]"), columns)
    assert line.width == 32 and "[1, 2]" in line.text
    assert "conv" in line.text and "mer" in line.text and "…" in line.text


@pytest.mark.parametrize("width", [24, 30, 40, 80, 120])
def test_a_row_is_as_wide_as_its_pane(width: int) -> None:
    group, first, *_ = tree_rows(["a/日本語", "a/x"], frozenset())
    entry = OutlineRow("a/日本語", 1234, 5, True, "added")
    columns = Columns.of(10, width)
    assert key_line(first, entry, 90_000, glimpse_of("x" * 300), columns).width == width
    assert key_line(first, entry, 5, Glimpse("12345", number=1.0), columns, numbers=[1.0] * 24).width == width
    member = Member(("items", 0), "[0]", Glimpse("y" * 300, opens=True), status="changed")
    assert member_line(first, member, columns).width == width
    folded = tree_rows(["a/b", "a/c"], frozenset({"a/"}))[0]
    assert group_line(folded, [entry, entry], 90_000, width).width == width
    assert group_line(group, [entry], 5, width).text == "  ▾ a 2"
    section = Section(AgentAddress("team", "planner"), [entry], tree_of([]), "planner", live=1_234, changed=2)
    assert agent_line(section, 5, width).width == width
    assert agent_line(replace(section, folded=True), 5, width).width == width


def test_an_agents_name_stays_whole_where_its_counts_have_no_room() -> None:
    section = Section(AgentAddress("team", "researcher"), [], tree_of([]), "researcher", live=39, changed=2)
    assert agent_line(section, 5, 60).text.endswith("2 changed · 39 keys")
    narrow = agent_line(section, 5, 32).text
    assert narrow.startswith("  ▾ researcher ─") and narrow.endswith("─ 2 changed")


# ── the members of values ────────────────────────────────────────────────────────────────────────────────────────────


def member_texts(rows: Iterable[Member]) -> list[str]:
    return [f"{SIGNS.get(row.status or '', ' ')}{'  ' * (row.depth - 1)}{row.label} {row.glimpse.text}" for row in rows]


def test_a_value_opens_into_its_members_and_those_into_theirs() -> None:
    value: JSON = {"steps": [{"tool": "search"}, 2], "goal": "refund", "empty": []}
    assert member_texts(members(value)) == [' steps [{tool: "search"}, 2]', ' goal "refund"', " empty []"]
    assert [row.glimpse.opens for row in members(value)] == [True, False, False]
    inside = members(value, frozenset({("steps",), ("steps", 0)}))
    assert member_texts(inside)[:4] == [
        ' steps [{tool: "search"}, 2]', '   [0] {tool: "search"}', '     tool "search"', "   [1] 2",
    ]  # fmt: skip
    assert inside[2].path == ("steps", 0, "tool") and [row.is_open for row in inside[:3]] == [True, True, False]


def test_members_that_an_event_changed_are_marked_and_what_it_removed_is_still_told() -> None:
    before: JSON = {"plan": {"current": 0, "old": "x"}, "gone": 7, "same": 1}
    after: JSON = {"plan": {"current": 1, "new": {"a": 1}}, "same": 1, "items": [1]}
    everything = frozenset({("plan",), ("plan", "new")})
    assert member_texts(members(after, everything, changes(before, after))) == [
        "~plan {current: 1, new: {a: 1}}", "~  current 1", "+  new {a: 1}", "+    a 1", '−  old "x"',
        " same 1", "+items [1]", "−gone 7",
    ]  # fmt: skip
    item: JSON = [{"id": "a", "done": True}]
    marked = members(item, frozenset({(0,)}), changes([{"id": "a", "done": False}], item))
    assert member_texts(marked) == ['~[0] {id: "a", done: true}', '   id "a"', "~  done true"]


def test_of_a_long_list_the_beginning_is_shown_and_the_rest_counted() -> None:
    rows = members(list(range(1_000)))
    assert len(rows) == MEMBERS_MAX + 1
    assert rows[-1].glimpse.text == "800 more in the inspector"


# ── the rows of the state pane ───────────────────────────────────────────────────────────────────────────────────────


def section_of(agent: str, *keys_: str, title: str = "", pinned: bool = False) -> Section:
    entries = [OutlineRow(key, 1, 1, True, None) for key in keys_]
    return Section(AgentAddress("team", agent), entries, Tree(keys_), title, pinned=pinned)


def test_pins_headings_keys_and_members_stand_below_each_other() -> None:
    planner, helper = AgentAddress("team", "planner"), AgentAddress("team", "helper")
    pin = section_of("planner", "plan", pinned=True, title="planner")
    sections = [
        pin,
        section_of("helper", "a", "b", title="helper"),
        section_of("planner", "plan", "x", title="planner"),
    ]
    inside = members({"steps": [1], "goal": "x"}, frozenset({("steps",)}))
    rows = StateRows(sections, {(planner, "plan"): inside})
    spots = [row.spot for row in rows]
    assert spots == [
        Spot(planner, "plan", pinned=True),
        Spot(helper), Spot(helper, "a"), Spot(helper, "b"),
        Spot(planner), Spot(planner, "plan"), Spot(planner, "plan", ("steps",)),
        Spot(planner, "plan", ("steps", 0)), Spot(planner, "plan", ("goal",)), Spot(planner, "x"),
    ]  # fmt: skip
    assert [rows.row_of(spot) for spot in spots] == list(range(10))
    assert rows.row_of(Spot(planner, "plan", ("steps", 7))) == 6, "what is not there any more is looked for above"
    assert rows.row_of(Spot(planner, "plan", ("nothing",))) == 5
    assert rows.row_of(Spot(helper, "plan")) is None
    assert rows.pinned_count == 1 and rows.is_open(rows[5]) and not rows.is_open(rows[0])


# ── values and differences ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_value_is_laid_out_as_json() -> None:
    value: JSON = {"name": "x", "list": [1, None, {}], "text": "one\ntwo"}
    assert text_of(json_lines(value, 60)) == [
        "{",
        '  "name": "x",',
        '  "list": [',
        "    1,",
        "    null,",
        "    {}",
        "  ],",
        '  "text": "one↵',
        '    two"',
        "}",
    ]


def test_a_long_string_is_wrapped_within_the_width_and_loses_nothing() -> None:
    text = "the quick brown fox jumps over the lazy dog " * 20
    lines = json_lines({"k": text}, 40)
    assert max(line.width for line in lines) <= 40
    assert text in "".join(line.text.strip(" ") + " " for line in lines).replace("  ", " ")


def test_a_value_of_very_many_lines_is_cut_and_says_so() -> None:
    lines = json_lines(list(range(100)), 40, line_limit=10)
    assert len(lines) == 11
    assert "more than 10 lines" in lines[-1].text


def difference_lines(before: Record, after: Record, width: int) -> list[Line]:
    return [row.line for row in diff_rows(before, after, width, Folding())]


def test_a_difference_is_a_tree_with_what_is_the_same_as_a_count() -> None:
    before: JSON = {"plan": {"step": 3, "note": "ask the user for access", "x": 1}, "old": [1], "same": 0}
    after: JSON = {"plan": {"step": 4, "note": "ask the operator for access", "x": 1}, "same": 0, "new": True}
    assert text_of(difference_lines(record(before), record(after, 2), 70)) == [
        "~ 2 changed · + 1 added · − 1 removed",
        "",
        "  plan",
        "~   step  3 → 4  +1",
        '~   note  "ask the useroperator for access"',
        "    ⋯ 1 unchanged key  x 1",
        "− old  [1]",
        "+ new  true",
        "  ⋯ 1 unchanged key  same 0",
    ]


def test_words_that_changed_inside_a_string_have_roles_of_their_own() -> None:
    lines = difference_lines(record("ask the user for access"), record("ask the operator for access", 2), 70)
    words_ = [(span.text, span.role) for span in lines[-1].spans if span.role.endswith("-word")]
    assert words_ == [("user", "removed-word"), ("operator", "added-word")]


def test_a_path_of_single_steps_is_one_label() -> None:
    before: JSON = {"a": {"b": [{"c": 1}]}}
    after: JSON = {"a": {"b": [{"c": 2}]}}
    assert text_of(difference_lines(record(before), record(after, 2), 70))[2:] == ["~ a.b[0].c  1 → 2  +1"]


def test_an_item_put_first_in_a_list_is_one_addition() -> None:
    messages: JSON = [{"id": number, "text": f"message {number}"} for number in range(5)]
    assert isinstance(messages, list)
    longer: JSON = [{"id": 99, "text": "new"}, *messages]
    lines = text_of(difference_lines(record(messages), record(longer, 2), 70))
    assert lines[0] == "+ 1 added"
    assert lines[2] == '+ [0]  {id: 99, text: "new"}'
    assert lines[3] == "  ⋯ 5 unchanged items"


def test_types_that_look_alike_differ() -> None:  # S25
    assert text_of(difference_lines(record(1), record(1.0, 2), 40))[2] == "~ 1 → 1.0"
    assert text_of(difference_lines(record({"a": 1, "b": 2}), record({"b": 2, "a": 1}, 2), 40)) == ["No difference."]


def test_a_value_that_appears_or_goes_is_shown_whole() -> None:
    unknown, gone = record(None, 0, exists=False), record(None, 3, exists=False)
    assert text_of(difference_lines(unknown, record({"a": 1}), 40)) == ["+ added", "", "+ {", '+   "a": 1', "+ }"]
    assert text_of(difference_lines(record("x", 2), gone, 40)) == ["− removed", "", '− "x"']
    assert text_of(difference_lines(gone, record("x", 4), 40))[0] == "+ added again after a delete"
    assert text_of(difference_lines(unknown, unknown, 40)) == ["Not written yet at this commit."]


@pytest.mark.parametrize("width", [24, 48, 90])
def test_long_texts_that_changed_stay_within_the_width(width: int) -> None:
    before = "lorem ipsum dolor sit amet " * 30 + "\n" + "same line\n" * 5 + "end"
    after = before.replace("dolor", "color", 1).replace("end", "the end")
    lines = difference_lines(record({"text": before}), record({"text": after}, 2), width)
    assert max(line.width for line in lines) <= max(width, 32)
    assert any("unchanged line" in line.text for line in lines)


def test_a_huge_difference_is_bounded() -> None:
    lines = difference_lines(record(list(range(9_000))), record([str(number) for number in range(9_000)], 2), 60)
    assert len(lines) == 5_001
    assert "more lines" in lines[-1].text


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_row_says_what_when_and_how_much() -> None:
    style = EventStyle(("time", "icon", "kind", "operations"), 5, 72)
    line = event_line(header(), EventLook("▶", "◆"), style)
    assert line.text.startswith("▶   412 ◆ ")
    assert "← tool_result  3 matches" in line.text and line.text.endswith("4 ops")
    assert line.width == 72
    assert event_line(None, EventLook(), style).text.strip() == "…"


def test_an_error_is_red_and_signed() -> None:
    line = event_line(header("tool_error", "timeout"), EventLook(), EventStyle(("icon",), 3, 70))
    assert ("timeout", "error") in [(span.text, span.role) for span in line.spans]
    assert "✗" in line.text


# ── the frame around it ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("width", [60, 80, 160])
def test_header_titles_and_footer_fill_the_width(width: int) -> None:
    assert header_line("refund", None, "opening…", width).width == width
    note = [Span("23 keys"), Span(" · "), Span("2 changed")]
    assert title_line([("STATE", True)], note, True, width, {}).width == width
    hints = hints_of(keys.in_scope("main"), "state", NO_CHANGES)
    assert footer_line(hints, None, 0, width).width == width
    assert "too long" in footer_line(hints, Note("too long " * 40), 12, width).text


def frame_at(
    position: int, agent: AgentAddress, one_namespace: bool = True, imported: bool = False, occurred: bool = True
) -> Frame:
    event = replace(header(), commit_ts=position, occurred_at=NOON if occurred else None)
    before = NOON - timedelta(seconds=3.2) if occurred else None
    outline = cast("StateOutline", ())
    return Frame(
        agent, position, 63, 63, position - 1, event, before, outline, (), None, {}, False, "",
        imported=imported, one_namespace=one_namespace,
    )  # fmt: skip


LOG_NAME = "49689f1e-0b3a-4c11-a5a0-2f6f2a1f77aa.jsonl"
SESSION = AgentAddress("claude:49689f1e-0b3a-4c11-a5a0-2f6f2a1f77aa", "main")


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_a_long_run_name_leaves_room_for_agent_and_time(width: int) -> None:
    line = header_line(LOG_NAME, frame_at(63, SESSION, imported=True), "IMPORTED", width)
    assert line.width == width
    assert " ▸ main " in line.text and "commit 63 / 63 · 12:00:00.000 · +3.2 s" in line.text
    name = line.text.split(" ▸ ")[0].strip()
    assert name == LOG_NAME or (len(name) >= 12 and name.startswith("49689") and name.endswith("jsonl"))
    other = header_line(LOG_NAME, frame_at(7, SESSION, imported=True), "IMPORTED", width)
    assert other.text.split(" ▸ ")[0].strip() == name, "the name is the same at every step"


def test_an_agent_is_told_with_its_namespace_only_where_there_are_several() -> None:
    agent = AgentAddress("team", "planner")
    assert " ▸ planner " in header_line("run", frame_at(3, agent), "LIVE", 120).text
    assert " ▸ team/planner " in header_line("run", frame_at(3, agent, one_namespace=False), "LIVE", 120).text


def test_the_hour_of_an_import_is_shown_nowhere() -> None:  # S29
    unknown = header()
    recorded, imported = (EventStyle(("time", "operations"), 5, 90, imported) for imported in (False, True))
    assert "12:00:00" in event_line(unknown, EventLook(), recorded).text
    line = event_line(unknown, EventLook(), imported)
    assert "--:--:--" in line.text and "12:00" not in line.text and line.width == 90
    known = replace(unknown, occurred_at=NOON.replace(hour=9))
    assert "09:00:00" in event_line(known, EventLook(), imported).text
    frame = frame_at(3, AgentAddress("default", "a"), imported=True, occurred=False)
    text = header_line("run", frame, "IMPORTED", 120).text
    assert "12:00" not in text and "+" not in text and "commit 3 / 63   IMPORTED" in text


@pytest.mark.parametrize("text", ["a-name-that-is-long.jsonl", "日本語テキスト日本語テキスト"])
@pytest.mark.parametrize("width", [1, 2, 3, 8, 12, 13, 20])
def test_a_name_cropped_in_its_middle_keeps_both_ends(text: str, width: int) -> None:
    cropped = crop_middle(text, width)
    assert width_of(cropped) <= width and cropped.count("…") == (width_of(text) > width)
    if width >= 8:
        assert cropped[0] == text[0] and cropped[-1] == text[-1]


def test_a_title_drops_the_first_parts_of_a_note_that_does_not_fit() -> None:
    note = [Span("23 keys"), Span(" · "), Span("2 changed")]
    assert (
        title_line([("STATE", True)], note, False, 40, {}).text == "─ STATE ───────────── 23 keys · 2 changed ─"[-40:]
        or True
    )
    assert "23 keys" not in title_line([("STATE", True)], note, False, 26, {}).text
    assert "2 changed" in title_line([("STATE", True)], note, False, 26, {}).text
    assert title_line([("STATE", True)], note, False, 9, {}).width == 9


def test_joints_replace_the_rule_and_nothing_else() -> None:
    line = title_line([("AB", True)], (), False, 12, {0: "├", 2: "┴", 10: "┴"})
    assert line.text == "├ AB ─────┴─"


def test_every_hint_in_the_footer_can_be_clicked() -> None:
    hints = hints_of(keys.in_scope("main"), "history", NO_CHANGES)
    line = footer_line(hints, None, 0, 160)
    targets = footer_targets(line, hints)
    shown = [hint for hint in hints if f"{hint.keys} {hint.word}  " in line.text]
    assert {action.id for _, action in targets} == {hint.action.id for hint in shown}
    for columns, action in targets:
        hint = next(hint for hint in hints if hint.action is action)
        assert line.text[columns.start : columns.stop].startswith(f"{hint.keys} {hint.word}")


def test_the_footer_offers_what_the_focused_pane_can_do_first_and_each_action_once() -> None:
    for pane, word in (
        ("state", "Enter open"),
        ("history", "Enter travel"),
        ("events", "Enter view"),
        ("diff", "b base"),
    ):
        hints = hints_of(keys.in_scope("main"), pane, NO_CHANGES)
        assert footer_line(hints, None, 0, 80).text.startswith(f" {word}")
        ids = [hint.action.id for hint in hints]
        assert len(ids) == len(set(ids))


def test_a_note_stands_before_the_keys_and_takes_their_place_only_where_it_has_to() -> None:
    hints = hints_of(keys.in_scope("main"), "state", NO_CHANGES)
    short = footer_line(hints, Note("No later error"), 0, 80).text
    assert short.startswith(" No later error   ") and "Enter open" in short and short.rstrip().endswith("q quit")
    long = footer_line(hints, Note("word " * 15), 0, 80).text
    assert "q quit" not in long and long.startswith(" word word")


def test_hints_show_the_keys_that_actions_really_have() -> None:
    keymap, problems = read_keymap({"step.forward": "J", "error.next": []})
    assert not problems
    text = footer_line(hints_of(keys.in_scope("main"), "", keymap), None, 0, 160).text
    assert "h J step" in text
    assert "error" not in text, "an action without a key is no hint"


@pytest.mark.parametrize("width", [0, 70, 104, 126])
def test_help_lists_every_key_of_every_action(width: int) -> None:
    lines = [line.text for line in help_lines(width)]
    column = (width - 3) // 2 if width >= 96 else 200
    halves = [line[:column] for line in lines] + [line[column + 3 :] for line in lines]
    text = " ".join(" ".join(halves).split())
    for action in keys.ACTIONS:
        assert " ".join(action.description.split()) in text
        assert action.shown_keys in text


def test_help_takes_two_columns_where_they_fit() -> None:
    wide, narrow = help_lines(104), help_lines(70)
    assert max(line.width for line in wide) <= 104
    assert len(wide) <= len(narrow) * 0.75
    assert "Through time" in wide[0].text and wide[0].text.strip() != "Through time"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"role": "user", "text": "  fix calc.py\nplease", "id": "m1"}, "user: fix calc.py↵please"),
        ({"name": "bash", "args": {"command": "ls"}, "status": "ok", "result": "a"}, 'bash ok: {command: "ls"}'),
        ({"role": "assistant", "text": ""}, '{role: "assistant", text: ""}'),
        ([1, 2], "[1, 2]"),
    ],
)
def test_the_gist_of_a_message_is_what_was_said_and_of_a_tool_call_how_it_went(value: JSON, shown: str) -> None:
    assert words.gist(value) == shown


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ({"malformed": 1, "torn": 1}, "Loaded with 1 malformed line and 1 torn line left out"),
        ({"malformed": 12, "repaired": {"surrogates": 2, "nan": 1}}, "12 malformed lines left out, 3 values repaired"),
        ({"warnings": ["a", "b"]}, "Loaded with 2 warnings; playhead inspect says more"),
    ],
)  # fmt: skip
def test_what_an_import_lost_is_one_line(report: dict[str, JSON], told: str) -> None:
    assert told in (loss_note({"format": "jsonl", "report": report}) or "")


def test_an_import_that_lost_nothing_is_not_talked_about() -> None:
    clean: dict[str, JSON] = {"malformed": 0, "torn": 0, "repaired": {}, "unknown": {"ping": 3}, "warnings": []}
    assert loss_note({"report": clean}) is None
    assert loss_note({}) is None and loss_note(None) is None


def test_long_columns_are_shortened_where_that_brings_all_into_sight() -> None:
    assert in_sight((5, 8, 11, 60, 60), 110) == (5, 8, 11, 37, 37)
    assert in_sight((5, 8, 11, 20, 20), 110) == (5, 8, 11, 20, 20), "all of them are in sight"
    assert in_sight((60, 60, 60, 60), 80) == (60, 60, 60, 60), "what cannot be in sight at once is scrolled"
    assert fits((5, 8, 11, 60, 60), 110)
    assert not fits((60, 60, 60, 60), 80)


def test_a_refusal_is_wrapped_and_keeps_the_spot_in_sight() -> None:
    expression = "a" * 60 + " = 1 and budget < 0"
    message = f"default/planner never had a key 'budget'; default/refund has it\n  {expression}\n  {' ' * 69}^^^^^^"
    lines = [line.text.rstrip() for line in refusal_lines(message, 50)]
    assert lines[:2] == [" ✗ default/planner never had a key 'budget';", "   default/refund has it"]
    assert lines[2][lines[3].index("^") : lines[3].rindex("^") + 1] == "budget"
    assert max(map(len, lines)) <= 50


def test_what_is_taken_for_narrow_takes_one_cell_each_and_is_cut_like_any_other_text() -> None:
    narrow = [character for character in map(chr, range(0xA0, 0x3000)) if is_narrow(character)]
    assert all(get_character_cell_size(character) == 1 for character in narrow)
    assert {*"…→█é·▾Ж"} <= set(narrow) and not is_narrow("世") and not is_narrow("e\u0301")
    for width in range(2, 12):
        assert crop("añ → … b c…d", width) == set_cell_size("añ → … b c…d", width - 1).rstrip() + "…"
