"""An alarm that is looked at every few seconds is called again where it says something new, and ends by itself."""

from datetime import timedelta

import pytest

from server_broker.fleet.alarm_codes import CHORE_FAILS
from server_broker.fleet.alarms import raise_or_resolve
from server_broker.fleet.models import Alarm
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db


def look(detail: str, *, minute: int = 0) -> None:
    at = NOW + timedelta(minutes=minute)
    raise_or_resolve(station=None, code=CHORE_FAILS, severity="major", detail=detail, at=at)


@pytest.mark.parametrize("detail", ["一处出错", "很长的一句话" * 100, "第一行\n第二行"])
def test_the_same_text_is_one_call(detail: str) -> None:
    for minute in range(3):
        look(detail, minute=minute)
    alarm = Alarm.objects.get()
    assert (alarm.count, alarm.last_at, alarm.resolved_at) == (1, NOW, None)


def test_another_text_is_a_call_and_none_is_the_end() -> None:
    for minute, detail in enumerate(("一处出错", "两处出错", "", "")):
        look(detail, minute=minute)
    alarm = Alarm.objects.get()
    assert (alarm.count, alarm.detail, alarm.resolved_at) == (2, "两处出错", NOW + timedelta(minutes=2))
    look("两处出错", minute=5)
    assert Alarm.objects.filter(resolved_at=None).count() == 1


def test_what_a_station_says_of_itself_is_another_alarm() -> None:
    Alarm.objects.create(
        origin="station", code=CHORE_FAILS, severity="major", detail="一处出错", opened_at=NOW, last_at=NOW
    )
    look("一处出错")
    assert Alarm.objects.filter(origin="county", resolved_at=None).count() == 1
