"""The last operation of every address of a store in the making, found for a whole segment's addresses at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy
import numpy.typing

from playhead.codec import HASH_BYTES
from playhead.model import Address

Digests: TypeAlias = "numpy.ndarray[Any, numpy.dtype[numpy.bytes_]]"
Rows: TypeAlias = "numpy.ndarray[Any, numpy.dtype[numpy.void]]"

LAST = numpy.dtype([("version", "i8"), ("commit_ts", "i8"), ("value_hash", f"V{HASH_BYTES}"), ("exists", "?")])
"""The last operation of an address; version 0 where it was never written."""
LAYER_ROWS = 131_072
"""A larger layer is merged no more: that would take several times its room."""
# 128 bits, so that no two addresses share one.
_DIGEST_BYTES = 16


def digests_of(addresses: Iterable[Address]) -> Digests:
    """A digest for each address, in their order."""
    joined = b"".join(
        hashlib.blake2b(
            f"{len(namespace)}:{namespace}{len(agent_id)}:{agent_id}{key}".encode(), digest_size=_DIGEST_BYTES
        ).digest()
        for namespace, agent_id, key in addresses
    )
    return numpy.frombuffer(joined, f"S{_DIGEST_BYTES}")


class DigestIndex:
    """Knows an address by its digest alone: 45 bytes for each."""

    def __init__(self) -> None:
        self._layers: list[tuple[Digests, Rows]] = []
        """Each sorted by digest, oldest first; a small one is more than twice as large as the next."""

    @property
    def is_empty(self) -> bool:
        return not self._layers

    def find(self, digests: Digests) -> Rows:
        """What is last at each of some addresses, as LAST."""
        found = numpy.zeros(len(digests), LAST)
        for known, rows in self._layers:
            places = numpy.minimum(numpy.searchsorted(known, digests), len(known) - 1)
            hits = numpy.flatnonzero(known[places] == digests)
            found[hits] = rows[places[hits]]
        return found

    def add(self, digests: Digests, rows: Rows) -> None:
        """Note what is last from now on at some addresses, no two of them the same."""
        while self._layers and len(self._layers[-1][0]) < min(2 * len(digests), LAYER_ROWS):
            older, before = self._layers.pop()
            digests, rows = numpy.concatenate([older, digests]), numpy.concatenate([before, rows])
        # Stable: of two of the same address, the newer one stays behind the older.
        order = numpy.argsort(digests, kind="stable")
        digests = digests[order]
        newest = numpy.append(digests[1:] != digests[:-1], [True])
        self._layers.append((digests[newest], rows[order[newest]]))
