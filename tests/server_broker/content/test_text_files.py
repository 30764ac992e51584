"""Text files of questions in UTF-8 and GBK, with every end of line; what is neither, or both, is refused by line."""

from pathlib import Path

import pytest

from server_broker.content.text_files import FileRefused, text_lines

LINES = ["村务公开{T", "", "####因为。", "plain ascii", "最后一行"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_file_is_read_whatever_wrote_it(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "题.txt"
    path.write_bytes(end.join(LINES).encode(encoding))
    assert list(text_lines(path)) == LINES


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("村务\n\n公开\n".encode() + "选举\n".encode("gbk"), "mixed_encodings", 4),
        ("村务\n".encode("gbk") + "ascii\n公开\n".encode(), "mixed_encodings", 3),
        (b"ascii\n\xff\xff\xff\n", "bad_encoding", 2),
        ("村务公开".encode()[:-1], "bad_encoding", 1),
        ("村务\n公开".encode("utf-16"), "no_text", 1),
        (b"PK\x03\x04\x00\x00", "no_text", 1),
        (b"a\n" + b"b" * 300_000, "line_long", 2),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_its_line(tmp_path: Path, content: bytes, code: str, line: int) -> None:
    path = tmp_path / "题.txt"
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        text_lines(path)
    assert (refused.value.code, refused.value.line) == (code, line)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        text_lines(tmp_path / "没有")
    assert refused.value.code == "unreadable"
