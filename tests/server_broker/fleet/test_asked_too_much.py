"""A station that goes on asking for more than it gets is named; one that is refused now and then is not."""

from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from server_broker.fleet import asked_too_much
from server_broker.fleet.asked_too_much import EVERY_S, MANY, WINDOW_S, AskedTooMuch
from server_broker.fleet.models import Alarm
from tests.server_broker.station_double import StationDouble

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Seconds:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    StationDouble().enrol()
    return Seconds()


def test_one_that_asks_on_and_on_is_named_and_counted_every_few_seconds(seconds: Seconds) -> None:
    asked = AskedTooMuch("要求换证书", monotonic_s=seconds)
    for _ in range(MANY * 10):
        asked.refused("shili-01", at=NOW)
    alarm = Alarm.objects.get()
    assert (alarm.station_id, alarm.code, alarm.count) == ("shili-01", "station_floods", 1)
    assert f"要求换证书被拒 {MANY} 次" in alarm.detail
    seconds.now += EVERY_S
    asked.refused("shili-01", at=NOW)
    alarm.refresh_from_db()
    assert alarm.count == 2


def test_two_threads_name_it_once_and_one_that_could_not_leaves_it_to_the_next(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = AskedTooMuch("要求换证书", monotonic_s=seconds)
    raised: list[object] = []

    def away(**alarm: object) -> None:
        raised.append(alarm)
        if len(raised) == 1:
            # What another thread does before this one has come back from the database.
            asked.refused("shili-01", at=NOW)
            raise OperationalError

    monkeypatch.setattr(asked_too_much, "raise_alarm", away)
    for _ in range(MANY - 1):
        asked.refused("shili-01", at=NOW)
    with pytest.raises(OperationalError):
        asked.refused("shili-01", at=NOW)
    assert len(raised) == 1
    asked.refused("shili-01", at=NOW)
    assert len(raised) == 2


def test_one_that_is_refused_now_and_then_is_not_named(seconds: Seconds) -> None:
    asked = AskedTooMuch("要求换证书", monotonic_s=seconds)
    for _ in range(MANY * 3):
        asked.refused("shili-01", at=NOW)
        seconds.now += WINDOW_S / (MANY - 2)
    assert not Alarm.objects.exists()
