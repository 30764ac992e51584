"""At its end the content of a fact goes and its digest stays; `verify` believes no other way of being gone."""

import os
from datetime import timedelta

import pytest

from protocol.facts import Attempt, Fact, LevelEnded, NumberEntered, VisitEnded
from server_broker.audit.log import record
from server_broker.audit.log import verify as verify_audit
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Station, StationEvent, Stream
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact as StoredFact
from server_broker.learning.models import Attempt as StoredAttempt
from server_broker.ledger.ledger import ledger
from server_broker.ledger.verify import verify_station
from server_broker.retention.erasing import erase_facts
from server_broker.retention.erasures import ACTION, digest_of
from server_broker.retention.models import ErasedFact, Erasure
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db

RUN = b"r" * 8


def attempt(mono: int, *, question: str = "q1") -> Attempt:
    return Attempt(
        at=moment(mono),
        run=RUN,
        pack="p",
        pack_version=1,
        level="l",
        question=question,
        chosen=[1],
        right=True,
        lives_left=3,
    )


def visited(mono: int, station: StationDouble) -> list[Fact]:
    reading = NumberEntered(at=moment(mono), person="1001", answer="accepted")
    clocking = NumberEntered(at=moment(mono + 1), person="1001", answer="accepted", clocks=True, direction="in")
    ended = VisitEnded(at=moment(mono + 2), person="1001", by=station.ref(1), opened=["month"], why="left", seconds=20)
    return [reading, clocking, ended]


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def station() -> StationDouble:
    """Seq 1 to 8: a touch, an attempt, a level's end, a visit's three facts, a touch, an attempt."""
    double = StationDouble()
    double.enrol()
    ended = LevelEnded(at=moment(3), run=RUN, pack="p", pack_version=1, level="l", passed=True, stars=3)
    double.add(touch(1), attempt(2), ended, *visited(4, double), touch(7), attempt(8))
    process(double)
    return double


def process(double: StationDouble) -> None:
    BatchProcessor(clock=lambda: NOW).process_batch([double.facts_message()])


def gone() -> list[int]:
    return sorted(StoredFact.objects.filter(body=None, salt=None).values_list("seq", flat=True))


def problem() -> tuple[int | None, str]:
    return next(
        ((one.bad_seq, one.problem) for one in verify_station(Station.objects.get()) if one.problem), (None, "")
    )


def test_nothing_goes_before_its_time(station: StationDouble) -> None:
    assert erase_facts(NOW + days(180)) == 0
    assert gone() == []


def test_a_visit_goes_but_a_number_that_clocks_stays(station: StationDouble) -> None:
    assert erase_facts(NOW + days(181)) == 2
    assert gone() == [4, 6]
    assert StoredAttempt.objects.count() == 2
    assert problem() == (None, "")
    assert erase_facts(NOW + days(181)) == 0
    [erasure] = Erasure.objects.all()
    assert (erasure.holding, erasure.facts) == ("visits", 2)


def test_attempts_go_with_their_rows_and_the_chain_holds_to_the_end(station: StationDouble) -> None:
    before = ledger(station.id)
    assert erase_facts(NOW + days(1096)) == 5
    assert gone() == [2, 3, 4, 6, 8]
    assert not StoredAttempt.objects.exists()
    assert problem() == (None, "")
    assert [one.erased for one in verify_station(Station.objects.get())] == [5]
    assert ledger(station.id) == before
    assert verify_audit().first_bad is None
    digests = {row.seq: bytes(row.digest) for row in ErasedFact.objects.all()}
    assert digests == {seq: station.sealed[seq - 1].digest() for seq in gone()}


def test_a_fact_that_comes_again_stays_erased(station: StationDouble) -> None:
    erase_facts(NOW + days(1096))
    process(station)
    assert gone() == [2, 3, 4, 6, 8]
    assert not StoredAttempt.objects.exists()


def test_what_a_reissue_wraps_is_erased_by_its_own_kind(station: StationDouble) -> None:
    fresh = station.reopen(matched=6)
    process(fresh)
    erase_facts(NOW + days(1096))
    stream = Stream.objects.get(epoch=fresh.epoch)
    erased = StoredFact.objects.filter(stream=stream, body=None).values_list("seq", flat=True)
    assert list(erased) == [3]  # the attempt; before it the opening and a touch
    assert problem() == (None, "")


def test_an_event_of_an_erased_fact_says_no_more_than_that_it_was(station: StationDouble) -> None:
    StationEvent.objects.filter(kind="visit_ended").update(detail={"person": "1001"})
    StationEvent.objects.filter(kind="number_entered").update(detail={"person": "1001"})
    erase_facts(NOW + days(181))
    left = StationEvent.objects.filter(kind__in=("number_entered", "visit_ended")).exclude(detail={})
    assert [event.seq for event in left] == [5]


def test_held_facts_stay_because_nobody_knows_what_they_are(station: StationDouble) -> None:
    StoredFact.objects.filter(seq=8).update(held_reason="unstorable")
    erase_facts(NOW + days(1096))
    assert 8 not in gone()


def forged(erasure: Erasure, *, seq: int, change: str) -> None:
    """Make a fact's content disappear, with as much of a record as somebody with psql can make up."""
    fact = StoredFact.objects.get(seq=seq)
    StoredFact.objects.filter(seq=seq).update(body=None, salt=None)
    if change == "nothing":
        return
    digest = os.urandom(32) if change == "another digest" else bytes(fact.digest)
    ErasedFact.objects.create(erasure=erasure, stream=fact.stream, seq=seq, digest=digest)
    if change.startswith("a record that fits"):
        rows = ErasedFact.objects.filter(erasure=erasure).order_by("seq").values_list("seq", "digest")
        erasure.digest, erasure.facts = digest_of([(at, bytes(one)) for at, one in rows]), len(rows)
        erasure.save()
    if change.endswith("an entry"):
        record("service", ACTION, str(erasure.pk), {"digest": erasure.digest.hex()})


@pytest.mark.parametrize(
    ("seq", "change", "says"),
    [
        (7, "nothing", "no erasure is on record"),
        (8, "nothing", "no erasure is on record"),
        (8, "another digest", "the record of its erasure was changed"),
        (7, "a record", "the record of its erasure was changed"),
        (7, "a record that fits", "the audit log knows nothing of its erasure"),
        (7, "a record that fits, and an entry", "facts of this kind are not erased"),
        (8, "a record", "the record of its erasure was changed"),
        (8, "a record that fits", "the audit log knows nothing of its erasure"),
    ],
)
def test_what_somebody_made_disappear_is_found(station: StationDouble, seq: int, change: str, says: str) -> None:
    """Seq 7 is a touch. Seq 8 is an attempt, which came too late to be erased with the others."""
    StoredFact.objects.filter(seq=8).update(received_at=NOW + days(900))
    erase_facts(NOW + days(1096))
    StoredFact.objects.filter(seq=8).update(received_at=NOW)
    assert problem() == (None, "")
    forged(Erasure.objects.get(holding="attempts"), seq=seq, change=change)
    bad_seq, said = problem()
    assert says in said
    # A record that was changed makes every erasure under it doubtful, so the first of them is named.
    assert bad_seq == (2 if "changed" in says or "audit" in says else seq)


def test_an_attempt_that_is_erased_before_its_time_is_found(station: StationDouble) -> None:
    """Even with everything that an honest erasure leaves, in the tables and in the audit log."""
    fact = StoredFact.objects.get(seq=2)
    digest = digest_of([(2, bytes(fact.digest))])
    for before in (NOW - days(1), NOW + days(1)):
        erasure = Erasure.objects.create(
            stream=fact.stream, holding="attempts", at=NOW + days(30), received_before=before, facts=1, digest=digest
        )
        ErasedFact.objects.create(erasure=erasure, stream=fact.stream, seq=2, digest=bytes(fact.digest))
        StoredFact.objects.filter(seq=2).update(body=None, salt=None)
        record("service", ACTION, str(erasure.pk), {"holding": "attempts", "facts": 1, "digest": digest.hex()})
        assert problem() == (2, "it was erased before its time")
        ErasedFact.objects.all().delete()


def test_half_of_a_content_is_no_erasure(station: StationDouble) -> None:
    erase_facts(NOW + days(1096))
    StoredFact.objects.filter(seq=2).update(salt=b"s" * 16)
    assert problem() == (2, "a part of its content is gone")


def test_the_audit_log_knows_each_erasure_without_names(station: StationDouble) -> None:
    erase_facts(NOW + days(1096))
    entries = AuditEntry.objects.filter(action=ACTION)
    assert {entry.subject for entry in entries} == {str(erasure.pk) for erasure in Erasure.objects.all()}
    assert {key for entry in entries for key in entry.detail} == {"holding", "facts", "digest"}


def test_other_words_in_place_of_a_touch_are_not_erased_with_a_visit(station: StationDouble) -> None:
    visit = StoredFact.objects.get(seq=4)
    StoredFact.objects.filter(seq=1).update(body=visit.body, salt=visit.salt, kind=visit.kind)
    assert erase_facts(NOW + days(181)) == 2
    assert gone() == [4, 6]
    assert problem()[0] == 1
