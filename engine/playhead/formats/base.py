"""What every log format is: it recognises its files by content and reads them as drafts of events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from playhead.draft import Draft
from playhead.formats.report import ImportReport
from playhead.formats.source import Source


class Format(ABC):
    """One log format. Stateless: one instance reads any number of files."""

    name: ClassVar[str]
    """Short and stable, as people type it: `claude-code`."""
    title: ClassVar[str]
    """As people read it: `Claude Code session`."""
    looked_for: ClassVar[str]
    """What a file of this format holds, as the end of a sentence that says no file did."""

    tells_lines: ClassVar[bool] = False
    """Whether `drafts` tells a file of lines one by one, and nothing more at its end: then a file that is still being
    written is read on where it stopped. Any other format's file is read from its beginning each time it has grown."""

    @abstractmethod
    def recognise(self, source: Source) -> bool:
        """Whether the file is of this format, judged by its content and never by its name."""

    @abstractmethod
    def drafts(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        """The file's events in order; those without operations are left out by `read`."""

    def files(self, source: Source) -> list[Source]:
        """All files that are read together with this one, itself first."""
        return [source]

    def read(self, source: Source, report: ImportReport) -> Iterator[Draft]:
        """The file's events in order, as a stream; `report` is complete when it ends.

        Deterministic: the same bytes give the same drafts (S21). Raises ImportFormatError where nothing can be skipped.
        """
        report.format = self.name
        report.warnings += source.refusals
        files = self.files(source)
        report.files = [file.name for file in files]
        report.bytes_total = sum(file.size for file in files)
        for draft in self.drafts(source, report):
            if draft.operations:
                report.events += 1
                report.operations += len(draft.operations)
                yield draft
        report.announce()
