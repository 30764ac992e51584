"""The result of a touch: the whole screen in the lamp's colour, with a large sign and the words for it."""

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Center, Vertical
from textual.content import Content

from kiosk_tui.catalogue import LANGUAGE, SOURCE_LANGUAGE
from kiosk_tui.clock import village_time
from kiosk_tui.drawing import pixels
from kiosk_tui.drawing.typeset import Block, cells, clean, fit
from kiosk_tui.screens.base import KioskScreen
from kiosk_tui.views.common import Correction, TouchView
from kiosk_tui.widgets.bars import KeyBar, KeyHint
from kiosk_tui.widgets.lines import PixelArt, TextLine
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words
from kiosk_tui.words import meetings as words_meetings
from kiosk_tui.words import visits as words_visits
from protocol.kiosk import TouchShown
from protocol.units import DATED_QUALITIES

_SIGN = {"green": pixels.TICK, "amber": pixels.BANG, "red": pixels.CROSS}
_DIRECTION = {"in": pixels.CLOCK_IN, "out": pixels.CLOCK_OUT}
_UNDERSTOOD = ("recorded", "repeat")
_MOST_HINTS = 2
"""More than two sentences nobody reads while they put their card away. 我的本月 has all that is missing."""
_MOST_OF_MEETINGS = 2
_NAME_BEFORE = 12
"""How many cells of an earlier person's name fit the smallest screen."""


class TouchScreen(KioskScreen[TouchView]):
    """A touch's result in green, amber or red."""

    CSS_PATH = "touch.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._before = TextLine(id="before")
        self._headline = TextLine(id="headline")
        self._art = PixelArt()
        self._who = TextLine(id="who")
        self._detail = PageBody(centred=True)
        self._keys = KeyBar()
        self._view: TouchView | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._before
        with Vertical(id="answer"):
            yield self._headline
            yield Center(self._art)
            yield self._who
        yield self._detail
        yield self._keys

    def show(self, view: TouchView) -> None:
        """Draw the touch."""
        touch, self._view = view.touch, view
        # Textual keeps its own classes for the window's size in the same list, and they must stay.
        self.set_classes(f"-{touch.colour} " + " ".join(name for name in self.classes if name in _SIZES))
        before = words.just_before([_in_short(one) for one in reversed(view.before)]) if view.before else ""
        before = words_visits.FORM_DROPPED if view.dropped else before
        self._before.show(Content(fit(before, self.size.width - 4)))
        self._headline.show(Content(clean(headline(touch))))
        self._art.show(_art(touch))
        self._who.show(Content(who(touch, self.size.width - 4)))
        self._detail.show(*_details(view, keys_count=self._keys_count))
        self._keys.hints = _hints(view)
        # After a repeat a sentence says what can still be done in that time only where a touch is missing.
        silent = view.note or (touch.answer == "repeat" and not any(lack.correctable for lack in touch.lacking))
        seconds = view.correction.seconds_left if view.correction else 0 if silent else view.again_s
        self._keys.right = words.seconds_left(seconds) if seconds else ""

    def show_keys(self, *, count: bool) -> None:
        """Name the keys only while they count, also in the text."""
        super().show_keys(count=count)
        if self._view is not None:
            self._detail.show(*_details(self._view, keys_count=count))


_SIZES = ("-short", "-tall", "-narrow", "-medium", "-wide")


def headline(touch: TouchShown) -> str:
    """Return what happened, with the lamp's sign."""
    answer = words.SIGN[touch.colour] + words.ANSWER[touch.answer]
    if touch.direction is not None and touch.answer in _UNDERSTOOD:
        answer += f"·{words.DIRECTION[touch.direction]}"
    return answer


def _art(touch: TouchShown) -> list[str]:
    sign = _SIGN[touch.colour]
    # The large words are Chinese characters. In another language the headline alone says the direction.
    if touch.direction is not None and touch.answer in _UNDERSTOOD and LANGUAGE == SOURCE_LANGUAGE:
        return pixels.draw(pixels.beside(sign, _DIRECTION[touch.direction], gap=2))
    return pixels.draw(sign)


def _is_dated(touch: TouchShown) -> bool:
    return touch.quality in DATED_QUALITIES


def who(touch: TouchShown, width: int) -> str:
    """Return whose card it was and when, in at most ``width`` cells."""
    time = f"{village_time(touch.wall):%H:%M}" if _is_dated(touch) else words.UNDATED
    if touch.answer == "not_recorded":
        time = ""
    return f"{_name(touch, max(width - 16, 8))}    {time}".strip()


def _name(touch: TouchShown, width: int) -> str:
    """Return the person's name; for somebody of another village with that word, and with the village if it fits."""
    if not touch.village:
        return fit(touch.name, width)
    whole = touch.name + words.bracketed(words.labelled(words.OTHER_VILLAGE, touch.village))
    if cells(whole) <= width:
        return fit(whole, width)
    mark = words.bracketed(words.OTHER_VILLAGE)
    return fit(touch.name, max(width - cells(mark), 2)) + mark


def detail(touch: TouchShown) -> str:
    """Return a sentence that says what the result means for the person."""
    return words.PROBLEM[touch.problem] or (words.NO_LIST if touch.no_list else words.DETAIL[touch.answer])


def _details(view: TouchView, *, keys_count: bool) -> tuple[Block, ...]:
    touch = view.touch
    texts = [detail(touch)]
    if touch.answer in _UNDERSTOOD:
        lacks = touch.lacking
        correctable: Literal["by_card", "by_key"] | None = "by_card" if view.again_s > 0 else None
        if view.correction is not None:
            # Once a direction is chosen, the card decides.
            correctable = "by_key" if view.correction.chosen is None and keys_count else "by_card"
        if correctable and view.note:
            # The note stands where the screen would say how to correct. What a correction would still mend must then
            # not be called too late, so it is left out.
            lacks = [lack for lack in lacks if not lack.correctable]
        lacking = words.lacking(lacks, correctable=correctable)
        texts = [*_about_the_direction(view, keys_count=keys_count), *lacking]
        if touch.complete:
            texts.append(words.MISSING_NOTHING)
    texts = [text for text in texts if text]
    meetings = _of_meetings(view, keys_count=keys_count)[:_MOST_OF_MEETINGS]
    # Whoever comes to a meeting came for that. Of the rest the first line is enough.
    return tuple(Block(text) for text in (*meetings, *texts[: _MOST_HINTS - bool(meetings)]))


def _of_meetings(view: TouchView, *, keys_count: bool) -> list[str]:
    """Return for whom the person may vouch, what the touch did for meetings, and whether so many are enough."""
    vouch = [words_meetings.asks_to_vouch(view.vouch.name)] if view.vouch is not None and keys_count else []
    signed = view.touch.meetings
    said = [words_meetings.signed_in(one) for one in signed]
    dated = len(signed) == 1 and signed[0].state != "undated"
    return [*vouch, *said, *([words_meetings.in_short(signed[0].count)] if dated else [])]


def _about_the_direction(view: TouchView, *, keys_count: bool) -> list[str]:
    """Return how the direction is corrected: now by a key and the card, by touching again, or later by the township."""
    touch, correction = view.touch, view.correction
    if view.note:
        return [view.note]
    if correction is not None and (keys_count or correction.chosen is not None):
        return [_how_to_correct(touch, correction, keys_count=keys_count)]
    said = words.NOT_CHANGED if touch.chosen is not None else words.DETAIL[touch.answer]
    if correction is not None:
        # Its keys do not count yet, so none is named.
        return [said]
    if touch.answer == "repeat" and said:
        # It says that nothing is left to do. How to correct the direction would say the opposite.
        return [said]
    if touch.direction is not None:
        return [said, words.TOUCH_AGAIN if view.again_s else words.PUT_RIGHT]
    nothing_to_choose = words.NO_WINDOW if _is_dated(touch) else words.NO_TIME
    return [said or nothing_to_choose, words.TOUCH_AGAIN_TO_CHOOSE if view.again_s else ""]


def _how_to_correct(touch: TouchShown, correction: Correction, *, keys_count: bool) -> str:
    from_nothing = touch.direction is None
    if correction.chosen is not None:
        change = words.change_to(correction.chosen, from_nothing=from_nothing)
        return words.confirm(change, keys_count=keys_count)
    if from_nothing:
        return words.CHOOSE
    ((key, to),) = correction.choices
    return words.correct_by(key, words.change_to(to, from_nothing=False))


def _in_short(touch: TouchShown) -> str:
    """Return a touch in few words: who, what, and its sign."""
    what = words.DIRECTION[touch.direction] if touch.direction else words.ANSWER[touch.answer]
    return f"{fit(touch.name, _NAME_BEFORE)} {what} {words.SIGN[touch.colour].strip()}".strip()


def _hints(view: TouchView) -> tuple[KeyHint, ...]:
    mine = (KeyHint("1", words_visits.KEY_MINE),) if view.touch.visit else ()
    vouch = (KeyHint("2", words_meetings.VOUCH),) if view.vouch is not None else ()
    # Beside the other there is no room for it on a small screen.
    ask = (KeyHint("3", words_visits.KEY_ASK),) if view.touch.visit and view.vouch is None else ()
    return (*mine, *vouch, *ask, *_correcting_hints(view.touch, view.correction))


def _correcting_hints(touch: TouchShown, correction: Correction | None) -> tuple[KeyHint, ...]:
    if correction is None:
        return (KeyHint("0", words.KEY_BACK),)
    from_nothing = touch.direction is None
    if correction.chosen is not None:
        return (KeyHint("0", words.KEY_KEEP),)
    choices = (
        KeyHint(str(number), words.change_to(to, from_nothing=from_nothing)) for number, to in correction.choices
    )
    return (*choices, KeyHint("0", words.KEY_BACK))
