"""Times of day, labels and everything else that names a moment: S29."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from playhead import InvalidArgumentError, MomentError, Store, goto

Settle = Callable[[Store], Store]
OpenStore = Callable[..., Store]

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


@pytest.fixture
def local_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[timezone]:
    """Local time is three hours ahead of UTC."""
    monkeypatch.setenv("TZ", "XYZ-3")
    time.tzset()
    yield timezone(timedelta(hours=3))
    monkeypatch.undo()
    time.tzset()


def write_at(store: Store, *occurred: datetime | None) -> None:
    for number, moment in enumerate(occurred, 1):
        with store.begin_transaction(occurred_at=moment) as tx:
            tx.write("agent", "key", number)


def test_a_time_names_the_last_commit_that_is_not_later(store: Store, settle: Settle) -> None:  # S29
    write_at(store, minutes(1), minutes(2), minutes(2), minutes(3))
    store = settle(store)
    asked = [-60, 0.9, 1, 1.5, 2, 2.9, 3, 1_000_000]
    assert [store.resolve(minutes(count)) for count in asked] == [0, 0, 1, 1, 3, 3, 4, 4]
    assert store.resolve(minutes(1) - timedelta(microseconds=1)) == 0
    assert store.get_state_at("agent", "key", minutes(2)).value == 3
    assert [change.after.value for change in store.diff(minutes(1), minutes(2))] == [3]
    assert store.snapshot(at=minutes(2.5)).commit_ts == 3


def test_without_a_time_of_its_own_an_event_has_that_of_its_commit(
    open_store: OpenStore, settle: Settle
) -> None:  # S29
    ticks = iter([minutes(10), minutes(20), minutes(30)])
    store = open_store(clock=lambda: next(ticks))
    write_at(store, None, minutes(15), None)
    store = settle(store)
    assert [store.resolve(minutes(count)) for count in (9, 10, 15, 20, 30)] == [0, 1, 2, 2, 3]


def test_times_that_run_backwards_are_kept_and_resolved_by_the_latest_so_far(
    store: Store, settle: Settle
) -> None:  # S29
    write_at(store, minutes(1), minutes(5), minutes(3), minutes(4), minutes(6))
    store = settle(store)
    assert [event.occurred_at for event in store.replay()] == [minutes(count) for count in (1, 5, 3, 4, 6)]
    assert [store.resolve(minutes(count)) for count in (1, 3, 4, 4.9, 5, 6)] == [1, 1, 1, 1, 4, 5]
    assert store.cursor().time_at(3) == minutes(3)


def test_times_are_looked_up_again_after_a_commit(store: Store) -> None:  # S29
    write_at(store, minutes(1))
    assert store.resolve(minutes(9)) == 1
    write_at(store, minutes(2))
    assert store.resolve(minutes(9)) == 2


def test_a_time_with_another_offset_is_the_same_moment(store: Store) -> None:  # S29
    write_at(store, minutes(1), minutes(2))
    assert store.resolve(minutes(1).astimezone(timezone(timedelta(hours=-7)))) == 1


def test_a_time_without_an_offset_is_local_time(store: Store, local_zone: timezone) -> None:  # S29
    naive = minutes(1).astimezone(local_zone).replace(tzinfo=None)
    assert naive.hour == 15
    write_at(store, naive, minutes(2))
    event = store.event(1)
    assert event is not None
    assert event.occurred_at == minutes(1)
    assert store.resolve(naive) == 1
    assert store.resolve(naive + timedelta(minutes=1)) == 2


@pytest.mark.parametrize("moment", [datetime.min, datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))])  # noqa: DTZ901
def test_a_time_before_year_1_in_utc_is_refused(store: Store, moment: datetime, local_zone: timezone) -> None:  # S29
    with pytest.raises(InvalidArgumentError, match="years 1 to 9999"):
        store.resolve(moment)
    with pytest.raises(InvalidArgumentError, match="years 1 to 9999"):
        store.begin_transaction(occurred_at=moment)


def test_the_first_and_the_last_microsecond_there_are_can_be_stored(store: Store, settle: Settle) -> None:  # S29 S3
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    write_at(store, first, last)
    store = settle(store)
    assert [event.occurred_at for event in store.replay()] == [first, last]
    assert (store.resolve(first), store.resolve(last)) == (1, 2)
    assert store.cursor().time_at(2) == last


@pytest.mark.parametrize("moment", [True, 1.0, b"1", [1]])
def test_what_names_no_moment_is_refused(store: Store, moment: object) -> None:  # S16
    with pytest.raises(InvalidArgumentError, match="commit_ts"):
        store.resolve(moment)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("3", 3),
        ("0", 0),
        ("999", 5),
        ("+1", 3),
        ("-1", 1),
        ("+999", 5),
        ("-999", 0),
        ("@12:03", 3),
        ("@12:03:00", 3),
        ("@12:02:59.999999", 2),
        ("@2026-07-01T12:04", 4),
        ("@2026-07-01T12:04:00+00:00", 4),
        ("@2026-07-01T14:04:00+02:00", 4),
        ("@-1m", 1),
        ("@+90s", 3),
        ("@+1.5m", 3),
        ("@-2h", 0),
        ("@+1d", 5),
        ("'a", 4),
        ("labelled", 1),
        (" 3 ", 3),
    ],
)
def test_a_cursor_goes_where_the_text_says(store: Store, text: str, position: int) -> None:  # S29
    write_at(store, *(minutes(count) for count in range(1, 6)))
    store.snapshot("labelled", at=1)
    cursor = store.cursor("agent")
    cursor.seek(4)
    cursor.mark("a")
    cursor.seek(2)
    assert cursor.goto(text, UTC) == cursor.position == position
    if position != 2:
        assert cursor.back()
        assert cursor.position == 2


@pytest.mark.parametrize("text", ["", "  ", "@", "@25:00", "@tomorrow", "@12:61", "'z", "no such label", "@2026-13-01"])
def test_a_text_that_names_no_moment_is_refused_and_the_playhead_stays(store: Store, text: str) -> None:  # S29
    write_at(store, minutes(1), minutes(2))
    cursor = store.cursor("agent")
    cursor.seek(1)
    with pytest.raises(MomentError):
        cursor.goto(text, UTC)
    assert cursor.position == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("@14:03", datetime(2026, 11, 1, 14, 3, tzinfo=UTC)),
        ("@9:03", datetime(2026, 11, 1, 9, 3, tzinfo=UTC)),
        ("@14:03:22", datetime(2026, 11, 1, 14, 3, 22, 999_999, tzinfo=UTC)),
        ("@14:03:22.5", datetime(2026, 11, 1, 14, 3, 22, 500_000, tzinfo=UTC)),
        ("@14:03:22+02:00", datetime(2026, 11, 1, 12, 3, 22, 999_999, tzinfo=UTC)),
        ("@14:03Z", datetime(2026, 11, 1, 14, 3, tzinfo=UTC)),
    ],
)
def test_a_clock_time_is_of_the_day_at_the_playhead_and_may_have_an_offset(text: str, moment: datetime) -> None:  # S29
    assert goto.parse(text, datetime(2026, 11, 1, 8, 0, tzinfo=UTC)) == moment
