"""值得一看: what the pages say and do not say, who sees it, and what is judged there."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.exceptions.judging import judge, set_kind
from server_broker.exceptions.models import Judgement, KindRecord, Notable, Verdict
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.regions.models import Region
from tests.cast import (
    AUDITOR,
    COUNTY_OFFICER,
    OPERATOR,
    ORGANISER,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP_OFFICER,
    YANGBAN,
    YANGBAN_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, signed_in, snapshot, touch, user_of
from tests.server_broker.pages import text_of, words_of
from tests.server_broker.settling.lived import MONDAY, TUESDAY, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> Client:
    return signed_in(TOWNSHIP_OFFICER)


@pytest.fixture
def row(county: FictionalCounty) -> Notable:
    """A card of Zhang's at her own station and at one of the township next door."""
    touches = [
        touch(Station.objects.get(pk=SHILI), ZHANG.token, at=at(MONDAY, 8)),
        touch(Station.objects.get(pk=YANGBAN), ZHANG.token, at=at(MONDAY, 8, 15)),
    ]
    snapshot(county.stations[SHILI], b"p" * 32, size=9, about=touches[0])
    return Notable.objects.create(
        kind="two_places",
        key="one",
        village=Region.objects.get(pk=SHILI_VILLAGE),
        person=county.people[ZHANG],
        day=MONDAY,
        detail={"minutes": 15},
        evidence=[[one.station_id, bytes(one.epoch).hex(), one.seq] for one in touches],
        found_at=at(TUESDAY, 3),
    )


def of_village(kind: str = "quiet_village", code: str = SHILI_VILLAGE, key: str = "v") -> Notable:
    detail = {"days": 2, "from": str(MONDAY), "to": str(TUESDAY), "windows": 4}
    village = Region.objects.get(pk=code)
    return Notable.objects.create(
        kind=kind, key=key, village=village, day=TUESDAY, detail=detail, evidence=[], found_at=at(TUESDAY, 3)
    )


def test_it_says_what_was_found_and_what_it_may_well_be(row: Notable, officer: Client) -> None:
    listed = words_of(text_of(officer, "/exceptions/"))
    assert "张示例 示例村" in listed
    assert "同一张卡 15 分钟里先后在两个镇打卡" in listed
    assert "这些不是结论" in listed
    one = words_of(text_of(officer, f"/exceptions/{row.pk}/"))
    assert "怎么找的：同一张卡先后在两个镇的站点打卡，中间不到 20 分钟" in one
    assert "平常的原因：住在两镇交界" in one
    assert "2027-03-15 08:00:00 示例村站 卡 时间准 看抓拍" in one
    # What lies in another township is no officer's of this one.
    assert "2027-03-15 08:15:00 外辖区的站点 卡 时间准 没有" in one
    assert "样板村" not in one
    assert f'href="/people/{row.person_id}/"' in text_of(officer, f"/exceptions/{row.pk}/")


def test_no_word_accuses(row: Notable, officer: Client) -> None:
    of_village()
    for path in ("/exceptions/", f"/exceptions/{row.pk}/"):
        html = text_of(officer, path)
        for word in ("作弊", "代打", "违规", "违纪", "可疑", "嫌疑", "造假", "排名"):
            assert word not in html


def test_who_sees_the_county_sees_both_stations(row: Notable) -> None:
    one = words_of(text_of(signed_in(COUNTY_OFFICER), f"/exceptions/{row.pk}/"))
    assert "样板村站 卡" in one


def test_who_may_not_see_pictures_gets_none(row: Notable) -> None:
    assert "看抓拍" not in text_of(signed_in(ORGANISER), f"/exceptions/{row.pk}/")


def test_another_township_and_the_village_itself_see_nothing_of_it(row: Notable) -> None:
    of_village(code=YANGBAN_VILLAGE)
    other = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert "张示例" not in text_of(other, "/exceptions/")
    assert "样板村" in text_of(other, "/exceptions/")
    assert other.get(f"/exceptions/{row.pk}/").status_code == 404
    said = {"verdict": "nothing", "note": "看过了"}
    assert other.post(f"/exceptions/{row.pk}/judge/", said).status_code == 404
    assert signed_in(SECRETARY).get("/exceptions/").status_code == 403
    assert signed_in(OPERATOR).post(f"/exceptions/{row.pk}/judge/", said).status_code == 403
    assert not Judgement.objects.exists()


def test_somebody_says_what_it_was(row: Notable, officer: Client) -> None:
    address = f"/exceptions/{row.pk}/judge/"
    for fields, reason in (
        ({}, "请选没有问题，还是已处理"),
        ({"verdict": "guilty", "note": "看过了"}, "请选没有问题，还是已处理"),
        ({"verdict": "nothing", "note": ""}, "请写明怎么回事"),
        ({"verdict": "nothing", "note": "证件 11010519491231002X"}, "不要写身份证号"),
    ):
        assert reason in officer.post(address, fields, follow=True).content.decode()
    assert not Judgement.objects.exists()
    done = officer.post(address, {"verdict": "nothing", "note": "家住两镇交界"}, follow=True).content.decode()
    assert "已记录：没有问题" in done
    assert "没有要看的" in done
    late = officer.post(address, {"verdict": "handled", "note": "换了卡"}, follow=True).content.decode()
    assert "chen-shili 已经看过：没有问题，家住两镇交界" in late
    judged = words_of(text_of(officer, "/exceptions/?state=judged"))
    assert "没有问题 家住两镇交界（chen-shili" in judged
    audit = words_of(text_of(signed_in(AUDITOR), "/audit/?q=看过一条"))
    assert "种类 一张卡两个镇" in audit
    assert "怎么样 没有问题" in audit


def test_it_says_of_each_kind_what_share_was_nothing(county: FictionalCounty, officer: Client) -> None:
    verdicts = [Verdict.NOTHING, Verdict.NOTHING, Verdict.HANDLED]
    for number, verdict in enumerate(verdicts):
        one = of_village(key=f"v{number}")
        judge(one, verdict, "看过了", by=user_of(TOWNSHIP_OFFICER), now=timezone.now())
    of_village(key="open")
    html = text_of(officer, "/exceptions/")
    quiet = words_of(html.split('id="kind-quiet_village"')[1].split("</tr>")[0])
    assert quiet.endswith("1 3 2（67 %）")
    assert "还没有人看过" in html.split('id="kind-same_minute"')[1].split("</tr>")[0]


def test_the_county_turns_a_kind_off(row: Notable, officer: Client) -> None:
    operator, address = signed_in(OPERATOR), "/exceptions/kinds/two_places/"
    fields = {"act": "off", "threshold": "20", "seen": "0", "reason": "都没有问题"}
    assert officer.post(address, fields).status_code == 403
    assert "停用、改数" not in text_of(officer, "/exceptions/")
    for wrong, reason in (
        ({"reason": "短"}, "请写明理由"),
        ({"threshold": "x"}, "“x”不是整数"),
        ({"threshold": "9999"}, "超出范围"),
        ({"seen": "7"}, "刚才有别人改过"),
        ({"act": "on"}, "本来就是这样"),
    ):
        assert reason in operator.post(address, fields | wrong, follow=True).content.decode()
    assert not KindRecord.objects.exists()
    assert "已记录" in operator.post(address, fields, follow=True).content.decode()
    assert "张示例" not in text_of(officer, "/exceptions/")
    shown = text_of(operator, "/exceptions/")
    assert "停用</span>" in shown
    audit = words_of(text_of(signed_in(AUDITOR), "/audit/?q=改值得一看"))
    assert "停用 是" in audit


def test_a_township_s_operator_sets_no_kind(county: FictionalCounty) -> None:
    township = signed_in(OPERATOR.placed_in(None))
    assert township.post("/exceptions/kinds/two_places/", {}).status_code == 404


def test_what_is_found_no_more_is_no_longer_listed(row: Notable, officer: Client) -> None:
    Notable.objects.update(gone_at=timezone.now())
    assert "没有要看的" in text_of(officer, "/exceptions/")
    assert "已经不是这样了" in text_of(officer, f"/exceptions/{row.pk}/")


@pytest.mark.parametrize(
    ("kind", "detail", "said"),
    [
        ("late_departure", {"minutes": 150, "door": 1}, "站点有 2 小时 30 分钟没有别的动静。"),
        ("late_departure", {"minutes": 45, "door": 0}, "站点有 45 分钟没有别的动静；没有门磁的站点"),
        (
            "card_on_leave",
            {"times": 2, "from": "2027-03-15T00:00+00:00", "to": "2027-03-17T10:00+00:00"},
            "请假（03-15 08:00 到 03-17 18:00）还没结束，打了 2 次卡",
        ),
        (
            "same_minute",
            {"month": "2027-03", "together": 12, "days": 15, "second": 28865},
            "15 天打过卡，其中 12 天的第一次在 08:01:05 起的 60 秒里",
        ),
        (
            "off_place",
            {"start": 510, "result": "旷", "roster": SHILI_VILLAGE},
            "08:30 的班旷工，那时在不算数的站点打过卡",
        ),
    ],
)
def test_each_kind_in_a_sentence(
    row: Notable, officer: Client, kind: str, detail: dict[str, object], said: str
) -> None:
    Notable.objects.update(kind=kind, detail=detail)
    assert said in words_of(text_of(officer, f"/exceptions/{row.pk}/"))


def test_villages_lead_to_their_station_or_their_day(county: FictionalCounty, officer: Client) -> None:
    dark, quiet = of_village("dark_station"), of_village("quiet_village")
    shown = text_of(officer, f"/exceptions/{dark.pk}/")
    assert "3月15日到3月16日 2 个值班日：4 个班，没有站点的记录" in shown
    assert f'href="/stations/{SHILI}/"' in shown
    assert f"/today/people/?place={SHILI_VILLAGE}&amp;date={TUESDAY}" in text_of(officer, f"/exceptions/{quiet.pk}/")


def test_the_number_of_queries_does_not_grow(row: Notable, officer: Client) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            text_of(officer, path)
        return len(caught)

    judge(of_village(key="judged"), Verdict.NOTHING, "看过了", by=user_of(COUNTY_OFFICER), now=timezone.now())
    few = [queries(path) for path in ("/exceptions/", "/exceptions/?state=judged")]
    for number in range(60):
        person = Person.objects.create(number=f"n{number}", name="某人", village_id=SHILI_VILLAGE)
        one = of_village(key=f"v{number}")
        Notable.objects.filter(pk=one.pk).update(person=person, kind="two_places", detail={"minutes": 3})
        if number % 2:
            judge(one, Verdict.NOTHING, "看过了", by=user_of(COUNTY_OFFICER), now=timezone.now())
    assert [queries(path) for path in ("/exceptions/", "/exceptions/?state=judged")] == few
    assert max(few) < 25


def test_a_kind_that_was_turned_off_keeps_what_was_judged(row: Notable, officer: Client) -> None:
    judge(row, Verdict.HANDLED, "换了卡", by=user_of(TOWNSHIP_OFFICER), now=timezone.now())
    set_kind(
        "two_places",
        off=True,
        threshold=20,
        seen=0,
        reason="都没有问题",
        by=user_of(OPERATOR),
        now=timezone.now(),
    )
    assert "换了卡" in text_of(officer, "/exceptions/?state=judged&kind=two_places")
