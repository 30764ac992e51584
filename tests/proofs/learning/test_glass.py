"""The proof reads from a kiosk's screen what the kiosk says there, and knows what should stand there."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from kiosk_tui.words import learning as words_learning
from protocol.kiosk_learning import BookLine, LevelChoice, PackLine
from tests.proofs.learning.glass import Book, Seen, book_on, expected, levels_on, total_on
from tests.scoring.scorer import Score

TODAY = date(2026, 12, 10)
TITLE = "示例 law"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (BookLine(due=3, all=5), Book(due=3)),
        (BookLine(due=0, all=5, next="2026-12-11"), Book(all=5, next="tomorrow")),
        (BookLine(due=0, all=5, next="2026-12-13"), Book(all=5, next="12/13")),
        (BookLine(due=0, all=2, undated=2), Book(undated=2)),
        (BookLine(due=0, all=9, rested=True), Book(rested=True)),
        (BookLine(due=0, all=0), Book()),
    ],
)
def test_the_line_about_the_wrong_book(line: BookLine, read: Book) -> None:
    assert book_on(f"  Enter  {words_learning.book(line, TODAY)}\n  1  {TITLE}") == read


def test_a_date_is_read_where_the_station_does_not_know_the_day() -> None:
    line = BookLine(due=0, all=5, next="2026-12-11")
    assert book_on(words_learning.book(line, None)) == Book(all=5, next="12/11")


@pytest.mark.parametrize(("stars", "passed"), [(0, 0), (4, 2)])
def test_a_pack_on_the_map(stars: int, passed: int) -> None:
    pack = PackLine(pack="law", title=TITLE, levels=2, passed=passed, stars=stars)
    other = PackLine(pack="flood", title="示例 flood", levels=2, passed=1, stars=1)
    screen = "\n".join(f" 1  {one.title}\n    自愿  {words_learning.progress(one)}" for one in (pack, other))
    assert total_on(screen, TITLE) == (stars, passed)
    assert total_on(screen, "示例 flood") == (1, 1)


def test_a_ladder() -> None:
    levels = [
        LevelChoice(pack="law", level="1", title=TITLE, name="第1关", sample=True, best_stars=2),
        LevelChoice(pack="law", level="2", title=TITLE, name="第2关", sample=True, best_stars=0, open=False),
    ]
    screen = "\n\n".join(f" {place}  {one.name}  {words_learning.level(one)}" for place, one in enumerate(levels, 1))
    assert levels_on(screen) == {"1": 2, "2": 0}
    assert levels_on(f"  1   第1关  {words_learning.FROM_HERE}") == {"1": 0}


def seen(book: Mapping[tuple[str, str], date | None], *, dated: bool = True, reviewed: int = 0) -> Book:
    want = Score(book=dict(book))
    return expected(want, packs=["law"], levels=2, today=TODAY, dated=dated, reviewed=reviewed).book


def test_what_the_line_should_say() -> None:
    later = {("law", "q1"): TODAY + timedelta(days=1), ("law", "q2"): None}
    assert seen(later) == Book(all=2, next="tomorrow")
    assert seen(later, dated=False) == Book(all=2, next="12/11")
    assert seen({("law", "q2"): None}) == Book(undated=1)
    assert seen({}) == Book()
    due = {("law", f"q{number}"): TODAY for number in range(12)}
    assert seen(due) == Book(due=10)
    assert seen(due, reviewed=4) == Book(due=6)
    assert seen(due, reviewed=10) == Book(rested=True)


def test_levels_are_looked_up_where_the_sum_leaves_them_open() -> None:
    want = Score(stars={("law", "1"): 2, ("law", "2"): 1, ("flood", "1"): 3, ("flood", "2"): 3})
    should = expected(want, packs=["law", "flood", "food"], levels=2, today=TODAY, dated=True, reviewed=0)
    totals = {"law": (3, 2), "flood": (6, 2), "food": (0, 0)}
    assert should == Seen(Book(), totals, {("law", "1"): 2, ("law", "2"): 1})
