"""A correction's page: what it rests on, who may add to it, and who gets the files."""

import datetime as dt
import hashlib

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.media.models import LegalHold
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish
from server_broker.requests.exhibits import touches_nearby
from server_broker.requests.models import CountyRequest, Exhibit
from tests.cast import (
    COUNTY_OFFICER,
    LI,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI,
    TOWNSHIP_OFFICER,
    YANGBAN_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, signed_in, snapshot, touch
from tests.server_broker.pages import words_of
from tests.server_broker.picture_sender import jpeg
from tests.server_broker.requests.asked_here import MONDAY, asks, duty, key

pytestmark = pytest.mark.django_db

NOW = begin_of(MONDAY) + dt.timedelta(days=1, hours=9)
BEGIN = begin_of(MONDAY) + dt.timedelta(hours=8, minutes=20)


@pytest.fixture
def li(county: FictionalCounty) -> Person:
    return county.add(LI)


@pytest.fixture
def asked(county: FictionalCounty, li: Person) -> CountyRequest:
    """Zhang missed the arrival of Monday morning, at which Li came and was pictured."""
    zhang = county.people[ZHANG]
    duty(zhang)
    one = touch(county.stations[SHILI], LI.token, at=BEGIN)
    content = jpeg()
    file = settings.HOME.media / hashlib.sha256(content).hexdigest()[:2] / hashlib.sha256(content).hexdigest()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    snapshot(county.stations[SHILI], hashlib.sha256(content).digest(), size=len(content), about=one)
    window = zhang.windows.get().pk
    wish = Wish(kind="correction", window=window, day=MONDAY, mark="arrival", mark_at=BEGIN, note="卡忘在家里")
    return asks(zhang, wish, at=NOW)


def page(client: Client, asked: CountyRequest) -> str:
    return words_of(client.get(f"/todo/{key(asked)}/").content.decode())


def adds(client: Client, asked: CountyRequest, kind: str, **sent: object) -> str:
    answer = client.post(f"/todo/exhibits/{key(asked)}/{kind}/", sent, follow=True)
    assert answer.status_code == 200
    return words_of(answer.content.decode())


def touch_of(asked: CountyRequest) -> int:
    return touches_nearby(asked)[0].row.touch.pk


def test_a_witness_a_picture_and_a_paper_stand_beside_the_request(asked: CountyRequest) -> None:
    officer, secretary = signed_in(TOWNSHIP_OFFICER), signed_in(SECRETARY)
    assert "还没有凭据" in page(officer, asked)
    chosen = touch_of(asked)
    assert "已加为凭据" in adds(secretary, asked, "witness", touch=chosen, note="她一早就在开会")
    assert "已加为凭据" in adds(officer, asked, "snapshot", touch=chosen)
    paper = SimpleUploadedFile("签到表.pdf", b"%PDF-1.7 of an office")
    assert "已加为凭据" in adds(officer, asked, "paper", file=paper, note="镇里的签到表")
    seen = page(officer, asked)
    assert "在场的人 李示例" in seen
    assert "她一早就在开会" in seen
    assert "打卡抓拍" in seen
    assert "纸质材料" in seen
    assert LegalHold.objects.count() == 1


def test_what_is_wrong_is_said(asked: CountyRequest) -> None:
    officer, secretary = signed_in(TOWNSHIP_OFFICER), signed_in(SECRETARY)
    assert "没有加：请选一个文件。" in adds(officer, asked, "paper", note="镇里的签到表")
    wrong = SimpleUploadedFile("签到表.pdf", b"<html>")
    assert "可以是 JPEG、PNG 图片或 PDF" in adds(officer, asked, "paper", file=wrong, note="镇里的签到表")
    for chosen in ("", "x", "9" * 30, "-1"):
        assert "没有加：没有这次打卡" in adds(officer, asked, "witness", touch=chosen, note="她一早就在开会")
    assert "没有看图片和保留图片的权限" in adds(secretary, asked, "snapshot", touch=touch_of(asked))
    assert not Exhibit.objects.exists()
    assert not LegalHold.objects.exists()


def test_another_township_reads_and_adds_nothing(asked: CountyRequest) -> None:
    officer, other = signed_in(TOWNSHIP_OFFICER), signed_in(OTHER_TOWNSHIP_OFFICER)
    adds(officer, asked, "paper", file=SimpleUploadedFile("a.pdf", b"%PDF-1.7 of an office"), note="镇里的签到表")
    one = Exhibit.objects.get()
    address = f"/todo/{key(asked)}/exhibits/{one.pk}/"
    for kind in ("paper", "witness", "snapshot"):
        assert other.post(f"/todo/exhibits/{key(asked)}/{kind}/", {}).status_code == 404
    assert other.get(address).status_code == 404
    assert other.get(f"/todo/{key(asked)}/").status_code == 404
    answer = officer.get(address)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert AuditEntry.objects.filter(action="paper.seen", actor=TOWNSHIP_OFFICER.username).exists()
    assert officer.get(f"/todo/{key(asked)}/exhibits/{one.pk + 1}/").status_code == 404


def test_who_is_of_elsewhere_is_not_offered_as_a_witness(asked: CountyRequest, li: Person) -> None:
    assert "请作证" in page(signed_in(TOWNSHIP_OFFICER), asked)
    li.village = Region.objects.get(pk=YANGBAN_VILLAGE)
    li.save()
    seen = page(signed_in(TOWNSHIP_OFFICER), asked)
    assert "请作证" not in seen
    assert LI.name not in seen
    chosen = touch_of(asked)
    said = adds(signed_in(TOWNSHIP_OFFICER), asked, "witness", touch=chosen, note="她一早就在开会")
    assert "没有加：没有这次打卡" in said
    assert LI.name not in said


def test_a_picture_is_for_those_who_see_pictures(asked: CountyRequest) -> None:
    officer, secretary = signed_in(TOWNSHIP_OFFICER), signed_in(SECRETARY)
    adds(officer, asked, "snapshot", touch=touch_of(asked))
    one = Exhibit.objects.get()
    address = f"/todo/{key(asked)}/exhibits/{one.pk}/"
    assert address in officer.get(f"/todo/{key(asked)}/").content.decode()
    assert officer.get(address)["Content-Type"] == "image/jpeg"
    assert AuditEntry.objects.filter(action="snapshot.seen", actor=TOWNSHIP_OFFICER.username).exists()
    # The secretary decides about corrections, and is told that there is one.
    assert address not in secretary.get(f"/todo/{key(asked)}/").content.decode()
    assert "图片已保留" in page(secretary, asked)
    assert secretary.get(address).status_code == 403


def test_a_picture_of_elsewhere_is_not_chosen(county: FictionalCounty, asked: CountyRequest) -> None:
    zhang = county.people[ZHANG]
    zhang.village = Region.objects.get(pk=YANGBAN_VILLAGE)
    zhang.save()
    other = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert "没有加：没有这次打卡" in adds(other, asked, "snapshot", touch=touch_of(asked))
    assert not LegalHold.objects.exists()


def test_what_is_kept_no_longer_is_not_offered(asked: CountyRequest) -> None:
    officer = signed_in(TOWNSHIP_OFFICER)
    adds(officer, asked, "paper", file=SimpleUploadedFile("a.pdf", b"%PDF-1.7 of an office"), note="镇里的签到表")
    one = Exhibit.objects.get()
    assert one.blob is not None
    one.blob.evicted_reason = "expired"
    one.blob.save()
    assert "文件到期已删除" in page(officer, asked)
    assert f"/exhibits/{one.pk}/" not in officer.get(f"/todo/{key(asked)}/").content.decode()


def test_a_witness_of_elsewhere_is_named_to_those_alone_who_see_them(asked: CountyRequest, li: Person) -> None:
    adds(signed_in(TOWNSHIP_OFFICER), asked, "witness", touch=touch_of(asked), note="她一早就在开会")
    assert "在场的人 李示例" in page(signed_in(SECRETARY), asked)
    li.village = Region.objects.get(pk=YANGBAN_VILLAGE)
    li.save()
    for account in (SECRETARY, TOWNSHIP_OFFICER):
        seen = page(signed_in(account), asked)
        assert "在场的人 外辖区人员" in seen
        assert LI.name not in seen
    assert "在场的人 李示例" in page(signed_in(COUNTY_OFFICER), asked)
