"""Verification finds a board that was taken in without a code of the county, and a code that nobody gave."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone
from msgspec import UNSET, UnsetType

from protocol.decisions import CountyFact, Decision, ManifestMade, StationClaimed, StationEnrolled
from server_broker.enrolment.claims import make_claim
from server_broker.enrolment.models import Claim
from server_broker.fleet.models import Station
from server_broker.manifest.county_check import check_county
from server_broker.manifest.replay import Decided
from server_broker.manifest.taken_in_check import check_taken_in
from tests.cast import SHILI, SHILI_VILLAGE
from tests.server_broker.enrolment.kit import Kit
from tests.server_broker.enrolment.taking_in import code, home, station
from tests.server_broker.manifest.tampering import psql

__all__ = ["code", "home", "station"]

pytestmark = pytest.mark.django_db

HOUR = 3_600_000
CODE, OTHER = bytes(32), bytes(range(32))


def sentences() -> list[str]:
    return [problem.sentence() for problem in check_county().problems]


@pytest.fixture
def county(code: str, station: Station) -> Station:
    """A station whose first code was used, whose second one ended, and whose third one is open."""
    assert Kit().enrol(code).status_code == 200
    for _ in range(2):
        make_claim(station, actor="operator", now=timezone.now())
    return station


_INSERTED = """
INSERT INTO enrolment_claim (lookup, secret_hash, station_id, created_at, expires_at, wrong_tries, fact_id)
SELECT '999999', 'x', station_id, created_at, expires_at, 0, {fact} FROM enrolment_claim WHERE burnt_at IS NULL LIMIT 1
"""


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (_INSERTED.format(fact="NULL"), "（enrolment_claim）：没有任何决定这样给出过它"),
        (_INSERTED.format(fact="fact_id"), "（enrolment_claim）：没有任何决定这样给出过它"),
        ("UPDATE enrolment_claim SET secret_hash = 'x'", "没有任何决定这样给出过它"),
        ("UPDATE enrolment_claim SET expires_at = expires_at + interval '1 day'", "没有任何决定这样给出过它"),
        ("UPDATE enrolment_claim SET burnt_at = NULL", "已经作废，又变成有效"),
        ("UPDATE enrolment_claim SET used_at = NULL", "用过了，又变成没有用过"),
    ],
)
def test_a_code_that_was_put_in_or_changed_is_named(county: Station, statement: str, said: str) -> None:
    assert sentences() == []
    assert psql(statement) > 0
    assert [sentence for sentence in sentences() if said in sentence], sentences()


def test_codes_of_an_earlier_release_end_with_the_update_and_are_no_problem(county: Station) -> None:
    earlier = Claim.objects.get(used_at=None, burnt_at=None)
    earlier.pk, earlier.lookup, earlier.fact = None, "999999", None
    earlier.save()
    assert sentences() != []
    import_module("server_broker.enrolment.migrations.0002_claim_fact").burn_open(apps, None)
    assert sentences() == []


def decided(*told: tuple[int, str, Decision]) -> Decided:
    """Return a stream of these: hours after its beginning, who, and what."""
    facts = [CountyFact(at=hours * HOUR, by=by, audit=bytes(32), what=what) for hours, by, what in told]
    return Decided(facts=[(b"", seq, fact) for seq, fact in enumerate(facts, 1)])


def given(hours: int, claim: bytes | UnsetType = UNSET) -> tuple[int, str, Decision]:
    return hours, "operator", StationClaimed(station=SHILI, village=SHILI_VILLAGE, claim=claim)


def used(
    hours: int, claim: bytes | UnsetType = UNSET, *, by: str = f"station:{SHILI}", key: bytes = CODE
) -> tuple[int, str, Decision]:
    return hours, by, StationEnrolled(station=SHILI, record_key=key, claim=claim)


BEGINNING = (0, "service", ManifestMade(number=1, root=CODE))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([given(1, CODE), used(2, CODE), used(3, CODE)], ""),
        ([used(2, CODE)], "用的不是最近给出的接入码"),
        ([given(1, CODE), given(1, OTHER), used(2, CODE)], "用的不是最近给出的接入码"),
        ([given(1, CODE), used(2, CODE), used(3, CODE, key=OTHER)], "同一个接入码接入了两块板"),
        ([given(90), used(100)], ""),
        ([used(20)], ""),
        ([used(100)], "没有给出过接入码"),
        ([given(1), used(100)], "没有给出过接入码"),
        ([used(100, by="service")], ""),
    ],
    ids=[
        "a board that asked twice",
        "no code",
        "a code that a newer one ended",
        "two boards on one code",
        "an earlier release names no code",
        "the code was given before the stream began",
        "an earlier release, and no code",
        "an earlier release, and an old code",
        "from the journal",
    ],
)
def test_each_board_was_taken_in_by_the_code_that_was_given(told: list[tuple[int, str, Decision]], said: str) -> None:
    found = [problem.sentence() for problem in check_taken_in(decided(BEGINNING, *told))]
    assert len(found) == bool(said)
    assert all(said in sentence for sentence in found)
