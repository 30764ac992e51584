"""A PIN over which the program fails keeps no other from being voided, and an alarm says so until it is voided."""

import datetime as dt

import pytest
from django.db import OperationalError

from server_broker.audit.log import verify
from server_broker.audit.models import AuditEntry
from server_broker.fleet.alarm_codes import PINS_SET_ASIDE
from server_broker.fleet.models import Alarm, Station
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.incidents.kinds import OTHER, kind_of
from server_broker.pins import voiding
from server_broker.pins.models import PersonPin
from server_broker.pins.voiding import void_needless
from server_broker.platform.set_aside import AGAIN, Aside
from tests.cast import SHILI, WANG, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
LATER = NOW + AGAIN + MINUTE


class Poison:
    """Has the program fail over what is done for one village, as a bug would, until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.villages: set[str] = set()
        self.error: Exception = OverflowError("date value out of range")
        self.tries = 0

        def changed(village: str, *, at: dt.datetime) -> None:
            if village in self.villages:
                self.tries += 1
                raise self.error
            shelf_changed_under(village, at=at)

        monkeypatch.setattr(voiding, "shelf_changed_under", changed)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    return Poison(monkeypatch)


@pytest.fixture
def needless(county: FictionalCounty) -> FictionalCounty:
    """Three PINs were set at a station that was revoked since. Each is of somebody of another village."""
    county.add(ZHAO)
    for one in (ZHANG, ZHAO, WANG):
        PersonPin.objects.create(person=county.people[one], verifier=b"x", set_at=NOW, station_id=SHILI)
    Station.objects.filter(pk=SHILI).update(revoked_at=NOW)
    return county


def left() -> set[int]:
    return set(PersonPin.objects.exclude(verifier=None).values_list("pk", flat=True))


def test_one_over_which_it_fails_keeps_no_other(needless: FictionalCounty, poison: Poison) -> None:
    wang, aside = needless.people[WANG], Aside[int]("voiding")
    poison.villages = {wang.village_id}
    assert void_needless(NOW, aside) == 2
    assert left() == {wang.pk}
    # Nothing of the try that failed is on record.
    assert AuditEntry.objects.filter(action="pin.voided").count() == 2
    assert verify().first_bad is None
    [alarm] = Alarm.objects.filter(code=PINS_SET_ASIDE, resolved_at=None)
    assert (alarm.detail.startswith("1 个人的密码"), wang.village.name in alarm.detail) == (True, True)
    assert kind_of(PINS_SET_ASIDE, "county") is not OTHER
    tries = poison.tries
    assert void_needless(NOW + MINUTE, aside) == 0
    assert (poison.tries, Alarm.objects.get(code=PINS_SET_ASIDE).count) == (tries, 1)
    assert void_needless(LATER, aside) == 0
    assert poison.tries == tries + 1
    poison.villages = set()
    assert void_needless(LATER + AGAIN, aside) == 1
    assert left() == set()
    assert Alarm.objects.get(code=PINS_SET_ASIDE).resolved_at == LATER + AGAIN


def test_after_a_restart_it_is_tried_at_once(needless: FictionalCounty, poison: Poison) -> None:
    poison.villages = {needless.people[WANG].village_id}
    void_needless(NOW, Aside("voiding"))
    poison.villages = set()
    assert void_needless(NOW + MINUTE, Aside("voiding")) == 1
    assert Alarm.objects.get(code=PINS_SET_ASIDE).resolved_at == NOW + MINUTE


def test_that_the_database_is_away_sets_nothing_aside(needless: FictionalCounty, poison: Poison) -> None:
    aside = Aside[int]("voiding")
    poison.villages, poison.error = {needless.people[WANG].village_id}, OperationalError("the connection is closed")
    with pytest.raises(OperationalError):
        void_needless(NOW, aside)
    assert not aside.failed
    assert not Alarm.objects.exists()
