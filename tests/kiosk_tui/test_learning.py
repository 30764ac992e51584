"""The map, the ladder of a pack, a run and its end, and the wrong book: what each key asks for and what comes of it."""

from copy import replace
from datetime import date

import msgspec
import pytest

from kiosk_tui.drawing.picture_shape import Shape
from kiosk_tui.drawing.placing import place
from kiosk_tui.drawing.typeset import Block, set_blocks
from kiosk_tui.places.room import Room
from kiosk_tui.screens.learning_map import map_text, pack_text
from kiosk_tui.views.common import AwayView, VisitView
from kiosk_tui.views.learning import (
    AmendedView,
    BeginView,
    MapView,
    MarkedView,
    OverView,
    PackView,
    PictureView,
    QuestionView,
    ReviewView,
)
from kiosk_tui.words import common as words
from kiosk_tui.words import learning as words_learning
from protocol.kiosk import Sorry
from protocol.kiosk_documents import AskPicture
from protocol.kiosk_learning import (
    AnswerQuestion,
    BookLine,
    ChoosePack,
    NextQuestion,
    OpenLevel,
    OpenMap,
    OpenPack,
    OpenReview,
)
from tests.kiosk_tui import learning_samples, rig, samples
from tests.kiosk_tui.edges import EMPTY
from tests.kiosk_tui.rig import SIZES, OpenKiosk

VISIT = samples.VISIT.visit
FIRST = OpenLevel(pack="sample-common", level="一")
TODAY = date(2026, 11, 24)


def test_a_level_is_played_right_and_wrong() -> None:
    kiosk = OpenKiosk("home")
    kiosk.press("3")
    kiosk.flow.agent_said(samples.MAP)
    kiosk.press("1")
    kiosk.flow.agent_said(samples.PACK)
    kiosk.press("1")
    kiosk.flow.agent_said(samples.QUESTION)
    kiosk.press("2", "3")
    kiosk.flow.agent_said(samples.RIGHT)
    assert kiosk.flow.view() == MarkedView(samples.QUESTION, samples.RIGHT, leaving=False)
    kiosk.press("1", "0", "enter", "enter")
    kiosk.flow.agent_said(samples.MULTIPLE)
    kiosk.press("enter", "1", "2", "3", "3", "enter")
    kiosk.flow.agent_said(samples.WRONG)
    assert kiosk.flow.view() == MarkedView(samples.MULTIPLE, samples.WRONG, leaving=False)
    kiosk.press("enter")
    kiosk.flow.agent_said(samples.ORDERING)
    kiosk.press("2", "4", "1", "enter", "3", "enter")
    assert kiosk.said == [
        OpenMap(),
        OpenPack(pack="sample-common"),
        FIRST,
        AnswerQuestion(run="r1", question="fire-number", chosen=[1]),
        NextQuestion(run="r1"),
        AnswerQuestion(run="r1", question="three-disclosures", chosen=[0, 1]),
        NextQuestion(run="r1"),
        AnswerQuestion(run="r1", question="four-steps", chosen=[1, 3, 0, 2]),
    ]
    kiosk.flow.agent_said(samples.FAILED)
    assert isinstance(kiosk.flow.view(), OverView)
    kiosk.press("1")
    assert kiosk.said[-1] == FIRST


def test_a_level_is_left_only_by_a_second_zero() -> None:
    kiosk = OpenKiosk("question-single")
    kiosk.press("0")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert view.leaving
    kiosk.press("8")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert not view.leaving
    kiosk.press("0", "0")
    assert isinstance(kiosk.flow.view(), PackView)


def test_an_explanation_is_left_by_a_second_zero_too() -> None:
    kiosk = OpenKiosk("marked-wrong")
    kiosk.press("0")
    assert kiosk.flow.view() == MarkedView(samples.MULTIPLE, samples.WRONG, leaving=True)
    kiosk.press("5")
    assert kiosk.flow.view() == MarkedView(samples.MULTIPLE, samples.WRONG, leaving=False)
    kiosk.press("0", "0")
    assert isinstance(kiosk.flow.view(), PackView)
    assert kiosk.said == []


def test_two_wrong_answers_are_explained_at_once_and_the_others_by_a_key() -> None:
    kiosk = OpenKiosk("question-single")
    wrong = (samples.WRONG_ONE, samples.WRONG_TWO, samples.WRONG_ONE, samples.WRONG_TWO)
    for question, marked in wrong:
        kiosk.flow.agent_said(question)
        kiosk.press("1", "enter")
        kiosk.flow.agent_said(marked)
        kiosk.press("enter")
    kiosk.flow.agent_said(samples.FAILED)
    over = kiosk.flow.view()
    assert isinstance(over, OverView)
    assert (over.wrong, over.more_wrong) == (wrong, 2)
    kiosk.press("2")
    assert kiosk.flow.view() == ReviewView(*samples.WRONG_ONE, 3, 4)
    kiosk.press("enter")
    assert kiosk.flow.view() == ReviewView(*samples.WRONG_TWO, 4, 4)
    kiosk.press("enter")
    assert kiosk.flow.view() == over
    kiosk.press("2", "0", "1")
    kiosk.flow.agent_said(samples.QUESTION)
    kiosk.press("2")
    kiosk.flow.agent_said(samples.RIGHT)
    kiosk.press("enter")
    kiosk.flow.agent_said(samples.PASSED)
    over = kiosk.flow.view()
    assert isinstance(over, OverView)
    assert over.wrong == ()


@pytest.mark.parametrize(("sample", "title"), [(True, "示例·村里常用知识·第一关"), (False, "村里常用知识·第一关")])
def test_the_end_of_a_level_of_a_sample_pack_says_so(title: str, *, sample: bool) -> None:
    kiosk = OpenKiosk("question-single")
    kiosk.press("1")
    kiosk.flow.agent_said(samples.RIGHT)
    kiosk.press("enter")
    kiosk.flow.agent_said(replace(samples.MULTIPLE, title="村里常用知识", sample=sample))
    kiosk.press("1", "enter")
    kiosk.flow.agent_said(samples.WRONG)
    kiosk.press("enter")
    kiosk.flow.agent_said(samples.PASSED)
    over = kiosk.flow.view()
    assert isinstance(over, OverView)
    assert over.title == title


def test_no_key_stands_at_the_title_s_bar_where_there_is_room() -> None:
    """The wrong book's key would look like a part of the bar."""
    room = Room()
    room.resize(80, 22)
    view = MapView(VISIT, learning_samples.MY_MAP, here=True, note="", today=TODAY)
    (page,) = set_blocks(map_text(view, room).blocks, *room.body)
    assert (page[0].cap, page[0].text) == ("", "")


def test_zero_takes_back_the_last_pick() -> None:
    kiosk = OpenKiosk("question-ordering")
    kiosk.press("0")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert view.chosen == (1,)


def test_an_interrupted_level_is_told_after_the_agent_is_back() -> None:
    kiosk = OpenKiosk("question-single")
    kiosk.flow.agent_away()
    assert kiosk.flow.view() == AwayView(interrupted=True)
    kiosk.press("1", "9", "enter")
    kiosk.flow.agent_said(samples.HOME)
    view = kiosk.flow.view()
    assert view == BeginView(review=False, note=words_learning.INTERRUPTED, offers="again")
    kiosk.said.clear()
    kiosk.press("1")
    assert kiosk.said == [FIRST]


def test_a_run_that_the_agent_does_not_know_is_over() -> None:
    kiosk = OpenKiosk("question-single")
    kiosk.press("1")
    kiosk.flow.agent_said(Sorry(reason="unknown_run"))
    view = kiosk.flow.view()
    assert view == BeginView(review=False, note=words_learning.INTERRUPTED, offers="again")
    kiosk.said.clear()
    kiosk.press("1")
    assert kiosk.said == [FIRST]


def test_an_answer_that_was_not_recorded_can_be_given_again() -> None:
    kiosk = OpenKiosk("question-single")
    kiosk.press("1")
    kiosk.flow.agent_said(Sorry(reason="not_recorded"))
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert (view.asked, view.note) == (False, words.SORRY["not_recorded"])
    kiosk.press("2")
    assert len(kiosk.said) == 2


def test_what_nobody_asked_for_is_passed_over() -> None:
    for message in (samples.QUESTION, samples.RIGHT, samples.PASSED, Sorry(reason="unknown_run")):
        for state in ("home", "map", "pack"):
            kiosk = OpenKiosk(state)
            before = kiosk.flow.view()
            kiosk.flow.agent_said(message)
            if not isinstance(message, Sorry):
                assert kiosk.flow.view() == before
    kiosk = OpenKiosk("question-single")
    before = kiosk.flow.view()
    kiosk.flow.agent_said(msgspec.structs.replace(samples.RIGHT, run="r2"))
    kiosk.flow.agent_said(msgspec.structs.replace(samples.PASSED, run="r2"))
    kiosk.flow.agent_said(samples.MULTIPLE)
    assert kiosk.flow.view() == before


def test_from_the_map_two_keys_lead_to_the_first_question() -> None:
    kiosk = OpenKiosk("map")
    kiosk.press("1")
    kiosk.flow.agent_said(samples.PACK)
    kiosk.press("1")
    kiosk.flow.agent_said(samples.QUESTION)
    assert isinstance(kiosk.flow.view(), QuestionView)
    assert kiosk.said == [OpenPack(pack="sample-common"), FIRST]


def test_a_station_without_packs_asks_for_nothing_until_one_comes() -> None:
    kiosk = OpenKiosk("home")
    kiosk.flow.agent_said(EMPTY)
    kiosk.press("3")
    view = kiosk.flow.view()
    assert isinstance(view, MapView)
    assert not view.waits
    assert kiosk.said == []
    kiosk.flow.agent_said(samples.HOME)
    assert kiosk.said == [OpenMap()]


def test_seven_and_eight_turn_the_pages_of_the_map() -> None:
    kiosk = OpenKiosk("visit-map-full")
    kiosk.press("8")
    kiosk.flow.agent_said(replace(learning_samples.FULL_MAP, page=1, packs=[samples.FIRE]))
    kiosk.press("2", "8", "1")
    assert kiosk.said == [
        OpenMap(visit=VISIT, page=1),
        OpenMap(visit=VISIT, page=0),
        OpenPack(visit=VISIT, pack="fire"),
    ]


def test_a_long_pack_opens_where_the_person_stands() -> None:
    kiosk = OpenKiosk("visit-map")
    long = replace(learning_samples.LAW, levels=20, passed=13)
    kiosk.flow.agent_said(replace(learning_samples.MY_MAP, packs=[long, replace(long, passed=20)]))
    kiosk.press("1", "0", "2")
    assert kiosk.said == [OpenPack(visit=VISIT, pack="law", page=2), OpenPack(visit=VISIT, pack="law")]


def test_enter_opens_the_wrong_book_where_it_asks_something_today() -> None:
    kiosk = OpenKiosk("visit-map")
    kiosk.press("enter")
    assert kiosk.said == [OpenReview(visit=VISIT)]
    for nothing in (
        learning_samples.ENOUGH_MAP,
        learning_samples.AHEAD_MAP,
        replace(learning_samples.MY_MAP, book=None),
    ):
        kiosk = OpenKiosk("visit-map")
        kiosk.flow.agent_said(nothing)
        kiosk.press("enter")
        assert kiosk.said == []


def test_a_correction_is_seen_once_and_confirmed() -> None:
    """The agent tells each once, so that what was not confirmed is shown again when the map is opened again."""
    kiosk = OpenKiosk("visit-amended")
    kiosk.press("1", "enter")
    assert kiosk.flow.view() == AmendedView(VISIT, learning_samples.AMENDED_WRONG, 0)
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), VisitView)
    kiosk.press("3")
    kiosk.flow.agent_said(learning_samples.MY_MAP)
    assert kiosk.flow.view() == AmendedView(VISIT, learning_samples.AMENDED_WRONG, 0)
    kiosk.press("enter")
    assert isinstance(kiosk.flow.view(), MapView)
    kiosk.press("0", "3")
    kiosk.flow.agent_said(learning_samples.MY_MAP)
    assert isinstance(kiosk.flow.view(), MapView)


def test_a_pack_of_the_menu_is_chosen_and_given_up_by_the_same_key() -> None:
    kiosk = OpenKiosk("visit-pack-menu")
    kiosk.press("enter")
    kiosk.flow.agent_said(learning_samples.CHOSEN_PACK)
    assert _pack(kiosk).note == words_learning.CHOSEN_NOW
    kiosk.press("enter")
    kiosk.flow.agent_said(learning_samples.MENU_PACK)
    assert _pack(kiosk).note == words_learning.GIVEN_UP
    choices = [one for one in kiosk.said if isinstance(one, ChoosePack)]
    assert choices == [ChoosePack(visit=VISIT, pack="phone"), ChoosePack(visit=VISIT, pack="phone", chosen=False)]
    # The map below shows it, too.
    assert OpenMap(visit=VISIT) in kiosk.said


def test_a_choice_that_was_not_recorded_says_so() -> None:
    kiosk = OpenKiosk("visit-pack-menu")
    kiosk.press("enter")
    kiosk.flow.agent_said(Sorry(reason="not_recorded", asked="choose_pack"))
    assert _pack(kiosk).note == words.SORRY["not_recorded"]
    assert _pack(kiosk).chooses is True


@pytest.mark.parametrize("state", ["pack", "visit-pack"])
def test_what_is_no_menu_of_the_persons_can_not_be_chosen(state: str) -> None:
    kiosk = OpenKiosk(state)
    kiosk.press("enter")
    assert kiosk.said == []


def test_a_closed_level_says_why_and_opens_nothing() -> None:
    kiosk = OpenKiosk("visit-pack")
    kiosk.press("4")
    assert _pack(kiosk).note == words_learning.CLOSED
    assert kiosk.said == []


def test_a_pack_that_is_gone_says_so_and_leads_back() -> None:
    kiosk = OpenKiosk("map")
    kiosk.press("1")
    kiosk.flow.agent_said(Sorry(reason="no_such_level", asked="open_pack"))
    assert _pack(kiosk).note == words_learning.PACK_GONE
    kiosk.press("0")
    assert isinstance(kiosk.flow.view(), MapView)


def test_after_enough_levels_a_key_leads_to_the_wrong_book() -> None:
    kiosk = OpenKiosk("visit-begin-enough")
    kiosk.press("1")
    assert kiosk.said == [OpenReview(visit=VISIT)]
    kiosk.flow.agent_said(Sorry(reason="nothing_due", asked="open_review"))
    assert kiosk.flow.view() == BeginView(review=True, note=words_learning.NOTHING_DUE)
    kiosk.press("1", "0")
    assert isinstance(kiosk.flow.view(), PackView)


def test_the_next_level_is_one_key_from_the_end_of_this_one() -> None:
    kiosk = OpenKiosk("visit-over")
    kiosk.press("1")
    assert kiosk.said == [OpenLevel(pack="sample-common", level="二")]
    kiosk.flow.agent_said(samples.QUESTION)
    assert isinstance(kiosk.flow.view(), QuestionView)


def test_after_the_last_level_of_a_day_a_key_leads_to_the_wrong_book_if_it_asks_something() -> None:
    kiosk = OpenKiosk("visit-over-enough")
    kiosk.press("1")
    assert kiosk.said == [OpenReview(visit=VISIT)]
    kiosk.flow.agent_said(learning_samples.REVIEW)
    assert isinstance(kiosk.flow.view(), QuestionView)


@pytest.mark.parametrize("state", ["visit-over-done-today", "visit-over-all-done", "visit-begin-done"])
def test_where_nothing_is_left_for_today_no_key_offers_anything(state: str) -> None:
    kiosk = OpenKiosk(state)
    kiosk.press("1")
    assert kiosk.said == []
    kiosk.press("0")
    assert not isinstance(kiosk.flow.view(), OverView | BeginView)


def test_a_level_that_was_passed_leads_on_only_if_another_one_is_left_for_today() -> None:
    passed = replace(learning_samples.NEXT, levels_left=0)
    kiosk = OpenKiosk(rig._goes_wrong(passed, samples.WRONG_ONE, way=rig._MY_PACK, key="3"))
    kiosk.press("1")
    assert kiosk.said == []


def test_no_level_of_a_pack_is_offered_where_none_is_left_for_today() -> None:
    kiosk = OpenKiosk("visit-pack-enough")
    kiosk.press("1", "4")
    assert kiosk.said == []
    assert _pack(kiosk).note == ""


@pytest.mark.parametrize("state", ["question-multiple", "question-picture-large", "marked-wrong", "marked-leaving"])
def test_star_where_nothing_can_be_heard_says_so_and_leads_nowhere(state: str) -> None:
    kiosk = OpenKiosk(state)
    before = kiosk.flow.view()
    assert isinstance(before, QuestionView | PictureView | MarkedView)
    kiosk.press("repeat")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView | MarkedView)
    assert (view.question, view.note, view.leaving) == (before.question, words.NOTHING_TO_SAY, False)
    kiosk.press("5")
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView | MarkedView)
    assert view.note == ""
    assert kiosk.said == []


def test_what_is_left_of_the_wrong_book_is_one_key_from_its_end() -> None:
    kiosk = OpenKiosk("visit-over-review")
    kiosk.press("1")
    assert kiosk.said == [OpenReview(visit=VISIT)]
    kiosk = OpenKiosk("visit-over-book-done")
    kiosk.press("1")
    assert kiosk.said == []


def test_the_map_and_the_ladder_are_asked_for_again_when_a_run_has_ended() -> None:
    kiosk = OpenKiosk("marked-right")
    kiosk.press("enter")
    kiosk.flow.agent_said(samples.PASSED)
    assert kiosk.said[1:] == [OpenMap(), OpenPack(pack="sample-common")]


def test_a_review_has_no_lives_to_lose() -> None:
    kiosk = OpenKiosk("visit-map")
    kiosk.press("enter")
    kiosk.flow.agent_said(learning_samples.REVIEW)
    kiosk.press("1")
    kiosk.flow.agent_said(replace(samples.MISTAKEN, lives=0))
    kiosk.press("enter")
    assert kiosk.said[-1] == NextQuestion(run="r1")


def test_a_picture_is_asked_for_drawn_and_enlarged_by_a_key() -> None:
    kiosk = OpenKiosk("pack")
    kiosk.press("1")
    kiosk.flow.agent_said(learning_samples.PICTURED)
    assert kiosk.said[-1] == AskPicture(bundle="sample-common", item="sign.png")
    kiosk.press("8")
    assert isinstance(kiosk.flow.view(), QuestionView)
    kiosk.flow.agent_said(replace(learning_samples.SIGN, item="other.png"))
    kiosk.flow.agent_said(learning_samples.SIGN)
    kiosk.press("8")
    assert kiosk.flow.view() == PictureView(learning_samples.PICTURED, learning_samples.SIGN.content)
    kiosk.press("2")
    assert isinstance(kiosk.flow.view(), QuestionView)
    assert not any(isinstance(one, AnswerQuestion) for one in kiosk.said)


SIGN = learning_samples.SIGN.content


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", SIGN[:60], SIGN[: len(SIGN) // 2]],
    ids=["none", "no picture", "the head alone", "cut"],
)
def test_a_question_without_its_picture_can_be_answered(content: bytes) -> None:
    kiosk = OpenKiosk("question-picture-comes")
    kiosk.flow.agent_said(replace(learning_samples.SIGN, content=content))
    view = kiosk.flow.view()
    assert isinstance(view, QuestionView)
    assert view.picture == b"", "the screen says that it can't be shown, and offers no key for it"
    kiosk.press("8", "2")
    assert isinstance(kiosk.said[-1], AnswerQuestion)


@pytest.mark.parametrize(
    ("room", "beside"), [(Shape(74, 12), True), (Shape(51, 10), True), (Shape(30, 30), False)], ids=str
)
def test_a_picture_takes_the_room_that_the_text_leaves(room: Shape, beside: bool) -> None:
    placed = place(learning_samples.SIGN.content, (Block("一道题"), Block("一个选项")), room)
    assert placed is not None
    assert placed.beside is beside
    assert len(placed.lines) <= room.height
    assert {line.cell_length for line in placed.lines} == {placed.width}


def test_a_picture_that_would_be_too_small_is_left_out() -> None:
    long = tuple(Block("很长的一段" * 10) for _ in range(4))
    assert place(learning_samples.SIGN.content, long, Shape(51, 10)) is None


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (BookLine(due=3, all=7), "错题本：今天 3 题"),
        (BookLine(due=0, all=7, next="2026-11-25"), "错题本：7 题，明天再问您"),
        (BookLine(due=0, all=7, next="2026-12-02"), "错题本：7 题，12月2日再问您"),
        (BookLine(due=0, all=7, next="2027-11-02"), "错题本：7 题，2027年11月2日再问您"),
        (BookLine(due=0, all=0), ""),
    ],
)
def test_what_the_wrong_book_says(due: BookLine, said: str) -> None:
    assert words_learning.book(due, TODAY) == said


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-12-25", "必学到12月25日，还有 31 天"),
        ("2026-11-24", "必学到11月24日，今天最后一天"),
        ("2026-11-23", "必学到11月23日，晚了 1 天"),
        (None, "必学"),
    ],
)
def test_how_long_a_required_pack_has(until: str | None, said: str) -> None:
    assert words_learning.part(replace(learning_samples.LAW, until=until), TODAY) == said


def test_a_part_of_a_later_release_is_free_to_play() -> None:
    assert words_learning.part(replace(samples.COMMON, part="a_later_word"), TODAY) == "自愿"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("state", ["visit-map-longest", "visit-map-full", "visit-pack-longest"])
def test_what_enter_does_something_on_is_never_more_than_a_page(state: str, size: tuple[int, int]) -> None:
    room = Room()
    room.resize(*size)
    view = OpenKiosk(state).flow.view()
    text = map_text(view, room) if isinstance(view, MapView) else pack_text(_pack(OpenKiosk(state)), room)
    assert len(set_blocks(text.blocks, *room.body)) == 1


def _pack(kiosk: OpenKiosk) -> PackView:
    view = kiosk.flow.view()
    assert isinstance(view, PackView)
    return view
