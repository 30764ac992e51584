"""Whoever asks for a correction at the same moment as another, or while its month is closed, is told what holds."""

import datetime as dt
import threading

import pytest
from django.db import connections, transaction

from server_broker.closing.closing import close_month, show_month
from server_broker.people.models import Person
from server_broker.requests.models import CountyRequest
from server_broker.requests.refused import RequestRefused
from tests.server_broker.closing.corrections import asks, wish
from tests.server_broker.closing.lived_month import MAY_CLOSE, MONTH, SHOWN_AT, LivedMonth, officer, village
from tests.server_broker.county import FictionalCounty
from tests.server_broker.races import at_once, wait_until_blocked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("li")]


def test_of_two_who_ask_the_same_at_the_same_moment_one_is_told(county: FictionalCounty) -> None:
    with transaction.atomic():
        lived = LivedMonth(county)

    def asks_it(_: int) -> str:
        try:
            return asks(lived.li, wish(lived)).number
        except RequestRefused as refusal:
            return str(refusal)

    said = at_once(asks_it, held_by=lambda: Person.objects.select_for_update().get(pk=lived.li.pk), count=3)
    one = CountyRequest.objects.get()
    assert sorted(said, key=len)[0] == one.number
    assert all(f"已经提过 {one.number} 号补卡" in word for word in sorted(said, key=len)[1:])


def test_who_asks_while_the_month_is_closed_waits_and_is_told(county: FictionalCounty) -> None:
    with transaction.atomic():
        lived = LivedMonth(county)
    show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    said: list[str] = []

    def asks_it() -> None:
        try:
            said.append(asks(lived.zhang, wish(lived), MAY_CLOSE + dt.timedelta(seconds=1)).number)
        except RequestRefused as refusal:
            said.append(str(refusal))
        finally:
            connections.close_all()

    thread = threading.Thread(target=asks_it)
    with transaction.atomic():
        close_month(village(), MONTH, by=officer(), known=MAY_CLOSE)
        thread.start()
        wait_until_blocked(1)
    thread.join(60)
    assert said == ["3月的考勤表 4月7日 已经定稿，不能再补卡；不对的地方可以提异议"]
    assert not CountyRequest.objects.exists()
