"""A pack is new to whoever has not opened it: to each person in a visit, and to everybody together without one."""

from pathlib import Path

from protocol.kiosk_learning import MapShown, OpenMap, OpenPack
from protocol.kiosk_visits import EndVisit, VisitShown
from protocol.progress import LevelProgress, Progress
from tests.agent.bench import LI, ZHANG, Bench, bench, desired
from tests.agent.kiosk.test_learning import give_pack, play
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import FakeSystemClock

DAY_MS = 86_400_000


def is_new(station: Bench, visit: str = "") -> bool:
    """Whether the one pack is new on the map."""
    (shown,) = station.ask(OpenMap(visit=visit))
    assert isinstance(shown, MapShown)
    (line,) = shown.packs
    return line.new


def come(station: Bench, system: FakeSystemClock, card: str) -> VisitShown:
    system.pass_ms(200_000)
    return open_by_card(station, card)


def test_a_pack_is_new_for_two_weeks(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    assert is_new(station)
    system.pass_ms(13 * DAY_MS)
    assert is_new(station)
    system.pass_ms(DAY_MS)
    assert not is_new(station)


def test_without_a_card_a_pack_is_new_until_somebody_has_opened_it(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        assert is_new(station)
        station.ask(OpenPack(pack="sample"))
        assert not is_new(station)
    with bench(tmp_path, system) as again:
        give_pack(again)
        assert not is_new(again)
        assert is_new(again, come(again, system, ZHANG).visit), "who comes with a card has not seen it"


def test_in_a_visit_a_pack_is_new_until_the_person_has_opened_it(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        visit = open_by_card(station, ZHANG)
        assert is_new(station, visit.visit)
        station.ask(OpenPack(visit=visit.visit, pack="sample"))
        assert not is_new(station, visit.visit)
        station.ask(EndVisit(visit=visit.visit))
        assert is_new(station), "nobody without a card has opened it"
    with bench(tmp_path, system) as again:
        give_pack(again)
        assert not is_new(again, come(again, system, ZHANG).visit)
        assert is_new(again, come(again, system, LI).visit)


def test_a_pack_that_is_not_here_is_not_taken_for_opened(station: Bench) -> None:
    station.ask(OpenPack(pack="sample"))
    give_pack(station)
    assert is_new(station)


def test_a_pack_with_stars_is_not_new_wherever_they_were_won(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    play(station, [True] * 5)
    assert not is_new(station)
    levels = [LevelProgress(pack="sample", level="1", stars=2)]
    station.bundles.put("progress", Progress(person="p1", as_of=1, levels=levels), name="p1")
    assert not is_new(station, open_by_card(station, ZHANG).visit)
    assert is_new(station, come(station, system, LI).visit)
