"""A session as a Python script over `Cursor` that does again what was done in the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from playhead.cursor import Cursor
from playhead_tui.small_files import write_text

if TYPE_CHECKING:
    from playhead import Store

Answer = TypeVar("Answer")

_MOVES = (
    *("step", "seek", "next_change", "previous_change", "next_error", "previous_error", "next_hit", "previous_hit"),
    *("goto", "search", "mark", "jump", "back", "forward", "choose_agent", "set_base", "set_base_before"),
)
_VERBS = (
    "when",
    "run_forward",
    "run_back",
    "last",
    "next",
    "path_history",
    "fold_without",
    "watch",
    "origin",
    "origins",
)
_RUNS = ("run_forward", "run_back")
_HEAD = '''"""A debugging session, recorded by Playhead. Run it to do all of it again."""

from itertools import islice
from pathlib import Path

import playhead
from playhead import AgentAddress, rules


def show(answer: object) -> None:
    """Print an answer, each of its parts on a line of its own."""
    for part in answer if isinstance(answer, list) else [answer]:
        print(part)

'''


class Lines:
    """What was done, a line each."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, count: int) -> None:
        """A step, which adds up with those in the same direction right before it."""
        before = self.lines[-1] if self.lines else ""
        if before.startswith("cursor.step(") and (int(before[12:-1]) > 0) == (count > 0):
            self.lines.pop()
            count += int(before[12:-1])
        self.lines.append(f"cursor.step({count})")

    def add(self, *lines: str) -> None:
        self.lines += lines

    def save(self) -> None:
        """Of what is not written down yet, nothing is in a file either."""


class Script(Lines):
    """The lines so far, and the file that holds them."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._is_open = False
        self.problem = ""
        """Why the file could not be written last."""

    def open(self, cursor: Cursor) -> None:
        """Go on with another store."""
        if self._is_open:
            self.lines.append("store.close()")
        self._is_open = True
        namespace, agent_id = cursor.agent
        self.lines += [
            "",
            f"store = playhead.open({str(cursor.store.path.resolve())!r}, create=False, read_only=True)",
            f"cursor = store.cursor({agent_id!r}, namespace={namespace!r})"
            if cursor.agents()
            else "cursor = store.cursor()",
        ]

    def save(self) -> None:
        """Write what there is by now. A disk that refuses ends no session: it is told when that is over."""
        try:
            self.write()
            self.problem = ""
        except OSError as error:
            self.problem = f"{self._file}: what was done could not be written ({error.strerror})"

    def write(self) -> None:
        """Replace the file, whole. Raises OSError."""
        closing = ["store.close()"] if self._is_open else []
        write_text(self._file, "\n".join([_HEAD, *self.lines, *closing]).replace("\n\n\n\n", "\n\n") + "\n")


class RecordedCursor(Cursor):
    """A cursor that writes down every move and every verb; what only looks is not written."""

    def __init__(self, store: Store, agent_id: str | None, namespace: str | None, script: Script) -> None:
        super().__init__(store, agent_id, namespace)
        self.script: Lines = script
        self._depth = 0
        script.open(self)
        self._written = (self.position, self.follow_agent)
        """Where the script's own cursor is by now."""

    def apart(self) -> Self:
        """What the copy does is written down by `write_down`, or never."""
        other = super().apart()
        other.script = Lines()
        return other

    @contextmanager
    def inside(self) -> Iterator[bool]:
        """What a call calls is not written down; False where this is such a call itself."""
        self._depth += 1
        try:
            yield self._depth == 1
        finally:
            self._depth -= 1

    def settle(self) -> None:
        """Write down where the cursor was put without a move: by a drag, or along with a growing run."""
        position, follow_agent = self._written
        if follow_agent != self.follow_agent:
            self.script.add(f"cursor.follow_agent = {self.follow_agent}")
        if position != self.position:
            self.script.add(f"cursor.position = {self.position}")
        self._written = (self.position, self.follow_agent)


@contextmanager
def write_down(cursor: Cursor, asked: Cursor, position: int) -> Iterator[None]:
    """Write down what was asked of a copy that was made at a position, and that the cursor goes within where it led."""
    if not isinstance(cursor, RecordedCursor) or not isinstance(asked, RecordedCursor):
        yield
        return
    lines = asked.script.lines
    if cursor.position == position:
        cursor.script.add(*lines)
        cursor._written = asked._written if lines else cursor._written
    elif lines:
        # Somebody has moved on since: the script asks at that position, too, and comes back.
        cursor.script.add("here, cursor = cursor, cursor.apart()", f"cursor.position = {position}", *lines)
        cursor.script.add("cursor = here")
    yield
    if lines:
        cursor.settle()
        cursor.script.save()


def unrecorded(cursor: Cursor) -> AbstractContextManager[object]:
    """What is asked of the cursor within is not written down: nobody asked for it."""
    return cursor.inside() if isinstance(cursor, RecordedCursor) else nullcontext()


def record_call(cursor: Cursor, spelled: str, call: Callable[[], Answer], *, within: str = "") -> Answer:
    """The answer to a question that is no method of the cursor, written down where the session is recorded.

    within: the `with …: ` that it is asked in.
    """
    if not isinstance(cursor, RecordedCursor):
        return call()
    cursor.settle()
    with cursor.inside():
        answer = call()
    cursor.script.add(f"{within}show({spelled})")
    cursor.script.save()
    return answer


def _recorded(name: str) -> Callable[..., Any]:
    method: Callable[..., Any] = getattr(Cursor, name)

    @wraps(method)
    def call(self: RecordedCursor, *arguments: Any, **named: Any) -> Any:
        with self.inside() as is_outermost:
            if is_outermost:
                self.settle()
            answer = method(self, *arguments, **named)
        if not is_outermost:
            return answer
        spelled = ", ".join([*map(repr, arguments), *(f"{key}={value!r}" for key, value in named.items())])
        if name == "step":
            self.script.step(int(arguments[0]) if arguments else 1)
        elif name in _MOVES:
            self.script.add(f"cursor.{name}({spelled})")
        else:
            # Those that say no more than whether they have moved: where to.
            place = " and cursor.position" if name in _RUNS else ""
            self.script.add(f"show(cursor.{name}({spelled}){place})")
            self.script.save()
        self._written = (self.position, self.follow_agent)
        return answer

    return call


for _name in (*_MOVES, *_VERBS):
    setattr(RecordedCursor, _name, _recorded(_name))
