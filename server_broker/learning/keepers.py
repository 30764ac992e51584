"""Who answers for a learning pack, and by which day somebody looks at it again."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from protocol.decisions import Decided
from protocol.units import MAX_SHORT_TEXT
from server_broker.audit.log import record, told_reason
from server_broker.decisions.stream import decide
from server_broker.learning.models import PackKeeper

LONGEST = dt.timedelta(days=3 * 366)
"""Of what nobody has looked at for longer nobody can say that it still holds."""


class KeeperRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tries."""


def keepers() -> QuerySet[PackKeeper]:
    """Return the row of each pack that counts."""
    newer = PackKeeper.objects.filter(pack=OuterRef("pack"), pk__gt=OuterRef("pk"))
    return PackKeeper.objects.filter(~Exists(newer))


def keepers_past(packs: Collection[str], today: dt.date) -> dict[str, PackKeeper]:
    """Return the keepers of those packs that somebody should have looked at again by now, by pack."""
    return {row.pack: row for row in keepers().filter(pack__in=packs, review_by__lt=today)}


def check_keeper(owner: str, review_by: dt.date | None, *, at: dt.datetime) -> dt.date:
    """Return the day of the next review.

    Raises:
        KeeperRefused: Nobody is named, or the day is missing, past or too far away.
    """
    today = timezone.localdate(at)
    if not 0 < len(owner) <= MAX_SHORT_TEXT:
        raise KeeperRefused(f"请写明谁负责，最多 {MAX_SHORT_TEXT} 个字")
    if review_by is None or not today < review_by <= today + LONGEST:
        raise KeeperRefused("请写明复审日期，在今天以后、三年以内")
    return review_by


def say_keeper(
    pack: str, owner: str, review_by: dt.date | None, *, reason: str, actor: str, at: dt.datetime
) -> PackKeeper:
    """State who answers for a pack from now on, and until when it holds without another look.

    Raises:
        KeeperRefused: As `check_keeper`, or no reason is given.
    """
    day = check_keeper(owner, review_by, at=at)
    said = told_reason(reason, refused=KeeperRefused)
    with transaction.atomic():
        row = PackKeeper.objects.create(pack=pack, owner=owner, review_by=day, reason=said, made_by=actor, made_at=at)
        entry = record(actor, "pack.keeper", pack, {"review_by": str(day), "reason": said})
        decide(entry, Decided(action="pack.keeper", subject=pack), [row])
    return row
