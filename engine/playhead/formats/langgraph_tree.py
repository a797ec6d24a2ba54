"""The order in which LangGraph's checkpoints are told, and the branches they make."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """One checkpoint, by its keys alone."""

    row: int
    thread: str
    subgraph: str
    """`checkpoint_ns`: empty for the thread's own graph."""
    id: str
    parent_id: str
    """Empty where there is none."""
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    """In the order they are told."""


def in_order(nodes: Iterable[Node], repaired: Counter[str]) -> list[Node]:
    """All checkpoints by id, which is by time, but never one before its parent; links them to their parents.

    Ids are in order within one process only. Parents that go in a circle are cut open where the smallest id is.
    """
    known = {(node.thread, node.subgraph, node.id): node for node in nodes}
    rest = sorted(known.values(), key=_key)
    for node in rest:
        node.parent = known.get((node.thread, node.subgraph, node.parent_id)) if node.parent_id else None
        if node.parent is not None:
            node.parent.children.append(node)
    told: list[Node] = []
    seen: set[int] = set()
    heap = [(*_key(node), node) for node in rest if node.parent is None]
    heapq.heapify(heap)
    while True:
        while heap:
            node = heapq.heappop(heap)[-1]
            seen.add(id(node))
            told.append(node)
            for child in node.children:
                if id(child) not in seen:
                    heapq.heappush(heap, (*_key(child), child))
        circular = next((node for node in rest if id(node) not in seen), None)
        if circular is None:
            return told
        if circular.parent is not None:
            circular.parent.children.remove(circular)
        circular.parent = None
        repaired["checkpoints that were their own ancestors to beginnings"] += 1
        heap = [(*_key(circular), circular)]


def _key(node: Node) -> tuple[str, str, str, int]:
    return node.id, node.subgraph, node.thread, node.row
