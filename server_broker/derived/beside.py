"""What facts have changed in tables that have rows of their own: blobs, the outcome of commands, claims of PINs."""

import json
from collections import defaultdict
from dataclasses import dataclass, field

from server_broker.commands.facts import OUTCOME
from server_broker.commands.models import StationOrder
from server_broker.derived.comparing import Chunk
from server_broker.derived.findings import CHANGED, GONE, INVENTED, Finding, Place
from server_broker.derived.reissues import Reissues
from server_broker.fleet.fact_rows import Rows
from server_broker.media.facts import ANNOUNCED, EVICTED
from server_broker.media.models import Blob
from server_broker.media.retention import EXPIRED
from server_broker.media.tables import BLOBS
from server_broker.pins.accepting import NewPin, best_wall
from server_broker.pins.cleaning import CLAIMS_KEPT
from server_broker.pins.models import PinClaim


@dataclass(slots=True)
class _Announced:
    media_types: set[str] = field(default_factory=set)
    purposes: set[str] = field(default_factory=set)
    about: set[Place | None] = field(default_factory=set)


class Beside:
    """Gathers what the facts of one station say of such rows, and compares at the end."""

    def __init__(self, station: str, reissues: Reissues) -> None:
        self._station = station
        self._reissues = reissues
        self._blobs: dict[bytes, _Announced] = {}
        self._evicted: defaultdict[bytes, set[str]] = defaultdict(set)
        self._outcomes: defaultdict[bytes, list[tuple[str, str, str]]] = defaultdict(list)

    def take(self, rows: Rows) -> None:
        """Add what some facts say."""
        for one in rows.of(ANNOUNCED):
            known = self._blobs.setdefault(one.sha256, _Announced())
            known.media_types.add(one.media_type)
            known.purposes.add(one.purpose)
            if one.about_epoch is None or one.about_seq is None:
                known.about.add(None)
            else:
                known.about |= self._reissues.names_of(Place(one.about_epoch, one.about_seq))
        for lost in rows.of(EVICTED):
            self._evicted[lost.sha256].add(lost.reason)
        for result in rows.of(OUTCOME):
            self._outcomes[result.command].append((result.outcome, result.detail, _plain(result.figures)))

    def first_finding(self) -> Finding | None:
        """Compare blobs and commands, once all facts are taken."""
        return self._first_blob() or self._first_order()

    def _first_blob(self) -> Finding | None:
        unseen = set(self._blobs)
        stored = Blob.objects.filter(station=self._station).exclude(announced_at=None).order_by("pk")
        for blob in stored.iterator(chunk_size=2_000):
            sha256 = bytes(blob.sha256)
            known = self._blobs.get(sha256)
            unseen.discard(sha256)
            if said := INVENTED if known is None else _blob_at_fault(blob, known, self._evicted[sha256]):
                return self._bad_blob(sha256, said)
        return self._bad_blob(min(unseen), GONE) if unseen else None

    def _bad_blob(self, sha256: bytes, said: str) -> Finding:
        return Finding(f"文件 {sha256.hex()[:12]}", BLOBS.name, self._station, None, said)

    def _first_order(self) -> Finding | None:
        for order in StationOrder.objects.filter(station=self._station).order_by("issued_at", "pk").iterator(2_000):
            told = self._outcomes.get(order.id.bytes, [])
            said = ""
            if order.answered_at is None:
                said = CHANGED.format("answered_at") if told else ""
            elif (order.outcome, order.detail, _plain(order.figures)) not in told:
                said = CHANGED.format("outcome") if told else "没有任何站点记录答复过它"
            if said:
                return Finding(f"命令 {order.id.hex[:12]}", StationOrder._meta.db_table, self._station, None, said)
        return None


def first_claim(chunk: Chunk) -> Finding | None:
    """Compare the claims of PINs."""
    told = {pin.seq: pin for pin in chunk.pins}
    for seq in sorted({*told, *chunk.claims}):
        if said := _claim_at_fault(chunk, told.get(seq), chunk.claims.get(seq), seq):
            return Finding("设密码记录", PinClaim._meta.db_table, chunk.station, Place(chunk.epoch, seq), said)
    return None


def _plain(figures: dict[str, int]) -> str:
    return json.dumps(figures, sort_keys=True)


def _blob_at_fault(blob: Blob, known: _Announced, evicted: set[str]) -> str:
    about = (
        None if blob.about_epoch is None or blob.about_seq is None else Place(bytes(blob.about_epoch), blob.about_seq)
    )
    right = {
        "media_type": blob.media_type in known.media_types,
        "purpose": blob.purpose in known.purposes,
        "about_seq": about in known.about,
        "evicted_reason": blob.evicted_reason in {"", EXPIRED, *evicted},
    }
    return next((CHANGED.format(name) for name, is_right in right.items() if not is_right), "")


def _claim_at_fault(chunk: Chunk, told: NewPin | None, claim: PinClaim | None, seq: int) -> str:
    if claim is None:
        assert told is not None
        return "" if chunk.received[seq] < chunk.now - CLAIMS_KEPT else GONE
    if told is None:
        return "" if chunk.erased.get(seq) in ("pin_set", "") else INVENTED
    right = {
        "number": claim.number == told.number,
        "salt": bytes(claim.salt) == told.verifier.salt,
        "received_at": claim.received_at >= chunk.received[seq],
        "at": claim.at == best_wall(told.at, claim.received_at),
    }
    return next((CHANGED.format(name) for name, is_right in right.items() if not is_right), "")
