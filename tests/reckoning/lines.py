"""On which line of a TOML text each key and each element of an array stands.

``tomllib`` reads the values and has found the text valid before; it does not say where a value stood.
"""

Path = tuple[str | int, ...]


class LineFinder:
    """The line of each path of a valid TOML text, such as ``("people", 0, "rank")``; it is walked when one is asked."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.tables_seen: dict[Path, int] = {}

    def find(self, path: Path) -> int:
        """Return the line of a path, or of the nearest thing that holds it."""
        if self.position == 0:
            self._document()
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def _take(self, length: int = 1) -> str:
        taken = self.text[self.position : self.position + length]
        self.position += length
        self.line += taken.count("\n")
        return taken

    def _sees(self, sign: str) -> bool:
        return self.text.startswith(sign, self.position)

    def _skip(self) -> None:
        """Pass what means nothing: blanks, line ends and comments."""
        while self.position < len(self.text):
            if self._sees("#"):
                while self.position < len(self.text) and not self._sees("\n"):
                    self._take()
            elif self.text[self.position] in " \t\r\n":
                self._take()
            else:
                return

    def _document(self) -> None:
        base: Path = ()
        self._skip()
        while self.position < len(self.text):
            base = self._header() if self._sees("[") else self._pair(base)
            self._skip()

    def _header(self) -> Path:
        line = self.line
        array = self._sees("[[")
        self._take(2 if array else 1)
        path = self._resolved(self._key())
        self._take(2 if array else 1)
        if array:
            number = self.tables_seen.get(path, 0)
            self.tables_seen[path] = number + 1
            self.lines.setdefault(path, line)
            path = (*path, number)
        self.lines[path] = line
        return path

    def _resolved(self, key: tuple[str, ...]) -> Path:
        """Return where a header's key leads: a name that is an array of tables means its last one so far."""
        path: Path = ()
        for number, part in enumerate(key):
            path = (*path, part)
            if path in self.tables_seen and number < len(key) - 1:
                path = (*path, self.tables_seen[path] - 1)
        return path

    def _pair(self, base: Path) -> Path:
        line = self.line
        path = base
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self._skip()
        self._take()  # the sign =
        self._skip()
        self._value(path)
        return base

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self._skip()
            if self.text[self.position] in "\"'":
                parts.append(self._string())
            else:
                start = self.position
                while self.text[self.position].isalnum() or self.text[self.position] in "_-":
                    self._take()
                parts.append(self.text[start : self.position])
            self._skip()
            if not self._sees("."):
                return tuple(parts)
            self._take()

    def _string(self) -> str:
        sign = self.text[self.position]
        quote = sign * 3 if self._sees(sign * 3) else sign
        self._take(len(quote))
        start = self.position
        while not self._sees(quote):
            self._take(2 if sign == '"' and self._sees("\\") else 1)
        while len(quote) == 3 and self.text.startswith(quote, self.position + 1):
            self._take()  # up to two quotes may stand before the three that end the string
        content = self.text[start : self.position]
        self._take(len(quote))
        return content

    def _value(self, path: Path) -> None:
        self.lines.setdefault(path, self.line)
        sign = self.text[self.position]
        if sign in "\"'":
            self._string()
        elif sign == "[":
            self._array(path)
        elif sign == "{":
            self._inline_table(path)
        else:
            while self.position < len(self.text) and self.text[self.position] not in ",]}#\n":
                self._take()

    def _array(self, path: Path) -> None:
        self._take()
        number = 0
        self._skip()
        while not self._sees("]"):
            self._value((*path, number))
            number += 1
            self._skip()
            if self._sees(","):
                self._take()
                self._skip()
        self._take()

    def _inline_table(self, path: Path) -> None:
        self._take()
        self._skip()
        while not self._sees("}"):
            self._pair(path)
            self._skip()
            if self._sees(","):
                self._take()
                self._skip()
        self._take()
