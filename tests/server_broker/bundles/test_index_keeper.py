"""The index of a station: what it should have, a new version only for other content, and told apart from the rest."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.codec import decode, encode
from protocol.shelf_index import ShelfIndex
from protocol.twin import Desired, PackState, Reported, ShelfNamed
from server_broker.bundles.drafts import Draft
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import (
    ALL_EVERY,
    TRIED_AGAIN,
    IndexKeeper,
    Source,
    drop_superseded,
    index_in_force,
    wanted,
)
from server_broker.bundles.models import Bundle, StationIndex
from server_broker.bundles.publishing import withdraw
from server_broker.bundles.questions import publish_questions
from server_broker.bundles.spread import station_shelf
from server_broker.fleet.alarm_codes import SHELF_NOT_COMPUTED
from server_broker.fleet.models import Alarm, CountyState, ShelfDue, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.downlink import DesiredNotices
from server_broker.learning.packs import reseal_packs
from server_broker.twin.desired import refresh
from server_broker.twin.desired_keeper import DesiredKeeper
from tests.cast import TOWNSHIP
from tests.server_broker.bundles.samples import AUTHOR, END, draft, notice, pack, published
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def keeper(folder: BundleFolder, *sources: Source) -> IndexKeeper:
    return IndexKeeper(folder=folder, sources=sources)


def index_of(row: Station) -> ShelfIndex:
    newest = StationIndex.objects.filter(station=row).order_by("-version").first()
    assert newest is not None
    return decode(bytes(newest.payload), ShelfIndex)


def named(row: Station) -> list[tuple[str, int]]:
    return [(entry.id, entry.version) for entry in index_of(row).bundles]


def test_an_index_gets_a_new_version_only_for_other_content(folder: BundleFolder, row: Station) -> None:
    keep = keeper(folder)
    assert keep.go_on(NOW) == 0
    assert index_in_force(row.pk) is None, "nothing was ever published"
    published(folder)
    assert keep.go_on(NOW) == 1
    assert (index_of(row).version, named(row)) == (1, [("notice-1", 1)])
    published(folder, regions=["990101002"], id="elsewhere")
    assert keep.go_on(NOW + 2 * ALL_EVERY) == 0
    published(folder, content=notice("改过的"))
    assert keep.go_on(NOW + 3 * ALL_EVERY) == 1
    assert (index_of(row).version, named(row)) == (2, [("notice-1", 2)])


def test_what_is_withdrawn_or_over_leaves_the_index_by_itself(folder: BundleFolder, row: Station) -> None:
    keep = keeper(folder)
    published(folder)
    published(folder, id="notice-2")
    keep.go_on(NOW)
    withdraw("notice-1", reason="写错了", actor=AUTHOR, at=NOW)
    keep.go_on(NOW)
    assert named(row) == [("notice-2", 1)]
    assert keep.go_on(END - timedelta(seconds=1)) == 0
    assert keep.go_on(END) == 1
    assert named(row) == []


def test_a_version_to_come_is_fetched_ahead_and_takes_nothing_away(folder: BundleFolder, row: Station) -> None:
    keep, later = keeper(folder), NOW + DAY
    published(folder, not_before=later)
    keep.go_on(NOW)
    assert named(row) == [("notice-1", 1)], "there in time"
    published(folder, id="notice-2")
    published(folder, id="notice-2", not_before=later, content=notice("明天起"))
    keep.go_on(NOW)
    assert named(row) == [("notice-1", 1), ("notice-2", 1)], "the one in force stays until then"
    keep.go_on(later)
    assert named(row) == [("notice-1", 1), ("notice-2", 2)]


def test_a_bundle_that_was_moved_to_other_places_is_no_longer_here(folder: BundleFolder, row: Station) -> None:
    published(folder)
    published(folder, regions=["990101002"])
    assert wanted(row, NOW) == []


def test_the_least_important_is_left_out_and_a_person_is_told(folder: BundleFolder, row: Station) -> None:
    published(folder, id="guide", kind="library", title="不要紧的资料", content=b"")
    notices = [
        Bundle(
            bundle=f"n{number}", version=1, kind="notices", title="通知", sha256=bytes(32), size=9,
            regions=[TOWNSHIP[:9]], not_after=END, access="public", published_at=NOW, author=AUTHOR,
        )
        for number in range(200)
    ]  # fmt: skip
    Bundle.objects.bulk_create(notices)
    keep = keeper(folder)
    keep.go_on(NOW)
    assert len(index_of(row).bundles) == 200
    assert "guide" not in {entry.id for entry in index_of(row).bundles}
    alarm = Alarm.objects.get(code="shelf_too_large")
    assert "不要紧的资料" in alarm.detail
    Bundle.objects.filter(bundle="n0").delete()
    keep.go_on(NOW + 2 * ALL_EVERY)
    assert Alarm.objects.filter(resolved_at=None).count() == 0


def roster(content: bytes) -> Source:
    def drafts(station: Station, now: datetime) -> Iterable[Draft]:
        yield draft(
            id=f"roster-{station.village_id}", kind="roster", title="本村人员", regions=[station.village_id],
            content=content, access="station", night=True,
        )  # fmt: skip

    return drafts


def test_a_computed_bundle_is_renewed_with_its_source_and_old_versions_go(folder: BundleFolder, row: Station) -> None:
    keeper(folder, roster(b"\x01")).go_on(NOW)
    keeper(folder, roster(b"\x01")).go_on(NOW)
    keeper(folder, roster(b"\x02")).go_on(NOW)
    assert [(one.version, one.author) for one in Bundle.objects.order_by("version")] == [(1, ""), (2, "")]
    published(folder)
    published(folder, content=notice("改过的"))
    assert drop_superseded(NOW + DAY, folder=folder) == 0, "a station may still fetch it"
    drop_superseded(NOW + 3 * DAY, folder=folder)
    left = Bundle.objects.order_by("bundle", "version").values_list("bundle", "version")
    assert list(left) == [("notice-1", 1), ("notice-1", 2), (f"roster-{row.village_id}", 2)], (
        "what people published stays"
    )


def test_the_number_of_queries_does_not_grow_with_what_a_station_is_sent(folder: BundleFolder, row: Station) -> None:
    months = 1

    def source(station: Station, now: datetime) -> Iterable[Draft]:
        return [draft(id=f"month-{number}", station=station.pk, content=notice(str(now))) for number in range(months)]

    keep, counts = keeper(folder, source), []
    for number, months in enumerate((1, 2, 9)):  # noqa: B007 - the source reads it
        with CaptureQueriesContext(connection) as queries:
            assert keep.go_on(NOW + 2 * number * ALL_EVERY) == 1
        counts.append(len(queries))
    assert counts[1] == counts[2]
    assert len(named(row)) == 9


def test_a_source_that_gives_nonsense_keeps_the_last_good_version(folder: BundleFolder, row: Station) -> None:
    keeper(folder, roster(b"\x01")).go_on(NOW)
    keeper(folder, roster(bytes(2**21 + 1))).go_on(NOW)
    assert named(row) == [(f"roster-{row.village_id}", 1)]
    assert Alarm.objects.get().code == "shelf_not_computed"
    keeper(folder, roster(b"\x01")).go_on(NOW)
    assert Alarm.objects.get().resolved_at is not None


def test_a_restored_county_gives_no_version_a_second_meaning(folder: BundleFolder, row: Station) -> None:
    published(folder)
    keeper(folder, roster(b"\x01")).go_on(NOW)
    before = index_of(row)
    CountyState.objects.update_or_create(pk=1, defaults={"generation": 2})
    keeper(folder, roster(b"\x01")).go_on(NOW)
    after = index_of(row)
    assert after.version > before.version + 1_000
    versions = {entry.id: entry.version for entry in after.bundles}
    assert all(version > 1_000 for version in versions.values()), "stations may have seen higher ones than the backup"
    keeper(folder, roster(b"\x01")).go_on(NOW)
    assert index_of(row) == after


def test_a_running_keeper_publishes_again_at_once_when_the_generation_rises_and_only_then(
    folder: BundleFolder, row: Station
) -> None:
    CountyState.objects.update_or_create(pk=1, defaults={"generation": 2})
    published(folder)
    running = keeper(folder)
    running.go_on(NOW)
    Bundle.objects.all().delete()
    published(folder)
    running.go_on(NOW + 2 * ALL_EVERY)
    assert [one.version for one in Bundle.objects.all()] == [1], "nothing was restored"
    CountyState.objects.update(generation=3)
    running.go_on(NOW + 2 * ALL_EVERY + timedelta(seconds=2))
    newest = index_of(row)
    assert [entry.version for entry in newest.bundles] == [2_000_001]
    assert newest.version > 2_000_000


def test_a_new_signing_key_renames_nothing(folder: BundleFolder, row: Station) -> None:
    publish_questions(pack(), key=Ed25519PrivateKey.generate(), folder=folder, author=AUTHOR, at=NOW)
    keeper(folder).go_on(NOW)
    before = (index_in_force(row.pk), list(Bundle.objects.values_list("sha256", flat=True)))
    assert len(reseal_packs(key=Ed25519PrivateKey.generate())) == 1
    keeper(folder).go_on(NOW + 2 * ALL_EVERY)
    after = (index_in_force(row.pk), list(Bundle.objects.values_list("sha256", flat=True)))
    assert after == before


def sent(building: DesiredKeeper, notices: DesiredNotices) -> list[Desired | ShelfNamed]:
    building.go_on(NOW, wait_s=0)
    return [one.message for one in notices.take() if isinstance(one.message, Desired | ShelfNamed)]


@pytest.mark.django_db(transaction=True)
def test_a_changed_index_is_named_without_the_rest_of_the_desired_state(
    folder: BundleFolder, row: Station, station: StationDouble, processor: BatchProcessor
) -> None:
    building, notices = DesiredKeeper(), DesiredNotices(shards=[0])
    published(folder)
    keeper(folder).go_on(NOW)
    (first,) = sent(building, notices)
    assert isinstance(first, Desired)
    assert first.shelf == index_in_force(row.pk)
    Station.objects.update(reported_version=first.version)
    published(folder, content=notice("改过的"))
    keeper(folder).go_on(NOW)
    (second,) = sent(building, notices)
    assert second == ShelfNamed(station=row.pk, shelf=index_in_force(row.pk))  # type: ignore[arg-type]
    assert len(encode(second)) < 120
    again = refresh(row.pk, now=NOW)
    assert again is not None
    assert again.version == first.version


def test_a_station_that_connects_is_told_its_index_and_an_old_one_is_not(
    folder: BundleFolder, row: Station, station: StationDouble, processor: BatchProcessor
) -> None:
    published(folder)
    keeper(folder).go_on(NOW)
    for contract, told in ((1, 1), (0, 0)):
        birth = station.birth(contract=contract)
        answers = processor.process_batch([birth])
        assert sum(isinstance(one.message, ShelfNamed) for one in answers) == told
        desired = [one.message for one in answers if isinstance(one.message, Desired)]
        assert all((one.shelf is not None) == bool(told) for one in desired)


def test_what_a_station_says_of_its_bundles_is_kept_until_it_says_otherwise(
    folder: BundleFolder, row: Station, station: StationDouble, processor: BatchProcessor
) -> None:
    published(folder)
    published(folder, id="notice-2")
    keeper(folder).go_on(NOW)

    def report(*packs: PackState, at: int = 1) -> list[tuple[str, str, str]]:
        said = Reported(station=station.id, version=1, at=at, packs=list(packs))
        processor.process_batch([station.message("reported", encode(said))])
        return [(at.bundle.bundle, at.state, at.reason) for at in station_shelf(row)]

    whole = PackState(id="notice-1", version=1, state="whole")
    waiting = PackState(id="notice-2", version=1, state="waiting", reason="night\x00")
    assert report(whole, waiting) == [("notice-2", "waiting", "night\ufffd"), ("notice-1", "whole", "")]
    assert report(at=0) == [("notice-2", "waiting", "night\ufffd"), ("notice-1", "whole", "")], "a birth says nothing"
    assert report(whole) == [("notice-2", "", ""), ("notice-1", "whole", "")]


def test_a_newly_enrolled_station_is_marked_once_and_a_revoked_one_never(folder: BundleFolder, row: Station) -> None:
    published(folder)
    assert ShelfDue.objects.count() == 1
    keeper(folder).go_on(NOW)
    Station.objects.update(revoked_at=NOW)
    published(folder, content=notice("改过的"))
    assert not ShelfDue.objects.exists()


def test_a_station_whose_content_cannot_be_computed_stops_no_other(folder: BundleFolder, row: Station) -> None:
    bad = StationDouble(id="aa-bad")
    bad.enrol()

    def source(station: Station, _: datetime) -> Iterable[Draft]:
        if station.pk == "aa-bad" and is_broken:
            raise OverflowError
        return [draft(id=f"own-{station.pk}", station=station.pk)]

    def of_many(stations: Sequence[Station], now: datetime) -> dict[str, list[Draft]]:
        return {station.pk: list(source(station, now)) for station in stations}

    def open_alarms() -> list[tuple[str | None, int]]:
        found = Alarm.objects.filter(code=SHELF_NOT_COMPUTED, resolved_at=None)
        return list(found.values_list("station", "count"))

    is_broken = True
    keep = IndexKeeper(folder=folder, sources=[], sources_of_many=[of_many])
    assert keep.go_on(NOW) == 1
    assert (named(row), open_alarms()) == ([(f"own-{row.pk}", 1)], [("aa-bad", 1)])
    assert ShelfDue.objects.filter(station="aa-bad").exists()
    keep.go_on(NOW + TRIED_AGAIN)
    assert open_alarms() == [("aa-bad", 1)]
    is_broken = False
    assert keep.go_on(NOW + TRIED_AGAIN) == 0
    assert keep.go_on(NOW + 2 * TRIED_AGAIN) == 1
    assert (open_alarms(), ShelfDue.objects.count()) == ([], 0)
