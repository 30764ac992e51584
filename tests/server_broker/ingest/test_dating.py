"""Which word dates a boot: its first for what was undated, the county's over NTP's, nobody's where nobody knew.

It dates it in the same way, whether all of its rows are dated at once or in pieces, with those of
other boots or without.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from django.utils import timezone
from msgspec import structs

from protocol.facts import Attempt, ClockCorrected, LevelEnded, Touch
from protocol.units import ClockQuality
from server_broker.accounts.models import User
from server_broker.attendance.models import Touch as TouchRow
from server_broker.attendance.touches import touch_rows, touches_of_day
from server_broker.fleet.alarms import acknowledge
from server_broker.fleet.clock_runs import note_run
from server_broker.fleet.models import Alarm, StationEvent
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.dating.due import let_wait_again
from server_broker.ingest.dating.moved_late import MOST_APART
from server_broker.ingest.dating.weighing import Anchor, Plan, Span, overriding, plan
from server_broker.ingest.messages import Incoming
from server_broker.learning.models import Attempt as AttemptRow
from server_broker.learning.models import LevelRun
from server_broker.platform.county_clock import BY_HAND, CONFIRMED, SYNCHRONISED, UNVOUCHED, CountyClockRun
from tests.cast import OPERATOR, SHILI_VILLAGE
from tests.server_broker.late_dating import date_all_due
from tests.server_broker.station_double import BOOT, CARD, NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db

TRUE = round(NOW.timestamp() * 1000)
LIE = 3_600_000


def learnt(
    mono: int, wall: int, source: Literal["county", "ntp", "rtc"], before: ClockQuality, *, run: bytes | None = None
) -> ClockCorrected:
    """A boot whose true time at mono 0 is ``TRUE`` is told ``wall`` at ``mono``."""
    at = moment(mono, wall=wall)
    return ClockCorrected(at=at, boot=BOOT, mono=mono, wall=wall, source=source, before=before, clock_run=run)


def deceived(mono: int) -> Touch:
    """A touch of a station that believes a lie."""
    return Touch(at=moment(mono, wall=TRUE + mono + LIE), card=CARD, reader="simulated", answer="recorded")


def shown() -> dict[int, tuple[datetime, bool]]:
    return {row.touch.mono_ms: (row.at, row.dated) for row in touch_rows(list(TouchRow.objects.all()))}


def true(mono: int) -> tuple[datetime, bool]:
    return datetime.fromtimestamp((TRUE + mono) / 1000, UTC), True


@pytest.fixture(params=["at once", "in pieces", "whole stations"])
def station(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> StationDouble:
    if request.param == "in pieces":
        for module in ("due", "walk"):
            monkeypatch.setattr(f"server_broker.ingest.dating.{module}.OF_A_STATION", 0)
        monkeypatch.setattr("server_broker.ingest.dating.walk.ROWS_A_PIECE", 2)
    if request.param == "whole stations":
        monkeypatch.setattr("server_broker.ingest.dating.due.AGAIN_OF_A_STATION", 0)
    made = StationDouble()
    made.enrol()
    return made


def process(*messages: Incoming, at: datetime = NOW) -> None:
    processor = BatchProcessor(clock=lambda: at)
    for message in messages:
        processor.process_batch([message])
        date_all_due(at)


def date_again(changed: Collection[bytes]) -> None:
    let_wait_again(changed)
    date_all_due(NOW)


def test_the_countys_word_replaces_that_of_an_ntp_that_lied(station: StationDouble) -> None:
    station.add(touch(500, quality="unknown"), learnt(1_000, TRUE + 1_000 + LIE, "ntp", "unknown"))
    process(station.facts_message())
    assert shown()[500] == (datetime.fromtimestamp((TRUE + 500 + LIE) / 1000, UTC), True)
    station.add(deceived(2_000), learnt(9_000, TRUE + 9_000, "county", "synced"), touch(10_000))
    process(station.facts_message(3))
    assert {mono: at for mono, at in shown().items() if mono < 9_000} == {500: true(500), 2_000: true(2_000)}
    corrections = StationEvent.objects.filter(kind="clock_corrected").order_by("seq")
    assert [event.corrected_wall for event in corrections] == [true(1_000)[0], None]
    assert TouchRow.objects.get(mono_ms=10_000).corrected_wall is None


def test_what_the_station_did_before_it_had_taken_the_answer_is_dated_by_it(station: StationDouble) -> None:
    """The answer came at 9,000; a busy core took it at 9,700."""
    station.add(learnt(1_000, TRUE + 1_000 + LIE, "ntp", "unknown"), deceived(9_500))
    late = moment(9_700, wall=TRUE + 9_700)
    wall = TRUE + 9_000
    station.add(ClockCorrected(at=late, boot=BOOT, mono=9_000, wall=wall, source="county", before="synced"))
    process(station.facts_message())
    assert shown() == {9_500: true(9_500)}


def test_a_word_that_moves_touches_long_after_they_came_is_told_once_for_a_boot(station: StationDouble) -> None:
    station.add(touch(1_000), touch(500_000))
    process(station.facts_message())
    assert not Alarm.objects.filter(code__startswith="times_moved").exists()
    late = NOW + timedelta(days=60)
    station.add(learnt(3, TRUE + 3, "ntp", "unknown"), learnt(600_000, TRUE + 600_000 + LIE, "county", "unknown"))
    process(station.facts_message(3), at=late)
    process(station.add(learnt(600_010, TRUE + 600_010 + LIE, "county", "synced")).facts_message(5), at=late)
    alarm = Alarm.objects.get(code__startswith="times_moved")
    assert (alarm.code, alarm.station_id, alarm.count) == (f"times_moved:{BOOT.hex()[:8]}", station.id, 1)
    day = f"{timezone.localtime(NOW):%Y-%m-%d}"
    assert alarm.detail.endswith(f"早已收到的 2 次打卡因此移动，最多 60 分钟；原先记在 {day}")
    assert shown()[1_000] == (datetime.fromtimestamp((TRUE + 1_000 + LIE) / 1000, UTC), True)


@pytest.mark.parametrize("station", ["at once"], indirect=True)
def test_however_many_boots_a_station_moves_a_person_sees_few_alarms(station: StationDouble) -> None:
    """Those that move most have their own, and one counts all others, until somebody has looked."""
    boots = [bytes([number]) * 16 for number in range(1, 22)]

    def told(boot: bytes, mono: int, wall: int, source: Literal["county", "ntp"]) -> ClockCorrected:
        return structs.replace(learnt(mono, wall, source, "unknown"), at=moment(mono, wall=wall, boot=boot), boot=boot)

    for boot in boots:
        station.add(structs.replace(touch(1_000), at=moment(1_000, boot=boot)))
    process(station.facts_message())
    late = NOW + timedelta(days=60)
    for number, boot in enumerate(boots):
        lie = LIE * (number + 1)
        station.add(told(boot, 3, TRUE + 3, "ntp"), told(boot, 600_000, TRUE + 600_000 + lie, "county"))
    # The first ten boots in one message, the others one by one.
    process(station.facts_message(22, 41), at=late)
    for number in range(10, 20):
        process(station.facts_message(22 + 2 * number, 23 + 2 * number), at=late)
    alarms = {row.code: row for row in Alarm.objects.filter(code__startswith="times_moved", resolved_at=None)}
    apart = {f"times_moved:{boot.hex()[:8]}" for boot in boots[10 - MOST_APART : 10]}
    assert alarms.keys() == {"times_moved", *apart}
    assert alarms["times_moved"].count == 20 - MOST_APART
    assert "最近 1 次：早已收到的 1 次打卡因此移动，最多 1200 分钟" in alarms["times_moved"].detail
    acknowledge(alarms["times_moved"], by=User.objects.create(username=OPERATOR.username), at=NOW + timedelta(days=61))
    process(station.facts_message(62), at=NOW + timedelta(days=62))
    again = Alarm.objects.get(code="times_moved", resolved_at=None)
    assert (again.count, again.acknowledged_at) == (1, None), "it calls a person anew"


def test_a_station_that_learns_the_time_as_stations_do_raises_no_alarm(station: StationDouble) -> None:
    station.add(learnt(1_000, TRUE + 1_000 + LIE, "ntp", "unknown"), deceived(2_000))
    process(station.facts_message())
    process(station.add(learnt(9_000, TRUE + 9_000, "county", "synced")).facts_message(3))
    assert shown()[2_000] == true(2_000)
    assert not Alarm.objects.filter(code__startswith="times_moved").exists()


def test_what_comes_after_its_correction_is_dated_too(station: StationDouble) -> None:
    station.add(learnt(1_000, TRUE + 1_000 + LIE, "ntp", "unknown"), learnt(9_000, TRUE + 9_000, "county", "synced"))
    station.add(deceived(2_000), touch(500, quality="restored"))
    process(station.facts_message(1, 2), station.facts_message(3, 4))
    assert shown() == {2_000: true(2_000), 500: true(500)}


def test_an_rtc_and_a_modem_date_nothing(station: StationDouble) -> None:
    station.add(touch(500, quality="restored"), learnt(1_000, TRUE, "rtc", "restored"))
    process(station.facts_message())
    assert shown() == {500: (NOW, False)}


def test_a_corrected_touch_stands_on_its_true_day(station: StationDouble) -> None:
    lie = moment(2_000, wall=TRUE + 2_000 - 86_400_000)
    station.add(learnt(1_000, lie.wall - 1_000, "ntp", "unknown"))
    station.add(Touch(at=lie, card=CARD, reader="simulated", answer="recorded"))
    day = timezone.localdate(NOW)
    process(station.facts_message())
    assert [touches_of_day(SHILI_VILLAGE, on).count() for on in (day - timedelta(days=1), day)] == [1, 0]
    process(station.add(learnt(9_000, TRUE + 9_000, "county", "synced")).facts_message(3))
    assert [touches_of_day(SHILI_VILLAGE, on).count() for on in (day - timedelta(days=1), day)] == [0, 1]


def test_only_ntp_is_overridden_and_only_back_to_the_countys_word_before() -> None:
    first, lie, second, third = (
        Anchor(10, 1, "county", 11),
        Anchor(20, 2, "ntp", 20),
        Anchor(30, 3, "county", 32),
        Anchor(40, 4, "county", 40),
    )
    assert overriding([first, lie, second, third]) == [Span(11, 32, second)]
    assert overriding([lie, second]) == [Span(-1, 32, second)]
    assert overriding([first, second]) == []
    assert overriding([lie]) == []


def test_what_was_learnt_is_dated_like_what_was_touched(station: StationDouble) -> None:
    level: dict[str, Any] = {"run": b"r" * 8, "pack": "sample", "pack_version": 1, "level": "l1"}
    answered, over = moment(400, wall=0, quality="unknown"), moment(500, wall=0, quality="unknown")
    station.add(
        Attempt(at=answered, **level, question="q1", chosen=[1], right=True, lives_left=3),
        LevelEnded(at=over, **level, passed=True, stars=3),
        learnt(1_000, TRUE + 1_000 + LIE, "ntp", "unknown"),
    )
    process(station.facts_message())
    assert learning_ms() == [TRUE + 400 + LIE, TRUE + 500 + LIE]
    station.add(learnt(2_000, TRUE + 2_000, "county", "synced"))
    process(station.facts_message())
    assert learning_ms() == [TRUE + 400, TRUE + 500]


def learning_ms() -> list[int]:
    rows = [AttemptRow.objects.get(), LevelRun.objects.get()]
    return [round(row.corrected_wall.timestamp() * 1000) for row in rows if row.corrected_wall]


YEAR = 365 * 86_400_000
COUNTY_BOOT = b"the county's pc."


def run(name: bytes, *, offset: int, vouched: int, began: int = 0) -> CountyClockRun:
    return CountyClockRun(id=name, boot=COUNTY_BOOT, began=began, offset=offset, vouched=vouched)


WRONG = run(b"run-bad-", offset=YEAR, vouched=UNVOUCHED)
RIGHT = run(b"run-good", offset=0, vouched=SYNCHRONISED, began=3_600_000)


def ahead(mono: int) -> Touch:
    """A touch of a station that was told the time by a county a year ahead."""
    return Touch(at=moment(mono, wall=TRUE + mono + YEAR), card=CARD, reader="simulated", answer="recorded")


def test_a_later_word_of_a_clock_that_is_vouched_for_dates_what_the_wrong_one_dated(station: StationDouble) -> None:
    note_run(WRONG, ended=None, at=NOW)
    station.add(touch(500, quality="unknown"), learnt(1_000, TRUE + 1_000 + YEAR, "county", "unknown", run=WRONG.id))
    station.add(ahead(2_000))
    process(station.facts_message())
    assert [at.year for at, _ in shown().values()] == [2027, 2027], "as far as anybody knows"
    other_boot = CountyClockRun(id=b"run-next", boot=b"the next boot...", began=0, offset=0, vouched=SYNCHRONISED)
    note_run(other_boot, ended=None, at=NOW)
    station.add(learnt(9_000, TRUE + 9_000, "county", "synced", run=other_boot.id), touch(10_000))
    process(station.facts_message(4))
    assert shown() == {mono: true(mono) for mono in (500, 2_000, 10_000)}
    assert not Alarm.objects.exists()


def test_a_boot_that_is_over_is_dated_anew_when_its_countys_clock_is_put_right(station: StationDouble) -> None:
    note_run(WRONG, ended=None, at=NOW)
    station.add(touch(500, quality="unknown"), learnt(1_000, TRUE + 1_000 + YEAR, "county", "unknown", run=WRONG.id))
    station.add(ahead(2_000))
    process(station.facts_message())
    changed = note_run(RIGHT, ended=WRONG, at=NOW)
    assert changed == [WRONG.id]
    date_again(changed)
    assert shown() == {500: true(500), 2_000: true(2_000)}
    process(station.add(ahead(3_000)).facts_message(4))
    assert shown()[3_000] == true(3_000), "what comes later too"


def test_the_last_hand_at_a_clock_without_ntp_judges_those_before(station: StationDouble) -> None:
    note_run(WRONG, ended=None, at=NOW)
    station.add(learnt(1_000, TRUE + 1_000 + YEAR, "county", "unknown", run=WRONG.id), ahead(2_000))
    process(station.facts_message())
    mistyped = run(b"run-typo", offset=-YEAR, vouched=BY_HAND, began=60_000)
    date_again(note_run(mistyped, ended=WRONG, at=NOW))
    assert shown()[2_000][0].year == 2025
    mended = run(b"run-hand", offset=0, vouched=BY_HAND, began=120_000)
    date_again(note_run(mended, ended=mistyped, at=NOW))
    assert shown() == {2_000: true(2_000)}


def test_a_judgement_that_was_wrong_is_taken_back(station: StationDouble) -> None:
    """The clock was right and somebody set it a year ahead: that judged what was right, until it was set back."""
    first = run(b"run-frst", offset=0, vouched=UNVOUCHED)
    note_run(first, ended=None, at=NOW)
    station.add(touch(500, quality="unknown"), learnt(1_000, TRUE + 1_000, "county", "unknown", run=first.id))
    process(station.add(touch(2_000)).facts_message())
    away = run(b"run-away", offset=YEAR, vouched=BY_HAND, began=60_000)
    date_again(note_run(away, ended=first, at=NOW))
    assert [at.year for at, _ in shown().values()] == [2027, 2027]
    date_again(note_run(run(b"run-back", offset=0, vouched=BY_HAND, began=120_000), ended=away, at=NOW))
    assert shown() == {500: true(500), 2_000: true(2_000)}
    assert TouchRow.objects.get(mono_ms=2_000).corrected_wall is None


def test_a_clock_that_ran_away_as_a_crystal_does_moves_nothing() -> None:
    slow = run(b"run-slow", offset=60_000, vouched=BY_HAND)
    note_run(slow, ended=None, at=NOW)
    month = 30 * 86_400_000
    assert note_run(run(b"run-next", offset=0, vouched=BY_HAND, began=month), ended=slow, at=NOW) == []


def test_two_synchronised_runs_are_judged_by_a_person_alone(station: StationDouble) -> None:
    """An NTP that lied for a day may be right now, or was right and lies now."""
    lied = run(b"run-lie-", offset=YEAR, vouched=SYNCHRONISED)
    note_run(lied, ended=None, at=NOW)
    station.add(learnt(1_000, TRUE + 1_000 + YEAR, "county", "unknown", run=lied.id), ahead(2_000))
    process(station.facts_message())
    assert note_run(RIGHT, ended=lied, at=NOW) == []
    station.add(learnt(9_000, TRUE + 9_000, "county", "synced", run=RIGHT.id), touch(10_000))
    process(station.facts_message(3))
    assert shown() == {2_000: (NOW, False), 10_000: true(10_000)}, "dated by nobody, and never by the wrong one"
    assert Alarm.objects.get().code == "county_words_differ"
    confirmed = run(RIGHT.id, offset=0, vouched=CONFIRMED, began=RIGHT.began)
    changed = note_run(confirmed, ended=None, at=NOW)
    assert set(changed) == {lied.id, RIGHT.id}
    date_again(changed)
    assert shown() == {2_000: true(2_000), 10_000: true(10_000)}
    assert {row.quality for row in TouchRow.objects.all()} == {"synced"}, "what the station said of it"
    assert Alarm.objects.get().resolved_at == NOW


def test_a_halted_machine_takes_nothing_back(station: StationDouble) -> None:
    """Its clock was an hour behind when it went on, and a time service put it right."""
    before = run(b"run-befo", offset=0, vouched=SYNCHRONISED)
    note_run(before, ended=None, at=NOW)
    station.add(learnt(1_000, TRUE + 1_000, "county", "unknown", run=before.id), touch(2_000))
    after = run(b"run-aftr", offset=3_600_000, vouched=SYNCHRONISED, began=3_000)
    assert note_run(after, ended=before, at=NOW) == []
    station.add(learnt(9_000, TRUE + 9_000 + LIE, "county", "synced", run=after.id), deceived(10_000))
    process(station.facts_message())
    date_again(note_run(run(after.id, offset=3_600_000, vouched=CONFIRMED), ended=None, at=NOW))
    assert shown()[2_000] == true(2_000)
    assert not Alarm.objects.exists()


def test_two_words_of_which_none_counts_more_leave_what_is_between_to_review(station: StationDouble) -> None:
    """Counties and stations of before state no run."""
    station.add(touch(500, quality="unknown"), learnt(1_000, TRUE + 1_000 + LIE, "county", "unknown"), deceived(2_000))
    process(station.facts_message())
    assert shown()[500] == (datetime.fromtimestamp((TRUE + 500 + LIE) / 1000, UTC), True)
    station.add(learnt(9_000, TRUE + 9_000, "county", "synced"), touch(10_000))
    process(station.facts_message(4))
    assert shown() == {500: (NOW, False), 2_000: (NOW, False), 10_000: true(10_000)}
    process(station.add(touch(11_000), learnt(12_000, TRUE + 12_000, "county", "synced")).facts_message(6))
    assert shown()[500] == (NOW, False)
    assert Alarm.objects.get().count == 1, "what stands is told once"


def test_a_dispute_in_one_boot_outlasts_that_in_another(station: StationDouble) -> None:
    other = b"another boot...."
    lied = run(b"run-lie-", offset=YEAR, vouched=SYNCHRONISED)
    note_run(lied, ended=None, at=NOW)
    note_run(RIGHT, ended=lied, at=NOW)
    station.add(learnt(1_000, TRUE + 1_000 + YEAR, "county", "unknown", run=lied.id), ahead(2_000))
    station.add(learnt(9_000, TRUE + 9_000, "county", "synced", run=RIGHT.id))
    for mono, wall in ((1_000, TRUE + YEAR), (9_000, TRUE)):
        at = structs.replace(moment(mono, wall=wall + mono), boot=other)
        station.add(ClockCorrected(at=at, boot=other, mono=mono, wall=wall + mono, source="county", before="unknown"))
    process(station.facts_message())
    assert (Alarm.objects.get().count, Alarm.objects.get().resolved_at) == (1, None)
    date_again(note_run(run(RIGHT.id, offset=0, vouched=CONFIRMED, began=RIGHT.began), ended=None, at=NOW))
    assert shown() == {2_000: true(2_000)}
    assert Alarm.objects.get().resolved_at is None


def test_what_the_station_heard_last_was_wrong(station: StationDouble) -> None:
    """The county's clock was set away by hand, and the station's boot ended before it was put right."""
    note_run(RIGHT, ended=None, at=NOW)
    away = run(b"run-away", offset=YEAR, vouched=UNVOUCHED, began=RIGHT.began + 60_000)
    note_run(away, ended=RIGHT, at=NOW)
    station.add(learnt(1_000, TRUE + 1_000, "county", "unknown", run=RIGHT.id), touch(2_000))
    station.add(learnt(3_000, TRUE + 3_000 + YEAR, "county", "synced", run=away.id), ahead(4_000))
    process(station.facts_message())
    assert shown() == {2_000: true(2_000), 4_000: true(4_000)}
    assert StationEvent.objects.get(mono_ms=3_000).corrected_wall == true(3_000)[0], "it was made by the wrong word"


def test_what_was_made_in_the_moment_of_a_word_that_is_corrected_is_corrected_too(station: StationDouble) -> None:
    note_run(RIGHT, ended=None, at=NOW)
    away = run(b"run-away", offset=YEAR, vouched=BY_HAND, began=RIGHT.began + 60_000)
    note_run(away, ended=RIGHT, at=NOW)
    station.add(learnt(1_000, TRUE + 1_000, "county", "unknown", run=RIGHT.id))
    station.add(learnt(3_000, TRUE + 3_000 + YEAR, "county", "synced", run=away.id), ahead(3_000))
    process(station.facts_message())
    synchronised = run(b"run-sync", offset=0, vouched=SYNCHRONISED, began=RIGHT.began + 120_000)
    date_again(note_run(synchronised, ended=away, at=NOW))
    assert shown() == {3_000: true(3_000)}
    assert StationEvent.objects.get(mono_ms=3_000).corrected_wall == true(3_000)[0]


def test_anchors_are_weighed_by_who_vouches_for_them() -> None:
    wrong, good = Anchor(10, YEAR, "county", 11, UNVOUCHED), Anchor(20, 20, "county", 21, SYNCHRONISED)
    assert plan([wrong, good]) == Plan(
        Span(-1, 2**63 - 1, good), [Span(-1, 21, good), Span(-1, 21, good)], -1, doubtful=True, contradicted=True
    )
    equal = Anchor(20, 20, "county", 21, UNVOUCHED)
    assert plan([wrong, equal]) == Plan(Span(21, 2**63 - 1, equal), [], 21, doubtful=True, contradicted=True)
    same_moment = Anchor(10, 10, "county", 12, UNVOUCHED)
    assert plan([wrong, same_moment]).disputed_through in (11, 12)
