"""The kiosk's colours: ink on warm paper, jade for what can be pressed, and three lamps.

Every pair of text and ground that a screen uses has a contrast of at least 7:1 (WCAG 2.2, 1.4.6).
"""

from textual.theme import Theme

PAPER = "#f6f1e7"
BAND = "#e9e1d1"
INK = "#1b2729"
SOFT = "#3f4a4a"
RULE = "#b8ad97"
JADE = "#0b4a40"
WHITE = "#ffffff"
GREEN = "#0a5630"
AMBER = "#ffcb57"
AMBER_INK = "#2b1c00"
RED = "#8a1919"

CAP = f"bold {WHITE} on {JADE}"
"""A key that can be pressed."""
CHOSEN = f"{WHITE} on {JADE}"
CHOSEN_CAP = f"bold {AMBER_INK} on {AMBER}"
QUIET = SOFT
STRONG = f"bold {INK}"
TITLE = f"bold {JADE}"
WARNING = f"bold {AMBER_INK} on {AMBER}"
RIGHT = f"bold {WHITE} on {GREEN}"
WRONG = f"bold {WHITE} on {RED}"

PAIRS: dict[str, tuple[str, str]] = {
    "text on paper": (INK, PAPER),
    "secondary text on paper": (SOFT, PAPER),
    "title on paper": (JADE, PAPER),
    "text on the key band": (INK, BAND),
    "what people come for, on its band": (JADE, BAND),
    "a key's cap, a header, a chosen option": (WHITE, JADE),
    "green": (WHITE, GREEN),
    "amber": (AMBER_INK, AMBER),
    "red": (WHITE, RED),
    "the line that says that somebody looks": (WHITE, INK),
}
"""Text and ground, as the screens use them."""

VILLAGE = Theme(
    name="village",
    primary=JADE,
    foreground=INK,
    background=PAPER,
    surface=PAPER,
    panel=BAND,
    success=GREEN,
    warning=AMBER,
    error=RED,
    dark=False,
    text_alpha=1.0,
    variables={
        "paper": PAPER,
        "band": BAND,
        "ink": INK,
        "soft": SOFT,
        "jade": JADE,
        "white": WHITE,
        "green-lamp": GREEN,
        "amber-lamp": AMBER,
        "amber-ink": AMBER_INK,
        "red-lamp": RED,
    },
)
