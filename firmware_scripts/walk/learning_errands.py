"""The errands of learning: a level, with a card and without one, with sound, the wrong book, and the menu.

Keys are counted up to the first question; those that answer and read on are counted apart.
"""

import json
import socket

from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.demo.level_player import keys_for
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.sample_pack import sample_pack
from firmware_scripts.walk.errands import Errand, open_visit
from firmware_scripts.walk.learning import sounding_pack
from firmware_scripts.walk.walker import ANSWER_S, Walker
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import visits as words_visits
from protocol.packs import Pack, Question

_VERDICTS = (words_learning.RIGHT, words_learning.WRONG)
_ENDS = (words_learning.PASSED, words_learning.FAILED)
_TOMORROW = "明天再问您"
_MENU_S, _BETWEEN_S = 120.0, 3.0


def learn_level(walker: Walker, person: CastPerson) -> None:
    """Pass a level of one's own: four keys after the card to the first question."""
    _open_map(walker, person)
    if _play(walker, sample_pack(), right=True) != words_learning.PASSED:
        raise NotInTime("a level that was answered right: not passed")


def learn_without_card(walker: Walker, person: CastPerson) -> None:
    """Play without a card: nothing is kept, and the screen says so."""
    walker.press("3", words.KEY_LEARN, words_learning.UNNAMED)
    _play(walker, sample_pack(), right=True)
    walker.see(words_learning.UNNAMED_OVER)


def learn_wrong_book(walker: Walker, person: CastPerson) -> None:
    """See in the wrong book when what went wrong is asked again; today nothing of it is."""
    _open_map(walker, person)
    walker.see(words_learning.BOOK)
    walker.see(_TOMORROW)


def learn_with_sound(walker: Walker, person: CastPerson) -> None:
    """Hear the sound of a question again."""
    walker.press("3", words.KEY_LEARN, words_learning.UNNAMED)
    pack = sounding_pack()
    _open_level(walker, pack)
    walker.see(words_learning.HAS_SOUND)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.settimeout(ANSWER_S)
        speaker = walker.station.speaker_socket
        speaker.unlink(missing_ok=True)
        ear.bind(str(speaker))
        walker.press("*", words.KEY_SAY, words_learning.HAS_SOUND)
        try:
            heard = json.loads(ear.recv(65_536))
        except TimeoutError as error:
            raise NotInTime("a sound: not heard") from error
        finally:
            speaker.unlink()
    if heard["kind"] != "clip":
        raise NotInTime(f"the question's own sound: {heard['kind']} instead")


def learn_choose(walker: Walker, person: CastPerson) -> None:
    """Choose a pack of the menu, and see that it was enough."""
    _open_map(walker, person)
    pack = sounding_pack()
    walker.press(walker.number_of(pack.title), pack.title, words_learning.KEY_CHOOSE_PACK)
    walker.press("Enter", words_learning.KEY_CHOOSE_PACK, words_learning.CHOSEN_NOW)
    walker.press("0", words.KEY_BACK, words_learning.ENOUGH_CHOSEN)


def wait_for_menu(walker: Walker, person: CastPerson) -> None:
    """Look at one's map until the menu is there. It is no errand of its own: a station takes its time to fetch it."""

    def there() -> bool:
        _open_map(walker, person)
        if words_learning.PART["menu"] in walker.screen():
            return True
        walker.go_home()
        return False

    wait_until(there, what="the menu", timeout_s=_MENU_S, every_s=_BETWEEN_S)


def fail_level(walker: Walker, person: CastPerson) -> None:
    """Answer a level wrong. It is no errand of its own: the wrong book needs it."""
    _open_map(walker, person)
    _play(walker, sample_pack(), right=False)
    walker.see(_TOMORROW)


def _open_map(walker: Walker, person: CastPerson) -> None:
    open_visit(walker, person)
    learning = words_visits.VISIT_CAN["learning"]
    walker.press(walker.number_of(learning), learning, sample_pack().title)


def _open_level(walker: Walker, pack: Pack) -> str:
    """Open the pack and its first level, and return the stem of the first question."""
    walker.press(walker.number_of(pack.title), pack.title, words_learning.CHOOSE_LEVEL)
    return walker.press("1", pack.levels[0].name, *(one.stem for one in pack.levels[0].questions))


def _play(walker: Walker, pack: Pack, *, right: bool) -> str:
    """Open a pack's first level, answer all of it right or wrong, and return how it ended."""
    asked = {one.stem: one for one in pack.levels[0].questions}
    shown = _open_level(walker, pack)
    while shown not in _ENDS:
        _answer(walker, asked.pop(shown), right=right)
        named = walker.see(words_learning.KEY_NEXT, words_learning.KEY_RESULT)
        shown = walker.answer("Enter", named, *asked, *_ENDS)
    return shown


def _answer(walker: Walker, question: Question, *, right: bool) -> None:
    leave = words_learning.KEY_LEAVE
    keys = keys_for(question, walker.screen(), right=right)
    if question.kind in ("single", "true_false"):
        walker.answer(keys[0], leave, *_VERDICTS)
        return
    for key in keys:
        walker.answer(key, question.stem, words.KEY_CONFIRM)
    walker.answer("Enter", words.KEY_CONFIRM, *_VERDICTS)


LEARNING: dict[str, Errand] = {
    "learn_level": Errand(learn_level),
    "learn_without_card": Errand(learn_without_card),
    "learn_wrong_book": Errand(learn_wrong_book, before=fail_level),
    "learn_with_sound": Errand(learn_with_sound),
    "learn_choose": Errand(learn_choose, before=wait_for_menu),
}
"""What people come for to learn. It needs what `firmware_scripts.walk.learning.give_learning` gives the village."""
