"""`:compare`: two runs beside each other, their playheads locked together."""

from __future__ import annotations

import runpy
import shlex
from pathlib import Path
from typing import cast

import pytest

import playhead
from playhead import JSON
from playhead_tui.app import PlayheadApp
from playhead_tui.cli import main
from playhead_tui.recent import RecentStores
from playhead_tui.screens.two_runs import TwoRunsScreen
from playhead_tui.widgets.changes_view import ChangesView

from .conftest import (
    AppPilot,
    OpenApp,
    app_of,
    line_with,
    position,
    press,
    screen_text,
    settle,
    type_text,
    until,
)


@pytest.fixture
def second(run: Path) -> Path:
    """The run up to commit 12, and other events from there on: 14 is one more, then one less, the end another."""
    with playhead.open(run) as store:
        store.fork(Path("second"), at=12).close()
    with playhead.open("second", durability="os") as store:

        def commit(kind: str, label: str, **values: JSON) -> None:
            with store.begin_transaction(kind=kind, label=label) as tx:
                for key, value in values.items():
                    tx.write("planner", key.replace("__", "/"), value)

        def read_page(number: int) -> None:
            left: JSON = {"left": 109 - number, "unit": "EUR"}
            commit("tool_call", f"read page {number}", counters__pages=number, budget=left)

        read_page(13)
        commit("assistant", "think again", note="ask the operator, and then the auditor, for access to the ledger")
        for number in (14, 15, 17, 18):
            read_page(number)
        commit("tool_result", "refunded", result={"amount": 40.0})
    return Path("second")


async def compare(pilot: AppPilot, other: Path | str) -> TwoRunsScreen:
    await press(pilot, ":")
    await type_text(pilot, f"compare {other}")
    await until(pilot, lambda: isinstance(pilot.app.screen, TwoRunsScreen))
    await settle(pilot)
    return cast(TwoRunsScreen, pilot.app.screen)


def at(pilot: AppPilot) -> tuple[int, int]:
    """Where the head says that both playheads are."""
    words = line_with(pilot, "commit ").replace("/", " ").split()
    return tuple(int(words[place + 1].replace(",", "")) for place, word in enumerate(words) if word == "commit")  # type: ignore[return-value]


def halves(line: str, sign: str) -> tuple[str, str]:
    left, _, right = line.strip("│ ").partition(sign)
    return left.strip(), right.strip()


async def test_events_stand_beside_each_other_with_gaps_and_signs(run: Path, second: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 80)) as pilot:
        await compare(pilot, second)
        alike = halves(line_with(pilot, "read page 12"), "=")
        assert "12" in alike[0].split() and "12" in alike[1].split() and "read page 12" in alike[1]
        gap = halves(line_with(pilot, "think again"), "+≠")
        assert gap[0] == "▹╌╌╌" and gap[1].startswith("▶ 14"), "the playhead of A rests on 13"
        other = line_with(pilot, "refunded")
        assert "read page" in other.partition("~")[0]
        assert "╌╌╌" in line_with(pilot, "read page 30").partition("−")[2]
        head = line_with(pilot, "commit ")
        assert "A refund  commit 13 / 30" in head and "B second  commit 14 / 19" in head


async def test_it_opens_where_the_states_part_first_and_n_and_N_go_from_one_divergence_to_the_next(
    run: Path, second: Path, open_app: OpenApp
) -> None:
    async with open_app(run, size=(120, 50)) as pilot:
        await compare(pilot, second)
        assert at(pilot) == (13, 14)
        await press(pilot, "N")
        assert at(pilot) == (13, 14) and "do not part earlier" in screen_text(pilot)
        await press(pilot, "n")
        third = at(pilot)
        assert third[0] > 13 and "≠" in line_with(pilot, "▶")
        await press(pilot, "N")
        assert at(pilot) == (13, 14)
        await press(pilot, "end", "n")
        assert "do not part later" in screen_text(pilot)


@pytest.mark.parametrize(
    ("keys", "moved"), [(("h",), (13, 13)), (("left", "left"), (12, 12)), (("k",), (13, 13)), (("l",), (14, 15)),
                        (("j", "down"), (15, 16)), (("right",), (14, 15)), (("home",), (1, 1)), (("end",), (30, 19))]
)  # fmt: skip
async def test_both_playheads_move_by_one_pair(
    keys: tuple[str, ...], moved: tuple[int, int], run: Path, second: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        await compare(pilot, second)
        assert at(pilot) != moved
        await press(pilot, *keys)
        assert at(pilot) == moved


async def test_below_them_is_what_differs_between_the_two_states(run: Path, second: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 50)) as pilot:
        await compare(pilot, second)
        assert "A 13 → B 14 · 1 key differs" in screen_text(pilot)
        assert "ask the operator, and then the auditor" in line_with(pilot, '~ "ask')
        await press(pilot, "h")
        assert "0 keys differ" in screen_text(pilot) and "The two are equal" in screen_text(pilot)
        await press(pilot, "end")
        assert "A 30 → B 19 · 4 keys differ" in screen_text(pilot)
        assert "result   nothing → v1" in screen_text(pilot) and "79 → 91" in screen_text(pilot)


async def test_the_states_can_be_gone_through_and_folded(run: Path, second: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 50)) as pilot:
        await compare(pilot, second)
        await press(pilot, "end", "tab")
        assert isinstance(pilot.app.focused, ChangesView)
        before = screen_text(pilot)
        await press(pilot, "z")
        assert screen_text(pilot) != before and at(pilot) == (30, 19)
        await press(pilot, "h")
        assert at(pilot) == (29, 19), "the playheads move from here too"


async def test_enter_travels_to_the_row_in_the_run_that_is_open(run: Path, second: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await compare(pilot, second)
        await press(pilot, "l", "l", "enter")
        assert position(pilot) == 15 and pilot.app.screen is app_of(pilot).main


async def test_escape_closes_and_leaves_the_playhead(run: Path, second: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "7", "G")
        await compare(pilot, second)
        await press(pilot, "l", "escape")
        assert position(pilot) == 7 and pilot.app.screen is app_of(pilot).main
        await compare(pilot, second)
        assert at(pilot) == (13, 14), "and it can be asked again"


async def test_two_agents_of_one_run_are_compared(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await compare(pilot, "researcher")
        head = line_with(pilot, "commit ")
        assert "refund ▸ planner" in head and "refund ▸ researcher" in head
        await press(pilot, "end")
        assert "findings" in screen_text(pilot)
        await press(pilot, "escape")
        command = app_of(pilot).main.commands[-1]
        assert command == f"playhead compare {run} --agent planner --other-agent researcher"


async def test_runs_that_are_the_same_say_so(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "9", "G")
        await compare(pilot, run)
        assert "The states never part · 30 alike" in screen_text(pilot)
        assert at(pilot) == (9, 9), "at the playhead, where nothing parts"
        await press(pilot, "escape")
        assert "The states are the same all along" in screen_text(pilot)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("nowhere", "neither a path nor an agent of this run; agents: default/planner, default/researcher"),
        ("second nobody", "nobody is no agent of that run: default/planner, default/researcher"),
        ("a b c", "compare takes an agent of this run, or the path of another one"),
        ("", "compare takes OTHER"),
        ("~nobody-of-that-name/run", "nobody here has a home of that name"),
        ("n" * 256, "File name too long"),
    ],
)
async def test_what_cannot_be_compared_is_refused(
    asked: str, said: str, run: Path, second: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        await press(pilot, ":")
        await type_text(pilot, f"compare {asked}")
        assert said in screen_text(pilot)
        assert app_of(pilot).main.commands == []


async def test_tab_completes_agents_and_paths(run: Path, second: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        second.rename("a second")
        Path("rules.toml").write_text("")
        for begun, completed in (
            ("compare res", "compare researcher"),
            ("compare ./a", "compare ./a second/"),
            ("check ru", "check rules.toml"),
            ("compare a", "compare a second/"),
        ):
            await press(pilot, ":", *begun, "tab")
            await pilot.pause()
            assert screen_text(pilot).splitlines()[-1].strip() == f":{completed}"
            if begun != "compare a":
                await press(pilot, "escape")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TwoRunsScreen))


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (160, 50), (300, 90)])
async def test_it_fits_every_terminal(size: tuple[int, int], run: Path, second: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=size) as pilot:
        await compare(pilot, second)
        text = screen_text(pilot)
        assert "think again" in text or size[0] < 80
        assert at(pilot) == (13, 14) and "STATES" in text and "≠" in text
        beside = line_with(pilot, "commit ")
        assert ("STATES" in beside) == (size[0] >= 180), "beside the events where there is room, else below"


async def test_only_the_rows_in_view_are_read(
    run: Path, second: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playhead_tui.two_runs import TwoRuns

    asked: list[int] = []
    headers = TwoRuns.headers

    def counted(runs: TwoRuns, rows: list[int]) -> object:
        asked.extend(rows)
        return headers(runs, rows)

    monkeypatch.setattr(TwoRuns, "headers", counted)
    async with open_app(run, size=(80, 24)) as pilot:
        await compare(pilot, second)
        assert 0 not in asked and len(asked) == len(set(asked)) < 20
        await press(pilot, "home")
        assert 0 in asked and "refund order 4417" in screen_text(pilot)


async def test_the_command_says_the_same_and_the_recording_asks_it_again(
    run: Path, second: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "session.py"
    app = PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), record=script)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await compare(pilot, second)
        await press(pilot, "enter")
        await compare(pilot, "researcher")
        await press(pilot, "escape")
        commands = app.main.commands
    assert commands[0] == f"playhead compare {run} second"
    capsys.readouterr()
    assert main(shlex.split(commands[0])[1:]) == 1
    assert "B\t14\tassistant\tthink again" in capsys.readouterr().out
    assert main(shlex.split(commands[1])[1:]) == 1
    capsys.readouterr()
    assert runpy.run_path(str(script))["cursor"].position == 13
    assert capsys.readouterr().out.count("Divergence(pair=Pair(") == 3 + 1


async def test_it_can_be_what_the_app_opens_with(run: Path, second: Path, tmp_path: Path) -> None:
    app = PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), ask=f"compare ./{second}")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, TwoRunsScreen))
        await settle(pilot)
        assert at(pilot) == (13, 14)
        await press(pilot, "escape")
        assert pilot.app.screen is app.main
