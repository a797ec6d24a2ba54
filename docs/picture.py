"""Draw docs/playhead.svg: the app itself, on the demo run, at the commit where the plan was corrupted.

Run it from the repository's root: python docs/picture.py
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores

ROOT = Path(__file__).parents[1]
SIZE = (132, 40)
KEYS = (":", *"1289", "enter", "f", *"plan", "enter", "escape")


async def draw(target: Path) -> None:
    """Press the keys that the walk-through presses, and save what is on the screen."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "support-desk"
        shutil.copytree(ROOT / "sample_data" / "support-desk", store)
        app = PlayheadApp(store, recent=RecentStores(Path(scratch) / "recent.json"))
        async with app.run_test(size=SIZE) as pilot:
            await app.workers.wait_for_complete()
            while app.main.frame is None:
                await pilot.pause()
            for key in KEYS:
                await pilot.press(key)
            while app.main.driver is not None and not app.main.driver.idle:
                await pilot.pause()
            await pilot.pause()
            target.write_text(app.export_screenshot(title="playhead demo"), "utf-8")


if __name__ == "__main__":
    asyncio.run(draw(ROOT / "docs" / "playhead.svg"))
