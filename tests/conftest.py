"""What every test shares."""

from __future__ import annotations

from hypothesis import settings

# A machine that is busy with something else is no failure: speed is measured in benchmarks, never asserted.
settings.register_profile("playhead", deadline=None)
settings.load_profile("playhead")
