"""What the API's lists say: what pages say, as of a time, in pages that do not shift."""

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from protocol.china_time import CHINA
from server_broker.api.due import word_of
from server_broker.api_tokens.models import ApiUse
from server_broker.api_tokens.resources import RESOURCES
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period
from server_broker.duty.reading import Asked, turns_in
from server_broker.duty.reasons import Reason
from server_broker.people.cards import report_lost
from server_broker.people.changes import change_person
from server_broker.people.models import Person, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.requests.answering import answer
from server_broker.requests.models import Answer, CountyRequest, Outcome
from server_broker.settling.moments import minute
from server_broker.workdays.notices import set_notice
from tests.cast import (
    COUNTY,
    CROWD,
    OPERATOR,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    UNKNOWN_CARD,
    WANG,
    YANGBAN,
    ZHANG,
)
from tests.server_broker.api.program import Program
from tests.server_broker.county import FictionalCounty, api_token, requested, signed_in, touch, window
from tests.server_broker.pages import text_of
from tests.server_broker.settling.kept_rows import settled_row

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+08:00")


@pytest.fixture
def program(county: FictionalCounty) -> Program:
    return Program(api_token(OPERATOR).text)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


def of_today(**more: str) -> dict[str, str]:
    day = timezone.localdate()
    return {"since": str(day), "until": str(day + dt.timedelta(days=1))} | more


def test_people_have_their_posts_with_dates(program: Program, county: FictionalCounty) -> None:
    branch = make_unit("示例村党支部", UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor="service")
    first, last = timezone.localdate(), timezone.localdate() + dt.timedelta(days=30)
    give_post(county.people[ZHANG], branch, "书记", since=first, until=last, actor="service")
    zhang = only(program.rows("people", region=SHILI_VILLAGE))
    assert (zhang["number"], zhang["name"], zhang["type"]) == (ZHANG.number, ZHANG.name, "cadre")
    assert (zhang["region"]["code"], zhang["left"]) == (SHILI_VILLAGE, False)
    post = only(zhang["posts"])
    assert (post["title"], post["unit_name"], post["state"]) == ("书记", "示例村党支部", "held")
    assert post["since"] == begin_of(first).astimezone(CHINA).isoformat()
    assert post["until"] == begin_of(last + dt.timedelta(days=1)).astimezone(CHINA).isoformat()
    unit = only(program.rows("units"))
    assert (unit["name"], unit["kind"], unit["region"]["code"]) == ("示例村党支部", "branch", SHILI_VILLAGE)
    assert unit["posts"] == [{"id": post["post"], "title": "书记"}]


def test_a_touch_counts_as_the_page_says(program: Program, county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    touch(station, ZHANG.token, seq=1, direction="in", chosen_direction="out")
    touch(station, ZHANG.token, seq=2, answer="repeat")
    touch(station, UNKNOWN_CARD, seq=3)
    touch(station, ZHANG.token, seq=4, wall=timezone.now(), quality="unknown")
    rows = program.rows("touches", **of_today())
    assert [(row["outcome"], row["counts"]) for row in rows] == [
        ("recorded", True),
        ("repeat", False),
        ("unknown", False),
        ("recorded", True),
    ]
    assert [row["direction"] for row in rows][:2] == ["out", "in"]
    assert [row["dated"] for row in rows] == [True, True, True, False]
    assert rows[0]["person"] == {"id": county.people[ZHANG].pk, "number": ZHANG.number, "name": ZHANG.name}
    assert rows[2]["person"] is None
    page = text_of(signed_in(OPERATOR), "/today/")
    assert "1 次重复" in page
    assert "1 次待核对" in page
    report_lost(county.cards[ZHANG], actor="service", since=begin_of(timezone.localdate()))
    assert {row["outcome"] for row in program.rows("touches", **of_today())} == {"lost", "unknown"}


def test_requests_come_with_their_answers(program: Program, county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    made = requested(station, touch(station, ZHANG.token))
    begun = timezone.now()
    assert only(program.rows("requests"))["state"] == "open"
    answer(made, Outcome.ACCEPTED, text="核对过了，同意更正", actor="service", at=begun)
    row = only(program.rows("requests", updated_since=begun.isoformat()))
    assert (row["state"], row["person"]["number"], row["kind"]) == ("accepted", ZHANG.number, "objection")
    assert only(row["answers"])["text"] == "核对过了，同意更正"
    assert row["about_touch"] == only(program.rows("touches", **of_today()))["id"]
    assert program.rows("requests", updated_since=(timezone.now() + dt.timedelta(hours=1)).isoformat()) == []


def test_windows_say_who_is_named(program: Program, county: FictionalCounty) -> None:
    made = window(SHILI_VILLAGE, "上午", list(county.people.values()))
    row = only(program.rows("windows"))
    assert (row["id"], row["name"], row["weekdays"]) == (made.pk, "上午", [1, 2, 3, 4, 5])
    assert (row["start_minute"], row["end_minute"]) == (480, 720)
    assert len(row["people"]) == 2
    narrow = Program(api_token(OPERATOR, "windows", region=TOWNSHIP, name="镇里的").text)
    row = only(narrow.rows("windows"))
    assert [one["number"] for one in row["people"]] == [ZHANG.number]
    assert row["people_elsewhere"] == 1


def test_who_is_due_and_why(program: Program, county: FictionalCounty) -> None:
    monday = timezone.localdate() + dt.timedelta(days=7 - timezone.localdate().weekday())
    window(SHILI_VILLAGE, "上午", list(county.people.values()))
    asked = {"region": SHILI_VILLAGE, "first": str(monday), "last": str(monday + dt.timedelta(days=6))}
    rows = program.rows("due", **asked)
    assert len({row["day"] for row in rows}) == 5
    turns = turns_in([Region.objects.get(pk=SHILI_VILLAGE).identity], Asked(monday, monday + dt.timedelta(days=6)))
    assert {(row["day"], row["person"]["id"], row["due"]) for row in rows} == {
        (str(turn.day), turn.person, turn.due) for turn in turns
    }
    assert program.rows("due", **asked, limit="3") == rows
    on = next(row for row in rows if row["due"])
    assert (on["begin"], on["end"]) == (f"{on['day']}T08:00:00+08:00", f"{on['day']}T12:00:00+08:00")
    day = dt.date.fromisoformat(on["day"])
    township = Region.objects.get(pk=TOWNSHIP)
    set_notice(township, Period(begin_of(day), end_of(day)), "防汛停班", actor="service")
    off, _ = program.rows("due", region=SHILI_VILLAGE, first=str(day), last=str(day))
    assert (off["due"], off["begin"], off["end"], off["why"][0]) == (False, None, None, "stopped")
    narrow = Program(api_token(OPERATOR, "due", region=TOWNSHIP, name="镇里的").text)
    assert {row["is_elsewhere"] for row in narrow.rows("due", **asked) if row["person"] is None} == {True}
    assert program.status("due", **asked | {"last": str(monday + dt.timedelta(days=31))}) == 422
    assert program.status("due", region=SHILI_VILLAGE) == 422
    known = set(re.findall(r"`([a-z_]+)`", PAGE.partition("`why` of a row")[2].partition("## When")[0]))
    assert known == {word_of(kind) for kind in get_args(Reason.__value__)}


def test_what_is_asked_for_in_the_county_comes_with_its_decision(program: Program, county: FictionalCounty) -> None:
    now = timezone.now()
    made = CountyRequest.objects.create(
        request=bytes(16),
        number="A1",
        person=county.people[ZHANG],
        kind="leave",
        asked_at=now,
        asked_by="x",
        note="私事",
    )
    assert only(program.rows("county_requests"))["state"] == "open"
    Answer.objects.create(asked=made, outcome=Outcome.ACCEPTED, text="同意", at=now, actor="y", step=1)
    row = only(program.rows("county_requests", updated_since=now.isoformat()))
    assert (row["state"], row["by_proxy"], row["person"]["number"]) == ("accepted", True, ZHANG.number)
    assert (only(row["answers"])["step"], only(row["answers"])["is_last"]) == (1, True)
    assert "私事" not in json.dumps(row, ensure_ascii=False)


def test_a_question_as_of_a_time_is_answered_by_what_held_and_was_known_then(
    program: Program, county: FictionalCounty
) -> None:
    today, before = timezone.localdate(), timezone.now()
    later = str(today + dt.timedelta(days=9))
    change_person(
        county.people[ZHANG], since=today + dt.timedelta(days=1), actor="service", reason="改名了", name="张改名"
    )

    def name(**asked: str) -> str:
        return str(only(program.rows("people", region=SHILI_VILLAGE, **asked))["name"])

    assert name() == ZHANG.name
    assert name(as_of=later) == "张改名"
    assert name(as_of=later, known=before.isoformat()) == ZHANG.name
    assert program.rows("people", as_of="2020-01-01") == [], "nobody was on file"


def test_pages_hold_what_is_asked_and_do_not_shift(program: Program, county: FictionalCounty) -> None:
    for place, name in enumerate(CROWD):
        Person.objects.create(number=f"c{place}", name=name, village_id=SHILI_VILLAGE)
    first = program.page("people", limit="4", region=TOWNSHIP)
    assert len(first["rows"]) == 4
    for kept in ("as_of=", "known=", f"region={TOWNSHIP}", "limit=4"):
        assert kept in first["next"]
    Person.objects.create(number="d1", name="新示例", village_id=SHILI_VILLAGE)
    rows = program.rows("people", limit="4", region=TOWNSHIP)
    assert len({row["id"] for row in rows}) == len(rows) == len(CROWD) + 2
    assert program.status("people", limit="201") == 422
    assert program.status("people", limit="0") == 422


def test_a_touch_that_comes_while_pages_are_turned_is_for_the_next_time(
    program: Program, county: FictionalCounty
) -> None:
    station = county.stations[SHILI]
    made = [touch(station, ZHANG.token, seq=seq).pk for seq in range(1, 6)]
    long_ago = touch(station, ZHANG.token, seq=8, at=timezone.now() - dt.timedelta(days=40))
    page = program.page("touches", **of_today(limit="2"))
    touch(station, ZHANG.token, seq=9)
    rest = program.rows(page["next"])
    assert [row["id"] for row in (*page["rows"], *rest)] == made
    assert len(program.rows("touches", **of_today(limit="2"))) == 6
    day = timezone.localdate(long_ago.wall)
    asked = {"since": str(day), "until": str(day + dt.timedelta(days=1))}
    assert [row["id"] for row in program.rows("touches", **asked)] == [long_ago.pk]
    assert program.rows("touches", since="2020-01-01", until="2020-01-31") == []


def test_the_number_of_queries_does_not_grow_with_the_rows(program: Program, county: FictionalCounty) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            for resource in ("people", "windows", "requests"):
                program.page(resource)
            program.page("touches", **of_today())
            program.page("results", **of_month())
        return len(caught)

    def more(times: int) -> None:
        station = county.stations[SHILI]
        for place in range(times):
            requested(station, touch(station, ZHANG.token, seq=100 + place))
            window(SHILI_VILLAGE, f"第{place}班{times}", [county.people[ZHANG]])
            awaited = [[SHILI, minute(timezone.now())]]
            settled_row(county.people[ZHANG], timezone.localdate(), start=place + 100 * times, awaited=awaited)

    more(1)
    queries()  # the first of a day in the audit log
    once = queries()
    more(5)
    assert queries() == once


def test_only_what_changed(program: Program, county: FictionalCounty) -> None:
    begun = timezone.now() + dt.timedelta(hours=1)
    for resource in ("regions", "people", "windows", "units"):
        assert program.rows(resource, updated_since=begun.isoformat()) == []
    assert program.rows("people", updated_since=str(timezone.localdate() - dt.timedelta(days=1)))
    assert {row["code"] for row in program.rows("regions", region=TOWNSHIP)} == {
        TOWNSHIP,
        SHILI_VILLAGE,
        "990101001002",
    }
    assert program.status("regions", region=COUNTY) == 200


def test_every_time_is_local_with_its_offset(program: Program, county: FictionalCounty) -> None:
    requested(county.stations[YANGBAN], touch(county.stations[YANGBAN], UNKNOWN_CARD))
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    for resource, query in (("people", {}), ("windows", {}), ("touches", of_today()), ("requests", {})):
        said = json.dumps(program.rows(resource, **query))
        times = re.findall(r'"(\d{4}-[^"]*)"', said)
        assert times
        assert [one for one in times if not RFC_3339.fullmatch(one)] == []


def test_what_cannot_be_read_is_named_and_not_passed_over(program: Program) -> None:
    day = str(timezone.localdate())
    for query, named in (
        ({"as_off": day}, "as_off"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": f"{day}T08:00:00"}, "as_of"),
        ({"as_of": "0001-01-01T00:00:00Z"}, "as_of"),
        ({"known": "2099-01-01"}, "known"),
        ({"region": "示例村"}, "region"),
        ({"after": "9" * 30}, "after"),
    ):
        status, sentence = program.refusal("people", **query)
        assert (status, named in sentence) == (422, True), query
    assert program.status("people", as_of="2026-03-01T00:00:00 08:00") == 200, "a plus sign that became a space"
    assert program.refusal("touches")[0] == 422
    assert program.refusal("touches", since="2026-01-01", until="2026-03-01") == (422, "until 要晚于 since，最多 31 天")
    assert program.status("touches", since="2026-01-02", until="2026-01-01") == 422


def test_what_is_read_is_counted_and_the_first_of_a_day_is_in_the_audit_log(county: FictionalCounty) -> None:
    given = api_token(OPERATOR, "people", "regions")
    program = Program(given.text)
    for _ in range(3):
        program.page("people")
    program.page("regions")
    program.status("touches", **of_today())
    uses = ApiUse.objects.order_by("resource").values_list("resource", "day", "requests", "rows")
    today = timezone.localdate()
    assert list(uses) == [("people", today, 3, 6), ("regions", today, 1, 6)]
    entries = AuditEntry.objects.filter(action="api.read").order_by("subject")
    assert [(one.actor, one.subject) for one in entries] == [
        (f"token:{given.token.pk}", "people"),
        (f"token:{given.token.pk}", "regions"),
    ]


def test_no_answer_has_what_no_program_may_have(program: Program, county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    requested(station, touch(station, ZHANG.token), note="请打13800000000", substitute="b1")
    said = "".join(
        program.ask(resource, **(of_today() if resource == "touches" else {})).content.decode()
        for resource in ("people", "touches", "requests", "windows")
    )
    for secret in (ZHANG.token.hex(), ZHANG.token.decode(), f'"{ZHANG.tail}"', "13800000000", "card_token", "phone"):
        assert secret not in said


def test_the_openapi_document_is_local_and_whole(program: Program) -> None:
    document = Client().get("/api/v1/openapi.json").json()
    assert set(document["paths"]) == {f"/api/v1/{name}" for name in RESOURCES}
    assert {method for path in document["paths"].values() for method in path} == {"get"}
    assert "://" not in json.dumps(document), "nothing leads to another host"
    assert Client().get("/api/v1/docs").status_code == 404


def test_a_county_that_nobody_reads_does_not_load_the_library() -> None:
    code = (
        "import server_broker.asgi, sys; from django.test import Client; from django.urls import reverse; "
        "reverse('home'); Client().get('/api/v1/people', headers={'host': '127.0.0.1'}); "
        "print(sorted({'ninja', 'pydantic'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def of_month(**more: str) -> dict[str, str]:
    return {"month": f"{timezone.localdate():%Y-%m}"} | more


def test_results_say_line_reason_and_what_is_awaited(program: Program, county: FictionalCounty) -> None:
    day, now = timezone.localdate(), timezone.now()
    reason = f"8:20 到；没有下班卡；站点 {SHILI} 的记录只到 9:15，要齐到 15:00。"
    facts = [[SHILI, "00" * 16, 7], [YANGBAN, "00" * 16, 8]]
    awaited = [[SHILI, minute(now)], [YANGBAN, minute(now), "00" * 16, 9]]
    row = settled_row(
        county.people[ZHANG], day, "未", line="7", reason=reason, facts=facts, awaited=awaited, flags="补", late=3
    )
    one = only(program.rows("results", **of_month()))
    assert (one["id"], one["person"]["number"], one["region"]["code"]) == (row.pk, ZHANG.number, SHILI_VILLAGE)
    assert (one["day"], one["start_minute"], one["result"], one["line"]) == (str(day), 510, "未", "7")
    assert one["reason"] == "8:20 到；没有下班卡；示例村站点的记录只到 9:15，要齐到 15:00。"
    assert (one["flags"], one["late_minutes"], one["share"]) == (["补"], 3, "1/1")
    assert [fact["station"] for fact in one["facts"]] == [SHILI, YANGBAN]
    since = now.replace(second=0, microsecond=0).astimezone(CHINA).isoformat()
    assert one["awaited"][0] == {
        "station": SHILI, "where": "示例村", "since": since, "fact": None, "is_fact": False,
    }  # fmt: skip
    assert (one["awaited"][1]["is_fact"], one["awaited"][1]["fact"]["seq"]) == (True, 9)
    # A token of the township names no station of another one.
    narrow = Program(api_token(OPERATOR, "results", region=TOWNSHIP, name="镇里的").text)
    one = only(narrow.rows("results", **of_month()))
    assert [fact["station"] for fact in one["facts"]] == [SHILI]
    assert (one["awaited"][1]["station"], one["awaited"][1]["where"], one["awaited"][1]["fact"]) == (
        None, "样板村", None,
    )  # fmt: skip


def test_results_are_asked_for_by_person_time_and_as_they_stood(program: Program, county: FictionalCounty) -> None:
    day, now = timezone.localdate(), timezone.now()
    hour = dt.timedelta(hours=1)
    old = {"settled_at": now - 3 * hour, "known_at": now - 3 * hour, "superseded_at": now - hour}
    settled_row(county.people[ZHANG], day, "未", line="7", **old)
    settled_row(county.people[ZHANG], day, "√", settled_at=now - hour)
    settled_row(county.people[WANG], day, "旷", line="10", settled_at=now - 5 * hour)
    zhang = str(county.people[ZHANG].pk)
    assert [row["result"] for row in program.rows("results", **of_month(person=zhang))] == ["√"]
    stood = program.rows("results", **of_month(person=zhang, known=(now - 2 * hour).isoformat()))
    assert [row["result"] for row in stood] == ["未"]
    late = program.rows("results", **of_month(updated_since=(now - 2 * hour).isoformat()))
    assert [row["result"] for row in late] == ["√"]
    pages = program.page("results", **of_month(limit="1"))
    assert len(pages["rows"]) == 1
    assert pages["next"]
    assert len(program.rows("results", **of_month(limit="1"))) == 2
    for wrong in ({}, {"month": "2026-13"}, {"month": "2026-03", "person": "x"}, of_month(first="2026-03-01")):
        assert program.status("results", **wrong) == 422, wrong
