"""What every test shares."""

from __future__ import annotations

import gc
import os

from hypothesis import settings

# A machine that is busy with something else is no failure: speed is measured in benchmarks, never asserted. The same
# examples in every run, so that a change is judged by what it changes; PLAYHEAD_EXPLORE=1 looks for new ones.
settings.register_profile("playhead", deadline=None, derandomize="PLAYHEAD_EXPLORE" not in os.environ)
settings.load_profile("playhead")


def pytest_collection_finish() -> None:
    # What is imported stays: looking through it at every collection would be a third of the time of many tests.
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()
