"""What a thread or a process does to a store in one step, and what it checks of each answer by itself."""

from __future__ import annotations

from collections.abc import Sequence

from playhead import Store

STEPS = ("write", "several", "delete", "get", "state", "replay", "diff", "snapshot", "seal", "restore", "refresh")


def work(store: Store, name: str, script: Sequence[tuple[str, int]]) -> list[tuple[int, list[object]]]:
    """Take each step, check what it answers by itself, and tell each commit: its commit_ts and the values it wrote."""
    commits: list[tuple[int, list[object]]] = []
    for number, (step, chosen) in enumerate(script):
        head = store.head
        mark = [name, number]
        match step:
            case "write":
                commits.append((store.write("shared", f"key {chosen % 3}", mark), [mark]))
            case "several":
                with store.begin_transaction() as tx:
                    for place in range(1 + chosen % 4):
                        tx.write("shared", f"key {place % 2}", [*mark, place])
                    tx.write(name, "own", mark)
                    commits.append((tx.commit(), [*([*mark, place] for place in range(1 + chosen % 4)), mark]))
            case "delete":
                commits.append((store.delete("shared", f"key {chosen % 3}"), [None]))
            case "get":
                record = store.get_state("shared", f"key {chosen % 3}")
                again = store.get_state_at_version("shared", f"key {chosen % 3}", record.version)
                assert again == record
            case "state":
                at = chosen % (head + 1)
                assert store.state("shared", at=at) == store.state("shared", at=at)
            case "replay":
                events = list(store.replay(start_ts=max(head - 20, 1), end_ts=head))
                assert [event.commit_ts for event in events] == list(range(max(head - 20, 1), head + 1))
                assert all(event.operation_count == len(event.operations) for event in events)
            case "diff":
                at = chosen % (head + 1)
                changed = {change.address: change.after for change in store.diff(at, head)}
                assert {change.address: change.before for change in store.diff(head, at)} == changed
            case "snapshot":
                assert store.snapshot().commit_ts >= head
            case "seal":
                store.seal()
            case "restore":
                store.restore(chosen % (head + 1))
            case "refresh":
                store.refresh()
        assert store.head >= head
        if commits:
            # What this thread committed, it sees, or something later.
            assert store.head >= commits[-1][0]
    return commits
