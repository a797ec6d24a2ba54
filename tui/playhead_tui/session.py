"""Where a person was in a run when they left it, kept for each store, so that it opens there again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from playhead import JSON, AgentAddress
from playhead_tui.small_files import write_text

if TYPE_CHECKING:
    from playhead.cursor import Cursor

SESSION_VERSION = 1
"""Raised when an older Playhead could misread a session; one of another version is left alone."""
SESSIONS_KEPT = 300
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Session:
    """A place in a run and a way of looking at it. What a pane keeps besides is in `panes`, under the pane's name."""

    position: int | None = None
    """None follows the head."""
    namespace: str | None = None
    agent_id: str | None = None
    follow_agent: bool = False
    selection: str | None = None
    base: int | None = None
    marks: Mapping[str, int] = field(default_factory=dict)
    tab: str | None = None
    changed_only: bool = False
    filter: str = ""
    folded: tuple[str, ...] = ()
    panes: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def agent(self) -> AgentAddress | None:
        if self.namespace is None or self.agent_id is None:
            return None
        return AgentAddress(self.namespace, self.agent_id)


@dataclass(frozen=True, slots=True)
class Keeper:
    """How one pane takes part: what it wants to be kept, and how it takes that up again."""

    keep: Callable[[], JSON]
    take_up: Callable[[JSON], None]


class Sessions:
    """A folder with a small file for each store. A convenience: where it cannot be used, every run opens at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def of_user() -> Sessions:
        from platformdirs import user_state_path

        return Sessions(user_state_path("playhead") / "sessions")

    def file_of(self, store_id: str) -> Path:
        readable = "".join(character if character.isalnum() else "-" for character in store_id)
        return self._folder / f"{readable[:80]}.json"

    def load(self, store_id: str) -> tuple[Session | None, str]:
        """The session of a store, None where there is none; and a note where one is there and cannot be used."""
        file = self.file_of(store_id)
        try:
            if file.stat().st_size > _MOST_BYTES:
                raise ValueError("too long")
            return session_of(json.loads(file.read_text("utf-8"))), ""
        except FileNotFoundError:
            return None, ""
        except (OSError, ValueError, RecursionError) as error:
            return None, f"Where you were is not known: {file.name} cannot be read ({error})"

    def save(self, store_id: str, session: Session) -> str:
        """Keep a session; of more than SESSIONS_KEPT, those that were not looked at for longest go.

        Returns why it cannot be kept; nothing where it is.
        """
        try:
            write_text(self.file_of(store_id), json.dumps({"version": SESSION_VERSION, **asdict(session)}))
        except OSError as error:
            return f"{self._folder}: {error.strerror}"
        with suppress(OSError):
            self._prune()
        return ""

    def _prune(self) -> None:
        files = list(self._folder.glob("*.json"))
        if len(files) > SESSIONS_KEPT:
            by_age = sorted(files, key=lambda file: file.stat().st_mtime, reverse=True)
            for file in by_age[SESSIONS_KEPT:]:
                file.unlink(missing_ok=True)


def session_of(document: object) -> Session:
    """The session that a document holds. Fields that are not known are passed over. Raises ValueError."""
    if not isinstance(document, dict):
        raise ValueError("no session")
    if document.get("version") != SESSION_VERSION:
        raise ValueError(f"of version {document.get('version')!r}, and this Playhead reads {SESSION_VERSION}")
    known = {entry.name: document[entry.name] for entry in fields(Session) if entry.name in document}
    for name, fits in _FITS.items():
        if name in known and not fits(known[name]):
            raise ValueError(f"{name} is damaged")
    known["folded"] = tuple(known.get("folded", ()))
    return Session(**known)


def _is_position(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


_FITS: Mapping[str, Callable[[object], bool]] = {
    "position": lambda value: value is None or _is_position(value),
    "namespace": _is_text_or_none,
    "agent_id": _is_text_or_none,
    "follow_agent": lambda value: isinstance(value, bool),
    "selection": _is_text_or_none,
    "base": lambda value: value is None or value == -1 or _is_position(value),
    "marks": lambda value: isinstance(value, dict) and all(map(_is_position, value.values())),
    "tab": _is_text_or_none,
    "changed_only": lambda value: isinstance(value, bool),
    "filter": lambda value: isinstance(value, str),
    "folded": lambda value: isinstance(value, list) and all(isinstance(group, str) for group in value),
    "panes": lambda value: isinstance(value, dict),
}


def put_cursor(cursor: Cursor, session: Session, *, agent: bool = True, position: bool = True) -> None:
    """Put a cursor where a session was, as far as the run still has it; not its agent or position where so asked."""
    if agent and session.agent is not None and session.agent in cursor.agents():
        cursor.choose_agent(session.agent)
    cursor.marks.update({name: commit_ts for name, commit_ts in session.marks.items() if commit_ts <= cursor.head})
    cursor.follow_agent = session.follow_agent
    if session.base is not None and session.base <= cursor.head:
        cursor.base = session.base  # a commit, or −1 for the one before the playhead
    if position and session.position is not None:
        # No jump: there is nowhere to go back to yet.
        cursor.position = min(session.position, cursor.head)
