"""A county whose disk runs short says so in the console, before it is full."""

import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest

from server_broker.fleet.alarm_codes import COUNTY_DISK
from server_broker.fleet.county_disk import watch_disks
from server_broker.fleet.models import Alarm
from server_broker.incidents.kinds import OTHER, kind_of
from server_broker.platform.home import CountyHome
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db

Usage = namedtuple("Usage", "total used free")


def test_a_short_disk_is_one_alarm_that_grows_graver_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, now_free = CountyHome(tmp_path), [50]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100 - now_free[0], now_free[0]))
    said = []
    for minute, free in enumerate((50, 9, 3, 11, 13, 11)):
        now_free[0] = free
        watch_disks(home, now=NOW + timedelta(minutes=minute))
        said.append(Alarm.objects.filter(resolved_at=None).values_list("severity", flat=True).first())
    # At eleven of a hundred it stays as it is, open or not.
    assert said == [None, "major", "critical", "major", None, None]
    assert "只剩 11%" in Alarm.objects.get().detail
    assert kind_of(COUNTY_DISK, "county") is not OTHER
