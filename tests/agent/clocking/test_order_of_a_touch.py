"""Commit, then lamp, then screen, then picture. A broken part costs nothing but itself."""

from copy import replace

from protocol.facts import Touch
from tests.agent.bench import LI, ZHANG, Bench, desired


def test_commit_before_lamp_before_kiosk_before_picture(station: Bench) -> None:
    station.touch(ZHANG)
    assert [who for who, _ in station.recorded.order] == ["commit", "lamp", "kiosk", "picture"]


def test_the_lamp_names_the_fact_on_disk(station: Bench) -> None:
    station.touch(ZHANG)
    (colour, fact) = station.indicator.shown[0]
    assert colour == "green"
    assert fact == f"{station.outbox.epoch.hex()}/{station.outbox.through}"
    assert isinstance(station.facts()[-1], Touch)


def test_a_broken_lamp_costs_the_light_alone(station: Bench) -> None:
    station.indicator.broken = True
    assert station.touch(ZHANG).answer == "recorded"
    assert len(station.of(Touch)) == 1
    assert len(station.recorded.pictures) == 1
    station.indicator.broken = False
    station.touch(LI)
    assert [colour for colour, _ in station.indicator.shown] == ["green"]


def test_a_neighbour_s_card_is_green_and_the_screen_says_where_she_comes_from(station: Bench) -> None:
    state = desired(version=2)
    own, other = state.people
    station.accept(replace(state, people=[own, replace(other, village="演示村")]))
    neighbour, villager = station.touch(LI), station.touch(ZHANG)
    assert (neighbour.colour, neighbour.answer, neighbour.village) == ("green", "recorded", "演示村")
    assert (villager.colour, villager.village) == ("green", "")
