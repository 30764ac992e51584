"""The county is restored from yesterday's dump: the stations send the facts that it lacks again, once."""

import pytest

from firmware_scripts.demo.observer import whole_pictures
from firmware_scripts.demo.processes import NotInTime, wait_until
from tests.backups import dump, restore
from tests.integration.village import Village, start_agent


def generation(village: Village) -> int:
    return int(village.county.sql("select generation from fleet_countystate")[0][0])


def unsettled(village: Village) -> list[list[str]]:
    """Return the stations whose facts still wait for a receipt, and the announced pictures that have not arrived."""
    waiting = village.county.sql("select station_id, waiting, online from fleet_stationstatus where waiting > 0")
    pictures = village.county.sql(
        """select station_id, encode(sha256, 'hex'), announced_at from media_blob
        where completed_at is null and announced_at is not null and evicted_reason = ''"""
    )
    return waiting + pictures


def settle(village: Village) -> None:
    village.await_all_stored()
    try:
        wait_until(lambda: not unsettled(village), what="facts and pictures", timeout_s=40, every_s=0.5)
    except NotInTime as error:
        raise NotInTime(f"{error}; there wait {unsettled(village)}") from error


@pytest.mark.timeout(180)
@pytest.mark.small_proof
def test_nothing_is_lost_and_nothing_doubled(village: Village) -> None:
    """One station's outbox is damaged between dump and restore: what it had matched lies in an ended stream."""
    for station in village.stations:
        village.touch(station, times=2)
    settle(village)
    yesterday = village.folder / "yesterday.dump"
    dump(village.county.home, yesterday)
    before = generation(village)
    for station in village.stations:
        village.touch(station, times=5)
    settle(village)
    damaged = village.stations[1]
    damaged.agent.stop()
    with (damaged.sd_card / "outbox.db").open("r+b") as outbox:
        outbox.write(b"not an outbox")
    start_agent(damaged)
    village.touch(damaged, times=2)
    settle(village)
    whole = whole_pictures(village.county)
    stored = village.stored()
    with village.held("ingest"), village.held("web"):
        restore(village.county.home, yesterday)
        assert village.stored() < stored
        assert "站点会补报" in village.county.tool("restored")
    village.touch(village.stations[0])
    settle(village)
    assert stored < village.stored()
    assert generation(village) > before
    assert village.county.unexplained() == 0
    assert whole_pictures(village.county) >= whole
    for station in village.stations:
        assert village.county.try_tool("verify", station.cast.id).returncode == 0
