"""Formats that installed packages add: loaded by entry point, and kept from breaking anything but themselves."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint

from playhead.draft import Draft
from playhead.errors import ImportFormatError, LogError
from playhead.formats.base import Format
from playhead.formats.report import ImportReport
from playhead.formats.source import Source

ENTRY_POINTS = "playhead.formats"
"""The group under which a package names its formats: a `Format` subclass each, asked before JSON lines."""


@dataclass(slots=True)
class Installed:
    """The formats of installed packages, and those that could not be had."""

    formats: list[Format] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """One sentence each: which format, of which package, and why not."""


def installed(known: Container[str]) -> Installed:
    """Load what packages add, by name; `known` are the names that are taken."""
    from importlib.metadata import entry_points

    found = Installed()
    names: set[str] = set()
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        try:
            added = _Guarded(_loaded(entry), _whose(entry))
            if added.name in known or added.name in names:
                raise TypeError(f"there is a format named {added.name!r} already")
        # Whatever a stranger's module raises: every other log has to open all the same.
        except Exception as error:
            found.broken.append(f"{_whose(entry)} cannot be used ({type(error).__name__}: {error})")
            continue
        names.add(added.name)
        found.formats.append(added)
    return found


def _whose(entry: EntryPoint) -> str:
    package = f" of the package {entry.dist.name} {entry.dist.version}" if entry.dist is not None else ""
    return f"the log format {entry.name!r} ({entry.value}){package}"


def _loaded(entry: EntryPoint) -> Format:
    loaded = entry.load()
    made = loaded() if isinstance(loaded, type) else loaded
    if not isinstance(made, Format):
        raise TypeError("it is no subclass of playhead.formats.base.Format")
    for name in ("name", "title", "looked_for"):
        if not isinstance(getattr(made, name, None), str):
            raise TypeError(f"its {name} is no text")
    return made


class _Guarded(Format):
    """A stranger's format: whatever it raises is an error of the log that names it."""

    def __init__(self, inner: Format, whose: str) -> None:
        self._inner, self._whose = inner, whose
        self.name, self.title, self.looked_for = inner.name, inner.title, inner.looked_for  # type: ignore[misc]
        self.tells_lines = inner.tells_lines  # type: ignore[misc]

    def recognise(self, source: Source) -> bool:
        try:
            return bool(self._inner.recognise(source))
        except LogError:
            raise
        except Exception as error:
            raise self._refusal("looked at", source, error) from error

    def files(self, source: Source) -> list[Source]:
        try:
            return list(self._inner.files(source))
        except LogError:
            raise
        except Exception as error:
            raise self._refusal("asked for the files of", source, error) from error

    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        try:
            for draft in self._inner.drafts(source, report):
                draft.check_header()
                yield draft
        except LogError:
            raise
        except Exception as error:
            raise self._refusal("read", source, error) from error

    def _refusal(self, did: str, source: Source, error: Exception) -> ImportFormatError:
        return ImportFormatError(
            f"{source.path}: {self._whose} failed when it {did} the file ({type(error).__name__}: {error});"
            " tell its authors, or uninstall it"
        )
