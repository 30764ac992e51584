"""What the county stores: of each station its own facts alone, as it signed them, and nothing that it says about a
neighbour.

The ingest is a real one. psql counts the rows. After each message that must not be stored, a neighbour asks for a
receipt of its own. One worker takes messages by turns, so that receipt shows that the ingest has passed the message
before, if that needed not wait: `Speaker.say` sees to it for what the ingest reads at its own pace.
"""

import hashlib
import os
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from itertools import batched, product
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import facts
from protocol.birth import Birth
from protocol.blobs import BlobChunk, BlobMissing, BlobQuery
from protocol.codec import encode
from protocol.topics import UP, Up
from protocol.twin import Reported
from tests.proofs.strangers.browser import Browser
from tests.proofs.strangers.case import Bench, Outcomes, happens
from tests.proofs.strangers.console import PICTURE, make_account
from tests.proofs.strangers.county import OTHER_VILLAGE, County
from tests.proofs.strangers.speaking import READ_AT_ONCE, READ_EVERY_S, RECEIPT_S, Speaker, altered
from tests.server_broker.station_double import BOOT, StationDouble, announced, booted, moment, touch

LISTENED = [leaf for leaf in UP if leaf != "frame"]
_MUTATIONS = 25
"""How often each kind of message is damaged."""
_OF_THE_SLOW = 8
"""So many damaged ones are tried of the kinds that the ingest reads every few seconds."""
_OPEN = "SELECT count(*) FROM fleet_alarm WHERE resolved_at IS NULL AND station_id = '{}' AND code = '{}'"


@contextmanager
def _two(bench: Bench, outcomes: Outcomes, *, of: str) -> Iterator[tuple[Speaker, Speaker]]:
    """Connect both stations: the honest neighbour, and the stranger."""
    with ExitStack() as stack:
        neighbour, stranger = (stack.enter_context(Speaker(board)) for board in (bench.first, bench.second))
        outcomes.welcome(f"{of}: the neighbour's welcome", neighbour.is_welcomed())
        outcomes.welcome(f"{of}: the stranger's welcome", stranger.is_welcomed())
        outcomes.welcome(f"{of}: the neighbour's receipt", neighbour.is_receipted(booted(), touch(reader="gate")))
        outcomes.welcome(f"{of}: the stranger's receipt", stranger.is_receipted(booted(), touch(reader="gate")))
        yield neighbour, stranger


def forged_facts(bench: Bench, outcomes: Outcomes) -> None:
    """Facts that their station did not sign in this form, that were sent before, or that belong elsewhere."""
    with _two(bench, outcomes, of="forged facts") as (neighbour, stranger):
        for case, envelope in _forged(neighbour.stream, stranger.stream):
            before = _stored(bench.county)
            stranger.say("facts", envelope)
            outcomes.welcome(f"the neighbour's touch after {case}", neighbour.is_receipted(touch()))
            before[neighbour.station] += 1
            outcomes.refused(case, _stored(bench.county) != before)
        outcomes.welcome("a touch after all of it", stranger.is_receipted(touch()))


def _forged(neighbour: StationDouble, stranger: StationDouble) -> Iterator[tuple[str, bytes]]:
    """Each is made after the one before has been judged, because a message that is not stored leaves the stream as it
    was."""

    def grown() -> StationDouble:
        return stranger.clone().add(touch())

    end = len(stranger.sealed)
    fresh = end + 1
    whole = grown().envelope(fresh)
    yield "facts under a neighbour's name", altered(encode(whole), station=neighbour.id)
    yield "facts of a neighbour's, said again as one's own", encode(neighbour.envelope())
    yield "a gap", encode(grown().add(touch(), touch()).envelope(fresh + 2))
    yield "another algorithm", altered(encode(whole), alg=7)
    yield "an encryption that is none", altered(encode(whole), enc=1)
    yield "another major version", altered(encode(whole), v=2)
    yield "a head that ends elsewhere", altered(encode(whole), first=fresh + 1)
    yield "the same facts again", encode(stranger.envelope())
    other_content = StationDouble(id=stranger.id, key=stranger.key, epoch=stranger.epoch).add(touch(), touch())
    yield "other facts in the place of stored ones", encode(other_content.envelope())
    unsigned = StationDouble(id=stranger.id).add(touch(), touch())
    yield "a stream that another key signed", encode(unsigned.envelope())


def words_about_others(bench: Bench, outcomes: Outcomes) -> None:
    """A station's own facts, well signed, that speak of a neighbour's touches, streams, pictures and times."""
    with _two(bench, outcomes, of="words about others") as (neighbour, stranger):
        theirs, end = neighbour.stream, len(neighbour.stream.sealed)
        said: dict[str, facts.Fact] = {
            "a direction for a neighbour's touch": facts.DirectionChosen(
                at=moment(), touch=theirs.ref(end), direction="out"
            ),
            "a neighbour's facts given up for lost": facts.FactsLost(
                at=moment(), epoch=theirs.epoch, first=1, last=end
            ),
            "a neighbour's stream ended": facts.EpochOpened(
                at=moment(), reason="corrupt", previous=theirs.epoch, matched=0
            ),
            "a neighbour's fact re-issued": theirs.reissued(end),
            "another time for a neighbour's boot": facts.ClockCorrected(
                at=moment(), boot=BOOT, mono=1, wall=1, source="ntp", before="restored"
            ),
            "a neighbour's alarm cleared": facts.AlarmCleared(at=moment(), code="proof_of_the_neighbour"),
        }
        raised = facts.AlarmRaised(at=moment(), code="proof_of_the_neighbour", severity="minor", detail="")
        outcomes.welcome("the neighbour's alarm", neighbour.is_receipted(raised))
        for case, fact in said.items():
            before = _known_of(bench.county, neighbour.station)
            outcomes.welcome(f"a receipt for {case}", stranger.is_receipted(fact))
            outcomes.refused(case, _known_of(bench.county, neighbour.station) != before)


def own_convictions(bench: Bench, outcomes: Outcomes) -> None:
    """A fault that the county found at a station stays open, whatever the station says about it."""
    with _two(bench, outcomes, of="convictions") as (neighbour, stranger):
        stream = stranger.stream
        clash = StationDouble(id=stream.id, key=stream.key, epoch=stream.epoch).add(touch(), touch())
        stranger.say("facts", encode(clash.envelope()))
        birth = stream.birth(nonce=os.urandom(16)).payload
        stranger.say("birth", altered(birth, head=_foreign_head(stream)))
        stranger.say("vitals", b"\xc1")
        outcomes.welcome("the neighbour after the convictions", neighbour.is_receipted(touch()))
        codes = ("conflicting_fact", "bad_signature", "quarantined:malformed")
        for code in codes:
            outcomes.welcome(f"the county raises {code}", _opens_soon(bench.county, stranger.station, code))
        cleared = [facts.AlarmCleared(at=moment(), code=code) for code in codes]
        outcomes.welcome("a receipt for what the station clears", stranger.is_receipted(*cleared))
        for code in codes:
            outcomes.refused(f"a station clears {code}", not _is_open(bench.county, stranger.station, code))


def _foreign_head(stream: StationDouble) -> list[Any]:
    signed = stream.signed(len(stream.sealed), key=Ed25519PrivateKey.generate())
    return list(msgspec.structs.astuple(signed))


def _opens_soon(county: County, station: str, code: str) -> bool:
    """Wait for an alarm. What speaks against a station may come with a birth, which the ingest reads when it is due."""
    return happens(lambda: _is_open(county, station, code), within_s=RECEIPT_S)


def _is_open(county: County, station: str, code: str) -> bool:
    return county.rows(_OPEN.format(station, code)) != [["0"]]


def pictures_by_hash(bench: Bench, outcomes: Outcomes) -> None:
    """Somebody who knows a picture's hash learns nothing about the picture, and can show it to nobody."""
    picture = PICTURE + b"a room of the neighbour's" + os.urandom(8)
    sha256, size = hashlib.sha256(picture).digest(), len(picture)
    with _two(bench, outcomes, of="pictures") as (neighbour, stranger):
        outcomes.welcome("the picture's announcement", neighbour.is_receipted(announced(sha256, size)))
        neighbour.say("blob", _chunk(neighbour, sha256, picture))
        outcomes.welcome("the picture is whole for its station", _lacks(neighbour, sha256, size) == [])
        outcomes.refused("a picture told whole to who knows its hash", _lacks(stranger, sha256, size) == [])
        outcomes.welcome("an announcement by the stranger", stranger.is_receipted(announced(sha256, size)))
        stranger.say("blob", _chunk(stranger, sha256, os.urandom(size)))
        outcomes.refused("a picture told whole to who sent other bytes", _lacks(stranger, sha256, size) == [])
        officer = Browser(bench.county)
        link = make_account(bench.county, "neighbours-officer", "officer", region=OTHER_VILLAGE)
        outcomes.welcome("sign in as the other village's officer", officer.sign_in(link))
        rows = bench.county.rows(f"SELECT id FROM media_blob WHERE sha256 = '\\x{sha256.hex()}'")
        for (number,) in rows:
            for what, path in (("picture", f"/snapshots/{number}.jpg"), ("page", f"/snapshots/{number}/")):
                outcomes.refused(f"a neighbour's picture by hash, its {what}", _opens(officer, path))
        stranger.say("blob", _chunk(stranger, sha256, picture))
        outcomes.welcome("whole for who has sent the bytes", _lacks(stranger, sha256, size) == [])


def _opens(browser: Browser, path: str) -> bool:
    return browser.ask("GET", path).status == HTTPStatus.OK


def _chunk(speaker: Speaker, sha256: bytes, data: bytes) -> bytes:
    return encode(BlobChunk(station=speaker.station, sha256=sha256, size=len(data), offset=0, data=data))


def _lacks(speaker: Speaker, sha256: bytes, size: int) -> list[Any] | None:
    """Return the ranges that the county says it lacks, or None if it says nothing."""
    speaker.say("asked", encode(BlobQuery(station=speaker.station, sha256=sha256, size=size)))
    said = speaker.hear("missing")
    return None if said is None else list(msgspec.msgpack.decode(said, type=BlobMissing).ranges)


def damaged_messages(bench: Bench, outcomes: Outcomes) -> None:
    """Every kind of message, damaged at random and by design: the ingest goes on, and neighbours are served in time.

    So few are sent between two receipts that none is let go unread.
    """
    worker, draw = bench.county.pid("ingest"), random.Random(1)
    with _two(bench, outcomes, of="damaged messages") as (neighbour, stranger):
        for leaf in LISTENED:
            damaged = list(_damaged(draw, _whole(leaf, stranger.stream)))
            if READ_EVERY_S.get(leaf, 0.0) > 1.0:
                damaged = draw.sample(damaged, _OF_THE_SLOW)
            for some in batched(damaged, READ_AT_ONCE, strict=False):
                before = _stored(bench.county)
                for payload in some:
                    stranger.say(leaf, payload)
                outcomes.welcome(f"the neighbour's receipt after damaged {leaf}", neighbour.is_receipted(touch()))
                before[neighbour.station] += 1
                outcomes.refused(f"a touch stored of damaged {leaf}", _stored(bench.county) != before)
            outcomes.refused(f"damaged {leaf} end the intake", bench.county.pid("ingest") != worker)
        outcomes.welcome("the stranger's own touch after all of it", stranger.is_receipted(touch()))


def _whole(leaf: Up, stream: StationDouble) -> bytes:
    head = stream.signed(len(stream.sealed))
    whole: dict[Up, bytes] = {
        "birth": encode(Birth(station=stream.id, head=head, boot=BOOT, nonce=os.urandom(16), software="any")),
        "facts": encode(stream.envelope()),
        "compare": stream.compare(1).payload,
        "asked": encode(BlobQuery(station=stream.id, sha256=bytes(32), size=9)),
        "blob": encode(BlobChunk(station=stream.id, sha256=bytes(32), size=9, offset=0, data=b"any")),
        "vitals": stream.vitals().payload,
        "reported": encode(Reported(station=stream.id, version=1, at=1, kept_settings={"snapshots": True})),
        "gone": stream.gone(nonce=os.urandom(16)).payload,
    }
    return whole[leaf]


def _damaged(draw: random.Random, whole: bytes) -> Iterator[bytes]:
    extension = msgspec.msgpack.Ext(5, b"any")
    values: list[object] = [extension, None, {}, [], -1, 2**63, "\x00", b"", float("nan"), [[]] * 9]
    for name, value in product(msgspec.msgpack.decode(whole), values):
        yield altered(whole, **{name: value})
    yield altered(whole, kept_settings={"snapshots": extension}, unknown=[extension])
    for _ in range(_MUTATIONS):
        raw = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            raw[draw.randrange(len(raw))] = draw.randrange(256)
        yield bytes(raw[: draw.randint(1, len(raw))] if draw.random() < 0.3 else raw)


def _stored(county: County) -> dict[str, int]:
    """Return how many touches there are of each station."""
    found = county.rows("SELECT station_id, count(*) FROM attendance_touch GROUP BY station_id")
    return {station: int(number) for station, number in found}


def _known_of(county: County, station: str) -> list[list[str]]:
    """Return what the county holds of a station: its touches, its streams, and which alarms are open."""
    return [
        row
        for query in (
            "SELECT seq, direction, chosen_direction, wall, corrected_wall FROM attendance_touch"
            " WHERE station_id = '{}' ORDER BY seq, epoch",
            "SELECT encode(epoch, 'hex'), through, issued FROM fleet_stream WHERE station_id = '{}' ORDER BY id",
            "SELECT code, count FROM fleet_alarm WHERE station_id = '{}' AND resolved_at IS NULL ORDER BY code",
        )
        for row in county.rows(query.format(station))
    ]
