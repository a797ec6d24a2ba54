"""The formats of tracers' logs, in the order they are asked: those that wrap spans before bare ones."""

from __future__ import annotations

from playhead.formats.base import Format
from playhead.formats.exchanges import Exchanges
from playhead.formats.langfuse import Langfuse
from playhead.formats.langsmith import LangSmith
from playhead.formats.litellm import LiteLLM
from playhead.formats.mlflow import MlflowTraces
from playhead.formats.openai_agents import OpenAIAgents
from playhead.formats.otlp import OtelSpans, Otlp
from playhead.formats.phoenix import Phoenix
from playhead.formats.vercel import VercelAI


def tracers() -> list[Format]:
    """One of each."""
    return [
        Otlp(),
        Phoenix(),
        MlflowTraces(),
        Langfuse(),
        LangSmith(),
        OpenAIAgents(),
        LiteLLM(),
        VercelAI(),
        OtelSpans(),
        Exchanges(),
    ]
