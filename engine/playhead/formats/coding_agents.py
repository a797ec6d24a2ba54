"""The formats of coding agents' logs, in the order they are asked: the surest signs first."""

from __future__ import annotations

from playhead.formats.base import Format
from playhead.formats.codex import Codex
from playhead.formats.codex_exec import CodexExec
from playhead.formats.gemini import Gemini
from playhead.formats.gemini_stream import GeminiStream
from playhead.formats.openhands import OpenHands
from playhead.formats.openhands_v0 import OpenHandsV0


def coding_agents() -> list[Format]:
    """One of each."""
    return [
        Codex(),
        CodexExec(),
        Gemini(),
        GeminiStream(),
        OpenHands(),
        OpenHandsV0(),
    ]
