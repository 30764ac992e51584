"""A pack in use that nobody has looked at again in time raises an alarm that names who answers for it."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.bundles.models import Bundle
from server_broker.bundles.past_review import warn_past_review
from server_broker.fleet.models import Alarm
from server_broker.learning.keepers import KeeperRefused, say_keeper
from tests.cast import TOWNSHIP
from tests.server_broker.county import content_for

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + dt.timedelta(days=40)


def used() -> Bundle:
    return content_for(TOWNSHIP[:9], kind="questions", title="示例防汛", not_after=NOW + dt.timedelta(days=300))


def said(pack: Bundle, *, days: int = 30, owner: str = "示例镇 陈示例", at: dt.datetime = NOW) -> None:
    day = timezone.localdate(at) + dt.timedelta(days=days)
    say_keeper(pack.bundle, owner, day, reason="逐题对过", actor="writer", at=at)


def opened() -> list[str]:
    return [one.detail for one in Alarm.objects.filter(resolved_at=None)]


def test_it_is_told_from_the_day_after_with_a_name_until_somebody_has_looked() -> None:
    pack = used()
    said(pack)
    assert warn_past_review(NOW + dt.timedelta(days=30)) == 0
    assert warn_past_review(LATER) == warn_past_review(LATER) == 1
    (detail,) = opened()
    assert "示例防汛" in detail
    assert "示例镇 陈示例" in detail
    said(pack, at=LATER)
    assert warn_past_review(LATER) == 0
    assert opened() == []


def test_what_is_withdrawn_or_over_is_nobodys_to_look_at() -> None:
    pack = used()
    said(pack)
    warn_past_review(LATER)
    Bundle.objects.filter(pk=pack.pk).update(withdrawn_at=LATER, withdrawn_by="second")
    assert warn_past_review(LATER) == 0
    assert opened() == []


@pytest.mark.parametrize(
    ("days", "owner"), [(0, "示例镇"), (-1, "示例镇"), (4_000, "示例镇"), (30, ""), (30, "长" * 65)]
)
def test_a_keeper_has_a_name_and_a_day_to_come(days: int, owner: str) -> None:
    with pytest.raises(KeeperRefused):
        said(used(), days=days, owner=owner)
