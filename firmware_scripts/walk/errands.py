"""The errands: what people come to the kiosk for, each by the keys that the screen names.

They follow one another at one kiosk. Each begins at home and ends there; what the people did before is in the county.
"""

from dataclasses import dataclass

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.demo.sample_documents import BULBS, LAMPS, POLICY, money_of
from firmware_scripts.demo.samples import POLICY_LETTERS
from firmware_scripts.walk.meeting import announce, sign_in_meeting, vouch
from firmware_scripts.walk.walker import Steps, Walker
from kiosk_tui.words import common as words
from kiosk_tui.words import documents as words_documents
from kiosk_tui.words import feedback as words_feedback
from kiosk_tui.words import find as words_find
from kiosk_tui.words import help as words_help
from kiosk_tui.words import months as words_months
from kiosk_tui.words import visits as words_visits

PIN = "402719"
ASK = words_visits.ENTRY_ASK


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody comes for, and what must have been done before."""

    steps: Steps
    before: Steps | None = None
    first_touch: bool = False
    """It is done by somebody whose card was not touched in the last minutes."""
    asks: bool = False
    """It asks the village something, without a card."""


def set_pin(walker: Walker, person: CastPerson) -> None:
    """Set a PIN. It is no errand of its own: the forgotten card needs it."""
    open_visit(walker, person)
    walker.press(walker.number_of(words_visits.VISIT_CAN["set_pin"]), words_visits.VISIT_CAN["set_pin"], ASK["new_pin"])
    walker.type(PIN, ASK["new_pin"])
    walker.press("Enter", words_visits.KEY_NEXT_STEP, ASK["again"])
    walker.type(PIN, ASK["again"])
    walker.press("Enter", words.KEY_CONFIRM, ASK["touch"])
    walker.touch(person.uid, *words.ANSWER.values())
    walker.go_home()


def clock_in(walker: Walker, person: CastPerson) -> None:
    """Touch the card on arrival. No key is needed."""
    walker.touch(person.uid, words.ANSWER["recorded"])


def correct_direction(walker: Walker, person: CastPerson) -> None:
    """Touch, see that the direction is wrong, touch again, choose the other one, and touch to confirm."""
    walker.touch(person.uid, words.ANSWER["recorded"])
    walker.touch(person.uid, words.ANSWER["repeat"])
    walker.press("7", "按 7", "再刷一次这张卡")
    walker.touch(person.uid, words.CORRECTED)


def forgotten_card(walker: Walker, person: CastPerson) -> None:
    """Clock by number and PIN."""
    walker.press("2", words_visits.KEY_MINE, words_visits.ASK_NUMBER)
    walker.press("Enter", words_visits.KEY_NUMBER, ASK["number"])
    walker.type(person.number.removeprefix("P"), ASK["number"])
    walker.press("Enter", words_visits.KEY_NEXT_STEP, ASK["pin"])
    walker.type(PIN, ASK["pin"])
    walker.press("Enter", words.KEY_CONFIRM, words_visits.NOT_A_TOUCH)
    clock = words_visits.VISIT_CAN["clock"]
    # Whoever has just set a PIN has touched for it, so this may be a repeat.
    walker.press(walker.number_of(clock), clock, words.ANSWER["recorded"], words.ANSWER["repeat"])


def dispute(walker: Walker, person: CastPerson) -> None:
    """Look at one's month, open a line, and object to it."""
    open_visit(walker, person)
    month = words_visits.VISIT_CAN["month"]
    walker.press(walker.number_of(month), month, words_months.KEY_MISSING)
    walker.press("1", "1", words_months.OBJECT)
    walker.press("1", words_months.OBJECT, words_months.ASK["reason"])
    walker.press("1", words_months.OPTION["time"], words_months.KEY_SUBMIT)
    walker.press("Enter", words_months.KEY_SUBMIT, words_months.TOLD)


def ask_and_follow_up(walker: Walker, person: CastPerson) -> None:
    """Say that the street light is broken, and look up by the receipt number what became of it."""
    walker.press("5", words_feedback.TITLE, words_feedback.MENU[0])
    walker.press("1", words_feedback.MENU[0], words_feedback.TOPIC_ASK)
    lamps, broken = words_feedback.TOPIC["lamps"], words_feedback.MATTER["broken"]
    walker.press(walker.number_of(lamps), lamps, words_feedback.MATTER_ASK)
    walker.press(walker.number_of(broken), broken, words_feedback.CONFIRM)
    walker.press("Enter", words_feedback.CONFIRM, words_feedback.TAKEN_KEEP)
    number = walker.number_shown()
    walker.press("0", words.KEY_BACK, words_feedback.MENU[1])
    walker.press("2", words_feedback.MENU[1], words_feedback.FOLLOW_ASK)
    walker.type(number, words_feedback.FOLLOW_ASK)
    walker.press("Enter", "Enter", words_feedback.NO_ANSWER)


def call_help(walker: Walker, person: CastPerson) -> None:
    """Call somebody of the township, and see that the call is told."""
    walker.press("9", words_help.HELP, words_help.KEY_CALL)
    walker.press("1", words_help.KEY_CALL, words_help.NOBODY)


def month_finances(walker: Walker, person: CastPerson) -> None:
    """Read this month's money, and of what was spent one sum down to its items."""
    walker.press("4", words_documents.SHELF, words_documents.CHOOSE)
    month = money_of(walker.today())
    walker.press(walker.number_of(month), month, LAMPS)
    walker.press(walker.number_of(LAMPS), LAMPS, BULBS)


def find_policy(walker: Walker, person: CastPerson) -> None:
    """Find what the health insurance costs by the first letters of its name."""
    walker.press("6", words_find.FIND, words_find.LETTERS)
    typed = ""
    for letter in POLICY_LETTERS:
        walker.press(letter, f"{typed}_" if typed else words_find.LETTERS, f"{typed}{letter}_")
        typed += letter
    walker.press("Enter", words_find.KEY_CHOOSE, words_find.CHOOSE)
    policy = words_find.hit("library", POLICY)
    walker.press(walker.number_of(policy), policy, "谁要缴")


def text_size(walker: Walker, person: CastPerson) -> None:
    """Make the text larger, as large as it gets, and as it was."""
    for _ in range(3):
        walker.press_size(words.PRESENT_CARD)


def open_visit(walker: Walker, person: CastPerson) -> None:
    """Touch the card, and open what is the person's own."""
    walker.touch(person.uid, *words.ANSWER.values())
    walker.press("1", words_visits.KEY_MINE, words_visits.VISIT_HELLO["card"])


def prepare_duty(bench: Bench) -> None:
    """Have the county say what the errands of `DUTY` are about."""
    announce(bench)


ERRANDS: dict[str, Errand] = {
    "clock_in": Errand(clock_in, first_touch=True),
    "correct_direction": Errand(correct_direction, first_touch=True),
    "forgotten_card": Errand(forgotten_card, before=set_pin),
    "dispute": Errand(dispute),
    "month_finances": Errand(month_finances),
    "find_policy": Errand(find_policy),
    "ask_and_follow_up": Errand(ask_and_follow_up, asks=True),
    "call_help": Errand(call_help),
    "text_size": Errand(text_size),
}
DUTY: dict[str, Errand] = {
    "sign_in_meeting": Errand(sign_in_meeting),
    "vouch": Errand(vouch),
}
"""What people of the village's duty come for. It needs what `prepare_duty` has the county say."""
MOST_KEYS = 8
"""Numbers that are typed are counted apart, letters are not. Clocking in needs none."""
