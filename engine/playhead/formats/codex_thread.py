"""What a Codex thread keeps across its records: its agent, tokens, window and world, and what was told twice."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from typing import cast

from playhead.draft import Draft
from playhead.formats.agent_log import AgentLog
from playhead.formats.run_log import Fields, RunLog, whole
from playhead.formats.usage import TOKENS, Usage, read_usage
from playhead.formats.vocabulary import key_part, message_key
from playhead.model import JSON

MOST_UNMATCHED = 256
"""Things told once that wait for being told again; older ones never were."""


class Echoes:
    """What the log tells twice, once as the model saw it and once as the screen showed it, in either order."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    def is_echo(self, side: str, kind: str, text: str) -> bool:
        """Whether the other side told this already; if not, it is kept until the other side does."""
        text = text.strip()[:4_000]
        other = (_OTHER[side], kind, text)
        if other in self._waiting:
            if self._waiting[other] > 1:
                self._waiting[other] -= 1
            else:
                del self._waiting[other]
            return True
        mine = (side, kind, text)
        self._waiting[mine] = self._waiting.get(mine, 0) + 1
        if len(self._waiting) > MOST_UNMATCHED:
            self._waiting.popitem(last=False)
        return False


ITEM, EVENT = "item", "event"
_OTHER = {ITEM: EVENT, EVENT: ITEM}


class CodexThread:
    """One thread's agent, with what response items and events both add to."""

    def __init__(self, run: RunLog) -> None:
        self.run = run
        self.echoes = Echoes()
        self.user_turns: list[int] = []
        """The number of each user message, so that turns can be rolled back."""
        self._texts: Counter[bytes] = Counter()
        """How often each text was said, by role: what a compaction keeps is not said anew."""
        self.shown: set[str] = set()
        """Calls that an event told before, or without, the item that made them."""
        self._total = dict.fromkeys(TOKENS, 0)
        self._context: Fields = {"tokens": 0, "first": message_key(1), "compactions": 0}
        self._world: dict[str, JSON] = {}

    @property
    def agent(self) -> AgentLog:
        return self.run.main

    def said(self, role: str, text: str) -> int:
        """How often a role said a text so far."""
        return self._texts[_digest(role, text)]

    def remember(self, role: str, text: str) -> None:
        """Note that a role said a text."""
        self._texts[_digest(role, text)] += 1

    def tokens(self, draft: Draft, total: JSON, last: JSON, response: str | None = None) -> None:
        """Stage what a response used: the growth of the thread's total, or its own usage where there is no total.

        A total told again adds nothing, and one that shrank began anew.
        """
        summed, own = read_usage(total), read_usage(last)
        if own is not None:
            self.context(draft, tokens=own.input)
        if summed is None:
            if own is not None:
                self.agent.usage.count(draft, own, response)
            return
        now = {name: cast(int, getattr(summed, name)) for name in TOKENS}
        if now["input"] < self._total["input"] or now["output"] < self._total["output"]:
            self._total = dict.fromkeys(TOKENS, 0)
        grown = {name: now[name] - self._total[name] for name in TOKENS}
        self._total = now
        if any(grown.values()):
            self.agent.usage.count(draft, Usage(**grown))

    def context(self, draft: Draft, **news: JSON) -> None:
        """Stage the window's size, its use and where the visible conversation begins; None says nothing."""
        changed = {name: value for name, value in news.items() if value is not None}
        if changed.items() - self._context.items():
            self._context |= changed
            self.agent.keys.change(draft, "context", dict(self._context))

    def compact(self, draft: Draft) -> None:
        """Stage that the window was compacted: what the model sees begins with the next message."""
        self.run.report.counts["compactions"] += 1
        count = cast(int, self._context["compactions"]) + 1
        self.context(draft, compactions=count, first=message_key(self.agent.keys.message_count + 1))

    def world(self, draft: Draft, payload: Fields) -> None:
        """Stage the sections of the environment that changed; a patch is merged, null takes a section away."""
        state = payload.get("state")
        if not isinstance(state, dict):
            self.run.unknown(draft, self.agent, "world_state", payload)
            return
        full = payload.get("full") is True
        if full:
            for name in self._world.keys() - state.keys():
                self._drop_section(draft, name)
        changed = []
        for name, value in state.items():
            if value is None and not full:
                if name in self._world:
                    self._drop_section(draft, name)
                    changed.append(f"− {name}")
                continue
            merged = value if full else _merged(self._world.get(name), value)
            if name not in self._world or self._world[name] != merged:
                self._world[name] = merged
                self.agent.keys.write(draft, _section(name), self.agent.keys.shorten_all(draft, merged))
                changed.append(name)
        draft.kind, draft.label = "world", f"world: {', '.join(changed[:6])}"

    def drop_turns(self, draft: Draft, turns: JSON) -> int:
        """Stage the tombstones of the last turns' messages; returns how many messages went."""
        count = whole(turns) or 0
        if count <= 0 or not self.user_turns:
            return 0
        first = self.user_turns[-count] if count <= len(self.user_turns) else self.user_turns[0]
        del self.user_turns[-count:]
        last = self.agent.keys.message_count
        for number in range(first, last + 1):
            self.agent.retract(draft, message_key(number))
        self.run.report.counts["rewinds"] += 1
        return last + 1 - first

    def _drop_section(self, draft: Draft, name: str) -> None:
        del self._world[name]
        draft.delete(self.agent.keys.agent_id, _section(name))


def _digest(role: str, text: str) -> bytes:
    """What tells one role's texts apart: whole sessions of them would be too many to keep."""
    return hashlib.blake2b(f"{role}\0{text.strip()}".encode(errors="replace"), digest_size=12).digest()


def _section(name: str) -> str:
    return f"world/{key_part(name)}"


def _merged(before: JSON, patch: JSON, depth: int = 60) -> JSON:
    """The value with a patch merged into it, as RFC 7396 says."""
    if not isinstance(patch, dict) or depth == 0:
        return patch
    merged = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value, depth - 1)
    return merged
