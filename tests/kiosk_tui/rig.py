"""A kiosk without a terminal and without an agent, with a clock set by hand, and the way to each of its screens."""

import asyncio
from collections.abc import Callable
from copy import replace
from itertools import cycle
from typing import cast

import msgspec
from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip

from kiosk_tui.app import KioskApp
from kiosk_tui.flow import Flow
from kiosk_tui.guard import CHOICE_MS
from kiosk_tui.link import LinkListener
from kiosk_tui.terminal.keys import Key
from protocol.kiosk import Home, LiveShown, Sorry, ToAgent, ToKiosk
from protocol.kiosk_learning import LevelOver, Marked, QuestionShown
from protocol.kiosk_months import RequestTaken
from protocol.kiosk_visits import PinAsked
from tests.kiosk_tui import document_samples, learning_samples, samples

SIZES = [(80, 22), (60, 16), (53, 15)]


class HandClock:
    """Milliseconds that pass when a test says so; then ``passed`` is called, as the app has its tick."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.passed: Callable[[], None] = lambda: None

    def __call__(self) -> int:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += round(seconds * 1000)
        self.passed()


class StillLink:
    """A link on which nothing happens by itself; keeps what the kiosk says."""

    def __init__(self) -> None:
        self.said: list[ToAgent] = []

    async def run(self, listener: LinkListener) -> None:
        await asyncio.Event().wait()

    def say(self, message: ToAgent) -> None:
        self.said.append(message)


def drawn(app: App[None]) -> list[Strip]:
    """Return the lines that stand on a terminal. Textual tells them to nobody in public but as a picture."""
    return app.screen._compositor.render_strips()


class Rig:
    """A kiosk app with its clock and link in hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.link = StillLink()
        self.app = KioskApp(self.link, mono_ms=self.clock)

    async def settle(self, pilot: Pilot[None]) -> None:
        """Draw what the flow says, and wait until it is drawn and its keys count."""
        self.app.draw()
        await pilot.pause()
        await pilot.pause()
        if not self.app.flow.listens():
            self.clock.pass_s(GUARD_S + 0.09)  # and keys take some real milliseconds to come
            self.app.draw()
            await pilot.pause()

    def lines(self) -> list[str]:
        """The text on the screen, line by line."""
        return [strip.text for strip in drawn(self.app)]

    def text(self) -> str:
        """The text on the screen without spaces and line ends, so that broken lines read on."""
        return "".join("".join(self.lines()).split())


GUARD_S = CHOICE_MS / 1000

type Way = Callable[[Flow, HandClock], None]


def press(flow: Flow, clock: HandClock, *keys: Key) -> None:
    """Press keys as one does who looks at each screen first."""
    for key in keys:
        flow.tick()
        flow.painted(flow.view())
        clock.pass_s(GUARD_S)
        flow.key(key)


def _home(flow: Flow, clock: HandClock) -> None:
    flow.agent_said(samples.HOME)


def _shows(*messages: ToKiosk) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        _home(flow, clock)
        for message in messages:
            flow.agent_said(message)

    return go


def _presses(*keys: Key) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        _home(flow, clock)
        press(flow, clock, *keys)

    return go


def _asks(question: QuestionShown, *keys: Key) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        _answers(_PACK, "1", question)(flow, clock)
        press(flow, clock, *keys)

    return go


def _marks(question: QuestionShown, marked: Marked, *keys: Key) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        _asks(question, *keys)(flow, clock)
        flow.agent_said(marked)

    return go


def _ends(over: LevelOver, marked: Marked = samples.RIGHT) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        _marks(samples.QUESTION, marked, "2")(flow, clock)
        press(flow, clock, "enter")
        flow.agent_said(over)

    return go


def _after(way: Way, *keys: Key) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        way(flow, clock)
        press(flow, clock, *keys)

    return go


def _interrupted(flow: Flow, clock: HandClock) -> None:
    _asks(samples.QUESTION)(flow, clock)
    flow.agent_away()


def _idle(flow: Flow, clock: HandClock) -> None:
    _asks(samples.QUESTION)(flow, clock)
    clock.pass_s(125)


def _long_names(flow: Flow, clock: HandClock) -> None:
    long = "很长的名字" * 12
    names = cycle([samples.TWELVE, samples.DOTTED, long])
    duty = [msgspec.structs.replace(row, name=next(names), window=long) for row in samples.DUTY]
    flow.agent_said(msgspec.structs.replace(samples.HOME, village=long, station_name=long, duty=duty, waiting=10**9))


def _viewed(way: Way, left_s: int = 272, viewer: str = "示例镇办") -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        way(flow, clock)
        flow.agent_said(LiveShown(viewer=viewer, left_s=left_s))

    return go


def _enters(*keys: Key) -> Way:
    return _after(_shows(samples.BY_NUMBER), "2", "enter", *keys)


def _answers(way: Way, *steps: ToKiosk | Key) -> Way:
    """Go that way, and then hear messages and press keys in this order."""

    def go(flow: Flow, clock: HandClock) -> None:
        way(flow, clock)
        for step in steps:
            if isinstance(step, str):
                press(flow, clock, step)
            else:
                flow.agent_said(step)

    return go


def _rests(home: Home, *messages: ToKiosk) -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        flow.agent_said(home)
        flow.view()
        clock.pass_s(home.rest_min * 60)
        flow.view()
        for message in messages:
            flow.agent_said(message)

    return go


def _reads(document: str = "") -> Way:
    def go(flow: Flow, clock: HandClock) -> None:
        _home(flow, clock)
        press(flow, clock, "4")
        flow.agent_said(document_samples.shelf())
        if document:
            press(flow, clock, "1")
            flow.agent_said(document_samples.part(document))

    return go


_MAP = _answers(_presses("3"), samples.MAP)
_PACK = _answers(_MAP, "1", samples.PACK)


def _goes_wrong(over: LevelOver, *wrong: tuple[QuestionShown, Marked], way: Way = _PACK, key: Key = "1") -> Way:
    """Answer questions wrong, one after the other, and see how the run ends."""

    def go(flow: Flow, clock: HandClock) -> None:
        _answers(way, key)(flow, clock)
        for question, marked in wrong:
            flow.agent_said(question)
            picks: list[Key] = ["1", "enter"] if question.kind == "multiple" else ["1"]
            press(flow, clock, *(ORDER if question.kind == "ordering" else picks))
            flow.agent_said(marked)
            press(flow, clock, "enter")
        flow.agent_said(over)

    return go


ORDER: tuple[Key, ...] = ("6", "5", "4", "3", "2", "1", "enter")
_PICTURED = _answers(_asks(learning_samples.PICTURED), learning_samples.SIGN)
NUMBER: tuple[Key, ...] = ("8", "8", "0", "0", "0", "1", "enter")
PIN: tuple[Key, ...] = ("5", "0", "8", "2", "1", "3", "enter")
_VISITS = _shows(samples.VISIT)
_PHONES = _shows(samples.VISIT_WITH_PHONE)
_MONTH = _answers(_after(_VISITS, "1"), samples.MONTH)
_SETTLED = _shows(samples.VISIT_WITH_RESULTS)
_RESULTS = _answers(_after(_SETTLED, "1"), samples.RESULTS)
_REQUESTS = _answers(_after(_VISITS, "2"), samples.REQUESTS)
_LEARNS = _after(_VISITS, "3")
_MY_MAP = _answers(_LEARNS, learning_samples.MY_MAP)
_AMENDED = _answers(_LEARNS, learning_samples.AMENDED_MAP)
_MY_PACK = _answers(_MY_MAP, "2", learning_samples.LAW_PACK)
_CAN_ASK = _shows(msgspec.structs.replace(samples.VISIT, can=["month", "requests", "learning", "ask", "set_pin"]))
_ASKING = _answers(_after(_CAN_ASK, "4"), samples.ASKING)
_UNDATED_ASKING = _answers(_after(_CAN_ASK, "4"), samples.NO_DATE)
_PIN_TYPED = _after(_VISITS, "4", *PIN, *PIN)

ASKED: tuple[Key, ...] = ("5", "1", "1", "1", "enter")
RECEIPT = cast(tuple[Key, ...], tuple(samples.RECEIPT.number))

_FINDS = _after(_shows(samples.HOME), "6", "2", "8")
STATES: dict[str, Way] = {
    "home": _home,
    "home-troubled": _shows(samples.TROUBLED),
    "home-noticed": _shows(samples.NOTICED),
    "home-restored": _shows(samples.RESTORED),
    "home-afternoon": _shows(samples.AFTERNOON),
    "home-longest": _long_names,
    "touch-in": _shows(samples.GREEN),
    "touch-out": _shows(samples.LEAVING),
    "touch-repeat": _shows(samples.REPEAT),
    "touch-again": _shows(samples.AGAIN),
    "touch-repeat-later": _shows(samples.REPEAT_LATER),
    "touch-again-chosen": _shows(samples.CHOSEN),
    "touch-again-chosen-undirected": _shows(samples.CHOSEN_UNDIRECTED),
    "touch-correctable": _shows(samples.CORRECTABLE),
    "touch-correctable-again": _shows(samples.CORRECTABLE_AGAIN),
    "touch-again-undirected": _shows(samples.AGAIN_UNDIRECTED),
    "touch-again-undated": _shows(samples.AGAIN_UNDATED),
    "touch-corrected": _shows(samples.CORRECTED),
    "touch-lacking": _shows(samples.LACKING),
    "touch-longest": _shows(*samples.CROWD),
    "touch-unknown": _shows(samples.UNKNOWN),
    "touch-no-list": _shows(samples.NO_LIST),
    "touch-lost": _shows(samples.LOST),
    "touch-not-recorded": _shows(samples.FULL),
    "touch-undirected": _shows(samples.UNDIRECTED),
    "touch-undated": _shows(samples.UNDATED),
    "touch-offers-visit": _shows(samples.OFFERED),
    "visit": _VISITS,
    "visit-by-number": _shows(samples.VISIT_BY_NUMBER),
    "visit-longest": _shows(samples.VISIT_LONGEST),
    "visit-month-asked": _after(_VISITS, "1"),
    "visit-month": _MONTH,
    "visit-month-longest": _answers(_after(_VISITS, "1"), samples.MONTH_LONGEST),
    "visit-month-line": _after(_MONTH, "2"),
    "visit-month-reason": _after(_MONTH, "3", "1"),
    "visit-month-confirm": _after(_MONTH, "1", "1", "1"),
    "visit-month-windows": _after(_MONTH, "6", "1"),
    "visit-month-undated": _after(_answers(_after(_VISITS, "1"), samples.MONTH_UNDATED), "6"),
    "visit-month-taken": _answers(_after(_MONTH, "1", "1", "1", "1"), samples.TAKEN),
    "visit-results-asked": _after(_SETTLED, "1"),
    "visit-results": _RESULTS,
    "visit-results-longest": _answers(_after(_SETTLED, "1"), samples.RESULTS_LONGEST),
    "visit-result": _after(_RESULTS, "1"),
    "visit-result-reporting": _after(_RESULTS, "1", "1"),
    "visit-requests": _REQUESTS,
    "visit-request": _after(_REQUESTS, "2"),
    "wish-kind": _ASKING,
    "wish-length": _after(_ASKING, "1"),
    "wish-first": _after(_ASKING, "3", "6", "1", "2"),
    "wish-half": _after(_ASKING, "3", "6", "1", "2", "0", "1", "enter", "1", "2", "0", "3", "enter"),
    "wish-confirm": _after(_ASKING, "1", "2"),
    "wish-turn": _after(_ASKING, "5"),
    "wish-who": _after(_ASKING, "5", "2"),
    "wish-swap": _after(_ASKING, "5", "2", "1"),
    "wish-undated": _after(_UNDATED_ASKING, "2"),
    "wish-taken": _answers(
        _after(_ASKING, "1", "2", "1"), RequestTaken(visit=samples.VISIT.visit, number="482914", state="open")
    ),
    "wish-agreed": _answers(
        _after(_answers(_after(_CAN_ASK, "4"), samples.SWAPS), "1"),
        RequestTaken(visit=samples.VISIT.visit, number="482915", state="accepted"),
    ),
    "swap-asked": _answers(_after(_CAN_ASK, "4"), samples.SWAPS),
    "visit-request-away": _after(
        _answers(_after(_VISITS, "2"), msgspec.structs.replace(samples.REQUESTS, requests=[samples.AWAY])), "1"
    ),
    "visit-with-phone": _PHONES,
    "visit-phone": _answers(_after(_PHONES, "3"), samples.PHONE_CODE),
    "visit-phone-asked": _after(_PHONES, "3"),
    "visit-phone-refused": _answers(_after(_PHONES, "3"), Sorry(reason="no_line")),
    "visit-phone-longest": _answers(_after(_PHONES, "3"), samples.PHONE_CODE_LONGEST),
    "visit-map": _MY_MAP,
    "visit-map-full": _answers(_LEARNS, learning_samples.FULL_MAP),
    "visit-map-longest": _answers(_LEARNS, learning_samples.LONGEST_MAP),
    "visit-map-enough": _answers(_LEARNS, learning_samples.ENOUGH_MAP),
    "visit-map-undated": _answers(_after(_shows(samples.RESTORED, samples.VISIT), "3"), learning_samples.UNDATED_MAP),
    "visit-amended": _AMENDED,
    "visit-amended-wrong": _after(_AMENDED, "enter"),
    "visit-pack": _answers(_MY_MAP, "2", learning_samples.LAW_PACK),
    "visit-pack-closed": _answers(_MY_MAP, "2", learning_samples.LAW_PACK, "4"),
    "visit-pack-menu": _answers(_MY_MAP, "4", learning_samples.MENU_PACK),
    "visit-pack-chosen": _answers(_MY_MAP, "4", learning_samples.MENU_PACK, "enter", learning_samples.CHOSEN_PACK),
    "visit-pack-given-up": _answers(_MY_MAP, "4", learning_samples.CHOSEN_PACK, "enter", learning_samples.MENU_PACK),
    "visit-pack-longest": _answers(_MY_MAP, "4", learning_samples.LONGEST_PACK),
    "visit-pack-enough": _answers(_MY_MAP, "2", learning_samples.ENOUGH_PACK),
    "visit-begin-enough": _answers(_MY_PACK, "3", Sorry(reason="enough_today", asked="open_level")),
    "visit-begin-done": _answers(_MY_PACK, "3", Sorry(reason="done_today", asked="open_level")),
    "visit-begin-nothing": _answers(_MY_MAP, "enter", Sorry(reason="nothing_due", asked="open_review")),
    "visit-question-review": _answers(_MY_MAP, "enter", learning_samples.REVIEW),
    "visit-question-review-leaving": _answers(_MY_MAP, "enter", learning_samples.REVIEW, "0"),
    "visit-marked-review": _answers(_MY_MAP, "enter", learning_samples.REVIEW, "1", samples.MISTAKEN),
    "visit-over": _goes_wrong(learning_samples.NEXT, samples.WRONG_ONE, way=_MY_PACK, key="3"),
    "visit-over-all-right": _answers(
        _MY_PACK, "3", samples.QUESTION, "2", samples.RIGHT, "enter", learning_samples.ALL_RIGHT
    ),
    "visit-over-complete": _goes_wrong(
        learning_samples.COMPLETE, samples.WRONG_ONE, samples.WRONG_TWO, way=_MY_PACK, key="3"
    ),
    "visit-over-review": _goes_wrong(
        learning_samples.REVIEW_OVER, learning_samples.REVIEW_WRONG, way=_MY_MAP, key="enter"
    ),
    "visit-over-book-done": _answers(
        _MY_MAP, "enter", learning_samples.REVIEW, "2", samples.RIGHT, "enter", learning_samples.BOOK_DONE
    ),
    "visit-over-enough": _goes_wrong(learning_samples.ENOUGH, samples.WRONG_ONE, way=_MY_PACK, key="3"),
    "visit-over-done-today": _goes_wrong(learning_samples.DONE_TODAY, samples.WRONG_ONE, way=_MY_PACK, key="3"),
    "visit-over-all-done": _answers(
        _MY_MAP, "enter", learning_samples.REVIEW, "2", samples.RIGHT, "enter", learning_samples.ALL_DONE_TODAY
    ),
    "visit-question-leaving": _answers(_MY_PACK, "3", samples.LONGEST, "0"),
    "visit-question-picture-leaving": _answers(_MY_PACK, "3", learning_samples.PICTURED, learning_samples.SIGN, "0"),
    "visit-marked-leaving": _answers(_MY_PACK, "3", samples.MULTIPLE, "1", "2", "enter", samples.WRONG, "0"),
    "visit-marked-leaving-last": _answers(
        _MY_PACK, "3", samples.QUESTION, "1", replace(samples.MISTAKEN, lives=0), "0"
    ),
    "find": _after(_shows(samples.HOME), "6"),
    "find-newest": _answers(_presses("6"), samples.NEWEST),
    "find-nothing": _answers(_FINDS, samples.FOUND_NOTHING),
    "find-some": _answers(_FINDS, samples.FOUND),
    "find-many": _answers(_FINDS, samples.FOUND_MANY, "enter", "8"),
    "entry-number": _enters(*NUMBER[:4]),
    "entry-pin": _enters(*NUMBER, *PIN[:3]),
    "entry-judged": _enters(*NUMBER, *PIN),
    "entry-wrong": _answers(_enters(*NUMBER, *PIN), PinAsked(answer="wrong")),
    "entry-locked": _answers(_enters(*NUMBER, *PIN), PinAsked(answer="locked", locked_for_ms=7_200_000)),
    "entry-new": _after(_VISITS, "4", *PIN[:2]),
    "entry-again": _after(_VISITS, "4", *PIN),
    "entry-common": _answers(_PIN_TYPED, PinAsked(answer="common")),
    "entry-touch": _answers(_PIN_TYPED, PinAsked(answer="touch_card")),
    "entry-set": _answers(_PIN_TYPED, PinAsked(answer="touch_card"), PinAsked(answer="set")),
    "mine-asking": _presses("2"),
    "mine-asking-number": _after(_shows(samples.BY_NUMBER), "2"),
    "today": _presses("1"),
    "today-troubled": _after(_shows(samples.TROUBLED), "1"),
    "today-by_week": _after(_shows(samples.BY_WEEK), "1"),
    "today-off": _after(_shows(samples.OFF), "1"),
    "today-noticed": _answers(_presses("1"), samples.NOTICES),
    "notice": _answers(_presses("1"), samples.NOTICES, "2", samples.NOTICE),
    "notice-asked": _answers(_presses("1"), samples.NOTICES, "2"),
    "notice-over": _answers(_presses("1"), samples.NOTICES, "2", samples.NOTICE_OVER),
    "notice-longest": _answers(_presses("1"), samples.NOTICES, "2", samples.NOTICE_LONGEST),
    "rest": _rests(samples.RESTING, samples.NOTICES, samples.NOTICE),
    "rest-longest": _rests(samples.RESTING, samples.NOTICES, samples.NOTICE_LONGEST),
    "rest-undated": _rests(msgspec.structs.replace(samples.RESTING, quality="restored"), samples.NOTICES),
    "home-dark": _shows(samples.DARK),
    "touch-dark": _shows(samples.DARK, samples.GREEN),
    "question-dark": _answers(_asks(samples.MULTIPLE, "1", "3"), samples.DARK),
    "duty": _presses("1", "1"),
    "home-names-only": _shows(samples.NAMES_ONLY),
    "home-not-public": _shows(samples.NOT_PUBLIC),
    "duty-names-only": _after(_shows(samples.NAMES_ONLY), "1", "1"),
    "duty-not-public": _after(_shows(samples.NOT_PUBLIC), "1", "1"),
    "duty-afternoon": _after(_shows(samples.AFTERNOON), "1", "1"),
    "duty-dated": _after(_shows(samples.DATED_DAY), "1", "1"),
    "duty-many": _after(_shows(samples.CROWDED), "1", "1", "8"),
    "duty-longest": _after(_long_names, "1", "1"),
    "map": _MAP,
    "pack": _PACK,
    "begin": _after(_PACK, "1"),
    "begin-gone": _answers(_PACK, "1", Sorry(reason="no_such_level", asked="open_level")),
    "question-single": _asks(samples.QUESTION),
    "question-multiple": _asks(samples.MULTIPLE, "1", "3"),
    "question-ordering": _asks(samples.ORDERING, "2", "4"),
    "question-longest": _asks(samples.LONGEST, "6"),
    "question-leaving": _asks(samples.LONGEST, "0"),
    "question-sound": _asks(learning_samples.SOUNDING),
    "question-picture": _PICTURED,
    "question-picture-multiple": _answers(_asks(learning_samples.PICTURED_MULTIPLE), learning_samples.SIGN, "1"),
    "question-picture-longest": _answers(_asks(learning_samples.PICTURED_LONGEST), learning_samples.SIGN, "6"),
    "question-picture-large": _after(_PICTURED, "8"),
    "question-picture-comes": _asks(learning_samples.PICTURED),
    "question-picture-lacks": _answers(_asks(learning_samples.PICTURED_MULTIPLE), learning_samples.NO_SIGN),
    "marked-right": _marks(samples.QUESTION, samples.RIGHT, "2"),
    "marked-wrong": _marks(samples.MULTIPLE, samples.WRONG, "1", "2", "enter"),
    "marked-longest": _marks(samples.LONGEST, samples.LONGEST_MARKED, "6", "5", "4", "3", "2", "1", "enter"),
    "over-passed": _ends(samples.PASSED),
    "over-failed": _ends(samples.FAILED, samples.MISTAKEN),
    "over-longest": _goes_wrong(samples.FAILED, *[learning_samples.LONGEST_WRONG] * 3),
    "review": _after(_goes_wrong(samples.FAILED, *[samples.WRONG_ONE, samples.WRONG_TWO, samples.WRONG_ONE]), "2"),
    "marked-leaving": _after(_marks(samples.MULTIPLE, samples.WRONG, "1", "2", "enter"), "0"),
    "shelf": _reads(),
    "document": _reads("finance"),
    "help": _presses("9"),
    "help-rules": _presses("9", "2"),
    "help-from-question": _asks(samples.QUESTION, "9"),
    "question-nothing-to-say": _asks(samples.LONGEST, "repeat"),
    "marked-nothing-to-say": _after(_marks(samples.QUESTION, samples.RIGHT, "2"), "repeat"),
    "help-called": _answers(_presses("9", "1"), samples.HELP_SENT),
    "help-seen": _answers(_presses("9", "1"), samples.HELP_SEEN),
    "ask-topic": _presses("5", "1"),
    "ask-confirm": _presses("5", "1", "8", "2", "2"),
    "ask-receipt": _answers(_presses(*ASKED), samples.RECEIPT),
    "follow-answered": _answers(_presses("5", "2", *RECEIPT, "enter"), samples.FOLLOWED),
    "away": lambda flow, clock: flow.agent_away(),
    "away-interrupted": _interrupted,
    "idle": _idle,
    "home-live": _viewed(_home),
    "home-live-longest": _viewed(_long_names, 600, "很长的名字" * 12),
    "touch-live": _viewed(_shows(samples.GREEN)),
    "map-live": _viewed(_MAP),
    "question-live": _viewed(_asks(samples.QUESTION)),
    "marked-live": _viewed(_marks(samples.QUESTION, samples.RIGHT, "2")),
    "over-live": _viewed(_ends(samples.PASSED)),
    "help-live": _viewed(_presses("9")),
    "idle-live": _viewed(_idle, 9),
}
"""The way from a fresh kiosk to each thing that it can show."""


def hold(kiosk: "OpenKiosk", key: Key) -> None:
    """Hold a key down for a second, as a keyboard repeats it."""
    kiosk.press(key)
    kiosk.clock.pass_s(0.6)
    for _ in range(10):
        kiosk.flow.key(key)
        kiosk.flow.painted(kiosk.flow.view())
        kiosk.clock.pass_s(0.04)


class OpenKiosk:
    """A flow that stands at one of the `STATES` or where a way leads, with its clock in hand and what it says to the
    agent from now on."""

    def __init__(self, state: str | Way) -> None:
        self.clock = HandClock()
        self.said: list[ToAgent] = []
        self.flow = Flow(mono_ms=self.clock, say=self.said.append)
        self.clock.passed = self.flow.tick
        way = STATES[state] if isinstance(state, str) else state
        way(self.flow, self.clock)
        self.said.clear()

    def press(self, *keys: Key) -> None:
        """Press keys, each after its screen has been read."""
        press(self.flow, self.clock, *keys)
