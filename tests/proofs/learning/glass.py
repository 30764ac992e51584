"""A kiosk in tmux, with somebody before it: keys go in, and what they see of their learning is read from the screen.

The figures are read by patterns of this file, and compared with what the rules say should stand there.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from firmware_scripts.demo.level_player import Terminal, number_before, way_back
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import visits as words_visits
from tests.scoring.scorer import Score

REVIEWS_A_DAY = 10
STARS_A_LEVEL = 3
_COLUMNS, _ROWS = 90, 34
_WAIT_S, _START_S = 30.0, 120.0
_KEY_LINES, _HOME_KEYS = 3, 20
_AGAIN_S, _TRIES = 6.0, 4
_READ_S = 0.8

_KEYS_COUNT = re.compile(r"\s*([0-9*/]+|Enter)\s+\S")
_RESTED = re.compile(r"错题本：今天做完了")
_DUE = re.compile(r"错题本：今天\s*(\d+)\s*题")
_NEXT = re.compile(r"错题本：(\d+)\s*题，\s*(?:(明天)|(?:(\d+)\s*年\s*)?(\d+)\s*月\s*(\d+)\s*日)\s*再问您")
_UNDATED = re.compile(r"错题本：(\d+)\s*题，等时间对准再问")
_PACK = r"{title}.{{0,120}}?(?:★\s*(\d+)/(\d+)，过\s*(\d+)/(\d+)\s*关|(\d+)\s*关，还没过关)"
_LEVEL = re.compile(r"第(\d)关\s+(★(?:\s*[★☆]){2}|从这里学|还没过关|先过前一关)")
_MAP = (words_learning.CHOOSE_PACK, words_learning.LOOK_AT_PACK)
_LADDER = (words_learning.CHOOSE_LEVEL, words_learning.ENOUGH)
_VERDICTS = (words_learning.RIGHT, words_learning.WRONG)
_ENDS = (words_learning.PASSED, words_learning.FAILED, words_learning.BOOK_DONE, "今天还有")
_QUESTION = re.compile(r"第\s*\d+/\d+\s*题|错题\s*\d+/\d+")


@dataclass(frozen=True)
class Book:
    """The line about the wrong book. What the line does not say is None."""

    rested: bool = False
    due: int | None = None
    all: int | None = None
    next: str | None = None
    """Month and day of the next question, or ``tomorrow``."""
    undated: int | None = None


@dataclass(frozen=True)
class Seen:
    """What a person's screens say: the line about the wrong book, and stars by pack and level."""

    book: Book
    totals: dict[str, tuple[int, int]]
    """Stars and passed levels by pack."""
    stars: dict[tuple[str, str], int]
    """Of packs that have some stars and not all."""


def book_on(screen: str) -> Book:
    """Read the line about the wrong book."""
    if _RESTED.search(screen):
        return Book(rested=True)
    if due := _DUE.search(screen):
        return Book(due=int(due[1]))
    if following := _NEXT.search(screen):
        day = "tomorrow" if following[2] else f"{int(following[4])}/{int(following[5])}"
        return Book(all=int(following[1]), next=day)
    if undated := _UNDATED.search(screen):
        return Book(undated=int(undated[1]))
    return Book()


def total_on(screen: str, title: str) -> tuple[int, int]:
    """Read a pack's stars and passed levels from the map.

    Raises:
        NotInTime: They are not there.
    """
    found = re.search(_PACK.format(title=re.escape(title)), screen, re.DOTALL)
    if found is None:
        raise NotInTime(f"{title} on the map: not there: {' '.join(screen.split())}")
    return (0, 0) if found[5] else (int(found[1]), int(found[3]))


def levels_on(screen: str) -> dict[str, int]:
    """Read the stars of each level from a pack's ladder."""
    return {number: how_far.count("★") for number, how_far in _LEVEL.findall(screen)}


def expected(want: Score, *, packs: Sequence[str], levels: int, today: date, dated: bool, reviewed: int) -> Seen:
    """Return what should stand there by the rules (docs/learning.md, 3 and 4).

    Args:
        today: The date; where the station does not know the time, the last day that it knew of.
        dated: It knows the time.
        reviewed: So many questions the person has answered in reviews today.
    """
    of = {
        pack: {str(number): want.stars.get((pack, str(number)), 0) for number in range(1, levels + 1)} for pack in packs
    }
    totals = {pack: (sum(stars.values()), sum(1 for count in stars.values() if count)) for pack, stars in of.items()}
    open_ = [pack for pack in packs if 0 < totals[pack][0] < STARS_A_LEVEL * levels]
    stars = {(pack, level): count for pack in open_ for level, count in of[pack].items()}
    return Seen(_book(want, today=today, dated=dated, reviewed=reviewed), totals, stars)


def _book(want: Score, *, today: date, dated: bool, reviewed: int) -> Book:
    days = [day for day in want.book.values() if day is not None]
    due = min(sum(1 for day in days if day <= today), REVIEWS_A_DAY - reviewed)
    if reviewed >= REVIEWS_A_DAY:
        return Book(rested=True)
    if due:
        return Book(due=due)
    if days:
        following = min(days)
        tomorrow = dated and (following - today).days == 1
        return Book(all=len(want.book), next="tomorrow" if tomorrow else f"{following.month}/{following.day}")
    return Book(undated=len(want.book)) if want.book else Book()


class Glass:
    """The kiosk of one station, in tmux."""

    def __init__(self, station: DemoStation, socket: Path, *, levels: int) -> None:
        """
        Args:
            levels: So many has each pack.
        """
        self._station = station
        self._levels = levels
        self._terminal = Terminal(socket=socket, kiosk_socket=station.kiosk_socket, columns=_COLUMNS, rows=_ROWS)
        self.keys = 0

    def __enter__(self) -> "Glass":
        try:
            wait_until(self._is_home, what="the kiosk", timeout_s=_START_S)
        except BaseException:
            self._terminal.close()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        self._terminal.close()

    def open_visit(self, uid: str) -> None:
        """Touch a card and open what is its person's own; a touch ends another person's visit.

        Raises:
            NotInTime: It did not open.
        """
        if not self._station.touch(uid):
            raise NotInTime("no reader took the card")
        # Home names the same key.
        self._terminal.wait_for(words.ANSWER["recorded"], words.ANSWER["repeat"], timeout_s=_WAIT_S)
        self._press("1", words_visits.KEY_MINE, words_visits.VISIT_HELLO["card"])

    def look(self, titles: dict[str, str]) -> Seen:
        """Read the map in an open visit, and the ladder of each pack whose sum leaves open which level has the stars.

        It ends on the map.

        Args:
            titles: By pack.

        Raises:
            NotInTime: A screen did not come.
        """
        self._to_map(titles)
        shown = self._terminal.screen()
        totals = {pack: total_on(shown, title) for pack, title in titles.items()}
        stars = dict[tuple[str, str], int]()
        for pack, title in titles.items():
            if totals[pack][0] in (0, STARS_A_LEVEL * self._levels):
                continue
            self._press(self._number_of(title), title, *_LADDER)
            ladder = wait_until(
                lambda: levels_on(self._terminal.screen()), what=f"levels of {title}", timeout_s=_WAIT_S
            )
            stars |= {(pack, level): count for level, count in ladder.items()}
            self._press("0", "返回", *_MAP)
        return Seen(book_on(shown), totals, stars)

    def _to_map(self, titles: dict[str, str]) -> None:
        learning = words_visits.VISIT_CAN["learning"]
        shown = self._press(self._number_of(learning), learning, *_MAP, words_learning.AMENDED)
        while shown == words_learning.AMENDED:
            self._press("Enter", words_learning.KEY_SEEN)
            time.sleep(_READ_S)
            shown = self._terminal.wait_for(*_MAP, words_learning.AMENDED, timeout_s=_WAIT_S)
        for title in titles.values():
            self._terminal.wait_for(title, timeout_s=_WAIT_S)

    def play(self, random: Random, titles: dict[str, str], pack: str, level: str) -> None:
        """Play a level by keys, in an open visit, as chance has it, and come back to the visit.

        Raises:
            NotInTime: A screen did not come.
        """
        self._to_map(titles)
        title = titles[pack]
        self._press(self._number_of(title), title, *_LADDER)
        self._wait_for_keys()
        self._send(level)
        time.sleep(_READ_S)
        while _QUESTION.search(self._terminal.screen()):
            self._press(random.choice("12"), words_learning.KEY_LEAVE, *_VERDICTS)
            self._wait_for_keys()
            while self._shows(*_VERDICTS):
                self._send("Enter")
                time.sleep(_READ_S)
        for _ in range(_HOME_KEYS):
            if self._shows(words_visits.VISIT_HELLO["card"]):
                return
            self._wait_for_keys()
            self._send("0")
            time.sleep(_READ_S)
        raise NotInTime("the visit after a level: not there")

    def go_home(self) -> None:
        """Go home from wherever the kiosk is.

        Raises:
            NotInTime: Home does not come.
        """
        for _ in range(_HOME_KEYS):
            if self._is_home():
                return
            self._send(way_back(self._terminal.screen()))
            time.sleep(_READ_S)
        raise NotInTime(f"home: not reached; there was {' '.join(self._terminal.screen().split())}")

    def _is_home(self) -> bool:
        screen = self._terminal.screen()
        return all(
            re.search(rf"{key}\s*{named}", screen) for key, named in ((2, words_visits.KEY_MINE), (3, words.KEY_LEARN))
        )

    def _number_of(self, choice: str) -> str:
        return (
            wait_until(
                lambda: number_before(choice, self._terminal.screen()),
                what=f"a number before {choice}",
                timeout_s=_WAIT_S,
            )
            or ""
        )

    def _press(self, key: str, named: str, *then: str) -> str:
        """Press a key once its screen names the keys; again if it was lost and the screen is still there."""
        for _ in range(_TRIES):
            self._terminal.wait_for(named, *then, timeout_s=_WAIT_S)
            self._wait_for_keys()
            self._send(key)
            if not then:
                return ""
            try:
                return self._terminal.wait_for(*then, timeout_s=_AGAIN_S)
            except NotInTime:
                continue
        raise NotInTime(f"{then} by {key}: there was {' '.join(self._terminal.screen().split())}")

    def _send(self, key: str) -> None:
        self._terminal.press(key)
        self.keys += 1

    def _shows(self, *texts: str) -> bool:
        plain = "".join(self._terminal.screen().split())
        return any("".join(text.split()) in plain for text in texts)

    def _wait_for_keys(self) -> None:
        """The lowest lines of a screen name its keys as soon as they count."""

        def count() -> bool:
            return any(_KEYS_COUNT.match(line) for line in self._terminal.screen().splitlines()[-_KEY_LINES:])

        wait_until(count, what="keys that count", timeout_s=_WAIT_S)
