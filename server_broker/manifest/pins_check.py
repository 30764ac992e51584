"""Check that each PIN that holds was set by its person at a station, and was not reset since."""

from collections import defaultdict
from collections.abc import Iterator

from protocol.codec import encode
from protocol.decisions import PinReset
from protocol.facts import PinSet, decode_fact
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.units import DATED_QUALITIES
from server_broker.ingest.models import Fact
from server_broker.manifest.problems import Problem
from server_broker.manifest.replay import Decided
from server_broker.people.models import PersonRecord
from server_broker.pins.models import PersonPin


def check_pins(found: Decided) -> Problem | None:
    """Compare the PINs in force with the facts of stations and with the resets, and return the first that does not fit.

    Where a station's fact about a PIN was erased at the end of its time, its PIN can't be compared any more.
    """
    pins = list(PersonPin.objects.exclude(verifier=None).select_related("person").order_by("pk"))
    if not pins:
        return None
    told = _told()
    erased = set(Fact.objects.filter(kind="pin_set", body=None).values_list("stream__station_id", flat=True))
    resets = {
        fact.what.person: fact.at for _, _, fact in found.facts if isinstance(fact.what, PinReset)
    }  # the last one of each person stays
    for pin in pins:
        numbers = {pin.person.number, *PersonRecord.objects.filter(subject=pin.person).values_list("number", flat=True)}
        own = [fact for fact in told[bytes(pin.verifier or b"")] if fact.person in numbers]
        if not own and pin.station_id not in erased:
            return _bad(pin, "没有本人在站点设过这个密码的记录")
        if own and pin.person_id in resets and all(_was_before(fact, resets[pin.person_id]) for fact in own):
            return _bad(pin, "是重置以前的密码，重置以后又出现")
    return None


def _told() -> dict[bytes, list[PinSet]]:
    told: dict[bytes, list[PinSet]] = defaultdict(list)
    for fact in _pin_facts():
        told[encode(fact.verifier)].append(fact)
    return told


def _pin_facts() -> Iterator[PinSet]:
    bodies = Fact.objects.filter(kind__in=["pin_set", "reissued"], held_reason="").exclude(body=None)
    for body in bodies.values_list("body", flat=True).iterator(chunk_size=2_000):
        try:
            _, inner = unwrap(decode_fact(bytes(body or b"")))
        except Refused:
            continue  # what can't be read set no PIN
        if isinstance(inner, PinSet):
            yield inner


def _was_before(fact: PinSet, reset_ms: int) -> bool:
    return fact.at.quality in DATED_QUALITIES and fact.at.wall < reset_ms


def _bad(pin: PersonPin, said: str) -> Problem:
    return Problem("row", f"密码 {pin.pk}（{PersonPin._meta.db_table}）", said)
