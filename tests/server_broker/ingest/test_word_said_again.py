"""A boot that had the right time all along states the word of each run: it dates the boot when the first is doubted."""

import pytest

from server_broker.attendance.models import Touch as TouchRow
from server_broker.fleet.clock_runs import doubt_earlier, note_run
from server_broker.fleet.models import Alarm
from server_broker.platform.county_clock import BY_HAND, UNVOUCHED, CountyClockRun
from tests.server_broker.ingest.test_dating import TRUE, date_again, learnt, process, shown, true
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db

HOUR = 3_600_000


def run(name: bytes, *, boot: bytes, ahead: int, vouched: int, began: int = 0) -> CountyClockRun:
    return CountyClockRun(id=name, boot=boot, began=began, offset=ahead, vouched=vouched, told=TRUE + began + ahead)


BEFORE = run(b"run-befo", boot=b"the first boot..", ahead=0, vouched=UNVOUCHED)
WRONG = run(b"run-bad-", boot=b"the second boot.", ahead=HOUR, vouched=UNVOUCHED)
RIGHT = run(b"run-hand", boot=b"the second boot.", ahead=0, vouched=BY_HAND, began=300_000)


@pytest.fixture
def touched(station: StationDouble) -> StationDouble:
    """It learnt the time before the county's machine was started anew with a wrong clock."""
    station.enrol()
    note_run(BEFORE, ended=None, at=NOW)
    station.add(touch(500, quality="unknown"), learnt(1_000, TRUE + 1_000, "county", "unknown", run=BEFORE.id))
    process(station.add(touch(2_000)).facts_message())
    return station


def started_wrong_and_put_right() -> None:
    note_run(WRONG, ended=None, earlier=BEFORE, at=NOW)
    changed = note_run(RIGHT, ended=WRONG, at=NOW)
    date_again([*changed, *doubt_earlier(RIGHT)])


def test_without_it_all_goes_to_review(touched: StationDouble) -> None:
    started_wrong_and_put_right()
    assert shown() == {500: (NOW, False), 2_000: (NOW, False)}


@pytest.mark.parametrize("stated_first", [True, False])
def test_with_it_each_touch_has_its_time_back(touched: StationDouble, stated_first: bool) -> None:
    again = learnt(9_000, TRUE + 9_700, "county", "synced", run=RIGHT.id)
    if stated_first:
        note_run(RIGHT, ended=None, at=NOW)
        process(touched.add(again).facts_message(4))
    started_wrong_and_put_right()
    if not stated_first:
        process(touched.add(again).facts_message(4))
    assert shown() == {500: true(500), 2_000: true(2_000)}
    assert not Alarm.objects.filter(station=touched.id).exists()


@pytest.mark.parametrize("stated_first", [True, False])
def test_what_an_ntp_said_before_the_county_dates_nothing_again(station: StationDouble, stated_first: bool) -> None:
    """While all words are in doubt nothing dates the touch, and then it has the time that the station gave it."""
    station.enrol()
    note_run(BEFORE, ended=None, at=NOW)
    station.add(learnt(1_000, TRUE + 1_000 - HOUR, "ntp", "unknown"))
    station.add(learnt(2_000, TRUE + 2_000, "county", "synced", run=BEFORE.id))
    process(station.add(touch(3_000)).facts_message())
    again = station.add(learnt(9_000, TRUE + 9_700, "county", "synced", run=RIGHT.id)).facts_message(4)
    if stated_first:
        note_run(RIGHT, ended=None, at=NOW)
        process(again)
    started_wrong_and_put_right()
    if not stated_first:
        assert shown() == {3_000: (NOW, False)}
        process(again)
    assert shown() == {3_000: true(3_000)}
    assert TouchRow.objects.get().quality == "synced"


def test_while_nothing_is_doubted_it_moves_nothing(touched: StationDouble) -> None:
    """Each word may be 2 s away from the one before, and eight of them go no farther than that from the first."""
    before = list(TouchRow.objects.values_list("wall", "corrected_wall", "quality"))
    for number in range(1, 9):
        mono = number * 60_000
        later = run(b"run-%04d" % number, boot=b"%016d" % number, ahead=0, vouched=UNVOUCHED)
        note_run(later, ended=None, at=NOW)
        said = learnt(mono, TRUE + mono + number * 1_900, "county", "synced", run=later.id)
        process(touched.add(said).facts_message(len(touched.sealed)))
    assert list(TouchRow.objects.values_list("wall", "corrected_wall", "quality")) == before
    assert not Alarm.objects.exists()
