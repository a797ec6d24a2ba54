"""Who wrote a value and what it was before, from the command line."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import playhead

from .conftest import Run


def test_last_names_the_event_and_both_values_and_walks_back(run: Run, store: Path) -> None:
    asked = ("last", "plan.steps[0].status", "-s", store, "--agent", "planner")
    assert run(*asked).out.splitlines() == [
        "4\t2026-11-01T14:04:00.000000Z\ttool_error\tplan went wrong",
        '  plan.steps[0].status: "pending" → "done"',
    ]
    assert run(*asked, "--at", "4").out.splitlines()[1] == '  plan.steps[0].status: (nothing) → "pending"'
    assert run(*asked, "--count", "2").out.split("\t")[0] == "1"
    assert run(*asked, "--at", "1").code == 1
    told = run(*asked, "--json").json
    assert isinstance(told, dict)
    assert (told["change"]["before"], told["change"]["after"]) == ("pending", "done")
    assert told["event"]["label"] == "plan went wrong"
    assert run(*asked, "--count", "0").code == 2


def test_next_begins_at_the_beginning_and_goes_on_from_a_moment(run: Run, store: Path) -> None:
    asked = ("next", "budget.remaining", "-s", store, "--agent", "refund")
    assert run(*asked).out.split("\t")[0] == "2"
    assert run(*asked, "--at", "2").out.splitlines()[1] == "  budget.remaining: 40 → -1"
    nothing = run(*asked, "--at", "5", "--json")
    assert (nothing.code, nothing.json) == (1, {"path": "budget.remaining", "change": None, "event": None})


def test_history_lists_every_value_with_its_stretch_and_its_event(run: Run, store: Path) -> None:
    asked = ("history", "draft", "-s", store, "--agent", "planner")
    assert run(*asked, "--csv").out.splitlines() == [
        "first,last,at,agent,kind,label,value",
        '3,3,2026-11-01T14:02:00.000000Z,default/planner,assistant,a draft,"""hello"""',
        "4,5,2026-11-01T14:04:00.000000Z,default/planner,tool_error,plan went wrong,(nothing)",
    ]
    told = run(*asked, "--json").json
    assert isinstance(told, list)
    assert [(row["first"], row["last"], row["exists"], row["value"]) for row in told] == [
        (3, 3, True, "hello"),
        (4, 5, False, None),
    ]
    assert run(*asked, "--csv", "--json").code == 2


def test_blame_names_the_writer_of_every_leaf(run: Run, store: Path) -> None:
    asked = ("-s", store, "--agent", "planner")
    assert run("blame", *asked).out.splitlines() == [
        "commit\tage\tagent\tkind\tlabel\tpath\tvalue",
        '1\t4\tdefault/planner\tplan\tfirst plan\tplan.steps[0].id\t"a"',
        '4\t1\tdefault/planner\ttool_error\tplan went wrong\tplan.steps[0].status\t"done"',
    ]
    below = run("blame", "plan.steps[0].status", *asked, "--at", "3", "--json").json
    assert isinstance(below, list)
    assert [(leaf["path"], leaf["value"], leaf["event"]["commit_ts"]) for leaf in below] == [
        ("plan.steps[0].status", "pending", 1)
    ]
    assert run("blame", "draft", *asked).code == 1


def test_an_unknown_key_suggests_the_nearest(run: Run, store: Path) -> None:
    outcome = run("last", "budgt.remaining", "-s", store, "--agent", "refund")
    assert outcome.code == 2
    assert outcome.err == "playhead: default/refund never had a key 'budgt'; did you mean 'budget'?\n"
    outcome = run("last", "budget.remaining", "-s", store, "--agent", "planner")
    assert outcome.err == "playhead: default/planner never had a key 'budget'; default/refund has it\n"


@pytest.mark.parametrize("verb", ["last", "next", "history", "blame"])
def test_a_place_that_never_had_a_value_is_refused_with_the_nearest_name(run: Run, store: Path, verb: str) -> None:
    outcome = run(verb, "plan.steps[0].statu", "-s", store, "--agent", "planner")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "playhead: default/planner never had a value at plan.steps[0].statu; did you mean 'status'?\n"
    )


def test_a_store_of_very_many_agents_is_told_by_the_first_of_them(run: Run, tmp_path: Path) -> None:
    with playhead.open(tmp_path / "many", durability="os") as many, many.begin_transaction() as tx:
        for number in range(40):
            tx.write(f"agent-{number:02}", "key", number)
    message = run("last", "key", "-s", tmp_path / "many", "--agent", "nobody").err
    assert "default/agent-11 and 28 more" in message and "agent-12" not in message


def test_log_lists_the_run_newest_first(run: Run, store: Path) -> None:
    lines = run("log", store).out.splitlines()
    assert [line.split()[0] for line in lines] == ["5", "4", "3", "2", "1"]
    assert lines[0].split(maxsplit=3)[2:] == ["tool_result", "refunded"]
    assert [line.split()[0] for line in run("log", store, "--reverse", "-n", "2").out.splitlines()] == ["1", "2"]
    assert [line.split()[0] for line in run("log", store, "--kind", "tool_*").out.splitlines()] == ["5", "4"]
    assert [line.split()[0] for line in run("log", store, "--key", "dr*").out.splitlines()] == ["4", "3"]
    assert [line.split()[0] for line in run("log", store, "--agent", "refund").out.splitlines()] == ["5", "2"]
    nothing = run("log", store, "--kind", "nothing")
    assert (nothing.code, nothing.err) == (1, "no such event\n")
    within = run("log", store, "--start-ts", "before", "--end-ts", "@2026-11-01T14:04:30")  # S29
    assert [line.split()[0] for line in within.out.splitlines()] == ["4", "3"]
    assert run("log", store, "--start-ts", "0").code == run("log", store, "--start-ts", "@25:00").code == 2


def test_log_finds_where_a_text_came_and_went_with_its_lines(run: Run, store: Path) -> None:
    assert run("log", "-S", "hello", store, "--reverse").out.splitlines() == [
        "      3  2026-11-01T14:02:00.000000Z  assistant    a draft",
        "         + planner: draft: hello",
        "      4  2026-11-01T14:04:00.000000Z  tool_error   plan went wrong",
        "         - planner: draft: hello",
    ]
    told = [json.loads(line) for line in run("log", "-G", "^(pending|done)$", store, "--json").out.splitlines()]
    assert [each["commit_ts"] for each in told] == [4, 1]
    assert told[0]["hits"][0]["lines"] == [
        {"sign": "-", "path": "plan.steps[0].status", "text": "pending"},
        {"sign": "+", "path": "plan.steps[0].status", "text": "done"},
    ]
    assert run("log", "-S", "nowhere", store).code == 1
    assert run("log", "-G", "(", store).code == 2


def test_origin_follows_a_text_to_its_first_places(run: Run, store: Path) -> None:
    outcome = run("origin", "hello", "-s", store)
    assert outcome.out.splitlines() == ["3\tstate\tassistant\ta draft", "  planner: draft: «hello»"]
    of_path = run("origin", "budget.remaining", "-s", store, "--agent", "refund", "--at", "3", "--json").json
    assert isinstance(of_path, list)
    assert [(each["text"], [found["event"]["commit_ts"] for found in each["whole"]]) for each in of_path] == [
        ("40", [2])
    ]
    assert run("origin", "budget", "--text", "-s", store, "--agent", "refund").code == 1
    nowhere = run("origin", "no such words", "-s", store)
    assert (nowhere.code, nowhere.err) == (1, "not seen before\n")
    assert run("origin", "", "-s", store).code == 2


SQL: dict[str, list[object]] = {
    "SELECT key FROM state_at(3) ORDER BY key": ["budget", "draft", "plan"],
    "SELECT before->>'remaining' || ' ' || (after->>'remaining') AS b FROM changes(4, 5)": ["40 -1"],
    "SELECT op FROM history('planner', 'draft') ORDER BY version": ["write", "delete"],
    "SELECT kind FROM events ORDER BY commit_ts DESC LIMIT 1": ["tool_result"],
    "SELECT count(*) AS n FROM operations": [6],
    "SELECT label FROM snapshots": ["before"],
}


@pytest.mark.parametrize("query", SQL)
def test_sql_answers_as_table_json_csv_and_parquet(run: Run, store: Path, tmp_path: Path, query: str) -> None:
    expected = SQL[query]
    assert run("sql", query, "-s", store).out.splitlines()[1:] == [str(each) for each in expected]
    told = run("sql", query, "-s", store, "--json").json
    assert isinstance(told, list)
    assert [next(iter(row.values())) for row in told] == expected
    assert run("sql", query, "-s", store, "--csv").out.splitlines()[1:] == [str(each) for each in expected]
    assert run("sql", query, "-s", store, "--parquet", tmp_path / "out.parquet").code == 0
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.columns[0].to_pylist() == expected
    before = (tmp_path / "out.parquet").read_bytes()
    again = run("sql", query, "-s", store, "--parquet", tmp_path / "out.parquet")
    assert (again.code, (tmp_path / "out.parquet").read_bytes()) == (2, before)


def test_sql_tells_values_of_every_type(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = (
        "SELECT sum(commit_ts) AS total, 1.5::DECIMAL(5, 2) AS part, 'nan'::DOUBLE AS none, INTERVAL '1 day' AS day,"
        " TIME '10:00' AS noon, DATE '2026-11-01' AS date, {'a': [1, 2]} AS object, 'x'::BLOB AS bytes, true AS yes,"
        " max(committed_at) AS at, 1 AS n, 2 AS n FROM events"
    )
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert run("sql", query, "-s", store, "--json").json == [
        {
            "total": 15,
            "part": 1.5,
            "none": None,
            "day": "P0M1DT0S",
            "noon": "10:00:00",
            "date": "2026-11-01",
            "object": {"a": [1, 2]},
            "bytes": "78",
            "yes": True,
            "at": "2026-11-01T14:05:00.000000Z",
            "n": 1,
            "n_1": 2,
        }
    ]
    line = run("sql", query, "-s", store).out.splitlines()[1]
    assert line.split("\t")[6:10] == ['{"a": [1, 2]}', "78", "true", "2026-11-01T14:05:00.000000Z"]
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_sql_never_writes_over_a_segment_nor_where_it_cannot(run: Run, store: Path, tmp_path: Path) -> None:
    assert run("sql", "SELECT 1", "-s", store, "--parquet", tmp_path / "no" / "out.parquet").code == 2
    assert run("sql", "SELECT 1", "-s", store, "--csv", "--json").code == 2
    assert run("sql", "COPY events TO 'x'", "-s", store).code == 2
