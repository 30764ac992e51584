"""The county put its clock right, and what hangs on it waits to be dated: settling takes none of its times as sound."""

import datetime as dt
import os

import pytest
from django.db import transaction

from protocol.facts import Booted, ClockCorrected
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.models import Touch as TouchRow
from server_broker.fleet.clock_runs import note_run
from server_broker.ingest.clock_corrections import correct_runs
from server_broker.ingest.models import DatingDue
from server_broker.platform.county_clock import BY_HAND, CountyClockRun
from server_broker.settling import due
from server_broker.settling.changes import mark_boots
from server_broker.settling.due import Marks
from server_broker.settling.models import SettleDue
from server_broker.settling.whereabouts import Whereabouts
from tests.cast import ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.late_dating import date_all_due
from tests.server_broker.settling.lived import MONDAY, LivedStation, announced, at, morning, ms, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("window")]

AHEAD = dt.timedelta(days=4)
FRIDAY = MONDAY + AHEAD
LATER = at(MONDAY + dt.timedelta(days=10), 20)
RUN = b"run-bad-"


@pytest.fixture
def zhang(county: FictionalCounty) -> str:
    return str(county.people[ZHANG].pk)


@pytest.fixture
def window(county: FictionalCounty) -> DutyWindow:
    announced()
    return morning(county.people[ZHANG])


@pytest.fixture
def shili(county: FictionalCounty, monkeypatch: pytest.MonkeyPatch) -> LivedStation:
    """It was told the time four days ahead, the county knows that since, and has not dated its touches anew."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)
    station = LivedStation()
    station.send(at(MONDAY, 6))
    station.boot = os.urandom(16)
    began, told = (station.moment(at(MONDAY, 7, n), "unknown", at(MONDAY, 7, n) + AHEAD) for n in (0, 1))
    station.add(
        Booted(at=began, cause="power_on", software="0.1.0"),
        ClockCorrected(
            at=told, boot=told.boot, mono=told.mono, wall=told.wall, source="county", before="unknown", clock_run=RUN
        ),
    )
    station.quality = "synced"
    for hour, minute in ((8, 20), (12, 5)):
        station.touched(ZHANG.token, at(MONDAY, hour, minute), wall=at(FRIDAY, hour, minute))
    ahead = run(RUN, offset=ms(at(FRIDAY, 0)) - ms(at(MONDAY, 0)))
    note_run(ahead, ended=None, at=at(FRIDAY, 7))
    station.send(at(FRIDAY, 13))
    with transaction.atomic():
        correct_runs(note_run(run(b"run-good", offset=0, began=10**8), ended=ahead, at=at(MONDAY, 14)), at=LATER)
    assert DatingDue.objects.filter(station=station.id).exists()
    return station


def run(name: bytes, *, offset: int, began: int = 0) -> CountyClockRun:
    return CountyClockRun(id=name, boot=b"the county's bo.", began=began, offset=offset, vouched=BY_HAND, told=1)


def test_a_time_that_is_about_to_be_corrected_ends_no_reading(shili: LivedStation, zhang: str) -> None:
    shili.closed(at(MONDAY, 15))
    shili.send(at(MONDAY + dt.timedelta(days=6), 15))
    waiting = words(MONDAY, MONDAY, LATER)
    date_all_due(LATER)
    assert TouchRow.objects.filter(station=shili.id, corrected_wall__lt=at(FRIDAY, 0)).count() == 2
    assert waiting == words(MONDAY, MONDAY, LATER)
    assert waiting[zhang, MONDAY] == "√"


def test_the_dates_are_marked_to_which_the_boot_will_move(shili: LivedStation) -> None:
    marks = Marks(MONDAY - dt.timedelta(days=7), FRIDAY)
    mark_boots(marks, Whereabouts(at(MONDAY, 0)), [(shili.id, shili.boot)])
    marks.write(LATER)
    marked = set(SettleDue.objects.filter(why__contains=[due.CLOCK]).values_list("day", flat=True))
    assert {MONDAY, FRIDAY} <= marked
