"""The tree that Claude Code's records form by their parents, and what a rewind leaves behind in it."""

from __future__ import annotations

from array import array

from playhead.digests import TextNumbers

_NO_MESSAGE = 0
_ROOT = -1


class Tree:
    """One agent's records in file order: whose child each is, and which message it belongs to.

    Flat arrays, since it has to remember every record of a session.
    """

    def __init__(self) -> None:
        self._index = TextNumbers()
        self._parents = array("q")
        self._messages = array("q")
        self._written = array("q")
        """What tells each from others that took its id, as a hash."""
        self._abandoned: set[int] = set()
        self._linked = False

    def holds(self, uuid: str, written: str) -> bool:
        """Whether this very record is here: an id alone may be another's that took it again."""
        found = self._index.get(uuid)
        return found is not None and self._written[found] == hash(written)

    def add(self, uuid: str, parent: str | None, message: int = _NO_MESSAGE, written: str = "") -> None:
        """Add a record, with the number of its message where it has one."""
        found = self._index.get(parent) if parent is not None else None
        position = _ROOT if found is None else found
        self._linked = self._linked or position != _ROOT
        self._index[uuid] = len(self._parents)
        self._parents.append(position)
        self._messages.append(message)
        self._written.append(hash(written))

    def rewind(self, parent: str | None) -> list[int]:
        """The numbers of the messages that a prompt under `parent` abandons: those below it, in order.

        A prompt under the newest record abandons none; neither does one whose parent is not in the file. Results of
        parallel calls hang under different records of one message, and none of them is below the one that goes on.
        """
        if parent is None:
            if not self._linked:
                return []
            start = _ROOT
        else:
            found = self._index.get(parent)
            if found is None or found == len(self._parents) - 1:
                return []
            start = found
        kept = self._messages[start] if start != _ROOT else _NO_MESSAGE
        below, messages = {start}, set()
        for position in range(start + 1, len(self._parents)):
            if self._parents[position] in below:
                below.add(position)
                messages.add(self._messages[position])
        return self._abandon(messages - {_NO_MESSAGE, kept})

    def retract(self, uuids: list[str]) -> list[int]:
        """The numbers of the messages these records belong to, which the log itself says are taken back."""
        positions = (self._index.get(uuid) for uuid in uuids)
        return self._abandon({self._messages[found] for found in positions if found is not None} - {_NO_MESSAGE})

    def _abandon(self, messages: set[int]) -> list[int]:
        fresh = sorted(messages - self._abandoned)
        self._abandoned.update(fresh)
        return fresh
