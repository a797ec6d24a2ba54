"""Following a log: every event that is there, and then each one as it lands, whoever commits it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from playhead.generation import View
from playhead.history import History
from playhead.log import EventLog
from playhead.model import Event

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.25


def follow(
    log: EventLog,
    history: History,
    start: int,
    end: int | None,
    namespace: str | None,
    agent_id: str | None,
    stop: threading.Event | None,
) -> Iterator[Event]:
    """The events of S18 and S19 from `start` on, each once and in commit order, up to `end` or until stopped."""
    following = max(start, 1)
    view = log.view()
    while True:
        last = view.head if end is None else min(view.head, end)
        if following <= last:
            for event in history.replay(view, following, last, namespace, agent_id):
                if stop is not None and stop.is_set():
                    return
                yield event
            following = last + 1
        if end is not None and following > end:
            return
        newer = _newer(log, following, stop)
        if newer is None:
            return
        view = newer


def _newer(log: EventLog, commit_ts: int, stop: threading.Event | None) -> View | None:
    """A view that holds the commit, once there is one; None where stopped before."""
    pause = SHORTEST_PAUSE_SECONDS
    wait: Callable[[float], object] = time.sleep if stop is None else stop.wait
    while stop is None or not stop.is_set():
        log.refresh()
        if (view := log.view()).head >= commit_ts:
            return view
        wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    return None
