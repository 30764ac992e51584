"""Who says an alarm: what a station says of itself never touches what the county says of it."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from protocol.facts import AlarmCleared, AlarmRaised, ContactChanged, EpochOpened, Fact, FactsLost, ReaderLost
from server_broker.fleet.alarm_codes import TOO_MANY_ALARMS
from server_broker.fleet.alarms import (
    MAX_STATION_ALARMS,
    AlarmCall,
    close_overflows,
    close_revoked,
    raise_alarm,
    raise_alarms,
    take_alarms,
)
from server_broker.fleet.models import Alarm, Station, StationEvent
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.held import close_alarms
from server_broker.ingest.models import Fact as StoredFact
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def says(station: StationDouble, *facts: Fact, hours: int = 0) -> None:
    first = len(station.sealed) + 1
    BatchProcessor(clock=lambda: NOW + hours * HOUR).process_batch([station.add(*facts).facts_message(first)])


def raised(code: str) -> AlarmRaised:
    return AlarmRaised(at=moment(), code=code, severity="minor", detail="")


def cleared(code: str) -> AlarmCleared:
    return AlarmCleared(at=moment(), code=code)


def still_open(station: StationDouble) -> set[tuple[str, str]]:
    rows = Alarm.objects.filter(station_id=station.id, resolved_at=None)
    return set(rows.values_list("origin", "code"))


def test_a_station_closes_none_of_the_countys_alarms_about_it(station: StationDouble) -> None:
    lost = FactsLost(at=moment(), epoch=b"e" * 16, first=3, last=4)
    says(station, EpochOpened(at=moment(), reason="differs", previous=b"e" * 16, matched=2), lost)
    mine = ("bad_signature", "conflicting_fact", "unexplained_facts", "quarantined:malformed")
    raise_alarms([AlarmCall(station.id, code, "critical") for code in mine], at=NOW)
    before = still_open(station)
    assert {code for _, code in before} == {*mine, "epoch_opened", "facts_lost"}
    says(station, *(cleared(code) for _, code in before))
    assert still_open(station) == before


def test_a_station_closes_its_own(station: StationDouble) -> None:
    flaps = ContactChanged(at=moment(), input="door", sensor="door", active=True, flapping=True)
    calm = ContactChanged(at=moment(), input="door", sensor="door", active=False, flapping=False)
    own = {"camera_failed", "disk_error", "disk_full"}
    says(station, *map(raised, own), flaps)
    assert still_open(station) == {("station", code) for code in (*own, "input_flapping:door")}
    says(station, *map(cleared, own), calm)
    assert still_open(station) == set()


def test_the_same_code_said_by_both_is_two_alarms(station: StationDouble) -> None:
    raise_alarm(station=station.id, code="bad_signature", severity="critical", detail="县里", at=NOW)
    says(station, AlarmRaised(at=moment(), code="bad_signature", severity="info", detail="没什么"))
    assert still_open(station) == {("county", "bad_signature"), ("station", "bad_signature")}
    assert Alarm.objects.get(origin="county").detail == "县里"
    says(station, cleared("bad_signature"))
    assert still_open(station) == {("county", "bad_signature")}


def test_the_county_closes_no_word_of_a_station(station: StationDouble) -> None:
    says(station, raised("held:malformed"))
    close_alarms(station.id, at=NOW)
    assert still_open(station) == {("station", "held:malformed")}


def test_a_touch_of_a_lost_card_is_one_alarm(station: StationDouble) -> None:
    lost = touch()
    lost = type(lost)(at=lost.at, card=lost.card, reader=lost.reader, answer="lost")
    says(station, lost, raised("lost_card"))
    assert still_open(station) == {("county", "lost_card")}
    assert Alarm.objects.get().count == 1


def test_the_codes_that_a_station_has_open_are_bounded(station: StationDouble) -> None:
    many = MAX_STATION_ALARMS + 40
    says(station, *(raised(f"code-{number}") for number in range(many)))
    own = {code for origin, code in still_open(station) if origin == "station"}
    assert len(own) == MAX_STATION_ALARMS
    assert ("county", TOO_MANY_ALARMS) in still_open(station)
    says(station, raised("code-0"), raised("another"))
    assert Alarm.objects.get(code="code-0").count == 2
    assert not Alarm.objects.filter(code="another").exists()
    says(station, *(cleared(code) for code in own))
    close_overflows(at=NOW + 2 * HOUR)
    assert still_open(station) == set()
    says(station, raised("another"), hours=2)
    assert still_open(station) == {("station", "another")}


def test_opening_and_closing_in_turn_fills_no_table(station: StationDouble) -> None:
    turns = [fact for number in range(200) for fact in (raised(f"code-{number}"), cleared(f"code-{number}"))]
    for first in range(0, len(turns), 50):
        says(station, *turns[first : first + 50])
        close_overflows(at=NOW)
    assert Alarm.objects.filter(station_id=station.id).count() <= MAX_STATION_ALARMS + 1


def test_one_station_takes_no_place_from_another(station: StationDouble) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    codes = [AlarmCall(station.id, f"code-{number}", "minor", origin="station") for number in range(100)]
    take_alarms([*codes, AlarmCall(other.id, "camera_failed", "minor", origin="station")], at=NOW)
    assert still_open(other) == {("station", "camera_failed")}


def test_the_alarms_of_a_revoked_station_are_over_but_for_its_records(station: StationDouble) -> None:
    says(station, raised("camera_failed"))
    about_records = {"unexplained_facts", "held:malformed", "facts_set_aside"}
    for code in (*about_records, "station_silent"):
        raise_alarm(station=station.id, code=code, severity="major", detail="", at=NOW)
    assert close_revoked(at=NOW) == 0
    Station.objects.update(revoked_at=NOW)
    assert close_revoked(at=NOW + HOUR) == 2
    assert still_open(station) == {("county", code) for code in about_records}
    assert set(Alarm.objects.filter(resolved_at=NOW + HOUR).values_list("resolved_because", flat=True)) == {"revoked"}
    raise_alarm(station=station.id, code="quarantined:revoked", severity="major", detail="", at=NOW + HOUR)
    assert close_revoked(at=NOW + 2 * HOUR) == 0


def test_alarms_of_before_get_their_origin_by_their_code(station: StationDouble) -> None:
    theirs = ("camera_failed", "input_flapping:door", "holder")
    ours = ("held:malformed", "quarantined:malformed", "lost_card", "unexplained_facts")
    for code in (*theirs, *ours):
        raise_alarm(station=station.id, code=code, severity="minor", detail="", at=NOW)
    raise_alarm(station=None, code="media_folder", severity="critical", detail="", at=NOW)
    tell_origins = import_module("server_broker.fleet.migrations.0005_alarm_origin").tell_origins
    tell_origins(apps, connection.schema_editor())
    assert still_open(station) == {("station", code) for code in theirs} | {("county", code) for code in ours}
    assert Alarm.objects.get(station=None).origin == "county"


def test_without_origins_one_alarm_of_a_code_stays_open(station: StationDouble) -> None:
    """Both raised it: the table of before has place for one. A release back runs this before it narrows the table."""
    says(station, raised("camera_failed"), raised("disk_low"))
    raise_alarm(station=station.id, code="camera_failed", severity="minor", detail="", at=NOW)
    raise_alarm(station=None, code="media_folder", severity="critical", detail="", at=NOW)
    import_module("server_broker.fleet.migrations.0005_alarm_origin").leave_one_open(apps, connection.schema_editor())
    codes = Alarm.objects.filter(resolved_at=None).order_by("code").values_list("code", flat=True)
    assert list(codes) == ["camera_failed", "disk_low", "media_folder"]


def test_what_a_station_says_is_shown_clean_and_its_facts_are_kept_as_they_are(station: StationDouble) -> None:
    hostile = "假\n的\x1b[2J\u202e告警\u200b"
    says(
        station,
        AlarmRaised(at=moment(), code=f"x{hostile}", severity="minor", detail=hostile),
        ReaderLost(at=moment(), reader=hostile),
    )
    alarm = Alarm.objects.get(station_id=station.id)
    assert (alarm.code, alarm.detail) == ("x假 的[2J告警", "假 的[2J告警")
    reader = StationEvent.objects.get(station_id=station.id, kind="reader_lost")
    assert reader.detail == {"reader": "假 的[2J告警"}
    bodies = StoredFact.objects.values_list("body", flat=True)
    assert [hostile.encode() in bytes(body) for body in bodies if body is not None] == [True, True]
    says(station, cleared(f"x{hostile}"))
    assert still_open(station) == set()
