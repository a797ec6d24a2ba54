"""Snapshots: the list of them, comparing, restoring after a preview, and undoing a restore."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from playhead import Address, AgentAddress, PlayheadError, Snapshot, VersionConflictError
from playhead_tui.drawing.span import Line, Span, printable
from playhead_tui.drawing.words import count, plural
from playhead_tui.driver import Driver
from playhead_tui.moves import Seek
from playhead_tui.screens import requests
from playhead_tui.screens.flows import Flows

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor
    from playhead_tui.drawing.change_lines import ChangeTree
    from playhead_tui.drawing.moment_lines import Measure, Moment
    from playhead_tui.screens.snapshots import Compare

_MOVED_ON = Line((Span("The run moved on: this is what it would change now.", "warning"),))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be restored, as it stands now."""

    target: Moment
    head: int
    tree: ChangeTree
    said: tuple[Line, ...] = ()
    verb: str = "Restoring"
    whole: bool = True
    """Whether all that differs was asked for, so that everything chosen means the store."""


class SnapshotActions(Flows):
    def __init__(self) -> None:
        super().__init__()
        self._restored: tuple[Driver, int] | None = None
        """The last restore of this session, and the store that it was in."""

    @work(group="layer", exclusive=True)
    async def action_snapshots(self) -> None:
        if self.driver is None or self.frame is None:
            return
        try:
            await self._snapshots(self.driver)
        except (PlayheadError, OSError) as error:
            self.tell(str(error), is_error=True)

    async def _snapshots(self, driver: Driver) -> None:
        from playhead_tui.screens.snapshots import Restore, SnapshotsScreen, Travel

        moments = await driver.ask(_moments)

        async def measure(commit_ts: int) -> Measure | None:
            if driver is not self.driver:
                return None
            try:
                return await driver.ask(lambda cursor: _measured(cursor.store, commit_ts))
            except (PlayheadError, OSError):
                return None

        async def compare(sides: Compare) -> bool:
            try:
                return await self._compare(driver, sides)
            except (PlayheadError, OSError) as error:
                self.tell(str(error), is_error=True)
                return False

        async def take(label: str) -> Sequence[Moment]:
            try:
                note: str | None = await driver.ask(requests.snapshot(label))
                self.tell(note or "")
                self.signs_generation += 1
                self.look_again()
                return await driver.ask(_moments)
            except (PlayheadError, OSError) as error:
                self.tell(str(error), is_error=True)
                return moments

        match await self.app.push_screen_wait(SnapshotsScreen(moments, measure, compare, take)):
            case Travel(commit_ts):
                self.move(Seek(commit_ts))
            case Restore(moment):
                await self._restore(driver, moment)

    @property
    def _width(self) -> int:
        """Cells of a line in a layer."""
        return max(40, min(130, self.app.size.width * 9 // 10) - 6)

    async def _compare(self, driver: Driver, sides: Compare) -> bool:
        """Show what differs. True where the chosen side is to be restored."""
        from playhead_tui.screens.comparison import ComparisonScreen

        width = self._width

        def read(cursor: Cursor) -> ChangeTree:
            from playhead_tui.drawing.change_lines import ChangeTree

            return ChangeTree(cursor.store.diff(sides.base.commit_ts, sides.later.commit_ts), width)

        tree = await driver.ask(read)
        title = f"From {sides.base.name} to {sides.later.name}"
        screen = ComparisonScreen(title, tree, f"r restores {sides.chosen.name} · Esc closes")
        return await self.app.push_screen_wait(screen) is True

    # ── restoring ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _restore(self, driver: Driver, moment: Moment) -> None:
        """Preview, confirm, do; again from the preview where the run moved on. A fork takes what may not be written."""
        width = self._width

        def plan(cursor: Cursor) -> _Plan:
            from playhead_tui.drawing.change_lines import ChangeTree

            head = cursor.store.head
            changes = cursor.store.diff(head, moment.commit_ts)
            return _Plan(moment, head, ChangeTree(changes, width, [change.address for change in changes]))

        await self._carry_out(driver, plan)

    @work(group="layer", exclusive=True)
    async def action_undo_restore(self) -> None:
        """Take back the last restore of this session, or the one that is the newest commit."""
        self.take_count()
        driver = self.driver
        if driver is None or self.frame is None:
            return
        last = self._restored[1] if self._restored is not None and self._restored[0] is driver else None
        width = self._width
        try:
            commit_ts = await driver.ask(lambda cursor: _restore_to_undo(cursor.store, last))
            if commit_ts is None:
                self.tell("No restore to undo: none was made here, and the newest commit is none", is_error=True)
            else:
                await self._carry_out(driver, lambda cursor: _undoing(cursor.store, commit_ts, width))
        except (PlayheadError, OSError) as error:
            self.tell(str(error), is_error=True)

    async def _carry_out(self, driver: Driver, plan: Callable[[Cursor], _Plan]) -> None:
        in_fork = driver.store.read_only or driver.store.imported is not None
        found = await driver.ask(plan)
        while True:
            chosen = await self._confirm(found, in_fork)
            if chosen is None:
                return None
            target = found.target
            addresses = None if found.whole and chosen == found.tree.addresses() else chosen
            if in_fork:
                return await self._restore_in_fork(driver, target, addresses)
            try:
                after = await driver.change(_restoring(target, addresses, found.head))
            except VersionConflictError:
                found = await driver.ask(plan)
                found = replace(found, said=(_MOVED_ON, *found.said))
                continue
            self._restored = (driver, after)
            done = "Undid the restore: back to" if found.verb == "Undoing" else "Restored"
            part = "" if addresses is None else f" ({plural(len(addresses), 'key')})"
            self.tell(f"{done} {target.name}{part} as commit {count(after)}; w undoes it")
            return self.look_again()

    async def _confirm(self, plan: _Plan, in_fork: bool) -> frozenset[Address] | None:
        """The addresses to restore, None where that was not confirmed."""
        from playhead_tui.screens.changes import ChangesScreen
        from playhead_tui.screens.restore import RestoreScreen

        assert self.frame is not None
        name = plan.target.name
        title = f"Restoring {name} would change" if plan.verb == "Restoring" else f"Undoing the restore: back to {name}"
        if not plan.tree.changes:
            nothing = "Nothing differs, so there is nothing to restore · Esc closes"
            await self.app.push_screen_wait(ChangesScreen(title, [row.line for row in plan.tree.rows], nothing))
            return None
        how = "y restores in a fork; this store stays as it is" if in_fork else "y restores, as one new commit"
        agent = self.frame.agent or AgentAddress("", "")
        return await self.app.push_screen_wait(RestoreScreen(title, plan.tree, agent, how=how, said=plan.said))

    async def _restore_in_fork(self, driver: Driver, moment: Moment, addresses: frozenset[Address] | None) -> None:
        suggested = Path.cwd() / f"{driver.store.path.name}-from-{moment.commit_ts}"
        typed = await self.ask("fork", str(suggested))
        if not typed or not typed.strip():
            return
        path = Path(typed.strip()).expanduser()

        def fork(cursor: Cursor) -> None:
            with cursor.store.fork(path) as forked:
                forked.restore(_named(forked, moment), keys=addresses)

        await driver.ask(fork)
        self.tell(f"Forked into {printable(str(path))}")
        self.playhead_app.open(path)


def _moments(cursor: Cursor) -> list[Moment]:
    """The playhead, the newest commit where that is another one, then every snapshot, the newest first."""
    from playhead_tui.drawing.moment_lines import Moment

    taken = [
        Moment(each.commit_ts, "snapshot", each.id, each.label, each.timestamp, each.parent)
        for each in cursor.store.snapshots()
    ]
    here, now = Moment(cursor.position, "playhead"), Moment(cursor.head, "now")
    return [here, *([now] if now.commit_ts != here.commit_ts else []), *reversed(taken)]


def _measured(store: Store, commit_ts: int) -> Measure:
    from playhead_tui.drawing.moment_lines import Measure

    return Measure(len(store.addresses(commit_ts)), store.size_bytes(commit_ts))


def _named(store: Store, moment: Moment) -> Snapshot | int:
    """The snapshot itself, which the restoring commit is then labelled with; the commit where the store has none."""
    return next((taken for taken in store.snapshots() if taken.id == moment.id), moment.commit_ts)


def _restoring(moment: Moment, addresses: frozenset[Address] | None, head: int) -> Callable[[Cursor], int]:
    def restore(cursor: Cursor) -> int:
        after = cursor.store.restore(_named(cursor.store, moment), keys=addresses, if_head=head)
        cursor.refresh()
        cursor.seek(cursor.head)
        return after

    return restore


def _restore_to_undo(store: Store, last: int | None) -> int | None:
    """The commit of the restore to undo: the last of this session, else the newest commit where it is one."""
    if last is not None:
        return last
    newest = store.event(store.head)
    return newest.commit_ts if newest is not None and newest.kind == "restore" else None


def _undoing(store: Store, commit_ts: int, width: int) -> _Plan:
    """Back to the commit before a restore: the keys that it touched, of which those changed since are not chosen."""
    from playhead_tui.drawing.change_lines import ChangeTree
    from playhead_tui.drawing.moment_lines import Moment

    restored, head, target = store.event(commit_ts), store.head, Moment(commit_ts - 1, "commit")
    operations = restored.operations if restored is not None else ()
    touched = {operation.address for operation in operations}
    changes = [change for change in store.diff(head, target.commit_ts) if change.address in touched]
    since = {address for address, _ in store.changed_addresses(commit_ts, head)} & touched
    chosen = [change.address for change in changes if change.address not in since]
    said: list[Line] = []
    if head > commit_ts:
        words = f"{plural(head - commit_ts, 'commit')} came since the restore: only the keys that it touched are undone"
        said.append(Line((Span(words, "warning"),)))
    if since:
        words = f"What changed since stays as it is, unless it is chosen: {plural(len(since), 'key')}"
        said.append(Line((Span(words, "warning"),)))
    return _Plan(target, head, ChangeTree(changes, width, chosen), tuple(said), "Undoing", whole=False)
