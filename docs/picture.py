"""Draw docs/playhead.svg: the app itself, on the demo run, at the commit where the refund budget was overdrawn.

Run it from the repository's root: python -m docs.picture
"""

from __future__ import annotations

import asyncio
import os
import time

from docs.gallery import ROOT, Picture, draw

OVERDRAWN = ("a", *"refund", "enter", "f", *"budget", "enter", "escape", "C")
PICTURE = Picture(
    "playhead",
    "when budget.remaining < 0",
    "The condition has a track of its own below the errors; so have the selected number and every agent.",
    (*OVERDRAWN, ":", *"when budget.remaining < 0", "enter", "escape", "A"),
    size=(132, 42),
)

if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    time.tzset()
    asyncio.run(draw(PICTURE, ROOT / "docs" / "playhead.svg"))
