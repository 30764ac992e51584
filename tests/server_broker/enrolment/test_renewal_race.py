"""A board that was replaced or revoked while its request was under way gets no certificate that lets it in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from server_broker.enrolment import admission
from server_broker.enrolment.claims import make_claim, redeem
from server_broker.enrolment.csr import read_csr
from server_broker.enrolment.models import Claim, StationCertificate
from server_broker.enrolment.revocation import revoke
from server_broker.fleet.models import Station
from server_broker.platform.home import CountyHome
from server_broker.trust import StationJournal
from server_broker.trust.authority import StationPublicKey
from server_broker.trust.journal import JournalEntry, journal_time
from tests.cast import SHILI
from tests.server_broker.enrolment.kit import Kit, refusal
from tests.server_broker.enrolment.taking_in import code, home, station

__all__ = ["code", "home", "station"]

pytestmark = pytest.mark.django_db


def test_a_renewal_that_a_new_board_overtakes_is_refused(
    station: Station, code: str, home: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Kit(), Kit()
    assert old.enrol(code).status_code == 200
    second = make_claim(station, actor="operator", now=timezone.now())
    meanwhile(monkeypatch, lambda: new.enrol(second))
    assert refusal(old.renew()) == (403, "revoked")
    known = StationJournal(home).read()
    assert known.stations[SHILI].serials.isdisjoint(known.revoked_serials)
    assert len(known.stations[SHILI].serials) == 1, "the new board's alone"
    assert new.renew(nonce=b"another renewal.").status_code == 200
    assert StationCertificate.objects.filter(station=station, revoked_at=None).count() == 2


def test_a_renewal_that_a_revocation_overtakes_is_refused(
    code: str, home: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = Kit()
    assert kit.enrol(code).status_code == 200
    meanwhile(monkeypatch, lambda: revoke_now(home))
    assert refusal(kit.renew()) == (403, "revoked")
    assert not StationCertificate.objects.filter(revoked_at=None).exists()


def test_an_enrolment_that_a_revocation_overtakes_is_refused(
    code: str, home: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process has written the journal and not yet reached the database: this one's claim is still good."""

    def overtaken(*args: Any, **named: Any) -> Claim | None:
        claim = redeem(*args, **named)
        StationJournal(home).append(JournalEntry(at=journal_time(timezone.now()), event="revoked", station=SHILI))
        return claim

    monkeypatch.setattr(admission, "redeem", overtaken)
    assert refusal(Kit().enrol(code)) == (403, "claim_refused")
    assert StationJournal(home).read().live() == {}
    assert Station.objects.get().enrolled_at is None
    assert not StationCertificate.objects.exists()


def revoke_now(home: CountyHome) -> None:
    revoke(home, SHILI, actor="operator", reason="stolen", now=timezone.now())


def meanwhile(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Have ``do`` done by somebody else once the next request has been read, and before anything comes of it."""

    def overtaken(csr: str) -> StationPublicKey:
        monkeypatch.setattr(admission, "read_csr", read_csr)
        do()
        return read_csr(csr)

    monkeypatch.setattr(admission, "read_csr", overtaken)
