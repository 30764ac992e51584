"""A revoked station's page says what became of it and what is left to do; what was carried from it is accepted."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows, touches_of_day, undated_between
from server_broker.audit.log import record
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Station
from server_broker.ingest.models import Fact
from tests.cast import GUARD, OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.settling.lived import MONDAY, TUESDAY, LivedStation, at

pytestmark = pytest.mark.django_db
PAGE, HELD = f"/stations/{SHILI}/", f"/held/?station={SHILI}"


@pytest.fixture
def shili(county: FictionalCounty) -> LivedStation:
    station = LivedStation()
    station.send(at(MONDAY, 15, 2))
    return station


@pytest.fixture
def _revoked(shili: LivedStation) -> None:
    """Its last touch was carried here after the revocation."""
    shili.touched(b"card-of-zhang-16", at(TUESDAY, 8, 20))
    shili.send(at(TUESDAY, 20))
    Touch.objects.all().delete()
    Fact.objects.filter(kind="touch").update(held_reason="carried_revoked")
    Station.objects.filter(pk=SHILI).update(revoked_at=at(TUESDAY, 18))
    record("sun", "station.revoked", SHILI, {"reason": "机器被偷"})
    record("li", "station.revoked", SHILI, {"reason": "又点了一次"})


def test_the_forms_say_what_each_is_for_and_what_becomes_of_the_records(shili: LivedStation) -> None:
    page = words_of(text_of(signed_in(OPERATOR), PAGE))
    assert "现在这块马上被断开，不能再连上" in page
    assert "不能撤销，这个编号永远不能再接入" in page
    assert "不会被删，也不会自己传上来" in page
    assert "报停不断开站点，找回来还能用" in page


@pytest.mark.usefixtures("_revoked")
def test_the_page_says_who_revoked_it_and_how_to_go_on() -> None:
    page = text_of(signed_in(TOWNSHIP_OFFICER), PAGE)
    words = words_of(page)
    assert "已吊销，sun 办的：机器被偷" in words
    assert f"cunhui-server claim 新编号 --village {SHILI_VILLAGE} --name 名称" in words
    assert "cunhui-server ingest-file --dead-board" in words
    assert f'action="{PAGE}dead/"' in page, "windows before the revocation wait for it"
    assert "生成接入码" not in page


@pytest.mark.usefixtures("_revoked")
def test_what_was_carried_is_shown_and_accepted_with_a_reason() -> None:
    client = signed_in(TOWNSHIP_OFFICER)
    page = text_of(client, HELD)
    assert "1 条等人认可" in page
    assert "打卡 · " in page
    assert "再读一次" not in page
    again = words_of(client.post(f"{PAGE}reread/", follow=True).content.decode())
    assert "仍有 1 条读不出（站点吊销以后用文件带来，等人认可 1 条）" in again
    assert "没有认可" in client.post(f"{PAGE}accept/", {"reason": "短"}, follow=True).content.decode()
    assert not Touch.objects.exists()
    told = client.post(f"{PAGE}accept/", {"reason": "和村里对过"}, follow=True).content.decode()
    assert "读出 1 条，已计入：站点知道时间的按打卡的时间" in told
    assert Touch.objects.count() == 1
    assert AuditEntry.objects.get(action="held.accepted").actor == TOWNSHIP_OFFICER.username
    assert "没有等人认可的记录" in client.post(f"{PAGE}accept/", {"reason": "和村里对过"}, follow=True).content.decode()


def test_a_touch_of_a_machine_without_the_time_is_listed_when_it_came_and_not_when_it_was_accepted(
    shili: LivedStation,
) -> None:
    shili.booted(at(TUESDAY, 8), quality="unknown")
    shili.touched(b"card-of-zhang-16", at(TUESDAY, 8, 20), wall=at(MONDAY - dt.timedelta(days=400), 1))
    shili.send(at(TUESDAY, 20))
    Touch.objects.all().delete()
    Fact.objects.filter(kind="touch").update(held_reason="carried_revoked")
    Station.objects.filter(pk=SHILI).update(revoked_at=at(TUESDAY, 18))
    client = signed_in(TOWNSHIP_OFFICER)
    told = client.post(f"{PAGE}accept/", {"reason": "和村里对过"}, follow=True).content.decode()
    assert "不知道的列在县里收到的时间" in told
    touch = Touch.objects.get()
    assert touch.came_at == at(TUESDAY, 20)
    assert touch.received_at != touch.came_at, "since when the county can go by it"
    assert touch.reached_at == touch.came_at
    [row] = touch_rows(list(touches_of_day(SHILI_VILLAGE, TUESDAY)))
    assert (row.at, row.dated) == (at(TUESDAY, 20), False)
    assert not touches_of_day(SHILI_VILLAGE, timezone.localdate()).exists()
    assert not Touch.objects.filter(undated_between(at(TUESDAY, 21))).exists()


@pytest.mark.usefixtures("_revoked")
def test_who_may_not_decide_is_told_who_may() -> None:
    page = text_of(signed_in(GUARD), HELD)
    assert "能认可的是镇办干部和县运维" in page
    assert f"{PAGE}accept/" not in page
