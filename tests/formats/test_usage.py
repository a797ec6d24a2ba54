from __future__ import annotations

import pytest
from hypothesis import given
from tests.formats.conftest import any_json

from playhead.draft import Draft
from playhead.formats.report import ImportReport
from playhead.formats.usage import Usage, UsageCounter, read_usage, summed_cost
from playhead.formats.vocabulary import AgentKeys
from playhead.model import JSON


@pytest.mark.parametrize(
    "told",
    [
        {
            "input_tokens": 9,
            "output_tokens": 5,
            "cache_read_input_tokens": 3,
            "cache_creation_input_tokens": 2,
            "reasoning_tokens": 1,
        },
        {
            "prompt_tokens": 9,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 3, "cache_creation_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
        {
            "input_tokens": 9,
            "output_tokens": 5,
            "input_token_details": {"cache_read": 3, "cache_creation": 2},
            "output_token_details": {"reasoning": 1},
        },
        {"input": 9, "output": 5, "reasoning": 1, "cache": {"read": 3, "write": 2}},
        {
            "inputTokens": 9.0,
            "outputTokens": "5",
            "inputTokenDetails": {"cacheReadTokens": 3, "cacheWriteTokens": 2},
            "outputTokenDetails": {"reasoningTokens": 1},
        },
        {
            "inputTokens": {"total": 9, "cacheRead": 3, "cacheWrite": 2},
            "outputTokens": {"total": 5, "reasoning": 1},
        },
    ],
)
def test_every_spelling_says_the_same(told: JSON) -> None:
    assert read_usage(told) == Usage(9, 5, 3, 2, 1)


def test_a_zero_beside_the_real_count_does_not_hide_it() -> None:
    assert read_usage({"input_tokens": 0, "prompt_tokens": 12}) == Usage(input=12)


@pytest.mark.parametrize("told", [None, 3, "x", [], {}, {"input_tokens": "many"}, {"input": -1}, {"output": True}])
def test_what_tells_no_usage_is_none(told: JSON) -> None:
    assert read_usage(told) is None


def test_responses_are_summed_and_one_told_again_replaces_what_it_told_before() -> None:
    report = ImportReport()
    counter = UsageCounter(AgentKeys("main", report))
    draft = Draft()
    counter.count(draft, Usage(input=10, output=1, cost_usd=0.1), "r1")
    counter.count(draft, Usage(input=10, output=4, cost_usd=0.2), "r1")
    counter.count(draft, Usage(input=20, output=2, cost_usd=0.1))
    counter.count(draft, Usage(input=5))
    assert counter.calls == 3
    assert draft.operations[-1].encoded == (
        b'{"input":35,"output":6,"cache_read":0,"cache_write":0,"reasoning":0,"calls":3,"cost_usd":0.3}'
    )
    assert report.counts["input_tokens"] == 35
    assert report.counts["output_tokens"] == 6
    assert "cache_read_tokens" not in report.counts


@given(any_json("input_tokens", "prompt_tokens", "cost", "cache", "read"))
def test_any_value_is_read_without_fail(value: JSON) -> None:
    usage = read_usage(value)
    if usage is not None:
        counter = UsageCounter(AgentKeys("main", ImportReport()))
        counter.count(Draft(), usage)


def test_a_cost_told_in_parts_is_their_sum_where_no_total_is_told() -> None:
    assert summed_cost({"input": 0.01, "output": 0.02}) == 0.03
    assert summed_cost({"input": 0.01, "output": 0.02, "total": 0.5}) == 0.5
    assert summed_cost({"total": 0}) == 0.0
    nothings: list[JSON] = [None, {}, {"input": "free"}, [0.01]]
    for nothing in nothings:
        assert summed_cost(nothing) is None
