"""The structural difference of JSON values: a difference applied to the value before must give the value after."""

from __future__ import annotations

import json
import random
from difflib import SequenceMatcher
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.diff import (
    ALIGNED_ITEMS_MAX,
    Difference,
    Path,
    Truncation,
    ValueChange,
    changes,
    equal,
    format_path,
)
from playhead.model import JSON
from playhead.text_diff import CHARACTERS_MAX, TOKENS_MAX, align, longest_increasing, word_spans


def canonical(value: JSON) -> str:
    """Two JSON values share this text exactly when they are equal (S25)."""
    return json.dumps(value, sort_keys=True)


def applied(before: JSON, difference: Difference) -> JSON:
    """`before` with the difference done to it, from nothing but the paths and the values the changes bring."""
    return _rebuilt(before, (), (), difference.changes)


def _rebuilt(before: JSON, source: Path, path: Path, edits: tuple[ValueChange, ...]) -> JSON:
    for edit in edits:
        if edit.op == "changed" and edit.path == path:
            assert edit.from_path == source
            assert canonical(edit.before) == canonical(before)
            return edit.after
    removed = {edit.path[-1] for edit in edits if edit.op == "removed" and edit.path[:-1] == source}
    added = {edit.path[-1]: edit.after for edit in edits if edit.op == "added" and edit.path[:-1] == path}
    if isinstance(before, dict):
        kept = {
            key: _rebuilt(value, (*source, key), (*path, key), edits)
            for key, value in before.items()
            if key not in removed
        }
        assert not kept.keys() & added.keys()
        return {**kept, **{str(key): value for key, value in added.items()}}
    if not isinstance(before, list):
        return before
    moved = {
        cast(int, edit.from_path[-1]): cast(int, edit.path[-1])
        for edit in edits
        if edit.op == "moved" and edit.from_path and edit.from_path[:-1] == source
    }
    staying = iter([place for place in range(len(before)) if place not in removed and place not in moved])
    origin = {to: place for place, to in moved.items()}
    after: list[JSON] = []
    for place in range(len(before) - len(removed) + len(added)):
        if place in added:
            after.append(added[place])
        else:
            old = origin[place] if place in origin else next(staying)
            after.append(_rebuilt(before[old], (*source, old), (*path, place), edits))
    assert next(staying, None) is None
    return after


def outline(difference: Difference) -> list[tuple[str, str]]:
    return [(change.op, format_path(change.path)) for change in difference.changes]


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, -0.0, 1.0, 2.5])
    | st.text("ab \n1", max_size=6)
)
values: st.SearchStrategy[JSON] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["a", "b", "id", "name", ""]), inner),
    max_leaves=20,
)


@st.composite
def identified_lists(draw: st.DrawFn) -> tuple[JSON, JSON]:
    """A list of objects with ids, and the same list with some dropped, added, changed and moved."""
    ids = draw(st.lists(st.integers(0, 30) | st.sampled_from(["x", "y"]), unique_by=repr, max_size=9))
    before: list[JSON] = [{"id": name, "value": draw(values)} for name in ids]
    kept = [item for item in before if draw(st.booleans())]
    edited: list[JSON] = [
        {**cast("dict[str, JSON]", item), "value": draw(values)} if draw(st.booleans()) else item for item in kept
    ]
    fresh: list[JSON] = [{"id": name, "value": draw(values)} for name in range(40, 40 + draw(st.integers(0, 3)))]
    return before, draw(st.permutations(edited + fresh))


@given(values, values)
def test_applying_a_difference_to_the_value_before_gives_the_value_after(before: JSON, after: JSON) -> None:
    assert canonical(applied(before, changes(before, after))) == canonical(after)


@given(identified_lists())
def test_applying_a_difference_of_lists_with_ids_and_moves_gives_the_list_after(lists: tuple[JSON, JSON]) -> None:
    before, after = lists
    nested_before: JSON = {"plan": [before, 1]}
    nested_after: JSON = {"plan": [0, after, 1]}
    assert canonical(applied(before, changes(before, after))) == canonical(after)
    assert canonical(applied(nested_before, changes(nested_before, nested_after))) == canonical(nested_after)


@given(values, values)
def test_a_difference_is_empty_exactly_when_the_values_are_equal(before: JSON, after: JSON) -> None:
    same = canonical(before) == canonical(after)
    assert changes(before, after).is_empty is same
    assert equal(before, after) is same


@given(st.permutations(range(8)))
def test_as_few_items_as_possible_are_told_as_moved(order: list[int]) -> None:
    before: list[JSON] = [{"id": number} for number in range(8)]
    difference = changes(before, [before[number] for number in order])
    longest = max(
        (
            bits.bit_count()
            for bits in range(256)
            if (chosen := [number for number in order if bits >> number & 1]) == sorted(chosen)
        ),
    )
    assert difference.summary.moved == 8 - longest == len(difference.changes)


@pytest.mark.parametrize(
    ("before", "after"),
    [(1, 1.0), (1, True), (0, False), (1.0, True), (0.0, -0.0), (None, False), ("1", 1), ([], {}), ("", None)],
)
def test_values_that_python_or_a_reader_might_confuse_differ(before: JSON, after: JSON) -> None:  # S25
    wrapped_before: JSON = {"deep": [[before, "tail"]]}
    wrapped_after: JSON = {"deep": [[after, "tail"]]}
    (change,) = changes(wrapped_before, wrapped_after).changes
    assert change == ValueChange("changed", ("deep", 0, 0), ("deep", 0, 0), before, after)
    assert type(change.before) is type(before)
    assert outline(changes([before, "x", "y"], ["z", after, "x", "w", "y"])) == [
        ("removed", "[0]"),
        ("added", "[0]"),
        ("added", "[1]"),
        ("added", "[3]"),
    ]


def test_object_key_order_does_not_count() -> None:  # S25
    before: list[JSON] = [{"a": 1, "b": {"c": 2, "d": 3}}, "x"]
    after: list[JSON] = ["new", {"b": {"d": 3, "c": 2}, "a": 1}, "x"]
    assert outline(changes(before, after)) == [("added", "[0]")]
    assert outline(changes([1, before[0], 2], [3, 4, after[1], 5])) == [
        ("removed", "[0]"),
        ("added", "[0]"),
        ("added", "[1]"),
        ("changed", "[3]"),
    ]


def test_each_change_brings_the_values_of_both_sides() -> None:
    before: JSON = {"budget": 41, "draft": {"text": "hi"}, "plan": ["a"]}
    after: JSON = {"plan": ["a", None], "budget": 38.5, "note": [1]}
    assert changes(before, after).changes == (
        ValueChange("changed", ("budget",), ("budget",), 41, 38.5),
        ValueChange("removed", ("draft",), ("draft",), {"text": "hi"}, None),
        ValueChange("added", ("plan", 1), None, None, None),
        ValueChange("added", ("note",), None, None, [1]),
    )


def test_a_value_that_becomes_another_kind_of_value_is_changed_as_a_whole() -> None:
    assert changes({"a": [1]}, [1]).changes == (ValueChange("changed", (), (), {"a": [1]}, [1]),)


def test_a_message_put_before_two_hundred_others_is_one_change() -> None:
    messages: list[JSON] = [{"role": "user", "content": f"message {n}", "parts": [n]} for n in range(200)]
    with_ids: list[JSON] = [{**cast("dict[str, JSON]", message), "id": f"m{n}"} for n, message in enumerate(messages)]
    for history in (messages, with_ids):
        first: JSON = {"role": "system", "content": "be brief", "id": "first"}
        last: JSON = {"role": "user", "content": "bye", "id": "last"}
        assert changes(history, [first, *history]).changes == (ValueChange("added", (0,), None, None, first),)
        assert outline(changes(history, [first, *history, last])) == [("added", "[0]"), ("added", "[201]")]


def test_an_item_that_moved_and_changed_is_told_as_both() -> None:
    before: JSON = {"steps": [{"id": "a", "status": "open"}, {"id": "b"}, {"id": "c"}]}
    after: JSON = {"steps": [{"id": "b"}, {"id": "c"}, {"id": "a", "status": "done"}]}
    assert changes(before, after).changes == (
        ValueChange("moved", ("steps", 2), ("steps", 0), {"id": "a", "status": "open"}, {"id": "a", "status": "done"}),
        ValueChange("changed", ("steps", 2, "status"), ("steps", 0, "status"), "open", "done"),
    )


def test_an_item_pushed_along_by_another_is_not_moved_and_its_changes_know_both_places() -> None:
    before: JSON = [{"id": 1, "n": 0}, {"id": 2, "n": 0}]
    after: JSON = [{"id": 9}, {"id": 1, "n": 0}, {"id": 2, "n": 5}]
    assert changes(before, after).changes == (
        ValueChange("added", (0,), None, None, {"id": 9}),
        ValueChange("changed", (2, "n"), (1, "n"), 0, 5),
    )


def test_an_item_replaced_by_one_with_another_id_is_removed_and_added() -> None:
    assert outline(changes([{"id": 1, "n": 0}], [{"id": 2, "n": 0}])) == [("removed", "[0]"), ("added", "[0]")]
    assert outline(changes([{"id": 1, "n": 0}], [{"id": 1.0, "n": 0}])) == [("removed", "[0]"), ("added", "[0]")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([{"id": 1}, {"id": 1, "n": 0}], [{"id": 1}, {"id": 2, "n": 0}], id="not unique before"),
        pytest.param([{"id": 1}, {"id": 2, "n": 0}], [{"id": 1}, {"id": 1, "n": 0}], id="not unique after"),
        pytest.param([{"id": None, "n": 0}], [{"id": 2, "n": 0}], id="null"),
        pytest.param([{"id": [1], "n": 0}], [{"id": [2], "n": 0}], id="not a scalar"),
        pytest.param([{"id": 1}, "plain", {"id": 5}], [{"id": 2}, "plain", {"id": 5}], id="not all objects"),
    ],
)
def test_a_key_that_does_not_identify_every_item_for_certain_identifies_none(
    before: list[JSON], after: list[JSON]
) -> None:
    assert [change.op for change in changes(before, after).changes] == ["changed"]


def test_the_first_identity_key_that_identifies_is_the_one_and_they_can_be_chosen() -> None:
    before: list[JSON] = [{"id": 7, "name": "read", "slug": "x"}, {"id": 7, "name": "grep", "slug": "y"}]
    after: list[JSON] = [{"id": 7, "name": "grep", "slug": "x"}, {"id": 7, "name": "read", "slug": "y"}]
    assert changes(before, after).summary.moved == 1
    assert outline(changes(before, after, identity_keys=("slug",))) == [
        ("changed", "[0].name"),
        ("changed", "[1].name"),
    ]
    assert changes(before, after, identity_keys=()).summary.moved == 0


def test_items_replaced_by_as_many_are_compared_pair_by_pair_and_by_others_as_wholes() -> None:
    before: JSON = ["same", {"n": 1, "s": "x"}, {"n": 2, "s": "x"}, "mid", {"n": 3}, "end"]
    after: JSON = ["new", "same", {"n": 10, "s": "x"}, {"n": 20, "s": "x"}, "mid", {"n": 4}, {"n": 5}, "end"]
    assert outline(changes(before, after)) == [
        ("added", "[0]"),
        ("changed", "[2].n"),
        ("changed", "[3].n"),
        ("removed", "[4]"),
        ("added", "[5]"),
        ("added", "[6]"),
    ]


def test_values_nested_as_deep_as_they_may_be_are_followed_to_the_end() -> None:  # S7
    before: JSON = 1
    after: JSON = 1.0
    for level in range(127):
        in_object = level % 2 == 1
        before = {"k": before} if in_object else [0, before]
        after = {"k": after} if in_object else ["x", 0, after]
    difference = changes({"top": before}, {"top": after})
    assert max(len(change.path) for change in difference.changes) == 128
    assert canonical(applied({"top": before}, difference)) == canonical({"top": after})


def test_past_the_limit_what_differs_is_counted_where_it_is_and_not_reported() -> None:
    before: JSON = {"a": {str(n): n for n in range(10)}, "b": [1, 2], "c": 1, "same": [1], "gone": 1}
    after: JSON = {"a": {str(n): -n for n in range(10)}, "b": [1, 3], "c": 2, "same": [1], "new": 1}
    difference = changes(before, after, limit=4)
    assert outline(difference) == [("changed", f'a."{n}"') for n in range(1, 5)]
    assert difference.truncated == (Truncation(("a",), 5), Truncation((), 4))
    assert not difference.is_empty


def test_a_limit_that_is_just_enough_cuts_nothing() -> None:
    before: JSON = {"a": 1, "b": [1]}
    after: JSON = {"a": 2, "b": [1, 2]}
    assert changes(before, after, limit=2) == changes(before, after)
    assert changes(before, after, limit=2).truncated == ()
    assert changes(before, after, limit=0).truncated == (Truncation((), 1),)


def test_lists_too_long_to_align_are_compared_place_by_place() -> None:
    before: list[JSON] = [0, *range(1, ALIGNED_ITEMS_MAX + 10), 0]
    after: list[JSON] = [-1, *range(1, ALIGNED_ITEMS_MAX + 10), -1, -2]
    assert outline(changes(before, after)) == [
        ("changed", "[0]"),
        ("changed", f"[{len(before) - 1}]"),
        ("added", f"[{len(before)}]"),
    ]


def test_a_long_list_in_which_every_second_item_changed_pairs_them_up() -> None:
    before: list[JSON] = list(range(5_000))
    after: list[JSON] = [number if number % 2 else -1 - number for number in range(5_000)]
    difference = changes(before, after)
    assert difference.summary.changed == len(difference.changes) == 2_500


def test_the_summary_counts_each_kind_and_reads_as_a_sentence() -> None:
    before: JSON = {"a": 1, "b": 2, "c": [{"id": 1}, {"id": 2}], "d": 0}
    after: JSON = {"a": 2, "b": 3, "c": [{"id": 2}, {"id": 1}], "e": 0}
    summary = changes(before, after).summary
    assert (summary.added, summary.removed, summary.changed, summary.moved) == (1, 1, 2, 1)
    assert str(summary) == "2 changed · 1 added · 1 removed · 1 moved"
    assert str(changes(before, before).summary) == "no changes"


# --- words -----------------------------------------------------------------------------------------------------------


def marked(before: str, after: str) -> str | None:
    """The word-level difference in one line: [removed]{added}."""
    spans = word_spans(before, after)
    brackets = {"equal": "{}", "removed": "[{}]", "added": "{{{}}}"}
    return None if spans is None else "".join(brackets[span.op].format(span.text) for span in spans)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("ask the user for access", "ask the operator for access", "ask the [user]{operator} for access"),
        ("took 120 ms in run7", "took 95 ms in run8", "took [120]{95} ms in run[7]{8}"),
        ("one two three four five", "one 2 3 four five", "one [two three]{2 3} four five"),
        ("done, really.", "done; really!", "done[,]{;} really[.]{!}"),
        ("the plan is good", "the plan", "the plan[ is good]"),
        ("退款已经完成了", "退款尚未完成了", "退款[已经]{尚未}完成了"),
    ],
)
def test_the_words_that_changed_inside_a_string_are_told(before: str, after: str, expected: str) -> None:
    assert marked(before, after) == expected
    (change,) = changes({"note": before}, {"note": after}).changes
    assert change.spans == word_spans(before, after)


def test_a_text_still_being_written_keeps_what_it_had_however_much_was_added() -> None:
    before = "First I will"
    after = before + " read the log.\n" + "Then I look at the next line.\n" * 40
    assert word_spans(before, after) == (("equal", before), ("added", after.removeprefix(before)))


def test_strings_with_too_little_in_common_have_no_spans() -> None:
    assert word_spans("pending", "done") is None
    assert word_spans("a", "apple pie") is None
    assert word_spans("", "something") is None
    assert word_spans("alpha beta gamma delta", "one alpha and then many other words entirely") is None
    assert word_spans("aaaa bbb ccc", "aaaa xxx yyy") == (
        ("equal", "aaaa "),
        ("removed", "bbb ccc"),
        ("added", "xxx yyy"),
    )
    assert word_spans("aaa bbbb ccc", "aaa xxxx yyy") is None


def test_only_changed_strings_have_spans() -> None:
    before: JSON = [{"id": 1, "t": "a b c"}, {"id": 2}, 5]
    after: JSON = [{"id": 1, "t": "a b d"}, "a b c", 6]
    assert [change.spans is None for change in changes(before, after).changes] == [False, True, True]
    assert all(change.spans is None for change in changes(["a b c"], []).changes)


def test_lines_are_aligned_before_their_words() -> None:
    before = "import os\n\ndef run(path):\n    return os.stat(path)\n"
    after = "import os\nimport sys\n\ndef run(path):\n    return os.lstat(path)\n"
    assert marked(before, after) == ("import os\n{import sys\n}\ndef run(path):\n    return os.[stat]{lstat}(path)\n")


def test_changes_at_the_end_of_a_line_and_the_start_of_the_next_stay_apart() -> None:
    before = "the first line says old\nold is what the second says\n"
    after = "the first line says new\nnew is what the second says\n"
    assert marked(before, after) == ("the first line says [old]{new}\n[old]{new} is what the second says\n")


def test_a_line_with_little_in_common_is_replaced_as_a_whole() -> None:
    before = "keep this line\nalpha beta gamma\nand this one\n"
    after = "keep this line\nwholly other words here\nand this one\n"
    assert marked(before, after) == ("keep this line\n[alpha beta gamma\n]{wholly other words here\n}and this one\n")


def test_one_small_edit_in_a_very_long_text_is_still_told() -> None:
    words = [f"word{number}" for number in range(20_000)]
    before = " ".join(words)
    words[10_000] = "here"
    spans = word_spans(before, " ".join(words))
    assert spans is not None
    assert [span for span in spans if span.op != "equal"] == [("removed", "word10000"), ("added", "here")]


def test_past_the_token_limit_what_differs_is_replaced_between_the_common_ends() -> None:
    start, end = "begin " * 3_000, " end" * 3_000

    def around(count: int, word: str) -> str:
        return start + " ".join(f"{word}.same{number}" for number in range(count)) + end

    within = word_spans(around(TOKENS_MAX // 5, "x"), around(TOKENS_MAX // 5, "y"))
    beyond = word_spans(around(TOKENS_MAX // 5 + 9, "x"), around(TOKENS_MAX // 5 + 9, "y"))
    assert within is not None
    assert beyond is not None
    assert [span.text for span in within if span.op == "removed"] == ["x"] * (TOKENS_MAX // 5)
    assert [span.op for span in beyond] == ["equal", "removed", "added", "equal"]
    assert beyond[0].text == start


def test_the_token_limit_is_one_for_all_lines_of_a_text() -> None:
    def lines(word: str) -> str:
        return "".join(f"line {n} {word} same same {word}\n" for n in range(TOKENS_MAX))

    spans = word_spans(lines("x"), lines("y"))
    assert spans is not None
    removed = [span.text for span in spans if span.op == "removed"]
    words_alone = removed.count("x")
    # Each line has seven tokens that differ or stand between two that do: x, same, same, x and the spaces.
    assert words_alone == 2 * (TOKENS_MAX // 7)
    assert removed[words_alone:] == ["x same same x"] * (TOKENS_MAX - TOKENS_MAX // 7)


def test_texts_longer_than_a_million_characters_have_no_spans() -> None:
    text = "word " * (CHARACTERS_MAX // 10)
    assert word_spans(text[:-5], text) is not None
    assert word_spans(text, text + "more") is None


def test_long_unrelated_texts_are_not_searched_exhaustively(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = 0

    def counting(junk: None, a: list[str], b: list[str], autojunk: bool) -> SequenceMatcher[str]:
        nonlocal cells
        cells += len(a) * len(b)
        return SequenceMatcher(junk, a, b, autojunk=autojunk)

    monkeypatch.setattr("playhead.text_diff.SequenceMatcher", counting)
    chance = random.Random(7)
    first, second = (" ".join(chance.choice("abcdefgh") * 3 for _ in range(1_990)) for _ in range(2))
    word_spans(first, second)
    third, fourth = ("\n".join(chance.choice("abc") for _ in range(4_000)) for _ in range(2))
    word_spans(third, fourth)
    assert cells <= 1_000_000


@settings(max_examples=200)
@given(st.text("ab \n1.退", max_size=40), st.text("ab \n1.退", max_size=40))
def test_equal_and_removed_spans_join_to_the_text_before_equal_and_added_to_the_text_after(
    before: str, after: str
) -> None:
    spans = word_spans(before, after)
    if spans is not None:
        assert "".join(span.text for span in spans if span.op != "added") == before
        assert "".join(span.text for span in spans if span.op != "removed") == after
        assert all(span.text for span in spans)
        assert all(first.op != second.op for first, second in pairwise(spans))


# --- alignment -------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 6), max_size=60), st.lists(st.integers(0, 6), max_size=60))
def test_runs_cover_both_sequences_in_turn_and_equal_ones_are_equal(before: list[int], after: list[int]) -> None:
    runs = align(before, after)
    assert [place for run in runs for place in run.before] == list(range(len(before)))
    assert [place for run in runs for place in run.after] == list(range(len(after)))
    assert all(first.equal != second.equal for first, second in pairwise(runs))
    for run in runs:
        same = [before[place] for place in run.before] == [after[place] for place in run.after]
        assert same is run.equal


@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_long_sequences_with_few_edits_are_aligned_around_them(chance: random.Random, edits: int) -> None:
    before = list(range(1_000))
    dropped = set(chance.sample(before, edits))
    after = [number for number in before if number not in dropped]
    changed = [run for run in align(before, after) if not run.equal]
    assert {place for run in changed for place in run.before} == dropped
    assert not any(run.after for run in changed)


@given(st.lists(st.integers(-5, 5), max_size=9))
def test_a_longest_increasing_subsequence_is_increasing_and_none_is_longer(numbers: list[int]) -> None:
    chosen = [numbers[place] for place in longest_increasing(numbers)]
    assert chosen == sorted(set(chosen))
    lengths: list[int] = []
    for place, number in enumerate(numbers):
        lengths.append(1 + max((lengths[i] for i in range(place) if numbers[i] < number), default=0))
    assert len(chosen) == max(lengths, default=0)
