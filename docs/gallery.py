"""Draw docs/gallery.md and the pictures in docs/gallery/: the app itself, on the demo run.

Run it from the repository's root: python -m docs.gallery
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "gallery"
SIZE = (100, 28)
CORRUPTED = (":", *"1289", "enter")


@dataclass(frozen=True)
class Picture:
    name: str
    title: str
    text: str
    keys: tuple[str, ...]
    select: str = ""
    """A key to select; empty for what the app selects."""
    theme: str = "textual-dark"
    size: tuple[int, int] = SIZE


PICTURES = (
    Picture("main", "One moment of a run", "State, difference, events and timeline, all at one commit.",
            CORRUPTED, "plan"),
    Picture("main-light", "The same in a light theme", "`theme` in the command palette chooses among all of Textual’s.",
            CORRUPTED, "plan", theme="textual-light"),
    Picture("side-by-side", "A difference side by side", "Of texts where there is room, of anything after `|`.",
            (*CORRUPTED, "|"), "plan", size=(150, 28)),
    Picture("value", "A value", "`i` turns the tabs; `z` folds, `y` copies.", (*CORRUPTED, "i"), "plan"),
    Picture("history", "The history of a value", "Every version, and a line of its numbers; moving in it travels.",
            (*CORRUPTED, "i", "i"), "usage"),
    Picture("blame", "Who wrote what", "Each leaf with the commit that last wrote it; Enter travels there.",
            (*CORRUPTED, "i", "i", "i"), "plan"),
    Picture("event", "An event", "`v` shows all that it says, and every operation.", (*CORRUPTED, "v")),
    Picture("search", "A search", "`/` finds labels, kinds and keys; hits are on the timeline.",
            (*CORRUPTED, "/", *"refund", "enter")),
    Picture("zoom", "A stretch of the timeline by the clock", "`+` zooms, `{ }` pan, `%` goes by the clock.",
            (*CORRUPTED, "+", "+", "%"), size=(100, 38)),
    Picture("snapshots", "Snapshots", "`S`: travel, compare any two, restore.", (*CORRUPTED, "S")),
    Picture("restore", "A restore, before it is done", "Exactly what it would change.", (*CORRUPTED, "S", "j", "r")),
    Picture("agents", "Every agent at one moment", "`M`; Enter folds an agent, `a` chooses one.",
            (*CORRUPTED, "Z", "M", "home")),
    Picture("help", "Every key", "`?` is made from the keys that hold.", ("?",)),
)  # fmt: skip


async def draw(picture: Picture, target: Path) -> None:
    """Press the picture's keys in the app, and save what is on the screen."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "support-desk"
        shutil.copytree(ROOT / "sample_data" / "support-desk", store)
        app = PlayheadApp(store, recent=RecentStores(Path(scratch) / "recent.json"))
        app.theme = picture.theme
        async with app.run_test(size=picture.size) as pilot:
            while app.main.frame is None:
                await pilot.pause()
            if picture.select:
                app.main.selection = picture.select
            for key in picture.keys:
                await pilot.press(key)
                await _rest(app)
                await pilot.pause()
            drawn = app.export_screenshot(title=f"playhead · {picture.title}")
            target.write_text(_shortened(drawn), "utf-8")


_CELLS = re.compile(
    r'<rect fill="(#\w+)" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="[\d.]+" shape-rendering="[^"]+"/>'
)


def _shortened(drawn: str) -> str:
    """The same picture in half the text: short names, the ground painted once, no clipping that cuts nothing off."""
    drawn = re.sub(r"terminal-\d+-", "t-", drawn)
    drawn = re.sub(r' clip-path="url\(#t-line-\d+\)"', "", drawn)
    drawn = re.sub(r'<clipPath id="t-line-\d+">.*?</clipPath>\s*', "", drawn, flags=re.DOTALL)
    ((ground, _),) = Counter(_CELLS.findall(drawn)).most_common(1)
    drawn = _CELLS.sub(lambda cells: "" if cells[1] == ground else cells[0], drawn)
    screen = r'(<g transform="[^"]*" clip-path="url\(#t-clip-terminal\)">)'
    return re.sub(screen, rf'\1<rect fill="{ground}" width="100%" height="100%"/>', drawn)


async def _rest(app: PlayheadApp) -> None:
    """Wait until the app has shown what it was asked for; what polls never ends, and a layer waits for a person."""
    waiting = {"layer", "prompt", "poll", "keep"}
    while (app.main.driver is not None and not app.main.driver.idle) or any(
        worker.is_running and worker.group not in waiting for worker in app.workers
    ):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


def page() -> str:
    """The text of docs/gallery.md."""
    parts = [f"## {each.title}\n\n{each.text}\n\n![{each.title}](gallery/{each.name}.svg)\n" for each in PICTURES]
    head = "# What it looks like\n\nThe app on the run of `playhead demo`, drawn by `python -m docs.gallery`.\n"
    return "\n".join([head, *parts])


def main() -> None:
    os.environ["TZ"] = "UTC"
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    for picture in PICTURES:
        asyncio.run(draw(picture, FOLDER / f"{picture.name}.svg"))
    (ROOT / "docs" / "gallery.md").write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
