"""Time without a clock battery: quality, floor, the county's answer, and the fact when a boot learns the time."""

from typing import Literal

import msgspec
import pytest

from agent.timekeeping.clock import (
    ANSWER_WITHIN_MS,
    DAY_MS,
    MAX_RESTATED,
    NTP_EVERY_MS,
    NTP_READ_WITHIN_MS,
    REPEATED_AFTER_MS,
    STEP_MS,
    SYNCED_FOR_MS,
    StationClock,
)
from protocol.facts import AlarmCleared, AlarmRaised, ClockCorrected, Fact
from protocol.units import LAST_WALL_MS, Moment
from tests.fakes.clockwork import HOUR_MS, MORNING_MS, FakeSystemClock
from tests.fakes.state import MemoryState

BUILD_MS = 1_780_000_000_000


@pytest.fixture
def memory() -> MemoryState:
    return MemoryState()


def started(system: FakeSystemClock, memory: MemoryState, *, last_fact: Moment | None = None) -> StationClock:
    clock = StationClock(system=system, build_ms=BUILD_MS)
    clock.restore(memory, last_fact=last_fact)
    return clock


def ntp(clock: StationClock, system: FakeSystemClock, *, away_ms: int = 0) -> ClockCorrected | AlarmRaised | None:
    """A minute later the time service is well, and it has set the machine's clock by this much."""
    system.synced = True
    system.pass_ms(NTP_EVERY_MS)
    system.wall += away_ms
    clock.take_ntp_state(well=True, mono_ms=system.mono)
    return clock.check_ntp()


def heard(clock: StationClock, system: FakeSystemClock, wall_ms: int, *, trip_ms: int = 0) -> list[Fact]:
    return clock.take_county_time(wall_ms, asked_mono_ms=system.mono - trip_ms, answered_mono_ms=system.mono)


def told(clock: StationClock, system: FakeSystemClock, wall_ms: int, *, trip_ms: int = 0) -> ClockCorrected | None:
    """The correction that the county's word led to."""
    facts = heard(clock, system, wall_ms, trip_ms=trip_ms)
    return next((fact for fact in facts if isinstance(fact, ClockCorrected)), None)


def test_without_any_knowledge_it_stands_at_the_build(system: FakeSystemClock, memory: MemoryState) -> None:
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (BUILD_MS + system.mono, "unknown")


def test_the_machines_clock_does_not_count_unless_it_is_disciplined(
    system: FakeSystemClock, memory: MemoryState
) -> None:
    clock = started(system, memory)
    assert clock.check_ntp() is None
    assert clock.now().quality == "unknown"
    corrected = ntp(clock, system)
    assert isinstance(corrected, ClockCorrected)
    assert (corrected.source, corrected.before, corrected.wall) == ("ntp", "unknown", system.wall)
    assert (clock.now().wall, clock.now().quality) == (system.wall, "synced")


def test_the_countys_answer_dates_the_boot(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    early = clock.now()
    system.pass_ms(30_000)
    corrected = told(clock, system, MORNING_MS, trip_ms=400)
    assert corrected is not None
    assert (corrected.boot, corrected.mono, corrected.wall) == (system.boot, system.mono, MORNING_MS + 200)
    assert (corrected.source, corrected.before, corrected.at.quality) == ("county", "unknown", "synced")
    assert clock.wall_of(early) == MORNING_MS + 200 - 30_000


def test_an_answer_after_2_s_does_not_count(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    assert told(clock, system, MORNING_MS, trip_ms=ANSWER_WITHIN_MS + 1) is None
    assert told(clock, system, MORNING_MS, trip_ms=-1) is None
    assert clock.now().quality == "unknown"
    assert told(clock, system, MORNING_MS, trip_ms=ANSWER_WITHIN_MS) is not None


def test_what_is_known_already_makes_no_fact(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(HOUR_MS)
    assert told(clock, system, MORNING_MS + HOUR_MS + 900) is None
    system.pass_ms(HOUR_MS)
    stepped = told(clock, system, MORNING_MS + 2 * HOUR_MS + 3_000)
    assert stepped is not None
    assert stepped.before == "synced"


@pytest.mark.parametrize("away_ms", [STEP_MS + 1, -STEP_MS - 1])
def test_no_more_than_2_s_go_unstated(system: FakeSystemClock, memory: MemoryState, away_ms: int) -> None:
    """The time that the boot's facts state is right to this bound, also after the correction."""
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(HOUR_MS)
    corrected = told(clock, system, MORNING_MS + HOUR_MS + away_ms)
    assert corrected is not None
    assert (STEP_MS, corrected.wall) == (2_000, MORNING_MS + HOUR_MS + away_ms)


def test_trust_ages_to_holdover_and_is_renewed(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(SYNCED_FOR_MS + 1)
    assert clock.now().quality == "holdover"
    assert clock.dated
    told(clock, system, MORNING_MS + SYNCED_FOR_MS + 1)
    assert clock.now().quality == "synced"


def test_the_countys_word_stands_before_ntp(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS + HOUR_MS)
    assert ntp(clock, system) is None
    assert clock.now().wall == MORNING_MS + HOUR_MS + NTP_EVERY_MS


def test_another_boot_begins_at_the_last_trusted_time(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(HOUR_MS)
    clock.keep()
    system.reboot(b"boot-two--------")
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (MORNING_MS + HOUR_MS + system.mono, "restored")


def test_the_last_dated_fact_raises_the_floor_too(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, MORNING_MS)
    fact = Moment(wall=MORNING_MS + HOUR_MS, boot=system.boot, mono=9, quality="holdover")
    guess = Moment(wall=MORNING_MS + 9 * HOUR_MS, boot=system.boot, mono=9, quality="restored")
    system.reboot(b"boot-two--------")
    assert started(system, memory, last_fact=fact).now().wall == MORNING_MS + HOUR_MS + system.mono
    assert started(system, memory, last_fact=guess).now().wall == MORNING_MS + system.mono


def test_a_restart_in_the_same_boot_keeps_the_time(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, MORNING_MS)
    system.pass_ms(5_000)
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (MORNING_MS + 5_000, "synced")


def test_a_restart_in_the_same_boot_does_not_renew_the_trust(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(SYNCED_FOR_MS + 1)
    clock.keep()
    assert started(system, memory).now().quality == "holdover"


def test_what_this_boot_learns_dates_no_other_boot(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    other = Moment(wall=BUILD_MS, boot=b"boot-zero-------", mono=9, quality="restored")
    told(clock, system, MORNING_MS)
    assert clock.wall_of(other) == BUILD_MS


def test_trusted_time_may_lower_a_wrong_floor(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, MORNING_MS + 1_000 * HOUR_MS)
    system.reboot(b"boot-two--------")
    clock = started(system, memory)
    corrected = told(clock, system, MORNING_MS)
    assert corrected is not None
    assert corrected.before == "restored"
    system.reboot(b"boot-three------")
    assert started(system, memory).now().wall == MORNING_MS + system.mono


def test_a_damaged_memory_or_a_full_disk_does_not_stop_the_clock(system: FakeSystemClock, memory: MemoryState) -> None:
    memory.values["clock"] = b"\xc1rubbish"
    clock = started(system, memory)
    assert clock.now().quality == "unknown"
    memory.full = True
    assert told(clock, system, MORNING_MS) is not None
    assert clock.now().quality == "synced"


def test_another_build_later_than_the_kept_time_is_the_floor(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, BUILD_MS - HOUR_MS)
    system.reboot(b"boot-two--------")
    clock = StationClock(system=system, build_ms=BUILD_MS + HOUR_MS)
    clock.restore(memory)
    assert (clock.now().wall, clock.now().quality) == (BUILD_MS + HOUR_MS + system.mono, "unknown")


def test_a_build_in_the_future_is_found_out_by_trusted_time(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, BUILD_MS - HOUR_MS)
    system.reboot(b"boot-two--------")
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (BUILD_MS - HOUR_MS + system.mono, "restored")


def test_a_time_service_that_is_not_well_or_silent_does_not_count(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    system.synced = True
    clock.take_ntp_state(well=False, mono_ms=system.mono)
    assert clock.check_ntp() is None
    clock.take_ntp_state(well=True, mono_ms=system.mono)
    system.pass_ms(NTP_READ_WITHIN_MS + 1)
    assert clock.check_ntp() is None
    assert clock.now().quality == "unknown"


def test_a_time_service_that_is_well_does_not_count_before_the_kernel_agrees(
    system: FakeSystemClock, memory: MemoryState
) -> None:
    clock = started(system, memory)
    clock.take_ntp_state(well=True, mono_ms=system.mono)
    assert clock.check_ntp() is None
    assert clock.now().quality == "unknown"
    assert ntp(clock, system) is not None


@pytest.mark.parametrize("wall", [0, 946_684_800_000, BUILD_MS - DAY_MS, BUILD_MS + 732 * DAY_MS, 4_102_444_800_000])
def test_an_impossible_ntp_is_distrusted_and_said_once(system: FakeSystemClock, memory: MemoryState, wall: int) -> None:
    clock = started(system, memory)
    system.wall = wall
    alarm = ntp(clock, system)
    assert isinstance(alarm, AlarmRaised)
    assert (alarm.code, alarm.severity) == ("ntp_distrusted", "major")
    assert ntp(clock, system) is None
    assert clock.now().quality == "unknown"
    assert told(clock, system, MORNING_MS) is not None


def test_ntp_may_lower_what_ntp_alone_has_said(system: FakeSystemClock, memory: MemoryState) -> None:
    system.wall += 300 * DAY_MS
    assert ntp(started(system, memory), system) is not None
    system.reboot(b"boot-two--------")
    system.wall = MORNING_MS
    corrected = ntp(started(system, memory), system)
    assert isinstance(corrected, ClockCorrected)
    assert corrected.before == "restored"


def test_ntp_never_lowers_what_the_county_has_said(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, MORNING_MS)
    system.reboot(b"boot-two--------")
    system.wall = MORNING_MS - DAY_MS
    assert isinstance(ntp(started(system, memory), system), AlarmRaised)


@pytest.mark.parametrize("away", [HOUR_MS, -HOUR_MS, 365 * DAY_MS, -365 * DAY_MS])
def test_an_ntp_that_jumps_away_from_its_own_word_is_distrusted(
    system: FakeSystemClock, memory: MemoryState, away: int
) -> None:
    clock = started(system, memory)
    ntp(clock, system)
    true = clock.now().wall
    alarm = ntp(clock, system, away_ms=away)
    assert isinstance(alarm, AlarmRaised)
    assert clock.now().wall == true + NTP_EVERY_MS


def test_an_ntp_that_creeps_away_gets_no_further_than_a_crystal(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    ntp(clock, system)
    true = clock.now().wall
    said = [ntp(clock, system, away_ms=500) for _ in range(60)]
    assert sum(isinstance(fact, AlarmRaised) for fact in said) == 1
    assert clock.now().wall - true - 60 * NTP_EVERY_MS <= STEP_MS + 1_000


def test_when_the_countys_word_is_a_day_old_ntp_may_confirm_it_but_not_move_it(
    system: FakeSystemClock, memory: MemoryState
) -> None:
    clock = started(system, memory)
    told(clock, system, system.wall)
    system.pass_ms(SYNCED_FOR_MS + 1)
    assert isinstance(ntp(clock, system, away_ms=HOUR_MS), AlarmRaised)
    assert clock.now().quality == "holdover"
    system.wall -= HOUR_MS
    assert ntp(clock, system, away_ms=1_500) is None
    assert (clock.now().quality, clock.now().wall) == ("synced", system.wall)


def test_the_countys_first_word_after_ntp_is_stated(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    ntp(clock, system)
    corrected = told(clock, system, system.wall + 300)
    assert corrected is not None
    assert (corrected.source, corrected.before) == ("county", "synced")
    assert told(clock, system, system.wall) is None


def test_a_restart_in_the_same_boot_remembers_whose_word_it_was(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, MORNING_MS)
    clock = started(system, memory)
    assert clock.signed
    assert ntp(clock, system, away_ms=HOUR_MS) is None
    assert clock.now().wall == MORNING_MS + NTP_EVERY_MS
    assert told(clock, system, MORNING_MS + NTP_EVERY_MS) is None


def test_a_jump_of_the_machines_clock_does_not_move_the_stations(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    for jump in (HOUR_MS, -HOUR_MS, 365 * DAY_MS, -365 * DAY_MS):
        system.wall += jump
        system.pass_ms(1_000)
        clock.check_ntp()
    assert (clock.now().wall, clock.now().quality) == (MORNING_MS + 4_000, "synced")


def test_sleep_counts(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.mono += 8 * HOUR_MS
    assert (clock.now().wall, clock.now().quality) == (MORNING_MS + 8 * HOUR_MS, "synced")


def test_a_mono_that_went_back_is_another_boot(system: FakeSystemClock, memory: MemoryState) -> None:
    told(started(system, memory), system, MORNING_MS)
    system.mono -= 500_000
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (MORNING_MS + system.mono, "restored")


@pytest.mark.parametrize(
    "kept",
    [
        b"\xc1rubbish",
        b"",
        b"\x90",
        msgspec.msgpack.encode([b"short", 1, 2, 3]),
        msgspec.msgpack.encode([b"boot-one--------", -1, MORNING_MS, 0]),
        msgspec.msgpack.encode([b"boot-one--------", 1, 2**62, 0]),
        msgspec.msgpack.encode([b"boot-one--------", 1, MORNING_MS, "soon"]),
    ],
)
def test_damaged_memory_is_no_memory(system: FakeSystemClock, memory: MemoryState, kept: bytes) -> None:
    memory.values["clock"] = kept
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (BUILD_MS + system.mono, "unknown")


def test_what_an_earlier_version_kept_is_read(system: FakeSystemClock, memory: MemoryState) -> None:
    memory.values["clock"] = msgspec.msgpack.encode([b"boot-zero-------", 1, MORNING_MS, 1])
    now = started(system, memory).now()
    assert (now.wall, now.quality) == (MORNING_MS + system.mono, "restored")


def test_a_county_after_the_year_2199_is_not_believed(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    assert told(clock, system, LAST_WALL_MS + 1) is None
    assert clock.now().quality == "unknown"


@pytest.mark.parametrize("source", ["rtc", "modem"])
def test_a_hint_gives_a_start_and_dates_nothing(
    system: FakeSystemClock, memory: MemoryState, source: Literal["rtc", "modem"]
) -> None:
    clock = started(system, memory)
    assert clock.take_time_hint(MORNING_MS, source=source, mono_ms=system.mono) is None
    assert (clock.now().wall, clock.now().quality, clock.dated) == (MORNING_MS, "restored", False)
    corrected = told(clock, system, MORNING_MS + 5_000)
    assert corrected is not None
    assert corrected.before == "restored"


def test_a_hint_before_the_floor_does_not_lower_it(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    assert clock.take_time_hint(BUILD_MS - HOUR_MS, source="rtc", mono_ms=system.mono) is None
    assert (clock.now().wall, clock.now().quality) == (BUILD_MS + system.mono, "unknown")


@pytest.mark.parametrize("wall", [0, 946_684_800_500, BUILD_MS - 2 * DAY_MS, BUILD_MS + 733 * DAY_MS, 2**52])
def test_a_hint_that_can_not_be_right_is_an_alarm(system: FakeSystemClock, memory: MemoryState, wall: int) -> None:
    clock = started(system, memory)
    alarm = clock.take_time_hint(wall, source="rtc", mono_ms=system.mono)
    assert alarm is not None
    assert alarm.code == "rtc_implausible"
    assert clock.now().quality == "unknown"


def test_where_the_time_is_known_a_hint_only_shows_whether_its_source_works(
    system: FakeSystemClock, memory: MemoryState
) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    assert clock.take_time_hint(MORNING_MS + HOUR_MS, source="rtc", mono_ms=system.mono) is None
    assert clock.take_time_hint(MORNING_MS + 2 * DAY_MS, source="rtc", mono_ms=system.mono) is not None
    assert (clock.now().wall, clock.now().quality) == (MORNING_MS, "synced")


def test_a_hint_keeps_no_floor(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    clock.take_time_hint(MORNING_MS, source="rtc", mono_ms=system.mono)
    clock.keep()
    assert not memory.values


@pytest.mark.parametrize("away_ms", [-6 * 365 * DAY_MS, 365 * DAY_MS, -60_000])
def test_a_county_that_contradicts_itself_is_not_believed_at_once(
    system: FakeSystemClock, memory: MemoryState, away_ms: int
) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    system.pass_ms(HOUR_MS)
    facts = heard(clock, system, MORNING_MS + HOUR_MS + away_ms)
    assert [(type(fact), getattr(fact, "code", "")) for fact in facts] == [(AlarmRaised, "clock_disputed")]
    assert (clock.now().wall, clock.now().quality) == (MORNING_MS + HOUR_MS, "synced")
    assert clock.wants_county_time
    system.pass_ms(60_000)
    assert heard(clock, system, system.wall + away_ms) == [], "one alarm for one dispute"


def test_what_the_county_says_again_after_a_while_stands(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    heard(clock, system, MORNING_MS + HOUR_MS)
    system.pass_ms(REPEATED_AFTER_MS - 1)
    assert told(clock, system, system.wall + HOUR_MS) is None
    system.pass_ms(1)
    facts = heard(clock, system, system.wall + HOUR_MS)
    assert [type(fact) for fact in facts] == [ClockCorrected, AlarmCleared]
    assert clock.now().wall == system.wall + HOUR_MS
    assert not clock.wants_county_time


def test_a_county_that_takes_its_word_back_ends_the_dispute(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    heard(clock, system, MORNING_MS + HOUR_MS)
    system.pass_ms(60_000)
    assert [type(fact) for fact in heard(clock, system, system.wall)] == [AlarmCleared]
    assert not clock.wants_county_time
    system.pass_ms(REPEATED_AFTER_MS)
    assert told(clock, system, system.wall + HOUR_MS) is None, "a dispute that is over does not count for the next"


def test_a_third_word_is_not_the_second_one_again(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    told(clock, system, MORNING_MS)
    heard(clock, system, MORNING_MS + HOUR_MS)
    system.pass_ms(REPEATED_AFTER_MS)
    assert told(clock, system, system.wall + 2 * HOUR_MS) is None
    assert clock.now().wall == system.wall


def test_an_ntp_that_is_well_settles_the_dispute_at_once(system: FakeSystemClock, memory: MemoryState) -> None:
    """An NTP server that lies can't know the county's next time beforehand, and the county counts more than NTP in
    any case."""
    clock = started(system, memory)
    told(clock, system, MORNING_MS - HOUR_MS)
    assert ntp(clock, system) is None
    facts = heard(clock, system, system.wall)
    assert [type(fact) for fact in facts] == [ClockCorrected]
    assert clock.now().wall == system.wall


def test_the_run_of_the_countys_clock_is_stated(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    [fact] = clock.take_county_time(
        MORNING_MS, asked_mono_ms=system.mono, answered_mono_ms=system.mono, clock_run=b"run-one-"
    )
    assert isinstance(fact, ClockCorrected)
    assert fact.clock_run == b"run-one-"


def test_the_countys_word_is_wanted_until_it_is_had_in_this_boot(system: FakeSystemClock, memory: MemoryState) -> None:
    clock = started(system, memory)
    assert clock.wants_county_time
    ntp(clock, system)
    assert clock.wants_county_time
    told(clock, system, system.wall)
    assert not clock.wants_county_time


def of_run(clock: StationClock, system: FakeSystemClock, run: bytes) -> list[Fact]:
    """An hour later the county says the right time, by this run of its clock."""
    system.pass_ms(HOUR_MS)
    wall = MORNING_MS + system.mono
    return clock.take_county_time(wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono, clock_run=run)


def runs_of(facts: list[Fact]) -> list[bytes | None]:
    return [fact.clock_run for fact in facts if isinstance(fact, ClockCorrected)]


def test_the_same_time_by_another_run_of_the_countys_clock_is_stated_once(
    system: FakeSystemClock, memory: MemoryState
) -> None:
    """The county may come to doubt the run of the first word. Only then does it need the second one."""
    clock = started(system, memory)
    words = [of_run(clock, system, run) for run in (b"first...", b"first...", b"second..", b"second..")]
    assert [runs_of(facts) for facts in words] == [[b"first..."], [], [b"second.."], []]
    [again] = words[2]
    assert isinstance(again, ClockCorrected)
    assert (again.wall - again.mono, again.before, again.source) == (MORNING_MS, "synced", "county")


def test_no_more_than_eight_such_words_are_stated_in_a_boot_also_by_an_agent_that_is_started_anew(
    system: FakeSystemClock, memory: MemoryState
) -> None:
    clock = started(system, memory)
    stated = [run for number in range(5) for run in runs_of(of_run(clock, system, b"run-%04d" % number))]
    clock = started(system, memory)
    assert not of_run(clock, system, b"run-0004"), "it knows which run it stated last"
    stated += [run for number in range(5, 15) for run in runs_of(of_run(clock, system, b"run-%04d" % number))]
    assert stated == [b"run-%04d" % number for number in range(1 + MAX_RESTATED)]
    assert MAX_RESTATED == 8
    system.reboot(b"boot-two--------")
    clock = started(system, memory)
    in_the_next_boot = [run for name in (b"run-0020", b"run-0021") for run in runs_of(of_run(clock, system, name))]
    assert in_the_next_boot == [b"run-0020", b"run-0021"]


def test_what_the_clock_kept_before_it_counted_words_is_read(system: FakeSystemClock, memory: MemoryState) -> None:
    of_run(started(system, memory), system, b"first...")
    memory.values["clock"] = msgspec.msgpack.encode(msgspec.msgpack.decode(memory.values["clock"])[:8])
    assert runs_of(of_run(started(system, memory), system, b"first...")) == [b"first..."]
