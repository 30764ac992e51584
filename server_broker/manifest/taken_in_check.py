"""Compare the boards that were taken in as stations with the claim codes that people of the county gave.

A code is named by its digest in the decision that gave it and in the one that took a board in by it. An earlier release
named none. It decided about each code all the same, so of a board that it took in it counts that a code of the station
had been given within a code's lifetime; and of its codes, that each of them has ended, as the update sees to. A board
that the county took from its journal of stations (`server_broker.enrolment.revocation.reconcile`) has no code here.
"""

import datetime as dt
from collections.abc import Iterator

from msgspec import UNSET

from protocol.decisions import CountyFact, StationClaimed, StationEnrolled
from server_broker.enrolment.claims import LIFETIME
from server_broker.enrolment.given_claims import digest_of
from server_broker.enrolment.models import Claim
from server_broker.manifest.problems import Problem
from server_broker.manifest.replay import Decided

_LONGEST_MS = (LIFETIME + dt.timedelta(hours=1)) // dt.timedelta(milliseconds=1)
"""From a code to what was decided by it: an enrolment may have waited a little for its turn."""
_JOURNAL = "service"
"""Who takes in what the journal has. Whoever uses a code is ``station:ID``."""


def check_taken_in(found: Decided) -> list[Problem]:
    """Return each board that was taken in without a code, or by one that was not meant for it."""
    return [Problem("stream", str(seq), said) for seq, said in _boards(found) if said]


def _boards(found: Decided) -> Iterator[tuple[int, str]]:
    given: dict[str, tuple[int, StationClaimed]] = {}
    used: dict[bytes, bytes] = {}
    for _, seq, fact in found.facts:
        what = fact.what
        if isinstance(what, StationClaimed):
            given[what.station] = fact.at, what
        elif isinstance(what, StationEnrolled) and what.claim is UNSET:
            began, at = found.facts[0][2].at, given[what.station][0] if what.station in given else None
            yield seq, _of_earlier_release(fact, began=began, given_at=at)
        elif isinstance(what, StationEnrolled):
            yield seq, _by_code(what, given, used)


def _of_earlier_release(fact: CountyFact, *, began: int, given_at: int | None) -> str:
    """Return in Chinese what is wrong; empty: nothing. Before the stream began, codes were on no record."""
    since = began if given_at is None else max(given_at, began)
    return "" if fact.by == _JOURNAL or fact.at - since <= _LONGEST_MS else "接入了一块板，却没有给出过接入码"


def _by_code(what: StationEnrolled, given: dict[str, tuple[int, StationClaimed]], used: dict[bytes, bytes]) -> str:
    _, last = given.get(what.station, (0, None))
    if not isinstance(what.claim, bytes) or last is None or last.claim != what.claim:
        return "接入一块板用的不是最近给出的接入码"
    if used.setdefault(what.claim, what.record_key) != what.record_key:
        return "同一个接入码接入了两块板"
    return ""


def check_claims(found: Decided) -> Problem | None:
    """Return the first stored code that nobody gave so, or that counts though it has ended."""
    given = [fact.what for _, _, fact in found.facts if isinstance(fact.what, StationClaimed)]
    named = {(what.station, what.claim) for what in given}
    newest = {what.station: what.claim for what in given}
    used = {fact.what.claim for _, _, fact in found.facts if isinstance(fact.what, StationEnrolled)}
    for claim in Claim.objects.order_by("pk").iterator(chunk_size=2_000):
        own, ended, said = digest_of(claim), claim.used_at is not None or claim.burnt_at is not None, ""
        if (claim.station_id, own) not in named:
            said = "" if ended and claim.fact_id is None else "没有任何决定这样给出过它"
        elif own in used and claim.used_at is None:
            said = "用过了，又变成没有用过"
        elif own != newest[claim.station_id] and not ended:
            said = "已经作废，又变成有效"
        if said:
            return Problem("row", f"接入码 {claim.pk}（{Claim._meta.db_table}）", said)
    return None
