"""What is not Chinese in a text that people read."""

import re
from collections.abc import Set

_WORD = re.compile(r"(?<![\w./-])[A-Za-z][A-Za-z_-]*[A-Za-z](?![\w./-])")


def english(text: str, *, typed: Set[str]) -> list[str]:
    """Return the English words of a text, without those that a person types."""
    return [word for word in _WORD.findall(text) if word not in typed]
