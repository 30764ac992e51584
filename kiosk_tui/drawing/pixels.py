"""Large signs, digits and a few large words, drawn from half blocks.

A terminal has one size of letters. What must be read from across a room is drawn here: each pixel is a cell wide and
half a cell high, which is close to square. The bitmaps are this project's own.
"""

from collections.abc import Sequence

type Bitmap = Sequence[str]
"""Rows of ``#`` and any other character, all of one length."""

_HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def draw(bitmap: Bitmap) -> list[str]:
    """Return the bitmap as lines of text, two rows of pixels a line."""
    rows = [*bitmap, "." * len(bitmap[0])] if len(bitmap) % 2 else list(bitmap)
    return [
        "".join(_HALF_BLOCKS[top == "#", low == "#"] for top, low in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def beside(*bitmaps: Bitmap, gap: int) -> list[str]:
    """Return bitmaps of one height side by side, ``gap`` pixels apart."""
    return [("." * gap).join(rows) for rows in zip(*bitmaps, strict=True)]


def clock_face(text: str) -> list[str]:
    """Draw ``HH:MM`` or ``--:--``."""
    return draw(beside(*(_DIGITS[character] for character in text), gap=2))


def number(text: str, width: int) -> list[str]:
    """Draw digits, ``-`` and blanks as large as they fit into a width; an empty list if they don't."""
    for signs, gap in ((_DIGITS, 1), (_SMALL_DIGITS, 1)):
        blank = [".." for _ in signs["0"]]
        drawn = beside(*(blank if sign == " " else signs[sign] for sign in text), gap=gap) if text else []
        if drawn and len(drawn[0]) <= width:
            return draw(drawn)
    return []


def _bitmap(drawing: str) -> list[str]:
    return drawing.split()


_ZERO = ".####. ###### ##..## ##..## ##..## ##..## ##..## ##..## ###### .####."
_ONE = "..##.. .###.. ####.. ..##.. ..##.. ..##.. ..##.. ..##.. ###### ######"
_TWO = ".####. ###### ##..## ....## ...### ..###. .###.. ###... ###### ######"
_THREE = ".####. ###### ##..## ....## ..###. ..###. ....## ##..## ###### .####."
_FOUR = "...##. ..###. .####. ##.##. ##.##. ##.##. ###### ###### ...##. ...##."
_FIVE = "###### ###### ##.... #####. ###### ....## ....## ##..## ###### .####."
_SIX = ".####. ###### ##..## ##.... #####. ###### ##..## ##..## ###### .####."
_SEVEN = "###### ###### ....## ...##. ...##. ..##.. ..##.. .##... .##... .##..."
_EIGHT = ".####. ###### ##..## ##..## .####. .####. ##..## ##..## ###### .####."
_NINE = ".####. ###### ##..## ##..## ###### .##### ....## ##..## ###### .####."
_COLON = ".. .. ## ## .. .. ## ## .. .."
_DASH = "...... ...... ...... ...... ###### ###### ...... ...... ...... ......"

_DIGITS: dict[str, list[str]] = {
    **{
        str(number): _bitmap(drawing)
        for number, drawing in enumerate(
            (_ZERO, _ONE, _TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN, _EIGHT, _NINE),
        )
    },
    ":": _bitmap(_COLON),
    "-": _bitmap(_DASH),
}

_SMALL_DIGITS: dict[str, list[str]] = {
    "0": _bitmap("### #.# #.# #.# ###"),
    "1": _bitmap(".#. ##. .#. .#. ###"),
    "2": _bitmap("### ..# ### #.. ###"),
    "3": _bitmap("### ..# ### ..# ###"),
    "4": _bitmap("#.# #.# ### ..# ..#"),
    "5": _bitmap("### #.. ### ..# ###"),
    "6": _bitmap("### #.. ### #.# ###"),
    "7": _bitmap("### ..# ..# ..# ..#"),
    "8": _bitmap("### #.# ### #.# ###"),
    "9": _bitmap("### #.# ### ..# ###"),
    "-": _bitmap("... ... ### ... ..."),
}

TICK = _bitmap("""
..............
............##
...........###
..........####
.........####.
........####..
##.....####...
###...####....
####.####.....
.#######......
..#####.......
...###........
....#.........
..............
""")

BANG = _bitmap("""
.....####.....
.....####.....
.....####.....
.....####.....
.....####.....
.....####.....
.....####.....
......##......
......##......
..............
.....####.....
.....####.....
.....####.....
..............
""")

CROSS = _bitmap("""
..............
##..........##
####......####
.####....####.
..####..####..
...########...
....######....
....######....
...########...
..####..####..
.####....####.
####......####
##..........##
..............
""")

_SHANG = _bitmap("""
.....##.......
.....##.......
.....##.......
.....##.......
.....##.......
.....########.
.....########.
.....##.......
.....##.......
.....##.......
.....##.......
.....##.......
##############
##############
""")

_XIA = _bitmap("""
##############
##############
.....##.......
.....##.......
.....###......
.....######...
.....##.####..
.....##...###.
.....##....##.
.....##.......
.....##.......
.....##.......
.....##.......
.....##.......
""")

_BAN = _bitmap("""
.........##.......
######...##.######
######...##.######
..##...#.##...##..
..##...#.##...##..
..##...#.##...##..
######.#.##.######
######.#.##.######
..##...#.##...##..
..##.....##...##..
..##.....##...##..
..####..##....##..
######..##..######
##.....##...######
""")

CLOCK_IN = beside(_SHANG, _BAN, gap=1)
"""上班"""
CLOCK_OUT = beside(_XIA, _BAN, gap=1)
"""下班"""

STAR = _bitmap("""
......##......
......##......
.....####.....
.....####.....
##############
.############.
..##########..
...########...
...########...
..##########..
..####..####..
.###......###.
.#..........#.
..............
""")

STAR_OUTLINE = _bitmap("""
......##......
......##......
.....#..#.....
.....#..#.....
######..######
.##........##.
..##......##..
...#......#...
...#......#...
..#...##...#..
..#.##..##.#..
.###......###.
.#..........#.
..............
""")
