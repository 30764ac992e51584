"""The roster and what people learnt come from the shelf: the newest version, and nothing once it is withdrawn."""

from collections.abc import Sequence

from msgspec import structs

from agent.kiosk.county_lists import CountyLists, OfferedBundles
from agent.shelf.state import HeldBundle
from protocol.bundle_contents import Month, Roster, RosterPerson
from protocol.bundles import Bundle, BundleKind
from protocol.codec import encode
from protocol.progress import LevelProgress, Progress
from tests.agent.bench import Bench
from tests.agent.shelf.test_change_of_bundle import take


def roster(name: str) -> Roster:
    return Roster(people=[RosterPerson(id="p1", name=name, number="880001")])


def test_the_roster_of_the_shelf_is_the_newest(station: Bench) -> None:
    lists = CountyLists(station.shelf.offered)
    assert lists.roster() is None
    for version, name in ((1, "张示例"), (2, "张样板")):
        station.county.publish("roster-1", version, encode(roster(name)), kind="roster", access="station")
        take(station)
        assert lists.roster() == roster(name)
    station.county.withdraw("roster-1")
    take(station)
    assert lists.roster() is None


def test_a_roster_that_can_t_be_read_is_none(station: Bench) -> None:
    station.county.publish("roster-1", 1, b"\xc1", kind="roster", access="station")
    take(station)
    assert CountyLists(station.shelf.offered).roster() is None


def test_each_persons_progress_is_their_own(station: Bench) -> None:
    progress = Progress(person="p1", as_of=1, levels=[LevelProgress(pack="sample", level="1", stars=2)])
    station.county.publish("progress-p1", 1, encode(progress), kind="progress", access="station")
    take(station)
    lists = CountyLists(station.shelf.offered)
    assert lists.progress("p1") == progress
    assert lists.progress("p2") is None


def test_each_person_of_a_large_village_finds_their_own_month(station: Bench) -> None:
    first, second = (Month(person=person, month="2026-11", as_of=1) for person in ("p1", "p2"))
    shared = structs.replace(first, others=[second])
    station.county.publish("months-1", 1, encode(shared), kind="month", access="station")
    station.county.publish("month-p3", 1, encode(structs.replace(first, person="p3")), kind="month", access="station")
    take(station)
    lists = CountyLists(station.shelf.offered)
    for _ in range(2):  # whose month lies where is known the second time
        assert lists.month("p2") == second
        assert [found and found.person for found in map(lists.month, ("p1", "p3", "p4"))] == ["p1", "p3", None]


def test_whose_progress_lies_where_is_read_once(station: Bench) -> None:
    """A village has 60 of them, and the map, a level and its end each ask for one."""
    people = [f"p{number}" for number in range(9)]
    for person in people:
        progress = Progress(person=person, as_of=1)
        station.county.publish(f"progress-{person}", 1, encode(progress), kind="progress", access="station")
    take(station)
    offered = Counted(station.shelf.offered)
    lists = CountyLists(offered)
    for _ in range(2):
        assert [found and found.person for found in map(lists.progress, people)] == people
    assert lists.progress("stranger") is None
    offered.reads = 0
    for _ in range(3):
        assert lists.progress(people[0]) is not None
        assert lists.progress("stranger") is None
    assert offered.reads == 1


def test_a_new_version_of_somebodys_progress_takes_the_place_of_the_one_before(station: Bench) -> None:
    lists = CountyLists(station.shelf.offered)
    for version in (1, 2):
        progress = Progress(person="p1", as_of=version)
        station.county.publish("progress-p1", version, encode(progress), kind="progress", access="station")
        take(station)
        assert lists.progress("p1") == progress


class Counted:
    """A shelf that counts how often a bundle is read."""

    def __init__(self, offered: OfferedBundles) -> None:
        self._offered = offered
        self.reads = 0

    def bundles(self, kind: BundleKind) -> Sequence[HeldBundle]:
        return self._offered.bundles(kind)

    def read(self, bundle: HeldBundle) -> Bundle:
        self.reads += 1
        return self._offered.read(bundle)
