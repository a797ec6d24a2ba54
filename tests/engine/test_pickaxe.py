"""The pickaxe beside an oracle that looks at every version and the one before it."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import playhead
from playhead import JSON, InvalidArgumentError, PlayheadError, Question, Store, pickaxe
from playhead.verbs import LogEntry

from .histories import GONE, Step, Told, Written, histories, write_history

TEXTS = st.sampled_from(["", "ab", "abab", "a\nab b", 'say "ab"', "tab\tab", "é\\nab", "\x01b", "12", "a1\n12", "\\"])
VALUES: st.SearchStrategy[JSON] = st.one_of(
    TEXTS,
    st.sampled_from([12, 112, 1.5, None, True]),
    st.dictionaries(st.sampled_from(["ab", "n"]), TEXTS, max_size=2),
    st.lists(TEXTS, max_size=3),
)
WANTED = ["ab", "b", "12", '"', "\n", "\\", "é", "\x01", "tru", "missing"]
PATTERNS = [
    "ab", "^ab", "b$", "a.?b", r"\d\d", r"\bab\b", '"ab"', r"\\n", "(?i)AB", "[^a]b", "(?=ab)ab",
    "ab++", r"\S \S", "^$",
]  # fmt: skip


def lines(value: object) -> list[str]:
    if value is GONE:
        return []
    if isinstance(value, dict):
        return [line for name, member in value.items() for line in (name, *lines(member))]
    if isinstance(value, list):
        return [line for item in value for line in lines(item)]
    return (value.splitlines() or [""]) if isinstance(value, str) else [orjson.dumps(value).decode()]


def occurrences(text: str, value: object) -> int:
    return 0 if value is GONE else orjson.dumps(value).count(orjson.dumps(text)[1:-1])


def found(entries: list[LogEntry]) -> list[tuple[int, str, str, int]]:
    """Every hit as commit_ts, agent, key and version."""
    assert all(entry.hits for entry in entries)
    assert all(hit.commit_ts == entry.commit_ts for entry in entries for hit in entry.hits)
    return [(hit.commit_ts, *hit.address[1:], hit.version) for entry in entries for hit in entry.hits]


def expected(versions: list[Written]) -> list[tuple[int, str, str, int]]:
    return sorted((each.commit_ts, each.agent, each.key, each.version) for each in versions)


def written(store: Store, steps: list[Step], seals: list[int]) -> Told:
    """The history, sealed in several places."""
    told = Told([], [], [])
    bounds = [0, *sorted(seals), len(steps)]
    for first, last in pairwise(bounds):
        told = write_history(store, steps[first:last])
        store.seal()
    return told


SEALS = st.lists(st.integers(0, 10), max_size=3)


@given(histories(VALUES), SEALS, st.sampled_from(WANTED), st.integers(1, 6))
@settings(max_examples=12, deadline=None)
def test_a_text_is_found_where_its_count_differs_from_the_version_before(
    steps: list[Step], seals: list[int], text: str, start: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        told = written(store, steps, [min(seal, len(steps)) for seal in seals])
        cursor = store.cursor()
        differing = [v for v in told.versions if occurrences(text, v.before) != occurrences(text, v.after)]
        assert found(list(cursor.log(text))) == expected(differing)
        assert found(list(cursor.log(text, start=start, end=start + 3))) == expected(
            [v for v in differing if start <= v.commit_ts <= start + 3]
        )
        narrow = cursor.log(text, agent_id="a", key="tool/*", kind="tool_*", newest_first=True)
        narrowed = [v for v in differing if (v.agent, v.key, told.kinds[v.commit_ts]) == ("a", "tool/1", "tool_result")]
        assert sorted(found(list(narrow))) == expected(narrowed)
        by_place = {(v.commit_ts, v.agent, v.key, v.version): v for v in differing}
        for entry in cursor.log(text):
            for hit in entry.hits:
                version = by_place[hit.commit_ts, hit.address.agent_id, hit.address.key, hit.version]
                old, new = (Counter(line for line in lines(v) if text in line) for v in (version.before, version.after))
                told_lines: Counter[tuple[str, str]] = Counter((line.sign, line.text) for line in hit.lines)
                for sign, gained in (("-", old - new), ("+", new - old)):
                    assert all(told_lines[sign, line] >= count for line, count in gained.items())
                assert all(text in line.text for line in hit.lines)


@given(histories(VALUES), SEALS, st.sampled_from(["ab", "12"]), st.booleans(), st.integers(1, 4), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_newest_first_tells_the_same_backwards_however_far_back_it_reads_at_a_time(
    steps: list[Step], seals: list[int], wanted: str, is_pattern: bool, at_once: int, few: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        written(store, steps, [min(seal, len(steps)) for seal in seals])
        asked = {"regex" if is_pattern else "text": wanted}
        for start in (1, 3):
            oldest_first = list(store.cursor().log(**asked, start=start))  # type: ignore[arg-type]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(pickaxe, "COMMITS_AT_ONCE", at_once)
                patch.setattr(pickaxe, "COMMITS_AT_ONCE_MAX", 2 * at_once)
                patch.setattr(pickaxe, "FEW_HITS", few)
                newest_first = list(store.cursor().log(**asked, start=start, newest_first=True))  # type: ignore[arg-type]
            assert newest_first == oldest_first[::-1]


@given(histories(VALUES), SEALS, st.sampled_from(PATTERNS))
@settings(max_examples=15, deadline=None)
def test_a_pattern_is_found_where_matching_lines_came_or_went(
    steps: list[Step], seals: list[int], pattern: str
) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        told = written(store, steps, [min(seal, len(steps)) for seal in seals])
        seen = found(list(store.cursor().log(regex=pattern)))

        def matching(value: object) -> Counter[str]:
            return Counter(line for line in lines(value) if re.search(pattern, line, re.ASCII))

        # Lines that only went to another path of the value are changed lines, too.
        assert set(expected([v for v in told.versions if matching(v.before) != matching(v.after)])) <= set(seen)
        assert set(seen) <= set(expected([v for v in told.versions if matching(v.before) or matching(v.after)]))
        assert len(set(seen)) == len(seen)


@given(histories(VALUES), st.sampled_from(["k", "tool/*", "[k]", "*"]), st.sampled_from(["*", "tool_*", "plan"]))
@settings(max_examples=15, deadline=None)
def test_a_log_without_a_search_lists_the_events_that_fit(steps: list[Step], key: str, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder, playhead.open(Path(folder) / "run", durability="os") as store:
        told = write_history(store, steps, seal_after=3)
        cursor = store.cursor()
        keys = {"k": {"k"}, "[k]": {"k"}, "tool/*": {"tool/1"}, "*": {"k", "tool/1"}}[key]
        kinds = {"*": set(told.kinds), "tool_*": {"tool_result"}, "plan": {"plan"}}[kind]
        fitting = sorted({v.commit_ts for v in told.versions if v.key in keys and told.kinds[v.commit_ts] in kinds})
        assert [entry.commit_ts for entry in cursor.log(key=key, kind=kind)] == fitting
        assert [entry.commit_ts for entry in cursor.log(newest_first=True)] == list(range(store.head, 0, -1))
        of_b = sorted({v.commit_ts for v in told.versions if v.agent == "b"})
        assert [entry.commit_ts for entry in cursor.log(agent_id="b", start=2)] == [each for each in of_b if each >= 2]


def test_a_line_is_named_by_its_path_and_whether_it_came_or_went() -> None:
    with playhead.open(":memory:") as store:
        store.write("agent", "plan", {"steps": ["buy milk", "call\nthe bank"]})
        store.write("agent", "plan", {"steps": ["buy milk", "call\nthe bank today"]})
        store.delete("agent", "plan")
        first, second = store.cursor().log("bank", end=3), store.cursor().log(regex="bank t")
        assert [(line.sign, line.path, line.text) for entry in first for hit in entry.hits for line in hit.lines] == [
            ("+", ("steps", 1), "the bank"),
            ("-", ("steps", 1), "the bank today"),
        ]
        assert [entry.commit_ts for entry in second] == [2, 3]


def test_a_search_says_how_far_it_has_come_segment_by_segment(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        for _ in range(3):
            store.write("agent", "key", "x")
            store.write("agent", "key", "y")
            store.seal()
        store.write("agent", "key", "x")
        ends = [segment.last for segment in store.view().segments]
        question, told = Question(), []
        with question:
            for _ in store.cursor().log("x"):
                told.append(question.done)
    assert len(told) == 7
    assert list(dict.fromkeys(told)) == [*(end / 7 for end in ends), 1.0]


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_first_hits_of_a_common_text_are_told_before_the_rest_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newest_first: bool
) -> None:
    with playhead.open(tmp_path / "run", durability="os") as store:
        for number in range(64):
            store.write("agent", "key", "x" * (number % 2))
            if number % 16 == 15:
                store.seal()
        cursor = store.cursor()
        looked_at: list[object] = []
        lines_of = pickaxe.lines_of

        def counted(value: JSON) -> object:
            looked_at.append(value)
            return lines_of(value)

        monkeypatch.setattr(pickaxe, "lines_of", counted)
        monkeypatch.setattr(pickaxe, "COMMITS_AT_ONCE", 8)
        entries = cursor.log("x", newest_first=newest_first)
        assert next(entries).commit_ts == (64 if newest_first else 2)
        assert len(looked_at) <= 4
        assert len(list(entries)) == 62


def test_what_cannot_be_searched_for_is_refused() -> None:
    with playhead.open(":memory:") as store:
        store.write("agent", "key", 1)
        with pytest.raises(InvalidArgumentError, match="is empty"):
            store.cursor().log("")
        with pytest.raises(InvalidArgumentError, match="no regular expression"):
            store.cursor().log(regex="(")
        for asked in ({"text": "\udcff"}, {"regex": "\udcff"}, {"text": "x", "key": "\udcff"}):
            with pytest.raises(PlayheadError, match="not valid Unicode"):
                store.cursor().log(**asked)  # type: ignore[arg-type]
