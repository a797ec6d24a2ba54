from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import LogError
from playhead.formats.report import MALFORMED_IN_DETAIL, ImportReport
from playhead.formats.source import LONG_LINE_BYTES, Placed, Source, parse


def read(path: Path, content: bytes) -> tuple[list[Placed], ImportReport]:
    path.write_bytes(content)
    report = ImportReport()
    return list(Source(path).records(report)), report


def test_every_record_knows_where_its_bytes_lie(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"a":1}\r\n\r\n  \n[2]\n"three"'
    placed, report = read(tmp_path / "log", content)
    assert [(record.value, record.line) for record in placed] == [({"a": 1}, 1), ([2], 4), ("three", 5)]
    slices = [content[record.offset : record.offset + record.length] for record in placed]
    assert slices == [b'{"a":1}', b"[2]", b'"three"']
    assert report.bytes_read == len(content)
    assert report.records == 3


def test_lines_around_a_long_one_are_read_like_any_others(tmp_path: Path) -> None:
    lines = [
        b"[1]\n",
        b'["%b"]\r\n' % (b"x" * LONG_LINE_BYTES),
        b"[2]\n",
        b'["%b", 1%b]\n' % (b"y" * LONG_LINE_BYTES, b"0" * 30),
    ]
    content = b"".join([*lines, b"[3]\n"])
    placed, report = read(tmp_path / "log", content)
    assert [content[record.offset : record.offset + record.length] for record in placed] == [
        line.rstrip() for line in [*lines, b"[3]"]
    ]
    assert [record.line for record in placed] == [1, 2, 3, 4, 5]
    assert placed[3].value == ["y" * LONG_LINE_BYTES, "1" + "0" * 30]  # S7
    assert (report.records, report.bytes_read) == (5, len(content))


def test_a_last_line_without_its_end_is_torn_and_not_malformed(tmp_path: Path) -> None:
    placed, report = read(tmp_path / "log", b'{"a":1}\n{"b":')
    assert [record.value for record in placed] == [{"a": 1}]
    assert (report.torn, report.malformed) == (1, 0)


def test_malformed_lines_are_counted_with_their_place_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = [b"{broken %d" % number for number in range(MALFORMED_IN_DETAIL + 5)]
    placed, report = read(tmp_path / "log", b"1\n" + b"\n".join(lines) + b"\n2\n")
    assert [record.value for record in placed] == [1, 2]
    assert report.malformed == MALFORMED_IN_DETAIL + 5
    assert len(report.malformed_lines) == MALFORMED_IN_DETAIL
    second = report.malformed_lines[1]
    assert (second.file, second.line, second.offset) == ("log", 3, 2 + len(lines[0]) + 1)
    assert second.reason


@pytest.mark.parametrize(
    ("text", "value", "repair"),
    [
        (b'{"a": NaN, "b": -Infinity}', {"a": None, "b": None}, "NaN or infinity to null"),
        (b"[1e999]", [None], "NaN or infinity to null"),
        (b'{"\\ud83d": "x\\udc00"}', {"\ufffd": "x\ufffd"}, "lone surrogates to U+FFFD"),
        (b"[18446744073709551616]", ["18446744073709551616"], "integers beyond 64 bits to strings"),
        (b"[-9223372036854775809]", ["-9223372036854775809"], "integers beyond 64 bits to strings"),
        (b'["\xff"]', ["\ufffd"], "invalid UTF-8 replaced by U+FFFD"),
        (b'["a\tb"]', ["a\tb"], "raw control characters in strings"),
    ],
)
def test_what_json_allows_and_a_store_refuses_is_mended_and_counted(text: bytes, value: object, repair: str) -> None:
    repaired: Counter[str] = Counter()  # S7
    assert parse(text, repaired) == [value]
    assert repaired[repair] >= 1


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 2**63, 0])
def test_integers_of_64_bits_stay_integers(number: int) -> None:
    repaired: Counter[str] = Counter()  # S7
    assert parse(b'{"n": %d}' % number, repaired) == [{"n": number}]
    assert not repaired


def test_a_surrogate_pair_is_one_character_and_no_repair() -> None:
    repaired: Counter[str] = Counter()
    assert parse(b'["\\ud83d\\ude00", NaN]', repaired) == [["\U0001f600", None]]
    assert list(repaired) == ["NaN or infinity to null"]


def test_two_records_glued_on_one_line_are_both_read(tmp_path: Path) -> None:
    placed, report = read(tmp_path / "log", b'{"a":1}{"b":2}\n')
    assert [(record.value, record.line) for record in placed] == [({"a": 1}, 1), ({"b": 2}, 1)]
    assert report.repaired["records on one line"] == 1


def test_nesting_deeper_than_any_parser_goes_is_malformed_and_not_fatal(tmp_path: Path) -> None:
    placed, report = read(tmp_path / "log", b"[" * 200_000 + b"]" * 200_000 + b"\n1\n")
    assert [record.value for record in placed] == [1]
    assert report.malformed == 1


@given(st.integers())
def test_any_integer_survives_as_itself_or_as_its_digits(number: int) -> None:
    (value,) = parse(str(number).encode(), Counter())
    assert value == (number if -(2**63) <= number < 2**64 else str(number))


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \n\r\n\t"])
def test_an_empty_file_is_an_error_that_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(LogError, match="is empty"):
        Source(tmp_path / "log")


def test_a_missing_file_and_a_directory_are_errors_that_name_the_path(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"nowhere\.jsonl does not exist"):
        Source(tmp_path / "nowhere.jsonl")
    with pytest.raises(LogError, match="is a directory"):
        Source(tmp_path)


def test_progress_is_told_in_bytes_and_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"text":"%s"}\n' % (b"x" * 1000) * 2_000)
    told: list[int] = []
    report = ImportReport(advance=told.append)
    for _ in Source(path).records(report):
        pass
    report.announce()
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == path.stat().st_size


def test_a_document_over_many_lines_is_one_value_and_lines_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{\n "a": [\n  1\n ]\n}\n')
    assert not Source(path).has_lines
    assert Source(path).document == {"a": [1]}
    path.write_bytes(b'{broken\n{"a": 1}\n')
    assert Source(path).has_lines


def test_repairs_inside_a_document_are_counted_like_those_in_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'[\n {"a": NaN}\n]\n')
    source, report = Source(path), ImportReport()
    assert isinstance(source.document, list)
    placed = list(source.elements(report, source.document))
    assert [record.value for record in placed] == [{"a": None}]
    assert report.repaired == {"NaN or infinity to null": 1}
    assert (report.records, report.bytes_read) == (1, path.stat().st_size)


def test_one_line_with_a_large_integer_or_a_fault_changes_nothing_for_those_beside_it(tmp_path: Path) -> None:
    lines = [b'{"n": %d}' % number for number in range(5_000)]
    lines[10], lines[3_000], lines[4_000] = b'{"n": 99999999999999999999999}', b"{broken", b"  "
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\r\n".join(lines) + b"\n")
    report = ImportReport()
    found = list(Source(path).records(report))
    assert [placed.value for placed in found] == [
        {"n": number if number != 10 else "99999999999999999999999"}
        for number in range(5_000)
        if number not in (3_000, 4_000)
    ]
    content = path.read_bytes()
    assert all(content[at : at + length] == lines[line - 1] for _, line, at, length in found)
    assert (report.records, report.malformed, report.repaired.total()) == (4_998, 1, 1)
