"""Every leaf of a value names the version that last wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import playhead
from playhead import JSON, InvalidArgumentError
from playhead.blame import blame
from playhead.cursor import BlameRow, Cursor
from playhead.diff import Path, changes, format_path
from playhead.model import Address, Record

GONE = object()


def blamed(*values: object) -> dict[str, int]:
    """Which version each leaf of the last value is from, by its path, where a key had these values in turn."""
    return {format_path(row.path): row.version for row in rows_of(values)}


def rows_of(values: Sequence[object]) -> list[BlameRow]:
    records = [
        Record(
            "default",
            "agent",
            "key",
            None if value is GONE else cast(JSON, value),
            number,
            number,
            None,
            value is not GONE,
        )
        for number, value in enumerate(values, 1)
    ]
    return blame(records[-1], lambda first, last: records[first - 1 : last])


def test_a_leaf_keeps_its_writer_while_it_is_written_back_as_it_was() -> None:
    assert blamed({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 2, "b": 1, "c": [0]}) == {"a": 2, "b": 1, "c[0]": 3}


def test_a_leaf_that_went_and_came_back_is_from_when_it_came_back() -> None:
    assert blamed({"a": 1}, {}, {"a": 1}) == {"a": 3}
    assert blamed({"a": 1}, {"a": 2}, {"a": 1}) == {"a": 3}


def test_a_delete_forgets_who_wrote_before() -> None:  # S6
    assert blamed({"a": 1, "b": 1}, GONE, {"a": 1, "b": 1}) == {"a": 3, "b": 3}
    assert blamed({"a": 1}, GONE) == {}


def test_another_type_forgets_what_was_below() -> None:  # S25
    assert blamed({"a": {"b": 1}}, {"a": [1]}, {"a": {"b": 1}}) == {"a.b": 3}
    assert blamed({"a": 1, "b": 0.0}, {"a": 1.0, "b": -0.0}) == {"a": 2, "b": 2}


def test_items_keep_their_writers_when_others_come_before_them() -> None:
    assert blamed(["a", "b"], ["new", "a", "b"], ["new", "a", "c", "b"]) == {"[0]": 2, "[1]": 1, "[2]": 3, "[3]": 1}


def test_items_with_an_identity_are_followed_where_they_move() -> None:
    first: JSON = [{"id": 1, "done": False}, {"id": 2, "done": False}]
    later: JSON = [{"id": 2, "done": True}, {"id": 3, "done": False}, {"id": 1, "done": False}]
    assert blamed(first, later) == {
        "[0].id": 1,
        "[0].done": 2,
        "[1].id": 2,
        "[1].done": 2,
        "[2].id": 1,
        "[2].done": 1,
    }


def test_empty_collections_are_leaves() -> None:
    assert blamed({"a": [1], "b": {}}, {"a": [], "b": {}}) == {"a": 2, "b": 1}
    assert blamed([], {}) == {"": 2}


def test_rows_come_in_document_order_with_value_and_commit() -> None:
    with playhead.open(":memory:") as store:
        store.write("other", "key", 0)
        store.write("agent", "key", {"z": 1, "a": [1, {"m": "x"}]})
        rows = store.cursor(agent_id="agent").blame("key")
    assert [(row.path, row.value, row.version, row.commit_ts, row.exact) for row in rows] == [
        (("z",), 1, 1, 2, True),
        (("a", 0), 1, 1, 2, True),
        (("a", 1, "m"), "x", 1, 2, True),
    ]


def test_the_value_at_the_playhead_is_the_one_that_is_blamed() -> None:
    with playhead.open(":memory:") as store:
        for number in range(5):
            store.write("agent", "key", {"n": number, "same": True})
        cursor = store.cursor()
        cursor.seek(3)
        assert {format_path(row.path): row.commit_ts for row in cursor.blame("key")} == {"n": 3, "same": 1}
        cursor.seek(0)
        assert cursor.blame("key") == []


def test_several_writes_in_one_commit_count_as_the_versions_they_are() -> None:  # S5
    with playhead.open(":memory:") as store:
        with store.begin_transaction() as tx:
            tx.write("agent", "key", {"a": 1, "b": 1})
            tx.write("agent", "key", {"a": 2, "b": 1})
        rows = store.cursor().blame("key")
    assert [(row.version, row.commit_ts) for row in rows] == [(2, 1), (1, 1)]


def test_a_limit_says_of_which_leaves_the_writer_may_be_older() -> None:
    with playhead.open(":memory:") as store:
        for number in range(10):
            store.write("agent", "key", {"n": number // 2, "same": True})
        rows = store.cursor().blame("key", versions_max=3)
    assert [(row.version, row.exact) for row in rows] == [(9, True), (8, False)]


def test_thousands_of_versions_are_walked_in_sealed_files_too(tmp_path: FilePath) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        for number in range(2_500):
            store.write("agent", "key", {"n": number, "early": number >= 7, "first": "x"})
            if number == 1_200:
                store.seal()
        rows = store.cursor().blame("key")
    assert {format_path(row.path): row.version for row in rows} == {"n": 2_500, "early": 8, "first": 1}


def test_the_search_stops_where_every_leaf_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    versions = Cursor.versions

    def counted(cursor: Cursor, key: str, first: int, last: int) -> list[Record]:
        asked.append((first, last))
        return versions(cursor, key, first, last)

    with playhead.open(":memory:") as store:
        for number in range(300):
            store.write("agent", "key", [number, number])
        monkeypatch.setattr(Cursor, "versions", counted)
        assert [row.version for row in store.cursor().blame("key")] == [300, 300]
    assert asked == [(292, 299)]


# ── against a walk from the first version on, that follows what `changes` says ───────────────────────────────────────

SCALARS = st.one_of(st.integers(0, 2), st.sampled_from(["x", "y", True, None, 1.0]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        st.lists(st.fixed_dictionaries({"id": st.integers(0, 4), "v": SCALARS}), max_size=4),
    ),
    max_leaves=10,
)


def naive(values: Sequence[object]) -> dict[Path, int]:
    known: dict[Path, int] = {}
    before: object = GONE
    for version, after in enumerate(values, 1):
        leaves = leaves_of(after)
        if before is GONE or after is GONE:
            known = dict.fromkeys(leaves, version)
        else:
            source_of = sources(before, after)
            known = {path: known[source_of[path]] if path in source_of else version for path in leaves}
        before = after
    return known


def sources(before: object, after: object) -> dict[Path, Path]:
    """Where each leaf that stayed as it was had been, from nothing but the paths of the reported changes."""
    edits = changes(before, after).changes  # type: ignore[arg-type]
    found: dict[Path, Path] = {}

    def walk(old: object, new: object, source: Path, path: Path) -> None:
        if any(edit.op == "changed" and edit.path == path for edit in edits):
            return
        removed = {edit.path for edit in edits if edit.op == "removed"}
        added = {edit.path for edit in edits if edit.op == "added"}
        moves = {edit.path: edit.from_path for edit in edits if edit.op == "moved"}
        if isinstance(new, dict) and new:
            assert isinstance(old, dict)
            for name in new:
                if (*path, name) not in added:
                    walk(old[name], new[name], (*source, name), (*path, name))
        elif isinstance(new, list) and new:
            assert isinstance(old, list)
            taken = set(moves.values())
            staying = [(*source, at) for at in range(len(old))]
            staying = [place for place in staying if place not in removed and place not in taken]
            for to, item in enumerate(new):
                place = (*path, to)
                if place in added:
                    continue
                origin = moves[place] if place in moves else staying.pop(0)
                assert origin is not None
                walk(old[origin[-1]], item, origin, place)  # type: ignore[index]
            assert not staying
        elif new == old:
            found[path] = source

    walk(before, after, (), ())
    return found


def leaves_of(value: object, path: Path = ()) -> list[Path]:
    if value is GONE:
        return []
    if isinstance(value, dict) and value:
        return [leaf for name, member in value.items() for leaf in leaves_of(member, (*path, name))]
    if isinstance(value, list) and value:
        return [leaf for place, item in enumerate(value) for leaf in leaves_of(item, (*path, place))]
    return [path]


@given(st.lists(st.one_of(VALUES, st.just(GONE)), min_size=1, max_size=8))
def test_any_history_is_blamed_as_a_walk_from_its_beginning_would(values: list[object]) -> None:
    rows = rows_of(values)
    assert {row.path: row.version for row in rows} == naive(values)
    assert [row.path for row in rows] == leaves_of(values[-1])


def test_a_base_before_the_playhead_moves_along_with_it() -> None:
    with playhead.open(":memory:") as store:
        for number in range(4):
            store.write("agent", "a" if number % 2 else "b", number)
        cursor = store.cursor()
        cursor.set_base_before(1)
        assert [record.value for record in cursor.comparison("a")] == [1, 3]
        assert [record.value for record in cursor.comparison("b")] == [2, 2]
        assert [str(change.address.key) for change in cursor.changes()] == ["a"]
        cursor.step(-1)
        assert [record.value for record in cursor.comparison("b")] == [0, 2]
        assert cursor.base_ts == 2
        with pytest.raises(InvalidArgumentError, match="1 commit or more"):
            cursor.set_base_before(0)


def test_versions_are_read_with_their_values_oldest_first() -> None:
    with playhead.open(":memory:") as store:
        for number in range(6):
            store.write("agent", "key", number)
        cursor = store.cursor()
        assert [record.value for record in cursor.versions("key", 2, 4)] == [1, 2, 3]
        assert [record.version for record in cursor.versions("key", 5, 99)] == [5, 6]
        assert [record.value for record in cursor.versions("key")] == list(range(6))
        assert cursor.versions("nothing") == []


def test_an_unknown_record_has_nobody_to_blame() -> None:
    assert blame(Record.unknown(Address("default", "agent", "key")), lambda first, last: []) == []
