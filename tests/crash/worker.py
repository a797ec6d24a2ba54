"""Writes to a store until it is killed, and says on standard output what was acknowledged. Run as a script."""

from __future__ import annotations

import json
import os
import random
import sys

import playhead
from playhead import checkpoint, log, merge


def work(path: str, seed: int, durability: str) -> None:
    """One JSON line per acknowledged change: what was done and what came back."""
    chance = random.Random(seed)
    log.SEAL_OPERATIONS = chance.choice([20, 60, 10**9])
    merge.FAN_IN = chance.choice([2, 8])
    checkpoint.INTERVAL_OPERATIONS = chance.choice([1, 50, 10**9])
    store = playhead.open(path, durability=durability)  # type: ignore[arg-type]
    tell({"did": "open", "head": store.head})
    number = 0
    while True:
        number += 1
        match chance.choices(["write", "several", "snapshot", "seal", "restore", "reopen"], [42, 42, 6, 4, 2, 4])[0]:
            case "write":
                value: list[object] = [seed, number, "x" * chance.choice([0, 10, 3_000])]
                commit_ts = store.write("single", f"key-{chance.randrange(5)}", value)
                tell({"did": "commit", "commit_ts": commit_ts, "values": [value]})
            case "several":
                values: list[list[object]] = [[seed, number, place] for place in range(chance.randrange(2, 30))]
                with store.begin_transaction(kind="several") as tx:
                    for staged in values:
                        tx.write("several", f"key-{chance.randrange(9)}", staged)
                    commit_ts = tx.commit()
                tell({"did": "commit", "commit_ts": commit_ts, "values": values})
            case "snapshot":
                taken = store.snapshot(f"{seed}-{number}")
                tell({"did": "snapshot", "id": taken.id, "commit_ts": taken.commit_ts})
            case "seal":
                store.seal()
            case "restore":
                head = store.head
                commit_ts = store.restore(chance.randrange(head + 1))
                tell({"did": "restore", "before": head, "commit_ts": commit_ts})
            case "reopen":
                store.close()
                store = playhead.open(path, durability=durability)  # type: ignore[arg-type]


def tell(what: object) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), sys.argv[3])
