"""Write the posts of a scope as the sheet of a term change. Imported again unchanged it changes nothing."""

from collections.abc import Iterator

from django.db.models import F
from django.utils import timezone

from server_broker.people.models import HoldingRecord, HoldingState, Post
from server_broker.regions.models import subtree_prefix
from server_broker.sheets.writing import workbook_of
from server_broker.term_change.rows import BOOK, NOBODY, SHEET

_NOTES = (
    "一行写一个人任一个职务。写到的职务，从就任日期起只由表里的人担任；没有写到的职务照旧。",
    "就任日期可以每行写，也可以空着，上传时选一个日期；可以是以后的日期，到那天自动生效。",
    f"职务空出来没有人任，姓名写“{NOBODY}”。同名的人请填编号；同名的单位请填区划代码。",
    "“限一人”填“是”，这个职务表里有两个人就不能导入。",
    "有一行不对，整个文件都不会导入；所有错误会一次列出。",
)


def export_posts(scope: str) -> bytes:
    """Return who holds the posts of the units in the subtree of ``scope``, now and as planned."""
    return workbook_of(BOOK, {SHEET: _rows(subtree_prefix(scope))}, _NOTES)


def _rows(prefix: str) -> Iterator[tuple[str, ...]]:
    now = timezone.now()
    held = HoldingRecord.objects.known().during(now, None).exclude(state=HoldingState.ENDED)
    held = held.filter(subject__post__unit__region__code__startswith=prefix, subject__post__unit__ended=False)
    held = held.select_related("subject__post__unit", "subject__person").order_by(
        "subject__post__unit__region", "subject__post__unit__name", "subject__post__title", F("valid_from").asc()
    )
    seen: set[int] = set()
    for row in held:
        if row.subject_id in seen:  # a secondment cuts a stretch in pieces
            continue
        seen.add(row.subject_id)
        post, person = row.subject.post, row.subject.person
        planned = row.valid_from is not None and row.valid_from > now
        since = timezone.localdate(row.valid_from).isoformat() if planned and row.valid_from else ""
        if person.village_id.startswith(prefix):
            yield post.unit.name, post.title, person.name, person.number, since, post.unit.region_id, ""
    empty = Post.objects.filter(unit__region__code__startswith=prefix, unit__ended=False)
    for post in empty.exclude(holdings__in=seen).select_related("unit").order_by("unit__region", "unit__name", "title"):
        yield post.unit.name, post.title, NOBODY, "", "", post.unit.region_id, ""
