"""The kiosk's colours by day and in the dark: ink on warm paper, jade for what can be pressed, and three lamps.

Every pair of text and ground that a screen uses has a contrast of at least 7:1 (WCAG 2.2, 1.4.6), in both themes. The
styles name variables and no colours, so that the running kiosk takes another theme at once.
"""

from collections.abc import Mapping

from textual.theme import Theme

CAP = "bold $on-jade on $jade"
"""A key that can be pressed."""
CHOSEN = "$on-jade on $jade"
CHOSEN_CAP = "bold $amber-ink on $amber-lamp"
QUIET = "$soft"
STRONG = "bold $ink"
TITLE = "bold $jade"
WARNING = "bold $amber-ink on $amber-lamp"
RIGHT = "bold $on-lamp on $green-lamp"
WRONG = "bold $on-lamp on $red-lamp"
INK = "$ink"
RULE = "$rule"
BUTTON = "bold $ink on $band"
"""What a key opens, beside its cap."""

_LAMPS = {"green-lamp": "#0a5630", "amber-lamp": "#ffcb57", "amber-ink": "#2b1c00", "red-lamp": "#8a1919"}
"""A touch's result looks the same by day and in the dark, because people know it by its colour."""
COLOURS = {
    "day": {
        "paper": "#f6f1e7",
        "band": "#e9e1d1",
        "ink": "#1b2729",
        "on-ink": "#ffffff",
        "soft": "#3f4a4a",
        "rule": "#b8ad97",
        "jade": "#0b4a40",
        "on-jade": "#ffffff",
        "on-lamp": "#ffffff",
        **_LAMPS,
    },
    "dark": {
        "paper": "#11181a",
        "band": "#222d30",
        "ink": "#f4efe4",
        "on-ink": "#11181a",
        "soft": "#c5cec9",
        "rule": "#5d6b69",
        "jade": "#8be0cb",
        "on-jade": "#0a1513",
        "on-lamp": "#ffffff",
        **_LAMPS,
    },
}
DEFAULT = "day"
NAMES = tuple(COLOURS)

_PAIRS = {
    "text on paper": ("ink", "paper"),
    "secondary text on paper": ("soft", "paper"),
    "title on paper": ("jade", "paper"),
    "text on the key band": ("ink", "band"),
    "secondary text on the key band": ("soft", "band"),
    "what people come for, on its band": ("jade", "band"),
    "a key's cap, a header, a chosen option": ("on-jade", "jade"),
    "green": ("on-lamp", "green-lamp"),
    "amber": ("amber-ink", "amber-lamp"),
    "red": ("on-lamp", "red-lamp"),
    "the line that says that somebody looks": ("on-ink", "ink"),
}
PAIRS: Mapping[str, tuple[str, str]] = {
    f"{name}: {pair}": (colours[text], colours[ground])
    for name, colours in COLOURS.items()
    for pair, (text, ground) in _PAIRS.items()
}
"""Text and ground, as the screens use them."""


def _theme(name: str, colours: Mapping[str, str]) -> Theme:
    return Theme(
        name=name,
        primary=colours["jade"],
        foreground=colours["ink"],
        background=colours["paper"],
        surface=colours["paper"],
        panel=colours["band"],
        success=colours["green-lamp"],
        warning=colours["amber-lamp"],
        error=colours["red-lamp"],
        dark=name == "dark",
        text_alpha=1.0,
        variables=dict(colours),
    )


THEMES = tuple(_theme(name, colours) for name, colours in COLOURS.items())


def known(name: str) -> str:
    """Return the theme of this name; of a name that a later release brought, the theme by day."""
    return name if name in COLOURS else DEFAULT
