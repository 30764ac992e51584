"""代别人提: what is refused comes back as the officer filled it in."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.duty.models import Absence
from server_broker.people.models import Person
from server_broker.requests.models import CountyRequest
from tests.cast import SECRETARY, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.console.test_settled_window_page import every_day
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.requests.asked_here import MONDAY, approves, asks, days, duty

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    return county.people[ZHANG]


def refused(kind: str, **fields: str) -> str:
    """Send a form that is refused and return the page that comes back."""
    answer = signed_in(TOWNSHIP_OFFICER).post("/todo/add/", {"person": ZHANG.number, "kind": kind, **fields})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "没有提：" in html
    assert f'name="kind" value="{kind}"' in html
    assert f'<a href="/todo/new/?person={ZHANG.number}&amp;kind={kind}' in html
    return html


def selected(html: str, field: str) -> str:
    """Return the value that is chosen in a list."""
    return (
        html.split(f'id="{field}"')[1]
        .split("</select>", maxsplit=1)[0]
        .split('" selected', maxsplit=1)[0]
        .rsplit('"', 1)[1]
    )


def test_a_correction(county: FictionalCounty) -> None:
    turn = f"{every_day(county).pk}:{timezone.localdate() - 40 * DAY}"
    html = refused("correction", turn=turn, mark="departure", time="早上", none="", note="忘了刷卡，李示例在场")
    assert "请填几点，例如 08:25" in html
    assert (selected(html, "turn"), selected(html, "mark")) == (turn, "departure")
    assert 'name="time" type="text" value="早上"' in html
    assert ">忘了刷卡，李示例在场</textarea>" in html
    assert 'name="none" value="yes">' in html
    assert 'name="none" value="yes" checked>' in refused("correction", turn=turn, mark="arrival", none="yes", note="短")
    assert not CountyRequest.objects.exists()


def test_a_time_is_taken_as_people_type_it(county: FictionalCounty) -> None:
    window, today = every_day(county), timezone.localdate()
    for back, typed in enumerate(("08：25", "0825", "8点25分"), 2):
        form = {"person": ZHANG.number, "kind": "correction", "turn": f"{window.pk}:{today - back * DAY}"}
        signed_in(TOWNSHIP_OFFICER).post("/todo/add/", form | {"mark": "arrival", "time": typed, "note": "忘了刷卡"})
    times = [timezone.localtime(one.mark_at).time() for one in CountyRequest.objects.all() if one.mark_at]
    assert times == [dt.time(8, 25)] * 3


def test_an_absence(county: FictionalCounty) -> None:
    duty(county.people[ZHANG])
    dates = {"from": str(MONDAY), "to": str(MONDAY - DAY)}
    for kind in ("leave", "field_duty", "residency"):
        html = refused(kind, code="sick", part="pm", to_part="am", note="头疼，在家", **dates)
        assert all(f'name="{name}" type="date" value="{day}"' in html for name, day in dates.items())
        assert (selected(html, "part"), selected(html, "to_part")) == ("pm", "am")
        assert ">头疼，在家</textarea>" in html
        assert kind != "leave" or selected(html, "code") == "sick"


def test_a_swap_and_an_objection(zhang: Person) -> None:
    turn = f"{duty(zhang).pk}:{MONDAY}"
    html = refused("swap", turn=turn, substitute="没有的人", note="家里有事")
    assert selected(html, "turn") == turn
    assert 'type="text" value="没有的人"' in html
    assert ">家里有事</textarea>" in html
    assert ">不对</textarea>" in refused("objection", turn=turn, note="不对")


def test_coming_back_and_a_lost_card(zhang: Person) -> None:
    now = timezone.now()
    for day in (0, 2):
        approves(SECRETARY, asks(zhang, days(day), at=now), at=now)
    first = Absence.objects.earliest("pk")
    html = refused("leave_ended", absence=str(first.pk), back="昨天", note="回来了呀")
    assert f'value="{first.pk}" required checked' in html
    assert html.count(" required checked") == 1
    assert ">回来了呀</textarea>" in html
    signed_in(TOWNSHIP_OFFICER).post("/todo/add/", {"person": ZHANG.number, "kind": "card_lost"})
    assert ">卡找不到了</textarea>" in refused("card_lost", note="卡找不到了")
