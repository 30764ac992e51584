"""Marking and computing at the same moment: no change is missed, and each bundle gets each version once."""

import threading

import pytest
from django.db import connection, transaction

from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper, wanted
from server_broker.bundles.models import Bundle, StationIndex
from server_broker.bundles.publishing import publish
from server_broker.fleet.models import ShelfDue, Station
from tests.server_broker.bundles.samples import AUTHOR, draft, notice
from tests.server_broker.races import AT_ONCE, at_once
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
        assert _elsewhere(keeper) == 0, "the mark is locked, so the station waits for this change"
    assert keeper.go_on(NOW) == 1
    newest = StationIndex.objects.order_by("-version")[0]
    assert set(newest.bundles.values_list("bundle", flat=True)) == {"notice-1", "notice-2"}
    assert not ShelfDue.objects.exists()
    assert len(wanted(row, NOW)) == Bundle.objects.count() == 2


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
