"""Fetching keeps to the night, to the month's data and to the room that facts need; what is over goes by a trusted
clock alone."""

import pytest

from agent.shelf.disk import RESERVE_BYTES
from agent.shelf.shelf import AGAIN_MS
from agent.storage.disk import Space
from protocol.twin import PackState
from tests.agent.bench import Bench, bench, desired
from tests.agent.shelf.test_bad_input import why
from tests.agent.shelf.test_change_of_bundle import in_force, take
from tests.fakes.clockwork import HOUR_MS, MORNING_MS, FakeSystemClock

NIGHT: dict[str, object] = {"night_from_min": 23 * 60, "night_until_min": 5 * 60}


def pass_time(station: Bench, system: FakeSystemClock, ms: int) -> None:
    system.pass_ms(ms)
    station.shelf.tick(facts_wait=False)
    if station.shelf.busy:
        station.end_trip()


def test_what_may_wait_for_the_night_waits_and_then_comes(station: Bench, system: FakeSystemClock) -> None:
    station.accept(desired(version=2, settings=NIGHT))
    station.county.publish("film", 1, night=True)
    station.county.publish("notice", 1)
    take(station)
    assert in_force(station) == {"notice": 1}
    assert why(station, "film") == ("waiting", "night")
    pass_time(station, system, 14 * HOUR_MS)
    assert in_force(station) == {"notice": 1}, "22:30"
    pass_time(station, system, HOUR_MS // 2 + 60_000)
    assert in_force(station) == {"notice": 1, "film": 1}
    assert station.county.bounds[-1].within_s == pytest.approx(3_600)


def test_a_download_ends_with_the_night(station: Bench, system: FakeSystemClock) -> None:
    station.accept(desired(version=2, settings={"night_from_min": 0, "night_until_min": 8 * 60 + 35}))
    station.county.publish("film", 1, night=True)
    take(station)
    assert station.county.bounds[-1].within_s == 300


def test_without_a_trusted_time_it_is_never_night(system: FakeSystemClock, station: Bench) -> None:
    station.outbox.close()
    system.reboot(b"boot-two--------")
    with bench(station.folder, system, trusted=False) as unsure:
        unsure.accept(desired(version=2, settings={"night_from_min": 0, "night_until_min": 0}))
        unsure.county.publish("film", 1, night=True)
        unsure.county.publish("mine", 1, access="station")
        unsure.county.publish("notice", 1)
        take(unsure)
        assert in_force(unsure) == {"notice": 1}
        assert why(unsure, "film") == ("waiting", "night")
        assert why(unsure, "mine") == ("waiting", "clock")
        unsure.clock.take_county_time(MORNING_MS, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        unsure.shelf.hurry()
        unsure.make_trip()
        assert in_force(unsure) == {"notice": 1, "film": 1, "mine": 1}


def test_what_is_personal_is_asked_for_by_a_signed_request(station: Bench, system: FakeSystemClock) -> None:
    item = station.county.item("voice.ogg", b"voice")
    station.county.publish("mine", 1, access="station", items=[item])
    station.county.publish("all", 1)
    take(station)
    signed = [
        (wanted.kind, bounds.wall_ms)
        for wanted, bounds in zip(station.county.asked, station.county.bounds, strict=True)
    ]
    assert signed == [
        ("bundles", None),
        ("bundles", system.wall),
        ("items", system.wall),
        ("bundles", None),
    ]


@pytest.mark.parametrize(
    ("moved", "settings", "comes"),
    [
        (940_000, {"data_mb_month": 1}, True),
        (949_000, {"data_mb_month": 1}, False),
        (790_000, {"data_mb_month": 1, "data_shed": ["packs"]}, True),
        (799_500, {"data_mb_month": 1, "data_shed": ["packs"]}, False),
        (5_000_000, {"data_mb_month": 0}, True),
    ],
)
def test_the_last_of_the_months_data_is_for_facts(
    station: Bench, moved: int, settings: dict[str, object], comes: bool
) -> None:
    station.accept(desired(version=2, settings=settings))
    station.county.publish("policy", 1)
    ref = station.county.index()
    station.moved = moved
    station.shelf.want(ref)
    station.make_trip()
    assert in_force(station) == ({"policy": 1} if comes else {})


def test_data_that_run_short_in_a_trip(station: Bench, system: FakeSystemClock) -> None:
    station.accept(desired(version=2, settings={"data_mb_month": 1}))
    for name in ("a", "b", "c"):
        station.county.publish(name, 1, bytes(400_000))
    take(station)
    assert in_force(station) == {"a": 1, "b": 1}
    assert why(station, "c") == ("waiting", "data")
    station.accept(desired(version=3, settings={"data_mb_month": 2}))
    pass_time(station, system, AGAIN_MS)
    assert in_force(station) == {"a": 1, "b": 1, "c": 1}


def test_facts_have_room_before_the_shelf(station: Bench, system: FakeSystemClock) -> None:
    station.county.publish("policy", 1, bytes(2_000))
    free = [RESERVE_BYTES + 1_500]
    station.shelf._disk._room = lambda: Space(free_bytes=free[0], total_bytes=1 << 36)
    take(station)
    assert why(station, "policy") == ("waiting", "no_room")
    free[0] = RESERVE_BYTES + 100_000
    pass_time(station, system, AGAIN_MS)
    assert in_force(station) == {"policy": 1}


def test_the_shelf_has_a_quota_and_the_old_version_keeps_its_place(station: Bench) -> None:
    station.county.publish("policy", 1, bytes(2_000))
    station.shelf._disk._quota_bytes = 4_000
    take(station)
    station.county.publish("policy", 2, bytes(2_001))
    take(station)
    assert in_force(station) == {"policy": 1}
    assert why(station, "policy") == ("waiting", "no_room")


def test_what_is_over_is_not_shown_and_then_goes(station: Bench, system: FakeSystemClock) -> None:
    station.county.notice("news", 1, "停水通知", not_after=MORNING_MS + HOUR_MS)
    take(station)
    assert station.home.current().notice == "停水通知"
    system.pass_ms(HOUR_MS)
    assert station.home.current().notice == ""
    assert station.shelf.states() == [PackState(id="news", version=1, state="expired")]
    pass_time(station, system, 60_000)
    assert in_force(station) == {}
    assert why(station, "news") == ("expired", "")
    assert station.shelf.take_report()


def test_a_clock_that_nobody_trusts_ends_nothing(system: FakeSystemClock, station: Bench) -> None:
    station.county.notice("news", 1, "停水通知", not_after=MORNING_MS + HOUR_MS)
    take(station)
    station.outbox.close()
    system.reboot(b"boot-two--------")
    with bench(station.folder, system, trusted=False) as unsure:
        assert not unsure.clock.dated
        unsure.county.reachable = False
        unsure.make_trip()
        assert unsure.home.current().notice == "停水通知"
        unsure.clock.take_county_time(MORNING_MS + HOUR_MS, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        assert unsure.home.current().notice == ""
        pass_time(unsure, system, 60_000)
        assert in_force(unsure) == {}


def test_what_has_not_begun_is_here_and_not_shown(station: Bench, system: FakeSystemClock) -> None:
    station.county.publish("later", 1, not_before=MORNING_MS + HOUR_MS)
    take(station)
    assert in_force(station) == {"later": 1}
    assert station.shelf.offered.bundles("library") == []
    system.pass_ms(HOUR_MS)
    assert [one.id for one in station.shelf.offered.bundles("library")] == ["later"]


def test_several_notices_take_turns_and_an_urgent_one_goes_before_them(station: Bench, system: FakeSystemClock) -> None:
    station.county.notice("news", 1, "甲", "乙")
    take(station)
    seen = set()
    for _ in range(2):
        seen.add(station.home.current().notice)
        system.pass_ms(60_000)
    assert seen == {"甲", "乙"}
    station.county.notice("flood", 1, "防汛", urgent=True)
    take(station)
    assert station.home.current().notice == "防汛"


def test_the_time_service_alone_takes_it_off_the_screen_and_drops_nothing(
    system: FakeSystemClock, station: Bench
) -> None:
    station.county.notice("news", 1, "停水通知", not_after=MORNING_MS + HOUR_MS)
    take(station)
    station.outbox.close()
    system.reboot(b"boot-two--------")
    system.wall, system.synced = MORNING_MS + 2 * HOUR_MS, True
    with bench(station.folder, system, trusted=False) as unsigned:
        unsigned.clock.take_ntp_state(well=True, mono_ms=system.mono)
        unsigned.clock.check_ntp()
        assert (unsigned.clock.dated, unsigned.clock.signed) == (True, False)
        unsigned.county.reachable = False
        pass_time(unsigned, system, 60_000)
        assert unsigned.home.current().notice == ""
        assert unsigned.shelf.states() == [PackState(id="news", version=1, state="expired")]
        assert in_force(unsigned) == {"news": 1}
