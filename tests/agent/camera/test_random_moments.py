"""Random pictures: at most so many in a window, and nothing tells when."""

from datetime import UTC, datetime
from random import Random

import pytest

from agent.camera.random_moments import MAX_LOOK_MS, MOST_PER_WINDOW, RandomMoments
from agent.clocking.duty_dates import DutyDates
from protocol.facts import BlobAnnounced
from protocol.units import Moment
from tests.agent.bench import dates_of, village, window

BOOT = bytes(range(16))
DATES = dates_of(village())
MORNING_MIN = 720 - 510


def at(hour: float, *, day: int = 24, mono: int | None = None) -> Moment:
    """Return a local time of a Tuesday."""
    wall = int(datetime(2026, 11, day, tzinfo=UTC).timestamp() * 1000 + (hour - 8) * 3_600_000)
    return Moment(wall=wall, boot=BOOT, mono=wall if mono is None else mono, quality="synced")


def day_of(moments: RandomMoments, wanted: DutyDates = DATES, *, day: int = 24) -> list[float]:
    """Look every 30 s from 8 to 18 and return the hours at which a picture was due."""
    looks = (8 + step / 120 for step in range(10 * 120))
    return [hour for hour in looks if moments.due(wanted, at(hour, day=day))]


def in_morning(hours: list[float]) -> list[float]:
    return [hour for hour in hours if hour < 12]


def test_only_in_duty_windows_and_at_most_so_many() -> None:
    moments = RandomMoments(random=lambda: 0.0)
    hours = day_of(moments)
    assert len(in_morning(hours)) == len(hours) - len(in_morning(hours)) == MOST_PER_WINDOW
    assert all(8.5 <= hour < 12 or 14.5 <= hour < 17.5 for hour in hours)
    assert day_of(moments, day=28) == [], "a Saturday has no window"
    assert len(day_of(moments, day=25)) == 2 * MOST_PER_WINDOW, "the next day begins anew"


def test_never_without_chance() -> None:
    assert day_of(RandomMoments(random=lambda: 0.999_999)) == []


def test_the_moments_follow_no_timetable() -> None:
    """Over 150 mornings: every quarter is met, some mornings stay free, and one picture tells nothing of the next."""
    moments = RandomMoments(random=Random(7).random)
    mornings = [in_morning(day_of(moments, day=24 + number % 2)) for number in range(150)]
    quarters = [
        sum(8.5 + 0.875 * q <= hour < 8.5 + 0.875 * (q + 1) for day in mornings for hour in day) for q in range(4)
    ]
    assert all(quarter > 15 for quarter in quarters)
    counts = [sum(len(day) == number for day in mornings) for number in range(MOST_PER_WINDOW + 1)]
    assert sum(counts) == 150
    assert all(count > 15 for count in counts)
    early = [len(day) - 1 for day in mornings if day and day[0] < 10.25]
    assert 0.1 < sum(early) / len(early) < 0.9


def test_the_same_seed_gives_the_same_moments_and_another_one_others() -> None:
    one, same, other = (day_of(RandomMoments(random=Random(seed).random)) for seed in (1, 1, 3))
    assert one == same != other


def test_a_restart_gives_no_second_share() -> None:
    taken = BlobAnnounced(at=at(9), sha256=bytes(32), size=1, media_type="image/jpeg", purpose="random")
    touch = BlobAnnounced(at=at(9), sha256=bytes(32), size=1, media_type="image/jpeg", purpose="touch")
    moments = RandomMoments(random=lambda: 0.0)
    moments.recall([taken, touch, touch, touch], DATES)
    assert moments.due(DATES, at(9.5)) is False
    assert [moments.due(DATES, at(9.6)), moments.due(DATES, at(9.7))] == [True, False]


def test_windows_that_overlap_share_their_pictures() -> None:
    both = dates_of(village(windows=[window("one", 510, 720, "p1"), window("two", 500, 730, "p2")]))
    assert len(day_of(RandomMoments(random=lambda: 0.0), both)) == MOST_PER_WINDOW


@pytest.mark.parametrize("gap_ms", [MAX_LOOK_MS, 3_600_000, 10**12])
def test_a_station_that_slept_makes_up_for_nothing(gap_ms: int) -> None:
    """However long ago the last look was, a picture is as likely as after a minute: 1 in 210 for this window."""
    asked: list[float] = []

    def below() -> float:
        asked.append(1 / MORNING_MIN)
        return 1 / MORNING_MIN

    moments = RandomMoments(random=below)
    moments.due(DATES, at(9, mono=0))
    assert moments.due(DATES, at(9.5, mono=gap_ms)) is False
    assert asked
