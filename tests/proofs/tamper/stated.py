"""What the station of this proof states: in turn one fact of each kind that makes rows of another table."""

import datetime as dt
import hashlib

from protocol import facts
from protocol.facts import Fact
from protocol.pins import PinVerifier
from protocol.units import ClockQuality, FactRef, Moment

_MADE = round(dt.datetime(2026, 3, 2, tzinfo=dt.UTC).timestamp() * 1000)


def stated(epoch: bytes, seq: int) -> Fact:
    """Return the ``seq``-th fact of the station."""
    quality: ClockQuality = "unknown" if seq % 20 == 1 else "synced"
    at = Moment(wall=_MADE + seq * 1000, boot=b"b" * 16, mono=seq * 1000, quality=quality)
    touched = FactRef(epoch=epoch, seq=seq - seq % 10 + 1)
    match seq % 10:
        case 1:
            return facts.Touch(at=at, card=b"c" * 16, reader="pcsc", answer="recorded", direction="in")
        case 2:
            return facts.DirectionChosen(at=at, touch=touched, direction="out")
        case 3 | 4:
            return facts.NumberEntered(at=at, person="P001", answer="accepted", clocks=seq % 10 == 3, direction="in")
        case 5:
            return facts.Attempt(
                at=at, run=b"r" * 8, pack="sample", pack_version=1, level="l1", question="q1", chosen=[1], right=True,
                lives_left=3, by=touched, took_ms=900,
            )  # fmt: skip
        case 6:
            return facts.LevelEnded(
                at=at, run=b"r" * 8, pack="sample", pack_version=1, level="l1", passed=True, stars=2, by=touched,
            )  # fmt: skip
        case 7:
            return facts.VisitEnded(at=at, person="P001", by=touched, opened=["month"], why="left", seconds=9)
        case 8:
            verifier = PinVerifier(salt=seq.to_bytes(16, "big"), digest=bytes(32), log2_n=14, r=8, p=1)
            return facts.PinSet(at=at, person="P001", verifier=verifier, by=touched)
        case 9:
            picture = hashlib.sha256(seq.to_bytes(8, "big")).digest()
            return facts.BlobAnnounced(
                at=at, sha256=picture, size=9, media_type="image/jpeg", purpose="touch", about=touched
            )
        case _ if seq == 10:
            return facts.ClockCorrected(
                at=at, boot=at.boot, mono=at.mono, wall=at.wall, source="county", before="unknown"
            )
        case _ if seq == 20:
            return facts.CommandResult(at=at, command=b"c" * 16, outcome="done", figures={"lines": 3})
        case _:
            return facts.BlobEvicted(at=at, sha256=hashlib.sha256((seq - 1).to_bytes(8, "big")).digest(), reason="disk")
