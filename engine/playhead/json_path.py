"""Paths into JSON values as expressions spell them: `steps[2].status`, with the key in front `"plan/steps"[2].status`;
and read again, also as people type them: `plan/steps[2].status`."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from playhead.errors import InvalidArgumentError

Path: TypeAlias = "tuple[str | int, ...]"
"""Object keys and list positions from the top of a value to a part of it; () is the whole."""

_NAME = re.compile(r"[^\W\d]\w*")
_TYPED_KEY = re.compile(r"[^\W\d][\w-]*(?:/[\w-]+)*")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_POSITION = re.compile(r"\[(0|-?[1-9][0-9]*)\]")
_QUOTED_STEP = re.compile(r"\['((?:[^']|'')*)'\]")

# Words that an expression takes for something else where a key stands: statements, operators, types, constants.
_WORDS = frozenset(
    """
    agent alter analyze and any as attach begin between bigdecimal bigint bignum bignumeric binary bit
    bitstring blob bool boolean bpchar byte bytea cache call case char character clob comment commit connect
    connect_by_root copy create cross current_catalog current_date current_time current_timestamp current_user
    date datemultirange daterange datetime dec decfloat decimal decimal128 decimal256 decimal32 decimal64 delete
    desc describe detach disconnect distinct double drop else enum event except execute explain false fetch
    fixed float float4 float8 for force from geography geometry glob grant having hugeint if ilike inet inner
    insert install int int1 int128 int16 int2 int256 int32 int4 int4multirange int4range int64 int8
    int8multirange int8range integer intersect interval into join json jsonb kill lateral like list load
    localtime localtimestamp logical long longblob longtext longvarchar map mediumblob mediumint mediumtext
    merge nchar not notnull null number numeric nummultirange numrange nvarchar nvarchar2 object on only
    optimize or order outer partitioned_by pivot pivot_wider positional pragma prepare qualify range real ref
    regexp rename reset returning revoke rlike rollback row select session_user set short show signed smallint
    str string struct summarize tablesample text then time time_ns timestamp timestamp_ltz timestamp_ms
    timestamp_ns timestamp_ntz timestamp_s timestamp_us timestampltz timestampntz timestamptz timetz tinyblob
    tinyint tinytext true truncate tsmultirange tsrange tstzmultirange tstzrange ubigint uhugeint uint uint128
    uint256 uinteger uncache union unknown unpivot update use using usmallint utinyint uuid vacuum varbinary
    varchar varchar2 variant vector when where with xor
    """.split()  # noqa: SIM905 - one word after the other is read more easily
)
_WORDS_INSIDE = frozenset(("not", "select"))


def format_path(path: Path) -> str:
    """The path as it goes on after a key in an expression, without the first dot: `steps[2].status`; empty for ().

    What is no identifier stands in double quotes, which are doubled inside: `"a b".c`.
    """
    return _steps(path).removeprefix(".")


def format_address(key: str, path: Path = ()) -> str:
    """A part of a key's value, as expressions name it: `plan.steps[2]`, `"plan/steps"[2].status`, `"order".total`."""
    plain = _NAME.fullmatch(key) and key.lower() not in _WORDS
    return (key if plain else _quoted(key)) + _steps(path)


def format_jq(key: str, path: Path = ()) -> str:
    """The jq filter that finds the part in an object of all keys: `.["plan/steps"][2].status`."""
    first, *rest = [
        f"[{part}]" if isinstance(part, int) else f".{part}" if _is_plain(part) else _bracketed(part)
        for part in (key, *path)
    ]
    return (first if first.startswith(".") else "." + first) + "".join(rest)


def format_python(path: Path) -> str:
    """The path as Python subscripts: `["steps"][2]["status"]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else _bracketed(part) for part in path)


def parse_path(text: str) -> Path:
    """The path that `format_path` writes. Raises InvalidArgumentError saying where it stops making sense."""
    return _parts(text, 0)


def parse_address(text: str) -> tuple[str, Path]:
    """The key and the path that `format_address` writes; keys of words, slashes and hyphens may go without quotes.

    Raises InvalidArgumentError.
    """
    if quoted := _QUOTED.match(text):
        return _unquoted(quoted), _parts(text, quoted.end())
    typed = _TYPED_KEY.match(text)
    if typed is None:
        raise _refusal(text, 0)
    return typed[0], _parts(text, typed.end())


def _parts(text: str, at: int) -> Path:
    parts: list[str | int] = []
    while at < len(text):
        if match := _POSITION.match(text, at):
            parts.append(int(match[1]))
        elif match := _QUOTED_STEP.match(text, at):
            parts.append(match[1].replace("''", "'"))
        else:
            # A dot joins names; only at the beginning of all does a name stand without one.
            dot = text[at] == "."
            if dot == (at == 0):
                raise _refusal(text, at)
            if match := _QUOTED.match(text, at + dot):
                parts.append(_unquoted(match))
            elif match := _NAME.match(text, at + dot):
                parts.append(match[0])
            else:
                raise _refusal(text, at)
        at = match.end()
    return tuple(parts)


def _steps(path: Path) -> str:
    """The path behind a key."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{_name(part)}" for part in path)


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) and name.lower() not in _WORDS_INSIDE else _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unquoted(match: re.Match[str]) -> str:
    return match[1].replace('""', '"')


def _bracketed(key: str) -> str:
    return f"[{json.dumps(key, ensure_ascii=False)}]"


def _is_plain(key: str) -> bool:
    """Whether jq takes the key without quotes."""
    return key.isascii() and _NAME.fullmatch(key) is not None


def _refusal(text: str, at: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f'{text!r} is no path from character {at + 1} on; write names, [2] and "a b": plan.steps[2]."due date"'
    )
