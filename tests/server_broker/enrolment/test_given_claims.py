"""Whoever writes to the database lets no board in: a claim counts as the county's stream says that it was given."""

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from protocol.claim import check_digit
from protocol.decisions import StationClaimed, StationEnrolled, decode_decision
from server_broker.decisions.models import DecidedFact
from server_broker.enrolment.claims import make_claim
from server_broker.enrolment.given_claims import digest_of
from server_broker.enrolment.models import Claim
from server_broker.fleet.models import Station
from server_broker.platform.home import CountyHome
from server_broker.trust import StationJournal
from tests.server_broker.enrolment.kit import Kit, refusal
from tests.server_broker.enrolment.taking_in import code, home, station
from tests.server_broker.manifest.tampering import psql

__all__ = ["code", "home", "station"]

pytestmark = pytest.mark.django_db

REFUSED = (403, "claim_refused")
OWN = "123456123456" + check_digit("123456123456")


def hash_of(code: str) -> str:
    return make_password(code[6:], hasher="argon2")


def test_a_claim_and_who_used_it_name_one_another(code: str) -> None:
    assert Kit().enrol(code).status_code == 200
    decided = [decode_decision(bytes(fact.body)).what for fact in DecidedFact.objects.order_by("pk")]
    given, used = (one for one in decided if isinstance(one, StationClaimed | StationEnrolled))
    assert given.claim == used.claim == digest_of(Claim.objects.get())


def test_a_claim_that_was_put_in_lets_nobody_in(code: str, home: CountyHome) -> None:
    put_in = Claim.objects.get()
    put_in.pk, put_in.lookup, put_in.secret_hash = None, OWN[:6], hash_of(OWN)
    put_in.save()
    for fact in (put_in.fact, None):
        Claim.objects.filter(pk=put_in.pk).update(fact=fact)
        assert refusal(Kit().enrol(OWN)) == REFUSED
    assert StationJournal(home).read().live() == {}
    assert Kit().enrol(code).status_code == 200, "the claim that was given is as good as ever"


def test_a_claim_that_was_changed_lets_nobody_in(code: str) -> None:
    Claim.objects.update(lookup=OWN[:6], secret_hash=hash_of(OWN))
    assert refusal(Kit().enrol(OWN)) == REFUSED


def test_a_claim_that_ended_stays_ended_whatever_its_row_says(station: Station, code: str) -> None:
    second = make_claim(station, actor="operator", now=timezone.now())
    Claim.objects.update(burnt_at=None)
    assert refusal(Kit().enrol(code)) == REFUSED, "a newer code took its place"
    assert Kit().enrol(second).status_code == 200
    Claim.objects.update(used_at=None)
    assert refusal(Kit().enrol(second)) == REFUSED, "another board used it"


def test_a_decision_that_was_put_in_without_a_signature_is_none(code: str) -> None:
    psql("UPDATE decisions_decidedfact SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1)")
    assert refusal(Kit().enrol(code)) == REFUSED
