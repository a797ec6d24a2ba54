"""One run of agents while its log is read: its agents, its session and an event for each record."""

from __future__ import annotations

from datetime import datetime

from playhead.draft import Draft
from playhead.formats.agent_log import AgentLog
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed
from playhead.formats.times import Clock, moment
from playhead.formats.vocabulary import one_line
from playhead.formats.vocabulary import text_in as text_in
from playhead.model import JSON

MAIN_AGENT = "main"
AGENT_CHARACTERS = 200
"""A longer name is cut: it names nobody."""
MOST_AGENTS = 10_000
MOST_MILLISECONDS = 10**15

Fields = dict[str, JSON]


class RunLog:
    """The run that one file, or one part of it, tells: namespace `<tool>:<id>`, with an agent or several."""

    def __init__(self, tool: str, identity: str, file: str, report: ImportReport, *, main: str = MAIN_AGENT) -> None:
        self.tool = tool
        self.identity = identity
        self.report = report
        self.main_id = main
        self.clock = Clock()
        self.file = file
        """What `meta.file` calls the file that is read now."""
        self._agents: dict[str, AgentLog] = {}
        self._session: Fields = {"id": identity, "tool": tool}

    @property
    def main(self) -> AgentLog:
        return self.agent(self.main_id)

    @property
    def namespace(self) -> str:
        return f"{self.tool}:{self.identity}" if self.identity else self.tool

    def draft(self, placed: Placed, written: JSON, **meta: JSON) -> Draft:
        """An empty event for a record, with its place, its time and what its source calls it.

        `written` is the time as the record tells it; `meta` fields that are None are left out.
        """
        return self.draft_at(placed, written, moment(written), **meta)

    def draft_at(self, placed: Placed, written: JSON, time: datetime | None, **meta: JSON) -> Draft:
        """`draft` where the time was worked out already."""
        occurred_at, flags = self.clock.tell(written, time)
        place: Fields = {"file": self.file, "line": placed.line, "offset": placed.offset, "length": placed.length}
        kept: Fields = {name: value for name, value in meta.items() if isinstance(value, str | int | float)}
        return Draft(namespace=self.namespace, occurred_at=occurred_at, meta={**place, **kept, **flags})

    def agent(self, agent_id: JSON) -> AgentLog:
        """The agent of a name, made at its first mention; the main one where there is no name."""
        name = agent_id.strip()[:AGENT_CHARACTERS] if isinstance(agent_id, str) else ""
        name = name or self.main_id
        found = self._agents.get(name)
        if found is None:
            if len(self._agents) >= MOST_AGENTS:
                name = "others"
            found = self._agents.setdefault(name, AgentLog(name, self.report))
            self.report.counts["agents"] += 1
        return found

    def session(self, draft: Draft, **news: JSON) -> None:
        """Stage what became known of the run; None says nothing."""
        self._session |= {name: value for name, value in news.items() if value is not None}
        self.main.keys.change(draft, "session", dict(self._session))

    def about(self, draft: Draft, agent: AgentLog, **news: JSON) -> None:
        """Stage the small values that are there once: cwd, git, model, mode. None says nothing."""
        for name, value in news.items():
            if value is not None and value != "":
                agent.keys.change(draft, name, value)

    def unknown(self, draft: Draft, agent: AgentLog, kind: str, value: JSON) -> Draft:
        """Stage a whole record of a type there is no rule for."""
        draft.kind, draft.label = "unknown", one_line(f"unknown record: {kind}")
        agent.keys.record(draft, kind, value)
        return draft


def object_in(value: JSON, name: str) -> Fields:
    """An object's field that is an object, or an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def list_in(value: JSON, name: str) -> list[JSON]:
    """An object's field that is a list, or an empty one."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def whole(value: JSON) -> int | None:
    """The value where it is a whole number, or the digits of one."""
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def milliseconds(value: JSON) -> int | None:
    """A length of time as Rust's serde writes it, `{secs, nanos}`, or a number of milliseconds."""
    if isinstance(value, dict):
        seconds, nanos = value.get("secs"), value.get("nanos")
        if not isinstance(seconds, int) or not isinstance(nanos, int):
            return None
        value = seconds * 1000 + nanos // 1_000_000
    # Longer than that nothing lasts, and a store holds it.
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST_MILLISECONDS
    return round(value) if known and isinstance(value, int | float) else None


def seconds_long(value: JSON) -> int | None:
    """A length of time in seconds, in milliseconds."""
    return milliseconds(value * 1000) if isinstance(value, int | float) and not isinstance(value, bool) else None
