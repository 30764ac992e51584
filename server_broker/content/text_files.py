"""Read a text file of questions line by line, in UTF-8 or in GBK, however large it is.

Which of the two it is, the whole file says, never a guess by likelihood. A file that has lines of both would come in
with some of its questions as nonsense, so it is refused, with the line. Only one line is in memory at a time.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from protocol.system_errors import os_cause

MAX_FILE_BYTES = 128 * 2**20
MAX_LINE_BYTES = 256 * 2**10
_THREE_BYTES = re.compile("[\u0800-\U0010ffff]")
"""What takes three bytes or more in UTF-8, as Chinese does. Short words in GBK may by chance be valid UTF-8, but then
of characters that take two."""


class FileRefused(Exception):
    """Nothing of a file is read. ``code`` is stable; the message is Chinese; ``line`` is 0 for the whole file."""

    def __init__(self, code: str, says: str, line: int = 0) -> None:
        super().__init__(f"第 {line} 行：{says}" if line else says)
        self.code, self.says, self.line = code, says, line


def text_lines(path: Path) -> Iterator[str]:
    """Return the lines of a file, without their ends. CRLF, LF and CR alone end a line.

    The whole file is looked at before this returns, so whatever is yielded is right to the last line.

    Raises:
        FileRefused: The file is neither UTF-8 nor GBK, or both, or no text, or too large.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise FileRefused("too_large", f"文件超过 {MAX_FILE_BYTES // 2**20} MB，请分成几个文件")
        encoding = _encoding(path)
    except OSError as error:
        raise FileRefused("unreadable", f"打不开文件：{os_cause(error)}") from error
    return (raw.decode(encoding) for raw in _raw_lines(path))


def _raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines as bytes. No byte of a longer character in UTF-8 or GB18030 looks like an end of line."""
    with path.open(encoding="latin-1", newline=None) as file:
        number = 0
        while text := file.readline(MAX_LINE_BYTES):
            number += 1
            if len(text) == MAX_LINE_BYTES and not text.endswith("\n"):
                raise FileRefused("line_long", f"这一行太长，最多 {MAX_LINE_BYTES // 2**10} KB", number)
            raw = text.removesuffix("\n").encode("latin-1")
            yield raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw


def _encoding(path: Path) -> str:
    """Return the encoding of all lines."""
    found, first = "", 0
    for number, raw in enumerate(_raw_lines(path), 1):
        if b"\x00" in raw or (number == 1 and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))):
            raise FileRefused("no_text", "这不是文本文件，或者是“Unicode”编码。请另存为 UTF-8 编码再导入", number)
        if raw.isascii():
            continue
        encoding = _encoding_of(raw)
        if encoding == "either":
            continue
        if not encoding:
            raise FileRefused("bad_encoding", "这一行的文字编码认不出来（不是 UTF-8，也不是 GBK）", number)
        if found and encoding != found:
            both = {"utf-8": "UTF-8", "gb18030": "GBK"}
            says = f"这一行是 {both[encoding]} 编码，第 {first} 行却是 {both[found]}。请整个文件另存为 UTF-8"
            raise FileRefused("mixed_encodings", says, number)
        if not found:
            found, first = encoding, number
    return found or "utf-8"


def _encoding_of(raw: bytes) -> str:
    """Return the encoding of one line that is not plain ASCII; ``either`` if it says too little; empty for none."""
    try:
        text = raw.decode("utf-8")
        return "utf-8" if _THREE_BYTES.search(text) else "either"
    except UnicodeDecodeError:
        pass
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "gb18030"
