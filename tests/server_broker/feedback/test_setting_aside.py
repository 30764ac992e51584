"""Questions that one station says beyond a day's measure, or that a revoked one said, don't bury the others."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.feedback.models import Feedback, FeedbackStep, SetAside
from server_broker.feedback.setting_aside import A_DAY, set_many_aside, set_revoked_aside
from server_broker.fleet.alarms import close_over
from server_broker.fleet.models import Alarm
from tests.cast import COUNTY_OFFICER, OTHER_TOWNSHIP_OFFICER, SECRETARY, SHILI, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import FictionalCounty, asked, signed_in, user_of
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db
MORE = 7
DAY = dt.timedelta(days=1)


def flood(county: FictionalCounty, *, at: dt.datetime, count: int = A_DAY + MORE) -> list[Feedback]:
    return [asked(county.stations[SHILI], received_at=at) for _ in range(count)]


def waiting(page: str) -> str:
    found = re.search(r'等答复<span class="n">(\d+)</span>', page)
    assert found
    return found[1]


def test_what_is_beyond_a_day_s_measure_is_one_line_and_an_alarm_and_nothing_is_lost(county: FictionalCounty) -> None:
    now = timezone.now()
    honest = asked(county.stations[YANGBAN], received_at=now - dt.timedelta(seconds=9))
    many = flood(county, at=now)
    FeedbackStep.objects.create(feedback=many[-1], kind="answered", text="好", office="镇", actor="a", at=now)
    assert set_many_aside(now) == MORE - 1
    assert set_many_aside(now) == 0
    officer = signed_in(COUNTY_OFFICER)
    page = text_of(officer, "/feedback/")
    assert waiting(page) == str(A_DAY + 1)
    assert f"一天里报来的太多，多出的 {MORE - 1} 条单独放着，一条不少" in words_of(page)
    assert honest.number_end in text_of(officer, "/feedback/?page=2")
    assert honest.number_end in text_of(officer, f"/feedback/?village={honest.station.village_id}")
    assert many[0].number_end not in text_of(officer, f"/feedback/?village={honest.station.village_id}")
    assert many[A_DAY].number_end in text_of(officer, f"/feedback/?state=aside&station={SHILI}")
    assert many[A_DAY].number_end not in text_of(officer, f"/feedback/?station={SHILI}")
    [alarm] = Alarm.objects.all()
    assert (alarm.station_id, alarm.code, alarm.origin) == (SHILI, "many_questions", "county")
    assert f"站点 {SHILI}" in alarm.detail
    assert Feedback.objects.count() == A_DAY + MORE + 1
    close_over(now + 2 * DAY)
    assert not Alarm.objects.filter(resolved_at=None).exists()


def test_the_measure_is_of_each_day_and_what_was_put_back_stays(county: FictionalCounty) -> None:
    now = timezone.now()
    flood(county, at=now - DAY, count=A_DAY)
    flood(county, at=now, count=A_DAY)
    assert set_many_aside(now) == 0
    asked(county.stations[SHILI], received_at=now)
    assert set_many_aside(now) == 1
    officer = signed_in(TOWNSHIP_OFFICER)
    officer.post("/feedback/put-back/", {"station": SHILI, "because": "many"})
    assert set_many_aside(now) == 0
    assert waiting(text_of(officer, "/feedback/")) == str(2 * A_DAY + 1)
    assert AuditEntry.objects.get(action="feedback.put_back").detail == {"station": SHILI, "count": 1}


def test_what_a_revoked_station_said_is_set_aside_together_and_put_back(county: FictionalCounty) -> None:
    now = timezone.now()
    station = county.stations[SHILI]
    rows = flood(county, at=now)
    set_many_aside(now)
    officer = signed_in(TOWNSHIP_OFFICER)
    assert set_revoked_aside(station, actor=user_of(TOWNSHIP_OFFICER), at=now) == 0, "it is in service"
    station.revoked_at = now
    station.save()
    assert "一起单独放着" in text_of(officer, "/feedback/")
    for stranger, status in ((OTHER_TOWNSHIP_OFFICER, 404), (SECRETARY, 403)):
        assert signed_in(stranger).post("/feedback/set-aside/", {"station": SHILI}).status_code == status
    assert "一起单独放着" not in text_of(signed_in(SECRETARY), "/feedback/")
    page = officer.post("/feedback/set-aside/", {"station": SHILI}, follow=True).content.decode()
    assert waiting(page) == "0"
    assert f"已吊销，它报来的 {A_DAY} 条单独放着" in words_of(page)
    assert AuditEntry.objects.get(action="feedback.set_aside").detail == {"station": SHILI, "count": A_DAY}
    # Answered where it is, it is answered.
    officer.post(f"/feedback/{rows[0].pk}/answer/", {"text": "本周五前修好。"})
    assert f"{A_DAY - 1} 条单独放着" in words_of(text_of(officer, "/feedback/"))
    officer.post("/feedback/put-back/", {"station": SHILI, "because": "revoked"})
    assert waiting(text_of(officer, "/feedback/")) == str(A_DAY - 1)
    assert SetAside.objects.filter(put_back_at=None).count() == MORE
