"""Which keys a state has at a moment, those that are gone included, and one key by itself."""

from __future__ import annotations

from pathlib import Path

import playhead
from playhead import AgentAddress
from playhead.cursor import Cursor
from playhead.outline import OutlineRow, outline_row


def cursor_on(store: playhead.Store) -> Cursor:
    """Commits: 1 writes a, 2 deletes it, 3 writes b and a helper’s note, 4 writes b again."""
    store.write(agent_id="main", key="a", value=1)
    store.delete(agent_id="main", key="a")
    with store.begin_transaction() as tx:
        tx.write(agent_id="main", key="b", value=2)
        tx.write(agent_id="helper", key="note", value=3)
    store.write(agent_id="main", key="b", value=4)
    return Cursor(store, agent_id="main")


def test_deleted_keys_are_listed_where_they_are_asked_for(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "store", durability="os") as store:
        cursor = cursor_on(store)
        assert cursor.outline().keys == ["b"]
        outline = cursor.outline(deleted=True)
        assert list(outline) == [OutlineRow("a", 2, 2, False, None), OutlineRow("b", 2, 4, True, "changed")]
        assert outline.live_count == 1
        assert cursor.outline(deleted=True, filter="A").keys == ["a"]
        assert cursor.outline(deleted=True, changed_only=True).keys == ["b"]


def test_another_agents_keys_are_listed_without_choosing_it(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "store", durability="os") as store:
        cursor = cursor_on(store)
        helper = AgentAddress("default", "helper")
        assert list(cursor.outline(helper)) == [OutlineRow("note", 1, 3, True, None)]
        assert cursor.agent.agent_id == "main"
        store.write(agent_id="helper", key="more", value=1)
        cursor.refresh()
        assert cursor.outline(helper).keys == ["more", "note"], "what is committed later is known of it, too"


def test_one_keys_row_is_that_of_the_outline_and_there_is_one_before_and_after_it_exists(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "store", durability="os") as store:
        cursor = cursor_on(store)
        rows = [outline_row(cursor.timeline, "a", position) for position in range(5)]
        assert rows == [
            OutlineRow("a", 0, 0, False, None),
            OutlineRow("a", 1, 1, True, "added"),
            OutlineRow("a", 2, 2, False, "removed"),
            OutlineRow("a", 2, 2, False, None),
            OutlineRow("a", 2, 2, False, None),
        ]
        assert outline_row(cursor.timeline, "zzz", 4) == OutlineRow("zzz", 0, 0, False, None)
        for position in range(5):
            cursor.position = position
            for row in cursor.outline(deleted=True):
                assert outline_row(cursor.timeline, row.key, position) == row


def test_a_key_that_does_not_exist_comes_where_it_is_asked_for_if_the_agent_ever_has_it(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "store", durability="os") as store:
        cursor = cursor_on(store)
        outline = cursor.outline(also="a")
        assert list(outline) == [OutlineRow("a", 2, 2, False, None), OutlineRow("b", 2, 4, True, "changed")]
        assert (outline.live_count, outline.row_of("a")) == (1, 0)
        assert cursor.outline(also="b").keys == ["b"], "it is there already"
        assert cursor.outline(also="note").keys == ["b"], "another agent's"
        cursor.position = 1
        assert list(cursor.outline(also="b"))[1] == OutlineRow("b", 0, 0, False, None), "not written yet"
        cursor.position = 0
        assert cursor.outline(also="b").keys == [], "an empty state stays empty"


def test_a_timeline_knows_when_each_key_was_written_first(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "store", durability="os") as store:
        cursor = cursor_on(store)
        assert cursor.timeline.first_commits(["b", "a"]) == [3, 1]
        assert cursor.timeline.knows("a") and not cursor.timeline.knows("note")
        store.write(agent_id="main", key="c", value=1)
        cursor.refresh()
        assert cursor.timeline.first_commits(["a", "c"]) == [1, 5]
