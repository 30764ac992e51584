"""A board that was replaced while its renewal was under way gets no certificate that lets it in."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.enrolment import admission
from server_broker.enrolment.claims import make_claim
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet.models import Station
from server_broker.home import CountyHome
from server_broker.trust import StationJournal
from tests.server_broker.test_enrolment import Kit, code, home, refusal, station

__all__ = ["code", "home", "station"]

pytestmark = pytest.mark.django_db


def test_a_renewal_that_a_new_board_overtakes_is_refused(
    station: Station, code: str, home: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Kit(), Kit()
    assert old.enrol(code).status_code == 200
    second = make_claim(station, actor="operator", now=timezone.now())
    use_nonce = admission._use_nonce

    def overtaken(station: Station, nonce: bytes, now: dt.datetime) -> None:
        monkeypatch.setattr(admission, "_use_nonce", use_nonce)
        assert new.enrol(second).status_code == 200
        use_nonce(station, nonce, now)

    monkeypatch.setattr(admission, "_use_nonce", overtaken)
    assert refusal(old.renew()) == (403, "revoked")
    known = StationJournal(home).read()
    assert known.stations["village-01"].serials.isdisjoint(known.revoked_serials)
    assert len(known.stations["village-01"].serials) == 1, "the new board's alone"
    assert new.renew(nonce=b"another renewal.").status_code == 200
    assert StationCertificate.objects.filter(station=station, revoked_at=None).count() == 2
