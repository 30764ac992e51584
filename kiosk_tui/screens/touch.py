"""The answer to a touch: the whole screen in the lamp's colour, a large sign, and the words for it."""

from textual.app import ComposeResult
from textual.containers import Center, Vertical
from textual.content import Content

from kiosk_tui import pixels, words
from kiosk_tui.clock import village_time
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.typeset import Block, clean, fit
from kiosk_tui.views import Correction, TouchView
from kiosk_tui.widgets.bars import KeyBar, KeyHint
from kiosk_tui.widgets.line import TextLine
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.widgets.pixel_art import PixelArt
from protocol.kiosk import TouchShown
from protocol.units import DATED_QUALITIES

_SIGN = {"green": pixels.TICK, "amber": pixels.BANG, "red": pixels.CROSS}
_DIRECTION = {"in": pixels.CLOCK_IN, "out": pixels.CLOCK_OUT}
_UNDERSTOOD = ("recorded", "repeat")


class TouchScreen(KioskScreen[TouchView]):
    """Green, amber or red."""

    CSS_PATH = "touch.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._headline = TextLine(id="headline")
        self._art = PixelArt()
        self._who = TextLine(id="who")
        self._detail = PageBody(centred=True)
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        with Vertical(id="answer"):
            yield self._headline
            yield Center(self._art)
            yield self._who
        yield self._detail
        yield self._keys

    def show(self, view: TouchView) -> None:
        """Draw the touch."""
        touch = view.touch
        self.set_classes(f"-{touch.colour} " + " ".join(name for name in self.classes if name in _SIZES))
        self._headline.show(Content(clean(headline(touch))))
        self._art.show(_art(touch))
        self._who.show(Content(who(touch, self.size.width - 4)))
        self._detail.show(*_details(view))
        self._keys.hints = _hints(view.correction, touch)
        self._keys.right = words.seconds_left(view.correction.seconds_left) if view.correction else ""


_SIZES = ("-short", "-tall", "-narrow", "-medium", "-wide")


def headline(touch: TouchShown) -> str:
    """Return what happened, with the lamp's sign."""
    answer = words.SIGN[touch.colour] + words.ANSWER[touch.answer]
    if touch.direction is not None and touch.answer in _UNDERSTOOD:
        answer += f"·{words.DIRECTION[touch.direction]}"
    return answer


def _art(touch: TouchShown) -> list[str]:
    sign = _SIGN[touch.colour]
    if touch.direction is not None and touch.answer in _UNDERSTOOD:
        return pixels.draw(pixels.beside(sign, _DIRECTION[touch.direction], gap=2))
    return pixels.draw(sign)


def _is_dated(touch: TouchShown) -> bool:
    return touch.quality in DATED_QUALITIES


def who(touch: TouchShown, width: int) -> str:
    """Return whose card it was and when, in at most ``width`` cells."""
    time = f"{village_time(touch.wall):%H:%M}" if _is_dated(touch) else words.UNDATED
    if touch.answer == "not_recorded":
        time = ""
    return f"{fit(touch.name, max(width - 16, 8))}    {time}".strip()


def _details(view: TouchView) -> tuple[Block, ...]:
    touch = view.touch
    texts = [words.PROBLEM[touch.problem] or words.DETAIL[touch.answer]]
    if touch.answer in _UNDERSTOOD and touch.missing:
        texts.append(words.missing(touch.missing))
    elif touch.answer in _UNDERSTOOD and touch.direction == "out":
        texts.append(words.MISSING_NOTHING)
    choose = words.CHOOSE_DIRECTION if _is_dated(touch) else words.CHOOSE_UNDATED
    texts.append(view.note or (choose if touch.direction is None and view.correction else ""))
    return tuple(Block(text) for text in texts if text)


def _hints(correction: Correction | None, touch: TouchShown) -> tuple[KeyHint, ...]:
    back = KeyHint("0", words.KEY_BACK)
    if correction is None:
        return (back,)
    from_nothing = touch.direction is None
    choices = (
        KeyHint(str(number), words.change_to(to, from_nothing=from_nothing)) for number, to in correction.choices
    )
    return (*choices, back)
