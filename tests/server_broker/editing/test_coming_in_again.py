"""A bank that went out and was mended comes in again: nobody loses stars, pictures or questions."""

from copy import replace

import pytest
from django.utils import timezone

from server_broker.content.bank import Bank, BankLevel
from server_broker.content.gift_writing import gift_of
from server_broker.content.sheet import BANK, BOOK, QUESTIONS
from server_broker.content.sheet_writing import workbook
from server_broker.editing.banks import hand_over
from server_broker.editing.filling import Taken, take_file
from server_broker.editing.levels import add_level, change_level
from server_broker.editing.looking import look
from server_broker.editing.models import BankDraft, DraftLevel
from server_broker.editing.questions import put_picture, put_sound
from server_broker.settings import HOME
from server_broker.sheets.writing import workbook_of
from tests.fakes.clips import clip
from tests.server_broker.county import make_county
from tests.server_broker.editing.samples import bank, editor, gift, good_rows, questions, row
from tests.server_broker.editing.samples import workbook as book_of
from tests.server_broker.picture_sender import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> BankDraft:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    make_county()
    return bank()


def out(draft: BankDraft) -> Bank:
    return look(draft, today=timezone.localdate()).bank


def again(draft: BankDraft, made: Bank) -> Taken:
    """Bring a bank in as GIFT, which is read here and not in a process of its own."""
    return take_file(draft, "题库.gift", gift_of(made).encode(), editor())


def as_book(draft: BankDraft, rows: list[tuple[str, ...]]) -> Taken:
    return take_file(draft, "题库.xlsx", book_of(rows), editor())


def second_level(first: BankLevel, *, ident: str = "l2", name: str = "第二关") -> BankLevel:
    asked = tuple(replace(one, id=f"{one.id}-2", stem=f"再问：{one.stem}") for one in first.questions)
    return BankLevel(ident, name, 5, asked)


def levels_of(draft: BankDraft) -> list[tuple[str, str, int]]:
    return [(one.ident, one.name, one.questions.count()) for one in draft.levels.all()]


def test_a_level_that_was_renamed_in_its_sheet_is_the_same_level(draft: BankDraft) -> None:
    made = out(draft)
    (level,) = made.levels
    content = workbook(replace(made, levels=(replace(level, name="怎么灭火", draw=8),)))
    taken = take_file(draft, "题库.xlsx", content, editor())
    assert levels_of(draft) == [(level.id, "怎么灭火", 5)]
    assert draft.levels.get().draw == 8
    assert (taken.renewed, taken.lost) == (5, [])


def test_a_level_that_was_renamed_on_the_page_is_still_that_of_an_older_file(draft: BankDraft) -> None:
    made = out(draft)
    level = draft.levels.get()
    change_level(level, "怎么灭火", 5, editor())
    again(draft, made)
    assert levels_of(draft) == [(level.ident, "第一关", 5)]


def test_two_levels_that_change_their_names_keep_their_ids(draft: BankDraft) -> None:
    made = out(draft)
    (first,) = made.levels
    again(draft, replace(made, levels=(first, second_level(first))))
    first, second = out(draft).levels
    swapped = replace(made, levels=(replace(first, name=second.name), replace(second, name=first.name)))
    assert again(draft, swapped).lost == []
    assert levels_of(draft) == [(first.id, "第二关", 5), ("l2", "第一关", 5)]


def test_a_level_without_an_id_is_found_by_its_name_and_keeps_what_the_file_does_not_say(draft: BankDraft) -> None:
    DraftLevel.objects.update(ident="l-of-old", draw=7)
    assert take_file(draft, "题库.gift", gift().encode(), editor()).renewed == 5
    assert (levels_of(draft), draft.levels.get().draw) == ([("l-of-old", "第一关", 5)], 7)


def test_a_new_level_with_the_name_of_an_older_one_gets_the_rows_that_name_it(draft: BankDraft) -> None:
    older = draft.levels.get()
    change_level(older, "怎么灭火", 5, editor())
    newer = add_level(draft, "第一关", editor())
    take_file(draft, "题库.gift", gift().encode(), editor())
    assert levels_of(draft) == [(older.ident, "怎么灭火", 0), (newer.ident, "第一关", 5)]


def test_a_name_that_another_level_has_is_not_taken_and_told(draft: BankDraft) -> None:
    made = out(draft)
    level = draft.levels.get()
    add_level(draft, "怎么灭火", editor())
    taken = again(draft, replace(made, levels=(replace(made.levels[0], name="怎么灭火"),)))
    assert taken.lost == ["已有一关叫“怎么灭火”，“第一关”的名称没有改"]
    assert levels_of(draft)[0] == (level.ident, "第一关", 5)


def test_a_level_whose_questions_are_all_wrong_is_found_by_its_id(draft: BankDraft) -> None:
    made = out(draft)
    (level,) = made.levels
    text = gift_of(replace(made, levels=(replace(level, name="怎么灭火"),))).replace("出处", "来历")
    assert take_file(draft, "题库.gift", text.encode(), editor()).to_mend == 5
    assert levels_of(draft) == [(level.id, "怎么灭火", 5)]


def test_rows_without_a_level_do_not_rename_the_one_that_they_got(draft: BankDraft) -> None:
    rows = [row(5, level=""), row(6, level="")]
    as_book(draft, rows)
    level = draft.levels.last()
    assert level is not None
    change_level(level, "怎么灭火", 5, editor())
    as_book(draft, rows)
    assert levels_of(draft)[1:] == [(level.ident, "怎么灭火", 2)]


def test_what_a_file_says_of_the_bank_and_is_not_taken_is_told(draft: BankDraft) -> None:
    made = replace(out(draft), id="b-other", title="另一个题库", owner="示例镇 李示例")
    (identity, rest) = again(draft, made).lost
    assert identity.startswith("题库编号“b-other”没有用")
    assert rest == "文件里的题库名称、负责人没有用，要改请在“这个题库”里改"
    draft.refresh_from_db()
    assert (draft.title, draft.owner) == ("示例镇防火", "示例镇 陈示例")
    head = ("另一个题库", "b-other", "", "", "", "")
    content = workbook_of(BOOK, {QUESTIONS: good_rows(), BANK: [head]}, ())
    assert len(take_file(draft, "题库.xlsx", content, editor()).lost) == 2


def test_an_owner_that_is_too_long_is_told_and_not_taken(draft: BankDraft) -> None:
    BankDraft.objects.update(owner="")
    assert len(again(draft, replace(out(draft), owner="陈" * 65)).lost) == 1
    draft.refresh_from_db()
    assert draft.owner == ""


def test_a_question_keeps_the_picture_and_the_voice_that_the_file_does_not_name(draft: BankDraft) -> None:
    made = out(draft)
    one, two = questions(draft)[:2]
    put_picture(one, jpeg(), editor())
    put_sound(two, clip(), editor())
    named = [(row.picture, row.sound) for row in questions(draft)]
    again(draft, made)
    assert [(row.picture, row.sound) for row in questions(draft)] == named
    hand_over(draft, last_day=timezone.localdate(), by=editor())


def test_a_picture_that_no_question_names_any_more_does_not_stop_the_bank(draft: BankDraft) -> None:
    put_picture(questions(draft)[0], jpeg(), editor())
    made = out(draft)
    (level,) = made.levels
    again(draft, replace(made, levels=(replace(level, questions=tuple(
        replace(one, picture=None) for one in level.questions
    )),)))  # fmt: skip
    draft.files.create(name="left.jpg", media_type="image/jpeg", content=jpeg())
    hand_over(draft, last_day=timezone.localdate(), by=editor())
    assert not draft.files.filter(name="left.jpg").exists()


def test_the_same_file_twice_doubles_nothing(draft: BankDraft) -> None:
    rows = [row(5, answer="X"), row(5, answer="X"), row(6, explanation=""), row(7), row(7), row(0, stem="", answer="")]
    first = as_book(draft, rows)
    before = questions(draft)
    assert len(before) == 11
    second = as_book(draft, rows)
    assert (first.renewed, second.renewed) == (0, 6)
    assert [(one.pk, one.stem, one.options) for one in questions(draft)] == [
        (one.pk, one.stem, one.options) for one in before
    ]


def test_a_row_that_was_mended_in_the_file_takes_the_place_of_the_wrong_one(draft: BankDraft) -> None:
    as_book(draft, [row(5, answer="X")])
    wrong = questions(draft)[-1]
    as_book(draft, [row(5)])
    mended = questions(draft)[-1]
    assert (mended.pk, mended.answer, mended.said, len(questions(draft))) == (wrong.pk, [0], [], 6)
