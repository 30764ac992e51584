"""What the county knows of a village's PINs comes to the shelf of a station that takes numbers, and to no other."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from protocol.bundle_contents import Roster, read_content
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode, encode
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper
from server_broker.bundles.models import Bundle
from server_broker.fleet.models import StationStatus
from server_broker.people.models import Person
from server_broker.pins.models import PersonPin, PinClaim
from server_broker.pins.verifiers import MOST_REFUSED, roster_of
from server_broker.supervisor.chores import shelf_sources
from server_broker.twin.models import SettingChoice
from server_broker.twin.roster_source import roster_drafts
from tests.cast import SHILI, SHILI_VILLAGE, ZHANG
from tests.server_broker.explained import explained
from tests.server_broker.pins.test_pins_from_stations import verifier
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(station: StationDouble) -> list[str]:
    """Two stations of one village, of which the first takes numbers."""
    other = StationDouble(id="shili-02")
    other.enrol()
    for name in (SHILI, other.id):
        StationStatus.objects.create(station_id=name, contract=1)
    SettingChoice.objects.create(station_id=SHILI, name="number_sign_in", value=True, actor="test", at=NOW)
    person = Person.objects.create(number=ZHANG.number, name=ZHANG.name, village_id=SHILI_VILLAGE)
    PersonPin.objects.create(person=person, verifier=encode(verifier()), set_at=NOW - timedelta(days=1))
    return [SHILI, other.id]


def test_each_station_has_its_roster_and_pins_only_where_numbers_are_taken(tmp_path: Path, two: list[str]) -> None:
    folder = tmp_path / "bundles"
    folder.mkdir()
    files = BundleFolder(folder)
    keeper = IndexKeeper(folder=files, sources=[roster_drafts])
    keeper.go_on(NOW)
    keeper.go_on(NOW + timedelta(hours=2))
    rosters = {}
    for row in Bundle.objects.filter(kind="roster"):
        document = decode(files.path(bytes(row.sha256)).read_bytes(), BundleDocument, limit=2**22)
        content = read_content(document)
        assert isinstance(content, Roster)
        rosters[row.station_id] = content.people[0].pin
        assert (row.access, row.version) == ("station", 1)
    assert rosters == {two[0]: verifier(), two[1]: None}


def test_the_chore_computes_rosters() -> None:
    assert roster_drafts in shelf_sources()


def test_a_roster_looks_at_a_few_of_the_pins_that_a_station_told_of_in_vain(two: list[str]) -> None:
    [person] = Person.objects.all()
    told = [
        PinClaim(
            station_id=SHILI,
            epoch=bytes(16),
            seq=seq,
            person=person,
            salt=b"%016d" % seq,
            refused="" if seq % 5 else "no_touch",
            at=NOW,
            received_at=NOW,
        )
        for seq in range(1, 5_001)
    ]
    PinClaim.objects.bulk_create(told)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pins_pinclaim")
    with explained() as found:
        [listed] = roster_of(SHILI_VILLAGE, numbers=True).people
    assert found == []
    assert listed.refused == [b"%016d" % seq for seq in range(5_000, 5_000 - 5 * MOST_REFUSED, -5)]
