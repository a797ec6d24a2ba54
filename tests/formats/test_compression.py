from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from tests.formats.conftest import load, write_lines

from playhead.errors import ImportFormatError, LogError
from playhead.formats.jsonl import JsonLines
from playhead.formats.registry import recognise
from playhead.formats.source import Source
from playhead.model import JSON

RECORDS: list[JSON] = [{"event": "step", "n": number, "text": f"{number:x}" * 40} for number in range(2_000)]


def zstd(content: bytes) -> bytes:
    return bytes(pyarrow.compress(content, codec="zstd", asbytes=True))


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}


@pytest.fixture
def plain(tmp_path: Path) -> bytes:
    return write_lines(tmp_path / "plain", RECORDS).read_bytes()


@pytest.mark.parametrize("name", COMPRESSIONS)
class TestCompressed:
    def test_a_compressed_log_says_what_it_says_uncompressed(self, name: str, plain: bytes, tmp_path: Path) -> None:
        (tmp_path / "log").write_bytes(plain)
        expected = load(JsonLines(), tmp_path / "log")
        (tmp_path / "log").write_bytes(COMPRESSIONS[name](plain))
        assert recognise(tmp_path / "log")[0].name == "jsonl"
        loaded = load(JsonLines(), tmp_path / "log")
        assert loaded.drafts == expected.drafts
        assert loaded.report.bytes_read == loaded.report.bytes_total == (tmp_path / "log").stat().st_size

    def test_pieces_compressed_one_by_one_are_one_log(self, name: str, plain: bytes, tmp_path: Path) -> None:
        half = len(plain) // 2
        (tmp_path / "log").write_bytes(COMPRESSIONS[name](plain[:half]) + COMPRESSIONS[name](plain[half:]))
        assert load(JsonLines(), tmp_path / "log").report.records == len(RECORDS)

    def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(self, name: str, plain: bytes, tmp_path: Path) -> None:
        whole = COMPRESSIONS[name](plain)
        (tmp_path / "log").write_bytes(whole[: len(whole) * 9 // 10])
        try:
            report = load(JsonLines(), tmp_path / "log").report
        except LogError as error:
            # Nothing comes out of a block before its end, and this may be the only one.
            assert "nothing in it can be read" in str(error)
        else:
            assert report.torn == 1
            assert report.records < len(RECORDS)

    def test_damage_in_the_middle_is_an_error_that_names_file_and_place(
        self, name: str, plain: bytes, tmp_path: Path
    ) -> None:
        whole = bytearray(COMPRESSIONS[name](plain))
        middle = len(whole) // 2
        whole[middle : middle + 64] = bytes(byte ^ 0x5A for byte in whole[middle : middle + 64])
        (tmp_path / "log").write_bytes(bytes(whole))
        with pytest.raises(ImportFormatError, match=r"log: the compressed data is damaged near byte [\d,]+"):
            load(JsonLines(), tmp_path / "log")

    def test_a_compressed_document_is_one(self, name: str, tmp_path: Path) -> None:
        messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        content = json.dumps({"messages": messages}, indent=1).encode()
        (tmp_path / "log").write_bytes(COMPRESSIONS[name](content))
        loaded = load(JsonLines(), tmp_path / "log")
        assert loaded.labels() == ["a", "b"]
        place = loaded.drafts[1].meta
        assert isinstance(place["offset"], int)
        assert isinstance(place["length"], int)
        assert json.loads(content[place["offset"] : place["offset"] + place["length"]]) == messages[1]

    def test_what_is_no_text_inside_asks_to_be_decompressed(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "log").write_bytes(COMPRESSIONS[name](b"SQLite format 3\0 and so on"))
        with pytest.raises(LogError, match="decompress it first"):
            Source(tmp_path / "log")

    def test_nothing_inside_is_an_error_that_says_so(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "log").write_bytes(COMPRESSIONS[name](b""))
        with pytest.raises(LogError, match=r"nothing in it can be read|is empty"):
            Source(tmp_path / "log")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_log_in_utf_16_says_what_it_says_in_utf_8(encoding: str, tmp_path: Path) -> None:
    records: list[JSON] = [*RECORDS, {"event": "step", "text": "größer als 日本 🎉"}]
    expected = load(JsonLines(), write_lines(tmp_path / "log", records))
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    written = (tmp_path / "log").read_text(encoding="utf-8").replace("\n", "\r\n")
    (tmp_path / "log").write_bytes(mark + written.encode(encoding))
    assert recognise(tmp_path / "log")[0].name == "jsonl"
    loaded = load(JsonLines(), tmp_path / "log")
    assert [draft.operations for draft in loaded.drafts] == [draft.operations for draft in expected.drafts]
    assert loaded.report.bytes_read == loaded.report.bytes_total


def test_utf_16_text_that_was_cut_in_a_character_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = "".join(json.dumps(record) + "\n" for record in RECORDS).encode("utf-16")
    (tmp_path / "log").write_bytes(whole[:-51])
    report = load(JsonLines(), tmp_path / "log").report
    assert (report.records, report.torn) == (len(RECORDS) - 1, 1)
