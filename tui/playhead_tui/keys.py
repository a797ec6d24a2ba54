"""Every action of the app in one table. Bindings, footer, help and command palette are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal[
    "list",
    "main",
    "snapshots",
    "changes",
    "comparison",
    "pairs",
    "restore",
    "confirm",
    "columns",
    "runs",
    "bisect",
    "answer",
    "watches",
    "commands",
    "app",
]
"""Where an action's keys work: in every list, everywhere, on the main screen, or in one of the layers above it."""

Group: TypeAlias = Literal[
    "Through time",
    "Find",
    "Events",
    "Timeline",
    "Look",
    "Inspector",
    "Ask the past",
    "Marks and snapshots",
    "Compare and restore",
    "Lists and panes",
    "Runs",
    "Playhead",
]


@dataclass(frozen=True, slots=True)
class Action:
    id: str
    """Stable: what a keymap names."""
    method: str
    """The action that Textual runs, with its arguments."""
    description: str
    keys: tuple[str, ...]
    group: Group
    scope: Scope = "main"
    hint: str = ""
    """The word for the footer; empty where the footer leaves it out."""
    palette: bool = True
    """Whether it makes sense from the command palette, where no pane has the focus."""

    @property
    def shown_keys(self) -> str:
        """The keys as a person reads them: `l →`."""
        return " ".join(shown_key(key) for key in self.keys)


NO_KEY = "no-key"
"""Textual takes an empty text for the keys of before; no terminal ever sends this one."""


def textual_keys(keys: tuple[str, ...]) -> str:
    """Keys as Textual's bindings spell them."""
    return ",".join("comma" if key == "," else key for key in keys) or NO_KEY


_SHOWN = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "space": "Space",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "delete": "Del",
    "backspace": "BkSp",
}


def shown_key(key: str) -> str:
    """A key as a person reads it: `→`, `^d`, `S-F3`."""
    modifiers, plus, base = key.rpartition("+")
    if not plus or not base:
        return _SHOWN.get(key, key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdigit() else key)
    for name, sign in (("ctrl", "^"), ("shift", "S-"), ("alt", "M-"), ("super", "D-")):
        if name in modifiers.split("+"):
            rest = [part for part in modifiers.split("+") if part != name]
            return sign + shown_key("+".join([*rest, base]))
    return key


def _listed(id: str, method: str, description: str, *keys: str) -> Action:
    return Action(id, method, description, keys, "Lists and panes", "list", palette=False)


def _layered(id: str, method: str, description: str, keys: str, scope: Scope, hint: str = "") -> Action:
    group: Group = "Marks and snapshots" if scope == "snapshots" else "Compare and restore"
    return Action(id, method, description, tuple(keys.split()), group, scope, hint, palette=False)


def _asked(id: str, method: str, description: str, key: str, scope: Scope, hint: str) -> Action:
    return Action(id, method, description, tuple(key.split()), "Ask the past", scope, hint, palette=False)


def _runs(id: str, method: str, description: str, *keys: str, hint: str = "") -> Action:
    return Action(id, method, description, keys, "Runs", "runs", hint, palette=False)


ACTIONS: tuple[Action, ...] = (
    Action("step.forward", "step(1)", "Step to the next event", ("l", "right"), "Through time", hint="step"),
    Action("step.backward", "step(-1)", "Step to the event before", ("h", "left"), "Through time"),
    Action("leap.forward", "step(50)", "Leap 50 events on", ("L", "shift+right"), "Through time"),
    Action("leap.backward", "step(-50)", "Leap 50 events back", ("H", "shift+left"), "Through time"),
    Action("go.start", "start", "To the first event", ("g",), "Through time"),
    Action("go.end", "end", "To the newest event; with a count, to that commit: 412G", ("G",), "Through time"),
    Action("change.next", "change(1)", "Next change of the selected key", ("c",), "Through time", hint="change"),
    Action("change.previous", "change(-1)", "Previous change of the selected key", ("C",), "Through time"),
    Action("error.next", "error(1)", "Next error", ("e",), "Through time", hint="error"),
    Action("error.previous", "error(-1)", "Previous error", ("E",), "Through time"),
    Action("tool.next", "tool_call(1)", "Next tool call", ("t",), "Through time"),
    Action("tool.previous", "tool_call(-1)", "Previous tool call", ("T",), "Through time"),
    Action("turn.next", "turn(1)", "Next user turn", ("u",), "Through time"),
    Action("turn.previous", "turn(-1)", "Previous user turn", ("U",), "Through time"),
    Action("jump.back", "back", "Back to where the playhead was", ("[",), "Through time"),
    Action("jump.forward", "forward", "Forward again", ("]",), "Through time"),
    Action("go.to", "command", "Go to :412  :+50  :@-5m  :label …; or ask: :help", (":",), "Through time", hint="go"),
    Action("answer", "answer", "To the answer that came while you went on", (";",), "Ask the past"),
    Action("search", "search", "Search labels, kinds and keys; or the inspector", ("/",), "Find", hint="search"),
    Action("search.next", "hit(1)", "Next hit", ("n",), "Find"),
    Action("search.previous", "hit(-1)", "Previous hit", ("N",), "Find"),
    Action("filter", "filter", "Show only keys that contain a text", ("f",), "Find", hint="filter"),
    Action("events.filter", "filter_events", "Keep to events that fit: kind:… key:… agent:… text", ("&",), "Events"),
    Action("events.turns", "turns", "Events by turn, each of which folds, or all in a row", ("V",), "Events"),
    Action("events.columns", "columns", "Choose the columns of the event list", ("K",), "Events"),
    Action("event", "event", "View this event: all it says and every operation", ("v",), "Events", hint="view"),
    Action("source", "source", "The original record in the log that this event was made from", ("O",), "Events"),
    Action("columns.turn", "turn_column", "Show or hide the column", ("space",), "Events", "columns", palette=False),
    Action("play", "play", "Play the run from here, or rest", ("space",), "Timeline", hint="play"),
    Action("play.reverse", "reverse", "Play the other way", ("r",), "Timeline"),
    Action("play.faster", "speed(1)", "Play faster", (">",), "Timeline"),
    Action("play.slower", "speed(-1)", "Play slower", ("<",), "Timeline"),
    Action("zoom.in", "zoom(1)", "Zoom in around the playhead", ("+", "="), "Timeline", hint="zoom"),
    Action("zoom.out", "zoom(-1)", "Zoom out", ("-",), "Timeline"),
    Action("zoom.whole", "whole_run", "Show the whole run", ("0",), "Timeline"),
    Action("pan.forward", "pan(1)", "Move the zoomed stretch on", ("}",), "Timeline"),
    Action("pan.backward", "pan(-1)", "Move the zoomed stretch back", ("{",), "Timeline"),
    Action("clock", "clock", "By the clock, with long gaps folded, or event by event", ("%",), "Timeline"),
    Action("lanes", "lanes", "A lane for each agent, or none", ("A",), "Timeline"),
    Action("changed.only", "changed_only", "Show only keys that this event changed", ("d",), "Look"),
    Action("pin", "pin", "Pin the selected key on top of the state, or let it go", ("p",), "Look"),
    Action("deleted", "show_deleted", "Show keys that were deleted earlier, or hide them", (".",), "Look"),
    Action("everyone", "everyone", "Show the state of every agent together, or of one", ("M",), "Look"),
    Action("follow.agent", "follow_agent", "Step over this agent's events only, or over all", ("F",), "Look"),
    Action("choose.agent", "choose_agent", "Choose an agent", ("a",), "Look", hint="agent"),
    Action("tab.next", "turn_tab(1)", "Next tab: Diff, Value, History, Blame", ("i",), "Inspector", hint="inspect"),
    Action("tab.previous", "turn_tab(-1)", "The tab before", ("I",), "Inspector"),
    Action("base", "base", "Compare with the next: previous version, commit, mark, snapshot", ("b",), "Inspector"),
    Action("base.choose", "choose_base", "Choose what to compare with, or pin this moment", ("B",), "Inspector"),
    Action("layout", "layout", "Diff side by side or unified; texts rendered or raw", ("|",), "Inspector"),
    Action("fold", "fold", "Fold or open what is at the cursor", ("z",), "Inspector"),
    Action("fold.all", "fold_all", "Fold or open everything", ("Z",), "Inspector"),
    Action("copy", "copy", "Copy the value, or the part at the cursor", ("y",), "Inspector"),
    Action("copy.as", "copy_as", "Copy as JSON, Python, path or jq", ("Y",), "Inspector"),
    Action("strike", "strike", "Strike this event through: what if it had not happened?", ("x",), "Ask the past"),
    Action("unstrike", "unstrike", "Restore this event, or all that are struck through", ("X",), "Ask the past"),
    Action("watches", "watches", "What is watched: add, remove, every value", ("W",), "Ask the past"),
    Action("commands", "commands", "What was asked in this session, as commands to copy", ("@",), "Ask the past"),
    _asked("bisect.good", "judge('good')", "While bisecting: this commit is good", "g", "bisect", "good"),
    _asked("bisect.bad", "judge('bad')", "While bisecting: this commit is bad", "b", "bisect", "bad"),
    _asked("bisect.skip", "judge('skip')", "While bisecting: this one cannot be told", "s", "bisect", "skip"),
    _asked("answer.right", "scroll(1)", "Columns further right", "l right", "answer", "columns"),
    _asked("answer.left", "scroll(-1)", "Columns further left", "h left", "answer", ""),
    _asked("answer.copy", "copy", "Copy the row", "y", "answer", "copy"),
    _asked("answer.command", "copy_command", "Copy the command that prints the same", "Y", "answer", "copy command"),
    _asked("watches.add", "add", "Watch another expression", "a", "watches", "add"),
    _asked("watches.remove", "remove", "Stop watching it", "x", "watches", "remove"),
    _asked("commands.copy", "copy", "Copy the command", "y", "commands", "copy"),
    _asked("commands.copy_all", "copy_all", "Copy all of them, the first one first", "Y", "commands", "copy all"),
    Action("mark", "mark", "Set a mark: m then a letter", ("m",), "Marks and snapshots"),
    Action("mark.jump", "jump", "Jump to a mark: ' then its letter", ("'",), "Marks and snapshots"),
    Action("snapshot", "snapshot", "Take a snapshot here", ("s",), "Marks and snapshots", hint="snapshot"),
    Action("snapshots", "snapshots", "Snapshots: travel, compare, restore", ("S",), "Marks and snapshots"),
    Action("restore.undo", "undo_restore", "Undo the last restore, after a preview", ("w",), "Marks and snapshots"),
    Action("pane.next", "pane(1)", "Next pane", ("tab",), "Lists and panes", hint="pane"),
    Action("pane.previous", "pane(-1)", "Previous pane", ("shift+tab",), "Lists and panes"),
    _listed("row.down", "row(1)", "Down; in EVENTS, one step on", "j", "down"),
    _listed("row.up", "row(-1)", "Up; in EVENTS, one step back", "k", "up"),
    _listed("page.down", "page(1)", "Page down", "pagedown", "ctrl+d"),
    _listed("page.up", "page(-1)", "Page up", "pageup", "ctrl+u"),
    _listed("row.first", "first", "First row", "home"),
    _listed("row.last", "last", "Last row", "end"),
    _listed("row.choose", "choose", "Open: a group, a value’s members, an event, a version; inspect a key", "enter"),
    _layered("snapshots.tag", "tag", "Choose the other side of a comparison", "space", "snapshots", "other side"),
    _layered("snapshots.diff", "compare", "Compare with the other side or the playhead", "d", "snapshots", "compare"),
    _layered("snapshots.restore", "restore", "Restore, after a preview", "r", "snapshots", "restore"),
    _layered("snapshots.take", "take", "Take a snapshot of the playhead", "a s", "snapshots", "take"),
    _layered("snapshots.filter", "filter", "Show only snapshots that contain a text", "/ f", "snapshots", "filter"),
    _layered("changes.next", "change(1)", "Next key", "n c", "changes", "key"),
    _layered("changes.previous", "change(-1)", "Previous key", "N C", "changes"),
    _layered("changes.fold", "fold", "Fold or open what is at the cursor", "z", "changes", "fold"),
    _layered("changes.fold.all", "fold_all", "Fold or open every key", "Z", "changes"),
    _layered("comparison.restore", "restore", "Restore the compared snapshot", "r", "comparison", "restore"),
    _layered("comparison.copy", "copy", "Copy the comparison as text", "y", "comparison", "copy"),
    _layered("pairs.forward", "step(1)", "Both runs one event on", "l right", "pairs", "step"),
    _layered("pairs.backward", "step(-1)", "Both runs one event back", "h left", "pairs"),
    _layered("divergence.next", "divergence(1)", "On to where the states part next", "n", "pairs", "divergence"),
    _layered("divergence.previous", "divergence(-1)", "Back to where the states parted before", "N", "pairs"),
    _layered("pairs.pane", "pane", "To the states, or back to the events", "tab shift+tab", "pairs", "pane"),
    _layered("restore.confirm", "confirm", "Do what the preview shows", "y", "restore", "restore"),
    _layered("restore.pick", "pick", "Choose this key, or this agent's, or do not", "space", "restore", "choose"),
    _layered("restore.agent", "scope('agent')", "Choose the keys of this agent only", "a", "restore", "this agent"),
    _layered("restore.whole", "scope('store')", "Choose everything", "w", "restore", "everything"),
    _layered("restore.none", "scope('none')", "Choose nothing, to begin with", "x", "restore", "nothing"),
    _layered("confirm", "confirm", "Go ahead", "y", "confirm", "go ahead"),
    _runs("runs.filter", "filter", "Show only runs that contain a text", "/", "f", hint="filter"),
    _runs("runs.sort", "sort(1)", "Sort by the next column", "s", hint="sort"),
    _runs("runs.reverse", "reverse", "Sort the other way round", "S"),
    _runs("runs.path", "path", "Open a path that is typed", "o", hint="a path"),
    _runs("runs.copy", "copy", "Copy the path", "y", hint="copy path"),
    _runs("runs.delete", "delete", "Delete what was loaded from a log; the log stays", "x", hint="delete"),
    _runs("runs.again", "look_again", "Look for runs again", "r"),
    _runs("runs.demo", "demo", "Open the recorded run that comes with Playhead", "d"),
    _runs("runs.help", "help", "Every key", "?", "f1", hint="help"),
    _runs("runs.close", "leave(True)", "Close; quit, where no run is open", "q", hint="close"),
    Action("runs", "runs", "Runs: stores, recent files and sessions found on this machine", ("R",), "Playhead"),
    Action("open", "open", "Open another store", ("o",), "Playhead"),
    Action("screenshot", "screenshot", "Save a picture of the screen (SVG)", ("ctrl+s",), "Playhead", "app"),
    Action("export.text", "export_text", "Save what is on screen as text, nothing cut off", ("ctrl+e",), "Playhead"),
    Action("theme", "theme", "Choose a theme", (), "Playhead"),
    Action("settings", "settings", "Settings: where they are, what holds, and what is wrong", (), "Playhead"),
    Action("suspend", "suspend", "Back to the shell, whose fg comes back here", ("ctrl+z",), "Playhead", "app"),
    Action("palette", "palette", "Every action, by name", ("ctrl+p",), "Playhead", palette=False),
    Action("help", "help", "This help", ("?", "f1"), "Playhead", hint="help"),
    Action("escape", "escape", "Close the top layer; drop filter and search", ("escape",), "Playhead", palette=False),
    Action("quit", "quit", "Quit", ("q",), "Playhead", hint="quit"),
)  # fmt: skip

BY_ID = {action.id: action for action in ACTIONS}


def in_scope(scope: Scope) -> tuple[Action, ...]:
    """The actions whose keys work there, in the table's order."""
    return tuple(action for action in ACTIONS if action.scope == scope)


def grouped() -> dict[Group, list[Action]]:
    """All actions by group, groups and actions in the table's order."""
    groups: dict[Group, list[Action]] = {}
    for action in ACTIONS:
        groups.setdefault(action.group, []).append(action)
    return groups
