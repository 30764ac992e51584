"""Whether somebody of the county gave a claim: the county's stream says so, signed, and a row alone lets nobody in.

A claim's row can be put in or changed by whoever writes to the database. What the record key signed can't, because that
key lies outside of it.
"""

import hashlib
from contextlib import suppress

from protocol.chain import fact_digest, first_head, next_head
from protocol.decisions import Decision, StationClaimed, StationEnrolled, decode_decision
from protocol.heads import SignedHead, verify_head
from protocol.refusal import Refused
from server_broker.decisions.models import DecidedFact
from server_broker.decisions.rows import encode_content
from server_broker.decisions.stream import check_can_decide
from server_broker.enrolment.models import Claim
from server_broker.platform.home import CountyHome
from server_broker.trust.record_key import kept_record_keys

_AS_GIVEN = ("lookup", "secret_hash", "station_id", "created_at", "expires_at")
"""Columns of a claim that never change. The others say what became of it."""


def digest_of(claim: Claim) -> bytes:
    """Return by what the county's stream knows a claim. Nobody finds the code by it: its hash is salted."""
    content = encode_content({name: getattr(claim, name) for name in _AS_GIVEN})
    return hashlib.sha256(b"cunhui claim 1\x00" + content).digest()


def was_given(home: CountyHome, claim: Claim, *, record_key: bytes) -> bool:
    """Tell whether the stream names this very claim, and nothing after it that ends the claim for this board.

    A newer claim of the station ends it, and so does another board that used it.

    Args:
        record_key: Of the board that asks.

    Raises:
        RecordStopped: The county has no record key, so it can't tell.
    """
    check_can_decide(home)
    fact, own = claim.fact, digest_of(claim)
    if fact is None or not _is_signed(home, fact):
        return False
    given = _read(bytes(fact.body))
    if not isinstance(given, StationClaimed) or (given.station, given.claim) != (claim.station_id, own):
        return False
    later = DecidedFact.objects.filter(pk__gt=fact.pk).order_by("pk").values_list("body", flat=True)
    return not any(_ends(bytes(body), own, given.station, record_key) for body in later.iterator(chunk_size=2_000))


def _ends(body: bytes, claim: bytes, station: str, record_key: bytes) -> bool:
    what = _read(body)
    if isinstance(what, StationClaimed):
        return what.station == station
    return isinstance(what, StationEnrolled) and what.claim == claim and what.record_key != record_key


def _read(body: bytes) -> Decision | None:
    """Return what a fact decides; None if only a later version of the program knows its kind."""
    try:
        return decode_decision(body).what
    except Refused:
        return None


def _is_signed(home: CountyHome, fact: DecidedFact) -> bool:
    """Tell whether a record key of this county has signed a head to which just this fact leads."""
    stream = fact.stream
    before = DecidedFact.objects.filter(stream=stream, seq=fact.seq - 1).values_list("head", flat=True).first()
    start = first_head(station=stream.county, epoch=bytes(stream.epoch)) if before is None else bytes(before)
    digest = fact_digest(salt=bytes(fact.salt), body=bytes(fact.body))
    head = next_head(start, seq=fact.seq, digest=digest)
    signed = SignedHead(epoch=bytes(stream.epoch), through=fact.seq, head=head, signature=bytes(fact.signature))
    for key in kept_record_keys(home):
        with suppress(Refused):
            verify_head(key, station=stream.county, signed=signed)
            return True
    return False
