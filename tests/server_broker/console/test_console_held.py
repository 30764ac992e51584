"""待审: what is held is listed in Chinese words, and read again or written off by the right people alone."""

import re

import pytest
from django.test import Client

from protocol.codec import encode
from protocol.refusal import Reason
from server_broker import cli
from server_broker.accounts.models import Role
from server_broker.attendance.models import Touch
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Alarm, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact, Quarantined, WriteOff
from server_broker.ingest.reasons import reason_word
from server_broker.ingest.reread import reread_held
from server_broker.ledger.ledger import ledger
from tests.cast import AUDITOR, GUARD, OF_THE_COUNTY, OPERATOR, SHILI_VILLAGE, STRAY, TOWNSHIP_OFFICER, YANGBAN_VILLAGE
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.pages import text_of
from tests.server_broker.station_double import NOW, StationDouble, booted, touch

pytestmark = pytest.mark.django_db


def process(station: StationDouble, village: str, *bodies: bytes) -> StationDouble:
    """A station of that village with facts of which some can't be read."""
    station.enrol()
    Station.objects.filter(pk=station.id).update(village=village)
    for body in bodies:
        station.add_body(body)
    BatchProcessor(clock=lambda: NOW).process_batch([station.facts_message()])
    return station


@pytest.fixture
def ours(county: FictionalCounty) -> StationDouble:
    return process(StationDouble(id="held-a").add(booted()), SHILI_VILLAGE, b"\xc1", b"\x81\xa4kind\xa5later")


@pytest.fixture
def theirs(county: FictionalCounty) -> StationDouble:
    return process(StationDouble(id="held-b"), YANGBAN_VILLAGE, b"\xc1")


@pytest.fixture
def officer(ours: StationDouble, theirs: StationDouble) -> Client:
    return signed_in(TOWNSHIP_OFFICER)


def number_of(station: StationDouble, seq: int) -> int:
    return Fact.objects.get(stream__station=station.id, seq=seq).pk


def test_held_facts_of_the_scope_are_listed_with_the_reason_in_words(officer: Client) -> None:
    html = text_of(officer, "/held/")
    for word in ("第 2 条", "第 3 条", "内容无法解析", "记录种类不认识", "held-a", "1 字节"):
        assert word in html
    assert "held-b" not in html
    assert "malformed" not in html


def test_the_ledger_and_the_fleet_lead_there(officer: Client) -> None:
    assert '<a href="/held/?station=held-a"' in text_of(officer, "/stations/held-a/")
    assert "2 条记录待审" in text_of(officer, "/")
    assert "/held/?state=held&amp;station=held-a" in text_of(officer, "/alarms/")
    Fact.objects.filter(stream__station="held-a").update(held_reason="")
    assert "条记录待审" not in text_of(officer, "/")


def test_a_station_outside_the_scope_is_as_if_it_were_not(officer: Client, theirs: StationDouble) -> None:
    html = text_of(officer, "/held/?station=held-b")
    assert "没有待审的记录" in html
    assert "第 1 条" not in html
    assert officer.post("/stations/held-b/reread/").status_code == 404
    officer.post("/held/write-off/", {"fact": [number_of(theirs, 1)], "reason": "不归我管"})
    assert not WriteOff.objects.exists()
    assert not AuditEntry.objects.filter(action__startswith="held.").exists()


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.SECURITY])
def test_administrators_look_and_decide_nothing(ours: StationDouble, role: Role) -> None:
    client = signed_in(OF_THE_COUNTY[role])
    html = text_of(client, "/held/?station=held-a")
    assert "第 2 条" in html
    assert "再读一次" not in html
    assert "核销勾选" not in html
    assert client.post("/stations/held-a/reread/").status_code == 403
    answer = client.post("/held/write-off/", {"fact": [number_of(ours, 2)], "reason": "测试理由"})
    assert answer.status_code == 403
    assert not WriteOff.objects.exists()


def test_an_auditor_and_a_stranger_see_nothing_of_it(ours: StationDouble) -> None:
    assert signed_in(AUDITOR).get("/held/").status_code == 403
    assert Client().get("/held/").status_code == 302
    assert Client().post("/stations/held-a/reread/").status_code == 302
    assert "held-a" not in text_of(signed_in(STRAY), "/held/")


def test_what_is_written_off_is_accounted_for_apart_and_stays_visible(officer: Client, ours: StationDouble) -> None:
    assert Alarm.objects.filter(station="held-a", code="held:malformed", resolved_at=None).exists()
    sent = {"fact": [number_of(ours, 2)], "reason": "测试用的坏数据", "station": "held-a"}
    answer = officer.post("/held/write-off/", sent, follow=True)
    assert "已核销 1 条" in answer.content.decode()
    counted = ledger("held-a")
    assert (counted.issued, counted.received, counted.held, counted.written_off) == (3, 1, 1, 1)
    assert counted.unexplained == 0
    html = text_of(officer, "/held/?state=written-off")
    assert "测试用的坏数据" in html
    assert TOWNSHIP_OFFICER.username in html
    assert "/held/?station=held-a&amp;state=written-off" in text_of(officer, "/stations/held-a/")
    entry = AuditEntry.objects.get(action="held.written_off")
    assert (entry.actor, entry.subject, entry.detail["seqs"]) == (TOWNSHIP_OFFICER.username, "held-a", "2")
    assert not Alarm.objects.filter(station="held-a", code="held:malformed", resolved_at=None).exists()
    assert Alarm.objects.filter(station="held-a", code="held:unknown_kind", resolved_at=None).exists()
    assert Fact.objects.get(pk=number_of(ours, 2)).held_reason == "malformed"


def test_it_is_written_off_once_and_not_read_again(officer: Client, ours: StationDouble) -> None:
    facts = [number_of(ours, 2), number_of(ours, 3)]
    for reason in ("第一次的理由", "第二次的理由"):
        officer.post("/held/write-off/", {"fact": facts, "reason": reason})
    assert {row.reason for row in WriteOff.objects.all()} == {"第一次的理由"}
    Fact.objects.filter(pk=facts[0]).update(body=Fact.objects.get(stream__station=ours.id, seq=1).body)
    assert reread_held(ours.id).read == 0


@pytest.mark.parametrize(
    "form",
    [
        {"reason": "没有勾选"},
        {"fact": ["x", "-1", "9" * 30, "99999999"], "reason": "不存在的"},
        {"fact": ["{}"], "reason": "短"},
        {"fact": ["{}"], "reason": "长" * 201},
        {"fact": ["{}"], "reason": "有\x00的理由"},
        {"fact": ["{}"]},
    ],
)
def test_half_a_form_writes_nothing_off(officer: Client, ours: StationDouble, form: dict[str, str | list[str]]) -> None:
    filled = {name: [one.format(number_of(ours, 2)) for one in value] if name == "fact" else value
              for name, value in form.items()}  # fmt: skip
    assert "没有核销" in officer.post("/held/write-off/", filled, follow=True).content.decode()
    assert not WriteOff.objects.exists()


def test_held_facts_are_read_after_the_cause_is_gone(county: FictionalCounty) -> None:
    station = StationDouble(id="held-c")
    station.enrol()
    Station.objects.filter(pk=station.id).update(village=SHILI_VILLAGE)
    processor = BatchProcessor(clock=lambda: NOW)
    forged = station.add(touch()).envelope(key=StationDouble().key)
    processor.process_batch([station.message("facts", encode(forged))])
    client = signed_in(OPERATOR)
    before = client.post("/stations/held-c/reread/", follow=True).content.decode()
    assert "仍有 1 条读不出（签名无法验证 1 条）" in before
    processor.process_batch([station.add(booted()).facts_message(2)])
    assert "读出 1 条" in client.post("/stations/held-c/reread/", follow=True).content.decode()
    assert Touch.objects.filter(station="held-c").count() == 1
    assert ledger("held-c").held == 0
    assert not Alarm.objects.filter(station="held-c", code__startswith="held:", resolved_at=None).exists()
    assert AuditEntry.objects.filter(action="held.reread", subject="held-c").count() == 2


def test_a_station_with_many_held_facts_is_read_in_parts(ours: StationDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server_broker.ingest.reread.FACTS_A_TIME", 1)
    Fact.objects.filter(stream__station=ours.id, seq=2).update(body=b"\x00")
    result = reread_held(ours.id)
    assert (result.read, dict(result.still_held)) == (0, {"malformed": 1, "unknown_kind": 1})


def test_the_command_reads_again_and_says_what_stays(ours: StationDouble, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reread", "held-a"]) == 1
    said = capsys.readouterr().out
    assert "读出 0 条，仍待审 2 条" in said
    assert "记录种类不认识：1 条" in said
    assert cli.main(["reread", "nothing-01"]) == 1


def unread(station: str | None, raw: bytes = b"\xc1<script>" + bytes(range(200)), *, reason: str = "malformed") -> None:
    topic = f"cunhui/1/0/{station or 'stranger-01'}/facts"
    Quarantined.objects.create(
        station_id=station, topic=topic, raw=raw, reason=reason, detail="no MessagePack", received_at=NOW
    )


def test_unread_messages_are_shown_to_the_scope_with_their_beginning(officer: Client) -> None:
    unread("held-a")
    unread("held-b")
    unread(None)
    html = text_of(officer, "/held/?state=messages")
    assert "held-a" in html
    assert "held-b" not in html
    assert "stranger-01" not in html
    assert "0000  c1 3c 73 63 72 69 70 74  .&lt;script" in html
    [dump] = re.findall(r'<pre class="dump">(.*?)</pre>', html, re.DOTALL)
    assert len(dump.splitlines()) == 128 / 8
    assert '<form method="post" action="/held' not in html
    assert "stranger-01" in text_of(signed_in(OPERATOR), "/held/?state=messages")


def test_bytes_of_messages_are_shown_to_reviewers_alone(ours: StationDouble) -> None:
    unread("held-a")
    html = text_of(signed_in(GUARD), "/held/?state=messages")
    assert "内容无法解析" in html
    assert "c1 3c" not in html


def test_every_reason_of_the_contract_has_a_word() -> None:
    assert [reason for reason in Reason.__value__.__args__ if reason_word(reason) == reason] == []


def test_every_message_that_was_not_read_says_what_to_do(ours: StationDouble) -> None:
    for reason in ("unknown_version", "unknown_station", "carried_gap", "malformed"):
        unread("held-a", reason=reason)
    html = text_of(signed_in(TOWNSHIP_OFFICER), "/held/?state=messages")
    assert "请先升级县平台" in html
    assert "请先把更早的导出文件或机器的存储卡收进来" in html
    assert "核对站点名册" in html
    assert "有人仿冒它" in html
    assert "原文留 400 天" in html
