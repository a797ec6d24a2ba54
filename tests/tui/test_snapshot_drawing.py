"""The rows of the snapshot list and of a comparison, as text."""

from __future__ import annotations

import pytest

from playhead import JSON, Address, AgentAddress, Change, Record
from playhead_tui.drawing.change_lines import KEYS_OPEN, ChangeTree
from playhead_tui.drawing.moment_lines import Looks, Measure, Moment, moment_line, rails

NOW = Moment(30, "now")


def taken(id: int, parent: int | None, commit_ts: int = 4) -> Moment:
    return Moment(commit_ts, "snapshot", id, f"label {id}", 0.0, parent)


def test_snapshots_taken_one_after_the_other_stand_in_one_line() -> None:
    assert rails([NOW, taken(3, 2), taken(2, 1), taken(1, None)]) == ["", "◆", "◆", "◆"]


def test_branches_stand_beside_each_other_and_end_at_their_parent() -> None:
    assert rails([taken(5, 2), taken(4, 3), taken(3, 1), taken(2, 1), taken(1, None)]) == [
        "◆",
        "│ ◆",
        "│ ◆",
        "◆ │",
        "◆─┘",
    ]


def test_a_parent_that_is_not_listed_ends_its_branch() -> None:
    assert rails([taken(5, 4), taken(3, 2), taken(1, None)]) == ["◆", "◆", "◆"]


@pytest.mark.parametrize("width", [60, 68, 78, 104, 130])
def test_a_row_fills_its_width_and_names_what_it_is(width: int) -> None:
    measures = {4: Measure(1203, 48_000), 5: None}
    for moment, told in ((taken(1, None), "48 kB"), (taken(2, 1, 5), "—"), (taken(3, 2, 6), "…"), (NOW, "…")):
        line = moment_line(moment, Looks("◆", 1, False, False), measures, width)
        assert line.width <= width and told in line.text
        assert ("label" in line.text) != (moment is NOW)


def record(key: str, value: JSON, version: int, agent: str = "a") -> Record:
    exists = version > 0
    return Record("default", agent, key, value if exists else None, version, version, None, exists)


def change(key: str, before: JSON, after: JSON, agent: str = "a") -> Change:
    old = record(key, before, 0 if before is None else 1, agent)
    return Change(Address("default", agent, key), old, record(key, after, 2, agent))


def test_a_long_difference_is_cut_short_and_opens() -> None:
    tree = ChangeTree([change("list", None, {str(number): "x" * 60 for number in range(40)})], 100)
    more = next(at for at, row in enumerate(tree.rows) if row.kind == "more")
    assert "more lines" in tree.rows[more].line.text and len(tree.rows) < 20
    tree.turn(more)
    assert len(tree.rows) > 40 and not any(row.kind == "more" for row in tree.rows)
    assert "39" in tree.text


def test_what_is_the_same_inside_a_value_opens_too() -> None:
    before: dict[str, JSON] = {f"k{number}": number for number in range(30)}
    tree = ChangeTree([change("object", before, {**before, "k7": "seven"})], 100)
    assert "k12" not in tree.text and '7 → "seven"' in tree.text
    tree.turn(next(at for at, row in enumerate(tree.rows) if row.fold is not None))
    tree.turn(next(at for at, row in enumerate(tree.rows) if row.kind == "more"))
    assert "k12" in tree.text


def test_of_many_keys_only_the_first_are_compared_to_begin_with() -> None:
    tree = ChangeTree([change(f"k{number:03}", number, number + 1) for number in range(100)], 100)
    assert sum("▾" in row.line.text for row in tree.rows if row.kind == "key") == KEYS_OPEN
    assert "99 → 100" not in tree.text
    tree.turn(len(tree.rows) - 1)
    assert "99 → 100" in tree.text


def test_what_is_chosen_is_told_of_keys_and_of_agents() -> None:
    changes = [change("one", 1, 2), change("two", 1, 2), change("one", 1, 2, agent="b")]
    tree = ChangeTree(changes, 100, [changes[0].address])
    texts = [row.line.text.strip() for row in tree.rows if row.kind in ("agent", "key")]
    assert [text.split("   ")[0] for text in texts] == [
        "▾ [~] default/a",
        "▾ [✓] ~ one",
        "▾ [ ] ~ two",
        "▾ [ ] default/b",
        "▾ [ ] ~ one",
    ]
    tree.toggle(1)
    assert tree.chosen == tree.addresses(AgentAddress("default", "a"))
    tree.toggle(1)
    assert tree.chosen == set()
    assert all("stays as it is" in row.line.text for row in tree.rows if row.kind == "key")
