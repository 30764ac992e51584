"""Of two officers who confirm at once, one is told that it is too late, and nothing is overwritten."""

import datetime as dt
import threading
from typing import Any, NamedTuple

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from server_broker.attendance.models import WindowRecord
from server_broker.console import deciding
from server_broker.dated.locking import WRITERS
from server_broker.people.models import Binding, HoldingRecord, PersonRecord, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from tests.cast import LI, OPERATOR, OTHER_OPERATOR, SHILI_VILLAGE, ZHANG
from tests.server_broker.console.test_dated_pages import ask, day, hidden_fields, text
from tests.server_broker.county import FictionalCounty, make_county, signed_in, window

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (PersonRecord, Binding, HoldingRecord, WindowRecord)


class Pair(NamedTuple):
    """Where both send what they ask for, and the words that the second one gets."""

    address: str
    one: dict[str, Any]
    other: dict[str, Any]
    words: str


def pairs(county: FictionalCounty) -> list[Pair]:
    zhang, li, today = county.people[ZHANG], county.people[LI], timezone.localdate()
    village = Region.objects.get(pk=SHILI_VILLAGE)
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor="service")
    holding = give_post(zhang, branch, "书记", since=today, actor="service")
    morning = window(SHILI_VILLAGE, "上午", [zhang, li])
    evening = window(SHILI_VILLAGE, "晚班", [zhang, li], start=1200, end=1300)
    terms = {"day": day(), "name": "上午", "weekdays": "1-5", "start": "08:00", "people": [zhang.pk]}
    person, card = f"/people/{zhang.pk}/change/", f"/cards/{county.cards[ZHANG].pk}/change/"
    post = {"act": "post", "unit": branch.pk, "title": "委员", "day": day()}
    end, ended = {"act": "end", "day": day()}, {"state": "ended", "day": day()}
    first, second = ({"act": "change", "day": day(), "name": name} for name in ("张一", "张二"))
    leaves = {"act": "leave", "day": day()}
    return [
        Pair(f"/windows/{morning.pk}/change/", terms | {"end": "11:00"}, terms | {"end": "10:00"}, "再核对一次"),
        Pair(f"/windows/{evening.pk}/change/", end, end, "已经办过结束"),
        Pair(person, first, second, "再核对一次"),
        Pair(person, post, post, "已经任这个职务"),
        Pair(f"/holdings/{holding.pk}/change/", ended, ended, "那一天不任这个职务"),
        Pair(card, {"act": "take", "to": "a2"}, {"act": "lost"}, "再核对一次"),
        Pair(f"/cards/{county.cards[LI].pk}/change/", {"act": "end"}, {"act": "end"}, "现在没有人用"),
        Pair(person, leaves, leaves, "已经离开"),
    ]


def contents() -> dict[tuple[str, int], dict[str, Any]]:
    """Return what every dated row says, without when it was superseded."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for model in TABLES:
        for row in model.objects.values():
            found[model.__name__, row["id"]] = {name: value for name, value in row.items() if name != "superseded_at"}
    return found


def confirm_at_once(asked: list[tuple[Any, str, dict[str, list[str]]]]) -> list[str]:
    """Have each browser send its confirmation at the same moment, and return what they got."""
    ready, got = threading.Barrier(len(asked)), []

    def send(page: Any, address: str, fields: dict[str, list[str]]) -> None:
        try:
            ready.wait(20)
            got.append(text(page.post(address, fields, follow=True)))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=one) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return got


def test_of_two_officers_at_once_one_is_told_and_nothing_is_overwritten() -> None:
    county = make_county()
    county.add(LI)
    pages = [signed_in(OPERATOR), signed_in(OTHER_OPERATOR)]
    for pair in pairs(county):
        before = contents()
        asked = [
            (page, pair.address, hidden_fields(ask(page, pair.address, **values), pair.address))
            for page, values in zip(pages, (pair.one, pair.other), strict=True)
        ]
        got = confirm_at_once(asked)
        assert sorted("，已记录" in answer for answer in got) == [False, True], pair
        [told] = [answer for answer in got if "，已记录" not in answer]
        assert "没有改动：" in told, pair
        assert pair.words in told, pair
        after = contents()
        assert {key: after[key] for key in before} == before, pair
        assert len(after) > len(before), pair


def test_who_confirms_while_a_long_import_records_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    county, page = make_county(), signed_in(OPERATOR)
    monkeypatch.setattr(deciding, "PATIENCE", dt.timedelta(milliseconds=50))
    address = f"/people/{county.people[ZHANG].pk}/change/"
    fields = hidden_fields(ask(page, address, act="change", day=day(), name="张改名"), address)
    info = connection.connection.info
    with psycopg.connect(host=info.host, dbname=info.dbname, user=info.user, port=info.port) as recording:
        recording.execute("SELECT pg_advisory_xact_lock_shared(%s)", [WRITERS])
        assert "没有改动：同时有人在修改" in text(page.post(address, fields, follow=True))
    assert "，已记录" in text(page.post(address, fields, follow=True))
