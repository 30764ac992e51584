"""What stands on the screen of text for one view, as a value."""

import msgspec

from kiosk_tui.drawing.placing import Placed
from kiosk_tui.drawing.typeset import Block
from kiosk_tui.widgets.bars import KeyHint
from kiosk_tui.words import common as words

READ_ON = KeyHint(words.ENTER, "")
"""Enter where it only reads on: on the last page it is not named."""


class ScreenText(msgspec.Struct, frozen=True):
    """The title, the text and what the keys do. `kiosk_tui.screens.text_screen` shows it.

    Attributes:
        title: None: there is no bar for it.
        blocks: The text, in pages if it is longer than the screen.
        hints: The keys as they are on the last page. Before that Enter reads on. None: there is no bar for them.
        right: Stands at the right of the title.
        art: Large signs or figures above the text, as lines (`kiosk_tui.drawing.pixels`). None: nothing
            stands there.
        above: Blank lines above the art.
        centred: The text stands in the middle.
        picture: Stands beside the text or above it.
    """

    title: str | None
    blocks: tuple[Block, ...]
    hints: tuple[KeyHint, ...] | None = None
    right: str = ""
    art: tuple[str, ...] | None = None
    above: int = 1
    centred: bool = False
    picture: Placed | None = None
