"""The result of a touch on the screen: how long it stays, and how the card's owner corrects the direction.

The owner touches the card again, which proves who asks. On the screen of that second touch a key chooses the direction,
and the card, touched once more, confirms it. The agent decides all that; the kiosk only tells it which key was pressed.
"""

from collections.abc import Callable

from kiosk_tui.clock import MonoMs
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.common import Correction, TouchView
from kiosk_tui.words import common as words
from kiosk_tui.words import meetings as words_meetings
from protocol.kiosk import ChooseDirection, KeepDirection, Sorry, ToAgent, TouchShown
from protocol.kiosk_meetings import Vouch, VouchAsked, Vouched
from protocol.kiosk_visits import OpenVisit
from protocol.units import Direction, FactRef

STAY_MS = 6_000
NOTE_STAY_MS = 3_000
HARDLY_SEEN_MS = 2_000
"""If the next touch replaces a result sooner than this, its screen still names the person before."""
MAX_BEFORE = 3
MINE: Key = "1"
"""Opens the visit of whoever touched."""
VOUCH: Key = "2"
VOUCH_STAY_MS = 15_000
"""A result stays for so long if its person may vouch for somebody: they have to look round first."""
ASK: Key = "3"
"""Opens it where they ask for something, such as leave."""
KEPT_MS = 30_000
"""How long after the touch `*` can keep a result on the screen. Later somebody else may stand there."""
_EITHER: tuple[tuple[int, Direction], ...] = ((7, "in"), (8, "out"))
"""If no direction is known, either can be chosen. These keys choose nothing on any other screen."""


class TouchPanel:
    """The newest touch, over whatever was on the screen."""

    def __init__(self, *, mono_ms: MonoMs, say: Callable[[ToAgent], None]) -> None:
        self._mono_ms = mono_ms
        self._say = say
        self._touch: TouchShown | None = None
        self._before: tuple[TouchShown, ...] = ()
        self._came = 0
        self._until = 0
        self._shown = 0
        self._note = ""
        self._asked = False
        self._correctable = False
        self._dropped = False
        self._vouch: VouchAsked | None = None
        self._vouching = False
        self._asks = ""

    def show(self, touch: TouchShown, *, dropped: bool = False) -> None:
        """Show a touch at once, in place of an earlier one.

        Args:
            dropped: It took away what somebody was filling in.
        """
        now = self._mono_ms()
        if self._touch is None or now - self._came >= HARDLY_SEEN_MS or now >= self._until:
            self._before = ()
        else:
            # The same person's earlier result is left out: this one takes its place.
            others = (one for one in (*self._before, self._touch) if not (touch.name and one.name == touch.name))
            self._before = tuple(others)[-MAX_BEFORE:]
        self._note = words.CORRECTED if touch.corrected else ""
        self._asked, self._dropped = False, dropped
        self._vouch, self._vouching = touch.vouch, False
        self._correctable = _open_ms(touch) > 0
        self._touch, self._came = touch, now
        # The screen says that touching again corrects the direction, so it stays as long as that is true.
        stay = max(STAY_MS, touch.again_within_ms)
        if open_ms := _open_ms(touch):
            # The result stays some seconds longer, so that the screen can say what to do when the time is over.
            stay = open_ms + NOTE_STAY_MS
        stay = STAY_MS if touch.corrected else stay
        self._stay_until(now + max(stay, VOUCH_STAY_MS if touch.vouch is not None else 0))

    def asks_in(self, visit: str) -> bool:
        """Tell whether whoever opened a visit by a key here wants to ask for something."""
        return self._asks == visit

    def forget(self) -> None:
        """Drop the result, and whom the screen named before."""
        self._touch, self._before, self._note, self._vouch = None, (), "", None
        self._asks = ""
        self._until = min(self._until, self._mono_ms())

    def _stay_until(self, until: int) -> None:
        self._until = until
        self._shown += 1

    def tick(self) -> None:
        """Drop a result whose time is over."""
        if self._touch is not None and self._mono_ms() >= self._until:
            self.forget()

    def view(self) -> TouchView | None:
        """Return the touch while it is to be seen."""
        if self._touch is None or self._mono_ms() >= self._until:
            return None
        again_s = -(-self._left_ms(self._touch.again_within_ms) // 1000)
        return TouchView(
            self._touch,
            self._correction(),
            self._note,
            again_s,
            self._before,
            self._shown,
            self._dropped,
            None if self._vouching else self._vouch,
        )

    def key(self, key: Key) -> None:
        """Take a key while the touch is shown: vouch, choose a direction, take that back, or close the result."""
        correction = self._correction()
        if key in (MINE, ASK) and self._touch is not None and self._touch.visit:
            self._asks = self._touch.visit if key == ASK else ""
            self._say(OpenVisit(visit=self._touch.visit))
        elif key == VOUCH and self._vouch is not None:
            self._ask_to_vouch(self._vouch)
        elif correction is None:
            if key in (BACK, "enter"):
                self._until = self._mono_ms()
        elif (direction := dict(correction.choices).get(digit(key) or 0)) is not None:
            self._ask(lambda touch: ChooseDirection(touch=touch, direction=direction))
        elif key == BACK and correction.chosen is not None:
            self._ask(lambda touch: KeepDirection(touch=touch))
        elif key == BACK:
            self._until = self._mono_ms()

    def _ask_to_vouch(self, vouch: VouchAsked) -> None:
        if not self._vouching:
            self._vouching = True
            self._note = words.CHOOSING
            self._until = max(self._until, self._mono_ms() + NOTE_STAY_MS)
            self._say(Vouch(touch=vouch.touch, meeting=vouch.meeting, person=vouch.person))

    def vouched(self, done: Vouched) -> None:
        """Say that it is written down, and ask for the next person whom the chair has entered."""
        if self._touch is not None and self._vouching and self._vouch is not None and done.touch == self._vouch.touch:
            self._vouch, self._vouching, self._note = done.next, False, words_meetings.VOUCHED
            # Another question is another screen: no key counts on it that was pressed before it was seen.
            self._stay_until(self._mono_ms() + (VOUCH_STAY_MS if done.next is not None else STAY_MS))

    @property
    def until(self) -> int:
        """When the touch leaves the screen, by ``mono_ms``."""
        return self._until

    def sorry(self, sorry: Sorry) -> None:
        """Say that the direction stayed as it was, or that nobody vouched, if the agent speaks of the touch on the
        screen."""
        if self._vouching and self._vouch is not None and sorry.refuses(Vouch) and sorry.touch == self._vouch.touch:
            self._vouch, self._vouching = None, False
            self._say_instead(words_meetings.NOT_VOUCHED if sorry.reason != "already" else words_meetings.VOUCHED)
        elif self._touch is not None and self._asked and sorry.touch == self._touch.touch:
            self._say_instead(words.sorry(sorry.reason))

    def agent_away(self) -> None:
        """Stop waiting for the agent's answer, and drop a choice, because the agent that kept it is gone."""
        correction = self._correction()
        if self._vouching:
            self._say_instead(words_meetings.NOT_VOUCHED)
        self._vouch, self._vouching = None, False
        if self._asked or (correction is not None and correction.chosen is not None):
            self._say_instead(words.sorry("not_recorded"))
        self._correctable = False

    def _say_instead(self, note: str) -> None:
        self._asked = self._correctable = False
        self._note = note
        self._until = max(self._until, self._mono_ms() + NOTE_STAY_MS)

    def keep(self) -> bool:
        """Keep the result on the screen a little longer; return False if there is none.

        A result that has left the screen never comes back by a key, because a key does not say who presses it. The
        card does: touched again, it shows its owner the same.
        """
        if self.view() is None:
            return False
        self._until = max(self._until, min(self._mono_ms() + STAY_MS, self._came + KEPT_MS))
        return True

    def _left_ms(self, within_ms: int) -> int:
        return max(0, self._came + within_ms - self._mono_ms())

    def _correction(self) -> Correction | None:
        if self._touch is None or not self._correctable or self._asked:
            return None
        left_ms, chosen = self._left_ms(_open_ms(self._touch)), self._touch.chosen
        if not left_ms:
            return None
        choices: tuple[tuple[int, Direction], ...] = ()
        if chosen is None and self._touch.direction is None:
            choices = _EITHER
        elif chosen is None:
            choices = ((7, "out" if self._touch.direction == "in" else "in"),)
        return Correction(-(-left_ms // 1000), choices, chosen)

    def _ask(self, message: Callable[[FactRef], ToAgent]) -> None:
        """Tell the agent what was pressed. The screen then shows what the agent answers."""
        assert self._touch is not None
        assert self._touch.touch is not None
        self._asked = True
        self._note = words.CHOOSING
        self._until = max(self._until, self._mono_ms() + NOTE_STAY_MS)
        self._say(message(self._touch.touch))


def _open_ms(touch: TouchShown) -> int:
    """Return how long the result waits for a key that chooses, or for the card that confirms the choice."""
    return touch.confirm_within_ms if touch.chosen is not None else touch.choose_within_ms
