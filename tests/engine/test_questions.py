"""A question that another thread stops ends there, and everything else goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import playhead
from playhead import ImportReport, Question, QuestionStoppedError, Store
from playhead.kept import Kept

ENDLESS = "SELECT count(*) FROM range(1_000_000_000_000_000)"


def ask_rows(store: Store) -> object:
    with store.history.query(store.view()) as query:
        return query.rows(ENDLESS)


def ask_arrow(store: Store) -> object:
    with store.history.query(store.view()) as query:
        return query.table(ENDLESS)


def ask_sql(store: Store) -> object:
    return store.sql(ENDLESS)


@pytest.mark.parametrize("ask", [ask_rows, ask_arrow, ask_sql])
def test_another_thread_stops_a_question_that_would_not_end(store: Store, ask: Callable[[Store], object]) -> None:
    store.write("agent", "key", 1)
    question = Question()

    def asked() -> None:
        with question:
            ask(store)

    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(asked)
        stopping = threading.Event()
        answer.add_done_callback(lambda _: stopping.set())
        # What comes a moment before DuckDB begins does not reach it.
        while not stopping.wait(0.01):
            question.stop()
        with pytest.raises(QuestionStoppedError, match="stopped before the answer was found"):
            answer.result()
    assert question.is_stopped
    assert store.cursor().when("key = 1") != []
    assert store.sql("SELECT count(*) AS n FROM operations").to_pylist() == [{"n": 1}]


QUESTIONS: dict[str, Callable[[playhead.Cursor], object]] = {
    "when": lambda cursor: cursor.when("key > 0"),
    "run_forward": lambda cursor: cursor.run_forward("key > 0"),
    "run_back": lambda cursor: cursor.run_back("key > 0"),
    "watch": lambda cursor: cursor.watch(["key"]),
    "last": lambda cursor: cursor.last("key"),
    "next": lambda cursor: cursor.next("key"),
    "history": lambda cursor: cursor.held_values("key"),
    "blame": lambda cursor: cursor.blame_state(),
    "log": lambda cursor: list(cursor.log("1")),
    "fold": lambda cursor: cursor.fold_without([2]),
    "origin": lambda cursor: cursor.origins("key"),
    "diff": lambda cursor: cursor.store.diff(0, 1),
    "sql": lambda cursor: cursor.store.sql("SELECT 1"),
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("sealed", [False, True])
def test_every_question_ends_where_it_was_stopped_and_is_answered_when_asked_again(
    store: Store, name: str, sealed: bool
) -> None:
    for value in (0, 1, 2):
        store.write("agent", "key", value)
    if sealed:
        store.seal()
    cursor, question = store.cursor(), Question()
    cursor.position = 2
    question.stop()
    with question, pytest.raises(QuestionStoppedError):
        QUESTIONS[name](cursor)
    assert cursor.position == 2
    # What was stopped is not kept for an answer.
    other = store.cursor()
    other.position = 2
    assert str(QUESTIONS[name](cursor)) == str(QUESTIONS[name](other)) not in ("None", "[]")


def test_stopping_a_question_leaves_those_of_other_threads_and_later_ones_alone(store: Store) -> None:
    store.write("agent", "key", 1)
    cursor, question = store.cursor(), Question()
    with question:
        question.stop()
        with Question():
            assert cursor.watch(["key"])[0].values == [None, 1]
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(cursor.watch, ["key"]).result()[0].values == [None, 1]
        with pytest.raises(QuestionStoppedError):
            cursor.watch(["key"])
    assert cursor.watch(["key"])[0].values == [None, 1]


def test_kept_answers_are_found_once_until_too_many_others_were_asked_for() -> None:
    kept: Kept[int, str] = Kept(2)
    found: list[int] = []

    def answer(asked: int) -> str:
        def find() -> str:
            found.append(asked)
            return f"answer {len(found)}"

        return kept.answer(asked, find)

    assert [answer(1), answer(2), answer(1), answer(3), answer(1)] == [
        "answer 1", "answer 2", "answer 1", "answer 3", "answer 1",
    ]  # fmt: skip
    # The one asked for longest ago made room.
    assert answer(2) == "answer 4"
    assert found == [1, 2, 3, 2]


def test_an_answer_that_was_not_found_is_not_kept() -> None:
    kept: Kept[str, int] = Kept(1)
    with pytest.raises(ZeroDivisionError):
        kept.answer("asked", lambda: 1 // 0)
    assert kept.answer("asked", lambda: 1) == 1


def test_loading_a_log_for_a_question_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"said": "something"}\n' * 50)
    question = Question()
    reports: list[ImportReport] = []

    def stop(report: ImportReport) -> None:
        reports.append(report)
        question.stop()

    with question, pytest.raises(QuestionStoppedError):
        playhead.import_log(log, tmp_path / "run", on_start=stop)
    assert reports[0].events < 50 and [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]
    assert playhead.import_log(log, tmp_path / "run").events == 50


def test_an_answer_that_is_kept_is_found_while_another_one_is_looked_for() -> None:
    kept: Kept[str, int] = Kept(1)
    assert kept.answer("first", lambda: 1) == 1
    assert kept.answer("second", lambda: kept.answer("first", lambda: 0) + 1) == 2
    assert kept.answer("second", lambda: 0) == 2 and kept.answer("first", lambda: 3) == 3
