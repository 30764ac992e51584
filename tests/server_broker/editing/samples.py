"""A question bank in the making, plainly fictional."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from server_broker.content.sheet import BOOK, KINDS, QUESTIONS
from server_broker.editing.banks import Head, begin
from server_broker.editing.changing import Editor
from server_broker.editing.filling import take_file
from server_broker.editing.models import BankDraft, DraftQuestion
from server_broker.regions.models import Region
from server_broker.sheets.writing import workbook_of
from tests.cast import TOWNSHIP

WRITER = "writer"


def editor(name: str = WRITER, *, at: dt.datetime | None = None) -> Editor:
    return Editor(name, at or timezone.now())


def head(*, region: str = TOWNSHIP, **changes: object) -> Head:
    usual = {
        "region": Region.objects.get(code=region),
        "title": "示例镇防火",
        "owner": "示例镇 陈示例",
        "review_by": timezone.localdate() + dt.timedelta(days=180),
        "sample": True,
    }
    return Head(**(usual | changes))  # type: ignore[arg-type]


def row(number: int, **changes: str) -> tuple[str, ...]:
    """A row of the template: a good question, unless something is changed."""
    usual = {
        "id": "",
        "level": "第一关",
        "kind": KINDS["single"],
        "stem": f"示例题{'甲乙丙丁戊己庚辛'[number]}：先做什么？",
        "a": f"先断电 {number}",
        "b": f"先拍照 {number}",
        "answer": "A",
        "explanation": "示例：先断电，再灭火。",
        "source": "《示例办法》（2026 年）第一条",
    }
    one = usual | changes
    options = [one["a"], one["b"], "", "", "", ""]
    end = [one["answer"], one["explanation"], one["source"], "", ""]
    return (one["id"], one["level"], one["kind"], one["stem"], *options, *end)


def workbook(rows: Sequence[tuple[str, ...]]) -> bytes:
    return workbook_of(BOOK, {QUESTIONS: list(rows)}, ())


def good_rows(count: int = 5) -> list[tuple[str, ...]]:
    return [row(number) for number in range(count)]


def bank(
    *, region: str = TOWNSHIP, rows: Sequence[tuple[str, ...]] | None = None, by: Editor | None = None
) -> BankDraft:
    """A bank with five good questions, or with those of some rows of the template."""
    by = by or editor()
    draft = begin(head(region=region), by)
    if rows is None:
        take_file(draft, "题库.gift", gift().encode(), by)
    elif rows:
        take_file(draft, "题库.xlsx", workbook(rows), by)
    draft.refresh_from_db()
    return draft


def gift(count: int = 5) -> str:
    """The good rows as GIFT, which is read here and not in a process of its own."""
    asked = (
        f"::g{number}::示例题{letter}：先做什么？{{=先断电 {number} ~先拍照 {number}"
        "####示例：先断电，再灭火。\\n出处：《示例办法》（2026 年）第一条}"
        for number, letter in enumerate("甲乙丙丁戊己庚辛"[:count])
    )
    return "$CATEGORY: 示例/第一关\n\n" + "\n\n".join(asked) + "\n"


def questions(draft: BankDraft) -> list[DraftQuestion]:
    return list(DraftQuestion.objects.filter(level__draft=draft).order_by("level__place", "place", "pk"))
