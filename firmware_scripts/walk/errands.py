"""The errands: what people come to the kiosk for, each by the keys that the screen names.

They follow one another at one kiosk. Each begins at home and ends there; what the people did before is in the county.
"""

from collections.abc import Callable

from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.walk.walker import Walker
from kiosk_tui import words, words_feedback, words_help, words_months, words_visits

PIN = "402719"
ASK = words_visits.ENTRY_ASK
type Errand = Callable[[Walker, CastPerson], None]
"""What a person does."""


def set_pin(walker: Walker, person: CastPerson) -> None:
    """Set a PIN. It is no errand of its own: the forgotten card needs it."""
    _open_visit(walker, person)
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
    _open_visit(walker, person)
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


def _open_visit(walker: Walker, person: CastPerson) -> None:
    walker.touch(person.uid, *words.ANSWER.values())
    walker.press("1", words_visits.KEY_MINE, words_visits.VISIT_HELLO["card"])


ERRANDS: dict[str, Errand] = {
    "clock_in": clock_in,
    "correct_direction": correct_direction,
    "forgotten_card": forgotten_card,
    "dispute": dispute,
    "ask_and_follow_up": ask_and_follow_up,
    "call_help": call_help,
}
MOST_KEYS = 8
"""Numbers that are typed are counted apart. Clocking in needs none."""
