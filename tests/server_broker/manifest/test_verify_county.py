"""``cunhui-server verify county`` finds what was changed behind the county's back, and names it."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from protocol.decisions import Decided as DecidedKind
from protocol.decisions import Erased
from server_broker.accounts.account_changes import make_account, save_changes
from server_broker.accounts.models import Role, User
from server_broker.audit.log import record
from server_broker.decisions.models import DecidedRow
from server_broker.decisions.stream import decide
from server_broker.fleet.models import Alarm, Station
from server_broker.ingest.held import write_off
from server_broker.ingest.models import Fact, WriteOff
from server_broker.manifest.county_check import check_county
from server_broker.manifest.daily import make_due
from server_broker.manifest.models import RecordCheck
from server_broker.manifest.nightly import check_and_tell
from server_broker.people.cards import bind_card, report_lost
from server_broker.people.models import Card, Person
from server_broker.platform.home import CountyHome
from server_broker.twin.station_settings import choose
from tests.cast import AUDITOR, COUNTY_OFFICER, SHILI, SHILI_VILLAGE, WANG, ZHANG
from tests.conftest import COUNTY_FOLDER
from tests.server_broker.county import FictionalCounty, make_county, signed_in, user_of
from tests.server_broker.derived.stations import fill
from tests.server_broker.manifest.streams import store_stream
from tests.server_broker.manifest.tampering import psql
from tests.server_broker.station_double import StationDouble

pytestmark = pytest.mark.django_db

HOME = CountyHome(COUNTY_FOLDER)


@pytest.fixture
def county() -> FictionalCounty:
    """A county with some decisions and a manifest."""
    made = make_county()
    for account in (AUDITOR, COUNTY_OFFICER):
        user_of(account)
    bind_card(bytes(range(16)), made.people[ZHANG], actor="officer")
    report_lost(made.cards[WANG], actor="officer")
    choose(made.stations[SHILI], "open_before_min", "20", actor="operator", now=timezone.now())
    make_account("clerk", role=Role.OFFICER, region=SHILI_VILLAGE, actor="admin")
    make_due(HOME, now=timezone.now())
    return made


def sentences() -> list[str]:
    return [problem.sentence() for problem in check_county().problems]


def test_a_county_that_nobody_touched_is_good(county: FictionalCounty) -> None:
    verdict = check_county()
    assert verdict.problems == []
    assert (verdict.facts, verdict.manifests) == (6, 1)
    assert verdict.rows > 5


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE decisions_decidedfact SET body = flip(body, 20) WHERE seq = 3", "县记录链第 3 条：内容被改过"),
        (
            "UPDATE decisions_decidedfact SET salt = flip(salt, 0) WHERE seq = 3",
            "第 3 条：内容",
        ),
        ("UPDATE decisions_decidedfact SET head = flip(head, 0) WHERE seq = 3", "第 3 条"),
        (
            "UPDATE decisions_decidedfact SET signature = flip(signature, 9) WHERE seq = 3",
            "第 3 条：签名不是",
        ),
        ("UPDATE decisions_decidedfact SET seq = 99 WHERE seq = 6", "县记录链第 6 条：缺少这一条"),
        ("UPDATE decisions_countystream SET through = 5", "第 6 条：多出了记录"),
        ("UPDATE decisions_countystream SET head = flip(head, 0)", "末端被改过"),
        ("UPDATE decisions_countystream SET record_key = sha256('x')", "不是记录链说的那一把"),
        ("UPDATE audit_auditentry SET actor = 'other' WHERE action = 'card.bound'", "审计第"),
        ("DELETE FROM audit_auditentry WHERE action = 'card.bound'", "审计第"),
        ("DELETE FROM audit_auditentry", "它的审计记录没有了"),
        ("UPDATE decisions_decidedrow SET body = 'x' WHERE \"table\" = 'people_card' AND fact_id > 0", "内容被改过"),
        ("UPDATE decisions_decidedrow SET salt = NULL, body = NULL WHERE \"table\" = 'people_card'", "没有删除的决定"),
        ("DELETE FROM decisions_decidedrow WHERE \"table\" = 'people_card'", "它写过的行"),
        ("UPDATE people_card SET lost_at = NULL WHERE lost_at IS NOT NULL", "卡"),
        ("UPDATE people_person SET name = '别人' WHERE number = '{zhang}'", "和最后一次决定不符：姓名"),
        ("UPDATE accounts_user SET role = 'system' WHERE username = 'clerk'", "和最后一次决定不符：角色"),
        ("UPDATE accounts_user SET region_id = NULL WHERE username = 'clerk'", "和最后一次决定不符：区划"),
        ("UPDATE accounts_user SET is_active = false WHERE username = 'clerk'", "和最后一次决定不符"),
        ("UPDATE fleet_station SET record_key = sha256('x')", "和最后一次决定不符"),
        ("UPDATE tuning_settingchoice SET value = '60'", "和最后一次决定不符"),
        ("DELETE FROM tuning_settingchoice", "决定里有它，库里没有了"),
        ("UPDATE manifest_dailymanifest SET leaves = flip(leaves, 60)", "第 1 号总账"),
        ("UPDATE manifest_dailymanifest SET signed = flip(signed, 60)", "第 1 号总账"),
        ("DELETE FROM manifest_dailytable; DELETE FROM manifest_dailymanifest", "第 1 号总账：记录链里有，现在没有了"),
    ],
)
def test_what_was_changed_in_psql_is_named(county: FictionalCounty, statement: str, said: str) -> None:
    flip = re.sub(r"flip\((\w+), (\d+)\)", r"set_byte(\1, \2, get_byte(\1, \2) # 1)", statement)
    assert psql(flip.replace("{zhang}", ZHANG.number)) > 0
    assert any(said in sentence for sentence in sentences()), sentences()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            """SELECT dated_put('people_binding', (SELECT id::text FROM people_card WHERE lost_at IS NULL LIMIT 1),
            now() - interval '9 days', now() - interval '2 days', '{"state": "lost"}', 'officer', '')""",
            "和最后一次决定不符：作废时间",
        ),
        ("UPDATE people_binding SET state = 'held' WHERE state = 'lost'", "和最后一次决定不符：状态"),
        ("UPDATE people_personrecord SET valid_from = now() - interval '400 days'", "和最后一次决定不符：自"),
        (
            "UPDATE people_binding SET superseded_at = NULL WHERE superseded_at IS NOT NULL",
            "和最后一次决定不符：作废时间",
        ),
        ("DELETE FROM people_binding WHERE superseded_at IS NOT NULL", "决定里有它，库里没有了"),
    ],
)
def test_a_past_that_was_changed_in_psql_is_named(county: FictionalCounty, statement: str, said: str) -> None:
    tables = "people_binding", "people_personrecord"
    off = "".join(f"ALTER TABLE {table} DISABLE TRIGGER USER;" for table in tables)
    psql("ALTER TABLE people_binding DROP CONSTRAINT binding_overlap" if "NULL" in statement else "SELECT 1")
    psql(statement if "dated_put" in statement else off + statement)
    assert any(said in sentence for sentence in sentences()), sentences()


def test_an_account_that_nobody_made_is_named(county: FictionalCounty) -> None:
    User.objects.create(username="ghost", role=Role.SYSTEM, is_active=True)
    assert any("账号" in sentence and "没有任何决定说过它" in sentence for sentence in sentences())


def test_a_change_without_a_decision_is_named_and_with_one_it_is_not(county: FictionalCounty) -> None:
    account = User.objects.get(username="clerk")
    account.role = Role.EDITOR
    save_changes(account, actor="admin")
    assert sentences() == []
    User.objects.filter(pk=account.pk).update(role=Role.OFFICER)
    assert [s for s in sentences() if "和最后一次决定不符：角色" in s]


def test_an_audit_entry_of_a_decision_without_a_fact_is_named(county: FictionalCounty) -> None:
    record("officer", "card.bound", ZHANG.number)
    assert [s for s in sentences() if "是一项决定（card.bound），记录链里没有" in s]


def test_a_fact_that_nobody_wrote_off_is_named(county: FictionalCounty) -> None:
    double = StationDouble()
    double.enrol()
    fill(double)
    Fact.objects.filter(seq__in=(2, 3)).update(held_reason="unknown_kind")
    psql("DELETE FROM attendance_touch WHERE seq IN (2, 3)")
    write_off(Fact.objects.filter(seq=2), reason="坏了", actor="officer", at=timezone.now())
    assert not [s for s in sentences() if "ingest_writeoff" in s]
    WriteOff.objects.create(fact=Fact.objects.get(seq=3), at=timezone.now(), actor="officer", reason="坏了")
    assert [s for s in sentences() if "第 3 条（ingest_writeoff）：没有任何决定说过它不读" in s]


def test_a_corrected_run_of_the_county_s_clock_is_told_because_touches_are_dated_by_it(county: FictionalCounty) -> None:
    assert not [notice for notice in check_county().notices if "时钟" in notice]
    psql(
        """INSERT INTO fleet_clockrun (run, boot, began_ms, offset_ms, vouched, ahead_ms, noted_at)
        VALUES ('runrunru', 'boot', 0, 0, 2, -3600000, now())"""
    )
    assert [notice for notice in check_county().notices if "时钟有 1 段后来改正过，最多差 60 分钟" in notice]


def test_the_end_of_the_stream_cut_off_with_all_that_hangs_on_it_is_found_by_the_mark(
    county: FictionalCounty, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        report_lost(Card.objects.get(token=bytes(range(16))), actor="officer")
    cut = "DELETE FROM decisions_decidedrow WHERE fact_id IN (SELECT id FROM decisions_decidedfact WHERE seq = 7)"
    psql(cut)
    psql("DELETE FROM decisions_decidedfact WHERE seq = 7")
    psql("DELETE FROM audit_auditentry WHERE id = (SELECT max(id) FROM audit_auditentry)")
    psql("UPDATE decisions_countystream SET through = 6, head = (SELECT head FROM decisions_decidedfact WHERE seq = 6)")
    assert any("记录被截短" in sentence for sentence in sentences())
    (HOME.trust / "county-mark").unlink()


def test_content_may_be_gone_only_where_a_decision_says_so(county: FictionalCounty) -> None:
    person = county.people[ZHANG]
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(name="（已删除）")
        earlier = DecidedRow.objects.filter(table="people_person", row=str(person.pk), body__isnull=False)
        count = earlier.update(salt=None, body=None)
        said = Erased(table="people_person", ids=[str(person.pk)], contents=count)
        decide(record("service", "person.erased", str(person.pk)), said, [person])
    assert count == 1
    assert sentences() == []
    kept = DecidedRow.objects.filter(table="people_person").exclude(body=None).values_list("body", flat=True)
    assert all(ZHANG.name.encode() not in bytes(body or b"") for body in kept)


def test_a_row_that_a_decision_removed_may_be_gone(county: FictionalCounty) -> None:
    choose(county.stations[SHILI], "open_before_min", "", actor="operator", now=timezone.now())
    assert sentences() == []


def test_a_past_day_of_a_station_that_was_rewritten_is_found_by_its_manifest(county: FictionalCounty) -> None:
    store_stream(Station.objects.get(pk=SHILI), 5)
    make_due(HOME, now=timezone.now() + dt.timedelta(days=1))
    assert sentences() == []
    psql("UPDATE ingest_fact SET head = sha256('x') WHERE seq = 5")
    assert [s for s in sentences() if "第 2 号总账" in s and SHILI in s]


def test_the_nightly_check_raises_one_alarm_and_closes_it(county: FictionalCounty) -> None:
    now = timezone.now()
    assert check_and_tell(now) == ""
    psql("UPDATE accounts_user SET role = 'system' WHERE username = 'clerk'")
    assert check_and_tell(now)
    assert check_and_tell(now)
    alarm = Alarm.objects.get(code="county_record")
    assert (alarm.severity, alarm.count, alarm.resolved_at) == ("critical", 2, None)
    page = signed_in(AUDITOR).get("/record/").content.decode()
    assert "对不上" in page
    assert "和最后一次决定不符" in page
    psql("UPDATE accounts_user SET role = 'officer' WHERE username = 'clerk'")
    assert check_and_tell(now) == ""
    assert Alarm.objects.get(code="county_record").resolved_at is not None
    assert RecordCheck.objects.get().problem == ""


def test_the_page_is_the_auditor_s_alone_and_plain(county: FictionalCounty) -> None:
    check_and_tell(timezone.now())
    page = signed_in(AUDITOR).get("/record/").content.decode()
    assert "都对得上" in page
    assert "第 1 号" in page
    assert signed_in(COUNTY_OFFICER).get("/record/").status_code == 403


def test_the_page_of_a_new_county_says_that_there_is_nothing_yet() -> None:
    make_county()
    assert "还没有记录" in signed_in(AUDITOR).get("/record/").content.decode()


def test_a_decision_without_a_kind_of_its_own_is_checked_like_any_other(county: FictionalCounty) -> None:
    with transaction.atomic():
        decide(record("officer", "noun.verb", "示例"), DecidedKind(action="noun.verb", subject="示例"))
    assert sentences() == []
