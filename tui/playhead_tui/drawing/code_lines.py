"""Source code as coloured lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from playhead_tui.drawing.span import Line, Role, Span, printable, width_of

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_CHARACTERS_MAX = 200_000
"""Longer code is shown without colours."""
_FILE_NAME = re.compile(r"[^/\\\s]*\.[A-Za-z][A-Za-z0-9+]{0,9}")
_PROSE = {"text", "md", "markdown", "rst", "txt", "restructuredtext"}
_ROLES: tuple[tuple[str, Role], ...] = (
    ("Token.Comment", "muted"),
    ("Token.Keyword.Constant", "constant"),
    ("Token.Keyword", "accent"),
    ("Token.Operator.Word", "accent"),
    ("Token.Literal.String", "string"),
    ("Token.Literal.Number", "number"),
    ("Token.Name.Function", "strong"),
    ("Token.Name.Class", "strong"),
    ("Token.Name.Tag", "key"),
    ("Token.Name.Decorator", "constant"),
    ("Token.Name.Builtin", "constant"),
    ("Token.Name.Attribute", "key"),
    ("Token.Generic.Inserted", "added"),
    ("Token.Generic.Deleted", "removed"),
    ("Token.Generic.Heading", "heading"),
    ("Token.Generic.Subheading", "heading"),
    ("Token.Punctuation", "punctuation"),
    ("Token.Operator", "punctuation"),
)
"""The first that a token's type begins with counts."""


def language_of(name: str, text: str) -> str:
    """The language of a text by the name of its file, or by a first line that tells; empty where nobody knows."""
    if text.startswith(("diff --git ", "--- a/", "*** Begin Patch")):
        return "diff"
    if text.startswith("#!"):
        first = text.partition("\n")[0]
        return next((word for word in ("python", "bash", "sh", "node", "ruby", "perl") if word in first), "")
    file = name.replace("\\", "/").rpartition("/")[2]
    if not _FILE_NAME.fullmatch(file):
        return ""
    from pygments.lexers import find_lexer_class_for_filename

    found = find_lexer_class_for_filename(file)
    language = found.aliases[0] if found is not None and found.aliases else ""
    return "" if language in _PROSE else language


def code_lines(text: str, language: str, width: int) -> Iterator[Line]:
    """The code with its own line breaks, in colours where the language is known; long lines go on in the next."""
    text = text.expandtabs(4)
    lexer = _lexer(language) if language and len(text) <= _CHARACTERS_MAX else None
    if lexer is None:
        tokens: Iterator[tuple[str, Role]] = iter([(text, "code")])
    else:
        tokens = ((value, _role(str(kind))) for kind, value in lexer.get_tokens(text))
    row: list[Span] = []
    room = width
    for value, role in tokens:
        for number, piece in enumerate(value.split("\n")):
            if number:
                yield Line(tuple(row))
                row, room = [], width
            piece = printable(piece)
            while width_of(piece) > room:
                cut = room if piece.isascii() else max(1, room // 2)
                yield Line((*row, Span(piece[:cut], role)))
                row, room, piece = [], width, piece[cut:]
            if piece:
                row.append(Span(piece, role))
                room -= width_of(piece)
    if row:
        yield Line(tuple(row))


@lru_cache(maxsize=32)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    options: dict[str, Any] = {"ensurenl": False, "stripnl": False}
    try:
        return get_lexer_by_name(language, **options)
    except ClassNotFound:
        return None


@lru_cache(maxsize=256)
def _role(kind: str) -> Role:
    return next((role for start, role in _ROLES if kind.startswith(start)), "text")
