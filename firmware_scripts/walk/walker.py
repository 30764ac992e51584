"""Somebody at the kiosk: reads the screen, presses a key once, and sees what comes.

Each key is sent once. If it is lost, what it should bring does not come, and the errand fails.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.demo.level_player import number_before, way_back
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.walk.village import SessionKiosk
from kiosk_tui.drawing import pixels
from kiosk_tui.drawing.textsize import LAYOUTS
from kiosk_tui.words import common as words
from kiosk_tui.words import meetings as words_meetings
from kiosk_tui.words import visits as words_visits
from protocol.china_time import CHINA

ANSWER_S = 10.0
"""How long somebody waits for what a key should bring."""
SIZE = "/"
"""This key changes the size of the text."""
_HOME_KEYS = 30
_KEY_LINES = 3
_DIGIT_WIDTHS = (6, 5)
"""In cells: a digit of the large size, and one for narrow screens."""
_READ_S, _FIGURE_S = 1.2, 0.35
"""Nobody presses the same key twice within a fifth of a second; the kiosk would take it for one key that is held."""


@dataclass(frozen=True, slots=True)
class Walked:
    """How one errand went. Figures of numbers that are typed, and keys that answer questions, are counted apart from
    the keys that choose."""

    keys: int
    figures: int
    answers: int
    touches: int
    seconds: float
    failed: str
    """What did not come, or an empty string."""

    @property
    def sent(self) -> int:
        """How many keys were pressed in all, a lost one among them."""
        return self.keys + self.figures + self.answers


type Steps = Callable[["Walker", CastPerson], None]
"""What a person does."""


class Walker:
    """One person at the kiosk of one station."""

    def __init__(
        self,
        kiosk: SessionKiosk,
        station: DemoStation,
        *,
        people: Sequence[CastPerson] = (),
        answer_s: float = ANSWER_S,
    ) -> None:
        """
        Args:
            people: Of the village, for an errand of several.
            answer_s: How long somebody waits for what a key should bring.
        """
        self.people = people
        self._kiosk = kiosk
        self.station = station
        self._lose = 0
        self._answer_s = answer_s
        self.keys = self.figures = self.answers = self.touches = 0

    def see(self, *texts: str) -> str:
        """Wait for one of some texts and return it.

        Raises:
            NotInTime: None of them came.
        """
        try:
            return self._kiosk.wait_for(*texts, timeout_s=self._answer_s)
        except NotInTime as error:
            raise NotInTime(f"{error}; there was: {' '.join(self._kiosk.screen().split())}") from error

    def screen(self) -> str:
        """Return the text on the screen."""
        return self._kiosk.screen()

    def today(self) -> date:
        """Return the day in the village."""
        return datetime.now(CHINA).date()

    def number_of(self, choice: str) -> str:
        """Return the number that stands before a choice on the screen.

        Raises:
            NotInTime: There is no such choice.
        """
        self.see(choice)
        number = self.number_if_there(choice)
        if number is None:
            raise NotInTime(f"a number before {choice}: not there")
        return number

    def number_if_there(self, choice: str) -> str | None:
        """Return the number that stands before a choice on the screen now, or None."""
        return number_before(choice, self._kiosk.screen())

    def number_shown(self) -> str:
        """Return the number that is drawn on the screen in large digits.

        Raises:
            NotInTime: There is none.
        """
        for width in _DIGIT_WIDTHS:
            if number := _read_digits(self._kiosk.screen().splitlines(), width):
                return number
        raise NotInTime("a number in large digits: not there")

    def go_home(self) -> None:
        """Leave whatever is open. Its keys count for no errand.

        Raises:
            NotInTime: Home does not come.
        """
        for _ in range(_HOME_KEYS):
            if self._is_home():
                break
            back = way_back(self._kiosk.screen())
            self._kiosk.press(back)
            time.sleep(_FIGURE_S if back == "*" else _READ_S)
        if not self._is_home():
            raise NotInTime("home: not reached")
        for _ in LAYOUTS:
            if self._kiosk.cells() != LAYOUTS[0]:
                self._kiosk.press(SIZE)
                time.sleep(_READ_S)

    def _is_home(self) -> bool:
        screen = "".join(self._kiosk.screen().split())
        # While a meeting is near, it stands in the place of 今日.
        first = any(f"1{word}" in screen for word in (words.TODAY, words_meetings.MEETING))
        # Somebody's own page has a meeting and what is theirs, too.
        return first and all(word in screen for word in (f"2{words_visits.KEY_MINE}", f"3{words.KEY_LEARN}"))

    def press(self, key: str, named: str, *then: str) -> str:
        """Read the screen until it names the key, press it once, and wait for what it brings.

        Args:
            named: What stands on the screen once the key counts.
            then: One of these comes.

        Raises:
            NotInTime: It did not.
        """
        self._send_where(key, named)
        self.keys += 1
        return self.see(*then)

    def answer(self, key: str, named: str, *then: str) -> str:
        """Press a key that answers a question or reads on, as `press` does.

        Raises:
            NotInTime: It did not bring what it should.
        """
        self._send_where(key, named)
        self.answers += 1
        return self.see(*then)

    def _send_where(self, key: str, named: str) -> None:
        self.see(named)
        self._wait_for_keys(named)
        self._send(key)

    def press_size(self, named: str) -> None:
        """Press the key for another size of the text, which no screen names, and wait until the same text has it.

        Raises:
            NotInTime: The size stayed, or what was there is not there any more.
        """
        self.see(named)
        self._wait_for_keys(named)
        before = self._kiosk.cells()
        self._send(SIZE)
        self.keys += 1
        wait_until(
            lambda: self._kiosk.cells() not in (before, (0, 0)),
            what=f"another size than {before}",
            timeout_s=self._answer_s,
        )
        self.see(named)
        time.sleep(_FIGURE_S)

    def _send(self, key: str) -> None:
        """Send a key, unless the keyboard loses it."""
        if self.keys + self.figures + self.answers + 1 != self._lose:
            self._kiosk.press(key)

    def _wait_for_keys(self, named: str) -> None:
        wait_until(self._keys_count, what=f"keys that count beside {named}", timeout_s=self._answer_s, every_s=0.05)

    def _keys_count(self) -> bool:
        """The lowest lines of a screen name its keys as soon as they count."""
        lowest = self._kiosk.screen().splitlines()[-_KEY_LINES:]
        return any(re.match(r"\s*([0-9*]|Enter)\s+\S", line) for line in lowest)

    def type(self, number: str, named: str) -> None:
        """Type the figures of a number, once the screen asks for it."""
        self.see(named)
        self._wait_for_keys(named)
        for figure in number:
            self._send(figure)
            self.figures += 1
            time.sleep(_FIGURE_S)

    def touch(self, uid: str, *then: str) -> str:
        """Present a card and wait for what it brings.

        Raises:
            NotInTime: It did not come, or no reader took the card.
        """
        if not self.station.touch(uid):
            raise NotInTime("no reader took the card")
        self.touches += 1
        return self.see(*then)

    def walk(self, steps: Steps, person: CastPerson, *, before: Steps | None = None, lose: int = 0) -> Walked:
        """Do an errand from the home screen, and say how it went. Going home before it and afterwards is not counted.

        Args:
            before: What must be done first, and is not counted either.
            lose: The keyboard loses the key of this number, counted from 1; 0: none.
        """
        began, failed = time.monotonic(), ""
        try:
            self.go_home()
            if before is not None:
                before(self, person)
                self.go_home()
            self.keys = self.figures = self.answers = self.touches = 0
            self._lose = lose
            began = time.monotonic()
            steps(self, person)
        except NotInTime as error:
            failed = str(error)
        return Walked(self.keys, self.figures, self.answers, self.touches, round(time.monotonic() - began, 1), failed)


def _read_digits(screen: Sequence[str], width: int) -> str:
    """Read digits that `pixels.number` has drawn in the size that fits into a width."""
    drawn = {digit: pixels.number(digit, width) for digit in "0123456789"}
    height = len(drawn["0"])
    for top in range(len(screen) - height + 1):
        rows = [line.ljust(max(map(len, screen))) for line in screen[top : top + height]]
        found, column = "", 0
        while column < len(rows[0]):
            here = [digit for digit, glyph in drawn.items() if _stands(glyph, rows, column)]
            found += "".join(here[:1])
            column += len(drawn[here[0]][0]) if here else 1
        if found:
            return found
    return ""


def _stands(glyph: Sequence[str], rows: Sequence[str], column: int) -> bool:
    return all(row[column : column + len(part)] == part for part, row in zip(glyph, rows, strict=True))
