"""Which word dates a boot: its first for what was undated, the county's over NTP's, nobody's where nobody knew."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from django.utils import timezone

from protocol.facts import Attempt, ClockCorrected, LevelEnded, Touch
from protocol.units import ClockQuality
from server_broker.attendance.models import Touch as TouchRow
from server_broker.attendance.services import touch_rows, touches_of_day
from server_broker.fleet.models import StationEvent
from server_broker.ingest.dating import Anchor, Span, overriding
from server_broker.ingest.messages import Incoming
from server_broker.ingest.settlement import Settlement
from server_broker.learning.models import Attempt as AttemptRow
from server_broker.learning.models import LevelRun
from tests.server_broker.station_double import BOOT, CARD, NOW, VILLAGE, StationDouble, moment, touch

pytestmark = pytest.mark.django_db

TRUE = round(NOW.timestamp() * 1000)
LIE = 3_600_000


def learnt(mono: int, wall: int, source: Literal["county", "ntp", "rtc"], before: ClockQuality) -> ClockCorrected:
    """A boot whose true time at mono 0 is ``TRUE`` is told ``wall`` at ``mono``."""
    at = moment(mono, wall=wall)
    return ClockCorrected(at=at, boot=BOOT, mono=mono, wall=wall, source=source, before=before)


def deceived(mono: int) -> Touch:
    """A touch of a station that believes a lie."""
    return Touch(at=moment(mono, wall=TRUE + mono + LIE), card=CARD, reader="simulated", answer="recorded")


def shown() -> dict[int, tuple[datetime, bool]]:
    return {row.touch.mono_ms: (row.at, row.dated) for row in touch_rows(list(TouchRow.objects.all()))}


def true(mono: int) -> tuple[datetime, bool]:
    return datetime.fromtimestamp((TRUE + mono) / 1000, UTC), True


@pytest.fixture
def station() -> StationDouble:
    made = StationDouble()
    made.enrol()
    return made


def settle(*messages: Incoming) -> None:
    settlement = Settlement(clock=lambda: NOW)
    for message in messages:
        settlement.settle([message])


def test_the_countys_word_replaces_that_of_an_ntp_that_lied(station: StationDouble) -> None:
    station.add(touch(500, quality="unknown"), learnt(1_000, TRUE + 1_000 + LIE, "ntp", "unknown"))
    settle(station.facts_message())
    assert shown()[500] == (datetime.fromtimestamp((TRUE + 500 + LIE) / 1000, UTC), True)
    station.add(deceived(2_000), learnt(9_000, TRUE + 9_000, "county", "synced"), touch(10_000))
    settle(station.facts_message(3))
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
    settle(station.facts_message())
    assert shown() == {9_500: true(9_500)}


def test_what_comes_after_its_correction_is_dated_too(station: StationDouble) -> None:
    station.add(learnt(1_000, TRUE + 1_000 + LIE, "ntp", "unknown"), learnt(9_000, TRUE + 9_000, "county", "synced"))
    station.add(deceived(2_000), touch(500, quality="restored"))
    settle(station.facts_message(1, 2), station.facts_message(3, 4))
    assert shown() == {2_000: true(2_000), 500: true(500)}


def test_an_rtc_and_a_modem_date_nothing(station: StationDouble) -> None:
    station.add(touch(500, quality="restored"), learnt(1_000, TRUE, "rtc", "restored"))
    settle(station.facts_message())
    assert shown() == {500: (NOW, False)}


def test_a_corrected_touch_stands_on_its_true_day(station: StationDouble) -> None:
    lie = moment(2_000, wall=TRUE + 2_000 - 86_400_000)
    station.add(learnt(1_000, lie.wall - 1_000, "ntp", "unknown"))
    station.add(Touch(at=lie, card=CARD, reader="simulated", answer="recorded"))
    day = timezone.localdate(NOW)
    settle(station.facts_message())
    assert [touches_of_day(VILLAGE, on).count() for on in (day - timedelta(days=1), day)] == [1, 0]
    settle(station.add(learnt(9_000, TRUE + 9_000, "county", "synced")).facts_message(3))
    assert [touches_of_day(VILLAGE, on).count() for on in (day - timedelta(days=1), day)] == [0, 1]


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
    settle(station.facts_message())
    assert learning_ms() == [TRUE + 400 + LIE, TRUE + 500 + LIE]
    station.add(learnt(2_000, TRUE + 2_000, "county", "synced"))
    settle(station.facts_message())
    assert learning_ms() == [TRUE + 400, TRUE + 500]


def learning_ms() -> list[int]:
    rows = [AttemptRow.objects.get(), LevelRun.objects.get()]
    return [round(row.corrected_wall.timestamp() * 1000) for row in rows if row.corrected_wall]
