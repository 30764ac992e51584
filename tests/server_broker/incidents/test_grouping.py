"""Alarms with one cause are one incident: of a station, of a township that went dark, or of the whole county."""

import datetime as dt
from dataclasses import replace

from server_broker.fleet.alarm_codes import COUNTY_ALARMS, OWN_ALARMS
from server_broker.incidents.grouping import TOGETHER, Incident, OpenAlarms, StationNow, group
from server_broker.incidents.kinds import KINDS, OTHER, SAID, kind_of
from tests.cast import COUNTY, OTHER_TOWNSHIP, SHILI, TOWNSHIP
from tests.server_broker.county import origin_of
from tests.server_broker.station_double import NOW

MINUTE = dt.timedelta(minutes=1)


def station(number: int, *, township: str = TOWNSHIP, away: dt.timedelta | None = None) -> StationNow:
    """A station of a township; ``away`` is for how long it has been gone."""
    village = f"{township[:9]}{number:03}"
    gone = None if away is None else NOW - away
    return StationNow(f"s{township[8]}-{number:02}", f"站{number}", village, f"村{number}", gone)


def silent(of: StationNow) -> OpenAlarms:
    return alarm(of, "station_silent", "minor")


def alarm(of: StationNow | None, code: str, severity: str = "major", *, at: dt.datetime = NOW) -> OpenAlarms:
    return OpenAlarms(of.id if of else None, code, at, at, severity, 1, "", False, origin_of(code))


def told(found: list[Incident]) -> list[tuple[str, str, str, int]]:
    return [(one.kind.key, one.place, one.severity, len(one.stations)) for one in found]


def test_each_kind_has_alarms_of_the_product_and_one_action() -> None:
    for kind in KINDS:
        assert kind.codes <= (COUNTY_ALARMS if kind.origin == "county" else OWN_ALARMS)
        assert kind.word
        assert kind.who in {"镇办", "县运维", "装机员"}
        assert kind.action.endswith("。")
    listed = [(kind.origin, code) for kind in KINDS for code in kind.codes]
    assert len(set(listed)) == len(listed)
    assert kind_of("held:unknown_kind", "county").key == "held"
    assert kind_of("of a later version", "county") is OTHER
    assert kind_of("of a later version", "station") is SAID


def test_a_station_gets_no_kind_of_the_county_by_using_its_code() -> None:
    assert {kind_of(code, "station").origin for code in COUNTY_ALARMS} == {"station"}
    one = station(1)
    mine = alarm(one, "unexplained_facts", "minor")
    found = group([mine, replace(mine, origin="station", severity="critical")], [one], county=COUNTY, now=NOW)
    assert told(found) == [("said", f"s:{one.id}", "critical", 1), ("ledger", f"s:{one.id}", "minor", 1)]


def test_alarms_of_one_kind_at_one_station_are_one_incident() -> None:
    one = station(1)
    found = group(
        [alarm(one, "disk_short", "minor"), alarm(one, "disk_error", "critical"), alarm(one, "too_hot")],
        [one],
        county=COUNTY,
        now=NOW,
    )
    assert told(found) == [("disk", f"s:{one.id}", "critical", 1), ("machine", f"s:{one.id}", "major", 1)]


def test_a_reader_that_is_gone_is_an_incident_without_an_alarm_and_with_one_still_one() -> None:
    one = StationNow(SHILI, "站", f"{TOWNSHIP[:9]}001", "村", None, reader_gone_at=NOW - MINUTE)
    assert told(group([], [one], county=COUNTY, now=NOW)) == [("reader", f"s:{SHILI}", "major", 1)]
    both = group([alarm(one, "cards_unreadable", "minor")], [one], county=COUNTY, now=NOW)
    assert told(both) == [("reader", f"s:{SHILI}", "major", 1)]
    assert both[0].since == NOW - MINUTE


def test_stations_that_went_together_are_one_outage_of_their_township() -> None:
    away = [station(n, away=40 * MINUTE + n * dt.timedelta(seconds=20)) for n in range(12)]
    here = [station(n) for n in range(12, 14)]
    far = [station(n, township=OTHER_TOWNSHIP) for n in range(20)]
    # The first alarm is enough: the others are seen to be gone since the same minute.
    found = group([silent(away[0])], [*away, *here, *far], county=COUNTY, now=NOW)
    assert told(found) == [("outage", f"r:{TOWNSHIP}", "major", 12)]
    assert found[0].since == min(one.away_at for one in away if one.away_at)


def test_a_few_that_went_at_different_times_are_incidents_of_their_own() -> None:
    away = [station(n, away=40 * MINUTE + n * TOGETHER) for n in range(5)]
    found = group([silent(one) for one in away], away, county=COUNTY, now=NOW)
    assert [one.kind.key for one in found] == ["silent"] * 5
    # Nor do three of ten make an outage, or two of two.
    three = [station(n, away=40 * MINUTE) for n in range(3)]
    found = group([silent(one) for one in three], [*three, *(station(n) for n in range(3, 10))], county=COUNTY, now=NOW)
    assert [one.kind.key for one in found] == ["silent"] * 3
    assert [one.kind.key for one in group([silent(one) for one in three[:2]], three[:2], county=COUNTY, now=NOW)] == [
        "silent"
    ] * 2


def test_nothing_is_said_before_all_of_them_are_away_for_a_while() -> None:
    away = [station(n, away=9 * MINUTE) for n in range(7)]
    assert group([], away, county=COUNTY, now=NOW) == []
    later = group([], away, county=COUNTY, now=NOW + MINUTE)
    assert told(later) == [("outage", f"r:{TOWNSHIP}", "major", 7)]
    # Another one that has just gone with them may be back in a minute, and they with it.
    away.append(station(7, away=MINUTE))
    assert group([], away, county=COUNTY, now=NOW + MINUTE) == []
    # Nor does anybody say so of two.
    assert group([], away[:2], county=COUNTY, now=NOW + MINUTE) == []


def test_who_was_silent_long_before_is_no_part_of_the_outage() -> None:
    old = station(0, away=dt.timedelta(days=3))
    away = [station(n, away=40 * MINUTE) for n in range(1, 6)]
    found = group([silent(one) for one in (old, *away)], [old, *away], county=COUNTY, now=NOW)
    assert told(found) == [("outage", f"r:{TOWNSHIP}", "major", 5), ("silent", f"s:{old.id}", "minor", 1)]


def test_most_of_the_county_gone_at_once_is_one_incident_of_the_county() -> None:
    away = [station(n, township=t, away=40 * MINUTE) for t in (TOWNSHIP, OTHER_TOWNSHIP) for n in range(10)]
    found = group([silent(one) for one in away], [*away, station(11)], county=COUNTY, now=NOW)
    assert told(found) == [("outage", f"r:{COUNTY}", "critical", 20)]
    # Hours apart, they have two causes.
    late = [station(n, township=OTHER_TOWNSHIP, away=300 * MINUTE) for n in range(10)]
    found = group([silent(one) for one in (*away[:10], *late)], [*away[:10], *late], county=COUNTY, now=NOW)
    assert sorted(one.place for one in found) == [f"r:{TOWNSHIP}", f"r:{OTHER_TOWNSHIP}"]


def test_an_alarm_without_station_is_of_the_county_and_one_of_a_revoked_station_of_nobody() -> None:
    found = group([alarm(None, "backup_overdue"), alarm(station(9), "too_hot")], [station(1)], county=COUNTY, now=NOW)
    assert told(found) == [("backup", f"r:{COUNTY}", "major", 0)]
