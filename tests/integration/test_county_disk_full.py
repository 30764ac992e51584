"""The county's disk is full: only what is stored is receipted, no process ends for good, and all works again when
there is room."""

import os
import signal

from firmware_scripts.demo.processes import is_alive, wait_until
from firmware_scripts.demo.station import DemoStation
from tests.integration.village import Village

_TOGETHER = 20
_TOUCHES_AT_MOST = 400
"""Pages and log segments that are there already take some more."""


def service_pid(village: Village) -> int:
    return int((village.county.home / "run" / "service.pid").read_text(encoding="ascii"))


def restarts(village: Village) -> int:
    said = (village.county.home / "logs" / "up.log").read_text(encoding="utf-8", errors="replace")
    return said.count("died") + said.count("restarted")


def touch_until_it_waits(village: Village, station: DemoStation) -> None:
    for _ in range(0, _TOUCHES_AT_MOST, _TOGETHER):
        assert {light.colour for light in village.touch(station, times=_TOGETHER)} == {"green"}
        if len(village.missing()) >= 20:
            return
    raise AssertionError("a full disk takes everything")


def test_facts_wait_and_come_by_themselves(village: Village) -> None:
    station = village.stations[0]
    village.touch(station)
    village.await_all_stored()
    service, worker, died = service_pid(village), village.county.part_pid("ingest"), restarts(village)
    with village.county_disk.full():
        touch_until_it_waits(village, station)
        finding = village.doctor()["磁盘"]
        assert (finding["well"], finding["state"]) == (False, "剩余 0.0 GB")
        assert "磁盘" in finding["remedy"]
    village.await_all_stored(timeout_s=30)
    assert (service_pid(village), village.county.part_pid("ingest")) == (service, worker)
    assert restarts(village) - died <= 4


def test_a_database_that_dies_on_a_full_disk_comes_back_with_the_room(village: Village) -> None:
    """The worst case: PostgreSQL must recover and can't write. The service keeps trying, and never gives up."""
    station = village.stations[1]
    village.touch(station)
    village.await_all_stored()
    service, died = service_pid(village), restarts(village)
    with village.county_disk.full():
        for part in ("postgres", "ingest", "mosquitto", "web"):
            os.kill(village.county.part_pid(part), signal.SIGKILL)
        for _ in range(30):
            village.county_disk.fill()  # what the parts' ends gave back
            assert village.touch(station)[0].colour == "green"
        assert is_alive(service)
        assert not village.doctor()["数据库"]["well"]
    village.await_all_stored(timeout_s=45)
    wait_until(lambda: bool(village.doctor()["网页"]["well"]), what="the console", timeout_s=30, every_s=0.5)
    assert service_pid(village) == service
    assert restarts(village) - died <= 40
