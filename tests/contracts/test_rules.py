"""docs/semantics.md holds every rule, and every rule is cited by a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULE = re.compile(r"\bS\d{1,2}a?\b")


def described() -> list[str]:
    return re.findall(r"^- \*\*(S\d{1,2}a?)\*\* ", (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8"), re.M)


def cited() -> set[str]:
    """The rules named beside a test: in the comment at its head."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path != Path(__file__):
            for line in path.read_text(encoding="utf-8").splitlines():
                _, mark, comment = line.partition("  # ")
                if mark and (line.lstrip().startswith(("def test_", "async def test_", ") -> None:", "def check_"))):
                    found.update(RULE.findall(comment))
    return found


def test_every_rule_is_described_once_and_in_order() -> None:
    expected = [f"S{number}" for number in range(1, 14)] + ["S13a"] + [f"S{number}" for number in range(14, 30)]
    assert described() == expected


@pytest.mark.parametrize("rule", described())
def test_every_rule_is_cited_by_a_test(rule: str) -> None:
    assert rule in cited()


def test_no_unknown_rule_is_cited() -> None:
    known = set(described())
    for folder in ("engine", "tui", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for citation in re.findall(r"\((S\d{1,2}a?(?:[,\s-]+S\d{1,2}a?)*)\)", path.read_text(encoding="utf-8")):
                assert set(RULE.findall(citation)) <= known, path
