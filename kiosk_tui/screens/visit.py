"""The screens of a visit: its home, and the person's touches of today."""

from kiosk_tui import theme, words, words_visits
from kiosk_tui.screens.base import TextScreen
from kiosk_tui.typeset import Block
from kiosk_tui.views import MineView, VisitView
from kiosk_tui.widgets.bars import KeyHint
from protocol.kiosk_visits import MineShown

_NAME = 24


class VisitScreen(TextScreen[VisitView]):
    """The person's name, and what they can open by a number."""

    def show(self, view: VisitView) -> None:
        """Draw the visit's home."""
        self._header.left = words_visits.VISIT
        self._header.right = ""
        not_yet = [Block(words_visits.NOT_A_TOUCH, gap=1)] if view.opened_by == "number" else []
        self._body.show(
            Block(view.name, style=theme.TITLE, gap=1),
            Block(words_visits.VISIT_HELLO[view.opened_by], gap=1),
            *not_yet,
            *(
                Block(f" {words_visits.VISIT_CAN[what]}", f" {number} ", "", theme.CAP, gap=1)
                for number, what in enumerate(view.can, 1)
            ),
        )
        self._keys.hints = (KeyHint("0", words_visits.KEY_LEAVE_VISIT), KeyHint("9", words.KEY_HELP))


class OwnTouchesScreen(TextScreen[MineView]):
    """When the person touched today, and what is still lacking."""

    def show(self, view: MineView) -> None:
        """Draw the touches."""
        self._header.left = words_visits.MY_TOUCHES
        self._header.right = ""
        waits = Block(words_visits.sorry(view.refused) if view.refused else words.OPENING)
        self._body.show(*([waits] if view.mine is None else _touches(view.mine)))
        self._keys.hints = (KeyHint("0", words.KEY_BACK),)


def _touches(mine: MineShown) -> list[Block]:
    if not mine.dated:
        return [Block(words_visits.UNDATED_TOUCHES)]
    lines = [Block(words_visits.own_touch(touch), style=theme.TITLE) for touch in mine.touches] or [
        Block(words_visits.NO_TOUCHES)
    ]
    lacking = words_visits.own_lacking(mine.lacking)
    return [
        *lines,
        *([Block(lacking, style=theme.WARNING, gap=1)] if lacking else []),
        Block(words_visits.ONLY_HERE, style=theme.QUIET, gap=1),
    ]
