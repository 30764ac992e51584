"""Change a question bank in the making: one lock and one mark of who did it for every change."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Manager, Max

from server_broker.editing.models import BankDraft, DraftLevel, DraftQuestion

MOST_EDITORS = 50


class NotChanged(Exception):
    """Nothing was changed. The message is Chinese, for the editor."""


def place_at_end(rows: Manager[DraftLevel] | Manager[DraftQuestion]) -> int:
    """Return the place after the last of some levels or questions."""
    last: int | None = rows.aggregate(last=Max("place"))["last"]
    return 0 if last is None else last + 1


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes something, and when."""

    name: str
    now: dt.datetime


@contextmanager
def changing(draft: BankDraft, by: Editor) -> Iterator[BankDraft]:
    """Lock a bank for a change in the block, and note who made it.

    Raises:
        NotChanged: It waits for a second person, and what that person looks at must not move; or it was made for
            another region since ``draft`` was read, and who may write there was not asked.
    """
    with transaction.atomic():
        # What was handed over is read after the lock: joined to it, it would be what stood before whoever had the lock.
        row = BankDraft.objects.select_for_update(of=("self",)).select_related("region").get(pk=draft.pk)
        if row.region_id != draft.region_id:
            raise NotChanged("这个题库刚改成发给别的地方，请重新打开它")
        if row.waits:
            raise NotChanged("已经交出去，等着发布。要再改，请先收回")
        if row.written is not None and row.written.published_at is not None:
            # From here on it is the next version, which others write.
            row.based_on, row.editors, row.written = row.written.version, [], None
        yield row
        # An editor's name in another case is the same account.
        others = [one for one in row.editors if one.casefold() != by.name.casefold()]
        if len(others) >= MOST_EDITORS:
            raise NotChanged(f"已有 {MOST_EDITORS} 人改过这一版，请先发布")
        row.editors = [*others, by.name]
        row.changed_by, row.changed_at = by.name, by.now
        row.save()
