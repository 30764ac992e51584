"""Time without a clock battery: quality, floor, the county's answer, and the fact when a boot learns the time."""

import pytest

from agent.clock import ANSWER_WITHIN_MS, NTP_EVERY_MS, SYNCED_FOR_MS, StationClock
from agent.outbox.errors import OutboxFull
from protocol.facts import ClockCorrected
from protocol.units import Moment
from tests.fakes.clockwork import HOUR_MS, MORNING_MS, FakeSystemClock

BUILD_MS = 1_700_000_000_000


class Memory:
    """The state table, without the disk."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.full = False

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        if self.full:
            raise OutboxFull("no room")
        self.kept[key] = value


@pytest.fixture
def memory() -> Memory:
    return Memory()


def started(system: FakeSystemClock, memory: Memory, *, last_fact: Moment | None = None) -> StationClock:
    clock = StationClock(system=system, build_ms=BUILD_MS)
    clock.restore(memory, last_fact=last_fact)
    return clock


def told(clock: StationClock, system: FakeSystemClock, wall_ms: int, *, trip_ms: int = 0) -> ClockCorrected | None:
    return clock.county_said(wall_ms, asked_mono_ms=system.mono - trip_ms, answered_mono_ms=system.mono)


def test_without_any_knowledge_it_stands_at_the_build(system: FakeSystemClock, memory: Memory) -> None:
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (BUILD_MS + system.mono, "unknown")


def test_the_machines_clock_does_not_count_unless_it_is_disciplined(system: FakeSystemClock, memory: Memory) -> None:
    clock = started(system, memory)
    assert clock.check_ntp() is None
    assert clock.now().quality == "unknown"
    system.synced = True
    system.pass_ms(NTP_EVERY_MS)
    corrected = clock.check_ntp()
    assert corrected is not None
    assert (corrected.source, corrected.before, corrected.wall) == ("ntp", "unknown", system.wall)
    assert (clock.now().wall, clock.now().quality) == (system.wall, "synced")


def test_the_countys_answer_dates_the_boot(system: FakeSystemClock, memory: Memory) -> None:
    clock = started(system, memory)
    early = clock.now()
    system.pass_ms(30_000)
    corrected = told(clock, system, MORNING_MS, trip_ms=400)
    assert corrected is not None
    assert (corrected.boot, corrected.mono, corrected.wall) == (system.boot, system.mono, MORNING_MS + 200)
    assert (corrected.source, corrected.before, corrected.at.quality) == ("county", "unknown", "synced")
    assert clock.wall_of(early) == MORNING_MS + 200 - 30_000


def test_an_answer_after_2_s_does_not_count(system: FakeSystemClock, memory: Memory) -> None:
    clock = started(system, memory)
    assert told(clock, system, MORNING_MS, trip_ms=ANSWER_WITHIN_MS + 1) is None
    assert told(clock, system, MORNING_MS, trip_ms=-1) is None
    assert clock.now().quality == "unknown"
    assert told(clock, system, MORNING_MS, trip_ms=ANSWER_WITHIN_MS) is not None


def test_what_is_known_already_makes_no_fact(system: FakeSystemClock, memory: Memory) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(HOUR_MS)
    assert told(clock, system, MORNING_MS + HOUR_MS + 900) is None
    stepped = told(clock, system, MORNING_MS + HOUR_MS + 60_000)
    assert stepped is not None
    assert stepped.before == "synced"


def test_trust_ages_to_holdover_and_is_renewed(system: FakeSystemClock, memory: Memory) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(SYNCED_FOR_MS + 1)
    assert clock.now().quality == "holdover"
    assert clock.dated
    told(clock, system, MORNING_MS + SYNCED_FOR_MS + 1)
    assert clock.now().quality == "synced"


def test_the_countys_word_stands_before_ntp(system: FakeSystemClock, memory: Memory) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS + HOUR_MS)
    system.synced = True
    system.pass_ms(NTP_EVERY_MS)
    assert clock.check_ntp() is None
    assert clock.now().wall == MORNING_MS + HOUR_MS + NTP_EVERY_MS


def test_another_boot_begins_at_the_last_trusted_time(system: FakeSystemClock, memory: Memory) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(HOUR_MS)
    clock.keep()
    system.reboot(b"boot-two--------")
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (MORNING_MS + HOUR_MS + system.mono, "restored")


def test_the_last_dated_fact_raises_the_floor_too(system: FakeSystemClock, memory: Memory) -> None:
    told(started(system, memory), system, MORNING_MS)
    fact = Moment(wall=MORNING_MS + HOUR_MS, boot=system.boot, mono=9, quality="holdover")
    guess = Moment(wall=MORNING_MS + 9 * HOUR_MS, boot=system.boot, mono=9, quality="restored")
    system.reboot(b"boot-two--------")
    assert started(system, memory, last_fact=fact).now().wall == MORNING_MS + HOUR_MS + system.mono
    assert started(system, memory, last_fact=guess).now().wall == MORNING_MS + system.mono


def test_a_restart_in_the_same_boot_keeps_the_time(system: FakeSystemClock, memory: Memory) -> None:
    told(started(system, memory), system, MORNING_MS)
    system.pass_ms(5_000)
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (MORNING_MS + 5_000, "synced")


def test_trusted_time_may_lower_a_wrong_floor(system: FakeSystemClock, memory: Memory) -> None:
    told(started(system, memory), system, MORNING_MS + 1_000 * HOUR_MS)
    system.reboot(b"boot-two--------")
    clock = started(system, memory)
    corrected = told(clock, system, MORNING_MS)
    assert corrected is not None
    assert corrected.before == "restored"
    system.reboot(b"boot-three------")
    assert started(system, memory).now().wall == MORNING_MS + system.mono


def test_a_damaged_memory_or_a_full_disk_does_not_stop_the_clock(system: FakeSystemClock, memory: Memory) -> None:
    memory.kept["clock"] = b"\xc1rubbish"
    clock = started(system, memory)
    assert clock.now().quality == "unknown"
    memory.full = True
    assert told(clock, system, MORNING_MS) is not None
    assert clock.now().quality == "synced"


def test_a_build_later_than_the_kept_time_is_the_floor(system: FakeSystemClock, memory: Memory) -> None:
    told(started(system, memory), system, BUILD_MS - HOUR_MS)
    system.reboot(b"boot-two--------")
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (BUILD_MS + system.mono, "unknown")
