"""The month's data: counted by day, forecast, kept over reboots and corrections, and spared when they run short."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.uplink.traffic import (
    MB,
    SAVE_EACH_BYTES,
    SAVE_EVERY_MS,
    Meter,
    forecast,
    month_total,
    oldest_needed,
    put_off,
)
from protocol.facts import AlarmCleared, AlarmRaised
from protocol.twin import Settings
from tests.agent.bench import Bench, bench, desired
from tests.fakes.clockwork import HOUR_MS, MORNING_MS, FakeSystemClock

DAY_MS = 24 * HOUR_MS
TODAY = date(2026, 11, 24)


def days(**by_date: int) -> dict[int, int]:
    return {date.fromisoformat(day[1:].replace("_", "-")).toordinal(): count for day, count in by_date.items()}


@pytest.mark.parametrize(
    ("month_mb", "expected"),
    [(0, ()), (79, ()), (80, ("blobs",)), (94, ("blobs",)), (95, ("blobs", "vitals")), (1_000, ("blobs", "vitals"))],
)
def test_steps(month_mb: int, expected: tuple[str, ...]) -> None:
    assert put_off(month_mb * MB, Settings(data_mb_month=100)) == expected


def test_the_county_orders_what_gives_way() -> None:
    assert put_off(85 * MB, Settings(data_mb_month=100, data_shed=("vitals", "blobs"))) == ("vitals",)
    assert put_off(99 * MB, Settings(data_mb_month=100, data_shed=("blobs",))) == ("blobs",)
    assert put_off(99 * MB, Settings(data_mb_month=100, data_shed=("releases", "packs"))) == ("packs",)
    assert put_off(99 * MB, Settings(data_mb_month=100, data_shed=())) == ()
    assert put_off(10**12, Settings(data_mb_month=0)) == ()


def test_a_month_is_the_days_of_its_own() -> None:
    known = days(_2026_10_31=1, _2026_11_01=10, _2026_11_24=100, _2026_11_25=1_000, _2026_12_01=10_000)
    assert month_total(known, TODAY) == 110


def test_the_rest_of_the_month_is_like_the_last_seven_days() -> None:
    known = days(_2026_10_31=10**9, **{f"_2026_11_{day:02}": 100 for day in range(1, 24)}, _2026_11_24=40)
    assert forecast(known, TODAY) == 2_340 + 60 + 6 * 100
    assert forecast(days(_2026_11_24=50), TODAY) == 50 + 6 * 50, "one day is all that is known"
    assert forecast(days(_2026_11_22=70, _2026_11_24=50), TODAY) == 120 + 0 + 6 * 35, "a day off counts"
    assert forecast({}, TODAY) == 0
    assert forecast(days(_2026_11_30=50), date(2026, 11, 30)) == 50


@given(
    known=st.dictionaries(st.integers(TODAY.toordinal() - 90, TODAY.toordinal() + 5), st.integers(0, 10**12)),
    today=st.dates(date(2026, 10, 1), date(2026, 11, 30)),
)
def test_a_forecast_is_never_below_what_was_moved(known: dict[int, int], today: date) -> None:
    needed = {day: count for day, count in known.items() if day >= oldest_needed(today)}
    assert forecast(known, today) >= month_total(known, today) == month_total(needed, today)


def test_a_meter_adds_up() -> None:
    meter = Meter()
    meter.add(3)
    meter.add(4)
    assert meter.total() == 7


def move(station: Bench, count: int) -> None:
    station.moved += count
    station.traffic.tick()


def test_days_and_month_over_restarts(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        move(station, 1_000)
        system.pass_ms(DAY_MS)
        move(station, 500)
        station.traffic.keep()
    with bench(tmp_path, system) as station:
        station.traffic.tick()
        assert station.traffic.month_bytes() == 1_500
        move(station, 10)
        assert (station.traffic.month_bytes(), station.traffic.forecast_bytes()) == (1_510, 1_510 + 490 + 5 * 1_000)


def test_the_first_day_of_a_month_is_kept_to_its_end(tmp_path: Path, system: FakeSystemClock) -> None:
    system.wall = MORNING_MS - 23 * DAY_MS
    with bench(tmp_path, system) as station:
        move(station, 1_000)
        system.pass_ms(29 * DAY_MS)
        move(station, 10)
        station.traffic.keep()
    with bench(tmp_path, system) as station:
        station.traffic.tick()
        assert station.traffic.month_bytes() == 1_010


def test_a_new_month_is_forecast_by_the_last_days_of_the_old_one_after_a_restart_too(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        for _ in range(7):
            move(station, 100)
            system.pass_ms(DAY_MS)
        move(station, 40)
        station.traffic.keep()
        assert station.traffic.forecast_bytes() == 31 * 100
    with bench(tmp_path, system) as station:
        station.traffic.tick()
        assert (station.traffic.month_bytes(), station.traffic.forecast_bytes()) == (40, 31 * 100)


def test_few_writes(station: Bench, system: FakeSystemClock) -> None:
    writes = 0
    put = station.outbox.put

    def counted(key: str, value: bytes) -> None:
        nonlocal writes
        writes += key == "traffic"
        put(key, value)

    station.outbox.put = counted  # type: ignore[method-assign]
    for _ in range(8_640):
        system.pass_ms(10_000)
        move(station, 30)
    assert writes == 24
    move(station, SAVE_EACH_BYTES)
    assert writes == 25
    for _ in range(8_640):
        system.pass_ms(10_000)
        move(station, 0)
    assert writes == 25, "nothing moved"


def test_a_full_disk_is_tried_again(station: Bench, system: FakeSystemClock) -> None:
    station.outbox.fill_disk()
    move(station, SAVE_EACH_BYTES)
    assert station.traffic.month_bytes() == SAVE_EACH_BYTES
    station.outbox.error = None
    system.pass_ms(SAVE_EVERY_MS)
    move(station, 1)
    assert station.outbox.get("traffic")


def test_what_moved_before_the_time_is_known_counts_for_the_days_it_was(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        move(station, 70)
        assert station.traffic.month_bytes() is None
        assert station.traffic.forecast_bytes() is None
        station.traffic.keep()
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as station:
        move(station, 7)
        system.pass_ms(2 * DAY_MS)
        move(station, 1)
        november_1 = MORNING_MS - 23 * DAY_MS
        station.clock.take_county_time(november_1, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        station.traffic.tick()
        assert station.traffic.month_bytes() == 1, "all the rest was in October, as far as anyone knows"
        station.traffic.keep()
    system.wall = november_1
    with bench(tmp_path, system) as station:
        station.traffic.tick()
        assert station.traffic.month_bytes() == 1


def test_several_runs_without_the_time_add_up(tmp_path: Path, system: FakeSystemClock) -> None:
    for boot, count in ((b"boot-two--------", 70), (b"boot-three------", 7)):
        with bench(tmp_path, system, trusted=False) as station:
            move(station, count)
            station.traffic.keep()
        system.reboot(boot)
    with bench(tmp_path, system) as station:
        station.traffic.tick()
        assert station.traffic.month_bytes() == 77


def test_a_corrected_clock_corrects_the_book(tmp_path: Path, system: FakeSystemClock) -> None:
    wrong = MORNING_MS + 400 * DAY_MS
    with bench(tmp_path, FakeSystemClock(wall_ms=wrong)) as station:
        move(station, 1_000)
        station.traffic.keep()
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as station:
        station.clock.take_county_time(wrong, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        move(station, 30)
        station.county_told(MORNING_MS)
        station.traffic.tick()
        assert station.traffic.month_bytes() == 30
        station.traffic.keep()
    with bench(tmp_path, system) as station:
        station.traffic.tick()
        assert station.traffic.month_bytes() == 1_030, "a day to come can only be today"


def test_shedding_begins_and_ends_with_a_word(station: Bench, system: FakeSystemClock) -> None:
    station.accept(desired(version=2, settings={"data_mb_month": 1}))
    move(station, 790_000)
    assert not station.traffic.saving
    system.pass_ms(60_000)
    move(station, 20_000)
    assert station.traffic.puts_off("blobs")
    assert not station.traffic.puts_off("vitals")
    system.pass_ms(60_000)
    move(station, 150_000)
    assert station.traffic.saving == ("blobs", "vitals")
    system.pass_ms(8 * DAY_MS)
    move(station, 10)
    assert not station.traffic.saving
    said = [fact for fact in station.facts() if isinstance(fact, AlarmRaised | AlarmCleared)]
    assert [type(fact) for fact in said] == [AlarmRaised, AlarmRaised, AlarmCleared]
    assert {fact.code for fact in said} == {"data_short"}
    [first, _] = station.of(AlarmRaised)
    assert first.detail == "本月已用 0 MB，限 1 MB：图片暂缓上传，打卡照常上传"


def test_a_restart_neither_repeats_nor_forgets(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired(version=2, settings={"data_mb_month": 1}))
        move(station, 900_000)
        assert station.traffic.puts_off("blobs")
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as station:
        assert station.traffic.puts_off("blobs"), "while the date is unknown, what held last holds"
        station.clock.take_county_time(MORNING_MS, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        station.traffic.tick()
        assert len(station.of(AlarmRaised)) == 1
        station.accept(desired(version=3, settings={"data_mb_month": 2}))
        system.pass_ms(60_000)
        station.traffic.tick()
        assert not station.traffic.saving
        assert len(station.of(AlarmCleared)) == 1


def test_a_damaged_book_begins_anew(tmp_path: Path, system: FakeSystemClock, caplog: pytest.LogCaptureFixture) -> None:
    with bench(tmp_path, system) as station:
        station.outbox.put("traffic", b"\xc1")
    with bench(tmp_path, system) as station:
        move(station, 5)
        assert station.traffic.month_bytes() == 5
    assert "begins anew" in caplog.text
