"""What is carried here from a revoked station counts once somebody else than its people has accepted it."""

import datetime as dt
from pathlib import Path

import pytest

from protocol.export import ExportedStream, ExportHeader, ExportWriter
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedFact
from server_broker.fleet.models import Station
from server_broker.ingest.carried import take_file
from server_broker.ingest.held import to_accept, write_off
from server_broker.ingest.models import Fact
from server_broker.settling.carried_facts import AcceptRefused, accept_carried
from tests.cast import COUNTY_OFFICER, OPERATOR, SHILI, ZHANG
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.settling.lived import MONDAY, TUESDAY, LivedStation, announced, at, morning, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

REVOKED = at(TUESDAY, 18)
BROUGHT = at(TUESDAY, 20)
NOW = at(TUESDAY, 21)


@pytest.fixture
def shili(county: FictionalCounty, tmp_path: Path) -> LivedStation:
    """A station that told of Monday, lived on offline, was revoked on Tuesday evening, and was read from a stick."""
    announced(MONDAY - dt.timedelta(days=14), 50)
    morning(county.people[ZHANG])
    station = LivedStation()
    station.closed(at(MONDAY, 15, 1))
    station.send(at(MONDAY, 15, 2))
    told = len(station.sealed)
    station.touched(ZHANG.token, at(TUESDAY, 8, 20))
    station.touched(ZHANG.token, at(TUESDAY, 12, 5))
    station.closed(at(TUESDAY, 15, 1))
    # After the revocation somebody who has the board makes one up.
    station.touched(ZHANG.token, at(TUESDAY, 19))
    Station.objects.filter(pk=SHILI).update(revoked_at=REVOKED)
    path = tmp_path / "x.cunhui"
    stream = ExportedStream(after=told, before=station.head(told), head=station.signed(len(station.sealed)))
    with path.open("wb") as file:
        header = ExportHeader(
            station=SHILI, record_key=station.public, at=station.moment(BROUGHT), software="test", streams=[stream]
        )
        writer = ExportWriter(file.write, header)
        writer.envelope(station.envelope(told + 1))
        writer.end(station.key)
    take_file(path, dead_board=True, actor="chen", clock=lambda: BROUGHT)
    return station


def row() -> Station:
    return Station.objects.get(pk=SHILI)


def word(county: FictionalCounty, known: dt.datetime) -> str:
    return words(TUESDAY, TUESDAY, known)[str(county.people[ZHANG].pk), TUESDAY]


def test_nothing_counts_before_somebody_has_accepted_it(county: FictionalCounty, shili: LivedStation) -> None:
    assert word(county, NOW) in {"未", "待"}
    last = Fact.objects.filter(stream__station=SHILI, seq=len(shili.sealed))
    assert write_off(last, reason="机器已经丢了", actor="sun", at=NOW) == 1
    result = accept_carried(row(), "和村里对过", by=user_of(OPERATOR), now=NOW)
    assert (result.read, result.still_held.total()) == (3, 0)
    assert word(county, NOW + dt.timedelta(days=3650)) == "√"
    entry = AuditEntry.objects.get(action="held.accepted")
    assert (entry.actor, entry.subject) == (OPERATOR.username, SHILI)
    assert entry.detail == {"count": 3, "reason": "和村里对过"}
    assert b"held.accepted" in bytes(DecidedFact.objects.latest("pk").body)
    assert AuditEntry.objects.get(action="export.taken").actor == "chen"
    with pytest.raises(AcceptRefused, match="没有等人认可的记录"):
        accept_carried(row(), "再来一次", by=user_of(OPERATOR), now=NOW)


def test_nobody_accepts_touches_for_their_own_windows(county: FictionalCounty, shili: LivedStation) -> None:
    own = user_of(COUNTY_OFFICER)
    own.person = county.people[ZHANG]
    own.save()
    with pytest.raises(AcceptRefused, match="这里有您自己的班"):
        accept_carried(row(), "我自己打的卡", by=own, now=NOW)
    assert to_accept(row()).count() == 4
