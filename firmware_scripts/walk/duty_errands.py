"""The errands about duty: leave, field duty, a swap that somebody is asked for."""

from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.demo.level_player import number_before
from firmware_scripts.walk.errands import Errand
from firmware_scripts.walk.walker import Walker
from kiosk_tui.words import common as words
from kiosk_tui.words import months as words_months
from kiosk_tui.words import visits as words_visits
from kiosk_tui.words import wishes as words_wishes

_ASK_KEY = "3"
_KIND, _LENGTH = words_wishes.STEP["kind"], words_wishes.LENGTH
_PAGES = 5


def ask_leave(walker: Walker, person: CastPerson) -> None:
    """Ask for personal leave this afternoon: four keys after the card."""
    _open_asking(walker, person)
    _ask_for_days(walker, words_wishes.what("personal"), _LENGTH["afternoon"])


def report_field_duty(walker: Walker, person: CastPerson) -> None:
    """Say that one is out on duty tomorrow."""
    _open_asking(walker, person)
    _ask_for_days(walker, words_wishes.what("field_duty"), _LENGTH["tomorrow"])


def offer_swap(walker: Walker, person: CastPerson) -> None:
    """Have the first of the village, who is on duty, ask the last to take a window over. It is no errand of its own."""
    giver, taker = walker.people[0], walker.people[-1]
    _open_asking(walker, giver)
    swap = words_wishes.what("swap")
    walker.press(walker.number_of(swap), swap, words_wishes.STEP["turn"])
    walker.press("1", words_wishes.STEP["turn"], words_wishes.STEP["who"])
    for page in range(_PAGES):
        if number_before(taker.name, walker.screen()) is not None:
            break
        walker.press("8", words.KEY_NEXT_PAGE, words.page(page + 2, _PAGES).split("/")[0])
    walker.press(walker.number_of(taker.name), taker.name, words_months.KEY_SUBMIT)
    walker.press("1", words_months.KEY_SUBMIT, words_months.TOLD_THEM)


def agree_swap(walker: Walker, person: CastPerson) -> None:
    """Read who asks for what, and take the window over."""
    walker.touch(walker.people[-1].uid, *words.ANSWER.values())
    walker.press(_ASK_KEY, words_visits.KEY_ASK, words_wishes.YES)
    walker.press("1", words_wishes.YES, words_months.SAID_YES)


def _open_asking(walker: Walker, person: CastPerson) -> None:
    walker.touch(person.uid, *words.ANSWER.values())
    walker.press(_ASK_KEY, words_visits.KEY_ASK, _KIND)


def _ask_for_days(walker: Walker, kind: str, length: str) -> None:
    walker.press(walker.number_of(kind), kind, words_wishes.STEP["length"])
    walker.press(walker.number_of(length), length, words_months.KEY_SUBMIT)
    walker.press("1", words_months.KEY_SUBMIT, words_months.TOLD)


ASKED: dict[str, Errand] = {
    "ask_leave": Errand(ask_leave),
    "report_field_duty": Errand(report_field_duty),
    "agree_swap": Errand(agree_swap, before=offer_swap),
}
