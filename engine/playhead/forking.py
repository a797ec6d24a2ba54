"""Open stores in a process made by os.fork: its copy of every lock, file and thread is somebody else's."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class ResetAfterFork(Protocol):
    def after_fork_in_child(self) -> None:
        """Replace every lock, which a thread that is not here may hold, and let go of what cannot be shared.

        Nothing may be waited for, and no file read: most children never use the store.
        """


_tracked: weakref.WeakSet[ResetAfterFork] = weakref.WeakSet()


def track(owner: ResetAfterFork) -> None:
    """Have `owner.after_fork_in_child` called in every child for as long as the owner lives."""
    _tracked.add(owner)


def leak(owned: object) -> None:
    """Never let an object's destructor run: it would wait for threads that only the parent has."""
    # Imported here: only a child that inherited a connection needs it.
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(owned))


def _reset() -> None:
    for owner in list(_tracked):
        owner.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)
