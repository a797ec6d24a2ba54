"""The state and the stores of an Inspect sample, as the patches of its transcript make them.

A span's patch says what changed since that span began, so it repeats what the spans inside it have said: it is applied
to what was there at the span's beginning. A subtask has a state and a store of its own.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from playhead.draft import Draft
from playhead.formats import json_patch
from playhead.formats.inspect_sample import Sample
from playhead.formats.vocabulary import AgentKeys, json_text, key_part
from playhead.model import JSON

Fields = dict[str, JSON]
Which = tuple[str, str]
"""`state` or `store`, and the subtask it is of; empty for the sample's own."""


class _Before(NamedTuple):
    """What was there when a span began."""

    values: dict[Which, JSON]
    depth: int
    span: Fields


class _Shown:
    """A document kept under a key for each of its parts."""

    def __init__(self, prefix: str, keys: AgentKeys) -> None:
        self._prefix, self._keys = prefix, keys
        self._document: Fields = {}
        self._live: dict[str, dict[str, bytes]] = {}
        """By the name at the top of the document: what stands under each of its keys."""

    def settle(self, draft: Draft, sample: Sample, value: JSON) -> None:
        """Stage what differs from the document that was settled before; what both share is not looked at."""
        document: Fields = value if isinstance(value, dict) else {"": value}
        known, self._document = self._document, document
        for name in sorted(known.keys() | document.keys()):
            if name in known and name in document and known[name] is document[name]:
                continue
            before = self._live.get(name, {})
            wanted = self._parts(name, sample.resolve(document[name])) if name in document else {}
            texts = {key: _fingerprint(part) for key, part in wanted.items()}
            for key in before.keys() - wanted.keys():
                draft.delete(self._keys.agent_id, key)
            for key, part in wanted.items():
                if before.get(key) != texts[key]:
                    self._keys.write(draft, key, part)
            self._live[name] = texts

    def _parts(self, name: str, value: JSON) -> Fields:
        key = f"{self._prefix}/{key_part(name)}"
        if name == "messages" and isinstance(value, list):
            return {f"{key}/{number:04}": message for number, message in enumerate(value, 1)}
        return {key: value}


class Documents:
    """All documents of one sample."""

    def __init__(self, sample: Sample, keys: AgentKeys) -> None:
        self._sample, self._keys = sample, keys
        self._values: dict[Which, JSON] = {}
        self._shown: dict[Which, _Shown] = {}
        self._before: dict[int, _Before] = {}
        """By the identity of each open span."""

    @property
    def store(self) -> JSON:
        """The sample's own store."""
        return self._values.get(("store", ""), {})

    def begin(self, draft: Draft, state: JSON) -> None:
        """Stage the state that the first solver is given, and the store in it."""
        self._before.clear()
        self._settle(draft, ("state", ""), {} if state is None else state)
        store = state.get("store") if isinstance(state, dict) else None
        if store:
            self._settle(draft, ("store", ""), store)

    def opened(self, span: Fields, depth: int) -> None:
        """Remember what is there as a span begins, `depth` events inside the transcript's own."""
        values = dict(self._values)
        if span.get("type") == "subtask":
            values["store", name_of(span)] = {}
            values["state", name_of(span)] = values.get(("state", ""), {})
        self._before[id(span)] = _Before(values, depth, span)

    def closed(self, span: Fields) -> None:
        """Forget what was there as a span began."""
        self._before.pop(id(span), None)

    def patch(
        self, draft: Draft, kind: str, subtask: str, span: Fields | None, depth: int, changes: list[JSON]
    ) -> None:
        """Stage what a span changed. Raises PatchError where a change does not fit, those before it made."""
        before = self._before.get(id(span)) if span is not None else None
        # What lies inside an event changes what is there: only spans say from where on they count.
        known = before.values if before is not None and before.depth == depth else self._values
        which = kind, subtask
        try:
            value = json_patch.apply(known.get(which, {}), changes)
        except json_patch.PatchError as error:
            self._settle(draft, which, error.made)
            raise
        self._settle(draft, which, value)

    def _settle(self, draft: Draft, which: Which, value: JSON) -> None:
        self._values[which] = value
        if which not in self._shown:
            kind, subtask = which
            prefix = f"subtasks/{key_part(subtask)}/{kind}" if subtask else kind
            self._shown[which] = _Shown(prefix, self._keys)
        self._shown[which].settle(draft, self._sample, value)


def name_of(span: Fields) -> str:
    """What a span is called."""
    return str(span.get("name") or span.get("type") or "span")


def _fingerprint(value: JSON) -> bytes:
    return hashlib.blake2b(json_text(value).encode(errors="replace"), digest_size=12).digest()
