"""The page 下发内容: a notice is written, looked at, published and withdrawn, each officer within the own places."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from kiosk_tui.words import notices as words_notices
from protocol.bundle_contents import NOTICE_KINDS, Notices, read_content
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as Document
from protocol.codec import decode
from protocol.twin import PackState, Reported
from server_broker.audit.models import AuditEntry
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, ShelfReport, WrittenNotice
from server_broker.console.shelf_words import NOTICE_KIND_WORDS
from server_broker.fleet.models import ShelfDue, StationStatus
from server_broker.settings import HOME
from server_broker.twin.desired import note_reported
from tests.cast import (
    COUNTY,
    COUNTY_OFFICER,
    OTHER_TOWNSHIP,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    YANGBAN,
)
from tests.server_broker.county import FictionalCounty, content_for, make_county, signed_in, written_notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> FictionalCounty:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    return make_county()


@pytest.fixture
def officer(county: FictionalCounty) -> Client:
    return signed_in(TOWNSHIP_OFFICER)


def typed(step: str = "preview", **changes: str) -> dict[str, str]:
    today = timezone.localdate()
    usual = {
        "line": "周三下午，卫生院来村里量血压\u202e",
        "text": "请带身份证。\n在村部一楼。",
        "kind": "notice",
        "source": "示例镇卫生院",
        "owner": "示例院长",
        "region": TOWNSHIP,
        "first_day": str(today),
        "last_day": str(today + dt.timedelta(days=2)),
        "step": step,
    }
    return usual | changes


def write(client: Client, step: str = "preview", **changes: str) -> tuple[int, str]:
    response = client.post("/published/notice/", typed(step, **changes), follow=True)
    return response.status_code, response.content.decode()


def publish(client: Client, notice: WrittenNotice) -> str:
    """Press the button of a written notice."""
    return client.post(f"/published/waiting/notice/{notice.pk}/publish/", follow=True).content.decode()


def withdrawn(client: Client, row: Bundle) -> str:
    """Withdraw a bundle on its page: look first, then confirm what was shown."""
    where, asked = f"/published/{row.pk}/withdraw/", {"reason": "写错了日期"}
    look = client.post(where, asked).content.decode()
    digest = re.search(r'name="confirmed" value="([0-9a-f]{64})"', look)
    assert digest, look
    return client.post(where, asked | {"confirmed": digest[1]}, follow=True).content.decode()


def test_a_notice_is_shown_as_the_kiosk_will_before_it_is_published(officer: Client) -> None:
    status, page = write(officer)
    assert status == 200
    assert "现在还没有交，也没有发布" in page
    assert "周三下午，卫生院来村里量血压" in page
    assert "示例村·示例村站" in page, "a kiosk that will show it"
    assert "会发到 1 个站点" in page
    assert "有事问：示例院长" in page
    assert "按 1“今日”" in officer.get("/published/notice/").content.decode()
    assert not Bundle.objects.exists()
    assert not WrittenNotice.objects.exists()


def test_a_published_notice_is_a_bundle_on_record_and_marks_its_stations(officer: Client) -> None:
    _, page = write(officer, "submit", urgent="yes", kind="weather")
    assert "请另一个人看过以后发布" in page
    assert "等另一个人看过再发布" in page
    assert not Bundle.objects.exists()
    notice = WrittenNotice.objects.get()
    assert "已发布" in publish(signed_in(COUNTY_OFFICER), notice)
    row = Bundle.objects.get()
    document = decode(BundleFolder(HOME.bundles).path(bytes(row.sha256)).read_bytes(), Document, limit=MAX_BUNDLE_BYTES)
    content = read_content(document)
    assert isinstance(content, Notices)
    assert [(one.line, one.text, one.urgent, one.kind, one.source, one.owner) for one in content.notices] == [
        ("周三下午，卫生院来村里量血压", "请带身份证。\n在村部一楼。", True, "weather", "示例镇卫生院", "示例院长")
    ]
    today = timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time()))
    assert (row.not_before, row.not_after) == (today, today + dt.timedelta(days=3)), "the last day is a whole day"
    assert (row.regions, row.author) == ([TOWNSHIP[:9]], COUNTY_OFFICER.username)
    actions = AuditEntry.objects.filter(action__in=("notice.written", "bundle.published", "notice.agreed"))
    assert list(actions.order_by("pk").values_list("action", "actor")) == [
        ("notice.written", TOWNSHIP_OFFICER.username),
        ("bundle.published", COUNTY_OFFICER.username),
        ("notice.agreed", COUNTY_OFFICER.username),
    ]
    assert [due.station_id for due in ShelfDue.objects.all()] == [SHILI]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"line": ""}, "一句话须是 1 至 40 个字"),
        ({"line": "长" * 41}, "一句话须是 1 至 40 个字"),
        ({"text": "长" * 2_001}, "最多 2,000 个字"),
        ({"region": OTHER_TOWNSHIP}, "请选择发给哪里"),
        ({"region": COUNTY}, "请选择发给哪里"),
        ({"region": "' OR 1=1"}, "请选择发给哪里"),
        ({"first_day": "昨天"}, "请写明从哪天到哪天"),
        ({"last_day": "0001-01-01"}, "请写明从哪天到哪天"),
        ({"first_day": "2020-01-02", "last_day": "2020-01-03"}, "结束时间已经过去"),
        ({"last_day": "2020-01-03"}, "结束时间须晚于开始时间"),
        ({"line": "找 11010519491231002X 领补贴"}, "身份证号"),
        ({"owner": "示例 13812345678"}, "手机号"),
        ({"kind": "nothing"}, "请选择是哪一类通知"),
        ({"source": ""}, "来源和联系人都要写"),
    ],
)
@pytest.mark.parametrize("step", ["preview", "submit"])
def test_a_notice_that_can_t_be_published_says_why(
    officer: Client, step: str, changes: dict[str, str], words: str
) -> None:
    status, page = write(officer, step, **changes)
    assert status == 422
    assert re.search(rf"还不能交：[^<]*{words}", page), page[page.find("还不能") :][:80]
    assert not WrittenNotice.objects.exists()
    assert not Bundle.objects.exists()


def test_what_is_refused_comes_back_as_it_was_typed(officer: Client) -> None:
    _, page = write(officer, "submit", kind="jobs", last_day="2020-01-03")
    for said in (
        'value="周三下午，卫生院来村里量血压"',
        "在村部一楼。</textarea>",
        'value="示例镇卫生院"',
        'value="示例院长"',
    ):
        assert said in page
    assert re.search(r'<option value="jobs" selected', page)


def test_nobody_publishes_what_they_wrote(officer: Client) -> None:
    notice = written_notice(TOWNSHIP, by=TOWNSHIP_OFFICER.username.upper())
    page = officer.get(f"/published/waiting/notice/{notice.pk}/").content.decode()
    assert "/publish/" not in page
    assert "要由另一个人看过再发布" in publish(officer, notice)
    assert not Bundle.objects.exists()


def test_a_notice_goes_out_once(county: FictionalCounty, officer: Client) -> None:
    notice = written_notice(TOWNSHIP)
    assert "已发布" in publish(officer, notice)
    assert "已经有人发布了" in publish(signed_in(COUNTY_OFFICER), notice)
    assert Bundle.objects.count() == 1


def test_a_notice_that_is_sent_back_goes_nowhere_and_says_why(officer: Client) -> None:
    notice = written_notice(TOWNSHIP)
    where = f"/published/waiting/notice/{notice.pk}/end/"
    assert "请写明理由" in officer.post(where, {"reason": "错"}, follow=True).content.decode()
    page = officer.post(where, {"reason": "日期写错了"}, follow=True).content.decode()
    assert "已退回，没有发布" in page
    assert "日期写错了" in page
    assert "已经退回或收回了" in publish(officer, notice)
    assert not Bundle.objects.exists()
    assert "明天停电检修" not in officer.get("/published/").content.decode()


def test_a_secretary_writes_for_the_own_village_and_takes_back_only_the_own(county: FictionalCounty) -> None:
    secretary = signed_in(SECRETARY)
    assert "请选择发给哪里" in write(secretary, "submit", region=TOWNSHIP)[1]
    assert "请另一个人看过以后发布" in write(secretary, "submit", region=SHILI_VILLAGE)[1]
    own, others = WrittenNotice.objects.get(), written_notice(SHILI_VILLAGE)
    assert secretary.post(f"/published/waiting/notice/{own.pk}/publish/").status_code == 403
    reason = {"reason": "日期写错了"}
    assert secretary.post(f"/published/waiting/notice/{others.pk}/end/", reason).status_code == 404
    assert "已退回" in secretary.post(f"/published/waiting/notice/{own.pk}/end/", reason, follow=True).content.decode()


def test_what_waits_is_seen_in_the_own_places_alone(county: FictionalCounty, officer: Client) -> None:
    notice = written_notice(TOWNSHIP)
    stranger = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert "明天停电检修" in officer.get("/published/").content.decode()
    assert "明天停电检修" not in stranger.get("/published/").content.decode()
    for path in ("", "publish/", "end/"):
        answer = (stranger.post if path else stranger.get)(f"/published/waiting/notice/{notice.pk}/{path}")
        assert answer.status_code == 404


def test_the_kiosk_calls_each_kind_as_the_form_does() -> None:
    assert NOTICE_KIND_WORDS == words_notices.KIND
    assert NOTICE_KIND_WORDS.keys() == set(NOTICE_KINDS)


def test_a_disk_that_takes_nothing_costs_nobody_the_text(officer: Client) -> None:
    aside = HOME.bundles.rename(HOME.bundles.with_name("aside"))
    HOME.bundles.write_text("no folder")
    try:
        notice = written_notice(TOWNSHIP)
        page = publish(officer, notice)
    finally:
        HOME.bundles.unlink()
        aside.rename(HOME.bundles)
    assert "没有发布：县里的磁盘写不进去" in page
    assert "等着发布" in page
    assert "已发布" in publish(officer, notice)
    assert AuditEntry.objects.filter(action="bundle.published").count() == 1


def test_each_sees_what_is_for_the_own_places_and_changes_nothing_wider(county: FictionalCounty) -> None:
    village, township = content_for(SHILI_VILLAGE, title="村里的"), content_for(TOWNSHIP[:9], title="镇里的")
    other, whole = content_for(OTHER_TOWNSHIP[:9], title="邻镇的"), content_for(COUNTY[:6], title="全县的")
    everywhere = content_for("", title="所有站点的", kind="questions")
    officer, stranger, county_officer = (
        signed_in(one) for one in (TOWNSHIP_OFFICER, OTHER_TOWNSHIP_OFFICER, COUNTY_OFFICER)
    )

    def shown(client: Client) -> set[str]:
        page = client.get("/published/").content.decode()
        return {row.title for row in Bundle.objects.all() if f">{row.title}</a>" in page}

    assert shown(officer) == {"村里的", "镇里的", "全县的", "所有站点的"}
    assert shown(stranger) == {"邻镇的", "全县的", "所有站点的"}
    assert officer.get(f"/published/{other.pk}/").status_code == 404
    reason = {"reason": "写错了日期"}
    for row in (other, whole, everywhere):
        assert officer.post(f"/published/{row.pk}/withdraw/", reason).status_code == 404
    for client, row in ((officer, village), (officer, township), (county_officer, whole), (county_officer, everywhere)):
        assert "撤回" in client.get(f"/published/{row.pk}/").content.decode()
        assert "已撤回" in withdrawn(client, row)
    assert list(Bundle.objects.filter(withdrawn_at=None)) == [other]


def test_a_withdrawal_needs_a_reason_and_is_made_once(officer: Client) -> None:
    row = content_for(TOWNSHIP[:9])
    page = officer.post(f"/published/{row.pk}/withdraw/", {"reason": "错"}, follow=True).content.decode()
    assert "请写明理由" in page
    look = officer.post(f"/published/{row.pk}/withdraw/", {"reason": "写错了日期"}).content.decode()
    assert f"撤回“{row.title}”？" in look
    assert "现在还没有改动" in look
    assert "撤回不能取消" in look
    assert "发给示例镇" in look
    assert not Bundle.objects.exclude(withdrawn_at=None).exists(), "it was only looked at"
    assert "已撤回。" in withdrawn(officer, row)
    page = officer.post(f"/published/{row.pk}/withdraw/", {"reason": "写错了日期"}, follow=True).content.decode()
    assert "已经撤回" in page
    assert AuditEntry.objects.filter(action="bundle.withdrawn").count() == 1


def test_the_page_of_something_withdrawn_says_where_it_is_gone(county: FictionalCounty, officer: Client) -> None:
    row, station = content_for(TOWNSHIP[:9]), county.stations[SHILI]

    def reports(*states: PackState) -> None:
        said = Reported(station=station.pk, version=1, at=1, packs=list(states))
        note_reported([(station.pk, said)], now=timezone.now())

    def page() -> str:
        return officer.get(f"/published/{row.pk}/").content.decode()

    has_it = PackState(id=row.bundle, version=1, state="whole")
    reports(has_it)
    assert "还没有报告" not in page()
    withdrawn(officer, row)
    assert "最近一次报告里还有" in page()
    reports(has_it)
    assert "还在站点上" in page(), "it was heard, but has it still"
    reports()
    assert "已撤下" in page()
    assert "还在站点上" not in page()


def test_a_station_that_said_nothing_since_a_withdrawal_may_still_show_it(officer: Client) -> None:
    row = content_for(TOWNSHIP[:9])
    note_reported([(SHILI, Reported(station=SHILI, version=1, at=1))], now=timezone.now())
    withdrawn(officer, row)
    note_reported([(SHILI, Reported(station=SHILI, version=1, at=0))], now=timezone.now())
    page = officer.get(f"/published/{row.pk}/").content.decode()
    assert "撤回以后还没有报告，可能还在显示" in page, "a birth says nothing of bundles"


def test_the_page_says_which_stations_have_it_and_why_not(county: FictionalCounty, officer: Client) -> None:
    row = content_for(COUNTY[:6])
    StationStatus.objects.update(contract=1)
    page = officer.get(f"/published/{row.pk}/").content.decode()
    assert "还没有报告" in page
    ShelfReport.objects.create(
        station=county.stations[SHILI], bundle=row.bundle, version=1, state="waiting", reason="night", at=timezone.now()
    )
    page = officer.get(f"/published/{row.pk}/").content.decode()
    assert "等夜间时段再取" in page
    assert "0 / 1" in officer.get("/published/").content.decode()
    ShelfReport.objects.update(state="whole", reason="")
    assert "1 / 1" in officer.get("/published/").content.decode()
    assert YANGBAN not in officer.get(f"/published/{row.pk}/").content.decode(), "not of this township"
    StationStatus.objects.update(contract=0)
    ShelfReport.objects.all().delete()
    assert "站点程序是旧版" in officer.get(f"/published/{row.pk}/").content.decode()


def test_what_was_computed_about_people_is_on_no_list(officer: Client) -> None:
    row = content_for(SHILI_VILLAGE, kind="roster", title="本村人员", author="", access="station")
    assert "本村人员" not in officer.get("/published/").content.decode()
    assert officer.get(f"/published/{row.pk}/").status_code == 404
    assert officer.post(f"/published/{row.pk}/withdraw/", {"reason": "看看能不能"}).status_code == 404


def test_an_old_version_for_the_own_place_is_no_way_to_withdraw_a_newer_one_for_more(
    county: FictionalCounty, officer: Client
) -> None:
    publish(officer, written_notice(TOWNSHIP))
    own = Bundle.objects.get()
    wider = Bundle.objects.get(pk=own.pk)
    wider.pk, wider.version, wider.regions = None, own.version + 1, [COUNTY[:6]]
    wider.save(force_insert=True)
    answer = officer.post(f"/published/{own.pk}/withdraw/", {"reason": "这份不需要了"})
    assert answer.status_code == 404
    assert not Bundle.objects.exclude(withdrawn_at=None).exists()
    assert "/withdraw/" not in officer.get(f"/published/{own.pk}/").content.decode()
