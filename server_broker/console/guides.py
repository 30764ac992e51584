"""The guides in Chinese as the console shows them: what there is, one as HTML, and where a text occurs.

They are files of the package (``/usr/share/doc``), or of the checkout. They don't change while the county runs, so each
is read once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

_CHECKOUT = Path(__file__).parents[2] / "docs"
_PACKAGE = Path("/usr/share/doc/cunhui-county")
MOST_FOUND = 60
_MARKS = str.maketrans({"*": "", "`": "", "|": " "})
"""Of Markdown's own, which a reader would take for a part of the text."""
_AROUND = 36
"""Characters shown on each side of what was searched for."""


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide. ``name`` is its file's name without the end, and ``text`` its Markdown."""

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a guide, and the anchor that leads to it."""

    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Page:
    """A guide to be shown. ``html`` holds no HTML of the guide's own: the renderer escapes it."""

    html: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A line in which the searched text occurs, cut to what stands around it."""

    guide: Guide
    section: Section
    before: str
    match: str
    after: str


def docs_folder() -> Path:
    """Return where ``guides/`` and ``pictures/`` are."""
    return _CHECKOUT if (_CHECKOUT / "guides").is_dir() else _PACKAGE


@cache
def guides() -> dict[str, Guide]:
    """Return the guides by name, in the order of their names; none if somebody has removed the package's documents."""
    found = {}
    for file in sorted((docs_folder() / "guides").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ").strip()
        found[file.stem] = Guide(file.stem, title, text)
    return found


def picture_file(name: str) -> Path | None:
    """Return the file of a picture that a guide shows, or None: no other file is given away, whatever ``name`` says."""
    return docs_folder() / "pictures" / name if name in _pictures() else None


@cache
def _pictures() -> frozenset[str]:
    shown = {name for guide in guides().values() for name in _PICTURE.findall(guide.text)}
    return frozenset(name for name in shown if (docs_folder() / "pictures" / name).is_file())


_PICTURE = re.compile(r"\]\(\.\./pictures/([\w.-]+)\)")


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading: its letters, digits and Chinese characters, with ``-`` for everything else."""
    return re.sub(r"\W+", "-", heading.strip().lower()).strip("-")


@cache
def page_of(name: str) -> Page:
    """Return a guide as it is shown.

    Links to other guides lead to their pages, and pictures to ours. A link to a file of the repository becomes its
    text, because a county does not have that file.

    Raises:
        KeyError: There is no such guide.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(guides()[name].text)
    sections = []
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            section = Section(_plain(inner), anchor_of(_plain(inner)))
            token.attrSet("id", section.anchor)
            if token.tag == "h2":
                sections.append(section)
    for token in tokens:
        if token.children:
            token.children = _led_here(token.children)
    return Page(reader.renderer.render(tokens, reader.options, {}), tuple(sections))


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _led_here(children: Sequence[Token]) -> list[Token]:
    """Return the pieces of a paragraph with every address made to lead somewhere in the county."""
    kept, dropped = [], 0
    for child in children:
        if child.type == "image":
            source = str(child.attrGet("src") or "").rpartition("/")[2]
            child.attrSet("src", f"/help/pictures/{source}")
            child.attrSet("loading", "lazy")
        elif child.type == "link_open":
            target = target_of(str(child.attrGet("href") or ""))
            if not target:
                dropped += 1
                continue
            child.attrSet("href", target)
        # Links can't lie in one another, so the next end belongs to the link that was left out.
        elif child.type == "link_close" and dropped:
            dropped -= 1
            continue
        kept.append(child)
    return kept


def target_of(href: str) -> str:
    """Return where a guide's link leads in the console; empty if it leads to nothing that a county has."""
    if href.startswith(("https://", "http://", "#")):
        return href
    file, _, anchor = href.partition("#")
    # The reader has percent-encoded the address.
    name = unquote(file).removesuffix(".md")
    if name not in guides():
        return ""
    return f"/help/{quote(name)}/{f'#{anchor}' if anchor else ''}"


def search(text: str) -> list[Found]:
    """Return the lines of all guides in which ``text`` occurs, whatever the case of its letters; at most `MOST_FOUND`.

    Titles of guides come first, then headings: who searches a subject wants the guide of it.
    """
    wanted, found = text.casefold(), []
    for guide in guides().values():
        section = Section(guide.title, "")
        for written in guide.text.splitlines():
            line = written.translate(_MARKS)
            level = len(line) - len(line.lstrip("#"))
            if level:
                title = line.lstrip("#").strip()
                section = Section(title, anchor_of(title))
            at = line.casefold().find(wanted)
            if at < 0:
                continue
            before, after = line[max(at - _AROUND, 0) : at], line[at + len(text) :][:_AROUND]
            one = Found(guide, section, before.lstrip("# -"), line[at : at + len(text)], after)
            found.append((min(level, 2) or 3, one))
    return [one for _, one in sorted(found, key=lambda ranked: ranked[0])[:MOST_FOUND]]
