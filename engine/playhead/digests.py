"""What is known of each of very many texts, found by their digests: a fraction of the room that a dict takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy
import numpy.typing

Digests: TypeAlias = "numpy.ndarray[Any, numpy.dtype[numpy.bytes_]]"
Rows: TypeAlias = "numpy.ndarray[Any, numpy.dtype[Any]]"

LAYER_ROWS = 131_072
"""A larger layer is merged no more: that would take several times its room."""
RECENT = 16_384
FILTER_BYTES = 1 << 20
# 128 bits, so that no two texts share one.
_DIGEST_BYTES = 16


def digests_of(texts: Iterable[str]) -> Digests:
    """A digest for each text, in their order."""
    encoded = (text.encode(errors="surrogatepass") for text in texts)
    joined = b"".join(hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest() for text in encoded)
    return numpy.frombuffer(joined, f"S{_DIGEST_BYTES}")


class DigestIndex:
    """A row of one type for each text, which is known by its digest alone."""

    def __init__(self, kind: numpy.dtype[Any]) -> None:
        self._kind = kind
        self._layers: list[tuple[Digests, Rows]] = []
        """Each sorted by digest, oldest first; a small one is more than twice as large as the next."""

    @property
    def is_empty(self) -> bool:
        return not self._layers

    def find(self, digests: Digests) -> Rows:
        """The row of each; zeros where there is none."""
        found = numpy.zeros(len(digests), self._kind)
        for known, rows in self._layers:
            places = numpy.minimum(numpy.searchsorted(known, digests), len(known) - 1)
            hits = numpy.flatnonzero(known[places] == digests)
            found[hits] = rows[places[hits]]
        return found

    def find_one(self, text: str) -> Any:
        """The row of one text, or None."""
        digest = digests_of([text])[0]
        for known, rows in reversed(self._layers):
            place = int(known.searchsorted(digest))
            if place < len(known) and known[place] == digest:
                return rows[place]
        return None

    def add(self, digests: Digests, rows: Rows) -> None:
        """Note the rows of some texts, no two of them the same; they take the place of earlier ones."""
        while self._layers and len(self._layers[-1][0]) < min(2 * len(digests), LAYER_ROWS):
            older, before = self._layers.pop()
            digests, rows = numpy.concatenate([older, digests]), numpy.concatenate([before, rows])
        # Stable: of two of the same text, the newer one stays behind the older.
        order = numpy.argsort(digests, kind="stable")
        digests = digests[order]
        newest = numpy.append(digests[1:] != digests[:-1], [True])
        self._layers.append((digests[newest], rows[order[newest]]))


class TextNumbers:
    """A number for each of very many texts: those of late in a dict, the others by digest."""

    def __init__(self) -> None:
        self._recent: dict[str, int] = {}
        self._older = DigestIndex(numpy.dtype("i8"))
        self._maybe_older = bytearray()
        """A bit for each hash of an older text: most texts that are asked for are new, which this tells at once."""

    def __setitem__(self, text: str, number: int) -> None:
        self._recent[text] = number
        if len(self._recent) >= 2 * RECENT:
            known = list(self._recent.items())
            self._maybe_older = self._maybe_older or bytearray(FILTER_BYTES)
            for text, _ in known[:RECENT]:
                self._maybe_older[hash(text) >> 3 & FILTER_BYTES - 1] |= 1 << (hash(text) & 7)
            self._older.add(
                digests_of(text for text, _ in known[:RECENT]), numpy.array([number for _, number in known[:RECENT]])
            )
            self._recent = dict(known[RECENT:])

    def get(self, text: str) -> int | None:
        """The number last set for the text, or None."""
        number = self._recent.get(text)
        if number is not None or not self._maybe_older:
            return number
        place = hash(text)
        if not self._maybe_older[place >> 3 & FILTER_BYTES - 1] & 1 << (place & 7):
            return None
        found = self._older.find_one(text)
        return None if found is None else int(found)
