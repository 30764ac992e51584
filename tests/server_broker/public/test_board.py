"""The public board of a village: what the county lets it show, to whom, and how often."""

import datetime as dt
import html
import re

import pytest
from django.utils import timezone

from server_broker.attendance.models import DaysKind, Marks
from server_broker.compliance.switches import agree, ask, turn_off
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.feedback.models import HelpContact
from server_broker.fleet.models import StationStatus
from server_broker.public import board
from server_broker.public.board import KEPT_S, MOST_OF_A_NETWORK, KeptBoards, Readers
from server_broker.regions.models import Region
from server_broker.today.board import Board
from server_broker.twin.desired import build
from tests.cast import LI, SHILI, SHILI_VILLAGE, TOWNSHIP, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, touch
from tests.server_broker.public.door import telephone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
NOW = timezone.now()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has read a board yet, and none is kept."""
    monkeypatch.setattr(board, "readers", Readers())
    monkeypatch.setattr(board, "kept_boards", KeptBoards())


@pytest.fixture
def watch(county: FictionalCounty) -> None:
    """Zhang and Li are on duty all day."""
    today = timezone.localdate()
    terms = Terms("值守", [], 0, 1440, [], days=DaysKind.NAMED, marks=Marks.ARRIVAL)
    made = add_window(Region.objects.get(pk=SHILI_VILLAGE), terms, since=today, actor=BY)
    crew = Crew(frozenset(county.people[cadre].pk for cadre in (ZHANG, LI)))
    name_days(made, {today: crew}, actor=BY)


def turn_on(*codes: str) -> None:
    for code in codes:
        ask(code, reason="村民代表会议定的", actor="wu-yunwei", at=NOW)
        agree(code, reason="会议纪要第 3 号", actor="wei-zuzhi", at=NOW)


def shown(code: str = SHILI_VILLAGE) -> str:
    answer = telephone().get(f"/b/{code}/")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def test_nothing_is_shown_until_two_people_have_decided_it(watch: None) -> None:
    places = (SHILI_VILLAGE, "990101009009", TOWNSHIP)
    answers = [telephone().get(f"/b/{code}/") for code in places]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.content for answer in answers}) == 1
    turn_on("duty_board_presence")
    assert telephone().get(f"/b/{SHILI_VILLAGE}/").status_code == 404
    turn_on("duty_board_names")
    assert [telephone().get(f"/b/{code}/").status_code for code in places] == [200, 404, 404]
    turn_off("duty_board_names", reason="群众有意见", actor="wei-zuzhi", at=NOW)
    assert telephone().get(f"/b/{SHILI_VILLAGE}/").status_code == 404


def test_names_alone_say_nothing_of_who_is_there(watch: None, county: FictionalCounty) -> None:
    touch(county.stations[SHILI], ZHANG.token, at=timezone.now())
    turn_on("duty_board_names")
    said = shown()
    assert f"{ZHANG.name} 到 24:00" in said
    assert f"{LI.name} 到 24:00" in said
    assert "在岗" not in said
    assert "现在没有人值班" in shown(YANGBAN_VILLAGE)


def test_presence_is_shown_where_the_county_says_so(watch: None, county: FictionalCounty) -> None:
    StationStatus.objects.update(online=False, vitals_at=None)
    touch(county.stations[SHILI], ZHANG.token, at=timezone.now())
    turn_on("duty_board_names", "duty_board_presence")
    said = shown()
    assert f"{ZHANG.name} 到 24:00 ● 在岗" in said
    assert re.search(f"{LI.name} 到 24:00 (还没到|不清楚)", said)


def test_who_is_on_leave_is_not_on_it_and_nothing_else_of_a_person_is(watch: None, county: FictionalCounty) -> None:
    absence = Absence.objects.create(person=county.people[LI], kind=AbsenceKind.LEAVE)
    around = Period(NOW - dt.timedelta(days=2), NOW + dt.timedelta(days=2))
    put(AbsenceRecord, [absence.pk], around, {"code": "sick"}, actor=BY)
    HelpContact.objects.create(region_id=TOWNSHIP, name="示例镇值班室", phone="0990-1234567")
    turn_on("duty_board_names", "duty_board_presence")
    said = shown()
    assert LI.name not in said
    assert "病假" not in said
    assert ZHANG.number not in said.replace("990101001001", "")
    assert "打电话 0990-1234567" in said


def test_a_network_reads_so_many_in_a_minute() -> None:
    now = [0.0]
    readers = Readers(clock=lambda: now[0])
    allowed = [readers.may_read("10.0.0.0/24") for _ in range(MOST_OF_A_NETWORK + 1)]
    assert (allowed.count(True), allowed[-1]) == (MOST_OF_A_NETWORK, False)
    assert readers.may_read("10.0.1.0/24")
    now[0] = 60.0
    assert readers.may_read("10.0.0.0/24")


def test_who_reads_too_often_is_told_to_wait(watch: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MOST_OF_A_NETWORK", 1)
    assert telephone().get(f"/b/{SHILI_VILLAGE}/").status_code == 404
    answer = telephone().get(f"/b/{SHILI_VILLAGE}/")
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")


def test_a_board_is_kept_for_a_few_seconds() -> None:
    now, made = [0.0], []
    kept = KeptBoards(clock=lambda: now[0])

    def reckon() -> Board:
        made.append(Board("示例村", NOW, [], [], "", ""))
        return made[-1]

    assert kept.board((SHILI_VILLAGE, False), reckon) is kept.board((SHILI_VILLAGE, False), reckon)
    assert len(made) == 1
    kept.board((SHILI_VILLAGE, True), reckon)
    now[0] = KEPT_S
    kept.board((SHILI_VILLAGE, False), reckon)
    assert len(made) == 3


def test_a_kiosk_shows_just_what_the_front_door_shows(county: FictionalCounty) -> None:
    def told() -> str:
        return build(county.stations[SHILI], version=1, now=NOW).duty_board

    found = [told()]
    for code in ("duty_board_names", "duty_board_presence"):
        turn_on(code)
        found.append(told())
    turn_off("duty_board_names", reason="村民代表会议又议过", actor="wei-zuzhi", at=NOW)
    assert [*found, told()] == ["nothing", "names", "presence", "nothing"]
