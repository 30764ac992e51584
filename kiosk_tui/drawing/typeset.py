"""Set Chinese text into terminal cells: nothing is cut, no glyph is halved, and no line begins with a comma.

A Chinese character takes two cells. Signs and quotation marks of ambiguous width (UAX #11) take one cell for the
terminal, but a Chinese font draws them over two. They get a blank after them, because the next character would cover
them otherwise. Text comes from the county's data, so control characters are taken out before anything reaches the
terminal.
"""

import unicodedata
from collections.abc import Sequence

import msgspec
from rich.cells import cell_len

from kiosk_tui.catalogue import _
from protocol.plain_text import one_line

_BETWEEN = _("、")
"""Between names."""
_NOT_FIRST = frozenset("，。、；：？！）》」』”’…％%,.;:?!)")
_NOT_LAST = frozenset("（《「『“‘(")


def clean(text: str) -> str:
    """Return ``text`` on one line, clean (`protocol.plain_text`), and with a blank after signs that are drawn over two
    cells."""
    plain = one_line(text)
    return "".join(
        character + " " if _drawn_wide(character) and plain[place + 1 : place + 2].strip(" ") else character
        for place, character in enumerate(plain)
    )


def cells(text: str) -> int:
    """Return how many terminal cells ``text`` takes."""
    return cell_len(text)


def fit(text: str, width: int) -> str:
    """Return ``text`` cut to ``width`` cells; if something was left off, it ends in ``…``."""
    text = clean(text)
    if cells(text) <= width:
        return text
    kept = ""
    for character in text:
        if cells(kept + character) > width - 1:
            break
        kept += character
    return kept + "…" if width > 0 else ""


def fit_names(head: str, names: Sequence[str], width: int) -> str:
    """Return ``head`` and as many whole names as fit into ``width`` cells; if some were left off, it ends in ``…``."""
    line = clean(head)
    for place, name in enumerate(names):
        longer = f"{line}{_BETWEEN if place else ''}{clean(name)}"
        last = place + 1 == len(names)
        if cells(longer) > width - (0 if last else cells(f"{_BETWEEN}…")):
            return f"{line}{_BETWEEN}…" if place else fit(longer if last else f"{longer}…", width)
        line = longer
    return fit(line, width)


def pad(text: str, width: int) -> str:
    """Return ``text`` cut or filled with spaces to exactly ``width`` cells."""
    text = fit(text, width)
    return text + " " * (width - cells(text))


def spread(left: str, right: str, width: int) -> str:
    """Return one line of ``width`` cells with ``left`` and ``right`` at its ends; ``left`` is cut first."""
    right = fit(right, width)
    room = width - cells(right) - (1 if right else 0)
    return pad(left, max(room, 0)) + " " * (width - max(room, 0) - cells(right)) + right


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of at most ``width`` cells.

    Latin words and numbers stay whole if they fit into a line. Closing punctuation stays with the character before it.
    """
    lines: list[str] = []
    line = ""
    for unit in _units(clean(text), width):
        # A blank at the end of a line is not drawn, so it needs no room.
        if cells(line + unit.rstrip(" ")) <= width:
            line += unit
            continue
        unit = unit.lstrip(" ")
        line, carried = _carry(line, width - cells(unit))
        lines.append(line.rstrip(" "))
        line = carried + unit
    return [*lines, line.rstrip(" ")] if line.strip(" ") or not lines else lines


def _drawn_wide(character: str) -> bool:
    return character == "✓" or unicodedata.east_asian_width(character) == "A"


def _carry(line: str, room: int) -> tuple[str, str]:
    """Split off an opening bracket that would be left at the end of the line, if the next has ``room`` for it."""
    kept = line.rstrip(" ")
    if len(kept) > 1 and kept[-1] in _NOT_LAST and cells(line[len(kept) - 1 :]) <= room:
        return line[: len(kept) - 1], line[len(kept) - 1 :]
    return line, ""


def _units(text: str, width: int) -> list[str]:
    """Split into pieces that must stay together: a character with its closing punctuation, or a Latin word."""
    units: list[str] = []
    for character in text:
        if units and _joins(units[-1], character) and cells(units[-1] + character) <= width:
            units[-1] += character
        else:
            units.append(character)
    return units


def _joins(unit: str, character: str) -> bool:
    # After a sign that is drawn over two cells stands a blank (`clean`). It is part of the sign: nothing may separate
    # them, and a closing mark after them may not begin a line either.
    if character in _NOT_FIRST:
        return not unit.endswith(" ") or _drawn_wide(unit.rstrip(" ")[-1:] or " ")
    if character == " ":
        return _drawn_wide(unit[-1])
    return _latin(unit[-1]) and _latin(character)


def _latin(character: str) -> bool:
    return character.isascii() and not character.isspace()


class Block(msgspec.Struct, frozen=True):
    """A paragraph with a hanging sign before it.

    Attributes:
        text: What is set, broken where needed.
        cap: Set before the first line; later lines are indented by as much.
        style: A Textual style for the text, filled to the full width.
        cap_style: A Textual style for the cap.
        gap: Whether to put a blank line before the block: 2 first of all, 1 if room is left, 0 never.
    """

    text: str
    cap: str = ""
    style: str = ""
    cap_style: str = ""
    gap: int = 0


class Line(msgspec.Struct, frozen=True):
    """One line as set: ``cap`` and ``text`` together are at most the page's width."""

    cap: str = ""
    text: str = ""
    style: str = ""
    cap_style: str = ""


def set_blocks(blocks: tuple[Block, ...], width: int, height: int) -> list[list[Line]]:
    """Set blocks into pages of at most ``height`` lines of ``width`` cells; at least one page.

    All blocks with the same ``gap`` get their blank line, or none of them does. Text that does not fit even without
    blank lines goes on to a next page.
    """
    set_lines: list[list[Line]] = []
    for block in blocks:
        # What goes on in a next line stands below the first word, not below the blank between it and its cap.
        text = block.text.lstrip(" ")
        lead = block.text[: len(block.text) - len(text)]
        hang = cells(block.cap) + len(lead)
        first, *more = wrap(text, max(width - hang, 2))
        set_lines.append([Line(block.cap, lead + first, block.style, block.cap_style)])
        set_lines[-1] += [Line(" " * hang, text, block.style, "") for text in more]
    # First with every blank line that is wanted, then with fewer, at last with none.
    for least_wanted in (1, 2, 3):
        page: list[Line] = []
        for block, lines in zip(blocks, set_lines, strict=True):
            page += [Line()] * (block.gap >= least_wanted) + lines
        if len(page) <= height:
            return [page]
    return _pages(set_lines, max(height, 1))


def _pages(set_lines: list[list[Line]], height: int) -> list[list[Line]]:
    pages: list[list[Line]] = [[]]
    for lines in set_lines:
        # A block begins on a new page rather than being torn apart. One that is longer than a page begins here.
        if pages[-1] and len(pages[-1]) + len(lines) > height >= len(lines):
            pages.append([])
        for line in lines:
            if len(pages[-1]) == height:
                pages.append([])
            pages[-1].append(line)
    return pages
