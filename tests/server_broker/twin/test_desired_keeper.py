"""Desired states are built beside the ingest worker: each station's own, whatever becomes of its neighbours."""

from datetime import datetime

import pytest
from django.db import DataError, connection

from protocol.twin import Desired
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.models import DesiredState
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.downlink import DesiredNotices
from server_broker.twin import desired_keeper
from server_broker.twin.desired import BUILT_AT_BIRTH, refresh
from server_broker.twin.desired_keeper import STATIONS_A_TURN, DesiredKeeper
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db(transaction=True)


def enrolled(count: int) -> list[StationDouble]:
    stations = [StationDouble(id=f"station-{place:02}") for place in range(count)]
    for one in stations:
        one.enrol()
    return stations


def built() -> set[str]:
    return set(DesiredState.objects.values_list("station_id", flat=True))


def test_every_station_is_looked_at_once_listening_begins_a_few_a_turn() -> None:
    stations = enrolled(STATIONS_A_TURN + 1)
    keeper = DesiredKeeper()
    keeper.go_on(NOW, wait_s=0)
    assert len(built()) == STATIONS_A_TURN
    keeper.go_on(NOW, wait_s=0)
    assert built() == {one.id for one in stations}


def test_a_change_is_built_and_sent_and_what_was_missed_while_the_database_was_away(station: StationDouble) -> None:
    keeper, notices = DesiredKeeper(), DesiredNotices(shards=[0])
    connection.ensure_connection()
    keeper.go_on(NOW, wait_s=0)
    assert [one.message.station for one in notices.take()] == [station.id]
    assert notices.take() == []
    desired_changed([station.id])
    keeper.go_on(NOW, wait_s=5)
    assert [one.message.station for one in notices.take()] == [station.id], "it has not reported it"
    connection.close()
    keeper.go_on(NOW, wait_s=0)
    assert [one.message.station for one in notices.take()] == [station.id]


@pytest.mark.parametrize("error", [DataError("refused"), KeyError("a bug")])
def test_a_station_whose_state_cannot_be_built_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    bad, good = enrolled(2)

    def build(station: str, *, now: datetime | None = None) -> Desired | None:
        if station == bad.id:
            raise error
        return refresh(station, now=now)

    monkeypatch.setattr(desired_keeper, "refresh", build)
    keeper = DesiredKeeper()
    keeper.go_on(NOW, wait_s=0)
    keeper.go_on(NOW, wait_s=0)
    assert built() == {good.id}


def test_many_first_births_leave_the_building_to_it() -> None:
    stations = enrolled(BUILT_AT_BIRTH + 3)
    keeper = DesiredKeeper()
    keeper.go_on(NOW, wait_s=0)
    DesiredState.objects.all().delete()
    answers = BatchProcessor(clock=lambda: NOW).process_batch([one.birth() for one in stations])
    sent = [one.message for one in answers if isinstance(one.message, Desired)]
    assert len(sent) == len(built()) == BUILT_AT_BIRTH
    keeper.go_on(NOW, wait_s=5)
    keeper.go_on(NOW, wait_s=0)
    assert built() == {one.id for one in stations}
