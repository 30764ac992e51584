"""查找: digits type until Enter and choose after it, and nothing is opened that the person has not seen."""

import msgspec
import pytest

from kiosk_tui.clock import RunningClock
from kiosk_tui.places import keeping
from kiosk_tui.places.opening import Opening
from kiosk_tui.places.room import Room
from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import AwayView, HelpView, HomeView, NoticeView
from kiosk_tui.views.learning import PackView
from kiosk_tui.views.reading import DocumentView, FindView
from kiosk_tui.words import documents as words_documents
from protocol.kiosk import ToAgent
from protocol.kiosk_documents import CloseDocument, DocumentGone, OpenDocument
from protocol.kiosk_find import MAX_SEARCH_DIGITS, Found, Hit, Search
from protocol.kiosk_learning import OpenPack
from protocol.kiosk_notices import OpenNotice
from tests.kiosk_tui.rig import OpenKiosk
from tests.kiosk_tui.samples import FOUND, FOUND_MANY, FOUND_UNSORTED, GREEN, HOME

LETTERS: tuple[Key, ...] = ("2", "3", "4", "5", "6", "7", "8", "9", "1", "0")


class Kiosk(OpenKiosk):
    """A kiosk at the search."""

    def __init__(self) -> None:
        super().__init__("home")
        self.press("6")

    @property
    def shown(self) -> FindView:
        view = self.flow.view()
        assert isinstance(view, FindView)
        return view

    def found(self, answer: Found = FOUND) -> "Kiosk":
        self.press("2", "8")
        self.flow.agent_said(answer)
        return self


def test_every_digit_types_and_is_asked_for_at_once() -> None:
    kiosk = Kiosk()
    kiosk.press(*LETTERS)
    assert kiosk.shown.typed == "".join(LETTERS)
    assert kiosk.said == [Search(digits="".join(LETTERS[:end])) for end in range(len(LETTERS) + 1)]


def test_the_star_takes_a_digit_back_and_then_leads_home() -> None:
    kiosk = Kiosk()
    kiosk.press("2", "8", "repeat")
    assert kiosk.said[-1] == Search(digits="2")
    kiosk.press("repeat")
    assert (kiosk.shown.typed, kiosk.shown.found) == ("", None)
    kiosk.press("repeat")
    assert isinstance(kiosk.flow.view(), HomeView)


def test_before_the_first_letter_enter_chooses_from_the_newest() -> None:
    kiosk = Kiosk()
    kiosk.flow.agent_said(msgspec.structs.replace(FOUND, digits=""))
    kiosk.press("enter", "1")
    assert isinstance(kiosk.flow.view(), DocumentView)
    kiosk.press("0", "0", "0")
    assert isinstance(kiosk.flow.view(), HomeView)


def test_0_leads_back_as_long_as_nothing_is_typed() -> None:
    kiosk = Kiosk()
    kiosk.press("2", "0")
    assert kiosk.shown.typed == "20"
    kiosk.press("repeat", "repeat", "0")
    assert isinstance(kiosk.flow.view(), HomeView)


def test_no_more_is_typed_than_the_agent_takes() -> None:
    kiosk = Kiosk()
    keys: list[Key] = ["2"] * (MAX_SEARCH_DIGITS + 3)
    kiosk.press(*keys)
    assert len(kiosk.shown.typed) == MAX_SEARCH_DIGITS
    assert len(kiosk.said) == 1 + MAX_SEARCH_DIGITS


def test_an_answer_to_what_is_no_longer_typed_is_not_shown() -> None:
    kiosk = Kiosk()
    kiosk.press("2", "8", "6")
    kiosk.flow.agent_said(FOUND)
    assert kiosk.shown.found is None


def test_enter_chooses_only_from_what_fits_all_that_is_typed() -> None:
    kiosk = Kiosk().found()
    kiosk.press("6", "enter")
    assert kiosk.shown.page is None
    kiosk.press("repeat", "enter")
    assert kiosk.shown.page == 0
    kiosk.press("0", "enter", "0")
    assert (kiosk.shown.page, kiosk.shown.typed) == (None, "28")


def test_with_nothing_found_enter_does_nothing() -> None:
    kiosk = Kiosk().found(Found(digits="28"))
    kiosk.press("enter")
    assert kiosk.shown.page is None


def test_the_hits_are_chosen_by_their_numbers_page_by_page() -> None:
    kiosk = Kiosk().found(FOUND_MANY)
    kiosk.press("enter", "8")
    assert (kiosk.shown.page, kiosk.shown.pages) == (1, 4)
    kiosk.press("7", "7")
    assert kiosk.shown.page == 3
    kiosk.press("enter", "2")
    assert kiosk.said[-1] == OpenDocument(bundle="finance", document="d1")


def test_a_document_is_read_and_0_leads_back_to_the_hits_that_are_asked_for_again() -> None:
    kiosk = Kiosk().found()
    kiosk.press("enter", "1")
    assert isinstance(kiosk.flow.view(), DocumentView)
    kiosk.press("0")
    assert kiosk.shown.page == 0
    assert kiosk.said[-2:] == [CloseDocument(), Search(digits="28")]


def test_a_notice_and_a_pack_open_where_they_belong() -> None:
    kiosk = Kiosk().found()
    kiosk.press("enter", "3")
    assert isinstance(kiosk.flow.view(), NoticeView)
    assert kiosk.said[-1] == OpenNotice(id="n1")
    kiosk.press("0", "4")
    view = kiosk.flow.view()
    assert isinstance(view, PackView)
    assert OpenPack(pack="sample") in kiosk.said[-1:]
    kiosk.press("0")
    assert kiosk.shown.page == 0


def test_what_is_withdrawn_while_it_is_read_says_so_and_leads_back() -> None:
    kiosk = Kiosk().found()
    kiosk.press("enter", "1")
    kiosk.flow.agent_said(DocumentGone(bundle="finance", document="d0", why="withdrawn"))
    assert (kiosk.shown.note, kiosk.shown.page) == (words_documents.gone("withdrawn"), 0)
    kiosk.flow.agent_said(Found(digits="28"))
    assert kiosk.shown.shown == ()
    kiosk.press("1", "0")
    assert kiosk.shown.typed == "28"


def test_hits_that_grow_fewer_leave_no_empty_page() -> None:
    kiosk = Kiosk().found(FOUND_MANY)
    kiosk.press("enter", "7")
    assert kiosk.shown.page == 3
    kiosk.flow.agent_said(FOUND)
    assert (kiosk.shown.page, len(kiosk.shown.shown)) == (0, 4)


def test_hits_that_change_under_the_finger_open_nothing_that_was_not_painted() -> None:
    kiosk = Kiosk().found()
    kiosk.press("enter")
    kiosk.flow.agent_said(Found(digits="28", hits=[Hit(bundle="other", of="x", kind="library", title="别的")]))
    kiosk.said.clear()
    kiosk.flow.key("1")
    assert kiosk.said == []
    kiosk.press("1")
    assert kiosk.said == [OpenDocument(bundle="other", document="x")]


def test_a_station_that_still_sorts_is_asked_again() -> None:
    kiosk = Kiosk().found(FOUND_UNSORTED)
    kiosk.flow.agent_said(HOME)
    assert kiosk.said[-1] == Search(digits="28")
    kiosk.flow.agent_said(FOUND)
    before = len(kiosk.said)
    kiosk.flow.agent_said(HOME)
    assert len(kiosk.said) == before


def test_an_agent_that_was_away_is_asked_again() -> None:
    kiosk = Kiosk().found()
    kiosk.flow.agent_away()
    assert isinstance(kiosk.flow.view(), AwayView)
    kiosk.said.clear()
    kiosk.flow.agent_said(HOME)
    assert kiosk.said == [Search(digits="28")]
    assert kiosk.shown.typed == "28"


def test_help_is_there_while_numbers_choose() -> None:
    kiosk = Kiosk().found()
    kiosk.press("enter", "9")
    assert isinstance(kiosk.flow.view(), HelpView)


def test_a_card_is_answered_and_the_search_stands_behind_it() -> None:
    kiosk = Kiosk().found()
    kiosk.flow.agent_said(GREEN)
    assert not isinstance(kiosk.flow.view(), FindView)
    kiosk.clock.pass_s(60)
    assert kiosk.shown.typed == "28"


@pytest.mark.parametrize("keys", [[], ["enter"]])
def test_another_kiosk_goes_on_where_this_one_stood(keys: list[Key]) -> None:
    kiosk = Kiosk().found()
    kiosk.press(*keys)
    kept = keeping.decode(keeping.encode(kiosk.flow.kept()))
    assert kept is not None
    said: list[ToAgent] = []
    opening = Opening(HOME, RunningClock(kiosk.clock), said.append, Room())
    (place,) = keeping.make_again(kept, visit="", say=said.append, opening=opening)
    assert place.view() == FindView("28", None, 0 if keys else None, "")
    assert place.types_digits is not bool(keys)
    assert said == [Search(digits="28")]


def test_a_document_that_was_found_is_read_on_by_another_kiosk_and_0_leads_to_the_hits() -> None:
    kiosk = Kiosk().found()
    kiosk.press("enter", "1")
    kept = keeping.decode(keeping.encode(kiosk.flow.kept()))
    assert kept is not None
    said: list[ToAgent] = []
    opening = Opening(HOME, RunningClock(kiosk.clock), said.append, Room())
    (place,) = keeping.make_again(kept, visit="", say=said.append, opening=opening)
    assert place.view() == kiosk.flow.view()
    assert not place.types_digits
    place.key("0")
    assert place.view() == FindView("28", None, 0, "")
