"""Read TOML as people type it: report each mistake of writing with its line and its remedy, and read the rest all the
same.

tomllib stops at the first mistake and does not say what was meant. Here a line with a mistake is mended if its meaning
is plain, so that settings which depend on it are not reported as wrong too. Otherwise the settings of that line count
as lost. Each line is reported once. Strings over several lines count as a mistake, because no setting needs them.
"""

import re
import tomllib
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

type TomlPath = tuple[str | int, ...]
"""Where a value stands: section, its number if sections repeat, key."""

_STRING = r'"(?:\\.|[^"\\])*"|' + r"'[^']*'"
_PIECES = re.compile(rf"(?P<string>{_STRING})|(?P<comment>#.*)|(?P<other>.)")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*(\]|$)")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-\"' ]+?)\s*=")
_LONG_STRING = re.compile(r"(\s*[^=#\"']+=\s*)(\"\"\"|''')(.*)")
_ESCAPE = re.compile(r"\\(?!\\|\"|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}).|\\\\", re.DOTALL)
"""A backslash that is doubled already, or one that begins no escape. ``\\n`` and ``\\t`` count as parts of a path."""
_PUT_ASIDE = "put-aside-"
"""A section header that can't be read is replaced by one of this name, so that its lines join no other section."""

_SIGNS = {
    **dict.fromkeys("“”„‟＂「」", ('"', '请用英文引号 "')),
    **dict.fromkeys("‘’＇", ("'", '请用英文引号 "')),
    "＝": ("=", "请用英文的 ="),
    "，": (",", "请用英文的 ,"),
    **dict.fromkeys("［【", ("[", "请用英文的 [ ]")),
    **dict.fromkeys("］】", ("]", "请用英文的 [ ]")),
    "＃": ("#", "请用英文的 #"),
    "\u3000": (" ", "请用英文的空格"),
}
"""The signs that a Chinese input method types, each with TOML's own sign and with what to tell the technician."""


class TomlText(Struct):
    """The content of a file, and the mistakes in its writing."""

    table: dict[str, Any] = field(default_factory=dict)
    lines: dict[TomlPath, int] = field(default_factory=dict)
    """On which line, from 1, each section and key first stands."""
    mistakes: dict[int, str] = field(default_factory=dict)
    """By line."""
    lost: set[TomlPath] = field(default_factory=set)
    """Sections and keys that are there but could not be read, so that they are not reported as missing."""


def read(text: str) -> TomlText:
    """Read a file's text."""
    reader = _Reader(text.replace("\r\n", "\n").split("\n"))
    reader.mend_signs()
    reader.load()
    return reader.written


class _Reader:
    """The lines of a file while they are mended."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.written = TomlText()

    def mend_signs(self) -> None:
        """Mend mistakes that can be seen in one line alone: quotation marks, signs, backslashes."""
        self._shorten_long_strings()
        for number, line in enumerate(self._lines, start=1):
            mended, says = _mended(line)
            if says and number not in self.written.mistakes:
                self.written.mistakes[number] = says
            self._lines[number - 1] = mended

    def load(self) -> None:
        """Read the lines. Each line that tomllib refuses is mended once and then put aside, so that this ends."""
        for _ in range(2 * len(self._lines) + 1):
            try:
                table = tomllib.loads("\n".join(self._lines) + "\n")
            except tomllib.TOMLDecodeError as error:
                number, mend = _refusal(error)
                mend(self, min(number or len(self._lines), len(self._lines)))
            else:
                self.written.table = {name: value for name, value in table.items() if not name.startswith(_PUT_ASIDE)}
                break
        for number, place in self._places():
            self.written.lines.setdefault(place, number)
            self.written.lines.setdefault(place[:1], number)

    def _shorten_long_strings(self) -> None:
        for number, line in enumerate(self._lines, start=1):
            if not (opened := _LONG_STRING.match(line)) or opened[2] in opened[3]:
                continue
            self.written.mistakes[number] = f"{opened[2]} 没有关上：值写在一行里，前后各一个英文引号"
            self._lines[number - 1] = f'{opened[1]}"{re.sub(r"[\"\\]", "", opened[3]).strip()}"'
            for end in range(number, len(self._lines)):
                further = self._lines[end]
                if opened[2] in further and not _LONG_STRING.match(further):
                    self._lines[number : end + 1] = [""] * (end + 1 - number)
                    break
                # A section or a key before the end means that the string was never closed, so these lines count.
                if _HEADER.match(further) or _KEY.match(further):
                    break

    def _replace(self, number: int, mended: str | None, says: str) -> None:
        """Replace a line by a mended one. If it was mended before and is refused again, it is lost."""
        if mended is None or number in self.written.mistakes:
            self._lose(number, says)
            return
        self.written.mistakes[number] = says
        self._lines[number - 1] = mended

    def _lose(self, number: int, says: str) -> None:
        self.written.mistakes.setdefault(number, says)
        self.written.lost.update(place for at, place in self._places() if at == number)
        is_section = self._lines[number - 1].lstrip().startswith("[")
        self._lines[number - 1] = f"[{_PUT_ASIDE}{number}]" if is_section else ""

    def mend_value(self, number: int) -> None:
        key, _, value = self._lines[number - 1].partition("=")
        value = value.partition("#")[0].strip()
        if value.lower() in ("true", "false"):
            self._replace(number, f"{key}= {value.lower()}", "true 和 false 要小写")
        elif not value or "=" in value or value[0] in "[{":
            self._replace(number, None, "这一行的值看不懂" if value else "= 后面没有值")
        else:
            quoted = value.replace('"', "").replace("\\", "")
            self._replace(number, f'{key}= "{quoted}"', '值要用英文引号 " 括起来')

    def mend_equals(self, number: int) -> None:
        # People also write a colon, or nothing at all.
        parts = re.fullmatch(r"\s*([\w.-]+)\s*[:：]?\s*([\"'\[\d].*|true|false)", self._lines[number - 1])
        self._replace(number, f"{parts[1]} = {parts[2]}" if parts else None, "名字和值之间要有英文的 =")

    def mend_header(self, number: int) -> None:
        header = _HEADER.match(self._lines[number - 1])
        closing = {"[": "]", "[[": "]]"}
        mended = f"{header[1]}{header[2]}{closing[header[1]]}" if header else None
        self._replace(number, mended, "方括号没有关上")

    def mend_list(self, number: int) -> None:
        # tomllib points at the line where it gave up. The mistake is told at the line where the list begins.
        number = next((at for at in range(number, 0, -1) if _KEY.match(self._lines[at - 1])), number)
        self._lose(number, "列表没有写完：每项之间用英文逗号隔开，最后要有 ]")
        # The rest of the list would be refused line by line.
        end = number
        while end < len(self._lines) and not (_KEY.match(self._lines[end]) or _HEADER.match(self._lines[end])):
            self._lines[end] = ""
            end += 1

    def mend_twice(self, number: int) -> None:
        place = next((place for at, place in reversed(self._places()) if at == number), ())
        first = next((at for at, other in self._places() if other == place and at < number), 0)
        name = str(place[-1]) if place else self._lines[number - 1].strip()
        where = f"，第 {first} 行已经有了" if first else ""
        if _HEADER.match(self._lines[number - 1]):
            hint = f"；有几个就都写成 [[{name}]]" if name in ("reader", "input") else ""
            self._lose(number, f"[{name}] 写了两次{where}{hint}")
        else:
            self._replace(number, "", f"{name} 写了两次{where}")

    def mend_rest(self, number: int) -> None:
        self._lose(number, "值的后面多了东西")

    def mend_statement(self, number: int) -> None:
        self._lose(number, "这一行看不懂：应当是 名字 = 值，或者 [节]")

    def mend_anything_else(self, number: int) -> None:
        self._lose(number, "这一行不符合 TOML 格式")

    def _places(self) -> list[tuple[int, TomlPath]]:
        """Return each section and key with its line, in their order."""
        found: list[tuple[int, TomlPath]] = []
        section: TomlPath = ()
        counted: dict[TomlPath, int] = {}
        for number, line in enumerate(self._lines, start=1):
            if header := _HEADER.match(line):
                section = _parts(header[2])
                found.append((number, section))
                if header[1] == "[[":
                    counted[section] = counted.get(section, -1) + 1
                    section = (*section, counted[section])
                    found.append((number, section))
            elif key := _KEY.match(line):
                found.append((number, section + _parts(key[1])))
        return found


_MENDERS: dict[str, Callable[[_Reader, int], None]] = {
    "Invalid value": _Reader.mend_value,
    "Expected '='": _Reader.mend_equals,
    "Expected ']": _Reader.mend_header,  # also "Expected ']]'"
    "Unclosed": _Reader.mend_list,
    "Cannot overwrite": _Reader.mend_twice,
    "Cannot declare": _Reader.mend_twice,
    "Cannot mutate": _Reader.mend_twice,
    "Duplicate": _Reader.mend_twice,
    "Expected newline": _Reader.mend_rest,
    "Invalid statement": _Reader.mend_statement,
}
"""By how tomllib's message begins."""


def _refusal(error: tomllib.TOMLDecodeError) -> tuple[int | None, Callable[[_Reader, int], None]]:
    """Return the line that tomllib refused, None for the last one, and how to mend its mistake.

    Only here the words of a message decide something. In Python 3.13 the error has nothing but its message. From 3.14
    on it has ``lineno`` too, but still no code for the kind of mistake.
    """
    message = str(error)
    at = re.search(r"at line (\d+)", message)
    mend = next(
        (mend for beginning, mend in _MENDERS.items() if message.startswith(beginning)), _Reader.mend_anything_else
    )
    return int(at[1]) if at else None, mend


def _mended(line: str) -> tuple[str, str]:
    """Return a line with the signs that were meant, and what was wrong with the line."""
    mended, says = "", list[str]()
    for piece in _PIECES.finditer(line):
        # In '…' a backslash is only itself (TOML 1.0, literal strings).
        if piece["string"] is not None and piece["string"][0] == '"':
            escaped = _ESCAPE.sub(lambda found: found[0] if found[0] == r"\\" else "\\" + found[0], piece["string"])
            says += ["反斜线 \\ 请写两个 \\\\"] if escaped != piece["string"] else []
            mended += escaped
        elif piece["other"] in _SIGNS:
            sign, tell = _SIGNS[piece["other"]]
            mended += sign
            says.append(tell)
        else:
            mended += piece[0]
    if quote := _quote_left_open(mended):
        says.append("引号没有关上" + ("，反斜线 \\ 请写两个 \\\\" if "\\" in mended else ""))
        before, _, value = mended.partition(quote)
        value = value.partition("#")[0].replace("\\", "").strip().rstrip("]")
        # Close the string at the end of the line, and the list that it stands in.
        mended = f'{before}"{value}"' + ("]" if "[" in before.partition("=")[2] else "")
    return mended, "；".join(dict.fromkeys(says))


def _quote_left_open(line: str) -> str:
    """Return the quotation mark that opens a string without an end, or nothing."""
    found = (piece["other"] for piece in _PIECES.finditer(line) if piece["comment"] is None)
    return next((sign for sign in found if sign is not None and sign in "\"'"), "")


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
