"""Marking and computing at the same moment: no change is missed, and each bundle gets each version once."""

import threading
from datetime import datetime

import pytest
from django.db import connection, transaction

from server_broker.bundles.drafts import Draft
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper, wanted
from server_broker.bundles.models import Bundle, StationIndex
from server_broker.bundles.publishing import publish
from server_broker.fleet.models import ShelfDue, Station
from server_broker.fleet.shelf_changes import shelf_changed
from tests.server_broker.bundles.samples import AUTHOR, draft, notice
from tests.server_broker.races import AT_ONCE, WAIT_S, at_once
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def test_those_who_publish_one_bundle_at_once_get_one_version_each(folder: BundleFolder, row: Station) -> None:
    def one(number: int) -> int:
        bundle = draft(content=notice(f"第 {number} 个"))
        return publish(bundle, folder=folder, author=AUTHOR, at=NOW)[0].version

    def held() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [0x62756E64, "notice-1"])

    assert sorted(at_once(one, held_by=held)) == list(range(1, AT_ONCE + 1))


def test_a_change_that_is_not_committed_yet_is_not_missed(folder: BundleFolder, row: Station) -> None:
    keeper = IndexKeeper(folder=folder, sources=())
    keeper.go_on(NOW)
    publish(draft(), folder=folder, author=AUTHOR, at=NOW)
    assert ShelfDue.objects.exists()

    with transaction.atomic():
        publish(draft(id="notice-2"), folder=folder, author=AUTHOR, at=NOW)
        assert _elsewhere(keeper) == 1, "nobody waits: what is committed is computed"
        assert _elsewhere(keeper) == 0
    assert keeper.go_on(NOW) == 1
    newest = StationIndex.objects.order_by("-version")[0]
    assert set(newest.bundles.values_list("bundle", flat=True)) == {"notice-1", "notice-2"}
    assert not ShelfDue.objects.exists()
    assert len(wanted(row, NOW)) == Bundle.objects.count() == 2


def test_whoever_marks_a_station_does_not_wait_until_it_is_computed(folder: BundleFolder, row: Station) -> None:
    publish(draft(), folder=folder, author=AUTHOR, at=NOW)
    marked: list[int] = []

    def source(station: Station, now: datetime) -> list[Draft]:
        if not marked:
            thread = threading.Thread(target=mark)
            thread.start()
            thread.join(WAIT_S)
            assert not thread.is_alive()
        return []

    def mark() -> None:
        try:
            publish(draft(id="notice-2"), folder=folder, author=AUTHOR, at=NOW)
            marked.append(1)
        finally:
            connection.close()

    keeper = IndexKeeper(folder=folder, sources=[source])
    keeper.go_on(NOW)
    keeper.go_on(NOW)
    newest = StationIndex.objects.order_by("-version")[0]
    assert set(newest.bundles.values_list("bundle", flat=True)) == {"notice-1", "notice-2"}
    assert not ShelfDue.objects.exists()


def test_a_station_is_computed_by_one_at_a_time(folder: BundleFolder, row: Station) -> None:
    publish(draft(), folder=folder, author=AUTHOR, at=NOW)
    beside: list[int] = []

    def source(station: Station, now: datetime) -> list[Draft]:
        shelf_changed([station.pk], at=now)
        beside.append(_elsewhere(IndexKeeper(folder=folder, sources=())))
        return []

    assert IndexKeeper(folder=folder, sources=[source]).go_on(NOW) == 1
    assert beside == [0]


def _elsewhere(keeper: IndexKeeper) -> int:
    """Compute on a connection of its own, as the chores do."""
    changed: list[int] = []

    def compute() -> None:
        try:
            changed.append(keeper.go_on(NOW))
        finally:
            connection.close()

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join(20)
    return changed[0]
