"""A file that is no case, and where."""


class NotACase(Exception):
    """What a file says cannot be a case."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"第 {line} 行：{why}")
        self.line = line
        self.why = why
