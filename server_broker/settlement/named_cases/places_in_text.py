"""On which line of a TOML text each key and each element stands.

``tomllib`` says what a text means but not where. It has read the text before, so nothing is checked here.
"""

from collections import defaultdict

type Path = tuple[str | int, ...]


def lines_of(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each key and element of a valid TOML document by its path."""
    return _Scan(text).lines


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.lines: dict[Path, int] = {(): 1}
        self._counts: dict[Path, int] = defaultdict(int)
        self._arrays: set[Path] = set()
        table: Path = ()
        while self._skip():
            table = self._statement(table)

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip(self) -> bool:
        """Go on to the next character that is no space and in no comment; tell whether there is one."""
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif self._text[self._at] in " \t\r\n":
                self._at += 1
            else:
                return True
        return False

    def _statement(self, table: Path) -> Path:
        line = self._line()
        if self._text.startswith("[[", self._at):
            self._at += 2
            return self._header(line, closing="]]")
        if self._text[self._at] == "[":
            self._at += 1
            return self._header(line, closing="]")
        self._pair(table)
        return table

    def _header(self, line: int, closing: str) -> Path:
        keys = self._keys()
        self._skip()
        self._at += len(closing)
        path: Path = ()
        for key in keys[:-1]:
            path = (*path, key)
            if path in self._arrays:
                path = (*path, self._counts[path] - 1)
        path = (*path, keys[-1])
        self.lines.setdefault(path, line)
        if closing == "]]":
            self._arrays.add(path)
            self._counts[path] += 1
            path = (*path, self._counts[path] - 1)
            self.lines[path] = line
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = (*table, *self._keys())
        self.lines.setdefault(path, line)
        self._skip()
        self._at += 1  # the equals sign
        self._skip()
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip()
            keys.append(self._key())
            self._skip()
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _key(self) -> str:
        begin = self._at
        if self._text[self._at] in "\"'":
            self._string()
            return self._text[begin + 1 : self._at - 1]
        while self._text[self._at].isalnum() or self._text[self._at] in "_-":
            self._at += 1
        return self._text[begin : self._at]

    def _value(self, path: Path) -> None:
        opening = self._text[self._at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._elements(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}#\n":
                self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        long = self._text.startswith(quote * 3, self._at)
        closing = quote * 3 if long else quote
        self._at += len(closing)
        while not self._text.startswith(closing, self._at):
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += len(closing)
        while long and self._text.startswith(quote, self._at):
            self._at += 1  # quotes may stand before the three that close

    def _elements(self, path: Path) -> None:
        self._at += 1
        number = 0
        while self._skip() and self._text[self._at] != "]":
            self.lines[*path, number] = self._line()
            self._value((*path, number))
            number += 1
            self._comma()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._skip() and self._text[self._at] != "}":
            self._pair(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        if self._skip() and self._text[self._at] == ",":
            self._at += 1
