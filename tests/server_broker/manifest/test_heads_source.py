"""Each station gets its own way to the latest manifests, in a bundle of a few hundred bytes a day, and no other's."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from protocol.bundle_contents import Heads, read_content
from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as Document
from protocol.codec import decode, encode
from protocol.manifest import check_kept_head
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper, wanted
from server_broker.bundles.models import Bundle
from server_broker.fleet.models import Station, Stream
from server_broker.manifest.heads_source import LATEST, HeadsSource
from server_broker.manifest.nightly import make_and_say
from tests.cast import SHILI, SHILI_VILLAGE
from tests.server_broker.county import make_county
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> BundleFolder:
    return BundleFolder(tmp_path)


@pytest.fixture
def two_of_a_village() -> list[Station]:
    first = make_county().stations[SHILI]
    second = Station.objects.create(id="shili-02", name="示例村二站", village_id=SHILI_VILLAGE, enrolled_at=NOW)
    for number, station in enumerate((first, second)):
        Stream.objects.create(station=station, epoch=bytes([number]) * 16, through=7, head=bytes([number]) * 32)
    return [first, second]


def heads_of(station: Station, folder: BundleFolder) -> Heads:
    (row,) = [row for row in wanted(station, NOW + 9 * DAY) if row.kind == "heads"]
    content = read_content(decode(folder.path(bytes(row.sha256)).read_bytes(), Document, limit=MAX_BUNDLE_BYTES))
    assert isinstance(content, Heads)
    return content


def test_a_station_gets_its_own_way_to_each_of_the_latest_manifests(
    folder: BundleFolder, two_of_a_village: list[Station]
) -> None:
    keeper = IndexKeeper(folder=folder, sources=[HeadsSource()])
    keeper.go_on(NOW)
    assert not Bundle.objects.exists(), "there is no manifest yet"
    for night in range(1, LATEST + 2):
        assert make_and_say(settings.HOME, now=NOW + night * DAY)
        keeper.go_on(NOW + night * DAY)
    for number, station in enumerate(two_of_a_village):
        days = heads_of(station, folder).days
        roots = [check_kept_head(kept, station=station.pk) for kept in days]
        assert [root.number for root in roots] == [2, 3, 4]
        for kept in days:
            assert (kept.epoch, kept.count) == (bytes([number]) * 16, 7)
            assert len(encode(kept)) <= 600
            assert kept.leaf(station.pk).digest == bytes([number]) * 32
    assert (
        hashlib.sha256(encode(heads_of(two_of_a_village[0], folder))).digest()
        != hashlib.sha256(encode(heads_of(two_of_a_village[1], folder))).digest()
    )


def test_nothing_new_is_no_new_version(folder: BundleFolder, two_of_a_village: list[Station]) -> None:
    keeper = IndexKeeper(folder=folder, sources=[HeadsSource()])
    make_and_say(settings.HOME, now=NOW + DAY)
    keeper.go_on(NOW + DAY)
    keeper.go_on(NOW + DAY + timedelta(hours=2))
    assert sorted(Bundle.objects.values_list("version", flat=True)) == [1, 1]
