"""The formats of coding agents' logs, in the order they are asked: the surest signs first."""

from __future__ import annotations

from playhead.formats.atif import Atif
from playhead.formats.autogen import AutoGen
from playhead.formats.base import Format
from playhead.formats.chat_exports import ChatGptExport, ClaudeExport
from playhead.formats.codex import Codex
from playhead.formats.codex_exec import CodexExec
from playhead.formats.copilot import Copilot
from playhead.formats.crewai import CrewAi
from playhead.formats.cursor_stream import CursorStream
from playhead.formats.gemini import Gemini
from playhead.formats.gemini_stream import GeminiStream
from playhead.formats.kimi import Kimi
from playhead.formats.mini_swe_agent import MiniSweAgent
from playhead.formats.opencode import OpenCode, OpenCodeStore
from playhead.formats.opencode_storage import OpenCodeStorage
from playhead.formats.openhands import OpenHands
from playhead.formats.openhands_v0 import OpenHandsV0
from playhead.formats.pydantic_ai import PydanticAi
from playhead.formats.qwen import Qwen
from playhead.formats.small_clis import Antigravity, Cursor, DroidStream, Grok
from playhead.formats.smolagents import Smolagents
from playhead.formats.swarmstate import SwarmState
from playhead.formats.swe_agent import SweAgent
from playhead.formats.tau_bench import TauBench
from playhead.formats.tree_session import TreeSession


def coding_agents() -> list[Format]:
    """One of each."""
    return [
        Codex(),
        CodexExec(),
        Gemini(),
        GeminiStream(),
        OpenCode(),
        OpenCodeStore(),
        OpenCodeStorage(),
        SwarmState(),
        OpenHands(),
        OpenHandsV0(),
        Atif(),
        SweAgent(),
        MiniSweAgent(),
        TauBench(),
        AutoGen(),
        CrewAi(),
        PydanticAi(),
        Smolagents(),
        Qwen(),
        Copilot(),
        Kimi(),
        TreeSession(),
        CursorStream(),
        DroidStream(),
        Grok(),
        Antigravity(),
        Cursor(),
        ClaudeExport(),
        ChatGptExport(),
    ]
