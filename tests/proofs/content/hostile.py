"""Large files that nobody writes by hand, each made to cost a reader time or memory."""

from collections.abc import Callable
from itertools import count, islice

LARGE_LINES = 1_000_000
_BLOCK = 30_000
"""Characters of a block that is as long as one may be."""


def _blocks(of: str, times: int = 400) -> bytes:
    """Blocks that are each one sign again and again, in a question."""
    return f"谁？{{=甲 ~乙####{(of * _BLOCK)[:_BLOCK]}}}\n\n".encode() * times


def _numbered(block: str) -> bytes:
    lines = block.count("\n")
    return "".join(block.replace("N", str(n)) for n in islice(count(), LARGE_LINES // lines)).encode()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "short questions": lambda: _numbered("题N？{T}\n\n"),
    "good questions": lambda: _numbered("题N？{T####因为。\\n出处：书}\n\n"),
    "levels": lambda: _numbered("$CATEGORY: 甲/关N\n\n"),
    "one block": lambda: b"a\n" * LARGE_LINES,
    "comments": lambda: _numbered("// [id:N] [tag:图片=a.jpg]\n"),
    "open tags in comments": lambda: (b"// " + b"[id:" * 50_000 + b"\n") * 100,
    "blanks": lambda: _blocks("{T" + " " * _BLOCK),
    "open emphasis": lambda: _blocks("[markdown]*a "),
    "open brackets": lambda: _blocks("[markdown]" + "![" * _BLOCK),
    "open comments of html": lambda: _blocks("[html]" + "<!--" * _BLOCK),
    "open tags of html": lambda: _blocks("[html]" + "<a " * _BLOCK),
    "long tags of html": lambda: _blocks("[html]" + "<a " + "/" * (_BLOCK - 10) + ">"),
    "many attributes of html": lambda: _blocks("[html]" + "<a " + "b c" * (_BLOCK // 3 - 9) + ">"),
    "references of html": lambda: _blocks("[html]" + "&" * _BLOCK),
    "steps": lambda: f"排一排。{{{'=甲 -> 1 ' * 3_500}}}\n\n".encode() * 400,
    "long lines": lambda: (b"a" * 250_000 + b"\n\n") * 100,
}
