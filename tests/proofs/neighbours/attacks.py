"""What a hostile station sends: each attack yields packets without end, and an empty one where it must be sent now."""

import hashlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from protocol.birth import Birth, Compare, Gone, HeadAtSeq
from protocol.blobs import BlobChunk, BlobQuery
from protocol.codec import encode
from protocol.facts import AlarmRaised, BlobAnnounced, ClockCorrected, FactsLost, encode_fact
from protocol.heads import sign_head
from tests.proofs.neighbours import packets
from tests.proofs.neighbours.more_attacks import (
    boot_dated_again,
    changing_packs,
    own_subscriptions,
    own_unsubscriptions,
    pictures_hard_to_open,
    pings_across_records,
    pins_and_numbers,
    renewals,
    requests_in_names,
    unread_downloads,
)
from tests.proofs.neighbours.stream import Stream
from tests.server_broker.station_double import BOOT, moment, touch

if TYPE_CHECKING:
    from tests.proofs.neighbours.rogue import Rogue

type Attack = Callable[["Rogue"], Iterator[bytes]]

FACTS_AN_ENVELOPE = 500
BLOB_BYTES = 40_000


def peace(rogue: "Rogue") -> Iterator[bytes]:
    """No attack: what the machine takes anyway."""
    while not rogue.is_over:
        time.sleep(1)
        yield b"\xc0\x00"


def shared_subscriptions(rogue: "Rogue") -> Iterator[bytes]:
    """Each publish walks through all groups."""
    for number in itertools.count():
        filters = [f"$share/g{number}-{one}/{rogue.topic('facts')}" for one in range(200)]
        yield packets.subscribe(["#", *filters], mid=1 + number % 65_000)


def births_of_new_streams(rogue: "Rogue") -> Iterator[bytes]:
    """A stream each."""
    while True:
        yield Stream(rogue).birth()


def one_byte_pieces(rogue: "Rogue") -> Iterator[bytes]:
    """Every other byte of thirty pictures."""
    names = [os.urandom(32) for _ in range(30)]
    for offset, name in itertools.product(range(0, BLOB_BYTES, 2), names):
        chunk = BlobChunk(station=rogue.station.id, sha256=name, size=BLOB_BYTES, offset=offset, data=b"x")
        yield rogue.message("blob", encode(chunk))


def poison(rogue: "Rogue") -> Iterator[bytes]:
    """A `reported` with a MessagePack extension where no value of ours is one."""
    name = rogue.station.id.encode()
    # {"station": …, "version": 1, "at": 0, "kept_settings": {"a": ext 1}}
    body = b"\x84\xa7station" + bytes((0xA0 | len(name),)) + name
    body += b"\xa7version\x01\xa2at\x00\xadkept_settings\x81\xa1a\xd4\x01\x00"
    while True:
        yield rogue.message("reported", body)


def empty_vitals(rogue: "Rogue") -> Iterator[bytes]:
    """The shortest message by QoS 0."""
    one = rogue.message("vitals", b"", qos=0)
    while True:
        yield one


def contradicting_heads(rogue: "Rogue") -> Iterator[bytes]:
    """64 signed heads that no facts lead to, over a long stream."""
    stream = Stream(rogue)
    station = rogue.station
    for _ in range(120):
        yield stream.envelope(*[b"\x01"] * FACTS_AN_ENVELOPE)
        yield b""
        time.sleep(0.05)
    while True:
        for seq in (1, *(stream.through - number for number in range(63))):
            head = sign_head(station.key, station=station.id, epoch=stream.epoch, through=seq, head=os.urandom(32))
            birth = Birth(station=station.id, head=head, boot=BOOT, nonce=os.urandom(16), software="", twin_version=0)
            yield rogue.message("birth", encode(birth))


def unreadable_facts(rogue: "Rogue") -> Iterator[bytes]:
    """500 facts of a byte in each envelope."""
    stream = Stream(rogue)
    while True:
        yield stream.envelope(*[b"\x01"] * FACTS_AN_ENVELOPE)


def clashing_reissues(rogue: "Rogue") -> Iterator[bytes]:
    """Re-issues under one identity, each with other content."""
    from protocol.facts import Reissued  # noqa: PLC0415 - only here

    old, stream = os.urandom(16), Stream(rogue)
    while True:
        bodies = []
        for seq in range(1, 101):
            carried = encode_fact(touch(rogue.rng.randrange(10**6)))
            reissued = Reissued(at=moment(), epoch=old, seq=seq, salt=os.urandom(16), body=carried)
            bodies.append(encode_fact(reissued))
        yield stream.envelope(*bodies)


def streams_and_losses(rogue: "Rogue") -> Iterator[bytes]:
    """Streams without end, each with facts of its own loss."""
    while True:
        stream = Stream(rogue)
        lost = FactsLost(at=moment(), epoch=os.urandom(16), first=1, last=10)
        yield stream.envelope(encode_fact(lost), encode_fact(lost))


def clock_anchors(rogue: "Rogue") -> Iterator[bytes]:
    """8,000 corrections of the clock in one boot, then touches."""
    stream = Stream(rogue)
    for number in range(0, 8_000, 100):
        bodies = []
        for mono in range(number * 10, number * 10 + 1_000, 10):
            source: Literal["county", "ntp"] = "county" if mono % 20 else "ntp"
            fact = ClockCorrected(
                at=moment(mono),
                boot=BOOT,
                mono=mono,
                wall=moment(mono).wall,
                source=source,
                before="unknown",
            )
            bodies.append(encode_fact(fact))
        yield stream.envelope(*bodies)
        yield b""
        time.sleep(0.1)
    for mono in itertools.count(100_000, 10):
        yield stream.envelope(encode_fact(touch(mono, quality="unknown")))
        yield b""
        time.sleep(0.2)


def touches(rogue: "Rogue") -> Iterator[bytes]:
    """Touches that are all in order."""
    stream = Stream(rogue)
    for mono in itertools.count(0, 100):
        yield stream.envelope(*(encode_fact(touch(mono + one)) for one in range(100)))


def alarms(rogue: "Rogue") -> Iterator[bytes]:
    """An alarm for each code that one can think of."""
    stream = Stream(rogue)
    for number in itertools.count(0, 100):
        facts = (AlarmRaised(at=moment(), code=f"code{number + one}", severity="critical") for one in range(100))
        yield stream.envelope(*map(encode_fact, facts))


def bad_signatures(rogue: "Rogue") -> Iterator[bytes]:
    """Facts that nobody has signed, which are held."""
    stream = Stream(rogue)
    while True:
        yield stream.envelope(*[encode_fact(touch())] * 100, good=False)


def rubbish(rogue: "Rogue") -> Iterator[bytes]:
    """60 kB of rubbish by QoS 0."""
    while True:
        yield rogue.message("facts", os.urandom(60_000), qos=0)


def vitals(rogue: "Rogue") -> Iterator[bytes]:
    """Vitals that are all in order, and differ."""
    while True:
        yield rogue.message("vitals", rogue.station.vitals(waiting=rogue.rng.randrange(1_000)).payload, qos=0)


def unread_welcomes(rogue: "Rogue") -> Iterator[bytes]:
    """Births whose welcomes nobody reads."""
    rogue.reads = False
    stream = Stream(rogue)
    yield stream.envelope(*[b"\x01"] * FACTS_AN_ENVELOPE)
    while True:
        yield stream.birth()


def compares(rogue: "Rogue") -> Iterator[bytes]:
    """Comparisons of 64 marks."""
    station = rogue.station.id
    marks = [HeadAtSeq(seq=seq, head=os.urandom(32)) for seq in range(64, 0, -1)]
    while True:
        yield rogue.message("compare", encode(Compare(station=station, epoch=os.urandom(16), marks=marks)))


def questions_about_pictures(rogue: "Rogue") -> Iterator[bytes]:
    """Questions, each about another picture."""
    while True:
        yield rogue.message("asked", encode(BlobQuery(station=rogue.station.id, sha256=os.urandom(32), size=40_000)))


def farewells(rogue: "Rogue") -> Iterator[bytes]:
    """It says that it is gone."""
    while True:
        gone = Gone(station=rogue.station.id, nonce=os.urandom(16), reason="broken")
        yield rogue.message("gone", encode(gone))


def announced_pictures(rogue: "Rogue") -> Iterator[bytes]:
    """Pictures that never come."""
    stream = Stream(rogue)
    while True:
        facts = (
            BlobAnnounced(at=moment(), sha256=os.urandom(32), size=40_000, media_type="image/jpeg", purpose="touch")
            for _ in range(100)
        )
        yield stream.envelope(*map(encode_fact, facts))


def gaps(rogue: "Rogue") -> Iterator[bytes]:
    """Envelopes that begin beyond what the county has."""
    stream = Stream(rogue)
    stream.through = 10**6
    while True:
        yield stream.envelope(b"\x01")


def repeats(rogue: "Rogue") -> Iterator[bytes]:
    """One envelope of 500 facts, again and again."""
    one = Stream(rogue).envelope(*[b"\x01"] * FACTS_AN_ENVELOPE)
    while True:
        yield one


def foreign_topics(rogue: "Rogue") -> Iterator[bytes]:
    """Publishes that the broker must refuse."""
    one = packets.publish("cunhui/1/0/neighbour-000/facts", b"x" * 100, mid=1)
    while True:
        yield one


def long_properties(rogue: "Rogue") -> Iterator[bytes]:
    """A byte with 60 kB of user properties (3.3.2.3.7)."""
    pair = b"\x26" + packets.text("k") + packets.text("v" * 30_000)
    one = packets.publish(rogue.topic("vitals"), b"x", properties=pair * 2)
    while True:
        yield one


def pings(rogue: "Rogue") -> Iterator[bytes]:
    """Nothing but PINGREQ."""
    while True:
        yield b"\xc0\x00"


def reconnections(rogue: "Rogue") -> Iterator[bytes]:
    """A handshake, a birth, and away."""
    yield Stream(rogue).birth()


def frames(rogue: "Rogue") -> Iterator[bytes]:
    """Pictures of a live view that nobody asked for."""
    while True:
        yield rogue.message("frame", os.urandom(32_000), qos=0)


def whole_pictures(rogue: "Rogue") -> Iterator[bytes]:
    """Pictures of rubbish, whole and with the right hash."""
    while True:
        data = os.urandom(30_000)
        chunk = BlobChunk(
            station=rogue.station.id, sha256=hashlib.sha256(data).digest(), size=len(data), offset=0, data=data
        )
        yield rogue.message("blob", encode(chunk))


ATTACKS: dict[str, Attack] = {
    one.__name__.replace("_", "-"): one
    for one in (
        peace,
        shared_subscriptions,
        births_of_new_streams,
        one_byte_pieces,
        poison,
        empty_vitals,
        contradicting_heads,
        unreadable_facts,
        clashing_reissues,
        streams_and_losses,
        clock_anchors,
        touches,
        alarms,
        bad_signatures,
        rubbish,
        vitals,
        unread_welcomes,
        compares,
        questions_about_pictures,
        farewells,
        announced_pictures,
        gaps,
        repeats,
        foreign_topics,
        long_properties,
        pings,
        reconnections,
        frames,
        whole_pictures,
        pings_across_records,
        pictures_hard_to_open,
        renewals,
        unread_downloads,
        own_subscriptions,
        own_unsubscriptions,
        boot_dated_again,
        requests_in_names,
        pins_and_numbers,
        changing_packs,
    )
}
