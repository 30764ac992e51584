"""Who restores an image of the whole machine is told what the roll of stations can't know any more."""

import shutil
from pathlib import Path
from typing import Literal

import pytest
from django.utils import timezone

from server_broker.console.words import REMEDIES
from server_broker.fleet.alarm_codes import COUNTY_RESTORED
from server_broker.fleet.models import Alarm
from server_broker.incidents.open_now import open_incidents
from server_broker.platform.home import CountyHome
from server_broker.supervisor.restored import tell_of_the_rest
from server_broker.supervisor.roll_end import roll_ends
from server_broker.trust.journal import JournalEntry, StationJournal
from tests.cast import COUNTY
from tests.server_broker.county import FictionalCounty


def entry(day: int, event: Literal["enrolled", "revoked"], station: str) -> JournalEntry:
    return JournalEntry(at=f"2026-03-{day:02}T01:00:00+00:00", event=event, station=station, serial=f"a{day}")


def test_a_station_revoked_after_the_image_is_back_and_the_last_day_is_said(tmp_path: Path) -> None:
    home = CountyHome(tmp_path / "county")
    (home.root / "trust").mkdir(parents=True)
    assert "站点名册是空的" in roll_ends(home)
    journal = StationJournal(home)
    journal.append(entry(1, "enrolled", "shili-01"))
    journal.append(entry(2, "enrolled", "shili-02"))
    shutil.copytree(home.root, tmp_path / "image")
    journal.append(entry(5, "revoked", "shili-01"))
    assert "最后写于 2026-03-05，到那天为止吊销了 1 个站点" in roll_ends(home)

    shutil.rmtree(home.root)
    shutil.copytree(tmp_path / "image", home.root)
    assert StationJournal(home).read().revoked == {}
    said = roll_ends(home)
    assert "最后写于 2026-03-02，里面没有吊销过的站点" in said
    assert "那以后吊销的站点又能接入" in said


@pytest.mark.django_db
def test_the_console_says_it_too_until_somebody_has_seen_it(tmp_path: Path, county: FictionalCounty) -> None:
    home = CountyHome(tmp_path / "county")
    (home.root / "trust").mkdir(parents=True)
    StationJournal(home).append(entry(2, "enrolled", "shili-02"))
    said = tell_of_the_rest(home, now=timezone.now())
    assert "那以后接入的站点须重新登记" in said
    assert Alarm.objects.get(code=COUNTY_RESTORED).detail == said, "it is not cut"
    [standing] = [one for one in open_incidents(COUNTY, now=timezone.now()) if one.incident.kind.key == "restored"]
    assert (standing.incident.details, standing.state) == ((said,), "open")
    assert "再吊销一次" in REMEDIES[COUNTY_RESTORED]
