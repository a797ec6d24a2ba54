"""Loads logs without a store: drafts folded into a state, and the samples where they lie beside the repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from hypothesis import strategies as st

from playhead.draft import Draft
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.source import Source
from playhead.model import JSON, Address

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A log that was read to its end."""

    drafts: list[Draft]
    report: ImportReport
    state: dict[Address, JSON]
    """The live values after the last draft."""
    versions: dict[Address, list[JSON]]
    """Every value each address had, None for a delete."""

    def value(self, key: str, agent_id: str = "main") -> JSON:
        """The live value at a key of an agent, whichever the namespace."""
        (value,) = (value for address, value in self.state.items() if address[1:] == (agent_id, key))
        return value

    def history(self, key: str, agent_id: str = "main") -> list[JSON]:
        return next((seen for address, seen in self.versions.items() if address[1:] == (agent_id, key)), [])

    def keys(self, prefix: str = "", agent_id: str | None = None) -> list[str]:
        """The live keys of one agent, or of all."""
        return [
            address.key
            for address in self.state
            if address.key.startswith(prefix) and agent_id in (None, address.agent_id)
        ]

    def labels(self) -> list[str]:
        return [draft.label for draft in self.drafts]

    def kinds(self) -> list[str]:
        return [draft.kind for draft in self.drafts]


def load(known: Format, path: Path) -> Loaded:
    """Read a file and fold its drafts; checks on the way that each could be committed."""
    report = ImportReport()
    state: dict[Address, JSON] = {}
    versions: dict[Address, list[JSON]] = {}
    drafts = []
    for draft in known.read(Source(path), report):
        draft.check_header()
        draft.encoded_meta()
        assert draft.operations
        for operation in draft.operations:
            seen = versions.setdefault(operation.address, [])
            if operation.op == "delete":
                state.pop(operation.address, None)
                seen.append(None)
            else:
                state[operation.address] = orjson.loads(operation.encoded)
                seen.append(state[operation.address])
        drafts.append(draft)
    assert report.events == len(drafts)
    assert report.operations == sum(len(draft.operations) for draft in drafts)
    return Loaded(drafts, report, state, versions)


def write_lines(path: Path, records: list[JSON]) -> Path:
    """A JSON Lines file of the records."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def any_json(*names: str) -> st.SearchStrategy[JSON]:
    """Any JSON value, numbers that a store refuses among them; objects like to use these names."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(names),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(names) | st.text(), inner, max_size=5)
        ),
        max_leaves=16,
    )


def sample(name: str) -> Path:
    """A sample file or folder by its path below the samples, or a skipped test where there are none."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample logs are not beside this checkout: {name}")
    return path


def sample_files(folder: str, *endings: str) -> list[Path]:
    """The sample logs below a folder, in order; empty where there are none."""
    return [path for path in sorted((SAMPLES / folder).rglob("*")) if path.name.endswith(endings)]
