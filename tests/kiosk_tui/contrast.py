"""Whether text can be read on its ground (WCAG 2.2, 1.4.6)."""

import unicodedata

from rich.color_triplet import ColorTriplet
from textual.color import Color
from textual.strip import Strip

from kiosk_tui.drawing import theme

LEAST = 7
_OWN = {colour for colours in theme.COLOURS.values() for colour in colours.values()}


def contrast(text: Color, ground: Color) -> float:
    """WCAG 2.2: relative luminance and contrast ratio."""
    lighter, darker = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    parts = (value / 255 for value in (color.r, color.g, color.b))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def all_readable(strip: Strip) -> None:
    """Fail if some text has too little contrast."""
    for text, style, _ in strip:
        if style is None or not any(_is_text(character) for character in text):
            continue
        assert style.color is not None
        assert style.bgcolor is not None
        if _is_pixel(text, style.color.get_truecolor(), style.bgcolor.get_truecolor()):
            continue
        ratio = contrast(_color(style.color.get_truecolor()), _color(style.bgcolor.get_truecolor()))
        assert ratio >= LEAST, f"{ratio:.1f} for {text!r}"
        assert not style.dim, text


def _is_text(character: str) -> bool:
    """Blanks and ruled lines are no text; the half blocks of the large digits are."""
    return not character.isspace() and not unicodedata.name(character, "").startswith("BOX DRAWINGS")


def _is_pixel(text: str, above: ColorTriplet, below: ColorTriplet) -> bool:
    """Whether these are pixels of a picture that the county sent. The kiosk's own signs have colours of its themes."""
    return set(text) == {"▀"} and not {above.hex, below.hex} <= _OWN


def _color(triplet: ColorTriplet) -> Color:
    return Color(*triplet)
