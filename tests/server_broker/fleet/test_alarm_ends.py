"""How alarms end: each code has one way, what a person has seen may call again, and what lasts does not nag."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import server_broker
from protocol.alarm_codes import STATION_ALARMS
from server_broker.fleet import alarm_codes
from server_broker.fleet.alarm_codes import BAD_SIGNATURE, BLOB_CORRUPTED, COUNTY_DISK, FACTS_LOST, QUARANTINED
from server_broker.fleet.alarm_ends import COUNTY_ENDS, OF_FORMER_BOARD, SEEN_STAYS, STATE, STATION_ENDS, Seen, end_of
from server_broker.fleet.alarms import AlarmCall, acknowledge, close_over, raise_alarm, raise_alarms
from server_broker.fleet.models import Alarm, Station
from tests.cast import OPERATOR, SHILI, YANGBAN
from tests.server_broker.county import user_of
from tests.server_broker.station_double import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ROOT = Path(server_broker.__file__).parent


def test_each_code_has_one_end() -> None:
    assert COUNTY_ENDS.keys() == alarm_codes.COUNTY_ALARMS
    assert STATION_ENDS.keys() <= STATION_ALARMS
    assert end_of(f"{QUARANTINED}:malformed", origin="county") == COUNTY_ENDS[QUARANTINED]


def test_what_lasts_is_closed_by_whoever_raises_it() -> None:
    """Where a call names its code, that code counts; where it loops over several, those that its module names."""
    closed = {code for path in sorted(ROOT.rglob("*.py")) for code in closed_in(path)}
    assert {code for code, end in COUNTY_ENDS.items() if end == STATE} - closed == set()
    # It would prove nothing if it found too much.
    assert {alarm_codes.BAD_SIGNATURE, alarm_codes.FACTS_LOST, alarm_codes.COUNTY_WENT_BACK} & closed == set()


def closed_in(path: Path) -> Iterator[str]:
    """Yield the codes that a module closes."""
    source = path.read_text()
    if "alarm_codes import" not in source or path.name == "alarm_ends.py":
        return
    tree = ast.parse(source)
    own = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        words = {word.arg: word.value for word in call.keywords}
        if isinstance(call.func, ast.Name) and call.func.id in {"raise_or_resolve", "resolve"}:
            named = {node.id for node in ast.walk(words["code"]) if isinstance(node, ast.Name) and node.id.isupper()}
        elif (isinstance(call.func, ast.Attribute) and call.func.attr == "update" and "resolved_at" in words) or (
            isinstance(call.func, ast.Name) and call.func.id == "_count"
        ):
            named = set()
        else:
            continue
        for name in (named or own) & vars(alarm_codes).keys():
            yield str(getattr(alarm_codes, name))


def seen_at(code: str, at: timedelta) -> None:
    acknowledge(Alarm.objects.get(code=code, resolved_at=None), by=user_of(OPERATOR), at=NOW + at)


def happens(code: str, at: timedelta) -> None:
    raise_alarm(station=SHILI, code=code, severity="critical", detail="", at=NOW + at)


def waiting(code: str) -> int:
    return Alarm.objects.filter(code=code, resolved_at=None, acknowledged_at=None).count()


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_what_happens_again_after_somebody_saw_it_is_a_new_alarm() -> None:
    happens(FACTS_LOST, 0 * MINUTE)
    happens(FACTS_LOST, MINUTE)
    assert Alarm.objects.get(code=FACTS_LOST).count == 2
    seen_at(FACTS_LOST, 2 * MINUTE)
    assert waiting(FACTS_LOST) == 0
    happens(FACTS_LOST, 3 * MINUTE)
    assert waiting(FACTS_LOST) == 1
    assert Alarm.objects.filter(code=FACTS_LOST, resolved_at=None).count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
@pytest.mark.parametrize("code", [BAD_SIGNATURE, f"{QUARANTINED}:malformed"])
def test_what_a_program_repeats_calls_again_once_it_had_stopped(code: str) -> None:
    happens(code, 0 * MINUTE)
    seen_at(code, MINUTE)
    for minutes in range(10, 300, 10):
        happens(code, minutes * MINUTE)
        assert waiting(code) == 0
    happens(code, 290 * MINUTE + 2 * HOUR + MINUTE)
    assert waiting(code) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_an_alarm_of_the_county_itself_calls_again_too() -> None:
    for day in (0, 1, 400):
        raise_alarm(station=None, code=alarm_codes.COUNTY_WENT_BACK, severity="critical", detail="", at=NOW + day * DAY)
        acknowledge(Alarm.objects.get(resolved_at=None), by=user_of(OPERATOR), at=NOW + day * DAY)
    assert Alarm.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_what_lasts_does_not_nag() -> None:
    for minute in range(5):
        raise_alarm(station=None, code=COUNTY_DISK, severity="major", detail="", at=NOW + minute * MINUTE)
        Alarm.objects.filter(acknowledged_at=None).update(acknowledged_at=NOW)
    close_over(NOW + 400 * DAY)
    assert Alarm.objects.get().count == 5
    assert Alarm.objects.get().resolved_at is None


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_what_a_station_never_clears_calls_again_and_a_station_cannot_end_it_for_the_county() -> None:
    for at in (0, 400):
        raise_alarms([AlarmCall(SHILI, "disk_error", "critical", origin="station")], at=NOW + at * DAY)
        assert waiting("disk_error") == 1
        seen_at("disk_error", at * DAY)
    happens(BAD_SIGNATURE, 0 * DAY)
    seen_at(BAD_SIGNATURE, 0 * DAY)
    raise_alarms([AlarmCall(SHILI, BAD_SIGNATURE, "info", origin="station")], at=NOW + 400 * DAY)
    assert Alarm.objects.get(code=BAD_SIGNATURE, origin="county").resolved_at is None


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_a_clock_that_was_put_back_swallows_no_call() -> None:
    happens(BAD_SIGNATURE, 400 * DAY)
    seen_at(BAD_SIGNATURE, 400 * DAY)
    happens(BAD_SIGNATURE, 0 * DAY)
    assert waiting(BAD_SIGNATURE) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_what_waits_for_a_person_waits_and_is_closed_a_week_after() -> None:
    happens(f"{QUARANTINED}:malformed", 0 * DAY)
    happens(FACTS_LOST, 0 * DAY)
    assert close_over(NOW + 400 * DAY) == 0
    seen_at(FACTS_LOST, 400 * DAY)
    assert close_over(NOW + 400 * DAY + SEEN_STAYS) == 0
    assert close_over(NOW + 400 * DAY + SEEN_STAYS + MINUTE) == 1
    assert Alarm.objects.get(resolved_at=None).code == f"{QUARANTINED}:malformed"


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_what_is_calm_is_over_whether_or_not_somebody_saw_it() -> None:
    happens(BLOB_CORRUPTED, 0 * DAY)
    happens(alarm_codes.TOO_MANY_STREAMS, 0 * DAY)
    seen_at(BLOB_CORRUPTED, HOUR)
    assert close_over(NOW + DAY) == 0
    assert close_over(NOW + DAY + MINUTE) == 2


def test_a_call_for_help_and_what_is_a_matter_of_its_own_have_no_pause() -> None:
    assert end_of("help_asked", origin="county") == Seen(ends_at_once=True)
    assert end_of("code-of-a-newer-station", origin="station") == STATE


@pytest.mark.django_db
@pytest.mark.usefixtures("county")
def test_a_new_machine_ends_what_was_said_of_the_card_before_it_and_nothing_else() -> None:
    former = [AlarmCall(SHILI, code, "critical", origin=origin) for origin, code in OF_FORMER_BOARD]
    others = [
        AlarmCall(SHILI, FACTS_LOST, "critical"),
        # A station that uses the county's code says it of itself.
        AlarmCall(SHILI, alarm_codes.TWO_MACHINES, "critical", origin="station"),
        AlarmCall(YANGBAN, alarm_codes.TWO_MACHINES, "critical"),
    ]
    raise_alarms([*former, *others], at=NOW)
    Station.objects.filter(pk=YANGBAN).update(enrolled_at=NOW - DAY)
    Station.objects.filter(pk=SHILI).update(enrolled_at=NOW - MINUTE)
    close_over(NOW + MINUTE)
    assert not Alarm.objects.exclude(resolved_at=None).exists()
    Station.objects.filter(pk=SHILI).update(enrolled_at=NOW + MINUTE)
    close_over(NOW + 2 * MINUTE)
    closed = Alarm.objects.exclude(resolved_at=None)
    assert {(alarm.origin, alarm.code) for alarm in closed} == set(OF_FORMER_BOARD)
    assert {(alarm.station_id, alarm.resolved_because) for alarm in closed} == {(SHILI, "replaced")}
