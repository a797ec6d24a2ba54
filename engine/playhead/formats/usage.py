"""Tokens and cost: read in the many spellings logs know, and summed under one agent's `usage` key."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from playhead.draft import Draft
from playhead.formats.vocabulary import AgentKeys
from playhead.model import JSON

MOST_COST_DIGITS = 12
"""Decimals that a sum of costs keeps: enough for any price, and no dust of binary fractions."""


class Usage(NamedTuple):
    """What one response used, in tokens, as its log says: some count cached tokens as input too, some do not."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cost_usd: float | None = None
    """None where the log names no price."""


NO_USAGE = Usage()

TOKENS = ("input", "output", "cache_read", "cache_write", "reasoning")

_SPELLINGS: dict[str, tuple[tuple[str, ...], ...]] = {
    "input": (
        *(("input_tokens",), ("prompt_tokens",), ("inputTokens",), ("promptTokens",), ("promptTokenCount",)),
        *(("prompt_token_count",), ("input",), ("prompt",), ("inputTokens", "total")),
    ),
    "output": (
        *(("output_tokens",), ("completion_tokens",), ("outputTokens",), ("completionTokens",)),
        *(("candidatesTokenCount",), ("candidates_token_count",), ("output",), ("completion",)),
        ("outputTokens", "total"),
    ),
    "cache_read": (
        *(("cache_read_input_tokens",), ("cached_input_tokens",), ("cachedInputTokens",), ("cache_read_tokens",)),
        *(("cached_tokens",), ("cachedContentTokenCount",), ("cached_content_token_count",), ("cached",)),
        *(("input_cache_read",), ("input_cached_tokens",), ("cache_read",), ("cache", "read")),
        *(("input_tokens_details", "cached_tokens"), ("prompt_tokens_details", "cached_tokens")),
        *(("input_token_details", "cache_read"), ("prompt_details", "cache_read")),
        *(("inputTokenDetails", "cacheReadTokens"), ("inputTokens", "cacheRead")),
    ),
    "cache_write": (
        *(("cache_creation_input_tokens",), ("cache_write_input_tokens",), ("cache_write_tokens",)),
        *(("input_cache_creation",), ("cache_write",), ("cache", "write")),
        *(("input_tokens_details", "cache_write_tokens"), ("input_token_details", "cache_creation")),
        *(("prompt_tokens_details", "cache_creation_tokens"), ("prompt_details", "cache_write")),
        *(("inputTokenDetails", "cacheWriteTokens"), ("inputTokens", "cacheWrite")),
    ),
    "reasoning": (
        *(("reasoning_output_tokens",), ("reasoning_tokens",), ("reasoningTokens",), ("thoughtsTokenCount",)),
        *(
            ("thoughts_token_count",),
            ("thoughts",),
            ("reasoning",),
            ("output_reasoning",),
            ("output_reasoning_tokens",),
        ),
        *(("output_tokens_details", "reasoning_tokens"), ("completion_tokens_details", "reasoning_tokens")),
        *(("output_token_details", "reasoning"), ("completion_details", "reasoning")),
        *(("outputTokenDetails", "reasoningTokens"), ("outputTokens", "reasoning")),
    ),
}
_COSTS = ("cost_usd", "costUSD", "total_cost_usd", "response_cost", "total_cost", "cost")


def read_usage(value: JSON) -> Usage | None:
    """The usage an object tells in whichever spelling; None where it tells none."""
    if not isinstance(value, dict) or not value:
        return None
    tokens = {name: _first_count(value, spellings) for name, spellings in _SPELLINGS.items()}
    cost = next((found for name in _COSTS if (found := as_cost(value.get(name))) is not None), None)
    if cost is None and all(count is None for count in tokens.values()):
        return None
    return Usage(**{name: count or 0 for name, count in tokens.items()}, cost_usd=cost)


def as_count(value: JSON) -> int | None:
    """A number of tokens, however it is written, or None for what is none."""
    if type(value) is int and 0 <= value < 10**15:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Beyond this no one counts tokens, and a sum must stay what a store can hold (S7).
    return int(value) if 0 <= value < 10**15 else None


def as_cost(value: JSON) -> float | None:
    """A sum of money, or None for what is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) and 0 <= value < 10**9 else None


def summed_cost(costs: JSON) -> float | None:
    """What something cost by its parts: the total, or without one the sum of what is there; None where nothing is."""
    if not isinstance(costs, dict):
        return None
    total = as_cost(costs.get("total"))
    parts = [cost for part in costs.values() if (cost := as_cost(part)) is not None]
    return total if total is not None or not parts else round(sum(parts), MOST_COST_DIGITS)


class UsageCounter:
    """Sums what an agent's responses used; a response told again replaces what it told before."""

    def __init__(self, keys: AgentKeys) -> None:
        self._keys = keys
        self._told: dict[str, Usage] = {}
        self._totals = dict.fromkeys(TOKENS, 0)
        self._cost: float | None = None
        self._calls = 0

    @property
    def calls(self) -> int:
        """Responses counted so far."""
        return self._calls

    def count(self, draft: Draft, usage: Usage, response: str | None = None) -> None:
        """Add one response and stage the sums under `usage` where they changed.

        `response` is the response's id, where the log tells one response on several records.
        """
        before = self._told.get(response, NO_USAGE) if response is not None else NO_USAGE
        if response is None or response not in self._told:
            self._calls += 1
        if response is not None:
            self._told[response] = usage
        for name in TOKENS:
            more = getattr(usage, name) - getattr(before, name)
            self._totals[name] += more
            if more:
                self._keys.report.counts[f"{name}_tokens"] += more
        if usage.cost_usd is not None or before.cost_usd is not None:
            self._cost = (self._cost or 0.0) + (usage.cost_usd or 0.0) - (before.cost_usd or 0.0)
        self.write(draft)

    def write(self, draft: Draft, cost_usd: float | None = None) -> None:
        """Stage the sums; `cost_usd` is the whole cost so far where the log itself sums it."""
        if cost_usd is not None:
            self._cost = cost_usd
        value: dict[str, JSON] = {**self._totals, "calls": self._calls}
        if self._cost is not None:
            value["cost_usd"] = round(self._cost, MOST_COST_DIGITS)
        self._keys.change(draft, "usage", value)


def _first_count(value: dict[str, JSON], spellings: tuple[tuple[str, ...], ...]) -> int | None:
    """The first count that is more than nothing, else nothing where it is said, else None."""
    said: int | None = None
    for path in spellings:
        found = value.get(path[0])
        for name in path[1:]:
            found = found.get(name) if isinstance(found, dict) else None
        if found is None:
            continue
        count = as_count(found)
        if count:
            return count
        said = count if said is None else said
    return said
