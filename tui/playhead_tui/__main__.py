"""`python -m playhead_tui` is the `playhead` command."""

from __future__ import annotations

import sys

from playhead_tui.cli import main

sys.exit(main())
